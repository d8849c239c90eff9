"""Comparison with a reference cohort: interventional Shapley values by enumeration, from counts alone."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation import reference as reference_module
from edgeofcare.explanation.counting import count_means, count_reference, recentred
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.paths import path_form
from edgeofcare.explanation.reference import ReferenceCounts, pooled
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin
from edgeofcare.models.extraction import extract_arrays
from growing import grow_mixed, mixed_table, shapley


def drawn(arrays: TreeArrays | LinearArrays, row: np.ndarray, cohort: np.ndarray, known: frozenset[int]) -> float:
    """Return the mean margin when the known features are the child's and the others are the cohort's."""
    mixed = cohort.copy()
    mixed[:, sorted(known)] = row[sorted(known)]
    return float(margin(arrays, mixed).mean())


@settings(deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 5), st.integers(1, 3), st.integers(0, 6))
def test_contributions_are_interventional_shapley_values_by_enumeration(
    seed: int, features: int, trees: int, depth: int
) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow_mixed(rng, features=features, trees=trees, depth=depth, categories=(0, 2))
    X, cohort = mixed_table(rng, 3, features), mixed_table(rng, 9, features)
    counts = count_reference(arrays, cohort, least=1)
    phi, base = contributions(arrays, X, reference=counts)
    assert base == pytest.approx(margin(arrays, cohort).mean(), abs=1e-12)
    players = [[j] for j in range(features)]
    expected = [shapley(lambda known, row=row: drawn(arrays, row, cohort, known), players) for row in X]
    np.testing.assert_allclose(phi, expected, rtol=0, atol=1e-12)


@settings(deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_groups_are_compared_by_the_same_counts(seed: int, groups: list[int]) -> None:
    rng = np.random.default_rng(seed)
    arrays = grow_mixed(rng, features=5, trees=2, depth=6, categories=(1, 3))
    X, cohort = mixed_table(rng, 3, 5), mixed_table(rng, 9, 5)
    counts = count_reference(arrays, cohort, least=1)
    phi, base = contributions(arrays, X, groups=groups, reference=counts)
    assert base == pytest.approx(margin(arrays, cohort).mean(), abs=1e-12)
    players = [[j for j in range(5) if groups[j] == g] for g in range(max(groups) + 1)]
    expected = [shapley(lambda known, row=row: drawn(arrays, row, cohort, known), players) for row in X]
    np.testing.assert_allclose(phi, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("least", [1, 10])
def test_contributions_add_up_to_the_margin_of_scikit_learn(least: int) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 30)).round(2)  # two decimals, where single precision goes wrong
    X[rng.random(X.shape) < 0.1] = np.nan
    y = (np.nan_to_num(X[:, 0] * X[:, 1]) + np.nan_to_num(X[:, 2]) + rng.normal(size=1500) > 0).astype(int)
    model = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(X, y)
    arrays = extract_arrays(model)
    counts = count_reference(arrays, X[:800], least=least)
    assert counts.count.min() >= least
    phi, base = contributions(arrays, X, reference=counts)
    np.testing.assert_allclose(phi.sum(axis=1) + base, model.decision_function(X), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(contributions(arrays, X, reference=counts, compiled=True)[0], phi)
    means = phi[:800].mean(axis=0)
    if least == 1:  # the cohort does not differ from itself
        np.testing.assert_allclose(means, 0.0, atol=1e-12)
    else:
        exact, _ = contributions(arrays, X, reference=count_reference(arrays, X[:800], least=1))
        assert 0 < np.abs(phi - exact).max() < 0.5
        assert np.corrcoef(phi.ravel(), exact.ravel())[0, 1] > 0.98


def test_counts_hold_no_row_and_do_not_depend_on_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    arrays, X = grow_mixed(rng, features=6, trees=5, depth=6), mixed_table(rng, 200, 6)
    counts = count_reference(arrays, X, least=10)
    monkeypatch.setattr("edgeofcare.explanation.counting._BLOCK", 500)
    again = count_reference(arrays, X[::-1], least=10)
    for field in fields(ReferenceCounts):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(counts, field.name))
    totals = np.add.reduceat(counts.count, counts.first[:-1])
    assert set(totals.tolist()) == {200}
    assert repr(counts) == f"ReferenceCounts(200 rows, {len(totals)} leaves, least 10)"


@settings(deadline=None)
@given(st.lists(st.integers(0, 30), min_size=8, max_size=8).filter(any), st.integers(1, 20))
def test_pooling_keeps_every_row_and_leaves_no_rare_pattern(counts: list[int], least: int) -> None:
    before = np.array(counts)
    after = pooled(before, least)
    assert after.sum() == before.sum()
    assert set(np.flatnonzero(after)) <= set(np.flatnonzero(before))
    assert (after[after > 0] >= least).all() or len(after[after > 0]) == 1
    if before.max() >= least:
        assert (after[before >= least] >= before[before >= least]).all()


def test_rare_patterns_go_to_the_most_similar_then_the_most_frequent() -> None:
    assert pooled(np.array([0, 20, 30, 4, 0, 0, 0, 50]), 10).tolist() == [0, 20, 30, 0, 0, 0, 0, 54]
    assert pooled(np.array([30, 2, 0, 0, 0, 30]), 10).tolist() == [32, 0, 0, 0, 0, 30]
    assert pooled(np.array([3, 4, 2, 0]), 10).tolist() == [0, 9, 0, 0]
    numbers = np.arange(300)[:, None]
    assert reference_module._bits(numbers).tolist() == [[number.bit_count()] for number in range(300)]


def test_a_regression_is_compared_with_the_means_of_the_cohort() -> None:
    rng = np.random.default_rng(2)
    linear = LinearArrays(*rng.normal(size=(5, 4)), intercept=-2.0)
    X, cohort = mixed_table(rng, 20, 4), mixed_table(rng, 50, 4)
    phi, base = contributions(recentred(linear, count_means(cohort, least=1)), X)
    np.testing.assert_allclose(phi.sum(axis=1) + base, margin(linear, X), rtol=0, atol=1e-12)
    assert base == pytest.approx(margin(linear, cohort).mean())
    expected = shapley(lambda known: drawn(linear, X[0], cohort, known), [[j] for j in range(4)])
    np.testing.assert_allclose(phi[0], expected, rtol=0, atol=1e-12)
    with pytest.raises(SpecError, match="A reference of counts is for trees"):
        contributions(linear, X, reference=count_reference(grow_mixed(rng, features=1, trees=1, depth=0), X))


def test_what_cannot_be_counted_is_refused() -> None:
    rng = np.random.default_rng(3)
    arrays = grow_mixed(rng, features=3, trees=3, depth=4)
    with pytest.raises(SpecError, match=r"least is 0; .*the cohort has 0 children; expected 1 or more"):
        count_reference(arrays, np.empty((0, 3)), least=0)
    with pytest.raises(SpecError, match="the cohort has 9 children; expected 10 or more"):
        count_reference(arrays, np.zeros((9, 3)))
    deep = grow_mixed(np.random.default_rng(5), features=40, trees=6, depth=17)
    with pytest.raises(SpecError, match=r"a path looks at \d+ features; at most 14 can be tabulated"):
        count_reference(deep, np.zeros((20, 40)))


def test_counts_of_another_model_are_refused() -> None:
    rng = np.random.default_rng(4)
    arrays, other = (grow_mixed(rng, features=3, trees=3, depth=4) for _ in range(2))
    counts = count_reference(other, np.zeros((20, 3)))
    with pytest.raises(SpecError, match="counted for another model"):
        path_form(arrays, reference=counts)
    own = count_reference(arrays, np.zeros((20, 3)))
    with pytest.raises(SpecError, match="counted for another model"):
        path_form(arrays, reference=replace(own, pattern=own.pattern + 2**20))
