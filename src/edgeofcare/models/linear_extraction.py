"""Turn a fitted regression, with the steps before it, into plain arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from edgeofcare.exceptions import SpecError
from edgeofcare.models.arrays import LinearArrays
from edgeofcare.models.pipeline import CODE_STEPS, NUMBER_STEPS

__all__ = ["extract_linear"]

FloatArray = npt.NDArray[np.float64]
_STEPS: dict[str, type] = {**NUMBER_STEPS, "regress": LogisticRegression}
_MIXED_STEPS: dict[str, type] = {"columns": ColumnTransformer, "regress": LogisticRegression}
_PARTS: dict[str, dict[str, type]] = {"numbers": NUMBER_STEPS, "codes": CODE_STEPS}


class _Part(NamedTuple):
    """The steps before the regression that some columns go through."""

    steps: Pipeline
    columns: list[int]
    weight: FloatArray  # of the columns that the steps make


def extract_linear(pipeline: Pipeline) -> LinearArrays:
    """Fold the steps of a logistic regression into one weight a feature or category, and one for its absence.

    Parameters
    ----------
    pipeline : Pipeline
        As :func:`edgeofcare.models.pipeline.regression` makes it, fitted on two classes.

    Returns
    -------
    LinearArrays
        With the same margins.

    Raises
    ------
    SpecError
        If the pipeline has other steps, or was fitted on other than two classes.
    sklearn.exceptions.NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from edgeofcare.models.pipeline import regression
    >>> X = np.array([[0.0, 1.0], [1.0, 2.0], [np.nan, 0.0], [0.0, 3.0]])
    >>> model = regression(LogisticRegression(), 2, categories=[0]).fit(X, [0, 1, 0, 1])
    >>> extract_linear(model).category_value.tolist()
    [0.0, 1.0]
    """
    mixed = list(pipeline.named_steps) == list(_MIXED_STEPS)
    _refuse_other_steps(pipeline, _MIXED_STEPS if mixed else _STEPS)
    if not mixed:
        _refuse_other_imputer(pipeline.named_steps["impute"])
    check_is_fitted(pipeline)
    regress = pipeline[-1]
    if len(regress.classes_) != 2:
        msg = f"The classifier was fitted on {len(regress.classes_)} classes; expected 2."
        raise SpecError(msg)
    coefficients = np.asarray(regress.coef_[0], dtype=np.float64)
    if mixed:
        parts, features = _parts(pipeline[0], coefficients), int(pipeline[0].n_features_in_)
    else:
        features = len(pipeline.named_steps["impute"].statistics_)
        parts = {"numbers": _Part(pipeline[:-1], list(range(features)), coefficients)}
    names = ("impute", "center", "weight", "missing_weight", "missing_center")
    found: dict[str, npt.NDArray[Any]] = {name: np.zeros(features) for name in names}
    if "numbers" in parts:
        _fill_numbers(found, parts["numbers"])
    codes = _fill_codes(found, parts["codes"]) if "codes" in parts else {}
    return LinearArrays(**found, intercept=float(np.ravel(regress.intercept_)[0]), **codes)


def _parts(transformer: ColumnTransformer, coefficients: FloatArray) -> dict[str, _Part]:
    """The numbers and the codes, each with its weights."""
    found = {}
    for name, steps, columns in transformer.transformers_:
        if name not in _PARTS:  # what is left of the columns: nothing
            continue
        _refuse_other_steps(steps, _PARTS[name])
        found[name] = _Part(steps, list(columns), coefficients[transformer.output_indices_[name]])
    return found


def _fill_numbers(found: dict[str, npt.NDArray[Any]], part: _Part) -> None:
    """Write weights of numbers, and of their absence, into the places of their columns."""
    imputer, scaler = (part.steps.named_steps[name] for name in NUMBER_STEPS)
    _refuse_other_imputer(imputer)
    columns, size = np.asarray(part.columns), len(part.columns)
    scale = np.ones(len(part.weight)) if scaler.scale_ is None else scaler.scale_
    center = np.zeros(len(part.weight)) if scaler.mean_ is None else scaler.mean_
    weight = part.weight / scale
    found["impute"][columns] = imputer.statistics_
    found["center"][columns], found["weight"][columns] = center[:size], weight[:size]
    if imputer.indicator_ is not None:  # its columns follow the features, in the order of features_
        absent = columns[imputer.indicator_.features_]
        found["missing_weight"][absent] = weight[size:]
        found["missing_center"][absent] = center[size:]


def _fill_codes(found: dict[str, npt.NDArray[Any]], part: _Part) -> dict[str, npt.NDArray[Any]]:
    """Write weights of unknown codes into the places of their columns, and return the arrays of the known ones."""
    known, encoder, centre = (part.steps.named_steps[name] for name in CODE_STEPS)
    owner = np.repeat(part.columns, [len(values) for values in encoder.categories_])
    values = [
        column[np.nan_to_num(place).astype(np.intp)]
        for column, place in zip(known.categories_, encoder.categories_, strict=True)
    ]
    value = np.concatenate(values)
    missing = np.isnan(np.concatenate(encoder.categories_))
    found["missing_weight"][owner[missing]] = part.weight[missing]
    found["missing_center"][owner[missing]] = centre.mean_[missing]
    return {
        "category_feature": owner[~missing].astype(np.int32),
        "category_value": value[~missing].astype(np.float64),
        "category_weight": part.weight[~missing],
        "category_center": centre.mean_[~missing],
    }


def _refuse_other_steps(pipeline: Pipeline, expected: dict[str, type]) -> None:
    """Raise unless the pipeline is one that the arrays can hold."""
    found = {name: type(step) for name, step in pipeline.steps}
    if found != expected or list(found) != list(expected):
        have = ", ".join(f"{name} ({step.__name__})" for name, step in found.items())
        want = ", ".join(f"{name} ({step.__name__})" for name, step in expected.items())
        msg = f"The pipeline has the steps {have}; expected {want}."
        raise SpecError(msg)


def _refuse_other_imputer(imputer: Any) -> None:
    """Raise unless every column stays and what is filled in is NaN."""
    fills_nan = isinstance(imputer.missing_values, float) and np.isnan(imputer.missing_values)
    if not (imputer.keep_empty_features and fills_nan):
        msg = (
            "The step 'impute' drops empty features or fills something other than NaN; "
            "expected SimpleImputer(missing_values=nan, keep_empty_features=True)."
        )
        raise SpecError(msg)
