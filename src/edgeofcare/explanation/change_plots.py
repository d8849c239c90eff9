"""The picture of a change: from the earlier risk to the later one, concept by concept.

Colours tell apart for people who do not see red and green, and never stand alone: every bar says which way it goes.
Nothing here uses pyplot, and no picture holds an identifier or a date.
"""

from __future__ import annotations

import math
import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgeofcare.figures import NotebookFigure

__all__ = ["change_figure"]

_RAISES, _LOWERS, _GREY, _DARK = "#E69F00", "#0072B2", "#8C8C8C", "#333333"
_WIDTH = 30  # letters in a line of a label
_MARKS = np.array([0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99])
_REST = "all else"


def change_figure(concepts: pd.DataFrame, *, log_odds: tuple[float, float], top: int = 8) -> Figure:
    """Draw the change of a score by concept, the largest at the top.

    Parameters
    ----------
    concepts : DataFrame
        ``concept`` and ``change`` in calibrated log-odds, largest first.
    log_odds : tuple of float
        On the earlier and the later date.
    top : int, default 8
        Most concepts; the others are one bar.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> moved = pd.DataFrame({"concept": ["risks outside the home", "age and time"], "change": [0.5, -0.1]})
    >>> change_figure(moved, log_odds=(-2.0, -1.6)).axes[0].get_title(loc="left")
    'Risk from 11.9% to 16.8%'
    """
    bars = _bars(concepts, top)
    before, now = log_odds
    figure = NotebookFigure(figsize=(8.5, 1.9 + 0.42 * (len(bars) + 2)), layout="constrained")
    ax = figure.subplots()
    at = before
    for place, (_, change) in enumerate(bars, start=1):
        ax.barh(place, change, left=at, height=0.6, color=_RAISES if change > 0 else _LOWERS)
        ax.plot((at, at), (place - 1 + (0.3 if place > 1 else 0.0), place + 0.3), color=_GREY, lw=0.8, zorder=0)
        at += change
    last = len(bars) + 1
    ax.plot((at, at), (last - (0.7 if bars else 1.0), last), color=_GREY, lw=0.8, zorder=0)
    ax.plot([before, now], [0, last], "D", ms=8, color=_DARK, ls="none")
    names = ["earlier date", *(textwrap.fill(name, _WIDTH) for name, _ in bars), "later date"]
    ax.set_yticks(range(len(names)), names, fontsize=9, color=_DARK)
    ax.set_ylim(last + 0.6, -0.6)
    _say(ax, bars, before, now)
    _finish(ax, before, now)
    return figure


def _bars(concepts: pd.DataFrame, top: int) -> list[tuple[str, float]]:
    """Names and lengths of the bars; none for what did not move, and no bar for the rest where it is one concept."""
    moved = concepts[concepts["change"] != 0]
    found = [(str(name), float(change)) for name, change in zip(moved["concept"], moved["change"], strict=True)]
    if len(found) <= top + 1:
        return found
    return [*found[:top], (_REST, sum(change for _, change in found[top:]))]


def _say(ax: Axes, bars: list[tuple[str, float]], before: float, now: float) -> None:
    """Words beside every mark, with room for them."""
    ends = np.cumsum([before, *(change for _, change in bars)])
    span = max(float(np.ptp(ends)), 0.2)
    ax.set_xlim(ends.min() - 0.1 * span, ends.max() + 0.42 * span)
    gap = 0.02 * span
    for place, (start, (_, change)) in enumerate(zip(ends[:-1], bars, strict=True), start=1):
        word = "raised" if change > 0 else "lowered"
        text = f"{word} by {abs(change):.2f}" if abs(change) >= 0.005 else f"{word} by less than 0.01"
        ax.text(max(start, start + change) + gap, place, text, va="center", fontsize=8.5, color=_DARK)
    for place, value in ((0, before), (len(bars) + 1, now)):
        ax.text(value + 2 * gap, place, _risk(value), va="center", fontsize=10, fontweight="bold", color=_DARK)


def _finish(ax: Axes, before: float, now: float) -> None:
    """Axes in log-odds and in risk, with no more ink than needed."""
    ax.set_xlabel("log-odds (0.69 doubles the odds)", color=_DARK, fontsize=9)
    ax.tick_params(axis="x", labelsize=8.5, colors=_DARK)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.grid(axis="x", color="#E6E6E6", linewidth=0.8)
    ax.set_axisbelow(True)
    low, high = ax.get_xlim()
    places = np.log(_MARKS / (1 - _MARKS))
    shown = (places >= low) & (places <= high)
    above = ax.secondary_xaxis("top")
    above.set_xticks(places[shown], [f"{mark:.1%}" if mark < 0.01 else f"{mark:.0%}" for mark in _MARKS[shown]])
    above.set_xlabel("the same, as risk", color=_DARK, fontsize=9)
    above.tick_params(labelsize=8.5, colors=_DARK)
    above.spines["top"].set_visible(False)
    ax.set_title(f"Risk from {_risk(before)} to {_risk(now)}", loc="left", fontsize=11, fontweight="bold", color=_DARK)


def _risk(log_odds: float) -> str:
    """Log-odds as a risk in per cent."""
    return f"{1.0 / (1.0 + math.exp(-log_odds)):.1%}"
