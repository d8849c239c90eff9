"""What each kind of table feature asks of the rows of one child, as small functions made once for each feature."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from edgeofcare.features.feature import TableFeature
from edgeofcare.features.rows import FIXED_POINT, MAX_DAY
from edgeofcare.features.single.streams import EVERYTHING, Chosen, selection_of
from edgeofcare.features.specs.events import SHORTEST_EXPOSURE, Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays

__all__ = ["Measure", "begin_of_rate", "covered", "last_place", "measure_of", "since"]

Measure = Callable[[Chosen, int], float]
"""The value of a feature from the rows that were chosen for it, on a day."""

_DAYS_IN_YEAR = 365


def since(days: Sequence[int], day: int, lookback: int | None) -> int:
    """Where the window begins among the days of rows.

    Parameters
    ----------
    days : sequence of int
        Ascending.
    day : int
        The index date.
    lookback : int or None
        Days; None for all time.

    Returns
    -------
    int
        The first place inside.
    """
    return 0 if lookback is None else bisect_left(days, day - lookback)


def _count(spec: Count) -> Measure:
    """Events in the window."""
    lookback = spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        days = rows.days
        return len(days) - bisect_left(days, day - lookback)

    return measure


def _days_since(spec: DaysSince) -> Measure:
    """Days since the last event."""
    lookback = spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        days = rows.days
        return day - days[-1] if days and (lookback is None or days[-1] >= day - lookback) else math.nan

    return measure


def _days_since_first(spec: DaysSinceFirst) -> Measure:
    """Days since the first event."""
    lookback = spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        days = rows.days
        first = since(days, day, lookback)
        return day - days[first] if first < len(days) else math.nan

    return measure


def _trend(spec: Trend) -> Measure:
    """Events in the window, less those in the window before it."""
    lookback = spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        days = rows.days
        first, middle = bisect_left(days, day - 2 * lookback), bisect_left(days, day - lookback)
        return len(days) - 2 * middle + first

    return measure


def begin_of_rate(rows: Chosen, day: int, table: str, lookback: int) -> int:
    """First day of the window of a rate: as far back as the records and the child's life reach.

    Parameters
    ----------
    rows : Chosen
        The rows.
    day : int
        The index date.
    table : str
        The table.
    lookback : int
        Days.

    Returns
    -------
    int
        The day.
    """
    moment = rows.stream.moment
    begin = max(day - lookback, moment.trusted_from(table))
    return max(begin, -MAX_DAY if moment.born == MAX_DAY else moment.born) if rows.stream.scope == "child" else begin


def _rate(spec: Rate) -> Measure:
    """Events in each 365 days of the window that the records and the child's life cover."""
    table, lookback = spec.table, spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        begin = begin_of_rate(rows, day, table, lookback)
        if day - begin < SHORTEST_EXPOSURE:
            return math.nan
        return (len(rows.days) - bisect_left(rows.days, begin)) * _DAYS_IN_YEAR / (day - begin)

    return measure


def _share(spec: Share) -> Measure:
    """Share of the rows in the window that have one of the codes."""
    lookback, ((column, codes),) = spec.lookback, spec.of

    def measure(rows: Chosen, day: int) -> float:
        cells = rows.stream.table.column(column)
        among = rows.at[bisect_left(rows.days, day - lookback) :]
        return sum(cells[at] in codes for at in among) / len(among) if among else math.nan

    return measure


def _sum(spec: Sum | Mean) -> Measure:
    """Sum of a number, exact to a millionth."""
    column, lookback = spec.value, spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        cells = rows.stream.table.column(column)
        within = rows.at[bisect_left(rows.days, day - lookback) :]
        return float(sum(round(cells[at] * FIXED_POINT) for at in within)) / FIXED_POINT

    return measure


def _mean(spec: Mean) -> Measure:
    """Mean of a number."""
    total, lookback = _sum(spec), spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        count = len(rows.days) - bisect_left(rows.days, day - lookback)
        return total(rows, day) / count if count else math.nan

    return measure


def _max(spec: Max) -> Measure:
    """Largest number."""
    column, lookback = spec.value, spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        cells = rows.stream.table.column(column)
        within = rows.at[bisect_left(rows.days, day - lookback) :]
        return max([cells[at] for at in within], default=math.nan)

    return measure


def _distinct(spec: Distinct) -> Measure:
    """How many different codes."""
    column, lookback = spec.value, spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        cells = rows.stream.table.column(column)
        return len({cells[at] for at in rows.at[bisect_left(rows.days, day - lookback) :]})

    return measure


def last_place(rows: Chosen, day: int, spec: Last) -> int | None:
    """Place of the last row: by the day it happened, then the day it was known, then its key.

    Parameters
    ----------
    rows : Chosen
        The rows.
    day : int
        The index date.
    spec : Last
        The feature.

    Returns
    -------
    int or None
        Its place in the table; None where there is none in the window.
    """
    days = rows.days
    if not days or (spec.lookback is not None and days[-1] < day - spec.lookback):
        return None
    tied = rows.at[bisect_left(days, days[-1]) :]
    if len(tied) == 1:
        return tied[0]
    clock, stream = selection_of(spec).clock, rows.stream
    return max(tied, key=lambda at: (stream.known(at, clock), stream.table.keys[at]))


def _last(spec: Last) -> Measure:
    """The last number, or the place of the last code among the spec's categories."""
    places = {code: float(at) for at, code in enumerate(spec.categories)}

    def measure(rows: Chosen, day: int) -> float:
        at = last_place(rows, day, spec)
        if at is None:
            return math.nan
        value = rows.stream.table.column(spec.value)[at]
        return places.get(value, math.nan) if places else value

    return measure


def _active(spec: Active) -> Measure:
    """Spells that have begun and have not ended, as far as was known."""

    def measure(rows: Chosen, day: int) -> float:
        end_known = rows.stream.table.end_known
        return sum(end_known[at] >= day for at in rows.at)

    return measure


def covered(rows: Chosen, day: int, lookback: int | None) -> list[tuple[int, int]]:
    """First day and the day after the last of each spell within the window, as known before the day.

    Parameters
    ----------
    rows : Chosen
        Spells.
    day : int
        The index date.
    lookback : int or None
        Days; None for all time.

    Returns
    -------
    list of (int, int)
        One for each spell, empty ones too, by the first day.
    """
    table, begin = rows.stream.table, -MAX_DAY if lookback is None else day - lookback
    end, end_known = table.end, table.end_known
    return [
        (max(start, begin), min(end[at], day) if end_known[at] < day else day)
        for at, start in zip(rows.at, rows.days, strict=True)
    ]


def _length(spans: Sequence[tuple[int, int]]) -> int:
    """Days in at least one of some spans that come by their first day."""
    total, reached = 0, -2 * MAX_DAY
    for begin, until in spans:
        if until > reached:
            total += max(until - max(begin, reached), 0)
            reached = max(until, reached) if until > begin else reached
    return total


def _days_in(spec: DaysIn) -> Measure:
    """Days in spells."""
    lookback = spec.lookback

    def measure(rows: Chosen, day: int) -> float:
        return _length(covered(rows, day, lookback)) if rows.at else 0

    return measure


def _overlap(spec: Overlap) -> Measure:
    """Days in spells of both tables: the days in each, less the days in either."""
    lookback, other = spec.lookback, spec.other

    def measure(rows: Chosen, day: int) -> float:
        stream = rows.stream
        if day - lookback < stream.moment.trusted_from(other):
            return math.nan
        if not rows.at or not (beside := stream.beside(other).choose(EVERYTHING)).at:
            return 0
        one, two = covered(rows, day, lookback), covered(beside, day, lookback)
        return _length(one) + _length(two) - _length(sorted([*one, *two]))

    return measure


_MEASURES: dict[type[TableFeature], Callable[[Any], Measure]] = {
    Active: _active,
    Count: _count,
    DaysIn: _days_in,
    DaysSince: _days_since,
    DaysSinceFirst: _days_since_first,
    Distinct: _distinct,
    Last: _last,
    Max: _max,
    Mean: _mean,
    Overlap: _overlap,
    Rate: _rate,
    Share: _share,
    Sum: _sum,
    TotalDays: _days_in,
    Trend: _trend,
}


def measure_of(spec: TableFeature) -> Measure:
    """The function that makes the value of a feature.

    Parameters
    ----------
    spec : TableFeature
        The feature.

    Returns
    -------
    callable
        Of the rows chosen for it and a day.

    Raises
    ------
    TypeError
        If it is no kind of feature of a table.
    """
    if type(spec) not in _MEASURES:
        msg = f"{type(spec).__name__} is not a feature of a table."
        raise TypeError(msg)
    return _MEASURES[type(spec)](spec)
