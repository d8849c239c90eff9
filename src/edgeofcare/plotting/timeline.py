"""One child's score above its events, on one axis of time. A case record: it holds dates, and no key or identifier."""

from __future__ import annotations

import math
import textwrap

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import ScaledTranslation

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.evaluation import _percent
from edgeofcare.plotting.lanes import (
    Lane,
    day_numbers,
    draw_lanes,
    lanes_height,
    lanes_of,
    legend_handles,
    reasons_said,
)
from edgeofcare.plotting.palette import BLUE, DARK, FAINT, GREY
from edgeofcare.plotting.words import literal

__all__ = ["plot_timeline", "timeline_figure"]

_INTERVAL = "Upright lines: the risk where the model is fitted again on other households."
_TITLE = "Risk over time, and what was on record"
_WIDTH, _SCORE, _AROUND, _LINE = 11.0, 1.9, 1.5, 0.18  # inches
_NEEDED = {
    "scores": ("index_date", "risk", "risk_low", "risk_high", "eligible", "rule"),
    "events": ("table", "lane", "start", "end", "hidden_end", "spell", "known", "ranks"),
    "windows": ("rank", "direction", "concept", "sentence", "record", "table", "lane", "kind", "start", "end"),
}


def plot_timeline(
    scores: pd.DataFrame,
    events: pd.DataFrame,
    windows: pd.DataFrame,
    axes: tuple[Axes, Axes] | None = None,
) -> tuple[Axes, Axes]:
    """Draw one child's score above its events, and the windows in which the strongest reasons looked.

    Parameters
    ----------
    scores, events, windows : DataFrame
        Those of a :class:`~edgeofcare.ChildTimeline`.
    axes : tuple of matplotlib.axes.Axes, optional
        Where to draw the score and the events; a new figure, tall enough for all tables, if None.

    Returns
    -------
    tuple of matplotlib.axes.Axes
        The two axes. Time runs from the first day of the score to the index date; rows that ended before are counted
        beside their table. What was not known on the index date is hollow, and so is the time for which an ended spell
        still looked open. An arrow at the index date says that a spell is open. The line of the score stops where
        the child was not eligible, and there is a cross instead.

    Raises
    ------
    SpecError
        If a column is missing, or there is no day.

    Examples
    --------
    >>> scores = pd.DataFrame({"index_date": pd.to_datetime(["2024-01-01", "2024-04-01"]), "risk": [0.02, 0.05],
    ...                        "risk_low": np.nan, "risk_high": np.nan, "eligible": True, "rule": ""})
    >>> events = pd.DataFrame({"table": ["contacts"], "lane": ["contacts"], "start": pd.to_datetime(["2024-02-03"]),
    ...                        "end": pd.NaT, "hidden_end": pd.NaT, "spell": False, "known": True, "ranks": [(1,)]})
    >>> windows = pd.DataFrame({"rank": [1], "direction": "raises", "concept": "School", "sentence": "1 contact.",
    ...                         "record": "recorded", "table": "contacts", "lane": "contacts", "kind": "window",
    ...                         "start": pd.to_datetime(["2024-01-02"]), "end": pd.to_datetime(["2024-04-01"])})
    >>> _, below = plot_timeline(scores, events, windows)
    >>> [text.get_text() for text in below.texts][0]
    '1 ▲ School, last 90 days'
    """
    for name, frame in (("scores", scores), ("events", events), ("windows", windows)):
        _check(name, frame)
    days = day_numbers(scores["index_date"])
    if not days.size:
        msg = "There is no day to show. Give the scores of a ChildTimeline."
        raise SpecError(msg)
    day = float(days.max())
    first = _first(days, windows)
    lanes = lanes_of(events, windows, first=first, day=day)
    above, below = _new_axes(lanes, windows) if axes is None else axes
    _draw_score(above, scores, days)
    draw_lanes(below, lanes, first=first, day=day)
    for ax in (above, below):
        _time(ax, first, day)
    above.tick_params(axis="x", labelbottom=False)
    above.annotate("index date", (day, 1.0), xycoords=above.get_xaxis_transform(), xytext=(0, 3),
                   textcoords="offset points", ha="center", va="bottom", fontsize=8.5, color=DARK)  # fmt: skip
    _draw_key(below, lanes, windows)
    return above, below


def timeline_figure(scores: pd.DataFrame, events: pd.DataFrame, windows: pd.DataFrame) -> Figure:
    """Draw a timeline on a figure of its own.

    Parameters
    ----------
    scores, events, windows : DataFrame
        Those of a :class:`~edgeofcare.ChildTimeline`.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    figure = plot_timeline(scores, events, windows)[0].figure
    assert isinstance(figure, Figure)
    return figure


def _first(days: np.ndarray, windows: pd.DataFrame) -> float:
    """Where the axis of time begins: on the first day, or where there is one alone with the longest window."""
    if days.size > 1:
        return float(days.min())
    starts = day_numbers(windows["start"])
    return float(np.nanmin([*starts, days.max() - 365.0]))


def _check(name: str, frame: pd.DataFrame) -> None:
    """Refuse other frames."""
    missing = [column for column in _NEEDED[name] if column not in frame.columns]
    if missing:
        msg = f"The frame of {name} lacks {', '.join(missing)}; give that of a ChildTimeline."
        raise SpecError(msg)


def _new_axes(lanes: list[Lane], windows: pd.DataFrame) -> tuple[Axes, Axes]:
    """Two axes with room for the score and all tables."""
    below, key = lanes_height(lanes), _LINE * (len(reasons_said(windows)) + len(legend_handles(lanes)) / 2)
    figure = NotebookFigure(figsize=(_WIDTH, _SCORE + below + key + _AROUND), layout="constrained")
    first, second = figure.subplots(2, 1, height_ratios=[_SCORE, below])
    return first, second


def _draw_key(ax: Axes, lanes: list[Lane], windows: pd.DataFrame) -> None:
    """Below the axis of time what the marks mean, and the reasons in words."""
    inches, down = ax.figure.dpi_scale_trans, 0.32
    if handles := legend_handles(lanes):
        where = ax.transAxes + ScaledTranslation(0.0, -down, inches)
        ax.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 0.0), bbox_transform=where, ncols=2,
                  frameon=False, fontsize=8.5, borderaxespad=0.0, borderpad=0.2)  # fmt: skip
        down += 0.1 + _LINE * math.ceil(len(handles) / 2)
    where = ax.transAxes + ScaledTranslation(0.0, -down, inches)
    said = "\n".join(reasons_said(windows))
    ax.text(0.0, 0.0, literal(said), transform=where, va="top", fontsize=8.5, color=DARK, linespacing=1.4)


def _draw_score(ax: Axes, scores: pd.DataFrame, days: np.ndarray) -> None:
    """The risk on each day, with its interval, and gaps where the child was not eligible."""
    order = np.argsort(days, kind="stable")
    days, scores = days[order], scores.iloc[order]
    eligible = scores["eligible"].to_numpy(dtype=bool)
    risk, low, high = (scores[name].to_numpy(dtype=np.float64) for name in ("risk", "risk_low", "risk_high"))
    risk = np.where(eligible, risk, np.nan)
    reach = np.nan_to_num(np.maximum(np.vstack([risk - low, high - risk]), 0.0))
    ax.plot(days, risk, color=BLUE, linewidth=1.6)
    ax.errorbar(days, risk, yerr=reach, fmt="o", color=BLUE, markersize=5, linewidth=1.4, capsize=2)
    ends = np.concatenate([risk, high[eligible]])
    most = float(ends[~np.isnan(ends)].max(initial=0.002))
    ax.set_ylim(0.0, min(1.0, 1.25 * most))
    if (~eligible).any():
        ax.plot(days[~eligible], np.full(int((~eligible).sum()), 0.06), "X", color=GREY, markersize=7,
                transform=ax.get_xaxis_transform())  # fmt: skip
    if eligible[-1]:
        ax.annotate(f"{risk[-1]:.1%}", (days[-1], risk[-1]), xytext=(9, 0), textcoords="offset points", va="center",
                    fontsize=11, fontweight="bold", color=DARK, annotation_clip=False)  # fmt: skip
    note = "\n".join(filter(None, [_not_eligible(scores), "" if np.isnan(low).all() else _INTERVAL]))
    pad = 6 + 12 * (note.count("\n") + 1 if note else 0)
    ax.set_title(_TITLE, loc="left", fontsize=11, fontweight="bold", color=DARK, pad=pad)
    ax.text(0.0, 1.02, note, transform=ax.transAxes, va="bottom", fontsize=8.5, color=DARK)
    ax.set_ylabel("risk of entering care\nwithin the horizon, %", fontsize=9, color=DARK)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(_percent())
    ax.tick_params(axis="y", labelsize=8.5, colors=DARK)
    ax.grid(axis="y", color=FAINT, linewidth=0.8)


def _not_eligible(scores: pd.DataFrame) -> str:
    """What the crosses mean; empty where there are none."""
    left = scores[~scores["eligible"].to_numpy(dtype=bool)]
    rules = "; ".join(dict.fromkeys(rule for rule in left["rule"] if rule))
    told = f" (rule not met: {rules})" if rules else ""
    return textwrap.fill(f"✕ not eligible, so no score{told}", 100) if len(left) else ""


def _time(ax: Axes, first: float, day: float) -> None:
    """One axis of time, the same for both."""
    room = 0.015 * (day - first)
    ax.set_xlim(first - room, day + room)
    locator = mdates.AutoDateLocator(minticks=4, maxticks=10)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))
    ax.tick_params(axis="x", labelsize=8.5, colors=DARK)
    ax.axvline(day, color=DARK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=2)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)
