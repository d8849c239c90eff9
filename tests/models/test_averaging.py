"""One forest from several: its margin is the mean of theirs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from edgeofcare.exceptions import SpecError
from edgeofcare.models.arrays import TreeArrays, margin, validate
from edgeofcare.models.averaging import average_arrays
from edgeofcare.models.extraction import extract_arrays
from growing import grow_mixed, mixed_table


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_the_margin_is_the_mean_of_the_margins(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    models = [grow_mixed(rng, features=4, trees=int(rng.integers(1, 4)), depth=4) for _ in range(count)]
    X = mixed_table(rng, 20, 4)
    forest = average_arrays(models)
    validate(forest, 4)
    mean = np.mean([margin(model, X) for model in models], axis=0)
    np.testing.assert_allclose(margin(forest, X), mean, rtol=0, atol=1e-12)


def test_models_that_know_other_categories_average_to_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 30, 900) * 3.0, rng.normal(size=900)])
    X[rng.random(900) < 0.1] = np.nan
    y = (np.sin(X[:, 0]) + X[:, 1] > 0.2).astype(int)
    fitted = []
    for fold in range(3):  # each fold lacks categories that the others know
        rows = X[:, 0] % 9 != 3 * fold
        model = HistGradientBoostingClassifier(max_iter=10, min_samples_leaf=5, categorical_features=[0])
        fitted.append(model.fit(X[rows], y[rows]))
    forest = average_arrays([extract_arrays(model) for model in fitted])
    validate(forest, 2)
    assert len(forest.category_value) == 30
    mean = np.mean([model.decision_function(X) for model in fitted], axis=0)
    np.testing.assert_allclose(margin(forest, X), mean, rtol=0, atol=1e-12)


def test_one_model_averages_to_itself() -> None:
    rng = np.random.default_rng(1)
    one = grow_mixed(rng, features=3, trees=5, depth=5)
    X = mixed_table(rng, 20, 3)
    assert margin(average_arrays([one]), X).tolist() == margin(one, X).tolist()


def test_no_models_and_mixed_columns_are_refused() -> None:
    with pytest.raises(SpecError, match="no model to average"):
        average_arrays([])
    rng = np.random.default_rng(2)
    mixed = grow_mixed(rng, features=1, trees=3, depth=3)
    empty: dict[str, np.ndarray] = {
        name: getattr(mixed, name)[:0] for name in TreeArrays.__annotations__ if name.startswith("category")
    }
    with pytest.raises(SpecError, match=r"1 column.* hold categories in some of the models and numbers in others"):
        average_arrays([mixed, replace(mixed, **empty)])
