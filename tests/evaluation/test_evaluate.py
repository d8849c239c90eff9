"""Evaluation of stub models on simulated panels."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from edgeofcare import metrics
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import IndexNamesError, SpecError
from evaluation.panels import FAST, FixedRisk, Stub, make_panel


def estimate(evaluation, measure, model="model", stratum="all rows", column="estimate"):
    table = evaluation.measures.set_index(["model", "stratum", "measure"])
    return table.loc[(model, stratum, measure), column]


@pytest.mark.parametrize(
    "measure",
    [
        "auroc",
        "average_precision",
        "brier_score",
        "scaled_brier_score",
        "log_loss",
        "observed_expected_ratio",
        "calibration_in_the_large",
        "calibration_slope",
        "integrated_calibration_index",
    ],
)
@pytest.mark.parametrize(("model", "column"), [("model", "risk"), ("count_rule", "rule")])
def test_estimates_are_the_plain_measures(panel, evaluation, measure, model, column):
    X, y, _ = panel
    expected = getattr(metrics, measure)(y, X[column])
    assert estimate(evaluation, measure, model) == pytest.approx(expected, abs=1e-9)


def test_intervals_surround_estimates_and_differences_are_the_gap(evaluation):
    table = evaluation.measures.dropna(subset=["estimate", "ci_low"])
    ranked = table.loc[table["measure"].isin(["auroc", "brier_score", "observed_expected_ratio"])]
    assert (ranked["ci_low"] <= ranked["estimate"]).all()
    assert (ranked["estimate"] <= ranked["ci_high"]).all()
    gap = estimate(evaluation, "auroc") - estimate(evaluation, "auroc", "count_rule")
    assert estimate(evaluation, "auroc", "model minus count_rule") == pytest.approx(gap)
    paired = estimate(evaluation, "auroc", "model minus count_rule", column="ci_high") - gap
    apart = estimate(evaluation, "auroc", column="ci_high") - estimate(
        evaluation, "auroc", "count_rule", column="ci_low"
    )
    assert paired < apart - gap


def test_reviews_at_capacity_are_counted_by_hand(panel, evaluation):
    X, y, _ = panel
    assert (evaluation.capacity, evaluation.reviews_per_index_date) == (8, 24)
    chosen = X.groupby(level="index_date")["lp"].rank(ascending=False) <= 24
    assert estimate(evaluation, "ppv_at_capacity") == pytest.approx(y[chosen].mean())
    assert estimate(evaluation, "recall_at_capacity") == pytest.approx(y[chosen].sum() / y.sum())
    assert estimate(evaluation, "number_needed_to_review") == pytest.approx(1 / y[chosen].mean())
    entrants = y[y == 1].index.get_level_values("child_id").unique()
    found = y[chosen & (y == 1)].index.get_level_values("child_id").unique()
    assert estimate(evaluation, "entrants_found_at_capacity") == pytest.approx(len(found) / len(entrants))


def test_strata_split_the_rows_by_household(panel, evaluation):
    X, y, _ = panel
    unseen = X.index.get_level_values("household_id") >= "h0200"
    expected = metrics.auroc(y[unseen], X["risk"][unseen])
    assert estimate(evaluation, "auroc", stratum="households never seen in training") == pytest.approx(expected)
    counts = evaluation.counts.set_index("stratum")["rows"]
    assert counts.tolist() == [len(X), unseen.sum(), (~unseen).sum()]


def test_counts_are_of_distinct_things(panel, evaluation):
    X, y, _ = panel
    first = evaluation.counts.iloc[0]
    assert first["children"] == X.index.get_level_values("child_id").nunique()
    assert first["households"] == X.index.get_level_values("household_id").nunique()
    assert first["entrants"] == y[y == 1].index.get_level_values("child_id").nunique() < y.sum()
    assert first["index_dates"] == 4
    assert first["prevalence"] == pytest.approx(y.mean())


def test_margin_ranks_where_risks_are_tied(panel):
    X, y, _ = panel
    coarse = X.assign(risk=np.where(X["risk"] > 0.1, 0.2, 0.03))
    tied = evaluate(Stub(), coarse, y, **FAST)
    ranked = evaluate(Stub(margin="lp"), coarse, y, **FAST)
    assert estimate(ranked, "auroc") == pytest.approx(metrics.auroc(y, X["lp"]))
    assert estimate(tied, "auroc") == pytest.approx(metrics.auroc(y, coarse["risk"]))
    assert estimate(ranked, "brier_score") == estimate(tied, "brier_score")


def test_the_order_of_rows_changes_no_digit(panel, evaluation):
    X, y, cohort = panel
    order = np.random.default_rng(0).permutation(len(X))
    train = X.index[X.index.get_level_values("household_id") < "h0200"][::-1]
    by = ["age_band", "sex", "ethnic_group"]
    shuffled = evaluate(
        Stub(margin="lp"), X.iloc[order], y.iloc[order], cohort=cohort, capacity=8, by=by, train=train, **FAST
    )
    assert json.dumps(shuffled.to_dict()) == json.dumps(evaluation.to_dict())


def test_calibration_and_decision_curve_equal_the_plain_functions(panel, evaluation):
    X, y, _ = panel
    frame = evaluation.calibration
    np.testing.assert_allclose(frame["observed"], metrics.calibration_curve(y, X["risk"], frame["risk"]), atol=1e-9)
    assert (frame["ci_low"] < frame["ci_high"]).all()
    curve = evaluation.decision_curve.set_index("strategy")
    for name, column in (("model", "risk"), ("count_rule", "rule")):
        shown = curve.loc[name].dropna()
        assert len(shown) > 10
        expected = np.round(metrics.net_benefit(y, X[column], shown["threshold"]), 3)
        np.testing.assert_allclose(shown["net_benefit"], expected, atol=1e-12)
    assert list(dict.fromkeys(curve.index)) == ["model", "count_rule", "review all", "review none"]


def test_baselines_with_a_margin_are_ranked_by_it_and_judged_by_their_risk(panel):
    X, y, _ = panel
    rule = FixedRisk("pooled")
    rule.margin = lambda X: X["rule"].to_numpy()
    pooled = X.assign(pooled=np.where(X["rule"] > 0.06, 0.1, 0.04))
    evaluation = evaluate(Stub(baselines={"count_rule": rule}), pooled, y, capacity=8, **FAST)
    plain = evaluate(Stub(baselines={"count_rule": FixedRisk("rule")}), X, y, capacity=8, **FAST)
    for measure in ("auroc", "average_precision", "ppv_at_capacity", "entrants_found_at_capacity"):
        assert estimate(evaluation, measure, "count_rule") == estimate(plain, measure, "count_rule")
    assert estimate(evaluation, "auroc", "count_rule") == pytest.approx(metrics.auroc(y, X["rule"]))
    assert estimate(evaluation, "auroc", "count_rule") > metrics.auroc(y, pooled["pooled"]) + 0.01
    expected = metrics.brier_score(y, pooled["pooled"])
    assert estimate(evaluation, "brier_score", "count_rule") == pytest.approx(expected)


def test_repr_counts_and_the_result_is_frozen(evaluation):
    assert repr(evaluation).startswith("Evaluation(2,0")
    assert repr(evaluation).endswith("on 4 index dates; 40 resamples)")
    with pytest.raises(dataclasses.FrozenInstanceError):
        evaluation.capacity = 3


@pytest.mark.parametrize(
    ("level", "households", "note"),
    [
        (-3.2, 400, ""),
        (-3.2, 200, "caution: fewer than 75 entrants"),
        (-3.6, 100, "unreliable: fewer than 30 entrants"),
    ],
)
def test_few_entrants_are_flagged(level, households, note):
    X, y, _ = make_panel(households, 3, level)
    measures = evaluate(Stub(), X, y, **FAST).measures
    assert set(measures.loc[measures["measure"] == "auroc", "note"]) == {note}


def test_a_stratum_without_rows_is_suppressed(panel):
    X, y, _ = panel
    evaluation = evaluate(Stub(), X, y, train=X.index, **FAST)
    assert np.isnan(estimate(evaluation, "auroc", stratum="households never seen in training"))
    hidden = evaluation.counts.iloc[1:].drop(columns=["stratum", "entrants", "prevalence"])
    assert (hidden == "suppressed").all(axis=None)
    assert evaluation.counts["entrants"].tolist()[1:] == ["<10", "suppressed"]
    assert evaluation.counts["rows"].iloc[0] == len(X)


def test_a_model_without_baselines_or_groups_will_do(panel):
    X, y, _ = panel
    evaluation = evaluate(FixedRisk("risk"), X, y, **FAST)
    assert set(evaluation.measures["model"]) == {"model"}
    assert evaluation.groups.empty
    assert evaluation.verdict().conclusion == "do not use"
    assert "has no baseline named count_rule" in evaluation.verdict().text


def test_a_constant_risk_can_be_evaluated(panel):
    X, y, _ = panel
    evaluation = evaluate(Stub(column=0.05), X, y, **FAST)
    assert evaluation.calibration.empty
    assert estimate(evaluation, "auroc") == 0.5
    assert estimate(evaluation, "calibration_slope", column="note") == "undefined for these risks or outcomes"


def test_progress_is_shown_only_when_asked_for(panel, capsys):
    X, y, _ = panel
    evaluate(FixedRisk("risk"), X, y, n_resamples=2)
    assert capsys.readouterr().err == ""
    evaluate(FixedRisk("risk"), X, y, n_resamples=2, progress=True)
    assert "evaluate" in capsys.readouterr().err


def test_rows_must_carry_the_index(panel):
    X, y, cohort = panel
    with pytest.raises(IndexNamesError, match="X has the index"):
        evaluate(Stub(), X.reset_index(drop=True), y)
    with pytest.raises(IndexNamesError, match="y has the index"):
        evaluate(Stub(), X, y.droplevel("household_id"))
    with pytest.raises(IndexNamesError, match="train has the index"):
        evaluate(Stub(), X, y, train=X.index.droplevel(0))
    with pytest.raises(IndexNamesError, match="cohort has the index"):
        evaluate(Stub(), X, y, cohort=cohort.reset_index(), by="sex")
    with pytest.raises(IndexNamesError, match=r"2 of \d+ rows repeat"):
        evaluate(Stub(), pd.concat([X, X.iloc[:2]]), pd.concat([y, y.iloc[:2]]))
    dates = X.index.set_levels([str(level) for level in X.index.levels[2]], level=2)
    with pytest.raises(IndexNamesError, match="not a date"):
        evaluate(Stub(), X.set_axis(dates), y.set_axis(dates))


def test_x_and_y_must_be_the_same_rows(panel):
    X, y, _ = panel
    with pytest.raises(SpecError, match="their indexes differ"):
        evaluate(Stub(), X, y.iloc[::-1])
    with pytest.raises(SpecError, match="no rows"):
        evaluate(Stub(), X.iloc[:0], y.iloc[:0])
    with pytest.raises(SpecError, match=r"1 of .* neither 0 nor 1"):
        evaluate(Stub(), X, y.where(np.arange(len(y)) > 0, 2))


def test_groups_must_be_in_the_cohort(panel):
    X, y, cohort = panel
    with pytest.raises(SpecError, match="cohort has no column 'gender'"):
        evaluate(Stub(), X, y, cohort=cohort, by=["sex", "gender"])
    with pytest.raises(SpecError, match=r"3 of \d+ rows of X are not in the cohort"):
        evaluate(Stub(), X, y, cohort=cohort.iloc[3:], by="sex")


class _Odd:
    def __init__(self, values):
        self.values = values

    def predict_proba(self, X):
        return self.values(len(X))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda n: np.full(n, 0.1), "predict_proba gave an array of shape"),
        (lambda n: np.full((n, 2), np.nan), "missing or infinite"),
        (lambda n: np.full((n, 2), 1.5), "outside"),
        (lambda n: np.full((n - 1, 2), 0.5), "gave shape"),
    ],
)
def test_odd_predictions_are_refused(panel, values, words):
    X, y, _ = panel
    with pytest.raises(SpecError, match=words):
        evaluate(_Odd(values), X, y)
    with pytest.raises(SpecError, match="no predict_proba"):
        evaluate(object(), X, y)
