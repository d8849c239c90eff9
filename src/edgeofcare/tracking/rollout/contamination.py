"""Rows that saw something of the score before their team did, or nothing of it after."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edgeofcare.evaluation._small import shown
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.tracking.rollout.rows import Followed

__all__ = ["CONTAMINATION", "count_contamination"]

CONTAMINATION = {
    "child_from_exposed_team": "of a child that was before with a team that used the score",
    "household_in_exposed_team": "of a household that has, or had before, a child with a team that used the score",
    "shown_early": "of which a score was shown although the team had not begun",
    "not_shown": "of which no score was shown although the team had begun",
}
"""Kinds of rows for which the schedule is not what happened, and how they are told."""


def count_contamination(rows: Followed, exposed: Floats) -> pd.DataFrame:
    """Count the rows of each kind, each row in the first that fits. They stay where the schedule puts them.

    Columns ``kind``, ``rows`` (a count below 10 is "<10") and ``of``, the rows among which it is counted. The last two
    kinds are there only if the outcomes say who was shown a score.
    """
    uses = exposed.ravel()[rows.cell] > 0
    child = ~uses & _touched(rows.child, rows.period, uses, same_period=False)
    household = ~uses & ~child & _touched(rows.household, rows.period, uses, same_period=True)
    found = {"child_from_exposed_team": (child, ~uses), "household_in_exposed_team": (household, ~uses)}
    if rows.shown is not None:
        found["shown_early"] = (~uses & rows.shown, ~uses)
        found["not_shown"] = (uses & ~rows.shown, uses)
    return pd.DataFrame(
        [(kind, 0 if not mask.any() else shown(int(mask.sum())), int(of.sum())) for kind, (mask, of) in found.items()],
        columns=["kind", "rows", "of"],
    ).astype({"rows": object})


def _touched(unit: Ints, period: Ints, uses: NDArray[np.bool_], *, same_period: bool) -> NDArray[np.bool_]:
    """Whether a row's child or household has a row with the score before, or in the same period as well."""
    first = np.full(int(unit.max()) + 1, np.iinfo(np.int64).max)
    np.minimum.at(first, unit[uses], period[uses])
    return np.asarray(first[unit] <= period if same_period else first[unit] < period)
