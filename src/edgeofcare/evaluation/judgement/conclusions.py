"""The three conclusions that a verdict can come to."""

from __future__ import annotations

__all__ = ["CONCLUSIONS", "DO_NOT_USE", "USE", "USE_WITH_CARE"]

USE, USE_WITH_CARE, DO_NOT_USE = "use", "use with care", "do not use"

CONCLUSIONS = (USE, USE_WITH_CARE, DO_NOT_USE)
"""From the best to the worst."""
