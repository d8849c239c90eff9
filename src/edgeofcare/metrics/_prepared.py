"""One set of predictions, sorted and summed once, so that a resample of households costs a few vector operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from edgeofcare.metrics._arrays import Floats, Ints, logit

__all__ = ["Prepared", "Source", "Supports", "Totals", "prepare"]

# Calibration is refitted in each resample on distinct risks. Beyond this many, neighbouring risks are taken together.
MAX_SUPPORT = 2048
_LARGEST_INT32 = 2**31 - 1


class Source(NamedTuple):
    """Aligned arrays of one set of predictions; ``household`` and ``child`` are codes."""

    household: Ints
    y: Floats
    p: Floats
    score: Floats
    selected: Floats | None
    child: Ints | None


class Totals(NamedTuple):
    """Counts of each resample at the scores that have an event, highest first: all that ranking needs.

    ``above``, ``tied`` and ``events`` have a row for each resample and a column for each such score.
    """

    above: Ints
    tied: Ints
    events: Ints
    rows: Ints


class Supports(NamedTuple):
    """Log-odds in ascending order, and the rows and events of each resample (one a row) at each of them."""

    lp: Floats
    rows: Floats
    events: Floats


@dataclass(frozen=True)
class _Ladder:
    """Rows of each household on each rung, from the highest value down, and events of each household in each tie.

    A product with the counts of a block of resamples gives the rows and events of every resample, so that half a
    million rows are gone through once for a block. ``above`` and ``upto`` are, for each tie that has an event, the
    rungs before it and those up to its end; ``bins`` are the rungs and ties up to the end of each bin of risks.
    """

    rungs: csr_matrix
    ties: csr_matrix
    above: Ints
    upto: Ints
    bins: tuple[Ints, Ints]

    def counted(self, counts: NDArray[np.int32]) -> tuple[Ints, Ints]:
        """Rows up to each rung, from none, and events of each tie, in each resample; resamples are rows."""
        rows = np.zeros((counts.shape[1], self.rungs.shape[0] + 1), dtype=np.int64)
        np.cumsum((self.rungs @ counts).T, axis=1, dtype=np.int64, out=rows[:, 1:])
        return rows, np.ascontiguousarray((self.ties @ counts).T, dtype=np.int64)


@dataclass(frozen=True)
class Prepared:
    """Household sums, and rows ranked by score and by risk."""

    columns: tuple[str, ...]
    sums: Floats
    scale: Floats
    by_score: _Ladder
    by_risk: _Ladder
    lp: Floats | None

    def sums_of(self, counts: Floats) -> dict[str, Floats]:
        """Sums of each column in each resample of a block; exact, whatever the order or the number of threads."""
        totals = (counts @ self.sums) / self.scale
        return {name: totals[:, i] for i, name in enumerate(self.columns)}

    def counted(
        self, counts: NDArray[np.int32], *, ranking: bool = True, calibration: bool = True
    ) -> tuple[Totals | None, Supports | None]:
        """Counts of a block of resamples (one a row) at the distinct scores and at the distinct risks."""
        columns = np.ascontiguousarray(counts.T)
        calibration = calibration and self.lp is not None
        rows = events = np.empty((0, 0), dtype=np.int64)
        totals, order = None, self.by_score
        if ranking:
            rows, events = order.counted(columns)
            above = rows[:, order.above]
            totals = Totals(above, rows[:, order.upto] - above, events, rows[:, -1])
        if not calibration or self.lp is None:
            return totals, None
        if totals is None or self.by_risk is not order:
            rows, events = self.by_risk.counted(columns)
        ends, after = self.by_risk.bins
        upto = np.zeros((counts.shape[0], events.shape[1] + 1), dtype=np.int64)
        np.cumsum(events, axis=1, out=upto[:, 1:])
        return totals, Supports(self.lp, _steps(rows[:, ends]), _steps(upto[:, after]))


def prepare(source: Source, n_households: int, thresholds: Floats | None = None) -> Prepared:
    """Sort and sum one set of predictions.

    Nothing depends on the order of the rows: those with the same score are counted together, and sums are kept in
    fixed point after the rows are put in an order that depends on nothing but their content.
    """
    chosen = np.zeros_like(source.p) if source.selected is None else source.selected
    child = np.zeros(source.p.size, dtype=np.int64) if source.child is None else source.child
    order = np.lexsort((chosen, child, source.score, source.y, source.p, source.household))
    source = Source(*(None if part is None else part[order] for part in source))  # type: ignore[arg-type]
    columns = _household_columns(source, n_households, thresholds)
    matrix = np.column_stack(list(columns.values()))
    scale = _fixed_point(matrix, n_households)
    by_score, by_risk, lp = _ladders(source, n_households)
    return Prepared(tuple(columns), np.round(matrix * scale), scale, by_score, by_risk, lp)


def _steps(upto: Ints) -> Floats:
    """What each bin adds to running totals, lowest risk first."""
    return np.ascontiguousarray(np.diff(upto, axis=1, prepend=0)[:, ::-1], dtype=np.float64)


def _ladders(source: Source, n_households: int) -> tuple[_Ladder, _Ladder, Floats | None]:
    """Rows by falling score and by falling risk (one ladder where these agree), and the log-odds of the bins."""
    sequence = np.lexsort((-source.p, -source.score))
    step, tied = np.diff(source.p[sequence]), np.diff(source.score[sequence]) == 0
    agree = not np.any((step > 0) | (tied & (step != 0)))
    by_risk = sequence if agree else np.argsort(-source.p, kind="stable")
    ends, lp = _bins(source.p[by_risk])
    risks = _ladder(source, by_risk, source.score if agree else source.p, n_households, ends)
    return risks if agree else _ladder(source, sequence, source.score, n_households, ends[:0]), risks, lp


def _ladder(source: Source, sequence: Ints, value: Floats, n_households: int, bins: Ints) -> _Ladder:
    """Count rows and events along a sequence in which a value does not rise; bins end where ties end."""
    household, event = source.household[sequence], source.y[sequence] == 1
    ends = _tie_ends(value[sequence])
    starts = np.concatenate([[0], ends[:-1]])
    events = np.concatenate([[0], np.cumsum(event)])
    some = events[ends] > events[starts]
    starts, tie_ends = starts[some], ends[some]
    rungs = np.unique(np.concatenate([starts, tie_ends, bins, [household.size]]))
    rungs = rungs[rungs > 0]
    tie = np.repeat(np.arange(tie_ends.size), events[tie_ends] - events[starts])
    rung = np.repeat(np.arange(rungs.size), np.diff(rungs, prepend=0))
    return _Ladder(
        _counts(rung, household, (rungs.size, n_households)),
        _counts(tie, household[event], (tie_ends.size, n_households)),
        np.where(starts > 0, np.searchsorted(rungs, starts) + 1, 0),
        np.searchsorted(rungs, tie_ends) + 1,
        (np.searchsorted(rungs, bins) + 1, np.searchsorted(tie_ends, bins, side="right")),
    )


def _counts(place: Ints, household: Ints, shape: tuple[int, int]) -> csr_matrix:
    """How many rows each household has in each place, in 32 bits where no resample can have more."""
    most = int(np.bincount(household, minlength=1).max()) * shape[1]
    dtype = np.int32 if most <= _LARGEST_INT32 else np.int64
    matrix = csr_matrix((np.ones(place.size, dtype=dtype), (place, household)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _tie_ends(ranked: Floats) -> Ints:
    """Position after the last row of each tie."""
    return np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) + 1


def _bins(p: Floats) -> tuple[Ints, Floats | None]:
    """Rows up to the end of each bin of falling risks, and the mean log-odds of each bin, lowest first.

    A bin is a distinct risk; where there are too many, half of the bins hold as many rows each, and half are as wide.
    """
    ends = _tie_ends(p)
    if p[0] >= 1 or p[-1] <= 0:
        return ends[:0], None
    lp = logit(p)
    if ends.size > MAX_SUPPORT:
        by_rows = np.searchsorted(ends, np.linspace(0, p.size, MAX_SUPPORT // 2 + 1)[1:])
        by_width = np.searchsorted(-lp[ends - 1], -np.linspace(lp[0], lp[-1], MAX_SUPPORT // 2 + 1)[1:])
        chosen = np.unique(np.concatenate([by_rows, by_width, [ends.size - 1]]))
        ends = ends[chosen[chosen < ends.size]]
    means = np.add.reduceat(lp, np.concatenate([[0], ends[:-1]])) / np.diff(ends, prepend=0)
    return ends, np.asarray(means[::-1], dtype=np.float64)


def _household_columns(source: Source, size: int, thresholds: Floats | None) -> Mapping[str, Floats]:
    """Sums within households of everything whose measure is a ratio of sums."""
    y, p, code = source.y, source.p, source.household

    def total(values: Floats) -> Floats:
        """Sum within households."""
        return np.asarray(np.bincount(code, weights=values, minlength=size), dtype=np.float64)

    columns = {"rows": total(np.ones_like(y)), "events": total(y), "expected": total(p)}
    columns["squares"] = total((p - y) ** 2)
    if p.min() > 0 and p.max() < 1:
        columns["loss"] = total(-np.where(y == 1, np.log(p), np.log1p(-p)))
    if source.selected is not None:
        columns["selected"] = total(source.selected)
        columns["selected_events"] = total(source.selected * y)
        if source.child is not None:
            columns.update(_entrant_columns(source, size))
    for i, cut in enumerate(() if thresholds is None else thresholds):
        reviewed = (p >= cut).astype(np.float64)
        columns[f"found_{i}"] = total(y * reviewed)
        columns[f"reviewed_{i}"] = total(reviewed)
    return columns


def _entrant_columns(source: Source, size: int) -> dict[str, Floats]:
    """Entrants of each household, and how many of them are selected at least once before their entry."""
    event = np.flatnonzero(source.y == 1)
    if source.child is None or source.selected is None or not event.size:
        return {"entrants": np.zeros(size), "entrants_found": np.zeros(size)}
    order = event[np.lexsort((source.selected[event], source.child[event], source.household[event]))]
    household, child = source.household[order], source.child[order]
    changes = (child[1:] != child[:-1]) | (household[1:] != household[:-1])
    starts = np.flatnonzero(np.concatenate([[True], changes]))
    missed = np.multiply.reduceat(1.0 - source.selected[order], starts)
    home = household[starts]
    return {
        "entrants": np.bincount(home, minlength=size).astype(np.float64),
        "entrants_found": np.asarray(np.bincount(home, weights=1.0 - missed, minlength=size), dtype=np.float64),
    }


def _fixed_point(matrix: Floats, n_households: int) -> Floats:
    """Powers of two by which each column is stretched, so that its sums over any resample are exact integers."""
    bound = np.abs(matrix).max(axis=0) * n_households
    bound[bound == 0] = 1.0
    return np.asarray(2.0 ** np.floor(52 - np.log2(bound)), dtype=np.float64)
