"""Pictures of what moves the risks of a population: concepts by size, by value, by group and by pair.

Examples
--------
>>> frame = pd.DataFrame({"concept": ["household"], "mean_size": [0.2], "ci_low": [0.1], "ci_high": [0.3]})
>>> plot_concept_importance(frame).get_xlabel()
'mean size of the contribution, log-odds'
"""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.evaluation import _finish, _forest, _rows
from edgeofcare.plotting.palette import BLUE, DARK, GREY, ORANGE, PINK, SKY
from edgeofcare.plotting.words import literal

__all__ = [
    "plot_concept_dependence",
    "plot_concept_groups",
    "plot_concept_importance",
    "plot_concept_interactions",
]

_STYLES = ((BLUE, "o"), (ORANGE, "s"), (DARK, "D"), (SKY, "^"), (PINK, "v"), (GREY, "P"))
_MANY = 7  # values from which on their names are broken into more lines
_WIDTH = 30  # letters in a line of a label
_INTERVAL = ("ci_low", "ci_high")


def plot_concept_importance(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how much each concept moves the risks, the largest at the top.

    Parameters
    ----------
    frame : DataFrame
        From :func:`edgeofcare.concept_importance`: concept, mean_size, ci_low, ci_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Points with 95% intervals; places that a concept may have stand beside it where there are several.

    Raises
    ------
    SpecError
        If a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"concept": ["household"], "mean_size": [0.2], "ci_low": [0.1], "ci_high": [0.3]})
    >>> [label.get_text() for label in plot_concept_importance(frame).get_yticklabels()]
    ['household']
    """
    ax = _axes(frame, ["concept", "mean_size", *_INTERVAL], ax, len(frame))
    _finish(ax, "What moves the risks", "mean size of the contribution, log-odds", "")
    part = frame.loc[frame["mean_size"].notna()].reset_index(drop=True)
    if part.empty:
        return _nothing(ax)
    places = np.arange(len(part), dtype=np.float64)
    ax.hlines(places, 0.0, part["mean_size"], color=SKY, linewidth=7, alpha=0.45)
    _forest(ax, part, places, ("mean_size", *_INTERVAL), {"color": BLUE, "fmt": "o"})
    _rows(ax, [textwrap.fill(str(name), _WIDTH) for name in part["concept"]])
    _say_places(ax, part)
    return ax


def plot_concept_dependence(frame: pd.DataFrame, ax: Axes | None = None, *, feature: str | None = None) -> Axes:
    """Draw what a concept adds at each value of one of its features.

    Parameters
    ----------
    frame : DataFrame
        ``by_value`` of a :class:`~edgeofcare.ConceptDependence`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    feature : str, optional
        Which feature; the first of the frame if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Points with 95% intervals, in the order of the values; where the value is unknown the point stands
        apart and is hollow. Above the dashed line the risk is raised, below it lowered.

    Raises
    ------
    SpecError
        If a column is missing, or there is no such feature.

    Examples
    --------
    >>> frame = pd.DataFrame({"concept": "household", "feature": "a", "value": ["0", "1 or more"],
    ...                       "mean_contribution": [-0.1, 0.3], "ci_low": [-0.2, 0.2], "ci_high": [0.0, 0.4]})
    >>> [label.get_text() for label in plot_concept_dependence(frame).get_xticklabels()]
    ['0', '1 or more']
    """
    ax = _axes(frame, ["concept", "feature", "value", "mean_contribution", *_INTERVAL], ax)
    wanted = frame["feature"].iloc[0] if feature is None and len(frame) else feature
    part = frame.loc[frame["feature"] == wanted].reset_index(drop=True)
    if part.empty and len(frame):
        msg = f"feature is {feature!r}; use one of {', '.join(frame['feature'].unique())}."
        raise SpecError(msg)
    _finish(ax, "What a concept adds, by value", str(wanted or ""), "mean contribution, log-odds")
    if part["mean_contribution"].notna().sum() == 0:
        return _nothing(ax)
    ax.set_title(literal(f"By value: {part['concept'].iloc[0]}"), loc="left", fontsize=11, fontweight="bold")
    middle, low, high = (part[name].to_numpy(dtype=np.float64) for name in ("mean_contribution", *_INTERVAL))
    reach = np.nan_to_num(np.maximum(np.vstack([middle - low, high - middle]), 0.0))
    known = part["value"].ne("unknown").to_numpy(dtype=bool)
    places = np.arange(len(part), dtype=np.float64)
    ax.axhline(0.0, color=GREY, linestyle="--", linewidth=1.2)
    ax.plot(places[known], middle[known], color=SKY, linewidth=1.6)
    for mask, face in ((known, BLUE), (~known, "white")):
        style: dict[str, Any] = {"fmt": "o", "color": BLUE, "markerfacecolor": face, "linewidth": 1.6}
        ax.errorbar(places[mask], middle[mask], yerr=reach[:, mask], **style)
    width = 10 if len(part) < _MANY else 7  # letters; bins narrower than "below 1800" would run into each other
    ax.set_xticks(places, [literal(textwrap.fill(str(value), width)) for value in part["value"]])
    ax.set_xlim(-0.5, len(part) - 0.5)
    ax.grid(axis="x", visible=False)
    for place in places[np.isnan(middle)]:
        ax.text(place, 0.0, "suppressed", ha="center", va="bottom", fontsize=8, color=DARK)
    return ax


def plot_concept_groups(frame: pd.DataFrame, ax: Axes | None = None, *, by: str | None = None) -> Axes:
    """Draw through which concepts a group is scored higher or lower than the rest.

    Parameters
    ----------
    frame : DataFrame
        ``by_group`` of a :class:`~edgeofcare.ConceptDependence`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    by : str, optional
        Which column of the cohort; the first of the frame if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Differences from the rest with 95% intervals, a marker for each group; the largest concept at the top,
        and last the whole difference, to which the others add up. Suppressed groups are named beside it.

    Raises
    ------
    SpecError
        If a column is missing, or there is no such column of the cohort.

    Examples
    --------
    >>> frame = pd.DataFrame({"by": "sex", "group": "female", "concept": ["household", "all concepts"],
    ...                       "difference": [0.1, 0.1], "ci_low": [0.0, 0.0], "ci_high": [0.2, 0.2]})
    >>> [label.get_text() for label in plot_concept_groups(frame).get_yticklabels()]
    ['household', 'all concepts']
    """
    wanted = frame["by"].iloc[0] if by is None and "by" in frame.columns and len(frame) else by
    concepts = int(frame["concept"].nunique()) if "concept" in frame.columns else 0
    ax = _axes(frame, ["by", "group", "concept", "difference", *_INTERVAL], ax, concepts + 2)
    part = frame.loc[frame["by"] == wanted]
    if part.empty and len(frame):
        msg = f"by is {by!r}; use one of {', '.join(frame['by'].unique())}."
        raise SpecError(msg)
    _finish(ax, f"Through what groups differ, by {str(wanted).replace('_', ' ')}", "", "")
    ax.set_xlabel("mean contribution less that of the rest, log-odds")
    seen = part["difference"].notna()
    hidden = [group for group in dict.fromkeys(part["group"].astype(str)) if group not in set(part.loc[seen, "group"])]
    part = part.loc[seen]
    if part.empty:
        return _nothing(ax)
    largest = part.assign(size=part["difference"].abs()).groupby("concept")["size"].max().sort_index()
    order = [name for name in largest.sort_values(ascending=False, kind="stable").index if name != "all concepts"]
    order += ["all concepts"] if "all concepts" in largest.index else []
    groups = list(dict.fromkeys(part["group"].astype(str)))
    ax.axvline(0.0, color=GREY, linestyle="--", linewidth=1.2)
    for i, group in enumerate(groups):
        one = part.loc[part["group"].astype(str) == group].set_index("concept").reindex(order).reset_index()
        places = np.arange(len(order)) + 0.6 * (i - (len(groups) - 1) / 2) / max(2, len(groups))
        colour, marker = _STYLES[i % len(_STYLES)]
        face = {} if i < len(_STYLES) else {"markerfacecolor": "white"}
        _forest(
            ax,
            one,
            places,
            ("difference", *_INTERVAL),
            {"color": colour, "fmt": marker, "label": literal(group), **face},
        )
    for group in hidden:
        ax.plot([], [], " ", label=f"{literal(group)}: suppressed")
    _rows(ax, [textwrap.fill(name, _WIDTH) for name in order])
    if "all concepts" in order and len(order) > 1:
        ax.axhline(len(order) - 1.5, color=GREY, linewidth=0.8)
    ax.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


def plot_concept_interactions(frame: pd.DataFrame, ax: Axes | None = None, *, top: int = 10) -> Axes:
    """Draw which two concepts say more together than each alone, the largest at the top.

    Parameters
    ----------
    frame : DataFrame
        From :func:`edgeofcare.concept_interactions`: concept, other, mean_size, ci_low, ci_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    top : int, default 10
        Most pairs.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Points with 95% intervals.

    Raises
    ------
    SpecError
        If a column is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"concept": ["school"], "other": ["household"], "mean_size": [0.2], "ci_low": [0.1],
    ...                       "ci_high": [0.3]})
    >>> [label.get_text() for label in plot_concept_interactions(frame).get_yticklabels()]
    ['school with household']
    """
    ax = _axes(frame, ["concept", "other", "mean_size", *_INTERVAL], ax, min(len(frame), top))
    _finish(ax, "What two concepts say together", "mean size of the interaction, log-odds", "")
    part = frame.loc[frame["mean_size"].notna()].head(top).reset_index(drop=True)
    if part.empty:
        return _nothing(ax)
    places = np.arange(len(part), dtype=np.float64)
    _forest(ax, part, places, ("mean_size", *_INTERVAL), {"color": BLUE, "fmt": "o"})
    pairs = zip(part["concept"], part["other"], strict=True)
    _rows(ax, [textwrap.fill(f"{one} with {other}", _WIDTH + 12) for one, other in pairs])
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.set_xlim(0.0, max(1.08 * float(part[["mean_size", "ci_high"]].max().max()), 1e-3))
    return ax


def _axes(frame: pd.DataFrame, columns: list[str], ax: Axes | None, rows: int | None = None) -> Axes:
    """Check the columns of a frame, and make an axis where none is given, tall enough for its rows."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the frame that a summary of explanations returns."
        raise SpecError(msg)
    if ax is not None:
        return ax
    size = (6.4, 3.8) if rows is None else (8.0, 1.3 + 0.42 * max(rows, 2))
    return NotebookFigure(figsize=size, layout="constrained").subplots()


def _say_places(ax: Axes, part: pd.DataFrame) -> None:
    """Write beside each concept which places it may have, where that is not one alone."""
    ends = part[["mean_size", "ci_high"]].max(axis=1).to_numpy(dtype=np.float64)
    reach = max(float(ends.max()), 1e-3)
    ax.set_xlim(0.0, 1.12 * reach)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    if not {"place_low", "place_high"} <= set(part.columns):
        return
    ax.set_xlim(0.0, 1.3 * reach)
    for row, (end, low, high) in enumerate(zip(ends, part["place_low"], part["place_high"], strict=True)):
        words = f"place {low:.0f}" if low == high else f"place {low:.0f} to {high:.0f}"
        ax.text(end + 0.03 * reach, row, words, va="center", fontsize=8.5, color=DARK)


def _nothing(ax: Axes) -> Axes:
    """Say that there is nothing to draw."""
    ax.text(0.5, 0.5, "nothing to show: too few children", ha="center", va="center", transform=ax.transAxes, color=DARK)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax
