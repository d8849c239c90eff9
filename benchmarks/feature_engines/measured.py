"""One engine in a process of its own: what it costs, and whether its values are those of the reference.

Only :func:`run` is called by the benchmark; it starts this file in a new process, which prints one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import workload

from feature_engines import ENGINES

HERE = Path(__file__).resolve()
SMALLEST_VALUE = 0.01
"""Values have two decimals: a difference is relative to the reference, or to this where the reference is smaller."""


def run(engine: str, folder: Path, corner: Path, *, save: Path | None = None, beside: Path | None = None) -> dict:
    """Costs of one engine on the tables in a folder.

    With ``save``, the reference saves what others should find, instead; with ``beside``, what one finds in float64 is
    compared with that.
    """
    words = [sys.executable, str(HERE), engine, str(folder), str(corner)]
    words += ["--save", str(save)] if save else []
    words += ["--beside", str(beside)] if beside else []
    path = os.pathsep.join([str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})
    return json.loads(done.stdout.splitlines()[-1])


def peak_mb() -> float:
    """Most memory that this process has held, from the operating system."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss starts from what the process held that started this one
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line) / 1024
    scale = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def cpu_seconds() -> float:
    """CPU seconds of this process, with all its threads and children."""
    return sum(os.times()[:4])


def differences(found: Any, expected: Any) -> dict[str, float]:
    """Whole numbers that differ, and the largest relative difference of sums, means and largest values."""
    different, largest = 0, 0.0
    for name, ours, theirs in zip(workload.FEATURES, found, expected, strict=True):
        if name.split("__")[1] in workload.FLOATS:
            different += int((np.isnan(ours) != np.isnan(theirs)).sum())
            gap = np.abs(ours - theirs) / np.maximum(np.abs(theirs), SMALLEST_VALUE)
            largest = max(largest, float(np.nanmax(gap)))
        else:
            different += int(((ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs))).sum())
    return {"different": different, "largest": largest}


def measure(engine: str, folder: Path, corner: Path, *, beside: Path | None) -> dict[str, float]:
    """CPU seconds of the computation, and peak memory of the process; or how its values compare with others."""
    module, dtype = ENGINES[engine].imported(), np.float64 if beside else np.float32
    module.compute(module.load(corner), dtype)  # warm up, so that imports and compilation are not timed
    tables = module.load(folder)
    begin, started = cpu_seconds(), time.perf_counter()
    result = module.compute(tables, dtype)
    costs = {"cpu": cpu_seconds() - begin, "wall": time.perf_counter() - started, "peak_mb": peak_mb()}
    if beside is None:
        return costs
    found = module.gathered(result, tables[1]["pid"].size) if hasattr(module, "gathered") else result
    return differences(found, np.load(beside, mmap_mode="r"))


def main() -> None:
    """Measure one engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("folder", type=Path)
    parser.add_argument("corner", type=Path)
    parser.add_argument("--save", type=Path)
    parser.add_argument("--beside", type=Path)
    options = parser.parse_args()
    if options.save:
        module = ENGINES[options.engine].imported()
        np.save(options.save, module.expected(module.load(options.folder)))
        print("{}")
    else:
        print(json.dumps(measure(options.engine, options.folder, options.corner, beside=options.beside)))


if __name__ == "__main__":
    main()
