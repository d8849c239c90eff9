"""Tidy frames of an evaluation: measures, counts, calibration, decision curve and the spread of risks."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation._small import HIDDEN, SMALL, Cell, count_children, nearest_five, shown
from edgeofcare.evaluation.workload.lists import HIDDEN_LIST
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.metrics._confusion import AT_CAPACITY
from edgeofcare.metrics.bootstrap import BootstrapResult, percentile_interval
from edgeofcare.metrics.calibration import calibration_curve
from edgeofcare.metrics.classification import net_benefit

__all__ = [
    "RISK_BINS",
    "calibration_frame",
    "counts_row",
    "decision_frame",
    "enough_reviewed",
    "measures_frame",
    "risk_frame",
    "risk_grid",
    "thresholds_for",
]

#: Edges of the risk bins; the same in every evaluation, so that they tell nothing of any child.
RISK_BINS = (0.0, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0)
# Measures in which being higher or lower than a baseline has a meaning.
COMPARED = (
    "auroc",
    "average_precision",
    "brier_score",
    "scaled_brier_score",
    "log_loss",
    "d2_log_loss",
    "ppv_at_capacity",
    "recall_at_capacity",
    "entrants_found_at_capacity",
    "number_needed_to_review",
    "lift_at_capacity",
)
# Measures that depend on who is reviewed.
OF_LISTS = (*AT_CAPACITY, "entrants_found_at_capacity")
_GRID_POINTS, _MINUS = 60, "model minus "
OUTCOMES = ("did not enter care", "entered care")


def counts_row(rows: Scored, stratum: str, cell: Cell, *, total: bool = False) -> dict[str, str | int | float]:
    """Count rows, children, households, entrants and index dates; of a hidden stratum, nothing is counted.

    The rows and children of the total are shown even if it has few entrants: nothing can be taken from it.
    """
    hide = cell.hidden and not total
    sizes = {
        "rows": rows.y.size,
        "children": np.unique(rows.child).size,
        "households": np.unique(rows.household).size,
    }
    return {
        "stratum": stratum,
        **{name: HIDDEN if hide else shown(size) for name, size in sizes.items()},
        "entrants": cell.entrants,
        "prevalence": float("nan") if cell.hidden else float(rows.y.mean()),
        "index_dates": HIDDEN if hide else int(np.unique(rows.date).size),
    }


def measures_frame(result: BootstrapResult, stratum: str, cell: Cell, *, at_capacity: Collection[str]) -> pd.DataFrame:
    """One row for each model, and for each difference from a baseline, by measure.

    Measures at capacity are hidden of models that are not in ``at_capacity``: their lists would tell of few children.
    """
    note = cell.note
    rows = []
    for model, estimates in result.estimates.items():
        for measure, estimate in estimates.items():
            if measure != "prevalence" or model == "model":
                rows.append((model, stratum, measure, estimate, *result.interval(measure, model), note))
    for baseline in result.estimates:
        rows += [] if baseline == "model" else _differences(result, baseline, stratum, note)
    frame = pd.DataFrame(rows, columns=["model", "stratum", "measure", "estimate", "ci_low", "ci_high", "note"])
    numbers = ["estimate", "ci_low", "ci_high"]
    if cell.hidden:
        frame[numbers] = np.nan
    of_lists = frame["measure"].isin(OF_LISTS).to_numpy()
    few = of_lists & np.array([not _lists_behind(model) <= set(at_capacity) for model in frame["model"]], dtype=bool)
    frame.loc[few, numbers] = np.nan
    frame.loc[few & (not cell.hidden), "note"] = HIDDEN_LIST
    undefined = frame["estimate"].isna() & (frame["note"] == "")
    frame.loc[undefined, "note"] = "undefined for these risks or outcomes"
    return frame


def _lists_behind(model: str) -> set[str]:
    """Whose lists a row of the measures tells of."""
    return {"model", model.removeprefix(_MINUS)} if model.startswith(_MINUS) else {model}


def _differences(
    result: BootstrapResult, baseline: str, stratum: str, note: str
) -> list[tuple[str, str, str, float, float, float, str]]:
    """Model minus baseline on the same resamples, for the measures that can be compared."""
    ours, theirs = result.estimates["model"], result.estimates[baseline]
    name = f"{_MINUS}{baseline}"
    return [
        (name, stratum, m, ours[m] - theirs[m], *result.interval(m, minus=baseline), note)
        for m in COMPARED
        if m in ours and m in theirs
    ]


def risk_grid(risk: Floats) -> Floats:
    """Risks at which the calibration curve is read: evenly spaced log-odds between the 1st and 99th percentiles."""
    inside = risk[(risk > 0) & (risk < 1)]
    if not inside.size:
        return np.empty(0)
    low, high = np.quantile(inside, [0.01, 0.99])
    low, high = np.log(low / (1 - low)), np.log(high / (1 - high))
    return np.asarray(1 / (1 + np.exp(-np.linspace(low, high, _GRID_POINTS if high > low else 1))), dtype=np.float64)


def calibration_frame(rows: Scored, grid: Floats, result: BootstrapResult) -> pd.DataFrame:
    """Observed risk along the grid, its band, and the rows around each point (NaN where fewer than 10 children)."""
    columns = ["risk", "observed", "ci_low", "ci_high", "rows"]
    risk = rows.risk["model"]
    if grid.size < 2 or result.curve is None or risk.min() <= 0 or risk.max() >= 1 or rows.n_entrants < SMALL:
        return pd.DataFrame(columns=columns, dtype=np.float64)
    low, high = percentile_interval(result.curve, result.confidence)
    between = np.sqrt(grid[1:] * grid[:-1])
    edges = np.concatenate([[grid[0] ** 2 / between[0]], between, [grid[-1] ** 2 / between[-1]]])
    place = _places(risk, edges)
    near = np.bincount(place[place >= 0], minlength=grid.size).astype(np.float64)
    near[count_children(rows.child, place, grid.size) < SMALL] = np.nan
    observed = calibration_curve(rows.y, risk, grid)
    return pd.DataFrame(dict(zip(columns, (grid, observed, low, high, near), strict=True)))


def _places(risk: Floats, edges: Floats) -> Ints:
    """Bin of each risk, with the last edge in the last bin; -1 outside."""
    place = np.searchsorted(edges, risk, side="right") - 1
    place[risk == edges[-1]] = edges.size - 2
    place[place >= edges.size - 1] = -1
    return np.asarray(place, dtype=np.int64)


def risk_frame(rows: Scored) -> pd.DataFrame:
    """Rows by risk bin and outcome, to the nearest 5.

    The last bins hold what is above a risk, and a list of the highest risks what is above its cut: if both were exact,
    their difference would tell of the few rows in between. Each cell to the nearest 5 leaves that open over a range
    of 5.

    Neighbouring bins are taken together until each cell holds 10 distinct children. Where even one bin of all risks
    does not, no cell is shown (the other outcome and the total would give it away), and the note says so.
    """
    bins = np.array(RISK_BINS)
    place = _places(rows.risk["model"], bins)
    starts = _merged_starts(rows, place)
    edges, run = np.append(bins[starts], bins[-1]), np.searchsorted(starts, place, side="right") - 1
    entered = [rows.y == outcome for outcome in (0, 1)]
    small = any((count_children(rows.child[rows_in], run[rows_in], starts.size) < SMALL).any() for rows_in in entered)
    frames = []
    for name, rows_in in zip(OUTCOMES, entered, strict=True):
        counts = np.bincount(run[rows_in], minlength=starts.size).astype(np.float64)
        frame = pd.DataFrame({"risk_low": edges[:-1], "risk_high": edges[1:], "outcome": name})
        frame["rows"] = np.full(starts.size, np.nan) if small else nearest_five(counts)
        frame["note"] = f"suppressed: fewer than {SMALL} children" if small else ""
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _merged_starts(rows: Scored, place: Ints) -> Ints:
    """First bins of runs, from the highest risks down, whose every cell holds enough children to show."""
    starts, end = [], len(RISK_BINS) - 1
    for i in range(end - 1, -1, -1):
        held = (place >= i) & (place < end)
        if min(np.unique(rows.child[held & (rows.y == outcome)]).size for outcome in (0, 1)) >= SMALL:
            starts.append(i)
            end = i
    # What is left at the low end joins the lowest run.
    return np.array([0, *sorted(starts)[1:]], dtype=np.int64)


def thresholds_for(risk: Floats) -> Floats:
    """Risks at which one might review: 1% to 20% in steps of half a point, or further where risks are high."""
    top = max(0.2, min(0.6, float(np.quantile(risk, 0.99))))
    return np.arange(0.01, np.ceil(top * 100) / 100 + 1e-9, 0.005).round(4)


def decision_frame(rows: Scored, cuts: Floats, result: BootstrapResult) -> pd.DataFrame:
    """Net benefit of the model, the baselines, reviewing all and reviewing none, by threshold.

    To 4 decimals, or fewer where that would be finer than one row (from which the rows with and without an entry
    could be solved for, one threshold after the other), and NaN where one of the four kinds of children (reviewed or
    not, with an entry or without) are few.
    """
    columns = ["strategy", "threshold", "net_benefit", "ci_low", "ci_high"]
    if rows.n_entrants < SMALL:
        return pd.DataFrame(columns=columns)
    frames, decimals = [], min(4, len(str(rows.y.size)) - 1)
    risks: Mapping[str, Floats] = {
        **rows.risk,
        "review all": np.ones_like(rows.y),
        "review none": np.zeros_like(rows.y),
    }
    for name, risk in risks.items():
        if name == "prevalence":  # The prevalence reviews everyone below it and no one above: the other two rules.
            continue
        drawn = result.net_benefit.get(name)
        low, high = (0.0, 0.0) if drawn is None else percentile_interval(drawn, result.confidence)
        values = {"net_benefit": net_benefit(rows.y, risk, cuts), "ci_low": low, "ci_high": high}
        frame = pd.DataFrame({"strategy": name, "threshold": cuts, **values})
        frame[columns[2:]] = frame[columns[2:]].round(decimals)
        if name in rows.risk:
            frame.loc[~enough_reviewed(rows, risk, cuts), columns[2:]] = np.nan
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def enough_reviewed(rows: Scored, risk: Floats, cuts: Floats) -> NDArray[np.bool_]:
    """Thresholds that review 10 children or more of each outcome, and leave none or 10 or more of each unreviewed."""
    enough = np.ones(cuts.size, dtype=np.bool_)
    for outcome in (0, 1):
        rows_in = rows.y == outcome
        children, code = np.unique(rows.child[rows_in], return_inverse=True)
        highest, lowest = np.full(children.size, -np.inf), np.full(children.size, np.inf)
        np.maximum.at(highest, code, risk[rows_in])
        np.minimum.at(lowest, code, risk[rows_in])
        reviewed = (highest[:, None] >= cuts).sum(axis=0)
        left = (lowest[:, None] < cuts).sum(axis=0)
        enough &= (reviewed >= SMALL) & ((left == 0) | (left >= SMALL))
    return enough
