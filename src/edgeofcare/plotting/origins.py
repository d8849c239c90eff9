"""A picture of a model over time: one measure by origin, with the model, its baselines and their intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import BLUE, DARK, GREEN, GREY, ORANGE

__all__ = ["plot_origins", "plot_origins_figure"]

_MODELS = {
    "model": ("model", BLUE, "o", "-"),
    "ten_features": ("ten features", GREEN, "^", ":"),
    "count_rule": ("count rule", ORANGE, "s", "--"),
    "age_and_status": ("age and status", GREY, "D", "-."),
}
_MEASURES = {
    "auroc": ("AUROC", 0.5, "chance"),
    "observed_expected_ratio": ("entries observed for each one expected", 1.0, "as expected"),
    "calibration_slope": ("calibration slope", 1.0, "right spread"),
    "average_precision": ("average precision", None, ""),
    "ppv_at_capacity": ("PPV at capacity", None, ""),
}


def plot_origins(
    frame: pd.DataFrame, ax: Axes | None = None, *, measure: str = "auroc", stratum: str = "all rows"
) -> Axes:
    """Draw a measure by origin, with the interval of each.

    Parameters
    ----------
    frame : DataFrame
        ``OriginResults.measures``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    measure : str, default "auroc"
        One of the measures of the frame.
    stratum : str, default "all rows"
        One of the strata of the frame.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. For O/E and the slope only the model is drawn.

    Raises
    ------
    SpecError
        If the frame lacks a column, or has no such measure and stratum.

    Examples
    --------
    >>> frame = pd.DataFrame({"origin": [1, 2], "first_month": ["2022-04", "2023-04"],
    ...                       "last_month": ["2023-01", "2024-01"], "model": "model", "stratum": "all rows",
    ...                       "measure": "auroc", "estimate": [0.7, 0.72], "ci_low": [0.6, 0.7], "ci_high": [0.8, 0.8]})
    >>> plot_origins(frame).get_ylabel()
    'AUROC'
    """
    rows = _rows(frame, measure, stratum)
    if ax is None:
        ax = NotebookFigure(figsize=(7, 4), layout="constrained").subplots()
    label, even, meaning = _MEASURES.get(measure, (measure.replace("_", " "), None, ""))
    models = [name for name in _MODELS if (rows["model"] == name).any()]
    models = models[:1] if measure in ("observed_expected_ratio", "calibration_slope") else models
    periods = rows.drop_duplicates("origin").sort_values("origin")
    for place, name in enumerate(models):
        _draw(ax, rows[rows["model"] == name].sort_values("origin"), name, 0.09 * (place - (len(models) - 1) / 2))
    if even is not None:
        ax.axhline(even, color=DARK, linewidth=0.8, linestyle="--")
        ax.annotate(meaning, (1.0, even), xycoords=("axes fraction", "data"), xytext=(-3, 3), ha="right", fontsize=8,
                    textcoords="offset points", color=DARK)  # fmt: skip
    months = [f"{a}\nto {b}" for a, b in zip(periods["first_month"], periods["last_month"], strict=True)]
    ax.set_xticks(periods["origin"].to_numpy(), months, fontsize=8)
    ax.set_xlim(periods["origin"].min() - 0.5, periods["origin"].max() + 0.5)
    ax.set_xlabel("index dates tested; trained on what was known before")
    ax.set_ylabel(label)
    ax.spines[["top", "right"]].set_visible(False)
    if len(models) > 1:
        ax.legend(frameon=False, fontsize=8, ncols=4, loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return ax


def plot_origins_figure(frame: pd.DataFrame) -> Figure:
    """Draw AUROC and O/E by origin, one above the other.

    Parameters
    ----------
    frame : DataFrame
        ``OriginResults.measures``.

    Returns
    -------
    matplotlib.figure.Figure
        Two panels.

    Examples
    --------
    >>> frame = pd.DataFrame({"origin": [1, 1], "first_month": "2023-04", "last_month": "2024-01", "model": "model",
    ...                       "stratum": "all rows", "measure": ["auroc", "observed_expected_ratio"],
    ...                       "estimate": [0.7, 1.1], "ci_low": [0.6, 0.9], "ci_high": [0.8, 1.3]})
    >>> len(plot_origins_figure(frame).axes)
    2
    """
    figure = NotebookFigure(figsize=(7, 7), layout="constrained")
    above, below = figure.subplots(2, 1)
    plot_origins(frame, above)
    plot_origins(frame, below, measure="observed_expected_ratio")
    return figure


def _rows(frame: pd.DataFrame, measure: str, stratum: str) -> pd.DataFrame:
    """Rows of one measure and stratum."""
    needed = ["origin", "first_month", "last_month", "model", "stratum", "measure", "estimate", "ci_low", "ci_high"]
    if missing := [name for name in needed if name not in frame.columns]:
        msg = f"The frame has no column {', '.join(missing)}; give OriginResults.measures."
        raise SpecError(msg)
    rows = frame[(frame["measure"] == measure) & (frame["stratum"] == stratum)]
    if rows.empty:
        msg = f"The frame has no measure {measure!r} for the stratum {stratum!r}."
        raise SpecError(msg)
    return rows


def _draw(ax: Axes, rows: pd.DataFrame, name: str, shift: float) -> None:
    """One model: points, a line between them, and intervals."""
    label, colour, marker, line = _MODELS[name]
    x, value = rows["origin"].to_numpy(dtype=np.float64) + shift, rows["estimate"].to_numpy(dtype=np.float64)
    ends = rows[["ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    ax.vlines(x, ends[:, 0], ends[:, 1], color=colour, linewidth=1.4, alpha=0.8)
    ax.plot(x, value, color=colour, marker=marker, linestyle=line, markersize=5, linewidth=1.4, label=label)
