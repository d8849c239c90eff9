"""Why a row counts in a value, or what hid it."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Reason"]


class Reason(IntEnum):
    """Why a row counts (0 and below) or does not count (above 0) in a value.

    Examples
    --------
    >>> Reason(0).name, Reason(2).name
    ('COUNTS', 'BEFORE_WINDOW')
    """

    OTHER_CODE = -2
    """It counts among all rows of a share, but not among those with the code."""
    EARLIER_WINDOW = -1
    """It counts against the value, in the window before."""
    COUNTS = 0
    NOT_KNOWN = 1
    """It was not known before the index date, or had not happened."""
    BEFORE_WINDOW = 2
    LATER_ROW = 3
    """A later row decides."""
    EARLIER_ROW = 4
    """An earlier row decides."""
    ENDED = 5
    NO_DAY = 6
    """The spell has no day in the window."""
    NOT_TOGETHER = 7
    """The spell has no day of the window in common with one of the other kind."""
    OTHER_AGE = 8
    DIED = 9
    NO_VALUE = 10
    FILTERED = 11
    OUTSIDE = 12
    """It began before the extract's window, and is there only because it was open when that ended."""
