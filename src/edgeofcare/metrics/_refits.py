"""Calibration models of a block of resamples, fitted at once by Newton's method from the fit to all rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics._curves import (
    KNOT_LADDER,
    Curve,
    Support,
    fit_curve,
    fit_intercept,
    fit_line,
    knots_apart,
    row_quantiles,
    sigmoid,
    spline_columns,
)
from edgeofcare.metrics._prepared import Supports

__all__ = ["CURVE", "Fits", "fit_all", "refit"]

#: Measures that are read from the calibration curve.
CURVE = frozenset({"integrated_calibration_index", "e50", "e90"})
_QUANTILES = (("e50", 0.5), ("e90", 0.9))
_MAX_STEPS = 12
_TOLERANCE = 1e-7

Flags = NDArray[np.bool_]


class Fits(NamedTuple):
    """Calibration models fitted to all rows, where the fits to the resamples start; NaN and None where undefined."""

    intercept: float
    line: tuple[float, float]
    curve: Curve | None


def fit_all(support: Support | None) -> Fits:
    """Fit every model to all rows."""
    if support is None:
        return Fits(float("nan"), (float("nan"), float("nan")), None)
    return Fits(fit_intercept(support), fit_line(support), fit_curve(support))


def refit(
    supports: Supports, wanted: Sequence[str], near: Fits, points: Floats | None = None
) -> tuple[dict[str, Floats], Floats | None]:
    """Calibration measures of a block of resamples, and the curve at log-odds of a grid.

    Each resample is fitted to convergence. The few for which plain steps do not converge, or have no maximum, are
    fitted one by one with every safeguard.
    """
    out: dict[str, Floats] = {}
    if "calibration_in_the_large" in wanted:
        out["calibration_in_the_large"] = _intercepts(supports, near.intercept)
    if "calibration_slope" in wanted:
        out["calibration_slope"] = _slopes(supports, near.line)
    curve_wanted = [measure for measure in wanted if measure in CURVE]
    if not curve_wanted and points is None:
        return out, None
    observed, curve = _curves(supports, near.curve, np.empty(0) if points is None else points)
    distance = np.abs(observed - sigmoid(supports.lp))
    if "integrated_calibration_index" in wanted:
        total = np.einsum("bm,bm->b", supports.rows, distance)
        out["integrated_calibration_index"] = total / supports.rows.sum(axis=1)
    asked = [(measure, q) for measure, q in _QUANTILES if measure in wanted]
    if asked:
        found = _quantiles(distance, supports.rows, [q for _, q in asked])
        out.update({measure: found[:, i] for i, (measure, _) in enumerate(asked)})
    return out, None if points is None else curve


def _quantiles(values: Floats, rows: Floats, probabilities: Sequence[float]) -> Floats:
    """Quantiles of each resample, as if its rows were written out; NaN where a value is."""
    order = np.argsort(values, axis=1, kind="stable")
    values, rows = np.take_along_axis(values, order, axis=1), np.take_along_axis(rows, order, axis=1)
    asked = np.array(probabilities)
    known = [not np.isnan(value[-1]) for value in values]
    nothing = np.full(asked.size, np.nan)
    return np.array(
        [row_quantiles(v, r, asked) if ok else nothing for v, r, ok in zip(values, rows, known, strict=True)]
    )


def _support(supports: Supports, i: int | np.integer) -> Support:
    """One resample."""
    return Support(supports.lp, supports.rows[i], supports.events[i])


def _intercepts(supports: Supports, near: float) -> Floats:
    """Calibration-in-the-large of each resample."""
    size = supports.rows.shape[0]
    start = np.full((size, 1), 0.0 if np.isnan(near) else near)
    coef, done = _climb([np.ones_like(supports.lp)], supports, start, supports.lp, _varied(supports, 1))
    out = coef[:, 0]
    for i in np.flatnonzero(~done):
        out[i] = fit_intercept(_support(supports, i), near)
    return out


def _slopes(supports: Supports, near: tuple[float, float]) -> Floats:
    """Calibration slope of each resample."""
    size = supports.rows.shape[0]
    start = np.tile(np.array(near if np.isfinite(near).all() else (0.0, 1.0)), (size, 1))
    coef, done = _climb([np.ones_like(supports.lp), supports.lp], supports, start, 0.0, _varied(supports, 2))
    out = coef[:, 1]
    for i in np.flatnonzero(~done):
        out[i] = fit_line(_support(supports, i), near)[1]
    return out


def _curves(supports: Supports, near: Curve | None, points: Floats) -> tuple[Floats, Floats]:
    """Observed risk of each resample at the log-odds of its bins, and at those of a grid."""
    size = supports.rows.shape[0]
    observed, grid = np.full(supports.rows.shape, np.nan), np.full((size, points.size), np.nan)
    left = np.arange(size)
    for quantiles in KNOT_LADDER:
        knots = np.array([row_quantiles(supports.lp, supports.rows[i], np.array(quantiles)) for i in left])
        usable = np.array([knots_apart(each) for each in knots], dtype=np.bool_)
        some, knots = left[usable], knots[usable]
        left = left[~usable]
        fitted = _bend(supports, some, knots, near)
        observed[some], grid[some] = fitted.at(supports.lp), fitted.at(points)
        for i in some[~fitted.done]:
            observed[i], grid[i] = _bend_one(_support(supports, i), near, points)
        if not left.size:
            break
    for i in left:
        observed[i], grid[i] = _bend_one(_support(supports, i), near, points)
    return observed, grid


def _bend_one(support: Support, near: Curve | None, points: Floats) -> tuple[Floats, Floats]:
    """Observed risk of one resample, fitted with every safeguard."""
    curve = fit_curve(support, near)
    if curve is None:
        return np.full(support.lp.size, np.nan), np.full(points.size, np.nan)
    return curve.observed(support.lp), curve.observed(points)


class _Bent(NamedTuple):
    """Splines of several resamples with as many knots each, and which of them converged."""

    knots: Floats
    coef: Floats
    done: Flags

    def at(self, lp: Floats) -> Floats:
        """Observed risk of each resample; a half where it did not converge."""
        coef = np.where(self.done[:, None], self.coef, 0.0)  # those that did not may have gone anywhere
        return sigmoid(_predictor(spline_columns(lp, self.knots), coef))


def _bend(supports: Supports, some: NDArray[np.int64], knots: Floats, near: Curve | None) -> _Bent:
    """Fit splines to some resamples."""
    width = knots.shape[1] if knots.ndim == 2 else len(KNOT_LADDER[0])
    knots = knots.reshape(-1, width)
    identity = np.zeros(width)
    identity[1] = 1.0
    start = identity if near is None or near.coef.size != width else near.coef
    part = Supports(supports.lp, supports.rows[some], supports.events[some])
    columns = spline_columns(supports.lp, knots)
    coef, done = _climb(columns, part, np.tile(start, (some.size, 1)), 0.0, _varied(part, width))
    return _Bent(knots, coef, done)


def _varied(supports: Supports, least: int) -> Flags:
    """Resamples with both outcomes, and at least so many distinct risks."""
    events, rows = supports.events.sum(axis=1), supports.rows.sum(axis=1)
    return np.asarray((events > 0) & (events < rows) & ((supports.rows > 0).sum(axis=1) >= least), dtype=np.bool_)


def _climb(
    columns: Sequence[Floats], supports: Supports, start: Floats, offset: Floats | float, usable: Flags
) -> tuple[Floats, Flags]:
    """Newton's steps in all usable resamples at once; those that have converged stand still.

    A step of nearly nothing is at a point where the score vanishes, which is the maximum, as the likelihood is concave.
    Sums by ``einsum`` rather than matrix products, so that the number of threads cannot change a digit.
    """
    coef, active = start.astype(np.float64).copy(), usable.copy()
    done = np.zeros_like(active)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for _ in range(_MAX_STEPS):
            if not active.any():
                break
            step = _newton_steps(columns, supports, sigmoid(_predictor(columns, coef) + offset), active)
            active &= np.isfinite(step).all(axis=1)
            step[~active] = 0.0
            coef += step
            still = np.max(np.abs(step) / (1 + np.abs(coef)), axis=1) < _TOLERANCE
            done |= active & still
            active &= ~still
    return coef, done


def _predictor(columns: Sequence[Floats], coef: Floats) -> Floats:
    """Log-odds of each resample at each place."""
    out = coef[:, :1] * columns[0]
    for i, column in enumerate(columns[1:], start=1):
        out += coef[:, i : i + 1] * column
    return np.asarray(out, dtype=np.float64)


def _newton_steps(columns: Sequence[Floats], supports: Supports, mu: Floats, active: Flags) -> Floats:
    """Newton's step of each resample; NaN where it is not active or its curvature is singular."""
    size, width = mu.shape[0], len(columns)
    residual, weight = supports.events - supports.rows * mu, supports.rows * mu * (1 - mu)
    score, curvature = np.empty((size, width)), np.empty((size, width, width))
    for i, column in enumerate(columns):
        score[:, i] = _dot(residual, column)
        weighted = weight * column
        for j in range(i + 1):
            curvature[:, i, j] = curvature[:, j, i] = _dot(weighted, columns[j])
    step = np.full((size, width), np.nan)
    good = active & np.isfinite(curvature).all(axis=(1, 2)) & np.isfinite(score).all(axis=1)
    try:
        step[good] = np.linalg.solve(curvature[good], score[good][:, :, None])[:, :, 0]
    except np.linalg.LinAlgError:
        return np.full((size, width), np.nan)
    return step


def _dot(values: Floats, column: Floats) -> Floats:
    """Sum of products of each resample."""
    return np.asarray(np.einsum("bm,bm->b" if column.ndim == 2 else "bm,m->b", values, column), dtype=np.float64)
