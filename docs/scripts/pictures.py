"""Draw the pictures of the documentation: ``python docs/scripts/pictures.py`` writes them to docs/pictures.

Colours are from the Okabe-Ito set, which people with the common colour-vision deficiencies can tell apart; no
meaning rests on colour alone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from binormal import at_capacity
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from edgeofcare.explanation.change_plots import change_figure
from edgeofcare.plotting.explanations import plot_concept_groups

FOLDER = Path(__file__).parents[1] / "pictures"
BLUE, ORANGE, SKY, GREY, BLACK = "#0072B2", "#E69F00", "#56B4E9", "#8C8C8C", "#222222"
STYLE = {"font.size": 10, "font.family": "DejaVu Sans", "axes.spines.top": False, "axes.spines.right": False}


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Figure with one set of axes, in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def bare(ax: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    """Limits without ticks or frame, for a drawing that is not a chart."""
    ax.set(xlim=x, ylim=y)
    ax.axis("off")


def edge(ax: Axes, x: float, y: float, *, closed: bool, colour: str) -> None:
    """End of a window: a full dot for a day that belongs to it, an empty one for a day that does not."""
    ax.plot(x, y, "o", ms=8, mec=colour, mfc=colour if closed else "white", mew=1.6, zorder=4)


def window(ax: Axes, x: tuple[float, float], y: float, label: str, colour: str) -> None:
    """One half-open window: its first day belongs to it, its last does not."""
    ax.plot(x, (y, y), color=colour, lw=5, solid_capstyle="butt", zorder=3)
    edge(ax, x[0], y, closed=True, colour=colour)
    edge(ax, x[1], y, closed=False, colour=colour)
    ax.text(sum(x) / 2, y + 0.22, label, ha="center", color=BLACK)


def day_line(ax: Axes, x: float, y: tuple[float, float], label: str) -> None:
    """Upright line for one day, named at its head."""
    ax.plot((x, x), y, color=BLACK, lw=1.2, ls=(0, (4, 3)), zorder=1)
    ax.text(x, y[1] + 0.08, label, ha="center", va="bottom", fontweight="bold")


def windows() -> Figure:
    """Lookback, gap and horizon around the index date, with an event on every edge."""
    figure, ax = canvas(8, 3.0)
    bare(ax, (-15.2, 17), (-1.45, 2.2))
    window(ax, (-12, 0), 1, "lookback: features see this", BLUE)
    window(ax, (2, 14), 1, "horizon: the outcome is looked for here", ORANGE)
    ax.text(1, 1.22, "gap", ha="center")
    day_line(ax, 0, (-0.5, 1.75), "index_date")
    ax.annotate("", (16.6, -0.5), (-14.6, -0.5), arrowprops={"arrowstyle": "->", "color": GREY})
    ax.text(16.6, -0.78, "time", ha="right", va="top", color=GREY)
    events = ((-13, "too early", GREY), (-12, "first day:\nseen", BLUE), (-1, "day before:\nseen", BLUE))
    later = (
        (0, "index_date:\nin the gap", GREY),
        (2, "first day:\ncounts", ORANGE),
        (14, "last edge:\ntoo late", GREY),
    )
    for x, label, colour in events + later:
        ax.plot(x, -0.5, "D", ms=7, color=colour, zorder=5)
        shift = {-13: -1.0, -12: 0.9, -1: -1.6, 0: 0.8, 2: 2.5}.get(x, 0)
        ax.plot((x, x + shift), (-0.6, -1.02), color=colour, lw=0.8)
        ax.text(x + shift, -1.08, label, ha="center", va="top", fontsize=9)
    return figure


def two_clocks() -> Figure:
    """Four events that all happened in the lookback; two were not known when the score was made."""
    figure, ax = canvas(8, 3.6)
    bare(ax, (-19.5, 17.5), (-1.2, 4.8))
    day_line(ax, 0, (-0.4, 4.1), "index_date")
    ax.text(0.4, -0.95, "from here on: future, and not used", ha="left", color=GREY, fontsize=9)
    rows = (
        ("missing episode", -9, -8.2, "seen"),
        ("assessment factor", -7, -2, "seen: authorised in time"),
        ("assessment factor", -4, 4, "not seen: authorised later"),
        ("plan end, entered late", -1.5, 5.5, "not seen: plan still looks open"),
    )
    for y, (name, happened, known, verdict) in zip((3.4, 2.4, 1.4, 0.4), rows, strict=True):
        colour = BLUE if known < 0 else ORANGE
        ax.text(-10.6, y, name, ha="right", va="center")
        ax.annotate("", (known, y), (happened, y), arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.6})
        ax.plot(happened, y, "o", ms=9, color=colour)
        ax.plot(known, y, "s", ms=8, mfc="white", mec=colour, mew=1.8)
        ax.text(7.5, y, verdict, va="center", fontsize=9)
    ax.plot(-19, 4.55, "o", ms=8, color=GREY)
    ax.text(-18.4, 4.55, "happened", va="center", fontsize=9)
    ax.plot(-13.2, 4.55, "s", ms=7, mfc="white", mec=GREY, mew=1.8)
    ax.text(-12.6, 4.55, "known", va="center", fontsize=9)
    return figure


def household() -> Figure:
    """Six children and their links; what hangs together is one household."""
    figure, ax = canvas(8, 2.8)
    bare(ax, (-0.4, 10.4), (-0.5, 2.85))
    places = {"A": (0.5, 2), "B": (2.2, 2), "C": (1.35, 0.6), "D": (5.2, 2), "E": (6.3, 0.6), "F": (9.2, 1.3)}
    links = (("A", "B", "same mother, 2015"), ("B", "C", "same family, 2021"), ("D", "E", "same mother"))
    for first, second, label in links:
        (x0, y0), (x1, y1) = places[first], places[second]
        ax.plot((x0, x1), (y0, y1), color=GREY, lw=2, zorder=1)
        over = first == "A"
        ax.text(
            (x0 + x1) / 2 + (0 if over else 0.22), (y0 + y1) / 2 + (0.42 if over else 0), label,
            ha="center" if over else "left", va="center", fontsize=9,
        )  # fmt: skip
    for name, (x, y) in places.items():
        ax.plot(x, y, "o", ms=26, mfc="white", mec=BLUE, mew=2, zorder=2)
        ax.text(x, y, name, ha="center", va="center", zorder=3)
    for x, width, label in ((-0.2, 4.2, "household 1"), (4.5, 3.2, "household 2"), (8.2, 2, "household 3")):
        ax.add_patch(Rectangle((x, -0.05), width, 2.8, fill=False, ec=ORANGE, lw=1.6, ls=(0, (5, 3))))
        ax.text(x + width / 2, -0.2, label, ha="center", va="top", fontweight="bold")
    return figure


def expit(margin: np.ndarray) -> np.ndarray:
    """Probability that belongs to a log-odds."""
    return 1 / (1 + np.exp(-margin))


def calibration() -> Figure:
    """Calibration curves of a sound model, a model that exaggerates and one that says too much throughout."""
    figure, ax = canvas(7.2, 4.4)
    risk = np.linspace(0.002, 0.4, 400)
    margin = np.log(risk / (1 - risk))
    middle = np.log(0.06 / 0.94)
    ax.plot((0, 0.4), (0, 0.4), color=GREY, lw=1.2, ls=(0, (4, 3)))
    ax.text(0.335, 0.347, "risk = observed", color=GREY, rotation=45, rotation_mode="anchor", ha="center", fontsize=9)
    ax.plot(risk, expit(middle + 0.6 * (margin - middle)), color=ORANGE, lw=2.4)
    ax.plot(risk, expit(margin - 0.7), color=BLUE, lw=2.4, ls=(0, (6, 2)))
    ax.text(0.41, 0.262, "every risk too high:\nobserved/expected below 1", va="center", fontsize=9)
    ax.text(0.41, 0.197, "slope 0.6: high risks too high,\nlow risks too low", va="center", fontsize=9)
    ax.set(xlim=(0, 0.4), ylim=(0, 0.4), xlabel="risk stated by the model", ylabel="share of children who entered care")
    ax.set_xticks([0, 0.1, 0.2, 0.3, 0.4], ["0%", "10%", "20%", "30%", "40%"])
    ax.set_yticks([0, 0.1, 0.2, 0.3, 0.4], ["0%", "10%", "20%", "30%", "40%"])
    ax.set_aspect("equal")
    return figure


def thousand(base_rate: float = 0.043, auroc: float = 0.80, capacity: float = 0.10) -> tuple[int, int, int]:
    """Of 1,000 children: how many are listed, how many entrants are listed, how many are missed."""
    _, recall = at_capacity(auroc, base_rate, capacity)
    found = round(1000 * base_rate * recall)
    return round(1000 * capacity), found, round(1000 * base_rate) - found


def block(ax: Axes, left: float, columns: int, size: int, entrants: int) -> None:
    """Grid of children, 20 high; entrants are large and dark and stand first."""
    places = np.arange(size)
    x, y = left + places // 20, 19 - places % 20
    ax.plot(x[entrants:], y[entrants:], "o", ms=3.2, mfc="none", mec=GREY, mew=0.7)
    ax.plot(x[:entrants], y[:entrants], "o", ms=5, color=BLUE)
    assert x.max() == left + columns - 1


def auroc() -> Figure:
    """A thousand children, 43 entrants, and the list of 100 that a model with AUROC .80 makes."""
    listed, found, missed = thousand()
    figure, ax = canvas(8, 3.7)
    bare(ax, (-1.5, 53.5), (-4.2, 24.5))
    block(ax, 0, 5, listed, found)
    block(ax, 8, 45, 1000 - listed, missed)
    ax.add_patch(Rectangle((-0.8, -0.8), 5.6, 20.6, fill=False, ec=ORANGE, lw=1.8))
    ax.text(-0.8, 21.0, f"listed: {listed}\n{found} enter care", ha="left", va="bottom")
    ax.text(8, 21.0, f"not listed: {1000 - listed}\n{missed} enter care", ha="left", va="bottom")
    ax.plot(0, -2.7, "o", ms=5, color=BLUE)
    ax.text(0.9, -2.7, "enters care within the horizon", va="center", fontsize=9)
    ax.plot(21, -2.7, "o", ms=3.2, mfc="none", mec=GREY, mew=0.7)
    ax.text(21.9, -2.7, "does not", va="center", fontsize=9)
    ax.text(53, -2.7, "1,000 children, base rate 4.3%, AUROC .80", ha="right", va="center", fontsize=9)
    return figure


def follow_up() -> Figure:
    """How follow-up ends for six rows with the same index date, and what each row is worth."""
    figure, ax = canvas(8, 3.9)
    bare(ax, (-1.2, 21.5), (-1.4, 6.2))
    day_line(ax, 0, (-0.3, 5.55), "index_date")
    day_line(ax, 12, (-0.3, 5.55), "end of horizon")
    rows = (
        (12, "|", "still at home", "0: complete", BLUE),
        (5, "D", "entered care", "1: complete", BLUE),
        (8, "s", "turned 18", "0: complete, risk has ended", BLUE),
        (6.5, "s", "adopted", "0: complete, risk has ended", BLUE),
        (4, "x", "moved to another authority", "unknown: censored", ORANGE),
        (9.5, "x", "extract ends (observed_until)", "unknown: censored", ORANGE),
    )
    for y, (end, marker, why, label, colour) in zip(range(5, -1, -1), rows, strict=True):
        ax.plot((0, end), (y, y), color=colour, lw=3, ls="-" if colour == BLUE else (0, (3, 1.5)))
        ax.plot(end, y, marker, ms=9, mew=2.4, color=colour)
        ax.text(end / 2, y + 0.2, why, ha="center", va="bottom", fontsize=8.5) if end > 9 else ax.text(
            end + 0.45, y, why, ha="left", va="center", fontsize=8.5
        )
        ax.text(14.6, y, label, va="center", fontsize=9)
    ax.text(14.6, 5.63, "entered_care", va="bottom", fontweight="bold")
    ax.annotate("", (12.6, -0.6), (-0.6, -0.6), arrowprops={"arrowstyle": "->", "color": GREY})
    ax.text(6, -0.85, "follow-up", ha="center", va="top", color=GREY)
    return figure


def contributions() -> Figure:
    """From the starting point to one child's risk: contributions in log-odds that add up."""
    figure, ax = canvas(8, 3.9)
    base = float(np.log(0.03 / 0.97))
    steps = (("missing episodes", 0.95), ("child protection plan", 0.62), ("recent referrals", 0.33), ("age", -0.22))
    names, at = ["starting point"], base
    ax.plot(base, 5, "o", ms=9, color=BLACK)
    for y, (name, size) in zip((4, 3, 2, 1), steps, strict=True):
        colour, word = (ORANGE, "raises") if size > 0 else (BLUE, "lowers")
        ax.barh(y, size, left=at, height=0.5, color=colour)
        ax.plot((at, at), (y - 0.25, y + 1), color=GREY, lw=0.8, zorder=0)
        ax.text(max(at, at + size) + 0.05, y, f"{word} by {abs(size):.2f}", va="center", fontsize=9)
        names, at = [*names, name], at + size
    ax.plot((at, at), (0, 1.25), color=GREY, lw=0.8, zorder=0)
    ax.plot(at, 0, "D", ms=9, color=BLACK)
    ax.text(at + 0.08, 0, f"risk {1 / (1 + np.exp(-at)):.0%}", va="center", fontweight="bold")
    ax.text(base + 0.08, 5, "3%", va="center", fontweight="bold")
    ax.set_yticks([5, 4, 3, 2, 1, 0], [*names, "this child"])
    ax.set(xlim=(-3.7, -1.0), ylim=(-0.6, 5.5), xlabel="log-odds, after calibration")
    marks = np.array([0.03, 0.05, 0.10, 0.15, 0.20, 0.25])
    top = ax.secondary_xaxis("top")
    top.set_xticks(np.log(marks / (1 - marks)), [f"{mark:.0%}" for mark in marks])
    top.set_xlabel("the same, as risk")
    return figure


def change() -> Figure:
    """From the earlier risk to the later one: what each concept moved."""
    steps = {"risks outside the home": 0.71, "plans and statutory steps": 0.28, "age and time": 0.09,
             "contact with services": -0.19}  # fmt: skip
    moved = pd.DataFrame({"concept": list(steps), "change": list(steps.values())}).sort_values(
        "change", key=lambda size: -size.abs()
    )
    before = float(np.log(0.082 / 0.918))
    return change_figure(moved, log_odds=(before, before + sum(steps.values())))


def concept_groups() -> Figure:
    """A planted proxy: an invented group is scored higher through one concept, which stands for the group."""
    differences = {"own features": (0.27, 0.25, 0.29), "risks outside the home": (-0.02, -0.08, 0.04),
                   "plans and statutory steps": (0.01, -0.02, 0.03), "age and time": (0.0, -0.01, 0.01),
                   "all concepts": (0.26, 0.19, 0.33)}  # fmt: skip
    frame = pd.DataFrame.from_dict(differences, orient="index", columns=["difference", "ci_low", "ci_high"])
    frame = frame.rename_axis("concept").reset_index().assign(by="group", group="one group, against the rest")
    drawn = plot_concept_groups(frame).figure
    assert isinstance(drawn, Figure)
    return drawn


PICTURES: dict[str, Callable[[], Figure]] = {
    "windows": windows,
    "two_clocks": two_clocks,
    "household": household,
    "calibration": calibration,
    "auroc": auroc,
    "follow_up": follow_up,
    "contributions": contributions,
    "change": change,
    "concept_groups": concept_groups,
}


def main() -> None:
    """Draw every picture again."""
    FOLDER.mkdir(exist_ok=True)
    with rc_context(STYLE):
        for name, draw in PICTURES.items():
            draw().savefig(FOLDER / f"{name}.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
