"""The workload of the feature benchmark: events in five tables, and rows to compute 125 features for.

The public workload and its reference engine are read in place where EDGEOFCARE_SAMPLES (default: ../shared beside the
checkout) holds ``benchmarks/features``. Elsewhere a workload of the same size is made here, without a reference. Either
way a folder holds one Parquet file for each table (pid, date, recorded, value, cat) and ``pred.parquet`` (row_id, pid,
pred_date).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TABLES = ("missing", "contacts", "assessments", "school", "offences")
WINDOWS = (90, 365, 1095)
CATEGORIES = 4
SIZES = {"missing": 300_000, "contacts": 1_000_000, "assessments": 400_000, "school": 500_000, "offences": 300_000}
PEOPLE, DAYS, ROWS = 50_000, 8 * 365, 600_000
EPOCH = 16_801  # 2016-01-01, in days since 1970-01-01
FLOATS = ("sum", "mean", "max")
MEASURES = ("count", "sum", "mean", "max", *(f"n_c{number}" for number in range(CATEGORIES)))
FEATURES = tuple(
    name
    for table in TABLES
    for name in (*(f"{table}__{measure}__{w}d" for w in WINDOWS for measure in MEASURES), f"{table}__days_since_last")
)

Arrays = dict[str, np.ndarray]


def reference_folder() -> Path | None:
    """Where the reference engine is, if it is anywhere."""
    samples = os.environ.get("EDGEOFCARE_SAMPLES") or str(Path(__file__).resolve().parents[2] / "shared")
    folder = Path(samples) / "benchmarks" / "features"
    return folder if (folder / "m_numpy.py").is_file() else None


def make(folder: Path, times: int = 1) -> None:
    """Write the public workload into a folder, or one of our own where there is none; ``times`` as many events."""
    reference = reference_folder()
    if reference is not None:
        words = [sys.executable, str(reference / "gen.py"), str(times), str(folder)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    levels = pa.array([f"c{number}" for number in range(8)])
    for name, usual in SIZES.items():
        size = usual * times
        day = EPOCH + rng.integers(0, DAYS, size)
        lag = np.where(rng.random(size) < 0.85, rng.geometric(0.5, size) - 1, rng.geometric(0.02, size))
        table = {
            "pid": rng.integers(0, PEOPLE, size),
            "date": _dates(day),
            "recorded": _dates(day + lag),
            "value": np.round(rng.lognormal(1.0, 0.8, size), 2),
            "cat": pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, 8, size).astype(np.int8)), levels),
        }
        pq.write_table(pa.table(table), folder / f"{name}.parquet", compression="zstd")
    place = rng.choice(PEOPLE * (DAYS - 30), ROWS, replace=False)
    rows = {
        "row_id": np.arange(ROWS),
        "pid": place // (DAYS - 30),
        "pred_date": _dates(EPOCH + 30 + place % (DAYS - 30)),
    }
    pq.write_table(pa.table(rows), folder / "pred.parquet", compression="zstd")


def _dates(day: np.ndarray) -> pa.Array:
    """Days since 1970-01-01 as dates."""
    return pa.array(day.astype(np.int32)).cast(pa.date32())


def take(folder: Path, some: Path, fraction: float) -> None:
    """Write the events and rows of a fraction of the people into a folder of their own."""
    some.mkdir(parents=True, exist_ok=True)
    for name in (*TABLES, "pred"):
        table = pq.read_table(folder / f"{name}.parquet")
        kept = table["pid"].to_numpy().astype(np.uint64) * np.uint64(2_654_435_761) % np.uint64(2**32)
        table = table.filter(pa.array(kept < fraction * 2**32))
        if name == "pred":
            table = table.set_column(0, "row_id", pa.array(np.arange(table.num_rows)))
        pq.write_table(table, some / f"{name}.parquet", compression="zstd")


def load(folder: Path) -> tuple[dict[str, Arrays], Arrays]:
    """Events by table, and the rows, as arrays of whole numbers and values."""
    rows = pq.read_table(folder / "pred.parquet")
    events = {name: _events(folder / f"{name}.parquet") for name in TABLES}
    return events, {"pid": rows["pid"].to_numpy(), "day": _days(rows["pred_date"])}


def _events(path: Path) -> Arrays:
    """One table."""
    table = pq.read_table(path, read_dictionary=["cat"])
    words = table["cat"].unify_dictionaries().combine_chunks()
    words = words.chunk(0) if isinstance(words, pa.ChunkedArray) else words
    number = np.array([int(word[1:]) for word in words.dictionary.to_pylist()], dtype=np.int8)
    return {
        "pid": table["pid"].to_numpy(),
        "day": _days(table["date"]),
        "rec": _days(table["recorded"]),
        "value": table["value"].to_numpy(),
        "cat": number[words.indices.to_numpy()],
    }


def _days(dates: pa.ChunkedArray) -> np.ndarray:
    """Dates as days since 1970-01-01, in 32 bits."""
    return dates.cast(pa.int32()).to_numpy()
