"""How often 95% intervals hold the truth, and the page that says so: ``python docs/scripts/interval_coverage.py``.

Draws panels of children whose risks are known: siblings share a risk, each child is seen on several index dates, and
rows of one child share one entry. Each panel is measured as an evaluation measures it, and each interval is held
against the value in a population with 40,000 entrants. Writes docs/reference/interval_coverage.md.
``--replications`` and ``--resamples`` make it smaller; ``--print`` shows the tables and writes nothing.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from edgeofcare.evaluation.capacity import select_rows
from edgeofcare.metrics.bootstrap import household_bootstrap
from edgeofcare.metrics.calibration import calibration_slope, calibration_standard_errors
from edgeofcare.metrics.discrimination import auroc, auroc_standard_error

PAGE = Path(__file__).parents[1] / "reference" / "interval_coverage.md"
ENTRANTS = (25, 50, 75, 150, 300)
REPLICATIONS, RESAMPLES, TRUTH_ENTRANTS = 500, 300, 40_000
DATES, HORIZON, SEEN, REVIEWED = 12, 12, 6.0, 0.05
ENTRANTS_IN_HOUSEHOLD = 0.0819  # of a household, on average; measured on the population of the truth
SHOWN = {
    "auroc": "AUROC",
    "observed_expected_ratio": "O/E",
    "calibration_slope": "calibration slope",
    "ppv_at_capacity": "PPV at capacity",
    "average_precision": "average precision",
    "recall_at_capacity": "recall at capacity",
    "brier_score": "Brier score",
}
PROMISED = ("auroc", "observed_expected_ratio", "calibration_slope", "ppv_at_capacity")
FORMULAS = {
    "auroc_households": "AUROC, households (Obuchowski)",
    "slope_households": "calibration slope, households (sandwich)",
    "auroc_rows": "AUROC, rows as if independent (DeLong)",
    "slope_rows": "calibration slope, rows as if independent",
}


class Panel(NamedTuple):
    """Rows of children on index dates, with outcome and predicted risk."""

    household: np.ndarray
    child: np.ndarray
    date: np.ndarray
    y: np.ndarray
    risk: np.ndarray


def draw(households: int, rng: np.random.Generator) -> Panel:
    """Draw a panel: monthly index dates over a year, and entries within the year after each.

    A household has one to three children, who share part of their risk. A child is seen from a random date for half a
    year on average, until the end of the year or an entry. The predicted risk knows part of the risk, is too extreme
    (its slope is below 1) and too low on average (O/E is above 1).
    """
    home = np.repeat(np.arange(households), rng.integers(1, 4, households))
    known = rng.normal(0, 0.6, households)[home] + rng.normal(0, 0.6, home.size)
    hidden = rng.normal(0, 0.5, households)[home] + rng.normal(0, 0.5, home.size)
    entry = rng.exponential(HORIZON / np.exp(-3.9 + known + hidden))
    first = rng.integers(0, DATES, home.size)
    rows = np.minimum(rng.geometric(1 / SEEN, home.size), DATES - first)
    child = np.repeat(np.arange(home.size), rows)
    date = first[child] + np.arange(child.size) - np.repeat(np.cumsum(rows) - rows, rows)
    before = entry[child] > date
    child, date = child[before], date[before]
    y = (entry[child] <= date + HORIZON).astype(int)
    lp = -4.05 + 1.35 * known[child] + rng.normal(0, 0.35, child.size)
    return Panel(home[child], child, date, y, 1 / (1 + np.exp(-lp)))


def reviewed(panel: Panel) -> np.ndarray:
    """Share of each row that is reviewed: the highest risks of each index date, one child in twenty."""
    share = np.zeros(panel.y.size)
    for date in np.unique(panel.date):
        rows = panel.date == date
        share[rows] = select_rows(panel.risk[rows], panel.date[rows], max(1, round(REVIEWED * rows.sum())))
    return share


def measure(panel: Panel, resamples: int, seed: int) -> dict[str, tuple[float, float, float]]:
    """Estimate and interval of each measure."""
    result = household_bootstrap(
        panel.y,
        panel.risk,
        panel.household,
        measures=list(SHOWN),
        selected=reviewed(panel),
        n_resamples=resamples,
        random_state=seed,
    )
    return {name: (result.estimates["model"][name], *result.interval(name)) for name in SHOWN}


def by_formula(panel: Panel) -> dict[str, tuple[float, float, float]]:
    """Estimate and interval of AUROC (on its logit) and slope from standard errors, by household and by row."""
    y, risk, home = panel.y, panel.risk, panel.household
    area, slope = auroc(y, risk), calibration_slope(y, risk)
    areas = {"households": auroc_standard_error(y, risk, household=home), "rows": auroc_standard_error(y, risk)}
    slopes = {"households": calibration_standard_errors(y, risk, household=home).slope}
    slopes["rows"] = calibration_standard_errors(y, risk).slope
    out = {}
    for unit in areas:
        middle, half = np.log(area / (1 - area)), 1.96 * areas[unit] / (area * (1 - area))
        low, high = (1 / (1 + np.exp(-each)) for each in (middle - half, middle + half))
        out[f"auroc_{unit}"] = (area, float(low), float(high))
        out[f"slope_{unit}"] = (slope, slope - 1.96 * slopes[unit], slope + 1.96 * slopes[unit])
    return out


def truth(entrants: int, seed: int = 1) -> dict[str, float]:
    """Value of each measure in a large population, and how many entrants a household has on average."""
    households = round(entrants / ENTRANTS_IN_HOUSEHOLD)
    panel = draw(households, np.random.default_rng(seed))
    values = {name: found[0] for name, found in measure(panel, 1, 0).items()}
    for unit in ("households", "rows"):
        values[f"auroc_{unit}"], values[f"slope_{unit}"] = values["auroc"], values["calibration_slope"]
    values["entrants_in_household"] = np.unique(panel.child[panel.y == 1]).size / households
    values["rows_with_entry"] = panel.y.sum() / np.unique(panel.child[panel.y == 1]).size
    values["prevalence"] = panel.y.mean()
    return values


class Cell(NamedTuple):
    """What was found with so many entrants on average."""

    entrants: int
    covered: dict[str, float]
    below: dict[str, float]
    width: dict[str, float]
    cpu: float


def run_cell(entrants: int, values: dict[str, float], replications: int, resamples: int, seed: int = 2) -> Cell:
    """Draw panels with so many entrants on average, and count the intervals that hold the truth."""
    rng, started = np.random.default_rng([seed, entrants]), time.process_time()
    found: dict[str, list[tuple[float, float]]] = {}
    for _ in range(replications):
        panel = draw(round(entrants / ENTRANTS_IN_HOUSEHOLD), rng)
        intervals = measure(panel, resamples, int(rng.integers(2**31))) | by_formula(panel)
        for name, (_, low, high) in intervals.items():
            found.setdefault(name, []).append((low, high))
    ends = {name: np.array(each) for name, each in found.items()}
    return Cell(
        entrants,
        {name: float(((e[:, 0] <= values[name]) & (values[name] <= e[:, 1])).mean()) for name, e in ends.items()},
        {name: float((e[:, 1] < values[name]).mean()) for name, e in ends.items()},
        {name: float(np.nanmedian(e[:, 1] - e[:, 0])) for name, e in ends.items()},
        time.process_time() - started,
    )


def holds(cells: list[Cell]) -> bool:
    """Whether the four promised measures are covered in 90 to 97 of 100 panels with 75 entrants or more."""
    return all(0.90 <= cell.covered[name] <= 0.97 for cell in cells if cell.entrants >= 75 for name in PROMISED)


def table(cells: list[Cell], names: dict[str, str], part: str, places: int) -> str:
    """Markdown table with a line for each measure and a column for each number of entrants."""
    lines = [["95% interval of", *[str(cell.entrants) for cell in cells]], [":---", *["---:" for _ in cells]]]
    for name, words in names.items():
        lines.append([words, *[f"{getattr(cell, part)[name]:.{places}f}" for cell in cells]])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


PAGE_TEXT = """# How often an interval holds the truth

An interval of 95% should hold the true value in 95 of 100 places where it is computed. Here are the shares that do,
found by drawing panels of children whose true values are known. `python docs/scripts/interval_coverage.py` writes this
page.

## What is drawn

Households of one to three children, who share part of their risk. A child is seen on monthly index dates, for half a
year on average, and each row asks for an entry within a year: an entrant has {rows_with_entry:.1f} rows with that
entry, and {prevalence:.1%} of all rows have one. The model knows part of the risk, and its risks are wrong: AUROC
{auroc:.3f}, O/E {oe:.2f}, slope {slope:.2f}. One row in twenty is reviewed on each index date. For each number of
entrants (on average) {replications} panels are drawn, and each is measured with {resamples} resamples of households,
as an evaluation does; the true values are those of one panel with {truth:,} entrants. By chance alone, a share of .95
found in {replications} panels lies between {low:.3f} and {high:.3f} in 95 of 100 such tables.

## Share of intervals that hold the truth

Columns are the entrants of a panel, on average.

{covered}

The intervals of AUROC, O/E, slope and PPV at capacity hold the truth in {least:.1%} to {most:.1%} of panels with 75
entrants or more. That is why an evaluation shows these without a note.

With 50 entrants the worst of the four holds in {worst_50:.1%}, and with 25 in {worst_25:.1%}. Others may be as good
as with more, but nobody can tell from one authority's data which of its intervals is too short, and all are wide. So
intervals carry a "caution" with fewer than 75 entrants, and are called "unreliable" with fewer than 30.

## What if rows were taken to be independent?

The same panels, without resampling: standard errors that sum over households (Obuchowski's for AUROC, on its log-odds;
the sandwich for the slope), and the customary ones that take each row to be a child of its own.

{formulas}

Intervals that forget the household miss the truth several times as often as they claim to, and more entrants do not
mend it.

## How wide the intervals are

Median width. This is what a number of entrants buys, before any question of coverage.

{width}
"""


def page(cells: list[Cell], values: dict[str, float], replications: int, resamples: int) -> str:
    """Write the page."""
    enough = [cell.covered[name] for cell in cells if cell.entrants >= 75 for name in PROMISED]
    chance = 1.96 * (0.95 * 0.05 / replications) ** 0.5
    worst = {cell.entrants: min(cell.covered[name] for name in PROMISED) for cell in cells}
    return PAGE_TEXT.format(
        rows_with_entry=values["rows_with_entry"],
        prevalence=values["prevalence"],
        auroc=values["auroc"],
        oe=values["observed_expected_ratio"],
        slope=values["calibration_slope"],
        replications=replications,
        resamples=resamples,
        truth=TRUTH_ENTRANTS,
        low=0.95 - chance,
        high=0.95 + chance,
        covered=table(cells, SHOWN, "covered", 3),
        least=min(enough),
        most=max(enough),
        worst_50=worst[50],
        worst_25=worst[25],
        formulas=table(cells, FORMULAS, "covered", 3),
        width=table(cells, {name: SHOWN[name] for name in PROMISED}, "width", 2),
    )


def main() -> None:
    """Run the simulation and write the page."""
    parser = argparse.ArgumentParser(description="How often 95% intervals hold the truth.")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--resamples", type=int, default=RESAMPLES)
    parser.add_argument("--jobs", type=int, default=1, help="processes; the page is the same")
    parser.add_argument("--print", action="store_true", help="show the page and write nothing")
    options = parser.parse_args()
    started = time.process_time()
    values = truth(TRUTH_ENTRANTS)
    work = (delayed(run_cell)(each, values, options.replications, options.resamples) for each in reversed(ENTRANTS))
    of_truth = time.process_time() - started
    cells = Parallel(n_jobs=options.jobs)(work)[::-1]
    text = page(cells, values, options.replications, options.resamples)
    if options.print:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
    for cell in cells:
        print(cell.entrants, {name: (round(c, 3), round(cell.below[name], 3)) for name, c in cell.covered.items()})
    print(f"{values['entrants_in_household']:.4f} entrants in a household")
    print(f"{of_truth + sum(cell.cpu for cell in cells):.0f} CPU seconds")
    if not holds(cells):
        msg = "An interval that is promised does not hold the truth in 90 to 97 of 100 panels."
        raise SystemExit(msg)


if __name__ == "__main__":
    main()
