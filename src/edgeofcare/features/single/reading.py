"""Plain rows read into columns, by the rules by which :class:`edgeofcare.Records` reads frames; problems collected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import Any

from edgeofcare.features.single.columns import Unreadable, read_column
from edgeofcare.schema.columns import SPELL, Table

__all__ = ["Problems", "read_rows"]

_Columns = dict[str, list[Any]]
_MISSING: Any = object()
_MOST = 0.5
_ENOUGH_ROWS = 20


class Problems(list[str]):
    """What is wrong, as sentences that hold no value of a row."""

    def rows(self, table: str, column: str, count: int, what: str, expected: str) -> None:
        """Tell of rows that cannot be right, unless there are none.

        Parameters
        ----------
        table, column : str
            Where.
        count : int
            How many rows.
        what : str
            What is wrong with them.
        expected : str
            What was expected.
        """
        if count:
            self.append(f"{table}: column {column!r}: {what} in {count:,} row{'s' if count > 1 else ''}. {expected}")


def read_rows(table: Table, rows: Any, until: int, problems: Problems) -> tuple[_Columns, int]:
    """Read the rows of one table.

    Parameters
    ----------
    table : Table
        Its definition.
    rows : sequence of mapping
        The rows.
    until : int
        The last day of the records: later rows are left out, later ends are taken as not yet known.
    problems : Problems
        Collects what is wrong.

    Returns
    -------
    columns : dict of str to list
        Columns that hold something, rows of dated tables oldest first; nothing where there are problems.
    size : int
        How many rows.
    """
    before = len(problems)
    if not _are_rows(rows):
        problems.append(f"{table.name}: the rows must be a list of mappings of column names to values.")
        return {}, 0
    if not rows:
        return {}, 0
    columns = _read(table, _cells(table, rows, problems), problems)
    if len(problems) > before:
        return {}, 0
    columns = _once(table, columns)  # before ends are emptied, as frames are read: rows that differ there are no copies
    columns = _within(table, columns, until, problems)
    _check(table, columns, problems)
    return (columns, _size(columns)) if len(problems) == before else ({}, 0)


def _are_rows(rows: Any) -> bool:
    """Whether it is a list of mappings."""
    if not isinstance(rows, list | tuple):
        return False
    return set(map(type, rows)) == {dict} or all(isinstance(row, Mapping) for row in rows)


def _cells(table: Table, rows: Sequence[Mapping[str, Any]], problems: Problems) -> dict[str, Sequence[Any]]:
    """The cells by column, of rows in the order of their starts; what the table does not have is told."""
    start = table.start
    if start is not None:
        with suppress(KeyError, TypeError):  # told later, as no start date
            rows = sorted(rows, key=itemgetter(start))
    cells = _of_one_form(rows)
    if cells is None:
        names = dict.fromkeys(name for row in rows for name in row)
        cells = {name: [row.get(name, _MISSING) for row in rows] for name in names}
    if unknown := cells.keys() - set(table.names):
        problems.append(_unknown(table, unknown))
    return cells


def _of_one_form(rows: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[Any]] | None:
    """The cells by column, of rows that all have the same two columns or more; None of others."""
    names = tuple(rows[0])
    if len(names) < 2 or max(map(len, rows)) > len(names):
        return None
    try:
        cells = zip(*map(itemgetter(*names), rows), strict=True)
    except KeyError:
        return None
    return dict(zip(names, cells, strict=True))


def _unknown(table: Table, unknown: Iterable[Any]) -> str:
    """Tell of columns that a table does not have, by count: their names could be anything."""
    names = list(unknown)
    close = {hint for name in names for hint in difflib.get_close_matches(str(name), table.names, n=1)}
    meant = f" Did you mean {', '.join(map(repr, sorted(close)))}?" if close else ""
    count = f"{len(names)} column{'s' if len(names) > 1 else ''}"
    return f"{table.name}: the rows have {count} that the table does not have.{meant} It has {', '.join(table.names)}."


def _read(table: Table, cells: Mapping[str, Sequence[Any]], problems: Problems) -> _Columns:
    """Every column of the table that the rows have."""
    columns: _Columns = {}
    for column in table.columns:
        values = cells.get(column.name)
        if values is None:
            if column.required:
                problems.append(f"{table.name}: column {column.name!r} is missing. {_GIVE}")
            continue
        if type(values) is list:  # rows of different columns
            if column.required and (count := sum(value is _MISSING for value in values)):
                problems.rows(table.name, column.name, count, "missing", _GIVE)
            values = [None if value is _MISSING else value for value in values]
        try:
            columns[column.name] = read_column(column, values)
        except Unreadable as error:
            problems.rows(table.name, column.name, error.count, "cannot be read", f"Expected: {error.expected}.")
    return columns


_GIVE = "Give it in every row, null where it is not known."


def _within(table: Table, columns: _Columns, until: int, problems: Problems) -> _Columns:
    """Rows that begin by the end of the records; later ends, and what they tell, are open; the unborn are left out."""
    start = "birth_date" if table.name == "children" else table.start
    if start is None:
        return columns
    days = columns[start]
    if later := _beyond(days, until):
        refuse_most(table.name, later, len(days), "begin after observed_until", problems)
        columns = kept(columns, [place for place, day in enumerate(days) if day is None or day <= until])
    for column in (table.end, "death_date" if table.name == "children" else None):
        if column in columns:
            _open_later(table, columns, str(column), until)
    return columns


def _beyond(days: Sequence[int | None], until: int) -> int:
    """How many days are later than the end of the records."""
    held = [day for day in days if day is not None]
    return sum(day > until for day in held) if held and max(held) > until else 0


def _open_later(table: Table, columns: _Columns, column: str, until: int) -> None:
    """Empty what only a day after the end of the records tells."""
    if _beyond(columns[column], until):
        future = [day is not None and day > until for day in columns[column]]
        for name in [each.name for each in table.columns if each.known == column and each.name in columns]:
            columns[name] = [None if gone else value for gone, value in zip(future, columns[name], strict=True)]


def kept(columns: _Columns, places: Sequence[int]) -> _Columns:
    """Some of the rows.

    Parameters
    ----------
    columns : dict of str to list
        Columns.
    places : sequence of int
        Which rows.

    Returns
    -------
    dict of str to list
        Copies.
    """
    return {name: [values[place] for place in places] for name, values in columns.items()}


def refuse_most(table: str, dropped: int, size: int, why: str, problems: Problems) -> None:
    """A table that would lose most of its rows was joined or dated wrongly.

    Parameters
    ----------
    table : str
        Its name.
    dropped, size : int
        How many rows would be left out, of how many.
    why : str
        What is wrong with them.
    problems : Problems
        Collects it.
    """
    if size >= _ENOUGH_ROWS and dropped > _MOST * size:
        problems.append(
            f"{table}: {dropped:,} of {size:,} rows {why}. So many cannot be strays: check that all rows are of one "
            "household, that keys are written alike in all tables, and observed_until."
        )


def _key(table: Table) -> str:
    """The column that tells rows apart."""
    return "child_id" if table.name == "children" else "row_key"


def _size(columns: _Columns) -> int:
    """How many rows there are."""
    return len(columns["child_id"])


def _once(table: Table, columns: _Columns) -> _Columns:
    """The rows without those that repeat another in every column."""
    keys = columns[_key(table)]
    if len(set(keys)) == len(keys):
        return columns
    rows = list(zip(*columns.values(), strict=True))
    return kept(columns, sorted({row: place for place, row in reversed(list(enumerate(rows)))}.values()))


def _check(table: Table, columns: _Columns, problems: Problems) -> None:
    """Tell of rows without child, key or start, of keys that are there twice, and of spells that run backwards."""
    key, keys, child = _key(table), columns[_key(table)], columns["child_id"]
    problems.rows(table.name, "child_id", child.count(None), "no child", "Each row names a child.")
    if key != "child_id":
        problems.rows(table.name, key, keys.count(None), "no key", "Each row has a key.")
    held = [each for each in keys if each is not None]
    problems.rows(table.name, key, len(held) - len(set(held)), "duplicate keys", "Each key is used once.")
    if table.name == "children":
        text = "Each child has a date of birth, or an expected one."
        problems.rows(table.name, "birth_date", columns["birth_date"].count(None), "no date of birth", text)
    if table.start is None:
        return
    start = columns[table.start]
    problems.rows(table.name, table.start, start.count(None), "no start date", "Each row has a start date.")
    if table.kind == SPELL and "end_date" in columns:
        ends = zip(start, columns["end_date"], strict=True)
        backwards = sum(end is not None and begin is not None and end < begin for begin, end in ends)
        problems.rows(table.name, "end_date", backwards, "end before start", "A spell ends on or after its start.")
