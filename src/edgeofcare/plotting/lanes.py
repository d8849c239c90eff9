"""Events of one child by table, each table a lane: spells as bars, and the windows that counted up to the index date.

Examples
--------
>>> tracks_of([(0.0, 5.0), (2.0, 3.0), (5.0, 7.0)])
[0, 1, 0]
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from edgeofcare.plotting.palette import DARK, FAINT, GREY, LOWERS, RAISES
from edgeofcare.plotting.reasons import certainty_said
from edgeofcare.plotting.words import literal

__all__ = [
    "Lane",
    "day_numbers",
    "draw_lanes",
    "lanes_height",
    "lanes_of",
    "legend_handles",
    "reasons_said",
    "tracks_of",
]

FloatArray = npt.NDArray[np.float64]

_TRACK, _PAD = 0.2, 0.14  # inches
_LINE = 0.14  # inches of a line of small letters
_MOST_TRACKS = 6
_SHORT = 0.008  # share of the axis below which a spell is drawn as an event
_COLOURS = {"raises": RAISES, "lowers": LOWERS}
_ARROWS = {"raises": "▲", "lowers": "▼"}
_LANE_LETTERS, _LABEL_LETTERS, _NOTE_LETTERS = 24, 54, 125


@dataclass(frozen=True, eq=False)
class Lane:
    """One table.

    Parameters
    ----------
    name : str
        In words.
    rows : DataFrame
        Its rows within the axis of time.
    earlier : int
        How many rows ended before it.
    windows : DataFrame
        Where reasons looked.
    tracks : list of int
        On which line of the lane each row stands.
    """

    name: str
    rows: pd.DataFrame
    earlier: int
    windows: pd.DataFrame
    tracks: list[int]

    @property
    def lines(self) -> int:
        """Lines that its rows need."""
        return 1 + max(self.tracks, default=0)

    @property
    def label(self) -> str:
        """What stands left of it."""
        name = textwrap.fill(f"{self.name[:1].upper()}{self.name[1:]}", _LANE_LETTERS)
        return f"{name}\n({self.earlier} earlier)" if self.earlier else name

    @property
    def height(self) -> float:
        """Inches that it needs."""
        rows = _TRACK * self.lines + sum(_window_height(row) for row in self.windows.to_dict("records"))
        return max(rows, _LINE * (self.label.count("\n") + 1)) + _PAD


def day_numbers(dates: Any) -> FloatArray:
    """Dates as days, NaN where there is none.

    Parameters
    ----------
    dates : Series or array of datetime64
        The dates.

    Returns
    -------
    ndarray of float64
        Days since 1970-01-01, which is what an axis of dates counts.
    """
    days = np.asarray(dates).astype("datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.int64).astype(np.float64))


def tracks_of(spans: Sequence[tuple[float, float]]) -> list[int]:
    """Put spans on as few lines as they need not to hide each other.

    Parameters
    ----------
    spans : sequence of (float, float)
        Start and end, by their start.

    Returns
    -------
    list of int
        Line of each, from 0; beyond the sixth line they share the last.
    """
    free: list[float] = []
    lines = []
    for start, end in spans:
        line = next((place for place, until in enumerate(free) if until <= start), len(free))
        if line == len(free) and len(free) < _MOST_TRACKS:
            free.append(end)
        line = min(line, _MOST_TRACKS - 1)
        free[line] = max(free[line], end)
        lines.append(line)
    return lines


def lanes_of(events: pd.DataFrame, windows: pd.DataFrame, *, first: float, day: float) -> list[Lane]:
    """Sort rows and windows into lanes.

    Parameters
    ----------
    events, windows : DataFrame
        Of a timeline.
    first, day : float
        First day of the axis, and the index date.

    Returns
    -------
    list of Lane
        In the order of the events, then of the windows.
    """
    placed = windows[windows["table"] != ""]
    names = dict(zip([*events["table"], *placed["table"]], [*events["lane"], *placed["lane"]], strict=True))
    found = []
    for table, name in names.items():
        own = events[events["table"] == table]
        spans = _spans(own, day)
        seen = spans[:, 1] >= first
        rows = own[seen].reset_index(drop=True)
        spells = rows["spell"].to_numpy(dtype=bool)
        tracks = np.zeros(len(rows), dtype=np.int64)
        tracks[spells] = tracks_of([(float(start), float(end)) for start, end in spans[seen][spells]])
        mine = placed[placed["table"] == table]
        found.append(Lane(name, rows, int((~seen).sum()), mine, tracks.tolist()))
    return [lane for lane in found if len(lane.rows) or len(lane.windows) or lane.earlier]


def lanes_height(lanes: Sequence[Lane]) -> float:
    """Inches that some lanes need.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes.

    Returns
    -------
    float
        Half an inch or more.
    """
    return max(sum(lane.height for lane in lanes), 0.5)


def draw_lanes(ax: Axes, lanes: Sequence[Lane], *, first: float, day: float) -> None:
    """Draw all lanes from the top.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw, in days and inches.
    lanes : sequence of Lane
        The lanes.
    first, day : float
        First day of the axis, and the index date.
    """
    top, middles = 0.0, []
    for lane in lanes:
        middles.append(top + lane.height / 2)
        _windows(ax, lane, top, first, day)
        _rows(ax, lane, top, first, day)
        top += lane.height
        ax.axhline(top, color=FAINT, linewidth=0.8, zorder=0)
    labels = [literal(lane.label) for lane in lanes]
    ax.set_yticks(middles, labels, fontsize=8.5, color=DARK)
    ax.tick_params(axis="y", length=0)
    if not lanes:
        ax.text(0.5, 0.25, "nothing on record before the index date", ha="center", va="center", color=GREY,
                transform=ax.get_yaxis_transform())  # fmt: skip
    ax.set_ylim(lanes_height(lanes), 0.0)


def reasons_said(windows: pd.DataFrame) -> list[str]:
    """The reasons behind some windows in words, as lines.

    Parameters
    ----------
    windows : DataFrame
        Of a timeline; of a model with refits also band and tied.

    Returns
    -------
    list of str
        A heading and the reasons; nothing where there are none.
    """
    lines = ["What moved the risk most on the index date:"] if len(windows) else []
    told = windows.drop_duplicates("rank")
    for row, words in zip(told.to_dict("records"), certainty_said(told), strict=True):
        said = f"{_reason(row)} ({', '.join([row['direction'], *words])}). {row['sentence']}"
        lines += textwrap.wrap(said, _NOTE_LETTERS, subsequent_indent="     ")
    return lines


def legend_handles(lanes: Sequence[Lane]) -> list[Any]:
    """What the marks of some lanes mean.

    Parameters
    ----------
    lanes : sequence of Lane
        The lanes.

    Returns
    -------
    list of matplotlib artists
        Only for marks that are there.
    """
    rows = pd.concat([lane.rows for lane in lanes]) if lanes else pd.DataFrame(columns=["known", "ranks", "hidden_end"])
    windows = pd.concat([lane.windows for lane in lanes]) if lanes else pd.DataFrame(columns=["direction"])
    ranked = rows["ranks"].map(len) > 0
    mark: dict[str, Any] = {"marker": "D", "linestyle": "", "markersize": 6}
    handles: list[Any] = []
    if (~ranked).any():
        handles.append(Line2D([], [], color=GREY, label="on record", **mark))
    for direction, word in (("raises", "raises"), ("lowers", "lowers")):
        if (windows["direction"] == direction).any():
            colour, label = _COLOURS[direction], f"counts for what {word} the risk, with its window"
            handles.append(Patch(facecolor=colour, edgecolor=DARK, linewidth=0.6, label=label))
    if (~rows["known"].astype(bool)).any() or rows["hidden_end"].notna().any():
        label = "not known yet on the index date"
        handles.append(Line2D([], [], markerfacecolor="white", markeredgecolor=DARK, label=label, **mark))
    if any(_is_open(row) for row in rows.to_dict("records")):
        handles.append(
            Line2D([], [], color=DARK, marker=">", linestyle="", label="open, or looked so, on the index date")
        )
    return handles


def _day(date: Any) -> float:
    """One date as a day, NaN where there is none."""
    return float("nan") if pd.isna(date) else float(day_numbers(np.datetime64(date, "D")))


def _spans(rows: pd.DataFrame, day: float) -> FloatArray:
    """First and last day of each row as it is drawn: to the index date while it looked open, if it was known at all."""
    start, end, hidden = (day_numbers(rows[name]) for name in ("start", "end", "hidden_end"))
    spell, known = rows["spell"].to_numpy(dtype=bool), rows["known"].to_numpy(dtype=bool)
    end = np.where(known | np.isnan(hidden), end, hidden)
    return np.column_stack([start, np.where(spell, np.where(np.isnan(end), day, end), start)])


def _reason(row: dict[Any, Any]) -> str:
    """A reason by its number, side and concept."""
    return f"{row['rank']} {_ARROWS[row['direction']]} {row['concept']}"


def _windows(ax: Axes, lane: Lane, top: float, first: float, day: float) -> None:
    """Shade where each reason looked, with a bracket up to the index date and its name beside it."""
    rows_end = top + _PAD / 2 + _TRACK * lane.lines
    for row in lane.windows.to_dict("records"):
        colour, y = _COLOURS[row["direction"]], rows_end + _window_height(row) / 2
        start, end = _day(row["start"]), _day(row["end"])
        left = first if np.isnan(start) else max(start, first)
        if row["kind"] != "on the day":
            band = Rectangle((left, top), end - left, lane.height, facecolor=colour, alpha=0.13, linewidth=0, zorder=0)
            ax.add_patch(band)
        cut = np.isnan(start) or start < first
        ax.plot([left, end], [y, y], color=colour, linewidth=2.0, solid_capstyle="butt", zorder=3)
        ax.plot(left, y, "<" if cut else "|", color=colour, markersize=7, markeredgewidth=2, zorder=3)
        ax.plot(
            end, y, "o" if row["kind"] == "on the day" else "|", color=colour, markersize=7, markeredgewidth=2, zorder=3
        )
        ax.annotate(literal(_beside(row)), (day, y), xytext=(9, 0), textcoords="offset points", va="center", fontsize=8,
                    color=DARK, annotation_clip=False)  # fmt: skip
        rows_end += _window_height(row)


def _window_height(row: dict[Any, Any]) -> float:
    """Inches that a window and what stands beside it need."""
    return 0.05 + _LINE * (_beside(row).count("\n") + 1)


def _beside(row: dict[Any, Any]) -> str:
    """What stands beside a window, on as many lines as it needs."""
    return textwrap.fill(f"{_reason(row)}, {_kind(row)}", _LABEL_LETTERS)


def _kind(row: dict[Any, Any]) -> str:
    """A window in words."""
    start, end = _day(row["start"]), _day(row["end"])
    if row["record"] == "not known":
        return "not known"
    length = f"{end - start:,.0f} days" if not np.isnan(start) else ""
    kinds = {"window": f"last {length}", "earlier window": f"the {length} before", "on the day": "on the day"}
    return kinds.get(row["kind"], "at any time")


def _rows(ax: Axes, lane: Lane, top: float, first: float, day: float) -> None:
    """Draw the rows of a lane, those that count above the others."""
    directions = dict(zip(lane.windows["rank"], lane.windows["direction"], strict=True))
    short = _SHORT * (day - first)
    spans = _spans(lane.rows, day)
    for row, (start, end), track in zip(lane.rows.to_dict("records"), spans, lane.tracks, strict=True):
        counting = [rank for rank in row["ranks"] if rank in directions]
        colour = _COLOURS[directions[min(counting)]] if counting else GREY
        y = top + _PAD / 2 + _TRACK * (track + 0.5)
        face, edge = (colour, DARK if counting else "white") if row["known"] else ("white", DARK)
        look: dict[str, Any] = {
            "facecolor": face,
            "edgecolor": edge,
            "zorder": 5 if counting else 4 if row["known"] else 6,
        }
        if not row["spell"] or (end - start <= short and end < day):
            ax.scatter([start], [y], marker="D", s=24, linewidths=0.8, **look)
            continue
        left = max(start, first)
        ax.add_patch(Rectangle((left, y - 0.055), end - left, 0.11, linewidth=0.8, **look))
        _ends(ax, row, (start, end, y), first, day)


def _is_open(row: dict[Any, Any]) -> bool:
    """Whether a spell was open on the index date, or looked so."""
    return bool(row["spell"]) and pd.isna(row["end"]) and bool(row["known"] or pd.isna(row["hidden_end"]))


def _ends(ax: Axes, row: dict[Any, Any], where: tuple[float, float, float], first: float, day: float) -> None:
    """Say where a spell goes on: before the axis begins, and on the index date, where it was open or looked so."""
    start, _, y = where
    hidden = _day(row["hidden_end"])
    if start < first:
        ax.plot(first, y, "<", color=DARK, markersize=5, zorder=6, clip_on=False)
    if not np.isnan(hidden) and row["known"]:
        left = max(hidden, first)
        ax.add_patch(Rectangle((left, y - 0.055), day - left, 0.11, facecolor="white", edgecolor=DARK, linewidth=0.8,
                               zorder=6))  # fmt: skip
    if _is_open(row):
        ax.plot(day, y, ">", color=DARK, markersize=5, zorder=6, clip_on=False)
