"""The pictures of explanations: which frame each needs, and who draws it."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.concepts import probability_of
from edgeofcare.explanation.importance import concept_importance
from edgeofcare.explanation.told_reasons import checked_top, reasons_to_draw
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.explanations import plot_concept_dependence, plot_concept_groups, plot_concept_importance
from edgeofcare.plotting.palette import DARK
from edgeofcare.plotting.reasons import LEVELS, plot_reasons
from edgeofcare.plotting.sides import plot_sides
from edgeofcare.plotting.waterfall import plot_waterfall
from edgeofcare.plotting.words import literal

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["KINDS", "dependence_figure", "explanation_figure", "importance_figure"]

_WIDTH = 96  # letters in a line below a picture

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
    top = checked_top(top)
    frame = reasons_to_draw(one, level)
    found = one.risk_interval
    interval = None if found is None else [float(end) for end in found.iloc[0]]
    start, risk = probability_of(one.base), float(one.risk.iloc[0])
    more: dict[str, Any] = {"level": level, "interval": interval}
    if kind == "waterfall":
        more["start_name"] = "the average of the cohort" if one.about.cohort else "the average child"
        ax = plot_waterfall(frame, base=one.base, log_odds=float(one.log_odds.iloc[0]), top=top, **more)
    elif kind == "sides":
        ax = plot_sides(frame, start=start, risk=risk, top=top, numbers=numbers, **more)
    else:
        ax = plot_reasons(frame.head(top), start=start, risk=risk, numbers=numbers, **more)
    figure = _figure(ax)
    if one.about.cohort:
        said = textwrap.fill(f"compared with {one.about.reference}", _WIDTH)
        figure.supxlabel(literal(said), fontsize=9, color=DARK)
    return figure


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


def dependence_figure(
    by_value: pd.DataFrame, by_group: pd.DataFrame, *, by: str | None, feature: str | None, top: int
) -> Figure:
    """Draw what concepts add by value, or through which concepts groups differ.

    Parameters
    ----------
    by_value, by_group : DataFrame
        Frames of a :class:`~edgeofcare.ConceptDependence`.
    by : str or None
        A column of the cohort.
    feature : str or None
        One feature alone.
    top : int
        Most features.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    SpecError
        If there is no such column or feature, both are given, or ``top`` is not a whole number of 1 or more.
    """
    if by is not None:
        if feature is not None:
            msg = "by and feature are two pictures. Give one of them."
            raise SpecError(msg)
        if by_group.empty:
            msg = "No groups were asked for. Call concept_dependence with cohort= and by=."
            raise SpecError(msg)
        return _figure(plot_concept_groups(by_group, by=by))
    if feature is not None:
        return _figure(plot_concept_dependence(by_value, feature=feature))
    names = by_value["feature"].drop_duplicates().head(checked_top(top)).tolist()
    columns = min(2, max(1, len(names)))
    rows = math.ceil(max(1, len(names)) / columns)
    figure = NotebookFigure(figsize=(6.4 * columns, 3.8 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for place, ax in enumerate(axes):
        if place < len(names):
            plot_concept_dependence(by_value, ax, feature=names[place])
        else:
            ax.axis("off")
    return figure


def _figure(ax: Axes) -> Figure:
    """The figure that an axis is on."""
    figure = ax.figure
    assert isinstance(figure, Figure)
    return figure
