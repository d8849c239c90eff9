"""What each kind of table feature asks of a stream of events, and where its value is unknown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgeofcare.features.feature import TableFeature
from edgeofcare.features.rows import FIXED_POINT, MAX_DAY
from edgeofcare.features.specs.events import SHORTEST_EXPOSURE, Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays
from edgeofcare.features.spells import days_in_both, days_in_spells
from edgeofcare.features.streams import PartStreams, Stream

__all__ = ["table_column"]

_DAYS_IN_YEAR = 365


def _count(stream: Stream, spec: Count) -> np.ndarray:
    """Events in the window."""
    index = stream.index(spec.edge, spec.known_columns)
    return index.count(spec.lookback, stream.mask(index, spec))


def _days_since(stream: Stream, spec: DaysSince) -> np.ndarray:
    """Days since the last event."""
    index = stream.index(spec.edge, spec.known_columns)
    last = index.last_day(spec.lookback, stream.mask(index, spec))
    return np.where(np.isfinite(last), stream.rows.day - last, spec.empty)


def _days_since_first(stream: Stream, spec: DaysSinceFirst) -> np.ndarray:
    """Days since the first event."""
    index = stream.index(spec.edge, spec.known_columns)
    first = index.first_day(spec.lookback, stream.mask(index, spec))
    return np.where(np.isfinite(first), stream.rows.day - first, spec.empty)


def _trend(stream: Stream, spec: Trend) -> np.ndarray:
    """Events in the window, less those in the window before it."""
    index = stream.index("start", spec.known_columns)
    mask = stream.mask(index, spec)
    return 2 * index.count(spec.lookback, mask) - index.count(2 * spec.lookback, mask)


def _rate(stream: Stream, spec: Rate) -> np.ndarray:
    """Events in each 365 days of the window that the records and the child's life cover."""
    t = stream.rows.day
    begin = np.maximum(t - spec.lookback, stream.observed_from)
    if stream.birth is not None:
        begin = np.maximum(begin, np.where(stream.birth == MAX_DAY, -MAX_DAY, stream.birth))
    exposure = np.maximum(t - begin, 0)
    index = stream.index("start", spec.known_columns)
    count = index.count(exposure, stream.mask(index, spec))
    return np.where(exposure < SHORTEST_EXPOSURE, np.nan, count * _DAYS_IN_YEAR / np.maximum(exposure, 1))


def _share(stream: Stream, spec: Share) -> np.ndarray:
    """Share of the rows in the window that have one of the codes."""
    index = stream.index("start", spec.known_columns)
    mask = stream.mask(index, spec)
    chosen = stream.at(index, stream.arrays.has_code(spec.of))
    among = index.count(spec.lookback, mask)
    some = index.count(spec.lookback, chosen if mask is None else chosen & mask)
    return np.where(among > 0, some / np.maximum(among, 1), spec.empty)


def _sum(stream: Stream, spec: Sum) -> np.ndarray:
    """Sum of a number, exact to a millionth."""
    index = stream.index("start", spec.known_columns)
    mask, fixed = stream.mask(index, spec), stream.at(index, stream.arrays.fixed(spec.value))
    return index.total(spec.lookback, fixed if mask is None else np.where(mask, fixed, 0)) / FIXED_POINT


def _mean(stream: Stream, spec: Mean) -> np.ndarray:
    """Mean of a number."""
    index = stream.index("start", spec.known_columns)
    count = index.count(spec.lookback, stream.mask(index, spec))
    total = _sum(stream, spec)  # type: ignore[arg-type]
    return np.where(count > 0, total / np.maximum(count, 1), spec.empty)


def _max(stream: Stream, spec: Max) -> np.ndarray:
    """Largest number."""
    index = stream.index("start", spec.known_columns)
    values = stream.at(index, stream.arrays.frame[spec.value].to_numpy(dtype=np.float64))
    mask = stream.mask(index, spec)
    best = index.largest(spec.lookback, values if mask is None else np.where(mask, values, -np.inf))
    return np.where(np.isfinite(best), best, spec.empty)


def _distinct(stream: Stream, spec: Distinct) -> np.ndarray:
    """How many different codes."""
    index = stream.index("start", spec.known_columns)
    codes, mask = stream.at(index, stream.arrays.coded(spec.value)[0]), stream.mask(index, spec)
    return index.distinct(spec.lookback, codes if mask is None else np.where(mask, codes, -1))


def _last(stream: Stream, spec: Last) -> np.ndarray:
    """The last number, or the place of the last code among the spec's categories."""
    index = stream.index("start", spec.known_columns, ordered=True)
    if spec.categories:
        number, codes = stream.arrays.coded(spec.value)
        place = {code: float(at) for at, code in enumerate(spec.categories)}
        values = np.array([*(place.get(code, np.nan) for code in codes), np.nan])[number]
    else:
        values = stream.arrays.frame[spec.value].to_numpy(dtype=np.float64)
    return np.append(stream.at(index, values), np.nan)[index.last(spec.lookback, stream.mask(index, spec))]


def _active(stream: Stream, spec: Active) -> np.ndarray:
    """Spells that have begun, less those that have ended."""
    began, ended = stream.index("start", spec.known_columns), stream.index("end")
    return began.count(None, stream.mask(began, spec)) - ended.count(None, stream.mask(ended, spec))


def _days_in(stream: Stream, spec: DaysIn) -> np.ndarray:
    """Days in spells."""
    return days_in_spells(stream.spells(spec), spec.lookback)


def _overlap(stream: Stream, spec: Overlap) -> np.ndarray:
    """Days in spells of both tables."""
    return days_in_both(stream.spells(spec), stream.beside(spec.other).spells(None), spec.lookback)


_MEASURES: dict[type[TableFeature], Callable[[Stream, Any], np.ndarray]] = {
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


def table_column(streams: PartStreams, spec: TableFeature) -> np.ndarray:
    """A feature of a table.

    Parameters
    ----------
    streams : PartStreams
        The tables, for some rows of the cohort.
    spec : TableFeature
        The feature.

    Returns
    -------
    ndarray
        One value for each sorted row. For the last code, its place among the spec's categories.

    Raises
    ------
    TypeError
        If it is no such feature.

    Notes
    -----
    A value is unknown (NaN) where the spec reaches further back than its tables can be trusted, where the records
    cannot say who siblings are, and where their source does not hold a column that the spec uses.
    """
    if type(spec) not in _MEASURES:
        msg = f"{type(spec).__name__} is not a feature of a table."
        raise TypeError(msg)
    stream = None if streams.lacks(spec) else streams.of(spec.table, spec.scope)
    if stream is None:
        return np.full(streams.rows.day.size, np.nan)
    trusted = [stream.observed_from]
    if isinstance(spec, Overlap):
        trusted.append(stream.beside(spec.other).observed_from)
    unknown = stream.rows.day - spec.reach < max(trusted)
    return np.where(unknown, np.nan, _MEASURES[type(spec)](stream, spec))
