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
from edgeofcare.plotting.explanations import (
    plot_concept_dependence,
    plot_concept_groups,
    plot_concept_importance,
    plot_concept_interactions,
)
from edgeofcare.plotting.groups import plot_group_measures, plot_recording_sensitivity
from edgeofcare.plotting.origins import plot_origins
from edgeofcare.plotting.quality import plot_quality
from edgeofcare.plotting.reasons import plot_reasons
from edgeofcare.plotting.rollout import plot_rollout
from edgeofcare.plotting.sides import plot_sides
from edgeofcare.plotting.stability import plot_agreement, plot_spread
from edgeofcare.plotting.timeline import plot_timeline
from edgeofcare.plotting.transport import plot_transport
from edgeofcare.plotting.waterfall import plot_waterfall
from edgeofcare.plotting.workload import plot_lead_time, plot_workload

__all__ = [
    "plot_agreement",
    "plot_calibration",
    "plot_concept_dependence",
    "plot_concept_groups",
    "plot_concept_importance",
    "plot_concept_interactions",
    "plot_decision_curve",
    "plot_evaluation",
    "plot_group_measures",
    "plot_groups",
    "plot_lead_time",
    "plot_measures",
    "plot_origins",
    "plot_quality",
    "plot_reasons",
    "plot_recording_sensitivity",
    "plot_risk_distribution",
    "plot_rollout",
    "plot_sides",
    "plot_spread",
    "plot_timeline",
    "plot_transport",
    "plot_waterfall",
    "plot_workload",
]
