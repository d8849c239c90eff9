"""Point-in-time arithmetic on plain arrays, with two clocks.

Rows are pairs of a child and a day ``t``. An event counts in a window where it *happened* in ``[t - lookback, t)`` and
was *known* before ``t``. Everything is one sort for each table, binary searches, and exact integer prefix sums; the
few events that had happened but were not yet known are found explicitly and taken off again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy

import numpy as np

from edgeofcare.features.rows import (
    FIXED_POINT,
    MAX_DAY,
    MAX_LOOKBACK,
    OFFSET,
    SPAN,
    Rows,
    fixed_point,
    keys,
    pieces,
    ragged,
    sorting,
)

__all__ = ["FIXED_POINT", "MAX_DAY", "MAX_LOOKBACK", "EventIndex", "Rows", "fixed_point", "ragged"]


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
    key : ndarray of int64
        Sorted keys of child and day.
    """

    def __init__(self, rows: Rows, child: np.ndarray, day: np.ndarray, known: np.ndarray) -> None:
        self.rows = rows
        kept = np.flatnonzero(child >= 0) if (child < 0).any() else slice(None)
        key = keys(child[kept], day[kept])
        order = sorting(key)
        self.source: np.ndarray = order if isinstance(kept, slice) else kept[order]
        self.key: np.ndarray = key[order]
        self._look((known - day)[self.source].astype(np.int64))

    def _look(self, lag: np.ndarray) -> None:
        """Take up how long after it happened each sorted event could be seen."""
        self._lag = lag
        self._least_lag = int(lag.min()) if lag.size else 0
        if self._least_lag < 0:
            msg = "An event cannot be known before it happened."
            raise ValueError(msg)
        rows = self.rows
        codes = np.arange(rows.n_children, dtype=np.int64)
        self._first = np.searchsorted(self.key, codes * SPAN)[rows.child]
        self._hi = np.searchsorted(self.key, rows.key - self._least_lag)
        if self._least_lag > MAX_LOOKBACK:
            self._hi = np.maximum(self._hi, self._first)
        self._lo: dict[int, np.ndarray] = {}
        self._hidden: dict[int | None, tuple[np.ndarray, np.ndarray]] = {None: self._hidden_pairs()}

    def on_clock(self, known: np.ndarray) -> EventIndex:
        """The same events as seen on other days.

        Parameters
        ----------
        known : ndarray of int64
            For each of the caller's events, the first day on which it could be seen; ``MAX_DAY`` for never.

        Returns
        -------
        EventIndex
            Of the events that can ever be seen; nothing is sorted again.
        """
        held, other = known[self.source] < MAX_DAY, copy(self)
        if not held.all():
            other.source, other.key = self.source[held], self.key[held]
        other._look(known[other.source] - other.day)
        return other

    def in_order_of(self, label: Callable[[np.ndarray], np.ndarray]) -> EventIndex:
        """The same events, those of one child and day in the order in which they were known, then of a label.

        Parameters
        ----------
        label : callable
            Gives the labels of some of the caller's events.

        Returns
        -------
        EventIndex
            In an order that the caller's does not change.
        """
        same = self.key[1:] == self.key[:-1]
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same)) if self.key.size else same
        order = tied[np.lexsort((label(self.source[tied]), self._lag[tied], self.key[tied]))]
        other, lag = copy(self), self._lag.copy()
        other.source = self.source.copy()
        other.source[tied], lag[tied] = self.source[order], self._lag[order]
        other._look(lag)
        return other

    @property
    def day(self) -> np.ndarray:
        """Day on which each sorted event happened."""
        return self.key % SPAN - OFFSET

    @property
    def known(self) -> np.ndarray:
        """First day on which each sorted event could be seen."""
        return self.day + self._lag

    def _hidden_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and events that had happened for longer than the least lag, but were not known yet."""
        late = np.flatnonzero(self._lag > self._least_lag)
        room = SPAN - 1 - self.key[late] % SPAN
        begin = np.searchsorted(self.rows.key, self.key[late] + self._least_lag, side="right")
        end = np.searchsorted(self.rows.key, self.key[late] + np.minimum(self._lag[late], room), side="right")
        owner, row = ragged(begin, np.maximum(end - begin, 0))
        return row, late[owner]

    def _from(self, lookback: int | np.ndarray | None) -> np.ndarray:
        """Position of the first event of each row's window."""
        if lookback is None:
            return self._first
        if isinstance(lookback, np.ndarray):
            return np.minimum(np.searchsorted(self.key, self.rows.key - lookback), self._hi)
        if lookback not in self._lo:
            lo = np.minimum(np.searchsorted(self.key, self.rows.key - lookback), self._hi)
            self._lo[lookback] = np.maximum(lo, self._first) if lookback > MAX_LOOKBACK else lo
        return self._lo[lookback]

    def _hidden_in(self, lookback: int | np.ndarray | None, mask: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Hidden rows and events within the window and the mask."""
        row, event = self._hidden_within(lookback)
        if mask is None or not row.size:
            return row, event
        inside = mask[event]
        return row[inside], event[inside]

    def _hidden_within(self, lookback: int | np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Hidden rows and events within the window."""
        cached = None if isinstance(lookback, np.ndarray) else self._hidden.get(lookback)
        if cached is not None:
            return cached
        row, event = self._hidden[None]
        most = lookback[row] if isinstance(lookback, np.ndarray) else lookback
        inside = self.rows.key[row] - self.key[event] <= most
        found = row[inside], event[inside]
        if isinstance(lookback, int):
            self._hidden[lookback] = found
        return found

    def count(self, lookback: int | np.ndarray | None, mask: np.ndarray | None = None) -> np.ndarray:
        """Number of events known and in the window.

        Parameters
        ----------
        lookback : int or ndarray of int64 or None
            Days, for all rows or for each; None for all time.
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
            before = np.zeros(mask.size + 1, dtype=np.int32)
            np.cumsum(mask, out=before[1:])
            counts = before.take(hi) - before.take(lo)
        hidden, _ = self._hidden_in(lookback, mask)
        return counts - np.bincount(hidden, minlength=counts.size) if hidden.size else counts

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
        before = np.zeros(fixed.size + 1, dtype=np.int64)
        np.cumsum(fixed, out=before[1:])
        sums = before.take(self._hi) - before.take(self._from(lookback))
        row, event = self._hidden_in(lookback, None)
        if row.size:
            np.subtract.at(sums, row, fixed[event])
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

    def last(self, lookback: int | None, mask: np.ndarray | None = None) -> np.ndarray:
        """Position among the sorted events of the last one known and in the window; -1 where there is none.

        Parameters
        ----------
        lookback : int or None
            Days; None for all time.
        mask : ndarray of bool, optional
            Which sorted events count.

        Returns
        -------
        ndarray of int64
            One position for each row.
        """
        counted = np.arange(self.key.size)
        if mask is not None:
            counted = np.where(mask, counted, -1)
        up_to = np.maximum.accumulate(counted) if mask is not None and mask.size else counted
        best = np.append(up_to, -1)[self._hi - 1]
        best[best < self._from(lookback)] = -1
        return self._redo_hidden(best, lookback, counted)

    def last_day(self, lookback: int | None, mask: np.ndarray | None = None) -> np.ndarray:
        """Day of the last event known and in the window; minus infinity where there is none."""
        best = self.last(lookback, mask)
        return np.where(best < 0, -np.inf, np.append(self.day, 0)[best])

    def first_day(self, lookback: int | None, mask: np.ndarray | None = None) -> np.ndarray:
        """Day of the first event known and in the window; infinity where there is none."""
        early = np.append(-self.day.astype(np.float64), -np.inf)
        counted = np.arange(early.size)
        if mask is not None:
            early[:-1][~mask] = -np.inf
            counted[:-1][~mask] = self.key.size
            counted = np.minimum.accumulate(counted[::-1])[::-1]
        at = counted[self._from(lookback)]
        best = np.where(at < self._hi, early[at], -np.inf)
        return -self._redo_hidden(best, lookback, early)

    def _redo_hidden(self, best: np.ndarray, lookback: int | None, values: np.ndarray) -> np.ndarray:
        """Recompute a largest value for the rows whose largest may be that of a hidden event in the window."""
        hidden, event = self._hidden_in(lookback, None)
        hidden = hidden[values[event] >= best[hidden]]
        if hidden.size:
            rows = np.flatnonzero(np.bincount(hidden, minlength=best.size))
            best[rows] = -1 if best.dtype.kind == "i" else -np.inf
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
        for some in pieces(count):
            owner, event = ragged(lo[some], count[some])
            row = rows[some][owner]
            if self._hidden[None][0].size:
                seen = self.key[event] + self._lag[event] < self.rows.key[row]
                row, event = row[seen], event[seen]
            yield row, event

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
