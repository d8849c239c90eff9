"""polars: rolling windows closed on the left, over the events and the rows of each person together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import workload

Tables = tuple[dict[str, pl.DataFrame], pl.DataFrame]


def load(folder: Path) -> Tables:
    """The tables as data frames, with days and categories as whole numbers."""
    day = pl.col("date").to_physical().alias("day")
    category = pl.col("cat").cast(pl.String).str.slice(1).cast(pl.Int8)
    events = {
        name: pl.read_parquet(folder / f"{name}.parquet").select("pid", day, "value", category)
        for name in workload.TABLES
    }
    rows = pl.read_parquet(folder / "pred.parquet")
    return events, rows.select("row_id", "pid", pl.col("pred_date").to_physical().alias("day"))


def compute(tables: Tables, dtype: type) -> np.ndarray:
    """All features of all rows, a column for each row."""
    events, rows = tables
    out = np.empty((len(workload.FEATURES), rows.height), dtype=dtype)
    position = 0
    for name in workload.TABLES:
        for place, column in _columns(events[name], rows):
            out[position, place] = column
            position += 1
    return out


def _columns(table: pl.DataFrame, rows: pl.DataFrame):
    """The 25 features of one table, and where their rows stand."""
    both = pl.concat([table, rows], how="diagonal").sort("pid", "day")
    value, is_row = pl.col("value"), both["row_id"].is_not_null()
    place = both["row_id"].filter(is_row).to_numpy()
    counted = [(pl.col("cat") == number).sum().alias(f"n_c{number}") for number in range(workload.CATEGORIES)]
    measures = [value.count().alias("count"), value.sum().alias("sum"), value.mean().alias("mean")]
    for window in workload.WINDOWS:
        rolling = both.rolling("day", period=f"{window}i", closed="left", group_by="pid")
        done = rolling.agg(*measures, value.max().alias("max"), *counted).filter(is_row)
        for measure in workload.MEASURES:
            yield place, done[measure].to_numpy()
    asked = rows.sort("pid", "day")
    held = table.select("pid", "day", happened="day").sort("pid", "day")
    last = asked.join_asof(
        held, on="day", by="pid", strategy="backward", allow_exact_matches=False, check_sortedness=False
    )
    yield last["row_id"].to_numpy(), (last["day"] - last["happened"]).cast(pl.Float64).fill_null(np.nan).to_numpy()
