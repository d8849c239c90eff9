"""Whether a risk changed by more than noise, and whether two scores can be compared at all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.metrics._arrays import Floats
from edgeofcare.tracking.trajectories.positions import NONE

__all__ = ["CLEAR", "FALLING", "LEAST_CHANGE", "NOT_COMPARABLE", "RISING", "UNKNOWN", "UNCLEAR", "directions"]

RISING, FALLING, UNCLEAR = "rising", "falling", "no clear change"
NOT_COMPARABLE, UNKNOWN = "not comparable", "no earlier score"
CLEAR = (RISING, FALLING)

LEAST_CHANGE = 0.5
"""Change in log-odds that counts where a model has no refits: from 7 to 11 of 100, or from 20 to 29."""

_SEEN = 0.1
"""Change in log-odds below which nothing is told, however narrow the intervals: from 10 to 11 of 100."""

_EDGE = 1e-12


def directions(
    rows: pd.DataFrame,
    now: npt.NDArray[np.int64],
    then: npt.NDArray[np.int64],
    *,
    least_change: float,
    scored_by: npt.NDArray[np.object_],
) -> pd.DataFrame:
    r"""Say which way each risk moved between two scores.

    Parameters
    ----------
    rows : DataFrame
        ``risk``, ``risk_low``, ``risk_high`` and ``log_odds`` of every score; of those that were scored again, as they
        are now.
    now, then : ndarray of int64, shape (n,)
        Positions of the later and the earlier score of each child; -1 where there is none.
    least_change : float
        Change in log-odds that counts where one of the scores has no interval.
    scored_by : ndarray of object, shape (n_rows,)
        Which model and calibration gave each score.

    Returns
    -------
    DataFrame
        ``change`` in log-odds (NaN where the two cannot be compared) and ``direction``: rising, falling, no clear
        change, not comparable, or no earlier score.

    Notes
    -----
    With log-odds :math:`z` and intervals :math:`[l, u]` of both scores from refits, a risk has risen if

    .. math:: z_1 - z_0 > \sqrt{(z_1 - l_1)^2 + (u_0 - z_0)^2}

    and by at least 0.1; likewise it has fallen. That is where the interval of a difference of two independent numbers
    leaves out zero. The same refits give both scores, so that what they get wrong is mostly the same both times, and a
    change that is called clear is rather more so.

    References
    ----------
    Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
    Statistics in Medicine, 27, 1693-1702.

    Examples
    --------
    >>> rows = pd.DataFrame({"risk": [0.07, 0.12], "risk_low": np.nan, "risk_high": np.nan, "log_odds": [-2.59, -1.99]})
    >>> same = np.array(["m1", "m1"], dtype=object)
    >>> found = directions(rows, np.array([1]), np.array([0]), least_change=0.5, scored_by=same)
    >>> found["direction"].tolist()
    ['rising']
    """
    both = (now != NONE) & (then != NONE)
    alike = both & (scored_by[now] == scored_by[then])
    middle = rows["log_odds"].to_numpy(dtype=np.float64)
    down, up = _arms(rows)
    change = np.where(alike, middle[now] - middle[then], np.nan)
    need = [np.hypot(a, b) for a, b in ((down[now], up[then]), (up[now], down[then]))]
    rise, fall = (np.where(np.isnan(each), least_change, np.maximum(each, _SEEN)) for each in need)
    direction = np.full(now.size, UNCLEAR, dtype=object)
    direction[alike & (change > rise)] = RISING
    direction[alike & (change < -fall)] = FALLING
    direction[both & ~alike] = NOT_COMPARABLE
    direction[~both] = UNKNOWN
    return pd.DataFrame({"change": change, "direction": direction})


def _arms(rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """How far each interval reaches below and above, in log-odds; NaN where there is none."""
    middle = _log_odds(rows["risk"])
    low, high = _log_odds(rows["risk_low"]), _log_odds(rows["risk_high"])
    return np.maximum(middle - low, 0.0), np.maximum(high - middle, 0.0)


def _log_odds(risk: pd.Series) -> Floats:
    """Log-odds of risks, NaN kept."""
    held = np.clip(risk.to_numpy(dtype=np.float64), _EDGE, 1.0 - _EDGE)
    return np.asarray(np.log(held) - np.log1p(-held))
