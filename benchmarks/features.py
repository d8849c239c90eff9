"""What features cost: 600,000 rows x 125 features over 2.5 million events, with one clock and with two.

``python benchmarks/features.py`` prints CPU seconds and peak memory of the engine of edgeofcare beside the reference
engine, run in turn in processes of their own, and as its last line a JSON object with the goals. Only the arithmetic
is timed: the tables are in memory before, the features after. ``--full`` takes five runs instead of three.
"""

from __future__ import annotations

import argparse
import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import workload

from edgeofcare.features.engine import FIXED_POINT, EventIndex, Rows, fixed_point

LIMIT = 1.5


def ours(events: dict[str, workload.Arrays], rows: workload.Arrays, *, two_clocks: bool) -> np.ndarray:
    """All features of all rows, in the caller's order, as float32."""
    people, code = np.unique(rows["pid"], return_inverse=True)
    ordered = Rows.sort(code, rows["day"], people.size)
    columns = len(workload.TABLES) * (len(workload.WINDOWS) * (4 + workload.CATEGORIES) + 1)
    out = np.empty((columns, code.size), dtype=np.float32)
    position = 0
    for name in workload.TABLES:
        for column in _table(events[name], people, ordered, two_clocks=two_clocks):
            ordered.restore(column, out[position])
            position += 1
    return out.T


def _table(table: workload.Arrays, people: np.ndarray, rows: Rows, *, two_clocks: bool):
    """The 25 features of one table."""
    child = np.minimum(np.searchsorted(people, table["pid"]), people.size - 1)
    child = np.where(people[child] == table["pid"], child, -1)
    day = table["day"].astype(np.int64)
    index = EventIndex(rows, child, day, table["rec"].astype(np.int64) if two_clocks else day)
    value, category = table["value"][index.source], table["cat"][index.source]
    fixed = fixed_point(value)
    for window in workload.WINDOWS:
        count, total = index.count(window), index.total(window, fixed) / FIXED_POINT
        some = count > 0
        yield count
        yield total
        yield np.where(some, total / np.maximum(count, 1), np.nan)
        yield np.where(some, index.largest(window, value), np.nan)
        for wanted in range(workload.CATEGORIES):
            yield index.count(window, category == wanted)
    last = index.last_day(None)
    yield np.where(np.isfinite(last), rows.day - last, np.nan)


def reference(events: dict[str, workload.Arrays], rows: workload.Arrays, *, two_clocks: bool) -> np.ndarray:
    """The same by the reference engine."""
    sys.path.insert(0, str(workload.reference_folder()))
    return importlib.import_module("m_numpy_known" if two_clocks else "m_numpy").compute((events, rows))


ENGINES = {"edgeofcare": ours, "reference": reference}


def measure(engine: str, folder: Path, *, two_clocks: bool) -> dict[str, float]:
    """CPU seconds, peak memory and a checksum of one engine; for a process of its own."""
    events, rows = workload.load(folder)
    ENGINES[engine](  # warm up on a corner of the work, so that imports are not timed
        {name: {key: values[:1000] for key, values in table.items()} for name, table in events.items()},
        {key: values[:1000] for key, values in rows.items()},
        two_clocks=two_clocks,
    )
    begin = time.process_time()
    features = ENGINES[engine](events, rows, two_clocks=two_clocks)
    cpu = time.process_time() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    columns = [np.nansum(column, dtype=np.float64) + np.isnan(column).sum() for column in features.T]
    checksum = float(np.dot(columns, np.arange(1, len(columns) + 1)))
    return {"cpu": cpu, "peak_mb": peak, "checksum": checksum}


def run(engine: str, folder: Path, *, two_clocks: bool) -> dict[str, float]:
    """:func:`measure` in a new process."""
    words = [sys.executable, __file__, "--engine", engine, "--data", str(folder), *(["--two"] if two_clocks else [])]
    printed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    return json.loads(printed.splitlines()[-1])


def compare(folder: Path, *, two_clocks: bool, runs: int) -> dict[str, float]:
    """Run the engines in turn, print a row for each, and give the ratio of their CPU seconds."""
    names = ["edgeofcare", "reference"] if workload.reference_folder() else ["edgeofcare"]
    found = [{name: run(name, folder, two_clocks=two_clocks) for name in names} for _ in range(runs)]
    clocks = "two clocks" if two_clocks else "one clock"
    for name in names:
        cpu = [each[name]["cpu"] for each in found]
        peak = max(each[name]["peak_mb"] for each in found)
        print(f"{clocks:12}{name:14}{statistics.median(cpu):8.2f} ({min(cpu):.2f} to {max(cpu):.2f}) s{peak:9,.0f} MB")
    if len(names) == 1:
        print(f"{clocks:12}the reference engine is not here, so there is no ratio")
        return {}
    sums = {name: found[0][name]["checksum"] for name in names}
    assert np.isclose(*sums.values(), rtol=1e-6), "the engines disagree"
    return {"ratio": statistics.median(each["edgeofcare"]["cpu"] / each["reference"]["cpu"] for each in found)}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--engine", choices=ENGINES)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--two", action="store_true")
    options = parser.parse_args()
    if options.engine:
        print(json.dumps(measure(options.engine, options.data, two_clocks=options.two)))
        return
    goals = {}
    with tempfile.TemporaryDirectory() as folder:
        workload.make(Path(folder))
        print(f"{'':12}{'engine':14}{'CPU seconds, median (range)':32}peak memory")
        for two_clocks, goal in ((False, "one_clock_cpu_ratio"), (True, "two_clocks_cpu_ratio")):
            result = compare(Path(folder), two_clocks=two_clocks, runs=5 if options.full else 3)
            if result and not two_clocks:
                goals[goal] = {"value": round(result["ratio"], 3), "limit": LIMIT, "holds": result["ratio"] <= LIMIT}
            elif result:
                print(f"{'':12}two clocks cost {result['ratio']:.2f} times the reference engine's two clocks")
    print(json.dumps({"name": "features", "goals": goals}))


if __name__ == "__main__":
    main()
