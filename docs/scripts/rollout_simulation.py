"""Whether the analysis of a roll-out finds what was planted: ``python docs/scripts/rollout_simulation.py``.

Invents roll-outs whose effect is known (siblings, drift between periods, teams that differ), evaluates each, and counts
the intervals that hold the planted ratio and the tests that tell it from chance. Then finds the smallest effect that a
roll-out can tell, plants it, and counts again. Writes docs/reference/rollout_simulation.md. ``--replications`` makes it
smaller, ``--jobs`` faster; ``--print`` shows the page and writes nothing.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from edgeofcare.cohort import quarters
from edgeofcare.synthetic.rollout import make_rollout_outcomes
from edgeofcare.task import Task
from edgeofcare.tracking.rollout.analysis import evaluate_rollout
from edgeofcare.tracking.rollout.design import RolloutDesign, design_rollout
from edgeofcare.tracking.rollout.detectable import minimum_detectable_effect
from edgeofcare.tracking.rollout.result import HOUSEHOLDS, ORDERS

PAGE = Path(__file__).parents[1] / "reference" / "rollout_simulation.md"
REPLICATIONS, RESAMPLES = 300, 200
CHILDREN, SHOCKS, POWER = 150, 0.3, 0.8
AUTHORITIES, SIMULATIONS = 12, 200
FIRST, BEGIN, LAST = "2025-01-01", "2026-07-01", "2027-10-01"


class World(NamedTuple):
    """What is planted."""

    words: str
    teams: int
    ratio: float
    shocks: float
    children: float


WORLDS = (
    World("no effect", 8, 1.0, 0.0, CHILDREN),
    World("ratio .7", 8, 0.7, 0.0, CHILDREN),
    World("ratio .5", 8, 0.5, 0.0, CHILDREN),
    World("no effect, teams come and go", 8, 1.0, SHOCKS, CHILDREN),
    World("ratio .7, teams come and go", 8, 0.7, SHOCKS, CHILDREN),
    World("no effect, teams come and go by 60%", 8, 1.0, 2 * SHOCKS, CHILDREN),
    World("no effect, 4 teams", 4, 1.0, 0.0, 2 * CHILDREN),
    World("ratio .7, 4 teams", 4, 0.7, 0.0, 2 * CHILDREN),
)


class Cell(NamedTuple):
    """Shares of roll-outs in one world."""

    households: float
    orders: float
    told: float
    median: float
    width: float
    entrants: float


def design(teams: int, seed: int, *, first: str = FIRST, begin: str = BEGIN, last: str = LAST) -> RolloutDesign:
    """Six quarters before the first team begins, and six in which teams begin."""
    names = [f"Team {number:02d}" for number in range(1, teams + 1)]
    starts = quarters(begin, last)
    picked = np.unique(np.round(np.linspace(0, len(starts) - 1, min(teams, len(starts)))).astype(int))
    return design_rollout(names, periods=quarters(first, last), begin=starts[picked], random_state=seed)


def outcomes(drawn: RolloutDesign, ratio: float, seed: int, shocks: float, children: float) -> pd.DataFrame:
    """Outcomes of one invented roll-out."""
    return make_rollout_outcomes(
        drawn.to_frame(), ratio=ratio, children=children, drift=0.98, team_shocks=shocks, random_state=seed
    )


def one(world: World, seed: int) -> tuple[float, ...]:
    """One roll-out: does each interval hold the ratio, is it told from chance; estimate, width, entrants."""
    drawn = design(world.teams, seed)
    rows = outcomes(drawn, world.ratio, 1_000_000 + seed, world.shocks, world.children)
    result = evaluate_rollout(drawn, rows, Task(horizon=drawn.horizon), n_resamples=RESAMPLES, random_state=seed)
    table = result.table.set_index(["measure", "interval"])
    homes, orders = table.loc[("rate_ratio", HOUSEHOLDS)], table.loc[("rate_ratio", ORDERS)]
    holds = [each["ci_low"] <= world.ratio <= each["ci_high"] for each in (homes, orders)]
    width = np.log(homes["ci_high"] / homes["ci_low"])
    return (*map(float, holds), float(result.told_from_chance), homes["estimate"], width, rows["entered_care"].sum())


def run_world(world: World, replications: int, jobs: int = 1, seed: int = 0) -> Cell:
    """Many roll-outs of one world, each with an order of its own."""
    work = (delayed(one)(world, seed + number) for number in range(replications))
    found = np.array(Parallel(n_jobs=jobs)(work), dtype=np.float64)
    share = found[:, :3].mean(axis=0)
    return Cell(*map(float, share), *map(float, np.median(found[:, 3:], axis=0)))


class Power(NamedTuple):
    """The smallest effects that were stated, and how often they were told from chance when planted."""

    ratio: float
    least: float
    most: float
    told: float
    error: float
    rollouts: int
    text: str


def one_authority(number: int, rollouts: int, simulations: int) -> tuple[float, float, str]:
    """State the smallest effect on an authority's past, plant it in other roll-outs of its kind, and count."""
    drawn = design(8, 5_000 + number)
    before = design(8, number, first="2022-01-01", begin="2022-04-01", last="2024-10-01")
    past = outcomes(before, 1.0, 2_000_000 + number, 0.0, CHILDREN)
    stated = minimum_detectable_effect(drawn, past, power=POWER, n_simulations=simulations, progress=False)
    told = []
    for place in range(rollouts):
        seed = 3_000_000 + 1_000 * number + place
        rows = outcomes(drawn, stated.ratio, seed, 0.0, CHILDREN)
        told.append(evaluate_rollout(drawn, rows, Task(horizon=drawn.horizon), n_resamples=100).told_from_chance)
    return stated.ratio, float(np.mean(told)), stated.text


def run_power(replications: int, authorities: int, simulations: int, jobs: int = 1) -> Power:
    """Power at the effect that is stated, over authorities."""
    each = max(2, replications // authorities)
    work = (delayed(one_authority)(number, each, simulations) for number in range(authorities))
    found = Parallel(n_jobs=jobs)(work)
    ratios, told = (np.array([row[place] for row in found], dtype=np.float64) for place in (0, 1))
    error = float(told.std(ddof=1) / np.sqrt(authorities))
    return Power(float(np.median(ratios)), float(ratios.min()), float(ratios.max()), float(told.mean()), error,
                 each * authorities, found[0][2])  # fmt: skip


def problems(cells: dict[World, Cell], power: Power) -> list[str]:
    """What does not hold of what the page promises."""
    wrong = []
    for world, cell in cells.items():
        if not 0.92 <= cell.orders <= 0.985:
            wrong.append(f"{world.words}: interval by orders holds the ratio in {cell.orders:.3f}")
        if not world.shocks and not 0.90 <= cell.households <= 0.975:
            wrong.append(f"{world.words}: interval by households holds the ratio in {cell.households:.3f}")
        if world.ratio == 1 and cell.told > 0.08:
            wrong.append(f"{world.words}: an effect that is not there is told from chance in {cell.told:.3f}")
    if abs(power.told - POWER) > 0.03 + 2 * power.error:
        wrong.append(f"power at the stated effect is {power.told:.3f}")
    return wrong


def table(cells: dict[World, Cell]) -> str:
    """Markdown table with a line for each world."""
    lines = [
        ["planted", "entrants", "median estimate", "held by households", "held by orders", "told from chance"],
        [":---", "---:", "---:", "---:", "---:", "---:"],
    ]
    for world, cell in cells.items():
        lines.append([world.words, f"{cell.entrants:.0f}", f"{cell.median:.2f}", f"{cell.households:.3f}",
                      f"{cell.orders:.3f}", f"{cell.told:.3f}"])  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


PAGE_TEXT = """# Does the analysis of a roll-out find what was planted?

An interval of 95% should hold the true ratio in 95 of 100 roll-outs, an effect that is not there should be told from
chance in 5, and the smallest effect that is stated in {power:.0%}. Here is how often they do, in roll-outs whose
effect is known. `python docs/scripts/rollout_simulation.py` writes this page.

## What is drawn

Eight teams with {children} children on an open case each (four with {twice} where it says so), in six quarters before
the first team begins and six in which teams begin. Two of 100 children enter care in a quarter, fewer with every
quarter; teams differ by a quarter either way, households of one to three children by much more, and a child is seen on
four index dates on average. Each roll-out has an order of its own. Where "teams come and go", the rate of each team
also moves by {shocks:.0%} from quarter to quarter for reasons of its own. Each world has {replications} roll-outs, with
{resamples} resamples of households; by chance alone, a share of .95 lies between {low:.3f} and {high:.3f}, and a share
of .05 between {few:.3f} and {many:.3f}, in 95 of 100 such tables.

## Intervals and tests

"Held" is the share of intervals that hold the planted ratio, "told from chance" the share with p below .05.

{table}

- **By the orders of the teams**, the interval holds the ratio as often as it says, and an effect that is not there is
  told from chance no more often than it should be, with four teams and with eight, whatever comes and goes in a team.
- **By households**, the interval holds it nearly as often as it says while teams change alike ({alike_least:.3f} to
  {alike_most:.3f}), as intervals by households do [elsewhere](interval_coverage.md). What comes and goes in a team is
  another chance than that of households, and the interval knows nothing of it. With the two or three entries
  that such a team has in a quarter that costs little at {shocks:.0%} and more at {twice_shocks:.0%} ({narrow}); it
  costs more in larger teams. That is why what is "told from chance" follows the order of the teams.
- Four teams have 24 orders. Their test is honest and weak: even the most extreme order gives p = .042.

## The smallest effect that can be told

For each of {authorities} authorities, `minimum_detectable_effect` states the smallest effect from a past of its own
({simulations} simulations each); the ratio lies at {ratio:.2f} in the median ({least:.2f} to {most:.2f}). Then that
effect is planted in {rollouts} new roll-outs: {told:.1%} of them tell it from chance (standard error {error:.1%}, over
authorities); {power:.0%} was stated. One of the sentences:

> {text}

A single authority can seldom tell a fall of less than half. That is not a fault of the test. It is a reason to roll out
together with others.
"""


def page(cells: dict[World, Cell], power: Power, replications: int, authorities: int, simulations: int) -> str:
    """Write the page."""
    half, part = (1.96 * (share * (1 - share) / replications) ** 0.5 for share in (0.95, 0.05))
    loose = [cell.households for world, cell in cells.items() if world.shocks]
    alike = [cell.households for world, cell in cells.items() if not world.shocks]
    return PAGE_TEXT.format(
        **{"power": POWER, "children": CHILDREN, "twice": 2 * CHILDREN, "shocks": SHOCKS, "twice_shocks": 2 * SHOCKS},
        **{
            "replications": replications,
            "resamples": RESAMPLES,
            "authorities": authorities,
            "simulations": simulations,
        },
        **{"low": 0.95 - half, "high": 0.95 + half, "few": 0.05 - part, "many": 0.05 + part},
        **{"table": table(cells), "narrow": ", ".join(f"{share:.3f}" for share in loose)},
        **{"alike_least": min(alike), "alike_most": max(alike)},
        **{"ratio": power.ratio, "least": power.least, "most": power.most, "told": power.told, "error": power.error},
        **{"rollouts": power.rollouts, "text": power.text},
    )


def main() -> None:
    """Run the simulation and write the page."""
    parser = argparse.ArgumentParser(description="Whether the analysis of a roll-out finds what was planted.")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--authorities", type=int, default=AUTHORITIES)
    parser.add_argument("--simulations", type=int, default=SIMULATIONS)
    parser.add_argument("--jobs", type=int, default=1, help="processes; the page is the same")
    parser.add_argument("--print", action="store_true", help="show the page and write nothing")
    options = parser.parse_args()
    started = time.perf_counter()
    cells = {world: run_world(world, options.replications, options.jobs) for world in WORLDS}
    power = run_power(options.replications, options.authorities, options.simulations, options.jobs)
    text = page(cells, power, options.replications, options.authorities, options.simulations)
    if options.print:
        print(text)
    else:
        PAGE.write_text(text, encoding="utf-8")
    for world, cell in cells.items():
        print(world.words, [round(value, 3) for value in cell])
    print([round(value, 3) for value in power[:-1]])
    print(f"{time.perf_counter() - started:.0f} seconds")
    if wrong := problems(cells, power):
        raise SystemExit("; ".join(wrong))


if __name__ == "__main__":
    main()
