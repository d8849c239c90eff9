"""Turn a fitted scikit-learn model into plain arrays: the one place that reads scikit-learn's private attributes."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from edgeofcare.exceptions import SpecError
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin
from edgeofcare.models.averaging import average_arrays
from edgeofcare.models.linear_extraction import extract_linear
from edgeofcare.models.members import AveragedTrees

__all__ = ["check_extraction", "extract_arrays", "table_of"]


Estimator: TypeAlias = HistGradientBoostingClassifier | AveragedTrees | Pipeline


def extract_arrays(estimator: Estimator) -> TreeArrays | LinearArrays:
    """Return the arrays that give the same margin as a fitted classifier.

    Parameters
    ----------
    estimator : HistGradientBoostingClassifier, AveragedTrees or Pipeline
        Fitted on two classes. The trees may split on categories; the pipeline must have the steps ``impute`` (a
        :class:`~sklearn.impute.SimpleImputer` that keeps empty features), ``scale`` (a
        :class:`~sklearn.preprocessing.StandardScaler`) and ``regress`` (a
        :class:`~sklearn.linear_model.LogisticRegression`), or be that of
        :func:`edgeofcare.models.pipeline.regression` with categories.

    Returns
    -------
    TreeArrays or LinearArrays

    Raises
    ------
    SpecError
        If the classifier is another one, or uses something that the arrays cannot hold.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Notes
    -----
    The weight of a missing-value indicator is folded into the feature that it belongs to. Training counts are those of
    scikit-learn, which ignore sample weights.

    The arrays take categories as :func:`table_of` gives them: as the numbers that they are in ``X``, whatever order
    scikit-learn keeps its columns and categories in.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> X = np.arange(40.0)[:, None]
    >>> model = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5).fit(X, X[:, 0] > 25)
    >>> arrays = extract_arrays(model)
    >>> arrays.kind, len(arrays.tree_start) - 1
    ('boosting', 3)
    >>> check_extraction(model, arrays, X) <= 1e-12
    True
    """
    if isinstance(estimator, HistGradientBoostingClassifier):
        return _extract_trees(estimator)
    if isinstance(estimator, AveragedTrees):
        check_is_fitted(estimator)
        return average_arrays([_extract_trees(member) for member in estimator.members_])
    if isinstance(estimator, Pipeline):
        return extract_linear(estimator)
    msg = (
        f"A {type(estimator).__name__} cannot be turned into plain arrays; expected a HistGradientBoostingClassifier, "
        "or a Pipeline with the steps 'impute', 'scale' and 'regress'."
    )
    raise SpecError(msg)


def check_extraction(
    estimator: Estimator,
    arrays: TreeArrays | LinearArrays,
    X: Any,
) -> float:
    """Return the largest difference between the margin of the arrays and that of the classifier.

    Parameters
    ----------
    estimator : HistGradientBoostingClassifier, AveragedTrees or Pipeline
        The fitted classifier.
    arrays : TreeArrays or LinearArrays
        What :func:`extract_arrays` made of it.
    X : DataFrame or array of float64, shape (rows, features)
        Rows to compare, in the form that the classifier was fitted on, missing values included.

    Returns
    -------
    float
        Largest absolute difference in log-odds; 0 without rows, NaN if either margin is NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> X = np.arange(40.0)[:, None]
    >>> model = HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=5).fit(X, X[:, 0] > 25)
    >>> check_extraction(model, extract_arrays(model), X) <= 1e-12
    True
    """
    rows = table_of(estimator, X)
    if not len(rows):
        return 0.0
    return float(np.max(np.abs(margin(arrays, rows) - estimator.decision_function(X))))


def table_of(estimator: Estimator, X: Any) -> npt.NDArray[np.float64]:
    """Return X as the numbers that the arrays of a classifier take.

    Parameters
    ----------
    estimator : HistGradientBoostingClassifier, AveragedTrees or Pipeline
        The fitted classifier.
    X : DataFrame or array, shape (rows, features)
        In the form that the classifier was fitted on.

    Returns
    -------
    ndarray of float64, shape (rows, features)
        Categories that are numbers stay as they are. Those that are words become their places among the words known
        from training, in sorted order; unknown ones become NaN, which is what scikit-learn takes them for.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> X = pd.DataFrame({"term": pd.Series(["summer", "autumn"] * 30, dtype="category")})
    >>> model = HistGradientBoostingClassifier(max_iter=1).fit(X, X["term"] == "summer")
    >>> table_of(model, pd.DataFrame({"term": ["autumn", "summer", "spring"]})).ravel().tolist()
    [0.0, 1.0, nan]
    """
    marked = getattr(estimator, "is_categorical_", None)
    words = [] if marked is None else [values.dtype.kind not in "biuf" for values in _encoder(estimator)]
    if marked is None or not any(words):
        return np.asarray(X, dtype=np.float64)
    inside = estimator._preprocessor.transform(X)
    table = np.empty(inside.shape, dtype=np.float64)
    table[:, _own_columns(estimator)] = inside
    for column, values, is_words in zip(np.flatnonzero(marked), _encoder(estimator), words, strict=True):
        if not is_words:  # back from the place to the number
            place = table[:, column]
            known = ~np.isnan(place)
            place[known] = values[place[known].astype(np.intp)]
    return table


def _extract_trees(estimator: HistGradientBoostingClassifier) -> TreeArrays:
    """Concatenate the trees of a boosting model."""
    check_is_fitted(estimator)
    _refuse_unless_two_classes(estimator)
    predictors = [stage[0] for stage in estimator._predictors]
    nodes = np.concatenate([predictor.nodes for predictor in predictors])
    sizes = np.array([len(predictor.nodes) for predictor in predictors])
    start = np.concatenate([[0], np.cumsum(sizes)])
    leaf = nodes["is_leaf"].astype(bool)
    by_category = nodes["is_categorical"].astype(bool) & ~leaf
    feature = np.where(leaf, -1, _own_columns(estimator)[nodes["feature_idx"]]).astype(np.int32)
    offset = np.repeat(start[:-1], sizes)

    def links(name: str) -> npt.NDArray[np.int32]:
        """Return children as positions in the concatenated arrays."""
        return np.where(leaf, -1, nodes[name] + offset).astype(np.int32)

    return TreeArrays(
        baseline=float(np.asarray(estimator._baseline_prediction).item()),
        tree_start=start.astype(np.int32),
        feature=feature,
        threshold=np.where(leaf | by_category, 0.0, nodes["num_threshold"]),
        left=links("left"),
        right=links("right"),
        missing_left=nodes["missing_go_to_left"].astype(bool) & ~leaf,
        value=np.where(leaf, nodes["value"], 0.0),
        cover=nodes["count"].astype(np.float64),
        **_category_arrays(estimator, np.flatnonzero(by_category), feature),
    )


def _own_columns(estimator: HistGradientBoostingClassifier) -> npt.NDArray[np.intp]:
    """Return the column of X that each column inside the model is: it puts those of categories first."""
    marked = estimator.is_categorical_
    if marked is None:
        return np.arange(estimator.n_features_in_)
    return np.concatenate([np.flatnonzero(marked), np.flatnonzero(~np.asarray(marked))])


def _category_arrays(
    estimator: HistGradientBoostingClassifier, split: npt.NDArray[np.intp], feature: npt.NDArray[np.int32]
) -> dict[str, npt.NDArray]:
    """Return the arrays of categories, for the columns that some split looks at; nothing where there are none."""
    if not len(split):
        return {}
    known = _known_categories(estimator)
    used = np.unique(feature[split]).tolist()
    bits = np.concatenate([stage[0].raw_left_cat_bitsets for stage in estimator._predictors])
    words = np.ascontiguousarray(bits, dtype="<u4")  # one row for each of these splits, in their order
    left = np.unpackbits(words.view(np.uint8), axis=1, bitorder="little").astype(bool)
    return {
        "category_feature": np.repeat(used, [len(known[column]) for column in used]).astype(np.int32),
        "category_value": np.concatenate([known[column] for column in used]),
        "category_split": split.astype(np.int32),
        "category_left": np.concatenate(
            [sides[: len(known[column])] for sides, column in zip(left, feature[split].tolist(), strict=True)]
        ),
    }


def _known_categories(estimator: HistGradientBoostingClassifier) -> dict[int, npt.NDArray[np.float64]]:
    """Return how each known category stands in the table, by column: numbers as they are, words as their places."""
    found = {}
    for column, values in zip(np.flatnonzero(estimator.is_categorical_).tolist(), _encoder(estimator), strict=True):
        numbers = values.dtype.kind in "biuf"
        plain = values.astype(np.float64) if numbers else np.arange(len(values), dtype=np.float64)
        found[column] = plain[~np.isnan(plain)]
    return found


def _encoder(estimator: HistGradientBoostingClassifier) -> list[npt.NDArray]:
    """Return the categories of each column of categories, as scikit-learn has them."""
    return list(estimator._preprocessor.named_transformers_["encoder"].categories_)


def _refuse_unless_two_classes(estimator: Any) -> None:
    """Raise unless there is one margin a row."""
    if len(estimator.classes_) != 2:
        msg = f"The classifier was fitted on {len(estimator.classes_)} classes; expected 2."
        raise SpecError(msg)
