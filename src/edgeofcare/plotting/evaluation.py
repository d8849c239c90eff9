"""Pictures of an evaluation: each takes a tidy frame and an axis, and gives the axis back.

Colours tell apart for people who do not see red and green, and never stand alone: every series is named as well.
Nothing here uses pyplot, so no picture depends on a backend or on what was drawn before it.

Examples
--------
>>> from matplotlib.figure import Figure
>>> from edgeofcare import plotting
>>> curve = pd.DataFrame({"strategy": "model", "threshold": [0.01, 0.1], "net_benefit": [0.03, 0.01],
...                       "ci_low": [0.02, 0.0], "ci_high": [0.04, 0.02]})
>>> plotting.plot_decision_curve(curve, Figure().subplots()).get_title(loc="left")
'Decision curve'
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import BLUE, DARK, FAINT, GREEN, GREY, ORANGE, PINK, SKY
from edgeofcare.plotting.words import literal

__all__ = [
    "plot_calibration",
    "plot_decision_curve",
    "plot_evaluation",
    "plot_groups",
    "plot_measures",
    "plot_risk_distribution",
]

_COLOURS = {"model": BLUE, "count_rule": ORANGE, "review all": GREY, "review none": DARK, "prevalence": GREY}
_COLOURS |= {"age_and_status": PINK, "ten_features": GREEN, "last_model": SKY}
_LINES: dict[str, Any] = {"model": "-", "count_rule": "--", "review all": "-.", "review none": ":"}
_LINES |= {"age_and_status": (0, (1, 1)), "ten_features": (0, (6, 2))}
_MARKERS = {"model": "o", "count_rule": "s", "prevalence": "D", "age_and_status": "^", "ten_features": "v"}
_OTHERS = ("P", "X", "<", ">", "p", "h", "*")
_RISK = "risk of entering care within the horizon, %"
_TICKS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_MEASURES = {
    "auroc": "AUROC",
    "average_precision": "average precision",
    "ppv_at_capacity": "PPV at capacity",
    "recall_at_capacity": "recall at capacity",
    "entrants_found_at_capacity": "entrants found at capacity",
}
_RATIOS: dict[str, tuple[str, str, str, str, float]] = {
    "observed_expected_ratio": (
        "Observed over expected",
        "oe_low",
        "oe_high",
        "entries observed for each one expected",
        1.0,
    ),
    "auroc": ("AUROC", "auroc_low", "auroc_high", "AUROC", 0.5),
}


def plot_calibration(frame: pd.DataFrame, ax: Axes | None = None, *, scale: str = "log") -> Axes:
    """Draw the risk that was observed at each risk that was given, with its band and where the rows are.

    Parameters
    ----------
    frame : DataFrame
        ``Evaluation.calibration``: risk, observed, ci_low, ci_high, rows.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    scale : str
        "log" spreads the low risks out, "linear" does not.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Bars along the foot show how the rows are spread.

    Raises
    ------
    SpecError
        If a column is missing or the scale is neither.

    Examples
    --------
    >>> import pandas as pd
    >>> line = pd.DataFrame({"risk": [0.01, 0.1], "observed": [0.02, 0.1], "ci_low": [0.01, 0.05],
    ...                      "ci_high": [0.04, 0.2], "rows": [90.0, 30.0]})
    >>> plot_calibration(line).get_xlabel()
    'predicted risk of entering care within the horizon, %'
    """
    ax = _axes(frame, ["risk", "observed", "ci_low", "ci_high", "rows"], ax)
    if scale not in ("log", "linear"):
        msg = f"scale is {scale!r}; use 'log' or 'linear'."
        raise SpecError(msg)
    _finish(ax, "Calibration", f"predicted {_RISK}", "observed, %")
    if frame.empty:
        return _nothing(ax)
    risk = frame["risk"].to_numpy()
    low, high = _limits(frame, scale)
    ax.plot([low, high], [low, high], color=GREY, linestyle="--", linewidth=1.2, label="observed = predicted")
    ax.fill_between(risk, frame["ci_low"], frame["ci_high"], color=BLUE, alpha=0.18, linewidth=0, label="95% band")
    ax.plot(risk, frame["observed"], color=BLUE, linewidth=2, label="observed")
    heights = frame["rows"].to_numpy(dtype=np.float64) / max(1.0, float(frame["rows"].max()))
    ax.vlines(risk, 0, 0.12 * np.nan_to_num(heights), color=GREY, linewidth=2, transform=ax.get_xaxis_transform())
    ax.set(xscale=scale, yscale=scale, xlim=(low, high), ylim=(low, high))
    for axis in (ax.xaxis, ax.yaxis):
        if scale == "log":
            axis.set_major_locator(FixedLocator([tick for tick in _TICKS if low <= tick <= high]))
            axis.set_minor_locator(NullLocator())
            axis.set_minor_formatter(NullFormatter())
        axis.set_major_formatter(_percent())
    ax.legend(frameon=False, loc="upper left", fontsize=8)
    return ax


def plot_risk_distribution(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how risks are spread among the rows of children who entered care and of those who did not.

    Parameters
    ----------
    frame : DataFrame
        ``Evaluation.risk_distribution``: risk_low, risk_high, outcome, rows.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Bars are shares within each outcome; suppressed cells are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> bins = pd.DataFrame({"risk_low": [0.0, 0.05] * 2, "risk_high": [0.05, 1.0] * 2,
    ...                      "rows": [90.0, 30.0, 10.0, 40.0],
    ...                      "outcome": ["did not enter care"] * 2 + ["entered care"] * 2})
    >>> plot_risk_distribution(bins).get_ylabel()
    'share of rows with that outcome, %'
    """
    ax = _axes(frame, ["risk_low", "risk_high", "outcome", "rows"], ax)
    _finish(ax, "Spread of risks", f"predicted {_RISK}", "share of rows with that outcome, %")
    if frame.empty or frame.groupby("outcome")["rows"].count().min() == 0:
        return _nothing(ax)
    edges = list(frame[["risk_low", "risk_high"]].drop_duplicates().itertuples(index=False, name=None))
    places = np.arange(len(edges))
    styles = (("did not enter care", SKY, -0.2), ("entered care", ORANGE, 0.2))
    for outcome, colour, shift in styles:
        part = frame.loc[frame["outcome"] == outcome].set_index(["risk_low", "risk_high"])["rows"].reindex(edges)
        share = (part / part.sum()).to_numpy(dtype=np.float64)
        ax.bar(
            places + shift, np.nan_to_num(share), width=0.4, color=colour, edgecolor=DARK, linewidth=0.4, label=outcome
        )
        for gap in places[np.isnan(share)]:
            ax.plot(gap + shift, 0, linestyle="", marker="x", color=DARK, markersize=4, clip_on=False)
    if frame["rows"].isna().any():
        ax.plot([], [], linestyle="", marker="x", color=DARK, markersize=4, label="suppressed (few rows)")
    ax.set_xticks(places, [f"{100 * low:g}-{100 * high:g}" for low, high in edges], rotation=45, ha="right", fontsize=8)
    ax.yaxis.set_major_formatter(_percent())
    ax.set_ylim(0, 1.25 * ax.get_ylim()[1])
    ax.legend(frameon=False, loc="upper left", ncols=2, fontsize=8)
    return ax


def plot_decision_curve(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw net benefit against the risk at which one would review a child.

    Parameters
    ----------
    frame : DataFrame
        ``Evaluation.decision_curve``: strategy, threshold, net_benefit, ci_low, ci_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis, with a band around the model. A line stops where its net benefit is NaN (too few children to show),
        and the axis ends where the last of them does.

    Examples
    --------
    >>> import pandas as pd
    >>> curve = pd.DataFrame({"strategy": "model", "threshold": [0.01, 0.1], "net_benefit": [0.03, 0.01],
    ...                       "ci_low": [0.02, 0.0], "ci_high": [0.04, 0.02]})
    >>> plot_decision_curve(curve).get_ylabel()
    'net benefit, entries found per 1,000 rows'
    """
    ax = _axes(frame, ["strategy", "threshold", "net_benefit", "ci_low", "ci_high"], ax)
    _finish(ax, "Decision curve", "review at this risk or above, %", "net benefit, entries found per 1,000 rows")
    judged = frame.loc[~frame["strategy"].isin(["review all", "review none"]) & frame["net_benefit"].notna()]
    if judged.empty:
        return _nothing(ax)
    for i, (strategy, part) in enumerate(frame.groupby("strategy", sort=False)):
        colour, line = _COLOURS.get(str(strategy), DARK), _LINES.get(str(strategy), (0, (3, 1 + i)))
        label = str(strategy).replace("_", " ")
        ax.plot(part["threshold"], 1000 * part["net_benefit"], color=colour, linestyle=line, linewidth=1.8, label=label)
        if strategy == "model":
            ends = 1000 * part["ci_low"], 1000 * part["ci_high"]
            ax.fill_between(part["threshold"], *ends, color=colour, alpha=0.18, linewidth=0)
    shown = frame.loc[frame["strategy"] != "review all", ["net_benefit", "ci_high"]].to_numpy(dtype=np.float64)
    top = 1000 * float(np.nanmax(shown)) or 1.0
    ax.set_ylim(-0.12 * top, 1.08 * top)
    first, last = float(frame["threshold"].min()), float(judged["threshold"].max())
    ax.set_xlim(first, max(last, first + 0.01))
    ax.xaxis.set_major_formatter(_percent())
    ax.legend(frameon=False, loc="upper right", fontsize=8)
    return ax


def plot_measures(
    frame: pd.DataFrame, ax: Axes | None = None, *, measures: Sequence[str] | None = None, stratum: str = "all rows"
) -> Axes:
    """Draw measures of the model and its baselines with their intervals.

    Parameters
    ----------
    frame : DataFrame
        ``Evaluation.measures``: model, stratum, measure, estimate, ci_low, ci_high.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    measures : sequence of str, optional
        Measures between 0 and 1 to draw; by default those of ranking and of the reviews at capacity.
    stratum : str
        Which rows.

    Returns
    -------
    matplotlib.axes.Axes
        The axis.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"model": ["model", "count_rule"], "stratum": "all rows", "measure": "auroc",
    ...                       "estimate": [0.8, 0.7], "ci_low": [0.75, 0.65], "ci_high": [0.85, 0.75]})
    >>> [label.get_text() for label in plot_measures(table).get_yticklabels()]
    ['AUROC']
    """
    ax = _axes(frame, ["model", "stratum", "measure", "estimate", "ci_low", "ci_high"], ax)
    _finish(ax, f"Measures, {stratum}", "estimate with 95% interval", "")
    names = list(_MEASURES if measures is None else measures)
    kept = frame.loc[(frame["stratum"] == stratum) & frame["measure"].isin(names) & frame["estimate"].notna()]
    kept = kept.loc[~kept["model"].str.startswith("model minus ")]
    names = [name for name in names if name in set(kept["measure"])]
    if not names:
        return _nothing(ax)
    models = list(kept["model"].unique())
    markers = _MARKERS | dict(zip(sorted(set(models) - set(_MARKERS)), cycle(_OTHERS), strict=False))
    step = min(0.22, 0.6 / max(1, len(models) - 1))
    for i, model in enumerate(models):
        part = kept.loc[kept["model"] == model].set_index("measure").reindex(names)
        places = np.arange(len(names)) + step * (i - (len(models) - 1) / 2)
        colour, marker = _COLOURS.get(model, DARK), markers[model]
        _forest(ax, part, places, ("estimate", "ci_low", "ci_high"), {"color": colour, "fmt": marker, "label": model})
    _rows(ax, [_MEASURES.get(name, name.replace("_", " ")) for name in names])
    ax.set_xlim(left=0)
    handles, labels = ax.get_legend_handles_labels()
    labels = [literal(label.replace("_", " ")) for label in labels]
    ax.legend(handles, labels, frameon=False, fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.13))
    return ax


def plot_groups(frame: pd.DataFrame, ax: Axes | None = None, *, measure: str = "observed_expected_ratio") -> Axes:
    """Draw one measure for every group with its interval; suppressed groups are named and left empty.

    Parameters
    ----------
    frame : DataFrame
        ``Evaluation.groups``.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    measure : str
        "observed_expected_ratio" or "auroc".

    Returns
    -------
    matplotlib.axes.Axes
        The axis. The dashed line is a ratio of 1, or an AUROC of chance.

    Raises
    ------
    SpecError
        If a column is missing or the measure is neither.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"by": "sex", "group": ["F", "M"], "observed_expected_ratio": [0.9, 1.1],
    ...                       "oe_low": [0.8, 1.0], "oe_high": [1.0, 1.2], "note": ""})
    >>> [label.get_text() for label in plot_groups(table).get_yticklabels()]
    ['sex: F', 'sex: M']
    """
    if measure not in _RATIOS:
        msg = f"measure is {measure!r}; use one of {', '.join(_RATIOS)}."
        raise SpecError(msg)
    title, low, high, label, line = _RATIOS[measure]
    ax = _axes(frame, ["by", "group", measure, low, high], ax)
    _finish(ax, f"{title}, by group", label, "")
    if frame.empty:
        return _nothing(ax)
    places = np.arange(len(frame), dtype=np.float64)
    ax.axvline(line, color=GREY, linestyle="--", linewidth=1.2)
    _forest(ax, frame, places, (measure, low, high), {"color": BLUE, "fmt": "o"})
    for place in places[frame[measure].isna().to_numpy()]:
        ax.text(line, place, " suppressed", va="center", fontsize=8, color=DARK)
    _rows(ax, [f"{by.replace('_', ' ')}: {group}" for by, group in zip(frame["by"], frame["group"], strict=True)])
    ax.xaxis.set_major_locator(MaxNLocator(6))
    return ax


def plot_evaluation(evaluation: Any) -> Figure:
    """Draw the four panels of an evaluation: calibration, decision curve, spread of risks, and groups or measures.

    Parameters
    ----------
    evaluation : Evaluation
        What :func:`edgeofcare.evaluation.evaluate.evaluate` gave.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; a notebook shows it, ``savefig`` writes it.
    """
    groups = evaluation.groups
    height = 9.0 + max(0.0, 0.22 * (len(groups) - 12))
    figure = NotebookFigure(figsize=(12, height), layout="constrained")
    axes = figure.subplots(2, 2)
    plot_calibration(evaluation.calibration, axes[0, 0])
    plot_decision_curve(evaluation.decision_curve, axes[0, 1])
    plot_risk_distribution(evaluation.risk_distribution, axes[1, 0])
    if len(groups):
        plot_groups(groups, axes[1, 1])
    else:
        plot_measures(evaluation.measures, axes[1, 1])
    return figure


def _axes(frame: pd.DataFrame, columns: Sequence[str], ax: Axes | None) -> Axes:
    """Check the columns of a frame, and make an axis where none is given."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the frame of an Evaluation."
        raise SpecError(msg)
    return NotebookFigure(figsize=(6, 4.5), layout="constrained").subplots() if ax is None else ax


def _finish(ax: Axes, title: str, xlabel: str, ylabel: str) -> None:
    """Title, labels, and no more ink than needed."""
    ax.set_title(literal(title), loc="left", fontsize=11, fontweight="bold")
    ax.set(xlabel=literal(xlabel), ylabel=literal(ylabel))
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)


def _nothing(ax: Axes) -> Axes:
    """Say that there is nothing to draw."""
    ax.text(0.5, 0.5, "nothing to show: too few entrants", ha="center", va="center", transform=ax.transAxes, color=DARK)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax


def _limits(frame: pd.DataFrame, scale: str) -> tuple[float, float]:
    """Range of the risks and of the curve; the band may leave it, so that a wide tail does not flatten the rest."""
    values = frame[["risk", "observed"]].to_numpy(dtype=np.float64)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if scale == "log":
        return max(low, float(frame["risk"].min()) / 5) / 1.3, min(1.0, high * 1.3)
    return 0.0, min(1.0, high * 1.1)


def _percent() -> FuncFormatter:
    """Write shares as percentages, the sign left to the label."""
    return FuncFormatter(lambda value, _: f"{100 * value:g}" if abs(value) > 1e-12 else "0")


def _forest(
    ax: Axes, frame: pd.DataFrame, places: np.ndarray, columns: tuple[str, str, str], style: Mapping[str, Any]
) -> None:
    """Points with intervals, one a row."""
    middle, low, high = (frame[column].to_numpy(dtype=np.float64) for column in columns)
    reach = np.nan_to_num(np.maximum(np.vstack([middle - low, high - middle]), 0.0))
    ax.errorbar(middle, places, xerr=reach, markersize=5, linewidth=1.6, linestyle="", **style)


def _rows(ax: Axes, labels: Sequence[str]) -> None:
    """Name the rows of a forest plot, the first at the top."""
    ax.set_yticks(np.arange(len(labels)), list(map(literal, labels)))
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.grid(axis="y", visible=False)
