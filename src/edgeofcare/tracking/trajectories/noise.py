"""Whether a risk changed by more than noise, and whether two scores can be compared at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.metrics._arrays import Floats
from edgeofcare.models.spread import CONFIDENCE, interval_width, refit_spread
from edgeofcare.tracking.trajectories.positions import NONE
from edgeofcare.tracking.trajectories.rescore import Compared

__all__ = ["CLEAR", "FALLING", "LEAST_CHANGE", "NOT_COMPARABLE", "RISING", "UNCLEAR", "UNKNOWN", "directions"]

RISING, FALLING, UNCLEAR = "rising", "falling", "no clear change"
NOT_COMPARABLE, UNKNOWN = "not comparable", "no earlier score"
CLEAR = (RISING, FALLING)

LEAST_CHANGE = 0.5
"""Change in log-odds that counts where a score has no interval: from 7 to 11 of 100, or from 20 to 29."""

_SEEN = 0.25
"""Change in log-odds below which nothing is told, however sure: from 10 to 12 or 13 of 100, or from 30 to 35."""

_EDGE = 1e-12
_FEWEST = 2  # refits: one has no spread


def directions(
    compared: Compared, now: npt.NDArray[np.int64], then: npt.NDArray[np.int64], *, least_change: float
) -> pd.DataFrame:
    r"""Say which way each risk moved between two scores.

    Parameters
    ----------
    compared : Compared
        Every score, with what the refits say of it.
    now, then : ndarray of int64, shape (n,)
        Positions of the later and the earlier score of each child; -1 where there is none.
    least_change : float
        Change in log-odds that counts where one of the scores has no interval.

    Returns
    -------
    DataFrame
        ``change`` in log-odds (NaN where the two cannot be compared) and ``direction``: rising, falling, no clear
        change, not comparable, or no earlier score.

    Notes
    -----
    A change counts if it is at least 0.25 in log-odds (from 10 to 12 or 13 of 100) and more than noise, which is

    - with model and records, :math:`t s`: the standard deviation :math:`s` over the refits of the difference that each
      of them gives between the two days, and the quantile :math:`t` of :func:`edgeofcare.models.spread.risk_interval`;
    - with intervals :math:`[l, u]` around the log-odds :math:`z` alone, for a rise
      :math:`\sqrt{(z_1 - l_1)^2 + (u_0 - z_0)^2}`, where the interval of a difference of two independent numbers
      leaves out zero. What refits get wrong of a child is mostly the same on both days, so that fewer changes are
      called clear than are;
    - with neither, ``least_change``.

    References
    ----------
    Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
    Statistics in Medicine, 27, 1693-1702.

    Examples
    --------
    >>> rows = pd.DataFrame({"risk": [0.07, 0.12], "risk_low": np.nan, "risk_high": np.nan, "log_odds": [-2.59, -1.99]})
    >>> compared = Compared(rows, np.array(["m1", "m1"], dtype=object), np.full((1, 2), np.nan))
    >>> directions(compared, np.array([1]), np.array([0]), least_change=0.5)["direction"].tolist()
    ['rising']
    """
    both = (now != NONE) & (then != NONE)
    alike = both & (compared.scored_by[now] == compared.scored_by[then])
    middle = compared.rows["log_odds"].to_numpy(dtype=np.float64)
    change = np.where(alike, middle[now] - middle[then], np.nan)
    rise, fall = _needed(compared, now, then, least_change)
    direction = np.full(now.size, UNCLEAR, dtype=object)
    direction[alike & (change > rise)] = RISING
    direction[alike & (change < -fall)] = FALLING
    direction[both & ~alike] = NOT_COMPARABLE
    direction[~both] = UNKNOWN
    return pd.DataFrame({"change": change, "direction": direction})


def _needed(
    compared: Compared, now: npt.NDArray[np.int64], then: npt.NDArray[np.int64], least_change: float
) -> tuple[Floats, Floats]:
    """How much each risk must rise, and how much it must fall, for the change to count."""
    down, up = _arms(compared.rows)
    steady = _of_refits(compared.refits[:, now] - compared.refits[:, then])
    found = []
    for one, other in ((down, up), (up, down)):
        noise = np.where(np.isnan(steady), np.hypot(one[now], other[then]), steady)
        found.append(np.where(np.isnan(noise), least_change, np.maximum(noise, _SEEN)))
    return found[0], found[1]


def _of_refits(differences: Floats) -> Floats:
    """Half the width of the interval of each difference over the refits; NaN where they are not known."""
    if len(differences) < _FEWEST:
        return np.full(differences.shape[1], np.nan)
    return np.asarray(interval_width(len(differences), CONFIDENCE) * refit_spread(differences))


def _arms(rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """How far each interval reaches below and above, in log-odds; NaN where there is none."""
    middle = _log_odds(rows["risk"])
    low, high = _log_odds(rows["risk_low"]), _log_odds(rows["risk_high"])
    return np.maximum(middle - low, 0.0), np.maximum(high - middle, 0.0)


def _log_odds(risk: pd.Series) -> Floats:
    """Log-odds of risks, NaN kept."""
    held = np.clip(risk.to_numpy(dtype=np.float64), _EDGE, 1.0 - _EDGE)
    return np.asarray(np.log(held) - np.log1p(-held))
