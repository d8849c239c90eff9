"""How rows are named, the one order in which a model sees them, and their outcome."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from edgeofcare.exceptions import IndexNamesError, SpecError

__all__ = [
    "ROW_NAMES",
    "RowGroups",
    "canonical_order",
    "check_aligned",
    "check_columns",
    "check_row_names",
    "refuse_unknown_outcomes",
    "row_groups",
    "single_rows",
    "two_classes",
]

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


def check_row_names(X: object, *, what: str = "X") -> pd.Index:
    """Return the index of named rows; refuse data whose rows are not named (household_id, child_id, index_date).

    Parameters
    ----------
    X : object
        What the caller passed.
    what : str, default "X"
        The name of the argument, for the message.

    Returns
    -------
    MultiIndex
        The index of the rows.

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
    return X.index


def row_groups(X: object) -> RowGroups:
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
    index = check_row_names(X)
    household, child = (_codes(index.get_level_values(name)) for name in ROW_NAMES[:2])
    day, problems = _days(index.get_level_values("index_date"))
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


def check_columns(X: object, codes: Collection[str] = ()) -> None:
    """Refuse columns that are neither numbers nor categories, or that name a row instead of describing it.

    Parameters
    ----------
    X : object
        The features. What is not a DataFrame is left to scikit-learn.
    codes : collection of str
        Columns that a model knows the codes of: they may be text as well.

    Raises
    ------
    SpecError
        If a column is neither numeric, true/false nor a pandas category, is named like an identifier or the index date,
        or occurs more than once.

    Examples
    --------
    >>> check_columns(pd.DataFrame({"child.age": [12.0], "school": ["a"]}))
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.SpecError: X cannot be used: 1 column is neither number nor category: school. ...
    """
    if not isinstance(X, pd.DataFrame):
        return
    problems: dict[str, list[object]] = {
        "neither number nor category": [
            name
            for name, dtype in zip(X.columns, X.dtypes, strict=True)
            if not (_is_number(dtype) or dtype == "category" or str(name) in codes)
        ],
        "named like an identifier or date of a row": [
            name for name in X.columns if str(name) in ROW_NAMES or str(name).endswith("_id")
        ],
        "there more than once": list(X.columns[X.columns.duplicated()].unique()),
    }
    found = [
        f"{len(names)} column{'s are' if len(names) > 1 else ' is'} {what}: {', '.join(str(name) for name in names)}"
        for what, names in problems.items()
        if names
    ]
    if found:
        msg = (
            f"X cannot be used: {'; '.join(found)}. Features are numbers, or codes as a pandas category; identifiers "
            "and dates belong in the index. Build X with build_features."
        )
        raise SpecError(msg)


def _is_number(dtype: Any) -> bool:
    """Whether a column holds numbers, or true and false, whoever stores them."""
    return bool(pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype))


def refuse_unknown_outcomes(y: object) -> None:
    """Refuse an outcome with gaps; nothing is learnt from a row whose outcome is unknown.

    Parameters
    ----------
    y : Series, array or None, shape (n_rows,)
        The outcome. ``None`` is left to scikit-learn, which asks for it.

    Raises
    ------
    SpecError
        If an outcome is unknown (NaN, NaT or NA).

    Examples
    --------
    >>> refuse_unknown_outcomes(np.array([0.0, np.nan]))
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.SpecError: y has 1 unknown outcome (NaN) in 2 rows. ...
    """
    if y is None:
        return
    missing = np.asarray(pd.isna(np.asarray(y)))
    if (unknown := int(missing.sum())) > 0:
        msg = (
            f"y has {unknown} unknown outcome{'s' if unknown > 1 else ''} (NaN) in {missing.size} rows. "
            "Remove those rows from X and y, or label them with label_outcome."
        )
        raise SpecError(msg)


def two_classes(y: object) -> tuple[np.ndarray, np.ndarray]:
    """Split an outcome into its two classes and whether each row has the second.

    Parameters
    ----------
    y : Series or array, shape (n_rows,)
        Outcome.

    Returns
    -------
    classes : ndarray, shape (2,)
        The classes, sorted.
    outcome : ndarray of bool, shape (n_rows,)
        Whether the row has the second class.

    Raises
    ------
    SpecError
        If an outcome is unknown (NaN), or there are not exactly two classes.

    Examples
    --------
    >>> two_classes(np.array([0, 1, 0]))
    (array([0, 1]), array([False,  True, False]))
    """
    refuse_unknown_outcomes(y)
    column = np.asarray(column_or_1d(y, warn=True))
    check_classification_targets(column)
    kind = type_of_target(column, input_name="y", raise_unknown=True)
    if kind != "binary":
        msg = f"Only binary classification is supported. The type of the target is {kind}."
        raise SpecError(msg)
    classes, code = np.unique(column, return_inverse=True)
    if len(classes) < 2:
        msg = f"y holds a single class in {len(column)} rows: {_what_is_missing(classes)}. Two are needed to learn."
        raise SpecError(msg)
    return classes, code.astype(bool)


def _what_is_missing(classes: np.ndarray) -> str:
    """Say, for 0 and 1, which outcome never happens."""
    if classes[0] in (0, 1):
        who = "every" if classes[0] == 1 else "no"
        return f"{who} child in the training rows entered care; use a longer period or check the outcome"
    return "all rows have the same outcome"


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
    missing = int(np.sum(np.isnat(level.to_numpy())))
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
