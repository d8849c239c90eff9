from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from edgeofcare.exceptions import SpecError
from edgeofcare.models.recalibration import LEAST_SLOPE, Recalibration, fit_recalibration


def two_points(n_children, rates=(0.2, 0.5)):
    """Margins 0 and 1, 1,000 rows each; with rates .2 and .5 the maximum likelihood slope is logit .5 - logit .2."""
    margin = np.repeat([0.0, 1.0], 1000)
    y = np.concatenate([np.arange(1000) < 1000 * rate for rate in rates])
    child = np.arange(2000) + n_children
    child[y] = np.arange(y.sum()) % n_children
    return margin, y, child


@pytest.mark.parametrize(
    ("n_children", "share", "method"),
    [
        (2, 0.02, "forward, slope shrunk"),
        (50, 0.5, "forward, slope shrunk"),
        (99, 0.99, "forward, slope shrunk"),
        (100, 1.0, "forward"),
        (700, 1.0, "forward"),
    ],
)
def test_slope_is_shrunk_by_the_number_of_children_not_rows(n_children, share, method):
    margin, y, child = two_points(n_children)
    line = fit_recalibration(margin, y, child=child, source="forward")
    assert line.slope == pytest.approx(1 + share * (math.log(4) - 1), abs=1e-9)
    assert (line.method, line.n_entrants, line.n_rows) == (method, n_children, 2000)


def test_without_children_every_row_is_one():
    margin, y, _ = two_points(1)
    assert fit_recalibration(margin, y).n_entrants == 700
    assert fit_recalibration(margin, y).method == "slope"


def test_full_slope_is_that_of_logistic_regression():
    rng = np.random.default_rng(1)
    margin = rng.normal(-3, 1.5, 4000)
    y = rng.random(4000) < 1 / (1 + np.exp(1 - 0.6 * margin))
    line = fit_recalibration(margin, y)
    oracle = LogisticRegression(C=np.inf, tol=1e-10, solver="newton-cholesky").fit(margin[:, None], y)
    assert line.slope == pytest.approx(oracle.coef_[0, 0], rel=1e-7)
    assert line.intercept == pytest.approx(oracle.intercept_[0], rel=1e-7)


margins = st.lists(st.tuples(st.floats(-30, 30), st.booleans(), st.integers(0, 150)), min_size=2, max_size=60)


@given(margins)
def test_calibration_in_the_large_is_exact_on_the_calibration_rows(rows):
    margin, y, child = (np.array(column) for column in zip(*rows, strict=True))
    assume(y.any() and not y.all())
    line = fit_recalibration(margin, y, child=child)
    assert line.slope >= LEAST_SLOPE
    assert line.risk(margin).mean() == pytest.approx(y.mean(), abs=1e-9)


@given(margins, st.randoms())
def test_the_line_does_not_depend_on_the_order_of_rows(rows, random):
    shuffled = random.sample(rows, len(rows))
    lines = [
        fit_recalibration(*(np.array(column) for column in list(zip(*order, strict=True))[:2]))
        for order in (rows, shuffled)
    ]
    assert lines[0] == lines[1]


@given(st.floats(-1e3, 1e3), st.floats(0.05, 5), st.floats(-5, 5))
def test_risk_is_never_0_or_1_and_log_odds_stay_a_line(margin, slope, intercept):
    line = Recalibration(slope, intercept, "forward", 100, 1000)
    assert 0 < line.risk(np.array([margin]))[0] < 1
    assert 0 < 1 - line.risk(np.array([margin]))[0] < 1
    assert line.log_odds(np.array([margin]))[0] == slope * margin + intercept


def test_a_slope_without_signal_is_floored():
    margin, y, child = two_points(700, rates=(0.5, 0.2))
    line = fit_recalibration(margin, y, child=child, source="household folds")
    assert line.slope == LEAST_SLOPE
    assert line.method == "household folds, floored"
    assert line.risk(margin).mean() == pytest.approx(0.35, abs=1e-12)


@pytest.mark.parametrize(
    ("margin", "y", "slope", "method"),
    [
        ([0.0, 1.0, 2.0, 3.0], [0, 0, 1, 1], 1.0, "forward, intercept"),
        ([0.0, 1.0, 1.0, 3.0], [0, 0, 1, 1], 1.0, "forward, intercept"),
        ([5.0, 5.0, 5.0, 5.0], [0, 0, 1, 1], 1.0, "forward, intercept"),
        ([0.0, 1.0, 2.0, 3.0], [0, 1, 0, 0], 1.0, "forward, intercept"),
        ([0.0, 1.0, 2.0, 3.0], [1, 1, 0, 0], 0.98, "forward, slope shrunk"),
        ([0.0, 1.0, 2.0, 3.0], [0, 0, 0, 0], 1.0, "forward, none"),
        ([0.0, 1.0, 2.0, 3.0], [1, 1, 1, 1], 1.0, "forward, none"),
    ],
)
def test_separated_constant_and_empty_evidence(margin, y, slope, method):
    line = fit_recalibration(np.array(margin), np.array(y), source="forward")
    assert (line.slope, line.method) == (pytest.approx(slope), method)
    if 0 < sum(y) < 4:
        assert line.risk(np.array(margin)).mean() == pytest.approx(np.mean(y), abs=1e-12)
    else:
        assert line.intercept == 0


def test_wrong_lengths_and_infinite_margins_are_refused():
    with pytest.raises(SpecError, match="one length"):
        fit_recalibration(np.zeros(3), np.zeros(2))
    with pytest.raises(SpecError, match="1 of 2 margins"):
        fit_recalibration(np.array([0.0, np.inf]), np.array([0, 1]))


@pytest.mark.parametrize(("slope", "intercept"), [(0.0, 0.0), (-1.0, 0.0), (np.nan, 0.0), (1.0, np.inf)])
def test_a_line_that_turns_reasons_round_is_refused(slope, intercept):
    with pytest.raises(SpecError, match="slope above zero"):
        Recalibration(slope, intercept, "", 0, 0)


def test_scoring_needs_numpy_alone():
    code = (
        "import sys, edgeofcare.models.recalibration; "
        "sys.exit(any(name in sys.modules for name in ('pandas', 'sklearn', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_level_is_that_of_the_rows_it_is_taken_from():
    """Risk doubles in the second half: the slope comes from all rows, the level from the second half alone."""
    margin = np.tile(np.repeat([-1.0, 1.0], 500), 2)
    y = np.concatenate([np.arange(500) < 500 * rate for rate in (0.1, 0.2, 0.2, 0.4)])
    late = np.arange(2000) >= 1000
    line, whole = fit_recalibration(margin, y, level=late), fit_recalibration(margin, y)
    assert line.slope == whole.slope
    assert line.risk(margin[late]).mean() == pytest.approx(0.3, abs=1e-9)
    assert whole.risk(margin).mean() == pytest.approx(0.225, abs=1e-9)
