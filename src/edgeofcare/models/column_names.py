"""The columns of a table, held against those that a model was fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.models.vocabulary import Vocabularies, in_numbers

__all__ = ["frame_values", "listed", "name_difference", "table_values"]

_SHOWN = 5  # names of one kind that a message lists


def table_values(X: Any, names: Sequence[str], vocabularies: Vocabularies) -> npt.NDArray[np.float64]:
    """Return rows as the table of numbers that the arrays of a model take.

    Parameters
    ----------
    X : DataFrame or array, shape (n_rows, n_features)
        Rows to score. An array has no names to check, and cannot hold codes.
    names : sequence of str
        Features in order.
    vocabularies : mapping of str to sequence of str
        Codes of the columns that hold categories.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_features)
        A copy in C order: nothing done to it reaches the caller.

    Raises
    ------
    SpecError
        If columns are missing, reordered, renamed or not numeric, a column of categories holds numbers, or a value is
        infinite.

    Examples
    --------
    >>> table_values([[1, 2]], ["child.age", "cp_plan.active"], {}).tolist()
    [[1.0, 2.0]]
    """
    if vocabularies and not hasattr(X, "columns"):
        in_numbers(X, vocabularies)  # says what is wanted
    table = frame_values(X, names, vocabularies) if hasattr(X, "columns") else _as_array(X)
    if table.dtype.kind not in "fiub" or table.ndim != 2 or table.shape[1] != len(names):
        msg = (
            f"X has shape {table.shape} and dtype {table.dtype}; the model expects numbers in rows by "
            f"{len(names)} columns, in the order of feature_names."
        )
        raise SpecError(msg)
    table = np.array(table, dtype=np.float64, order="C")
    if infinite := int(np.isinf(table).sum()):
        msg = f"X holds {infinite} infinite value(s); expected finite numbers, or NaN where a value is unknown."
        raise SpecError(msg)
    return table


def frame_values(X: Any, names: Sequence[str], vocabularies: Vocabularies | None = None) -> npt.NDArray[np.float64]:
    """Return the values of a DataFrame whose columns are exactly the features.

    Parameters
    ----------
    X : DataFrame, shape (n_rows, n_features)
        Rows to score.
    names : sequence of str
        Features in order.
    vocabularies : mapping of str to sequence of str, optional
        Codes of the columns that hold categories.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_features)
        Values; codes as their places in the vocabulary.

    Raises
    ------
    SpecError
        If columns are missing, reordered, renamed or not numeric.

    Examples
    --------
    >>> import pandas as pd
    >>> frame_values(pd.DataFrame({"child.age": [12, 15]}), ["child.age"]).tolist()
    [[12.0], [15.0]]
    """
    if difference := name_difference([str(name) for name in X.columns], names):
        msg = f"The columns of X are not the features of the model: {difference}. Use X[list(scorer.feature_names)]."
        raise SpecError(msg)
    X = in_numbers(X, vocabularies or {})
    wrong = [name for name, dtype in zip(X.columns, X.dtypes, strict=True) if getattr(dtype, "kind", "O") not in "fiub"]
    if wrong:
        msg = f"X has {len(wrong)} column(s) that are not numeric: {listed(wrong)}. Build X with build_features."
        raise SpecError(msg)
    values: npt.NDArray[np.float64] = X.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _as_array(X: npt.ArrayLike) -> npt.NDArray[Any]:
    """X as an array; rows of different lengths make none."""
    try:
        return np.asarray(X)
    except (TypeError, ValueError):
        msg = "X is no table of numbers; expected rows that all have one number for each of feature_names."
        raise SpecError(msg) from None


def name_difference(found: Sequence[str], expected: Sequence[str]) -> str:
    """Say how a list of names differs from the one expected; empty if it does not.

    Parameters
    ----------
    found, expected : sequence of str
        Names in order.

    Returns
    -------
    str
        Clauses for a message.

    Examples
    --------
    >>> name_difference(["child.age", "offence.count.90d"], ["child.age", "cp_plan.active"])
    'missing: cp_plan.active; not expected: offence.count.90d'
    >>> name_difference(["b", "a"], ["a", "b"])
    'the same names in another order, from position 1 on'
    """
    if list(found) == list(expected):
        return ""
    missing = [name for name in expected if name not in set(found)]
    extra = [name for name in found if name not in set(expected)]
    clauses = [f"{what}: {listed(names)}" for what, names in (("missing", missing), ("not expected", extra)) if names]
    if clauses:
        return "; ".join(clauses)
    if len(found) != len(expected):
        return "a name is there more than once"
    position = next(at for at, (one, other) in enumerate(zip(found, expected, strict=True), 1) if one != other)
    return f"the same names in another order, from position {position} on"


def listed(names: Sequence[object]) -> str:
    """The first names, and how many there are besides.

    Parameters
    ----------
    names : sequence of object
        Names.

    Returns
    -------
    str
        Up to five of them.

    Examples
    --------
    >>> listed(list("abcdefg"))
    'a, b, c, d, e and 2 more'
    """
    more = len(names) - _SHOWN
    return ", ".join(map(str, names[:_SHOWN])) + (f" and {more} more" if more > 0 else "")
