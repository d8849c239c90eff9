"""What a ratio could as well be: by chance among households, and by the orders in which teams could have begun."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeofcare.evaluation._resample import draw_households
from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics.bootstrap import percentile_interval
from edgeofcare.tracking.rollout.rates import at_least, expected_entries, order_scores, rate_ratio, within_period_ratio
from edgeofcare.tracking.rollout.rows import Followed

__all__ = ["MEASURES", "Estimates", "estimate", "household_intervals", "order_interval", "order_p"]

#: What is estimated, in the order of the table; rates are for 1,000 children followed for a period.
MEASURES = ("rate_without", "rate_with", "rate_ratio", "rate_difference", "within_period_ratio")
_PER = 1000.0
_FARTHEST, _STEP, _HALVINGS = 6.0, 0.25, 14


class Estimates(NamedTuple):
    """The measures of one table of teams and periods, or of many.

    ``rate_without`` is what was expected in the time with the score, had there been none: the rate over the ratio.
    """

    rate_without: Floats
    rate_with: Floats
    rate_ratio: Floats
    rate_difference: Floats
    within_period_ratio: Floats


def estimate(entries: Floats, time: Floats, exposed: Floats) -> Estimates:
    """All measures, of (..., teams, periods)."""
    with_score = (entries * exposed).sum(axis=(-2, -1))
    followed = (time * exposed).sum(axis=(-2, -1))
    rate = _PER * np.divide(with_score, followed, out=np.full_like(with_score, np.nan), where=followed > 0)
    ratio = rate_ratio(entries, time, exposed)
    expected = rate / ratio
    return Estimates(expected, rate, ratio, rate - expected, within_period_ratio(entries, time, exposed))


def household_intervals(
    rows: Followed, exposed: Floats, *, n_resamples: int, random_state: int
) -> dict[str, tuple[float, float]]:
    """95% interval of each measure, from households drawn whole."""
    sums = np.concatenate([rows.by_household(rows.entered), rows.by_household(rows.days)], axis=1)
    # Whole numbers, so that the order of households changes no digit.
    drawn = np.concatenate([counts @ sums for counts in draw_households(len(sums), n_resamples, random_state)])
    entries, days = (part.reshape(-1, *rows.shape) for part in np.split(drawn, 2, axis=1))
    found = np.stack(estimate(entries, days / rows.window, exposed), axis=1)
    low, high = percentile_interval(found)
    return {name: (float(low[place]), float(high[place])) for place, name in enumerate(MEASURES)}


def order_p(entries: Floats, time: Floats, exposures: Floats, chosen: int, log_ratio: float = 0.0) -> float:
    """Share of the orders whose score is at least as far from 0 as that of the order drawn, if this is the ratio."""
    expected = expected_entries(entries, time * np.exp(log_ratio * exposures[chosen]))
    size = np.abs(order_scores(entries, expected, exposures).standardised)
    return float(at_least(size, size[chosen]).mean())


def order_interval(
    entries: Floats, time: Floats, exposures: Floats, chosen: int, ratio: float, alpha: float = 0.05
) -> tuple[float, float]:
    """Ratios that the test of the orders does not refuse; 0 and infinity where it refuses none.

    Each end is searched outward from the estimate, and then between the last ratio that is not refused and the first
    that is.
    """

    def refused(log_ratio: float) -> bool:
        """Whether the test refuses a ratio."""
        return order_p(entries, time, exposures, chosen, log_ratio) < alpha

    ends = []
    for side, open_end in ((-1, 0.0), (1, float("inf"))):
        inside, outside = float(np.log(ratio)), float(np.log(ratio)) + side * _STEP
        while abs(outside) < _FARTHEST and not refused(outside):
            inside, outside = outside, outside + side * 2 * abs(outside - inside)
        if abs(outside) >= _FARTHEST:
            ends.append(open_end)
            continue
        for _ in range(_HALVINGS):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if refused(middle) else (middle, outside)
        ends.append(float(np.exp(outside)))
    return ends[0], ends[1]
