"""The rules of time and of filters, row by row: which rows count in a feature, and what hid the others."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeofcare.features.feature import Feature
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.specs.events import DaysSince, DaysSinceFirst, Share, Trend
from edgeofcare.features.specs.numbers import Last
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap
from edgeofcare.features.tracing.reasons import Reason
from edgeofcare.features.tracing.rows import RowSet, Stream

__all__ = ["judge", "meeting"]


Judge = Callable[[Stream, RowSet, np.ndarray, int, int], None]


def judge(rows: RowSet, day: int, since: int) -> np.ndarray:
    """Why each row counts or does not.

    Parameters
    ----------
    rows : RowSet
        Rows of a child, or of its siblings.
    day : int
        The index date, in days since 1970-01-01.
    since : int
        First day of the window; far in the past where there is none.

    Returns
    -------
    ndarray of int8
        One :class:`Reason` each; 0 and below where the row counts.
    """
    stream = rows.stream
    codes = np.maximum(stream.base[rows.at], (rows.known >= day).view(np.int8))
    for kind, rule in _RULES:
        if isinstance(stream.spec, kind):
            rule(stream, rows, codes, day, since)
            return codes
    _window(rows, codes, since)
    return codes


def meeting(first: RowSet, second: RowSet, day: int, since: int) -> None:
    """Mark spells of two kinds that have no day of the window in common with any of the other kind.

    Parameters
    ----------
    first, second : RowSet
        Judged spells of both kinds; their codes are changed.
    day, since : int
        The index date, and the first day of the window.
    """
    a, b = np.flatnonzero(first.codes <= 0), np.flatnonzero(second.codes <= 0)
    begin, until = _days(first, day, since)
    other_begin, other_until = _days(second, day, since)
    together = np.minimum.outer(until[a], other_until[b]) > np.maximum.outer(begin[a], other_begin[b])
    first.codes[a[~together.any(axis=1)]] = Reason.NOT_TOGETHER
    second.codes[b[~together.any(axis=0)]] = Reason.NOT_TOGETHER


def _days(rows: RowSet, day: int, since: int) -> tuple[np.ndarray, np.ndarray]:
    """First day of each spell in the window, and the first day after it, as known before the index date."""
    at = rows.at
    end = np.where(rows.stream.end_known[at] < day, rows.stream.end[at], day)
    return np.maximum(rows.stream.start[at], since), np.minimum(end, day)


def _window(rows: RowSet, codes: np.ndarray, since: int) -> None:
    """Only what happened in the window."""
    if since > -MAX_DAY:
        codes[(codes == 0) & (rows.happened < since)] = Reason.BEFORE_WINDOW


def _trend(stream: Stream, rows: RowSet, codes: np.ndarray, day: int, since: int) -> None:
    """The window counts for the value, the window before it against it."""
    seen = codes == 0
    codes[seen & (rows.happened < since)] = Reason.EARLIER_WINDOW
    codes[seen & (rows.happened < 2 * since - day)] = Reason.BEFORE_WINDOW


def _since(stream: Stream, rows: RowSet, codes: np.ndarray, day: int, since: int) -> None:
    """Only the rows of the last day, or of the first one."""
    _window(rows, codes, since)
    seen = codes == 0
    if not seen.any():
        return
    happened, first = rows.happened, isinstance(stream.spec, DaysSinceFirst)
    if first:
        codes[seen & (happened > happened[seen].min())] = Reason.EARLIER_ROW
    else:
        codes[seen & (happened < happened[seen].max())] = Reason.LATER_ROW


def _last(stream: Stream, rows: RowSet, codes: np.ndarray, day: int, since: int) -> None:
    """Only the last row: by the day it happened, then the day it was known, then its key."""
    _window(rows, codes, since)
    seen = np.flatnonzero(codes == 0)
    if seen.size > 1:
        order = np.lexsort((rows.keys[seen].astype(str), rows.known[seen], rows.happened[seen]))
        codes[seen[order[:-1]]] = Reason.LATER_ROW


def _share(stream: Stream, rows: RowSet, codes: np.ndarray, day: int, since: int) -> None:
    """Rows of the window, and those among them with the codes."""
    _window(rows, codes, since)
    assert stream.among is not None
    codes[(codes == 0) & ~stream.among[rows.at]] = Reason.OTHER_CODE


def _active(stream: Stream, rows: RowSet, codes: np.ndarray, day: int, since: int) -> None:
    """Spells that began and had not ended, as far as was known."""
    codes[(codes == 0) & (stream.end_known[rows.at] < day)] = Reason.ENDED


def _days_in(stream: Stream, rows: RowSet, codes: np.ndarray, day: int, since: int) -> None:
    """Spells with a day in the window."""
    begin, until = _days(rows, day, since)
    codes[(codes == 0) & (until <= begin)] = Reason.NO_DAY


_RULES: tuple[tuple[type[Feature], Judge], ...] = (
    (Active, _active),
    (Overlap, _days_in),
    (DaysIn, _days_in),
    (DaysSince, _since),
    (Trend, _trend),
    (Share, _share),
    (Last, _last),
)
