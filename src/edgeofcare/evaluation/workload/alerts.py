"""Lists as children see them: who is on one for the first time, and what may be told of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgeofcare.evaluation._small import SMALL
from edgeofcare.metrics._arrays import Floats, Ints

__all__ = ["children_of", "expected_children", "first_alerts", "kept_points", "once_each"]


def first_alerts(child: Ints, date: Ints, share: Floats) -> Floats:
    """Chance that each row is the first alert of its child, when ties are broken anew on each date."""
    out = np.zeros(share.size)
    if not share.size:
        return out
    order, starts, sizes = _runs(child, date)
    not_yet = np.ones(starts.size)
    for step in range(int(sizes.max())):
        longer = sizes > step
        rows = order[starts[longer] + step]
        out[rows] = share[rows] * not_yet[longer]
        not_yet[longer] *= 1 - share[rows]
    return out


def once_each(child: Ints, date: Ints, rows_in: NDArray[np.bool_]) -> Floats:
    """1 at the first of each child's rows that are in, 0 elsewhere: sums to children."""
    out = np.zeros(child.size)
    inside = np.flatnonzero(rows_in)
    if inside.size:
        order, starts, _ = _runs(child[inside], date[inside])
        out[inside[order[starts]]] = 1.0
    return out


def _runs(child: Ints, date: Ints) -> tuple[Ints, Ints, Ints]:
    """Order of the rows by child and date, and where each child starts in it, and how many rows it has."""
    order = np.lexsort((date, child)).astype(np.int64)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(child[order]) != 0])).astype(np.int64)
    return order, starts, np.diff(np.append(starts, child.size)).astype(np.int64)


def children_of(child: Ints, rows_in: NDArray[np.bool_]) -> int:
    """Distinct children of the rows that are in."""
    return int(np.unique(child[rows_in]).size)


def expected_children(child: Ints, share: Floats) -> float:
    """Children to expect among rows of which each is in with a chance: the largest of each child's rows, summed.

    A child whose rows share the last places of a list with many others is only a part of a child on it.
    """
    most = np.zeros(int(child.max()) + 1 if child.size else 0)
    np.maximum.at(most, child, share)
    # Places shared by many add up to a whole number but for rounding.
    return round(float(most.sum()), 6)


def kept_points(value: Floats, child: Ints, points: Sequence[float], missing: int) -> set[float]:
    """Points at which "at least so much" may be told, so that no step between two of them is of few children.

    Parameters
    ----------
    value, child : ndarray of shape (m,)
        A value and the child that has it; a child may have several.
    points : sequence of float
        Points in the order in which they matter: one is kept if every step then holds 10 children.
    missing : int
        Children without a value, who are below every point.

    Returns
    -------
    set of float
        The points that are kept.
    """
    kept: list[float] = []
    for point in points:
        tried = sorted({*kept, point})
        edges = pairwise([-np.inf, *tried, np.inf])
        steps = [children_of(child, (value >= low) & (value < high)) for low, high in edges]
        steps[0] += missing
        if min(steps) >= SMALL:
            kept = tried
    return set(kept)
