"""Keep small numbers to ourselves: what may be shown of few children, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.metrics._cells import SMALL, count_children, hidden_cells, is_uncertain

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
_FIVE = 5


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
    return np.maximum(np.round(np.asarray(counts, dtype=np.float64) / _FIVE) * _FIVE, SMALL)


def write_cells(counts: Sequence[float] | NDArray[np.float64]) -> list[Cell]:
    """Write the parts of one total, so that none that is small can be worked out from the others and the total.

    Where every part is hidden and the total is shown, a part is called small only if that does not give it away.
    """
    values = np.asarray(counts, dtype=np.float64)
    hidden = hidden_cells(values)
    small, whole = int((values < SMALL).sum()), float(values.sum())
    named = not hidden.all() or whole < SMALL or is_uncertain(values, small, np.inf)
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
