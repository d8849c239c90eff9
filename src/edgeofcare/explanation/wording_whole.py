"""Sentences for features of the child, of the day, of who the siblings are, and for those made of two others."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.ages import age_in_years
from edgeofcare.explanation.wording_rows import number_said
from edgeofcare.features.feature import Feature, label
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Difference, Ratio
from edgeofcare.features.specs.events import DaysSince
from edgeofcare.schema.codes import CODE_LISTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MONTHS", "WHOLE"]

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
"""Months of the year, whatever the language of the machine."""


def _age(spec: Age, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """Completed years, by the birthday where it is in evidence."""
    if math.isnan(value):
        return "The age is unknown."
    if rows is None:
        return f"Aged {math.floor(value)}."
    born = np.asarray(rows["date"]).astype("datetime64[D]")[0]
    return f"Aged {age_in_years(born, np.datetime64(index_date, 'D'))}."


def _characteristic(spec: Characteristic, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """What is recorded of a characteristic."""
    if spec.column == "ehc_plan":
        if math.isnan(value):
            return "Whether there is an education, health and care plan is not recorded."
        held = (value != 0) == (spec.code == "yes")
        return f"{'An' if held else 'No'} education, health and care plan is on record."
    what = label(spec.column).capitalize()
    if math.isnan(value):
        return f"{what} is not recorded."
    said = CODE_LISTS.get(spec.column, {}).get(spec.code, spec.code)
    return f"{what} is recorded as {'' if value else 'other than '}{said}."


def _calendar(spec: Calendar, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """Month or year of the index date."""
    if math.isnan(value):
        return f"The {spec.part} of the index date is unknown."
    said = MONTHS[int(value) - 1] if spec.part == "month" else f"{value:.0f}"
    return f"The {spec.part} of the index date is {said}."


def _siblings(spec: Siblings, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """How many siblings there are."""
    undated = spec.scope == "undated_siblings"
    if math.isnan(value):
        when = "" if undated else ", or not since when that was known"
        return f"Unknown: the records do not say who the siblings are{when}."
    youngest, oldest = spec.ages
    aged = f"aged {youngest}" if youngest == oldest else f"aged {youngest} to {oldest}"
    noun, verb = ("sibling", "is") if value in (0, 1) else ("siblings", "are")
    links = " (undated links included)" if undated else ""
    return f"{number_said(value) if value else 'No'} {noun}{links} {aged} {verb} on record."


def _quantity(spec: Feature) -> tuple[str, bool]:
    """A feature as a noun with its article, and whether it is one of many."""
    said = re.sub(r"\d{4,}(?= days)", lambda number: f"{int(number[0]):,}", spec.sentence.rstrip("."))
    return f"the {said[0].lower()}{said[1:]}", said.startswith("Days ")


def _ratio(spec: Ratio, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """How large one is beside the other."""
    (first, many), (second, _) = _quantity(spec.first), _quantity(spec.second)
    if math.isnan(value):
        return f"Not known: {first}, divided by {second}; one of them is unknown, or the second is zero."
    head = f"{first[0].upper()}{first[1:]} {'are' if many else 'is'}"
    if value == 0:
        return f"{head} zero, beside {second}."
    return f"{head} the same as {second}." if value == 1 else f"{head} {number_said(value)} times {second}."


def _difference(spec: Difference, value: float, rows: pd.DataFrame | None, index_date: Any) -> str:
    """How much larger one is than the other."""
    (first, many), (second, _) = _quantity(spec.first), _quantity(spec.second)
    if math.isnan(value):
        return f"Not known: {first}, less {second}; one of them is unknown."
    if value and _is_a_return(spec):
        return _return(spec, value)
    by = f"{number_said(abs(value))} {'more' if value > 0 else 'less'} than" if value else "the same as"
    return f"{first[0].upper()}{first[1:]} {'are' if many else 'is'} {by} {second}."


def _is_a_return(spec: Difference) -> bool:
    """Whether days since the last end are set against days since the last start of the same spells."""
    first, second = spec.first, spec.second
    if type(first) is not DaysSince or type(second) is not DaysSince:
        return False
    return first.edge == "end" and second == replace(first, edge="start")


def _return(spec: Difference, value: float) -> str:
    """How long after an end there was a new start."""
    days = f"{number_said(abs(value))} {'day' if abs(value) == 1 else 'days'}"
    one = spec.first.source.singular  # type: ignore[attr-defined]
    if value > 0:
        return f"The last {one} began {days} after one had last ended."
    return f"The last {one} to end did so {days} after the last one began."


WHOLE: dict[type[Feature], Callable[..., str]] = {
    Age: _age,
    Characteristic: _characteristic,
    Calendar: _calendar,
    Siblings: _siblings,
    Ratio: _ratio,
    Difference: _difference,
}
"""The writer of each kind: of the spec, the value (which may be NaN), the rows and the index date."""
