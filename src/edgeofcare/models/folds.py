"""Whole households to leave out, and the recent rows from which the level of risk is taken."""

from __future__ import annotations

import numpy as np

from edgeofcare.models.rows import RowGroups

__all__ = ["Fold", "household_folds", "recent_rows"]

LEAST_LEVEL_ENTRANTS = 100

Fold = tuple[np.ndarray, np.ndarray]
"""Positions of training rows and of calibration rows."""


def recent_rows(groups: RowGroups, y: np.ndarray) -> np.ndarray:
    """Rows of the last index dates that together hold 100 entrants, or all rows where there are fewer.

    The level of risk drifts, so the intercept is taken from recent rows as soon as they can bear it.

    Parameters
    ----------
    groups : RowGroups
        Household, child and day of each row.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.

    Returns
    -------
    ndarray of bool, shape (n_rows,)
        Whether each row is recent.

    Examples
    --------
    >>> from edgeofcare.models.rows import RowGroups
    >>> groups = RowGroups(np.arange(300), np.arange(300), np.repeat([1, 2, 3], 100))
    >>> int(recent_rows(groups, np.ones(300, dtype=bool)).sum())
    100
    """
    y = np.asarray(y, dtype=bool)
    for day in np.unique(groups.day)[::-1]:
        recent: np.ndarray = groups.day >= day
        if _entrants(groups, y, np.flatnonzero(recent)) >= LEAST_LEVEL_ENTRANTS:
            return recent
    return np.ones(len(y), dtype=bool)


def household_folds(household: np.ndarray, y: np.ndarray, *, n_folds: int, rng: np.random.RandomState) -> list[Fold]:
    """Deal whole households into folds, those with an entrant first.

    Parameters
    ----------
    household : ndarray of int, shape (n_rows,)
        Household of each row.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.
    n_folds : int
        Folds wanted; fewer are made if fewer households have an entrant.
    rng : RandomState
        Shuffles the households, which are first sorted.

    Returns
    -------
    list of tuple of ndarray
        Training and calibration positions; every row calibrates once and no household is on both sides. Empty
        if a training side would lack one of the two outcomes.

    Examples
    --------
    >>> len(household_folds(np.array([0, 0, 1, 1]), np.array([True, False, True, False]), n_folds=5,
    ...                     rng=np.random.RandomState(0)))
    2
    """
    houses, code = np.unique(household, return_inverse=True)
    with_entrant = np.bincount(code, weights=y) > 0
    n_folds = min(n_folds, int(with_entrant.sum()))
    if n_folds < 2:
        return []
    dealt = rng.permutation(houses.size)
    dealt = dealt[np.argsort(~with_entrant[dealt], kind="stable")]
    fold_of = np.empty(houses.size, dtype=np.int64)
    fold_of[dealt] = np.arange(houses.size) % n_folds
    folds = [(np.flatnonzero(fold_of[code] != k), np.flatnonzero(fold_of[code] == k)) for k in range(n_folds)]
    return folds if all(0 < y[train].sum() < len(train) for train, _ in folds) else []


def _entrants(groups: RowGroups, y: np.ndarray, rows: np.ndarray) -> int:
    """Different children with an entry among some rows."""
    return int(np.unique(groups.child[rows[y[rows]]]).size)
