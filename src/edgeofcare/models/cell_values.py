"""Single values of a table that holds numbers and codes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["same_values", "value_of"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def value_of(X: Any, position: int, column: int) -> float | str:
    """Return one value of a table: a number, or a code as text.

    Parameters
    ----------
    X : DataFrame, shape (n_rows, n_features)
        Rows.
    position, column : int
        Which value.

    Returns
    -------
    float or str
        NaN where it is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"a": pd.Series(["x", None], dtype="category"), "b": [1, 2]})
    >>> value_of(X, 0, 0), value_of(X, 1, 0), value_of(X, 0, 1)
    ('x', nan, 1.0)
    """
    value = X.iloc[:, column].iloc[position]
    return value if isinstance(value, str) else float("nan" if value is None else value)


def same_values(one: Any, other: Any, tolerance: float = 0.0) -> BoolArray:
    """Compare values: numbers within rounding, codes as text, nothing with nothing.

    Parameters
    ----------
    one, other : Series or sequence of float or str, shape (n_values,)
        Values.
    tolerance : float
        Absolute and relative, of numbers.

    Returns
    -------
    ndarray of bool, shape (n_values,)
        Whether they are the same.

    Examples
    --------
    >>> same_values([1.0, "6", float("nan")], [1.0, "1A", float("nan")]).tolist()
    [True, False, True]
    """
    same: BoolArray
    if _has_numbers(one) and _has_numbers(other):
        same = np.isclose(_floats(one), _floats(other), rtol=tolerance, atol=tolerance, equal_nan=True)
        return same
    a, b = (np.asarray(each, dtype=object).tolist() for each in (one, other))
    codes = [[each if isinstance(each, str) else "" for each in held] for held in (a, b)]
    numbers = np.array(
        [[float(each) if isinstance(each, int | float | np.number) else np.nan for each in held] for held in (a, b)]
    )
    same = np.isclose(numbers[0], numbers[1], rtol=tolerance, atol=tolerance, equal_nan=True)
    return same & np.array([here == there for here, there in zip(*codes, strict=True)], dtype=np.bool_)


def _has_numbers(values: Any) -> bool:
    """Whether values are numbers by their dtype."""
    return getattr(getattr(values, "dtype", None), "kind", "O") in "fiub"


def _floats(values: Any) -> FloatArray:
    """Numbers, NaN where there is none."""
    return np.asarray(values, dtype=np.float64)
