"""Trees rewritten as leaves with the conditions on their paths, which is what contributions are worked out from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.reference import ReferenceCounts, regrouped
from edgeofcare.explanation.tables import PathPart, path_tables, reference_tables
from edgeofcare.models._walk import Categories, categories_of
from edgeofcare.models.arrays import TreeArrays

__all__ = ["LeafGroup", "PathForm", "leaf_groups", "path_form"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class LeafGroup:
    """Leaves whose paths have the same number of players, ``d``.

    Parameters
    ----------
    leaf : ndarray of int, shape (leaves,)
        Which leaves of the :class:`PathForm` they are.
    element : ndarray of int, shape (leaves, d)
        Their path elements in the :class:`PathForm`.
    parts : tuple of PathPart
        The players of the paths, in parts.
    """

    leaf: Positions
    element: Positions
    parts: tuple[PathPart, ...]


@dataclass(frozen=True, eq=False)
class PathForm:
    """Trees rewritten as leaves with the conditions on their paths; made once for a model and used for every row.

    A row meets a condition where its value of the feature is in ``(above, up_to]``, or is NaN and ``missing`` is true;
    a condition on categories, where the category is among the allowed. A path element is a leaf and a player on its
    path: a feature, or a group of features, which meets what all of its features on the path meet.

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
    side : ndarray of int, shape (conditions,)
        Row of ``allowed`` for a condition on categories, and -1 for one on numbers.
    allowed : ndarray of bool, shape (distinct sets of categories, places)
        Which places of :func:`~edgeofcare.models._walk.category_places` meet the condition.
    categories : Categories or None
        Where to look categories up.
    member, joint : ndarray of int
        Conditions that groups of several features must meet together, and where those of each group start. These
        joint conditions are numbered after the others.
    first : ndarray of int, shape (leaves + 1,)
        First path element of each leaf, and the count of all elements.
    condition, player : ndarray of int, shape (elements,)
        Condition, single or joint, of each path element; and its player, as a position in ``column``.
    share : ndarray of float64, shape (elements,)
        Share of training rows that go the way of the path at the splits of the player.
    value : ndarray of float64, shape (leaves,)
        Log-odds of each leaf.
    column : ndarray of int, shape (players,)
        Where the contributions of each player that is on any path are returned.
    players : int or None
        Count of groups; None where features are on their own.
    compared : tuple of ndarray, or None
        Leaf, pattern and share of rows of each count of a reference cohort; None where training covers stand for it.
    """

    base: float
    feature: Positions
    above: FloatArray
    up_to: FloatArray
    missing: BoolArray
    side: Positions
    allowed: BoolArray
    categories: Categories | None
    member: Positions
    joint: Positions
    first: Positions
    condition: Positions
    player: Positions
    share: FloatArray
    value: FloatArray
    column: Positions
    players: int | None
    compared: tuple[Positions, Positions, FloatArray] | None = None

    def __repr__(self) -> str:
        return f"PathForm({len(self.value)} leaves, {len(self.feature)} conditions)"

    @cached_property
    def groups(self) -> tuple[LeafGroup, ...]:
        """All leaves with their tables, made once."""
        return leaf_groups(self, np.arange(len(self.value)))

    @cached_property
    def width(self) -> int:
        """Count of columns that the conditions look at, up to the last."""
        return int(self.feature.max(initial=-1)) + 1


def path_form(
    trees: TreeArrays, *, groups: npt.ArrayLike | None = None, reference: ReferenceCounts | None = None
) -> PathForm:
    """Rewrite trees as leaves with conditions, for :func:`~edgeofcare.explanation.kernel.contributions`.

    Several splits of one path on the same feature become one condition: the intersection of their intervals, which NaN
    meets only if it passes every one of the splits, or of their sets of categories.

    Parameters
    ----------
    trees : TreeArrays
        Trusted arrays: made by ``extract_arrays``, or passed by ``validate``.
    groups : array of int, shape (features,), optional
        Group of each column, from 0. The features of a group play as one.
    reference : ReferenceCounts, optional
        What rows are compared with; the training counts in the branches if left out.

    Returns
    -------
    PathForm

    Raises
    ------
    SpecError
        If ``groups`` is not one whole number, 0 or more, for each column that the trees look at; or the reference was
        counted for another model.

    Examples
    --------
    >>> import numpy as np
    >>> leaf = np.int32([-1])
    >>> one_leaf = TreeArrays(-2.0, np.int32([0, 1]), leaf, np.zeros(1), leaf, leaf, np.array([False]), np.array([0.5]),
    ...                       np.array([10.0]))
    >>> path_form(one_leaf).base
    -1.5
    """
    categories = categories_of(trees)
    paths, allowed = _merge(_climb(trees, categories), categories)
    number, distinct = _distinct(paths)
    elements = _play(paths, number, len(distinct), _group_of(groups, int(trees.feature.max(initial=-1)) + 1))
    value = trees.value[trees.feature < 0]
    length = np.bincount(elements.leaf, minlength=len(value))
    column, player = np.unique(elements.player, return_inverse=True)
    first = np.append(0, np.cumsum(length))
    reached = np.ones(len(value))
    reached[length > 0] = np.multiply.reduceat(elements.share, first[:-1][length > 0]) if len(player) else 1.0
    compared = None if reference is None else _compared(reference, paths.leaf, elements.slot, first)
    if compared is not None:
        leaf, pattern, weight = compared
        met_all = pattern == (1 << length[leaf]) - 1
        reached = np.bincount(leaf[met_all], weight[met_all], minlength=len(value)).astype(np.float64)
    return PathForm(
        base=math.fsum([trees.baseline, *(value * reached).tolist()]),
        feature=paths.feature[distinct],
        above=paths.above[distinct],
        up_to=paths.up_to[distinct],
        missing=paths.missing[distinct],
        side=paths.side[distinct],
        allowed=allowed,
        categories=categories,
        member=elements.member,
        joint=elements.joint,
        first=first,
        condition=elements.condition,
        player=player,
        share=elements.share,
        value=value,
        column=column,
        players=None if groups is None else int(np.max(np.asarray(groups), initial=-1)) + 1,
        compared=compared,
    )


def leaf_groups(form: PathForm, leaves: Positions) -> tuple[LeafGroup, ...]:
    """Gather leaves by the number of players on their paths, and work out their tables.

    Parameters
    ----------
    form : PathForm
        The trees.
    leaves : ndarray of int
        Leaves to gather. Those without a path contribute nothing and are left out.

    Returns
    -------
    tuple of LeafGroup
        By the number of players, ascending.
    """
    length = np.diff(form.first)[leaves]
    groups = []
    for size in np.unique(length[length > 0]).tolist():
        chosen = leaves[length == size]
        element = form.first[chosen, None] + np.arange(size)
        if form.compared is None:
            parts = path_tables(form.share[element], form.value[chosen])
        else:
            parts = reference_tables(_frequency(form, chosen, size), form.value[chosen])
        groups.append(LeafGroup(chosen, element, parts))
    return tuple(groups)


@dataclass(frozen=True, eq=False)
class _Paths:
    """Parts of paths, one entry for a leaf and a split above it, or for a leaf and a feature above it."""

    leaf: Positions
    feature: Positions
    above: FloatArray
    up_to: FloatArray
    missing: BoolArray
    side: Positions
    share: FloatArray


@dataclass(frozen=True, eq=False)
class _Elements:
    """Path elements, one for a leaf and a player on its path, ordered by leaf, then player."""

    leaf: Positions
    player: Positions
    condition: Positions
    share: FloatArray
    member: Positions
    joint: Positions
    slot: Positions  # the element that each entry of the paths is part of


def _climb(trees: TreeArrays, categories: Categories | None) -> _Paths:
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
    side = _sides(categories, len(trees.feature))[upper, went_left.astype(np.intp)]
    number = side < 0
    return _Paths(
        leaf=np.concatenate(leaf_parts),
        feature=trees.feature[upper].astype(np.intp),
        above=np.where(went_left | ~number, -np.inf, trees.threshold[upper]),
        up_to=np.where(went_left & number, trees.threshold[upper], np.inf),
        missing=(trees.missing_left[upper] == went_left) & number,
        side=side,
        share=trees.cover[child] / trees.cover[upper],
    )


def _sides(categories: Categories | None, nodes: int) -> Positions:
    """Number the right and the left side of each split on categories, shape (nodes, 2); -1 elsewhere."""
    sides = np.full((nodes, 2), -1, dtype=np.intp)
    if categories is not None:
        sides[categories.split] = np.arange(2 * len(categories.split)).reshape(2, -1).T
    return sides


def _merge(splits: _Paths, categories: Categories | None) -> tuple[_Paths, BoolArray]:
    """Merge the splits of each leaf on the same feature, by leaf, then feature; and number the sets of categories."""
    order = np.lexsort((splits.feature, splits.leaf))
    leaf, feature, side = splits.leaf[order], splits.feature[order], splits.side[order]
    new = _changes(leaf, feature)
    start = np.flatnonzero(new)
    if not len(start):
        return splits, np.zeros((0, 1), dtype=np.bool_)
    merged, allowed = np.full(len(start), -1, dtype=np.intp), np.zeros((0, 1), dtype=np.bool_)
    if categories is not None:
        chosen = np.flatnonzero(side >= 0)
        entry = (np.cumsum(new) - 1)[chosen]
        begins = np.flatnonzero(_changes(entry))
        met = np.concatenate([~categories.left, categories.left])[side[chosen]]
        allowed, found = np.unique(np.logical_and.reduceat(met, begins), axis=0, return_inverse=True)
        merged[entry[begins]] = found.ravel()
    paths = _Paths(
        leaf=leaf[start],
        feature=feature[start],
        above=np.maximum.reduceat(splits.above[order], start),
        up_to=np.minimum.reduceat(splits.up_to[order], start),
        missing=np.logical_and.reduceat(splits.missing[order], start),
        side=merged,
        share=np.multiply.reduceat(splits.share[order], start),
    )
    return paths, allowed


def _distinct(paths: _Paths) -> tuple[Positions, Positions]:
    """Number the distinct conditions; return the number of each entry, and an entry for each number."""
    keys = (paths.missing, paths.up_to, paths.above, paths.side, paths.feature)
    order = np.lexsort(keys)
    new = _changes(*(key[order] for key in keys))
    number = np.empty(len(order), dtype=np.intp)
    number[order] = np.cumsum(new) - 1
    return number, order[new]


def _group_of(groups: npt.ArrayLike | None, width: int) -> Positions | None:
    """Check the groups of the columns."""
    if groups is None:
        return None
    found = np.asarray(groups)
    if found.ndim != 1 or found.dtype.kind not in "iu" or len(found) < width or (found < 0).any():
        msg = f"groups has shape {found.shape}; expected one whole number, 0 or more, for each of {width} columns."
        raise SpecError(msg)
    return found.astype(np.intp)


def _play(paths: _Paths, number: Positions, conditions: int, group: Positions | None) -> _Elements:
    """Make a path element of every player: of each feature, or of all features of a group together."""
    none = np.zeros(0, dtype=np.intp)
    if group is None or not len(number):
        return _Elements(paths.leaf, paths.feature, number, paths.share, none, none, np.arange(len(number)))
    player = group[paths.feature]
    order = np.lexsort((player, paths.leaf))
    leaf, player = paths.leaf[order], player[order]
    new = _changes(leaf, player)
    start = np.flatnonzero(new)
    count = np.diff(np.append(start, len(order)))
    condition = number[order][start]
    several = count > 1
    condition[several] = conditions + np.arange(int(several.sum()))
    member = number[order][np.repeat(several, count)]
    joint = np.cumsum(count[several]) - count[several]
    share = np.multiply.reduceat(paths.share[order], start)
    slot = np.empty(len(order), dtype=np.intp)
    slot[order] = np.cumsum(new) - 1
    return _Elements(leaf[start], player[start], condition, share, member, joint, slot)


def _compared(
    reference: ReferenceCounts, leaf: Positions, slot: Positions, first: Positions
) -> tuple[Positions, Positions, FloatArray]:
    """Return leaf, pattern of players and share of rows of each count of a reference."""
    if len(reference.first) != len(first):
        msg = "The reference was counted for another model. Count it for this one."
        raise SpecError(msg)
    of, pattern = regrouped(reference, leaf, slot - first[leaf])
    return of, pattern, reference.count / reference.rows


def _frequency(form: PathForm, leaves: Positions, size: int) -> FloatArray:
    """Return the share of the reference with each outcome, for leaves with as many players; shape (leaves, 2**size)."""
    assert form.compared is not None
    leaf, pattern, weight = form.compared
    place = np.full(len(form.value), -1, dtype=np.intp)
    place[leaves] = np.arange(len(leaves))
    chosen = place[leaf] >= 0
    at = (place[leaf[chosen]] << size) + pattern[chosen]
    found = np.bincount(at, weight[chosen], minlength=len(leaves) << size)
    return found.astype(np.float64, copy=False).reshape(len(leaves), -1)


def _changes(*keys: npt.NDArray) -> BoolArray:
    """Return where any of the sorted keys differs from the entry before it."""
    new = np.ones(len(keys[0]), dtype=np.bool_)
    new[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return new
