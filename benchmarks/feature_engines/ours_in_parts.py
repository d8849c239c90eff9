"""The engine of edgeofcare with one clock, in 16 parts of the people, each written to Parquet before the next."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import workload

from feature_engines.ours import Tables, load, matrix

__all__ = ["compute", "gathered", "load"]

PARTS = 16


def compute(tables: Tables, dtype: type) -> tempfile.TemporaryDirectory:
    """A folder with a file for each part: the features of its rows, and where the rows stand."""
    events, rows = tables
    folder = tempfile.TemporaryDirectory()
    part_of = {name: (table["pid"] % PARTS).astype(np.int8) for name, table in {**events, "": rows}.items()}
    for part in range(PARTS):
        place = {name: np.flatnonzero(parts == part) for name, parts in part_of.items()}
        some = {name: {key: held[place[name]] for key, held in table.items()} for name, table in events.items()}
        features = matrix((some, {key: held[place[""]] for key, held in rows.items()}), dtype, two_clocks=False)
        table = pa.table({"row": place[""], **dict(zip(workload.FEATURES, features, strict=True))})
        pq.write_table(table, Path(folder.name) / f"{part}.parquet", compression="zstd", use_dictionary=False)
    return folder


def gathered(folder: tempfile.TemporaryDirectory, rows: int) -> np.ndarray:
    """What was written, in the caller's order."""
    out = np.empty((len(workload.FEATURES), rows))
    for part in range(PARTS):
        table = pq.read_table(Path(folder.name) / f"{part}.parquet")
        place = table["row"].to_numpy()
        for number, name in enumerate(workload.FEATURES):
            out[number, place] = table[name].to_numpy()
    folder.cleanup()
    return out
