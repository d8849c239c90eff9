"""Boosted trees grown several times with other seeds, their margins averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

__all__ = ["AveragedTrees", "is_trees", "one_forest", "with_trees"]


class AveragedTrees(ClassifierMixin, BaseEstimator):
    r"""Several boosted-tree classifiers that differ in their seed alone, as one: its margin is the mean of theirs.

    Parameters
    ----------
    trees : HistGradientBoostingClassifier
        What each member is a copy of; its own seed is not used.
    members : int, default 5
        How many.
    random_state : int, RandomState or None, default 0
        Draws the seed of each member.

    Attributes
    ----------
    members_ : tuple of HistGradientBoostingClassifier
        Fitted.
    classes_ : ndarray, shape (2,)
        The two classes.
    n_iter_ : int
        Trees of each member.

    Notes
    -----
    The mean of margins :math:`\frac1K \sum_k f_k` stays a sum over trees, so that contributions stay exact
    (:func:`~edgeofcare.models.averaging.average_arrays`). A mean of probabilities would not.

    Examples
    --------
    >>> X, y = np.arange(60.0)[:, None], np.arange(60) > 30
    >>> both = AveragedTrees(HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5), members=2).fit(X, y)
    >>> one, other = (member.decision_function(X) for member in both.members_)
    >>> bool(np.allclose(both.decision_function(X), (one + other) / 2))
    True
    """

    def __init__(
        self,
        trees: HistGradientBoostingClassifier,
        *,
        members: int = 5,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.trees = trees
        self.members = members
        self.random_state = random_state

    def fit(self, X: np.ndarray, y: np.ndarray) -> AveragedTrees:
        """Fit each member.

        Parameters
        ----------
        X : ndarray of float64, shape (n_rows, n_features)
            Features.
        y : ndarray, shape (n_rows,)
            Two classes.

        Returns
        -------
        AveragedTrees
            Itself.
        """
        seeds = check_random_state(self.random_state).randint(1, 2**31 - 1, size=self.members).tolist()
        self.members_ = tuple(clone(self.trees).set_params(random_state=seed).fit(X, y) for seed in seeds)
        self.classes_ = self.members_[0].classes_
        self.n_iter_ = int(self.members_[0].n_iter_)
        return self

    def decision_function(self, X: np.ndarray) -> np.ndarray:
        """Mean margin.

        Parameters
        ----------
        X : ndarray of float64, shape (n_rows, n_features)
            Features.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            Log-odds.
        """
        check_is_fitted(self)
        margins = np.stack([member.decision_function(X) for member in self.members_], axis=1)
        return np.ascontiguousarray(margins).mean(axis=1)

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probabilities of the two classes, from the mean margin.

        Parameters
        ----------
        X : ndarray of float64, shape (n_rows, n_features)
            Features.

        Returns
        -------
        ndarray of float64, shape (n_rows, 2)
            Not calibrated.
        """
        second = 1.0 / (1.0 + np.exp(-self.decision_function(X)))
        return np.column_stack([1.0 - second, second])

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Class with the larger probability.

        Parameters
        ----------
        X : ndarray of float64, shape (n_rows, n_features)
            Features.

        Returns
        -------
        ndarray, shape (n_rows,)
            One of ``classes_`` for each row.
        """
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


def is_trees(learner: Any) -> bool:
    """Whether a learner is made of boosted trees.

    Parameters
    ----------
    learner : estimator
        A learner.

    Returns
    -------
    bool
        True for one forest and for several.

    Examples
    --------
    >>> is_trees(HistGradientBoostingClassifier())
    True
    """
    return isinstance(learner, HistGradientBoostingClassifier | AveragedTrees)


def one_forest(blank: HistGradientBoostingClassifier | AveragedTrees) -> HistGradientBoostingClassifier:
    """Return what a single member is a copy of.

    Parameters
    ----------
    blank : HistGradientBoostingClassifier or AveragedTrees
        Not fitted.

    Returns
    -------
    HistGradientBoostingClassifier
        Itself where there is only one.

    Examples
    --------
    >>> one_forest(AveragedTrees(HistGradientBoostingClassifier(max_iter=7))).max_iter
    7
    """
    return blank.trees if isinstance(blank, AveragedTrees) else blank


def with_trees(blank: HistGradientBoostingClassifier | AveragedTrees, count: int) -> Any:
    """Set the number of trees.

    Parameters
    ----------
    blank : HistGradientBoostingClassifier or AveragedTrees
        Not fitted; it is changed.
    count : int
        Trees; of each member where there are several.

    Returns
    -------
    estimator
        The same.

    Examples
    --------
    >>> with_trees(AveragedTrees(HistGradientBoostingClassifier()), 50).trees.max_iter
    50
    """
    name = "trees__max_iter" if isinstance(blank, AveragedTrees) else "max_iter"
    return blank.set_params(**{name: count})
