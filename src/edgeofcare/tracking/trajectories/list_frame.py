"""The lists of a meeting as one tidy frame."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgeofcare.tracking.trajectories.meeting import LEAVING, LISTS
from edgeofcare.tracking.trajectories.noise import FALLING, RISING
from edgeofcare.tracking.trajectories.words import change_said

__all__ = ["LIST_COLUMNS", "list_frame"]

LIST_COLUMNS = (
    *("team", "list", "rank", "child_id", "household_id", "risk", "risk_low", "risk_high", "risk_before"),
    *("before_date", "change", "direction", "said", "reasons", "because", "place", "tied", "rescored", "missed_runs"),
    *("runs_listed", "days_since_listed", "last_review", "days_since_review", "last_seen", "last_seen_by"),
    *("days_since_seen", "support"),
)
"""Columns of the lists."""


def list_frame(children: pd.DataFrame, said: Mapping[str, tuple[str, ...]], on: pd.Timestamp) -> pd.DataFrame:
    """Put the lists of every team one below the other.

    Parameters
    ----------
    children : DataFrame
        One row for each child.
    said : mapping of str to tuple of str
        Sentences on why each risk changed, by child.
    on : Timestamp
        The day of the meeting.

    Returns
    -------
    DataFrame
        With :data:`LIST_COLUMNS`: by team, list and rank within it. New children and those without a clear change are
        in the order of their risk, rising and falling ones by the size of the change, leaving ones by their earlier
        risk; ties by child.
    """
    held = children[children["list"].isin(LISTS)].reset_index()
    first = np.select(
        [held["list"] == RISING, held["list"] == FALLING, held["list"] == LEAVING],
        [-held["change"], held["change"], -held["risk_before"]],
        -held["risk"],
    )
    order = held["list"].map({name: place for place, name in enumerate(LISTS)})
    held = held.assign(team=held["list_team"], order=order, first=first, on=on)
    held = held.sort_values(["team", "order", "first", "child_id"], ignore_index=True)
    held["rank"] = held.groupby(["team", "order"]).cumcount() + 1
    held["said"] = [change_said(row) for _, row in held.iterrows()]
    reasons = [said.get(str(child), ()) for child in held["child_id"]]
    held["reasons"] = pd.Series(reasons, index=held.index, dtype=object)
    return held[list(LIST_COLUMNS)]
