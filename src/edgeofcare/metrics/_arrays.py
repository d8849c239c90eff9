"""Check the arrays that a measure is given, and put their rows in one order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeofcare.exceptions import SpecError

__all__ = ["Floats", "Ints", "Rows", "check_columns", "check_rows", "logit"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Rows(NamedTuple):
    """Outcomes, predictions and weights of the same rows, sorted by prediction, outcome and weight."""

    y: Floats
    p: Floats
    w: Floats


def check_columns(**columns: ArrayLike | None) -> dict[str, Floats]:
    """Turn named columns into float arrays of one dimension and one length, or say what is wrong with them."""
    arrays = {name: _as_floats(name, values) for name, values in columns.items() if values is not None}
    problems = [f"{name} has {array.ndim} dimensions, not 1" for name, array in arrays.items() if array.ndim != 1]
    lengths = {name: array.size for name, array in arrays.items()}
    if not problems and len(set(lengths.values())) > 1:
        problems.append("lengths differ: " + ", ".join(f"{name} {size}" for name, size in lengths.items()))
    if not problems and 0 in lengths.values():
        problems.append("there are no rows")
    _raise_all(problems)
    return arrays


def check_rows(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    probability: bool = True,
    inside: bool = False,
) -> Rows:
    """Check outcomes, predictions and weights, and sort the rows so that no result depends on their order.

    Parameters
    ----------
    y_true, y_prob, sample_weight : array-like of shape (n,)
        Outcomes in {0, 1}, predictions, and weights (1 for each row if None).
    probability : bool
        Whether predictions must lie in [0, 1]; otherwise any finite score will do.
    inside : bool
        Whether predictions of exactly 0 or 1 are refused as well.

    Returns
    -------
    Rows
        Sorted by prediction, then outcome, then weight.
    """
    arrays = check_columns(y_true=y_true, y_prob=y_prob, sample_weight=sample_weight)
    y, p = arrays["y_true"], arrays["y_prob"]
    w = arrays.get("sample_weight", np.ones_like(p))
    problems = [*_outcome_problems(y), *_prediction_problems(p, probability=probability, inside=inside)]
    bad = int(np.count_nonzero(~np.isfinite(w) | (w < 0)))
    if bad:
        problems.append(f"sample_weight has {bad} values that are missing, infinite or negative")
    elif not w.any():
        problems.append("sample_weight is 0 in every row")
    _raise_all(problems)
    order = np.lexsort((w, y, p))
    return Rows(y[order], p[order], w[order])


def logit(p: Floats) -> Floats:
    """Log-odds of probabilities strictly between 0 and 1."""
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)


def _as_floats(name: str, values: ArrayLike) -> Floats:
    """Read values as float64, without ever quoting one."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"{name} cannot be read as numbers: give a one-dimensional array without missing values."
        raise SpecError(msg) from None


def _outcome_problems(y: Floats) -> list[str]:
    """Say how many outcomes are neither 0 nor 1."""
    bad = int(np.count_nonzero((y != 0) & (y != 1)))
    return [f"y_true has {bad} of {y.size} values that are neither 0 nor 1"] if bad else []


def _prediction_problems(p: Floats, *, probability: bool, inside: bool) -> list[str]:
    """Say how many predictions are missing, outside [0, 1], or exactly 0 or 1."""
    bad = int(np.count_nonzero(~np.isfinite(p)))
    if bad:
        return [f"y_prob has {bad} of {p.size} values that are missing or infinite"]
    outside = int(np.count_nonzero((p < 0) | (p > 1)))
    if probability and outside:
        return [f"y_prob has {outside} of {p.size} values outside [0, 1]: give probabilities, not scores"]
    edges = int(np.count_nonzero((p == 0) | (p == 1)))
    if inside and edges:
        return [f"y_prob has {edges} of {p.size} values of exactly 0 or 1, whose log-odds are infinite"]
    return []


def _raise_all(problems: list[str]) -> None:
    """Raise one error that names all problems."""
    if problems:
        msg = f"The arrays cannot be used: {'; '.join(problems)}."
        raise SpecError(msg)
