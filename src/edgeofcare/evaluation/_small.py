"""Keep small numbers to ourselves: what may be shown of few children, and how it is written."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["CAUTION", "COMPLEMENT", "SMALL", "SUPPRESSED", "UNRELIABLE", "hidden_cells", "interval_note", "shown"]

#: Fewest entrants, or rows of a cell, that are shown.
SMALL = 10
#: Fewest entrants for an interval to be relied on at all, and without a caution.
UNRELIABLE, CAUTION = 30, 75
SUPPRESSED = f"suppressed: fewer than {SMALL} entrants"
COMPLEMENT = f"partly suppressed: together with the totals it would give away fewer than {SMALL} entrants elsewhere"


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


def hidden_cells(counts: Sequence[float] | NDArray[np.float64]) -> NDArray[np.bool_]:
    """Cells of one total to hide: the small ones, and if there is only one of those, the next smallest too.

    Otherwise the small cell is the total less the others.
    """
    values = np.asarray(counts, dtype=np.float64)
    hidden = values < SMALL
    if hidden.sum() == 1 and values.size > 1:
        hidden[np.argmin(np.where(hidden, np.inf, values))] = True
    return np.asarray(hidden, dtype=np.bool_)
