"""Databases for tests: the tables of an extract with proper column types, and where a PostgreSQL server is."""

from __future__ import annotations

import io
import os
from contextlib import suppress

import pandas as pd
import pytest

from edgeofcare.schema.tables import TABLES

__all__ = ["columns_of", "fill_duckdb", "fill_postgres", "fill_sqlite", "postgres_url", "same_records"]

TYPES = {
    "moment": {"postgresql": "timestamp", "duckdb": "TIMESTAMP", "sqlite": "TEXT"},
    "whole": {"postgresql": "bigint", "duckdb": "BIGINT", "sqlite": "INTEGER"},
    "truth": {"postgresql": "boolean", "duckdb": "BOOLEAN", "sqlite": "BOOLEAN"},
    "number": {"postgresql": "numeric(9, 2)", "duckdb": "DECIMAL(9, 2)", "sqlite": "REAL"},
    "json": {"postgresql": "jsonb", "duckdb": "JSON", "sqlite": "TEXT"},
    "short": {"postgresql": "char(5)", "duckdb": "VARCHAR", "sqlite": "CHAR(5)"},
    "text": {"postgresql": "varchar(4000)", "duckdb": "VARCHAR", "sqlite": "NVARCHAR(4000)"},
}
"""Column type of each kind of column."""


def postgres_url() -> str:
    """URL of the PostgreSQL server that EDGEOFCARE_POSTGRES_URL names; the calling test is skipped without it.

    With EDGEOFCARE_REQUIRE_POSTGRES=1, as in ``.ci/run``, it fails instead. ``.ci/postgres COMMAND`` starts a server.
    """
    url = os.environ.get("EDGEOFCARE_POSTGRES_URL", "")
    if url:
        return url
    reason = "EDGEOFCARE_POSTGRES_URL is not set; run the tests under .ci/postgres"
    if os.environ.get("EDGEOFCARE_REQUIRE_POSTGRES") == "1":
        pytest.fail(f"{reason}; EDGEOFCARE_REQUIRE_POSTGRES forbids a skip", pytrace=False)
    pytest.skip(reason)


def columns_of(frame):
    """Kind of each column of an SSD table, by its name and the values that it holds."""
    kinds = {}
    for column in frame.columns:
        held = set(frame[column]) - {""}
        name = column.lower()
        if name.endswith(("_date", "_dob", "_start", "_ceased")):
            kinds[column] = "moment"
        elif name.endswith("factors_json"):
            kinds[column] = "json"
        elif name.endswith("distance"):
            kinds[column] = "number"
        elif held and held <= {"true", "false"}:
            kinds[column] = "truth"
        elif name.endswith("_id") and all(value.lstrip("-").isdigit() for value in held):
            kinds[column] = "whole"
        else:
            kinds[column] = "short" if all(len(value) <= 5 for value in held) else "text"
    return kinds


def _tables(folder, order=1):
    """Tables of a folder as text, in a row order of our own."""
    for path in sorted(folder.glob("*.csv")):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        yield path.stem, frame.iloc[::order], columns_of(frame)


def _definition(name, kinds, dialect):
    """Statement that makes a table."""
    columns = ", ".join(f'"{column}" {TYPES[kind][dialect]}' for column, kind in kinds.items())
    return f"CREATE TABLE {name} ({columns})"


def fill_sqlite(connection, folder, schema="main"):
    """All tables of a folder in SQLite, with the last row first."""
    for name, frame, kinds in _tables(folder, order=-1):
        connection.execute(_definition(f"{schema}.{name}", kinds, "sqlite"))
        truth = {"true": 1, "false": 0, "": None}
        rows = [
            [truth.get(value, value) if kind == "truth" else value or None
             for value, kind in zip(row, kinds.values(), strict=True)]
            for row in frame.itertuples(index=False)
        ]  # fmt: skip
        marks = ", ".join("?" * len(kinds))
        connection.executemany(f"INSERT INTO {schema}.{name} VALUES ({marks})", rows)
    connection.commit()


def fill_duckdb(connection, folder, schema="main"):
    """All tables of a folder in DuckDB, with the last row first."""
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
    for name, frame, kinds in _tables(folder, order=-1):
        connection.register("given", frame.astype(object))
        cast = ", ".join(
            f'CAST(NULLIF("{column}", \'\') AS {TYPES[kind]["duckdb"]}) AS "{column}"' for column, kind in kinds.items()
        )
        connection.execute(f"CREATE TABLE {schema}.{name} AS SELECT {cast} FROM given")
        connection.unregister("given")


def fill_postgres(connection, folder, schema):
    """All tables of a folder in PostgreSQL, over a psycopg connection."""
    connection.execute(f"CREATE SCHEMA {schema}")
    for name, frame, kinds in _tables(folder, order=-1):
        connection.execute(_definition(f"{schema}.{name}", kinds, "postgresql"))
        text = io.StringIO()
        frame.to_csv(text, index=False, header=False)
        with connection.cursor() as cursor, cursor.copy(f"COPY {schema}.{name} FROM STDIN (FORMAT csv)") as copy:
            copy.write(text.getvalue())
    connection.commit()


def same_records(one, other):
    """Two records are the same: every canonical table, what is trusted of it, and what was found on reading."""
    for name in TABLES:
        key = "child_id" if name == "children" else "row_key"
        left, right = (each.table(name).sort_values(key, ignore_index=True) for each in (one, other))
        pd.testing.assert_frame_equal(left, right, check_exact=True, obj=name)
    pd.testing.assert_frame_equal(one.findings(), other.findings())
    pd.testing.assert_frame_equal(one.counts(), other.counts())
    assert one.fingerprint == other.fingerprint


def closed(connection):
    """Close a connection, whatever became of it."""
    with suppress(Exception):
        connection.close()
