"""Contributions of models with categories: scikit-learn's own margin, and Shapley values by enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.paths import path_form
from edgeofcare.models.averaging import average_arrays
from edgeofcare.models.extraction import extract_arrays
from growing import grow_mixed, mixed_table, shapley, weighed


def make_rows(seed: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers around two columns of categories, with gaps everywhere."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 8)).round(2)
    X[:, 2], X[:, 5] = rng.integers(0, 90, rows), rng.choice([3.0, 40.0, -7.0], rows)
    X[rng.random(X.shape) < 0.1] = np.nan
    known = np.nan_to_num(X)
    y = np.sin(known[:, 2]) + known[:, 0] - known[:, 1] * (known[:, 5] == 40) + rng.normal(size=rows) > 0.3
    return X, y.astype(int)


@pytest.fixture(scope="module")
def models() -> list[HistGradientBoostingClassifier]:
    """Models with categories, a constraint and weights, each of other rows."""
    fitted = []
    for seed in range(3):
        X, y = make_rows(seed, 1500)
        constraints = [1, -1, 0, 0, 0, 0, 0, 0]
        model = HistGradientBoostingClassifier(
            max_iter=40, categorical_features=[5, 2], monotonic_cst=constraints, random_state=seed
        )
        fitted.append(model.fit(X, y, sample_weight=np.random.default_rng(seed).uniform(0.2, 3, len(y))))
    return fitted


@pytest.mark.parametrize("compiled", [False, True])
def test_contributions_add_up_to_predict_proba_of_scikit_learn(
    models: list[HistGradientBoostingClassifier], compiled: bool
) -> None:
    X, _ = make_rows(9, 5000)
    X[::7, 2], X[1::7, 5] = 1e6, 0.0  # categories that nobody knew
    for model in models:
        phi, base = contributions(extract_arrays(model), X, compiled=compiled)
        risk = model.predict_proba(X)[:, 1]
        np.testing.assert_allclose(phi.sum(axis=1) + base, np.log(risk / (1 - risk)), rtol=0, atol=1e-9)


def test_contributions_of_averaged_margins_are_the_means_of_those_of_the_members(
    models: list[HistGradientBoostingClassifier],
) -> None:
    X, _ = make_rows(9, 5000)
    parts = [extract_arrays(model) for model in models]
    forest = average_arrays(parts)
    phi, base = contributions(forest, X)
    each = [contributions(part, X) for part in parts]
    np.testing.assert_allclose(phi, np.mean([one for one, _ in each], axis=0), rtol=0, atol=1e-12)
    assert base == pytest.approx(np.mean([one for _, one in each]), abs=1e-12)
    margins = np.mean([model.decision_function(X) for model in models], axis=0)
    np.testing.assert_allclose(phi.sum(axis=1) + base, margins, rtol=0, atol=1e-9)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 4), st.integers(1, 3), st.integers(0, 5))
def test_contributions_are_the_shapley_values_by_enumeration(seed: int, features: int, trees: int, depth: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow_mixed(rng, features=features, trees=trees, depth=depth, categories=(0, 2))
    X = mixed_table(rng, 3, features)
    phi, base = contributions(arrays, X)
    assert base == pytest.approx(weighed(arrays, X[0], frozenset()), abs=1e-12)
    expected = [
        shapley(lambda known, row=row: weighed(arrays, row, known), [[j] for j in range(features)]) for row in X
    ]
    np.testing.assert_allclose(phi, expected, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 2), min_size=5, max_size=5), st.integers(0, 6))
def test_contributions_of_groups_are_the_shapley_values_of_their_game(seed: int, groups: list[int], depth: int) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow_mixed(rng, features=5, trees=2, depth=depth, categories=(1, 3))
    X = mixed_table(rng, 3, 5)
    form = path_form(arrays, groups=groups)
    phi, base = contributions(form, X)
    assert phi.shape == (3, max(groups) + 1)
    assert base == pytest.approx(contributions(arrays, X)[1], abs=1e-12)
    players = [[j for j in range(5) if groups[j] == g] for g in range(max(groups) + 1)]
    expected = [shapley(lambda known, row=row: weighed(arrays, row, known), players) for row in X]
    np.testing.assert_allclose(phi, expected, rtol=0, atol=1e-12)
