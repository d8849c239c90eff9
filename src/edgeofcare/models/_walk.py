"""Following trees for many rows at once, and the categories that some of their splits look at."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from edgeofcare.models.arrays import TreeArrays

__all__ = ["Categories", "Walk", "categories_of", "category_places", "walk_form", "walk_rows"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


class Categories(NamedTuple):
    """The columns that hold categories, and where each of them sends a row at each split on such a column."""

    column: Positions  # (columns,): columns of the table, ascending
    values: tuple[FloatArray, ...]  # the known categories of each, ascending
    split: Positions  # (category splits,): nodes
    of: Positions  # (category splits,): which of the columns the split looks at
    left: BoolArray  # (category splits, most + 1): whether the category at each place goes left; missing at the end


class Walk(NamedTuple):
    """The trees laid out for walking: the splits first, then the leaves, which lead to themselves."""

    feature: Positions  # (splits,)
    threshold: FloatArray  # (splits, 1)
    missing_left: BoolArray  # (splits, 1)
    child: Positions  # (2 * nodes,): right child of node 0, left child of node 0, right child of node 1, ...
    value: FloatArray  # (nodes,)
    root: Positions  # (trees,)
    depth: int  # splits on the longest path
    width: int  # columns that the splits look at
    categories: Categories | None  # with splits as places in this layout


def categories_of(trees: TreeArrays) -> Categories | None:
    """Lay the categories of trees out for looking them up.

    Parameters
    ----------
    trees : TreeArrays
        Trusted arrays.

    Returns
    -------
    Categories or None
        None where no split looks at categories.
    """
    if not len(trees.category_split):
        return None
    column, start, count = np.unique(trees.category_feature, return_index=True, return_counts=True)
    split = trees.category_split.astype(np.intp)
    of = np.searchsorted(column, trees.feature[split])
    most = int(count.max())
    left = np.repeat(trees.missing_left[split, None], most + 1, axis=1)
    left[np.arange(most + 1) < count[of, None]] = trees.category_left
    values = tuple(trees.category_value[first : first + size] for first, size in zip(start, count, strict=True))
    return Categories(column.astype(np.intp), values, split, of, left)


def category_places(categories: Categories, columns: FloatArray) -> Positions:
    """Find the place of each row's value among the known categories.

    Parameters
    ----------
    categories : Categories
        From :func:`categories_of`.
    columns : ndarray of float64, shape (features, rows)
        The table, turned.

    Returns
    -------
    ndarray of int, shape (columns with categories, rows)
        Places as in ``left``: the last where the value is NaN or not a known category.
    """
    most = categories.left.shape[1] - 1
    places = np.full((len(categories.column), columns.shape[1]), most, dtype=np.intp)
    for number, (column, known) in enumerate(zip(categories.column, categories.values, strict=True)):
        place = np.minimum(np.searchsorted(known, columns[column]), len(known) - 1)
        places[number] = np.where(known[place] == columns[column], place, most)
    return places


def walk_form(trees: TreeArrays) -> Walk:
    """Lay trees out for walking.

    Parameters
    ----------
    trees : TreeArrays
        Trusted arrays.

    Returns
    -------
    Walk
        For :func:`walk_rows`.
    """
    leaf = trees.feature < 0
    order = np.argsort(leaf, kind="stable")
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    own = np.arange(len(order))
    child = np.stack([np.where(leaf, own, trees.right), np.where(leaf, own, trees.left)], axis=1)
    splits = order[: len(order) - int(leaf.sum())]
    categories = categories_of(trees)
    return Walk(
        feature=trees.feature[splits].astype(np.intp),
        threshold=trees.threshold[splits, None],
        missing_left=trees.missing_left[splits, None],
        child=place[child[order]].ravel(),
        value=trees.value[order],
        root=place[trees.tree_start[:-1]],
        depth=_depth(trees),
        width=int(trees.feature.max(initial=-1)) + 1,
        categories=None if categories is None else categories._replace(split=place[categories.split]),
    )


def walk_rows(walk: Walk, baseline: float, table: FloatArray) -> FloatArray:
    """Return the margin of a block of rows, with the rows as the fast axis.

    Parameters
    ----------
    walk : Walk
        From :func:`walk_form`.
    baseline : float
        Log-odds before the first tree.
    table : ndarray of float64, shape (rows, features)
        Columns in the order of training.

    Returns
    -------
    ndarray of float64, shape (rows,)
        Log-odds, added in the order of the trees.
    """
    rows = len(table)
    columns = np.ascontiguousarray(table.T)
    goes_left = np.zeros((len(walk.value), rows), dtype=np.bool_)
    decided = goes_left[: len(walk.feature)]
    np.less_equal(columns[walk.feature], walk.threshold, out=decided)
    decided |= np.isnan(columns)[walk.feature] & walk.missing_left
    if (found := walk.categories) is not None:
        places = category_places(found, columns)
        decided[found.split] = np.take_along_axis(found.left, places[found.of], axis=1)
    flat, across = goes_left.ravel(), np.arange(rows)
    node = np.repeat(walk.root[:, None], rows, axis=1)
    for _ in range(walk.depth):
        node = walk.child[2 * node + flat[node * rows + across]]
    steps = np.empty((len(walk.root) + 1, rows), dtype=np.float64)
    steps[0] = baseline
    steps[1:] = walk.value[node]
    total: FloatArray = np.cumsum(steps, axis=0)[-1]
    return total


def _depth(trees: TreeArrays) -> int:
    """Return the number of splits on the longest path; ends on any arrays, even those with a cycle."""
    level, longest = trees.tree_start[:-1], int(np.diff(trees.tree_start).max(initial=0))
    for depth in range(longest):
        level = level[trees.feature[level] >= 0]
        if not len(level):
            return depth
        level = np.concatenate([trees.left[level], trees.right[level]])
    return longest
