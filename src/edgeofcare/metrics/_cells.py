"""Cells of few children: how many children a cell has, and which cells of a table must stay hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from edgeofcare.metrics._arrays import Ints

__all__ = ["SMALL", "count_children", "hidden_cells", "is_uncertain"]

#: Fewest entrants, or children of a cell, that are shown.
SMALL = 10
# A small number must be left so uncertain: the least and the most that it can be are at least this far apart.
_UNCERTAIN = 5


def count_children(child: Ints, cell: Ints, n_cells: int) -> Ints:
    """Count the distinct children of each cell; rows of cell -1 are in none."""
    inside = cell >= 0
    if not inside.any():
        return np.zeros(n_cells, dtype=np.int64)
    who, where = child[inside].astype(np.int64), cell[inside].astype(np.int64)
    # One number for each pair of cell and child: sorting rows of a table takes ten times as long.
    lowest, span = who.min(), np.ptp(who) + 1
    inside = cell >= 0
    if not inside.any():
        return np.zeros(n_cells, dtype=np.int64)
    who, where = child[inside].astype(np.int64), cell[inside].astype(np.int64)
    # One number for each pair of cell and child: sorting rows of a table takes ten times as long.
    lowest, span = who.min(), np.ptp(who) + 1
    pairs = np.unique(where * span + (who - lowest))
    return np.bincount(pairs // span, minlength=n_cells).astype(np.int64)


def hidden_cells(counts: Sequence[float] | NDArray[np.float64]) -> NDArray[np.bool_]:
    """Cells of one total to hide: the small ones, and the next smallest until the small ones cannot be worked out.

    A cell of nobody is small as well. The hidden cells are at least two and hold at least 10 together, which is what
    subtracting the others from the total gives. Knowing that sum, which cells are small and that none of the hidden
    ones is larger than those shown, a small one may still be anything over a range of 5. Where all are hidden and that
    is not enough, what is written of them does not say which are small.
    """
    values = np.asarray(counts, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    small = int((values < SMALL).sum())
    take = small
    while small and take < values.size and not is_uncertain(values[order[:take]], small, float(values[order[take]])):
        take += 1
    hidden = np.zeros(values.size, dtype=np.bool_)
    hidden[order[:take]] = True
    return hidden


def is_uncertain(hidden: NDArray[np.float64], small: int, largest: float) -> bool:
    """Whether the sum of hidden cells leaves each small one open, when none is above the largest."""
    total, others = float(hidden.sum()), hidden.size - small
    if hidden.size < 2 or total < SMALL:
        return False
    most = min(SMALL - 1.0, total - SMALL * others)
    least = max(0.0, total - (SMALL - 1) * (small - 1) - (largest * others if others else 0.0))
    return most - least >= _UNCERTAIN
