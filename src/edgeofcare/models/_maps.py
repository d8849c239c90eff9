"""Maps from risk to calibrated risk that learn more or less than a line on the log-odds: for diagnosis only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import isotonic_regression

from edgeofcare.metrics._arrays import Floats, logit
from edgeofcare.metrics._curves import (
    Support,
    fit_line,
    fit_logistic,
    knots_apart,
    row_quantiles,
    sigmoid,
    spline_columns,
)

__all__ = ["MAPS", "Map", "fit_affine", "fit_beta", "fit_identity", "fit_isotonic", "fit_spline"]

Map = Callable[[Floats], Floats]
"""Calibrated risk of risks strictly between 0 and 1."""

_KNOTS = np.array((0.1, 0.5, 0.9))


def fit_identity(y: Floats, p: Floats) -> Map:
    """The risks as they are."""
    return lambda risk: risk


def fit_affine(y: Floats, p: Floats) -> Map:
    """A line on the log-odds: what a model of this library is calibrated by."""
    intercept, slope = fit_line(_support(y, logit(p)))
    if not np.isfinite(slope):
        return _constant(y)
    return lambda risk: sigmoid(intercept + slope * logit(risk))


def fit_beta(y: Floats, p: Floats) -> Map:
    """Beta calibration: a logistic regression on ``ln p`` and ``-ln(1 - p)``, no coefficient below zero."""
    a, b, c = beta_coefficients(y, p)
    return lambda risk: sigmoid(a * np.log(risk) - b * np.log1p(-risk) + c)


def beta_coefficients(y: Floats, p: Floats) -> tuple[float, float, float]:
    """Coefficients of beta calibration: the constrained maximum is inside, on an edge or at the corner."""
    support = _support(y, logit(p))
    low, high = -np.logaddexp(0.0, -support.lp), np.logaddexp(0.0, support.lp)
    one = np.ones_like(low)
    base = float(logit(np.array([support.events.sum() / support.rows.sum()]))[0])
    fits: list[tuple[Floats | None, tuple[int, ...]]] = [(_fit([low, high, one], support, [1.0, 1.0, 0.0]), (0, 1, 2))]
    free = fits[0][0]
    if free is None or free[:2].min() < 0:
        fits = [(_fit([low, one], support, [1.0, 0.0]), (0, 2)), (_fit([high, one], support, [1.0, 0.0]), (1, 2))]
    spread = []
    for coef, places in fits:
        if coef is not None and coef[:-1].min() >= 0:
            whole = np.zeros(3)
            whole[list(places)] = coef
            spread.append(whole)
    spread.append(np.array([0.0, 0.0, base]))
    best = min(spread, key=lambda coef: _loss(support, coef[0] * low + coef[1] * high + coef[2]))
    return float(best[0]), float(best[1]), float(best[2])


def fit_spline(y: Floats, p: Floats) -> Map:
    """A restricted cubic spline with 3 knots on the log-odds; a line where the knots fall together."""
    support = _support(y, logit(p))
    knots = row_quantiles(support.lp, support.rows, _KNOTS)
    if not knots_apart(knots):
        return fit_affine(y, p)
    coef = fit_logistic(np.column_stack(spline_columns(support.lp, knots)), support, np.array([0.0, 1.0, 0.0]))
    if coef is None:
        return fit_affine(y, p)
    return lambda risk: sigmoid(np.einsum("mi,i->m", np.column_stack(spline_columns(logit(risk), knots)), coef))


def fit_isotonic(y: Floats, p: Floats) -> Map:
    """The best non-decreasing steps, linear between them; a step without an entrant, or of entrants only, is moved.

    By half an entrant: a risk of 0 would make the log loss of the next entrant infinite.
    """
    support = _support(y, p)
    fit = isotonic_regression(support.events / support.rows, weights=support.rows)
    rows = np.repeat(np.add.reduceat(support.rows, fit.blocks[:-1]), np.diff(fit.blocks))
    steps = np.clip(fit.x, 0.5 / (rows + 1.0), 1.0 - 0.5 / (rows + 1.0))
    return lambda risk: np.interp(risk, support.lp, np.maximum.accumulate(steps))


MAPS: dict[str, Callable[[Floats, Floats], Map]] = {
    "identity": fit_identity,
    "affine": fit_affine,
    "beta": fit_beta,
    "spline": fit_spline,
    "isotonic": fit_isotonic,
}


def _support(y: Floats, values: Floats) -> Support:
    """Rows with the same value taken together."""
    unique, code = np.unique(values, return_inverse=True)
    rows = np.bincount(code, minlength=unique.size).astype(np.float64)
    return Support(unique, rows, np.bincount(code, weights=y, minlength=unique.size).astype(np.float64))


def _constant(y: Floats) -> Map:
    """The share of entrants, for everyone."""
    share = float(np.clip(y.mean(), 0.5 / (y.size + 1), 1 - 0.5 / (y.size + 1)))
    return lambda risk: np.full(np.shape(risk), share)


def _fit(columns: list[Floats], support: Support, start: list[float]) -> Floats | None:
    """Maximum-likelihood coefficients, or None."""
    return fit_logistic(np.column_stack(columns), support, np.array(start))


def _loss(support: Support, eta: Floats) -> float:
    """Negative log-likelihood."""
    return float((support.rows * np.logaddexp(0.0, eta) - support.events * eta).sum())
