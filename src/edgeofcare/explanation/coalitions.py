"""The margin that is expected where only some groups of features are known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeofcare.explanation.conditions import conditions_met
from edgeofcare.explanation.paths import PathForm, path_form
from edgeofcare.models.arrays import LinearArrays, TreeArrays, check_table, linear_terms

__all__ = ["expected_margins"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_BLOCK = 2**22  # conditions held at once for a chunk of rows


def expected_margins(
    arrays: TreeArrays | LinearArrays, X: npt.ArrayLike, groups: npt.ArrayLike, known: npt.ArrayLike
) -> FloatArray:
    r"""Work out the margin that is expected where some groups of features are known and the others are not.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        Trusted arrays of the model.
    X : array of float64, shape (rows, features)
        Columns in the order of training; NaN is unknown to the model, which is something that is known of a row.
    groups : array of int, shape (features,)
        Group of each column, from 0.
    known : array of bool, shape (sets, groups)
        Which groups are known, for each set of them that is wanted.

    Returns
    -------
    ndarray of float64, shape (sets, rows)
        Expected margins. With all groups known they are the margins, with none the base of the contributions.

    Raises
    ------
    SpecError
        If ``X`` or ``groups`` do not fit the model.

    Notes
    -----
    For trees it is the game whose Shapley values :func:`~edgeofcare.explanation.kernel.contributions` gives: with the
    groups :math:`S` known, a leaf of value :math:`v` adds :math:`v \prod_{g \in S} o_g \prod_{g \notin S} z_g` over the
    groups on its path, where :math:`o_g` is one if the row meets all conditions on the features of :math:`g`, and
    :math:`z_g` the product of the cover ratios at its splits. For a regression it is the intercept with the terms of
    the known features.

    Examples
    --------
    >>> zero = np.zeros(2)
    >>> linear = LinearArrays(zero, zero, np.array([1.0, 2.0]), zero, zero, intercept=-3.0)
    >>> expected_margins(linear, [[1.0, 1.0]], [0, 1], [[False, False], [True, False], [True, True]]).ravel().tolist()
    [-3.0, -2.0, 0.0]
    """
    sets = np.atleast_2d(np.asarray(known, dtype=np.bool_))
    if isinstance(arrays, LinearArrays):
        terms = linear_terms(arrays, X)
        return np.stack([arrays.intercept + terms @ each[np.asarray(groups)].astype(np.float64) for each in sets])
    form = path_form(arrays, groups=groups)
    table = check_table(form.width, X)
    found = np.empty((len(sets), len(table)))
    step = max(1, _BLOCK // max(1, len(form.player)))
    for start in range(0, len(table), step):
        rows = slice(start, start + step)
        met = conditions_met(form, table[rows])
        for place, each in enumerate(sets):
            found[place, rows] = arrays.baseline + _leaves(form, met, each[form.column])
    return found


def _leaves(form: PathForm, met: BoolArray, players: BoolArray) -> FloatArray:
    """Add up what the leaves add for each row, where some of the players are known."""
    leaf = np.repeat(np.arange(len(form.value)), np.diff(form.first))
    seen = players[form.player]
    weight = form.value.copy()
    np.multiply.at(weight, leaf[~seen], form.share[~seen])
    where, start = np.unique(leaf[seen], return_index=True)
    untouched = np.ones(len(weight), dtype=np.bool_)
    untouched[where] = False
    total = np.full(met.shape[1], weight[untouched].sum())
    if len(where):
        reached = np.logical_and.reduceat(met[form.condition[seen]], start, axis=0)
        total += np.einsum("l,lr->r", weight[where], reached)
    return total
