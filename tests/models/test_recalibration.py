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
from edgeofcare.models.recalibration import (
    LEAST_SLOPE,
    Recalibration,
    calibration_folds,
    fit_recalibration,
    forward_folds,
    household_folds,
)
from edgeofcare.models.rows import RowGroups


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


def panel(days, per_day=100, every=3):
    """One child a household, seen on every day; each third child enters care."""
    child = np.tile(np.arange(per_day), len(days))
    day = np.repeat(days, per_day)
    return RowGroups(child, child, day), child % every == 0


def test_forward_folds_as_a_picture():
    r"""Ten dates, a window of two: the last four calibrate in two blocks.

    date   0  1  2  3  4  5  6  7  8  9
    fold 1 T  T  T  T  T  .  C  C
    fold 2 T  T  T  T  T  T  T  .  C  C
    """
    groups, y = panel(np.arange(10) * 100)
    folds = forward_folds(groups, y, span_days=200)
    dates = [[sorted(set(groups.day[rows] // 100)) for rows in fold] for fold in folds]
    assert dates == [[[0, 1, 2, 3, 4], [6, 7]], [[0, 1, 2, 3, 4, 5, 6], [8, 9]]]


@given(st.lists(st.integers(0, 3000), min_size=3, max_size=30, unique=True), st.integers(0, 1500))
def test_no_training_window_reaches_its_block(days, span):
    groups, y = panel(np.array(days))
    scored = np.zeros(len(y), dtype=int)
    for train, test in forward_folds(groups, y, span_days=span):
        assert (groups.day[train] + span).max() <= groups.day[test].min()
        assert np.unique(groups.child[train][y[train]]).size >= 30
        scored[test] += 1
    assert scored.max() <= 1


@pytest.mark.parametrize(("per_day", "every", "made"), [(90, 3, 2), (87, 3, 0), (300, 10, 2), (290, 10, 0)])
def test_forward_folds_need_thirty_children_not_rows(per_day, every, made):
    groups, y = panel(np.arange(10) * 100, per_day=per_day, every=every)
    assert len(forward_folds(groups, y, span_days=200)) == made


def test_forward_folds_need_twenty_children_to_calibrate_on():
    groups, y = panel(np.arange(10) * 100)
    late = groups.day >= 600
    assert forward_folds(groups, y & ~(late & (groups.child >= 57)), span_days=200) == []
    assert len(forward_folds(groups, y & ~(late & (groups.child >= 58)), span_days=200)) == 2


@given(
    st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=80),
    st.integers(2, 6),
    st.integers(0, 99),
)
def test_a_household_is_never_on_both_sides(rows, n_folds, seed):
    household, y = (np.array(column) for column in zip(*rows, strict=True))
    folds = household_folds(household, y, n_folds=n_folds, rng=np.random.RandomState(seed))
    for train, test in folds:
        assert not set(household[train]) & set(household[test])
        assert 0 < y[train].sum() < len(train)
    if folds:
        assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(y)))
        assert len(folds) <= n_folds


def test_entrants_are_dealt_evenly():
    household, y = np.arange(100), np.arange(100) < 10
    folds = household_folds(household, y, n_folds=5, rng=np.random.RandomState(0))
    assert [(int(y[test].sum()), len(test)) for _, test in folds] == [(2, 20)] * 5
    again = household_folds(household, y, n_folds=5, rng=np.random.RandomState(0))
    other = household_folds(household, y, n_folds=5, rng=np.random.RandomState(1))
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))
    assert any((a[1] != b[1]).any() for a, b in zip(folds, other, strict=True))


@pytest.mark.parametrize(
    ("span", "per_day", "every", "source"),
    [
        (200, 100, 3, "forward"),
        (None, 100, 3, "household folds"),
        (2000, 100, 3, "household folds"),
        (200, 3, 3, "no folds"),
    ],
)
def test_time_is_respected_when_it_can_be(span, per_day, every, source):
    groups, y = panel(np.arange(10) * 100, per_day=per_day, every=every)
    found, folds = calibration_folds(groups, y, span_days=span, n_folds=4, rng=np.random.RandomState(0))
    assert found == source
    assert len(folds) == {"forward": 2, "household folds": 4, "no folds": 0}[source]


def test_scoring_needs_numpy_alone():
    code = (
        "import sys, edgeofcare.models.recalibration; "
        "sys.exit(any(name in sys.modules for name in ('pandas', 'sklearn', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
