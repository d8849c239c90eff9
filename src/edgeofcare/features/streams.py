"""The rows of a table as streams of events for some children: their own rows, or those of their siblings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from edgeofcare.features.engine import EventIndex
from edgeofcare.features.feature import TableFeature
from edgeofcare.features.held import columns_missing, observed_from_day
from edgeofcare.features.people import People
from edgeofcare.features.prepare import (
    TableArrays,
    care_arrays,
    event_days,
    selected,
    table_arrays,
)
from edgeofcare.features.rows import MAX_DAY, Rows, ragged
from edgeofcare.features.siblings import SiblingLinks
from edgeofcare.features.spells import Spells

__all__ = ["PartStreams", "Stream", "TableStreams"]


class Stream:
    """Rows of one table, as events of the children of some rows of the cohort; each order is sorted once.

    Parameters
    ----------
    rows : Rows
        Rows of the cohort. For periods of care, which differ from row to row, each row has a code of its own.
    arrays : TableArrays
        The table.
    child, place : ndarray of int64
        Code of the child, and position in the table, of each event. A sibling's row is an event of each child
        whose sibling it is.
    linked : ndarray of int64 or None
        Day on which the sibling could first be seen; None for a child's own rows.
    birth : ndarray of int64 or None
        Day of birth of the child of each row; None for siblings' rows.
    observed_from : int
        First day on which the table can be trusted.
    passing : dict
        Which rows of the table pass a feature's filters; shared by all streams of the table.

    Attributes
    ----------
    beside : callable
        Gives the stream of another table, for the same rows and scope.
    """

    def __init__(
        self,
        rows: Rows,
        arrays: TableArrays,
        child: np.ndarray,
        place: np.ndarray | None,
        *,
        linked: np.ndarray | None,
        birth: np.ndarray | None,
        observed_from: int,
        passing: dict[tuple[object, ...], np.ndarray],
    ) -> None:
        self.rows = rows
        self.arrays = arrays
        self.birth = birth
        self.observed_from = observed_from
        self._child = child
        self._place = place
        self._linked = linked
        self._passing = passing
        self._indexes: dict[tuple[str, bool, bool], EventIndex] = {}
        self.beside: Callable[[str], Stream] = _nothing_beside

    def index(self, edge: str, known_columns: tuple[str, ...] = (), *, ordered: bool = False) -> EventIndex:
        """The events on one clock.

        Parameters
        ----------
        edge : {"start", "end"}
            Whether the events are the starts or the ends of spells.
        known_columns : tuple of str
            Date columns that the feature's filters and values wait for.
        ordered : bool
            Whether events of one child and day must stand in the order in which they were known, then of row key.

        Returns
        -------
        EventIndex
            Made when first asked for.
        """
        late = edge == "start" and "end_date" in known_columns
        wanted = (edge, late, ordered)
        if wanted not in self._indexes:
            if ordered:
                made = self.index(edge, known_columns).in_order_of(self._row_keys)
            elif late:
                made = self.index("start").on_clock(self._days("start", known_columns)[1])
            else:
                day, known = self._days(edge, ())
                made = EventIndex(self.rows, np.where(known == MAX_DAY, -1, self._child), day, known)
            self._indexes[wanted] = made
        return self._indexes[wanted]

    def _days(self, edge: str, known_columns: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        """When each event happened and could be seen; a sibling's not before the sibling could."""
        day, known = (self._of_events(days) for days in event_days(self.arrays, edge, known_columns))
        return day, known if self._linked is None else np.maximum(known, self._linked)

    def _of_events(self, values: np.ndarray) -> np.ndarray:
        """Values of the table's rows for each event."""
        return values if self._place is None else values[self._place]

    def _row_keys(self, event: np.ndarray) -> np.ndarray:
        """Row keys of some events."""
        place = event if self._place is None else self._place[event]
        return self.arrays.frame["row_key"].iloc[place].to_numpy(dtype=str)

    def at(self, index: EventIndex, values: np.ndarray) -> np.ndarray:
        """Values of the table's rows for each sorted event."""
        return values[index.source if self._place is None else self._place[index.source]]

    def mask(self, index: EventIndex, spec: TableFeature) -> np.ndarray | None:
        """Which sorted events pass the feature's filters and have its value; None where all do."""
        wanted = (spec.where, spec.unless, getattr(spec, "value", ""))
        if wanted not in self._passing:
            self._passing[wanted] = selected(self.arrays, spec)
        mask = self.at(index, self._passing[wanted])
        return None if mask.all() else mask

    def spells(self, spec: TableFeature | None) -> Spells:
        """Spells that pass a feature's filters; all spells for None."""
        index = self.index("start", () if spec is None else spec.known_columns)
        mask = None if spec is None else self.mask(index, spec)
        end_known = self.arrays.end_known
        if self._linked is None:
            seen = self.at(index, end_known)
        else:
            seen = np.maximum(self._of_events(end_known), self._linked)[index.source]
        return Spells(index, self.at(index, self.arrays.end), seen, mask)


class TableStreams:
    """One table, prepared once, as streams for any part of a cohort and any scope.

    Parameters
    ----------
    people : People
        The cohort's children.
    name : str
        A dated table, or ``"care_periods"``.
    """

    def __init__(self, people: People, name: str) -> None:
        self._people = people
        self._name = name
        self._observed_from = observed_from_day(people.records, name)
        self._passing: dict[tuple[object, ...], np.ndarray] = {}

    @cached_property
    def _arrays(self) -> TableArrays:
        """The table."""
        return table_arrays(self._people.records, self._name)

    @cached_property
    def _code(self) -> np.ndarray:
        """Code of the child of each row; -1 for children who are not in the cohort."""
        return self._people.ids.get_indexer(pd.Index(self._arrays.frame["child_id"]))

    @cached_property
    def _by_code(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows in the order of the cohort's children, and where each child's begin."""
        return _grouped(self._code, len(self._people.ids))

    @cached_property
    def _by_person(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows in the order of the table of children, and where each child's begin."""
        people = self._people.everyone
        return _grouped(people.get_indexer(pd.Index(self._arrays.frame["child_id"])), len(people))

    def lacks(self, spec: TableFeature) -> bool:
        """Whether the source of the records does not hold a column that a feature uses."""
        return bool(columns_missing(self._people.records, spec))

    def stream(self, rows: Rows, scope: str) -> Stream | None:
        """The events of the children of some rows.

        Parameters
        ----------
        rows : Rows
            All rows of the cohort, or a part.
        scope : {"child", "siblings", "undated_siblings"}
            Whose rows of the table.

        Returns
        -------
        Stream or None
            None where the records cannot say who siblings are.
        """
        if scope == "child":
            return self._stream(rows, None, self._people.birth(rows))
        found = self._people.siblings_of(rows, scope)
        return None if found is None else self._stream(*found, None)

    def _stream(self, rows: Rows, links: SiblingLinks | None, birth: np.ndarray | None) -> Stream:
        """The events of the children of some rows, or of their siblings."""
        if self._name == "care_periods":
            return self._care(rows, links, birth)
        linked: np.ndarray | None = None
        if links is None:
            child, place = self._own_rows(rows)
        else:
            by_person, start = self._by_person
            owner, at = ragged(start[links.sibling], start[links.sibling + 1] - start[links.sibling])
            child, place, linked = links.child[owner], by_person[at], links.known[owner]
        return Stream(
            rows, self._arrays, child, place,
            linked=linked, birth=birth, observed_from=self._observed_from, passing=self._passing,
        )  # fmt: skip

    def _own_rows(self, rows: Rows) -> tuple[np.ndarray, np.ndarray | None]:
        """Code of the child of each event, and its position in the table; None where all rows of it are there."""
        if rows.n_children == len(self._people.ids):
            return self._code, None
        by_child, start = self._by_code
        place = by_child[start[rows.first] : start[rows.first + rows.n_children]]
        return self._code[place] - rows.first, place

    def _care(self, rows: Rows, links: SiblingLinks | None, birth: np.ndarray | None) -> Stream:
        """Periods of care as each row's day shows them."""
        every = np.arange(rows.day.size)
        own = Rows.sort(every, rows.day, rows.day.size)
        if links is None:
            row, person, linked = every, self._people.ids.to_numpy()[rows.child + rows.first], None
        else:
            start = np.searchsorted(links.child, np.arange(rows.n_children + 1))
            row, at = ragged(start[rows.child], start[rows.child + 1] - start[rows.child])
            seen = links.known[at] < rows.day[row]
            row, at = row[seen], at[seen]
            person, linked = self._people.everyone.to_numpy()[links.sibling[at]], links.known[at]
        arrays = care_arrays(self._people.records, person, rows.day[row])
        asked = arrays.frame["row"].to_numpy(dtype=np.int64)
        return Stream(
            own, arrays, row[asked], None,
            linked=None if linked is None else linked[asked],
            birth=birth, observed_from=self._observed_from, passing={},
        )  # fmt: skip


class PartStreams:
    """The streams of all tables for some rows of the cohort, each made when first asked for.

    Parameters
    ----------
    rows : Rows
        All rows of the cohort, or a part.
    tables : mapping of str to TableStreams
        The tables.
    """

    def __init__(self, rows: Rows, tables: Mapping[str, TableStreams]) -> None:
        self.rows = rows
        self._tables = tables
        self._streams: dict[tuple[str, str], Stream | None] = {}

    def lacks(self, spec: TableFeature) -> bool:
        """Whether the source of the records does not hold a column that a feature uses."""
        return self._tables[spec.table].lacks(spec)

    def of(self, table: str, scope: str) -> Stream | None:
        """One stream; None where the records cannot say who siblings are."""
        if (table, scope) not in self._streams:
            stream = self._tables[table].stream(self.rows, scope)
            if stream is not None:
                stream.beside = lambda other: self.of(other, scope)  # type: ignore[assignment,return-value]
            self._streams[table, scope] = stream
        return self._streams[table, scope]


def _nothing_beside(table: str) -> Stream:
    """Refuse to look for another table where there is none."""
    raise KeyError(table)


def _grouped(code: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions in the order of their codes, without negative ones, and where each code begins."""
    order = np.argsort(code, kind="stable")
    order = order[np.searchsorted(code[order], 0) :]
    return order, np.searchsorted(code[order], np.arange(size + 1))
