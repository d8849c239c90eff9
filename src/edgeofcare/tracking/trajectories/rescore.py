"""Scores of another model, given again by this one, so that a change of model is not told as a child's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.explanation.explain import _parts
from edgeofcare.features.build import build_features
from edgeofcare.features.feature import Feature
from edgeofcare.features.index import INDEX_NAMES
from edgeofcare.models.arrays import margin
from edgeofcare.models.recalibration import Recalibration
from edgeofcare.models.spread import refit_log_odds, risk_interval
from edgeofcare.models.vocabulary import in_numbers
from edgeofcare.records.records import Records
from edgeofcare.tracking.trajectories.positions import NONE

__all__ = ["Compared", "rescored", "scorer_names"]

_NUMBERS = ("risk", "risk_low", "risk_high", "log_odds")
_COMPARED = ["now", "last_run", "three_months", "before"]
_SAME = 1e-6  # of log-odds: what the records give and what the history holds are the same score


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


class Compared(NamedTuple):
    """The scores as they are compared.

    Parameters
    ----------
    rows : DataFrame
        ``risk``, ``risk_low``, ``risk_high`` and ``log_odds`` of every score; of those that were given again, as this
        model gives them.
    scored_by : ndarray of object, shape (n_rows,)
        Which model and calibration gave each of them.
    refits : ndarray of float64, shape (n_refits, n_rows)
        Log-odds of each score by each refit of the model; NaN where that is not known.
    """

    rows: pd.DataFrame
    scored_by: npt.NDArray[np.object_]
    refits: npt.NDArray[np.float64]


def rescored(
    rows: pd.DataFrame,
    positions: pd.DataFrame,
    *,
    model: Any,
    records: Records | None,
    specs: Sequence[Feature] | None,
) -> Compared:
    """Score again those children whose scores are of different models, and ask the refits about all.

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
    Compared
        Of a child all scores that the model did not give are given again, or none.
    """
    scored_by, nothing = scorer_names(rows), np.full((1, len(rows)), np.nan)
    if model is None or records is None or specs is None:
        return Compared(rows, scored_by, nothing)
    own = str(getattr(model, "model_id", "") or "")
    mine = _own_scores(rows, model, own)
    scored_by[mine] = own
    parts = _parts(model)
    reached = _reached(rows, records)
    again = _wanted(positions, scored_by, mine, reached)
    built = np.union1d(again, _steady(positions, mine & reached)) if parts.refits else again
    if not built.size:
        return Compared(rows, scored_by, nothing)
    X = build_features(records, pd.DataFrame(index=_index(rows.iloc[built], records)), specs)
    numbers, refits = _numbers(parts, X)
    scored_by[again] = own
    held = rows.copy()
    for name in _NUMBERS:
        column = rows[name].to_numpy(dtype=np.float64, copy=True)
        column[again] = numbers[name].to_numpy()[np.searchsorted(built, again)]
        held[name] = column
    as_told = np.abs(held["log_odds"].to_numpy()[built] - numbers["log_odds"].to_numpy()) < _SAME
    spread = np.full((max(1, len(refits)), len(rows)), np.nan)
    if len(refits):
        spread[:, built[as_told]] = refits[:, as_told]
    return Compared(held, scored_by, spread)


def _numbers(parts: Any, X: pd.DataFrame) -> tuple[pd.DataFrame, npt.NDArray[np.float64]]:
    """What a model gives, with its interval, and what each of its refits does."""
    table = in_numbers(X, parts.vocabularies).to_numpy(dtype=np.float64, copy=True)
    line = Recalibration(parts.slope, parts.intercept, "", 0, 0)
    middle = margin(parts.arrays, table)
    found = {"risk": line.risk(middle), "log_odds": line.log_odds(middle), "risk_low": np.nan, "risk_high": np.nan}
    numbers = pd.DataFrame(found, index=X.index)
    if not parts.refits:
        return numbers, np.empty((0, len(X)))
    refits = refit_log_odds(parts.refits, parts.intercept, table)
    ends = risk_interval(numbers["log_odds"].to_numpy(), refits)
    return numbers.assign(risk_low=ends[:, 0], risk_high=ends[:, 1]), refits


def _reached(rows: pd.DataFrame, records: Records) -> npt.NDArray[np.bool_]:
    """Scores of children whom the records hold, on days that they reach."""
    known = rows["child_id"].isin(records.households.index)
    return np.asarray(known & (rows["index_date"] <= records.observed_until + pd.Timedelta(days=1)))


def _steady(positions: pd.DataFrame, mine: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Positions of scores of the model itself that are compared."""
    with_two = positions[(positions["now"] != NONE) & (positions["before"] != NONE)]
    every = with_two[_COMPARED].to_numpy()
    return np.unique(every[(every != NONE) & mine[every]])


def _own_scores(rows: pd.DataFrame, model: Any, own: str) -> npt.NDArray[np.bool_]:
    """Scores that the model gave itself, in the version of its calibration that it has now."""
    if not own:
        return np.zeros(len(rows), dtype=bool)
    said = getattr(model, "manifest", None) or {}
    same = rows["calibration_version"].isin(["", str(said.get("calibration", {}).get("version", ""))])
    return np.asarray((rows["model_id"] == own) & same)


def _wanted(
    positions: pd.DataFrame,
    scored_by: npt.NDArray[np.object_],
    mine: npt.NDArray[np.bool_],
    reached: npt.NDArray[np.bool_],
) -> npt.NDArray[np.int64]:
    """Positions of the scores to give again, of children of whom all can be given."""
    now, every = positions["now"].to_numpy()[:, None], positions[_COMPARED].to_numpy()
    held = every != NONE
    differ = ((now != NONE) & held & (scored_by[now] != scored_by[every])).any(axis=1)
    other = held & ~mine[every]
    can = (~other | reached[every]).all(axis=1)
    return np.unique(every[other & (differ & can)[:, None]])


def _index(rows: pd.DataFrame, records: Records) -> pd.MultiIndex:
    """Rows by the households of the records."""
    home = records.households.reindex(rows["child_id"]).to_numpy()
    days = pd.DatetimeIndex(rows["index_date"]).as_unit("s")
    return pd.MultiIndex.from_arrays([home, rows["child_id"].to_numpy(), days], names=INDEX_NAMES)
