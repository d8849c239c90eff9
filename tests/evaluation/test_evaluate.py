"""Evaluation of stub models on simulated panels."""

from __future__ import annotations

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import pytest

from edgeofcare import metrics
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import IndexNamesError, SpecError
from evaluation.panels import FixedRisk, Stub, make_panel

FAST = {"n_resamples": 40}


@pytest.fixture(scope="module")
def panel():
    return make_panel(400, 1)


@pytest.fixture(scope="module")
def evaluation(panel):
    X, y, cohort = panel
    train = X.index[X.index.get_level_values("household_id") < "h0200"]
    by = ["age_band", "sex", "ethnic_group"]
    return evaluate(Stub(margin="lp"), X, y, cohort=cohort, capacity=8, by=by, train=train, **FAST)


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


def test_groups_are_measured_and_small_ones_are_not(panel, evaluation):
    X, y, cohort = panel
    table = evaluation.groups.set_index(["by", "group"])
    older = (cohort["age_band"] == "14-17").to_numpy()
    row = table.loc[("age_band", "14-17")]
    assert row["base_rate"] == pytest.approx(y[older].mean())
    assert row["mean_risk"] == pytest.approx(X["risk"][older].mean())
    assert row["auroc"] == pytest.approx(metrics.auroc(y[older], X["risk"][older]))
    assert row["observed_expected_ratio"] == pytest.approx(metrics.observed_expected_ratio(y[older], X["risk"][older]))
    assert row["oe_low"] < row["observed_expected_ratio"] < row["oe_high"]
    small = table.loc[("ethnic_group", "not recorded")]
    assert small["entrants"] == "<10"
    assert small["note"].startswith("suppressed: fewer than 10 entrants")
    assert small.drop(["rows", "children", "entrants", "note"]).isna().all()


def test_a_small_group_cannot_be_worked_out_by_subtraction(evaluation):
    table = evaluation.groups.loc[evaluation.groups["by"] == "ethnic_group"]
    hidden = table.loc[~table["entrants"].map(lambda value: isinstance(value, int))]
    assert set(hidden["entrants"]) == {"<10", "suppressed"}
    assert hidden[["base_rate", "mean_risk"]].isna().all(axis=None)
    assert hidden.loc[hidden["entrants"] == "suppressed", "auroc"].notna().all()


def test_risk_distribution_covers_all_rows_and_shows_no_small_cell(panel, evaluation):
    _, y, _ = panel
    frame = evaluation.risk_distribution
    assert frame["rows"].min() >= 10
    assert frame.groupby("outcome")["rows"].sum().to_dict() == {
        "did not enter care": (y == 0).sum(),
        "entered care": (y == 1).sum(),
    }
    assert (frame["risk_low"].to_numpy()[1:] == frame["risk_high"].to_numpy()[:-1]).sum() == len(frame) - 2


def test_calibration_and_decision_curve_equal_the_plain_functions(panel, evaluation):
    X, y, _ = panel
    frame = evaluation.calibration
    np.testing.assert_allclose(frame["observed"], metrics.calibration_curve(y, X["risk"], frame["risk"]), atol=1e-9)
    assert (frame["ci_low"] < frame["ci_high"]).all()
    assert not (frame["rows"] < 10).any()
    curve = evaluation.decision_curve.set_index("strategy")
    model = curve.loc["model"]
    np.testing.assert_allclose(model["net_benefit"], metrics.net_benefit(y, X["risk"], model["threshold"]))
    assert list(dict.fromkeys(curve.index)) == ["model", "count_rule", "review all", "review none"]


def test_nothing_personal_is_held(panel, evaluation):
    X, _, _ = panel
    text = json.dumps(evaluation.to_dict(), allow_nan=False) + repr(evaluation) + evaluation._repr_html_()
    ids = X.index.get_level_values("household_id").unique()
    assert not any(name in text for name in ids)
    assert not re.search(r"\d{4}-\d\d-\d\d", text)
    held = [value for value in vars(evaluation).values() if isinstance(value, pd.DataFrame)]
    assert all(isinstance(frame.index, pd.RangeIndex) and len(frame) < 500 for frame in held)


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


def test_fewer_than_ten_entrants_are_suppressed():
    X, y, cohort = make_panel(40, 2, -5.0)
    evaluation = evaluate(Stub(), X, y, cohort=cohort, by="sex", capacity=5, **FAST)
    assert evaluation.measures[["estimate", "ci_low", "ci_high"]].isna().all(axis=None)
    assert evaluation.counts["entrants"].iloc[0] == "<10"
    assert np.isnan(evaluation.counts["prevalence"].iloc[0])
    assert evaluation.calibration.empty
    assert evaluation.decision_curve.empty
    assert evaluation.risk_distribution.loc[lambda f: f["outcome"] == "entered care", "rows"].isna().all()
    assert evaluation.verdict().conclusion == "too few to tell"
    json.dumps(evaluation.to_dict(), allow_nan=False)


def test_a_stratum_without_rows_is_suppressed(panel):
    X, y, _ = panel
    evaluation = evaluate(Stub(), X, y, train=X.index, **FAST)
    assert np.isnan(estimate(evaluation, "auroc", stratum="households never seen in training"))
    assert evaluation.counts["rows"].tolist()[1] == "<10"


def test_a_model_without_baselines_or_groups_will_do(panel):
    X, y, _ = panel
    evaluation = evaluate(FixedRisk("risk"), X, y, **FAST)
    assert set(evaluation.measures["model"]) == {"model"}
    assert evaluation.groups.empty
    assert evaluation.verdict().conclusion == "no baseline"


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


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"capacity": 0}, "capacity must be"),
        ({"capacity": 2.5}, "capacity must be"),
        ({"by": "sex"}, "pass cohort="),
        ({"n_resamples": 0}, "n_resamples"),
    ],
)
def test_bad_options_are_named(panel, kwargs, words):
    X, y, _ = panel
    with pytest.raises(SpecError, match=words):
        evaluate(Stub(), X, y, **kwargs)


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
