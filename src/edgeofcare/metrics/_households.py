"""Households as codes 0, 1, 2, ... in the order of their identifiers."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Ints

__all__ = ["household_codes"]


def household_codes(household: ArrayLike, n_rows: int, name: str = "household") -> tuple[Ints, int]:
    """Code households by the order of their identifiers; refuse missing ones and a wrong length."""
    values = np.asarray(household)
    if values.ndim != 1 or values.size != n_rows:
        msg = f"{name} has shape {values.shape}; expected one value for each of {n_rows} rows."
        raise SpecError(msg)
    # Lists are looked at before numpy turns a missing value among texts into the text "nan".
    raw = values if hasattr(household, "dtype") else np.asarray(household, dtype=object)
    missing = sum(1 for v in raw.tolist() if _is_missing(v)) if raw.dtype.kind in "OfM" else 0
    if missing:
        msg = f"{name} is missing in {missing} of {n_rows} rows; give each row the household it belongs to."
        raise SpecError(msg)
    if values.dtype.kind == "O":
        values = values.astype(str)
    unique, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64).reshape(-1), int(unique.size)


def _is_missing(value: object) -> bool:
    """Whether a value is None, or does not equal itself: NaN, NaT, pandas.NA."""
    return value is None or (value == value) is not True
