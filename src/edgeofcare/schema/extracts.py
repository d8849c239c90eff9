"""What is true of every extract: which links are of families, and which rows it keeps by their start."""

from __future__ import annotations

__all__ = ["KEPT_BY_START", "LARGEST_FAMILY", "LATE_DAYS"]

KEPT_BY_START = ("referrals",)
"""Tables whose extract keeps spells that began in the window or are still open when it ends.

A spell of such a table from before the window is there only because it was still open at the end of the extract, which
nobody could know earlier. It is no evidence for an earlier day.
"""

LARGEST_FAMILY = 25
"""A mother or family with more children than this is a placeholder of the case system, not a family."""

LATE_DAYS = 180
"""A table that begins more days than this after the others began later; one that was never observed begins so long
after the end of the extract."""
