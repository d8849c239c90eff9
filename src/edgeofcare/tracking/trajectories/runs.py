"""Who was on a team's list at each run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation.capacity import reviews_per_date, select_rows
from edgeofcare.exceptions import SpecError

__all__ = ["places_of_teams", "with_lists"]

_DAY = np.timedelta64(1, "D")


def places_of_teams(capacity: Any, days: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Places on each team's list.

    Parameters
    ----------
    capacity : int or mapping of str to int
        Children that a team can review in a calendar month; one number for every team, or one for each.
    days : mapping of str to ndarray of datetime64
        Days of the runs of each team, ascending.

    Returns
    -------
    dict of str to int
        Capacity times the months between runs, as in an evaluation.

    Raises
    ------
    SpecError
        If a capacity is missing, or is not a whole number of at least 1.

    Examples
    --------
    >>> places_of_teams(5, {"A": np.array(["2025-01-01", "2025-04-01"], dtype="datetime64[s]")})
    {'A': 15}
    """
    if isinstance(capacity, Mapping):
        if missing := sum(team not in capacity for team in days):
            msg = f"capacity: {missing} of {len(days)} teams have none. Give one for each team, or one number for all."
            raise SpecError(msg)
        each = {team: capacity[team] for team in days}
    else:
        each = dict.fromkeys(days, capacity)
    return {team: reviews_per_date(each[team], _numbers(found)) for team, found in days.items()}


def with_lists(rows: pd.DataFrame, days: Mapping[str, np.ndarray], places: Mapping[str, int]) -> pd.DataFrame:
    """Say of each row whether its child was on the list of its team that day.

    Parameters
    ----------
    rows : DataFrame
        From :func:`edgeofcare.tracking.trajectories.history.score_rows`.
    days : mapping of str to ndarray of datetime64
        Days of the runs of each team, ascending.
    places : mapping of str to int
        Places on each team's list.

    Returns
    -------
    DataFrame
        With ``run`` (number of the day among its team's, from 0), ``place`` (1 is the highest risk of the team that
        day; ties share the lower number), ``listed``, and ``tied``: whether it shares the last places with others. All
        who are tied at the cut are listed.
    """
    share, run = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.int64)
    when = rows["index_date"].to_numpy().astype("datetime64[s]")
    for team, found in days.items():
        mine = np.flatnonzero((rows["team"] == team).to_numpy())
        run[mine] = np.searchsorted(found, when[mine])
        share[mine] = select_rows(rows["risk"].to_numpy()[mine], run[mine], places[team])
    place = rows.groupby(["team", "index_date"])["risk"].rank(method="min", ascending=False)
    return rows.assign(run=run, place=place.astype("int64"), listed=share > 0, tied=(share > 0) & (share < 1))


def _numbers(days: np.ndarray) -> np.ndarray:
    """Days as numbers."""
    return np.asarray(days.astype("datetime64[D]").astype(np.int64))
