"""How case systems write that there is nothing: words for no text and no key, and dates for no date and still open."""

from __future__ import annotations

__all__ = ["LARGEST_NUMBER", "LAST_OF_NO_DATE", "NO_ID", "NO_TEXT", "OPEN_FROM_YEAR"]

NO_TEXT = frozenset({"", "nan", "nat", "null", "<na>", "ssd_ph", "placeholderstr"})
"""Lower-case words for no text."""

NO_ID = frozenset({"", "-1", "nan", "none", "null", "<na>", "ssd_ph", "placeholderstr"})
"""Lower-case words for no key."""

LAST_OF_NO_DATE = "1900-01-01"
"""Dates up to this one mean no date."""

OPEN_FROM_YEAR = 2100
"""Dates from this year on mean that something is still open."""

LARGEST_NUMBER = 1_000_000_000
"""A number beyond it, either way, is no distance, no amount and no number of days."""
