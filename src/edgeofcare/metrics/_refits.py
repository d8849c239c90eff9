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
    sigmoid,
    spline_columns,
)
from edgeofcare.metrics._prepared import Supports

__all__ = ["CURVE", "Fits", "fit_all", "refit"]

#: Measures that are read from the calibration curve.
CURVE = frozenset({"integrated_calibration_index", "e50", "e90"})
_QUANTILES = (("e50", 0.5), ("e90", 0.9))
_MAX_STEPS, _MAX_HALVINGS = 14, 29
# As in the fit of one resample.
_TOLERANCE, _RUNAWAY, _STANDSTILL, _SLACK = 1e-7, 1e-3, 1e-8, 1e-10

# Variance inflation of a column, from which on its coefficient is rounding.
_INFLATION = 1e12

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

    Each resample has the fit that it would have alone, but for curves of outcomes that are nearly separated: there
    rounding may settle how many knots are kept, and so the curve may differ from that of a fit alone. The few that are
    not settled in a few steps, or whose columns are all but sums of each other, are fitted one by one with every
    safeguard.
    """
    out: dict[str, Floats] = {}
    if "calibration_in_the_large" in wanted:
        out["calibration_in_the_large"] = _intercepts(supports, near.intercept)
    if "calibration_slope" in wanted:
        out["calibration_slope"] = _slopes(supports, near.line)
    if points is None and CURVE.isdisjoint(wanted):
        return out, None
    observed, curve = _curves(supports, near.curve, np.empty(0) if points is None else points)
    distance = np.abs(observed - sigmoid(supports.lp))
    if "integrated_calibration_index" in wanted:
        total = np.einsum("bm,bm->b", supports.rows, distance)
        out["integrated_calibration_index"] = total / supports.rows.sum(axis=1)
    asked = [(measure, q) for measure, q in _QUANTILES if measure in wanted]
    if asked:
        order = np.argsort(distance, axis=1)
        ranked, rows = (np.take_along_axis(each, order, axis=1) for each in (distance, supports.rows))
        found = _row_quantiles(ranked, rows, np.array([q for _, q in asked]))
        out.update({measure: found[:, i] for i, (measure, _) in enumerate(asked)})
    return out, None if points is None else curve


def _row_quantiles(values: Floats, rows: Floats, probabilities: Floats) -> Floats:
    """Quantiles of ascending values in each resample, as if its rows were written out (R's type 7).

    One search does for all resamples: the running totals of each are lifted above those of the one before it.
    """
    size, width = rows.shape
    upto = np.cumsum(rows, axis=1)
    total, place = upto[:, -1:], np.arange(size)[:, None]
    lift = (total.max(initial=0.0) + 1) * place
    flat = (upto + lift).ravel()
    values = np.broadcast_to(values, rows.shape)

    def at(count: Floats) -> Floats:
        """Value of the row that has so many before it."""
        found = np.searchsorted(flat, (count + lift).ravel(), side="right").reshape(count.shape)
        return np.take_along_axis(values, np.minimum(found - width * place, width - 1), axis=1)

    position = np.maximum(total - 1, 0) * probabilities
    low = np.floor(position)
    below = at(low)
    above = np.where(low + 1 >= total, below, at(low + 1))
    return np.asarray(below + (position - low) * (above - below), dtype=np.float64)


def _support(supports: Supports, i: int | np.integer) -> Support:
    """One resample."""
    return Support(supports.lp, supports.rows[i], supports.events[i])


def _intercepts(supports: Supports, near: float) -> Floats:
    """Calibration-in-the-large of each resample."""
    usable = _varied(supports, 1)
    start = np.full((usable.size, 1), 0.0 if np.isnan(near) else near)
    coef, done = _climb([np.ones_like(supports.lp)], supports, start, usable, offset=supports.lp)
    out = np.where(usable, coef[:, 0], np.nan)
    for i in np.flatnonzero(usable & ~done):
        out[i] = fit_intercept(_support(supports, i), near)
    return out


def _slopes(supports: Supports, near: tuple[float, float]) -> Floats:
    """Calibration slope of each resample."""
    usable = _varied(supports, 2) & ~_separated(supports)
    start = np.tile(np.array(near if np.isfinite(near).all() else (0.0, 1.0)), (usable.size, 1))
    coef, done = _climb([np.ones_like(supports.lp), supports.lp], supports, start, usable)
    out = np.where(usable, coef[:, 1], np.nan)
    for i in np.flatnonzero(usable & ~done):
        out[i] = fit_line(_support(supports, i), near)[1]
    return out


def _curves(supports: Supports, near: Curve | None, points: Floats) -> tuple[Floats, Floats]:
    """Observed risk of each resample at the log-odds of its bins, and at those of a grid."""
    size = supports.rows.shape[0]
    observed, grid = np.full(supports.rows.shape, np.nan), np.full((size, points.size), np.nan)
    left = np.flatnonzero(_varied(supports, 1))
    single = left[(supports.rows[left] > 0).sum(axis=1) == 1]
    observed[single] = grid[single] = _shares(supports, single)
    left = np.setdiff1d(left, single)
    for quantiles in (*KNOT_LADDER, ()):
        knots = _row_quantiles(supports.lp, supports.rows[left], np.array(quantiles))
        usable = _apart(knots)
        some, knots = left[usable], knots[usable]
        left = left[~usable]
        if not some.size:
            continue
        bent = _bend(supports, some, knots, near)
        observed[some], grid[some] = bent.observed, bent.at(points)
        for i in some[~bent.done]:
            observed[i], grid[i] = _bend_one(_support(supports, i), near, points)
    return observed, grid


def _shares(supports: Supports, some: NDArray[np.int64]) -> Floats:
    """Share of events of some resamples, in a column."""
    return np.asarray(supports.events[some].sum(axis=1) / supports.rows[some].sum(axis=1), dtype=np.float64)[:, None]


def _apart(knots: Floats) -> Flags:
    """Resamples in which no two knots are as good as one; all where there are none."""
    if not knots.shape[1]:
        return np.ones(knots.shape[0], dtype=np.bool_)
    reach = np.maximum(1.0, knots[:, -1] - knots[:, 0])
    return np.asarray(np.diff(knots, axis=1).min(axis=1) > 1e-6 * reach, dtype=np.bool_)


def _bend_one(support: Support, near: Curve | None, points: Floats) -> tuple[Floats, Floats]:
    """Observed risk of one resample, fitted with every safeguard."""
    curve = fit_curve(support, near)
    if curve is None:
        return np.full(support.lp.size, np.nan), np.full(points.size, np.nan)
    return curve.observed(support.lp), curve.observed(points)


class _Bent(NamedTuple):
    """Splines of several resamples with as many knots each, their observed risks, and which of them were settled."""

    knots: Floats
    coef: Floats
    observed: Floats
    done: Flags

    def at(self, lp: Floats) -> Floats:
        """Observed risk of each resample at log-odds."""
        return sigmoid(_predictor(spline_columns(lp, self.knots), self.coef))


def _bend(supports: Supports, some: NDArray[np.int64], knots: Floats, near: Curve | None) -> _Bent:
    """Fit splines to some resamples, or lines where there are no knots."""
    width = max(knots.shape[1], 2)
    start = np.zeros(width)
    start[1] = 1.0
    if near is not None and knots.shape[1] and near.coef.size == width:
        start = near.coef
    part = Supports(supports.lp, supports.rows[some], supports.events[some])
    columns = spline_columns(supports.lp, knots)
    coef, done = _climb(columns, part, np.tile(start, (some.size, 1)), _varied(part, width), limit=True)
    return _Bent(knots, coef, sigmoid(_predictor(columns, coef)), done)


def _varied(supports: Supports, least: int) -> Flags:
    """Resamples with both outcomes, and at least so many distinct risks."""
    events, rows = supports.events.sum(axis=1), supports.rows.sum(axis=1)
    return np.asarray((events > 0) & (events < rows) & ((supports.rows > 0).sum(axis=1) >= least), dtype=np.bool_)


def _separated(supports: Supports) -> Flags:
    """Resamples in which no event lies below a row without one, or none above; both outcomes must be there."""
    events, others = supports.events > 0, supports.rows > supports.events
    last = supports.lp.size - 1
    low_event, low_other = events.argmax(axis=1), others.argmax(axis=1)
    high_event, high_other = last - events[:, ::-1].argmax(axis=1), last - others[:, ::-1].argmax(axis=1)
    return np.asarray((high_other <= low_event) | (high_event <= low_other), dtype=np.bool_)


class _Problem(NamedTuple):
    """Columns of several fits (shared, or with a row for each), their rows and events, and the offset."""

    columns: list[Floats]
    rows: Floats
    events: Floats
    offset: Floats | float

    def of(self, some: Flags | NDArray[np.int64]) -> _Problem:
        """Some of the fits."""
        columns = [column[some] if column.ndim == 2 else column for column in self.columns]
        return _Problem(columns, self.rows[some], self.events[some], self.offset)

    def likelihood(self, coef: Floats) -> tuple[Floats, Floats]:
        """Fitted probabilities and log-likelihood of each fit."""
        eta = _predictor(self.columns, coef) + self.offset
        small = np.exp(-np.abs(eta))
        mu = np.where(eta >= 0, 1.0, small) / (1.0 + small)
        loss = np.maximum(eta, 0.0) + np.log1p(small)
        return mu, _dot(self.events, eta) - _dot(self.rows, loss)


def _climb(
    columns: list[Floats],
    supports: Supports,
    start: Floats,
    usable: Flags,
    *,
    offset: Floats | float = 0.0,
    limit: bool = False,
) -> tuple[Floats, Flags]:
    """Newton's steps, halved where they lead down, in all usable resamples at once; and which of them are done.

    A resample that has arrived is taken out; so is one that has no step to rely on, which is not done. Steps start, are
    halved and end as those of ``fit_logistic``, and ``limit`` means the same. Sums by ``einsum`` rather than matrix
    products, so that the number of threads cannot change a digit.
    """
    out, done = np.zeros(start.shape), np.zeros(usable.shape, dtype=np.bool_)
    at = np.flatnonzero(usable)
    coef, problem = start[at], _Problem(columns, supports.rows, supports.events, offset).of(at)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        mu, fit = problem.likelihood(coef)
        for _ in range(_MAX_STEPS):
            if not at.size:
                break
            step = _newton_steps(problem, mu)
            before = fit
            mu, fit, taken, open_fit = _uphill(problem, coef, step, before)
            coef = coef + taken
            size = np.max(np.abs(taken) / (1 + np.abs(coef)), axis=1)
            settled = (size > _RUNAWAY) & (np.abs(fit - before) < _STANDSTILL * (1 + np.abs(fit)))
            arrived = open_fit & ((size < _TOLERANCE) | (settled & limit))
            out[at[arrived]], done[at[arrived]] = coef[arrived], True
            keep = open_fit & ~arrived
            if not keep.all():
                at, coef, mu, fit, problem = at[keep], coef[keep], mu[keep], fit[keep], problem.of(keep)
    return out, done


def _uphill(problem: _Problem, coef: Floats, step: Floats, before: Floats) -> tuple[Floats, Floats, Floats, Flags]:
    """Take the steps, halved until the likelihood does not fall; and which of them are steps that can be taken."""
    found: Flags = np.asarray(np.isfinite(step).all(axis=1), dtype=np.bool_)
    step = np.where(found[:, None], step, 0.0)
    least = before - _SLACK * (1.0 + np.abs(before))
    mu, fit = problem.likelihood(coef + step)
    low = np.flatnonzero(~(fit >= least))
    for _ in range(_MAX_HALVINGS):
        if not low.size:
            break
        step[low] /= 2
        mu[low], fit[low] = problem.of(low).likelihood(coef[low] + step[low])
        low = low[~(fit[low] >= least[low])]
    found[low] = False
    return mu, fit, step, found


def _predictor(columns: Sequence[Floats], coef: Floats) -> Floats:
    """Log-odds of each resample at each place."""
    out = coef[:, :1] * columns[0]
    for i, column in enumerate(columns[1:], start=1):
        out += coef[:, i : i + 1] * column
    return np.asarray(out, dtype=np.float64)


def _newton_steps(problem: _Problem, mu: Floats) -> Floats:
    """Newton's step of each resample; NaN where there is none to rely on."""
    columns, (size, width) = problem.columns, (mu.shape[0], len(problem.columns))
    expected = problem.rows * mu
    residual, weight = problem.events - expected, expected * (1 - mu)
    score, curvature = np.empty((size, width)), np.empty((size, width, width))
    for i, column in enumerate(columns):
        score[:, i] = _dot(residual, column)
        weighted = weight * column
        for j in range(i + 1):
            curvature[:, i, j] = curvature[:, j, i] = _dot(weighted, columns[j])
    try:
        return _solved(curvature, score)
    except np.linalg.LinAlgError:
        return np.concatenate([_solved_alone(curvature[i : i + 1], score[i : i + 1]) for i in range(size)])


def _solved(curvature: Floats, score: Floats) -> Floats:
    """Newton's steps; NaN where a column is all but a sum of the others, as rounding would choose the step."""
    step = np.linalg.solve(curvature, score[:, :, None])[:, :, 0]
    inflation = np.einsum("bii,bii->bi", curvature, np.linalg.inv(curvature))
    sound = ((inflation > 0) & (inflation < _INFLATION)).all(axis=1)
    return np.where(sound[:, None], step, np.nan)


def _solved_alone(curvature: Floats, score: Floats) -> Floats:
    """Newton's step of one resample; NaN where its curvature is singular."""
    try:
        return _solved(curvature, score)
    except np.linalg.LinAlgError:
        return np.full_like(score, np.nan)


def _dot(values: Floats, column: Floats) -> Floats:
    """Sum of products of each resample."""
    return np.asarray(np.einsum("bm,bm->b" if column.ndim == 2 else "bm,m->b", values, column), dtype=np.float64)
