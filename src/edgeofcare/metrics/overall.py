"""How near risks come to what happened, ranking and calibration together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.metrics._arrays import check_columns, check_rows
from edgeofcare.metrics._households import household_codes
from edgeofcare.metrics._isotonic import decompose, refitted_brier

__all__ = [
    "BrierParts",
    "brier_decomposition",
    "brier_score",
    "brier_standard_error",
    "d2_log_loss",
    "log_loss",
    "scaled_brier_score",
]


class BrierParts(NamedTuple):
    """Parts of a Brier score: ``miscalibration - discrimination + uncertainty``."""

    miscalibration: float
    discrimination: float
    uncertainty: float


def brier_score(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Mean squared distance between risk and outcome; 0 is perfect.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks between 0 and 1.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        Between 0 and 1. Hard to read alone where events are rare: see :func:`scaled_brier_score`.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    References
    ----------
    Brier (1950), Monthly Weather Review 78, 1-3.

    Examples
    --------
    >>> brier_score([0, 1], [0.5, 0.5])
    0.25
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight)
    return float((w * (p - y) ** 2).sum() / w.sum())


def brier_standard_error(y_true: ArrayLike, y_prob: ArrayLike, *, household: ArrayLike | None = None) -> float:
    r"""Standard error of :func:`brier_score`, without resampling.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks between 0 and 1.
    household : array-like of shape (n,), optional
        Household of each row. Without it rows are taken to be independent, which in case records they are not.

    Returns
    -------
    float
        Standard error. NaN where there are fewer than two rows, or households.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Notes
    -----
    The square root of :math:`\tfrac{G}{G-1} \sum_g (\sum_{i \in g} (d_i - \bar d))^2 / n^2`, where :math:`d_i` is the
    squared distance of row :math:`i`, and :math:`G` the number of households, or of rows.

    Examples
    --------
    >>> round(brier_standard_error([0, 0, 1, 1], [0.1, 0.5, 0.4, 0.7]), 4)
    0.0787
    """
    check_rows(y_true, y_prob)
    arrays = check_columns(y_true=y_true, y_prob=y_prob)
    distance = (arrays["y_prob"] - arrays["y_true"]) ** 2
    rows = distance.size
    codes, size = (np.arange(rows), rows) if household is None else household_codes(household, rows)
    if size < 2:
        return float("nan")
    # Sorted, so that no digit depends on the order of the rows.
    order = np.lexsort((distance, codes))
    apart = distance[order] - np.sort(distance).mean()
    sums = np.sort(np.bincount(codes[order], weights=apart, minlength=size))
    return float(np.sqrt(size / (size - 1) * (sums**2).sum()) / rows)


def scaled_brier_score(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    r"""Share of the Brier score of the prevalence that the risks remove (index of prediction accuracy).

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks between 0 and 1.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        1 is perfect, 0 is no better than giving every row the prevalence of this very sample, below 0 is worse.
        NaN where all outcomes are the same.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Notes
    -----
    :math:`1 - \mathrm{Brier} / (\bar y (1 - \bar y))`.

    References
    ----------
    Kattan and Gerds (2018), Diagnostic and Prognostic Research 2, 7.

    Examples
    --------
    >>> round(scaled_brier_score([0, 0, 0, 1], [0.1, 0.1, 0.2, 0.6]), 3)
    0.707
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight)
    prevalence = (w * y).sum() / w.sum()
    reference = prevalence * (1 - prevalence)
    return float(1 - (w * (p - y) ** 2).sum() / w.sum() / reference) if reference > 0 else float("nan")


def log_loss(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Mean negative log-likelihood of the outcomes under the risks; 0 is perfect.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1. Nothing is clipped: a risk of exactly 0 or 1 is refused.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        In nats for each row.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a risk is exactly 0 or 1.

    Examples
    --------
    >>> log_loss([0, 1], [0.5, 0.5])
    0.6931...
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight, inside=True)
    return float(-(w * np.where(y == 1, np.log(p), np.log1p(-p))).sum() / w.sum())


def d2_log_loss(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    r"""Share of the log loss of the prevalence that the risks remove.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1. Nothing is clipped: a risk of exactly 0 or 1 is refused.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        1 is perfect, 0 is no better than giving every row the prevalence of this very sample, below 0 is worse.
        NaN where all outcomes are the same.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a risk is exactly 0 or 1.

    Notes
    -----
    :math:`1 - \mathrm{LL} / \mathrm{LL}_0`, where :math:`\mathrm{LL}_0` is the log loss of the prevalence.

    References
    ----------
    McFadden (1974), in Zarembka (ed.), Frontiers in Econometrics, 105-142.

    Examples
    --------
    >>> round(d2_log_loss([0, 0, 0, 1], [0.1, 0.1, 0.2, 0.6]), 3)
    0.58
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight, inside=True)
    prevalence = (w * y).sum() / w.sum()
    if not 0 < prevalence < 1:
        return float("nan")
    reference = -(prevalence * np.log(prevalence) + (1 - prevalence) * np.log1p(-prevalence))
    return float(1 + (w * np.where(y == 1, np.log(p), np.log1p(-p))).sum() / w.sum() / reference)


def brier_decomposition(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> BrierParts:
    r"""Take the Brier score apart: what wrong risks cost, what ranking gains, and what there was to be known.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks between 0 and 1.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    BrierParts
        ``miscalibration``, which the best non-decreasing map of the risks would save (0 is best); ``discrimination``,
        which the risks so mapped gain over the prevalence (higher is better); ``uncertainty``, the Brier score of the
        prevalence. The Brier score is the first less the second plus the third.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Notes
    -----
    The map is the isotonic regression of the outcome on the risk (CORP). It follows noise: in small samples
    ``miscalibration`` and ``discrimination`` are both biased up, so that a perfect model has a miscalibration above 0.

    References
    ----------
    Dimitriadis, Gneiting and Jordan (2021), PNAS 118, e2016191118.

    Examples
    --------
    >>> parts = brier_decomposition([0, 1, 0, 1], [0.2, 0.2, 0.9, 0.9])
    >>> [round(part, 3) for part in parts]
    [0.125, 0.0, 0.25]
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight)
    starts = np.flatnonzero(np.concatenate([[True], p[1:] != p[:-1]]))
    refitted = refitted_brier(np.add.reduceat(w, starts), np.add.reduceat(w * y, starts))
    brier, prevalence = (w * (p - y) ** 2).sum() / w.sum(), (w * y).sum() / w.sum()
    return BrierParts(*(float(part) for part in decompose(brier, np.asarray(refitted), prevalence)))
