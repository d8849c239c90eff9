"""Whether a risk of 5% means that 5 in 100 do enter care."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints, Rows, check_columns, check_rows, logit
from edgeofcare.metrics._curves import Support, fit_curve, fit_intercept, fit_line, sigmoid
from edgeofcare.metrics._households import household_codes

__all__ = [
    "CalibrationErrors",
    "calibration_curve",
    "calibration_error_quantile",
    "calibration_in_the_large",
    "calibration_slope",
    "calibration_standard_errors",
    "integrated_calibration_index",
    "observed_expected_ratio",
]


class CalibrationErrors(NamedTuple):
    """Standard errors of calibration-in-the-large, and of the intercept and slope of a recalibration line."""

    in_the_large: float
    intercept: float
    slope: float


def observed_expected_ratio(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    """Events that happened for each event that the risks promised.

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
        1 is right on average; above 1 the risks are too low, below 1 too high. NaN where every risk is 0.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Examples
    --------
    >>> observed_expected_ratio([0, 0, 0, 1], [0.1, 0.1, 0.1, 0.2])
    2.0
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight)
    expected = (w * p).sum()
    return float((w * y).sum() / expected) if expected > 0 else float("nan")


def calibration_in_the_large(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    r"""Shift of the log-odds that would make the risks right on average.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        0 is right; above 0 the risks are too low. NaN where all outcomes are the same.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a risk is exactly 0 or 1.

    Notes
    -----
    :math:`a` in :math:`\mathrm{logit} P(y = 1) = a + L`, where the log-odds :math:`L` of the risk enter as an offset,
    with no slope of their own. It is not the intercept of a recalibration line.

    References
    ----------
    Van Calster et al. (2019), BMC Medicine 17, 230.

    Examples
    --------
    >>> round(calibration_in_the_large([0, 0, 0, 1], [0.1, 0.1, 0.2, 0.2]), 3)
    0.652
    """
    return fit_intercept(_support(check_rows(y_true, y_prob, sample_weight, inside=True)))


def calibration_slope(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    r"""How far the spread of the risks should be stretched: 1 is right, below 1 they are too extreme.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        NaN where it is not defined: all outcomes or all risks the same, or risks that separate the outcomes without
        a single exception (the slope would be infinite).

    Raises
    ------
    SpecError
        If the arrays are malformed, or a risk is exactly 0 or 1.

    Notes
    -----
    :math:`b` in :math:`\mathrm{logit} P(y = 1) = a + b L`, where :math:`L` are the log-odds of the risk.

    References
    ----------
    Cox (1958), Biometrika 45, 562-565; Van Calster et al. (2016), Journal of Clinical Epidemiology 74, 167-176.

    Examples
    --------
    >>> round(calibration_slope([0, 1, 0, 1, 0, 1], [0.1, 0.1, 0.2, 0.2, 0.2, 0.9]), 3)
    0.727
    """
    return fit_line(_support(check_rows(y_true, y_prob, sample_weight, inside=True)))[1]


def integrated_calibration_index(
    y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float:
    r"""Mean distance between the risk given and the risk observed at it.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        0 is perfect; 0.01 means that risks are off by one percentage point on average. NaN where all outcomes are
        the same. It is never below 0, and in a small sample noise alone lifts it above 0.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a risk is exactly 0 or 1.

    Notes
    -----
    Mean of :math:`|c(p) - p|` over the rows, where :math:`c` is the curve of :func:`calibration_curve`.

    References
    ----------
    Austin and Steyerberg (2019), Statistics in Medicine 38, 4051-4065.

    Examples
    --------
    Every risk is 10 percentage points too low:

    >>> y_true, y_prob = [0] * 8 + [1] * 2 + [0] * 5 + [1] * 5, [0.1] * 10 + [0.4] * 10
    >>> round(integrated_calibration_index(y_true, y_prob), 6)
    0.1
    """
    support = _support(check_rows(y_true, y_prob, sample_weight, inside=True))
    curve = fit_curve(support)
    return float("nan") if curve is None else curve.mean_distance(support)


def calibration_error_quantile(
    y_true: ArrayLike, y_prob: ArrayLike, quantile: float, *, sample_weight: ArrayLike | None = None
) -> float:
    r"""Distance between the risk given and the risk observed at it that a share of the rows does not exceed.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1.
    quantile : float
        Share of the rows, 0 to 1: 0.5 gives what the literature calls E50, and 0.9 E90.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        0 is perfect; an E90 of 0.02 means that the risks of 9 rows in 10 are off by at most 2 percentage points. NaN
        where all outcomes are the same. As the mean distance, it is lifted above 0 by noise in a small sample.

    Raises
    ------
    SpecError
        If the arrays are malformed, a risk is exactly 0 or 1, or the quantile is outside [0, 1).

    Notes
    -----
    Quantile of :math:`|c(p) - p|` over the rows, where :math:`c` is the curve of :func:`calibration_curve`. The
    greatest distance (Emax) is not to be had: it is read where there are hardly any rows.

    References
    ----------
    Austin and Steyerberg (2019), Statistics in Medicine 38, 4051-4065.

    Examples
    --------
    >>> y_true, y_prob = [0] * 8 + [1] * 2 + [0] * 5 + [1] * 5, [0.1] * 10 + [0.45] * 10
    >>> round(calibration_error_quantile(y_true, y_prob, 0.9), 6)
    0.1
    """
    if not 0 <= quantile < 1:
        msg = "quantile must lie in [0, 1); 0.5 and 0.9 are usual."
        raise SpecError(msg)
    support = _support(check_rows(y_true, y_prob, sample_weight, inside=True))
    curve = fit_curve(support)
    return float("nan") if curve is None else float(curve.distance_quantiles(support, np.array([quantile]))[0])


def calibration_standard_errors(
    y_true: ArrayLike, y_prob: ArrayLike, *, household: ArrayLike | None = None
) -> CalibrationErrors:
    r"""Standard errors of calibration-in-the-large, and of the intercept and slope of a line, without resampling.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1.
    household : array-like of shape (n,), optional
        Household of each row. Without it rows are taken to be independent and the models to be right, which in case
        records they are not.

    Returns
    -------
    CalibrationErrors
        ``in_the_large`` of :func:`calibration_in_the_large`; ``slope`` of :func:`calibration_slope`, and ``intercept``
        of the intercept fitted together with it. NaN where these are not defined, and with a single household.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a risk is exactly 0 or 1.

    Notes
    -----
    Without households, the inverse of the information :math:`I`. With them, :math:`I^{-1} (\sum_g u_g u_g') I^{-1}`,
    where :math:`u_g` is the sum of the scores of the rows of household :math:`g`; no factor for few households such
    as :math:`G / (G - 1)` is applied, as in ``robcov`` of R's rms (method "huber").

    References
    ----------
    Huber (1967), Proceedings of the Fifth Berkeley Symposium 1, 221-233; White (1982), Econometrica 50, 1-25.

    Examples
    --------
    >>> y_true, y_prob = [0, 1, 0, 1, 0, 1], [0.1, 0.1, 0.2, 0.2, 0.2, 0.9]
    >>> round(calibration_standard_errors(y_true, y_prob).slope, 3)
    0.917
    >>> round(calibration_standard_errors(y_true, y_prob, household=[1, 1, 2, 2, 3, 3]).slope, 3)
    0.289
    """
    arrays = check_columns(y_true=y_true, y_prob=y_prob)
    support = _support(check_rows(y_true, y_prob, inside=True))
    codes, size = (None, 2) if household is None else household_codes(household, arrays["y_true"].size)
    order = np.lexsort((arrays["y_true"], arrays["y_prob"], *(() if codes is None else (codes,))))
    codes = None if codes is None else codes[order]
    y, lp = arrays["y_true"][order], logit(arrays["y_prob"][order])
    shift, (intercept, slope) = fit_intercept(support), fit_line(support)
    if size < 2:
        shift = intercept = slope = float("nan")
    one = np.ones_like(lp)[:, None]
    alone = _standard_errors(one, y, sigmoid(shift + lp), codes)
    line = _standard_errors(np.column_stack([one, lp]), y, sigmoid(intercept + slope * lp), codes)
    return CalibrationErrors(float(alone[0]), float(line[0]), float(line[1]))


def _standard_errors(design: Floats, y: Floats, mu: Floats, codes: Ints | None) -> Floats:
    """Standard errors of the coefficients of a logistic regression."""
    if np.isnan(mu).any():
        return np.full(design.shape[1], np.nan)
    inverse = np.linalg.inv(np.einsum("ni,nj,n->ij", design, design, mu * (1 - mu)))
    if codes is None:
        return np.asarray(np.sqrt(np.diag(inverse)), dtype=np.float64)
    scores = (design * (y - mu)[:, None]).T
    sums = np.array([np.bincount(codes, weights=score) for score in scores])
    return np.asarray(np.sqrt(np.diag(inverse @ np.einsum("ig,jg->ij", sums, sums) @ inverse)), dtype=np.float64)


def calibration_curve(
    y_true: ArrayLike, y_prob: ArrayLike, grid: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> Floats:
    r"""Risk observed at each risk of a grid: the line of a calibration plot.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1.
    grid : array-like of shape (m,)
        Risks, strictly between 0 and 1, at which to read the curve.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    ndarray of shape (m,), float64
        Observed risks. NaN where all outcomes are the same.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a risk is exactly 0 or 1.

    Notes
    -----
    A logistic regression on a restricted cubic spline of the log-odds, with 5 knots at their quantiles .05, .275, .5,
    .725 and .95 and Harrell's basis. Where knots coincide, or the regression has no maximum, it steps down to 4
    knots, 3 knots, a straight line and, where all risks are the same, a constant.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, 2nd ed., section 2.4.

    Examples
    --------
    >>> y_true, y_prob = [0] * 8 + [1] * 2 + [0] * 5 + [1] * 5, [0.1] * 10 + [0.4] * 10
    >>> calibration_curve(y_true, y_prob, [0.1, 0.4]).round(6).tolist()
    [0.2, 0.5]
    """
    points = check_columns(grid=grid)["grid"]
    check_rows(np.zeros_like(points), points, inside=True)
    curve = fit_curve(_support(check_rows(y_true, y_prob, sample_weight, inside=True)))
    return np.full(points.size, np.nan) if curve is None else curve.observed(logit(points))


def _support(rows: Rows) -> Support:
    """Take rows with the same risk together."""
    starts = np.flatnonzero(np.concatenate([[True], rows.p[1:] != rows.p[:-1]]))
    return Support(logit(rows.p[starts]), np.add.reduceat(rows.w, starts), np.add.reduceat(rows.w * rows.y, starts))
