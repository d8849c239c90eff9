"""What can be wrong with the arrays of a model that came from outside: every check, and one error for all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import ModelFileError

__all__ = ["SCALARS", "dtype_problems", "linear_problems", "raise_problems", "tree_problems"]

Arrays = Mapping[str, npt.NDArray]

SCALARS = ("baseline", "intercept")
_DTYPES = {
    **dict.fromkeys(("tree_start", "feature", "left", "right", "category_feature", "category_split"), "int32"),
    **dict.fromkeys(("missing_left", "category_left"), "bool"),
}
_NOT_BY_NODE = ("tree_start", "category_feature", "category_value", "category_split", "category_left")
_BY_CATEGORY = ("category_feature", "category_value", "category_weight", "category_center")
_MOST_CATEGORIES = 1024  # of one column: the table of sides is as wide as the column with most
_COVER_TOLERANCE = 1e-9  # relative: counts are whole numbers, so their sums are exact


def raise_problems(kind: str, problems: Sequence[str]) -> None:
    """Raise one error that lists the problems, if there are any.

    Parameters
    ----------
    kind : str
        Kind of model that the arrays describe.
    problems : sequence of str
        One clause for each problem.

    Raises
    ------
    ModelFileError
        If there is a problem.

    Examples
    --------
    >>> raise_problems("boosting", [])
    """
    if problems:
        count = f"{len(problems)} problem" + ("s" if len(problems) > 1 else "")
        lines = "\n".join(f"  - {problem}." for problem in problems)
        advice = "The model file is damaged or was altered: take a fresh copy from the people who made it."
        msg = f"The arrays of this '{kind}' model cannot be used ({count}):\n{lines}\n{advice}"
        raise ModelFileError(msg)


def dtype_problems(found: Arrays) -> list[str]:
    """Say which arrays have another dtype or number of dimensions than expected.

    Parameters
    ----------
    found : mapping of str to ndarray
        The arrays by name.

    Returns
    -------
    list of str
        One clause for each array that is not as expected.

    Examples
    --------
    >>> dtype_problems({"weight": np.zeros(2, dtype=np.float32)})
    ["array 'weight' is float32 with 1 dimension(s); expected float64 with 1 dimension(s)"]
    """
    problems = []
    for name, array in found.items():
        want = f"{_DTYPES.get(name, 'float64')} with {0 if name in SCALARS else 1} dimension(s)"
        have = f"{array.dtype} with {array.ndim} dimension(s)"
        if have != want:
            problems.append(f"array '{name}' is {have}; expected {want}")
    return problems


def linear_problems(found: Arrays, n_features: int) -> list[str]:
    """Say what is wrong with the arrays of a logistic regression, once their dtypes are right.

    Parameters
    ----------
    found : mapping of str to ndarray
        The arrays by name.
    n_features : int
        Count of feature columns that the model is for.

    Returns
    -------
    list of str
        One clause for each problem.

    Examples
    --------
    >>> linear_problems({"weight": np.array([1.0, np.nan])}, n_features=2)
    ["array 'weight' has 1 value(s) that are not finite"]
    """
    problems = []
    for name, array in found.items():
        if array.ndim and name not in _BY_CATEGORY and len(array) != n_features:
            problems.append(f"array '{name}' has {len(array)} values; expected {n_features}, one for each feature")
        problems += _count(name, ~np.isfinite(array), "that are not finite")
    if problems or "category_feature" not in found:
        return problems
    size = len(found["category_feature"])
    problems = [
        f"array '{name}' has {len(found[name])} values; expected {size}, one for each category"
        for name in _BY_CATEGORY
        if len(found[name]) != size
    ]
    return problems or _owner_problems(found, n_features)


def tree_problems(found: Arrays, n_features: int) -> list[str]:
    """Say what is wrong with the arrays of boosted trees, once their dtypes are right.

    Lengths are looked at first, then single numbers and links, then the structure that the links make: each step needs
    the one before it.

    Parameters
    ----------
    found : mapping of str to ndarray
        The arrays by name.
    n_features : int
        Count of feature columns that the model is for.

    Returns
    -------
    list of str
        One clause for each problem.

    Examples
    --------
    A tree that is one leaf, without its cover:

    >>> none, leaf = np.zeros(1), np.array([-1])
    >>> tree = {"baseline": np.array(0.0), "tree_start": np.array([0, 1]), "feature": leaf, "left": leaf, "right": leaf}
    >>> tree_problems({**tree, "threshold": none, "value": none, "cover": none}, n_features=1)
    ["array 'cover' has 1 value(s) that are not positive and finite"]
    """
    problems = _layout_problems(found)
    problems = problems or [*_number_problems(found), *_link_problems(found, n_features)]
    return problems or [*_structure_problems(found), *_category_problems(found, n_features)]


def _count(name: str, bad: npt.ArrayLike, what: str) -> list[str]:
    """Say how many values of an array are bad, or nothing."""
    total = int(np.sum(bad))
    return [f"array '{name}' has {total} value(s) {what}"] if total else []


def _layout_problems(found: Arrays) -> list[str]:
    """Say where lengths disagree or the trees do not follow on from one another."""
    start, nodes = found["tree_start"].astype(np.int64), len(found["feature"])
    problems = [
        f"array '{name}' has {len(array)} nodes; array 'feature' has {nodes}"
        for name, array in found.items()
        if array.ndim and name not in _NOT_BY_NODE and len(array) != nodes
    ]
    if len(start) < 2 or start[0] != 0 or start[-1] != nodes or (np.diff(start) < 1).any():
        problems.append(f"array 'tree_start' does not rise from 0 to {nodes} nodes with a node or more in each tree")
    return problems


def _number_problems(found: Arrays) -> list[str]:
    """Say which numbers are not usable."""
    threshold, cover = found["threshold"], found["cover"]
    return [
        *_count("baseline", ~np.isfinite(found["baseline"]), "that are not finite"),
        *_count("value", ~np.isfinite(found["value"]), "that are not finite"),
        *_count("threshold", np.isnan(threshold) | np.isneginf(threshold), "that are neither finite nor +inf"),
        *_count("cover", ~(np.isfinite(cover) & (cover > 0)), "that are not positive and finite"),
    ]


def _link_problems(found: Arrays, n_features: int) -> list[str]:
    """Say which features and children are out of range."""
    feature, start = found["feature"], found["tree_start"]
    first, after = (np.repeat(edge, np.diff(start)) for edge in (start[:-1], start[1:]))
    leaf = feature == -1
    problems = _count("feature", (feature < -1) | (feature >= n_features), f"outside -1 to {n_features - 1}")
    for name in ("left", "right"):
        child = found[name]
        problems += _count(name, ~leaf & ((child < first) | (child >= after)), "outside the split's own tree")
        problems += _count(name, leaf & (child != -1), "that give a leaf a child")
    return problems


def _structure_problems(found: Arrays) -> list[str]:
    """Say which nodes are not reached exactly once, and which covers do not add up."""
    start, cover = found["tree_start"], found["cover"]
    split = np.flatnonzero(found["feature"] >= 0)
    left, right = found["left"][split], found["right"][split]
    parent = np.arange(len(cover))
    expected = np.ones(len(parent), dtype=np.int64)
    expected[start[:-1]] = 0
    once = np.bincount(np.concatenate([left, right]), minlength=len(parent)) == expected
    parent[left], parent[right] = split, split
    top = parent
    for _ in range(len(parent).bit_length()):  # each pass doubles the steps towards the root
        top = top[top]
    lost = ~once | (top != np.repeat(start[:-1], np.diff(start)))
    gap = np.abs(cover[left] + cover[right] - cover[split])
    return [
        *_count("feature", lost, "(nodes) that are not reached exactly once from the root of their tree"),
        *_count("cover", gap > _COVER_TOLERANCE * cover[split], "(splits) whose children do not add up to it"),
    ]


def _category_problems(found: Arrays, n_features: int) -> list[str]:
    """Say what is wrong with the categories, if there are any, once splits and features are right."""
    if "category_split" not in found:
        return []
    owner, value = found["category_feature"], found["category_value"]
    split, nodes = found["category_split"], len(found["feature"])
    if len(owner) != len(value):
        return [f"array 'category_value' has {len(value)} values; expected {len(owner)}, one for each category"]
    problems = [
        *_owner_problems(found, n_features),
        *_count("category_split", (split < 0) | (split >= nodes), f"outside 0 to {nodes - 1}"),
        *_count("category_split", np.diff(split) <= 0, "out of order"),
    ]
    return problems or _category_split_problems(found, n_features)


def _owner_problems(found: Arrays, n_features: int) -> list[str]:
    """Say which categories belong to no column, are no numbers or are out of order."""
    owner, value = found["category_feature"], found["category_value"]
    rises = (np.diff(owner) > 0) | ((np.diff(owner) == 0) & (np.diff(value) > 0))
    return [
        *_count("category_feature", (owner < 0) | (owner >= n_features), f"outside 0 to {n_features - 1}"),
        *_count("category_value", ~np.isfinite(value), "that are not finite"),
        *_count("category_value", ~rises, "out of order"),
    ]


def _category_split_problems(found: Arrays, n_features: int) -> list[str]:
    """Say where splits and categories do not belong together."""
    split, feature = found["category_split"], found["feature"]
    counts = np.bincount(found["category_feature"], minlength=n_features)
    if (counts > _MOST_CATEGORIES).any():
        return _count("category_feature", counts > _MOST_CATEGORIES, f"with more than {_MOST_CATEGORIES} categories")
    listed = np.zeros(len(feature), dtype=np.bool_)
    listed[split] = True
    wrong = listed != ((feature >= 0) & (counts[feature] > 0))
    if wrong.any():
        return _count("category_split", wrong, "(nodes) that are no split on a column with categories, or lacks some")
    have, want = len(found["category_left"]), int(counts[feature[split]].sum())
    return [] if have == want else [f"array 'category_left' has {have} values; expected {want}, by split and category"]
