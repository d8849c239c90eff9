"""Rows on plain arrays, sorted by one key of child and day, and cut into parts of whole children."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

__all__ = [
    "FIXED_POINT",
    "LARGEST_SUM",
    "MAX_DAY",
    "MAX_LOOKBACK",
    "OFFSET",
    "SPAN",
    "Rows",
    "fixed_point",
    "keys",
    "pieces",
    "ragged",
    "sorting",
]

FIXED_POINT = 1_000_000
"""Values are summed as whole millionths, so that sums are exact and do not depend on the order of events."""

SPAN = np.int64(1 << 18)
OFFSET = np.int64(1 << 17)
"""Each child has a span of keys, with 1970-01-01 in its middle."""
MAX_LOOKBACK = 1 << 16
"""Longest lookback in days."""
MAX_DAY = (1 << 17) - (1 << 16) - 1
"""Furthest day from 1970-01-01, either way; with the longest lookback it stays inside the key of one child."""
LARGEST_SUM = 2**62 / FIXED_POINT
"""Largest product of a column's largest value and the number of its rows, so that no sum can leave 64 bits."""
_PAIRS_AT_ONCE = 1_000_000


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


def pieces(count: np.ndarray) -> Iterator[slice]:
    """Cut runs into pieces that hold about a million elements together, or one run.

    Parameters
    ----------
    count : ndarray of int64
        Length of each run.

    Yields
    ------
    slice
        Some of the runs, in order.

    Examples
    --------
    >>> list(pieces(np.array([600_000, 300_000, 500_000])))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    number = np.cumsum(count) // _PAIRS_AT_ONCE
    edges = np.flatnonzero(np.diff(number, prepend=-1, append=-1)) if count.size else np.empty(0, dtype=np.int64)
    yield from (slice(int(first), int(last)) for first, last in pairwise(edges))


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
    if largest * max(values.size, 1) >= LARGEST_SUM:
        msg = "The values are too large to be summed exactly; give them in a larger unit."
        raise OverflowError(msg)
    return np.rint(values * FIXED_POINT).astype(np.int64)


def keys(child: np.ndarray, day: np.ndarray) -> np.ndarray:
    """One integer that orders by child, then day.

    Parameters
    ----------
    child, day : ndarray of int
        Code of a child, and days since 1970-01-01.

    Returns
    -------
    ndarray of int64
        ``child * SPAN + day + OFFSET``.

    Raises
    ------
    OverflowError
        If a day is so far away that it would reach into another child's keys.
    """
    if day.size and max(int(day.max()), -int(day.min())) > MAX_DAY:
        msg = f"A date lies more than {MAX_DAY:,} days from 1970; correct the dates."
        raise OverflowError(msg)
    return child.astype(np.int64) * SPAN + (day.astype(np.int64) + OFFSET)


def sorting(key: np.ndarray) -> np.ndarray:
    """Positions that sort keys; equal keys stay in the order in which they stand.

    Where a key and its position fit into 63 bits together, one sort of plain integers does it, faster than a sort of
    positions.

    Parameters
    ----------
    key : ndarray of int64
        Keys.

    Returns
    -------
    ndarray of int64
        Positions.

    Examples
    --------
    >>> sorting(np.array([7, 5, 7, 1]))
    array([3, 1, 0, 2])
    """
    if key.size < 2 or bool((key[:-1] <= key[1:]).all()):
        return np.arange(key.size)
    bits, least = int(key.size - 1).bit_length(), int(key.min())
    if int(key.max()) - least >= 1 << (63 - bits):
        return np.argsort(key, kind="stable")
    packed = (key - least) << bits
    packed |= np.arange(key.size)
    packed.sort()
    packed &= (1 << bits) - 1
    return packed


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
    order : ndarray of int64 or slice
        The caller's position of each sorted row.
    n_children : int
        Number of children.
    first : int
        For a part of the caller's rows, the caller's code of the part's child 0.
    start : int
        For a part of the caller's rows, where it begins among all sorted rows.
    """

    child: np.ndarray
    key: np.ndarray
    day: np.ndarray
    order: np.ndarray | slice
    n_children: int
    first: int = 0
    start: int = 0

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
        key = keys(child, day)
        if key.size < 2 or bool((key[:-1] <= key[1:]).all()):
            return cls(child.astype(np.int64), key, day.astype(np.int64), slice(0, key.size), n_children)
        order = sorting(key)
        return cls(child[order].astype(np.int64), key[order], day[order].astype(np.int64), order, n_children)

    def write(self, values: np.ndarray, out: np.ndarray) -> None:
        """Write values of these rows to where they stand among all sorted rows."""
        out[self.start : self.start + self.day.size] = values

    def restore(self, out: np.ndarray) -> None:
        """Bring a column of all sorted rows into the caller's order, where it stands."""
        if not isinstance(self.order, slice):
            out[:] = np.take(out, self._place, mode="clip")

    @cached_property
    def _place(self) -> np.ndarray:
        """The sorted position of each of the caller's rows."""
        place = np.empty(self.day.size, dtype=np.int64)
        place[self.order] = np.arange(self.day.size)
        return place

    def parts(self, most: int) -> Iterator[Rows]:
        """Cut the rows into parts of whole children.

        Parameters
        ----------
        most : int
            Rows of a part, unless one child alone has more.

        Yields
        ------
        Rows
            Each part, with codes of children from 0 on.
        """
        starts = np.flatnonzero(np.diff(self.child, prepend=-1, append=self.n_children))
        begin = 0
        while begin < self.child.size:
            fits = starts[np.searchsorted(starts, begin + most, side="right") - 1]
            end = int(fits) if fits > begin else int(starts[np.searchsorted(starts, begin, side="right")])
            yield self._part(slice(begin, end))
            begin = end

    def _part(self, some: slice) -> Rows:
        """A run of sorted rows as rows of their own."""
        if some == slice(0, self.child.size):
            return self
        first, last = int(self.child[some.start]), int(self.child[some.stop - 1])
        child, key = self.child[some] - first, self.key[some] - first * SPAN
        order = some if isinstance(self.order, slice) else self.order[some]
        return Rows(child, key, self.day[some], order, last - first + 1, self.first + first, self.start + some.start)
