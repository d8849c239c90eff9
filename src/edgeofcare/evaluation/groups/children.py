"""How many children the groups of a table hold, and whether they share some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation._small import count_children, nearest_five
from edgeofcare.evaluation.groups.draws import GroupDraws
from edgeofcare.evaluation.groups.tables import GroupTable
from edgeofcare.metrics._arrays import Floats, Ints

__all__ = ["children_of_groups", "expected_in_groups", "kinds_at_capacity", "rounded_shares", "share_children"]

_TINY = 1e-9


def children_of_groups(rows: Scored, table: GroupTable, mask: NDArray[np.bool_]) -> Ints:
    """Distinct children of each group among some rows."""
    return count_children(rows.child[mask], table.code[mask], len(table.names))


def share_children(rows: Scored, table: GroupTable) -> bool:
    """Whether a child stands in several groups, as one does who has a birthday between two index dates."""
    return int(children_of_groups(rows, table, rows.y >= 0).sum()) > np.unique(rows.child).size


def rounded_shares(draws: GroupDraws, entrants: Ints) -> GroupDraws:
    """Shares of the entrants worked out from counts to the nearest 5: exact ones would give exact counts back."""
    share = nearest_five(entrants) / nearest_five(entrants.sum())
    estimate = draws.estimate | {"entry_share": share, "list_minus_entry_share": draws.estimate["list_share"] - share}
    return replace(draws, estimate=estimate)


def kinds_at_capacity(rows: Scored, selected: Floats | None) -> list[Floats]:
    """By how much each row is reviewed or not, with an entry or without: the four kinds at capacity."""
    if selected is None:
        return []
    return [part * (rows.y == outcome) for part in (selected, 1 - selected) for outcome in (1, 0)]


def expected_in_groups(rows: Scored, table: GroupTable, share: Floats) -> Ints:
    """Children to expect in each group, in whole children, when each row is in with a chance: its largest, summed."""
    span = int(rows.child.max()) + 1
    pairs, place = np.unique(table.code * span + rows.child, return_inverse=True)
    most = np.zeros(pairs.size)
    np.maximum.at(most, place.reshape(-1), share)
    sums = np.bincount(pairs // span, weights=most, minlength=len(table.names))
    return np.floor(sums + _TINY).astype(np.int64)
