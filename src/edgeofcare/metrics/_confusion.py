"""Measures of a choice of rows, from four counts: found, reviewed, events and rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeofcare.metrics._arrays import Floats

__all__ = ["AT_CAPACITY", "AT_THRESHOLD", "Choice", "divide", "measured"]


class Choice(NamedTuple):
    """Events among the reviewed, reviewed rows, events, and rows; arrays of one shape, or that broadcast to one."""

    found: Floats
    reviewed: Floats
    events: Floats
    rows: Floats


#: Names of the measures of a choice made once, as a team makes it, and how they are called at capacity.
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
#: Names of the measures of reviewing at or above a threshold.
AT_THRESHOLD = (
    "sensitivity",
    "specificity",
    "false_positive_rate",
    "ppv",
    "npv",
    "false_omission_rate",
    "f1",
    "selection_rate",
    "net_benefit",
    "avoided_reviews_per_100",
)


def divide(top: Floats, bottom: Floats) -> Floats:
    """Ratio, NaN where the denominator is not above 0."""
    top, bottom = np.broadcast_arrays(np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64))
    out = np.full(top.shape, np.nan)
    return np.asarray(np.divide(top, bottom, out=out, where=bottom > 0), dtype=np.float64)


def measured(measure: str, choice: Choice, threshold: Floats | None = None) -> Floats:
    """One measure of a choice; those of utility need the threshold at which it was made."""
    if measure == "net_benefit":
        return _net_benefit(choice, threshold)
    if measure == "avoided_reviews_per_100":
        return _avoided(choice, threshold)
    if measure == "lift":
        return divide(divide(choice.found, choice.reviewed), divide(choice.events, choice.rows))
    return divide(*_parts(choice)[measure])


def _parts(choice: Choice) -> dict[str, tuple[Floats, Floats]]:
    """Numerator and denominator of each rate."""
    found, reviewed, events, rows = choice
    others, left, alarms, missed = rows - events, rows - reviewed, reviewed - found, events - found
    return {
        "sensitivity": (found, events),
        "specificity": (others - alarms, others),
        "false_positive_rate": (alarms, others),
        "ppv": (found, reviewed),
        "npv": (left - missed, left),
        "false_omission_rate": (missed, left),
        "f1": (2 * found, reviewed + events),
        "selection_rate": (reviewed, rows),
        "number_needed_to_review": (reviewed, found),
    }


def _net_benefit(choice: Choice, threshold: Floats | None) -> Floats:
    """Events found for each row, less the false alarms at the exchange rate of the threshold."""
    odds = np.asarray(threshold, dtype=np.float64) / (1 - np.asarray(threshold, dtype=np.float64))
    return divide(choice.found - (choice.reviewed - choice.found) * odds, choice.rows)


def _avoided(choice: Choice, threshold: Floats | None) -> Floats:
    """Reviews of rows without an event that are saved for each 100 rows, compared with reviewing all."""
    everyone = Choice(choice.events, choice.rows, choice.events, choice.rows)
    gain = _net_benefit(choice, threshold) - _net_benefit(everyone, threshold)
    cut = np.broadcast_to(np.asarray(threshold, dtype=np.float64), gain.shape)
    return divide(100 * gain * (1 - cut), cut)
