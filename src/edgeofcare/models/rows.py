"""How rows are named, and the one order in which a model sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.exceptions import IndexNamesError

__all__ = ["ROW_NAMES", "RowGroups", "canonical_order", "check_aligned", "check_row_names", "row_groups", "single_rows"]

ROW_NAMES = ("household_id", "child_id", "index_date")

_WHAT_TO_DO = (
    "Build X with build_features, or restore the names with X.set_index(['household_id', 'child_id', 'index_date']). "
    "Only if every row really is unrelated to every other, make the model with independent_rows=True."
)


class RowGroups(NamedTuple):
    """Who each row is about and when, as numbers that hold no identifier.

    Parameters
    ----------
    household : ndarray of int64, shape (n_rows,)
        Code of the household, in the sorted order of ``household_id``.
    child : ndarray of int64, shape (n_rows,)
        Code of the child, in the sorted order of ``child_id``.
    day : ndarray of int64, shape (n_rows,)
        Index date in days since 1 January 1970.
    """

    household: np.ndarray
    child: np.ndarray
    day: np.ndarray


def check_row_names(X: object, *, what: str = "X") -> None:
    """Refuse data whose rows are not named (household_id, child_id, index_date).

    Parameters
    ----------
    X : object
        What the caller passed.
    what : str, default "X"
        The name of the argument, for the message.

    Raises
    ------
    IndexNamesError
        If it is not a DataFrame or Series, or its index has other names.

    Examples
    --------
    >>> check_row_names(np.zeros((2, 1)))
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.IndexNamesError: X is a ndarray without named rows; expected a DataFrame ...
    """
    expected = f"expected a DataFrame whose index is named ({', '.join(ROW_NAMES)})"
    if not isinstance(X, (pd.DataFrame, pd.Series)):
        msg = f"{what} is a {type(X).__name__} without named rows; {expected}. {_WHAT_TO_DO}"
        raise IndexNamesError(msg)
    if not _is_named(X.index):
        msg = f"The index of {what} does not have the names of rows; {expected}. {_WHAT_TO_DO}"
        raise IndexNamesError(msg)


def row_groups(X: pd.DataFrame | pd.Series) -> RowGroups:
    """Read household, child and day of every row from the index.

    Parameters
    ----------
    X : DataFrame or Series
        Rows on a MultiIndex named (household_id, child_id, index_date).

    Returns
    -------
    RowGroups
        Household codes, child codes and index days, three int64 arrays of shape (n_rows,).

    Raises
    ------
    IndexNamesError
        If the index has other names, lacks an identifier or date, or places one child in several households.

    Examples
    --------
    >>> index = pd.MultiIndex.from_tuples(
    ...     [("h2", "b", pd.Timestamp("2020-01-02")), ("h1", "a", pd.Timestamp("2020-01-01"))], names=ROW_NAMES
    ... )
    >>> row_groups(pd.Series([0, 1], index=index)).household
    array([1, 0])
    """
    check_row_names(X)
    household, child = (_codes(X.index.get_level_values(name)) for name in ROW_NAMES[:2])
    day, problems = _days(X.index.get_level_values("index_date"))
    for name, code in zip(ROW_NAMES, (household, child), strict=False):
        if (missing := int((code < 0).sum())) > 0:
            problems.append(f"{missing} of {len(code)} rows have no {name}")
    if (several := _children_in_several_households(household, child)) > 0:
        problems.append(f"{several} children appear in more than one household (freeze households before the split)")
    if problems:
        msg = f"The index of the rows cannot be used: {'; '.join(problems)}. Correct the cohort and build X again."
        raise IndexNamesError(msg)
    return RowGroups(household, child, day)


def single_rows(n_rows: int) -> RowGroups:
    """Groups for unrelated rows: each is its own household and child, all on one day.

    Parameters
    ----------
    n_rows : int
        How many rows.

    Returns
    -------
    RowGroups
        Codes 0 to ``n_rows - 1`` and day 0.

    Examples
    --------
    >>> single_rows(2).child
    array([0, 1])
    """
    every = np.arange(n_rows, dtype=np.int64)
    return RowGroups(every, every, np.zeros(n_rows, dtype=np.int64))


def canonical_order(values: np.ndarray, y: np.ndarray, groups: RowGroups | None = None) -> np.ndarray:
    """Give the order in which a model is fitted, whatever the order in which rows arrive.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows, n_features)
        The features.
    y : ndarray, shape (n_rows,)
        The outcome as numbers.
    groups : RowGroups, optional
        Who each row is about. Without it rows are ordered by their content alone.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Positions: by household, child and day, then by content where rows share a name.

    Examples
    --------
    >>> canonical_order(np.zeros((3, 1)), np.zeros(3), RowGroups(np.array([2, 0, 1]), np.array([2, 0, 1]), np.zeros(3)))
    array([1, 2, 0])
    """
    keys: list[np.ndarray] = []
    if groups is not None:
        keys = [groups.day, groups.child, groups.household]
    if groups is None or _has_repeats(keys):
        keys = [_content(values, y), *keys]
    return np.lexsort(keys)


def check_aligned(X: object, y: object, *, independent_rows: bool = False) -> None:
    """Refuse an outcome whose index says that it belongs to other rows.

    Parameters
    ----------
    X : object
        The features.
    y : object
        The outcome. Arrays have no names and are taken by position.
    independent_rows : bool, default False
        If true, names are compared only when both carry the row names.

    Raises
    ------
    IndexNamesError
        If ``y`` is a Series and its index is not that of ``X``, in the same order.

    Examples
    --------
    >>> check_aligned(pd.DataFrame({"a": [1.0]}), pd.Series([1]))
    """
    if not (isinstance(X, pd.DataFrame) and isinstance(y, pd.Series)):
        return
    if independent_rows and not (_is_named(X.index) and _is_named(y.index)):
        return
    if not y.index.equals(X.index):
        msg = (
            f"y is not on the index of X ({len(y)} and {len(X)} rows): they would be misaligned. "
            "Pass y.loc[X.index], or y.to_numpy() if it already follows X row by row."
        )
        raise IndexNamesError(msg)


def _is_named(index: pd.Index) -> bool:
    """Whether the index has the three names of a row, in order."""
    return tuple(index.names) == ROW_NAMES


def _codes(level: pd.Index) -> np.ndarray:
    """Codes in the sorted order of the identifiers; -1 where there is none."""
    return np.asarray(pd.factorize(level, sort=True)[0], dtype=np.int64)


def _days(level: pd.Index) -> tuple[np.ndarray, list[str]]:
    """Days since 1970, and what is wrong with the dates."""
    if not isinstance(level, pd.DatetimeIndex) or level.tz is not None:
        return np.zeros(len(level), dtype=np.int64), ["index_date does not hold dates without time zone (datetime64)"]
    missing = int(level.isna().sum())
    problems = [f"{missing} of {len(level)} rows have no index_date"] if missing else []
    return level.to_numpy().astype("datetime64[D]").astype(np.int64), problems


def _children_in_several_households(household: np.ndarray, child: np.ndarray) -> int:
    """How many children are named in two households or more."""
    pairs = pd.DataFrame({"child": child, "household": household}).drop_duplicates()
    return int((pairs["child"].value_counts() > 1).sum())


def _has_repeats(keys: Iterable[np.ndarray]) -> bool:
    """Whether two rows share household, child and day."""
    return bool(pd.DataFrame(dict(enumerate(keys))).duplicated().any())


def _content(values: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Sum up each row, outcome included, in one number, the same wherever the row stands."""
    frame: dict[Any, np.ndarray] = dict(enumerate(values.T))
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame({**frame, "y": y}), index=False), dtype=np.uint64)
