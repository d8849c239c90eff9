"""Random-effects pooling: by hand, and by what it must do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from edgeofcare.evaluation._inputs import score_rows
from edgeofcare.evaluation.splits.pooling import pool_estimates, transformed_auroc, transformed_ratio
from edgeofcare.metrics.bootstrap import household_bootstrap
from evaluation.panels import Stub, make_panel


def test_a_mean_by_hand():
    """Weights 4, 1, 1: mean .5; Q = 4*.25 + 2.25 + .25 = 3.5; tau^2 = (3.5 - 2) / (6 - 18/6) = .5."""
    pooled = pool_estimates(np.array([0.0, 2.0, 1.0]), np.array([0.5, 1.0, 1.0]))
    weights = np.array([1 / 0.75, 1 / 1.5, 1 / 1.5])
    mean, error = (weights * [0, 2, 1]).sum() / weights.sum(), weights.sum() ** -0.5
    assert pooled.tau**2 == pytest.approx(0.5)
    assert pooled.i_squared == pytest.approx(1.5 / 3.5)
    assert pooled.mean == pytest.approx(mean)
    assert (pooled.low, pooled.high) == pytest.approx((mean - 1.959964 * error, mean + 1.959964 * error))
    reach = t.ppf(0.975, 1) * np.sqrt(0.5 + error**2)
    assert (pooled.prediction_low, pooled.prediction_high) == pytest.approx((mean - reach, mean + reach))


def test_what_cannot_be_pooled_is_nan():
    assert np.isnan(pool_estimates(np.empty(0), np.empty(0))).all()
    two = pool_estimates(np.array([0.1, 0.3]), np.array([0.1, 0.1]))
    assert np.isnan([two.prediction_low, two.prediction_high]).all()
    assert two.mean == pytest.approx(0.2)


@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=3, max_size=8),
    st.floats(-2, 2),
    st.randoms(use_true_random=False),
)
def test_a_shift_moves_the_mean_alone_and_order_changes_nothing(found, shift, random):
    x, s = np.array(found).T
    pooled = pool_estimates(x, s)
    moved = pool_estimates(x + shift, s)
    assert np.array(moved[:5]) == pytest.approx(np.array(pooled[:5]) + shift, abs=1e-6)
    assert moved[5:] == pytest.approx(pooled[5:], abs=1e-6)
    random.shuffle(found)
    assert pool_estimates(*np.array(found).T) == pooled
    assert x.min() - 1e-9 <= pooled.mean <= x.max() + 1e-9
    assert pooled.prediction_low <= pooled.low <= pooled.mean


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 100))
def test_standard_errors_are_those_of_resampled_households(seed):
    X, y, _ = make_panel(400, seed)
    rows = score_rows(Stub(margin="lp"), X, y)
    drawn = household_bootstrap(
        rows.y, rows.risk["model"], rows.household, measures=["auroc", "observed_expected_ratio"],
        score=rows.score["model"], n_resamples=400, random_state=0,
    ).samples["model"]  # fmt: skip
    area, ratio = drawn["auroc"], drawn["observed_expected_ratio"]
    for (middle, error), samples in (
        (transformed_auroc(rows), np.log(area / (1 - area))),
        (transformed_ratio(rows), np.log(ratio)),
    ):
        assert error == pytest.approx(samples.std(), rel=0.15)
        assert abs(middle - samples.mean()) < error / 2


# Seen to fail with: influences squared row by row.
def test_a_twin_for_every_child_tells_nothing_new():
    """The same rows once more in the same households: standard errors stay, where those of rows would shrink."""
    X, y, _ = make_panel(60, 2)
    twins = pd.MultiIndex.from_tuples([(h, f"{c}-twin", day) for h, c, day in X.index], names=X.index.names)
    both = pd.concat([X, X.set_axis(twins)]), pd.concat([y, y.set_axis(twins)])
    one, two = (score_rows(Stub(margin="lp"), *frames) for frames in ((X, y), both))
    assert transformed_ratio(two) == pytest.approx(transformed_ratio(one), rel=1e-9)
    assert transformed_auroc(two) == pytest.approx(transformed_auroc(one), rel=1e-9)


def test_no_ratio_and_no_area_without_both_outcomes():
    X, y, _ = make_panel(30, 0)
    none = score_rows(Stub(), X, y * 0)
    assert np.isnan(transformed_ratio(none)).all()
    assert np.isnan(transformed_auroc(none)).all()
