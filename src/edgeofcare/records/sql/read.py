"""Reading case records in the layout of the Standard Safeguarding Dataset (SSD) from a database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.progress import watched
from edgeofcare.records.findings import Findings, counted
from edgeofcare.records.records import Records
from edgeofcare.records.sql.source import Link, attempt, connected
from edgeofcare.records.sql.tables import SqlTable, located, select
from edgeofcare.records.sql.values import texts
from edgeofcare.records.ssd.layout import SSD_TABLES
from edgeofcare.records.ssd.read import named_frames
from edgeofcare.records.ssd.shape import canonical_shape

__all__ = ["read_sql", "statements"]


def read_sql(
    connection_or_url: Any,
    *,
    observed_until: str | pd.Timestamp,
    schema: str | None = None,
    observed_from: str | pd.Timestamp | Mapping[str, Any] | None = None,
    reporting_lag: str | int | Mapping[str, str | int] = 0,
    code_maps: Mapping[str, Mapping[str, str]] | str | Path | None = None,
    invalid: str = "raise",
    chunk_rows: int = 50_000,
    progress: bool | None = False,
) -> Records:
    """Read case records from the SSD tables of a database: SQL Server, PostgreSQL, SQLite or DuckDB.

    The records are those that :func:`edgeofcare.read_ssd` reads from CSV files of the same tables. Nothing is written,
    only the needed columns are selected (see :func:`statements`), and names, pupil and NHS numbers and addresses never
    leave the database.

    Parameters
    ----------
    connection_or_url : str, sqlalchemy URL, Engine or Connection, or DB-API connection
        The database. A URL such as ``postgresql+psycopg://reader@server/database``; the password of a URL that has
        none is taken from the environment variable ``EDGEOFCARE_DB_PASSWORD``. ``env:NAME`` stands for the URL that an
        environment variable holds. A caller's own connection (of sqlite3, psycopg, pyodbc, pymssql, DuckDB or
        SQLAlchemy) stays open, and a transaction that was begun on it stays as it was.
    observed_until : str or Timestamp
        The last date on which the extract can be trusted, such as ``"2025-03-31"``.
    schema : str, optional
        Where the tables stand: ``"ssd_development"``, ``"HDM_Local.ssd_development"``, or ``"#"`` for temporary tables
        of a connection to SQL Server. Without it the first of these that has the tables: ``ssd_development``, the
        account's own schema, temporary tables. Letter case does not matter. Views are read like tables.
    observed_from, reporting_lag, code_maps, invalid
        As for :func:`edgeofcare.read_ssd`.
    chunk_rows : int, default 50000
        Rows that are fetched at a time.
    progress : bool or None, default False
        Whether to show a progress bar by table; None shows one where a person watches.

    Returns
    -------
    Records
        Validated records.

    Raises
    ------
    RecordsError
        With every problem: tables and columns that are missing or may not be read, reading that broke off, and rows
        that cannot be right.
    SpecError
        If an option is not understood, or the database cannot be reached. No error quotes a URL, an account, a
        server or what a driver said.

    Notes
    -----
    On PostgreSQL, SQLite and DuckDB all tables are read as they were at one moment, unless the caller has a
    transaction open. On SQL Server they are read one after the other: read when no job rebuilds them.

    A moment with a time zone counts as the day that it was in England.

    Examples
    --------
    >>> import sqlite3
    >>> connection = sqlite3.connect(":memory:")
    >>> cursor = connection.execute("CREATE TABLE ssd_person (pers_person_id TEXT, pers_dob TEXT)")
    >>> read_sql(connection, observed_until="2025-03-31")
    Traceback (most recent call last):
    edgeofcare.exceptions.RecordsError: The records cannot be used (3 problems):
      - ssd_cin_episodes: the table is missing. It is needed for referrals. It was looked for in: ...
      - ssd_cla_episodes: the table is missing. It is needed for care_episodes. It was looked for in: ...
      - ssd_legal_status: the table is missing. It is needed for legal_statuses. It was looked for in: ...
    """
    if isinstance(chunk_rows, bool) or not isinstance(chunk_rows, int) or chunk_rows < 1:
        msg = "chunk_rows must be a whole number of at least 1: the rows that are fetched at a time."
        raise SpecError(msg)
    findings = Findings()
    findings.invalid = invalid
    loaded = {}
    with connected(connection_or_url) as link:
        tables, hint = _found(link, schema)
        for name in watched([*tables], "Reading tables", progress=progress):
            loaded[name], goes_on = _table(link, tables[name], chunk_rows, findings)
            if not goes_on:
                findings.raise_problems()
    held = {name: tuple(table.columns) for name, table in tables.items()}
    return Records.from_tables(
        canonical_shape(named_frames(loaded, findings, held=held, hint=hint), findings),
        observed_until=observed_until,
        observed_from=observed_from,
        reporting_lag=reporting_lag,
        code_maps=code_maps,
        invalid=invalid,
        findings=findings,
    )


def statements(connection_or_url: Any, *, schema: str | None = None) -> dict[str, str]:
    """Show the statements with which :func:`read_sql` would read the tables of a database, without reading them.

    Parameters
    ----------
    connection_or_url, schema
        As for :func:`read_sql`.

    Returns
    -------
    dict of str to str
        SSD table to its SELECT. Only the catalogue of the database was asked for tables and columns.

    Raises
    ------
    RecordsError
        If a place has a table twice.
    SpecError
        If the schema is not understood, or the database cannot be reached.

    Examples
    --------
    >>> import sqlite3
    >>> connection = sqlite3.connect(":memory:")
    >>> columns = "moth_table_id, moth_person_id, moth_childs_person_id, moth_childs_dob"
    >>> cursor = connection.execute(f"CREATE TABLE ssd_mother ({columns})")
    >>> print(statements(connection)["ssd_mother"])
    SELECT "moth_table_id", "moth_childs_person_id", "moth_person_id" FROM "main"."ssd_mother"
    """
    with connected(connection_or_url) as link:
        tables, _ = _found(link, schema)
    return {name: select(link.dialect, table) for name, table in tables.items() if table.needed()}


def _found(link: Link, schema: str | None) -> tuple[dict[str, SqlTable], str]:
    """The SSD tables that the database shows, in the order of SSD, and where they were looked for."""
    answers, failed = attempt(lambda: located(link.dialect, link.ask, schema))
    if answers is None:
        problem = f"The catalogue of the database could not be read ({failed}). The account must be able to see tables."
        raise RecordsError(problem)
    tables, hint = answers
    return {name: tables[name] for name in SSD_TABLES.values() if name in tables}, hint


def _table(link: Link, table: SqlTable, chunk_rows: int, findings: Findings) -> tuple[pd.DataFrame, bool]:
    """The needed columns of one table as text, and whether the connection can be read from still."""
    needed = table.needed()
    columns: dict[str, list[str | None]] = {name: [] for name in needed}
    refused = [name for name in needed if name in table.refused]
    if refused:
        names = ", ".join(sorted(refused))
        findings.problem(f"{table.ssd_name}: the account may not read {names}. Ask for SELECT on the table.")
    if refused or not needed:
        return pd.DataFrame(columns, dtype=object), True
    chunks = link.chunks(select(link.dialect, table), chunk_rows)
    while True:
        rows, failed = attempt(lambda: next(chunks, None))
        if failed:
            done = counted(len(columns[needed[0]]), "row")
            findings.problem(
                f"{table.ssd_name}: reading broke off after {done} ({failed}). The account needs SELECT on the table "
                "and all that a view rests on, time enough, and a connection that holds."
            )
            return pd.DataFrame(columns, dtype=object).iloc[:0], link.recovers()
        if rows is None:
            return pd.DataFrame(columns, dtype=object), True
        for name, values in zip(needed, zip(*rows, strict=True), strict=True):
            columns[name] += texts(values)
