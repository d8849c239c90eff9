"""One set of predictions, sorted and summed once, so that a resample of households costs a few vector operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeofcare.metrics._arrays import Floats, Ints, logit
from edgeofcare.metrics._curves import Support

__all__ = ["Prepared", "Totals", "prepare"]

# Calibration is refitted in each resample on distinct risks. Beyond this many, neighbouring risks are taken together.
MAX_SUPPORT = 2048


class Source(NamedTuple):
    """Aligned arrays of one set of predictions; ``household`` and ``child`` are codes."""

    household: Ints
    y: Floats
    p: Floats
    score: Floats
    selected: Floats | None
    child: Ints | None


class Totals(NamedTuple):
    """Weighted counts at the scores that have an event, highest score first: all that ranking needs."""

    above: Ints
    tied: Ints
    events: Ints
    rows: int


@dataclass(frozen=True)
class _Order:
    """Rows from the highest value down: their households, and those of the events among them.

    ``with_event`` holds, for each tie that has an event, its first row, the row after its last, and the events before
    and after it.
    """

    household: NDArray[np.int32]
    event_household: NDArray[np.int32]
    with_event: tuple[Ints, Ints, Ints, Ints]

    def upto(self, counts: NDArray[np.int32]) -> Ints:
        """Resampled rows from the top to each position."""
        out = np.zeros(self.household.size + 1, dtype=np.int64)
        np.cumsum(counts[self.household], dtype=np.int64, out=out[1:])
        return out

    def events_upto(self, counts: NDArray[np.int32]) -> Ints:
        """Resampled events from the top to each event."""
        out = np.zeros(self.event_household.size + 1, dtype=np.int64)
        np.cumsum(counts[self.event_household], dtype=np.int64, out=out[1:])
        return out


@dataclass(frozen=True)
class Prepared:
    """Household sums, and rows ranked by score and by risk."""

    columns: tuple[str, ...]
    sums: Floats
    scale: Floats
    by_score: _Order
    by_risk: _Order
    bins: tuple[Ints, Ints]
    lp: Floats | None

    def sums_of(self, counts: Floats) -> dict[str, Floats]:
        """Sums of each column in each resample of a block; exact, whatever the order or the number of threads."""
        totals = (counts @ self.sums) / self.scale
        return {name: totals[:, i] for i, name in enumerate(self.columns)}

    def counted(self, counts: NDArray[np.int32], *, calibration: bool) -> tuple[Totals, Support | None]:
        """Counts of one resample, at the distinct scores and at the distinct risks."""
        order = self.by_score
        upto, events_upto = order.upto(counts), order.events_upto(counts)
        starts, ends, before, after = order.with_event
        above = upto[starts]
        totals = Totals(above, upto[ends] - above, events_upto[after] - events_upto[before], int(upto[-1]))
        if not calibration or self.lp is None:
            return totals, None
        if self.by_risk is not order:
            upto, events_upto = self.by_risk.upto(counts), self.by_risk.events_upto(counts)
        ends, after = self.bins
        rows = np.diff(upto[ends], prepend=0)[::-1].astype(np.float64)
        return totals, Support(self.lp, rows, np.diff(events_upto[after], prepend=0)[::-1].astype(np.float64))


def prepare(source: Source, n_households: int, thresholds: Floats | None = None) -> Prepared:
    """Sort and sum one set of predictions.

    The rows are first put in an order that depends on nothing but their content, and sums are kept in fixed point,
    so that a shuffled input gives the same bytes.
    """
    chosen = np.zeros_like(source.p) if source.selected is None else source.selected
    child = np.zeros(source.p.size, dtype=np.int64) if source.child is None else source.child
    order = np.lexsort((chosen, child, source.score, source.y, source.p, source.household))
    source = Source(*(None if part is None else part[order] for part in source))  # type: ignore[arg-type]
    columns = _household_columns(source, n_households, thresholds)
    matrix = np.column_stack(list(columns.values()))
    scale = _fixed_point(matrix, n_households)
    sequence = np.lexsort((-source.p, -source.score))
    by_score = by_risk = _order(source, sequence, source.score)
    if np.any(np.diff(source.p[sequence]) > 0):
        sequence = np.argsort(-source.p, kind="stable")
        by_risk = _order(source, sequence, source.p)
    bins, lp = _bins(source.p[sequence], source.y[sequence])
    return Prepared(tuple(columns), np.round(matrix * scale), scale, by_score, by_risk, bins, lp)


def _order(source: Source, sequence: Ints, value: Floats) -> _Order:
    """Rows along a sequence in which a value does not rise."""
    household, event = source.household[sequence].astype(np.int32), source.y[sequence] == 1
    ends = _tie_ends(value[sequence])
    starts = np.concatenate([[0], ends[:-1]])
    upto = np.concatenate([[0], np.cumsum(event)])
    some = upto[ends] > upto[starts]
    ties = (starts[some], ends[some], upto[starts[some]], upto[ends[some]])
    return _Order(household, household[event], ties)


def _tie_ends(ranked: Floats) -> Ints:
    """Position after the last row of each tie."""
    return np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) + 1


def _bins(p: Floats, y: Floats) -> tuple[tuple[Ints, Ints], Floats | None]:
    """Rows and events up to the end of each bin of falling risks, and the mean log-odds of each, lowest first.

    A bin is a distinct risk; where there are too many, half of the bins hold as many rows each, and half are as wide.
    """
    ends = _tie_ends(p)
    if p[0] >= 1 or p[-1] <= 0:
        return (ends, ends), None
    lp = logit(p)
    if ends.size > MAX_SUPPORT:
        by_rows = np.searchsorted(ends, np.linspace(0, p.size, MAX_SUPPORT // 2 + 1)[1:])
        by_width = np.searchsorted(-lp[ends - 1], -np.linspace(lp[0], lp[-1], MAX_SUPPORT // 2 + 1)[1:])
        chosen = np.unique(np.concatenate([by_rows, by_width, [ends.size - 1]]))
        ends = ends[chosen[chosen < ends.size]]
    means = np.add.reduceat(lp, np.concatenate([[0], ends[:-1]])) / np.diff(ends, prepend=0)
    events = np.concatenate([[0], np.cumsum(y)]).astype(np.int64)[ends]
    return (ends, events), np.asarray(means[::-1], dtype=np.float64)


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
        columns[f"found_{i}"] = total(y * (p >= cut))
        columns[f"alarms_{i}"] = total((1 - y) * (p >= cut))
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
