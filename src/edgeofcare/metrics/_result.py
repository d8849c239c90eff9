"""What a bootstrap of households gives: estimates, resamples and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics._confusion import AT_THRESHOLD, Choice, measured

__all__ = ["AtThreshold", "BootstrapResult", "percentile_interval"]

_UNDEFINED_ALLOWED = 0.05


class AtThreshold(NamedTuple):
    """A measure at each threshold, and the ends of its interval; arrays of shape (t,)."""

    threshold: Floats
    estimate: Floats
    ci_low: Floats
    ci_high: Floats


@dataclass(frozen=True)
class BootstrapResult:
    """Estimates, and the same measures in every resample of households.

    Attributes
    ----------
    estimates : dict of str to dict of str to float
        Measures of the rows themselves: ``estimates["model"]["auroc"]``.
    samples : dict of str to dict of str to ndarray of shape (n_resamples,)
        Measures of each resample, the same resamples for every set of predictions.
    curve : ndarray of shape (n_resamples, m) or None
        Calibration curve of the model at the grid, in each resample.
    thresholds : ndarray of shape (t,) or None
        Thresholds that were asked for; see :meth:`at_threshold`.
    choices, choices_made : dict of str to Choice
        Counts of reviewing at or above each threshold, in each resample and in the rows themselves: found, reviewed,
        events and rows; with the rule "review all" beside the predictions.
    n_households, n_resamples : int
        Households that were resampled, and how often.
    confidence : float
        Coverage that intervals aim at.
    """

    estimates: Mapping[str, Mapping[str, float]]
    samples: Mapping[str, Mapping[str, Floats]]
    n_households: int
    n_resamples: int
    confidence: float
    curve: Floats | None = field(default=None, repr=False)
    thresholds: Floats | None = field(default=None, repr=False)
    choices: Mapping[str, Choice] = field(default_factory=dict, repr=False)
    choices_made: Mapping[str, Choice] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        counts = f"{self.n_resamples} resamples of {self.n_households} households"
        return f"BootstrapResult({counts}; {', '.join(self.estimates)})"

    @property
    def net_benefit(self) -> dict[str, Floats]:
        """Net benefit at the thresholds in each resample, with the rule "review all" beside the predictions."""
        return {name: measured("net_benefit", choice, self.thresholds) for name, choice in self.choices.items()}

    def interval(self, measure: str, model: str = "model", *, minus: str | None = None) -> tuple[float, float]:
        """Percentile interval of a measure, or of its difference from another set of predictions.

        Parameters
        ----------
        measure : str
            One of :data:`MEASURES`.
        model : str
            ``"model"`` or the name of a baseline.
        minus : str, optional
            Subtract this set of predictions, resample by resample.

        Returns
        -------
        tuple of float
            Lower and upper end; NaN where the measure is undefined in more than 1 resample in 20.
        """
        drawn = self.samples[model][measure]
        if minus is not None:
            drawn = drawn - self.samples[minus][measure]
        if self.n_households < 2:
            return float("nan"), float("nan")
        low, high = percentile_interval(drawn, self.confidence)
        return float(low), float(high)

    def at_threshold(self, measure: str, model: str = "model", *, minus: str | None = None) -> AtThreshold:
        """Measure of reviewing at or above each threshold, with percentile intervals.

        Parameters
        ----------
        measure : str
            One of :data:`THRESHOLD_MEASURES`.
        model : str
            ``"model"``, ``"review all"`` or the name of a baseline.
        minus : str, optional
            Subtract this set of predictions, resample by resample.

        Returns
        -------
        AtThreshold
            Thresholds, estimates and ends of the intervals, each of shape (t,). An end is NaN where the measure is
            undefined in more than 1 resample in 20.

        Raises
        ------
        SpecError
            If no thresholds were given, or the measure is unknown.
        """
        if self.thresholds is None or measure not in AT_THRESHOLD:
            msg = f"{measure!r} is not to be had: pass thresholds=, and choose from {', '.join(AT_THRESHOLD)}."
            raise SpecError(msg)
        drawn = measured(measure, self.choices[model], self.thresholds)
        made = measured(measure, self.choices_made[model], self.thresholds)
        if minus is not None:
            drawn = drawn - measured(measure, self.choices[minus], self.thresholds)
            made = made - measured(measure, self.choices_made[minus], self.thresholds)
        if self.n_households < 2:
            drawn = np.full_like(drawn, np.nan)
        return AtThreshold(self.thresholds, made[0], *percentile_interval(drawn, self.confidence))

    def rows(self) -> list[dict[str, str | float]]:
        """One dictionary for each model and measure, ready for :class:`pandas.DataFrame`.

        Returns
        -------
        list of dict
            Keys model, measure, estimate, ci_low, ci_high.
        """
        out: list[dict[str, str | float]] = []
        for model, measures in self.estimates.items():
            for measure, estimate in measures.items():
                low, high = self.interval(measure, model)
                row: dict[str, str | float] = {"model": model, "measure": measure, "estimate": estimate}
                out.append({**row, "ci_low": low, "ci_high": high})
        return out


def percentile_interval(samples: Floats, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Percentiles of resamples along their first axis; NaN where more than 1 resample in 20 is undefined.

    Parameters
    ----------
    samples : ndarray of shape (n_resamples, ...)
        Measures of each resample.
    confidence : float
        Coverage, between 0 and 1.

    Returns
    -------
    tuple of ndarray
        Lower and upper ends.

    Examples
    --------
    >>> import numpy as np
    >>> low, high = percentile_interval(np.arange(101.0), 0.9)
    >>> round(float(low), 6), round(float(high), 6)
    (5.0, 95.0)
    """
    if not 0 < confidence < 1:
        msg = "confidence must lie between 0 and 1; 0.95 is usual."
        raise SpecError(msg)
    undefined = ~np.isfinite(samples)
    unusable = undefined.mean(axis=0) > _UNDEFINED_ALLOWED
    filled = np.where(undefined & ~unusable, np.nan, np.where(unusable, 0.0, samples))
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(unusable, np.nan, low), np.where(unusable, np.nan, high)
