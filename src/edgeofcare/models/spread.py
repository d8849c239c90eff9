"""The interval of a risk: how far it moves when the model is fitted again on resampled households."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.models.arrays import LinearArrays, TreeArrays, margin
from edgeofcare.models.recalibration import Recalibration

__all__ = ["CONFIDENCE", "RefitArrays", "interval_width", "refit_log_odds", "refit_spread", "risk_interval"]

FloatArray = npt.NDArray[np.float64]

CONFIDENCE = 0.9
"""Of 20 refits one is expected beyond each end of a 90% interval: more could not be told from so few."""

_PLAIN = Recalibration(1.0, 0.0, "", 0, 0)


class RefitArrays(NamedTuple):
    """A refit as plain arrays.

    Parameters
    ----------
    arrays : TreeArrays or LinearArrays
        What gives the margin.
    slope : float
        Multiplies the margin; above zero.
    shift : float
        Added after the slope, beside the intercept of the model: where that moves, all refits move with it.
    """

    arrays: TreeArrays | LinearArrays
    slope: float
    shift: float


def refit_log_odds(refits: Sequence[RefitArrays], intercept: float, table: FloatArray) -> FloatArray:
    """Calibrated log-odds of each row by each refit.

    Parameters
    ----------
    refits : sequence of RefitArrays
        The refits.
    intercept : float
        That of the model's calibration.
    table : ndarray of float64, shape (n_rows, n_features)
        Features in the order of training.

    Returns
    -------
    ndarray of float64, shape (n_refits, n_rows)
        Log-odds.

    Examples
    --------
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> line = LinearArrays(zero, zero, one, zero, zero, intercept=-3.0)
    >>> refit_log_odds([RefitArrays(line, 1.0, 0.0), RefitArrays(line, 2.0, 0.5)], 0.25, np.array([[1.0]])).tolist()
    [[-1.75], [-3.25]]
    """
    return np.stack([refit.slope * margin(refit.arrays, table) + (intercept + refit.shift) for refit in refits])


def refit_spread(refits: FloatArray) -> FloatArray:
    """Standard deviation over refits, the same to the bit whether one row is worked out or many.

    Parameters
    ----------
    refits : ndarray of float64, shape (n_refits, ...)
        Something of each row by each refit, such as log-odds or contributions.

    Returns
    -------
    ndarray of float64, shape (...)
        With the divisor ``n_refits - 1``.

    Notes
    -----
    Along the first axis numpy adds in one order where there is one number for each refit, and in another where there
    are many. So the refits of each number are laid side by side first.

    Examples
    --------
    >>> refit_spread(np.array([[1.0, 4.0], [2.0, 4.0], [3.0, 4.0]])).tolist()
    [1.0, 0.0]
    """
    beside: FloatArray = np.ascontiguousarray(np.moveaxis(refits, 0, -1))
    return np.asarray(beside.std(axis=-1, ddof=1))


def risk_interval(log_odds: FloatArray, refits: FloatArray, confidence: float = CONFIDENCE) -> FloatArray:
    r"""Interval of the risk of each row from the spread over refits.

    Parameters
    ----------
    log_odds : ndarray of float64, shape (n_rows,)
        Calibrated log-odds by the model.
    refits : ndarray of float64, shape (n_refits, n_rows)
        The same by each refit.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    ndarray of float64, shape (n_rows, 2)
        Lower and upper end; the risk of the model lies between them.

    Raises
    ------
    SpecError
        If ``confidence`` is not between 0 and 1.

    Notes
    -----
    The ends are :math:`\operatorname{expit}(z \pm t s)`, with the log-odds :math:`z` of the model, their standard
    deviation :math:`s` over the refits, and the quantile :math:`t` of Student's distribution, because :math:`s` is
    itself uncertain. Centiles of 20 refits would be the word of one of them.

    Examples
    --------
    >>> risk_interval(np.array([0.0]), np.array([[-0.1], [0.0], [0.1]] * 7)).round(3).tolist()
    [[0.464, 0.536]]
    """
    half = interval_width(len(refits), confidence) * refit_spread(refits)
    return np.column_stack([_PLAIN.risk(log_odds - half), _PLAIN.risk(log_odds + half)])


def interval_width(n_refits: int, confidence: float) -> float:
    r"""Half the width of an interval in standard deviations over refits.

    Parameters
    ----------
    n_refits : int
        How many refits there are; 10 or more.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    float
        Quantile of Student's t with ``n_refits - 1`` degrees of freedom.

    Raises
    ------
    SpecError
        If ``confidence`` is not between 0 and 1.

    Notes
    -----
    From the normal quantile :math:`z`, by the expansion of Fisher and Cornish in :math:`1 / (n - 1)`, which needs
    no library and is within 1% up to a confidence of 0.99.

    References
    ----------
    Abramowitz, M. and Stegun, I. A. (1964). Handbook of Mathematical Functions, 26.7.5.

    Examples
    --------
    >>> round(interval_width(20, 0.9), 3)
    1.729
    """
    if isinstance(confidence, bool) or not isinstance(confidence, float | np.floating) or not 0 < confidence < 1:
        msg = "confidence must be a number between 0 and 1, such as 0.9."
        raise SpecError(msg)
    z, n = NormalDist().inv_cdf(0.5 + confidence / 2), n_refits - 1
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return z + sum(term / n**power for power, term in enumerate(terms, start=1))
