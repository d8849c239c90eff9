"""Check what an evaluation is asked for, and say all that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation._inputs import kind, row_problems
from edgeofcare.evaluation.groups.tables import column_problems
from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.task import Task

__all__ = ["Options", "check_options", "is_whole", "learner_problems", "number_problems"]

# What each option must be, and where it comes from.
_KINDS: tuple[tuple[str, Any, str], ...] = (
    ("cohort", pd.DataFrame, "the DataFrame that build_cohort gives"),
    ("reference", Mapping, "a group for each of some columns, such as reference={'sex': 'female'}"),
    ("train", pd.Index, "the index of the training rows, such as split.train or X_train.index"),
    ("baselines", Mapping, "fitted classifiers by name, such as baselines={'last_model': model}"),
    ("details", pd.DataFrame, "the DataFrame that label_outcome(..., details=True) gives"),
    ("records", Records, "the Records that the cohort was built from"),
    ("task", Task, "an edgeofcare.Task"),
    ("summary", pd.DataFrame, "the DataFrame that explain(model, X).summary() gives"),
    ("criteria", Criteria, "edgeofcare.Criteria(...)"),
)


@dataclass(frozen=True)
class Options:
    """What the caller of :func:`edgeofcare.evaluate` chose, under the names that are used there."""

    cohort: pd.DataFrame | None
    capacity: int | None
    by: Sequence[str | Sequence[str]] | str | None
    reference: Mapping[str, str] | None
    train: pd.Index | None
    baselines: Mapping[str, Any] | None
    details: pd.DataFrame | None
    records: Records | None
    task: Task | None
    summary: pd.DataFrame | None
    criteria: Criteria | None
    n_resamples: int
    random_state: int


def check_options(options: Options, model: Any, X: pd.DataFrame, y: pd.Series) -> Options:
    """Refuse options of the wrong kind, or that lack what they need, all at once.

    Parameters
    ----------
    options : Options
        As the caller gave them.
    model : fitted classifier
        Whose ``task`` and ``criteria`` hold where none are given.
    X, y
        As for :func:`edgeofcare.evaluate`.

    Returns
    -------
    Options
        With the task and criteria that hold, and whole numbers of Python.

    Raises
    ------
    SpecError
        With every problem, in words, and no value of a row.
    """
    numbers = number_problems(options.capacity, options.n_resamples, options.random_state)
    found = [*row_problems(X, y), *_wrong_kinds(options), *numbers]
    problems = [*found, *_wrong_tables(options), *_missing(options, model), *_changed(options, model)]
    if problems:
        msg = " ".join(problems)
        raise SpecError(msg)
    return replace(
        options,
        task=_task(options, model),
        criteria=options.criteria or getattr(model, "criteria", None) or Criteria(),
        capacity=None if options.capacity is None else int(options.capacity),
        n_resamples=int(options.n_resamples),
        random_state=int(options.random_state),
    )


def _wrong_kinds(options: Options) -> list[str]:
    """Options that are something else than what they must be."""
    given = ((name, getattr(options, name), needed, words) for name, needed, words in _KINDS)
    return [
        f"{name} is a {kind(value)}; expected {words}."
        for name, value, needed, words in given
        if value is not None and not isinstance(value, needed)
    ]


def number_problems(capacity: Any, n_resamples: Any, random_state: Any) -> list[str]:
    """Numbers that are no whole numbers, or too small."""
    problems = []
    if capacity is not None and not is_whole(capacity, 1):
        problems.append("capacity must be a whole number of children a calendar month, at least 1.")
    if not is_whole(n_resamples, 1):
        problems.append("n_resamples must be a whole number, at least 1; 1000 is usual, and a verdict needs 200.")
    if not is_whole(random_state, 0):
        problems.append("random_state must be a whole number, 0 or more, so that a result can be had again.")
    return problems


def learner_problems(model: Any) -> list[str]:
    """Whether a model can be fitted anew: a classifier, and no class of them."""
    if isinstance(model, type) or not all(hasattr(model, name) for name in ("get_params", "fit", "predict_proba")):
        return [f"model is a {kind(model)}; expected a classifier of scikit-learn or of make_risk_model, to fit anew."]
    return []


def is_whole(value: Any, least: float) -> bool:
    """Whether a value is a whole number of at least so much."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and bool(value >= least)


def _wrong_tables(options: Options) -> list[str]:
    """Columns that are given twice, or not at all."""
    problems = column_problems(options.cohort, options.by)
    if isinstance(options.cohort, pd.DataFrame) and not options.cohort.columns.is_unique:
        repeated = int(options.cohort.columns.duplicated().sum())
        problems.append(f"cohort has {repeated} columns whose name another one has; keep one of each name.")
    if isinstance(options.summary, pd.DataFrame) and not _is_summary(options.summary):
        problems.append(
            "summary lacks the columns name and mean_size (numbers); give what explain(model, X).summary() returns."
        )
    return problems


def _is_summary(summary: pd.DataFrame) -> bool:
    """Whether a frame has names of features and numbers of what each adds."""
    held = summary.columns.is_unique and {"name", "mean_size"} <= set(summary.columns)
    return held and pd.api.types.is_numeric_dtype(summary["mean_size"])


def _missing(options: Options, model: Any) -> list[str]:
    """Options that need others."""
    problems = []
    if options.reference is not None and options.by is None:
        problems.append("reference= needs the columns to compare: pass by=.")
    if (options.details is not None or options.records is not None) and _task(options, model) is None:
        problems.append("details= and records= need the outcome window: pass task=, or fit the model with one.")
    if options.records is not None and (options.cohort is None or options.capacity is None):
        problems.append("records= needs the cohort and a capacity: pass cohort= and capacity=.")
    return problems


def _task(options: Options, model: Any) -> Task | None:
    """The task that is given, or else the model's."""
    return options.task if options.task is not None else getattr(model, "task", None)


def _changed(options: Options, model: Any) -> list[str]:
    """Whether criteria are given other than those that were fixed before fitting."""
    fixed = getattr(model, "criteria", None)
    if isinstance(options.criteria, Criteria) and fixed is not None and options.criteria != fixed:
        return ["The model was fitted with other criteria, and criteria are fixed before fitting: leave criteria= out."]
    return []
