"""What is fitted to many resamples at once is what would be fitted to each of them alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgeofcare.metrics import _engine, _refits
from edgeofcare.metrics._curves import Support, fit_curve, fit_intercept, fit_line, row_quantiles, sigmoid
from edgeofcare.metrics._prepared import Supports
from edgeofcare.metrics._refits import _row_quantiles, fit_all, refit
from edgeofcare.metrics.bootstrap import household_bootstrap

MEASURES = ["calibration_in_the_large", "calibration_slope", "integrated_calibration_index", "e50", "e90"]
KINDS = ["distinct", "ties", "rare", "steep", "risks 1", "risks 2", "risks 3", "risks 4", "risks 5", "risks 9"]
RESAMPLES, HALF_AND_90 = 40, np.array([0.5, 0.9])


def resamples(kind, seed, rows=300):
    """Resamples of rows whose risks are distinct, tied, few, or nearly tell the outcomes apart."""
    rng = np.random.default_rng([seed, rows])
    lp = rng.normal(-2.0, 1.2, rows)
    if kind.startswith("risks"):
        lp = np.sort(rng.uniform(-4, 0, int(kind.split()[1])))[rng.integers(0, int(kind.split()[1]), rows)]
    lp = lp.round(1) if kind == "ties" else lp
    eta = {"rare": 0.8 * lp - 2, "steep": 6 * (lp - np.quantile(lp, 0.9))}.get(kind, 0.8 * lp)
    y = (rng.uniform(size=rows) < sigmoid(eta)).astype(float)
    drawn = rng.multinomial(rows, np.full(rows, 1 / rows), size=RESAMPLES).astype(float)
    drawn[0] = np.where(y == 1, 0, drawn[0])  # no event
    drawn[1] = np.where(y == 1, drawn[1], 0)  # nothing else
    drawn[2] *= np.arange(rows) < 3
    values, place = np.unique(lp, return_inverse=True)
    rows_at, events_at = (
        np.array([np.bincount(place, weights=each * kept, minlength=values.size) for each in drawn])
        for kept in (np.ones(rows), y)
    )
    whole = Support(values, np.bincount(place).astype(float), np.bincount(place, weights=y))
    return Supports(values, rows_at, events_at), fit_all(whole)


def alone(supports, near, points):
    """Measures and curve of each resample, fitted one by one."""
    found, curves = [], []
    for rows, events in zip(supports.rows, supports.events, strict=True):
        one = Support(supports.lp, rows, events)
        curve = fit_curve(one, near.curve)
        far = [np.nan] * 3 if curve is None else [curve.mean_distance(one), *curve.distance_quantiles(one, HALF_AND_90)]
        found.append([fit_intercept(one, near.intercept), fit_line(one, near.line)[1], *far])
        curves.append(np.full(points.size, np.nan) if curve is None else curve.observed(points))
    return dict(zip(MEASURES, np.array(found).T, strict=True)), np.array(curves)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_resamples_fitted_at_once_are_as_if_each_were_alone(kind, seed):
    supports, near = resamples(kind, seed)
    points = np.quantile(supports.lp, [0.0, 0.2, 0.5, 1.0])
    found, curve = refit(supports, MEASURES, near, points)
    expected, expected_curve = alone(supports, near, points)
    for measure in MEASURES:
        np.testing.assert_allclose(found[measure], expected[measure], rtol=0, atol=1e-9, err_msg=measure)
    np.testing.assert_allclose(curve, expected_curve, rtol=0, atol=1e-9)
    assert np.isfinite(found["calibration_in_the_large"]).sum() >= RESAMPLES // 2


@pytest.mark.parametrize("kind", ["distinct", "risks 4", "steep"])
def test_a_resample_does_not_depend_on_those_beside_it(kind):
    supports, near = resamples(kind, 3)
    some = np.array([7, 20, 4])
    together, _ = refit(supports, MEASURES, near)
    few, _ = refit(Supports(supports.lp, supports.rows[some], supports.events[some]), MEASURES, near)
    for measure in MEASURES:
        np.testing.assert_allclose(few[measure], together[measure][some], rtol=0, atol=1e-12, err_msg=measure)


@pytest.mark.parametrize("kind", ["risks 1", "risks 2", "risks 4"])
def test_resamples_of_few_risks_are_hardly_ever_fitted_one_by_one(kind, monkeypatch):
    supports, near = both_outcomes_everywhere(*resamples(kind, 0))
    alone = []
    for name, fit in {"fit_curve": fit_curve, "fit_line": fit_line, "fit_intercept": fit_intercept}.items():
        monkeypatch.setattr(_refits, name, lambda *given, fit=fit: alone.append(fit) or fit(*given))
    found, _ = refit(supports, MEASURES, near)
    assert np.isfinite(found["integrated_calibration_index"]).sum() > RESAMPLES // 2
    assert len(alone) <= 1  # a knot halfway between two risks makes a spline that they cannot carry


def both_outcomes_everywhere(supports, near):
    """Resamples with an event, and a row without one, at each risk."""
    kept = ((supports.events > 0) & (supports.events < supports.rows)).all(axis=1)
    return Supports(supports.lp, supports.rows[kept], supports.events[kept]), near


@pytest.mark.parametrize("seed", [0, 1])
def test_quantiles_of_resamples_at_once_are_those_of_each(seed):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 3, (20, 30)).astype(float)
    rows[0, 1:], rows[0, 0] = 0, 1
    values = np.sort(rng.normal(size=rows.shape), axis=1)
    asked = np.array([0.0, 0.05, 0.35, 0.5, 0.9, 1.0])
    expected = [row_quantiles(*each, asked) for each in zip(values, rows, strict=True)]
    np.testing.assert_array_equal(_row_quantiles(values, rows, asked), expected)
    shared = [row_quantiles(values[3], each, asked) for each in rows]
    np.testing.assert_array_equal(_row_quantiles(values[3], rows, asked), shared)


@pytest.mark.parametrize("held", [1, 100_000])
@pytest.mark.parametrize("cells", [1, 1000])
def test_how_many_resamples_are_held_at_once_changes_nothing(held, cells, monkeypatch):
    rng = np.random.default_rng(4)
    household, risk = np.repeat(np.arange(60), 5), rng.uniform(0.02, 0.6, 300)
    y = (rng.uniform(size=300) < risk).astype(int)
    options = {"baselines": {"rule": risk.round(1) + 0.01}, "thresholds": [0.1, 0.3], "grid": [0.1, 0.2]}
    expected = household_bootstrap(y, risk, household, n_resamples=100, **options)
    monkeypatch.setattr(_engine, "_HELD", held)
    monkeypatch.setattr(_engine, "_CELLS", cells)
    found = household_bootstrap(y, risk, household, n_resamples=70, **options)
    np.testing.assert_allclose(found.curve, expected.curve[:70], rtol=0, atol=1e-12)
    for name, measures in found.samples.items():
        np.testing.assert_array_equal(found.net_benefit[name], expected.net_benefit[name][:70])
        for measure, values in measures.items():
            np.testing.assert_allclose(values, expected.samples[name][measure][:70], rtol=0, atol=1e-12)
