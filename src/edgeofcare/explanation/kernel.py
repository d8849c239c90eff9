"""Exact contributions of features to a margin: path-dependent TreeSHAP on plain arrays, with numpy alone."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.models.arrays import LinearArrays, TreeArrays, check_table, linear_terms

__all__ = ["LeafGroup", "PathForm", "PathPart", "contributions", "path_form"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

_BLOCK = 2**20  # numbers held at once for a chunk of rows (8 MB), unless chunk_rows says otherwise
_PART = 6  # features whose 2**6 outcomes are worked out beforehand; longer paths are split into such parts


@dataclass(frozen=True, eq=False)
class PathPart:
    """Up to six features of each path of a group, with everything that depends on them alone.

    The conditions that a row meets, read as a binary number, are its outcome. Tables are looked up at
    ``leaf * 2**b + outcome``, where ``b`` is the count of features in the part.

    Parameters
    ----------
    start, stop : int
        First feature of the part on the path, and the one after its last.
    lead : ndarray of float64, shape (nodes, b, leaves * 2**b)
        What each feature contributes at each quadrature node, up to the product of the other parts; summed over the
        nodes where there are no other parts.
    product : ndarray of float64, shape (nodes, leaves * 2**b), or None
        Product of the factors of this part at each quadrature node; None where there are no other parts.
    """

    start: int
    stop: int
    lead: FloatArray
    product: FloatArray | None


@dataclass(frozen=True, eq=False)
class LeafGroup:
    """All leaves whose paths look at the same number of features, ``d``.

    Parameters
    ----------
    condition : ndarray of int, shape (leaves, d)
        Position of each condition on the path in the arrays of the :class:`PathForm`.
    slot : ndarray of int, shape (d, leaves)
        Where the contribution goes when contributions are ordered by feature.
    parts : tuple of PathPart
        The features of the paths, in parts.
    """

    condition: Positions
    slot: Positions
    parts: tuple[PathPart, ...]


@dataclass(frozen=True, eq=False)
class PathForm:
    """Trees rewritten as leaves with the conditions on their paths; made once for a model and used for every row.

    A row meets a condition where its value of the feature is in ``(above, up_to]``, or is NaN and ``missing`` is true.

    Parameters
    ----------
    base : float
        Expected margin under the training counts.
    feature : ndarray of int, shape (conditions,)
        Column that each distinct condition looks at.
    above, up_to : ndarray of float64, shape (conditions,)
        Open and closed end of the interval.
    missing : ndarray of bool, shape (conditions,)
        Whether NaN meets the condition.
    groups : tuple of LeafGroup
        The leaves, by the count of features on their paths.
    column, first : ndarray of int, shape (features used,)
        Columns that any leaf looks at, and the first slot of each.
    size, width : int
        Count of all slots (pairs of a leaf and a feature on its path), and of numbers that one row needs at once.
    """

    base: float
    feature: Positions
    above: FloatArray
    up_to: FloatArray
    missing: BoolArray
    groups: tuple[LeafGroup, ...]
    column: Positions
    first: Positions
    size: int
    width: int

    def __repr__(self) -> str:
        leaves = sum(len(group.condition) for group in self.groups)
        return f"PathForm({leaves} leaves, {len(self.feature)} conditions)"


def contributions(
    arrays: TreeArrays | LinearArrays | PathForm, X: npt.ArrayLike, *, chunk_rows: int | None = None
) -> tuple[FloatArray, float]:
    r"""Split the margin of each row into what each feature adds to the average.

    Parameters
    ----------
    arrays : TreeArrays, LinearArrays or PathForm
        Trusted arrays of the model, or the :func:`path_form` of its trees, which saves making it again.
    X : array of float64, shape (rows, features)
        Columns in the order of training; NaN is unknown.
    chunk_rows : int, optional
        Rows worked on at once; bounds the memory and changes no result. Chosen from the size of the model if not given.

    Returns
    -------
    phi : ndarray of float64, shape (rows, features)
        Contributions in log-odds; each row sums to its margin minus the base.
    base : float
        Margin that is expected before any feature is known.

    Raises
    ------
    SpecError
        If ``X`` is not a table or has too few columns, or ``chunk_rows`` is below 1.

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
    if isinstance(arrays, LinearArrays):
        return linear_terms(arrays, X), arrays.intercept
    form = path_form(arrays) if isinstance(arrays, TreeArrays) else arrays
    table = check_table(int(form.column.max(initial=-1)) + 1, X)
    phi = np.zeros(table.shape, dtype=np.float64)
    if form.size:
        step = chunk_rows or max(1, _BLOCK // form.width)
        for start in range(0, len(table), step):
            phi[start : start + step, form.column] = _tree_terms(form, table[start : start + step])
    return phi, form.base


def path_form(trees: TreeArrays) -> PathForm:
    """Rewrite trees as leaves with conditions, for :func:`contributions`.

    Several splits of one path on the same feature become one condition: the intersection of their intervals, which NaN
    meets only if it passes every one of the splits.

    Parameters
    ----------
    trees : TreeArrays
        Trusted arrays: made by ``extract_arrays``, or passed by ``validate``.

    Returns
    -------
    PathForm

    Examples
    --------
    >>> import numpy as np
    >>> leaf = np.int32([-1])
    >>> one_leaf = TreeArrays(-2.0, np.int32([0, 1]), leaf, np.zeros(1), leaf, leaf, np.array([False]), np.array([0.5]),
    ...                       np.array([10.0]))
    >>> path_form(one_leaf).base
    -1.5
    """
    paths = _merge(_climb(trees))
    leaves = np.flatnonzero(trees.feature < 0)
    value = trees.value[leaves]
    length = np.bincount(paths.leaf, minlength=len(leaves))
    first = np.cumsum(length) - length
    condition, distinct = _distinct(paths)
    slot = np.empty(len(paths.leaf), dtype=np.intp)
    by_feature = np.argsort(paths.feature, kind="stable")
    slot[by_feature] = np.arange(len(slot))
    column, starts = np.unique(paths.feature[by_feature], return_index=True)
    groups, expected = [], [trees.baseline, *value[length == 0].tolist()]
    for size in np.unique(length[length > 0]).tolist():
        chosen = np.flatnonzero(length == size)
        pairs = first[chosen, None] + np.arange(size)
        share = paths.share[pairs]
        expected += (value[chosen] * np.prod(share, axis=1)).tolist()
        groups.append(LeafGroup(condition[pairs], slot[pairs.T], _parts(share, value[chosen])))
    return PathForm(
        base=math.fsum(expected),
        feature=paths.feature[distinct],
        above=paths.above[distinct],
        up_to=paths.up_to[distinct],
        missing=paths.missing[distinct],
        groups=tuple(groups),
        column=column,
        first=starts,
        size=len(slot),
        width=max([len(slot), *(part.lead.shape[0] * group.slot.size for group in groups for part in group.parts)]),
    )


@dataclass(frozen=True, eq=False)
class _Paths:
    """Parts of paths, one entry for a leaf and a split above it, or for a leaf and a feature above it."""

    leaf: Positions
    feature: Positions
    above: FloatArray
    up_to: FloatArray
    missing: BoolArray
    share: FloatArray


def _climb(trees: TreeArrays) -> _Paths:
    """Return every split above every leaf, climbing from all leaves at once."""
    parent = np.full(len(trees.feature), -1, dtype=np.intp)
    split = np.flatnonzero(trees.feature >= 0)
    parent[trees.left[split]] = split
    parent[trees.right[split]] = split
    node = np.flatnonzero(trees.feature < 0)
    leaf = np.arange(len(node))
    leaf_parts, child_parts = [leaf[:0]], [node[:0]]
    while len(node):
        climbing = parent[node] >= 0
        leaf, node = leaf[climbing], node[climbing]
        leaf_parts.append(leaf)
        child_parts.append(node)
        node = parent[node]
    child = np.concatenate(child_parts)
    upper = parent[child]
    went_left = trees.left[upper] == child
    return _Paths(
        leaf=np.concatenate(leaf_parts),
        feature=trees.feature[upper].astype(np.intp),
        above=np.where(went_left, -np.inf, trees.threshold[upper]),
        up_to=np.where(went_left, trees.threshold[upper], np.inf),
        missing=trees.missing_left[upper] == went_left,
        share=trees.cover[child] / trees.cover[upper],
    )


def _merge(splits: _Paths) -> _Paths:
    """Merge the splits of each leaf on the same feature; the result is ordered by leaf, then feature."""
    order = np.lexsort((splits.feature, splits.leaf))
    leaf, feature = splits.leaf[order], splits.feature[order]
    start = np.flatnonzero(_changes(leaf, feature))
    if not len(start):
        return splits
    return _Paths(
        leaf=leaf[start],
        feature=feature[start],
        above=np.maximum.reduceat(splits.above[order], start),
        up_to=np.minimum.reduceat(splits.up_to[order], start),
        missing=np.logical_and.reduceat(splits.missing[order], start),
        share=np.multiply.reduceat(splits.share[order], start),
    )


def _distinct(paths: _Paths) -> tuple[Positions, Positions]:
    """Number the distinct conditions; return the number of each entry, and an entry for each number."""
    keys = (paths.missing, paths.up_to, paths.above, paths.feature)
    order = np.lexsort(keys)
    new = _changes(*(key[order] for key in keys))
    number = np.empty(len(order), dtype=np.intp)
    number[order] = np.cumsum(new) - 1
    return number, order[new]


def _changes(*keys: npt.NDArray) -> BoolArray:
    """Return where any of the sorted keys differs from the entry before it."""
    new = np.ones(len(keys[0]), dtype=np.bool_)
    new[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return new


def _tree_terms(form: PathForm, table: FloatArray) -> FloatArray:
    """Return contributions of the used columns, shape (rows, features used), for a chunk of rows."""
    met = _conditions_met(form, table)
    terms = np.empty((form.size, len(table)), dtype=np.float64)
    for group in form.groups:
        outcomes = [_outcome(met, group.condition[:, part.start : part.stop]) for part in group.parts]
        for part, outcome in zip(group.parts, outcomes, strict=True):
            lead = part.lead.take(outcome, axis=2)
            for other, other_outcome in zip(group.parts, outcomes, strict=True):
                if other is not part and other.product is not None:
                    lead *= other.product.take(other_outcome, axis=1)[:, None]
            terms[group.slot[part.start : part.stop]] = lead.sum(axis=0) if len(lead) > 1 else lead[0]
    return np.add.reduceat(terms, form.first, axis=0).T


def _outcome(met: BoolArray, condition: Positions) -> Positions:
    """Return where each leaf and row finds its outcome in the tables of a part, shape (leaves, rows)."""
    leaves, size = condition.shape
    outcome = np.repeat(np.arange(leaves, dtype=np.intp)[:, None] << size, met.shape[1], axis=1)
    for place in range(size):
        outcome += met[condition[:, place]].astype(np.intp) << place
    return outcome


def _conditions_met(form: PathForm, table: FloatArray) -> BoolArray:
    """Return which conditions each row meets, shape (conditions, rows)."""
    columns = np.array(table.T, order="C")
    missing = np.isnan(columns)
    # The lowest number stands for -inf, so that an open lower end lets it in. NaN fails both comparisons.
    np.maximum(columns, -np.finfo(np.float64).max, out=columns)
    values = columns[form.feature]
    met: BoolArray = (values > form.above[:, None]) & (values <= form.up_to[:, None])
    met |= missing[form.feature] & form.missing[:, None]
    return met


def _parts(share: FloatArray, value: FloatArray) -> tuple[PathPart, ...]:
    """Return the tables of a group of leaves; share has shape (leaves, d), value (leaves,)."""
    size = share.shape[1]
    nodes, weights = np.polynomial.legendre.leggauss((size + 1) // 2)
    t, scale = (nodes[:, None, None, None] + 1) / 2, weights[:, None, None, None] / 2 * value[:, None]
    count = -(-size // _PART)
    edges = [size * part // count for part in range(count + 1)]
    parts = []
    for start, stop in itertools.pairwise(edges):
        met = ((np.arange(2 ** (stop - start)) >> np.arange(stop - start)[:, None]) & 1).astype(np.float64)[:, None]
        part_share = share[:, start:stop].T[..., None]
        factor = t * met + (1 - t) * part_share  # (nodes, features, leaves, outcomes)
        lead = scale * (met - part_share) * _product_of_others(factor)
        lead = lead.sum(axis=0, keepdims=True) if count == 1 else lead
        product = None if count == 1 else factor.prod(axis=1).reshape(len(nodes), -1)
        parts.append(PathPart(start, stop, lead.reshape(*lead.shape[:2], -1), product))
    return tuple(parts)


def _product_of_others(factor: FloatArray) -> FloatArray:
    """Return, for each position on axis 1, the product of the factors at all other positions, without dividing."""
    others = np.ones_like(factor)
    np.cumprod(factor[:, :-1], axis=1, out=others[:, 1:])
    after = np.ones_like(factor[:, 0])
    for place in range(factor.shape[1] - 2, -1, -1):
        after *= factor[:, place + 1]
        others[:, place] *= after
    return others
