"""Resampling households: equal to brute force, blind to order, paired, and honest about what is undefined."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare import metrics
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics import _prepared, household_bootstrap

PLAIN = {
    "auroc": metrics.auroc,
    "average_precision": metrics.average_precision,
    "prevalence": lambda y, p: np.mean(y),
    "brier_score": metrics.brier_score,
    "scaled_brier_score": metrics.scaled_brier_score,
    "log_loss": metrics.log_loss,
    "d2_log_loss": metrics.d2_log_loss,
    "brier_miscalibration": lambda y, p: metrics.brier_decomposition(y, p).miscalibration,
    "brier_discrimination": lambda y, p: metrics.brier_decomposition(y, p).discrimination,
    "brier_uncertainty": lambda y, p: metrics.brier_decomposition(y, p).uncertainty,
    "observed_expected_ratio": metrics.observed_expected_ratio,
    "calibration_in_the_large": metrics.calibration_in_the_large,
    "calibration_slope": metrics.calibration_slope,
    "integrated_calibration_index": metrics.integrated_calibration_index,
    "e50": lambda y, p: metrics.calibration_error_quantile(y, p, 0.5),
    "e90": lambda y, p: metrics.calibration_error_quantile(y, p, 0.9),
}
AT_CAPACITY = {
    "ppv_at_capacity": "ppv",
    "recall_at_capacity": "sensitivity",
    "number_needed_to_review": "number_needed_to_review",
    "lift_at_capacity": "lift",
    "selection_rate_at_capacity": "selection_rate",
    "specificity_at_capacity": "specificity",
    "false_positive_rate_at_capacity": "false_positive_rate",
    "npv_at_capacity": "npv",
    "false_omission_rate_at_capacity": "false_omission_rate",
    "f1_at_capacity": "f1",
}


def panel(seed=0, households=60, ties=True):
    """Rows of siblings with shared risk; with ties, risks are rounded to two digits."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 7, households)
    household = np.repeat([f"h{i:03d}" for i in range(households)], size)
    lp = np.repeat(rng.normal(-1.2, 0.8, households), size) + rng.normal(0, 0.7, size.sum())
    p = 1 / (1 + np.exp(-lp))
    p = np.clip(p.round(2), 0.01, 0.99) if ties else p
    y = (rng.uniform(size=p.size) < p).astype(int)
    return y, p, household


def drawn_rows(household, n_resamples, seed):
    """Rows of each resample written out, by the same draws of households."""
    names, codes = np.unique(household, return_inverse=True)
    rng = np.random.default_rng(seed)
    for _ in range(n_resamples):
        counts = np.bincount(rng.integers(0, names.size, names.size), minlength=names.size)
        yield np.repeat(np.arange(household.size), counts[codes])


@pytest.mark.parametrize("ties", [True, False], ids=["risks are tied", "risks are distinct"])
@pytest.mark.parametrize("seed", [0, 1])
def test_resamples_equal_households_written_out(ties, seed):
    y, p, household = panel(seed, ties=ties)
    result = household_bootstrap(y, p, household, n_resamples=12, random_state=seed)
    for i, rows in enumerate(drawn_rows(household, 12, seed)):
        for name, measure in PLAIN.items():
            ours, near = result.samples["model"][name][i], 1e-6 if name in ("e50", "e90") else 1e-8
            assert ours == pytest.approx(measure(y[rows], p[rows]), abs=near, nan_ok=True), name


def test_estimates_equal_the_plain_functions():
    y, p, household = panel(5)
    result = household_bootstrap(y, p, household, n_resamples=2)
    for name, measure in PLAIN.items():
        assert result.estimates["model"][name] == pytest.approx(measure(y, p), abs=1e-9), name


def test_curve_and_net_benefit_equal_households_written_out():
    y, p, household = panel(2)
    grid, cuts = [0.05, 0.2, 0.5], [0.1, 0.3]
    result = household_bootstrap(y, p, household, grid=grid, thresholds=cuts, n_resamples=6, random_state=4)
    for i, rows in enumerate(drawn_rows(household, 6, 4)):
        np.testing.assert_allclose(result.curve[i], metrics.calibration_curve(y[rows], p[rows], grid), atol=1e-7)
        np.testing.assert_allclose(result.net_benefit["model"][i], metrics.net_benefit(y[rows], p[rows], cuts))
        everyone = metrics.net_benefit(y[rows], np.ones(rows.size), cuts)
        np.testing.assert_allclose(result.net_benefit["review all"][i], everyone)


@pytest.mark.parametrize("measure", metrics.THRESHOLD_MEASURES)
def test_measures_at_thresholds_equal_households_written_out(measure):
    y, p, household = panel(2, households=40)
    cuts = [0.0, 0.1, 0.3, 0.97]
    result = household_bootstrap(
        y, p, household, baselines={"half": p / 2}, thresholds=cuts, n_resamples=30, random_state=4
    )
    drawn = list(drawn_rows(household, 30, 4))
    for minus in (None, "half"):
        ours = result.at_threshold(measure, minus=minus)
        shown = metrics.threshold_measures(y, p, cuts)[measure]
        samples = np.array([metrics.threshold_measures(y[rows], p[rows], cuts)[measure] for rows in drawn])
        if minus:
            shown = shown - metrics.threshold_measures(y, p / 2, cuts)[measure]
            less = [metrics.threshold_measures(y[rows], p[rows] / 2, cuts)[measure] for rows in drawn]
            samples = samples - np.array(less)
        low, high = metrics.percentile_interval(samples)
        np.testing.assert_array_equal(ours.threshold, cuts)
        np.testing.assert_allclose(ours.estimate, shown, atol=1e-12)
        np.testing.assert_allclose(ours.ci_low, low, atol=1e-12)
        np.testing.assert_allclose(ours.ci_high, high, atol=1e-12)


def test_reviewing_all_is_a_rule_at_every_threshold():
    y, p, household = panel(2)
    result = household_bootstrap(y, p, household, thresholds=[0.1, 0.3], n_resamples=9)
    rule = result.at_threshold("sensitivity", "review all")
    np.testing.assert_array_equal([rule.estimate, rule.ci_low, rule.ci_high], np.ones((3, 2)))
    assert np.isnan(result.at_threshold("npv", "review all").estimate).all()
    np.testing.assert_allclose(result.at_threshold("avoided_reviews_per_100", "review all").ci_high, 0, atol=1e-12)


@pytest.mark.parametrize("measure", ["accuracy", "auroc"])
def test_a_measure_that_has_no_threshold_is_named(measure):
    y, p, household = panel(2)
    with pytest.raises(SpecError, match=f"'{measure}' is not to be had"):
        household_bootstrap(y, p, household, thresholds=[0.1], n_resamples=2).at_threshold(measure)
    with pytest.raises(SpecError, match="pass thresholds="):
        household_bootstrap(y, p, household, n_resamples=2).at_threshold("ppv")


def test_measures_at_capacity_equal_households_written_out():
    y, p, household = panel(3)
    rng = np.random.default_rng(0)
    child = np.char.add(household, rng.integers(0, 2, y.size).astype(str))
    chosen = metrics.top_k_share(p, 20)
    result = household_bootstrap(y, p, household, selected=chosen, child=child, n_resamples=8, random_state=7)
    samples = result.samples["model"]
    for i, rows in enumerate(drawn_rows(household, 8, 7)):
        expected = metrics.choice_measures(y[rows], chosen[rows])
        for measure, name in AT_CAPACITY.items():
            assert samples[measure][i] == pytest.approx(expected[name]), measure
    caught = {c: 1 - np.prod(1 - chosen[(child == c) & (y == 1)]) for c in np.unique(child[y == 1])}
    share = result.estimates["model"]["entrants_found_at_capacity"]
    assert share == pytest.approx(np.mean(list(caught.values())))


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 5))
def test_the_order_of_rows_changes_no_digit(random, seed):
    y, p, household = panel(seed, households=25)
    order = random.sample(range(y.size), y.size)
    chosen = metrics.top_k_share(p, 9)
    child = np.char.add(household, "x")
    kwargs = {"n_resamples": 5, "grid": [0.1, 0.4], "thresholds": [0.2], "score": p**2}
    one = household_bootstrap(y, p, household, selected=chosen, child=child, baselines={"b": p * 0.5}, **kwargs)
    kwargs["score"] = (p**2)[order]
    two = household_bootstrap(
        y[order],
        p[order],
        household[order],
        selected=chosen[order],
        child=child[order],
        baselines={"b": (p * 0.5)[order]},
        **kwargs,
    )
    assert repr(one.rows()) == repr(two.rows())
    for name in ("model", "b"):
        for measure, values in one.samples[name].items():
            np.testing.assert_array_equal(values, two.samples[name][measure])
    np.testing.assert_array_equal(one.curve, two.curve)
    np.testing.assert_array_equal(one.net_benefit["b"], two.net_benefit["b"])


def test_differences_are_paired():
    y, p, household = panel(1)
    result = household_bootstrap(y, p, household, baselines={"same": p, "other": np.full(p.size, 0.3)}, n_resamples=50)
    assert result.interval("auroc", minus="same") == (0.0, 0.0)
    gain = result.samples["model"]["auroc"] - result.samples["other"]["auroc"]
    assert result.interval("auroc", minus="other") == pytest.approx(tuple(np.quantile(gain, [0.025, 0.975])))
    assert result.estimates["other"]["auroc"] == 0.5


def test_score_ranks_and_risk_calibrates():
    y, p, household = panel(4, ties=False)
    coarse = np.where(p > 0.3, 0.5, 0.1)
    result = household_bootstrap(y, coarse, household, score=p, n_resamples=4, random_state=0)
    assert result.estimates["model"]["auroc"] == pytest.approx(metrics.auroc(y, p))
    assert result.estimates["model"]["brier_score"] == pytest.approx(metrics.brier_score(y, coarse))
    for i, rows in enumerate(drawn_rows(household, 4, 0)):
        assert result.samples["model"]["auroc"][i] == pytest.approx(metrics.auroc(y[rows], p[rows]))
        slope = metrics.calibration_slope(y[rows], coarse[rows])
        assert result.samples["model"]["calibration_slope"][i] == pytest.approx(slope, abs=1e-8)


def test_score_that_disagrees_with_the_risk_is_kept_apart():
    y, p, household = panel(6, ties=False)
    result = household_bootstrap(y, p, household, score=-p, n_resamples=3, random_state=1)
    for i, rows in enumerate(drawn_rows(household, 3, 1)):
        assert result.samples["model"]["auroc"][i] == pytest.approx(metrics.auroc(y[rows], -p[rows]))
        index = metrics.integrated_calibration_index(y[rows], p[rows])
        assert result.samples["model"]["integrated_calibration_index"][i] == pytest.approx(index, abs=1e-7)


def test_score_that_is_coarser_than_the_risk_ties_what_the_risk_does_not():
    y, p, household = panel(7)
    result = household_bootstrap(y, p, household, score=p.round(1), n_resamples=4, random_state=2)
    for i, rows in enumerate(drawn_rows(household, 4, 2)):
        samples = {name: values[i] for name, values in result.samples["model"].items()}
        assert samples["auroc"] == pytest.approx(metrics.auroc(y[rows], p[rows].round(1)))
        assert samples["calibration_slope"] == pytest.approx(metrics.calibration_slope(y[rows], p[rows]), abs=1e-8)
        parts = metrics.brier_decomposition(y[rows], p[rows])
        assert samples["brier_miscalibration"] == pytest.approx(parts.miscalibration, abs=1e-12)


def test_resamples_that_plain_steps_cannot_fit_are_fitted_with_care():
    # So few rows that some resamples have one outcome, one risk, or risks that separate the outcomes.
    undefined = 0
    for seed in range(4):
        y, p, household = panel(seed, households=7)
        p = p.round(1).clip(0.1, 0.9)
        result = household_bootstrap(y, p, household, n_resamples=40, random_state=seed)
        for i, rows in enumerate(drawn_rows(household, 40, seed)):
            for name, measure in PLAIN.items():
                ours, theirs = result.samples["model"][name][i], measure(y[rows], p[rows])
                assert ours == pytest.approx(theirs, abs=1e-5, rel=1e-6, nan_ok=True), name
                undefined += np.isnan(theirs)
    assert undefined > 10


def test_counts_too_large_for_32_bits_are_kept_in_64(monkeypatch):
    y, p, household = panel(3)
    small = household_bootstrap(y, p, household, n_resamples=5)
    monkeypatch.setattr(_prepared, "_LARGEST_INT32", 10)
    large = household_bootstrap(y, p, household, n_resamples=5)
    assert large.rows() == small.rows()


def test_bins_of_risks_hardly_move_the_refits(monkeypatch):
    y, p, household = panel(9, households=1500, ties=False)
    wanted = ["calibration_in_the_large", "calibration_slope", "integrated_calibration_index", "e50", "e90"]
    wanted += ["brier_miscalibration", "brier_discrimination"]
    monkeypatch.setattr(_prepared, "MAX_SUPPORT", 10**9)
    exact = household_bootstrap(y, p, household, measures=wanted, n_resamples=40)
    monkeypatch.setattr(_prepared, "MAX_SUPPORT", 2048)
    binned = household_bootstrap(y, p, household, measures=wanted, n_resamples=40)
    assert exact.estimates == binned.estimates
    for measure in wanted:
        apart = np.abs(exact.samples["model"][measure] - binned.samples["model"][measure]).max()
        most = {"brier_miscalibration": 0.5, "brier_discrimination": 0.1, "e50": 0.05, "e90": 0.05}.get(measure, 0.015)
        assert 0 < apart < most * exact.samples["model"][measure].std(), measure


def test_interval_covers_households_not_rows():
    y, p, household = panel(11, households=150)
    once = household_bootstrap(y, p, household, n_resamples=300, measures=["auroc"])
    copies = household_bootstrap(
        np.tile(y, 5), np.tile(p, 5), np.tile(household, 5), n_resamples=300, measures=["auroc"]
    )
    assert copies.interval("auroc") == pytest.approx(once.interval("auroc"), abs=1e-12)
    se = metrics.auroc_standard_error(y, p, household=household)
    assert once.samples["model"]["auroc"].std() == pytest.approx(se, rel=0.2)


def test_undefined_measures_have_no_interval():
    y, p = np.zeros(30, dtype=int), np.linspace(0.1, 0.5, 30)
    result = household_bootstrap(y, p, np.arange(30) // 3, n_resamples=20)
    assert np.isnan(result.estimates["model"]["auroc"])
    assert np.isnan(result.interval("auroc")).all()
    assert result.estimates["model"]["brier_score"] > 0


def test_one_household_has_no_interval():
    result = household_bootstrap([0, 1], [0.2, 0.4], ["a", "a"], n_resamples=10)
    assert np.isnan(result.interval("brier_score")).all()


def test_risks_of_exactly_0_leave_the_rest_standing():
    y, p, household = panel(0)
    p = p.copy()
    p[0] = 0.0
    estimates = household_bootstrap(y, p, household, n_resamples=3).estimates["model"]
    assert np.isnan([estimates["log_loss"], estimates["calibration_slope"]]).all()
    assert 0 < estimates["auroc"] < 1


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"household": [1, 2]}, "one value for each of 3 rows"),
        ({"household": [1, None, 2]}, "household is missing in 1 of 3 rows"),
        ({"household": ["a", "b", float("nan")]}, "household is missing in 1 of 3 rows"),
        ({"measures": ["auc"]}, "Unknown measures: auc"),
        ({"measures": "auroc"}, "bare string"),
        ({"n_resamples": 0}, "n_resamples"),
        ({"confidence": 1.5}, "confidence"),
        ({"selected": [0, 2, 0]}, "selected"),
        ({"score": {"other": [1, 2, 3]}}, "score names 1"),
        ({"baselines": {"b": [0.1, 0.2]}}, "lengths differ"),
        ({"baselines": {"model": [0.1, 0.2, 0.3]}}, "cannot be named model"),
        ({"grid": [0.0]}, "grid has 1 of 1"),
        ({"thresholds": [1.0]}, "thresholds has 1 of 1"),
    ],
)
def test_bad_arguments_are_named(kwargs, words):
    household = kwargs.pop("household", ["a", "b", "c"])
    with pytest.raises(SpecError, match=words):
        household_bootstrap([0, 1, 0], [0.1, 0.2, 0.3], household, **{"n_resamples": 3, **kwargs}).rows()


def test_the_number_of_threads_changes_no_digit():
    code = (
        "import numpy as np, hashlib; from edgeofcare.metrics import household_bootstrap as b\n"
        "r = np.random.default_rng(0); p = r.uniform(0.01, 0.4, 40000); y = (r.uniform(size=p.size) < p).astype(int)\n"
        "out = b(y, p, r.integers(0, 9000, p.size), n_resamples=3, grid=[0.05, 0.2], thresholds=[0.1])\n"
        "print(hashlib.sha256((repr(out.samples) + repr(out.curve) + repr(out.rows())).encode()).hexdigest())"
    )
    digests = set()
    for threads in ("1", "2"):
        env = {**os.environ, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
        digests.add(done.stdout)
    assert len(digests) == 1


def test_repr_counts_and_says_no_more():
    y, p, household = panel(0)
    assert repr(household_bootstrap(y, p, household, n_resamples=2)) == (
        "BootstrapResult(2 resamples of 60 households; model)"
    )
