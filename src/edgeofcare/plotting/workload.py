"""Pictures of lists as a team works through them: what they hold by length, and how early they name an entrant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import BLUE, DARK, FAINT, GREEN, GREY, ORANGE, PINK
from edgeofcare.plotting.words import literal

__all__ = ["plot_lead_time", "plot_workload"]

_STYLES = {"model": (BLUE, "-", "o"), "count_rule": (ORANGE, "--", "s")}
_OTHERS = ((GREEN, "-.", "^"), (PINK, ":", "v"), (DARK, (0, (5, 1, 1, 1)), "D"))
_TICKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
_NAMES = {
    "ppv": "PPV: reviews in whose window an entry came, %",
    "entrants_found": "entrants found, %",
    "recall": "recall: rows with an entry that were reviewed, %",
    "repeat_alerts": "reviews of a child on an earlier list, %",
    "without_entry": "children listed without an entry, %",
}
_TITLES = {
    "ppv": "PPV by length of list",
    "entrants_found": "Entrants found by length of list",
    "recall": "Recall by length of list",
    "repeat_alerts": "Children listed again, by length of list",
    "without_entry": "Children without an entry, by length of list",
}


def plot_workload(
    frame: pd.DataFrame, ax: Axes | None = None, *, measure: str = "ppv", models: Sequence[str] | None = None
) -> Axes:
    """Draw one measure of the lists against their length, with the list that capacity allows marked.

    Parameters
    ----------
    frame : DataFrame
        From :func:`edgeofcare.evaluation.workload.lists.workload_frame`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    measure : str
        "ppv", "entrants_found", "recall", "repeat_alerts" or "without_entry". PPV falls and entrants found rise with
        the length of a list: draw both, side by side.
    models : sequence of str, optional
        Model and baselines to draw; the model and the count rule if None (without a count rule, all there are).

    Returns
    -------
    matplotlib.axes.Axes
        The axis. Points have 95% intervals; lists that are suppressed have no point.

    Raises
    ------
    SpecError
        If a column is missing or the measure is not one of those.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"model": "model", "list": ["capacity", "top 5%"], "share": [0.03, 0.05],
    ...                       "measure": "ppv", "estimate": [0.3, 0.2], "ci_low": [0.2, 0.1], "ci_high": [0.4, 0.3]})
    >>> plot_workload(table).get_xlabel()
    'length of the list, % of rows on each index date'
    """
    columns = ["model", "list", "share", "measure", "estimate", "ci_low", "ci_high"]
    ax = _axes(frame, columns, ax)
    if measure not in _NAMES:
        msg = f"measure is {measure!r}; use one of {', '.join(_NAMES)}."
        raise SpecError(msg)
    _finish(ax, _TITLES[measure], "length of the list, % of rows on each index date")
    ax.set_ylabel(_NAMES[measure])
    kept = frame.loc[(frame["measure"] == measure) & frame["estimate"].notna()]
    chosen = _chosen(kept, models)
    if not chosen:
        return _nothing(ax)
    at_capacity = frame.loc[frame["list"] == "capacity", "share"]
    if len(at_capacity):
        ax.axvline(float(at_capacity.iloc[0]), color=GREY, linewidth=1.2, linestyle=":", label="capacity")
    for i, name in enumerate(chosen):
        colour, line, marker = _STYLES.get(name, _OTHERS[i % len(_OTHERS)])
        part = kept.loc[kept["model"] == name].sort_values("share")
        shift = 1.015 ** (2 * i - len(chosen) + 1)
        middle, low, high = (part[column].to_numpy(dtype=np.float64) for column in ("estimate", "ci_low", "ci_high"))
        reach = np.nan_to_num(np.maximum(np.vstack([middle - low, high - middle]), 0.0))
        style: dict[str, Any] = {
            "color": colour,
            "linestyle": line,
            "marker": marker,
            "markersize": 5,
            "linewidth": 1.6,
        }
        ax.errorbar(
            part["share"] * shift, middle, yerr=reach, elinewidth=1.1, label=literal(name.replace("_", " ")), **style
        )
    shares = kept.loc[kept["model"].isin(chosen), "share"]
    _share_axis(ax, min(shares.min(), *at_capacity.head(1)), max(shares.max(), *at_capacity.head(1)))
    ax.set_ylim(0, 1.15 * ax.get_ylim()[1])
    style = {"facecolor": "white", "edgecolor": "none", "framealpha": 1.0}  # the line at capacity may run behind it
    ax.legend(fontsize=8, loc="upper right" if measure == "ppv" else "upper left", **style)
    return ax


def plot_lead_time(frame: pd.DataFrame, ax: Axes | None = None, *, models: Sequence[str] | None = None) -> Axes:
    """Draw the share of entrants who had been alerted so many days before their entry, or more.

    Parameters
    ----------
    frame : DataFrame
        From :func:`edgeofcare.evaluation.workload.lead_time.lead_time_frame`.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.
    models : sequence of str, optional
        Model and baselines to draw; the model and the count rule if None (without a count rule, all there are).

    Returns
    -------
    matplotlib.axes.Axes
        The axis, entry into care at the right. Between two points the line shows the smaller share, of the earlier
        day: at least so many had been alerted. The band is the 95% interval of the model.

    Raises
    ------
    SpecError
        If a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"model": "model", "blackout_days": 0, "measure": ["alerted", "alerted_at_least"],
    ...                       "at": [None, 30.0], "estimate": [0.6, 0.4], "ci_low": [0.5, 0.3], "ci_high": [0.7, 0.5]})
    >>> plot_lead_time(table).get_ylabel()
    'entrants alerted by then, %'
    """
    ax = _axes(frame, ["model", "blackout_days", "measure", "at", "estimate", "ci_low", "ci_high"], ax)
    _finish(ax, "Time from first alert to entry", "days before entry into care")
    ax.set_ylabel("entrants alerted by then, %")
    shares = _lead_shares(frame)
    chosen = _chosen(shares, models)
    if not chosen:
        return _nothing(ax)
    for i, name in enumerate(chosen):
        colour, line, marker = _STYLES.get(name, _OTHERS[i % len(_OTHERS)])
        part = shares.loc[shares["model"] == name].sort_values("days")
        days = part["days"].to_numpy(dtype=np.float64)
        middle, low, high = (part[column].to_numpy(dtype=np.float64) for column in ("estimate", "ci_low", "ci_high"))
        ax.step(
            days,
            middle,
            where="pre",
            color=colour,
            linestyle=line,
            linewidth=1.8,
            label=literal(name.replace("_", " ")),
        )
        ax.plot(days, middle, linestyle="", marker=marker, markersize=4, color=colour)
        if name == "model":
            ax.vlines(days, low, high, color=colour, linewidth=1.1)
            ax.fill_between(days, low, high, step="pre", color=colour, alpha=0.18, linewidth=0, label="95% interval")
    drawn = shares.loc[shares["model"].isin(chosen)]
    ax.set_ylim(0, min(1.0, 1.1 * float(np.nanmax(drawn[["estimate", "ci_high"]].to_numpy(dtype=np.float64)))))
    ax.set_xlim(1.03 * float(drawn["days"].max()) + 1, -2)
    ax.xaxis.set_major_locator(FixedLocator(sorted(drawn["days"].unique())))
    ax.yaxis.set_major_formatter(_percent())
    ax.legend(frameon=False, loc="upper left", fontsize=8)
    return ax


def _lead_shares(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares that are shown, with the days before entry at which they hold."""
    kept = frame.loc[frame["measure"].isin(["alerted", "alerted_at_least"]) & frame["estimate"].notna()]
    days = kept["at"].where(kept["measure"] == "alerted_at_least", kept["blackout_days"])
    return kept.assign(days=days.astype("float64")).drop_duplicates(["model", "days"])


def _chosen(kept: pd.DataFrame, models: Sequence[str] | None) -> list[str]:
    """Model and baselines to draw, in the order of the frame."""
    there = [str(name) for name in kept["model"].unique() if not str(name).startswith("model minus ")]
    if models is None:
        models = tuple(_STYLES) if "count_rule" in there else there
    return [name for name in there if name in models]


def _axes(frame: pd.DataFrame, columns: Sequence[str], ax: Axes | None) -> Axes:
    """Check the columns of a frame, and make an axis where none is given."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the frame that the evaluation made."
        raise SpecError(msg)
    return NotebookFigure(figsize=(6, 4.5), layout="constrained").subplots() if ax is None else ax


def _finish(ax: Axes, title: str, xlabel: str) -> None:
    """Title, label, and no more ink than needed."""
    ax.set_title(title, loc="left", fontsize=11, fontweight="bold")
    ax.set_xlabel(xlabel)
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)


def _share_axis(ax: Axes, low: float, high: float) -> None:
    """Shares of the rows on a scale of ratios, as percentages."""
    ax.set_xscale("log")
    ax.set_xlim(low / 1.25, high * 1.25)
    ax.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if low / 1.25 <= tick <= high * 1.25]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.xaxis.set_major_formatter(_percent())
    ax.yaxis.set_major_formatter(_percent())


def _percent() -> FuncFormatter:
    """Write shares as percentages, the sign left to the label."""
    return FuncFormatter(lambda value, _: f"{100 * value:g}" if abs(value) > 1e-12 else "0")


def _nothing(ax: Axes) -> Axes:
    """Say that there is nothing to draw."""
    ax.text(0.5, 0.5, "nothing to show: too few children", ha="center", va="center", transform=ax.transAxes, color=DARK)
    ax.set_xticks([])
    ax.set_yticks([])
    return ax
