"""The best non-decreasing fit of the outcome to the risk, by which a Brier score is taken apart."""

from __future__ import annotations

from typing import NamedTuple

from scipy.optimize import isotonic_regression

from edgeofcare.metrics._arrays import Floats

__all__ = ["Decomposition", "decompose", "refitted_brier"]


class Decomposition(NamedTuple):
    """Parts of a Brier score: miscalibration - discrimination + uncertainty."""

    miscalibration: Floats
    discrimination: Floats
    uncertainty: Floats


def refitted_brier(rows: Floats, events: Floats) -> float:
    """Brier score of the best non-decreasing risks, given rows and events at each risk in ascending order."""
    some = rows > 0
    rows, events = rows[some], events[some]
    fitted = isotonic_regression(events / rows, weights=rows).x
    # Within a block of the fit its value is the share of events, so that events - 2 events fit + rows fit^2 is this.
    return float((events - 2 * events * fitted + rows * fitted * fitted).sum() / rows.sum())


def decompose(brier: Floats, refitted: Floats, prevalence: Floats) -> Decomposition:
    """Take Brier scores apart."""
    uncertainty = prevalence * (1 - prevalence)
    return Decomposition(brier - refitted, uncertainty - refitted, uncertainty)
