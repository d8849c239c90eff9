"""The pictures of explanations: which frame each needs, and who draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.concepts import probability_of
from edgeofcare.explanation.importance import concept_importance
from edgeofcare.explanation.told_reasons import reasons_to_draw
from edgeofcare.plotting.explanations import plot_concept_importance
from edgeofcare.plotting.reasons import LEVELS, plot_reasons
from edgeofcare.plotting.sides import plot_sides
from edgeofcare.plotting.waterfall import plot_waterfall

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["KINDS", "explanation_figure", "importance_figure"]

KINDS = ("bars", "waterfall", "sides")
"""Pictures of the reasons of one row."""


def explanation_figure(one: Explanation, *, kind: str, level: str, top: int, numbers: bool) -> Figure:
    """Draw the reasons of one row on a figure of their own.

    Parameters
    ----------
    one : Explanation
        With one row.
    kind : {"bars", "waterfall", "sides"}
        Which picture.
    level : {"concept", "feature"}
        What a reason is of.
    top : int
        Most reasons.
    numbers : bool
        Whether each says by what it multiplies the odds.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    SpecError
        If there is no such kind or level, or ``top`` is not a whole number of 1 or more.
    """
    for name, value, known in (("kind", kind, KINDS), ("level", level, LEVELS)):
        if value not in known:
            msg = f"{name} must be one of {', '.join(map(repr, known))}; got {value!r}."
            raise SpecError(msg)
    if not isinstance(top, int | np.integer) or isinstance(top, bool) or top < 1:
        msg = f"top must be a whole number of 1 or more; got {top!r}."
        raise SpecError(msg)
    frame = reasons_to_draw(one, level)
    found = one.risk_interval
    interval = None if found is None else [float(end) for end in found.iloc[0]]
    start, risk = probability_of(one.base), float(one.risk.iloc[0])
    more: dict[str, Any] = {"level": level, "interval": interval}
    if kind == "waterfall":
        ax = plot_waterfall(frame, base=one.base, log_odds=float(one.log_odds.iloc[0]), top=int(top), **more)
    elif kind == "sides":
        ax = plot_sides(frame, start=start, risk=risk, top=int(top), numbers=numbers, **more)
    else:
        ax = plot_reasons(frame.head(int(top)), start=start, risk=risk, numbers=numbers, **more)
    return _figure(ax)


def importance_figure(why: Explanation, *, n_resamples: int, random_state: int | np.random.Generator) -> Figure:
    """Draw how much each concept moves the risks.

    Parameters
    ----------
    why : Explanation
        Explained rows.
    n_resamples : int
        How many times households are drawn.
    random_state : int or numpy.random.Generator
        Seed.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    """
    return _figure(plot_concept_importance(concept_importance(why, n_resamples=n_resamples, random_state=random_state)))


def _figure(ax: Axes) -> Figure:
    """The figure that an axis is on."""
    figure = ax.figure
    assert isinstance(figure, Figure)
    return figure
