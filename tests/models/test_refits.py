"""Refits on resampled households: whole households, nothing that order decides, and intervals that cover."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from edgeofcare.exceptions import SpecError
from edgeofcare.models.extraction import extract_arrays
from edgeofcare.models.learners import KINDS
from edgeofcare.models.refits import resampled_households
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.models.rows import ROW_NAMES
from edgeofcare.models.spread import interval_width

SMALL = {"min_samples_leaf": 5, "max_iter": 15, "n_folds": 3}
WEIGHTS = np.array([0.9, 0.4, -0.5])


def panel(n_households=120, n_dates=4, seed=0, level=-2.0):
    """Households of one or two children whose risk is a known line on three features."""
    rng = np.random.default_rng(seed)
    house = np.repeat(np.arange(n_households), 1 + np.arange(n_households) % 2)
    child = np.repeat(np.arange(len(house)), n_dates)
    x = 0.7 * rng.normal(size=(len(house), 3))[child] + 0.7 * rng.normal(size=(len(child), 3))
    y = (rng.random(len(child)) < 1 / (1 + np.exp(-level - x @ WEIGHTS))).astype(int)
    dates = pd.date_range("2020-01-01", periods=n_dates, freq="91D").astype("datetime64[s]")
    index = pd.MultiIndex.from_arrays(
        [
            [f"house-{number:04d}" for number in house[child]],
            [f"child-{number:04d}" for number in child],
            dates[np.tile(np.arange(n_dates), len(house))],
        ],
        names=ROW_NAMES,
    )
    return pd.DataFrame(x, index=index, columns=["a", "b", "c"]), pd.Series(y, index=index)


def small(kind, refits=10, **options):
    """A small model with refits."""
    monotone = None
    return make_risk_model(kind, refits=refits, monotone=monotone, **{**SMALL, **options})


@pytest.fixture(scope="module")
def data():
    return panel()


@pytest.fixture(scope="module", params=KINDS)
def fitted(request, data):
    return small(request.param).fit(*data)


def test_refits_leave_the_model_as_it_is(fitted, data):
    plain = clone(fitted).set_params(refits=0).fit(*data)
    assert plain.refits_ == ()
    assert plain.calibration_ == fitted.calibration_
    assert (plain.margin(data[0]) == fitted.margin(data[0])).all()
    assert len(fitted.refits_) == 10


def test_refits_have_as_many_trees_as_the_model_was_found_to_need(data):
    model = small("boosting", max_iter=None).fit(*data)
    assert {refit.learner.n_iter_ for refit in model.refits_} == {model.n_iter_}


def test_refits_differ_from_the_model_and_from_one_another(fitted, data):
    values = data[0].to_numpy()
    found = [refit.log_odds(values, fitted.calibration_.intercept) for refit in fitted.refits_]
    apart = np.abs(np.array(found)[:, None] - np.array(found)).max(axis=-1)
    assert (apart[~np.eye(len(found), dtype=bool)] > 0.01).all()


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_rows_and_threads_do_not_matter(kind, data):
    X, y = data
    one = small(kind).fit(X, y)
    order = np.random.default_rng(5).permutation(len(X))
    with threadpool_limits(1):
        other = small(kind).fit(X.iloc[order], y.iloc[order])
    assert (one.risk_interval(X) == other.risk_interval(X)).all()


@pytest.mark.parametrize("kind", KINDS)
def test_the_seed_decides(kind, data):
    X, y = data
    ends = [small(kind, random_state=seed).fit(X, y).risk_interval(X) for seed in (0, 0, 1)]
    assert (ends[0] == ends[1]).all()
    assert (ends[0] != ends[2]).all()


# Seen to fail with: rows drawn one by one.
@settings(max_examples=50, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=4, max_size=30),
    seed=st.integers(0, 2**32 - 1),
)
def test_whole_households_are_drawn(rows, seed):
    household = np.array([house for house, _ in rows])
    y = np.array([entered for _, entered in rows])
    y[:2] = False, True
    found, draw = resampled_households(household, y, np.random.default_rng(seed))
    assert 0 < y[found].sum() < len(found)
    assert (np.diff(draw) >= 0).all()
    for each in np.unique(draw):
        drawn = found[draw == each]
        house = np.unique(household[drawn])
        assert house.size == 1
        assert sorted(drawn) == np.flatnonzero(household == house[0]).tolist()


def test_a_household_drawn_twice_is_there_twice():
    rows, draw = resampled_households(np.arange(50), np.arange(50) % 2 == 0, np.random.default_rng(0))
    assert len(rows) == len(np.unique(draw)) == 50
    assert len(np.unique(rows)) < 45


# The interval


def test_the_interval_is_the_spread_around_the_risk(fitted, data):
    X, _ = data
    ends = fitted.risk_interval(X, 0.8)
    log_odds = np.log(ends / (1 - ends))
    found = [refit.log_odds(X.to_numpy(), fitted.calibration_.intercept) for refit in fitted.refits_]
    half = interval_width(10, 0.8) * np.std(found, axis=0, ddof=1)
    assert log_odds[:, 1] - fitted.log_odds(X) == pytest.approx(half, abs=1e-9)
    assert fitted.log_odds(X) - log_odds[:, 0] == pytest.approx(half, abs=1e-9)


def test_more_confidence_is_wider(fitted, data):
    X, _ = data
    narrow, default, wide = (fitted.risk_interval(X, level) for level in (0.5, 0.9, 0.99))
    assert (fitted.risk_interval(X) == default).all()
    assert ((wide[:, 0] < default[:, 0]) & (default[:, 0] < narrow[:, 0])).all()
    assert ((wide[:, 1] > default[:, 1]) & (default[:, 1] > narrow[:, 1])).all()
    risk = fitted.predict_proba(X)[:, 1]
    assert ((narrow[:, 0] < risk) & (risk < narrow[:, 1])).all()


def test_the_interval_moves_with_the_level(fitted, data):
    moved = copy.copy(fitted)
    moved.calibration_ = replace(fitted.calibration_, intercept=fitted.calibration_.intercept + 0.5)
    ends = [np.log(each / (1 - each)) for each in (fitted.risk_interval(data[0]), moved.risk_interval(data[0]))]
    assert ends[1] - ends[0] == pytest.approx(0.5, abs=1e-9)


# Seen to fail with: the model's own line for every refit, whose level is that of the resample as a whole.
def test_the_level_of_refits_varies_as_that_of_the_last_dates_does():
    """A model without a useful feature knows a level alone, from the entrants of the last dates that hold 100."""
    X, y = panel(1500, n_dates=6, seed=3, level=-1.6)
    X = X[["a"]] * 0.0
    with pytest.warns(UserWarning, match="told almost nothing"):
        model = small("logistic", refits=60).fit(X, y)
    spread = np.std([refit.log_odds(X.to_numpy()[:1], 0.0) for refit in model.refits_], ddof=1)
    last = X.index.get_level_values("index_date").max()
    p = y[X.index.get_level_values("index_date") == last].mean()
    n = (X.index.get_level_values("index_date") == last).sum()
    assert spread == pytest.approx(1 / np.sqrt(n * p * (1 - p)), rel=0.3)


def test_intervals_narrow_with_more_households(data):
    few, many = (small("logistic", refits=20).fit(*panel(size, seed=1)) for size in (80, 1280))
    widths = [np.median(np.ptp(np.log(e / (1 - e)), axis=1)) for e in (m.risk_interval(data[0]) for m in (few, many))]
    assert widths[0] / widths[1] == pytest.approx(4.0, rel=0.5)


# Seen to fail with: intervals of half the width.
def test_intervals_cover_a_known_risk():
    """24 authorities with the same truth: nine in ten intervals should hold it (regressions, whose form is right)."""
    X, _ = panel(40, n_dates=1, seed=77)
    truth = 1 / (1 + np.exp(2.0 - X.to_numpy() @ WEIGHTS))
    held = []
    for seed in range(24):
        ends = small("logistic", refits=20, max_iter=50, C=1.0).fit(*panel(250, seed=100 + seed)).risk_interval(X)
        held.append(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean())
    assert 0.82 <= np.mean(held) <= 0.98


@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n_refits", [10, 20, 200])
def test_the_width_is_that_of_student(confidence, n_refits):
    from scipy.stats import t

    assert interval_width(n_refits, confidence) == pytest.approx(t.ppf(0.5 + confidence / 2, n_refits - 1), rel=0.01)


# Refusals


def test_a_model_without_refits_has_no_interval(data):
    model = small("logistic", refits=0).fit(*data)
    with pytest.raises(SpecError, match=r"no refits.*refits=20"):
        model.risk_interval(data[0])


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.1, 90, "0.9", True, float("nan")])
def test_a_confidence_that_is_none_is_refused(confidence, fitted, data):
    with pytest.raises(SpecError, match="confidence must be"):
        fitted.risk_interval(data[0], confidence)


@pytest.mark.parametrize("refits", [-1, 1, 9, 201, 20.0, True, None, "20"])
def test_a_number_of_refits_that_tells_nothing_is_refused(refits):
    with pytest.raises(SpecError, match="refits must be 0 for none, or a whole number from 10 to 200"):
        make_risk_model(refits=refits)


def test_refits_of_few_entrants_have_no_line():
    X, _ = panel(12, 4)
    y = (X.index.get_level_values("child_id") == "child-0003").astype(int)
    model = small("logistic").fit(X, pd.Series(y, index=X.index))
    assert model.calibration_.method == "none"
    assert {(refit.slope, refit.shift) for refit in model.refits_} == {(1.0, 0.0)}
    assert (np.ptp(model.risk_interval(X), axis=1) > 0).all()


def test_unrelated_rows_are_resampled_one_by_one():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    y = rng.random(200) < 1 / (1 + np.exp(1 - x[:, 0]))
    model = RiskClassifier(kind="logistic", independent_rows=True, refits=10).fit(x, y)
    again = RiskClassifier(kind="logistic", independent_rows=True, refits=10).fit(x[::-1], y[::-1])
    assert (model.risk_interval(x) == again.risk_interval(x)).all()


def test_refits_are_those_of_the_arrays(fitted, data):
    from edgeofcare.models.refits import refit_arrays
    from edgeofcare.models.spread import refit_log_odds

    values = data[0].to_numpy()
    arrays = refit_arrays(fitted.refits_)
    assert repr(arrays[0].arrays) == repr(extract_arrays(fitted.refits_[0].learner))
    own = np.stack([refit.log_odds(values, 0.25) for refit in fitted.refits_])
    assert refit_log_odds(arrays, 0.25, values) == pytest.approx(own, abs=1e-12)
