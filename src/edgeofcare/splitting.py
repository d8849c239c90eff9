"""Splits that keep the future out of training: forward in time, or by household."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from edgeofcare.cohort import check_cohort
from edgeofcare.dates import one_date
from edgeofcare.exceptions import LeakageError, SpecError
from edgeofcare.records.findings import counted
from edgeofcare.task import Task

__all__ = ["HouseholdFolds", "Split", "audit_split", "household_folds", "rolling_origins", "temporal_split"]

_LENGTHS = (12, 6, 3, 1)
_DAYS_IN_MONTH = 30.4375
_Period = tuple[pd.Timestamp, pd.Timestamp]


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
    note : str
        What a reader has to know of this split, such as test periods that were taken together.

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
    note: str = ""

    def __repr__(self) -> str:
        """Counts only."""
        return (
            f"Split(train: {len(self.train):,} rows, test: {len(self.test):,} rows, "
            f"purged: {self.purged:,}, immature: {self.immature:,}{'; ' * bool(self.note)}{self.note})"
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


def rolling_origins(
    cohort: pd.DataFrame,
    task: Task,
    *,
    n_origins: int = 4,
    test_length: int | None = None,
    min_entrants: int = 30,
    y: pd.Series | None = None,
) -> list[Split]:
    """Go through the past as it happened: train on all that was known, test on what came next, and move on.

    Parameters
    ----------
    cohort : DataFrame
        From :func:`build_cohort` with the same task.
    task : Task
        The outcome window.
    n_origins : int, default 4
        Test periods, two or more; 3 to 5 are usual.
    test_length : int, optional
        Calendar months of each test period; the longest of 12, 6, 3 and 1 for which the extract has room if left out.
    min_entrants : int, default 30
        Fewest entrants of a test period, and of the first training window, if ``y`` is given.
    y : Series, optional
        Outcomes on rows of the cohort; rows without one are left out. Without it entrants are not counted.

    Returns
    -------
    list of Split
        In the order of time, each purged and audited by :func:`temporal_split`. Test periods are equally long, without
        a gap, up to the last index date whose outcome is known; training windows grow. A period with too few entrants
        is taken together with the next (the last one with that before it): its ``note`` says so.

    Raises
    ------
    SpecError
        If the extract is too short for so many origins, or too few children entered care.

    Warns
    -----
    UserWarning
        If periods were taken together.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort, quarters
    >>> from edgeofcare.synthetic.records import make_records
    >>> task = Task()
    >>> cohort = build_cohort(make_records(200, random_state=0), task, index_dates=quarters("2018-01-01", "2023-12-31"))
    >>> splits = rolling_origins(cohort, task, n_origins=3, test_length=12)
    >>> [split.test.get_level_values("index_date").year.unique().tolist() for split in splits]
    [[2021], [2022], [2023]]
    """
    check_cohort(cohort, task)
    if n_origins < 2 or (test_length is not None and test_length < 1):
        msg = "n_origins must be 2 or more, and test_length 1 month or more."
        raise SpecError(msg)
    rows, least = (cohort, 0) if y is None else (cohort.loc[cohort.index.isin(y.index)], min_entrants)
    entered = np.zeros(len(rows), dtype=bool) if y is None else rows.index.isin(y.index[y.to_numpy() == 1])
    periods = _equal_periods(rows, entered, task, n_origins, test_length, least)
    splits = []
    for start, stop, taken in _merged(periods, rows, entered, least):
        split = temporal_split(rows, task, test_from=str(start.date()), test_until=str(stop.date()))
        note = f"{taken} test periods together: one of them has fewer than {least} entrants" if taken > 1 else ""
        splits.append(replace(split, note=note))
    if len(splits) < len(periods):
        msg = (
            f"Of {len(periods)} test periods {len(splits)} are left: those with fewer than {least} entrants were taken "
            "together with the next. Pool authorities, or use longer periods and fewer origins."
        )
        warnings.warn(msg, UserWarning, stacklevel=2)
    return splits


def _entrants(rows: pd.DataFrame, entered: np.ndarray, start: pd.Timestamp | None, stop: pd.Timestamp) -> int:
    """Entrants of a test period, or (without a start) of all rows whose outcome is known by its stop."""
    day = rows.index.get_level_values("index_date")
    inside = rows["outcome_known"] <= stop if start is None else rows["mature"] & (day >= start) & (day < stop)
    return int(rows.index[inside.to_numpy(dtype=bool) & entered].get_level_values("child_id").nunique())


def _equal_periods(
    rows: pd.DataFrame, entered: np.ndarray, task: Task, n_origins: int, test_length: int | None, least: int
) -> list[_Period]:
    """Test periods of one length up to the last index date, with enough before the first of them to learn from."""
    dates = rows.index[rows["mature"].to_numpy(dtype=bool)].get_level_values("index_date").unique().sort_values()
    apart = np.median(np.diff(dates.to_numpy().astype("datetime64[D]")).astype(float)) if len(dates) > 1 else 0.0
    step = round(float(apart) / _DAYS_IN_MONTH)
    lengths = [months for months in _LENGTHS if months % max(step, 1) == 0] or [step]
    for months in lengths if test_length is None else [test_length]:
        if dates.empty:
            break
        end = dates[-1] + (pd.DateOffset(months=step) if step else pd.Timedelta(days=1))
        edges = [end - pd.DateOffset(months=months * back) for back in range(n_origins, -1, -1)]
        tested = [int(((dates >= start) & (dates < stop)).sum()) for start, stop in pairwise(edges)]
        learned = rows.index[(rows["outcome_known"] <= edges[0]).to_numpy()].get_level_values("index_date").nunique()
        if min(tested) and learned >= tested[0] and _entrants(rows, entered, None, edges[0]) >= least:
            return list(pairwise(edges))
    learn = f" and {least} entrants" if least else ""
    msg = (
        f"The extract is too short for {n_origins} rolling origins: it has {counted(len(dates), 'index date')} with a "
        f"known outcome. Before the first origin there must be as many as in a test period{learn}, with the horizon of "
        f"{task.horizon} over. Use fewer origins, a shorter test_length, more years, or pool authorities."
    )
    raise SpecError(msg)


def _merged(
    periods: list[_Period], rows: pd.DataFrame, entered: np.ndarray, least: int
) -> list[tuple[pd.Timestamp, pd.Timestamp, int]]:
    """Periods with enough entrants, and how many each is made of."""
    merged: list[tuple[pd.Timestamp, pd.Timestamp, int]] = []
    start, taken = periods[0][0], 0
    for _, stop in periods:
        taken += 1
        if _entrants(rows, entered, start, stop) >= least:
            merged.append((start, stop, taken))
            start, taken = stop, 0
    if not merged:
        msg = (
            f"Fewer than {least} children entered care in all {len(periods)} test periods together: too few to say "
            "how a model does over time. Pool years or authorities."
        )
        raise SpecError(msg)
    if taken:
        first, _, before = merged.pop()
        merged.append((first, periods[-1][1], before + taken))
    return merged


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
