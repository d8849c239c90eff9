"""The two learners inside a risk model, fitted and read so that threads and neighbours change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from threadpoolctl import ThreadpoolController

from edgeofcare.exceptions import SpecError
from edgeofcare.models.constraints import constraint_problems, monotone_by_position
from edgeofcare.models.members import AveragedTrees, is_trees
from edgeofcare.models.pipeline import regression

__all__ = [
    "FEWEST_REFITS",
    "KINDS",
    "MOST_CODES",
    "MOST_MEMBERS",
    "MOST_REFITS",
    "MOST_TREES",
    "check_options",
    "fit_learner",
    "last_step",
    "learner_margin",
    "make_learner",
    "staged_margins",
]

KINDS = ("logistic", "boosting")
MOST_TREES = 800
"""Trees where their number is left open."""
FEWEST_REFITS, MOST_REFITS = 10, 200
"""Below ten, no spread and no agreement of nine in ten can be told."""
MOST_MEMBERS = 50
MOST_CODES = 255
"""Different categories of one column that trees can tell apart."""

_STEPS = 200
_FEW_ROWS = 20_000


def check_options(options: Any) -> None:
    """Refuse options that cannot be used, all at once.

    Parameters
    ----------
    options : RiskClassifier
        What holds the options.

    Raises
    ------
    SpecError
        If an option is wrong.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> check_options(SimpleNamespace(kind="forest", n_folds=5, monotone=None, max_iter=None, task=None, refits=0))
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.SpecError: The risk model cannot be used: kind must be one of 'logistic', 'boosting'.
    """
    problems = []
    if options.kind not in KINDS:
        problems.append(f"kind must be one of {', '.join(map(repr, KINDS))}")
    if not isinstance(options.n_folds, (int, np.integer)) or options.n_folds < 2:
        problems.append("n_folds must be a whole number, 2 or more")
    problems += constraint_problems(options.monotone, options.kind)
    problems += _member_problems(getattr(options, "members", 1), options.kind)
    if options.max_iter is not None and not (isinstance(options.max_iter, (int, np.integer)) and options.max_iter > 0):
        problems.append("max_iter must be a whole number, 1 or more, or None to have it found")
    if not _is_count_of_refits(options.refits):
        problems.append(f"refits must be 0 for none, or a whole number from {FEWEST_REFITS} to {MOST_REFITS}")
    if options.task is not None and not (hasattr(options.task, "gap_days") and hasattr(options.task, "horizon_days")):
        problems.append("task must be an edgeofcare.Task")
    if problems:
        msg = f"The risk model cannot be used: {'; '.join(problems)}."
        raise SpecError(msg)


def _member_problems(members: Any, kind: str) -> list[str]:
    """Say what is wrong with the number of members."""
    if isinstance(members, bool) or not isinstance(members, (int, np.integer)) or not 1 <= members <= MOST_MEMBERS:
        return [f"members must be a whole number from 1 to {MOST_MEMBERS}"]
    if members > 1 and kind == "logistic":
        return ["members is for boosting only; a regression does not depend on its seed"]
    return []


def _is_count_of_refits(value: Any) -> bool:
    """Whether a model can have so many refits."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return whole and (value == 0 or FEWEST_REFITS <= value <= MOST_REFITS)


def make_learner(options: Any, names: np.ndarray | None = None, categories: Sequence[int] = ()) -> Any:
    """Make the regression or the boosted trees, not fitted.

    The regression sees medians for unknown values, flags for their absence, scaled features, and a column for each
    category. The trees see numbers as they are and split on sets of categories, and each split sees a share of the
    features drawn at random. Their number is left to the caller, as stopping early would set rows aside without regard
    to households.

    Parameters
    ----------
    options : RiskClassifier
        What holds the options.
    names : ndarray of str, shape (n_features,), optional
        Columns in order, if they have names; columns of categories have.
    categories : sequence of int
        Positions of the columns that hold categories, as numbers.

    Returns
    -------
    Pipeline, HistGradientBoostingClassifier or AveragedTrees
        The steps of the pipeline are "impute", "scale" and "regress"; with categories "columns" and "regress".

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> list(make_learner(SimpleNamespace(kind="logistic", C=0.1, max_iter=100)).named_steps)
    ['impute', 'scale', 'regress']
    """
    if options.kind == "logistic":
        steps = options.max_iter or _STEPS
        regress = LogisticRegression(C=options.C, solver="newton-cholesky", tol=1e-8, max_iter=steps)
        return regression(regress, 0 if names is None else len(names), categories)
    marked = [] if names is None else [str(names[place]) for place in categories]
    trees = HistGradientBoostingClassifier(
        max_iter=options.max_iter or MOST_TREES,
        learning_rate=options.learning_rate,
        max_features=options.max_features,
        max_leaf_nodes=options.max_leaf_nodes,
        min_samples_leaf=options.min_samples_leaf,
        l2_regularization=options.l2_regularization,
        monotonic_cst=monotone_by_position(options.monotone, names, marked),
        categorical_features=list(categories) or None,
        early_stopping=False,
        random_state=options.random_state,
    )
    if options.members == 1:
        return trees
    return AveragedTrees(trees, members=options.members, random_state=options.random_state)


def fit_learner(blank: Any, values: np.ndarray, y: np.ndarray) -> Any:
    """Fit a copy of a learner.

    Parameters
    ----------
    blank : estimator
        From :func:`make_learner`; it stays as it is.
    values : ndarray of float64, shape (n_rows, n_features)
        Features in the canonical order of rows.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.

    Returns
    -------
    estimator
        The fitted copy; its classes are 0 and 1.

    Examples
    --------
    >>> fit_learner(LogisticRegression(), np.eye(2), np.array([True, False])).classes_
    array([0, 1])
    """
    if is_trees(blank):
        values = _without_empty_columns(values)
    with _threads(len(values)):
        return clone(blank).fit(values, y.astype(np.int64))


def learner_margin(learner: Any, values: np.ndarray) -> np.ndarray:
    """Log-odds of each row before calibration, the same whichever rows stand beside it.

    Parameters
    ----------
    learner : estimator
        From :func:`fit_learner`.
    values : ndarray of float64, shape (n_rows, n_features)
        Features.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        Margins.

    Examples
    --------
    >>> learner = fit_learner(LogisticRegression(), np.array([[0.0], [1.0]]), np.array([False, True]))
    >>> abs(float(learner_margin(learner, np.array([[0.5]]))[0])) < 1e-6
    True
    """
    with _threads(len(values)):
        if is_trees(learner):
            return np.asarray(learner.decision_function(values), dtype=np.float64)
        scaled = np.ascontiguousarray(learner[:-1].transform(values) if isinstance(learner, Pipeline) else values)
    regress = last_step(learner)
    return np.einsum("ij,j->i", scaled, regress.coef_[0]) + regress.intercept_[0]


def staged_margins(learner: HistGradientBoostingClassifier, values: np.ndarray, stages: Sequence[int]) -> np.ndarray:
    """Margins of each row with fewer trees.

    Parameters
    ----------
    learner : HistGradientBoostingClassifier
        From :func:`fit_learner`, with as many trees as the last stage.
    values : ndarray of float64, shape (n_rows, n_features)
        Features.
    stages : sequence of int
        Numbers of trees, ascending.

    Returns
    -------
    ndarray of float64, shape (n_stages, n_rows)
        The margins after so many trees.

    Examples
    --------
    >>> X, y = np.arange(60.0)[:, None], np.arange(60) > 30
    >>> learner = fit_learner(HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5), X, y)
    >>> staged_margins(learner, X, (1, 3)).shape
    (2, 60)
    """
    with _threads(len(values)):
        staged = enumerate(learner.staged_decision_function(values), start=1)
        return np.stack([np.asarray(margin, dtype=np.float64).ravel() for count, margin in staged if count in stages])


def last_step(learner: Any) -> Any:
    """Return the learner itself, or the last step of a pipeline.

    Parameters
    ----------
    learner : estimator
        A learner.

    Returns
    -------
    estimator
        What holds ``n_iter_``.

    Examples
    --------
    >>> last_step(Pipeline([("regress", LogisticRegression())]))
    LogisticRegression()
    """
    return learner[-1] if isinstance(learner, Pipeline) else learner


def _without_empty_columns(values: np.ndarray) -> np.ndarray:
    """Write zero in columns that are unknown throughout: no tree splits there, but some versions cannot bin them."""
    empty = np.isnan(values).all(axis=0)
    return np.where(empty, 0.0, values) if empty.any() else values


def _threads(n_rows: int) -> AbstractContextManager[Any]:
    """One thread for few rows, where a second only waits; one for matrix products, whose sums it would change."""
    return _controller().limit(limits=1, user_api=None if n_rows < _FEW_ROWS else "blas")


@cache
def _controller() -> ThreadpoolController:
    """Look up the native thread pools once; the look-up takes longer than scoring a child."""
    return ThreadpoolController()
