"""Draw the picture of lists and entries: ``python docs/scripts/workload_picture.py``."""

from __future__ import annotations

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pictures import BLACK, BLUE, FOLDER, GREY, ORANGE, STYLE, bare, canvas, day_line

LISTS = (0, 3, 6, 9)  # months of the index dates
# Height, month of entry, months listed, months on an open case, month of a section 47 enquiry, and what it is called.
CHILDREN = (
    (4, 7.4, (3, 6), (-0.6, 7.4), None, "alerted before any crisis"),
    (3, 10.6, (9,), (-0.6, 10.6), 8.2, "alerted after a crisis"),
    (2, 6.4, (6,), (2.0, 6.4), None, "alerted, but within the blackout"),
    (1, 5.2, (), (1.0, 5.2), None, "never alerted"),
    (0, 4.6, (), None, None, "no open case"),
)


def child(ax: Axes, y: float, entry: float, listed: tuple[int, ...], case: tuple[float, float] | None) -> None:
    """One child's open case, alerts and entry."""
    if case is not None:
        ax.plot(case, (y, y), color=BLUE, lw=4, alpha=0.35, solid_capstyle="butt", zorder=1)
    for month in listed:
        first = month == listed[0]
        ax.plot(month, y, "o", ms=10, mec=BLUE, mfc=BLUE if first else "white", mew=1.8, zorder=4)
    ax.plot(entry, y, "D", ms=9, mec=ORANGE, mfc=ORANGE, zorder=4)
    if listed:
        ends = {"arrowstyle": "<->", "color": BLACK, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (entry, y + 0.34), (listed[0], y + 0.34), arrowprops=ends)


def lead_time() -> Figure:
    """Quarterly lists, five entries into care, and the time from first alert to entry."""
    figure, ax = canvas(8, 3.7)
    bare(ax, (-1.2, 18.4), (-1.15, 5.7))
    for month in LISTS:
        day_line(ax, month, (-0.5, 4.8), "list")
    for y, entry, listed, case, crisis, name in CHILDREN:
        child(ax, y, entry, listed, case)
        if crisis is not None:
            ax.plot(crisis, y, "X", ms=10, mec=BLACK, mfc=BLACK, zorder=4)
        ax.text(11.7, y, name, va="center")
    ax.text(4.4, 4.42, "lead time", ha="center", va="bottom", fontsize=9)
    marks = (("o", BLUE, "first alert"), ("D", ORANGE, "entry into care"), ("X", BLACK, "section 47 enquiry"))
    ax.plot((14.4, 15.2), (-0.95, -0.95), color=BLUE, lw=4, alpha=0.35)
    ax.text(15.5, -0.95, "open case", va="center", color=GREY)
    for x, (mark, colour, name) in zip((-0.6, 3.6, 8.6), marks, strict=True):
        ax.plot(x, -0.95, mark, ms=9, color=colour)
        ax.text(x + 0.4, -0.95, name, va="center", color=GREY)
    return figure


def main() -> None:
    """Draw it again."""
    with rc_context(STYLE):
        lead_time().savefig(FOLDER / "lead_time.png", dpi=150, metadata={"Software": None})


if __name__ == "__main__":
    main()
