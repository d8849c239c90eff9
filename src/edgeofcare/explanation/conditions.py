"""Which conditions of the paths rows meet."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeofcare.explanation.paths import PathForm
from edgeofcare.models._walk import category_places

__all__ = ["conditions_met", "read_outcomes"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


def read_outcomes(met: BoolArray, condition: Positions) -> Positions:
    """Read the conditions that each row meets as a binary number.

    Parameters
    ----------
    met : ndarray of bool, shape (conditions, rows)
        From :func:`conditions_met`.
    condition : ndarray of int, shape (leaves, players)
        The conditions of some leaves, the first lowest.

    Returns
    -------
    ndarray of int, shape (leaves, rows)
        ``leaf * 2**players + outcome``: where each leaf and row finds its outcome in the tables of a part.

    Examples
    --------
    >>> read_outcomes(np.array([[True, False], [True, True]]), np.array([[0, 1], [1, 0]])).tolist()
    [[3, 2], [7, 5]]
    """
    leaves, size = condition.shape
    outcome = np.repeat(np.arange(leaves, dtype=np.intp)[:, None] << size, met.shape[1], axis=1)
    for place in range(size):
        outcome += met[condition[:, place]].astype(np.intp) << place
    return outcome


def conditions_met(form: PathForm, table: FloatArray) -> BoolArray:
    """Say which conditions each row meets.

    Parameters
    ----------
    form : PathForm
        The trees.
    table : ndarray of float64, shape (rows, features)
        Columns in the order of training.

    Returns
    -------
    ndarray of bool, shape (conditions and joint conditions, rows)
    """
    columns = np.array(table.T, order="C")
    missing = np.isnan(columns)
    values = columns[form.feature]
    lowest = np.isneginf(form.above)[:, None]  # an open lower end lets -inf in; NaN fails the other comparison
    met: BoolArray = ((values > form.above[:, None]) | lowest) & (values <= form.up_to[:, None])
    met |= missing[form.feature] & form.missing[:, None]
    if (found := form.categories) is not None:
        chosen = np.flatnonzero(form.side >= 0)
        places = category_places(found, columns)[np.searchsorted(found.column, form.feature[chosen])]
        met[chosen] = np.take_along_axis(form.allowed[form.side[chosen]], places, axis=1)
    if len(form.joint):
        met = np.concatenate([met, np.logical_and.reduceat(met[form.member], form.joint, axis=0)])
    return met
