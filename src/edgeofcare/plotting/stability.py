"""Pictures of stability: how far lists, reasons and order agree, and how far one child's risk moves.

Examples
--------
>>> frame = pd.DataFrame({"kind": "seeds", "measure": ["list_overlap", "risk_ratio"], "estimate": [0.9, 1.2],
...                       "low": [0.8, 1.1], "high": [1.0, 1.6]})
>>> [ax.get_title(loc="left") for ax in stability_figure(frame).axes]
['Do refits agree?', "How far does one child's risk move?"]
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import BLUE, DARK, FAINT, GREEN, GREY, ORANGE

__all__ = ["plot_agreement", "plot_spread", "stability_figure"]

_AGREEMENT = {
    "list_overlap": "children on both of two lists",
    "reasons_overlap": "reasons in both of two explanations",
    "rank_correlation": "rank correlation of the scores",
}
_STYLES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))
_TICKS = (1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0)
_COLUMNS = ["kind", "measure", "estimate", "low", "high"]


def plot_agreement(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how far refits agree on the list, on the reasons and on the order.

    Parameters
    ----------
    frame : DataFrame
        ``Stability.measures``: kind, measure, estimate, low, high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. A point is the mean over pairs of models, a bar reaches from the lowest to the highest pair; left of
        the dashed line two lists name different children.

    Raises
    ------
    SpecError
        If a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"kind": "seeds", "measure": ["list_overlap"], "estimate": [0.9], "low": [0.8],
    ...                       "high": [1.0]})
    >>> [label.get_text() for label in plot_agreement(frame).get_yticklabels()]
    ['children on both of two lists']
    """
    ax = _axes(frame, ax)
    _finish(ax, "Do refits agree?", "agreement: 0 none, 1 complete")
    measures = [name for name in _AGREEMENT if name in set(frame.loc[frame["estimate"].notna(), "measure"])]
    if not measures:
        return _nothing(ax)
    _points(ax, frame, measures)
    ax.axvline(0.5, color=GREY, linestyle="--", linewidth=1.2)
    ax.set_yticks(range(len(measures)), [_AGREEMENT[name] for name in measures])
    ax.set_ylim(len(measures) - 0.45, -1.0)  # room for the legend above the first row
    lowest = float(frame.loc[frame["measure"].isin(measures), "low"].min())
    ax.set_xlim(min(0.0, lowest - 0.02), 1.02)
    ax.legend(frameon=False, fontsize=8, loc="upper left", ncols=3, title="fitted again with:", title_fontsize=8,
              alignment="left")  # fmt: skip
    return ax


def plot_spread(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw by what factor the risk of one child differs between refits.

    Parameters
    ----------
    frame : DataFrame
        ``Stability.measures``: kind, measure, estimate, low, high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. A point is the median child, a bar reaches from the 10th to the 90th centile of children.

    Raises
    ------
    SpecError
        If a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"kind": "seeds", "measure": ["risk_ratio"], "estimate": [1.2], "low": [1.1],
    ...                       "high": [1.6]})
    >>> [label.get_text() for label in plot_spread(frame).get_yticklabels()]
    ['seeds']
    """
    ax = _axes(frame, ax)
    _finish(ax, "How far does one child's risk move?", "highest over lowest risk of one child, among refits")
    seen = frame.loc[frame["measure"].eq("risk_ratio") & frame["estimate"].notna()].reset_index(drop=True)
    if seen.empty:
        return _nothing(ax)
    for place, row in enumerate(seen[["estimate", "low", "high"]].to_numpy(dtype=np.float64)):
        colour, marker = _STYLES[place % len(_STYLES)]
        reach = np.array([[row[0] - row[1]], [row[2] - row[0]]])
        ax.errorbar(row[0], place, xerr=reach, fmt=marker, color=colour, markersize=6, linewidth=1.8)
    ax.set_yticks(range(len(seen)), seen["kind"].astype(str).tolist())
    ax.set_ylim(len(seen) - 0.45, -0.55)
    top = 1.15 * max(1.5, float(seen["high"].max()))
    ax.set(xscale="log", xlim=(0.97, top))
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if tick <= top]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    return ax


def stability_figure(frame: pd.DataFrame) -> Figure:
    """Draw both panels.

    Parameters
    ----------
    frame : DataFrame
        ``Stability.measures``.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; a notebook shows it, ``savefig`` writes it.

    Raises
    ------
    SpecError
        If a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"kind": [], "measure": [], "estimate": [], "low": [], "high": []})
    >>> len(stability_figure(frame).axes)
    2
    """
    figure = NotebookFigure(figsize=(12, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    plot_agreement(frame, left)
    plot_spread(frame, right)
    return figure


def _axes(frame: pd.DataFrame, ax: Axes | None) -> Axes:
    """Check the columns, and make an axis where none is given."""
    missing = [column for column in _COLUMNS if column not in frame.columns]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the measures of a Stability."
        raise SpecError(msg)
    return NotebookFigure(figsize=(6, 3.8), layout="constrained").subplots() if ax is None else ax


def _finish(ax: Axes, title: str, xlabel: str) -> None:
    """Title, label, and no more ink than needed."""
    ax.set_title(title, loc="left", fontsize=11, fontweight="bold")
    ax.set_xlabel(xlabel)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x", color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)


def _nothing(ax: Axes) -> Axes:
    """Say that there is nothing to draw."""
    ax.text(0.5, 0.5, "nothing to show", ha="center", va="center", transform=ax.transAxes, color=DARK)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def _points(ax: Axes, frame: pd.DataFrame, measures: Sequence[str]) -> None:
    """A row for each measure, and in it a point with its range for each kind of refit."""
    kinds = list(dict.fromkeys(frame["kind"].astype(str)))
    for i, kind in enumerate(kinds):
        part = frame.loc[frame["kind"] == kind].set_index("measure").reindex(list(measures))
        middle, low, high = (part[name].to_numpy(dtype=np.float64) for name in _COLUMNS[2:])
        places = np.arange(len(measures)) + 0.2 * (i - (len(kinds) - 1) / 2)
        colour, marker = _STYLES[i % len(_STYLES)]
        reach = np.maximum(np.vstack([middle - low, high - middle]), 0.0)
        ax.errorbar(middle, places, xerr=reach, fmt=marker, color=colour, markersize=6, linewidth=1.8, label=kind)
