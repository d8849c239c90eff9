"""Several forests with other seeds whose margins are averaged, and the one line found on the mean."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.kernel import contributions
from edgeofcare.models.arrays import margin
from edgeofcare.models.extraction import extract_arrays
from edgeofcare.models.fitting import STAGES, fit_calibrated
from edgeofcare.models.folds import household_folds
from edgeofcare.models.learners import make_learner
from edgeofcare.models.recalibration import fit_recalibration
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.models.rows import ROW_NAMES, single_rows

SMALL = {"min_samples_leaf": 10, "max_features": 0.5, "n_folds": 3, "monotone": None}


def panel(seed=0, rows=2400):
    """Children seen four times, whose risk is a known line on three features."""
    rng = np.random.default_rng(seed)
    child = np.arange(rows) // 4
    x = 0.7 * rng.normal(size=(rows // 4, 3))[child] + 0.7 * rng.normal(size=(rows, 3))
    y = rng.random(rows) < 1 / (1 + np.exp(2.0 - x @ [0.9, 0.4, -0.5]))
    dates = pd.date_range("2020-01-01", periods=4, freq="91D").astype("datetime64[s]")
    keys = [[f"house-{number:04d}" for number in child // 2], [f"child-{number:04d}" for number in child]]
    index = pd.MultiIndex.from_arrays([*keys, dates[np.arange(rows) % 4]], names=ROW_NAMES)
    return pd.DataFrame(x, index=index, columns=["a", "b", "c"]), pd.Series(y.astype(int), index=index)


@pytest.fixture(scope="module")
def data():
    return panel()


@pytest.fixture(scope="module")
def fitted(data):
    return make_risk_model(members=4, max_iter=20, **SMALL).fit(*data)


def test_the_margin_is_the_mean_of_members_that_differ(fitted, data):
    X, _ = data
    each = [member.decision_function(X.to_numpy()) for member in fitted.estimator_.members_]
    assert len(each) == 4
    assert fitted.margin(X) == pytest.approx(np.mean(each, axis=0), abs=1e-12)
    assert min(np.abs(one - other).max() for at, one in enumerate(each) for other in each[:at]) > 0.01
    assert margin(extract_arrays(fitted.estimator_), X.to_numpy()) == pytest.approx(fitted.margin(X), abs=1e-12)


def test_contributions_are_exact_and_of_one_flat_forest(fitted, data):
    X, _ = data
    arrays = extract_arrays(fitted.estimator_)
    assert len(arrays.tree_start) - 1 == 4 * 20
    each = [contributions(extract_arrays(member), X.to_numpy())[0] for member in fitted.estimator_.members_]
    why = explain(fitted, X)
    psi = fitted.calibration_.slope * np.mean(each, axis=0)
    np.testing.assert_allclose(why.contributions.to_numpy(), psi, rtol=0, atol=1e-12)
    risk = fitted.predict_proba(X)[:, 1]
    gap = why.base + why.contributions.sum(axis=1).to_numpy() - np.log(risk / (1 - risk))
    assert np.abs(gap).max() <= 1e-9


def test_the_line_is_found_on_the_mean_of_out_of_fold_margins(data):
    values, y = data[0].to_numpy(), data[1].to_numpy().astype(bool)
    options = RiskClassifier(members=3, independent_rows=True, random_state=1, max_iter=20, **SMALL)
    line = fit_calibrated(options, values, y, single_rows(len(y))).line
    seeds = np.random.RandomState(1).randint(1, 2**31 - 1, size=3)
    blank = make_learner(options).trees
    folds = household_folds(np.arange(len(y)), y, n_folds=3, rng=np.random.RandomState(1))
    margins = np.zeros(len(y))
    for train, test in folds:
        for seed in seeds.tolist():
            member = clone(blank).set_params(random_state=seed).fit(values[train], y[train])
            margins[test] += member.decision_function(values[test]) / 3
    expected = fit_recalibration(margins, y)
    assert line.slope == pytest.approx(expected.slope, abs=1e-9)
    assert line.intercept == pytest.approx(expected.intercept, abs=1e-9)
    one = fit_calibrated(options.set_params(members=1), values, y, single_rows(len(y))).line
    assert abs(line.slope - one.slope) > 1e-3


def test_the_mean_loses_no_more_than_its_members_do(data):
    X, y = panel(seed=1)
    model = make_risk_model(members=8, max_iter=60, **SMALL).fit(*data)
    outcome = y.to_numpy()

    def loss(margins):
        return float(np.mean(np.logaddexp(0.0, margins) - outcome * margins))

    each = [loss(member.decision_function(X.to_numpy())) for member in model.estimator_.members_]
    assert loss(model.margin(X)) < np.mean(each)  # log loss is convex in the margin


def test_the_number_of_trees_is_the_one_that_a_single_forest_needs(data):
    one = make_risk_model(**SMALL).fit(*data)
    several = make_risk_model(members=2, **SMALL).fit(*data)
    assert one.n_iter_ == several.n_iter_ in STAGES
    assert {len(member._predictors) for member in several.estimator_.members_} == {one.n_iter_}


def test_one_member_is_the_model_as_it_was(data):
    X, y = data
    model = make_risk_model(members=1, max_iter=10, **SMALL).fit(X, y)
    assert isinstance(model.estimator_, HistGradientBoostingClassifier)
    assert make_risk_model().members == 1


def test_order_threads_and_clones_change_nothing_and_the_seed_does(fitted, data):
    X, y = data
    order = np.random.default_rng(0).permutation(len(X))
    with threadpool_limits(limits=2):
        again = clone(fitted).fit(X.iloc[order], y.iloc[order])
    assert (again.margin(X) == fitted.margin(X)).all()
    assert again.calibration_ == fitted.calibration_
    other = clone(fitted).set_params(random_state=1).fit(X, y)
    assert not (other.margin(X) == fitted.margin(X)).all()


def test_refits_are_averaged_as_well_each_with_seeds_of_its_own(data):
    X, y = data
    model = make_risk_model(members=2, refits=10, max_iter=5, **SMALL).fit(X, y)
    assert {len(refit.learner.members_) for refit in model.refits_} == {2}
    seeds = {member.random_state for refit in model.refits_ for member in refit.learner.members_}
    assert len(seeds) == 20
    ends = model.risk_interval(X)
    assert (ends[:, 0] < ends[:, 1]).all()


@pytest.mark.parametrize("members", [0, -1, 2.0, True, "3", 51])
def test_a_number_of_members_that_cannot_be_is_refused(members):
    with pytest.raises(SpecError, match="members must be a whole number from 1 to 50"):
        make_risk_model(members=members)


def test_a_regression_has_no_members():
    with pytest.raises(SpecError, match="members is for boosting only"):
        make_risk_model("logistic", members=2)
