"""Point-in-time arithmetic on plain arrays, with two clocks.

Rows are pairs of a child and a day ``t``. An event counts in a window where it *happened* in ``[t - lookback, t)`` and
was *known* before ``t``. Everything is one sort for each table, binary searches, and exact integer prefix sums; the
few events that had happened but were not yet known are found explicitly and taken off again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

__all__ = ["FIXED_POINT", "MAX_DAY", "MAX_LOOKBACK", "EventIndex", "Rows", "days_in_spells", "fixed_point", "ragged"]

FIXED_POINT = 1_000_000
"""Values are summed as whole millionths, so that sums are exact and do not depend on the order of events."""

_SPAN = np.int64(1 << 18)
_OFFSET = np.int64(1 << 17)
MAX_LOOKBACK = 1 << 16
"""Longest lookback in days."""
MAX_DAY = (1 << 17) - (1 << 16) - 1
"""Furthest day from 1970-01-01, either way; with the longest lookback it stays inside the key of one child."""
_PAIRS_AT_ONCE = 4_000_000


def ragged(start: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Enumerate runs: for each, its number and the positions that it covers.

    Parameters
    ----------
    start, count : ndarray of int64
        First position and length of each run.

    Returns
    -------
    owner, position : ndarray of int64
        The run and the position of every element, run by run.

    Examples
    --------
    >>> ragged(np.array([5, 9]), np.array([2, 1]))
    (array([0, 0, 1]), array([5, 6, 9]))
    """
    owner = np.repeat(np.arange(count.size), count)
    within = np.arange(owner.size) - np.repeat(np.cumsum(count) - count, count)
    return owner, start[owner] + within


def fixed_point(values: np.ndarray) -> np.ndarray:
    """Values as whole millionths.

    Parameters
    ----------
    values : ndarray of float64
        Finite values.

    Returns
    -------
    ndarray of int64
        Rounded to the nearest millionth.

    Raises
    ------
    OverflowError
        If their sum could leave 64 bits.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if largest * FIXED_POINT * max(values.size, 1) >= 2**62:
        msg = "The values are too large to be summed exactly; give them in a larger unit."
        raise OverflowError(msg)
    return np.rint(values * FIXED_POINT).astype(np.int64)


def _keys(child: np.ndarray, day: np.ndarray) -> np.ndarray:
    """One integer that orders by child, then day."""
    if day.size and max(int(day.max()), -int(day.min())) > MAX_DAY:
        msg = f"A date lies more than {MAX_DAY:,} days from 1970; correct the dates."
        raise OverflowError(msg)
    return child.astype(np.int64) * _SPAN + (day.astype(np.int64) + _OFFSET)


@dataclass(frozen=True)
class Rows:
    """Rows to compute features for, sorted by child and day.

    Parameters
    ----------
    child : ndarray of int64
        Code of the child, 0 to ``n_children - 1``, in sorted order.
    key : ndarray of int64
        Sorted keys of child and day.
    day : ndarray of int64
        Days since 1970-01-01, in sorted order.
    order : ndarray of int64 or None
        The caller's position of each sorted row; None where the caller's rows are sorted already.
    n_children : int
        Number of children.
    """

    child: np.ndarray
    key: np.ndarray
    day: np.ndarray
    order: np.ndarray | None
    n_children: int

    @classmethod
    def sort(cls, child: np.ndarray, day: np.ndarray, n_children: int) -> Rows:
        """Sort the caller's rows.

        Parameters
        ----------
        child : ndarray of int
            Code of the child of each row.
        day : ndarray of int
            Day of each row, since 1970-01-01.
        n_children : int
            Number of children.

        Returns
        -------
        Rows
            The rows in order of child and day.
        """
        key = _keys(child, day)
        if key.size < 2 or bool((key[:-1] <= key[1:]).all()):
            return cls(child.astype(np.int64), key, day.astype(np.int64), None, n_children)
        order = np.argsort(key)
        return cls(child[order].astype(np.int64), key[order], day[order].astype(np.int64), order, n_children)

    def restore(self, values: np.ndarray, out: np.ndarray) -> None:
        """Write values of the sorted rows into ``out`` in the caller's order."""
        if self.order is None:
            out[:] = values
        else:
            out[self.order] = values


class EventIndex:
    """The events of one table, sorted once, ready to be asked about every row.

    Parameters
    ----------
    rows : Rows
        The rows.
    child : ndarray of int
        Code of the child of each event; -1 for a child without rows, whose events are left out.
    day : ndarray of int
        Day on which each event happened, since 1970-01-01.
    known : ndarray of int
        First day on which each event could be seen; never before ``day``.

    Attributes
    ----------
    source : ndarray of int64
        Position in the caller's arrays of each sorted event.
    """

    def __init__(self, rows: Rows, child: np.ndarray, day: np.ndarray, known: np.ndarray) -> None:
        self.rows = rows
        kept = np.flatnonzero(child >= 0) if (child < 0).any() else slice(None)
        key = _keys(child[kept], day[kept])
        order = np.argsort(key)
        self.source = order if isinstance(kept, slice) else kept[order]
        self.key = key[order]
        lag = (known - day)[self.source].astype(np.int64)
        self._least_lag = int(lag.min()) if lag.size else 0
        if self._least_lag < 0:
            msg = "An event cannot be known before it happened."
            raise ValueError(msg)
        self._lag = lag
        self._hi = np.searchsorted(self.key, rows.key - self._least_lag)
        codes = np.arange(rows.n_children, dtype=np.int64)
        self._first = np.searchsorted(self.key, codes * _SPAN)[rows.child] if rows.child.size else self._hi
        self._lo: dict[int, np.ndarray] = {}
        self._hidden_row, self._hidden_event = self._hidden_pairs()

    def _hidden_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and events that had happened for longer than the least lag, but were not known yet."""
        late = np.flatnonzero(self._lag > self._least_lag)
        room = _SPAN - 1 - self.key[late] % _SPAN
        begin = np.searchsorted(self.rows.key, self.key[late] + self._least_lag, side="right")
        end = np.searchsorted(self.rows.key, self.key[late] + np.minimum(self._lag[late], room), side="right")
        owner, row = ragged(begin, np.maximum(end - begin, 0))
        return row, late[owner]

    def _from(self, lookback: int | None) -> np.ndarray:
        """Position of the first event of each row's window."""
        if lookback is None:
            return self._first
        if lookback not in self._lo:
            self._lo[lookback] = np.minimum(np.searchsorted(self.key, self.rows.key - lookback), self._hi)
        return self._lo[lookback]

    def _hidden_in(self, lookback: int | None, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Hidden rows and events within the window and the mask."""
        row, event = self._hidden_row, self._hidden_event
        inside = np.ones(row.size, dtype=bool)
        if lookback is not None:
            inside = self.rows.key[row] - self.key[event] <= lookback
        if mask is not None:
            inside &= mask[event]
        return row[inside], event[inside]

    def count(self, lookback: int | None, mask: np.ndarray | None = None) -> np.ndarray:
        """Number of events known and in the window.

        Parameters
        ----------
        lookback : int or None
            Days; None for all time.
        mask : ndarray of bool, optional
            Which sorted events count.

        Returns
        -------
        ndarray of int64
            One count for each row.
        """
        lo, hi = self._from(lookback), self._hi
        if mask is None:
            counts = hi - lo
        else:
            before = np.concatenate([[0], np.cumsum(mask, dtype=np.int32)]).astype(np.int32)
            counts = before[hi] - before[lo]
        if self._hidden_row.size:
            hidden, _ = self._hidden_in(lookback, mask)
            counts = counts - np.bincount(hidden, minlength=counts.size)
        return counts

    def total(self, lookback: int | None, fixed: np.ndarray) -> np.ndarray:
        """Exact sum of fixed-point values of the events known and in the window.

        Parameters
        ----------
        lookback : int or None
            Days; None for all time.
        fixed : ndarray of int64
            From :func:`fixed_point`, in sorted order; 0 where an event does not count.

        Returns
        -------
        ndarray of int64
            One sum in millionths for each row.
        """
        before = np.concatenate([[0], np.cumsum(fixed)])
        sums = before[self._hi] - before[self._from(lookback)]
        if self._hidden_row.size:
            row, event = self._hidden_in(lookback, None)
            hidden = np.zeros(sums.size, dtype=np.int64)
            np.add.at(hidden, row, fixed[event])
            sums = sums - hidden
        return sums

    def largest(self, lookback: int | None, values: np.ndarray) -> np.ndarray:
        """Largest value of the events known and in the window; minus infinity where there is none.

        Parameters
        ----------
        lookback : int or None
            Days; None for all time.
        values : ndarray of float64
            In sorted order; minus infinity where an event does not count.

        Returns
        -------
        ndarray of float64
            One value for each row.
        """
        lo, hi = self._from(lookback), self._hi
        ends = np.empty(2 * lo.size, dtype=np.int64)
        ends[0::2], ends[1::2] = lo, hi
        best = np.maximum.reduceat(np.append(values, -np.inf), ends)[::2] if ends.size else np.empty(0)
        best[lo >= hi] = -np.inf
        return self._redo_hidden(best, lookback, values)

    def last_day(self, lookback: int | None, mask: np.ndarray | None = None) -> np.ndarray:
        """Day of the last event known and in the window; minus infinity where there is none."""
        day = (self.key % _SPAN - _OFFSET).astype(np.float64)
        position = np.arange(self.key.size)
        if mask is not None:
            position = np.maximum.accumulate(np.where(mask, position, -1)) if mask.size else position
        last = np.append(position, -1)[self._hi - 1] if self.key.size else np.full(self._hi.size, -1)
        found = (self._hi > self._from(lookback)) & (last >= self._from(lookback))
        best = np.where(found, np.append(day, 0.0)[last], -np.inf)
        return self._redo_hidden(best, lookback, day if mask is None else np.where(mask, day, -np.inf))

    def _redo_hidden(self, best: np.ndarray, lookback: int | None, values: np.ndarray) -> np.ndarray:
        """Recompute a largest value for the rows that have a hidden event in the window."""
        if self._hidden_row.size:
            rows = np.unique(self._hidden_in(lookback, None)[0])
            best[rows] = -np.inf
            for row, event in self.pairs(lookback, rows):
                np.maximum.at(best, row, values[event])
        return best

    def pairs(self, lookback: int | None, rows: np.ndarray | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Every row with every event known and in its window, in pieces of bounded size.

        Parameters
        ----------
        lookback : int or None
            Days; None for all time.
        rows : ndarray of int64, optional
            The sorted rows to go through; all by default.

        Yields
        ------
        row, event : ndarray of int64
            Sorted row and sorted event of each pair; rows ascending.
        """
        rows = np.arange(self._hi.size) if rows is None else rows
        lo = self._from(lookback)[rows]
        count = np.maximum(self._hi[rows] - lo, 0)
        piece = np.cumsum(count) // _PAIRS_AT_ONCE
        for number in np.unique(piece):
            some = np.flatnonzero(piece == number)
            owner, event = ragged(lo[some], count[some])
            row = rows[some][owner]
            seen = self.key[event] + self._lag[event] < self.rows.key[row]
            yield row[seen], event[seen]

    def distinct(self, lookback: int | None, codes: np.ndarray) -> np.ndarray:
        """Number of different codes among the events known and in the window.

        Parameters
        ----------
        lookback : int or None
            Days; None for all time.
        codes : ndarray of int64
            Code of each sorted event, zero or more; negative where an event does not count.

        Returns
        -------
        ndarray of int64
            One count for each row.
        """
        counts = np.zeros(self._hi.size, dtype=np.int64)
        size = np.int64(codes.max(initial=0) + 1)
        for row, event in self.pairs(lookback):
            code = codes[event]
            different = np.unique((row * size + code)[code >= 0])
            counts += np.bincount(different // size, minlength=counts.size)
        return counts


def days_in_spells(index: EventIndex, end: np.ndarray, end_known: np.ndarray, lookback: int) -> np.ndarray:
    """Days of ``[t - lookback, t)`` on which the child was in at least one spell, as known before ``t``.

    Parameters
    ----------
    index : EventIndex
        Of the starts of the spells.
    end, end_known : ndarray of int64
        In sorted order: the first day after each spell, and the first day on which that could be seen;
        ``MAX_DAY`` for a spell without an end. An end that was not known before ``t`` is taken as still open.
    lookback : int
        Days.

    Returns
    -------
    ndarray of int64
        Days from 0 to ``lookback`` for each row; overlapping spells are counted once.
    """
    rows = index.rows
    days = np.zeros(rows.day.size, dtype=np.int64)
    for row, spell in index.pairs(None):
        t = rows.day[row]
        begin = np.maximum(index.key[spell] % _SPAN - _OFFSET, t - lookback)
        until = np.minimum(np.where(end_known[spell] < t, end[spell], t), t)
        shift = row * (4 * _SPAN)
        reached = np.maximum.accumulate(until + shift)
        before = np.concatenate([[np.iinfo(np.int64).min], reached[:-1]])
        fresh = np.maximum(until + shift - np.maximum(begin + shift, before), 0)
        np.add.at(days, row, fresh)
    return days
