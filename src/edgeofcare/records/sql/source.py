"""Connections that somebody else opened, and those that we open: reading over them, and leaving them as they were.

What a driver says in an error may hold a row's value, a user name, a server or a password. It is never passed on: only
the class of the error is, and its five-letter SQLSTATE or its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from edgeofcare.exceptions import EdgeOfCareError, SpecError
from edgeofcare.records.sql.tables import DIALECTS
from edgeofcare.records.sql.url import PASSWORD, database_url

__all__ = ["Link", "attempt", "connected"]

_Result = TypeVar("_Result")

_DRIVERS = {
    "sqlite3": "sqlite",
    "psycopg": "postgresql",
    "psycopg2": "postgresql",
    "pymssql": "mssql",
    "duckdb": "duckdb",
    "_duckdb": "duckdb",
}
_PRODUCTS = {"microsoft sql server": "mssql", "postgresql": "postgresql", "sqlite": "sqlite"}
_PRODUCT_NAME = 17  # SQL_DBMS_NAME of ODBC
_SAVEPOINT = "edgeofcare"
_TRANSACTIONS = "SELECT @@TRANCOUNT AS transactions"
_TRANSACTION = "SELECT txid_current() AS transaction"
_SNAPSHOT = "ISOLATION LEVEL REPEATABLE READ READ ONLY"


def attempt(work: Callable[[], _Result]) -> tuple[_Result | None, str]:
    """Do something with a driver.

    Parameters
    ----------
    work : callable
        What to do.

    Returns
    -------
    result
        What came of it, or None.
    failed : str
        Empty, or the class of the driver's error. The error itself ends here, so that no later one shows it.
    """
    try:
        return work(), ""
    except EdgeOfCareError:
        raise
    except Exception as error:
        return None, _named(error)


def _named(error: Exception) -> str:
    """Class and code of an error, without a word of its text."""
    cause = getattr(error, "orig", None)
    cause = cause if isinstance(cause, Exception) else error
    first = cause.args[0] if cause.args else None
    module = type(cause).__module__.split(".")[0]
    code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    if module == "pyodbc":
        code = first
    if module == "pymssql" and isinstance(first, int):
        return f"{type(cause).__name__}, error {first}"
    known = isinstance(code, str) and re.fullmatch(r"[0-9A-Z]{5}", code)
    return f"{type(cause).__name__}, SQLSTATE {code}" if known else type(cause).__name__


class Link:
    """An open connection, and how to speak to it.

    Parameters
    ----------
    dialect : str
        A name of :data:`edgeofcare.records.sql.tables.DIALECTS`.
    send : callable
        Sends a statement and gives a cursor.
    rollback : callable
        Ends a transaction that we began.
    busy : bool
        Whether the caller had a transaction open, which is left open and as it was.
    autocommit : bool
        Whether the driver begins no transaction by itself.
    """

    def __init__(
        self, dialect: str, send: Callable[[str], Any], rollback: Callable[[], Any], *, busy: bool, autocommit: bool
    ) -> None:
        self.dialect = dialect
        self._send = send
        self._rollback = rollback
        self._busy = busy
        self._autocommit = autocommit

    def ask(self, statement: str) -> list[tuple]:
        """Send a statement and give all its rows."""
        return [row for rows in self.chunks(statement, 1000) for row in rows]

    def chunks(self, statement: str, size: int) -> Iterator[list[tuple]]:
        """Send a statement and give its rows, so many at a time."""
        cursor = self._send(statement)
        try:
            while rows := cursor.fetchmany(size):
                yield [tuple(row.values() if isinstance(row, Mapping) else row) for row in rows]
        finally:
            if self.dialect != "duckdb":  # whose cursor is the connection itself
                with suppress(Exception):
                    cursor.close()

    def begin(self) -> None:
        """Begin reading, all tables as they are at one moment where the database can do that."""
        if self.dialect == "postgresql":
            first = "BEGIN" if self._autocommit else "SET TRANSACTION"
            self._run(f"SAVEPOINT {_SAVEPOINT}" if self._busy else f"{first} {_SNAPSHOT}")
        elif self.dialect in ("duckdb", "sqlite") and not self._busy:
            self._run("BEGIN")

    def recovers(self) -> bool:
        """Whether the connection can still be used after a statement failed."""
        with suppress(Exception):
            self._undo()
            return bool(self.ask("SELECT 1"))
        return False

    def end(self) -> None:
        """Leave the connection as it was found."""
        with suppress(Exception):
            self._undo()
        if self._busy and self.dialect == "postgresql":
            with suppress(Exception):
                self._run(f"RELEASE SAVEPOINT {_SAVEPOINT}")

    def _undo(self) -> None:
        """Give up what was begun here."""
        if self.dialect == "postgresql" and self._busy:
            self._run(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        elif not self._busy:
            if self.dialect == "duckdb" or (self.dialect == "postgresql" and self._autocommit):
                self._run("ROLLBACK")
            if self.dialect != "duckdb":
                self._rollback()

    def _run(self, statement: str) -> None:
        """Send a statement that gives no rows."""
        cursor = self._send(statement)
        if self.dialect != "duckdb":
            cursor.close()


@contextmanager
def connected(source: Any) -> Iterator[Link]:
    """Open what was given, or use it as it stands; afterwards all is as before.

    Parameters
    ----------
    source : str, sqlalchemy URL, Engine or Connection, or DB-API connection
        The database.

    Yields
    ------
    Link
        A connection.

    Raises
    ------
    SpecError
        If the source is none of these, or the database cannot be reached.
    """
    engine, connection, ours = _opened(source)
    try:
        link, failed = attempt(lambda: _link(connection))
        if link is None:
            msg = f"The connection cannot be used ({failed}). Open it again and try once more."
            raise SpecError(msg)
        try:
            yield link
        finally:
            link.end()
    finally:
        if ours:
            _close(connection)
        if engine is not None:
            engine.dispose()


def _close(connection: Any) -> None:
    """Close a connection of SQLAlchemy, also one whose server is gone."""
    with suppress(Exception):
        connection.close()
    if not connection.closed:
        with suppress(Exception):
            connection.invalidate()
        with suppress(Exception):
            connection.close()


def _opened(source: Any) -> tuple[Any, Any, bool]:
    """Our own engine if we need one, a connection, and whether it is ours to close."""
    kind = _sqlalchemy_kind(source)
    if isinstance(source, str) or kind == "URL":
        engine = _engine(source)
        connection, failed = attempt(engine.connect)
        _refuse_unreached(failed)
        return engine, connection, True
    if kind == "Engine":
        connection, failed = attempt(source.connect)
        _refuse_unreached(failed)
        return None, connection, True
    if kind == "Connection" or (not kind and callable(getattr(source, "cursor", None))):
        return None, source, False
    also = " Of a session, give session.connection()." if kind in ("Session", "scoped_session") else ""
    msg = (
        "The source is not a database that can be read: give a URL, a SQLAlchemy engine or connection (not an "
        f"asynchronous one), or a DB-API connection.{also} For a folder or DataFrames, use read_ssd."
    )
    raise SpecError(msg)


def _sqlalchemy_kind(source: Any) -> str:
    """Class of something of SQLAlchemy, by the names of its parents; empty where it is of another library."""
    names = [each.__name__ for each in type(source).__mro__ if each.__module__.split(".")[0] == "sqlalchemy"]
    if not names or any(name.startswith("PoolProxied") for name in names):
        return ""
    return next((name for name in ("URL", "Engine", "Connection") if name in names), names[0])


def _engine(source: Any) -> Any:
    """An engine that keeps no connection and writes no log."""
    url = database_url(source)
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    engine, failed = attempt(lambda: create_engine(url, poolclass=NullPool, hide_parameters=True))
    if engine is None:
        msg = (
            f"The driver that the URL names cannot be loaded ({failed}). Install it, such as psycopg for PostgreSQL or "
            "pyodbc for SQL Server; for DuckDB give duckdb.connect(path, read_only=True) instead of a URL."
        )
        raise SpecError(msg)
    return engine


def _refuse_unreached(failed: str) -> None:
    """Say that the database could not be reached, and nothing about it."""
    if failed:
        msg = (
            f"The database could not be reached, or it refused the account ({failed}). Check the URL's server, port "
            f"and database, that the driver is installed, and the account and its password (the environment variable "
            f"{PASSWORD}, if the URL has none). The driver's own words are left out: they may hold credentials."
        )
        raise SpecError(msg)


def _link(connection: Any) -> Link:
    """How to speak to a connection."""
    link = _sqlalchemy_link(connection) if _sqlalchemy_kind(connection) else _raw_link(connection)
    link.begin()
    return link


def _sqlalchemy_link(connection: Any) -> Link:
    """How to speak to a connection of SQLAlchemy: rows of PostgreSQL come as they are fetched."""
    dialect = _known(connection.dialect.name)
    busy = connection.in_transaction()
    autocommit = getattr(connection.connection.dbapi_connection, "autocommit", False) is True
    streamed = {"stream_results": dialect == "postgresql"}

    def send(statement: str) -> Any:
        """Send a statement as it stands."""
        options = streamed if statement.startswith("SELECT") else {}
        return connection.exec_driver_sql(statement, execution_options=options)

    return Link(dialect, send, connection.rollback, busy=busy, autocommit=autocommit)


def _raw_link(connection: Any) -> Link:
    """How to speak to a DB-API connection."""
    dialect = _raw_dialect(connection)

    def send(statement: str) -> Any:
        """Send a statement without parameters."""
        if dialect == "duckdb":  # its cursor would be another connection, which sees no temporary table
            return connection.execute(statement)
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor

    autocommit = getattr(connection, "autocommit", False) is True
    busy = _in_transaction(connection, dialect, send)
    return Link(dialect, send, getattr(connection, "rollback", lambda: None), busy=busy, autocommit=autocommit)


def _raw_dialect(connection: Any) -> str:
    """Which database a DB-API connection speaks to."""
    inner = getattr(connection, "dbapi_connection", connection)
    modules = {each.__module__.split(".")[0] for each in type(inner).__mro__}
    named = next((_DRIVERS[module] for module in sorted(modules) if module in _DRIVERS), "")
    if not named and callable(getattr(inner, "getinfo", None)):
        product = str(inner.getinfo(_PRODUCT_NAME)).lower()
        named = _PRODUCTS.get(product, product)
    return _known(named)


def _known(dialect: str) -> str:
    """The dialect, if it is one that can be read."""
    if dialect not in DIALECTS:
        msg = (
            f"Only {', '.join(DIALECTS.values())} can be read. From another database, read the tables yourself and "
            "give read_ssd a mapping of table name to DataFrame."
        )
        raise SpecError(msg)
    return dialect


def _in_transaction(connection: Any, dialect: str, send: Callable[[str], Any]) -> bool:
    """Whether the caller of a DB-API connection has begun a transaction."""
    inner = getattr(connection, "dbapi_connection", connection)
    if dialect == "sqlite":
        return bool(inner.in_transaction)
    if dialect == "postgresql":
        return inner.info.transaction_status != 0
    link = Link(dialect, send, bool, busy=False, autocommit=False)
    if dialect == "duckdb":  # without a transaction each statement has its own
        return link.ask(_TRANSACTION) == link.ask(_TRANSACTION)
    return link.ask(_TRANSACTIONS)[0][0] > 0
