"""Engines for databases that we write to: no connection kept, no value logged, and whole transactions in SQLite too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.records.sql.source import attempt

__all__ = ["WRITES", "writing_engine"]

WRITES = "edgeofcare_writes"
"""Execution option of a connection whose transactions write: in SQLite they take their turn when they begin."""


def writing_engine(url: Any, *, wait: int, pragmas: Sequence[str] = ()) -> Any:
    """Make an engine for a database that is written to.

    Parameters
    ----------
    url : sqlalchemy.engine.URL
        The database.
    wait : int
        Seconds that SQLite waits for another writer.
    pragmas : sequence of str
        What is said first on every connection to SQLite.

    Returns
    -------
    sqlalchemy.Engine
        It keeps no connection, so threads and forks may share it.

    Raises
    ------
    SpecError
        If the driver cannot be loaded.
    """
    import sqlalchemy as sa

    sqlite = url.get_backend_name() == "sqlite"
    options = {"connect_args": {"timeout": wait}} if sqlite else {}
    make = lambda: sa.create_engine(url, poolclass=sa.NullPool, hide_parameters=True, **options)  # noqa: E731
    engine, failed = attempt(make)
    if engine is None:
        msg = f"The driver that the URL names cannot be loaded ({failed}). Install it, such as psycopg for PostgreSQL."
        raise SpecError(msg)

    def set_up(connection: Any, _record: Any) -> None:
        """A new connection to SQLite: transactions are ours to begin."""
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(pragma).close()

    if sqlite:
        sa.event.listen(engine, "connect", set_up)
        sa.event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Any) -> None:
    """Begin a transaction; one that writes takes its turn at once, and waits for it."""
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
