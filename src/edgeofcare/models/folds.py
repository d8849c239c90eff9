"""Rows to fit on and rows to calibrate on: forward in time where there is enough before, else by household."""

from __future__ import annotations

import numpy as np

from edgeofcare.models.rows import RowGroups

__all__ = ["Fold", "calibration_folds", "forward_folds", "household_folds", "recent_rows"]

LEAST_TRAINING_ENTRANTS = 200
LEAST_CALIBRATION_ENTRANTS = 20
LEAST_LEVEL_ENTRANTS = 100

Fold = tuple[np.ndarray, np.ndarray]
"""Positions of training rows and of calibration rows."""


def calibration_folds(
    groups: RowGroups, y: np.ndarray, *, span_days: int | None, n_folds: int, rng: np.random.RandomState
) -> tuple[str, list[Fold]]:
    """Choose the rows to fit on and the rows to calibrate on.

    Parameters
    ----------
    groups : RowGroups
        Household, child and day of each row.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.
    span_days : int or None
        Gap plus horizon in days; ``None`` if there is no task, and then time cannot be respected.
    n_folds : int
        Household folds, if forward folds cannot be made.
    rng : RandomState
        Assigns households to folds.

    Returns
    -------
    source : str
        ``"forward"``, ``"household folds"``, or ``"no folds"``.
    folds : list of tuple of ndarray
        Positions of the training rows and of the calibration rows.

    Notes
    -----
    Forward folds keep time: each block is scored by a model of what was known before it, so they also carry the
    change of level into the next period. But that model has seen less than the final one. Where the rows before a
    block hold fewer than 200 entrants, its margins are so much worse that the slope would be shrunk too far; then
    whole households are left out instead, and time is kept through the level (:func:`recent_rows`).

    Examples
    --------
    >>> from edgeofcare.models.rows import RowGroups
    >>> groups = RowGroups(np.arange(6), np.arange(6), np.zeros(6, dtype=int))
    >>> source, folds = calibration_folds(
    ...     groups, np.arange(6) < 3, span_days=365, n_folds=3, rng=np.random.RandomState(0)
    ... )
    >>> source, len(folds)
    ('household folds', 3)
    """
    y = np.asarray(y, dtype=bool)
    folds = [] if span_days is None else forward_folds(groups, y, span_days=span_days)
    if folds:
        return "forward", folds
    folds = household_folds(groups.household, y, n_folds=n_folds, rng=rng)
    return ("household folds" if folds else "no folds"), folds


def forward_folds(
    groups: RowGroups, y: np.ndarray, *, span_days: int, share: float = 0.4, n_blocks: int = 2
) -> list[Fold]:
    """Split the last index dates into blocks, each behind the rows whose outcome was known when it starts.

    Parameters
    ----------
    groups : RowGroups
        Household, child and day of each row.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.
    span_days : int
        Gap plus horizon in days.
    share : float, default 0.4
        Share of the different index dates that calibrate.
    n_blocks : int, default 2
        Blocks into which those dates are divided.

    Returns
    -------
    list of tuple of ndarray
        Training and calibration positions. A training row's window ends by the first day of its block:
        ``day + span_days <= block start``. Empty if no block has 200 entrants before it, or if the blocks that
        have hold fewer than 20 entrants.

    Examples
    --------
    >>> from edgeofcare.models.rows import RowGroups
    >>> forward_folds(RowGroups(np.arange(4), np.arange(4), np.arange(4)), np.ones(4, dtype=bool), span_days=1)
    []
    """
    dates = np.unique(groups.day)
    last = dates[len(dates) - int(np.ceil(share * len(dates))) :]
    folds = []
    for block in np.array_split(last, min(n_blocks, len(last))):
        train = np.flatnonzero(groups.day + span_days <= block[0])
        test = np.flatnonzero((groups.day >= block[0]) & (groups.day <= block[-1]))
        if _entrants(groups, y, train) >= LEAST_TRAINING_ENTRANTS and not y[train].all():
            folds.append((train, test))
    tested = np.concatenate([np.empty(0, dtype=np.int64), *(test for _, test in folds)])
    return folds if _entrants(groups, y, tested) >= LEAST_CALIBRATION_ENTRANTS else []


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
