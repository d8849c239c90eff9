"""Malformed input is refused with counts and never with a value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare import metrics
from edgeofcare.exceptions import SpecError

PLAIN = [
    metrics.auroc,
    metrics.average_precision,
    metrics.brier_score,
    metrics.scaled_brier_score,
    metrics.log_loss,
    metrics.d2_log_loss,
    metrics.brier_decomposition,
    metrics.observed_expected_ratio,
    metrics.calibration_in_the_large,
    metrics.calibration_slope,
    metrics.calibration_standard_errors,
    metrics.integrated_calibration_index,
]
RISKS = [measure for measure in PLAIN if measure not in (metrics.auroc, metrics.average_precision)]
LOG_ODDS = [
    metrics.log_loss,
    metrics.d2_log_loss,
    metrics.calibration_standard_errors,
    metrics.calibration_in_the_large,
    metrics.calibration_slope,
    metrics.integrated_calibration_index,
]

ALSO_WITHOUT_EVENT = (
    metrics.brier_score,
    metrics.brier_decomposition,
    metrics.log_loss,
    metrics.observed_expected_ratio,
)


@pytest.mark.parametrize("measure", PLAIN)
@pytest.mark.parametrize(
    ("y_true", "y_prob", "words"),
    [
        ([0, 1, 2], [0.1, 0.2, 0.3], "1 of 3 values that are neither 0 nor 1"),
        ([0, 1, np.nan], [0.1, 0.2, 0.3], "1 of 3 values that are neither 0 nor 1"),
        ([0, 1], [np.nan, 0.2], "1 of 2 values that are missing or infinite"),
        ([0, 1], [0.1, 0.2, 0.3], "lengths differ: y_true 2, y_prob 3"),
        ([], [], "there are no rows"),
        ([[0, 1]], [[0.1, 0.2]], "2 dimensions"),
        (["no", "yes"], [0.1, 0.2], "cannot be read as numbers"),
        (pd.Series([0, None], dtype="Int64"), [0.1, 0.2], "y_true"),
    ],
)
def test_every_measure_refuses_malformed_arrays(measure, y_true, y_prob, words):
    with pytest.raises(SpecError, match=words):
        measure(y_true, y_prob)


@pytest.mark.parametrize("measure", RISKS)
def test_scores_outside_0_to_1_are_not_risks(measure):
    with pytest.raises(SpecError, match=r"2 of 3 values outside \[0, 1\]"):
        measure([0, 1, 0], [-0.25, 1.5, 0.5])


@pytest.mark.parametrize("measure", LOG_ODDS)
def test_risks_of_exactly_0_or_1_have_no_log_odds(measure):
    with pytest.raises(SpecError, match="2 of 3 values of exactly 0 or 1"):
        measure([0, 1, 0], [0.0, 1.0, 0.5])


def test_an_error_never_quotes_a_value():
    with pytest.raises(SpecError) as caught:
        metrics.brier_score([0, 7], ["0.123456", "private"])
    assert "private" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("weight", [[1, -1], [1, np.nan], [0, 0]])
def test_weights_must_be_usable(weight):
    with pytest.raises(SpecError, match="sample_weight"):
        metrics.auroc([0, 1], [0.1, 0.2], sample_weight=weight)


@pytest.mark.parametrize(
    "measure",
    [m for m in PLAIN if m not in ALSO_WITHOUT_EVENT],
)
def test_a_measure_that_needs_both_outcomes_is_undefined_without_an_event(measure):
    assert np.isnan(measure([0, 0, 0], [0.1, 0.2, 0.3])).all()


def test_all_problems_are_named_at_once():
    with pytest.raises(SpecError, match=r"y_true has 1 of 2 .* y_prob has 1 of 2"):
        metrics.brier_score([0, 3], [0.1, 1.2])
