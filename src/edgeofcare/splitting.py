"""Splits that keep the future out of training: forward in time, or by household."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.cohort import check_cohort
from edgeofcare.dates import one_date
from edgeofcare.exceptions import LeakageError, SpecError
from edgeofcare.records.findings import counted
from edgeofcare.task import Task

__all__ = ["HouseholdFolds", "Split", "audit_split", "household_folds", "temporal_split"]


@dataclass(frozen=True)
class Split:
    """Rows for training and for testing.

    Parameters
    ----------
    train, test : MultiIndex
        Index values of the cohort, to be used as ``X.loc[split.train]``.
    purged : int
        Rows before the test period that are in neither, because their outcome window reaches into it.
    immature : int
        Rows of the test period that are in neither, because the extract ends before their outcome window.

    Examples
    --------
    >>> names = ["household_id", "child_id", "index_date"]
    >>> rows = pd.MultiIndex.from_tuples([("HA", "A", "2022-04-01"), ("HB", "B", "2023-04-01")], names=names)
    >>> Split(rows[:1], rows[1:])
    Split(train: 1 rows, test: 1 rows, purged: 0, immature: 0)
    """

    train: pd.Index
    test: pd.Index
    purged: int = 0
    immature: int = 0

    def __repr__(self) -> str:
        """Counts only."""
        return (
            f"Split(train: {len(self.train):,} rows, test: {len(self.test):,} rows, "
            f"purged: {self.purged:,}, immature: {self.immature:,})"
        )


def temporal_split(cohort: pd.DataFrame, task: Task, *, test_from: str, test_until: str | None = None) -> Split:
    """Train on the past and test on what came after, with nothing shared between their outcome windows.

    Parameters
    ----------
    cohort : DataFrame
        From :func:`build_cohort` with the same task.
    task : Task
        The outcome window.
    test_from : str
        First index date of the test period.
    test_until : str, optional
        End of the test period; index dates before it are tested. The end of the cohort by default.

    Returns
    -------
    Split
        A row is for training only if its whole outcome window, and the reporting lag after it, end before
        ``test_from``. A row is for testing only if the extract reaches its whole outcome window. A household may
        stand on both sides, as it will in use.

    Raises
    ------
    SpecError
        If the cohort was built with another outcome window, or one side of the split is empty.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort, quarters
    >>> from edgeofcare.synthetic.records import make_records
    >>> task = Task()
    >>> cohort = build_cohort(make_records(200, random_state=0), task, index_dates=quarters("2020-01-01", "2023-12-31"))
    >>> split = temporal_split(cohort, task, test_from="2023-01-01")
    >>> len(split.train.intersection(split.test))
    0
    """
    check_cohort(cohort, task)
    begin = one_date(test_from, "test_from")
    end = None if test_until is None else one_date(test_until, "test_until")
    index_date = cohort.index.get_level_values("index_date")
    known_by_then = (cohort["outcome_known"] <= begin).to_numpy()
    tested = np.asarray(index_date >= begin) & (True if end is None else np.asarray(index_date < end))
    mature = cohort["mature"].to_numpy(dtype=bool)
    train, test = known_by_then & ~tested, tested & mature
    purged = int((np.asarray(index_date < begin) & ~train).sum())
    if not train.any() or not test.any():
        side = "training" if not train.any() else "testing"
        msg = (
            f"No row is left for {side}: with a horizon of {task.horizon}, training rows must have their outcome "
            "window before test_from, and test rows must have theirs before observed_until. Move test_from, or use "
            "more index dates."
        )
        raise SpecError(msg)
    split = Split(cohort.index[train], cohort.index[test], purged, int((tested & ~mature).sum()))
    audit_split(split, cohort, task)
    return split


def audit_split(split: Split, cohort: pd.DataFrame, task: Task, *, household_disjoint: bool = False) -> None:
    """Raise if a split lets the future, an unknown outcome or a shared household into training.

    Parameters
    ----------
    split : Split
        Any split of the cohort's rows.
    cohort : DataFrame
        From :func:`build_cohort`.
    task : Task
        The outcome window.
    household_disjoint : bool, default False
        Whether no household may stand on both sides. The rows of such a split may overlap in time, so only
        households and maturity are checked.

    Raises
    ------
    LeakageError
        If a training row's outcome window (with the reporting lag) reaches the first test date, a row is on both
        sides, an outcome lies beyond the extract, or a household is on both sides where that was promised not to be.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort, quarters
    >>> from edgeofcare.synthetic.records import make_records
    >>> task = Task()
    >>> cohort = build_cohort(make_records(100, random_state=0), task, index_dates=quarters("2020-01-01", "2021-12-31"))
    >>> day = cohort.index.get_level_values("index_date")
    >>> overlapping = Split(cohort.index[day < "2021-04-01"], cohort.index[day >= "2021-04-01"])
    >>> audit_split(overlapping, cohort, task)
    Traceback (most recent call last):
    edgeofcare.exceptions.LeakageError: The split leaks: ... whose outcome window reaches the test period. Use ...
    """
    check_cohort(cohort, task)
    train, test = cohort.loc[split.train], cohort.loc[split.test]
    problems = []
    both = len(split.train.intersection(split.test))
    if both:
        problems.append(f"{counted(both, 'row')} on both sides")
    if household_disjoint:
        homes = split.train.get_level_values(0).unique().intersection(split.test.get_level_values(0).unique())
        if len(homes):
            problems.append(f"{counted(len(homes), 'household')} on both sides")
    else:
        crossed = int((train["outcome_known"] > test.index.get_level_values("index_date").min()).sum())
        if crossed:
            problems.append(f"{counted(crossed, 'training row')} whose outcome window reaches the test period")
    immature = int((~train["mature"].astype(bool)).sum() + (~test["mature"].astype(bool)).sum())
    if immature:
        problems.append(f"{counted(immature, 'row')} whose outcome window passes the end of the extract")
    if problems:
        msg = "The split leaks: " + "; ".join(problems) + ". Use temporal_split or household_folds, or older rows."
        raise LeakageError(msg)


def household_folds(cohort: pd.DataFrame, task: Task, *, n_splits: int = 5, random_state: int = 0) -> list[Split]:
    """Folds in which no household is on both sides.

    Parameters
    ----------
    cohort : DataFrame
        From :func:`build_cohort`; rows whose outcome is not yet known are left out.
    task : Task
        The outcome window.
    n_splits : int, default 5
        Number of folds.
    random_state : int, default 0
        Seed of the assignment of households to folds.

    Returns
    -------
    list of Split
        One for each fold, each audited. They say how a model transfers to new families; they do not keep time.

    Raises
    ------
    SpecError
        If there are fewer households than folds.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort, quarters
    >>> from edgeofcare.synthetic.records import make_records
    >>> task = Task()
    >>> cohort = build_cohort(make_records(100, random_state=0), task, index_dates=quarters("2020-01-01", "2021-12-31"))
    >>> folds = household_folds(cohort, task, n_splits=3)
    >>> sum(len(fold.test) for fold in folds) == len(cohort)
    True
    """
    check_cohort(cohort, task)
    mature = cohort.index[cohort["mature"].to_numpy(dtype=bool)]
    folds = HouseholdFolds(n_splits, random_state=random_state)
    splits = [Split(mature[train], mature[test]) for train, test in folds.split(mature)]
    for split in splits:
        audit_split(split, cohort, task, household_disjoint=True)
    return splits


class HouseholdFolds:
    """Assigns households to folds, whatever the order of the rows.

    Parameters
    ----------
    n_splits : int, default 5
        Number of folds, two or more.
    random_state : int, default 0
        Seed of the assignment.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples([("H1", "1", 0), ("H1", "2", 0), ("H2", "3", 0)],
    ...                                   names=["household_id", "child_id", "index_date"])
    >>> sorted(len(test) for _, test in HouseholdFolds(2).split(index))
    [1, 2]
    """

    def __init__(self, n_splits: int = 5, *, random_state: int = 0) -> None:
        if n_splits < 2:
            msg = f"n_splits must be two or more; got {n_splits}."
            raise SpecError(msg)
        self.n_splits = n_splits
        self.random_state = random_state

    def split(self, index: pd.Index) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Positions of training and test rows, fold by fold.

        Parameters
        ----------
        index : MultiIndex
            Index of the rows.

        Yields
        ------
        train, test : ndarray of int64
            Positions.

        Raises
        ------
        SpecError
            If there are fewer households than folds.
        """
        homes, code = np.unique(index.get_level_values("household_id").to_numpy(dtype=str), return_inverse=True)
        if homes.size < self.n_splits:
            msg = f"{counted(homes.size, 'household')} cannot be put into {self.n_splits} folds."
            raise SpecError(msg)
        fold = np.arange(homes.size) % self.n_splits
        fold = np.random.default_rng(self.random_state).permutation(fold)[code]
        for number in range(self.n_splits):
            yield np.flatnonzero(fold != number), np.flatnonzero(fold == number)
