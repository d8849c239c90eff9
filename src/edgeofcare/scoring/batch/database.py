"""The tables that scores are written into, and transactions on them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from edgeofcare.exceptions import SpecError
from edgeofcare.records.sql.engine import WRITES, writing_engine
from edgeofcare.records.sql.source import attempt
from edgeofcare.records.sql.url import database_url
from edgeofcare.scoring.batch.layout import COLUMNS, KEY, Column

__all__ = ["Database", "Tables", "open_database"]

_Result = TypeVar("_Result")

_NAME = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]{0,49}\.)?[A-Za-z_][A-Za-z0-9_]{0,49}")
_WAIT = 60  # seconds to wait for another writer
_OTHERS_MAKE = 3  # times that making the tables may fail because others make them
_PRAGMAS = ("PRAGMA synchronous = FULL", "PRAGMA secure_delete = ON")


class Tables(NamedTuple):
    """The two tables.

    Parameters
    ----------
    scores : Table
        A row for each model, day and child; only whole days are ever in it.
    unfinished : Table
        A row for each part that a run has scored, until the run ends: what a stopped one need not do again. Then one
        row without a child that says that it has ended.
    """

    scores: Any
    unfinished: Any


class Database:
    """Where scores are kept. It holds no connection between calls.

    Parameters
    ----------
    engine : sqlalchemy.Engine
        How it is reached.
    tables : Tables
        What is written.
    """

    def __init__(self, engine: Any, tables: Tables) -> None:
        self._engine = engine
        self.tables = tables

    def write(self, work: Callable[[Any], _Result]) -> _Result:
        """Do something in one transaction: all of it stays, or nothing."""

        def whole() -> _Result:
            """Open, write and commit."""
            with self._engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
                return work(connection)

        result, failed = attempt(whole)
        if failed:
            msg = (
                f"The scores could not be written ({failed}). Nothing was changed, unless the connection was lost as "
                "the run ended: run it again, which goes on where it stopped. Check that the database can be reached, "
                "that the account may create, read and write the table, and that no other program writes it now. The "
                "driver's own words are left out: they may hold credentials or values."
            )
            raise SpecError(msg)
        return result  # type: ignore[return-value]

    def make_tables(self) -> None:
        """Make the tables that are not there, and refuse those that have another layout."""
        for _ in range(_OTHERS_MAKE):
            self.write(self._refuse_other_layouts)
            with suppress(SpecError):  # somebody else may have made one of them at this moment
                return self.write(self.tables.scores.metadata.create_all)
        return self.write(self.tables.scores.metadata.create_all)

    def _refuse_other_layouts(self, connection: Any) -> None:
        """Refuse a table of one of the names that has other columns."""
        import sqlalchemy as sa

        look = sa.inspect(connection)
        for table in self.tables:
            if look.has_table(table.name, schema=table.schema):
                _refuse_other_letters(look, table)
                held = {column["name"]: column["type"] for column in look.get_columns(table.name, schema=table.schema)}
                key = look.get_pk_constraint(table.name, schema=table.schema)["constrained_columns"]
                if problems := _differences(table, held, key):
                    msg = (
                        f"The table {table.name} exists with another layout: {'; '.join(problems)}. Give another name, "
                        "or rename the table that is there; one that does not exist is made."
                    )
                    raise SpecError(msg)


def _refuse_other_letters(look: Any, table: Any) -> None:
    """Refuse a name that the database takes for that of a table which stands there in small or capital letters."""
    held = [*look.get_table_names(schema=table.schema), *look.get_view_names(schema=table.schema)]
    if table.name not in held and table.name.lower() in map(str.lower, held):
        msg = (
            f"The database has the table {table.name} already, its name in other small and capital letters. Give the "
            "name as it stands there, or another one."
        )
        raise SpecError(msg)


def _differences(table: Any, held: dict[str, Any], key: list[str]) -> list[str]:
    """How a table differs from ours, in clauses with names of columns."""
    wanted = {column.name: column.type for column in table.columns}
    lacks, more = sorted(set(wanted) - set(held)), sorted(set(held) - set(wanted))
    other = sorted(name for name in set(wanted) & set(held) if not _alike(wanted[name], held[name]))
    problems = [f"{len(lacks)} columns are missing ({', '.join(lacks[:4])})"] if lacks else []
    problems += [f"{len(more)} columns are not ours"] if more else []
    problems += [f"{', '.join(other[:4])} of another type"] if other else []
    if not problems and set(key) != {column.name for column in table.primary_key.columns}:
        problems = ["its primary key is another"]
    return problems


def _alike(wanted: Any, held: Any) -> bool:
    """Whether two types hold the same kind of thing."""
    try:
        return wanted.python_type is held.python_type
    except NotImplementedError:
        return False


def _tables(name: str) -> Tables:
    """Describe the tables to SQLAlchemy."""
    import sqlalchemy as sa

    schema, _, short = name.rpartition(".")
    known = sa.MetaData(schema=schema or None)
    scores = sa.Table(short, known, *(_column(sa, column, key=column.name in KEY) for column in COLUMNS))
    unfinished = sa.Table(
        f"{short}_unfinished",
        known,
        _column(sa, Column("run", str, 64, False, ""), key=True),
        _column(sa, Column("part", int, None, False, ""), key=True),
        _column(sa, Column("model_id", str, 100, False, "")),
        _column(sa, Column("index_date", dt.date, None, False, "")),
        _column(sa, Column("kept_on", dt.date, None, False, "")),
        _column(sa, Column("body", str, None, False, "")),
    )
    return Tables(scores, unfinished)


def _column(sa: Any, column: Column, *, key: bool = False) -> Any:
    """One column, whose text is compared letter by letter."""
    text = sa.UnicodeText() if column.length is None else sa.Unicode(column.length)
    if column.length is not None:
        text = text.with_variant(sa.Unicode(column.length, collation="Latin1_General_BIN2"), "mssql")
    kinds = {str: text, float: sa.Double(), int: sa.Integer(), bool: sa.Boolean(), dt.date: sa.Date()}
    return sa.Column(column.name, kinds[column.kind], primary_key=key, nullable=column.empty, autoincrement=False)


def open_database(place: Any, table: str) -> Database:
    """Open the place of scores, and make its tables where they are not.

    Parameters
    ----------
    place : str or sqlalchemy.engine.URL
        The database: a URL, or ``env:NAME`` for one that an environment variable holds.
    table : str
        The name of the table, ``schema.name`` where it is not in the account's own schema.

    Returns
    -------
    Database
        Ready to be written.

    Raises
    ------
    SpecError
        If the place or the name cannot be used, or the table exists with another layout.
    """
    if not isinstance(table, str) or not _NAME.fullmatch(table):
        msg = "table must be a name of letters, digits and underscores, at most 50 characters, or schema.name."
        raise SpecError(msg)
    url = database_url(place, new_file=True)
    if url.get_backend_name() == "sqlite":
        _prepare_file(url.database)
    database = Database(writing_engine(url, wait=_WAIT, pragmas=_PRAGMAS), _tables(table))
    database.make_tables()
    return database


def _prepare_file(name: str | None) -> None:
    """Make an empty file that its owner alone can read, where there is none."""
    if not name or name == ":memory:" or name.startswith("file:"):
        msg = "Scores in SQLite need the path of a file, such as sqlite:///scores.db."
        raise SpecError(msg)
    try:
        if not Path(name).exists():
            Path(name).touch(mode=0o600)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        msg = f"The SQLite file cannot be made ({reason}). Give the path of a file in a folder that exists."
        raise SpecError(msg) from None
