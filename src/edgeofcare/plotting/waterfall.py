"""From a starting point to a score, step by step: bars that begin where the last one ended, on an axis of log-odds.

Examples
--------
>>> from edgeofcare.figures import NotebookFigure
>>> ax = NotebookFigure().subplots()
>>> ends, verbs = ("the average child", "this child"), ("raises", "lowers")
>>> draw_steps(ax, [Step("school", 0.5)], start=-3.0, end=-2.5, ends=ends, verbs=verbs)
>>> [text.get_text() for text in ax.texts]
['raises by 0.50', '4.7%', '7.6%']
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import DARK, FAINT, GREY, LOWERS, RAISES
from edgeofcare.plotting.reasons import capital, certainty_said, check_reasons, risk_title
from edgeofcare.plotting.words import literal

__all__ = ["Step", "draw_steps", "plot_waterfall", "steps_height"]

_WIDTH = {"concept": 30, "feature": 48}  # letters in a line of a label
_MARKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9, 0.95, 0.99)
_CLOSE = 0.055  # share of the axis that two marks of risk are apart at least
_SURE = 1e-6  # risk below which an end of an interval is drawn at this
_LEAST = 0.05  # log-odds below which a step is one of all others


class Step(NamedTuple):
    """One bar of a waterfall.

    Parameters
    ----------
    name : str
        What stands beside it.
    change : float
        In log-odds.
    more : str
        What else is said of it.
    rest : bool
        Whether it is what is left of many.
    """

    name: str
    change: float
    more: str = ""
    rest: bool = False


def plot_waterfall(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    base: float,
    log_odds: float | None = None,
    interval: Sequence[float] | None = None,
    top: int = 8,
    level: str = "concept",
    start_name: str = "the average child",
) -> Axes:
    """Draw one score from the starting point to where its reasons lead, the largest first.

    Parameters
    ----------
    frame : DataFrame
        All reasons of one row, from ``Explanation.reasons``: direction, concept, sentence, contribution; where the
        model has refits also band and tied.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    base : float
        Where every row starts, in calibrated log-odds.
    log_odds : float, optional
        Where this row ends; the base and all contributions if None.
    interval : sequence of float, optional
        Lower and upper end of the risk over refits, a line through the last point.
    top : int, default 8
        Most bars. What is left, and what changes the odds by less than 5%, is one bar.
    level : {"concept", "feature"}, default "concept"
        Whether bars are named by concept or by sentence.
    start_name : str, default "the average child"
        Whom the row is compared with.

    Returns
    -------
    matplotlib.axes.Axes
        The axis, in log-odds below and as risk above. The bars add up to the log-odds.

    Raises
    ------
    SpecError
        If a column is missing, the frame holds the reasons of several rows, or there is no such level.

    Examples
    --------
    >>> reasons = pd.DataFrame({"direction": ["raises"], "concept": ["school"], "sentence": ["2 contacts."],
    ...                         "contribution": [0.4]})
    >>> ax = plot_waterfall(reasons, base=-3.0)
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['the average child', 'School', 'this child']
    """
    check_reasons(frame, level)
    steps = _steps(frame, top, level)
    end = base + float(frame["contribution"].sum()) if log_odds is None else log_odds
    if ax is None:
        ax = NotebookFigure(figsize=(8.5, steps_height(steps)), layout="constrained").subplots()
    risks = None if interval is None else [float(each) for each in interval]
    ends, verbs = (start_name, "this child"), ("raises", "lowers")
    draw_steps(ax, steps, start=base, end=end, ends=ends, verbs=verbs, interval=risks)
    title = risk_title(_risk(base), _risk(end), risks)
    ax.set_title(title, loc="left", fontsize=11, fontweight="bold", color=DARK)
    return ax


def steps_height(steps: Sequence[Step]) -> float:
    """Inches that some bars need, with their ends and axes.

    Parameters
    ----------
    steps : sequence of Step
        The bars.

    Returns
    -------
    float
        Height of a figure.
    """
    return 1.9 + 0.42 * 2 + sum(max(0.42, 0.14 + 0.17 * (step.name.count("\n") + 1)) for step in steps)


def draw_steps(
    ax: Axes,
    steps: Sequence[Step],
    *,
    start: float,
    end: float,
    ends: tuple[str, str],
    verbs: tuple[str, str],
    interval: Sequence[float] | None = None,
) -> None:
    """Draw bars that follow each other from one score to another.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    steps : sequence of Step
        The bars, from top to bottom.
    start, end : float
        In log-odds.
    ends : tuple of str
        Names of the two ends.
    verbs : tuple of str
        How a bar to the right and one to the left are told.
    interval : sequence of float, optional
        Lower and upper end of the last risk.
    """
    at, last = start, len(steps) + 1
    for place, step in enumerate(steps, start=1):
        colour = RAISES if step.change > 0 else LOWERS
        how: dict[str, Any] = {"facecolor": colour, "edgecolor": DARK, "linewidth": 0.4}
        if step.rest:
            how = {"facecolor": "white", "edgecolor": colour, "hatch": "////"}
        ax.barh(place, step.change, left=at, height=0.6, **how)
        ax.plot((at, at), (place - 1 + (0.3 if place > 1 else 0.0), place + 0.3), color=GREY, lw=0.8, zorder=0)
        at += step.change
    ax.plot((at, at), (last - (0.7 if steps else 1.0), last), color=GREY, lw=0.8, zorder=0)
    if interval is not None:
        ax.plot(_log_odds(interval), [last, last], color=DARK, lw=2.0, marker="|", ms=9)
    ax.plot([start, end], [0, last], "D", ms=8, color=DARK, ls="none")
    names = [ends[0], *(step.name for step in steps), ends[1]]
    ax.set_yticks(range(len(names)), list(map(literal, names)), fontsize=9, color=DARK)
    ax.set_ylim(last + 0.6, -0.6)
    _say(ax, steps, start, end, verbs, interval)
    _finish(ax)


def _steps(frame: pd.DataFrame, top: int, level: str) -> list[Step]:
    """The largest reasons, and one bar for what is left; no bar for the rest where it is one reason."""
    found = [
        Step(_name(concept, sentence, level), float(change), ", ".join(words))
        for concept, sentence, change, words in zip(
            frame["concept"], frame["sentence"], frame["contribution"], certainty_said(frame), strict=True
        )
        if change != 0
    ]
    found.sort(key=lambda step: -abs(step.change))
    shown = [step for step in found[:top] if abs(step.change) >= _LEAST]
    rest = found[len(shown) :]
    if len(rest) < 2:
        return found
    return [*shown, Step(f"all others ({len(rest)})", sum(step.change for step in rest), rest=True)]


def _name(concept: str, sentence: str, level: str) -> str:
    """What stands beside a bar."""
    return textwrap.fill(sentence if level == "feature" else capital(concept), _WIDTH[level])


def _say(
    ax: Axes,
    steps: Sequence[Step],
    start: float,
    end: float,
    verbs: tuple[str, str],
    interval: Sequence[float] | None,
) -> None:
    """Words beside every mark, with room for them."""
    points = np.cumsum([start, *(step.change for step in steps)])
    reach = [*points, *([] if interval is None else _log_odds(interval))]
    span = max(float(np.ptp(reach)), 0.2)
    words = [_moved(step, verbs) for step in steps]
    room = max(0.42, 0.02 * max(map(len, words), default=0))
    ax.set_xlim(min(reach) - 0.1 * span, max(reach) + room * span)
    gap = 0.02 * span
    for place, (at, step, text) in enumerate(zip(points[:-1], steps, words, strict=True), start=1):
        ax.text(max(at, at + step.change) + gap, place, text, va="center", fontsize=8.5, color=DARK)
    right = end if interval is None else max(end, _log_odds(interval)[1])
    for place, at, value in ((0, start, start), (len(steps) + 1, right, end)):
        ax.text(at + 2 * gap, place, _said(_risk(value)), va="center", fontsize=11, fontweight="bold", color=DARK)


def _moved(step: Step, verbs: tuple[str, str]) -> str:
    """What a bar did, in words."""
    verb, size = verbs[0] if step.change > 0 else verbs[1], abs(step.change)
    how = f"{verb} by {size:.2f}" if size >= 0.005 else f"{verb} by less than 0.01"
    return ", ".join(filter(None, [how, step.more]))


def _finish(ax: Axes) -> None:
    """Axes in log-odds and in risk, with no more ink than needed."""
    ax.set_xlabel("log-odds (0.69 doubles the odds)", color=DARK, fontsize=9)
    ax.tick_params(axis="x", labelsize=8.5, colors=DARK)
    ax.tick_params(axis="y", length=0)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.grid(axis="x", color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)
    marks = _risk_marks(*ax.get_xlim())
    above = ax.secondary_xaxis("top")
    above.set_xticks(_log_odds(marks), [_said(mark, exact=False) for mark in marks])
    above.set_xlabel("the same, as risk", color=DARK, fontsize=9)
    above.tick_params(labelsize=8.5, colors=DARK)
    above.spines["top"].set_visible(False)


def _risk_marks(low: float, high: float) -> list[float]:
    """Round risks within some log-odds, none too close to the last."""
    inside = [mark for mark in _MARKS if low <= _log_odds([mark])[0] <= high]
    if len(inside) < 3:
        first, last = _risk(low), _risk(high)
        step = 10.0 ** math.floor(math.log10(max(last - first, 1e-6)))
        step = next(each for each in (step / 2, step, 2 * step, 5 * step) if (last - first) / each <= 8)
        places = np.arange(math.ceil(first / step), math.floor(last / step) + 1)
        inside = [float(place * step) for place in places if 0 < place * step < 1]
    shown: list[float] = []
    for mark in inside:
        if not shown or _log_odds([mark])[0] - _log_odds([shown[-1]])[0] >= _CLOSE * (high - low):
            shown.append(mark)
    return shown


def _log_odds(risks: Sequence[float]) -> list[float]:
    """Risks as log-odds."""
    inside = [min(max(risk, _SURE), 1.0 - _SURE) for risk in risks]
    return [math.log(risk / (1.0 - risk)) for risk in inside]


def _risk(log_odds: float) -> float:
    """Log-odds as a risk."""
    small = math.exp(-abs(log_odds))
    return 1.0 / (1.0 + small) if log_odds >= 0 else small / (1.0 + small)


def _said(risk: float, *, exact: bool = True) -> str:
    """A risk in per cent; of a mark no more digits than it has."""
    return f"{risk:.1%}" if exact else f"{100 * risk:.4g}%"
