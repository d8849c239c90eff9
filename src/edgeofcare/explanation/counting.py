"""Count a reference cohort: its rows are seen once, and what is kept are counts of patterns, or means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.conditions import conditions_met, read_outcomes
from edgeofcare.explanation.paths import PathForm, path_form
from edgeofcare.explanation.reference import LONGEST_PATH, ReferenceCounts, ReferenceMeans, pooled
from edgeofcare.models.arrays import LinearArrays, TreeArrays, check_table

__all__ = ["count_means", "count_reference", "recentred", "refuse_codes"]

FloatArray = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

_BLOCK = 2**20  # outcomes held at once


def count_reference(
    trees: TreeArrays, X: npt.ArrayLike, *, least: int = 10, children: npt.ArrayLike | None = None
) -> ReferenceCounts:
    """Count the patterns of conditions that a reference cohort meets at each leaf.

    Parameters
    ----------
    trees : TreeArrays
        Trusted arrays of the model.
    X : array of float64, shape (rows, features)
        Rows of the cohort, columns in the order of training. Nothing of them is kept but counts.
    least : int, default 10
        Fewest children of a pattern that is kept; rarer ones are counted with a similar pattern, so that no count
        tells of a few children. With 1, contributions are exact for the cohort as it is, and the counts are case data.
    children : array of int, shape (rows,), optional
        Number of the child of each row; each row is another child if left out.

    Returns
    -------
    ReferenceCounts
        For :func:`~edgeofcare.explanation.paths.path_form` and
        :func:`~edgeofcare.explanation.kernel.contributions`.

    Raises
    ------
    SpecError
        If there is no row, or fewer children than ``least``; ``X`` does not fit the model; ``least`` is below 1; or a
        path looks at more features than can be tabulated.

    Notes
    -----
    Whatever ``least`` is, contributions and base add up to the margin exactly: each leaf shares out what lies between
    the child and the counted cohort. What it changes is the cohort, by moving rare patterns to similar ones.

    Examples
    --------
    >>> one = TreeArrays(
    ...     baseline=-2.0, tree_start=np.int32([0, 3]), feature=np.int32([0, -1, -1]),
    ...     threshold=np.array([0.5, 0.0, 0.0]), left=np.int32([1, -1, -1]), right=np.int32([2, -1, -1]),
    ...     missing_left=np.array([True, False, False]), value=np.array([0.0, -0.25, 1.0]),
    ...     cover=np.array([100.0, 80.0, 20.0]),
    ... )
    >>> counts = count_reference(one, np.arange(40)[:, None] % 2)
    >>> counts
    ReferenceCounts(40 rows, 2 leaves, least 10)
    >>> counts.count.tolist()
    [20, 20, 20, 20]
    """
    form = path_form(trees)
    table, child = _by_child(check_table(form.width, X), children)
    length = np.diff(form.first)
    _check(child, least, int(length.max(initial=0)))
    kept: list[Positions] = [np.zeros(0, dtype=np.intp)] * len(length)
    rows: list[Positions] = list(kept)
    for size, (counts, seen) in _tabulated(form, table, child).items():
        shape = (-1, 1 << size)
        leaves = np.flatnonzero(length == size).tolist()
        for leaf, own, by_child in zip(leaves, counts.reshape(shape), seen.reshape(shape), strict=True):
            safe = pooled(own, least, by_child)
            kept[leaf] = np.flatnonzero(safe)
            rows[leaf] = safe[kept[leaf]]
    first = np.append(0, np.cumsum([len(each) for each in kept]))
    arrays = (array.astype(np.int32) for array in (first, np.concatenate(kept), np.concatenate(rows)))
    return ReferenceCounts(len(table), least, *arrays)


def count_means(X: npt.ArrayLike, *, least: int = 10, children: npt.ArrayLike | None = None) -> ReferenceMeans:
    """Take the means of a reference cohort, which are all that a regression needs of it.

    Parameters
    ----------
    X : array of float64, shape (rows, features)
        Rows of the cohort, columns in the order of training. Nothing of them is kept but means and shares.
    least : int, default 10
        Fewest children that a mean or a share tells of. Where fewer are without a value of a feature, they are
        counted as all others are; so is a feature that fewer have, and a value other than the most frequent one that
        fewer have. With 1, means are those of the cohort as it is, and case data.
    children : array of int, shape (rows,), optional
        Number of the child of each row; each row is another child if left out.

    Returns
    -------
    ReferenceMeans
        For :func:`recentred`.

    Raises
    ------
    SpecError
        If there is no row, fewer children than ``least``, or ``least`` is below 1.

    Examples
    --------
    Of three rows with a value other than zero nothing is told, of the twelve in the second column it is:

    >>> X = np.repeat([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]], [3, 9, 12], axis=0)
    >>> count_means(X).mean.tolist()
    [0.0, 0.5]
    """
    table, child = _by_child(np.asarray(X, dtype=np.float64), children)
    _check(child, least, 0)
    columns = [_mean_of(values, child, least) for values in table.T]
    mean, missing = (np.array([each[place] for each in columns], dtype=np.float64) for place in range(2))
    return ReferenceMeans(len(table), least, mean, missing)


def recentred(linear: LinearArrays, means: ReferenceMeans) -> LinearArrays:
    """Return a regression whose contributions are in comparison with a reference cohort.

    Parameters
    ----------
    linear : LinearArrays
        The regression.
    means : ReferenceMeans
        From :func:`count_means`.

    Returns
    -------
    LinearArrays
        With the same margins; its intercept is the mean margin of the cohort.

    Raises
    ------
    SpecError
        If the means are of another number of features.

    Examples
    --------
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> means = count_means([[1.0], [2.0]], least=1)
    >>> recentred(LinearArrays(zero, zero, 2 * one, zero, zero, intercept=-3.0), means).intercept
    0.0
    """
    refuse_codes(linear)
    if len(means.mean) != len(linear.weight):
        msg = "The reference was counted for another model. Count it for this one."
        raise SpecError(msg)
    center = np.where(means.missing > 0, (1 - means.missing) * means.mean + means.missing * linear.impute, means.mean)
    moved = linear.weight * (center - linear.center)
    moved += linear.missing_weight * (means.missing - linear.missing_center)
    return replace(linear, center=center, missing_center=means.missing, intercept=linear.intercept + float(moved.sum()))


def refuse_codes(linear: LinearArrays) -> None:
    """Refuse a regression with codes of categories, whose shares a cohort's means do not hold.

    Parameters
    ----------
    linear : LinearArrays
        The regression.

    Raises
    ------
    SpecError
        If it has codes.
    """
    if len(linear.category_feature):
        msg = (
            "A regression with codes of categories cannot be compared with a cohort; trees can. Leave the reference "
            "out, or use boosting."
        )
        raise SpecError(msg)


def _by_child(table: FloatArray, children: npt.ArrayLike | None) -> tuple[FloatArray, Positions]:
    """Rows in the order of their children, and the number of each child."""
    if children is None:
        return table, np.arange(len(table))
    child = np.asarray(children)
    order = np.argsort(child, kind="stable")
    return table[order], np.unique(child[order], return_inverse=True)[1].astype(np.intp).ravel()


def _tabulated(form: PathForm, table: FloatArray, child: Positions) -> dict[int, tuple[Positions, Positions]]:
    """Count rows and children by pattern at all leaves with as many features on their paths, for each such number."""
    length = np.diff(form.first)
    size_of = {size: int((length == size).sum()) << size for size in np.unique(length).tolist()}
    found = {size: (np.zeros(n, dtype=np.intp), np.zeros(n, dtype=np.intp)) for size, n in size_of.items()}
    for rows in _blocks(child, max(1, _BLOCK // max(1, len(form.player)))):
        met = conditions_met(form, table[rows])
        for size, (counts, seen) in found.items():
            leaves = np.flatnonzero(length == size)
            condition = form.condition[form.first[leaves, None] + np.arange(size)]
            outcome = read_outcomes(met, condition)
            counts += np.bincount(outcome.ravel(), minlength=len(counts))
            again = outcome[_repeats(outcome, child[rows])]
            seen += np.bincount(outcome.ravel(), minlength=len(seen)) - np.bincount(again, minlength=len(seen))
    return found


def _blocks(child: Positions, step: int) -> list[slice]:
    """Rows in blocks of about as many as wanted, none of which parts a child from itself."""
    starts = np.flatnonzero(np.diff(child, prepend=-1))
    edges = np.unique(starts[np.searchsorted(starts, np.arange(0, len(child), step), side="right") - 1])
    return [slice(start, stop) for start, stop in zip(edges, [*edges[1:], len(child)], strict=True)]


def _repeats(outcome: Positions, child: Positions) -> npt.NDArray[np.bool_]:
    """Where an earlier row of the same child has the same outcome at the same leaf; rows stand child by child."""
    found = np.zeros(outcome.shape, dtype=np.bool_)
    for lag in range(1, int(np.bincount(child - child.min()).max())):
        same = child[lag:] == child[:-lag]
        found[:, lag:] |= (outcome[:, lag:] == outcome[:, :-lag]) & same
    return found


def _mean_of(values: FloatArray, child: Positions, least: int) -> tuple[float, float]:
    """Mean where known, and share not known, of one feature; without what tells of fewer than ``least`` children."""
    missing = np.isnan(values)
    known = np.sort(values[~missing])  # so that the mean does not depend on the order of the rows
    if _few(child[~missing], least) or not len(known):
        return 0.0, 1.0
    share = 0.0 if _few(child[missing], least) else float(missing.mean())
    distinct, count = np.unique(known, return_counts=True)
    usual = distinct[np.argmax(count)]
    other = child[~missing & (values != usual)]
    return float(usual if _few(other, least) else known.mean()), share


def _few(child: Positions, least: int) -> bool:
    """Whether rows are of some children, but fewer than may be told of."""
    return 0 < len(np.unique(child)) < least


def _check(child: Positions, least: int, longest: int) -> None:
    """Refuse cohorts and trees that cannot be counted."""
    problems, count = [], len(np.unique(child))
    if least < 1:
        problems.append(f"least is {least}; expected 1 or more")
    if count < max(1, least):
        problems.append(f"the cohort has {count} children; expected {max(1, least)} or more")
    if longest > LONGEST_PATH:
        problems.append(
            f"a path looks at {longest} features; at most {LONGEST_PATH} can be tabulated (fit the model with "
            f"max_leaf_nodes={LONGEST_PATH + 1} or fewer)"
        )
    if problems:
        msg = f"The reference cohort cannot be counted: {'; '.join(problems)}."
        raise SpecError(msg)
