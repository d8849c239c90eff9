"""The picture of one child's risk over time. A case record: it holds dates, and no key or identifier."""

from __future__ import annotations

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edgeofcare.explanation.child_words import of_100
from edgeofcare.explanation.one_child import household_records
from edgeofcare.explanation.timeline_rows import WINDOW_COLUMNS, event_rows, shown_tables
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.lanes import day_numbers
from edgeofcare.plotting.palette import BLUE, DARK, FAINT
from edgeofcare.plotting.timeline import timeline_figure
from edgeofcare.records.records import Records
from edgeofcare.tracking.trajectories.rescore import scorer_names

__all__ = ["events_figure", "risk_figure"]

_TITLE = "Risk over time"
_LISTED = "full dots: on the list; hollow ones: not on it"
_INTERVAL = "upright lines: the risk where the model is fitted again on other households"
_MODEL = "dashed line: another model or calibration from here, so that the two sides are not compared"
_MONTH = 30.4375


def risk_figure(rows: pd.DataFrame, *, on: pd.Timestamp) -> Figure:
    """Draw one child's scores, with their intervals.

    Parameters
    ----------
    rows : DataFrame
        Its scores in the order of time, from :func:`edgeofcare.tracking.trajectories.runs.with_lists`.
    on : Timestamp
        The day of the meeting.

    Returns
    -------
    matplotlib.figure.Figure
        The line stops where the model changed, and where there was no score for twice as long as usual.
    """
    figure = NotebookFigure(figsize=(8.5, 3.4), layout="constrained")
    ax = figure.subplots()
    days, risk = day_numbers(rows["index_date"]), rows["risk"].to_numpy(dtype=np.float64)
    low, high = (rows[name].to_numpy(dtype=np.float64) for name in ("risk_low", "risk_high"))
    reach = np.nan_to_num(np.maximum(np.vstack([risk - low, high - risk]), 0.0))
    names = scorer_names(rows)
    changed = np.flatnonzero(names[1:] != names[:-1])
    apart = np.diff(days)
    gaps = np.flatnonzero(apart > 2.0 * max(_MONTH, float(np.median(apart)))) if apart.size else np.array([], dtype=int)
    for part in np.split(np.arange(days.size), np.union1d(changed, gaps).astype(np.int64) + 1):
        ax.plot(days[part], risk[part], color=BLUE, linewidth=1.6, zorder=2)
    ax.errorbar(days, risk, yerr=reach, fmt="none", ecolor=BLUE, linewidth=1.2, capsize=2, zorder=2)
    listed = rows["listed"].to_numpy(dtype=bool)
    fill = [BLUE if each else "white" for each in listed]
    ax.scatter(days, risk, c=fill, edgecolors=BLUE, linewidths=1.5, s=34, zorder=3)
    for place in changed:
        ax.axvline((days[place] + days[place + 1]) / 2, color=DARK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    ax.annotate(of_100(float(risk[-1]), bare=True), (days[-1], risk[-1]), xytext=(9, 0), textcoords="offset points",
                va="center", fontsize=11, fontweight="bold", color=DARK, annotation_clip=False)  # fmt: skip
    top = float(np.nanmax(np.concatenate([risk, high])))
    ax.set_ylim(0.0, min(1.0, max(0.01, 1.2 * top)))
    said = [_LISTED, *([] if np.isnan(low).all() else [_INTERVAL]), *([_MODEL] if changed.size else [])]
    _finish(ax, said, first=float(days[0]), last=float(mdates.date2num(on)))
    return figure


def _finish(ax: Axes, said: list[str], *, first: float, last: float) -> None:
    """Title, key and axes."""
    ax.set_title(_TITLE, loc="left", fontsize=11, fontweight="bold", color=DARK, pad=8 + 12 * len(said))
    ax.text(0.0, 1.02, "\n".join(said), transform=ax.transAxes, va="bottom", fontsize=8.5, color=DARK)
    ax.set_ylabel("of 100 children with\nrecords like these", fontsize=9, color=DARK)
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g}")
    room = max(5.0, 0.03 * (last - first))
    ax.set_xlim(first - room, max(last, first) + room)
    locator = mdates.AutoDateLocator(minticks=3, maxticks=10)
    ax.xaxis.set_major_locator(locator)
    # January carries its year, and stays a month among the others.
    named = ["", "%b\n%Y", "%b", "%b-%d", "%H:%M", "%H:%M"]
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator, zero_formats=named, show_offset=False))
    ax.tick_params(labelsize=8.5, colors=DARK)
    ax.grid(axis="y", color=FAINT, linewidth=0.8)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_axisbelow(True)


def events_figure(rows: pd.DataFrame, records: Records, child_id: str, *, on: pd.Timestamp) -> Figure:
    """Draw one child's scores above its events.

    Parameters
    ----------
    rows : DataFrame
        As for :func:`risk_figure`.
    records : Records
        The case records.
    child_id : str
        The child.
    on : Timestamp
        The day of the last score; nothing that happened on it or later is shown.

    Returns
    -------
    matplotlib.figure.Figure
        As that of :func:`edgeofcare.child_timeline`, without reasons.
    """
    home = household_records(records, child_id)
    day = min(on, pd.Timestamp(rows["index_date"].iloc[-1]))
    events = event_rows(home, child_id, day, shown_tables(home, None, ()), {})
    windows = pd.DataFrame({name: [] for name in WINDOW_COLUMNS})
    windows = windows.assign(start=pd.to_datetime(windows["start"]), end=pd.to_datetime(windows["end"]))
    return timeline_figure(rows.assign(eligible=True, rule=""), events, windows)
