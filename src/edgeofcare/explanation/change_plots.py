"""The picture of a change: from the earlier risk to the later one, concept by concept.

No picture holds an identifier or a date.
"""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.figure import Figure

from edgeofcare.explanation.concepts import probability_of
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import DARK
from edgeofcare.plotting.waterfall import Step, draw_steps, steps_height

__all__ = ["change_figure"]

_WIDTH = 30  # letters in a line of a label
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
    steps = _steps(concepts, top)
    before, now = log_odds
    figure = NotebookFigure(figsize=(8.5, steps_height(steps)), layout="constrained")
    ax = figure.subplots()
    ends, verbs = ("earlier date", "later date"), ("raised", "lowered")
    draw_steps(ax, steps, start=before, end=now, ends=ends, verbs=verbs)
    title = f"Risk from {probability_of(before):.1%} to {probability_of(now):.1%}"
    ax.set_title(title, loc="left", fontsize=11, fontweight="bold", color=DARK)
    return figure


def _steps(concepts: pd.DataFrame, top: int) -> list[Step]:
    """Names and lengths of the bars; none for what did not move, and no bar for the rest where it is one concept."""
    moved = concepts[concepts["change"] != 0]
    found = [
        Step(textwrap.fill(str(name), _WIDTH), float(change))
        for name, change in zip(moved["concept"], moved["change"], strict=True)
    ]
    if len(found) <= top + 1:
        return found
    return [*found[:top], Step(_REST, sum(step.change for step in found[top:]), rest=True)]
