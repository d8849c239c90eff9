"""Measures of risks against outcomes: arrays in, numbers out.

Examples
--------
>>> from edgeofcare import metrics
>>> y_true, y_prob = [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]
>>> float(metrics.auroc(y_true, y_prob))
0.75
>>> round(float(metrics.observed_expected_ratio(y_true, y_prob)), 3)
1.212
"""

from __future__ import annotations

from edgeofcare.metrics.bootstrap import (
    MEASURES,
    THRESHOLD_MEASURES,
    AtThreshold,
    BootstrapResult,
    household_bootstrap,
    percentile_interval,
)
from edgeofcare.metrics.calibration import (
    CalibrationErrors,
    calibration_curve,
    calibration_error_quantile,
    calibration_in_the_large,
    calibration_slope,
    calibration_standard_errors,
    integrated_calibration_index,
    observed_expected_ratio,
)
from edgeofcare.metrics.classification import (
    choice_measures,
    lift_at_k,
    net_benefit,
    precision_at_k,
    recall_at_k,
    threshold_measures,
    top_k_share,
)
from edgeofcare.metrics.discrimination import auroc, auroc_standard_error, average_precision
from edgeofcare.metrics.drift import population_stability_index, score_stability_index, stability_null
from edgeofcare.metrics.overall import (
    BrierParts,
    brier_decomposition,
    brier_score,
    brier_standard_error,
    d2_log_loss,
    log_loss,
    scaled_brier_score,
)
from edgeofcare.metrics.smoothing import local_regression

__all__ = [
    "MEASURES",
    "THRESHOLD_MEASURES",
    "AtThreshold",
    "BootstrapResult",
    "BrierParts",
    "CalibrationErrors",
    "auroc",
    "auroc_standard_error",
    "average_precision",
    "brier_decomposition",
    "brier_score",
    "brier_standard_error",
    "calibration_curve",
    "calibration_error_quantile",
    "calibration_in_the_large",
    "calibration_slope",
    "calibration_standard_errors",
    "choice_measures",
    "d2_log_loss",
    "household_bootstrap",
    "integrated_calibration_index",
    "lift_at_k",
    "local_regression",
    "log_loss",
    "net_benefit",
    "observed_expected_ratio",
    "percentile_interval",
    "population_stability_index",
    "precision_at_k",
    "recall_at_k",
    "scaled_brier_score",
    "score_stability_index",
    "stability_null",
    "threshold_measures",
    "top_k_share",
]
