"""A small run with its record and model file, for the tests of recording and of running again."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import pandas as pd

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.explanation.explain import explain
from edgeofcare.features.build import build_features
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.runs.choices import explained_rows
from edgeofcare.splitting import Split, temporal_split
from saved_models import FEATURES, TASK, records_with

__all__ = ["Made", "made", "with_changed"]

BY = ("sex", ("sex", "age_band"))


class Made(NamedTuple):
    """Everything that :func:`edgeofcare.run_record` takes."""

    model: RiskClassifier
    records: Records
    cohort: pd.DataFrame
    X: pd.DataFrame
    y: pd.Series
    split: Split
    evaluation: Evaluation

    def record_options(self, **changed: Any) -> dict[str, Any]:
        """Options of run_record, some of them changed."""
        own = {name: value for name, value in self._asdict().items() if name != "model"}
        explained = explained_rows(self.split.test, "latest")
        return {**own, "features": FEATURES, "explained": explained, **changed}


@cache
def made(kind: str = "logistic", **params: Any) -> Made:
    """A run over 800 invented children."""
    records = records_with()
    cohort = build_cohort(records, TASK, index_dates=quarters("2016-04-01", "2023-01-01"))
    X, y = build_features(records, cohort, FEATURES), label_outcome(records, cohort, TASK)
    split = temporal_split(cohort.loc[y.index], TASK, test_from="2021-04-01")
    model = make_risk_model(kind, task=TASK, **params).fit(X.loc[split.train], y.loc[split.train])
    latest = X.loc[explained_rows(split.test, "latest")]
    evaluation = evaluate(
        model,
        X.loc[split.test],
        y.loc[split.test],
        cohort=cohort,
        capacity=5,
        by=BY,
        reference={"sex": "female"},
        details=label_outcome(records, cohort, TASK, details=True),
        records=records,
        summary=explain(model, latest).summary(),
        train=split.train,
        n_resamples=30,
    )
    return Made(model, records, cohort, X, y, split, evaluation)


def with_changed(table: str, column: str, value: Any) -> Records:
    """The records with one cell of a table changed."""
    old = records_with()
    tables = {name: old.table(name) for name in old}
    tables[table].loc[tables[table].index[0], column] = value
    return Records.from_tables(tables, observed_until=old.observed_until)
