"""A fitted model as plain arrays: enough to score it anywhere with numpy, and nothing that can run code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import ModelFileError, SpecError
from edgeofcare.models._category_terms import add_category_terms, look_up
from edgeofcare.models._walk import Walk, walk_form, walk_rows
from edgeofcare.models.array_checks import SCALARS, dtype_problems, linear_problems, raise_problems, tree_problems

__all__ = [
    "CATEGORY_ARRAYS",
    "LINEAR_CATEGORY_ARRAYS",
    "LinearArrays",
    "TreeArrays",
    "array_names",
    "check_table",
    "from_mapping",
    "linear_terms",
    "margin",
    "to_mapping",
    "validate",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

CATEGORY_ARRAYS = ("category_feature", "category_value", "category_split", "category_left")
"""Arrays of trees that are there only where splits look at categories."""
LINEAR_CATEGORY_ARRAYS = ("category_feature", "category_value", "category_weight", "category_center")
"""Arrays of a regression that are there only where columns hold categories."""

_OPTIONAL = {*CATEGORY_ARRAYS, *LINEAR_CATEGORY_ARRAYS}

_BLOCK = 2**18  # decisions held at once while trees are walked: 2 MB, which stays in the processor's cache


@dataclass(frozen=True, eq=False)
class TreeArrays:
    """Boosted trees as plain arrays: the margin is the baseline plus one leaf value from each tree.

    Nodes of all trees are concatenated. A row goes to the left child of a split where its value is at most the
    threshold, and where its value is NaN and the split sends missing values left. A split on categories sends each
    known category to a side of its own choice; any other value is missing to it.

    Parameters
    ----------
    baseline : float
        Log-odds before the first tree.
    tree_start : ndarray of int32, shape (trees + 1,)
        First node of each tree (its root), and the count of all nodes.
    feature, left, right : ndarray of int32, shape (nodes,)
        Column that a split looks at, and its children as positions in these arrays; -1 for a leaf.
    threshold : ndarray of float64, shape (nodes,)
        Finite, or +inf where only missing values go right; 0 for a leaf.
    missing_left : ndarray of bool, shape (nodes,)
        Whether missing values go left.
    value, cover : ndarray of float64, shape (nodes,)
        Log-odds that a leaf adds (0 for a split), and the count of training rows that reached the node, unweighted.
    category_feature : ndarray of int32, shape (categories,), optional
        Column that each known category belongs to, ascending; no categories if left out.
    category_value : ndarray of float64, shape (categories,), optional
        How each category stands in the table, ascending within its column.
    category_split : ndarray of int32, shape (category splits,), optional
        Splits on columns with categories, ascending; their threshold is 0 and means nothing.
    category_left : ndarray of bool, optional
        For each of these splits in turn, whether each category of its column goes left.

    Examples
    --------
    One split on the first column, at 0.5:

    >>> import numpy as np
    >>> trees = TreeArrays(
    ...     baseline=-2.0, tree_start=np.int32([0, 3]), feature=np.int32([0, -1, -1]),
    ...     threshold=np.array([0.5, 0.0, 0.0]), left=np.int32([1, -1, -1]), right=np.int32([2, -1, -1]),
    ...     missing_left=np.array([True, False, False]), value=np.array([0.0, -0.25, 1.0]),
    ...     cover=np.array([100.0, 80.0, 20.0]),
    ... )
    >>> trees
    TreeArrays(1 tree, 3 nodes)
    >>> margin(trees, np.array([[0.0], [3.0], [np.nan]])).tolist()
    [-2.25, -1.0, -2.25]
    """

    kind: ClassVar[str] = "boosting"

    baseline: float
    tree_start: IntArray
    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    missing_left: BoolArray
    value: FloatArray
    cover: FloatArray
    category_feature: IntArray = field(default_factory=lambda: np.empty(0, np.int32))
    category_value: FloatArray = field(default_factory=lambda: np.empty(0, np.float64))
    category_split: IntArray = field(default_factory=lambda: np.empty(0, np.int32))
    category_left: BoolArray = field(default_factory=lambda: np.empty(0, np.bool_))

    def __repr__(self) -> str:
        trees = len(self.tree_start) - 1
        return f"TreeArrays({trees} tree{'s' if trees != 1 else ''}, {len(self.feature)} nodes)"

    @cached_property
    def _walk(self) -> Walk:
        """Return the layout for walking, made once."""
        return walk_form(self)


@dataclass(frozen=True, eq=False)
class LinearArrays:
    r"""A logistic regression as plain arrays: a weight for each feature, and one for its absence.

    Parameters
    ----------
    impute, center, weight : ndarray of float64, shape (features,)
        Value that stands in for NaN, training mean after filling in, and log-odds for one unit of the feature.
    missing_weight, missing_center : ndarray of float64, shape (features,)
        Log-odds for the feature being missing, and the share of training rows without it; 0 where there were none.
    intercept : float
        Log-odds of the average training row.
    category_feature, category_value : ndarray of int32 and float64, shape (categories,), optional
        As those of :class:`TreeArrays`; any other value is missing.
    category_weight, category_center : ndarray of float64, shape (categories,), optional
        Log-odds that a category adds, and the share of training rows with it; ``weight`` is 0 for its column.

    Notes
    -----
    With :math:`m_j` one where :math:`x_j` is missing and zero elsewhere, the margin is
    :math:`b + \sum_j w_j (x_j - c_j) + v_j (m_j - d_j)`: intercept b, weight w, center c, missing_weight v,
    missing_center d; ``impute`` stands for a missing :math:`x_j`. Categories add their weights times (one or zero,
    less their centers).

    Examples
    --------
    >>> import numpy as np
    >>> one = np.ones(1)
    >>> linear = LinearArrays(impute=2 * one, center=one, weight=one, missing_weight=one / 2, missing_center=0 * one,
    ...                       intercept=-3.0)
    >>> margin(linear, np.array([[1.0], [4.0], [np.nan]])).tolist()
    [-3.0, 0.0, -1.5]
    """

    kind: ClassVar[str] = "logistic"

    impute: FloatArray
    center: FloatArray
    weight: FloatArray
    missing_weight: FloatArray
    missing_center: FloatArray
    intercept: float
    category_feature: IntArray = field(default_factory=lambda: np.empty(0, np.int32))
    category_value: FloatArray = field(default_factory=lambda: np.empty(0, np.float64))
    category_weight: FloatArray = field(default_factory=lambda: np.empty(0, np.float64))
    category_center: FloatArray = field(default_factory=lambda: np.empty(0, np.float64))

    def __repr__(self) -> str:
        return f"LinearArrays({len(self.weight)} features)"


_KINDS: dict[str, type[TreeArrays] | type[LinearArrays]] = {"boosting": TreeArrays, "logistic": LinearArrays}


def margin(arrays: TreeArrays | LinearArrays, X: npt.ArrayLike) -> FloatArray:
    """Return the log-odds of each row before calibration.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        Trusted arrays: made by ``extract_arrays``, or passed by :func:`validate`.
    X : array of float64, shape (rows, features)
        Columns in the order of training; NaN is unknown.

    Returns
    -------
    ndarray of float64, shape (rows,)
        Log-odds. Trees are added in their order, from the baseline on, so that the sums are those of scikit-learn.

    Raises
    ------
    SpecError
        If ``X`` is not a table or has too few columns.

    Examples
    --------
    >>> import numpy as np
    >>> zero, one = np.zeros(2), np.ones(2)
    >>> linear = LinearArrays(zero, zero, one, zero, zero, intercept=0.5)
    >>> margin(linear, [[1.0, 2.0], [0.0, 0.0]]).tolist()
    [3.5, 0.5]
    """
    if isinstance(arrays, LinearArrays):
        total: FloatArray = arrays.intercept + linear_terms(arrays, X).sum(axis=1)
        return total
    walk = arrays._walk
    table = check_table(walk.width, X)
    out = np.empty(len(table), dtype=np.float64)
    step = max(1, _BLOCK // max(1, len(walk.feature)))
    for start in range(0, len(table), step):
        out[start : start + step] = walk_rows(walk, arrays.baseline, table[start : start + step])
    return out


def check_table(needed: int, X: npt.ArrayLike, *, exactly: bool = False) -> FloatArray:
    """Return X as a C-ordered float64 table, or say why the model cannot take it.

    Parameters
    ----------
    needed : int
        Count of columns that the model looks at.
    X : array of float64, shape (rows, features)
        The features.
    exactly : bool
        Whether more columns than needed are refused.

    Returns
    -------
    ndarray of float64, shape (rows, features)

    Raises
    ------
    SpecError
        If ``X`` is not a table or has another count of columns.

    Examples
    --------
    >>> check_table(1, [[1, 2]]).tolist()
    [[1.0, 2.0]]
    """
    table = np.asarray(X, dtype=np.float64, order="C")
    if table.ndim != 2 or table.shape[1] < needed or (exactly and table.shape[1] > needed):
        count = f"{needed}" if exactly else f"at least {needed}"
        msg = f"X has shape {table.shape}; the model expects rows by {count} feature columns, in the order of training."
        raise SpecError(msg)
    return table


def linear_terms(arrays: LinearArrays, X: npt.ArrayLike) -> FloatArray:
    """Return what each feature adds to the intercept of a logistic regression.

    Parameters
    ----------
    arrays : LinearArrays
        The model.
    X : array of float64, shape (rows, features)
        Columns in the order of training; NaN is unknown.

    Returns
    -------
    ndarray of float64, shape (rows, features)
        Log-odds.

    Examples
    --------
    >>> one = np.ones(1)
    >>> linear_terms(LinearArrays(one, one, 2 * one, one, 0 * one, intercept=-3.0), [[4.0], [np.nan]]).tolist()
    [[6.0], [1.0]]
    """
    table = check_table(len(arrays.weight), X, exactly=True)
    missing, held = look_up(arrays, table)
    terms: FloatArray = arrays.weight * (np.where(missing, arrays.impute, table) - arrays.center)
    terms += arrays.missing_weight * (missing - arrays.missing_center)
    add_category_terms(arrays, held, terms)
    return terms


def to_mapping(arrays: TreeArrays | LinearArrays) -> dict[str, npt.NDArray[np.generic]]:
    """Return the arrays by name, as ``numpy.savez`` takes them.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        The model.

    Returns
    -------
    dict of str to ndarray
        Every field; the baseline or the intercept is an array without dimensions. Those of categories are left out
        where there are none.

    Examples
    --------
    >>> import numpy as np
    >>> zero = np.zeros(1)
    >>> sorted(to_mapping(LinearArrays(zero, zero, zero, zero, zero, intercept=1.0)))
    ['center', 'impute', 'intercept', 'missing_center', 'missing_weight', 'weight']
    """
    found = {each.name: np.asarray(getattr(arrays, each.name)) for each in fields(arrays)}
    if any(found[name].size for name in _OPTIONAL & set(found)):
        return found
    return {name: array for name, array in found.items() if name not in _OPTIONAL}


def array_names(kind: str, present: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the names of the arrays that a model of a kind has.

    Parameters
    ----------
    kind : {"boosting", "logistic"}
        What the arrays describe.
    present : iterable of str
        Names that were found; one array of categories calls for the others.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> array_names("logistic")
    ('impute', 'center', 'weight', 'missing_weight', 'missing_center', 'intercept')
    >>> array_names("boosting", ["category_left"])[-4:]
    ('category_feature', 'category_value', 'category_split', 'category_left')
    """
    names = tuple(each.name for each in fields(_KINDS[kind]))
    return names if _OPTIONAL & set(present) else tuple(name for name in names if name not in _OPTIONAL)


def from_mapping(kind: str, mapping: Mapping[str, npt.NDArray[np.generic]]) -> TreeArrays | LinearArrays:
    """Build the arrays of a model from named arrays; call :func:`validate` before using them.

    Parameters
    ----------
    kind : {"boosting", "logistic"}
        What the arrays describe.
    mapping : mapping of str to ndarray
        As :func:`to_mapping` returns it, for example an opened npz file.

    Returns
    -------
    TreeArrays or LinearArrays

    Raises
    ------
    ModelFileError
        If the kind is unknown, a name is missing or unknown, or a dtype is not the expected one.

    Examples
    --------
    >>> import numpy as np
    >>> zero = np.zeros(2)
    >>> from_mapping("logistic", to_mapping(LinearArrays(zero, zero, zero, zero, zero, intercept=1.0)))
    LinearArrays(2 features)
    """
    if kind not in _KINDS:
        msg = f"The model file describes an unknown kind of model; expected one of {sorted(_KINDS)}."
        raise ModelFileError(msg)
    names = array_names(kind, mapping)
    problems = [f"array '{name}' is missing" for name in names if name not in mapping]
    if unknown := len(set(mapping) - set(names)):
        problems.append(f"{unknown} array(s) have a name that this kind of model does not use")
    found = {name: np.asarray(mapping[name]) for name in names if name in mapping}
    raise_problems(kind, problems + dtype_problems(found))
    values: dict[str, Any] = {name: array.item() if name in SCALARS else array for name, array in found.items()}
    return _KINDS[kind](**values)


def validate(arrays: TreeArrays | LinearArrays, n_features: int) -> None:
    """Check that arrays from outside describe a whole model, so that using them is safe.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        The model to check.
    n_features : int
        Count of feature columns that the model is for.

    Raises
    ------
    ModelFileError
        With every problem found: dtypes and lengths; children or features out of range; nodes that are not reached
        exactly once from the root of their tree; numbers that are not finite; covers that do not add up.

    Examples
    --------
    >>> import numpy as np
    >>> zero = np.zeros(2)
    >>> validate(LinearArrays(zero, zero, zero, zero, zero, intercept=1.0), n_features=2)
    >>> validate(LinearArrays(zero, zero, zero, zero, zero, intercept=np.inf), n_features=3)
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.ModelFileError: The arrays of this 'logistic' model cannot be used (6 problems): ...
    """
    found = to_mapping(arrays)
    check = linear_problems if isinstance(arrays, LinearArrays) else tree_problems
    raise_problems(arrays.kind, dtype_problems(found) or check(found, n_features))
