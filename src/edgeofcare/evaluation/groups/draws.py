"""Every group of every table measured in the same resamples of households, with the rest of the rows beside it.

A table costs one pass over its rows for each resample, however many groups it has: a sparse product counts the rows of
each group in bins of the score and of the risk, and whatever is not in a group is in the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation.groups.fits import fit_lines, fit_shifts
from edgeofcare.evaluation.groups.tables import GroupTable
from edgeofcare.metrics._arrays import Floats, Ints

__all__ = ["MEASURES", "GroupDraws", "draw_groups"]

#: Measures of a group, in the order in which they are reported.
MEASURES = (
    "base_rate",
    "mean_risk",
    "selection_rate",
    "true_positive_rate",
    "false_positive_rate",
    "false_negative_rate",
    "ppv",
    "false_omission_rate",
    "auroc",
    "observed_expected_ratio",
    "calibration_in_the_large",
    "calibration_slope",
    "list_share",
    "entry_share",
    "list_minus_entry_share",
)
_SUMS = ("rows", "events", "expected", "selected", "selected_events", "entrants")
# Resamples held at once, and bins of the score and of the risk: half hold as many rows each, half are as wide.
_BLOCK, _BINS = 32, 256


@dataclass(frozen=True)
class GroupDraws:
    """Measures of each group of one table and of the rest, in the rows themselves and in each resample.

    ``estimate`` and ``rest`` map a measure to an array of shape (groups,), ``drawn`` and ``drawn_rest`` to one of
    shape (groups, n_resamples). The shares of the list and of the entrants have no rest.
    """

    estimate: dict[str, Floats]
    rest: dict[str, Floats]
    drawn: dict[str, Floats]
    drawn_rest: dict[str, Floats]


@dataclass(frozen=True)
class _Bins:
    """Bin of each row and the mean log-odds of each bin; the rows of a tie are in one bin."""

    place: Ints
    count: int
    lp: Floats | None


@dataclass(frozen=True)
class _Prepared:
    """One table: what a resample is multiplied with."""

    table: GroupTable
    counted: tuple[csr_array, ...]
    sums: csr_array
    scale: Floats


def draw_groups(
    rows: Scored, tables: Sequence[GroupTable], selected: Floats | None, n_resamples: int, random_state: int
) -> list[GroupDraws]:
    """Measure all groups of all tables in the same resamples of households as ``household_bootstrap`` draws."""
    _, household = np.unique(rows.household, return_inverse=True)
    household, size = household.reshape(-1).astype(np.int64), int(household.max()) + 1
    lp, ranked = _log_odds(rows.risk["model"]), _rank(rows.score["model"])
    bins = [_bins(rows.score["model"], ranked, lp)]
    if lp is not None and not ranked.agrees_with(rows.risk["model"]):
        bins.append(_bins(lp, _rank(lp), lp))
    prepared = [_prepare(rows, table, selected, household, size, bins) for table in tables]
    once = np.ones((size, 1), dtype=np.int32)
    whole = [_measured(each, once, bins, selected is not None, None) for each in prepared]
    exact = [
        _exact(rows, each.table, selected, ranked.tie, lp, near["start"])
        for each, near in zip(prepared, whole, strict=True)
    ]
    parts: list[list[dict[str, Floats]]] = [[] for _ in tables]
    for counts in _blocks(size, n_resamples, random_state):
        for i, each in enumerate(prepared):
            parts[i].append(_measured(each, counts, bins, selected is not None, whole[i]))
    return [_put_together(*all_of_it) for all_of_it in zip(exact, whole, parts, strict=True)]


def _put_together(exact: dict[str, Floats], whole: dict[str, Floats], parts: list[dict[str, Floats]]) -> GroupDraws:
    """Resamples in one piece, moved by what the bins move the rows themselves, group before rest."""
    drawn = {}
    for name in MEASURES:
        values = np.concatenate([part[name] for part in parts], axis=1)
        moved = np.nan_to_num(exact[name] - whole[name][:, 0]) if name in _BINNED else 0.0
        drawn[name] = values + np.reshape(moved, (-1, 1)) if name in _BINNED else values
    half = {name: drawn[name].shape[0] // 2 for name in MEASURES}
    return GroupDraws(
        {name: exact[name][: half[name]] for name in MEASURES},
        {name: exact[name][half[name] :] for name in MEASURES},
        {name: drawn[name][: half[name]] for name in MEASURES},
        {name: drawn[name][half[name] :] for name in MEASURES},
    )


_BINNED = frozenset({"auroc", "calibration_in_the_large", "calibration_slope"})


def _blocks(size: int, n_resamples: int, random_state: int) -> Iterator[NDArray[np.int32]]:
    """How often each household is drawn, one column for each resample of a block."""
    rng = np.random.default_rng(random_state)
    for start in range(0, n_resamples, _BLOCK):
        length = min(_BLOCK, n_resamples - start)
        draws = [np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(length)]
        yield np.ascontiguousarray(np.array(draws, dtype=np.int32).T)


def _log_odds(risk: Floats) -> Floats | None:
    """Log-odds of the risks, or None where one is 0 or 1."""
    if risk.min() <= 0 or risk.max() >= 1:
        return None
    return np.asarray(np.log(risk) - np.log1p(-risk), dtype=np.float64)


@dataclass(frozen=True)
class _Ranks:
    """Rows in the order of a value, and which of its distinct values each row has."""

    order: Ints
    tie: Ints

    def agrees_with(self, other: Floats) -> bool:
        """Whether another value never falls along the order, and is the same in a tie."""
        rise, new = np.diff(other[self.order]), np.diff(self.tie[self.order]) > 0
        return bool((rise >= 0).all() and (rise[~new] == 0).all())


def _rank(value: Floats) -> _Ranks:
    """Sort a value once."""
    order = np.argsort(value, kind="stable")
    tie = np.empty(value.size, dtype=np.int64)
    tie[order] = np.cumsum(np.diff(value[order], prepend=value[order[0]]) > 0)
    return _Ranks(order, tie)


def _bins(value: Floats, ranks: _Ranks, lp: Floats | None) -> _Bins:
    """Bins of a value, each of whole ties."""
    ranked = value[ranks.order]
    by_rows = ranked[np.arange(1, _BINS // 2) * value.size // (_BINS // 2)]
    by_width = np.linspace(ranked[0], ranked[-1], _BINS // 2 + 1)[1:-1]
    edges = np.unique(np.concatenate([by_rows, by_width]))
    starts = np.flatnonzero(np.diff(ranked, prepend=-np.inf) > 0)
    if starts.size > _BINS:
        starts = np.unique(np.concatenate([[0], np.searchsorted(ranked, edges)]))
    length = np.diff(starts, append=value.size)
    place = np.empty(value.size, dtype=np.int64)
    place[ranks.order] = np.repeat(np.arange(starts.size), length)
    means = None if lp is None else np.add.reduceat(lp[ranks.order], starts) / length
    return _Bins(place, starts.size, means)


def _prepare(
    rows: Scored, table: GroupTable, selected: Floats | None, household: Ints, size: int, bins: Sequence[_Bins]
) -> _Prepared:
    """Sparse matrices of one table: cells (outcome, group, bin) by household, and sums by household."""
    groups, y = len(table.names), rows.y.astype(np.int64)
    counted = []
    for each in bins:
        cell = (y * groups + table.code) * each.count + each.place
        ones = np.ones(y.size, dtype=np.int32)
        counted.append(csr_array((ones, (cell, household)), shape=(2 * groups * each.count, size)))
    cell = table.code * size + household
    sums = np.array(
        [np.bincount(cell, weights=column, minlength=groups * size) for column in _columns(rows, table, selected)]
    )
    scale = 2.0 ** np.floor(52 - np.log2(np.maximum(sums.sum(axis=1), 1.0) * size))
    held = csr_array(np.round(sums * scale[:, None]).reshape(-1, size))
    return _Prepared(table, tuple(counted), held, scale)


def _columns(rows: Scored, table: GroupTable, selected: Floats | None) -> list[Floats]:
    """What is summed, in the order of ``_SUMS``."""
    chosen = np.zeros(rows.y.size) if selected is None else selected
    ones = np.ones(rows.y.size)
    return [ones, rows.y, rows.risk["model"], chosen, chosen * rows.y, _first_entries(rows, table)]


def _first_entries(rows: Scored, table: GroupTable) -> Floats:
    """One for the first row with an entry of each child in each group, else 0: sums to entrants."""
    out = np.zeros(rows.y.size)
    event = np.flatnonzero(rows.y == 1)
    _, first = np.unique(np.column_stack([table.code[event], rows.child[event]]), axis=0, return_index=True)
    out[event[first]] = 1.0
    return out


def _measured(
    prepared: _Prepared,
    counts: NDArray[np.int32],
    bins: Sequence[_Bins],
    listed: bool,
    near: dict[str, Floats] | None,
) -> dict[str, Floats]:
    """All measures of a block of resamples: groups, then what is left of the rows beside each, by resample."""
    groups, draws = len(prepared.table.names), counts.shape[1]
    sums = (prepared.sums @ counts.astype(np.float64)).reshape(len(_SUMS), groups, draws)
    sums = sums / prepared.scale[:, None, None]
    total = sums.sum(axis=1, keepdims=True)
    both = np.concatenate([sums, total - sums], axis=1)
    out = _ratios(dict(zip(_SUMS, both, strict=True)), listed)
    out |= _shares(dict(zip(_SUMS, sums, strict=True)), listed)
    histograms = []
    for matrix, each in zip(prepared.counted, bins, strict=True):
        held = np.asarray(matrix @ counts).reshape(2, groups, each.count, draws)
        histograms.append(np.concatenate([held, held.sum(axis=1, keepdims=True) - held], axis=1))
    out["auroc"] = _auroc(*histograms[0][::-1])
    undefined = np.full((2 * groups, draws), np.nan)
    shift = slope = undefined
    out["start"] = np.empty((0, 3))
    lp = bins[-1].lp
    if lp is not None:
        others, events = (np.swapaxes(part, 1, 2).reshape(-1, lp.size).astype(np.float64) for part in histograms[-1])
        start = None if near is None else np.repeat(near["start"], draws, axis=0)
        lines = fit_lines(lp, events + others, events, start)
        shift = fit_shifts(lp, events + others, events, None if start is None else start[:, 2])
        out["start"] = np.column_stack([lines, shift]) if near is None else np.empty((0, 3))
        slope, shift = lines[:, 1].reshape(2 * groups, draws), shift.reshape(2 * groups, draws)
    return out | {"calibration_in_the_large": shift, "calibration_slope": slope}


def _auroc(events: NDArray[np.integer], others: NDArray[np.integer]) -> Floats:
    """AUROC along the second last axis, low scores first, ties counted half."""
    below = np.cumsum(others, axis=-2, dtype=np.int64) * 2 - others
    won = (events * below).sum(axis=-2, dtype=np.int64)
    pairs = events.sum(axis=-2, dtype=np.int64) * others.sum(axis=-2, dtype=np.int64)
    return _divide(won / 2, pairs)


def _ratios(sums: dict[str, Floats], listed: bool) -> dict[str, Floats]:
    """Rates and ratios of sums."""
    rows, events, expected = sums["rows"], sums["events"], sums["expected"]
    out = {
        "base_rate": _divide(events, rows),
        "mean_risk": _divide(expected, rows),
        "observed_expected_ratio": _divide(events, expected),
    }
    chosen = sums["selected"] if listed else np.full_like(rows, np.nan)
    found = sums["selected_events"] if listed else chosen
    missed = _divide(events - found, events)
    return out | {
        "selection_rate": _divide(chosen, rows),
        "true_positive_rate": _divide(found, events),
        "false_positive_rate": _divide(chosen - found, rows - events),
        "false_negative_rate": missed,
        "ppv": _divide(found, chosen),
        "false_omission_rate": _divide(events - found, rows - chosen),
    }


def _shares(sums: dict[str, Floats], listed: bool) -> dict[str, Floats]:
    """Share of the reviews and of the entrants that each group has; no rest."""
    undefined = np.full_like(sums["rows"], np.nan)
    reviews = _divide(sums["selected"], sums["selected"].sum(axis=0, keepdims=True)) if listed else undefined
    entries = _divide(sums["entrants"], sums["entrants"].sum(axis=0, keepdims=True))
    shares = {"list_share": reviews, "entry_share": entries, "list_minus_entry_share": reviews - entries}
    return {name: np.concatenate([values, undefined]) for name, values in shares.items()}


def _divide(top: Floats, bottom: Floats | Ints) -> Floats:
    """Ratio, NaN where the denominator is not above 0."""
    top, bottom = np.broadcast_arrays(top, bottom)
    out = np.full(top.shape, np.nan)
    return np.asarray(np.divide(top, bottom, out=out, where=bottom > 1e-9), dtype=np.float64)


def _exact(
    rows: Scored, table: GroupTable, selected: Floats | None, tie: Ints, lp: Floats | None, near: Floats
) -> dict[str, Floats]:
    """Measures of the rows themselves, without bins."""
    groups, listed = len(table.names), selected is not None
    columns = _columns(rows, table, selected)
    sums = np.array([np.bincount(table.code, weights=column, minlength=groups) for column in columns])[:, :, None]
    both = np.concatenate([sums, sums.sum(axis=1, keepdims=True) - sums], axis=1)
    out = _ratios(dict(zip(_SUMS, both, strict=True)), listed) | _shares(dict(zip(_SUMS, sums, strict=True)), listed)
    event, n_ties = rows.y == 1, int(tie.max()) + 1
    whole = [np.bincount(tie[part], minlength=n_ties) for part in (event, ~event)]
    fits = {name: np.full((2 * groups, 1), np.nan) for name in _BINNED}
    for group in range(groups):
        own = table.code == group
        held = [np.bincount(tie[part & own], minlength=n_ties) for part in (event, ~event)]
        fits["auroc"][group] = _auroc(held[0][:, None], held[1][:, None])
        fits["auroc"][groups + group] = _auroc((whole[0] - held[0])[:, None], (whole[1] - held[1])[:, None])
        for place, part in ((group, own), (groups + group, ~own)):
            if lp is not None and part.any():
                fits["calibration_slope"][place], fits["calibration_in_the_large"][place] = _refit(
                    lp[part], rows.y[part][None, :], near[place : place + 1]
                )
    return {name: values[:, 0] for name, values in (out | fits).items()}


def _refit(lp: Floats, y: Floats, start: Floats) -> tuple[Floats, Floats]:
    """Slope and calibration-in-the-large of single rows."""
    ones = np.ones_like(y)
    return fit_lines(lp, ones, y, start)[:, 1], fit_shifts(lp, ones, y, start[:, 2])
