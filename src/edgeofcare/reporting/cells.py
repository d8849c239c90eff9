"""Single measures out of an evaluation, as text for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

__all__ = ["DOMAINS", "MEASURE_LABELS", "Cell", "Domain", "measure_cells"]

MEASURE_LABELS = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "prevalence": "Prevalence",
    "brier_score": "Brier score",
    "scaled_brier_score": "Scaled Brier score (IPA)",
    "log_loss": "Log loss",
    "observed_expected_ratio": "Observed / expected",
    "calibration_in_the_large": "Calibration in the large",
    "calibration_slope": "Calibration slope",
    "integrated_calibration_index": "Integrated calibration index",
    "ppv_at_capacity": "PPV at capacity",
    "recall_at_capacity": "Recall at capacity (rows)",
    "entrants_found_at_capacity": "Entrants found at capacity",
    "number_needed_to_review": "Number needed to review",
}
"""Measures in the order in which people read them, with their labels."""


class Domain(NamedTuple):
    """One side of what a model is worth, with the measures that show it."""

    title: str
    sentence: str
    labels: Mapping[str, str]


DOMAINS = (
    Domain(
        "Discrimination",
        "Whether children who entered care were given higher risks than those who did not. 0.5 is AUROC by chance; "
        "average precision by chance is the prevalence.",
        {"auroc": "AUROC", "average_precision": "Average precision", "prevalence": "Prevalence"},
    ),
    Domain(
        "Calibration",
        "Whether the risks are right. 1 is right for observed / expected and for the slope, 0 for the others.",
        {
            "observed_expected_ratio": "Observed / expected",
            "calibration_in_the_large": "Calibration in the large",
            "calibration_slope": "Calibration slope",
            "integrated_calibration_index": "Integrated calibration index",
            "e50": "E50: median distance from the calibration curve",
            "e90": "E90: 90th centile of that distance",
            "brier_miscalibration": "Miscalibration part of the Brier score",
        },
    ),
    Domain(
        "Overall",
        "Both at once. Lower is better for the Brier score and log loss, higher for the shares explained.",
        {
            "brier_score": "Brier score",
            "scaled_brier_score": "Scaled Brier score (IPA)",
            "log_loss": "Log loss",
            "d2_log_loss": "Share of log loss explained (D2)",
            "brier_discrimination": "Discrimination part of the Brier score",
            "brier_uncertainty": "Uncertainty part of the Brier score",
        },
    ),
    Domain(
        "Classification at capacity",
        "What a team finds that reviews as many children as it has time for. Rows, unless it says entrants.",
        {
            "ppv_at_capacity": "PPV at capacity",
            "recall_at_capacity": "Recall at capacity (rows)",
            "entrants_found_at_capacity": "Entrants found at capacity",
            "number_needed_to_review": "Number needed to review",
            "lift_at_capacity": "Lift at capacity",
            "selection_rate_at_capacity": "Share of rows reviewed",
            "specificity_at_capacity": "Specificity at capacity",
            "false_positive_rate_at_capacity": "False positive rate at capacity",
            "npv_at_capacity": "NPV at capacity",
            "false_omission_rate_at_capacity": "False omission rate at capacity",
            "f1_at_capacity": "F1 at capacity (not for choosing between models)",
        },
    ),
)
"""Four of the five sides of what a model is worth; the fifth, utility, is the decision curve."""


class Cell(NamedTuple):
    """One measure with its interval."""

    estimate: float
    low: float
    high: float
    note: str

    def text(self, *, percent: bool = False) -> str:
        """The estimate with its interval.

        Examples
        --------
        >>> Cell(0.25, 0.2, 0.3, "").text(percent=True)
        '25% (20% to 30%)'
        """
        if np.isnan(self.estimate):
            return "not shown"
        return f"{self.short(percent=percent)} ({self.between(percent=percent)})"

    def short(self, *, percent: bool = False) -> str:
        """The estimate alone."""
        if np.isnan(self.estimate):
            return "not shown"
        return f"{self.estimate:.0%}" if percent else f"{self.estimate:.3f}"

    def between(self, *, percent: bool = False) -> str:
        """The interval alone."""
        return f"{self.low:.0%} to {self.high:.0%}" if percent else f"{self.low:.3f} to {self.high:.3f}"


def measure_cells(measures: pd.DataFrame, stratum: str = "all rows") -> dict[tuple[str, str], Cell]:
    """Every measure of a stratum.

    Parameters
    ----------
    measures : DataFrame
        ``Evaluation.measures``.
    stratum : str, default "all rows"
        The stratum.

    Returns
    -------
    dict
        ``(model, measure)`` to :class:`Cell`.
    """
    table = measures[measures["stratum"] == stratum].fillna({"note": ""})
    columns = [table[name].tolist() for name in ("model", "measure", "estimate", "ci_low", "ci_high", "note")]
    return {
        (model, measure): Cell(float(estimate), float(low), float(high), str(note))
        for model, measure, estimate, low, high, note in zip(*columns, strict=True)
    }
