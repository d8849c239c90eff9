"""Fitted models on invented records whose identifiers stand out, made once for the tests of saving and scoring."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pandas as pd

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.features.build import build_features
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task

__all__ = ["FEATURES", "KINDS", "TASK", "Trained", "in_older_layout", "records_with", "trained"]

KINDS = ("boosting", "logistic")
TASK = Task()
FEATURES = (
    "child.age",
    "missing.count.365d",
    "cp_plan.active",
    "referral.days_since",
    "care.days_since_end",
    "offence.count.1095d",
    "child.sex_F",
)


_LATER = ("golden", "verdict", "expires", "wording", "card", "members")


def in_older_layout(manifest, version=1):
    """A manifest as it was before there were golden rows, which would find any change of a number."""
    return {name: held for name, held in manifest.items() if name not in _LATER} | {"schema_version": version}


class Trained(NamedTuple):
    """A fitted model with what it was fitted on."""

    model: RiskClassifier
    records: Records
    cohort: pd.DataFrame
    X: pd.DataFrame
    y: pd.Series


@cache
def records_with(lag: int = 0) -> Records:
    """Records of 800 children, whose identifiers read KINDxxxxxxx."""
    made = make_records(800, random_state=5, authority="sample")
    tables = {name: made.table(name) for name in made}
    for frame in tables.values():
        for column in frame.columns.intersection(["child_id", "related_id"]):
            frame[column] = "KIND" + frame[column]
    return Records.from_tables(tables, observed_until=made.observed_until, reporting_lag=lag)


@cache
def _rows() -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Cohort, features and outcome."""
    records = records_with()
    cohort = build_cohort(records, TASK, index_dates=quarters("2016-04-01", "2023-01-01"))
    return cohort, build_features(records, cohort, FEATURES), label_outcome(records, cohort, TASK)


@cache
def trained(kind: str) -> Trained:
    """A fitted model of each kind."""
    cohort, X, y = _rows()
    trees = {"max_iter": 40, "min_samples_leaf": 20} if kind == "boosting" else {}
    return Trained(make_risk_model(kind, task=TASK, **trees).fit(X, y), records_with(), cohort, X, y)
