"""The picture of an extract: what is there by table and month, against what is usual for each table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import DARK
from edgeofcare.plotting.words import literal
from edgeofcare.records.quality.months import month_levels

if TYPE_CHECKING:
    from edgeofcare.records.quality.quality import Quality

__all__ = ["plot_quality"]

_CLASSES = (
    ("no rows", "#1A1A1A"),
    ("below half", "#B35806"),
    ("half to three quarters", "#FDB863"),
    ("as usual", "#F2F0EC"),
    ("a third more to double", "#B2ABD2"),
    ("more than double", "#542788"),
)
_EDGES = (0.0, 1e-9, 0.5, 0.75, 4 / 3, 2.0, 1e9)
_OUTSIDE = "#D9D9D9"
_UNITS = {"month": "", "quarter": " (quarters)", "year": " (years)", "": " (too few to compare)"}
_INCHES_A_ROW, _INCHES_AROUND = 0.27, 2.0


def plot_quality(quality: Quality, ax: Axes | None = None) -> Axes:
    """Draw what is there by table and month, against the table's own median.

    Parameters
    ----------
    quality : Quality
        What ``records.quality()`` gave.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis: one row for each table, one column for each month of the window. Purple is more than usual, orange
        less, black nothing at all; grey is outside the window, or too few rows to compare. A triangle marks the month
        in which a table stops, falls silent or changes level. Small tables are compared by quarter or year, so that no
        colour tells of few rows.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> plot_quality(make_records(300, random_state=0).quality()).get_title(loc="left")
    'What is there, by table and month'
    """
    levels = month_levels(quality.months, quality.window)
    tables = list(dict.fromkeys(levels["table"]))
    if ax is None:
        size = (10, _INCHES_AROUND + _INCHES_A_ROW * max(len(tables), 3))
        ax = NotebookFigure(figsize=size, layout="constrained").subplots()
    ax.set_title("What is there, by table and month", loc="left", fontsize=11, fontweight="bold")
    ax.spines[:].set_visible(False)
    if not tables:
        ax.text(0.5, 0.5, "nothing to show: no table has rows", ha="center", va="center", transform=ax.transAxes)
        ax.set_xticks([])
        ax.set_yticks([])
        return ax
    months = _shown_months(levels)
    grid = levels.pivot_table(index="table", columns="month", values="level", dropna=False, observed=True)
    values = grid.reindex(index=tables, columns=months).to_numpy(dtype=np.float64)
    colours = ListedColormap([colour for _, colour in _CLASSES], name="levels").with_extremes(bad=_OUTSIDE)
    edges = np.arange(months.size + 1), np.arange(len(tables) + 1)
    ax.pcolormesh(*edges, values, cmap=colours, norm=BoundaryNorm(_EDGES, len(_CLASSES)), rasterized=True)
    ax.hlines(edges[1], 0, months.size, color="white", linewidth=1.5)
    _mark_breaks(ax, quality.breaks, tables, months)
    _label(ax, levels, tables, months)
    return ax


def _shown_months(levels: pd.DataFrame) -> pd.DatetimeIndex:
    """Months from the first that any table is trusted for to the last of the extract."""
    judged = levels.loc[levels["level"].notna(), "month"]
    first = (judged if len(judged) else levels["month"]).min()
    return pd.date_range(first, levels["month"].max(), freq="MS").as_unit("s")


def _mark_breaks(ax: Axes, breaks: pd.DataFrame, tables: list[str], months: pd.DatetimeIndex) -> None:
    """Triangles where a table breaks."""
    place = months.get_indexer(pd.DatetimeIndex(breaks["month"]))
    rows = [tables.index(name) if name in tables else -1 for name in breaks["table"]]
    shown = [(x + 0.5, y + 0.5) for x, y in zip(place.tolist(), rows, strict=True) if x >= 0 and y >= 0]
    if shown:
        x, y = zip(*shown, strict=True)
        ax.plot(x, y, linestyle="", marker="v", color="white", markeredgecolor=DARK, markersize=8, zorder=3)


def _label(ax: Axes, levels: pd.DataFrame, tables: list[str], months: pd.DatetimeIndex) -> None:
    """Names of tables, years, and what the colours mean."""
    unit = levels.drop_duplicates("table").set_index("table")["unit"]
    names = [literal(name.replace("_", " ")) + _UNITS[str(unit[name])] for name in tables]
    ax.set_yticks(np.arange(len(tables)) + 0.5, names, fontsize=8)
    ax.set_ylim(len(tables), 0)
    ax.tick_params(length=0)
    years = np.flatnonzero(months.month == 1)
    years = years if years.size else np.array([0])
    step = max(1, int(np.ceil(years.size / 12)))
    ax.set_xticks(years[::step], [str(months[place].year) for place in years[::step].tolist()], fontsize=8)
    ax.set_xlim(0, months.size)
    for place in years.tolist():
        ax.axvline(place, color="white", linewidth=0.6)
    ax.set_xlabel("month in which the row happened or began (year marks are at January)", fontsize=8)
    handles: list[Artist] = [Patch(facecolor=colour, edgecolor="#AAAAAA", label=label) for label, colour in _CLASSES]
    handles.append(Patch(facecolor=_OUTSIDE, edgecolor="#AAAAAA", label="outside the window, or too few"))
    handles.append(
        Line2D([], [], linestyle="", marker="v", color="white", markeredgecolor=DARK, markersize=8, label="break")
    )
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        borderaxespad=5,
        ncols=4,
        frameon=False,
        fontsize=8,
        title="rows against the table's median month (quarter, year)",
        title_fontsize=8,
    )
