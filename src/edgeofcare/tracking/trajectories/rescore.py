"""Scores of another model, given again by this one, so that a change of model is not told as a child's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.explanation.explain import explain
from edgeofcare.features.build import build_features
from edgeofcare.features.feature import Feature
from edgeofcare.features.index import INDEX_NAMES
from edgeofcare.records.records import Records
from edgeofcare.tracking.trajectories.positions import NONE

__all__ = ["rescored", "scorer_names"]

_NUMBERS = ("risk", "risk_low", "risk_high", "log_odds")


def scorer_names(rows: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Which model and calibration gave each score.

    Parameters
    ----------
    rows : DataFrame
        With ``model_id`` and ``calibration_version``.

    Returns
    -------
    ndarray of object, shape (n_rows,)
        The same text for scores that can be compared.

    Examples
    --------
    >>> scorer_names(pd.DataFrame({"model_id": ["m1"], "calibration_version": ["2"]})).tolist()
    ['m1 2']
    """
    named = zip(rows["model_id"], rows["calibration_version"], strict=True)
    return np.array([f"{model} {version}" for model, version in named], dtype=object)


def rescored(
    rows: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    model: Any,
    records: Records | None,
    specs: Sequence[Feature] | None,
) -> tuple[pd.DataFrame, npt.NDArray[np.object_], int]:
    """Score again those children whose scores are of different models.

    Parameters
    ----------
    rows : DataFrame
        Every score.
    positions : DataFrame
        From :func:`edgeofcare.tracking.trajectories.positions.score_positions`.
    model : RiskClassifier, Scorer or None
        The model to score with.
    records : Records or None
        The case records, from which each day sees only what was known before it.
    specs : sequence of Feature or None
        The features of the model.

    Returns
    -------
    rows : DataFrame
        With the numbers that are compared; the same where nothing was scored again.
    scored_by : ndarray of object
        Which model gave each of them.
    count : int
        How many scores were given again. Of a child it is all that the model did not give, or none.
    """
    scored_by = scorer_names(rows)
    if model is None or records is None or specs is None:
        return rows, scored_by, 0
    own = str(getattr(model, "model_id", "") or "")
    mine = _own_scores(rows, model, own)
    scored_by[mine] = own
    wanted = _wanted(rows, positions, scored_by, mine, records)
    if not wanted.size:
        return rows, scored_by, 0
    X = build_features(records, pd.DataFrame(index=_index(rows.iloc[wanted], records)), specs)
    why = explain(model, X, features=list(specs))
    found = pd.DataFrame({"risk": why.risk, "log_odds": why.log_odds}).assign(risk_low=np.nan, risk_high=np.nan)
    if why.risk_interval is not None:
        found[["risk_low", "risk_high"]] = why.risk_interval.to_numpy(dtype=np.float64)
    rows = rows.copy()
    for name in _NUMBERS:
        rows.loc[rows.index[wanted], name] = found[name].to_numpy(dtype=np.float64)
    scored_by[wanted] = own
    return rows, scored_by, int(wanted.size)


def _own_scores(rows: pd.DataFrame, model: Any, own: str) -> npt.NDArray[np.bool_]:
    """Scores that the model gave itself, in the version of its calibration that it has now."""
    if not own:
        return np.zeros(len(rows), dtype=bool)
    said = getattr(model, "manifest", None) or {}
    same = rows["calibration_version"].isin(["", str(said.get("calibration", {}).get("version", ""))])
    return np.asarray((rows["model_id"] == own) & same)


def _wanted(
    rows: pd.DataFrame,
    positions: pd.DataFrame,
    scored_by: npt.NDArray[np.object_],
    mine: npt.NDArray[np.bool_],
    records: Records,
) -> npt.NDArray[np.int64]:
    """Positions of the scores to give again, of children of whom all can be given."""
    now = positions["now"].to_numpy()[:, None]
    every = positions[["now", "last_run", "three_months", "before"]].to_numpy()
    held = every != NONE
    differ = ((now != NONE) & held & (scored_by[now] != scored_by[every])).any(axis=1)
    known = rows["child_id"].isin(records.households.index).to_numpy()
    seen = (rows["index_date"] <= records.observed_until + pd.Timedelta(days=1)).to_numpy()
    other = held & ~mine[every]
    can = (~other | (known & seen)[every]).all(axis=1)
    return np.unique(every[other & (differ & can)[:, None]])


def _index(rows: pd.DataFrame, records: Records) -> pd.MultiIndex:
    """Rows by the households of the records."""
    home = records.households.reindex(rows["child_id"]).to_numpy()
    days = pd.DatetimeIndex(rows["index_date"]).as_unit("s")
    return pd.MultiIndex.from_arrays([home, rows["child_id"].to_numpy(), days], names=INDEX_NAMES)
