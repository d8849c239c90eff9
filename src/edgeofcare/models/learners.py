"""The two learners inside a risk model, fitted and read so that threads and neighbours change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from difflib import get_close_matches
from functools import cache
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import ThreadpoolController

from edgeofcare.exceptions import SpecError
from edgeofcare.features.catalogue import directions

__all__ = [
    "FEWEST_REFITS",
    "KINDS",
    "MOST_REFITS",
    "MOST_TREES",
    "check_options",
    "fit_learner",
    "last_step",
    "learner_margin",
    "make_learner",
    "monotone_by_position",
    "staged_margins",
]

KINDS = ("logistic", "boosting")
MOST_TREES = 800
"""Trees where their number is left open."""
FEWEST_REFITS, MOST_REFITS = 10, 200
"""Below ten, no spread and no agreement of nine in ten can be told."""

_STEPS = 200
_SHOWN = 10
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
    if options.monotone is not None and options.kind == "logistic":
        problems.append("monotone is for boosting only; a regression is monotone in every feature already")
    if options.monotone is not None and not isinstance(options.monotone, Mapping):
        problems.append("monotone must be a mapping of feature names to -1, 0 or 1")
    elif options.monotone is not None and not set(options.monotone.values()) <= {-1, 0, 1}:
        problems.append("monotone must give -1, 0 or 1 for each feature name")
    if options.max_iter is not None and not (isinstance(options.max_iter, (int, np.integer)) and options.max_iter > 0):
        problems.append("max_iter must be a whole number, 1 or more, or None to have it found")
    if not _is_count_of_refits(options.refits):
        problems.append(f"refits must be 0 for none, or a whole number from {FEWEST_REFITS} to {MOST_REFITS}")
    if options.task is not None and not (hasattr(options.task, "gap_days") and hasattr(options.task, "horizon_days")):
        problems.append("task must be an edgeofcare.Task")
    if problems:
        msg = f"The risk model cannot be used: {'; '.join(problems)}."
        raise SpecError(msg)


def _is_count_of_refits(value: Any) -> bool:
    """Whether a model can have so many refits."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    return whole and (value == 0 or FEWEST_REFITS <= value <= MOST_REFITS)


def make_learner(options: Any, names: np.ndarray | None = None) -> Any:
    """Make the regression or the boosted trees, not fitted.

    The regression sees medians for unknown values, flags for their absence, and scaled features. The trees see
    numbers as they are, and each split a share of the features drawn at random. Their number is left to the caller,
    as stopping early would set rows aside without regard to households.

    Parameters
    ----------
    options : RiskClassifier
        What holds the options.
    names : ndarray of str, shape (n_features,), optional
        Columns in order, if they have names.

    Returns
    -------
    Pipeline or HistGradientBoostingClassifier
        The steps of the pipeline are "impute", "scale" and "regress".

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> list(make_learner(SimpleNamespace(kind="logistic", C=0.1, max_iter=100)).named_steps)
    ['impute', 'scale', 'regress']
    """
    if options.kind == "logistic":
        steps = options.max_iter or _STEPS
        regress = LogisticRegression(C=options.C, solver="newton-cholesky", tol=1e-8, max_iter=steps)
        impute = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        return Pipeline([("impute", impute), ("scale", StandardScaler()), ("regress", regress)])
    return HistGradientBoostingClassifier(
        max_iter=options.max_iter or MOST_TREES,
        learning_rate=options.learning_rate,
        max_features=options.max_features,
        max_leaf_nodes=options.max_leaf_nodes,
        min_samples_leaf=options.min_samples_leaf,
        l2_regularization=options.l2_regularization,
        monotonic_cst=monotone_by_position(options.monotone, names),
        categorical_features=None,
        early_stopping=False,
        random_state=options.random_state,
    )


def monotone_by_position(monotone: Mapping[str, int] | None, names: np.ndarray | None) -> list[int] | None:
    """Translate constraints on named features into one for each column.

    Parameters
    ----------
    monotone : mapping of str to {-1, 0, 1} or None
        Constraints. Those of features that have a direction in the catalogue are passed over where X lacks them.
    names : ndarray of str or None
        Columns in order.

    Returns
    -------
    list of int or None
        A constraint for each column, or ``None`` if there is none.

    Raises
    ------
    SpecError
        If there are constraints and the columns have no names, or one names neither a column nor a feature that has a
        direction in the catalogue.

    Examples
    --------
    >>> monotone_by_position({"b": 1, "missing.count.90d": 1}, np.array(["a", "b"]))
    [0, 1]
    >>> monotone_by_position({"age_in_year": 1}, np.array(["age_in_years", "b"]))
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.SpecError: monotone names what is no column of X: 'age_in_year' (did you mean ...
    """
    if not monotone:
        return None
    if names is None:
        msg = "monotone names features, but the columns of X have no names. Pass a DataFrame."
        raise SpecError(msg)
    _refuse_strange(monotone, names)
    return [int(monotone.get(name, 0)) for name in names]


def _refuse_strange(monotone: Mapping[str, int], names: np.ndarray) -> None:
    """Refuse constraints that would do nothing, unless they are on what the catalogue constrains as well."""
    columns = [str(name) for name in names]
    strange = sorted({str(name) for name in monotone} - set(columns) - set(directions()))
    if not strange:
        return
    shown = [_with_hint(name, columns) for name in strange[:_SHOWN]]
    more = [f"{len(strange) - _SHOWN:,} more"] if len(strange) > _SHOWN else []
    msg = (
        f"monotone names what is no column of X: {', '.join([*shown, *more])}. Correct the names or take them out. "
        "Only features to which the catalogue gives a direction may be missing from X."
    )
    raise SpecError(msg)


def _with_hint(name: str, columns: Sequence[str]) -> str:
    """A name, and the column that it may stand for."""
    close = get_close_matches(name, columns, n=1)
    return f"{name!r} (did you mean {close[0]!r}?)" if close else repr(name)


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
    if isinstance(blank, HistGradientBoostingClassifier):
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
        if isinstance(learner, HistGradientBoostingClassifier):
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
    >>> last_step(Pipeline([("scale", StandardScaler()), ("regress", LogisticRegression())]))
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
