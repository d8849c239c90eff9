"""Draw how precise an evaluation is, by entrants: ``python docs/scripts/sample_size_picture.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from edgeofcare.evaluation.planning.entrants import AUROC_WITHIN, DESIGN_EFFECT, RATIO_WITHIN
from edgeofcare.evaluation.planning.formulas import auroc_error, log_ratio_error

FOLDER = Path(__file__).parents[1] / "pictures"
BLUE, ORANGE, GREY = "#0072B2", "#E69F00", "#8C8C8C"
STYLE = {"font.size": 10, "font.family": "DejaVu Sans", "axes.spines.top": False, "axes.spines.right": False}
TICKS = [20, 50, 100, 200, 500]


def draw(*, prevalence: float = 0.1, auroc: float = 0.75) -> Figure:
    """Intervals of AUROC and O/E by the entrants of the test period, with siblings and without."""
    entrants = np.geomspace(15, 600, 80)
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    area = np.array([1.96 * auroc_error(e, prevalence, auroc) for e in entrants])
    ratio = np.array([1.96 * log_ratio_error(e, prevalence) for e in entrants])
    for effect, colour, style, label in (
        (DESIGN_EFFECT, BLUE, "-", "with siblings (default)"),
        (dict.fromkeys(DESIGN_EFFECT, 1.0), ORANGE, "--", "if children were unrelated"),
    ):
        wide = area * effect["auroc"] ** 0.5, ratio * effect["observed_expected_ratio"] ** 0.5
        left.plot(entrants, auroc - wide[0], entrants, auroc + wide[0], color=colour, ls=style, lw=1.8)
        right.plot(entrants, np.exp(-wide[1]), color=colour, ls=style, lw=1.8, label=label)
        right.plot(entrants, np.exp(wide[1]), color=colour, ls=style, lw=1.8)
    left.axhspan(auroc - AUROC_WITHIN, auroc + AUROC_WITHIN, color=GREY, alpha=0.2, lw=0)
    right.axhspan(1 / RATIO_WITHIN, RATIO_WITHIN, color=GREY, alpha=0.2, lw=0, label="narrow enough")
    left.set(ylabel="95% interval of an AUROC of .75", ylim=(0.5, 1.0))
    right.set(ylabel="95% interval of an O/E of 1", yscale="log", ylim=(0.4, 2.5))
    right.set_yticks([0.5, 0.67, 0.8, 1, 1.25, 1.5, 2], ["0.5", "0.67", "0.8", "1", "1.25", "1.5", "2"])
    right.yaxis.set_minor_formatter(NullFormatter())
    for ax in (left, right):
        ax.set(xscale="log", xlabel="children who entered care, in the test period", xlim=(15, 600))
        ax.set_xticks(TICKS, [str(tick) for tick in TICKS])
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.grid(axis="x", color=GREY, alpha=0.3, lw=0.6)
    right.legend(frameon=False, fontsize=8, loc="upper right")
    return figure


if __name__ == "__main__":
    with rc_context(STYLE):
        draw().savefig(FOLDER / "how_much_data.png", dpi=120, metadata={"Software": None})
