"""Rows of one child or of its siblings that were known before a day: by table, clock and filter, each found once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from edgeofcare.features.feature import TableFeature, Where
from edgeofcare.features.held import table_of
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.single.care import periods_as_known
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.features.single.siblings import Sibling, siblings_of
from edgeofcare.features.single.tables import PlainTable
from edgeofcare.schema.extracts import KEPT_BY_START

__all__ = ["END", "ENDED", "EVERYTHING", "START", "Chosen", "Moment", "Selection", "Stream", "selection_of"]

START, ENDED, END = "start", "ended", "end"
"""Clocks: starts; starts of spells whose end was known; and ends."""


class Selection(NamedTuple):
    """Which rows of a table are looked at.

    Parameters
    ----------
    clock : str
        :data:`START`, :data:`ENDED` or :data:`END`.
    where, unless : tuple
        Filters of the feature.
    value : str
        The column that must hold something; empty for none.
    """

    clock: str
    where: Where = ()
    unless: Where = ()
    value: str = ""


EVERYTHING = Selection(START)


def selection_of(spec: TableFeature) -> Selection:
    """The rows that a feature looks at.

    Parameters
    ----------
    spec : TableFeature
        The feature.

    Returns
    -------
    Selection
        With the clock on which the feature runs.
    """
    late = "end_date" in spec.known_columns
    clock = END if getattr(spec, "edge", START) == END else ENDED if late else START
    return Selection(clock, spec.where, spec.unless, getattr(spec, "value", ""))


class Chosen:
    """Rows that were known before the day and pass some filters, by the day on which they happened.

    Parameters
    ----------
    stream : Stream
        Where they are from.
    at : sequence of int
        Their places in the table.
    days : list of int
        Day on which each began or, on the clock of ends, ended.
    """

    __slots__ = ("at", "days", "stream")

    def __init__(self, stream: Stream, at: Sequence[int], days: list[int]) -> None:
        self.stream = stream
        self.at = at
        self.days = days


class Stream:
    """The rows of one table that the child, or its siblings, had before a day.

    Parameters
    ----------
    moment : Moment
        The child and the day.
    table : PlainTable
        The table.
    scope : str
        Whose rows.
    at : sequence of int
        Places of the rows that were known before the day, oldest first.
    links : dict of str to Sibling, optional
        The siblings, by child.
    """

    __slots__ = ("_by_code", "_ended", "at", "links", "moment", "scope", "table")

    def __init__(
        self,
        moment: Moment,
        table: PlainTable,
        scope: str,
        at: Sequence[int],
        links: dict[str, Sibling] | None = None,
    ) -> None:
        self.moment = moment
        self.table = table
        self.scope = scope
        self.at = at
        self.links = links
        self._ended: list[int] | None = None
        self._by_code: dict[tuple[str, str], dict[Any, list[int]]] = {}

    @property
    def ended(self) -> list[int]:
        """Places of the spells whose end was known before the day, by their starts."""
        if self._ended is None:
            end_known, day = self.table.end_known, self.moment.day
            self._ended = [at for at in self.at if end_known[at] < day]
        return self._ended

    def choose(self, selection: Selection) -> Chosen:
        """Find the rows of a selection.

        Parameters
        ----------
        selection : Selection
            Clock and filters.

        Returns
        -------
        Chosen
            By the day on which they happened.
        """
        clock, where, unless, value = selection
        at: Sequence[int] = self.at if clock == START else self.ended
        if where:
            (column, codes), *others = where
            at = self._with(clock, at, column, codes)
            for column, codes in others:
                cells = self.table.column(column)
                at = [each for each in at if cells[each] in codes]
        for column, codes in unless:
            cells = self.table.column(column)
            at = [each for each in at if cells[each] not in codes]
        if value:
            cells = self.table.column(value)
            at = [each for each in at if cells[each] is not None]
        days = self.table.end if clock == END else self.table.start
        if clock == END:
            at = sorted(at, key=days.__getitem__)
        return Chosen(self, at, days if type(at) is range else [days[each] for each in at])

    def _with(self, clock: str, at: Sequence[int], column: str, codes: Sequence[str]) -> list[int]:
        """Rows with one of some codes; the rows of a column are told apart once."""
        late = "" if clock == START else ENDED
        by_code = self._by_code.get((late, column))
        if by_code is None:
            by_code = self._by_code[late, column] = {}
            cells = self.table.column(column)
            for each in at:
                by_code.setdefault(cells[each], []).append(each)
        if len(codes) == 1:
            return by_code.get(codes[0], [])
        return sorted([each for code in codes for each in by_code.get(code, ())])

    def beside(self, table: str) -> Stream:
        """The rows of another table of the same child or siblings."""
        return self.moment.stream(table, self.scope)

    def known(self, at: int, clock: str) -> int:
        """First day on which a row could be seen, on a clock."""
        day = self.table.known[at]
        if clock == END:
            day = self.table.end_known[at]
        elif clock == ENDED:
            day = max(day, self.table.end_known[at])
        return day if self.links is None else max(day, self.links[self.table.child[at]].known)


class Moment:
    """One child on one day: its tables as streams, each made when first asked for.

    Parameters
    ----------
    records : ChildRecords
        The records of the child.
    day : int
        The index date, in days since 1970-01-01.
    """

    def __init__(self, records: ChildRecords, day: int) -> None:
        self.records = records
        self.day = day
        self._streams: dict[tuple[str, str], Stream] = {}
        self._siblings: dict[str, dict[str, Sibling]] = {}

    @cached_property
    def born(self) -> int:
        """Day of birth of the child; ``MAX_DAY`` where it is not known."""
        day = self.of_child("birth_date")
        return MAX_DAY if day is None else int(day)

    def of_child(self, column: str) -> Any:
        """What the table of children holds of the child in a column."""
        people = self.records.table("children")
        return people.column(column)[people.child.index(self.records.child_id)]

    def siblings(self, scope: str) -> dict[str, Sibling]:
        """The siblings whose link was known before the day."""
        if scope not in self._siblings:
            self._siblings[scope] = siblings_of(self.records, scope, self.day)
        return self._siblings[scope]

    def trusted_from(self, table: str) -> int:
        """First day on which a table can be trusted; far in the past where that is not known."""
        day = self.records.first_day(table_of(table))
        return -MAX_DAY if day is None else day

    def stream(self, table: str, scope: str) -> Stream:
        """The rows of a table of the child, or of its siblings.

        Parameters
        ----------
        table : str
            A dated table, or ``"care_periods"``.
        scope : {"child", "siblings", "undated_siblings"}
            Whose rows.

        Returns
        -------
        Stream
            Of the rows that were known before the day.
        """
        found = self._streams.get((table, scope))
        if found is None:
            found = self._streams[table, scope] = self._stream(table, scope)
        return found

    def _stream(self, name: str, scope: str) -> Stream:
        """Find the rows of a table."""
        links = None if scope == "child" else self.siblings(scope)
        whose: Iterable[str] = (self.records.child_id,) if links is None else links
        if name == "care_periods":
            episodes, statuses = self.records.table("care_episodes"), self.records.table("legal_statuses")
            table: PlainTable = periods_as_known(episodes, statuses, whose, self.day)
            return Stream(self, table, scope, range(table.size), links)
        table = self.records.table(name)
        at = table.of(self.records.child_id) if links is None else table.of_any(links)
        first = self.records.first_day(name) if name in KEPT_BY_START else None
        if first is not None and at and table.start[at[0]] < first:
            at = [each for each in at if table.start[each] >= first]
        if table.last_known >= self.day:
            known = table.known
            at = [each for each in at if known[each] < self.day]
        return Stream(self, table, scope, at, links)
