"""Pictures: each takes a tidy frame or a result and an axis, and gives the axis back.

Examples
--------
>>> from edgeofcare import plotting
>>> "plot_quality" in plotting.__all__
True
"""

from __future__ import annotations

from edgeofcare.plotting.evaluation import (
    plot_calibration,
    plot_decision_curve,
    plot_evaluation,
    plot_groups,
    plot_measures,
    plot_risk_distribution,
)
from edgeofcare.plotting.quality import plot_quality

__all__ = [
    "plot_calibration",
    "plot_decision_curve",
    "plot_evaluation",
    "plot_groups",
    "plot_measures",
    "plot_quality",
    "plot_risk_distribution",
]
