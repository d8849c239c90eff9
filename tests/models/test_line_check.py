"""The line of calibration is compared with simpler ones on later index dates, and is not changed by it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.models.calibration_history import LineCheck
from edgeofcare.models.line_check import check_lines, clearly_better
from edgeofcare.models.recalibration import RULES, fit_recalibration
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.models.rows import RowGroups
from edgeofcare.task import Task


def expit(z):
    return 1 / (1 + np.exp(-z))


def panel(n_days=8, each=500, slope=1.0, late_shift=0.0, seed=0):
    """Children of one row, of whom two make a household; the last quarter of days may have another level."""
    rng = np.random.default_rng(seed)
    n = n_days * each
    day = np.repeat(np.arange(n_days) * 91, each)
    margin = rng.normal(-2, 1, n)
    y = rng.random(n) < expit(slope * margin + late_shift * (day >= (n_days * 3 // 4) * 91))
    return margin, y, RowGroups(np.arange(n) // 2, np.arange(n), day)


# Seen to fail with: lines fitted on all rows; a larger share of entrants in the late ones.
def test_log_losses_are_those_of_lines_fitted_on_earlier_days_alone():
    margin, y, groups = panel()
    checks = check_lines(margin, y, groups, rule="slope")
    ends = [groups.day >= day for day in np.unique(groups.day)[::-1]]
    late = next(rows for rows in ends if y[rows].sum() >= y.sum() / 4)
    assert [check.rule for check in checks] == ["slope", "none", "level"]
    line = fit_recalibration(
        margin[~late], y[~late], level=groups.day[~late] >= last_hundred(groups.day[~late], y[~late])
    )
    p = expit(line.slope * margin[late] + line.intercept)
    loss = -np.log(np.where(y[late], p, 1 - p))
    raw = -np.log(np.where(y[late], expit(margin[late]), 1 - expit(margin[late])))
    assert checks[0].log_loss == pytest.approx(loss.mean(), rel=1e-12)
    assert checks[1].log_loss == pytest.approx(raw.mean(), rel=1e-12)
    assert checks[1].gain == pytest.approx((loss - raw).mean(), rel=1e-9)
    pairs = (loss - raw).reshape(-1, 2).sum(axis=1) / 2  # households of two rows
    assert checks[1].standard_error == pytest.approx(pairs.std(ddof=1) / np.sqrt(len(pairs)), rel=1e-9)


def last_hundred(day, y):
    """First of the last days that hold 100 entrants."""
    return next(first for first in np.unique(day)[::-1] if y[day >= first].sum() >= 100)


# Seen to fail with: no purge.
def test_rows_whose_window_reaches_into_the_last_days_are_not_fitted_on():
    """50 enter on each of 8 dates, so the last two hold a quarter; a window of 200 days bars the two before them."""
    margin, _, groups = panel()
    y = np.argsort(np.argsort(np.random.default_rng(1).random((8, 500)) - margin.reshape(8, 500) / 5, axis=1), axis=1)
    y = (y < 50).reshape(-1)
    keep = ~np.isin(groups.day, [4 * 91, 5 * 91])
    purged = check_lines(margin, y, groups, rule="slope", window_days=200)
    without = check_lines(margin[keep], y[keep], RowGroups(*(code[keep] for code in groups)), rule="slope")
    assert purged == without != check_lines(margin, y, groups, rule="slope")


@pytest.mark.parametrize(("each", "n_days"), [(20, 8), (2000, 1)])
def test_too_few_entrants_or_one_date_are_not_checked(each, n_days):
    margin, y, groups = panel(n_days=n_days, each=each)
    assert check_lines(margin, y, groups, rule="slope") == ()


def test_few_earlier_entrants_cannot_bear_a_slope_of_their_own():
    margin, y, groups = panel(each=60)
    assert 40 < y.sum() < 133
    assert [check.rule for check in check_lines(margin, y, groups, rule="slope shrunk")] == [
        "slope shrunk",
        "none",
        "level",
    ]


def test_the_check_does_not_depend_on_the_order_of_rows_or_the_names_of_households():
    margin, y, groups = panel()
    order = np.random.default_rng(1).permutation(len(y))
    names = np.random.default_rng(2).permutation(len(y))
    renamed = RowGroups(names[groups.household], groups.child, groups.day)
    expected = check_lines(margin, y, groups, rule="slope")
    shuffled = check_lines(margin[order], y[order], RowGroups(*(code[order] for code in groups)), rule="slope")
    for one, two, three in zip(expected, shuffled, check_lines(margin, y, renamed, rule="slope"), strict=True):
        for name in ("log_loss", "gain", "standard_error"):
            value = pytest.approx(getattr(one, name), rel=1e-9, abs=1e-15)
            assert getattr(two, name) == value
            assert getattr(three, name) == value


def test_a_line_that_does_clearly_better_is_named_and_one_that_may_is_not():
    ours = LineCheck("slope", 0.2, 0.0, 0.0)
    assert clearly_better(()) == clearly_better((ours, LineCheck("level", 0.18, 0.02, 0.007))) == ""
    said = clearly_better((ours, LineCheck("level", 0.18, 0.02, 0.006), LineCheck("none", 0.17, 0.03, 0.02)))
    assert "a line with slope 1 (log loss 0.20000 against 0.18000)" in said


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_learns_what_its_name_says(rule):
    margin, y, groups = panel(slope=0.5)
    line = fit_recalibration(margin, y, child=groups.child % 50 + 1, rule=rule)
    assert line.n_entrants == 50
    slopes = {name: fit_recalibration(margin, y, rule=name).slope for name in ("none", "level", "slope")}
    assert slopes["none"] == slopes["level"] == 1.0
    assert slopes["slope"] == pytest.approx(0.5, abs=0.1)
    expected = {**slopes, "slope shrunk": (1 + slopes["slope"]) / 2}
    assert line.slope == pytest.approx(expected[rule], abs=1e-12)
    assert (line.intercept == 0) == (rule == "none")


def test_an_unknown_rule_is_refused():
    with pytest.raises(SpecError, match="rule must be one of none, level"):
        fit_recalibration(np.zeros(2), np.array([0, 1]), rule="isotonic")


@pytest.fixture(scope="module")
def rows():
    margin, y, groups = panel(each=200)
    day = np.datetime64("2018-01-01", "s") + groups.day * np.timedelta64(86400, "s")
    names = [np.char.zfill(code.astype(str), 6) for code in (groups.household, groups.child)]
    index = pd.MultiIndex.from_arrays([*names, day], names=["household_id", "child_id", "index_date"])
    return pd.DataFrame({"a": margin}, index=index), pd.Series(y.astype(int), index=index)


def test_a_fitted_model_says_that_it_was_checked_and_keeps_the_line_it_would_have_had(rows):
    X, y = rows
    line = RiskClassifier(kind="logistic", task=Task(horizon="91D")).fit(X, y).calibration_
    assert line.method == "household folds, checked out of time"
    assert [check.rule for check in line.checks] == ["slope", "none", "level"]
    one_day = pd.MultiIndex.from_arrays(
        [*(X.index.get_level_values(i) for i in (0, 1)), [X.index.get_level_values(2)[0]] * len(X)], names=X.index.names
    )
    plain = RiskClassifier(kind="logistic").fit(X.set_axis(one_day), y.set_axis(one_day)).calibration_
    assert plain.checks == ()
    assert plain.method == "household folds"
    assert plain.slope == line.slope  # the level is that of the last dates, the slope of all


def test_a_level_that_was_overturned_is_warned_of():
    margin, y, groups = panel(each=1500)
    y = np.where((groups.day >= 2 * 91) & (groups.day < 5 * 91), np.random.default_rng(1).random(len(y)) < 0.5, y)
    day = np.datetime64("2018-01-01", "s") + groups.day * np.timedelta64(86400, "s")
    names = [np.char.zfill(code.astype(str), 6) for code in (groups.household, groups.child)]
    index = pd.MultiIndex.from_arrays([*names, day], names=["household_id", "child_id", "index_date"])
    checks = check_lines(margin, y.astype(bool), groups, rule="slope")
    assert checks[1].gain > 3 * checks[1].standard_error
    X, outcome = pd.DataFrame({"a": margin}, index=index), pd.Series(y.astype(int), index=index)
    with pytest.warns(UserWarning, match="Entries have changed over time"):
        RiskClassifier(kind="logistic").fit(X, outcome)
