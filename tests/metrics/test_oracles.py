"""Reference set A against R and other Python tools; net benefit against dcurves."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from edgeofcare import metrics
from edgeofcare.metrics._arrays import check_rows
from edgeofcare.metrics._curves import Support, fit_curve, fit_line
from edgeofcare.metrics.calibration import _support

EXACT, FITTED = 1e-9, 1e-6
# glm stops at its default tolerance, and takes the covariance from the step before; clustered.R goes on to the end.
STOPPED = 1e-5
SPLINE = "pmcalibration 0.2.0 rcs nk=5 (x=logit p)"


@pytest.mark.parametrize(
    ("measure", "key", "tolerance"),
    [
        (metrics.auroc, "pROC|AUC", EXACT),
        (metrics.auroc, "riskRegression|AUC AUC", EXACT),
        (metrics.auroc, "rms|C (ROC)", 2e-4),
        (metrics.brier_score, "rms|Brier", EXACT),
        (metrics.brier_score, "riskRegression|Brier Brier", EXACT),
        (metrics.scaled_brier_score, "riskRegression|Brier IPA", EXACT),
        (metrics.observed_expected_ratio, "observed|O/E", EXACT),
        (metrics.calibration_in_the_large, "stats::glm|calibration_in_the_large (offset intercept)", FITTED),
        (metrics.calibration_slope, "stats::glm|calibration slope", FITTED),
        (metrics.calibration_slope, "rms|Slope", FITTED),
        (metrics.integrated_calibration_index, f"{SPLINE}|Eavg", FITTED),
        (lambda y, p: metrics.calibration_error_quantile(y, p, 0.5), f"{SPLINE}|E50", FITTED),
        (lambda y, p: metrics.calibration_error_quantile(y, p, 0.9), f"{SPLINE}|E90", FITTED),
        (lambda y, p: metrics.brier_decomposition(y, p).uncertainty, "riskRegression|null Brier", EXACT),
        (lambda y, p: 2 * metrics.auroc(y, p) - 1, "rms|Dxy", 4e-4),
        (lambda y, p: metrics.auroc_standard_error(y, p), "riskRegression|AUC se", EXACT),
        (lambda y, p: metrics.brier_standard_error(y, p), "riskRegression|Brier se", EXACT),
        (lambda y, p: metrics.calibration_standard_errors(y, p).in_the_large, "stats::glm|CITL se", FITTED),
        (lambda y, p: metrics.calibration_standard_errors(y, p).slope, "stats::glm|slope se (iid)", STOPPED),
        (
            lambda y, p: metrics.calibration_standard_errors(y, p).intercept,
            "stats::glm|recal intercept se (iid)",
            STOPPED,
        ),
    ],
)
def test_equals_r(set_a, expected_r, measure, key, tolerance):
    assert measure(*set_a) == pytest.approx(expected_r[key], abs=tolerance)


# R's loess joins its fits by another curve than ours, which moves the median but neither the mean nor the tail.
@pytest.mark.parametrize(
    ("options", "tool", "named"),
    [
        ({}, "pmcalibration 0.2.0 lowess (x=p)", ("Eavg", "E50", "E90", "ECI")),
        ({}, "rms", ("Eavg", "E90")),
        (
            {"share": 0.75, "degree": 2},
            "pmcalibration 0.2.0 loess (span .75, deg 2, x=p)",
            ("Eavg", "E90"),
        ),
    ],
)
def test_local_regression_gives_the_calibration_errors_of_r(set_a, expected_r, options, tool, named):
    error = np.abs(metrics.local_regression(*set_a, **options) - set_a[1])
    found = {
        "Eavg": error.mean(),
        "E50": np.quantile(error, 0.5),
        "E90": np.quantile(error, 0.9),
        "ECI": 100 * (error**2).mean(),
    }
    assert {name: found[name] for name in named} == {
        name: pytest.approx(expected_r[f"{tool}|{name}"], abs=5e-4) for name in named
    }


def test_calibration_in_the_large_is_not_the_intercept_of_a_line(set_a, expected_r):
    assert abs(metrics.calibration_in_the_large(*set_a) - expected_r["rms|Intercept"]) > 0.05


def test_standard_error_equals_delong(set_a, expected_r):
    assert metrics.auroc_standard_error(*set_a) ** 2 == pytest.approx(expected_r["pROC|var"], abs=EXACT)


@pytest.mark.parametrize(
    ("measure", "key"),
    [
        (metrics.average_precision, "AP"),
        (metrics.log_loss, "log_loss"),
        (metrics.brier_score, "brier"),
        (metrics.scaled_brier_score, "d2_brier"),
        (metrics.d2_log_loss, "d2_logloss"),
    ],
)
def test_equals_python_tools(set_a, expected_py, measure, key):
    assert measure(*set_a) == pytest.approx(expected_py["metrics_A"][key], abs=EXACT)


def test_standard_error_gives_the_interval_of_proc(set_a, expected_r):
    half = 1.959963984540054 * metrics.auroc_standard_error(*set_a)
    assert metrics.auroc(*set_a) - half == pytest.approx(expected_r["pROC|AUC lower95"], abs=EXACT)
    assert metrics.auroc(*set_a) + half == pytest.approx(expected_r["pROC|AUC upper95"], abs=EXACT)


def test_parts_of_the_brier_score_equal_corp_and_model_diagnostics(set_a, expected_py):
    parts, expected = metrics.brier_decomposition(*set_a), expected_py["metrics_A"]
    assert parts == pytest.approx([expected["CORP_brier"][part] for part in ("mcb", "dsc", "unc")], abs=EXACT)
    assert parts._asdict() == pytest.approx(
        {part: expected["model_diagnostics"][part] for part in parts._fields}, abs=EXACT
    )


def test_measures_by_group_equal_the_guide_of_fairlearn(expected_py):
    # Found, alarms, missed and spared rows of each group, as the rates of the guide say.
    counts = {"a": (1, 2, 1, 0), "b": (3, 0, 2, 1), "c": (2, 2, 3, 1)}
    for group, (found, alarms, missed, spared) in counts.items():
        y = np.repeat([1, 0, 1, 0], (found, alarms, missed, spared))
        chosen = np.repeat([1, 1, 0, 0], (found, alarms, missed, spared))
        ours, expected = metrics.choice_measures(y, chosen), expected_py["fairlearn"]["by_group"][group]
        assert y.size == expected["n"]
        assert ours["sensitivity"] == pytest.approx(expected["tpr"], abs=EXACT)
        assert ours["false_positive_rate"] == pytest.approx(expected["fpr"], abs=EXACT)
        assert ours["selection_rate"] == pytest.approx(expected["sel"], abs=EXACT)


def test_stability_equals_the_example(expected_py):
    example = expected_py["psi_example"]
    index = metrics.population_stability_index(example["expected"], example["actual"])
    assert index == pytest.approx(example["psi"], abs=EXACT)


@pytest.mark.parametrize("depth", ["top0.01", "top0.05", "top0.1"])
def test_top_k_equals_python_tools(set_a, expected_py, depth):
    expected = expected_py["metrics_A"][depth]
    assert metrics.precision_at_k(*set_a, expected["n"]) == pytest.approx(expected["ppv"], abs=EXACT)
    assert metrics.recall_at_k(*set_a, expected["n"]) == pytest.approx(expected["recall"], abs=EXACT)
    assert metrics.lift_at_k(*set_a, expected["n"]) == pytest.approx(expected["lift"], abs=EXACT)


def test_quantiles_of_the_distance_are_those_of_the_rows(set_a):
    y, p = set_a
    distance = np.abs(metrics.calibration_curve(y, p, p) - p)
    for quantile in (0.0, 0.5, 0.9, 0.99):
        ours = metrics.calibration_error_quantile(y, p, quantile)
        assert ours == pytest.approx(np.quantile(distance, quantile), abs=1e-12)
    assert distance.mean() == pytest.approx(metrics.integrated_calibration_index(y, p), abs=1e-12)


def test_knots_equal_hmisc(set_a, expected_r):
    curve = fit_curve(_support(check_rows(*set_a)))
    expected = [expected_r[f"Hmisc|knot{i}"] for i in range(1, 6)]
    np.testing.assert_allclose(curve.knots, expected, atol=1e-9)


def _example(references):
    """Outcomes, the marker's risks, and age turned into a risk by logistic regression, as dcurves does."""
    with (references / "dcurves_df_binary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    y = np.array([row["cancer"] == "TRUE" for row in rows], dtype=int)
    age = np.array([float(row["age"]) for row in rows])
    order = np.argsort(age)
    a, b = fit_line(Support(age[order], np.ones(y.size), y[order].astype(float)), (-2.0, 0.0))
    fixed = {"all": np.ones(y.size), "none": np.zeros(y.size), "age": 1 / (1 + np.exp(-a - b * age))}
    return y, {**fixed, "cancerpredmarker": np.array([float(row["cancerpredmarker"]) for row in rows])}


@pytest.mark.parametrize("rule", ["all", "none", "age"])
def test_net_benefit_equals_dcurves_in_r(references, rule):
    y, predictors = _example(references)
    with (references / "dcurves_r_simple_binary_dca_result_df.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["variable"] == rule]
    cuts = np.array([float(row["threshold"]) for row in rows])
    # At a threshold of 0 a risk of 0 is at or above it, where dcurves' "none" still reviews nobody.
    kept = cuts > 0 if rule == "none" else cuts >= 0
    expected = np.array([float(row["net_benefit"]) for row in rows])
    assert kept.sum() >= 99
    np.testing.assert_allclose(metrics.net_benefit(y, predictors[rule], cuts)[kept], expected[kept], atol=EXACT)


def test_net_benefit_equals_dcurves_in_python(references, expected_py):
    y, predictors = _example(references)
    expected = expected_py["dcurves_cancerpredmarker_NB"]
    ours = metrics.net_benefit(y, predictors["cancerpredmarker"], [float(cut) for cut in expected])
    np.testing.assert_allclose(ours, list(expected.values()), atol=EXACT)
