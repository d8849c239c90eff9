"""Count a reference cohort: its rows are seen once, and what is kept are counts of patterns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.conditions import conditions_met, read_outcomes
from edgeofcare.explanation.paths import PathForm, path_form
from edgeofcare.explanation.reference import LONGEST_PATH, ReferenceCounts, pooled
from edgeofcare.models._category_terms import look_up
from edgeofcare.models.arrays import LinearArrays, TreeArrays, check_table, linear_terms

__all__ = ["count_reference", "recentred"]

Positions = npt.NDArray[np.intp]

_BLOCK = 2**20  # outcomes held at once


def count_reference(trees: TreeArrays, X: npt.ArrayLike, *, name: str, least: int = 10) -> ReferenceCounts:
    """Count the patterns of conditions that a reference cohort meets at each leaf.

    Parameters
    ----------
    trees : TreeArrays
        Trusted arrays of the model.
    X : array of float64, shape (rows, features)
        Rows of the cohort, columns in the order of training. Nothing of them is kept but counts.
    name : str
        What the cohort is, in words.
    least : int, default 10
        Fewest rows of a pattern that is kept; rarer ones are counted with a similar pattern, so that no count tells of
        a few children. With 1, contributions are exact for the cohort as it is, and the counts are case data.

    Returns
    -------
    ReferenceCounts
        For :func:`~edgeofcare.explanation.paths.path_form` and
        :func:`~edgeofcare.explanation.kernel.contributions`.

    Raises
    ------
    SpecError
        If there is no row, or fewer than ``least``; ``X`` does not fit the model; ``least`` is below 1; or a path looks
        at more features than can be tabulated.

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
    >>> counts = count_reference(one, np.arange(40)[:, None] % 2, name="half of them")
    >>> counts
    ReferenceCounts(40 rows, 2 leaves, least 10)
    >>> counts.count.tolist()
    [20, 20, 20, 20]
    """
    form = path_form(trees)
    table = check_table(form.width, X)
    length = np.diff(form.first)
    _check(len(table), least, int(length.max(initial=0)))
    kept: list[Positions] = [np.zeros(0, dtype=np.intp)] * len(length)
    rows: list[Positions] = list(kept)
    for size, counts in _tabulated(form, table).items():
        for leaf, own in zip(np.flatnonzero(length == size).tolist(), counts.reshape(-1, 1 << size), strict=True):
            safe = pooled(own, least)
            kept[leaf] = np.flatnonzero(safe)
            rows[leaf] = safe[kept[leaf]]
    first = np.append(0, np.cumsum([len(each) for each in kept]))
    arrays = (array.astype(np.int32) for array in (first, np.concatenate(kept), np.concatenate(rows)))
    return ReferenceCounts(name, len(table), least, *arrays)


def recentred(linear: LinearArrays, X: npt.ArrayLike) -> LinearArrays:
    """Return a regression whose contributions are in comparison with a reference cohort.

    Parameters
    ----------
    linear : LinearArrays
        The regression.
    X : array of float64, shape (rows, features)
        Rows of the cohort, columns in the order of training. Only their means are kept.

    Returns
    -------
    LinearArrays
        With the same margins; its intercept is the mean margin of the cohort.

    Raises
    ------
    SpecError
        If there is no row, or ``X`` does not fit the model.

    Examples
    --------
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> recentred(LinearArrays(zero, zero, 2 * one, zero, zero, intercept=-3.0), [[1.0], [2.0]]).intercept
    0.0
    """
    table = check_table(len(linear.weight), X, exactly=True)
    _check(len(table), 1, 0)
    missing, held = look_up(linear, table)
    terms = linear_terms(linear, table)
    return replace(
        linear,
        center=np.where(missing, linear.impute, table).mean(axis=0),
        missing_center=missing.mean(axis=0),
        category_center=held.mean(axis=0),
        intercept=linear.intercept + float(terms.mean(axis=0).sum()),
    )


def _tabulated(form: PathForm, table: npt.NDArray[np.float64]) -> dict[int, Positions]:
    """Count the patterns at all leaves with as many features on their paths, for each such number."""
    length = np.diff(form.first)
    found = {size: np.zeros(int((length == size).sum()) << size, dtype=np.intp) for size in np.unique(length).tolist()}
    step = max(1, _BLOCK // max(1, len(form.player)))
    for start in range(0, len(table), step):
        met = conditions_met(form, table[start : start + step])
        for size, counts in found.items():
            leaves = np.flatnonzero(length == size)
            condition = form.condition[form.first[leaves, None] + np.arange(size)]
            counts += np.bincount(read_outcomes(met, condition).ravel(), minlength=len(counts))
    return found


def _check(rows: int, least: int, longest: int) -> None:
    """Refuse cohorts and trees that cannot be counted."""
    problems = []
    if least < 1:
        problems.append(f"least is {least}; expected 1 or more")
    if rows < max(1, least):
        problems.append(f"the cohort has {rows} rows; expected {max(1, least)} or more")
    if longest > LONGEST_PATH:
        problems.append(f"a path looks at {longest} features; at most {LONGEST_PATH} can be tabulated")
    if problems:
        msg = f"The reference cohort cannot be counted: {'; '.join(problems)}."
        raise SpecError(msg)
