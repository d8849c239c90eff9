"""Which list each child is on: new, rising, falling, no clear change, leaving, or none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.tracking.trajectories.noise import (
    CLEAR,
    FALLING,
    RISING,
    UNCLEAR,
    UNKNOWN,
    directions,
)
from edgeofcare.tracking.trajectories.positions import NONE
from edgeofcare.tracking.trajectories.rescore import Compared

__all__ = ["LEAVING", "LISTS", "NEW", "NO_LIST", "NO_SCORE", "STAYING", "THREE", "child_frame"]

NEW, LEAVING, NO_LIST = "new", "leaving", ""
STAYING = (RISING, FALLING, UNCLEAR)
"""Lists of children who were on the list at the last run and still are."""

LISTS = (NEW, *STAYING, LEAVING)
"""Every list of a meeting, in its order; of one team a child is on one of them at most."""

THREE = "three_months"
"""What is told of a child whose risk moved since three months, and not since the last run."""

NO_SCORE = "no score now"
"""The direction of who has no score at the last run."""

_RISKS = ("risk", "risk_low", "risk_high")
_YEAR = np.timedelta64(365, "D")


def child_frame(
    rows: pd.DataFrame,
    compared: Compared,
    positions: pd.DataFrame,
    *,
    least_change: float,
    on: pd.Timestamp,
) -> pd.DataFrame:
    """Sum up each child.

    Parameters
    ----------
    rows : DataFrame
        Every score, from :func:`edgeofcare.tracking.trajectories.runs.with_lists`.
    compared : Compared
        The same with the numbers that are compared.
    positions : DataFrame
        From :func:`edgeofcare.tracking.trajectories.positions.score_positions`.
    least_change : float
        Change in log-odds that counts without intervals.
    on : Timestamp
        The day of the meeting.

    Returns
    -------
    DataFrame
        One row for each child, by ``child_id``, with all that the scores tell.
    """
    now, before = (positions[name].to_numpy() for name in ("now", "before"))
    moves = {
        name: directions(compared, now, positions[name].to_numpy(), least_change=least_change)
        for name in ("last_run", THREE, "before")
    }
    listed = (now != NONE) & rows["listed"].to_numpy()[now]
    was = (before != NONE) & (positions["missed"].to_numpy() == 0) & rows["listed"].to_numpy()[before]
    told = np.where((was & ~listed) | (now == NONE), np.where(before != NONE, "before", ""), _told(moves))
    then = np.select([told == name for name in moves], [positions[name].to_numpy() for name in moves], NONE)
    latest = np.where(now != NONE, now, before)
    frame = rows.iloc[latest][["household_id", "team", "index_date"]].set_axis(positions.index)
    frame = frame.rename(columns={"index_date": "last_scored"})
    direction = np.select([told == name for name in moves], [move["direction"] for move in moves.values()], UNKNOWN)
    direction = np.where(now == NONE, NO_SCORE, direction).astype(object)
    return frame.assign(
        list=_lists(listed, was, _same_team(rows["team"].to_numpy(dtype=object), positions), direction),
        listed=listed,
        was_listed=was,
        tied=listed & rows["tied"].to_numpy()[now],
        place=_taken(rows["place"], now).astype("Int64").array,
        **_numbers(rows, compared.rows, now, then),
        change=np.select([told == name for name in moves], [move["change"] for move in moves.values()], np.nan),
        direction=direction,
        since=told,
        change_last_run=moves["last_run"]["change"].to_numpy(),
        change_three_months=moves["three_months"]["change"].to_numpy(),
        missed_runs=positions["missed"].to_numpy(),
        rescored=_rescored(rows, compared.rows, now, then),
        **_over_time(rows, positions.index, on),
    )


def _told(moves: dict[str, pd.DataFrame]) -> npt.NDArray[np.object_]:
    """Which comparison is told: the last run if it moved, else three months if that did, else the last score."""
    last, three, before = (moves[name]["direction"] for name in ("last_run", "three_months", "before"))
    cases = [
        (last.isin(CLEAR), "last_run"),
        (three.isin(CLEAR), THREE),
        (last != UNKNOWN, "last_run"),
        (before != UNKNOWN, "before"),
    ]
    return np.select([case.to_numpy() for case, _ in cases], [name for _, name in cases], "").astype(object)


def _lists(
    listed: npt.NDArray[np.bool_],
    was: npt.NDArray[np.bool_],
    same: npt.NDArray[np.bool_],
    direction: npt.NDArray[np.object_],
) -> npt.NDArray[np.object_]:
    """The list of each child; who comes from the list of another team is new."""
    staying = np.where(np.isin(direction, CLEAR), direction, UNCLEAR)
    found = np.select([listed & ~(was & same), listed, was], [NEW, staying, LEAVING], NO_LIST)
    return found.astype(object)


def _same_team(team: npt.NDArray[np.object_], positions: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each child is in the team of its score before.

    A team of which nobody is left, and one of which nobody was there at the run before, are one that was renamed.
    """
    now, before = (positions[name].to_numpy() for name in ("now", "before"))
    there = set(team[now[now != NONE]])
    were = set(team[before[(before != NONE) & (positions["missed"].to_numpy() == 0)]])
    pairs = zip(team[now], team[before], strict=True)
    return np.array([new == old or (new not in were and old not in there) for new, old in pairs], dtype=bool)


def _taken(values: pd.Series, where: npt.NDArray[np.int64]) -> pd.Series:
    """Values at positions; none where there is no position."""
    return pd.Series(values.to_numpy(dtype=np.float64)[where]).mask(where == NONE)


def _numbers(
    rows: pd.DataFrame, compared: pd.DataFrame, now: npt.NDArray[np.int64], then: npt.NDArray[np.int64]
) -> dict[str, npt.NDArray]:
    """The risk now with its interval, and the two that are compared, with the day of the earlier one."""
    found: dict[str, npt.NDArray] = {name: _taken(rows[name], now).to_numpy() for name in _RISKS}
    found["risk_compared"] = _taken(compared["risk"], now).to_numpy()
    found |= {f"{name}_before": _taken(compared[name], then).to_numpy() for name in _RISKS}
    day = compared["index_date"].to_numpy().astype("datetime64[s]")[then]
    return {**found, "before_date": np.where(then == NONE, np.datetime64("NaT", "s"), day)}


def _rescored(
    rows: pd.DataFrame, compared: pd.DataFrame, now: npt.NDArray[np.int64], then: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether one of the two scores was given again, by another model than the history tells of."""
    again = rows["log_odds"].to_numpy() != compared["log_odds"].to_numpy()
    return np.asarray((then != NONE) & (now != NONE) & (again[now] | again[then]))


def _over_time(rows: pd.DataFrame, children: pd.Index, on: pd.Timestamp) -> dict[str, pd.Series]:
    """Highest risk of a year, runs on the list, and the day of the first."""
    year = rows[rows["index_date"].to_numpy().astype("datetime64[D]") > np.datetime64(on, "D") - _YEAR]
    held = rows[rows["listed"]].groupby("child_id")["index_date"]
    first = held.min().reindex(children)
    return {
        "highest_in_year": year.groupby("child_id")["risk"].max().reindex(children),
        "runs": rows.groupby("child_id").size().reindex(children),
        "runs_listed": held.size().reindex(children, fill_value=0),
        "first_listed": first,
        "days_since_listed": ((on - first).dt.days).astype("Int64"),
    }
