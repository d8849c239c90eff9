"""Exact contributions of features to a margin: path-dependent TreeSHAP on plain arrays, with numpy alone."""

from __future__ import annotations

from functools import reduce

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.batch import add_terms, is_batch
from edgeofcare.explanation.conditions import conditions_met, read_outcomes
from edgeofcare.explanation.paths import PathForm, path_form
from edgeofcare.explanation.reference import ReferenceCounts
from edgeofcare.models.arrays import LinearArrays, TreeArrays, check_table, linear_terms

__all__ = ["contributions"]

FloatArray = npt.NDArray[np.float64]

_BLOCK = 2**20  # numbers held at once for a chunk of rows (8 MB), unless chunk_rows says otherwise


def contributions(
    arrays: TreeArrays | LinearArrays | PathForm,
    X: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    reference: ReferenceCounts | None = None,
    chunk_rows: int | None = None,
    compiled: bool | None = None,
) -> tuple[FloatArray, float]:
    r"""Split the margin of each row into what each feature adds to the average.

    Parameters
    ----------
    arrays : TreeArrays, LinearArrays or PathForm
        Trusted arrays of the model, or the :func:`path_form` of its trees, which saves making it again.
    X : array of float64, shape (rows, features)
        Columns in the order of training; NaN is unknown.
    groups : array of int, shape (features,), optional
        Group of each column, from 0: contributions are then those of groups, whose features are known or unknown
        together. A PathForm has its own.
    reference : ReferenceCounts, optional
        Cohort that rows are compared with, for trees; the training counts in the branches if left out. A PathForm has
        its own; a regression is made for it by :func:`~edgeofcare.explanation.counting.recentred`.
    chunk_rows : int, optional
        Rows worked on at once; bounds the memory and changes no result. Chosen from the size of the model if not given.
    compiled : bool, optional
        Whether trees are worked through by compiled code, which needs numba and changes no result. If not given, it is
        used for many rows where numba is installed.

    Returns
    -------
    phi : ndarray of float64, shape (rows, features) or (rows, groups)
        Contributions in log-odds; each row sums to its margin minus the base.
    base : float
        Margin that is expected before any feature is known.

    Raises
    ------
    SpecError
        If ``X`` is not a table or has too few columns, ``groups`` do not fit, or ``chunk_rows`` is below 1.

    Notes
    -----
    For trees these are the Shapley values of the path-dependent game of TreeSHAP. Its sum over leaves is worked through
    leaf by leaf. A leaf with value :math:`v`, whose path looks at the distinct features :math:`P`, plays

    .. math:: v(S) = v \prod_{j \in P \cap S} o_j \prod_{j \in P \setminus S} z_j

    where :math:`o_j` is one if the row meets all conditions on :math:`j` and zero otherwise, and :math:`z_j` is the
    product of the cover ratios at the splits on :math:`j`. The Shapley value of :math:`j` is

    .. math:: \phi_j = v (o_j - z_j) \int_0^1 \prod_{k \in P, k \ne j} (t \, o_k + (1 - t) \, z_k) \, dt

    a polynomial of degree :math:`|P| - 1`, which Gauss-Legendre quadrature with :math:`\lceil |P| / 2 \rceil` nodes
    integrates exactly.

    Where features play in groups, :math:`P` are the groups on the path: :math:`o_g` is the product of the
    :math:`o_j` of its features on the path, and :math:`z_g` that of their :math:`z_j`. These are the exact Shapley
    values of the game among groups, and in general not the sums of those of their features.

    With a reference, :math:`z_j` is one or zero as a child of the cohort meets the conditions or not, and contributions
    are means over the cohort: the Shapley values of the interventional game, in which unknown features are drawn
    together from the cohort.

    For a logistic regression the contributions are the terms of its sum around the training means.

    References
    ----------
    Lundberg, S. M. et al. (2020). From local explanations to global understanding with explainable AI for trees. Nature
    Machine Intelligence, 2, 56-67.

    Wettenstein, Mitchell and Yu (2026). Quadrature-TreeSHAP. arXiv:2605.04497.

    Examples
    --------
    >>> import numpy as np
    >>> trees = TreeArrays(
    ...     baseline=-2.0, tree_start=np.int32([0, 3]), feature=np.int32([0, -1, -1]),
    ...     threshold=np.array([0.5, 0.0, 0.0]), left=np.int32([1, -1, -1]), right=np.int32([2, -1, -1]),
    ...     missing_left=np.array([True, False, False]), value=np.array([0.0, -0.25, 1.0]),
    ...     cover=np.array([100.0, 80.0, 20.0]),
    ... )
    >>> phi, base = contributions(trees, np.array([[0.0], [3.0], [np.nan]]))
    >>> base
    -2.0
    >>> phi.tolist()
    [[-0.25], [1.0], [-0.25]]
    """
    if chunk_rows is not None and chunk_rows < 1:
        msg = f"chunk_rows is {chunk_rows}; expected a whole number of 1 or more."
        raise SpecError(msg)
    if not isinstance(arrays, TreeArrays):
        _refuse_options(arrays, groups, reference)
    if isinstance(arrays, LinearArrays):
        terms = linear_terms(arrays, X)
        return terms if groups is None else _grouped(terms, groups), arrays.intercept
    form = path_form(arrays, groups=groups, reference=reference) if isinstance(arrays, TreeArrays) else arrays
    table = check_table(form.width, X)
    phi = np.zeros((len(table), table.shape[1] if form.players is None else form.players), dtype=np.float64)
    if compiled or (compiled is None and is_batch(form, len(table))):
        add_terms(form, table, phi)
        return phi, form.base
    if len(form.player):
        step = chunk_rows or max(1, _BLOCK // _numbers_by_row(form))
        for start in range(0, len(table), step):
            phi[start : start + step, form.column] = _tree_terms(form, table[start : start + step])
    return phi, form.base


def _refuse_options(
    arrays: LinearArrays | PathForm, groups: npt.ArrayLike | None, reference: ReferenceCounts | None
) -> None:
    """Raise where an option is given that was chosen before, or is for trees."""
    if isinstance(arrays, PathForm) and (groups is not None or reference is not None):
        msg = "groups or a reference were given with a PathForm, which has its own. Give them to path_form."
        raise SpecError(msg)
    if reference is not None:
        msg = "A reference of counts is for trees. Compare a regression with a cohort by recentred."
        raise SpecError(msg)


def _numbers_by_row(form: PathForm) -> int:
    """Return how many numbers one row needs at once."""
    leads = [part.lead.shape[0] * group.element.size for group in form.groups for part in group.parts]
    return max(len(form.player), *leads)


def _grouped(terms: FloatArray, groups: npt.ArrayLike) -> FloatArray:
    """Add the terms of a regression up by group; there each feature adds the same whatever else is known."""
    found = np.asarray(groups)
    if found.shape != terms.shape[1:] or found.dtype.kind not in "iu" or (found < 0).any():
        columns = terms.shape[1]
        msg = f"groups has shape {found.shape}; expected one whole number, 0 or more, for each of {columns} columns."
        raise SpecError(msg)
    phi = np.zeros((len(terms), int(found.max(initial=-1)) + 1), dtype=np.float64)
    for column, group in enumerate(found.tolist()):
        phi[:, group] += terms[:, column]
    return phi


def _tree_terms(form: PathForm, table: FloatArray) -> FloatArray:
    """Return contributions of the players on any path, shape (rows, players), for a chunk of rows."""
    met = conditions_met(form, table)
    rows = len(table)
    terms = np.empty((len(form.player), rows), dtype=np.float64)
    for group in form.groups:
        condition = form.condition[group.element]
        outcomes = [read_outcomes(met, condition[:, part.start : part.stop]) for part in group.parts]
        factors = [
            part.product.take(outcome, axis=1)
            for part, outcome in zip(group.parts, outcomes, strict=True)
            if part.product is not None
        ]
        for number, (part, outcome) in enumerate(zip(group.parts, outcomes, strict=True)):
            lead = part.lead.take(outcome, axis=2)
            others = factors[:number] + factors[number + 1 :]
            if others:
                lead *= reduce(np.multiply, others)[:, None]
            terms[group.element[:, part.start : part.stop].T] = lead.sum(axis=0) if len(lead) > 1 else lead[0]
    # Added one after another in the order of the leaves, as the compiled code does: the sums are the same to the bit.
    place = form.player[:, None] * rows + np.arange(rows)
    total = np.bincount(place.ravel(), weights=terms.ravel(), minlength=len(form.column) * rows)
    return total.astype(np.float64, copy=False).reshape(len(form.column), rows).T
