"""The blocks of the report that say what was scored, on what records, by which features, with which settings."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from edgeofcare.evaluation.report import Evaluation
from edgeofcare.features.catalogue import feature_dictionary
from edgeofcare.features.feature import Feature
from edgeofcare.features.leaks.report import LeakReport
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.records.records import Records
from edgeofcare.reporting.blocks import Block, grid
from edgeofcare.reporting.options import criteria_words, option_words
from edgeofcare.reporting.sections import ReportSections
from edgeofcare.reporting.shareable import hide_small, shareable_attrition, small_count
from edgeofcare.splitting import Split
from edgeofcare.version import VERSION

__all__ = ["before_use", "records_block", "scored_block", "settings_block", "versions"]

_LIBRARIES = ("numpy", "scipy", "scikit-learn", "pandas")


def scored_block(attrition: pd.DataFrame, model: RiskClassifier, split: Split) -> Block:
    """Who was left after each rule, and what the model was trained on.

    Parameters
    ----------
    attrition : DataFrame
        From :func:`edgeofcare.cohort_attrition`.
    model : RiskClassifier
        Fitted.
    split : Split
        Training and test rows; only counts are taken from it.

    Returns
    -------
    Block
        The flow of children, small steps hidden.
    """
    counts, line = model.training_counts_, model.calibration_
    said = (
        '"<10" is any number from 1 to 9. Where a rule left out so few, the other numbers of this table are rounded to '
        "the nearest 10, so that the small one cannot be worked out.",
        f"Training: {small_count(counts['rows'])} rows, {small_count(counts['children'])} children, "
        f"{small_count(counts['entrants'])} entrants. Purged: {small_count(split.purged)} rows whose outcome window "
        f"reaches into the test period. Recalibration: {line.method}, slope {line.slope:.2f}, from "
        f"{small_count(line.n_entrants)} entrants.",
    )
    return Block(
        "Who was scored", said, (grid("Rows and children left after each rule", shareable_attrition(attrition)),)
    )


def records_block(records: Records, features: Sequence[Feature], leaks: LeakReport | None) -> Block:
    """What the records hold, what was mended, and what each feature asks.

    Parameters
    ----------
    records : Records
        Only counts are taken from them.
    features : sequence of Feature
        The model's features.
    leaks : LeakReport, optional
        From :func:`edgeofcare.leak_check`.

    Returns
    -------
    Block
        Tables that open.
    """
    said = [
        'A window that reaches before "observed from" is unknown, not zero. The reporting lag (days) is an assumption '
        "where the extract has no recorded date."
    ]
    if leaks:
        said.append(f"Nothing from the future. {leaks.sentence}")
    dictionary = feature_dictionary(list(features))[["name", "concept", "sentence", "direction"]]
    grids = (
        grid("Tables", hide_small(records.counts(), "rows", "children"), folded=True),
        grid("What was repaired, emptied or dropped on reading", hide_small(records.findings(), "count"), folded=True),
        grid("Features, one sentence each", dictionary, folded=True),
    )
    return Block("What the records hold", tuple(said), grids)


def settings_block(evaluation: Evaluation, model: RiskClassifier, records: Records, sections: ReportSections) -> Block:
    """Everything that was chosen, and the versions of everything that computed.

    Parameters
    ----------
    evaluation : Evaluation
        Capacity, resamples and seed.
    model : RiskClassifier
        Its kind and options.
    records : Records
        Their fingerprint.
    sections : ReportSections
        More settings and versions.

    Returns
    -------
    Block
        Two tables.
    """
    task = {} if model.task is None else {f"task: {name}": value for name, value in model.task.to_dict().items()}
    options = {f"model: {name}": value for name, value in option_words(model).items()}
    chosen = {
        **task,
        "model: kind": model.kind,
        **options,
        "model: criteria": criteria_words(model.criteria),
        "evaluation: capacity": evaluation.capacity,
        "evaluation: resamples of households": evaluation.n_resamples,
        "evaluation: seed": evaluation.random_state,
        "records: fingerprint": records.fingerprint,
        **sections.settings,
    }
    rows = [(name, "not set" if value is None else str(value)) for name, value in chosen.items()]
    settings = grid("Settings", pd.DataFrame(rows, columns=["setting", "value"], dtype=object), folded=True)
    programs = sections.versions or versions()
    listed = grid(
        "Versions", pd.DataFrame(list(programs.items()), columns=["program", "version"], dtype=object), folded=True
    )
    return Block("Settings and versions", grids=(settings, listed))


def versions() -> dict[str, str]:
    """Versions of Python, of this library and of those it computes with.

    Returns
    -------
    dict of str to str
        Name to version.

    Examples
    --------
    >>> sorted(versions())
    ['Python', 'edgeofcare', 'numpy', 'pandas', 'scikit-learn', 'scipy']
    """
    found = {"edgeofcare": VERSION, "Python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # pragma: no cover
            found[name] = "not installed"
    return found


def before_use() -> Block:
    """What comes before any use.

    Returns
    -------
    Block
        Sentences.
    """
    return Block(
        "Before it is used",
        (
            "This page is evidence for a decision, not the decision. A data protection impact assessment and the "
            "public "
            "sector equality duty (Equality Act 2010, section 149) come first; edgeofcare.write_documents drafts what "
            "the run can say for them.",
            "Scores that staff act on change what happens next: record who saw a score and what was done, and evaluate "
            "again at least once a year.",
        ),
    )
