"""Draw the picture of the true risk: ``python docs/scripts/truth_picture.py`` writes docs/pictures/true_risk.png."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from pictures import BLACK, BLUE, FOLDER, GREY, ORANGE, STYLE, bare, canvas, day_line

FUTURES, ENTERING = 10, {2: 5, 5: 8, 8: 10}  # which futures enter care, and in which month


def true_risk() -> Figure:
    """One past, an index date, and futures of which some enter care within the window."""
    figure, ax = canvas(8, 3.2)
    bare(ax, (-7.5, 17), (-2.6, 3.2))
    rng = np.random.default_rng(4)
    past = np.concatenate([[0.0], np.cumsum(rng.normal(0, 0.28, 12))])
    past = past - past[-1]
    ax.plot(np.linspace(-6, 0, 13), past, color=BLACK, lw=2)
    ax.text(-6, past[0] + 0.5, "what happened", ha="left")
    for number in range(FUTURES):
        enters, months = number in ENTERING, ENTERING.get(number, 12)
        drift = (number - FUTURES / 2 + 0.5) * 0.035
        path = np.concatenate([[0.0], np.cumsum(rng.normal(drift, 0.13, months))])
        colour = ORANGE if enters else BLUE
        ax.plot(np.arange(months + 1), path, color=colour, lw=1.3, alpha=0.9)
        if enters:
            ax.plot(months, path[-1], "o", ms=8, mec=ORANGE, mfc=ORANGE, zorder=4)
    day_line(ax, 0, (-2.2, 2.6), "index_date")
    day_line(ax, 12, (-2.2, 2.6), "end of the window")
    ax.plot(13, 1.4, "o", ms=8, mec=ORANGE, mfc=ORANGE)
    ax.text(13.3, 1.4, "enters care", va="center")
    ax.text(13, -0.9, f"risk: {len(ENTERING)} of\n{FUTURES} futures", va="center", fontweight="bold")
    ax.text(6, -2.5, "futures, simulated from the state of the day", ha="center", color=GREY)
    return figure


def main() -> None:
    """Draw it again."""
    with rc_context(STYLE):
        true_risk().savefig(FOLDER / "true_risk.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
