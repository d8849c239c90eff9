"""Fit a learner on all rows, and find on rows left out how large it should be and which line calibrates it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils import check_random_state

from edgeofcare.models.folds import Fold, household_folds, recent_rows
from edgeofcare.models.learners import MOST_TREES, fit_learner, learner_margin, make_learner, staged_margins
from edgeofcare.models.line_check import check_lines, clearly_better
from edgeofcare.models.members import is_trees, one_forest, with_trees
from edgeofcare.models.recalibration import Recalibration, fit_recalibration, rule_for
from edgeofcare.models.refits import Held, Refit, fit_refits
from edgeofcare.models.rows import RowGroups

__all__ = ["STAGES", "Fitted", "fit_calibrated", "no_signal", "out_of_sample"]

STAGES = (50, 75, 100, 150, 200, 300, 400, 600, MOST_TREES)
"""Numbers of trees that are tried."""

_UNTRIED = 200


@dataclass(frozen=True)
class Fitted:
    """What was learnt.

    Parameters
    ----------
    learner : estimator
        Fitted on all rows.
    line : Recalibration
        Found on rows that copies of the learner were not fitted on.
    refits : tuple of Refit
        Copies fitted on resampled households; none unless asked for.
    """

    learner: Any
    line: Recalibration
    refits: tuple[Refit, ...] = ()


def fit_calibrated(
    options: Any,
    values: np.ndarray,
    y: np.ndarray,
    groups: RowGroups,
    names: np.ndarray | None = None,
    categories: Sequence[int] = (),
) -> Fitted:
    """Fit on all rows, and find the size of the learner and its line on rows left out.

    Parameters
    ----------
    options : RiskClassifier
        What holds the options.
    values : ndarray of float64, shape (n_rows, n_features)
        Features in the canonical order of rows.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.
    groups : RowGroups
        Household, child and day of each row.
    names : ndarray of str, shape (n_features,), optional
        Columns in order, if they have names.
    categories : sequence of int
        Positions of the columns that hold categories, as numbers.

    Returns
    -------
    Fitted
        The learner, its line and its refits.

    Notes
    -----
    Households are left out in turn. Where the number of trees is left open, it is the one of :data:`STAGES` with the
    least log loss on the rows left out; choosing one of a few numbers leaves next to nothing of them used up. The line
    is then found with that many; its level comes from the last index dates, as risk drifts. Refits have as many, and so
    has each member where margins are averaged: the number is found with one, and the line on their mean.
    """
    blank = make_learner(options, names, categories)
    rng = check_random_state(options.random_state)
    folds = household_folds(groups.household, y, n_folds=options.n_folds, rng=rng)
    if options.max_iter is None and is_trees(blank):
        with_trees(blank, _best_stage(one_forest(blank), values, y, folds) if folds else _UNTRIED)
    learner = fit_learner(blank, values, y)
    if not folds:
        refits = fit_refits(blank, values, y, groups, n_refits=options.refits, rng=rng)
        return Fitted(learner, Recalibration(1.0, 0.0, "none", 0, 0), refits)
    rows, margin = out_of_sample(blank, values, y, folds)
    chosen = RowGroups(*(code[rows] for code in groups))
    level = None if options.independent_rows else recent_rows(chosen, y[rows])
    line = fit_recalibration(margin, y[rows], child=chosen.child, level=level, source="household folds")
    if not options.independent_rows:
        line = _checked(line, margin, y[rows], chosen, options.task)
    place = np.argsort(rows)
    held = Held(margin[place], None if level is None else level[place], line)
    return Fitted(learner, line, fit_refits(blank, values, y, groups, n_refits=options.refits, rng=rng, held=held))


def no_signal(line: Recalibration) -> str:
    """Say in plain words that the scores told almost nothing, if so.

    Parameters
    ----------
    line : Recalibration
        The line of a model.

    Returns
    -------
    str
        Sentences; empty where the scores told something.

    Examples
    --------
    >>> no_signal(Recalibration(1.0, 0.0, "household folds", 120, 9000))
    ''
    """
    if "floored" not in line.method:
        return ""
    return (
        f"On records that the model had not seen, its scores told almost nothing about who entered care "
        f"({line.n_entrants} entrants in {line.n_rows} rows). Risks are drawn close to the average. "
        "Do not use this model; check the features, or use more history."
    )


def _checked(line: Recalibration, margin: np.ndarray, y: np.ndarray, groups: RowGroups, task: Any) -> Recalibration:
    """Add to a line how it and others did on the last index dates, if there are entrants enough to tell."""
    window = 0 if task is None else task.gap_days + task.horizon_days
    checks = check_lines(margin, y, groups, rule=rule_for(line.n_entrants), window_days=window)
    if better := clearly_better(checks):
        warnings.warn(better, UserWarning, stacklevel=5)
    return replace(line, checks=checks, method=f"{line.method}, checked out of time") if checks else line


def _best_stage(blank: HistGradientBoostingClassifier, values: np.ndarray, y: np.ndarray, folds: list[Fold]) -> int:
    """Number of trees with the least log loss on the rows left out."""
    losses = np.zeros(len(STAGES))
    for train, test in folds:
        margins = staged_margins(fit_learner(blank, values[train], y[train]), values[test], STAGES)
        losses += np.logaddexp(0.0, np.where(y[test], -margins, margins)).sum(axis=1)
    return STAGES[int(np.argmin(losses))]


def out_of_sample(
    blank: Any, values: np.ndarray, y: np.ndarray, folds: Sequence[Fold]
) -> tuple[np.ndarray, np.ndarray]:
    """Margins of rows from copies of a learner that were fitted on other rows.

    Parameters
    ----------
    blank : estimator
        From :func:`~edgeofcare.models.learners.make_learner`; it stays as it is.
    values : ndarray of float64, shape (n_rows, n_features)
        Features in the canonical order of rows.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.
    folds : sequence of tuple of ndarray
        Positions to fit on and positions to score.

    Returns
    -------
    rows : ndarray of int64, shape (n_scored,)
        Positions that were scored.
    margin : ndarray of float64, shape (n_scored,)
        Their margins.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> y = np.array([True, False, True, False])
    >>> folds = [(np.array([0, 1]), np.array([2, 3]))]
    >>> out_of_sample(LogisticRegression(), np.zeros((4, 1)), y, folds)[0]
    array([2, 3])
    """
    margins = [learner_margin(fit_learner(blank, values[train], y[train]), values[test]) for train, test in folds]
    return np.concatenate([test for _, test in folds]), np.concatenate(margins)
