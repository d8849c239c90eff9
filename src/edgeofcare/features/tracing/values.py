"""The value of a feature, made again literally from the rows that count in it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from edgeofcare.features.feature import Feature
from edgeofcare.features.rows import FIXED_POINT, MAX_DAY
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.events import SHORTEST_EXPOSURE, Count, DaysSince, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap
from edgeofcare.features.tracing.rows import Moment, RowSet

__all__ = ["value_of"]

_DAYS_IN_YEAR = 365.25


Value = float | str


def value_of(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> Value:
    """Make a value again from its rows, one by one.

    Parameters
    ----------
    spec : Feature
        A feature that is not made of two others.
    sets : sequence of RowSet
        Its judged rows.
    moment : Moment
        The index date and the window.

    Returns
    -------
    float or str
        The value; NaN where an empty window has none; the code for the last code of a column.
    """
    for kind, make in _MAKERS:
        if isinstance(spec, kind):
            return make(spec, sets, moment)
    msg = f"There is no rule for {type(spec).__name__}."
    raise TypeError(msg)


def _number(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """How many rows count."""
    return float((sets[0].codes <= 0).sum())


def _age(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Days lived, in years."""
    born = int(sets[0].happened[0])
    return math.nan if born == MAX_DAY else (moment.day - born) / _DAYS_IN_YEAR


def _characteristic(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Whether the child's row has the code."""
    assert isinstance(spec, Characteristic)
    held = sets[0].stream.table.said(spec.column)[sets[0].at][0]
    return math.nan if held is None else float(held == spec.code)


def _calendar(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Month or year of the index date."""
    assert isinstance(spec, Calendar)
    date = np.datetime64(moment.day, "D").astype(object)
    return float(getattr(date, spec.part))


def _days_since(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Days since the rows that count, which are all of one day."""
    days = {moment.day - day for day in _counted(sets[0].happened, sets[0])}
    return float(days.pop()) if days else math.nan


def _trend(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Rows of the window less rows of the window before."""
    codes = sets[0].codes.tolist()
    return float(codes.count(0) - codes.count(-1))


def _rate(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Rows for each 365 days of the window."""
    exposure = moment.day - moment.since
    return math.nan if exposure < SHORTEST_EXPOSURE else _number(spec, sets, moment) * 365 / exposure


def _share(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Rows with the code among all of them."""
    codes = sets[0].codes.tolist()
    every = codes.count(0) + codes.count(-2)
    return codes.count(0) / every if every else math.nan


def _days_in(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Different days in spells; of two kinds, days that are in both."""
    return float(len(set.intersection(*(_days(rows, moment) for rows in sets))))


def _days(rows: RowSet, moment: Moment) -> set[int]:
    """Every day of the window in one of the spells that count, as known before the index date."""
    stream, days = rows.stream, set[int]()
    spells = zip(*(_counted(each[rows.at], rows) for each in (stream.start, stream.end, stream.end_known)), strict=True)
    for start, end, end_known in spells:
        until = min(end, moment.day) if end_known < moment.day else moment.day
        days.update(range(max(start, moment.since), until))
    return days


def _held(rows: RowSet) -> list:
    """Values of the rows that count."""
    assert rows.stream.value is not None
    return _counted(rows.stream.value[rows.at], rows)


def _distinct(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Different codes."""
    return float(len(set(_held(sets[0]))))


def _last(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> Value:
    """The value of the one row that counts."""
    assert isinstance(spec, Last)
    values = _held(sets[0])
    if not values or (spec.categories and values[0] not in spec.categories):
        return math.nan
    return str(values[0]) if spec.categories else float(values[0])


def _sum(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Sum in whole millionths."""
    return sum(round(value * FIXED_POINT) for value in _held(sets[0])) / FIXED_POINT


def _mean(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """Sum by number."""
    number = len(_held(sets[0]))
    return _sum(spec, sets, moment) / number if number else math.nan


def _max(spec: Feature, sets: Sequence[RowSet], moment: Moment) -> float:
    """The largest."""
    return float(max(_held(sets[0]), default=math.nan))


def _counted(values: np.ndarray, rows: RowSet) -> list:
    """Of an array of one element for each row, those of the rows that count."""
    return values[rows.codes <= 0].tolist()


_MAKERS: tuple[tuple[type[Feature], Callable[[Feature, Sequence[RowSet], Moment], Value]], ...] = (
    (Age, _age),
    (Characteristic, _characteristic),
    (Calendar, _calendar),
    (Siblings, _number),
    (Count, _number),
    (Active, _number),
    (DaysSince, _days_since),
    (Trend, _trend),
    (Rate, _rate),
    (Share, _share),
    (Overlap, _days_in),
    (DaysIn, _days_in),
    (Distinct, _distinct),
    (Last, _last),
    (Sum, _sum),
    (Mean, _mean),
    (Max, _max),
)
