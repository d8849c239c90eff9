"""Logistic regressions of the outcome on the log-odds of a risk: the engine of every calibration measure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeofcare.metrics._arrays import Floats

__all__ = ["Curve", "Support", "fit_curve", "fit_intercept", "fit_line", "fit_logistic"]

# Where Harrell puts the knots of a restricted cubic spline, most knots first.
_KNOT_LADDER = ((0.05, 0.275, 0.5, 0.725, 0.95), (0.05, 0.35, 0.65, 0.95), (0.1, 0.5, 0.9))
_MAX_STEPS = 60
# Newton doubles the correct digits: after a step below this, the next would be below its square.
_TOLERANCE = 1e-7
# Steps this long that gain this little in likelihood lead to infinity.
_RUNAWAY, _STANDSTILL = 1e-3, 1e-8


class Support(NamedTuple):
    """Rows with the same risk taken together: log-odds (ascending), rows and events at each of them."""

    lp: Floats
    rows: Floats
    events: Floats

    @property
    def one_class(self) -> bool:
        """Whether there are only events, or none."""
        events, rows = self.events.sum(), self.rows.sum()
        return bool(events <= 0 or events >= rows)


class Curve(NamedTuple):
    """A fitted calibration curve: logit of the observed risk as a spline of the log-odds of the predicted one."""

    knots: Floats
    coef: Floats

    def observed(self, lp: Floats) -> Floats:
        """Observed risk at predicted log-odds."""
        design = _design(lp, self.knots)[:, : self.coef.size]
        return _sigmoid(np.einsum("mi,i->m", design, self.coef))

    def mean_distance(self, support: Support) -> float:
        """Mean over the rows of the distance between observed and predicted risk."""
        distance = np.abs(self.observed(support.lp) - _sigmoid(support.lp))
        return float((support.rows * distance).sum() / support.rows.sum())


def fit_logistic(
    design: Floats, support: Support, start: Floats, offset: Floats | float = 0.0, *, limit: bool = False
) -> Floats | None:
    """Maximum-likelihood coefficients by Newton's method with halved steps, or None where there is no maximum.

    With ``limit``, a fit whose coefficients run away while its likelihood stands still (some risks have no event, or
    nothing but events) is taken as it stands: its fitted probabilities have settled.
    """
    coef = np.array(start, dtype=np.float64)
    mu, fit = _likelihood(design, support, coef, offset)
    for _ in range(_MAX_STEPS):
        step = _newton_step(design, support, mu)
        if step is None:
            return None
        before = fit
        mu, fit, taken = _climb(design, support, coef, step, offset, fit)
        coef = coef + taken
        size = np.max(np.abs(taken) / (1 + np.abs(coef)))
        settled = limit and size > _RUNAWAY and abs(fit - before) < _STANDSTILL * (1 + abs(fit))
        if size < _TOLERANCE or settled:
            return coef
    return None


def fit_intercept(support: Support, start: float = 0.0) -> float:
    """Calibration-in-the-large: the shift of the log-odds that makes expected equal observed (a true offset)."""
    if support.one_class:
        return float("nan")
    coef = fit_logistic(np.ones((support.lp.size, 1)), support, np.nan_to_num([start]), support.lp)
    return float("nan") if coef is None else float(coef[0])


def fit_line(support: Support, start: tuple[float, float] = (0.0, 1.0)) -> tuple[float, float]:
    """Intercept and slope of the outcome on the log-odds of the risk."""
    seen = support.lp[support.rows > 0]
    if support.one_class or seen[0] == seen[-1]:
        return float("nan"), float("nan")
    design = np.column_stack([np.ones_like(support.lp), support.lp])
    identity = np.array([0.0, 1.0])
    coef = fit_logistic(design, support, np.array(start) if np.isfinite(start).all() else identity)
    return (float("nan"), float("nan")) if coef is None else (float(coef[0]), float(coef[1]))


def fit_curve(support: Support, near: Curve | None = None) -> Curve | None:
    """Fit a restricted cubic spline of 5 knots, and step down to 4, 3, a line, a constant where it cannot be had.

    A curve that is ``near`` only saves steps; where it does not lead to the maximum, the fit starts from identity.
    """
    if support.one_class:
        return None
    for quantiles in _KNOT_LADDER:
        knots = _quantiles(support, np.array(quantiles))
        if np.diff(knots).min() <= 1e-6 * max(1.0, float(knots[-1] - knots[0])):
            continue
        identity = np.zeros(knots.size)
        identity[1] = 1.0
        starts = [identity] if near is None or near.coef.size != knots.size else [near.coef, identity]
        design = _design(support.lp, knots)
        coef = next(
            (fit for start in starts if (fit := fit_logistic(design, support, start, limit=True)) is not None), None
        )
        if coef is not None:
            return Curve(knots, coef)
    if np.ptp(support.lp[support.rows > 0]) > 0:
        line = fit_logistic(_design(support.lp, np.empty(0)), support, np.array([0.0, 1.0]), limit=True)
        if line is not None:
            return Curve(np.empty(0), line)
    share = support.events.sum() / support.rows.sum()
    return Curve(np.empty(0), np.array([np.log(share / (1 - share))]))


def _quantiles(support: Support, probabilities: Floats) -> Floats:
    """Quantiles of the log-odds as if each row were written out as often as it is weighted (R's type 7)."""
    rows = support.rows
    if not np.array_equal(rows, np.floor(rows)):
        rows = rows * (np.count_nonzero(rows) / rows.sum())
    upto = np.cumsum(rows)
    position = np.maximum(upto[-1] - 1, 0) * probabilities
    low = np.floor(position)
    last = support.lp.size - 1
    below = support.lp[np.minimum(np.searchsorted(upto, low, side="right"), last)]
    above = support.lp[np.minimum(np.searchsorted(upto, low + 1, side="right"), last)]
    above = np.where(low + 1 >= upto[-1], below, above)
    return np.asarray(below + (position - low) * (above - below), dtype=np.float64)


def _design(lp: Floats, knots: Floats) -> Floats:
    """Intercept, log-odds and Harrell's truncated cubic terms, scaled by the square of the range of the knots."""
    columns = [np.ones_like(lp), lp]
    if knots.size:
        last, before, width = knots[-1], knots[-2], knots[-1] - knots[-2]
        scale = (knots[-1] - knots[0]) ** 2
        end, near = _cube(lp - last), _cube(lp - before)
        for knot in knots[:-2]:
            term = _cube(lp - knot) - near * ((last - knot) / width) + end * ((before - knot) / width)
            columns.append(term / scale)
    return np.column_stack(columns)


def _cube(values: Floats) -> Floats:
    """Cube of the positive part."""
    positive = np.maximum(values, 0.0)
    return np.asarray(positive * positive * positive, dtype=np.float64)


def _sigmoid(eta: Floats) -> Floats:
    """Probability of log-odds, without overflow."""
    small = np.exp(-np.abs(eta))
    return np.asarray(np.where(eta >= 0, 1.0, small) / (1.0 + small), dtype=np.float64)


def _likelihood(design: Floats, support: Support, coef: Floats, offset: Floats | float) -> tuple[Floats, float]:
    """Fitted probabilities and log-likelihood."""
    eta = np.einsum("mi,i->m", design, coef) + offset
    small = np.exp(-np.abs(eta))
    mu = np.where(eta >= 0, 1.0, small) / (1.0 + small)
    fit = support.events * eta - support.rows * (np.maximum(eta, 0.0) + np.log1p(small))
    return mu, float(fit.sum())


def _newton_step(design: Floats, support: Support, mu: Floats) -> Floats | None:
    """Newton's step, or None where the curvature is singular.

    ``einsum`` rather than a matrix product, so that the number of threads cannot change a digit.
    """
    score = np.einsum("mi,m->i", design, support.events - support.rows * mu)
    weighted = design * (support.rows * mu * (1.0 - mu))[:, None]
    try:
        step = np.linalg.solve(np.einsum("mi,mj->ij", weighted, design), score)
    except np.linalg.LinAlgError:
        return None
    return step if np.isfinite(step).all() else None


def _climb(
    design: Floats, support: Support, coef: Floats, step: Floats, offset: Floats | float, fit: float
) -> tuple[Floats, float, Floats]:
    """Take the step, halved until the likelihood does not fall."""
    slack = 1e-10 * (1.0 + abs(fit))
    for _ in range(30):
        mu, new_fit = _likelihood(design, support, coef + step, offset)
        if new_fit >= fit - slack:
            break
        step = step / 2
    return mu, new_fit, step
