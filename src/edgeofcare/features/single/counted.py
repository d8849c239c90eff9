"""The source rows that count in one value, as :meth:`edgeofcare.Evidence.counted` tells them, and why it is unknown."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.held import columns_missing
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.single.care import PeriodTable
from edgeofcare.features.single.child import counting_siblings
from edgeofcare.features.single.measures import begin_of_rate, covered, last_place, since
from edgeofcare.features.single.siblings import say_of_siblings
from edgeofcare.features.single.streams import EVERYTHING, Chosen, Moment, selection_of
from edgeofcare.features.specs.child import Age, Characteristic, Siblings
from edgeofcare.features.specs.events import DaysSince, DaysSinceFirst, Rate, Trend
from edgeofcare.features.specs.numbers import Last
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap
from edgeofcare.features.tracing.unknown import NO_LINKS, TOO_SHORT, lacking

__all__ = ["CountedRows", "counted_rows", "why_unknown"]

_NO_DATE = np.iinfo(np.int64).min
_ORDER = itemgetter(0, 1, 2)


class _Row(NamedTuple):
    """One row that counts, so that rows sort as evidence does."""

    date: int
    known: int
    key: str
    table: str
    end: int


@dataclass(frozen=True, eq=False, repr=False)
class CountedRows:
    """The source rows that count in a value, oldest first; ties by known date and row key.

    They carry the authority's own keys and stay with it; the repr holds their number only.

    Parameters
    ----------
    tables, row_keys : list of str
        Source table and key of each row.
    dates, end_dates, known : ndarray of datetime64[D]
        When each happened or began; when it ended, NaT where that was not known before the index date; and when it
        could first be seen.
    """

    tables: list[str]
    row_keys: list[str]
    dates: np.ndarray
    end_dates: np.ndarray
    known: np.ndarray

    def __len__(self) -> int:
        """How many rows count."""
        return len(self.tables)

    def __repr__(self) -> str:
        """Their number."""
        return f"CountedRows({len(self)})"


def counted_rows(moment: Moment, parts: Sequence[Feature], *, cited: bool = False) -> CountedRows:
    """The rows that count in a feature.

    Parameters
    ----------
    moment : Moment
        The child and the day.
    parts : sequence of Feature
        The feature, or the two that it is made of.
    cited : bool, default False
        Whether a period of care is told by the source rows that it rests on, as :meth:`Evidence.cited` does.

    Returns
    -------
    CountedRows
        Each row once.
    """
    rows = sorted([row for part in parts for row in _rows(moment, part, cited=cited)], key=_ORDER)
    if cited or len(parts) > 1 or isinstance(parts[0], Overlap):
        once: dict[tuple[str, str], _Row] = {}
        for row in rows:
            once.setdefault((row.table, row.key), row)
        rows = list(once.values())
    return CountedRows(
        [row.table for row in rows],
        [row.key for row in rows],
        _dates(row.date for row in rows),
        _dates(row.end for row in rows),
        _dates(row.known for row in rows),
    )


def _dates(days: Iterable[int]) -> np.ndarray:
    """Days as dates; NaT where there is none."""
    return np.array([_NO_DATE if day >= MAX_DAY else day for day in days], dtype=np.int64).view("datetime64[D]")


def _rows(moment: Moment, spec: Feature, *, cited: bool) -> list[_Row]:
    """The rows that count in a feature that is not made of others."""
    if isinstance(spec, Siblings):
        return [
            _Row(each.born, each.known, each.key, "relationships", MAX_DAY)
            for _, each in counting_siblings(moment, spec)
        ]
    if isinstance(spec, Age | Characteristic):
        born = moment.born
        return [_Row(born, born, moment.records.child_id, "children", MAX_DAY)] if born < moment.day else []
    if not isinstance(spec, TableFeature):
        return []
    rows = moment.stream(spec.table, spec.scope).choose(selection_of(spec))
    clock = selection_of(spec).clock
    if not isinstance(spec, Overlap):
        return _told(rows, _counting(rows, moment.day, spec), clock, cited=cited)
    other = moment.stream(spec.other, spec.scope).choose(EVERYTHING)
    one, two = _meeting(rows, other, moment.day, spec)
    return _told(rows, one, clock, cited=cited) + _told(other, two, EVERYTHING.clock, cited=cited)


def _told(rows: Chosen, places: Sequence[int], clock: str, *, cited: bool) -> list[_Row]:
    """Rows at some places; periods of care by the source rows that they rest on, if wanted."""
    table = rows.stream.table
    if cited and isinstance(table, PeriodTable):
        sources = [source for at in places for source in table.sources[at]]
        return [_Row(each.start, each.known, each.key, each.table, each.end) for each in sources]
    return [_row(rows, at, clock) for at in places]


def _row(rows: Chosen, at: int, clock: str) -> _Row:
    """One row, its end as it could be seen before the day."""
    stream, table = rows.stream, rows.stream.table
    spell = table.definition.end is not None
    end = table.end[at] if spell and table.end_known[at] < stream.moment.day else MAX_DAY
    return _Row(table.start[at], stream.known(at, clock), table.keys[at], table.source, end)


def _counting(rows: Chosen, day: int, spec: TableFeature) -> Sequence[int]:
    """Places of the rows that count, by the rule of each kind of feature."""
    days, at = rows.days, rows.at
    if isinstance(spec, Active):
        return [each for each in at if rows.stream.table.end_known[each] >= day]
    if isinstance(spec, DaysIn):
        spans = covered(rows, day, spec.lookback)
        return [each for each, (begin, until) in zip(at, spans, strict=True) if until > begin]
    if isinstance(spec, Last):
        last = last_place(rows, day, spec)
        return [] if last is None else [last]
    if isinstance(spec, Rate):
        return at[bisect_left(days, begin_of_rate(rows, day, spec.table, spec.lookback)) :]
    first = since(days, day, 2 * spec.lookback if isinstance(spec, Trend) else spec.lookback)
    if not isinstance(spec, DaysSince) or first == len(days):
        return at[first:]
    if isinstance(spec, DaysSinceFirst):
        return at[first : bisect_left(days, days[first] + 1)]
    return at[bisect_left(days, days[-1]) :]


def _meeting(one: Chosen, two: Chosen, day: int, spec: Overlap) -> tuple[list[int], list[int]]:
    """Spells of two kinds that have a day of the window in common with one of the other kind."""
    first, second = covered(one, day, spec.lookback), covered(two, day, spec.lookback)
    together = [
        (place, other)
        for place, (begin, until) in enumerate(first)
        for other, (other_begin, other_until) in enumerate(second)
        if min(until, other_until) > max(begin, other_begin)
    ]
    return [one.at[each] for each in sorted({a for a, _ in together})], [
        two.at[each] for each in sorted({b for _, b in together})
    ]


def why_unknown(moment: Moment, spec: Feature) -> str:
    """Why a feature that is not made of others has no value whatever the rows.

    Parameters
    ----------
    moment : Moment
        The child and the day.
    spec : Feature
        The feature.

    Returns
    -------
    str
        A clause; empty where there can be a value.
    """
    scope = getattr(spec, "scope", "child")
    if scope != "child" and not say_of_siblings(moment.records, scope):
        return NO_LINKS
    if not isinstance(spec, TableFeature):
        return ""
    if absent := lacking(spec.table, columns_missing(moment.records, spec)):
        return absent
    tables = [spec.table, spec.other] if isinstance(spec, Overlap) else [spec.table]
    from_day = max(moment.trusted_from(table) for table in tables)
    return TOO_SHORT if moment.day - spec.reach < from_day else ""
