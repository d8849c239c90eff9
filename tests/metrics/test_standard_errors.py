"""Standard errors by household without resampling: R's on data of our own, and what must hold of any."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare import metrics
from edgeofcare.exceptions import SpecError

R = Path(__file__).parents[1] / "data" / "r"


@pytest.fixture(scope="module")
def panel():
    """Outcome, risk and household of the rows that R was given."""
    with (R / "clustered.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    y, p = (np.array([float(row[name]) for row in rows]) for name in ("y", "p"))
    return y, p, np.array([row["household"] for row in rows])


@pytest.fixture(scope="module")
def expected():
    """What R found."""
    with (R / "clustered_expected.csv").open(encoding="utf-8", newline="") as file:
        return {row["measure"]: float(row["value"]) for row in csv.DictReader(file)}


def test_the_data_are_those_that_r_was_given(panel, expected):
    y, p, household = panel
    assert y.size == 600
    assert np.unique(household).size == expected["households"]
    assert np.unique(household[y == 1]).size == expected["households_with_event"]
    assert np.unique(p).size < 500
    assert metrics.auroc(y, p) == pytest.approx(expected["auroc"], abs=1e-12)
    assert metrics.calibration_slope(y, p) == pytest.approx(expected["line_slope"], abs=1e-6)
    assert metrics.calibration_in_the_large(y, p) == pytest.approx(expected["in_the_large"], abs=1e-6)


@pytest.mark.parametrize(("unit", "by_household"), [("clustered", True), ("independent", False)])
def test_variance_of_auroc_equals_r(panel, expected, unit, by_household):
    y, p, household = panel
    error = metrics.auroc_standard_error(y, p, household=household if by_household else None)
    assert error**2 == pytest.approx(expected[f"auroc_variance_{unit}"], abs=1e-12)


@pytest.mark.parametrize(("unit", "by_household"), [("clustered", True), ("independent", False)])
def test_standard_errors_of_calibration_equal_robcov(panel, expected, unit, by_household):
    y, p, household = panel
    errors = metrics.calibration_standard_errors(y, p, household=household if by_household else None)
    assert errors.slope == pytest.approx(expected[f"line_slope_se_{unit}"], abs=1e-6)
    assert errors.intercept == pytest.approx(expected[f"line_intercept_se_{unit}"], abs=1e-6)
    assert errors.in_the_large == pytest.approx(expected[f"in_the_large_se_{unit}"], abs=1e-6)


def test_rows_taken_as_independent_look_surer_than_they_are(expected):
    assert expected["auroc_variance_clustered"] > 1.2 * expected["auroc_variance_independent"]
    assert expected["line_slope_se_clustered"] > 1.1 * expected["line_slope_se_independent"]


def test_the_bootstrap_agrees_with_the_formulas(panel):
    y, p, household = panel
    wanted = ["auroc", "calibration_slope", "calibration_in_the_large"]
    samples = metrics.household_bootstrap(y, p, household, measures=wanted).samples["model"]
    errors = metrics.calibration_standard_errors(y, p, household=household)
    assert samples["auroc"].std() == pytest.approx(metrics.auroc_standard_error(y, p, household=household), rel=0.1)
    assert samples["calibration_slope"].std() == pytest.approx(errors.slope, rel=0.15)
    assert samples["calibration_in_the_large"].std() == pytest.approx(errors.in_the_large, rel=0.1)


@st.composite
def clustered(draw):
    """Rows of both outcomes in each of two households at least."""
    n = draw(st.integers(8, 30))
    y = [0, 1, 0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 4, max_size=n - 4))]
    p = draw(st.lists(st.integers(1, 19), min_size=n, max_size=n))
    home = [0, 0, 1, 1, *draw(st.lists(st.integers(0, 5), min_size=n - 4, max_size=n - 4))]
    return np.array(y), np.array(p) / 20, np.array(home)


def _errors(y, p, household):
    errors = metrics.calibration_standard_errors(y, p, household=household)
    return [metrics.auroc_standard_error(y, p, household=household), *errors]


@settings(max_examples=50, deadline=None)
@given(clustered(), st.randoms(use_true_random=False))
def test_order_and_names_change_no_digit(data, random):
    y, p, home = data
    order = random.sample(range(y.size), y.size)
    renamed = np.array([f"h{number:02d}" for number in home])
    np.testing.assert_array_equal(_errors(y, p, home), _errors(y[order], p[order], home[order]))
    np.testing.assert_array_equal(_errors(y, p, home), _errors(y, p, renamed))


@settings(max_examples=50, deadline=None)
@given(clustered(), st.integers(2, 4))
def test_copies_of_rows_tell_nothing_new(data, times):
    y, p, home = data
    copied = _errors(np.tile(y, times), np.tile(p, times), np.tile(home, times))
    # Where risks nearly separate the outcomes the slope is huge, and its standard error with it.
    np.testing.assert_allclose(copied, _errors(y, p, home), rtol=1e-5, atol=1e-8)


@settings(max_examples=50, deadline=None)
@given(clustered())
def test_a_household_of_one_row_each_gives_delong(data):
    y, p, _ = data
    alone = metrics.auroc_standard_error(y, p, household=np.arange(y.size))
    assert alone == pytest.approx(metrics.auroc_standard_error(y, p), abs=1e-12)


def test_undefined_where_one_household_holds_an_outcome():
    y, p = [1, 1, 0, 0], [0.6, 0.3, 0.4, 0.2]
    assert np.isnan(metrics.auroc_standard_error(y, p, household=["a", "a", "b", "c"]))
    assert np.isnan(metrics.auroc_standard_error(y, p, household=["a"] * 4))
    assert np.isnan(metrics.calibration_standard_errors(y, p, household=["a"] * 4)).all()
    assert np.isnan(metrics.calibration_standard_errors([0, 0], [0.1, 0.2])).all()


def test_a_household_is_needed_for_each_row():
    with pytest.raises(SpecError, match="one value for each of 2 rows"):
        metrics.calibration_standard_errors([0, 1], [0.2, 0.1], household=["a"])
