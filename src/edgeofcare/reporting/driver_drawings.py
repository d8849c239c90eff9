"""The pictures of what drives the scores: concepts by size, and the strongest of them by value."""

from __future__ import annotations

import textwrap
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.names import parse_feature
from edgeofcare.reporting.sections import Drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["importance_drawings", "value_drawings"]

_WIDTH, _LEAST, _ROW = 6.4, 2.6, 0.32
_SHOWN = 3
_LETTERS = 64
_SIZES = {"concept", "mean_size", "ci_low", "ci_high"}
_VALUES = {"concept", "feature", "value", "mean_contribution", "ci_low", "ci_high"}


def importance_drawings(frame: pd.DataFrame) -> tuple[Drawing, ...]:
    """Concepts by size, where any is shown.

    Parameters
    ----------
    frame : DataFrame
        From :func:`edgeofcare.concept_importance`.

    Returns
    -------
    tuple of Drawing
        One, or none.

    Examples
    --------
    >>> importance_drawings(pd.DataFrame({"concept": ["school"], "mean_size": [float("nan")]}))
    ()
    """
    if not set(frame.columns) >= _SIZES or frame["mean_size"].isna().all():
        return ()
    caption = (
        "Mean size of what each concept adds to the log-odds, up or down, with 95% intervals. Beside it the place that "
        "it has, or may have, in this order. 0.69 doubles or halves the odds."
    )
    size = (_WIDTH, max(_LEAST, 1.1 + _ROW * len(frame)))
    return (Drawing("Which concepts move the scores most?", caption, partial(_importance, frame), size),)


def value_drawings(frame: pd.DataFrame, importance: pd.DataFrame | None) -> tuple[Drawing, ...]:
    """The strongest concepts by value of the feature that carries each, where two values or more are shown.

    Parameters
    ----------
    frame : DataFrame
        ``by_value`` of a :class:`~edgeofcare.ConceptDependence`.
    importance : DataFrame or None
        Which concepts are the strongest; without it the first of the frame are taken.

    Returns
    -------
    tuple of Drawing
        At most three.

    Examples
    --------
    >>> frame = pd.DataFrame({"concept": "age and time", "feature": "child.age", "value": ["10", "11"],
    ...                       "mean_contribution": [-0.1, 0.1], "ci_low": [-0.2, 0.0], "ci_high": [0.0, 0.2]})
    >>> [drawing.title for drawing in value_drawings(frame, None)]
    ['What does \u201cage and time\u201d depend on?']
    """
    if not set(frame.columns) >= _VALUES:
        return ()
    order = frame if importance is None or "concept" not in importance else importance
    shown = frame[frame["mean_contribution"].notna()]
    bins = Counter(zip(shown["concept"].astype(str), shown["feature"].astype(str), strict=True))
    fit = [pair for pair, values in bins.items() if values > 1]
    ranked = [pair for name in dict.fromkeys(order["concept"]) for pair in fit if pair[0] == name]
    return tuple(_of_value(frame, *pair) for pair in ranked[:_SHOWN])


def _of_value(frame: pd.DataFrame, concept: str, feature: str) -> Drawing:
    """One concept by the values of one feature."""
    said = _sentence(feature)
    hollow = frame.loc[frame["feature"].eq(feature), "value"].eq("unknown").any()
    caption = (
        f"What it adds to the log-odds on average, with 95% intervals, by this value: {said} Above the dashed line "
        f"scores are raised, below it lowered{'; hollow: children for whom there is no such value' if hollow else ''}."
    )
    draw = partial(_values, frame, feature=feature, said=said)
    return Drawing(f"What does \u201c{concept}\u201d depend on?", caption, draw, (_WIDTH, 3.8))


def _sentence(feature: str) -> str:
    """A feature in words; its name where it is no feature of the library."""
    try:
        return parse_feature(feature).sentence
    except SpecError:
        return f"{feature}."


def _importance(frame: pd.DataFrame, ax: Axes) -> Any:
    """Concepts by size."""
    from edgeofcare.plotting.explanations import plot_concept_importance

    return plot_concept_importance(frame, ax)


def _values(frame: pd.DataFrame, ax: Axes, *, feature: str, said: str) -> Any:
    """A concept by value, the feature in words."""
    from edgeofcare.plotting.explanations import plot_concept_dependence

    plot_concept_dependence(frame, ax, feature=feature)
    ax.set_xlabel(textwrap.fill(said.rstrip("."), _LETTERS))
    return ax
