"""Write the documents that a public body needs beside a model, filled from the run and from nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.features.leaks.report import LeakReport
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.records.records import Records
from edgeofcare.reporting.blocks import Block
from edgeofcare.reporting.card_facts import card_facts
from edgeofcare.reporting.document import Document
from edgeofcare.reporting.drivers import agreement_grid, importance_grid
from edgeofcare.reporting.facts import Fact, Run, run_facts
from edgeofcare.reporting.group_part import group_grid
from edgeofcare.reporting.html import about_task
from edgeofcare.reporting.impact import dpia_pack, equality_impact
from edgeofcare.reporting.items import atrs, model_card, probast_ai, tripod_ai
from edgeofcare.reporting.judged import criteria_grid, verdict_block
from edgeofcare.reporting.pages import page_template, write_page
from edgeofcare.reporting.results import measure_grids
from edgeofcare.reporting.sections import ReportSections
from edgeofcare.reporting.shareable import shareable_groups
from edgeofcare.splitting import Split

__all__ = ["write_documents"]


def write_documents(
    folder: str | Path,
    evaluation: Evaluation,
    *,
    model: RiskClassifier,
    records: Records,
    attrition: pd.DataFrame,
    split: Split,
    features: Sequence[Feature],
    leaks: LeakReport | None = None,
    sections: ReportSections | None = None,
    card: Mapping[str, str] | None = None,
    expires: str | dt.date | None = None,
) -> list[Path]:
    """Draft the documents that go with a model: TRIPOD+AI, PROBAST+AI, model card, ATRS, equality and data protection.

    Parameters
    ----------
    folder : path
        Folder to write into; made if it is not there.
    evaluation : Evaluation
        What the model is worth.
    model : RiskClassifier
        The fitted model.
    records : Records
        The records it was fitted on; only counts, tables and dates of the extract are taken from them.
    attrition : DataFrame
        From :func:`edgeofcare.cohort_attrition`.
    split : Split
        Training and test rows; only counts and months are taken from it.
    features : sequence of Feature
        The model's features.
    leaks : LeakReport, optional
        From :func:`edgeofcare.leak_check`, for these features.
    sections : ReportSections, optional
        What else was measured, as for :func:`edgeofcare.write_report`.
    card : mapping of str to str, optional
        What the authority says of its model, as for :func:`edgeofcare.save_model`; it stands in the model card.
    expires : str or date, optional
        Last day on which the model is to be used.

    Returns
    -------
    list of Path
        ``index.html``, and for each document a page (``.html``), a text to edit (``.md``), its tables (``.csv``) and
        all of them together (``.json``). An item that the run cannot answer is marked "for the authority" with what to
        write.

    Raises
    ------
    SpecError
        If the folder cannot be made, a file cannot be written, ``leaks`` is about other features or records, or
        ``card`` or ``expires`` cannot be used.

    Notes
    -----
    Everything may be shared: counts of 1 to 9 are hidden, groups by columns of one's own are left out, and no key or
    date of a child is in it. Files of an earlier run are replaced, with whatever was written into them: keep the copy
    that people have filled in elsewhere.

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
    >>> attrition = eoc.cohort_attrition(records, task, index_dates=dates)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     paths = write_documents(
    ...         place, found, model=model, records=records, attrition=attrition, split=split, features=features
    ...     )
    ...     [path.name for path in paths][:3]
    ['index.html', 'tripod_ai.html', 'tripod_ai.md']
    """
    if leaks is not None:
        leaks.refuse_other(features, records.fingerprint)
    given = (sections or ReportSections()).with_evaluation(evaluation)
    run = Run(evaluation, model, records, attrition, split, list(features), leaks, given)
    made = _documents(run, card_facts(card, expires, records.observed_until))
    target = _folder(folder)
    conclusion, _ = verdict_block(evaluation, given)
    page = page_template("documents.html").render(
        title="Documents of a model", about=about_task(model.task, records), conclusion=conclusion, documents=made
    )
    files = {"index.html": page}
    for document in made:
        files |= _files(document)
    for name, text in files.items():
        write_page(target / name, text)
    return [target / name for name in files]


def _documents(run: Run, stated: Mapping[str, Fact]) -> list[Document]:
    """All documents, in the order of the index."""
    facts = run_facts(run) | dict(stated)
    return [
        tripod_ai(facts),
        probast_ai(facts, run),
        model_card(facts, _figures(run)),
        atrs(facts),
        equality_impact(run, facts),
        dpia_pack(run, facts),
    ]


def _figures(run: Run) -> tuple[Block, ...]:
    """Criteria, measures, groups and what drives the scores, for the model card."""
    criteria = criteria_grid(run.evaluation, run.sections)
    groups, _ = shareable_groups(run.evaluation.groups)
    blocks = [Block("Criteria", grids=(criteria,))] if criteria is not None else []
    blocks.append(Block("Measures", grids=tuple(table for _, table in measure_grids(run.evaluation.measures))))
    if len(groups):
        blocks.append(Block("Groups", grids=(group_grid(groups),)))
    makers = {"importance": importance_grid, "agreement": agreement_grid}
    frames = {name: run.sections.frame(name) for name in makers}
    drivers = tuple(makers[name](frame) for name, frame in frames.items() if frame is not None)
    if drivers:
        blocks.append(Block("What drives the scores", grids=drivers))
    return tuple(blocks)


def _folder(folder: str | Path) -> Path:
    """The folder, made if it is not there."""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except (OSError, TypeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        msg = f"The folder of documents cannot be made ({reason}). Give the path of a folder, or of a new one."
        raise SpecError(msg) from None
    return Path(folder)


def _files(document: Document) -> dict[str, str]:
    """File names of a document with their text."""
    tables = {"_".join(filter(None, (document.name, name))): name for name in document.tables}
    return {
        f"{document.name}.html": document.html(),
        f"{document.name}.md": document.markdown(),
        **{f"{name}.csv": document.csv(key) for name, key in tables.items()},
        f"{document.name}.json": document.json(),
    }
