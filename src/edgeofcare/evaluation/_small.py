"""Keep small numbers to ourselves: what may be shown of few children, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeofcare.metrics._arrays import Floats, Ints

__all__ = [
    "CAUTION",
    "COMPLEMENT",
    "FEWEST_RESAMPLES",
    "FEW_WITHOUT",
    "HIDDEN",
    "SMALL",
    "SUPPRESSED",
    "UNRELIABLE",
    "Cell",
    "count_children",
    "hidden_cells",
    "interval_note",
    "nearest_five",
    "shown",
    "write_cells",
]

#: Fewest entrants, or children of a cell, that are shown.
SMALL = 10
#: Fewest entrants for an interval to be relied on at all, and without a caution.
UNRELIABLE, CAUTION = 30, 75
#: Fewest resamples of households whose percentiles make an interval to judge by.
FEWEST_RESAMPLES = 200
#: Written in place of a count that is not shown.
HIDDEN = "suppressed"
SUPPRESSED = f"suppressed: fewer than {SMALL} entrants"
COMPLEMENT = f"suppressed: together with the totals it would give away fewer than {SMALL} entrants elsewhere"
EITHER = f"suppressed: fewer than {SMALL} entrants here or elsewhere"
FEW_WITHOUT = f"suppressed: fewer than {SMALL} children without an entry here or elsewhere"
# A small number must be left so uncertain: the least and the most that it can be are at least this far apart.
_UNCERTAIN = 5


class Cell(NamedTuple):
    """How one part of a total is written: whether it is hidden, its entrants, and why."""

    hidden: bool
    entrants: int | str
    note: str


def interval_note(n_entrants: int) -> str:
    """Say how far an interval can be relied on, given the children behind it."""
    if n_entrants < SMALL:
        return SUPPRESSED
    if n_entrants < UNRELIABLE:
        return f"unreliable: fewer than {UNRELIABLE} entrants"
    return f"caution: fewer than {CAUTION} entrants" if n_entrants < CAUTION else ""


def shown(count: float) -> int | str:
    """Write a count, or that it is small."""
    return int(count) if count >= SMALL else f"<{SMALL}"


def nearest_five(counts: Floats | Ints) -> Floats:
    """Counts to the nearest 5, and 10 at least: nobody can tell such a count, or a difference from it, to the last."""
    return np.maximum(np.round(np.asarray(counts, dtype=np.float64) / _UNCERTAIN) * _UNCERTAIN, SMALL)


def count_children(child: Ints, cell: Ints, n_cells: int) -> Ints:
    """Count the distinct children of each cell; rows of cell -1 are in none."""
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
    is not enough, :func:`write_cells` does not say which are small.
    """
    values = np.asarray(counts, dtype=np.float64)
    order = np.argsort(values, kind="stable")
    small = int((values < SMALL).sum())
    take = small
    while small and take < values.size and not _uncertain(values[order[:take]], small, float(values[order[take]])):
        take += 1
    hidden = np.zeros(values.size, dtype=np.bool_)
    hidden[order[:take]] = True
    return hidden


def _uncertain(hidden: NDArray[np.float64], small: int, largest: float) -> bool:
    """Whether the sum of hidden cells leaves each small one open, when none is above the largest."""
    total, others = float(hidden.sum()), hidden.size - small
    if hidden.size < 2 or total < SMALL:
        return False
    most = min(SMALL - 1.0, total - SMALL * others)
    least = max(0.0, total - (SMALL - 1) * (small - 1) - (largest * others if others else 0.0))
    return most - least >= _UNCERTAIN


def write_cells(counts: Sequence[float] | NDArray[np.float64]) -> list[Cell]:
    """Write the parts of one total, so that none that is small can be worked out from the others and the total.

    Where every part is hidden and the total is shown, a part is called small only if that does not give it away.
    """
    values = np.asarray(counts, dtype=np.float64)
    hidden = hidden_cells(values)
    small, whole = int((values < SMALL).sum()), float(values.sum())
    named = not hidden.all() or whole < SMALL or _uncertain(values, small, np.inf)
    return [_cell(int(value), hide=bool(hide), named=named) for value, hide in zip(values, hidden, strict=True)]


def _cell(count: int, *, hide: bool, named: bool) -> Cell:
    """One part of a total as it is written."""
    if not hide:
        return Cell(hidden=False, entrants=count, note=interval_note(count))
    if not named:
        return Cell(hidden=True, entrants=HIDDEN, note=EITHER)
    if count < SMALL:
        return Cell(hidden=True, entrants=shown(count), note=SUPPRESSED)
    return Cell(hidden=True, entrants=HIDDEN, note=COMPLEMENT)
