"""Simulate what calibration rests on: ``python docs/scripts/calibration_lines.py`` renews the tables in ten minutes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from edgeofcare.models.calibration_check import check_maps
from edgeofcare.models.entry_timing import EntryTiming, entry_timing, uniform_timing
from edgeofcare.models.folds import recent_rows
from edgeofcare.models.line_check import check_lines
from edgeofcare.models.reanchor import reanchor
from edgeofcare.models.recalibration import fit_recalibration, rule_for
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.models.rows import RowGroups

PAGE = Path(__file__).parents[1] / "concepts" / "calibration.md"
START, END = "<!-- {} computed by docs/scripts/calibration_lines.py -->\n", "<!-- end of {} -->\n"
REPEATS = 40


def expit(z: np.ndarray) -> np.ndarray:
    """Probability of log-odds."""
    return 1 / (1 + np.exp(-z))


def panel(households: int, slope: float, drift: float, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Households of one or two children with up to six quarterly rows; margins whose true slope is not 1."""
    home = np.repeat(np.arange(households), rng.integers(1, 3, households))
    base = rng.normal(0, 0.6, households)[home] + rng.normal(0, 0.9, home.size)
    length = rng.integers(1, 7, home.size)
    child = np.repeat(np.arange(home.size), length)
    quarter = rng.integers(0, 24, home.size)[child] + np.concatenate([np.arange(n) for n in length])
    kept = quarter < 24
    child, quarter = child[kept], quarter[kept]
    spread = base[child] + rng.normal(0, 0.4, child.size)
    truth = spread - 4 + drift * (quarter - 19) / 4
    return home[child], child, quarter * 91, spread / slope - 4, rng.random(child.size) < expit(truth), truth


def lines_once(households: int, slope: float, drift: float, rng: np.random.Generator) -> dict[str, float]:
    """Loss beyond that of the true risks in the last year: the rule by counts, and the choice by a check."""
    home, child, day, margin, y, truth = panel(households, slope, drift, rng)
    train, test = day <= 16 * 91, day >= 20 * 91
    groups = RowGroups(home[train], child[train], day[train])
    entrants = np.unique(groups.child[y[train]]).size
    level = recent_rows(groups, y[train])
    checks = check_lines(margin[train], y[train], groups, rule=rule_for(entrants), window_days=365)

    def lost(rule: str) -> float:
        line = fit_recalibration(margin[train], y[train], child=groups.child, level=level, rule=rule)
        p, q = expit(line.log_odds(margin[test])), expit(truth[test])
        return float(1e5 * np.mean(q * np.log(q / p) + (1 - q) * np.log((1 - q) / (1 - p))))

    out = {"entrants": float(entrants), "by counts": lost(rule_for(entrants)), "none": lost("none")}
    for errors in (1, 2):
        better = [check for check in checks[1:] if check.gain > errors * check.standard_error]
        rule = max(better, key=lambda check: check.gain).rule if better else rule_for(entrants)
        out[f"chosen at {errors} SE"] = lost(rule)
    out["warned"] = any(check.gain > 3 * check.standard_error for check in checks[1:]) * 100.0
    return out


def lines_table() -> pd.DataFrame:
    """Means over repeats."""
    rows = []
    for households in (1500, 5000):
        for slope in (1.0, 0.8, 1.25):
            for drift in (0.0, -0.15):
                rngs = [
                    np.random.default_rng([1, households, int(100 * slope), int(-100 * drift), r])
                    for r in range(REPEATS)
                ]
                found = pd.DataFrame([lines_once(households, slope, drift, rng) for rng in rngs]).mean()
                rows.append({"true slope": slope, "change a year": f"{drift:+.2f}", **found.round(0).astype(int)})
    return pd.DataFrame(rows)


def maps_table() -> pd.DataFrame:
    """How often a bend is called material, by its size."""
    margin = np.random.default_rng(1).normal(-4, 1.2, 200_000)
    rows = []
    for bend in (0.0, 0.1, 0.15, 0.2, -0.15):
        truth = expit(margin + bend * ((margin + 4) ** 2 - 1.44))
        p = expit(_line(margin, truth))
        gained = _loss(truth, np.full_like(p, truth.mean())) - _loss(truth, p)
        row = {
            "bend": f"{bend:+.2f}",
            "distance left / prevalence": f"{np.abs(p - truth).mean() / truth.mean():.2f}",
            "share left": f"{(_loss(truth, p) - _loss(truth, truth)) / gained:.1%}",
        }
        for households in (600, 3000):
            seeds = [np.random.default_rng([2, households, int(100 * bend) + 50, r]) for r in range(REPEATS)]
            row[f"material of {households:,} households"] = (
                f"{np.mean([_bent(households, bend, s) for s in seeds]):.0%}"
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _line(margin: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The best line, by weighted least squares to convergence."""
    design, coef = np.column_stack([np.ones_like(margin), margin]), np.array([0.0, 1.0])
    for _ in range(25):
        p = expit(design @ coef)
        weighted = design * (p * (1 - p))[:, None]
        coef = coef + np.linalg.solve(weighted.T @ design, design.T @ (truth - p))
    return design @ coef


def _loss(truth: np.ndarray, p: np.ndarray) -> float:
    """Expected log loss."""
    return float(-np.mean(truth * np.log(p) + (1 - truth) * np.log1p(-p)))


def _bent(households: int, bend: float, rng: np.random.Generator) -> bool:
    """Whether six rows of each household, of two children, show a material bend."""
    margin = np.repeat(rng.normal(-4, 1.1, 2 * households), 3) + rng.normal(0, 0.48, 6 * households)
    y = rng.random(margin.size) < expit(margin + bend * ((margin + 4) ** 2 - 1.44))
    return check_maps(y.astype(float), expit(margin), np.repeat(np.arange(households), 6), n_resamples=100).material


def reanchor_table() -> pd.DataFrame:
    """How often the level is moved, by how much it changed and from how many entrants the timing is known."""
    X, chance, index = _children(60_000, np.random.default_rng(3), day="2022-04-01")
    y = pd.Series((np.random.default_rng(4).random(60_000) < chance).astype(int), index)
    model, rows = RiskClassifier(kind="logistic").fit(X, y), []
    for level in (1.0, 0.7, 0.5, 1.5):
        row: dict[str, str] = {"entries, times as many": f"{level:.1f}"}
        for known in (150, 600, None):
            rngs = [np.random.default_rng([5, int(10 * level), known or 0, r]) for r in range(5 * REPEATS)]
            moved = [_moved(model, level, known, rng) for rng in rngs]
            row["timing known" if known is None else f"timing from {known} entrants"] = f"{np.mean(moved):.0%}"
        rows.append(row)
    return pd.DataFrame(rows)


def _children(
    n: int, rng: np.random.Generator, day: str = "2024-04-01"
) -> tuple[pd.DataFrame, np.ndarray, pd.MultiIndex]:
    """Households of two children, who share half of what decides their risk."""
    x = np.repeat(rng.normal(size=n // 2), 2) * 0.7 + rng.normal(size=n) * 0.7
    text = [np.char.zfill(code.astype(str), 6) for code in (np.arange(n) // 2, np.arange(n))]
    days = np.full(n, np.datetime64(day, "s"))
    index = pd.MultiIndex.from_arrays([*text, days], names=["household_id", "child_id", "index_date"])
    return pd.DataFrame({"x": x}, index), expit(x - 3), index


def _moved(model: RiskClassifier, level: float, known: int | None, rng: np.random.Generator) -> bool:
    """Whether about 70 expected entries in a quarter of the horizon move the level."""
    X, chance, index = _children(4000, rng)
    y = pd.Series((rng.random(4000) < level * 0.25 * chance).astype(int), index)
    timing = uniform_timing(364) if known is None else _timing(known, rng)
    return reanchor(model, X, y, days=91, timing=timing, n_resamples=300).moved


def _timing(entrants: int, rng: np.random.Generator) -> EntryTiming:
    """Timing learned from so many entrants."""
    index = _children(entrants, rng)[2]
    days = {"followup_days": rng.integers(0, 364, entrants), "entered_care": 1, "labelled": True}
    return entry_timing(pd.DataFrame(days, index), 364)


def write(name: str, make: Callable[[], pd.DataFrame]) -> None:
    """Put a table between its marks."""
    frame = make().astype(str)
    lines = [list(frame.columns), ["---:"] * frame.shape[1], *frame.to_numpy().tolist()]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    page = PAGE.read_text(encoding="utf-8")
    before, after = page.index(START.format(name)) + len(START.format(name)), page.index(END.format(name))
    PAGE.write_text(page[:before] + text + page[after:], encoding="utf-8", newline="")


def main() -> None:
    """Compute and write."""
    write("re-anchoring", reanchor_table)
    write("maps", maps_table)
    write("lines", lines_table)


if __name__ == "__main__":
    main()
