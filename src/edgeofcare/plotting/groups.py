"""Pictures of a group audit, and of what unequal recording does to it.

Examples
--------
>>> table = pd.DataFrame({"by": "sex", "group": ["female", "male"], "measure": "auroc", "estimate": [0.8, 0.7],
...                       "ci_low": [0.7, 0.6], "ci_high": [0.9, 0.8], "against": "the rest", "difference": [0.1, -0.1],
...                       "difference_low": [-0.1, -0.3], "difference_high": [0.3, 0.1], "note": ""})
>>> plot_group_measures(table, measure="auroc").get_xlabel()
'AUROC'
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from edgeofcare.exceptions import SpecError
from edgeofcare.plotting.evaluation import _axes, _finish, _forest, _nothing, _percent, _rows
from edgeofcare.plotting.palette import BLUE, DARK, GREY, ORANGE
from edgeofcare.plotting.words import literal

__all__ = ["GROUP_MEASURE_LABELS", "plot_group_measures", "plot_recording_sensitivity"]

_TITLES = {
    "base_rate": "Rate of entry",
    "mean_risk": "Mean risk",
    "selection_rate": "Rows reviewed",
    "true_positive_rate": "Entries reviewed",
    "false_positive_rate": "Others reviewed",
    "false_negative_rate": "Entries missed",
    "ppv": "PPV",
    "false_omission_rate": "False omission rate",
    "auroc": "AUROC",
    "observed_expected_ratio": "Observed over expected",
    "calibration_in_the_large": "Calibration in the large",
    "calibration_slope": "Calibration slope",
    "list_share": "Share of reviews",
    "entry_share": "Share of entrants",
    "list_minus_entry_share": "Reviews less entrants",
}
#: What the axis of each measure says; those with a per cent sign are shares.
GROUP_MEASURE_LABELS = {
    "base_rate": "rows with an entry, %",
    "mean_risk": "mean risk, %",
    "selection_rate": "rows reviewed at capacity, %",
    "true_positive_rate": "rows with an entry that were reviewed, %",
    "false_positive_rate": "rows without an entry that were reviewed, %",
    "false_negative_rate": "rows with an entry that were not reviewed, %",
    "ppv": "reviewed rows with an entry, %",
    "false_omission_rate": "rows not reviewed with an entry, %",
    "auroc": "AUROC",
    "observed_expected_ratio": "entries observed for each one expected",
    "calibration_in_the_large": "calibration in the large, log-odds",
    "calibration_slope": "calibration slope",
    "list_share": "share of all reviews, %",
    "entry_share": "share of all entrants, %",
    "list_minus_entry_share": "share of reviews less share of entrants, points",
}
_LINES = {"observed_expected_ratio": 1.0, "calibration_in_the_large": 0.0, "calibration_slope": 1.0}
_COLUMNS = ["by", "group", "measure", "against", "note"]


def plot_group_measures(
    frame: pd.DataFrame,
    ax: Axes | None = None,
    *,
    measure: str = "observed_expected_ratio",
    against: str | None = None,
) -> Axes:
    """Draw one measure of every group, or its difference from something else, with 95% intervals.

    Parameters
    ----------
    frame : DataFrame
        The long table of a group audit: by, group, measure, estimate, ci_low, ci_high, against, difference,
        difference_low, difference_high, note.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    measure : str
        One of :data:`GROUP_MEASURE_LABELS`.
    against : str, optional
        Draw the difference from this ("the rest", "ideal" or a named reference) in place of the measure.

    Returns
    -------
    matplotlib.axes.Axes
        The axis. A dashed line is no difference, or what a measure of calibration should be. Hidden groups are named
        and left empty; hollow points are of fewer than 75 entrants.

    Raises
    ------
    SpecError
        If a column is missing, or there is no such measure.

    Examples
    --------
    >>> table = pd.DataFrame({"by": "sex", "group": ["F", "M"], "measure": "auroc", "estimate": [0.8, 0.7],
    ...                       "ci_low": [0.7, 0.6], "ci_high": [0.9, 0.8], "against": "the rest",
    ...                       "difference": [0.1, -0.1], "difference_low": [0.0, -0.2],
    ...                       "difference_high": [0.2, 0.0], "note": ""})
    >>> plot_group_measures(table, measure="auroc", against="the rest").get_xlabel()
    'difference from the rest: AUROC'
    """
    if measure not in GROUP_MEASURE_LABELS:
        msg = f"measure is {measure!r}; use one of {', '.join(GROUP_MEASURE_LABELS)}."
        raise SpecError(msg)
    values = (
        ("estimate", "ci_low", "ci_high") if against is None else ("difference", "difference_low", "difference_high")
    )
    ax = _axes(frame, [*_COLUMNS, *values], ax)
    label, line = GROUP_MEASURE_LABELS[measure], _LINES.get(measure)
    if against is not None:
        label, line = f"difference from {against}: {label}", 0.0
    _finish(ax, f"{_TITLES[measure]}, by group", label, "")
    part = frame.loc[frame["measure"] == measure]
    part = part.drop_duplicates(["by", "group"]) if against is None else part.loc[part["against"] == against]
    if part[values[0]].notna().sum() == 0:
        return _nothing(ax)
    return _draw(ax, part.reset_index(drop=True), values, line)


def _draw(ax: Axes, part: pd.DataFrame, values: tuple[str, str, str], line: float | None) -> Axes:
    """Points with intervals, the hidden groups named."""
    places = np.arange(len(part), dtype=np.float64)
    if line is not None:
        ax.axvline(line, color=GREY, linestyle="--", linewidth=1.2)
    few = part["note"].str.contains("unreliable|caution").to_numpy(dtype=bool)
    for mask, style in ((~few, {"color": BLUE}), (few, {"color": BLUE, "markerfacecolor": "white"})):
        if mask.any():
            _forest(ax, part.loc[mask], places[mask], values, {**style, "fmt": "o"})
    hidden = part[values[0]].isna().to_numpy()
    foot = ax.get_xlim()[0] if line is None else line
    for place in places[hidden]:
        ax.text(foot, place, " suppressed", va="center", fontsize=8, color=DARK)
    names = zip(part["by"], part["group"], strict=True)
    _rows(ax, [f"{by.replace('_', ' ')}: {group}" for by, group in names])
    ax.xaxis.set_major_locator(MaxNLocator(6))
    if ax.get_xlabel().endswith(("%", "points")):
        ax.xaxis.set_major_formatter(_percent())
    return ax


def plot_recording_sensitivity(
    frame: pd.DataFrame, ax: Axes | None = None, *, measure: str = "observed_expected_ratio"
) -> Axes:
    """Draw how a measure of a group moves as more of its events go unrecorded, in truth and as recorded.

    Parameters
    ----------
    frame : DataFrame
        From :func:`edgeofcare.evaluation.groups.recording.recording_sensitivity`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    measure : str
        A measure of the frame.

    Returns
    -------
    matplotlib.axes.Axes
        The axis: lines by true risk, the same markers without a line by recorded outcome.

    Raises
    ------
    SpecError
        If a column is missing, or the frame has no such measure.

    Examples
    --------
    >>> table = pd.DataFrame({"unrecorded": [0.0, 0.4], "group": "Black", "measure": "ppv", "truth": [0.2, 0.1],
    ...                       "as_recorded": [0.2, 0.2]})
    >>> plot_recording_sensitivity(table, measure="ppv").get_ylabel()
    'reviewed rows with an entry, %'
    """
    ax = _axes(frame, ["unrecorded", "group", "measure", "truth", "as_recorded"], ax)
    part = frame.loc[frame["measure"] == measure]
    if part.empty:
        msg = f"measure is {measure!r}; use one of {', '.join(frame['measure'].unique())}."
        raise SpecError(msg)
    label = GROUP_MEASURE_LABELS.get(measure, measure.replace("_", " "))
    _finish(
        ax,
        "Unequal recording",
        "events of the group that are not recorded, %",
        label,
    )
    if measure in _LINES:
        ax.axhline(_LINES[measure], color=GREY, linestyle=":", linewidth=1.2)
    styles = ((BLUE, "o", "-"), (ORANGE, "s", "--"))
    for (name, rows), (colour, marker, line) in zip(part.groupby("group", sort=False), styles, strict=False):
        ax.plot(
            rows["unrecorded"],
            rows["truth"],
            color=colour,
            marker=marker,
            linestyle=line,
            label=f"{literal(str(name))}, true risk",
        )
        style: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": "", "markerfacecolor": "white"}
        ax.plot(rows["unrecorded"], rows["as_recorded"], label=f"{literal(str(name))}, outcomes", **style)
    ax.xaxis.set_major_formatter(_percent())
    if label.endswith("%"):
        ax.yaxis.set_major_formatter(_percent())
    ax.legend(frameon=False, fontsize=8)
    return ax
