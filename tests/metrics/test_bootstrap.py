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
    "observed_expected_ratio": metrics.observed_expected_ratio,
    "calibration_in_the_large": metrics.calibration_in_the_large,
    "calibration_slope": metrics.calibration_slope,
    "integrated_calibration_index": metrics.integrated_calibration_index,
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
            ours = result.samples["model"][name][i]
            assert ours == pytest.approx(measure(y[rows], p[rows]), abs=1e-8, nan_ok=True), name


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


def test_measures_at_capacity_equal_households_written_out():
    y, p, household = panel(3)
    rng = np.random.default_rng(0)
    child = np.char.add(household, rng.integers(0, 2, y.size).astype(str))
    chosen = metrics.top_k_share(p, 20)
    result = household_bootstrap(y, p, household, selected=chosen, child=child, n_resamples=8, random_state=7)
    samples = result.samples["model"]
    for i, rows in enumerate(drawn_rows(household, 8, 7)):
        picked, found = chosen[rows], y[rows]
        assert samples["ppv_at_capacity"][i] == pytest.approx((picked * found).sum() / picked.sum())
        assert samples["recall_at_capacity"][i] == pytest.approx((picked * found).sum() / found.sum())
        assert samples["number_needed_to_review"][i] == pytest.approx(picked.sum() / (picked * found).sum())
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


def test_bins_of_risks_hardly_move_the_refits(monkeypatch):
    y, p, household = panel(9, households=1500, ties=False)
    wanted = ["calibration_in_the_large", "calibration_slope", "integrated_calibration_index"]
    monkeypatch.setattr(_prepared, "MAX_SUPPORT", 10**9)
    exact = household_bootstrap(y, p, household, measures=wanted, n_resamples=40)
    monkeypatch.setattr(_prepared, "MAX_SUPPORT", 2048)
    binned = household_bootstrap(y, p, household, measures=wanted, n_resamples=40)
    assert exact.estimates == binned.estimates
    for measure in wanted:
        apart = np.abs(exact.samples["model"][measure] - binned.samples["model"][measure]).max()
        assert 0 < apart < 0.015 * exact.samples["model"][measure].std(), measure


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
