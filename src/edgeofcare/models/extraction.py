"""Turn a fitted scikit-learn model into plain arrays: the one place that reads scikit-learn's private attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from edgeofcare.exceptions import SpecError
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin

__all__ = ["check_extraction", "extract_arrays"]

_STEPS: dict[str, type] = {"impute": SimpleImputer, "scale": StandardScaler, "regress": LogisticRegression}


def extract_arrays(estimator: HistGradientBoostingClassifier | Pipeline) -> TreeArrays | LinearArrays:
    """Return the arrays that give the same margin as a fitted classifier.

    Parameters
    ----------
    estimator : HistGradientBoostingClassifier or Pipeline
        Fitted on two classes. The trees must split on numbers alone; the pipeline must have the steps ``impute`` (a
        :class:`~sklearn.impute.SimpleImputer` that keeps empty features), ``scale`` (a
        :class:`~sklearn.preprocessing.StandardScaler`) and ``regress`` (a
        :class:`~sklearn.linear_model.LogisticRegression`).

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
    if isinstance(estimator, Pipeline):
        return _extract_linear(estimator)
    msg = (
        f"A {type(estimator).__name__} cannot be turned into plain arrays; expected a HistGradientBoostingClassifier, "
        "or a Pipeline with the steps 'impute', 'scale' and 'regress'."
    )
    raise SpecError(msg)


def check_extraction(
    estimator: HistGradientBoostingClassifier | Pipeline,
    arrays: TreeArrays | LinearArrays,
    X: Any,
) -> float:
    """Return the largest difference between the margin of the arrays and that of the classifier.

    Parameters
    ----------
    estimator : HistGradientBoostingClassifier or Pipeline
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
    rows = np.asarray(X, dtype=np.float64)
    if not len(rows):
        return 0.0
    return float(np.max(np.abs(margin(arrays, rows) - estimator.decision_function(X))))


def _extract_trees(estimator: HistGradientBoostingClassifier) -> TreeArrays:
    """Concatenate the trees of a boosting model."""
    check_is_fitted(estimator)
    _refuse_unless_two_classes(estimator)
    trees = [stage[0].nodes for stage in estimator._predictors]
    nodes = np.concatenate(trees)
    # With any categorical feature, scikit-learn also reorders the columns, so none can be left in.
    if np.any(estimator.is_categorical_) or np.any(nodes["is_categorical"]):
        msg = (
            "The boosting model was fitted with categorical features, which plain arrays cannot hold. "
            "Encode them as numbers (one column for each category) and pass categorical_features=None."
        )
        raise SpecError(msg)
    sizes = np.array([len(tree) for tree in trees])
    start = np.concatenate([[0], np.cumsum(sizes)])
    leaf = nodes["is_leaf"].astype(bool)
    offset = np.repeat(start[:-1], sizes)

    def links(name: str) -> npt.NDArray[np.int32]:
        """Return children as positions in the concatenated arrays."""
        return np.where(leaf, -1, nodes[name] + offset).astype(np.int32)

    return TreeArrays(
        baseline=float(np.asarray(estimator._baseline_prediction).item()),
        tree_start=start.astype(np.int32),
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int32),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]),
        left=links("left"),
        right=links("right"),
        missing_left=nodes["missing_go_to_left"].astype(bool) & ~leaf,
        value=np.where(leaf, nodes["value"], 0.0),
        cover=nodes["count"].astype(np.float64),
    )


def _extract_linear(pipeline: Pipeline) -> LinearArrays:
    """Fold the three steps of a logistic regression into one weight a feature, and one for its absence."""
    _refuse_other_steps(pipeline)
    check_is_fitted(pipeline)
    imputer, scaler, regression = (pipeline.named_steps[name] for name in _STEPS)
    _refuse_unless_two_classes(regression)
    impute = np.asarray(imputer.statistics_, dtype=np.float64)
    features = len(impute)
    columns = regression.coef_.shape[1]
    scale = np.ones(columns) if scaler.scale_ is None else scaler.scale_
    center = np.zeros(columns) if scaler.mean_ is None else scaler.mean_
    weight = regression.coef_[0] / scale
    missing_weight, missing_center = np.zeros(features), np.zeros(features)
    if imputer.indicator_ is not None:  # its columns follow the features, in the order of features_
        missing_weight[imputer.indicator_.features_] = weight[features:]
        missing_center[imputer.indicator_.features_] = center[features:]
    return LinearArrays(
        impute=impute,
        center=np.array(center[:features], dtype=np.float64),
        weight=np.array(weight[:features], dtype=np.float64),
        missing_weight=missing_weight,
        missing_center=missing_center,
        intercept=float(np.ravel(regression.intercept_)[0]),
    )


def _refuse_unless_two_classes(estimator: Any) -> None:
    """Raise unless there is one margin a row."""
    if len(estimator.classes_) != 2:
        msg = f"The classifier was fitted on {len(estimator.classes_)} classes; expected 2."
        raise SpecError(msg)


def _refuse_other_steps(pipeline: Pipeline) -> None:
    """Raise unless the pipeline is the one that the arrays can hold."""
    found = {name: type(step) for name, step in pipeline.steps}
    if found != _STEPS or list(found) != list(_STEPS):
        have = ", ".join(f"{name} ({step.__name__})" for name, step in found.items())
        want = ", ".join(f"{name} ({step.__name__})" for name, step in _STEPS.items())
        msg = f"The pipeline has the steps {have}; expected {want}."
        raise SpecError(msg)
    imputer = pipeline.named_steps["impute"]
    fills_nan = isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values)
    if not (imputer.keep_empty_features and fills_nan):
        msg = (
            "The step 'impute' drops empty features or fills something other than NaN; "
            "expected SimpleImputer(missing_values=nan, keep_empty_features=True)."
        )
        raise SpecError(msg)
