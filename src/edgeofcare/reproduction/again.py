"""Go through the steps of a recorded run again, from records to evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from edgeofcare.cohort import build_cohort
from edgeofcare.criteria import Criteria
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.explanation.explain import explain
from edgeofcare.features.build import build_features
from edgeofcare.features.feature import Feature
from edgeofcare.features.plain import feature_from_dict
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.progress import watched
from edgeofcare.records.records import Records
from edgeofcare.runs.choices import explained_rows, model_options
from edgeofcare.runs.record import RunRecord, run_record
from edgeofcare.splitting import Split, temporal_split
from edgeofcare.task import Task

__all__ = ["Again", "run_again"]


class Again(NamedTuple):
    """What a recorded run gave this time; a case thing."""

    record: RunRecord
    model: RiskClassifier
    X_test: pd.DataFrame
    evaluation: Evaluation


def run_again(records: Records, run: RunRecord, *, progress: bool | None = None) -> Again:
    """Build, split, fit and evaluate as a record says.

    Parameters
    ----------
    records : Records
        The records, which may be others than those of the recorded run.
    run : RunRecord
        What was chosen.
    progress : bool or None
        Whether to show progress; None shows it where a person watches.

    Returns
    -------
    Again
        The record of this run, its model and its test rows.

    Raises
    ------
    EdgeOfCareError
        If the choices cannot be followed with these records.
    """
    steps = iter(watched(range(4), "Reproduce", progress=progress))
    chosen = run.choices
    task = Task.from_dict(chosen["task"])
    features: list[Feature] = [feature_from_dict(plain) for plain in chosen["features"]]
    cohort = build_cohort(records, task, index_dates=chosen["index_dates"])
    X = build_features(records, cohort, features, progress=progress)
    y = label_outcome(records, cohort, task)
    split = temporal_split(cohort.loc[y.index], task, **chosen["split"])
    next(steps)
    options = model_options(chosen["model"], columns=[spec.name for spec in features])
    model = make_risk_model(task=task, **options).fit(X.loc[split.train], y.loc[split.train])
    next(steps)
    evaluation = _evaluated(records, model, X, y, cohort, split, chosen["evaluation"])
    next(steps)
    which = chosen["evaluation"]["summary"]
    record = run_record(
        model,
        records=records,
        cohort=cohort,
        features=features,
        X=X,
        y=y,
        split=split,
        evaluation=evaluation,
        explained=explained_rows(split.test, which) if which else None,
    )
    next(steps, None)
    return Again(record, model, X.loc[split.test], evaluation)


def _evaluated(
    records: Records,
    model: RiskClassifier,
    X: pd.DataFrame,
    y: pd.Series,
    cohort: pd.DataFrame,
    split: Split,
    chosen: Mapping[str, Any],
) -> Evaluation:
    """Evaluate the test rows as was chosen."""
    task = model.task
    if task is None:  # run_again gives every model one
        raise AssertionError
    which = chosen["summary"]
    summary = explain(model, X.loc[explained_rows(split.test, which)]).summary() if which else None
    return evaluate(
        model,
        X.loc[split.test],
        y.loc[split.test],
        cohort=cohort,
        capacity=chosen["capacity"],
        by=[columns if isinstance(columns, str) else tuple(columns) for columns in chosen["by"]] or None,
        reference=chosen["reference"] or None,
        train=split.train if chosen["strata"] else None,
        details=label_outcome(records, cohort, task, details=True) if chosen["details"] else None,
        records=records if chosen["records"] else None,
        summary=summary,
        criteria=Criteria.from_dict(chosen["criteria"]),
        n_resamples=chosen["n_resamples"],
        random_state=chosen["random_state"],
    )
