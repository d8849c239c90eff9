"""Measure the synthetic England and write its page: ``python docs/scripts/synthetic_england.py``.

Makes 200,000 children with each of five seeds, compares what the records show with the targets, and writes
docs/reference/synthetic_england.md, docs/reference/synthetic_england.json and docs/pictures/synthetic_england.png.
``--children`` and ``--seeds`` make it smaller; ``--again`` draws and writes from the measures of the last run.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from england_assumptions import assumption_tables
from england_measures import flows_by_year, measure, read_extract
from england_targets import NOT_CLAIMED, SHOWN, TARGETS, Target
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pictures import BLACK, BLUE, GREY, STYLE

from edgeofcare.synthetic.authorities.authorities import settings_of
from edgeofcare.synthetic.records import simulate_tables

HERE = Path(__file__).parents[1]
PAGE, MEASURES = HERE / "reference" / "synthetic_england.md", HERE / "reference" / "synthetic_england.json"
PICTURE = HERE / "pictures" / "synthetic_england.png"
CHILDREN, SEEDS, YEARS, CHILDHOOD = 200_000, 5, 10, 18
FLOWS = (
    ("contacts", "date"), ("referrals", "start_date"), ("s47_enquiries", "start_date"), ("cp_plans", "start_date"),
    ("periods", "start_date"), ("missing_episodes", "start_date"),
)  # fmt: skip


def trends(flows: pd.DataFrame) -> dict[str, float]:
    """Change of each yearly flow in one year, as a share of its mean: the slope of a straight line."""
    year = np.arange(len(flows)) - (len(flows) - 1) / 2
    return {
        f"trend.{name}": float(np.sum(year * flows[name]) / np.sum(year * year) / flows[name].mean())
        for name in flows.columns
    }


def second_plans(children: int, seed: int) -> dict[str, float]:
    """Share of plans that are not a child's first, which only an extract of a whole childhood can tell."""
    tables = simulate_tables(children, seed, authority="england", years=CHILDHOOD)
    key = "cpp_second_or_subsequent"
    return {key: measure(read_extract(tables))[key]}


def measure_seed(children: int, seed: int) -> dict[str, float]:
    """Every measure of the children of one seed."""
    tables = simulate_tables(children, seed, authority="england", years=YEARS, also=("suspensions",))
    extract = read_extract(tables)
    found = {**measure(extract), **second_plans(children, seed)}
    return {name: float(value) for name, value in {**found, **trends(flows_by_year(extract, FLOWS))}.items()}


def summary(measures: list[dict[str, float]], targets: tuple[Target, ...]) -> pd.DataFrame:
    """Mean and standard error over seeds of each target, and whether it is met."""
    rows = []
    for target in targets:
        found = np.array([each[target.key] for each in measures])
        error = found.std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else np.nan
        gap = found.mean() - target.value
        met = abs(gap) <= max(0.1 * target.value, 3 * error if len(found) > 1 else 0.0)
        rows.append((target.panel, target.label, target.value, found.mean(), error, gap / target.value, met))
    return pd.DataFrame(rows, columns=["panel", "label", "target", "mean", "error", "relative", "met"])


def _line(row: pd.Series, *, claimed: bool) -> str:
    """One line of a table."""
    cells = [f"{row['target']:.4f}", f"{row['mean']:.4f}", f"{row['error']:.4f}", f"{row['relative']:+.1%}"]
    return " | ".join([f"| {row['label']}", *cells, *(["yes" if row["met"] else "**no**"] if claimed else [])]) + " |"


def table(rows: pd.DataFrame, *, claimed: bool) -> str:
    """Markdown table of targets and measures."""
    head = ["figure", "target", "mean", "standard error", "difference", *(["within"] if claimed else [])]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for panel, part in rows.groupby("panel", sort=False):
        if panel:
            lines.append(f"| **{panel}** |" + " |" * (len(head) - 1))
        lines += [_line(row, claimed=claimed) for _, row in part.iterrows()]
    return "\n".join(lines)


def draw(rows: pd.DataFrame) -> Figure:
    """Each calibrated margin beside its target, in small multiples."""
    panels = list(dict.fromkeys(rows["panel"]))
    heights = [max(3, int((rows["panel"] == panel).sum())) for panel in panels]
    columns: list[list[int]] = [[], []]
    for number in sorted(range(len(panels)), key=lambda each: -heights[each]):
        least = int(np.argmin([sum(heights[each] + 3 for each in column) for column in columns]))
        columns[least].append(number)
    total = max(sum(heights[each] + 3 for each in column) for column in columns)
    figure = Figure(figsize=(12, 0.27 * total + 0.6), layout="constrained")
    for part, column in zip(figure.subfigures(1, 2), columns, strict=True):
        axes = part.subplots(len(column), 1, height_ratios=[heights[each] + 1 for each in column], squeeze=False)
        for ax, number in zip(axes[:, 0], column, strict=True):
            _panel(ax, rows[rows["panel"] == panels[number]], panels[number], legend=heights[number] == max(heights))
    return figure


def _panel(ax: Axes, rows: pd.DataFrame, title: str, *, legend: bool) -> None:
    """One margin: a bar for the target, a dot with its error for what the records show."""
    place = np.arange(len(rows))[::-1]
    ax.barh(place, rows["target"], height=0.66, color="#D9D9D9", label="target, with 10% either way")
    ax.errorbar(rows["target"], place, xerr=0.1 * rows["target"], fmt="none", ecolor=GREY, elinewidth=5, alpha=0.55)
    three = 3 * rows["error"].fillna(0)
    ax.errorbar(
        rows["mean"], place, xerr=three, fmt="o", ms=5, color=BLUE, label="records: mean, three standard errors"
    )
    ax.set_yticks(place, rows["label"])
    ax.set_xlim(left=0)
    ax.margins(y=0.02)
    ax.set_title(title, loc="left", fontweight="bold", color=BLACK, fontsize=11)
    if legend:
        ax.legend(loc="lower right", frameon=False, fontsize=9)


PAGE_TEXT = """# The synthetic England: targets and assumptions

`make_records(n, random_state, authority="england")` invents children known to children's services so that their
records show the proportions of the official statistics. This page is written by `docs/scripts/synthetic_england.py`
from {children:,} children with each of {seeds} seeds. The equations are in [](../concepts/synthetic_england.md), the
true risks in [](../concepts/synthetic_truth.md).

**What it is good for.** Trying out the library where the right answer is known. **What it is not.** Evidence about
any child, authority or policy, or about how well a model would do on real records: how strongly events and entry hang
together is an assumption.

## Targets it claims

The figures are those of the Department for Education for England, year ending 31 March 2025 (Open Government Licence
v3), unless the line names another year. Everything is measured in the canonical tables that any user gets, over the
last {years} years of a ten-year extract, as the Department defines it: only the first start to be looked after in a
year counts, short breaks do not, unaccompanied asylum-seeking children do. A target is met when the mean of the seeds
lies within 10% of it or within three standard errors of the mean (the standard deviation of the seeds over the square
root of their number). {met}

{table}

![Each target as a grey bar, and the mean of the records as a dot](../pictures/synthetic_england.png)

**Definitions.** Second or later protection plans are counted over a whole childhood, in an extract of 18 years; all
else is measured in the extract of ten. A referral is counted again if the same child was referred within 365 days
before. Assessed and not in need is a case closed for that reason, as a share of all referrals (England's starts of
need, 396,870, are its 632,830 referrals less 6.5% and 30.8%). Factors are shares of the assessments in which any factor
was found. Missing incidents count from care, not absences without authorisation. Re-entry counts those who left before
17, other than by adoption, a move to another authority or death.

## Measured, but not claimed

The figures in the first column come from the same statistics, other than ethnic groups (Office for National
Statistics, Growing Up in England).

{shown}

Yearly change of the flows over the ten years of the extract, as a share of their mean: {trends}. The simulation
begins 18 years earlier, so that every child's whole childhood is behind the extract.

## Not claimed, and why

{not_claimed}

**Adolescents on open cases.** About 4% of the adolescents with an open case enter care within 12 months. The range of
6 to 12% that is sometimes assumed divides by the pupils of mainstream secondary schools who are in need, a floor for
the number of open cases. With England's own flows (10,820 entries a year of adolescents other than unaccompanied
ones, somewhat over half of them from a case that was open on a given day of the year before) and a stock of about 0.2
open adolescent cases for each referral, 4 to 5% is what follows. Use `authority="sample"` for records with many more
entries (8 to 9%).

**How well entry can be predicted.** A gradient boosted model and a logistic regression on the library's default
features, trained on index dates to 2021 and tested on those from April 2023, reach an AUROC of 0.83 and 0.81 (120,000
children, one seed, 677 entrants in the test rows). Published models for such outcomes lie between 0.74 and 0.84.

## Every assumption

The settings of `"england"`, and those of `"sample"` where they differ. "Fitted" marks a value that was adjusted until
the records met the target named; it has no source of its own. "No source" marks a choice of ours. Rates are chances
per month, effects are on the log scale, and shares are weights that need not add up to 100. The steps themselves
(chances that depend on the state of a child) hold some further numbers, none of which has a source.

{assumptions}
"""


def write_page(measures: list[dict[str, float]], children: int) -> pd.DataFrame:
    """Write the page and the picture, and return the table of targets."""
    rows, shown = summary(measures, TARGETS), summary(measures, SHOWN)
    names = {"periods": "entries into care", "cp_plans": "protection plans", "s47_enquiries": "enquiries"}
    slopes = {key: np.mean([each[key] for each in measures]) for key in measures[0] if key.startswith("trend.")}
    words = [f"{names.get(key[6:], key[6:].replace('_', ' '))} {slope:+.1%}" for key, slope in slopes.items()]
    missed = rows.loc[~rows["met"], "label"].tolist()
    met = f"{int(rows['met'].sum())} of the {len(rows)} are met" + (f"; not: {', '.join(missed)}." if missed else ".")
    text = PAGE_TEXT.format(
        children=children,
        seeds=len(measures),
        years=4,
        met=met,
        table=table(rows, claimed=True),
        shown=table(shown, claimed=False),
        trends=", ".join(words),
        not_claimed="\n".join(f"- **{what[0].upper() + what[1:]}**: {why}." for what, why in NOT_CLAIMED),
        assumptions=assumption_tables(settings_of("england"), settings_of("sample")),
    )
    PAGE.write_text(text, encoding="utf-8", newline="\n")
    with rc_context(STYLE):
        draw(rows).savefig(PICTURE, dpi=110, metadata={"Software": None})
    return rows


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description="Measure the synthetic England and write its page.")
    parser.add_argument("--children", type=int, default=CHILDREN)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--again", action="store_true", help="write from the measures of the last run")
    chosen = parser.parse_args()
    if not chosen.again:
        measures = []
        for seed in range(chosen.seeds):
            measures.append(measure_seed(chosen.children, seed))
            print(f"seed {seed}: measured")
        MEASURES.write_text(
            json.dumps({"children": chosen.children, "measures": measures}, indent=1) + "\n", encoding="utf-8"
        )
    held = json.loads(MEASURES.read_text(encoding="utf-8"))
    rows = write_page(held["measures"], held["children"])
    print(rows.drop(columns="panel").to_string(index=False, float_format=lambda value: f"{value:.4f}"))


if __name__ == "__main__":
    main()
