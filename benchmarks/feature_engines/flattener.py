"""timeseriesflattener, told to look from one day back to the lookback, so that its closed window is ours.

Its windows take in both ends: ``[t - lookback, t - 1 day]`` in whole days is ``[t - lookback, t)``. Whatever is 0 when
empty is a sum (of ones, of values, of a one for each category), whatever is NaN when empty a mean or a largest value;
the time since the last event is that of the largest day. A table has as few settings as one value for empty windows
in each allows.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
from pathlib import Path

import numpy as np
import polars as pl
import timeseriesflattener as tsf
import workload

Tables = tuple[dict[str, pl.DataFrame], pl.DataFrame]
_DAY = dt.timedelta(days=1)
_EVER = 36_500
_HELD_AS = {
    "count": ("one", "sum", "0"),
    "sum": ("value", "sum", "0"),
    "mean": ("number", "mean", "nan"),
    "max": ("number", "max", "nan"),
    "days_since_last": ("day", "max", "nan"),
}


def load(folder: Path) -> Tables:
    """The tables as data frames, with times and a column of ones for each category."""
    events = {}
    for name in workload.TABLES:
        table = pl.read_parquet(folder / f"{name}.parquet")
        category = pl.col("cat").cast(pl.String)
        ones = [(category == f"c{number}").cast(pl.Int64).alias(f"c{number}") for number in range(workload.CATEGORIES)]
        time = pl.col("date").cast(pl.Datetime("us")).alias("timestamp")
        day = pl.col("date").to_physical().cast(pl.Float64).alias("day")
        events[name] = table.select("pid", time, day, "value", pl.lit(1, pl.Int64).alias("one"), *ones)
    rows = pl.read_parquet(folder / "pred.parquet")
    return events, rows.select("row_id", "pid", pl.col("pred_date").cast(pl.Datetime("us")).alias("pred_timestamp"))


def _spec(name: str, frame: pl.DataFrame, columns: dict[str, str], windows: tuple[int, ...], how: list, empty: float):
    """One setting: columns of a table, windows and aggregates, with one value for an empty window."""
    chosen = frame.select("pid", "timestamp", *(pl.col(old).alias(f"{name}_{new}") for new, old in columns.items()))
    return tsf.PredictorSpec(
        tsf.ValueFrame(chosen, entity_id_col_name="pid"),
        [(_DAY, window * _DAY) for window in windows],
        aggregators=how,
        fallback=empty,
        column_prefix="f",
    )


def compute(tables: Tables, dtype: type) -> np.ndarray:
    """All features of all rows, a column for each row."""
    events, rows = tables
    specs = []
    both = [tsf.MeanAggregator(), tsf.MaxAggregator()]
    summed = ("one", "value", *(f"c{number}" for number in range(workload.CATEGORIES)))
    for name, frame in events.items():
        specs += [
            _spec(name, frame, dict(zip(summed, summed, strict=True)), workload.WINDOWS, [tsf.SumAggregator()], 0),
            _spec(name, frame, {"number": "value"}, workload.WINDOWS, both, np.nan),
            _spec(name, frame, {"day": "day"}, (_EVER,), [tsf.MaxAggregator()], np.nan),
        ]
    asked = tsf.PredictionTimeFrame(rows, entity_id_col_name="pid")
    with contextlib.redirect_stdout(io.StringIO()):
        done = tsf.Flattener(asked).aggregate_timeseries(specs).df
    return _gathered(done, dtype)


def _gathered(done: pl.DataFrame, dtype: type) -> np.ndarray:
    """The columns in their order, and the rows in the caller's."""
    place = done["row_id"].to_numpy()
    asked = done["pred_timestamp"].cast(pl.Date).to_physical().to_numpy()
    out = np.empty((len(workload.FEATURES), done.height), dtype=dtype)
    for number, feature in enumerate(workload.FEATURES):
        name, measure, *window = feature.split("__")
        column, how, empty = _HELD_AS.get(measure, (measure[2:], "sum", "0"))
        reach = window[0][:-1] if window else str(_EVER)
        held = done[f"f_{name}_{column}_within_1_to_{reach}_days_{how}_fallback_{empty}"].to_numpy()
        out[number, place] = held if window else asked - held
    return out
