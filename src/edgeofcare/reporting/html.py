"""The report: one self-contained page on what a model is worth, with nothing personal in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.features.feature import Feature
from edgeofcare.features.leaks.report import LeakReport
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.records.records import Records
from edgeofcare.reporting.background import before_use, records_block, scored_block, settings_block
from edgeofcare.reporting.drivers import drivers_block
from edgeofcare.reporting.judged import conclusion_mark, plain_words, tiles, verdict_block
from edgeofcare.reporting.pages import page_path, page_template, write_page
from edgeofcare.reporting.results import result_blocks
from edgeofcare.reporting.sections import ReportSections
from edgeofcare.splitting import Split
from edgeofcare.task import Task
from edgeofcare.version import VERSION

__all__ = ["about_task", "write_report"]

_TITLE = "Risk of entering care: what the model is worth"


def write_report(
    path: str | Path,
    evaluation: Evaluation,
    *,
    model: RiskClassifier,
    records: Records,
    attrition: pd.DataFrame,
    split: Split,
    features: Sequence[Feature],
    summary: pd.DataFrame,
    leaks: LeakReport | None = None,
    sections: ReportSections | None = None,
) -> Path:
    """Write the report of an evaluated model.

    Parameters
    ----------
    path : path
        The HTML file to write.
    evaluation : Evaluation
        What the model is worth.
    model : RiskClassifier
        The fitted model.
    records : Records
        The records it was fitted on; only counts are taken from them.
    attrition : DataFrame
        From :func:`edgeofcare.cohort_attrition`.
    split : Split
        Training and test rows; only counts are taken from it.
    features : sequence of Feature
        The model's features.
    summary : DataFrame
        From ``Explanation.summary()``: what moves the risks most.
    leaks : LeakReport, optional
        From :func:`edgeofcare.leak_check`, for these features and records.
    sections : ReportSections, optional
        What else was measured; of parts that are not given, those that the evaluation holds are shown.

    Returns
    -------
    Path
        The file. It needs no other file and no network. Counts of 1 to 9 children, rows or values are shown as
        ``<10``, and groups by columns other than the audit columns of :func:`edgeofcare.build_cohort` are left out.

    Raises
    ------
    SpecError
        If the file cannot be written, or ``leaks`` is about other features, other records or code of your own.

    Examples
    --------
    >>> import tempfile
    >>> import edgeofcare as eoc
    >>> task, dates = eoc.Task(), eoc.quarters("2017-04-01", "2023-04-01")
    >>> features = [eoc.parse_feature("child.age"), eoc.parse_feature("cp_plan.active")]
    >>> records = eoc.make_records(300, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=dates)
    >>> X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    >>> split = eoc.temporal_split(cohort.loc[y.index], task, test_from="2021-04-01")
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X.loc[split.train], y.loc[split.train])
    >>> found = eoc.evaluate(model, X.loc[split.test], y.loc[split.test], n_resamples=20)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_report(
    ...         f"{folder}/report.html",
    ...         found,
    ...         model=model,
    ...         records=records,
    ...         attrition=eoc.cohort_attrition(records, task, index_dates=dates),
    ...         split=split,
    ...         features=features,
    ...         summary=eoc.explain(model, X.loc[split.test]).summary(),
    ...     )
    ...     "<title>" in path.read_text(encoding="utf-8")
    True
    """
    target = page_path(path)
    if leaks is not None:
        leaks.refuse_other(features, records.fingerprint)
    given = (sections or ReportSections()).with_evaluation(evaluation)
    conclusion, verdict = verdict_block(evaluation, given)
    page = page_template("report.html").render(
        title=_TITLE,
        about=about_task(model.task, records),
        conclusion=conclusion,
        mark=conclusion_mark(conclusion),
        verdict=verdict,
        tiles=tiles(evaluation, model),
        words=plain_words(evaluation, given),
        blocks=[
            *result_blocks(evaluation, given),
            drivers_block(summary, given),
            scored_block(attrition, model, split),
            records_block(records, features, leaks),
            settings_block(evaluation, model, records, given),
            before_use(),
        ],
        foot=(
            f"Input fingerprint {records.fingerprint[:16]}; random state {evaluation.random_state}. This page holds "
            "counts and measures only: no name, key or date of a child."
        ),
    )
    write_page(target, page)
    return target


def about_task(task: Task | None, records: Records) -> str:
    """Who is scored, for what, from which records, in one line.

    Parameters
    ----------
    task : Task or None
        What is predicted; None where the model was fitted without one.
    records : Records
        Whose last day is named.

    Returns
    -------
    str
        One line.
    """
    until = f"Records observed until {records.observed_until.date()}. edgeofcare {VERSION}."
    if task is None:
        return until
    gap = f" after a gap of {task.gap_days} days" if task.gap_days else ""
    return (
        f"Children aged {task.ages[0]} to {task.ages[1]} with an open case; entry into care within {task.horizon_days} "
        f"days{gap}. {until}"
    )
