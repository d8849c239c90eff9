"""Scores of several days, read into one frame: from frames of Scorer.score, or from a ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.index import INDEX_NAMES
from edgeofcare.tracking.checks import about_rows, check_risks
from edgeofcare.tracking.ledger import Ledger
from edgeofcare.tracking.run_days import named_days, run_days
from edgeofcare.tracking.trajectories.words import many

__all__ = ["NO_TEAM", "ONE_TEAM", "of_runs", "score_rows"]

ONE_TEAM = "all children"
"""The team of everybody, where no teams are given."""

NO_TEAM = "no team"
"""The team of children of whom none is known."""

_NUMBERS = ("risk", "risk_low", "risk_high", "log_odds")
_TEXTS = ("model_id", "calibration_version")
_EDGE = 1e-12  # from 0 and 1, so that log-odds stay finite


def score_rows(history: Any, *, on: pd.Timestamp | None, team: Any) -> pd.DataFrame:
    """Scores up to a day, one row for each child and day.

    Parameters
    ----------
    history : DataFrame or Ledger
        Scores on the index (household_id, child_id, index_date), with ``risk``; or a ledger of them.
    on : Timestamp or None
        The last day that counts; all if None.
    team : str, mapping, Series or None
        A column of the history, the team of each ``child_id``, or nothing.

    Returns
    -------
    DataFrame
        ``household_id``, ``child_id``, ``index_date``, ``risk``, ``risk_low``, ``risk_high``, ``log_odds``,
        ``model_id``, ``calibration_version`` and ``team``, sorted by child and day.

    Raises
    ------
    IndexNamesError
        If the rows do not carry the index, or one is there twice.
    SpecError
        If there is no risk or it is no probability, a child has two scores on a day, there is no score up to the day,
        or the teams are not understood.
    """
    given = history.scores() if isinstance(history, Ledger) else history
    frame = given if isinstance(history, Ledger) else about_rows(given, "history")
    if "risk" not in frame:
        msg = "history: column risk is missing; give what Scorer.score gave, several days concatenated, or a Ledger."
        raise SpecError(msg)
    check_risks(frame["risk"])
    rows = frame.index.to_frame(index=False).astype({"household_id": object, "child_id": object})
    rows["index_date"] = rows["index_date"].to_numpy().astype("datetime64[s]")
    for name in _NUMBERS:
        rows[name] = _numbers(frame, name)
    for name in _TEXTS:
        rows[name] = _texts(frame, name)
    rows["log_odds"] = rows["log_odds"].where(rows["log_odds"].notna(), _log_odds(rows["risk"]))
    rows["team"] = _teams(frame, rows["child_id"], team)
    if on is not None:
        rows = rows[rows["index_date"] <= on]
    _refuse_rows(rows)
    return rows.sort_values(["child_id", "index_date"], ignore_index=True)


def of_runs(
    rows: pd.DataFrame, *, runs: Iterable[Any] | None, on: pd.Timestamp | None
) -> tuple[pd.DataFrame, dict[str, np.ndarray], list[str]]:
    """Keep the scores of runs, and name the days of the runs of each team.

    Parameters
    ----------
    rows : DataFrame
        From :func:`score_rows`.
    runs : iterable of str or date, or None
        Days of the runs; see :func:`edgeofcare.tracking.run_days.run_days` where none are named.
    on : Timestamp or None
        The last day that counts.

    Returns
    -------
    rows : DataFrame
        Those of runs.
    days : dict of str to ndarray of datetime64[s]
        Ascending, by team in the order of names. A run is of every team: one without a score on a day has an empty
        list that day.
    notes : list of str
        What was left out.

    Raises
    ------
    SpecError
        If no score is of a run that was named.

    Examples
    --------
    >>> when = pd.to_datetime(["2025-05-01", "2025-04-01", "2025-06-01"])
    >>> rows = pd.DataFrame({"team": ["A", "A", "B"], "index_date": when})
    >>> {team: len(days) for team, days in of_runs(rows, runs=None, on=None)[1].items()}
    {'A': 3, 'B': 3}
    """
    when = rows["index_date"].to_numpy().astype("datetime64[D]")
    named = named_days(runs)
    if named is not None and on is not None:
        named = named[named <= np.datetime64(on, "D")]
    days = run_days(when, named)
    keep = np.isin(when, days)
    if not keep.any():
        msg = "runs: no score of the history is of a day named, up to the meeting. Name days on which you scored."
        raise SpecError(msg)
    kept = rows[keep].reset_index(drop=True)
    found = dict.fromkeys(sorted(map(str, kept["team"].unique())), days.astype("datetime64[s]"))
    return kept, found, _left_out(np.unique(when[~keep]).size, named is not None)


def _left_out(days: int, named: bool) -> list[str]:
    """How many days are no runs."""
    if not days:
        return []
    start = f"Scores of {many(days, 'other day', 'other days')} are left out: "
    if named:
        return [f"{start}only the runs that were named count."]
    return [
        f"{start}fewer than half as many children as usual were scored, as when a child is scored by itself. If that "
        "was a run, name all runs with runs=."
    ]


def _refuse_rows(rows: pd.DataFrame) -> None:
    """Refuse no rows, and two scores of one child on one day."""
    if rows.empty:
        msg = "history: there is no score up to the day asked for. Give scores of that day or earlier ones."
        raise SpecError(msg)
    if twice := int(rows.duplicated(["child_id", "index_date"]).sum()):
        msg = (
            f"history: {twice:,} of {len(rows):,} rows are of a child and day that have a score already. Give the "
            "scores of one model for each day, such as ledger.scores(model_id=...)."
        )
        raise SpecError(msg)


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as numbers; unknown where it is not there."""
    if name not in frame:
        return np.full(len(frame), np.nan)
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def _texts(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as text; empty where it is not there."""
    if name not in frame:
        return np.full(len(frame), "", dtype=object)
    return np.array(["" if pd.isna(value) else str(value) for value in frame[name]], dtype=object)


def _log_odds(risk: pd.Series) -> pd.Series:
    """Log-odds of risks."""
    held = risk.clip(_EDGE, 1.0 - _EDGE)
    return np.log(held) - np.log1p(-held)


def _teams(frame: pd.DataFrame, children: pd.Series, team: Any) -> np.ndarray:
    """The team of each row."""
    if team is None:
        return np.full(len(frame), ONE_TEAM, dtype=object)
    if isinstance(team, str):
        if team not in frame:
            msg = "team must name a column of the history, or give the team of each child_id as a mapping or Series."
            raise SpecError(msg)
        found = frame[team].to_numpy(dtype=object)
    elif isinstance(team, Mapping | pd.Series):
        found = children.map(_by_child(team)).to_numpy(dtype=object)
    else:
        msg = "team must be the name of a column, or a mapping or Series from child_id to team."
        raise SpecError(msg)
    return np.array([NO_TEAM if pd.isna(name) or not str(name).strip() else str(name) for name in found], dtype=object)


def _by_child(team: Mapping[Any, Any] | pd.Series) -> dict[Any, Any]:
    """Teams by child, refused where a child has two."""
    if isinstance(team, pd.Series):
        if tuple(team.index.names) == INDEX_NAMES or team.index.has_duplicates:
            msg = "team: a Series must have each child_id once in its index. Teams that change belong in a column."
            raise SpecError(msg)
        return {str(child): name for child, name in team.items()}
    return {str(child): name for child, name in team.items()}
