"""The records of one child and of everybody in its household, as plain rows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.features.single.declared import Declarations, read_declarations
from edgeofcare.features.single.reading import Problems, read_rows
from edgeofcare.features.single.repairs import closed_episodes, over_at_once, without_orphans
from edgeofcare.features.single.tables import PlainTable
from edgeofcare.schema.columns import Table
from edgeofcare.schema.tables import TABLES

if TYPE_CHECKING:
    from edgeofcare.records.records import Records

__all__ = ["ChildRecords"]


class ChildRecords:
    """The records of one child and of everybody in its household, without pandas.

    Make them with :meth:`from_plain`, of rows as a case system has them, or with :meth:`from_records`. They are the
    same records as :class:`Records` of the same rows, and give the same features to the last bit.

    Examples
    --------
    >>> child = {"child_id": "1", "birth_date": "2008-06-15"}
    >>> referral = {"row_key": "R1", "child_id": "1", "start_date": "2024-10-03", "end_date": None, "source": "2A"}
    >>> tables = {"children": [child], "referrals": [referral], "care_episodes": [], "legal_statuses": []}
    >>> ChildRecords.from_plain({"child_id": "1", "observed_until": "2025-03-31", "tables": tables})
    ChildRecords(2 rows in 2 tables)
    """

    def __init__(self, declared: Declarations, tables: Mapping[str, PlainTable]) -> None:
        self._declared = declared
        self._tables = dict(tables)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ChildRecords:
        """Read and check rows as JSON can hold them.

        Parameters
        ----------
        plain : mapping
            ``child_id``; ``observed_until``, an ISO date; ``tables``, a mapping of canonical tables to lists of rows,
            each a mapping of columns to values: text, ISO dates, true or false, numbers; null, or left out, where
            something is not known. Columns that the schema requires must be in every row. A table that is held and
            has no row of the household is an empty list. A table that is left out was not received, so that nothing
            is known of it; those that the schema requires cannot be left out. Optional: ``observed_from`` (table to
            ISO date, or null for all time, as for every table that is sent and not named here), ``reporting_lag``
            (table to days), ``links`` (what the whole source says of siblings, as :attr:`Records.links`; read off
            these rows if left out), ``absent_columns`` (table to list of columns that the source does not hold) and
            ``own_tables`` (name to ``{"kind": "event" or "spell", "value": true, "category": true}``).

        Returns
        -------
        ChildRecords
            The records.

        Raises
        ------
        RecordsError
            With every problem; it holds no value of a row.

        Notes
        -----
        Rows are read as :meth:`Records.from_tables` reads them. Rows that begin after ``observed_until``, rows of
        children who are not in ``children`` and rows that repeat another are left out, later ends are taken as not
        yet known, episodes that were left open are closed. What that would leave empty because it is not understood,
        such as a code that is in no list, is refused here: a case system can correct it.
        """
        problems = Problems()
        if not isinstance(plain, Mapping) or not isinstance(plain.get("tables"), Mapping):
            msg = "The records must be a mapping with child_id, observed_until and tables."
            raise RecordsError(msg)
        declared = read_declarations(plain, problems)
        if problems:
            raise RecordsError(problems)
        definitions = {**TABLES, **declared.own}
        _check_names(plain["tables"], definitions, problems)
        read = {
            name: read_rows(definitions[name], rows, declared.observed_until, problems)
            for name, rows in plain["tables"].items()
            if name in definitions
        }
        columns = {name: columns for name, (columns, size) in read.items() if size}
        _check_child(declared.child_id, columns, problems)
        if not problems:
            columns = _repaired(columns, problems)
        if problems:
            raise RecordsError(problems)
        return cls(declared, _tables(definitions, columns, declared.reporting_lag))

    @classmethod
    def from_records(cls, records: Records, child_id: str) -> ChildRecords:
        """Take the rows of one child and of everybody in its household out of records.

        Parameters
        ----------
        records : Records
            The case records.
        child_id : str
            The child.

        Returns
        -------
        ChildRecords
            With everything that is declared of the records.

        Raises
        ------
        RecordsError
            If the records do not hold the child.

        Examples
        --------
        >>> from edgeofcare.synthetic.records import make_records
        >>> records = make_records(50, random_state=0)
        >>> child = records.table("children")["child_id"].iloc[0]
        >>> bool(ChildRecords.from_records(records, child).observed_until == records.observed_until)
        True
        """
        from edgeofcare.features.single.taking import taken

        declared, columns = taken(records, child_id)
        return cls(declared, _tables({**TABLES, **declared.own}, columns, declared.reporting_lag))

    def to_plain(self) -> dict[str, Any]:
        """Write the records as JSON can hold them.

        Returns
        -------
        dict
            What :meth:`from_plain` reads, with an empty list for each table that the source holds without a row of
            the household. It stays with the authority.
        """
        tables = {name: table.rows() for name, table in self._tables.items() if table.size or table.definition.required}
        until, first = self._declared.observed_until, self._declared.observed_from
        empty: dict[str, list[Any]] = {name: [] for name, day in first.items() if day is None or day <= until}
        return {**self._declared.plain(), "links": self.links, "tables": empty | tables}

    @property
    def child_id(self) -> str:
        """The child."""
        return self._declared.child_id

    @property
    def observed_until(self) -> np.datetime64:
        """The last date on which the records can be trusted: datetime64[D]."""
        return np.datetime64(self._declared.observed_until, "D")

    @property
    def observed_from(self) -> Mapping[str, np.datetime64 | None]:
        """From when each dated table can be trusted, as datetime64[D]; None where that is not known."""
        held = self._declared.observed_from
        return {name: None if day is None else np.datetime64(day, "D") for name, day in held.items()}

    @property
    def reporting_lag(self) -> Mapping[str, int]:
        """Days from an event until it can be seen, by table."""
        return MappingProxyType(dict(self._declared.reporting_lag))

    @property
    def absent_columns(self) -> Mapping[str, tuple[str, ...]]:
        """Columns that the source of a table does not hold; features that use them are unknown."""
        return self._declared.absent_columns

    @cached_property
    def links(self) -> str:
        """What the whole source says of siblings: ``"none"``, ``"undated"`` or ``"dated"``."""
        if self._declared.links is not None:
            return self._declared.links
        rows = self.table("relationships")
        days = [
            day for related, day in zip(rows.column("related_id"), rows.column("recorded_date"), strict=True) if related
        ]
        return "none" if not days else "undated" if set(days) == {None} else "dated"

    def first_day(self, name: str) -> int | None:
        """The day from which a dated table can be trusted, since 1970-01-01; None where that is not known."""
        return self._declared.observed_from[name]

    def definition(self, name: str) -> Table:
        """Columns, kind and words of one table.

        Parameters
        ----------
        name : str
            A canonical table, or one of the authority's own.

        Returns
        -------
        Table
            Its definition.
        """
        return self._declared.own[name] if name in self._declared.own else TABLES[name]

    def table(self, name: str) -> PlainTable:
        """The rows of one table, as lists.

        Parameters
        ----------
        name : str
            A table.

        Returns
        -------
        PlainTable
            Without rows where none were given.

        Raises
        ------
        SpecError
            If there is no such table.
        """
        if name not in self._tables:
            if name not in TABLES and name not in self._declared.own:
                msg = f"These records have no table {name!r}."
                raise SpecError(msg)
            self._tables[name] = PlainTable(self.definition(name), {}, 0)
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names of the tables."""
        return iter((*TABLES, *self._declared.own))

    def __repr__(self) -> str:
        """Counts only."""
        sizes = [table.size for table in self._tables.values() if table.size]
        return f"ChildRecords({sum(sizes):,} rows in {len(sizes)} tables)"


def _check_names(tables: Mapping[str, Any], definitions: Mapping[str, Table], problems: Problems) -> None:
    """Tables that there are not, and required ones that are not given."""
    if unknown := [name for name in tables if name not in definitions]:
        close = {hint for name in unknown for hint in difflib.get_close_matches(str(name), definitions, n=1)}
        meant = f" Did you mean {', '.join(map(repr, sorted(close)))}?" if close else ""
        problems.append(f"{len(unknown)} of the tables given are no canonical tables.{meant}")
    for name, table in definitions.items():
        if table.required and name not in tables:
            problems.append(f"{name}: the table is missing. It is required; give an empty list if it has no rows.")


def _check_child(child_id: str, columns: Mapping[str, dict[str, list[Any]]], problems: Problems) -> None:
    """The child must be in the table of children."""
    if not problems and child_id not in columns.get("children", {}).get("child_id", ()):
        problems.append("children: the child of child_id is not among the rows. Give its row, born by observed_until.")


def _repaired(columns: dict[str, dict[str, list[Any]]], problems: Problems) -> dict[str, dict[str, list[Any]]]:
    """The tables as reading leaves them."""
    children = set(columns["children"]["child_id"])
    for name in columns.keys() - {"children", "relationships"}:
        columns[name] = without_orphans(name, columns[name], children, problems)
    for name, repair in (("care_episodes", closed_episodes), ("referrals", over_at_once)):
        if name in columns:
            columns[name] = repair(columns[name])
    return columns


def _tables(
    definitions: Mapping[str, Table], columns: Mapping[str, dict[str, list[Any]]], lags: Mapping[str, int]
) -> dict[str, PlainTable]:
    """Tables of columns."""
    return {
        name: PlainTable(table, columns[name], len(columns[name]["child_id"]), lags.get(name, 0))
        if name in columns
        else PlainTable(table, {}, 0)
        for name, table in definitions.items()
        if name in columns or table.required
    }
