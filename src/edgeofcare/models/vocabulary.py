"""The codes that a model knows, by column, and rows as the table of numbers that a model takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError

__all__ = [
    "LEAST_CHILDREN",
    "Vocabularies",
    "check_codes",
    "code_places",
    "in_numbers",
    "is_category",
    "learn_vocabularies",
    "renumbered",
    "unseen_codes",
    "unseen_names",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

Vocabularies = Mapping[str, Sequence[str]]
"""Codes of each column of categories that a model knows, sorted: the place of a code is its number."""

LEAST_CHILDREN = 10
"""Training children who must have a code, or it counts as unknown."""

_SHOWN = 5


def is_category(column: Any) -> bool:
    """Whether a column of a DataFrame is a pandas category.

    Parameters
    ----------
    column : Series
        The column.

    Returns
    -------
    bool
        False for text as it is.

    Examples
    --------
    >>> import pandas as pd
    >>> is_category(pd.Series(["1A", "6"], dtype="category")), is_category(pd.Series([1.0]))
    (True, False)
    """
    return getattr(column.dtype, "name", "") == "category"


def learn_vocabularies(X: Any, child: npt.NDArray[np.int64] | None = None) -> dict[str, tuple[str, ...]]:
    """Collect the codes of each column of categories that enough children have.

    Parameters
    ----------
    X : DataFrame or array, shape (n_rows, n_features)
        Training rows; an array has no columns of categories.
    child : ndarray of int64, shape (n_rows,), optional
        Which child each row is about; each row is of another if left out.

    Returns
    -------
    dict of str to tuple of str
        Sorted codes by name of the column, in the order of the columns. A code that a column could have, but that
        fewer than :data:`LEAST_CHILDREN` children have, is not among them: what a model learned of it would tell of
        single children, and nothing of others.

    Raises
    ------
    SpecError
        If categories are something other than text.

    Examples
    --------
    >>> import pandas as pd
    >>> sources = pd.Categorical(["6"] * 10 + [None] + ["1A"] * 12 + ["2A"], categories=["9", "6", "2A", "1A"])
    >>> learn_vocabularies(pd.DataFrame({"referral.last_source": sources, "child.age": 12.0}))
    {'referral.last_source': ('1A', '6')}
    """
    if not hasattr(X, "columns"):
        return {}
    whose = np.arange(len(X)) if child is None else child
    found = {}
    for name, column in _columns(X):
        if is_category(column):
            codes, place = _codes(name, column)
            pairs = np.unique(np.stack([place, whose])[:, place >= 0], axis=1)[0]
            children = np.bincount(pairs, minlength=len(codes))
            found[name] = tuple(sorted(codes[each] for each in np.flatnonzero(children >= LEAST_CHILDREN).tolist()))
    return found


def in_numbers(X: Any, vocabularies: Vocabularies) -> Any:
    """Return X with the number of each code in place of the code.

    Parameters
    ----------
    X : DataFrame, shape (n_rows, n_features)
        Rows whose columns of categories hold codes: as pandas categories in any order, or as text.
    vocabularies : mapping of str to sequence of str
        From :func:`learn_vocabularies`.

    Returns
    -------
    DataFrame
        With float64 in the place of categories; NaN for an unknown value, and for a code that the model does not know.
        X itself where no column holds categories.

    Raises
    ------
    SpecError
        If X is no DataFrame although there are columns of categories, or a column holds categories in training and
        numbers now, or the other way round.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"referral.last_source": ["6", "1A", "2A", None], "child.age": 12.0})
    >>> in_numbers(X, {"referral.last_source": ("1A", "6")})["referral.last_source"].tolist()
    [1.0, 0.0, nan, nan]
    """
    if vocabularies and not hasattr(X, "columns"):
        raise SpecError(_need_frame(X, vocabularies))
    if not hasattr(X, "columns"):
        return X
    check_codes(X, vocabularies)
    held = [name for name in X.columns if str(name) in vocabularies]
    if not held:
        return X
    numbers = X.copy(deep=False)
    for name in held:
        numbers[name] = code_places(str(name), X[name], vocabularies[str(name)])[0]
    return numbers


def renumbered(
    values: FloatArray, names: Sequence[str], lists: Mapping[str, Sequence[str]], vocabularies: Vocabularies
) -> FloatArray:
    """Return a table with the numbers of a model's own codes, from places among all codes of each column.

    Parameters
    ----------
    values : ndarray of float64, shape (n_rows, n_features)
        Numbers, and places among the codes of ``lists``; NaN is unknown.
    names : sequence of str
        Columns in order.
    lists : mapping of str to sequence of str
        All codes of each column of categories, as :attr:`edgeofcare.features.Last.categories` gives them.
    vocabularies : mapping of str to sequence of str
        From :func:`learn_vocabularies`.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_features)
        A copy; NaN for a code that the model does not know.

    Examples
    --------
    >>> table = np.array([[12.0, 0.0], [13.0, 1.0], [14.0, np.nan]])
    >>> renumbered(table, ["child.age", "a"], {"a": ("x", "y")}, {"a": ("y",)})[:, 1].tolist()
    [nan, 0.0, nan]
    """
    table = np.array(values, dtype=np.float64)
    for column, name in enumerate(names):
        if name in vocabularies:
            at = {code: float(number) for number, code in enumerate(vocabularies[name])}
            known = np.array([*(at.get(code, np.nan) for code in lists[name]), np.nan])
            table[:, column] = known[np.nan_to_num(table[:, column], nan=-1.0).astype(np.intp)]
    return table


def unseen_codes(X: Any, vocabularies: Vocabularies) -> dict[str, BoolArray]:
    """Find the codes that a model does not know and takes as unknown.

    Parameters
    ----------
    X : DataFrame, shape (n_rows, n_features)
        As for :func:`in_numbers`.
    vocabularies : mapping of str to sequence of str
        From :func:`learn_vocabularies`.

    Returns
    -------
    dict of str to ndarray of bool, shape (n_rows,)
        For each column of categories, the rows whose code is such. A value that is missing is unknown, not unseen.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"referral.last_source": ["6", "2A", None]})
    >>> unseen_codes(X, {"referral.last_source": ("1A", "6")})["referral.last_source"].tolist()
    [False, True, False]
    """
    if not vocabularies:
        return {}
    if not hasattr(X, "columns"):
        raise SpecError(_need_frame(X, vocabularies))
    check_codes(X, vocabularies)
    held = ((name, column) for name, column in _columns(X) if name in vocabularies)
    return {name: code_places(name, column, vocabularies[name])[1] for name, column in held}


def unseen_names(X: Any, vocabularies: Vocabularies) -> list[tuple[str, ...]]:
    """Name the columns of each row whose code a model does not know.

    Parameters
    ----------
    X : DataFrame, shape (n_rows, n_features)
        As for :func:`in_numbers`.
    vocabularies : mapping of str to sequence of str
        From :func:`learn_vocabularies`.

    Returns
    -------
    list of tuple of str
        One tuple a row; empty where the model knows every code.

    Examples
    --------
    >>> import pandas as pd
    >>> unseen_names(pd.DataFrame({"referral.last_source": ["6", "2A"]}), {"referral.last_source": ("1A", "6")})
    [(), ('referral.last_source',)]
    """
    found = unseen_codes(X, vocabularies)
    return [tuple(name for name, rows in found.items() if rows[at]) for at in range(len(X))]


def code_places(name: str, column: Any, codes: Sequence[str]) -> tuple[FloatArray, BoolArray]:
    """Look codes up.

    Parameters
    ----------
    name : str
        The column, for messages.
    column : Series of category, text, or nothing but missing values, shape (n_rows,)
        Codes.
    codes : sequence of str
        Those of training, in order.

    Returns
    -------
    place : ndarray of float64, shape (n_rows,)
        Place of each code; NaN where the value is missing or the code is none of them.
    unseen : ndarray of bool, shape (n_rows,)
        Whether there is a code that is none of them.

    Raises
    ------
    SpecError
        If the column holds something other than text.

    Examples
    --------
    >>> import pandas as pd
    >>> code_places("a", pd.Series(["y", "z"], dtype="category"), ["x", "y"])
    (array([ 1., nan]), array([False,  True]))
    """
    held, place = _codes(name, column)
    at = {code: float(number) for number, code in enumerate(codes)}
    known = np.array([*(at.get(code, np.nan) for code in held), np.nan])
    found: FloatArray = known[place]  # -1, which is a missing value, finds the NaN at the end
    return found, np.isnan(found) & (place >= 0)


def check_codes(X: Any, vocabularies: Vocabularies) -> None:
    """Refuse columns that hold categories where training had numbers, or the other way round.

    Parameters
    ----------
    X : DataFrame, shape (n_rows, n_features)
        Rows.
    vocabularies : mapping of str to sequence of str
        From :func:`learn_vocabularies`.

    Raises
    ------
    SpecError
        If a column is of another kind than in training. A column of missing values alone is of either kind.

    Examples
    --------
    >>> import pandas as pd
    >>> check_codes(pd.DataFrame({"referral.last_source": [3.0]}), {"referral.last_source": ("1A", "6")})
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.SpecError: X cannot be used: 1 column of categories holds numbers: referral.last_source. ...
    """
    columns = list(_columns(X))
    numbers = [name for name, column in columns if name in vocabularies and _are_numbers(column)]
    codes = [name for name, column in columns if name not in vocabularies and is_category(column)]
    problems = []
    if numbers:
        problems.append(f"{_count(numbers, 'column of categories holds', 'columns of categories hold')} numbers")
        problems[-1] += f": {_listed(numbers)}"
    if codes:
        problems.append(f"{_count(codes, 'column holds', 'columns hold')} categories, but numbers in training")
        problems[-1] += f": {_listed(codes)}"
    if problems:
        msg = (
            f"X cannot be used: {'; '.join(problems)}. Pass codes as text or as a pandas category, numbers as numbers: "
            "the number of a code depends on the order of the categories. build_features gives what is wanted."
        )
        raise SpecError(msg)


def _columns(X: Any) -> list[tuple[str, Any]]:
    """Names and columns, by position: a name may be there twice, which is refused elsewhere."""
    return [(str(name), X.iloc[:, place]) for place, name in enumerate(X.columns)]


def _codes(name: str, column: Any) -> tuple[list[str], npt.NDArray[np.intp]]:
    """The different codes of a column, and the place of each row's among them; -1 where there is none."""
    if is_category(column):
        codes, place = list(column.cat.categories), column.cat.codes.to_numpy()
    else:
        missing = column.isna().to_numpy()
        texts = column.to_numpy(dtype=object)
        codes = sorted({text for text in texts[~missing].tolist() if isinstance(text, str)})
        at = {code: number for number, code in enumerate(codes)}
        place = np.array([-1 if gap else at.get(text, -2) for text, gap in zip(texts, missing, strict=True)])
    if not all(isinstance(code, str) for code in codes) or (place < -1).any():
        msg = (
            f"The categories of {name} are not all text. Make them text first: "
            "X[name].astype('string').astype('category')."
        )
        raise SpecError(msg)
    return codes, place.astype(np.intp)


def _are_numbers(column: Any) -> bool:
    """Whether a column holds numbers, not missing values alone."""
    return getattr(column.dtype, "kind", "O") in "fiub" and not bool(column.isna().all())


def _need_frame(X: Any, vocabularies: Vocabularies) -> str:
    """Say that codes need named columns."""
    return (
        f"X is a {type(X).__name__}; the model has columns of categories ({_listed(list(vocabularies))}), whose codes "
        "a table of numbers cannot hold. Pass a DataFrame with codes as text or as pandas categories."
    )


def _count(names: Sequence[str], one: str, many: str) -> str:
    """How many columns, with the words for one or several."""
    return f"{len(names)} {one if len(names) == 1 else many}"


def _listed(names: Sequence[str]) -> str:
    """The first few names."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
