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
        (metrics.integrated_calibration_index, "pmcalibration 0.2.0 rcs nk=5 (x=logit p)|Eavg", FITTED),
    ],
)
def test_equals_r(set_a, expected_r, measure, key, tolerance):
    assert measure(*set_a) == pytest.approx(expected_r[key], abs=tolerance)


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
    ],
)
def test_equals_python_tools(set_a, expected_py, measure, key):
    assert measure(*set_a) == pytest.approx(expected_py["metrics_A"][key], abs=EXACT)


@pytest.mark.parametrize("depth", ["top0.01", "top0.05", "top0.1"])
def test_top_k_equals_python_tools(set_a, expected_py, depth):
    expected = expected_py["metrics_A"][depth]
    assert metrics.precision_at_k(*set_a, expected["n"]) == pytest.approx(expected["ppv"], abs=EXACT)
    assert metrics.recall_at_k(*set_a, expected["n"]) == pytest.approx(expected["recall"], abs=EXACT)


def test_quantiles_of_the_curve_equal_pmcalibration(set_a, expected_r):
    y, p = set_a
    distance = np.abs(metrics.calibration_curve(y, p, p) - p)
    tool = "pmcalibration 0.2.0 rcs nk=5 (x=logit p)"
    assert np.median(distance) == pytest.approx(expected_r[f"{tool}|E50"], abs=FITTED)
    assert np.quantile(distance, 0.9) == pytest.approx(expected_r[f"{tool}|E90"], abs=FITTED)
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
