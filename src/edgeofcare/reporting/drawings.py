"""The pictures that a report draws of its parts where nobody gives it others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.reporting.blocks import Picture, key_of
from edgeofcare.reporting.driver_drawings import importance_drawings, value_drawings
from edgeofcare.reporting.pages import svg
from edgeofcare.reporting.sections import Drawing, ReportSections
from edgeofcare.reporting.shareable import shareable_groups

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["drawn", "part_pictures"]

_WIDTH, _HEIGHT, _ROW, _LEAST = 6.4, 4.8, 0.27, 2.6
_ESTIMATE = ("estimate", "ci_low", "ci_high")


class _Way(NamedTuple):
    """How to draw a part: the columns and values that it takes, and the picture."""

    title: str
    caption: str
    columns: tuple[str, ...]
    draw: Callable[[pd.DataFrame, Axes], Any]
    holds: Mapping[str, str] = {}

    def fits(self, frame: pd.DataFrame) -> bool:
        """Whether a frame holds what the picture takes."""
        if not set(self.columns) <= set(frame.columns):
            return False
        return not len(self.holds) or bool(
            np.logical_and.reduce([frame[name] == value for name, value in self.holds.items()]).any()
        )


def drawn(drawings: tuple[Drawing, ...]) -> tuple[Picture, ...]:
    """Pictures as SVG, named by their title.

    Parameters
    ----------
    drawings : tuple of Drawing
        What to draw.

    Returns
    -------
    tuple of Picture
        In the same order.
    """
    return tuple(
        Picture(
            each.title,
            each.caption,
            svg(each.draw, size=each.size, label=f"{each.title} {each.caption}", prefix=key_of(each.title)),
        )
        for each in drawings
    )


def part_pictures(sections: ReportSections, name: str) -> tuple[Picture, ...]:
    """The pictures of a part: those that were given for it, else those that its frame allows.

    Parameters
    ----------
    sections : ReportSections
        With drawings, or without.
    name : str
        Name of the part.

    Returns
    -------
    tuple of Picture
        Drawn.
    """
    given = sections.drawings.get(name)
    return drawn(tuple(given) if given is not None else _usual(sections, name))


def _usual(sections: ReportSections, name: str) -> tuple[Drawing, ...]:
    """Pictures that the frame of a part allows."""
    frame = sections.frame(name)
    if frame is None:
        return ()
    if name == "group_measures":
        return _of_groups(shareable_groups(frame)[0])
    if name in ("importance", "by_value"):
        return (
            importance_drawings(frame) if name == "importance" else value_drawings(frame, sections.frame("importance"))
        )
    return tuple(
        Drawing(way.title, way.caption, partial(way.draw, frame)) for way in _WAYS.get(name, ()) if way.fits(frame)
    )


def _of_groups(frame: pd.DataFrame) -> tuple[Drawing, ...]:
    """Three measures of every group that is not suppressed, as high as their rows need."""
    from edgeofcare.plotting.groups import plot_group_measures

    if not {"by", "group", "measure", "against", "note", *_ESTIMATE} <= set(frame.columns):
        return ()
    made = []
    for measure, (title, caption) in _GROUPED.items():
        rows = frame[(frame["measure"] == measure) & frame["estimate"].notna()]
        count = len(rows[["by", "group"]].drop_duplicates())
        if count:
            size = (_WIDTH, max(_LEAST, 1.0 + _ROW * count))
            made.append(Drawing(title, caption, partial(plot_group_measures, rows, measure=measure), size))
    return tuple(made)


_GROUPED: Mapping[str, tuple[str, str]] = {
    "observed_expected_ratio": (
        "Are the risks right for every group?",
        "Entries observed for each one that the risks expected, with 95% intervals. On the line they are right. "
        "Hollow: fewer than 75 entrants. Suppressed groups are left out.",
    ),
    "auroc": (
        "Does it rank as well in every group?",
        "AUROC within each group, with 95% intervals.",
    ),
    "false_negative_rate": (
        "Whom does the list miss?",
        "Of the rows with an entry in each group, the share that was on no list, with 95% intervals.",
    ),
}


def _workload(frame: pd.DataFrame, ax: Axes, *, measure: str) -> Any:
    """Lists by their length."""
    from edgeofcare.plotting.workload import plot_workload

    return plot_workload(frame, ax, measure=measure)


def _lead_time(frame: pd.DataFrame, ax: Axes) -> Any:
    """First alert to entry."""
    from edgeofcare.plotting.workload import plot_lead_time

    return plot_lead_time(frame, ax)


def _origins(frame: pd.DataFrame, ax: Axes, *, measure: str) -> Any:
    """A measure by period, or that it is not shown."""
    from edgeofcare.plotting.origins import plot_origins

    return plot_origins(frame, ax, measure=measure)


def _agreement(frame: pd.DataFrame, ax: Axes) -> Any:
    """How far refits agree."""
    from edgeofcare.plotting.stability import plot_agreement

    return plot_agreement(frame, ax)


def _spread(frame: pd.DataFrame, ax: Axes) -> Any:
    """How far one child's risk moves."""
    from edgeofcare.plotting.stability import plot_spread

    return plot_spread(frame, ax)


def _transport(frame: pd.DataFrame, ax: Axes) -> Any:
    """AUROC by authority."""
    from edgeofcare.plotting.transport import plot_transport

    return plot_transport(frame, ax)


_LISTS = ("model", "list", "share", "measure", *_ESTIMATE)
_OVER_TIME = ("origin", "first_month", "last_month", "model", "stratum", "measure", *_ESTIMATE)
_REFITTED = ("kind", "measure", "estimate", "low", "high")
_WAYS: Mapping[str, tuple[_Way, ...]] = {
    "workload": (
        _Way(
            "How many reviews meet an entry?",
            "PPV falls as a list grows longer. The dotted line is the list that the team's time allows.",
            _LISTS,
            partial(_workload, measure="ppv"),
        ),
        _Way(
            "How many entrants does a list find?",
            "The share of entrants rises as a list grows longer.",
            _LISTS,
            partial(_workload, measure="entrants_found"),
        ),
    ),
    "lead_time": (
        _Way(
            "How early are they named?",
            "Share of all entrants who had been on a list so many days before their entry. Steps with fewer than 10 "
            "children are left out.",
            ("model", "blackout_days", "measure", "at", *_ESTIMATE),
            _lead_time,
        ),
    ),
    "origins": (
        _Way(
            "Does it rank as well, year after year?",
            "AUROC of the model and of the count rule in each period, with 95% intervals.",
            _OVER_TIME,
            partial(_origins, measure="auroc"),
            {"measure": "auroc", "stratum": "all rows"},
        ),
        _Way(
            "Are the risks right, year after year?",
            "Entries observed for each one expected, with 95% intervals. On the line the risks are right on average.",
            _OVER_TIME,
            partial(_origins, measure="observed_expected_ratio"),
            {"measure": "observed_expected_ratio", "stratum": "all rows"},
        ),
    ),
    "stability": (
        _Way(
            "Would it name the same children?",
            "Children on both of two lists, reasons in both of two explanations, and how far the order agrees. 1 is "
            "the same.",
            _REFITTED,
            _agreement,
        ),
        _Way(
            "How sure is one child's risk?",
            "By what factor the risk of one child moves: the median child, and from the 10th to the 90th centile.",
            _REFITTED,
            _spread,
        ),
    ),
    "transport": (
        _Way(
            "Does it hold in the next authority?",
            "AUROC in each authority of a model that was trained on all others, with 95% intervals.",
            ("train", "test", "model", "measure", *_ESTIMATE),
            _transport,
            {"train": "all others", "model": "model", "measure": "auroc"},
        ),
    ),
}
