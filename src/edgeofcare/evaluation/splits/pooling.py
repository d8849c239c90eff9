"""Pool a measure over authorities, and say how far the next authority may lie from the mean."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm, t

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.metrics._arrays import Floats, logit
from edgeofcare.metrics.discrimination import auroc, auroc_standard_error

__all__ = ["Pooled", "pool_estimates", "transformed_auroc", "transformed_ratio"]

_FEWEST_FOR_PREDICTION = 3


class Pooled(NamedTuple):
    """A random-effects mean on the scale that was pooled, with its spread."""

    mean: float
    low: float
    high: float
    prediction_low: float
    prediction_high: float
    tau: float
    i_squared: float


def pool_estimates(estimate: Floats, standard_error: Floats, *, confidence: float = 0.95) -> Pooled:
    r"""DerSimonian and Laird's random-effects mean, with an interval for the mean and one for the next authority.

    Parameters
    ----------
    estimate, standard_error : ndarray of shape (k,)
        Estimates and their standard errors, above 0.
    confidence : float
        Coverage that the intervals aim at.

    Returns
    -------
    Pooled
        Mean and interval; prediction interval (NaN with fewer than three estimates); tau, the standard deviation
        between authorities; and I squared, the share of the spread that chance does not explain.

    Notes
    -----
    With weights :math:`w_i = 1/s_i^2` and :math:`Q = \sum w_i (x_i - \bar x_w)^2`,
    :math:`\tau^2 = \max\{0, (Q - k + 1) / (\sum w_i - \sum w_i^2 / \sum w_i)\}`; the mean has weights
    :math:`1/(s_i^2 + \tau^2)`. The prediction interval takes the t distribution with k - 2 degrees of freedom.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188; Higgins, Thompson and Spiegelhalter (2009),
    Journal of the Royal Statistical Society A 172, 137-159.

    Examples
    --------
    >>> pooled = pool_estimates(np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.5, 0.5]))
    >>> round(pooled.mean, 6), round(pooled.tau**2, 6), round(pooled.i_squared, 6)
    (1.0, 0.75, 0.75)
    """
    k = estimate.size
    if not k:
        return Pooled(*(float("nan"),) * 7)
    order = np.lexsort((standard_error, estimate))
    x, variance = estimate[order], standard_error[order] ** 2
    w = 1 / variance
    q = float((w * (x - (w * x).sum() / w.sum()) ** 2).sum())
    spread = float(w.sum() - (w**2).sum() / w.sum())
    tau2 = max(0.0, (q - k + 1) / spread) if k > 1 and spread > 0 else 0.0
    w = 1 / (variance + tau2)
    mean, error = float((w * x).sum() / w.sum()), float(w.sum() ** -0.5)
    half = norm.ppf(0.5 + confidence / 2) * error
    reach = float("nan")
    if k >= _FEWEST_FOR_PREDICTION:
        reach = float(t.ppf(0.5 + confidence / 2, k - 2)) * (tau2 + error**2) ** 0.5
    i_squared = max(0.0, (q - k + 1) / q) if q > 0 else 0.0
    return Pooled(mean, mean - half, mean + half, mean - reach, mean + reach, tau2**0.5, i_squared)


def transformed_auroc(rows: Scored) -> tuple[float, float]:
    """Logit of the AUROC of the model and its standard error, from whole households."""
    area = auroc(rows.y, rows.score["model"])
    error = auroc_standard_error(rows.y, rows.score["model"], household=rows.household)
    if not 0 < area < 1:
        return float("nan"), float("nan")
    return float(logit(np.array(area))), error / (area * (1 - area))


def transformed_ratio(rows: Scored) -> tuple[float, float]:
    """Logarithm of O/E of the model and its standard error, from whole households."""
    observed, expected = rows.y.sum(), rows.risk["model"].sum()
    if observed <= 0 or expected <= 0:
        return float("nan"), float("nan")
    _, code = np.unique(rows.household, return_inverse=True)
    influence = np.bincount(code, weights=rows.y / observed - rows.risk["model"] / expected)
    size = influence.size
    error = float(np.sqrt(size / (size - 1) * (influence**2).sum())) if size > 1 else float("nan")
    return float(np.log(observed / expected)), error
