"""Groups of features as players: what must hold whatever the model is."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.paths import path_form
from edgeofcare.models.arrays import LinearArrays, margin
from edgeofcare.models.extraction import extract_arrays
from growing import grow_mixed, mixed_table


def test_a_feature_alone_in_its_group_is_itself() -> None:
    rng = np.random.default_rng(0)
    arrays, X = grow_mixed(rng, features=6, trees=8, depth=8), mixed_table(rng, 20, 6)
    alone, _ = contributions(arrays, X)
    np.testing.assert_array_equal(contributions(arrays, X, groups=np.arange(6))[0], alone)
    np.testing.assert_allclose(contributions(arrays, X, groups=np.arange(6)[::-1])[0], alone[:, ::-1], atol=1e-12)


def test_one_group_of_everything_gets_the_whole_difference() -> None:
    rng = np.random.default_rng(1)
    arrays, X = grow_mixed(rng, features=6, trees=8, depth=8), mixed_table(rng, 20, 6)
    phi, base = contributions(arrays, X, groups=np.zeros(6, dtype=int))
    np.testing.assert_allclose(phi[:, 0] + base, margin(arrays, X), rtol=0, atol=1e-12)


@pytest.mark.parametrize("compiled", [False, True])
def test_groups_add_up_and_differ_from_sums_of_features(compiled: bool) -> None:
    rng = np.random.default_rng(2)
    X = rng.normal(size=(1200, 20))
    X[rng.random(X.shape) < 0.1] = np.nan
    known = np.nan_to_num(X)
    y = (known[:, 0] * known[:, 5] + known[:, 1] + rng.normal(size=1200) > 0).astype(int)
    model = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(X, y)
    groups, arrays = np.arange(20) // 4, extract_arrays(model)
    phi, base = contributions(arrays, X, groups=groups, compiled=compiled)
    np.testing.assert_allclose(phi.sum(axis=1) + base, model.decision_function(X), rtol=0, atol=1e-9)
    features, _ = contributions(arrays, X)
    sums = np.add.reduceat(features, np.arange(0, 20, 4), axis=1)
    assert np.abs(phi - sums).max() > 1e-3  # an interaction inside a group is the group's own
    assert np.corrcoef(phi.ravel(), sums.ravel())[0, 1] > 0.95


def test_a_group_without_a_split_contributes_nothing() -> None:
    rng = np.random.default_rng(3)
    arrays, X = grow_mixed(rng, features=2, trees=3, depth=4), mixed_table(rng, 5, 4)
    phi, _ = contributions(arrays, X, groups=[2, 0, 1, 1])
    assert phi.shape == (5, 3)
    assert not phi[:, 1].any()


def test_groups_of_a_regression_are_sums_of_its_terms() -> None:
    weight, zero = np.array([1.0, -2.0, 0.5]), np.zeros(3)
    linear = LinearArrays(zero, zero, weight, zero, zero, intercept=-1.0)
    phi, base = contributions(linear, [[1.0, 1.0, 2.0]], groups=[1, 0, 1])
    assert (phi.tolist(), base) == ([[-2.0, 2.0]], -1.0)


@pytest.mark.parametrize("groups", [[0, 1], [0, 1, -1], [0.0, 1.0, 2.0], [[0, 1, 2]]])
def test_groups_that_do_not_fit_are_refused(groups: list) -> None:
    rng = np.random.default_rng(4)
    arrays = grow_mixed(rng, features=3, trees=20, depth=4)
    zero = np.zeros(3)
    for model in (arrays, LinearArrays(zero, zero, zero, zero, zero, intercept=0.0)):
        with pytest.raises(
            SpecError, match=r"groups has shape .*; expected one whole number, 0 or more, for each of 3"
        ):
            contributions(model, np.zeros((1, 3)), groups=groups)
    with pytest.raises(SpecError, match="groups or a reference were given with a PathForm"):
        contributions(path_form(arrays), np.zeros((1, 3)), groups=[0, 1, 2])
