"""Draw households, and measure every set of predictions on each draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, logit
from edgeofcare.metrics._confusion import AT_CAPACITY, Choice, divide, measured
from edgeofcare.metrics._curves import Support
from edgeofcare.metrics._isotonic import decompose, refitted_brier
from edgeofcare.metrics._prepared import Prepared, Source, Supports, Totals
from edgeofcare.metrics._refits import CURVE, Fits, fit_all, refit

__all__ = ["Engine", "choice_of_all", "estimates"]

_RANKING = frozenset({"auroc", "average_precision"})
_REFITTED = frozenset({"calibration_in_the_large", "calibration_slope"}) | CURVE
_DECOMPOSED = {
    "brier_miscalibration": "miscalibration",
    "brier_discrimination": "discrimination",
    "brier_uncertainty": "uncertainty",
}
_NOT_RATIOS = _RANKING | _REFITTED | frozenset(_DECOMPOSED)
# Resamples that are measured at once, or more if they have fewer distinct risks and scores than that many together.
_BLOCK, _CELLS = 32, 16_384
# Counts of households that are held at once, or one block if that is more.
_HELD = 2_000_000


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
        self.choices: dict[str, Choice] = {}
        self.curve: Floats | None = None
        self.near: dict[str, Fits] = {}

    def run(self, size: int, n_resamples: int, rng: np.random.Generator) -> None:
        """Measure all resamples, a block of them at a time."""
        if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
            msg = "n_resamples must be a whole number, at least 1; 1000 is usual."
            raise SpecError(msg)
        drawn: dict[str, list[dict[str, Floats]]] = {name: [] for name in self.prepared}
        chosen: dict[str, list[Choice]] = {name: [] for name in self.prepared}
        curves: list[Floats] = []
        household_sums = {name: csr_matrix(prepared.sums.T) for name, prepared in self.prepared.items()}
        for held in _draws(size, n_resamples, rng):
            exact = np.ascontiguousarray(held.T, dtype=np.float64)
            for name, prepared in self.prepared.items():
                sums = _sums(prepared, household_sums[name], exact)
                if self.cuts is not None:
                    chosen[name].append(_choice(sums, self.cuts.size))
                length = _block_of(prepared)
                for start in range(0, held.shape[0], length):
                    block = slice(start, start + length)
                    part = {column: values[block] for column, values in sums.items()}
                    values, curve = self._measured(name, held[block], part)
                    drawn[name].append(values)
                    curves += [] if curve is None else [curve]
        self.samples = {
            name: {measure: np.concatenate([part[measure] for part in parts]) for measure in self.wanted[name]}
            for name, parts in drawn.items()
        }
        self.choices = {name: _joined(parts) for name, parts in chosen.items() if parts}
        self.curve = np.concatenate(curves) if curves else None

    def _measured(
        self, name: str, counts: NDArray[np.int32], sums: Mapping[str, Floats]
    ) -> tuple[dict[str, Floats], Floats | None]:
        """Wanted measures of one set of predictions for a block of resamples, and the model's calibration curve."""
        wanted, points = self.wanted[name], self.points if name == "model" else None
        out = {measure: _ratio(measure, sums) for measure in wanted if measure not in _NOT_RATIOS}
        ranked = [measure for measure in wanted if measure in _RANKING]
        bent = points is not None or any(measure in _REFITTED for measure in wanted)
        parted = any(measure in _DECOMPOSED for measure in wanted)
        curve = None
        if ranked or bent or parted:
            prepared = self.prepared[name]
            totals, supports = prepared.counted(counts, ranking=bool(ranked), calibration=bent or parted)
            out |= {} if totals is None else _ranking(totals, ranked)
            if bent:
                values, curve = self._refitted(name, supports, counts.shape[0], points)
                out |= values
            if parted:
                out |= _decomposed(supports, sums)
        return out, curve

    def _refitted(
        self, name: str, supports: Supports | None, size: int, points: Floats | None
    ) -> tuple[dict[str, Floats], Floats | None]:
        """Calibration measures of a block; NaN where a risk has no log-odds."""
        wanted = [measure for measure in self.wanted[name] if measure in _REFITTED]
        if supports is None:
            empty = None if points is None else np.full((size, points.size), np.nan)
            return {measure: np.full(size, np.nan) for measure in wanted}, empty
        return refit(supports, wanted, self._near(name), points)

    def _near(self, name: str) -> Fits:
        """Fits to all rows, once for each set of predictions: where the fits to the resamples start."""
        if name not in self.near:
            prepared = self.prepared[name]
            ones = np.ones((1, prepared.sums.shape[0]), dtype=np.int32)
            supports = prepared.counted(ones, ranking=False)[1]
            self.near[name] = fit_all(
                None if supports is None else Support(supports.lp, supports.rows[0], supports.events[0])
            )
        return self.near[name]


def _ratio(measure: str, sums: Mapping[str, Floats]) -> Floats:
    """Compute a measure that is a ratio of sums over households."""
    undefined = np.full_like(sums["rows"], np.nan)
    rows, events = sums["rows"], sums["events"]
    if measure in AT_CAPACITY:
        found, reviewed = sums.get("selected_events", undefined), sums.get("selected", undefined)
        return measured(AT_CAPACITY[measure], Choice(found, reviewed, events, rows))
    if measure == "scaled_brier_score":
        prevalence = events / rows
        return 1 - divide(sums["squares"] / rows, prevalence * (1 - prevalence))
    if measure == "d2_log_loss":
        return 1 - divide(sums.get("loss", undefined) / rows, _entropy(events / rows))
    top, bottom = {
        "prevalence": ("events", "rows"),
        "brier_score": ("squares", "rows"),
        "log_loss": ("loss", "rows"),
        "observed_expected_ratio": ("events", "expected"),
        "entrants_found_at_capacity": ("entrants_found", "entrants"),
    }[measure]
    return divide(sums.get(top, undefined), sums.get(bottom, undefined))


def _entropy(share: Floats) -> Floats:
    """Log loss of giving every row the prevalence; 0 where all outcomes are the same."""
    inside = np.where((share > 0) & (share < 1), share, 0.5)
    entropy = -(inside * np.log(inside) + (1 - inside) * np.log1p(-inside))
    return np.asarray(np.where(inside == share, entropy, 0.0), dtype=np.float64)


def _ranking(totals: Totals, wanted: Sequence[str]) -> dict[str, Floats]:
    """AUROC and average precision of each resample, from counts at the scores that have an event."""
    above, tied, events, rows = totals
    n_events = events.sum(axis=1)
    before = np.cumsum(events, axis=1)
    out = {}
    if "auroc" in wanted:
        others = (rows - n_events)[:, None]
        level = tied - events
        twice = (events * (2 * (others - (above - (before - events)) - level) + level)).sum(axis=1)
        out["auroc"] = divide(twice / 2, n_events * others[:, 0])
    if "average_precision" in wanted:
        seen = above + tied
        precision = np.divide(before, seen, out=np.zeros(seen.shape), where=seen > 0)
        out["average_precision"] = divide((events * precision).sum(axis=1), n_events)
    return out


def _decomposed(supports: Supports | None, sums: Mapping[str, Floats]) -> dict[str, Floats]:
    """Parts of the Brier score of each resample."""
    if supports is None:
        return {measure: np.full_like(sums["rows"], np.nan) for measure in _DECOMPOSED}
    refitted = np.array([refitted_brier(r, e) for r, e in zip(supports.rows, supports.events, strict=True)])
    parts = decompose(sums["squares"] / sums["rows"], refitted, sums["events"] / sums["rows"])
    return {measure: getattr(parts, part) for measure, part in _DECOMPOSED.items()}


def _draws(size: int, n_resamples: int, rng: np.random.Generator) -> Iterator[NDArray[np.int32]]:
    """How often each household is drawn, some blocks of resamples at a time."""
    most = _BLOCK * max(1, _HELD // (_BLOCK * size))
    for start in range(0, n_resamples, most):
        length = min(most, n_resamples - start)
        draws = [np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(length)]
        yield np.array(draws, dtype=np.int32)


def _sums(prepared: Prepared, household_sums: csr_matrix, counts: Floats) -> dict[str, Floats]:
    """Sums of each column in resamples, which are columns of counts; as ``Prepared.sums_of``, in one thread.

    Most sums of households are 0. Threads of a dense product wait for the next one, and cost more than this does.
    """
    totals = household_sums @ counts
    return {name: totals[i] / prepared.scale[i] for i, name in enumerate(prepared.columns)}


def _block_of(prepared: Prepared) -> int:
    """How many resamples of one set of predictions are measured at once."""
    cells = max(ladder.rungs.shape[0] for ladder in (prepared.by_score, prepared.by_risk))
    return _BLOCK * max(1, _CELLS // (_BLOCK * cells))


def _choice(sums: Mapping[str, Floats], n_cuts: int) -> Choice:
    """Counts of reviewing at or above each threshold; a row for each resample, a column for each threshold."""
    found = np.column_stack([sums[f"found_{i}"] for i in range(n_cuts)])
    reviewed = np.column_stack([sums[f"reviewed_{i}"] for i in range(n_cuts)])
    return Choice(found, reviewed, sums["events"][:, None], sums["rows"][:, None])


def _joined(parts: Sequence[Choice]) -> Choice:
    """Blocks of resamples, one below the other."""
    return Choice(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def choice_of_all(prepared: Prepared, n_cuts: int) -> Choice:
    """Counts of reviewing at or above each threshold in the rows themselves."""
    return _choice(prepared.sums_of(np.ones((1, prepared.sums.shape[0]))), n_cuts)


def estimates(prepared: Prepared, wanted: tuple[str, ...], source: Source, size: int) -> dict[str, float]:
    """Measures of the rows themselves, by the same route as the resamples but without bins of risks."""
    ones = np.ones((1, size), dtype=np.int32)
    sums = prepared.sums_of(ones.astype(np.float64))
    totals, _ = prepared.counted(ones, calibration=False)
    values = {} if totals is None else _ranking(totals, wanted)
    if any(measure in _REFITTED or measure in _DECOMPOSED for measure in wanted):
        supports = None if prepared.lp is None else _exact_supports(source)
        values |= _decomposed(supports, sums)
        values |= _exact_fits(supports, wanted)
    for measure in wanted:
        if measure not in values:
            values[measure] = _ratio(measure, sums)
    return {measure: float(values[measure][0]) for measure in wanted}


def _exact_fits(supports: Supports | None, wanted: Sequence[str]) -> dict[str, Floats]:
    """Calibration measures of all rows, each fitted with every safeguard."""
    if supports is None:
        return {measure: np.array([np.nan]) for measure in _REFITTED}
    support = Support(supports.lp, supports.rows[0], supports.events[0])
    fits = fit_all(support)
    values = {"calibration_in_the_large": fits.intercept, "calibration_slope": fits.line[1]}
    if fits.curve is None:
        values |= dict.fromkeys(CURVE, float("nan"))
    else:
        middle, high = fits.curve.distance_quantiles(support, np.array([0.5, 0.9]))
        values |= {"integrated_calibration_index": fits.curve.mean_distance(support), "e50": middle, "e90": high}
    return {measure: np.array([value]) for measure, value in values.items() if measure in wanted}


def _exact_supports(source: Source) -> Supports:
    """Every distinct risk, however many."""
    p, where = np.unique(source.p, return_inverse=True)
    where = where.reshape(-1)
    rows = np.bincount(where).astype(np.float64)
    events = np.asarray(np.bincount(where, weights=source.y), dtype=np.float64)
    return Supports(logit(p), rows[None, :], events[None, :])
