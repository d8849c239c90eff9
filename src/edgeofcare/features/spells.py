"""Days in spells on plain arrays: a spell is seen from its start, and looks open until its end was known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeofcare.features.engine import EventIndex
from edgeofcare.features.rows import pieces

__all__ = ["Spells", "days_in_both", "days_in_spells"]

_SHIFT = np.int64(1 << 20)
_Days = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Spells:
    """Spells by their starts.

    Parameters
    ----------
    index : EventIndex
        Of the starts.
    end, end_known : ndarray of int64
        In sorted order: the first day after each spell, and the first day on which that could be seen; ``MAX_DAY``
        for a spell without an end. An end that was not known before ``t`` is taken as still open.
    mask : ndarray of bool, optional
        Which sorted spells count.
    """

    index: EventIndex
    end: np.ndarray
    end_known: np.ndarray
    mask: np.ndarray | None = None

    def days(self, lookback: int | None, rows: np.ndarray | None = None) -> Iterator[_Days]:
        """Each row with each spell known before it, cut to the window.

        Parameters
        ----------
        lookback : int or None
            Days; None for all time.
        rows : ndarray of int64, optional
            The sorted rows to go through; all by default.

        Yields
        ------
        row, begin, until : ndarray of int64
            Sorted row, first day and the day after the last; by row, then by begin.
        """
        begins = self.index.day
        for row, spell in self.index.pairs(None, rows):
            if self.mask is not None:
                counts = self.mask[spell]
                row, spell = row[counts], spell[counts]
            t = self.index.rows.day[row]
            begin = begins[spell] if lookback is None else np.maximum(begins[spell], t - lookback)
            until = np.minimum(np.where(self.end_known[spell] < t, self.end[spell], t), t)
            some = until > begin
            yield row[some], begin[some], until[some]


def days_in_spells(spells: Spells, lookback: int | None) -> np.ndarray:
    """Days of ``[t - lookback, t)`` on which the child was in at least one spell, as known before ``t``.

    Parameters
    ----------
    spells : Spells
        The spells.
    lookback : int or None
        Days; None for all time.

    Returns
    -------
    ndarray of int64
        Days for each row; overlapping spells are counted once.
    """
    days = np.zeros(spells.index.rows.day.size, dtype=np.int64)
    for piece in spells.days(lookback):
        _add_covered(days, piece)
    return days


def days_in_both(first: Spells, second: Spells, lookback: int | None) -> np.ndarray:
    """Days of the window on which the child was in a spell of one kind and in a spell of another.

    Parameters
    ----------
    first, second : Spells
        Spells of the same rows.
    lookback : int or None
        Days; None for all time.

    Returns
    -------
    ndarray of int64
        Days for each row.

    Notes
    -----
    Days in both are the days in the first and the days in the second, less the days in either.
    """
    days = np.zeros(first.index.rows.day.size, dtype=np.int64)
    counts = [each.index.count(None, each.mask) for each in (first, second)]
    rows = np.flatnonzero((counts[0] > 0) & (counts[1] > 0))
    for some in pieces((counts[0] + counts[1])[rows]):
        one, other = (_joined(list(each.days(lookback, rows[some]))) for each in (first, second))
        either = _joined([one, other])
        order = np.lexsort((either[1], either[0]))
        _add_covered(days, one)
        _add_covered(days, other)
        _add_covered(days, (either[0][order], either[1][order], either[2][order]), sign=-1)
    return days


def _joined(many: list[_Days]) -> _Days:
    """Pieces in one."""
    empty = np.empty(0, dtype=np.int64)
    row, begin, until = (np.concatenate([empty, *(each[part] for each in many)]) for part in range(3))
    return row, begin, until


def _add_covered(days: np.ndarray, piece: _Days, *, sign: int = 1) -> None:
    """Add the days that the spells of each row cover, each day once; spells come by row, then by begin."""
    row, begin, until = piece
    shift = row * _SHIFT
    reached = np.maximum.accumulate(until + shift)
    before = np.concatenate([[np.iinfo(np.int64).min], reached[:-1]])[: row.size]
    fresh = np.maximum(until + shift - np.maximum(begin + shift, before), 0)
    np.add.at(days, row, sign * fresh)
