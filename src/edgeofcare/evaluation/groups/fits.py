"""Calibration intercepts and slopes of many small histograms at once, by Newton's method from a near start."""

from __future__ import annotations

import numpy as np

from edgeofcare.metrics._arrays import Floats

__all__ = ["fit_lines", "fit_shifts"]

_STEPS, _TOLERANCE = 40, 1e-7
# Longer steps are cut: a far step of Newton's overshoots where a fit has few events.
_LONGEST = 2.0


def fit_shifts(lp: Floats, rows: Floats, events: Floats, start: Floats | None) -> Floats:
    """Calibration-in-the-large of each histogram: the shift of the log-odds that makes expected equal observed.

    Parameters
    ----------
    lp : ndarray of shape (bins,)
        Log-odds of each bin.
    rows, events : ndarray of shape (n, bins)
        Rows and events in each bin of each histogram.
    start : ndarray of shape (n,) or None
        Where to start; 0 if None or NaN.

    Returns
    -------
    ndarray of shape (n,)
        NaN where all outcomes are the same.
    """
    shift = np.zeros(rows.shape[0]) if start is None else np.nan_to_num(start)
    seen = events.sum(axis=1)
    open_fit = _both_outcomes(rows, events)
    for _ in range(_STEPS):
        at = np.flatnonzero(open_fit)
        if not at.size:
            break
        mu = _sigmoid(lp[None, :] + shift[at, None])
        expected = rows[at] * mu
        step = (seen[at] - expected.sum(axis=1)) / np.maximum((expected * (1 - mu)).sum(axis=1), 1e-300)
        shift[at] += np.clip(step, -_LONGEST, _LONGEST)
        open_fit[at] = np.abs(step) > _TOLERANCE
    return np.where(open_fit | ~_both_outcomes(rows, events), np.nan, shift)


def fit_lines(lp: Floats, rows: Floats, events: Floats, start: Floats | None) -> Floats:
    """Intercept and slope of each histogram's outcome on the log-odds of the risk.

    Parameters
    ----------
    lp : ndarray of shape (bins,)
        Log-odds of each bin.
    rows, events : ndarray of shape (n, bins)
        Rows and events in each bin of each histogram.
    start : ndarray of shape (n, 2 or more) or None
        Intercepts and slopes to start from; 0 and 1 if None or NaN.

    Returns
    -------
    ndarray of shape (n, 2)
        NaN where all outcomes or all risks are the same, or where the risks separate the outcomes.
    """
    coef = np.tile([0.0, 1.0], (rows.shape[0], 1))
    if start is not None:
        coef = np.where(np.isfinite(start[:, :2]), start[:, :2], coef)
    defined = _both_outcomes(rows, events) & _two_risks(lp, rows)
    open_fit = defined.copy()
    for _ in range(_STEPS):
        at = np.flatnonzero(open_fit)
        if not at.size:
            break
        step = _line_step(lp, rows[at], events[at], coef[at])
        coef[at] += np.clip(step, -_LONGEST, _LONGEST)
        open_fit[at] = np.abs(step).max(axis=1) > _TOLERANCE * (1 + np.abs(coef[at]).max(axis=1))
    return np.where((open_fit | ~defined | (np.abs(coef).max(axis=1) > 50))[:, None], np.nan, coef)


def _line_step(lp: Floats, rows: Floats, events: Floats, coef: Floats) -> Floats:
    """Newton's step of each line."""
    mu = _sigmoid(coef[:, :1] + coef[:, 1:] * lp[None, :])
    gap, weight = events - rows * mu, rows * mu * (1 - mu)
    first, second = gap.sum(axis=1), np.einsum("ij,j->i", gap, lp)
    flat, tilt, bend = weight.sum(axis=1), np.einsum("ij,j->i", weight, lp), np.einsum("ij,j->i", weight, lp * lp)
    determinant = np.maximum(flat * bend - tilt * tilt, 1e-300)
    steps = np.column_stack([bend * first - tilt * second, flat * second - tilt * first])
    return np.asarray(steps / determinant[:, None], dtype=np.float64)


def _both_outcomes(rows: Floats, events: Floats) -> np.ndarray:
    """Whether a histogram holds an event and a row without one."""
    seen = events.sum(axis=1)
    return np.asarray((seen > 0) & (seen < rows.sum(axis=1)))


def _two_risks(lp: Floats, rows: Floats) -> np.ndarray:
    """Whether a histogram holds two different risks."""
    held = rows > 0
    low = np.where(held, lp[None, :], np.inf).min(axis=1)
    high = np.where(held, lp[None, :], -np.inf).max(axis=1)
    return np.asarray(high > low)


def _sigmoid(eta: Floats) -> Floats:
    """Probability of log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(eta, -700, 700))), dtype=np.float64)
