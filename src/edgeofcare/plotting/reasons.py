"""The reasons of one row as bars: to the right what raises the risk, to the left what lowers it.

Colours tell apart for people who do not see red and green, and never stand alone: the side says the same. Nothing here
uses pyplot, and no picture holds an identifier or a date of its own.

Examples
--------
>>> capital("strengths and protective factors")
'Strengths and protective factors'
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import DARK, FAINT, GREY, LOWERS, RAISES
from edgeofcare.plotting.words import literal

__all__ = ["LEVELS", "capital", "certainty_said", "check_reasons", "plot_reasons", "risk_title", "times_said"]

LEVELS = ("concept", "feature")
"""What a reason is of."""

_COLOURS = {"raises": RAISES, "lowers": LOWERS}
_WIDTH = 48  # letters in a line of a label
_LINE = 0.17  # inches of a line of a label
_MOST_ODDS = 1_000_000  # multiplier of the odds beyond which its size says nothing any more
_NEEDED = ("direction", "concept", "sentence", "contribution")


def plot_reasons(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    level: str = "concept",
    start: float | None = None,
    risk: float | None = None,
    interval: Sequence[float] | None = None,
    numbers: bool = False,
) -> Axes:
    r"""Draw the reasons of one row as bars, the strongest at the top.

    Parameters
    ----------
    frame : DataFrame
        Reasons of one row, from ``Explanation.reasons``: direction, concept, sentence, contribution; where the model
        has refits also band and tied.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure, tall enough for the sentences, if None.
    level : {"concept", "feature"}, default "concept"
        Whether the concept stands above each sentence, or the sentence alone.
    start, risk : float, optional
        Risk of the average child and of this row, for the line above the bars.
    interval : sequence of float, optional
        Lower and upper end of the risk over refits.
    numbers : bool, default False
        Whether each bar says by what it multiplies the odds.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Bands and ties stand at the ends of the bars.

    Raises
    ------
    SpecError
        If a column is missing, the frame holds the reasons of several rows, or there is no such level.

    Examples
    --------
    >>> reasons = pd.DataFrame({"direction": ["raises"], "concept": ["plans and statutory steps"],
    ...                         "sentence": ["A child protection plan is open."], "contribution": [0.4]})
    >>> [label.get_text() for label in plot_reasons(reasons).get_yticklabels()]
    ['Plans and statutory steps\nA child protection plan is open.']
    """
    check_reasons(frame, level)
    labels = [_label(*said, level) for said in zip(frame["concept"], frame["sentence"], strict=True)]
    lines = np.array([label.count("\n") + 1 for label in labels], dtype=np.float64)
    heights = lines + 1.0
    if ax is None:
        ax = NotebookFigure(figsize=(8.5, 1.7 + _LINE * heights.sum()), layout="constrained").subplots()
    places = np.cumsum(heights) - heights / 2
    _bars(ax, frame, places, numbers=numbers)
    ax.set_yticks(places, list(map(literal, labels)), fontsize=9, color=DARK)
    ax.set_ylim(max(heights.sum(), 1.0), 0)
    _finish(ax, frame)
    title = risk_title(start, risk, interval)
    ax.set_title(title, loc="left", fontsize=11, fontweight="bold", color=DARK, pad=24)
    return ax


def check_reasons(frame: pd.DataFrame, level: str) -> None:
    """Refuse other frames, the reasons of several rows, and other levels.

    Parameters
    ----------
    frame : DataFrame
        What was given.
    level : str
        What its reasons are of.

    Raises
    ------
    SpecError
        If a column is missing, the frame holds the reasons of several rows, or there is no such level.
    """
    missing = [column for column in _NEEDED if column not in frame.columns]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the reasons of an Explanation."
        raise SpecError(msg)
    if level not in LEVELS:
        msg = f"level must be one of {', '.join(map(repr, LEVELS))}; got {level!r}."
        raise SpecError(msg)
    rows = len(frame.reset_index()[list(frame.index.names[:-1])].drop_duplicates()) if frame.index.nlevels > 1 else 1
    if rows > 1:
        msg = f"The frame holds the reasons of {rows} rows; draw one row at a time."
        raise SpecError(msg)


def capital(concept: str) -> str:
    """A concept as a heading.

    Parameters
    ----------
    concept : str
        Its name.

    Returns
    -------
    str
        With a capital.
    """
    return f"{concept[:1].upper()}{concept[1:]}"


def certainty_said(frame: pd.DataFrame) -> list[list[str]]:
    """Band and tie of each reason, in words.

    Parameters
    ----------
    frame : DataFrame
        Reasons, with band and tied where the model has refits.

    Returns
    -------
    list of list of str
        For each reason none, one or two words.

    Examples
    --------
    >>> certainty_said(pd.DataFrame({"band": ["strong", "some"], "tied": [False, True]}))
    [['strong'], ['some', 'tied']]
    """
    bands = frame["band"] if "band" in frame else [""] * len(frame)
    tied = frame["tied"] if "tied" in frame else [False] * len(frame)
    words = [(str(band), "tied" if level else "") for band, level in zip(bands, tied, strict=True)]
    return [[word for word in each if word] for each in words]


def times_said(contribution: float) -> str:
    """By what a contribution multiplies the odds, as text.

    Parameters
    ----------
    contribution : float
        In log-odds.

    Returns
    -------
    str
        A sign of multiplication and two decimals; beyond a million, that it is more.

    Examples
    --------
    >>> times_said(0.7)[1:], times_said(800.0)[1:]
    ('2.01', '>1,000,000')
    """
    said = f"{math.exp(contribution):.2f}" if contribution < math.log(_MOST_ODDS) else f">{_MOST_ODDS:,}"
    return f"\N{MULTIPLICATION SIGN}{said}"


def risk_title(start: float | None, risk: float | None, interval: Sequence[float] | None = None) -> str:
    """The line above the reasons.

    Parameters
    ----------
    start, risk : float or None
        Risk of the average child and of this row.
    interval : sequence of float, optional
        Lower and upper end of the risk over refits.

    Returns
    -------
    str
        Without any identifier or date.

    Examples
    --------
    >>> risk_title(0.03, 0.114, (0.081, 0.15))
    'Risk 11.4% (8.1% to 15.0%), from a starting point of 3.0%'
    """
    if start is None or risk is None:
        return "What raises and what lowers the risk"
    ends = "" if interval is None else " ({:.1%} to {:.1%})".format(*interval)
    return f"Risk {risk:.1%}{ends}, from a starting point of {start:.1%}"


def _label(concept: str, sentence: str, level: str) -> str:
    """What stands beside a bar."""
    said = textwrap.fill(sentence, _WIDTH)
    return said if level == "feature" else f"{textwrap.fill(capital(concept), _WIDTH)}\n{said}"


def _bars(ax: Axes, frame: pd.DataFrame, places: np.ndarray, *, numbers: bool) -> None:
    """Draw the bars, with what is known of each at its end."""
    values = frame["contribution"].to_numpy(dtype=np.float64)
    colours = [_COLOURS[direction] for direction in frame["direction"]]
    ax.barh(places, values, height=1.1, color=colours, edgecolor=DARK, linewidth=0.4)
    ax.axvline(0.0, color=DARK, linewidth=1.0)
    said = [
        ", ".join([*([times_said(value)] if numbers else []), *words])
        for value, words in zip(values, certainty_said(frame), strict=True)
    ]
    reach = max(float(np.abs(values).max(initial=0.0)), 1e-6)
    room = (0.08 + 0.025 * max(map(len, said), default=0)) * reach
    ax.set_xlim(
        *(sign * max(0.35 * reach, (sign * values).max(initial=-room) + room) for sign in (-1.0, 1.0)),
    )
    for place, value, text in zip(places, values, said, strict=True):
        side = "left" if value > 0 else "right"
        gap = 0.02 * reach if value > 0 else -0.02 * reach
        if text:
            ax.text(value + gap, place, text, va="center", ha=side, fontsize=8.5, color=DARK)


def _finish(ax: Axes, frame: pd.DataFrame) -> None:
    """Say what the sides mean, with no more ink than needed."""
    ax.set_xlabel("contribution in log-odds (0.69 doubles the odds)", color=DARK, fontsize=9)
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.tick_params(axis="x", labelsize=8.5, colors=DARK)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.grid(axis="x", color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)
    where = ax.get_xaxis_transform()
    for direction, text, side in (
        ("lowers", "◂ lowers the risk  ", "right"),
        ("raises", "  raises the risk ▸", "left"),
    ):
        if (frame["direction"] == direction).any():
            ax.text(0, 1.01, text, transform=where, ha=side, va="bottom", fontsize=9, color=DARK, clip_on=False)
    if frame.empty:
        ax.text(0.5, 0.5, "nothing moved this risk", transform=ax.transAxes, ha="center", va="center", color=GREY)
