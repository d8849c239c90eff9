"""Logistic regressions of the outcome on the log-odds of a risk: the engine of every calibration measure."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edgeofcare.metrics._arrays import Floats

__all__ = [
    "KNOT_LADDER",
    "Curve",
    "Support",
    "fit_curve",
    "fit_intercept",
    "fit_line",
    "fit_logistic",
    "knots_apart",
    "row_quantiles",
    "sigmoid",
    "spline_columns",
]

#: Where Harrell puts the knots of a restricted cubic spline, most knots first.
KNOT_LADDER = ((0.05, 0.275, 0.5, 0.725, 0.95), (0.05, 0.35, 0.65, 0.95), (0.1, 0.5, 0.9))
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

    @property
    def separated(self) -> bool:
        """Whether no event lies below a row without one, or none above: a line then has no maximum."""
        events, others = self.lp[self.events > 0], self.lp[self.rows > self.events]
        return bool(others[-1] <= events[0] or events[-1] <= others[0])


class Curve(NamedTuple):
    """A fitted calibration curve: logit of the observed risk as a spline of the log-odds of the predicted one."""

    knots: Floats
    coef: Floats

    def observed(self, lp: Floats) -> Floats:
        """Observed risk at predicted log-odds."""
        design = _design(lp, self.knots)[:, : self.coef.size]
        return sigmoid(np.einsum("mi,i->m", design, self.coef))

    def distance(self, support: Support) -> Floats:
        """Distance between observed and predicted risk."""
        return np.abs(self.observed(support.lp) - sigmoid(support.lp))

    def mean_distance(self, support: Support) -> float:
        """Mean over the rows of the distance between observed and predicted risk."""
        return float((support.rows * self.distance(support)).sum() / support.rows.sum())

    def distance_quantiles(self, support: Support, probabilities: Floats) -> Floats:
        """Quantiles over the rows of the distance between observed and predicted risk."""
        distance = self.distance(support)
        order = np.argsort(distance, kind="stable")
        return row_quantiles(distance[order], support.rows[order], probabilities)


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
    if support.one_class or support.separated:
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
    for quantiles in KNOT_LADDER:
        knots = row_quantiles(support.lp, support.rows, np.array(quantiles))
        if not knots_apart(knots):
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


def knots_apart(knots: Floats) -> bool:
    """Whether no two knots are as good as one."""
    return bool(np.diff(knots).min() > 1e-6 * max(1.0, float(knots[-1] - knots[0])))


def row_quantiles(values: Floats, rows: Floats, probabilities: Floats) -> Floats:
    """Quantiles of ascending values as if each were written out as often as it is weighted (R's type 7)."""
    if not np.array_equal(rows, np.floor(rows)):
        rows = rows * (np.count_nonzero(rows) / rows.sum())
    upto = np.cumsum(rows)
    position = np.maximum(upto[-1] - 1, 0) * probabilities
    low = np.floor(position)
    last = values.size - 1
    below = values[np.minimum(np.searchsorted(upto, low, side="right"), last)]
    above = values[np.minimum(np.searchsorted(upto, low + 1, side="right"), last)]
    above = np.where(low + 1 >= upto[-1], below, above)
    return np.asarray(below + (position - low) * (above - below), dtype=np.float64)


def spline_columns(lp: Floats, knots: Floats) -> list[Floats]:
    """Intercept, log-odds and Harrell's truncated cubic terms, scaled by the square of the range of the knots.

    With knots of one fit the terms are as long as the log-odds; with a row of knots for each of several fits they
    have a row for each.
    """
    columns = [np.ones_like(lp), lp]
    if knots.size:
        last, before = knots[..., -1:], knots[..., -2:-1]
        scale = (last - knots[..., :1]) ** 2
        end, near = _cube(lp - last), _cube(lp - before)
        for i in range(knots.shape[-1] - 2):
            knot = knots[..., i : i + 1]
            share = (last - knot) / (last - before)
            term = _cube(lp - knot) - near * share + end * (share - 1)
            columns.append(term / scale)
    return columns


def _design(lp: Floats, knots: Floats) -> Floats:
    """Columns of a spline, side by side."""
    return np.column_stack(spline_columns(lp, knots))


def _cube(values: Floats) -> Floats:
    """Cube of the positive part."""
    positive = np.maximum(values, 0.0)
    return np.asarray(positive * positive * positive, dtype=np.float64)


def sigmoid(eta: Floats) -> Floats:
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
