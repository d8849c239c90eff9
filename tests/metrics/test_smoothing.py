"""Local regression: straight data give straight curves, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare import metrics
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics import local_regression


def panel(seed, n=300):
    """Outcomes drawn from risks."""
    rng = np.random.default_rng(seed)
    p = rng.beta(1, 8, n)
    return (rng.random(n) < p).astype(int), p


@pytest.mark.parametrize("degree", [1, 2])
@given(seed=st.integers(0, 10_000), share=st.floats(0.2, 1.0))
def test_the_order_of_the_rows_moves_no_digit(degree, seed, share):
    y, p = panel(seed, 60)
    order = np.random.default_rng(seed).permutation(60)
    curve = local_regression(y, p, share=share, degree=degree)
    assert np.array_equal(curve[order], local_regression(y[order], p[order], share=share, degree=degree))


# Seen to fail with: weights of one for every row of the window (a step then pulls the curve half a window away).
def test_a_step_is_followed_where_the_window_is_narrow():
    p = np.linspace(0.01, 0.99, 400)
    curve = local_regression((p > 0.5).astype(int), p, share=0.1)
    assert curve[p < 0.4] == pytest.approx(0, abs=1e-9)
    assert curve[p > 0.6] == pytest.approx(1, abs=1e-9)


def test_equal_outcomes_give_a_flat_curve_and_one_risk_the_prevalence():
    _, p = panel(1)
    assert local_regression(np.ones(300), p, degree=2) == pytest.approx(np.ones(300))
    assert local_regression([0, 0, 0, 1], [0.2] * 4) == pytest.approx([0.25] * 4)


def test_bad_options_are_refused():
    for options in ({"share": 0}, {"share": 1.5}, {"degree": 3}):
        with pytest.raises(SpecError, match="share"):
            local_regression([0, 1], [0.1, 0.2], **options)


@given(seed=st.integers(0, 10_000))
def test_standard_error_of_the_brier_score_is_that_of_a_mean(seed):
    y, p = panel(seed, 50)
    distance = (y - p) ** 2
    assert metrics.brier_standard_error(y, p) == pytest.approx(distance.std(ddof=1) / np.sqrt(50))
    each = metrics.brier_standard_error(y, p, household=np.arange(50))
    assert each == metrics.brier_standard_error(y, p)
    # Every row twice, in one household: no more is known than before.
    twice = metrics.brier_standard_error(np.tile(y, 2), np.tile(p, 2), household=np.tile(np.arange(50), 2))
    assert twice == pytest.approx(each)
