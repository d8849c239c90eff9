"""How far a score has moved: by hand, against its null, and what must hold of any shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare import metrics
from edgeofcare.exceptions import SpecError

SHARES = st.lists(st.integers(1, 50), min_size=2, max_size=8)


def test_two_shares_by_hand():
    expected = 0.2 * np.log(0.7 / 0.5) + -0.2 * np.log(0.3 / 0.5)
    assert metrics.population_stability_index([0.5, 0.5], [0.7, 0.3]) == pytest.approx(expected)
    assert metrics.population_stability_index([50, 50], [7, 3]) == pytest.approx(expected)


@settings(max_examples=50, deadline=None)
@given(SHARES, st.randoms(use_true_random=False))
def test_symmetric_positive_and_zero_only_where_nothing_moved(shares, random):
    moved = random.sample(shares, len(shares))
    index = metrics.population_stability_index(shares, moved)
    assert index == pytest.approx(metrics.population_stability_index(moved, shares))
    assert (index > 1e-12) == (moved != shares)


def test_a_score_in_ten_bins_and_with_few_levels():
    rng = np.random.default_rng(0)
    then, now = rng.uniform(size=10_000), rng.uniform(size=8_000) ** 2
    bins = [np.histogram(each, np.linspace(0, 1, 11))[0] for each in (then, now)]
    ours = metrics.score_stability_index(then, now)
    assert ours == pytest.approx(metrics.population_stability_index(*bins), rel=0.03)
    order = rng.permutation(then.size)
    assert metrics.score_stability_index(then[order], np.exp(now)) == metrics.score_stability_index(then, np.exp(now))
    levels = metrics.score_stability_index([0, 0, 0, 1], [0, 1, 1, 1])
    assert levels == pytest.approx(metrics.population_stability_index([3.5, 1.5, 0.5], [1.5, 3.5, 0.5]))
    assert 0 < metrics.score_stability_index([1, 2, 3, 4], [9, 9, 9, 9]) < np.inf


def test_the_null_of_independent_rows_is_that_of_theory():
    rng = np.random.default_rng(1)
    then, now = rng.normal(size=2000), rng.normal(size=1000)
    null = metrics.stability_null(then, now, np.arange(2000), np.arange(1000), quantile=0.5, n_resamples=400)
    # The median of a chi-squared with 9 degrees of freedom is 8.34.
    assert null == pytest.approx(8.34 * (1 / 2000 + 1 / 1000), rel=0.12)


def test_the_null_holds_for_panels_with_repeated_rows():
    rng = np.random.default_rng(2)
    above = 0
    for i in range(60):
        then, now = (rng.normal(size=150).repeat(6) + rng.normal(0, 0.2, 900) for _ in range(2))
        home = np.arange(150).repeat(6)
        above += metrics.score_stability_index(then, now) > metrics.stability_null(
            then, now, home, home, n_resamples=100, random_state=i
        )
    assert above <= 9


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.population_stability_index([1, 0], [1, 1]), "expected has 1"),
        (lambda: metrics.population_stability_index([1, 2], [1, np.nan]), "actual has 1"),
        (lambda: metrics.population_stability_index([1, 2], [1]), "lengths differ"),
        (lambda: metrics.score_stability_index([1, 2], [1], n_bins=1), "at least 2"),
        (lambda: metrics.score_stability_index([1, np.nan], [1]), "finite"),
        (lambda: metrics.stability_null([1, 2], [1], ["a"], ["b"]), "household_reference"),
    ],
)
def test_bad_arguments_are_named(call, words):
    with pytest.raises(SpecError, match=words):
        call()
