"""Rates of teams and periods, and the ratio, against a regression that is fitted elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import PoissonRegressor

from edgeofcare.tracking.rollout.rates import (
    expected_entries,
    order_scores,
    rate_ratio,
    team_and_period,
    within_period_ratio,
)


def _tables(seed, teams=6, periods=5, ratio=0.6):
    """Entries, time and exposure of one roll-out."""
    rng = np.random.default_rng(seed)
    time = rng.uniform(50, 300, (teams, periods))
    exposed = (np.arange(periods) >= rng.integers(1, periods, teams)[:, None]).astype(float)
    rate = 0.1 * rng.uniform(0.5, 2, (teams, 1)) * rng.uniform(0.7, 1.4, periods) * ratio**exposed
    return rng.poisson(rate * time).astype(float), time, exposed


@pytest.mark.parametrize("seed", range(5))
def test_ratio_equals_a_poisson_regression_on_teams_and_periods(seed):
    entries, time, exposed = _tables(seed)
    columns = np.column_stack([team_and_period(*entries.shape)[:, 1:], exposed.ravel()])
    fitted = PoissonRegressor(alpha=0, tol=1e-10, max_iter=5000, solver="newton-cholesky")
    fitted.fit(columns, (entries / time).ravel(), sample_weight=time.ravel())
    assert rate_ratio(entries, time, exposed) == pytest.approx(np.exp(fitted.coef_[-1]), rel=1e-5)


@given(st.integers(0, 10_000))
def test_expected_entries_have_the_sums_of_those_observed(seed):
    entries, time, _ = _tables(seed)
    entries[0] = 0  # a team without an entry
    expected = expected_entries(entries, time)
    assert expected.sum(axis=0) == pytest.approx(entries.sum(axis=0), rel=1e-6)
    assert expected.sum(axis=1) == pytest.approx(entries.sum(axis=1), rel=1e-6, abs=1e-9)


@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_ratio_knows_neither_the_unit_of_time_nor_the_names_of_teams(seed, unit):
    entries, time, exposed = _tables(seed)
    order = np.random.default_rng(seed).permutation(len(entries))
    assert rate_ratio(entries[order], unit * time[order], exposed[order]) == pytest.approx(
        rate_ratio(entries, time, exposed), rel=1e-6
    )


def test_without_noise_the_planted_ratio_is_found_whatever_the_levels():
    _, time, exposed = _tables(3)
    level = np.linspace(1, 4, 6)[:, None] * np.array([1.0, 0.5, 2.0, 1.5, 0.1])
    entries = time * level * 0.37**exposed
    assert rate_ratio(entries, time, exposed) == pytest.approx(0.37)


def test_many_tables_at_once_equal_one_after_the_other():
    tables = [_tables(seed) for seed in range(4)]
    exposed = tables[0][2]
    entries, time = (np.stack([table[part] for table in tables]) for part in (0, 1))
    single = [float(rate_ratio(one, of, exposed)) for one, of in zip(entries, time, strict=True)]
    assert rate_ratio(entries, time, exposed) == pytest.approx(single, rel=1e-6)


def test_a_team_without_an_entry_says_nothing():
    entries, time, exposed = _tables(1)
    entries[2] = 0
    left = np.delete(np.arange(6), 2)
    assert rate_ratio(entries, time, exposed) == pytest.approx(
        rate_ratio(entries[left], time[left], exposed[left]), rel=1e-5
    )


def test_no_entry_on_one_side_gives_no_ratio():
    entries, time, exposed = _tables(1)
    assert np.isnan(rate_ratio(entries * exposed, time, exposed))
    assert np.isnan(rate_ratio(entries * (1 - exposed), time, exposed))


def test_within_period_ratio_by_hand():
    entries = np.array([[4.0, 2.0], [6.0, 8.0]])
    time = np.array([[100.0, 50.0], [200.0, 100.0]])
    exposed = np.array([[0.0, 1.0], [0.0, 0.0]])
    # Only the second period compares: 2 in 50 against 8 in 100.
    assert within_period_ratio(entries, time, exposed) == pytest.approx(0.5)


def test_the_score_at_the_estimate_is_nought_and_its_information_that_of_the_regression():
    entries, time, exposed = _tables(2)
    ratio = rate_ratio(entries, time, exposed)
    expected = expected_entries(entries, time * ratio**exposed)
    found = order_scores(entries, expected, exposed[None])
    assert found.excess == pytest.approx([0], abs=1e-6)
    columns = np.column_stack([team_and_period(*entries.shape), exposed.ravel()])
    inverse = np.linalg.inv(columns.T @ (expected.ravel()[:, None] * columns))
    assert found.information == pytest.approx([1 / inverse[-1, -1]], rel=1e-6)


def test_an_order_that_compares_nothing_has_a_score_of_nought():
    entries, time, _ = _tables(2)
    found = order_scores(entries, expected_entries(entries, time), np.ones((1, *entries.shape)))
    assert found.standardised.tolist() == [0.0]
