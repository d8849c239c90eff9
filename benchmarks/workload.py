"""The workload of the feature benchmark: events in five tables, and rows to compute 125 features for.

The public workload and its reference engine are read in place where EDGEOFCARE_SAMPLES (default: ../shared beside the
checkout) holds ``benchmarks/features``. Elsewhere a workload of the same size is made here, without a reference.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

TABLES = ("missing", "contacts", "assessments", "school", "offences")
WINDOWS = (90, 365, 1095)
CATEGORIES = 4
SIZES = {"missing": 300_000, "contacts": 1_000_000, "assessments": 400_000, "school": 500_000, "offences": 300_000}
PEOPLE, DAYS, ROWS = 50_000, 8 * 365, 600_000

Arrays = dict[str, np.ndarray]


def reference_folder() -> Path | None:
    """Where the reference engine is, if it is anywhere."""
    samples = os.environ.get("EDGEOFCARE_SAMPLES", str(Path(__file__).resolve().parents[2] / "shared"))
    folder = Path(samples) / "benchmarks" / "features"
    return folder if (folder / "m_numpy.py").is_file() else None


def make(folder: Path) -> None:
    """Write the public workload into a folder, or one of our own where there is none."""
    reference = reference_folder()
    if reference is not None:
        subprocess.run(
            [sys.executable, str(reference / "gen.py"), "1", str(folder)], check=True, stdout=subprocess.DEVNULL
        )
        return
    rng = np.random.default_rng(0)
    for name, size in SIZES.items():
        person = rng.integers(0, PEOPLE, size)
        day = rng.integers(0, DAYS, size)
        lag = np.where(rng.random(size) < 0.85, rng.geometric(0.5, size) - 1, rng.geometric(0.02, size))
        value = np.round(rng.lognormal(1.0, 0.8, size), 2)
        category = rng.integers(0, 8, size)
        np.savez(folder / f"{name}.npz", pid=person, day=day, rec=day + lag, value=value, cat=category)
    np.savez(folder / "pred.npz", pid=rng.integers(0, PEOPLE, ROWS), day=rng.integers(30, DAYS, ROWS))


def load(folder: Path) -> tuple[dict[str, Arrays], Arrays]:
    """Events by table, and the rows, as arrays of whole numbers and values."""
    if (folder / "pred.npz").is_file():
        return {name: dict(np.load(folder / f"{name}.npz")) for name in TABLES}, dict(np.load(folder / "pred.npz"))
    return {name: _events(folder / f"{name}.parquet") for name in TABLES}, _rows(folder / "pred.parquet")


def _events(path: Path) -> Arrays:
    """One table of the public workload."""
    table = pq.read_table(path, read_dictionary=["cat"])
    words = table["cat"].unify_dictionaries().combine_chunks()
    number = np.array([int(word[1:]) for word in words.dictionary.to_pylist()], dtype=np.int8)
    return {
        "pid": table["pid"].to_numpy(),
        "day": table["date"].to_numpy().astype("datetime64[D]").astype(np.int64),
        "rec": table["recorded"].to_numpy().astype("datetime64[D]").astype(np.int64),
        "value": table["value"].to_numpy(),
        "cat": number[words.indices.to_numpy()],
    }


def _rows(path: Path) -> Arrays:
    """The rows of the public workload."""
    table = pq.read_table(path)
    return {
        "pid": table["pid"].to_numpy(),
        "day": table["pred_date"].to_numpy().astype("datetime64[D]").astype(np.int64),
    }
