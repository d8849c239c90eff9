"""Fit a learner on all rows, and find on rows left out how large it should be and which line calibrates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils import check_random_state

from edgeofcare.models.folds import Fold, calibration_folds, recent_rows
from edgeofcare.models.learners import MOST_TREES, fit_learner, learner_margin, make_learner, staged_margins
from edgeofcare.models.recalibration import Recalibration, fit_recalibration
from edgeofcare.models.rows import RowGroups

__all__ = ["STAGES", "Fitted", "fit_calibrated", "out_of_sample"]

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
    """

    learner: Any
    line: Recalibration


def fit_calibrated(
    options: Any, values: np.ndarray, y: np.ndarray, groups: RowGroups, names: np.ndarray | None = None
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

    Returns
    -------
    Fitted
        The learner and its line.

    Notes
    -----
    Where the number of trees is left open, it is the one of :data:`STAGES` with the least log loss on the rows left
    out. The same margins then find the line: choosing among nine numbers leaves next to nothing of them used up.
    """
    blank = make_learner(options, names)
    task = None if options.independent_rows else options.task
    span = None if task is None else task.gap_days + task.horizon_days + options.reporting_lag
    rng = check_random_state(options.random_state)
    source, folds = calibration_folds(groups, y, span_days=span, n_folds=options.n_folds, rng=rng)
    stages = STAGES if options.max_iter is None and isinstance(blank, HistGradientBoostingClassifier) else ()
    if not folds:
        blank.set_params(**({"max_iter": _UNTRIED} if stages else {}))
        return Fitted(fit_learner(blank, values, y), Recalibration(1.0, 0.0, "none", 0, 0))
    rows, margins = out_of_sample(blank, values, y, folds, stages=stages)
    best = int(np.argmin(_log_losses(margins, y[rows])))
    if stages:
        blank.set_params(max_iter=stages[best])
    chosen = RowGroups(*(code[rows] for code in groups))
    level = recent_rows(chosen, y[rows]) if source == "household folds" and span is not None else None
    line = fit_recalibration(margins[best], y[rows], child=chosen.child, level=level, source=source)
    return Fitted(fit_learner(blank, values, y), line)


def out_of_sample(
    blank: Any, values: np.ndarray, y: np.ndarray, folds: Sequence[Fold], *, stages: Sequence[int] = ()
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
    stages : sequence of int
        Numbers of trees to try, ascending; the learner as it is where there are none.

    Returns
    -------
    rows : ndarray of int64, shape (n_scored,)
        Positions that were scored.
    margins : ndarray of float64, shape (n_stages or 1, n_scored)
        Their margins.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> y = np.array([True, False, True, False])
    >>> folds = [(np.array([0, 1]), np.array([2, 3]))]
    >>> rows, margins = out_of_sample(LogisticRegression(), np.zeros((4, 1)), y, folds)
    >>> rows, margins.shape
    (array([2, 3]), (1, 2))
    """
    scored = []
    for train, test in folds:
        if stages:
            scored.append(staged_margins(fit_learner(blank, values[train], y[train]), values[test], stages))
        else:
            scored.append(learner_margin(fit_learner(blank, values[train], y[train]), values[test])[None])
    return np.concatenate([test for _, test in folds]), np.concatenate(scored, axis=1)


def _log_losses(margins: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Mean log loss of each stage."""
    losses: np.ndarray = np.logaddexp(0.0, np.where(y, -margins, margins)).mean(axis=1)
    return losses
