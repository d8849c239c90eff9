"""A picture of a roll-out: which team uses the score in which period.

Examples
--------
>>> frame = pd.DataFrame({"team": ["North"] * 2 + ["South"] * 2, "step": [1, 1, 2, 2], "exposed": [False, True] * 2,
...                       "period": pd.to_datetime(["2026-04-01", "2026-07-01"] * 2)})
>>> plot_rollout(frame).get_title(loc="left")
'Who uses the score when?'
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from edgeofcare.exceptions import SpecError
from edgeofcare.figures import NotebookFigure
from edgeofcare.plotting.palette import BLUE, DARK, FAINT
from edgeofcare.plotting.words import literal

__all__ = ["plot_rollout"]

_COLUMNS = ["team", "step", "period", "exposed"]
_UPRIGHT = 12  # periods, above which their dates stand upright


def plot_rollout(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw which team uses the score in which period.

    Parameters
    ----------
    frame : DataFrame
        ``RolloutDesign.to_frame()``: team, step, period, exposed.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axis: a row for each team, those that begin first on top, and a column for each period. Dark and marked
        cells use the score.

    Raises
    ------
    SpecError
        If a column is missing.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> design = eoc.design_rollout(["North", "South"], periods=eoc.quarters("2026-04-01", "2026-10-01"))
    >>> len(plot_rollout(design.to_frame()).patches)
    6
    """
    missing = [column for column in _COLUMNS if column not in frame.columns]
    if missing:
        msg = f"The frame lacks {', '.join(missing)}; give the frame of a RolloutDesign."
        raise SpecError(msg)
    rows = frame.sort_values(["step", "team", "period"])
    teams, periods = list(dict.fromkeys(rows["team"].astype(str))), sorted(rows["period"].unique())
    crowded = len(periods) > _UPRIGHT
    if ax is None:
        size = (max(6.0, (0.5 if crowded else 0.95) * len(periods) + 2), max(2.6, 0.34 * len(teams) + 1.5))
        ax = NotebookFigure(figsize=size, layout="constrained").subplots()
    place = {team: row for row, team in enumerate(teams)}
    columns = np.searchsorted(np.array(periods), rows["period"].to_numpy())
    for team, column, exposed in zip(rows["team"].astype(str), columns, rows["exposed"], strict=True):
        _cell(ax, int(column), place[team], exposed=bool(exposed))
    ax.set(xlim=(-0.5, len(periods) - 0.5), ylim=(len(teams) - 0.5, -0.5))
    ax.set_xticks(range(len(periods)), [str(pd.Timestamp(day).date()) for day in periods], fontsize=8)
    ax.tick_params(axis="x", rotation=90 if crowded else 0)
    ax.set_yticks(range(len(teams)), list(map(literal, teams)))
    ax.set_xlabel("period, by its first day")
    ax.set_title("Who uses the score when?", loc="left", fontsize=11, fontweight="bold")
    ax.spines[["top", "right", "left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    ax.legend(handles=[Patch(color=BLUE, label="uses it"), Patch(color=FAINT, label="not yet")], frameon=False,
              fontsize=8, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)  # fmt: skip
    return ax


def _cell(ax: Axes, column: int, row: int, *, exposed: bool) -> None:
    """One team in one period."""
    colour = BLUE if exposed else FAINT
    ax.add_patch(Rectangle((column - 0.47, row - 0.44), 0.94, 0.88, facecolor=colour, edgecolor="none"))
    if exposed:
        ax.plot(column, row, marker="o", markersize=4, color="white", markeredgecolor=DARK, markeredgewidth=0.6)
