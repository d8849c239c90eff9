"""Extraction: the arrays say what scikit-learn says, and what they cannot hold is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from edgeofcare.exceptions import SpecError
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin, validate
from edgeofcare.models.extraction import check_extraction, extract_arrays

SOUND = 1e-12


def make_rows(seed: int, rows: int = 600) -> tuple[pd.DataFrame, np.ndarray]:
    """Return features that go wrong: gaps, a column that is all gaps, a constant, a count and a flag."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(rows, 4)).round(1), columns=["a", "b", "c", "d"])
    X["count"] = rng.poisson(0.7, size=rows).astype(float)
    X["flag"] = (rng.random(rows) < 0.1).astype(float)
    X["constant"] = 3.0
    X["empty"] = np.nan
    y = (X["a"] + X["count"] - X["b"] * X["c"] + rng.normal(size=rows) > 1).to_numpy().astype(int)
    for column, share in {"a": 0.2, "d": 0.6, "count": 0.05}.items():
        X.loc[rng.random(rows) < share, column] = np.nan
    return X, y


def make_boosting_rows(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the same with a constant for the column of gaps: some versions of scikit-learn cannot bin it."""
    X, y = make_rows(seed)
    return X.assign(empty=0.0), y


def make_pipeline(**options: Any) -> Pipeline:
    imputer = {"strategy": "median", "add_indicator": True, "keep_empty_features": True} | options
    return Pipeline(
        [("impute", SimpleImputer(**imputer)), ("scale", StandardScaler()), ("regress", LogisticRegression())]
    )


BOOSTING: dict[str, dict[str, Any]] = {
    "plain": {},
    "small trees": {"max_leaf_nodes": 6, "learning_rate": 0.05},
    "monotone": {"monotonic_cst": [1, -1, 0, 0, 1, 0, 0, 0]},
    "class weight": {"class_weight": "balanced"},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 2},
    "one stump": {"max_iter": 1, "max_depth": 1},
    "leaves only": {"max_iter": 2, "min_samples_leaf": 600},
}


@pytest.mark.parametrize("name", BOOSTING)
def test_boosting_is_reproduced(name: str) -> None:
    X, y = make_boosting_rows(0)
    weight = np.random.default_rng(1).uniform(0.2, 3, size=len(y))
    model = HistGradientBoostingClassifier(**{"max_iter": 30, "random_state": 0} | BOOSTING[name])
    model.fit(X, y, sample_weight=weight)
    arrays = extract_arrays(model)
    assert isinstance(arrays, TreeArrays)
    validate(arrays, X.shape[1])
    unseen, _ = make_rows(2)
    unseen.loc[::3, ["b", "flag", "constant"]] = np.nan  # columns without a gap in training
    unseen.loc[1::3, "empty"] = 1.0
    assert check_extraction(model, arrays, X) <= SOUND
    assert check_extraction(model, arrays, unseen) <= SOUND


def test_a_split_on_missing_alone_has_an_infinite_threshold() -> None:
    x = np.repeat([1.0, np.nan], 50)[:, None]
    arrays = extract_arrays(HistGradientBoostingClassifier(max_iter=1).fit(x, np.isnan(x[:, 0])))
    assert isinstance(arrays, TreeArrays)
    assert np.isposinf(arrays.threshold).any()
    low, high, absent = margin(arrays, np.array([[-np.inf], [np.inf], [np.nan]]))
    assert low == high < absent


def test_covers_count_rows_and_ignore_their_weights() -> None:
    X, y = make_boosting_rows(0)
    model = HistGradientBoostingClassifier(max_iter=3, early_stopping=False).fit(X, y, sample_weight=np.full(600, 2.5))
    arrays = extract_arrays(model)
    assert isinstance(arrays, TreeArrays)
    assert arrays.cover[arrays.tree_start[:-1]].tolist() == [600.0] * 3


@pytest.mark.parametrize("indicator", [True, False])
def test_logistic_regression_is_reproduced(indicator: bool) -> None:
    X, y = make_rows(0)
    model = make_pipeline(add_indicator=indicator).fit(X, y)
    arrays = extract_arrays(model)
    assert isinstance(arrays, LinearArrays)
    validate(arrays, X.shape[1])
    unseen, _ = make_rows(2)
    unseen.loc[::3, ["b", "flag", "constant"]] = np.nan
    unseen.loc[1::3, "empty"] = 1.0
    assert check_extraction(model, arrays, X) <= SOUND
    assert check_extraction(model, arrays, unseen) <= SOUND


def test_weights_of_absence_go_to_the_feature_that_was_absent() -> None:
    X, y = make_rows(0)
    arrays = extract_arrays(make_pipeline().fit(X, y))
    assert isinstance(arrays, LinearArrays)
    absent = X.isna().mean().to_numpy()
    np.testing.assert_allclose(arrays.missing_center, absent, atol=1e-15)
    assert set(np.flatnonzero(arrays.missing_weight)) <= set(np.flatnonzero(absent))
    assert arrays.missing_weight[X.columns.get_loc("d")] != 0
    np.testing.assert_allclose(arrays.impute, X.median().fillna(0.0))


def test_an_unscaled_pipeline_is_reproduced() -> None:
    X, y = make_rows(0)
    model = make_pipeline().set_params(scale=StandardScaler(with_mean=False, with_std=False)).fit(X, y)
    assert check_extraction(model, extract_arrays(model), X) <= SOUND


def test_the_check_sees_a_changed_leaf_and_takes_no_rows() -> None:
    X, y = make_boosting_rows(0)
    model = HistGradientBoostingClassifier(max_iter=2).fit(X, y)
    arrays = extract_arrays(model)
    assert isinstance(arrays, TreeArrays)
    arrays.value[arrays.feature < 0] += 0.25
    assert check_extraction(model, arrays, X) == pytest.approx(0.5)
    assert check_extraction(model, arrays, X.iloc[:0]) == 0.0


def test_three_classes_are_refused() -> None:
    X, _ = make_boosting_rows(0)
    y = np.arange(len(X)) % 3
    for model in (HistGradientBoostingClassifier(max_iter=2), make_pipeline()):
        with pytest.raises(SpecError, match="fitted on 3 classes; expected 2"):
            extract_arrays(model.fit(X, y))


def test_other_classifiers_and_steps_are_refused() -> None:
    X, y = make_rows(0)
    with pytest.raises(SpecError, match="A RandomForestClassifier cannot be turned into plain arrays"):
        extract_arrays(RandomForestClassifier())
    with pytest.raises(SpecError, match=r"scale \(MinMaxScaler\).*expected impute \(SimpleImputer\)"):
        extract_arrays(make_pipeline().set_params(scale=MinMaxScaler()).fit(X, y))
    with pytest.raises(SpecError, match="drops empty features"):
        extract_arrays(make_pipeline(keep_empty_features=False))
    with pytest.raises(SpecError, match="fills something other than NaN"):
        extract_arrays(make_pipeline(missing_values=-1))


@pytest.mark.parametrize("model", [HistGradientBoostingClassifier(), LogisticRegression()])
def test_unfitted_classifiers_are_refused(model: Any) -> None:
    if isinstance(model, LogisticRegression):
        model = make_pipeline()
    with pytest.raises(NotFittedError):
        extract_arrays(model)
