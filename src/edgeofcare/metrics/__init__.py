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
    BootstrapResult,
    household_bootstrap,
    percentile_interval,
)
from edgeofcare.metrics.calibration import (
    calibration_curve,
    calibration_in_the_large,
    calibration_slope,
    integrated_calibration_index,
    observed_expected_ratio,
)
from edgeofcare.metrics.classification import net_benefit, precision_at_k, recall_at_k, top_k_share
from edgeofcare.metrics.discrimination import auroc, auroc_standard_error, average_precision
from edgeofcare.metrics.overall import brier_score, log_loss, scaled_brier_score

__all__ = [
    "MEASURES",
    "BootstrapResult",
    "auroc",
    "auroc_standard_error",
    "average_precision",
    "brier_score",
    "calibration_curve",
    "calibration_in_the_large",
    "calibration_slope",
    "household_bootstrap",
    "integrated_calibration_index",
    "log_loss",
    "net_benefit",
    "observed_expected_ratio",
    "percentile_interval",
    "precision_at_k",
    "recall_at_k",
    "scaled_brier_score",
    "top_k_share",
]
