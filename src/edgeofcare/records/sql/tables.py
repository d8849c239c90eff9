"""Where the SSD tables stand in a database, and the statements that read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.ssd.layout import SSD_TABLES
from edgeofcare.records.ssd.read import needed_columns, plain_name

__all__ = ["DIALECTS", "SqlTable", "located", "select"]

DIALECTS = {"mssql": "SQL Server", "postgresql": "PostgreSQL", "sqlite": "SQLite", "duckdb": "DuckDB"}
"""Databases that can be read, by the name that SQLAlchemy gives them."""

_OPEN = "'9999-12-30'"
_USUAL = "ssd_development"
_LISTED = ", ".join(f"'{name}'" for name in sorted(SSD_TABLES.values()))
_ANSI = (
    "SELECT table_catalog, table_schema, table_name, column_name, data_type "
    "FROM information_schema.columns WHERE lower(table_name) IN ({tables})"
)
_CATALOGUE = {
    "mssql": (
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE "
        "FROM {database}INFORMATION_SCHEMA.COLUMNS WHERE LOWER(TABLE_NAME) IN ({tables})"
    ),
    "postgresql": (
        "SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, NULL) AS data_type, "
        "has_schema_privilege(n.oid, 'USAGE') AND has_column_privilege(c.oid, a.attnum, 'SELECT') AS readable "
        "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
        "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND lower(c.relname) IN ({tables})"
    ),
    "duckdb": _ANSI,
    "sqlite": (
        "SELECT m.name AS table_name, c.name AS column_name, c.type "
        "FROM {database}sqlite_master AS m, pragma_table_info(m.name, {name}) AS c "
        "WHERE m.type IN ('table', 'view') AND lower(m.name) IN ({tables})"
    ),
}
_TEMPORARY = (
    "SELECT wanted.name AS table_name, c.name AS column_name, TYPE_NAME(c.user_type_id) AS data_type "
    "FROM (VALUES {marked}) AS wanted (name) "
    "INNER JOIN tempdb.sys.columns AS c ON c.object_id = OBJECT_ID('tempdb..' + wanted.name)"
)
_DEFAULT = {
    "mssql": "SELECT SCHEMA_NAME() AS name",
    "postgresql": "SELECT unnest(current_schemas(true))",
    "duckdb": "SELECT current_database(), current_schema()",
}
_PART = re.compile(r'\s*(?:\[((?:[^\]]|\]\])+)\]|"((?:[^"]|"")+)"|([^.\[\]"]+?))\s*(?:\.|$)')

_Ask = Callable[[str], list[tuple]]
_Place = tuple[str, ...]


@dataclass(frozen=True)
class SqlTable:
    """One SSD table of a database, under the names that the database itself uses.

    Parameters
    ----------
    place : tuple of str
        Database and schema, or what the database needs of them; empty for a temporary table of SQL Server.
    name : str
        The table.
    columns : dict of str to str
        All its columns, with their types.
    refused : tuple of str
        Columns that the account may not read.
    """

    place: _Place
    name: str
    columns: dict[str, str] = field(default_factory=dict)
    refused: tuple[str, ...] = ()

    @property
    def ssd_name(self) -> str:
        """The name in SSD."""
        return plain_name(self.name)

    def needed(self) -> list[str]:
        """Columns that are read: for each canonical column the first of its names that is there."""
        own: dict[str, str] = {}
        for column in self.columns:
            own.setdefault(plain_name(column), column)
        found = (next((own[alias] for alias in aliases if alias in own), None)
                 for aliases in needed_columns(self.ssd_name).values())  # fmt: skip
        return list(dict.fromkeys(column for column in found if column is not None))


def quoted(dialect: str, name: str) -> str:
    """An identifier between the marks of the dialect.

    Examples
    --------
    >>> quoted("mssql", "ssd_person"), quoted("postgresql", "ssd_person")
    ('[ssd_person]', '"ssd_person"')
    """
    if dialect == "mssql":
        return "[" + name.replace("]", "]]") + "]"
    return '"' + name.replace('"', '""') + '"'


def select(dialect: str, table: SqlTable) -> str:
    """Write the statement that reads the needed columns of a table, and no other.

    Parameters
    ----------
    dialect : str
        A name of ``DIALECTS``.
    table : SqlTable
        Where the table stands, and its columns.

    Returns
    -------
    str
        One SELECT.

    Examples
    --------
    >>> person = SqlTable(("dbo",), "ssd_mother", {"moth_person_id": "nvarchar", "moth_childs_dob": "datetime"})
    >>> select("mssql", person)
    'SELECT [moth_person_id] FROM [dbo].[ssd_mother]'
    """
    columns = ", ".join(_expression(dialect, column, table.columns[column]) for column in table.needed())
    whole = ".".join(quoted(dialect, part) for part in (*table.place, table.name))
    return f"SELECT {columns} FROM {whole}"


def _expression(dialect: str, column: str, kind: str) -> str:
    """A column as it is selected: as it stands, unless a driver could not hand over its values."""
    name, kind = quoted(dialect, column), kind.lower()
    if dialect == "postgresql" and (kind == "date" or kind.startswith("timestamp")):  # infinity, and years after 9999
        return f"CASE WHEN {name} NOT BETWEEN '0001-01-02' AND {_OPEN} THEN {_OPEN} ELSE {name} END AS {name}"
    if dialect == "mssql" and kind == "datetimeoffset":
        return f"CONVERT(nvarchar(34), {name}, 126) AS {name}"
    if dialect == "mssql" and kind == "uniqueidentifier":
        return f"CONVERT(nchar(36), {name}) AS {name}"
    return name


def located(dialect: str, ask: _Ask, schema: str | None) -> tuple[dict[str, SqlTable], str]:
    """Find the SSD tables of a database.

    All tables come from one place, so that two extracts are never mixed: the schema that was asked for, else the
    first of ``ssd_development``, the account's own schema and temporary tables that has a table of persons (or, if none
    has, any SSD table at all).

    Parameters
    ----------
    dialect : str
        A name of ``DIALECTS``.
    ask : callable
        Sends a statement and gives all rows.
    schema : str or None
        ``schema``, ``database.schema``, or ``#`` for temporary tables.

    Returns
    -------
    tables : dict of str to SqlTable
        By plain name.
    hint : str
        Where it was looked, for the message about a table that is missing.

    Raises
    ------
    RecordsError
        If a place has two tables whose names differ by letter case only.
    SpecError
        If the schema is not understood.
    """
    places = _places(dialect, ask, schema)
    held = _catalogue(dialect, ask, schema)
    in_place = [[table for table in held if _same(table.place, place)] for place in places]
    with_people = [found for found in in_place if any(table.ssd_name == "ssd_person" for table in found)]
    chosen = next(iter([*with_people, *filter(None, in_place)]), [])
    names = [table.ssd_name for table in chosen]
    if dialect == "mssql" and not any(table.place for table in chosen):  # a # table hides the ## table of its name
        chosen, names = sorted(chosen, key=lambda table: table.name), []
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise RecordsError([f"{name}: there is more than one table of this name; name a schema." for name in twice])
    looked = ", ".join(dict.fromkeys(".".join(place) or "temporary tables" for place in places))
    return {table.ssd_name: table for table in chosen}, (
        f" It was looked for in: {looked}. Name another schema with schema=, or ask for SELECT on it: some databases "
        "hide what an account may not read."
    )


def _same(one: _Place, other: _Place) -> bool:
    """Whether two places are the same but for letter case."""
    return [part.casefold() for part in one] == [part.casefold() for part in other]


def _parts(dialect: str, schema: str) -> _Place:
    """Schema, or database and schema, without their marks."""
    found, end = [], 0
    for match in _PART.finditer(schema):
        if match.start() != end:
            break
        end = match.end()
        bracketed, marked, plain = match.groups()
        found.append(bracketed.replace("]]", "]") if bracketed else (marked or "").replace('""', '"') or plain)
    most = 2 if dialect in ("mssql", "duckdb") else 1
    if end != len(schema) or not found or len(found) > most or schema.rstrip().endswith("."):
        forms = "'schema' or 'database.schema'" if most > 1 else "one name"
        msg = f"schema must be {forms} in {DIALECTS[dialect]}; got {schema!r}."
        raise SpecError(msg)
    return tuple(found)


def _places(dialect: str, ask: _Ask, schema: str | None) -> list[_Place]:
    """Places to look in, the preferred one first."""
    temporary: dict[str, _Place] = {"mssql": (), "sqlite": ("temp",), "duckdb": ("temp", "main")}
    if schema is not None and schema in ("#", "##", "tempdb") and dialect == "mssql":
        return [()]
    if schema is not None:
        parts = _parts(dialect, schema)
        if dialect != "duckdb" or len(parts) > 1:
            return [parts]
        return [(ask(_DEFAULT[dialect])[0][0], *parts), (*parts, "main")]
    if dialect == "sqlite":
        own: list[_Place] = [("main",)]
    else:
        own = [tuple(map(str, row)) for row in ask(_DEFAULT[dialect])]
    own = [place for place in own if place != ("pg_catalog",)]
    usual = (own[0][0], _USUAL) if dialect == "duckdb" else (_USUAL,)
    rest = [temporary[dialect]] if dialect in temporary else []
    return list(dict.fromkeys([usual, *own, *rest]))


def _catalogue(dialect: str, ask: _Ask, schema: str | None) -> list[SqlTable]:
    """Every SSD table that the database shows to this account."""
    if dialect == "sqlite":
        return _sqlite_catalogue(ask)
    if dialect == "mssql":
        return _mssql_catalogue(ask, schema)
    rows = ask(_CATALOGUE[dialect].format(tables=_LISTED))
    if dialect == "duckdb":
        return _tables(((database, schema), *rest) for database, schema, *rest in rows)
    return _tables(((schema,), *rest) for schema, *rest in rows)


def _sqlite_catalogue(ask: _Ask) -> list[SqlTable]:
    """SSD tables of the file, of files attached to it, and temporary ones."""
    tables = []
    for _, name, *_ in ask("PRAGMA database_list"):
        text = "'" + name.replace("'", "''") + "'"
        sent = _CATALOGUE["sqlite"].format(database=quoted("sqlite", name) + ".", name=text, tables=_LISTED)
        tables += _tables(((name,), *row) for row in ask(sent))
    if not any(table.place == ("temp",) for table in tables):  # the list leaves it out until it is used
        sent = _CATALOGUE["sqlite"].format(database="temp.", name="'temp'", tables=_LISTED)
        tables += _tables((("temp",), *row) for row in ask(sent))
    return tables


def _mssql_catalogue(ask: _Ask, schema: str | None) -> list[SqlTable]:
    """SSD tables of one database of the server, and temporary ones of this connection."""
    parts = () if schema in (None, "#", "##", "tempdb") else _parts("mssql", schema or "")
    database = parts[0] if len(parts) > 1 else ""
    prefix = quoted("mssql", database) + "." if database else ""
    rows = ask(_CATALOGUE["mssql"].format(database=prefix, tables=_LISTED))
    tables = _tables((((database, row[0]) if database else (row[0],)), *row[1:]) for row in rows)
    if not parts:
        marked = ", ".join(f"('{mark}{name}')" for mark in ("#", "##") for name in sorted(SSD_TABLES.values()))
        tables += _tables(((), *row) for row in ask(_TEMPORARY.format(marked=marked)))
    return tables


def _tables(rows: Iterable[Sequence]) -> list[SqlTable]:
    """Tables of rows of a catalogue: place, table, column, type, and whether the account may read the column."""
    found: dict[tuple[_Place, str], SqlTable] = {}
    refused: dict[tuple[_Place, str], list[str]] = {}
    for place, name, column, kind, *readable in rows:
        table = found.setdefault((place, name), SqlTable(place, name))
        table.columns[column] = str(kind or "")
        if readable and not readable[0]:
            refused.setdefault((place, name), []).append(column)
    return [
        SqlTable(table.place, table.name, table.columns, tuple(refused.get(key, ()))) for key, table in found.items()
    ]
