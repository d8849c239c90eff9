"""Draw households, and measure every set of predictions on each draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, logit
from edgeofcare.metrics._curves import Curve, Support, fit_curve, fit_intercept, fit_line
from edgeofcare.metrics._prepared import Prepared, Source, Totals

__all__ = ["Engine", "estimates"]

_RANKING = frozenset({"auroc", "average_precision"})
_REFITTED = frozenset({"calibration_in_the_large", "calibration_slope", "integrated_calibration_index"})
# Resamples that are held at once.
_BLOCK = 32


class _Fits(NamedTuple):
    """Calibration models fitted to one resample; NaN and None where not fitted or undefined."""

    intercept: float
    line: tuple[float, float]
    curve: Curve | None


_NOTHING = _Fits(float("nan"), (float("nan"), float("nan")), None)


class Engine:
    """Draw households and measure every set of predictions on each draw."""

    def __init__(
        self,
        prepared: Mapping[str, Prepared],
        wanted: Mapping[str, tuple[str, ...]],
        cuts: Floats | None,
        points: Floats | None,
    ) -> None:
        self.prepared, self.wanted, self.cuts, self.points = prepared, wanted, cuts, points
        self.samples: dict[str, dict[str, Floats]] = {}
        self.net_benefit: dict[str, Floats] = {}
        self.curve: list[Floats] = []
        self.near: dict[str, _Fits] = {}

    def run(self, size: int, n_resamples: int, rng: np.random.Generator) -> None:
        """Measure all resamples, a block of them at a time."""
        if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
            msg = "n_resamples must be a whole number, at least 1; 1000 is usual."
            raise SpecError(msg)
        drawn: dict[str, dict[str, list[Floats]]] = {
            name: {measure: [] for measure in wanted} for name, wanted in self.wanted.items()
        }
        benefit: dict[str, list[Floats]] = {}
        for counts in _blocks(size, n_resamples, rng):
            for name, prepared in self.prepared.items():
                sums = prepared.sums_of(counts.astype(np.float64))
                for measure, values in self._measured(name, counts, sums).items():
                    drawn[name][measure].append(values)
                if self.cuts is not None:
                    benefit.setdefault(name, []).append(_net_benefit(sums, self.cuts))
                    if name == "model":
                        benefit.setdefault("review all", []).append(_treat_all(sums, self.cuts))
        self.samples = {
            name: {measure: np.concatenate(parts) for measure, parts in measures.items()}
            for name, measures in drawn.items()
        }
        self.net_benefit = {name: np.concatenate(parts) for name, parts in benefit.items()}

    def _measured(self, name: str, counts: NDArray[np.int32], sums: Mapping[str, Floats]) -> dict[str, Floats]:
        """Wanted measures of one set of predictions, for a block of resamples."""
        wanted = self.wanted[name]
        out = {measure: _ratio(measure, sums) for measure in wanted if measure not in _RANKING | _REFITTED}
        one_by_one = [measure for measure in wanted if measure in _RANKING | _REFITTED]
        refit = (name == "model" and self.points is not None) or any(measure in _REFITTED for measure in wanted)
        if one_by_one or refit:
            values = np.array([self._refit(name, row, one_by_one, refit) for row in counts])
            out.update({measure: values[:, i] for i, measure in enumerate(one_by_one)})
        return out

    def _refit(self, name: str, counts: NDArray[np.int32], wanted: Sequence[str], refit: bool) -> list[float]:
        """Measures of one resample that are not ratios of sums."""
        totals, support = self.prepared[name].counted(counts, calibration=refit)
        values = _ranking(totals, wanted)
        if refit:
            points = self.points if name == "model" else None
            fits = _fits(support, wanted, self._near(name), curve=points is not None)
            values.update(_calibration(support, fits))
            if points is not None:
                self.curve.append(np.full(points.size, np.nan) if fits.curve is None else fits.curve.observed(points))
        return [values[measure] for measure in wanted]

    def _near(self, name: str) -> _Fits:
        """Fits to all rows, once for each set of predictions: where the fits to the resamples start."""
        if name not in self.near:
            prepared = self.prepared[name]
            ones = np.ones(prepared.sums.shape[0], dtype=np.int32)
            self.near[name] = _fits(prepared.counted(ones, calibration=True)[1], tuple(_REFITTED))
        return self.near[name]


def _ratio(measure: str, sums: Mapping[str, Floats]) -> Floats:
    """Compute a measure that is a ratio of sums over households."""
    undefined = np.full_like(sums["rows"], np.nan)
    rows, events = sums["rows"], sums["events"]
    prevalence = events / rows
    if measure == "scaled_brier_score":
        return 1 - _divide(sums["squares"] / rows, prevalence * (1 - prevalence))
    top, bottom = {
        "prevalence": ("events", "rows"),
        "brier_score": ("squares", "rows"),
        "log_loss": ("loss", "rows"),
        "observed_expected_ratio": ("events", "expected"),
        "ppv_at_capacity": ("selected_events", "selected"),
        "recall_at_capacity": ("selected_events", "events"),
        "entrants_found_at_capacity": ("entrants_found", "entrants"),
        "number_needed_to_review": ("selected", "selected_events"),
    }[measure]
    return _divide(sums.get(top, undefined), sums.get(bottom, undefined))


def _divide(top: Floats, bottom: Floats) -> Floats:
    """Ratio, NaN where the denominator is not above 0."""
    out = np.full(np.shape(top), np.nan)
    return np.asarray(np.divide(top, bottom, out=out, where=bottom > 0), dtype=np.float64)


def _ranking(totals: Totals, wanted: Sequence[str]) -> dict[str, float]:
    """AUROC and average precision from counts at the scores that have an event."""
    events = int(totals.events.sum())
    others = totals.rows - events
    before = np.cumsum(totals.events)
    out = {"auroc": float("nan"), "average_precision": float("nan")}
    if "auroc" in wanted and events and others:
        tied = totals.tied - totals.events
        above = totals.above - (before - totals.events)
        twice = (totals.events * (2 * (others - above - tied) + tied)).sum()
        out["auroc"] = float(twice / 2 / (events * others))
    if "average_precision" in wanted and events:
        seen = totals.above + totals.tied
        precision = np.divide(before, seen, out=np.zeros(seen.size), where=seen > 0)
        out["average_precision"] = float((totals.events * precision).sum() / events)
    return out


def _fits(support: Support | None, wanted: Sequence[str], near: _Fits | None = None, *, curve: bool = False) -> _Fits:
    """Fit to one resample the calibration models that the wanted measures need."""
    near = near or _NOTHING
    if support is None:
        return _NOTHING
    intercept, line, bent = _NOTHING
    if "calibration_in_the_large" in wanted:
        intercept = fit_intercept(support, near.intercept)
    if "calibration_slope" in wanted:
        line = fit_line(support, near.line)
    if curve or "integrated_calibration_index" in wanted:
        bent = fit_curve(support, near.curve)
    return _Fits(intercept, line, bent)


def _calibration(support: Support | None, fits: _Fits) -> dict[str, float]:
    """Calibration measures from the fits."""
    distance = float("nan") if support is None or fits.curve is None else fits.curve.mean_distance(support)
    values = (fits.intercept, fits.line[1], distance)
    return dict(
        zip(("calibration_in_the_large", "calibration_slope", "integrated_calibration_index"), values, strict=True)
    )


def _blocks(size: int, n_resamples: int, rng: np.random.Generator) -> Iterator[NDArray[np.int32]]:
    """How often each household is drawn, a block of resamples at a time."""
    for start in range(0, n_resamples, _BLOCK):
        length = min(_BLOCK, n_resamples - start)
        draws = [np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(length)]
        yield np.array(draws, dtype=np.int32)


def _net_benefit(sums: Mapping[str, Floats], cuts: Floats) -> Floats:
    """Net benefit of reviewing at or above each threshold, by resample."""
    odds = cuts / (1 - cuts)
    columns = [sums[f"found_{i}"] - sums[f"alarms_{i}"] * odds[i] for i in range(cuts.size)]
    return np.asarray(np.column_stack(columns) / sums["rows"][:, None], dtype=np.float64)


def _treat_all(sums: Mapping[str, Floats], cuts: Floats) -> Floats:
    """Net benefit of reviewing every row at each threshold, by resample."""
    prevalence = (sums["events"] / sums["rows"])[:, None]
    return np.asarray(prevalence - (1 - prevalence) * cuts / (1 - cuts), dtype=np.float64)


def estimates(prepared: Prepared, wanted: tuple[str, ...], source: Source, size: int) -> dict[str, float]:
    """Measures of the rows themselves, by the same route as the resamples but without bins of risks."""
    ones = np.ones(size, dtype=np.int32)
    totals, _ = prepared.counted(ones, calibration=False)
    values = _ranking(totals, wanted)
    sums = prepared.sums_of(ones[None, :].astype(np.float64))
    if any(measure in _REFITTED for measure in wanted):
        support = None if prepared.lp is None else _exact_support(source)
        values.update(_calibration(support, _fits(support, wanted)))
    for measure in wanted:
        if measure not in values:
            values[measure] = float(_ratio(measure, sums)[0])
    return {measure: values[measure] for measure in wanted}


def _exact_support(source: Source) -> Support:
    """Every distinct risk, however many."""
    p, where = np.unique(source.p, return_inverse=True)
    where = where.reshape(-1)
    rows = np.bincount(where).astype(np.float64)
    return Support(logit(p), rows, np.asarray(np.bincount(where, weights=source.y), dtype=np.float64))
