"""Rows of a run and of the reference, as monitoring takes them: checked, and with codes in place of identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.features.index import index_days
from edgeofcare.metrics._arrays import Ints
from edgeofcare.schema.audit import from_audit_list
from edgeofcare.task import Task
from edgeofcare.tracking.checks import about_rows, check_risks
from edgeofcare.tracking.monitoring.lists import listed

__all__ = [
    "MODEL_ID",
    "RISK",
    "Codes",
    "child_days",
    "feature_names",
    "find_rows",
    "group_frame",
    "model_risk",
    "row_codes",
    "same_rows",
    "score_frame",
    "task_of",
]

RISK = "risk"
"""Column of the risks, beside the features."""

MODEL_ID = "model_id"
"""Column that says which model gave each score."""

_GROUPS = ("age_band", "sex", "ethnic_group", "disability_or_ehc", "status")


@dataclass(frozen=True)
class Codes:
    """Who each row is about and when, as numbers that hold no identifier.

    Parameters
    ----------
    household, child, day : ndarray of int64
        Code of the household and of the child, and the index date in days.
    """

    household: Ints
    child: Ints
    day: Ints


def row_codes(frame: pd.DataFrame) -> Codes:
    """Codes of the rows of a frame on the index.

    Parameters
    ----------
    frame : DataFrame
        On (household_id, child_id, index_date).

    Returns
    -------
    Codes

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples(
    ...     [("H2", "b", pd.Timestamp("1970-01-02")), ("H1", "a", pd.Timestamp("1970-01-02"))],
    ...     names=["household_id", "child_id", "index_date"],
    ... )
    >>> row_codes(pd.DataFrame(index=index)).household.tolist()
    [1, 0]
    """
    days = index_days(frame)
    keys = [frame.index.get_level_values(name).to_numpy(dtype=str) for name in ("household_id", "child_id")]
    home, child = (np.unique(key, return_inverse=True)[1].astype(np.int64) for key in keys)
    return Codes(home, child, days)


def child_days(frame: pd.DataFrame, *columns: str) -> pd.MultiIndex:
    """Child and day of each row, by which rows are matched: the key of a household changes when a link becomes known.

    Parameters
    ----------
    frame : DataFrame
        On (household_id, child_id, index_date).
    *columns : str
        Columns that have to be the same, too.

    Returns
    -------
    MultiIndex
        ``child_id``, the index date in days, and the columns.
    """
    more = [frame[name].to_numpy(dtype=object) for name in columns]
    keys = [frame.index.get_level_values("child_id").to_numpy(dtype=object), index_days(frame), *more]
    return pd.MultiIndex.from_arrays(keys, names=["child_id", "day", *columns])


def feature_names(model: Any) -> list[str]:
    """Features of a fitted or loaded model, in the order of its columns."""
    names: Sequence[Any] | None = getattr(model, "feature_names", None)
    names = getattr(model, "feature_names_in_", None) if names is None else names
    if names is None or not callable(getattr(model, "log_odds", None)):
        msg = (
            f"model is a {type(model).__name__}; expected a fitted model, or one that load_model gave, which knows its "
            "features and gives risks."
        )
        raise SpecError(msg)
    return [str(name) for name in names]


def task_of(model: Any) -> Task:
    """The task of a model."""
    task = getattr(model, "task", None)
    if not isinstance(task, Task):
        msg = "The model has no task, so its horizon is not known. Make it with make_risk_model(kind, task=task)."
        raise SpecError(msg)
    return task


def model_risk(model: Any, X: pd.DataFrame) -> pd.Series:
    """Risks of rows."""
    log_odds = np.asarray(model.log_odds(X), dtype=np.float64)
    return pd.Series(1 / (1 + np.exp(-log_odds)), index=X.index, name=RISK)


def score_frame(scores: Any, model: Any) -> pd.DataFrame:
    """Scores of a ledger, or of a frame, of one model.

    Parameters
    ----------
    scores : Ledger or DataFrame
        Where risks were kept.
    model : object
        The model; scores of others are left out where both say which.

    Returns
    -------
    DataFrame
        ``risk``, and ``model_id`` where the scores say it, on the index.
    """
    frame = scores.scores() if callable(getattr(scores, "scores", None)) else scores
    if not isinstance(frame, pd.DataFrame) or RISK not in frame:
        msg = "scores must be a Ledger, or a frame with a column risk on the index, as Scorer.score gives it."
        raise SpecError(msg)
    wanted = getattr(model, "model_id", None)
    if wanted is not None and MODEL_ID in frame:
        frame = frame[(frame[MODEL_ID] == wanted).to_numpy(dtype=bool)]
    if wanted is None and MODEL_ID in frame:
        _refuse_several_models(frame)
    frame = about_rows(frame[[name for name in (RISK, MODEL_ID) if name in frame]], "scores")
    check_risks(frame[RISK])
    if not len(frame):
        msg = "scores hold no row of this model. Give the scores that this very model file made."
        raise SpecError(msg)
    return frame.astype({RISK: "float64"})


def _refuse_several_models(scores: pd.DataFrame) -> None:
    """Refuse rows that several models scored, where the model in use does not say which it is."""
    several = scores[MODEL_ID].nunique()
    if twice := int(scores.index.duplicated().sum()) if several > 1 else 0:
        msg = (
            f"scores hold {twice:,} of {len(scores):,} rows more than once, of {several} models, and this model does "
            "not say which it is. Give the scores of one, as ledger.scores(model_id=...) does, or the loaded model."
        )
        raise SpecError(msg)


def group_frame(cohort: pd.DataFrame, risk: pd.Series, day: Ints, capacity: int | None) -> pd.DataFrame:
    """Groups of the rows, and groups of the rows that are on the list.

    Parameters
    ----------
    cohort : DataFrame
        With audit columns.
    risk : Series
        Risks of the same rows.
    day : ndarray of int64
        Index date of each row.
    capacity : int or None
        Children on the list of a date.

    Returns
    -------
    DataFrame
        Text; rows off the list are "not listed" in the columns of those that are on it. Columns that hold a value of
        the user's own are left out.
    """
    names = [name for name in _GROUPS if name in cohort and _ours(name, cohort[name])]
    frame = cohort[names].astype("object").where(cohort[names].notna(), "not recorded").astype(str)
    if capacity is None:
        return frame
    on = listed(risk.to_numpy(dtype=np.float64), day, capacity) > 0.5
    listed_too = {f"{name} of listed": frame[name].where(on, "not listed") for name in names}
    return frame.assign(**listed_too)


def _ours(name: str, column: pd.Series) -> bool:
    """Whether a column holds nothing but words of its list."""
    return all(from_audit_list(name, value) for value in column.dropna().astype(str).unique())


def same_rows(frame: pd.DataFrame, index: pd.Index, what: str) -> pd.DataFrame:
    """A frame on an index, matched by child and day, refused where rows are missing or not told apart."""
    if not isinstance(frame, pd.DataFrame):
        msg = f"{what} is no DataFrame; give it on the index of the scored rows."
        raise IndexNamesError(msg)
    place = find_rows(frame, index, what)
    if missing := int((place < 0).sum()):
        msg = f"{what} lacks {missing:,} of {len(index):,} rows; give it on the index of the scored rows."
        raise IndexNamesError(msg)
    return frame.iloc[place].set_axis(index)


def find_rows(frame: pd.DataFrame, index: pd.Index, what: str) -> Ints:
    """Position of each row of an index in a frame, by child and day; -1 where it is not there."""
    held = child_days(frame)
    if twice := int(held.duplicated().sum()):
        msg = f"{what}: {twice:,} of {len(frame):,} rows give a child again on the same index date. Give it once."
        raise IndexNamesError(msg)
    return np.asarray(held.get_indexer(child_days(pd.DataFrame(index=index))), dtype=np.int64)
