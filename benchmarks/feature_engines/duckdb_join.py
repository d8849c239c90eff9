"""DuckDB: each row joined with every earlier event of its person, and aggregates with a FILTER for each window."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import workload


def load(folder: Path) -> duckdb.DuckDBPyConnection:
    """The tables in an in-memory database, with days and categories as whole numbers."""
    held = duckdb.connect()
    for name in workload.TABLES:
        held.execute(
            f"CREATE TABLE {name} AS SELECT pid, (date - DATE '1970-01-01')::INTEGER AS day, value, "
            f"substr(cat::VARCHAR, 2)::TINYINT AS cat FROM read_parquet('{(folder / name).as_posix()}.parquet')"
        )
    held.execute(
        "CREATE TABLE pred AS SELECT row_id, pid, (pred_date - DATE '1970-01-01')::INTEGER AS day "
        f"FROM read_parquet('{(folder / 'pred').as_posix()}.parquet')"
    )
    return held


def compute(held: duckdb.DuckDBPyConnection, dtype: type) -> np.ndarray:
    """All features of all rows, a column for each row."""
    found = held.execute("SELECT count(*) FROM pred").fetchone()
    rows = found[0] if found else 0
    out = np.empty((len(workload.FEATURES), rows), dtype=dtype)
    position = 0
    for name in workload.TABLES:
        columns = held.execute(_question(name, "FLOAT" if dtype is np.float32 else "DOUBLE")).fetchnumpy()
        place = columns.pop("row_id")
        for column in columns.values():
            out[position, place] = np.ma.filled(column, np.nan)
            position += 1
    return out


def _question(name: str, number: str) -> str:
    """One statement for the 25 features of a table."""
    asked = []
    for window in workload.WINDOWS:
        inside = f"FILTER (WHERE e.day >= p.day - {window})"
        asked += [
            f"count(e.day) {inside}",
            f"coalesce(sum(e.value) {inside}, 0)",
            f"avg(e.value) {inside}",
            f"max(e.value) {inside}",
        ]
        within = f"FILTER (WHERE e.day >= p.day - {window} AND e.cat = "
        asked += [f"count(e.day) {within}{category})" for category in range(workload.CATEGORIES)]
    asked.append("any_value(p.day) - max(e.day)")
    columns = ", ".join(f"({measure})::{number} AS f{at}" for at, measure in enumerate(asked))
    return (
        f"SELECT p.row_id, {columns} FROM pred p LEFT JOIN {name} e ON e.pid = p.pid AND e.day < p.day "
        "GROUP BY p.row_id"
    )
