"""A small synthetic authority that is monitored every month, made once; and changes planted in it."""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pandas as pd

from edgeofcare.cohort import build_cohort
from edgeofcare.features.build import build_features
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task
from edgeofcare.tracking.monitoring.baseline import MonitoringBaseline
from edgeofcare.tracking.monitoring.learn import monitoring_baseline
from edgeofcare.tracking.monitoring.monitor import monitor
from edgeofcare.tracking.monitoring.result import Monitoring

__all__ = ["CAPACITY", "CHANGE", "FEATURES", "REFERENCE", "RUNS", "TASK", "Watched", "simulation", "watched"]

TASK, CAPACITY, CHANGE = Task(), 20, "2023-01-01"
FEATURES = (
    "child.age",
    "missing.count.365d",
    "cp_plan.active",
    "contact.count.365d",
    "s47.count.1095d",
    "calendar.month",
)
TRAIN = pd.DatetimeIndex(["2018-04-01", "2018-07-01", "2018-10-01"])
REFERENCE = pd.date_range("2019-10-01", "2021-09-01", freq="MS")
RUNS = pd.date_range("2022-10-01", "2023-04-01", freq="MS")


class Watched(NamedTuple):
    """A model in use."""

    records: Records
    cohort: pd.DataFrame
    X: pd.DataFrame
    model: RiskClassifier
    baseline: MonitoringBaseline
    scores: pd.DataFrame

    def rows(self, dates: Any) -> Any:
        """Which rows are of some dates."""
        return self.X.index.get_level_values("index_date").isin(pd.DatetimeIndex(dates))

    def run(self, day: Any, **changed: Any) -> Monitoring:
        """Monitor one run, with some arguments changed."""
        keep = self.rows([day])
        given = {"X": self.X[keep], "cohort": self.cohort[keep], "index_date": day, "baseline": self.baseline}
        given |= {name: value for name, value in changed.items() if name not in ("records", "scores", "model")}
        first = (
            changed.get("model", self.model),
            changed.get("scores", self.scores),
            changed.get("records", self.records),
        )
        return monitor(*first, **given)


@cache
def watched() -> Watched:
    """2,500 children of the sample authority, with many entries, whose identifiers read KIDx."""
    made = make_records(
        2500, random_state=3, authority="sample", observed_from="2015-04-01", observed_until="2024-05-31"
    )
    tables = {name: made.table(name) for name in made}
    for frame in tables.values():
        for column in frame.columns.intersection(["child_id", "related_id"]):
            frame[column] = "KID" + frame[column]
    records = Records.from_tables(tables, observed_from="2015-04-01", observed_until=made.observed_until)
    cohort = build_cohort(records, TASK, index_dates=TRAIN.append([REFERENCE, RUNS]))
    X = build_features(records, cohort, FEATURES)
    dates = X.index.get_level_values("index_date")
    y = label_outcome(records, cohort[dates.isin(TRAIN)], TASK)
    model = make_risk_model("logistic", task=TASK, random_state=0).fit(X.loc[y.index], y)
    usual = dates.isin(REFERENCE)
    baseline = monitoring_baseline(model, X[usual], cohort[usual], records, capacity=CAPACITY, n_resamples=1000)
    run = X[dates.isin(RUNS)]
    scores = pd.DataFrame({"risk": model.predict_proba(run)[:, 1], "model_id": "one"}, index=run.index)
    return Watched(records, cohort, X, model, baseline, scores)


@cache
def simulation() -> ModuleType:
    """The module of docs/scripts/ that plants changes, which is not a package."""
    path = Path(__file__).parents[1] / "docs" / "scripts" / "monitoring_simulation.py"
    spec = importlib.util.spec_from_file_location("monitoring_simulation", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["monitoring_simulation"] = module
    spec.loader.exec_module(module)
    return module
