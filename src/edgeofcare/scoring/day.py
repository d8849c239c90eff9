"""Scores of every child who is eligible on a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np
import pandas as pd

from edgeofcare.cohort import INDEX_NAMES, build_cohort
from edgeofcare.explanation.reference import REFERENCE
from edgeofcare.features.build import build_features
from edgeofcare.models.vocabulary import unseen_names
from edgeofcare.records.records import Records
from edgeofcare.task import Task

__all__ = ["Scored", "interval_columns", "score_day"]


class Scored(Protocol):
    """A loaded model, as :class:`edgeofcare.Scorer` is."""

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Features in the order of the columns."""

    @property
    def task(self) -> Task:
        """Horizon, ages and population that the model is for."""

    @property
    def refits(self) -> tuple[Any, ...]:
        """The model fitted again on resampled households."""

    @property
    def vocabularies(self) -> Mapping[str, Sequence[str]]:
        """Codes of each feature that holds them."""

    @property
    def reference(self) -> Any:
        """The cohort that reasons compare a child with; None for the average child in training."""

    @property
    def model_id(self) -> str:
        """Short name of exactly this model."""

    def risk(self, X: pd.DataFrame) -> np.ndarray:
        """Calibrated probability of each row."""

    def log_odds(self, X: pd.DataFrame) -> np.ndarray:
        """Calibrated log-odds of each row."""

    def risk_interval(self, X: pd.DataFrame) -> np.ndarray:
        """Ends of the interval of each risk."""


def score_day(
    scorer: Scored, records: Records, index_date: str | dt.date | pd.Timestamp, top_reasons: int
) -> pd.DataFrame:
    """Score every child who is eligible on a day, as :meth:`edgeofcare.Scorer.score` returns it.

    Parameters
    ----------
    scorer : Scored
        The model.
    records : Records
        The case records.
    index_date : str or date
        The day.
    top_reasons : int
        Reasons for each child; 0 for none.

    Returns
    -------
    DataFrame
        One row for each child, riskiest first.
    """
    cohort = build_cohort(records, scorer.task, index_dates=[index_date])
    X = build_features(records, cohort, scorer.feature_names)
    risk = pd.Series(scorer.risk(X), index=X.index)
    scores = pd.DataFrame(
        {
            "risk": risk,
            **interval_columns(scorer, X),
            "rank": risk.rank(method="min", ascending=False).astype("int64"),
            "log_odds": scorer.log_odds(X),
            "reasons": pd.Series(_reasons(scorer, records, X, top_reasons), index=X.index, dtype=object),
            "compared_with": REFERENCE if scorer.reference is None else scorer.reference.name,
            "model_id": scorer.model_id,
            "data_until": str(records.observed_until.date()),
            "decision_support_only": True,
            **({"unseen": unseen_names(X, scorer.vocabularies)} if scorer.vocabularies else {}),
        },
        index=X.index,
    )
    child = X.index.get_level_values("child_id").to_numpy(dtype=str)
    return scores.iloc[np.lexsort((child, -risk.to_numpy()))]


def interval_columns(scorer: Scored, X: pd.DataFrame) -> dict[str, np.ndarray]:
    """Ends of the interval of each risk, where the model has refits.

    Parameters
    ----------
    scorer : Scored
        The model.
    X : DataFrame
        Features of each row.

    Returns
    -------
    dict of str to ndarray
        ``risk_low`` and ``risk_high``; nothing without refits.
    """
    if not scorer.refits:
        return {}
    ends = scorer.risk_interval(X) if len(X) else np.empty((0, 2))
    return {"risk_low": ends[:, 0], "risk_high": ends[:, 1]}


def _reasons(scorer: Scored, records: Records, X: pd.DataFrame, top: int) -> list[tuple[str, ...]]:
    """The largest contributions of each row in words, each with its direction."""
    if top == 0 or X.empty:
        return [()] * len(X)
    from edgeofcare.explanation.explain import explain

    found = explain(cast("Any", scorer), X, records=records, accept_lag=True).reasons(top=top, bands=False)
    keys = zip(*(found.index.get_level_values(name) for name in INDEX_NAMES), strict=True)
    said: dict[Any, list[str]] = {key: [] for key in X.index}
    for key, direction, sentence in zip(keys, found["direction"], found["sentence"], strict=True):
        said[key].append(f"{direction.capitalize()} the risk: {sentence}")
    return [tuple(said[key]) for key in X.index]
