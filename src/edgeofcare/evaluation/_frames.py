"""Tidy frames of an evaluation: measures, counts, calibration, decision curve and the spread of risks."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation._small import COMPLEMENT, SMALL, interval_note, shown
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.metrics.bootstrap import BootstrapResult, percentile_interval
from edgeofcare.metrics.calibration import calibration_curve
from edgeofcare.metrics.classification import net_benefit

__all__ = [
    "RISK_BINS",
    "calibration_frame",
    "counts_row",
    "decision_frame",
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
    "ppv_at_capacity",
    "recall_at_capacity",
    "entrants_found_at_capacity",
    "number_needed_to_review",
)
_GRID_POINTS = 60
OUTCOMES = ("did not enter care", "entered care")


def counts_row(rows: Scored, stratum: str, *, hidden: bool = False) -> dict[str, str | int | float]:
    """Count rows, children, households, entrants and index dates; small counts are written as such."""
    small = hidden or rows.n_entrants < SMALL
    return {
        "stratum": stratum,
        "rows": shown(rows.y.size),
        "children": shown(np.unique(rows.child).size),
        "households": shown(np.unique(rows.household).size),
        "entrants": _entrants(rows.n_entrants, hidden=hidden),
        "prevalence": float("nan") if small else float(rows.y.mean()),
        "index_dates": int(np.unique(rows.date).size),
    }


def _entrants(count: int, *, hidden: bool) -> int | str:
    """Write entrants, unless they would give away another small number."""
    return "suppressed" if hidden and count >= SMALL else shown(count)


def measures_frame(result: BootstrapResult, stratum: str, n_entrants: int, *, hidden: bool = False) -> pd.DataFrame:
    """One row for each model, and for each difference from a baseline, by measure."""
    note = COMPLEMENT.removeprefix("partly ") if hidden and n_entrants >= SMALL else interval_note(n_entrants)
    rows = []
    for model, estimates in result.estimates.items():
        for measure, estimate in estimates.items():
            if measure != "prevalence" or model == "model":
                rows.append((model, stratum, measure, estimate, *result.interval(measure, model), note))
    for baseline in result.estimates:
        rows += [] if baseline == "model" else _differences(result, baseline, stratum, note)
    frame = pd.DataFrame(rows, columns=["model", "stratum", "measure", "estimate", "ci_low", "ci_high", "note"])
    if hidden or n_entrants < SMALL:
        frame[["estimate", "ci_low", "ci_high"]] = np.nan
    undefined = frame["estimate"].isna() & (frame["note"] == "")
    frame.loc[undefined, "note"] = "undefined for these risks or outcomes"
    return frame


def _differences(
    result: BootstrapResult, baseline: str, stratum: str, note: str
) -> list[tuple[str, str, str, float, float, float, str]]:
    """Model minus baseline on the same resamples, for the measures that can be compared."""
    ours, theirs = result.estimates["model"], result.estimates[baseline]
    name = f"model minus {baseline}"
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
    """Observed risk along the grid, its band, and the rows at and around each point (NaN where fewer than 10)."""
    columns = ["risk", "observed", "ci_low", "ci_high", "rows"]
    risk = rows.risk["model"]
    if grid.size < 2 or result.curve is None or risk.min() <= 0 or risk.max() >= 1 or rows.n_entrants < SMALL:
        return pd.DataFrame(columns=columns, dtype=np.float64)
    low, high = percentile_interval(result.curve, result.confidence)
    between = np.sqrt(grid[1:] * grid[:-1])
    edges = np.concatenate([[grid[0] ** 2 / between[0]], between, [grid[-1] ** 2 / between[-1]]])
    near = np.histogram(risk, bins=edges)[0].astype(np.float64)
    near[near < SMALL] = np.nan
    observed = calibration_curve(rows.y, risk, grid)
    return pd.DataFrame(dict(zip(columns, (grid, observed, low, high, near), strict=True)))


def risk_frame(rows: Scored) -> pd.DataFrame:
    """Rows by risk bin and outcome.

    Neighbouring bins are taken together until each cell holds 10 rows. Where even one bin of all risks does not, its
    cells are NaN and say so.
    """
    risk, bins = rows.risk["model"], np.array(RISK_BINS)
    table = np.vstack([np.histogram(risk[rows.y == outcome], bins=bins)[0] for outcome in (0, 1)]).astype(np.float64)
    starts = _merged_starts(table)
    table, edges = np.add.reduceat(table, starts, axis=1), np.append(bins[starts], 1.0)
    frames = []
    for name, counts in zip(OUTCOMES, table, strict=True):
        small = counts < SMALL
        frame = pd.DataFrame({"risk_low": edges[:-1], "risk_high": edges[1:], "outcome": name})
        frame["rows"] = np.where(small, np.nan, counts)
        frame["note"] = np.where(small, f"suppressed: fewer than {SMALL}", "")
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _merged_starts(table: Floats) -> Ints:
    """First bins of runs, from the highest risks down, whose every cell is large enough to show."""
    starts, held = [], np.zeros(table.shape[0])
    for i in range(table.shape[1] - 1, -1, -1):
        held = held + table[:, i]
        if (held >= SMALL).all():
            starts.append(i)
            held = np.zeros(table.shape[0])
    # What is left at the low end joins the lowest run.
    return np.array([0, *sorted(starts)[1:]], dtype=np.int64)


def thresholds_for(risk: Floats) -> Floats:
    """Risks at which one might review: 1% to 20% in steps of half a point, or further where risks are high."""
    top = max(0.2, min(0.6, float(np.quantile(risk, 0.99))))
    return np.arange(0.01, np.ceil(top * 100) / 100 + 1e-9, 0.005).round(4)


def decision_frame(rows: Scored, cuts: Floats, result: BootstrapResult) -> pd.DataFrame:
    """Net benefit of the model, the baselines, reviewing all and reviewing none, by threshold."""
    columns = ["strategy", "threshold", "net_benefit", "ci_low", "ci_high"]
    if rows.n_entrants < SMALL:
        return pd.DataFrame(columns=columns)
    frames = []
    risks: Mapping[str, Floats] = {
        **rows.risk,
        "review all": np.ones_like(rows.y),
        "review none": np.zeros_like(rows.y),
    }
    for name, risk in risks.items():
        if name == "prevalence":  # The prevalence reviews everyone below it and no one above: the other two rules.
            continue
        values = {"strategy": name, "threshold": cuts, "net_benefit": net_benefit(rows.y, risk, cuts)}
        drawn = result.net_benefit.get(name)
        low, high = (0.0, 0.0) if drawn is None else percentile_interval(drawn, result.confidence)
        frames.append(pd.DataFrame({**values, "ci_low": low, "ci_high": high}))
    return pd.concat(frames, ignore_index=True)[columns]
