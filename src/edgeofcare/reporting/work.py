"""The block of the report on what a team would see: lists, lead time, entrants out of reach, value."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from edgeofcare.reporting.blocks import Block, Grid, grid, wide
from edgeofcare.reporting.parts import one_part
from edgeofcare.reporting.sections import ReportSections

__all__ = ["work_block"]

_WORKLOAD = ("reviews", "children", "ppv", "entrants_found", "number_needed_to_review", "lift", "repeat_alerts")
_BRIEF = ("model", "count_rule")
_ALL_ENTRANTS = (
    "Counted here are all children of these ages in the authority's records, with an open case or without, who entered "
    "care from the first index date of the test until one spacing of index dates after the last, or until the records "
    "end. The measures further up follow the children of the cohort through their whole outcome windows, which reach "
    "further: so the number of entrants and the share who were on a list differ between the two, and neither is "
    "a part of the other."
)
_PARTS: tuple[tuple[str, str, str], ...] = (
    ("thresholds", "Reviewing at a fixed risk", "What would be found by reviewing every child at or above a risk."),
    ("lead_time", "Lead time", "How long before entry a child is first on a list, counted among all entrants."),
    ("reach", "All entrants of the authority, by whether a list could have held them", _ALL_ENTRANTS),
    ("value", "Value for money", "From the costs that were given, with their uncertainty and that of the sample."),
    ("expected", "What to expect at this AUROC", ""),
)
_REACHED = {
    "all entrants": "all entrants",
    "no_open_case": "had no open case on any index date",
    "never_alerted": "had one, and were on no list",
    "alerted_after_crisis": "first listed with a section 47 enquiry or police protection on record",
    "alerted_before_crisis": "first listed before any of these",
}


def work_block(sections: ReportSections) -> Block | None:
    """Lists, lead time, reach, value.

    Parameters
    ----------
    sections : ReportSections
        With the frames of these parts, or some of them.

    Returns
    -------
    Block or None
        None where there is none of them.
    """
    lists = {"rows": ("list",), "order": _WORKLOAD}
    parts = [one_part("workload", "Lists of different lengths", "Children as a team would meet them.", sections, lists)]
    for name, title, sentence in _PARTS:
        part, brief = one_part(name, title, sentence, sections), _brief(name, title, sections)
        if part is not None and brief is not None:
            everything = replace(part.grids[0], caption=f"{title}: all figures", folded=True)
            part = replace(part, grids=(brief, everything))
        parts.append(part)
    kept = tuple(part for part in parts if part is not None)
    return Block("What a team would see", parts=kept) if kept else None


def _brief(name: str, title: str, sections: ReportSections) -> Grid | None:
    """The short table of a part, where it has one: the model beside the count rule."""
    frame = sections.frame(name)
    needed = {
        "lead_time": {"model", "blackout_days", "measure", "at"},
        "reach": {"model", "group", "entrants", "share"},
    }
    if frame is None or not needed.get(name, {""}) <= set(frame.columns):
        return None
    rows = _leads(frame) if name == "lead_time" else _reached(frame)
    shown = wide(rows, rows=["of the entrants" if name == "reach" else "entrants"], columns="model", order=_BRIEF)
    return grid(title, shown) if len(shown) else None


def _leads(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares that were alerted at all and by so many days before, and the median lead time, in words."""
    first = frame[(frame["blackout_days"] == 0) & frame["model"].isin(_BRIEF)]
    asked = first["measure"].isin(["alerted", "never_alerted", "alerted_at_least"])
    kept = first[asked | ((first["measure"] == "lead_time") & (first["at"] == 0.5))]
    words = [_lead(str(measure), at) for measure, at in zip(kept["measure"], kept["at"], strict=True)]
    kept = kept.assign(entrants=words)
    return kept[kept.groupby("entrants")["estimate"].transform("count") > 0]


def _lead(measure: str, at: float) -> str:
    """A measure of lead time in words."""
    fixed = {
        "alerted": "share who were on a list before they entered",
        "never_alerted": "share who were on none",
        "lead_time": "days from first list to entry, median of those listed",
    }
    return fixed.get(measure) or f"share first listed at least {at:.0f} days before"


def _reached(frame: pd.DataFrame) -> pd.DataFrame:
    """Entrants by what could have been known of them, as shares with intervals."""
    kept = frame[frame["model"].isin(_BRIEF)]
    words = [_REACHED.get(str(group), str(group).replace("_", " ")) for group in kept["group"]]
    return kept.assign(**{"of the entrants": words}).rename(columns={"share": "estimate"})
