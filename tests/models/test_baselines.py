from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from edgeofcare.exceptions import SpecError
from edgeofcare.models.baselines import DEFAULT_RULES, CountRule, PrevalenceBaseline, Rule


@parametrize_with_checks([PrevalenceBaseline()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def record(**events):
    """One child; every rule's feature is 0 unless it is given by the word before its first dot."""
    return {rule.feature: events.get(rule.feature.split(".")[0], 0.0) for rule in DEFAULT_RULES}


def test_prevalence_is_the_same_for_everyone():
    model = PrevalenceBaseline().fit(np.zeros((5, 2)), np.array([0, 0, 0, 0, 1]))
    assert model.predict_proba(np.full((3, 2), np.nan)).tolist() == [[0.8, 0.2]] * 3


@pytest.mark.parametrize(
    ("events", "points"),
    [
        ({}, 0),
        ({"referral": 1}, 0),
        ({"referral": 2}, 1),
        ({"cp_plan": 1}, 1),
        ({"missing": 2}, 0),
        ({"missing": 3}, 1),
        ({"care": 1}, 1),
        ({"s47": 1}, 1),
        ({"referral": np.nan, "s47": 5}, 1),
        ({"referral": 9, "cp_plan": 1, "missing": 9, "care": 2, "s47": 3}, 5),
    ],
)
def test_one_point_for_each_rule(events, points):
    X = pd.DataFrame([record(), record(s47=1), record(**events)])
    assert CountRule().fit(X, np.array([0, 1, 0])).count(X)[-1] == points


def test_the_margin_is_the_count_where_the_risk_pools_counts():
    """One point is followed by fewer entries than none, so both get one risk; the count still tells them apart."""
    X = pd.DataFrame([record(), record(), record(s47=1), record(s47=1)])
    rule = CountRule(shrinkage=0.0).fit(X, np.array([0, 1, 0, 0]))
    assert len(set(rule.predict_proba(X)[:, 1])) == 1
    margin = rule.margin(X)
    assert margin.dtype == np.float64
    assert margin.tolist() == rule.count(X).tolist() == [0, 0, 1, 1]
    with pytest.raises(SpecError, match="does not have"):
        rule.margin(X[[]])


def test_risk_of_each_count_is_drawn_towards_the_prevalence():
    """Ten children without and ten with a plan, 1 and 5 enter; prevalence .3, ten more rows at each count."""
    X = pd.DataFrame({"cp_plan.active": np.repeat([0.0, 1.0], 10)})
    y = np.array([1] + [0] * 9 + [1] * 5 + [0] * 5)
    rule = CountRule(shrinkage=10.0).fit(X, y)
    assert rule.risk_by_count_ == pytest.approx([(1 + 3) / 20, (5 + 3) / 20])
    assert rule.predict_proba(X.iloc[[0, 19]])[:, 1] == pytest.approx([0.2, 0.4])
    assert rule.prevalence_ == pytest.approx(0.3)


def test_counts_that_were_never_seen_lie_between_their_neighbours():
    X = pd.DataFrame([record(), record(), record(s47=1, care=1), record(s47=1, care=1)])
    rule = CountRule(shrinkage=0.0).fit(X, np.array([0, 0, 0, 1]))
    assert rule.risk_by_count_ == pytest.approx([0, 0.25, 0.5, 0.5, 0.5, 0.5])


@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=60), st.sampled_from([0.0, 1.0, 50.0])
)
def test_risk_never_falls_with_the_count(rows, shrinkage):
    rows = [*rows, (0, True), (5, False)]
    X = pd.DataFrame([{rule.feature: 9.0 * (k < n) for k, rule in enumerate(DEFAULT_RULES)} for n, _ in rows])
    y = np.array([entered for _, entered in rows])
    rule = CountRule(shrinkage=shrinkage).fit(X, y)
    assert rule.count(X).tolist() == [n for n, _ in rows]
    assert (np.diff(rule.risk_by_count_) >= 0).all()
    assert rule.risk_by_count_.min() >= 0
    assert rule.risk_by_count_.max() <= 1
    order = np.argsort(y, kind="stable")
    again = CountRule(shrinkage=shrinkage).fit(X.iloc[order], y[order])
    assert (again.risk_by_count_ == rule.risk_by_count_).all()


def test_missing_columns_are_left_out_and_named():
    X = pd.DataFrame({"s47.count.365d": [0.0, 1.0], "other": [1.0, 1.0]})
    rule = CountRule().fit(X, np.array([0, 1]))
    assert [used.feature for used in rule.rules_used_] == ["s47.count.365d"]
    assert len(rule.rules_missing_) == 4
    assert len(rule.risk_by_count_) == 2


def test_without_any_column_or_with_an_array_it_is_refused():
    with pytest.raises(SpecError, match=r"at least one of these columns in X: referral\.count\.365d"):
        CountRule().fit(pd.DataFrame({"other": [1.0, 2.0]}), np.array([0, 1]))
    with pytest.raises(SpecError, match="reads columns by name; X is a ndarray"):
        CountRule().fit(np.zeros((2, 5)), np.array([0, 1]))
    fitted = CountRule().fit(pd.DataFrame({"s47.count.365d": [0.0, 1.0]}), np.array([0, 1]))
    with pytest.raises(SpecError, match=r"does not have: s47\.count\.365d"):
        fitted.predict_proba(pd.DataFrame({"other": [1.0]}))


def test_rules_can_be_changed():
    rules = (Rule("child.age", 15, "Aged 15 or older"),)
    X = pd.DataFrame({"child.age": [14.9, 15.0]})
    rule = clone(CountRule(rules)).fit(X, np.array(["stays", "enters"]))
    assert rule.count(X).tolist() == [0, 1]
    assert rule.classes_.tolist() == ["enters", "stays"]


@pytest.mark.parametrize("baseline", [PrevalenceBaseline(), CountRule()])
def test_unknown_outcomes_and_one_class_are_refused(baseline):
    X = pd.DataFrame({"s47.count.365d": [0.0, 1.0]})
    with pytest.raises(SpecError, match="1 unknown outcome "):
        baseline.fit(X, np.array([0, np.nan]))
    with pytest.raises(SpecError, match="no child in the training rows entered care"):
        baseline.fit(X, np.array([0, 0]))


@pytest.mark.parametrize("baseline", [PrevalenceBaseline(), CountRule()])
def test_predict_is_the_likelier_class(baseline):
    X = pd.DataFrame({"s47.count.365d": np.repeat([0.0, 1.0], 200)})
    y = np.repeat([0, 1], 200)
    y[:3] = 1
    fitted = baseline.fit(X, y)
    assert (fitted.predict(X) == (fitted.predict_proba(X)[:, 1] > 0.5)).all()
