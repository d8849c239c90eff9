"""Looking up the categories of a regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from edgeofcare.models.arrays import LinearArrays

__all__ = ["add_category_terms", "look_up"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


def look_up(linear: LinearArrays, table: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Say what is missing of each row, and which categories it has.

    Parameters
    ----------
    linear : LinearArrays
        The regression.
    table : ndarray of float64, shape (rows, features)
        Columns in the order of training.

    Returns
    -------
    missing : ndarray of bool, shape (rows, features)
        Whether a value is NaN, or a category that the regression does not know.
    held : ndarray of bool, shape (rows, categories)
        Which of the known categories each row has.
    """
    missing = np.isnan(table)
    owner = linear.category_feature
    held: BoolArray = table[:, owner] == linear.category_value
    for column in np.unique(owner).tolist():
        missing[:, column] = ~held[:, owner == column].any(axis=1)
    return missing, held


def add_category_terms(linear: LinearArrays, held: BoolArray, terms: FloatArray) -> None:
    """Add what categories add to the terms of their columns.

    Parameters
    ----------
    linear : LinearArrays
        The regression.
    held : ndarray of bool, shape (rows, categories)
        From :func:`look_up`.
    terms : ndarray of float64, shape (rows, features)
        Log-odds; changed in place.
    """
    owner = linear.category_feature
    each = linear.category_weight * (held - linear.category_center)
    for column in np.unique(owner).tolist():
        own = np.ascontiguousarray(each[:, owner == column])  # as it is cut, one row would be added up in another order
        terms[:, column] += own.sum(axis=1)
