"""A picture of a model in authorities that it was not trained on: each, the mean, and where the next may lie."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.evaluation import _finish, _forest, _nothing, _rows
from edgeofcare.plotting.palette import BLUE, DARK, GREY, ORANGE

__all__ = ["plot_transport"]

_LABELS = {
    "auroc": ("AUROC, by authority", "AUROC", 0.5),
    "observed_expected_ratio": ("Observed over expected, by authority", "entries observed for each one expected", 1.0),
}
_COLUMNS = ("train", "test", "model", "measure", "estimate", "ci_low", "ci_high")
_SPREAD = ("train", "measure", "estimate", "ci_low", "ci_high", "prediction_low", "prediction_high")
_VALUES = ("estimate", "ci_low", "ci_high")


def plot_transport(
    measures: pd.DataFrame,
    ax: Axes | None = None,
    *,
    spread: pd.DataFrame | None = None,
    measure: str = "auroc",
    train: str = "all others",
) -> Axes:
    """Draw a measure by authority tested, with intervals, the mean over authorities, and where the next may lie.

    Parameters
    ----------
    measures : DataFrame
        ``TransportResults.measures``: train, test, model, measure, estimate, ci_low, ci_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    spread : DataFrame, optional
        ``TransportResults.spread``; without it there is neither a mean nor a prediction interval.
    measure : {"auroc", "observed_expected_ratio"}
        What to draw.
    train : str
        Whose model: "all others", or the name of an authority.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Authorities that are suppressed are named and left empty. The square is the mean with its 95%
        interval; the thin line through it is the prediction interval, which needs three authorities.

    Raises
    ------
    SpecError
        If a column is missing, there is no such measure, or nothing was trained there.

    Examples
    --------
    >>> measures = pd.DataFrame({"train": "all others", "test": ["North", "South"], "model": "model",
    ...                          "measure": "auroc", "estimate": [0.7, 0.8], "ci_low": [0.6, 0.7],
    ...                          "ci_high": [0.8, 0.9]})
    >>> [label.get_text() for label in plot_transport(measures).get_yticklabels()]
    ['North', 'South']
    """
    rows, pooled = _checked(measures, spread, measure, train)
    title, label, even = _LABELS[measure]
    if ax is None:
        ax = NotebookFigure(figsize=(6, 1.4 + 0.3 * len(rows)), layout="constrained").subplots()
    _finish(ax, title, label, "")
    if rows["estimate"].notna().sum() == 0:
        return _nothing(ax)
    places = np.arange(len(rows), dtype=np.float64)
    ax.axvline(even, color=GREY, linestyle="--", linewidth=1.2)
    _forest(ax, rows, places, _VALUES, {"color": BLUE, "fmt": "o"})
    names = rows["test"].astype(str).tolist()
    if pooled is not None:
        _mean(ax, pooled, float(len(rows)))
        names += ["mean, and next authority"]
    for place in places[rows["estimate"].isna().to_numpy()]:
        ax.text(even, place, " suppressed", va="center", fontsize=8, color=DARK)
    _rows(ax, names)
    return ax


def _checked(
    measures: pd.DataFrame, spread: pd.DataFrame | None, measure: str, train: str
) -> tuple[pd.DataFrame, pd.Series | None]:
    """The model's rows of one measure and training set, and what was pooled of them, where it was."""
    if measure not in _LABELS:
        msg = f"measure is {measure!r}; use one of {', '.join(_LABELS)}."
        raise SpecError(msg)
    missing = [name for name in _COLUMNS if name not in measures]
    missing += [name for name in _SPREAD if spread is not None and name not in spread]
    if missing:
        msg = f"The frames lack {', '.join(missing)}; give the measures and the spread of TransportResults."
        raise SpecError(msg)
    kept = (measures["train"] == train) & (measures["measure"] == measure) & (measures["model"] == "model")
    if not kept.any():
        msg = f"The frame has no {measure!r} of a model trained on {train!r}."
        raise SpecError(msg)
    rows = measures[kept].sort_values("test", kind="stable").reset_index(drop=True)
    if spread is None:
        return rows, None
    pooled = spread[(spread["train"] == train) & (spread["measure"] == measure) & spread["estimate"].notna()]
    return rows, None if pooled.empty else pooled.iloc[0]


def _mean(ax: Axes, pooled: pd.Series, place: float) -> None:
    """The mean with its interval, on a line that reaches where the next authority may lie."""
    ends = np.array([pooled["prediction_low"], pooled["prediction_high"]], dtype=np.float64)
    if np.isfinite(ends).all():
        ax.plot(ends, [place, place], color=DARK, linewidth=1.0, marker="|", markersize=9)
    frame = pd.DataFrame([[pooled[name] for name in _VALUES]], columns=list(_VALUES), dtype="float64")
    _forest(ax, frame, np.array([place]), _VALUES, {"color": ORANGE, "fmt": "s"})
    ax.axhline(place - 0.5, color="#CCCCCC", linewidth=0.8)
