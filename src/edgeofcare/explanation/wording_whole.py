"""Sentences for features of the child, of the day, of who the siblings are, and for those made of two others."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.ages import age_in_years
from edgeofcare.explanation.wording_rows import a, days_said, number_said, rows_said, verb_said, window_said
from edgeofcare.features.feature import Feature, TableFeature, label
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Combined, Difference, Ratio
from edgeofcare.features.specs.events import Count, DaysSince
from edgeofcare.features.specs.spells import DaysIn, TotalDays
from edgeofcare.schema.codes import CODE_LISTS

if TYPE_CHECKING:
    from edgeofcare.explanation.source_rows import Rows

__all__ = ["WHOLE", "is_a_return"]

_SO = {"care_periods": "looked after", "missing_episodes": "missing overnight", "worker_involvements": "with a worker"}

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
"""Months of the year, whatever the language of the machine."""


def _age(spec: Age, value: float, rows: Rows | None, index_date: Any) -> str:
    """Completed years, by the birthday where it is in evidence."""
    if math.isnan(value):
        return "The age is unknown."
    if rows is None:
        return f"Aged {math.floor(value)}."
    born = np.asarray(rows["date"]).astype("datetime64[D]")[0]
    return f"Aged {age_in_years(born, np.datetime64(index_date, 'D'))}."


def _characteristic(spec: Characteristic, value: float, rows: Rows | None, index_date: Any) -> str:
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


def _calendar(spec: Calendar, value: float, rows: Rows | None, index_date: Any) -> str:
    """Month or year of the index date."""
    if math.isnan(value):
        return f"The {spec.part} of the index date is unknown."
    said = MONTHS[int(value) - 1] if spec.part == "month" else f"{value:.0f}"
    return f"The {spec.part} of the index date is {said}."


def _siblings(spec: Siblings, value: float, rows: Rows | None, index_date: Any) -> str:
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


def _ratio(spec: Ratio, value: float, rows: Rows | None, index_date: Any) -> str:
    """How many of one there are for each of the other, where the two numbers are not known."""
    units = _units(spec)
    if units is None:
        return _stiff(spec, value, "divided by", "or the second is zero")
    (one, many), (each, _), window = units
    if math.isnan(value):
        return f"Not known: how many {many} there were for each {each}{window}."
    if value == 0:
        return f"No {one} for any {each}{window}."
    return f"{number_said(value)} {one if value == 1 else many} for each {each}{window}."


def _difference(spec: Difference, value: float, rows: Rows | None, index_date: Any) -> str:
    """How many more of one there are than of the other, where the two numbers are not known."""
    if is_a_return(spec):
        return _return(spec, value)
    units = _units(spec)
    if units is None:
        return _stiff(spec, value, "less", "")
    (one, many), (_, others), window = units
    if math.isnan(value):
        return f"Not known: how many more or fewer {many} than {others} there were{window}."
    if not value:
        return f"As many {many} as {others}{window}."
    noun = one if abs(value) == 1 else many
    return f"{number_said(abs(value))} {'more' if value > 0 else 'fewer'} {noun} than {others}{window}."


def _units(spec: Combined) -> tuple[tuple[str, str], tuple[str, str], str] | None:
    """What each feature counts, as one and as many, and the window of both; None where they are no such pair."""
    first, second = _unit(spec.first), _unit(spec.second)
    if first is None or second is None:
        return None
    days = {getattr(part, "lookback", None) for part in (spec.first, spec.second) if isinstance(part, TableFeature)}
    if len(days) != 1:
        return None
    window = next(window_said(part) for part in (spec.first, spec.second) if isinstance(part, TableFeature))
    return first, second, "" if days == {None} else f" {window}"


def _unit(spec: Feature) -> tuple[str, str] | None:
    """What a feature counts, as one and as many."""
    if isinstance(spec, Age):
        return "year of age", "years of age"
    if type(spec) is Count and spec.edge == "start":
        return rows_said(spec, 1), rows_said(spec, 2)
    if type(spec) not in (DaysIn, TotalDays):
        return None
    assert isinstance(spec, DaysIn)
    plain = spec.scope == "child" and not (spec.where or spec.unless)
    noun = a(rows_said(spec, 1))
    so = _SO.get(spec.table, "") if plain else ""
    so = so or f"with {noun[0].lower()}{noun[1:]} open"
    return f"day {so}", f"days {so}"


def _stiff(spec: Combined, value: float, sign: str, or_else: str) -> str:
    """Two features that are no counts of like things, by their own sentences."""
    (first, many), (second, _) = _quantity(spec.first), _quantity(spec.second)
    if math.isnan(value):
        return f"Not known: {first}, {sign} {second}; one of them is unknown{f', {or_else}' if or_else else ''}."
    head, number = f"{first[0].upper()}{first[1:]} {'are' if many else 'is'}", number_said(abs(value))
    if isinstance(spec, Ratio):
        same, said = value == 1, f"zero, beside {second}" if value == 0 else f"{number} times {second}"
    else:
        same, said = value == 0, f"{number} {'more' if value > 0 else 'less'} than {second}"
    return f"{head} the same as {second}." if same else f"{head} {said}."


def _quantity(spec: Feature) -> tuple[str, bool]:
    """A feature as a noun with its article, and whether it is one of many."""
    said = re.sub(r"\d{4,}(?= days)", lambda number: f"{int(number[0]):,}", spec.sentence.rstrip("."))
    return f"the {said[0].lower()}{said[1:]}", said.startswith("Days ")


def is_a_return(spec: Feature) -> bool:
    """Whether days since the last end are set against days since the last start of the same spells.

    Parameters
    ----------
    spec : Feature
        The feature.

    Returns
    -------
    bool
        True for such a difference.
    """
    if not isinstance(spec, Difference) or type(spec.first) is not DaysSince or type(spec.second) is not DaysSince:
        return False
    return spec.first.edge == "end" and spec.second == replace(spec.first, edge="start")


def _return(spec: Difference, value: float) -> str:
    """How long after an end there was a new start."""
    assert isinstance(spec.first, DaysSince)
    one, days = rows_said(spec.first, 1), days_said(abs(value))
    began, ended = verb_said(spec.first, "start", 1), verb_said(spec.first, "end", 1)
    if math.isnan(value):
        return f"Not known: how long after the end of one {one} the next began."
    if value < 0:
        return f"The last {one} to end did so {days} after the last one began."
    after = f"{days} after one" if value else "on the day on which one"
    been = f"been {ended[4:]}" if ended.startswith("was ") else ended
    return f"The last {one} {began} {after} had last {been}."


WHOLE: dict[type[Feature], Callable[..., str]] = {
    Age: _age,
    Characteristic: _characteristic,
    Calendar: _calendar,
    Siblings: _siblings,
    Ratio: _ratio,
    Difference: _difference,
}
"""The writer of each kind: of the spec, the value (which may be NaN), the rows and the index date."""
