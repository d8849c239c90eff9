"""The picture of one row's reasons: bars to the right raise the risk, bars to the left lower it.

Colours tell apart for people who do not see red and green, and never stand alone: the side says the same. Nothing here
uses pyplot, and no picture holds an identifier or a date.
"""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure

__all__ = ["plot_reasons", "reasons_figure"]

_COLOURS = {"raises": "#E69F00", "lowers": "#0072B2"}
_GREY, _DARK = "#8C8C8C", "#333333"
_WIDTH = 48  # letters in a line of a label
_TIMES = "\N{MULTIPLICATION SIGN}"
_LINE = 0.17  # inches of a line of a label
_NEEDED = ["direction", "sentence", "contribution", "odds_multiplier"]


def plot_reasons(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    start: float | None = None,
    risk: float | None = None,
    numbers: bool = False,
    compared_with: str | None = None,
) -> Axes:
    """Draw the reasons of one row, the strongest at the top.

    Parameters
    ----------
    frame : DataFrame
        Reasons of one row, from ``Explanation.reasons``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, tall enough for the sentences, if None.
    start, risk : float, optional
        Risk of the average child and of this row, for the line above the bars.
    numbers : bool, default False
        Whether each bar says by what it multiplies the odds.
    compared_with : str, optional
        Name of the reference cohort, for the line below the axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axis.

    Raises
    ------
    SpecError
        If a column is missing, or the frame holds the reasons of several rows.

    Examples
    --------
    >>> reasons = pd.DataFrame({"direction": ["raises"], "sentence": ["A child protection plan is open."],
    ...                         "contribution": [0.4], "odds_multiplier": [1.49]})
    >>> [label.get_text() for label in plot_reasons(reasons).get_yticklabels()]
    ['A child protection plan is open.']
    """
    _check(frame)
    labels = [textwrap.fill(sentence, _WIDTH) for sentence in frame["sentence"]]
    lines = np.array([label.count("\n") + 1 for label in labels], dtype=np.float64)
    heights = lines + 1.0
    if ax is None:
        ax = NotebookFigure(figsize=(8.5, 1.7 + _LINE * heights.sum()), layout="constrained").subplots()
    places = np.cumsum(heights) - heights / 2
    _bars(ax, frame, places, numbers=numbers)
    ax.set_yticks(places, labels, fontsize=9, color=_DARK)
    ax.set_ylim(max(heights.sum(), 1.0), 0)
    _finish(ax, frame)
    if compared_with is not None:
        ax.set_xlabel(f"{ax.get_xlabel()}\n{textwrap.fill(f'compared with {compared_with}', 2 * _WIDTH)}")
    ax.set_title(_title(start, risk), loc="left", fontsize=11, fontweight="bold", color=_DARK, pad=24)
    return ax


def reasons_figure(
    frame: pd.DataFrame, *, start: float, risk: float, numbers: bool = False, compared_with: str | None = None
) -> Figure:
    """Draw the reasons of one row on a figure of their own.

    Parameters
    ----------
    frame : DataFrame
        Reasons of one row.
    start, risk : float
        Risk of the average child and of this row.
    numbers : bool, default False
        Whether each bar says by what it multiplies the odds.
    compared_with : str, optional
        Name of the reference cohort, for the line below the axis.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Examples
    --------
    >>> reasons = pd.DataFrame({"direction": ["lowers"], "sentence": ["Aged 11."], "contribution": [-0.1],
    ...                         "odds_multiplier": [0.9]})
    >>> reasons_figure(reasons, start=0.03, risk=0.027).axes[0].get_title(loc="left")
    'Risk 2.7%, from a starting point of 3.0%'
    """
    figure = plot_reasons(frame, start=start, risk=risk, numbers=numbers, compared_with=compared_with).figure
    assert isinstance(figure, Figure)
    return figure


def _check(frame: pd.DataFrame) -> None:
    """Refuse other frames, and the reasons of several rows."""
    missing = [column for column in _NEEDED if column not in frame.columns]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the reasons of an Explanation."
        raise SpecError(msg)
    rows = len(frame.reset_index()[list(frame.index.names[:-1])].drop_duplicates()) if frame.index.nlevels > 1 else 1
    if rows > 1:
        msg = f"The frame holds the reasons of {rows} rows; draw one row at a time."
        raise SpecError(msg)


def _bars(ax: Axes, frame: pd.DataFrame, places: np.ndarray, *, numbers: bool) -> None:
    """Draw the bars, with numbers at their ends if wanted."""
    values = frame["contribution"].to_numpy(dtype=np.float64)
    colours = [_COLOURS[direction] for direction in frame["direction"]]
    ax.barh(places, values, height=1.1, color=colours)
    ax.axvline(0.0, color=_DARK, linewidth=1.0)
    reach = max(float(np.abs(values).max(initial=0.0)), 1e-6)
    room = 1.25 if numbers else 1.08
    ax.set_xlim(
        -room * reach if (values < 0).any() else -0.25 * reach, room * reach if (values > 0).any() else 0.25 * reach
    )
    if not numbers:
        return
    for place, value, times in zip(places, values, frame["odds_multiplier"], strict=True):
        side = "left" if value > 0 else "right"
        gap = 0.02 * reach if value > 0 else -0.02 * reach
        ax.text(value + gap, place, f"{_TIMES}{times:.2f}", va="center", ha=side, fontsize=8.5, color=_DARK)


def _finish(ax: Axes, frame: pd.DataFrame) -> None:
    """Say what the sides mean, with no more ink than needed."""
    ax.set_xlabel("contribution in log-odds (0.69 doubles the odds)", color=_DARK, fontsize=9)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.tick_params(axis="x", labelsize=8.5, colors=_DARK)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.grid(axis="x", color="#E6E6E6", linewidth=0.8)
    ax.set_axisbelow(True)
    where = ax.get_xaxis_transform()
    for direction, text, side in (
        ("lowers", "◂ lowers the risk  ", "right"),
        ("raises", "  raises the risk ▸", "left"),
    ):
        if (frame["direction"] == direction).any():
            ax.text(0, 1.01, text, transform=where, ha=side, va="bottom", fontsize=9, color=_DARK, clip_on=False)
    if frame.empty:
        ax.text(0.5, 0.5, "nothing moved this risk", transform=ax.transAxes, ha="center", va="center", color=_GREY)


def _title(start: float | None, risk: float | None) -> str:
    """The line above the bars."""
    if start is None or risk is None:
        return "What raises and what lowers the risk"
    return f"Risk {risk:.1%}, from a starting point of {start:.1%}"
