"""What features cost beside other engines: 600,000 rows x 125 features over 2.5 million events.

``python benchmarks/features.py`` runs every engine in turn, three times, each in a process of its own: edgeofcare with
one clock, with two, and in parts; the reference engine with one clock and with two; and the peers that are installed
(polars, DuckDB, timeseriesflattener; those that are not are named). Only the arithmetic is timed: CPU seconds of all
threads, from tables in memory to a float32 matrix in memory (in parts: to Parquet files). Peak memory is that of the
whole process, from the operating system. A slow peer has a quarter of the people, and so has edgeofcare where it is
compared with that peer. One more run of each engine in float64 is compared with the reference, value by value; a
difference is relative to the reference, or to 0.01, the smallest value there is, where the reference is smaller.

``--full`` gives slow peers everybody, and adds the workload with 10 million events.

The last line is a JSON object. Every limit is the most that the value may be: a ratio of CPU seconds is ours divided
by the other's, so that "2 times less CPU than polars" is a ratio of at most 0.5. Both ratios of edgeofcare, with one
clock and with two, are to the reference engine with one clock.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import workload
from feature_engines import ENGINES
from feature_engines.measured import run

RUNS = 3
OURS, TWO_CLOCKS, IN_PARTS = "edgeofcare", "edgeofcare, two clocks", "edgeofcare, in parts"
REFERENCE, REFERENCE_TWO_CLOCKS = "reference", "reference, two clocks"
SLOW, SLOW_FRACTION = "timeseriesflattener", 0.25
LIMITS = {
    "one_clock_cpu_ratio": (OURS, REFERENCE, 1.1),
    "two_clocks_cpu_ratio": (TWO_CLOCKS, REFERENCE, 1.3),
    "polars_rolling_cpu_ratio": (OURS, "polars rolling", 1 / 2),
    "duckdb_cpu_ratio": (OURS, "DuckDB range join", 1 / 3.5),
    "timeseriesflattener_cpu_ratio": (OURS, SLOW, 1 / 10),
}
LIMITS_10M = {
    "one_clock_cpu_ratio_10m": (OURS, REFERENCE, 1.1),
    "two_clocks_cpu_ratio_10m": (TWO_CLOCKS, REFERENCE, 1.8),
}
PEAK_MB, PEAK_IN_PARTS_MB = 750.0, 450.0
RELATIVE_DIFFERENCE = 1e-9

Goals = dict[str, dict[str, float | bool]]


@dataclass
class Work:
    """One workload: its folder, the corner of it to warm up on, and what was measured on it."""

    name: str
    folder: Path
    corner: Path
    found: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    compared: dict[str, dict[str, float]] = field(default_factory=dict)

    def measure(self, engines: list[str]) -> None:
        """One run of each engine, in turn."""
        for engine in engines:
            self.found.setdefault(engine, []).append(run(engine, self.folder, self.corner))

    def compare(self, engines: list[str], scratch: Path) -> None:
        """The values of each engine beside those of the reference with as many clocks."""
        for two_clocks, reference in ((False, REFERENCE), (True, REFERENCE_TWO_CLOCKS)):
            others = [name for name in engines if ENGINES[name].two_clocks is two_clocks]
            if ENGINES[reference].missing() or not others:
                continue
            values = scratch / "reference.npy"
            run(reference, self.folder, self.corner, save=values)
            for name in others:
                self.compared[name] = run(name, self.folder, self.corner, beside=values)
            values.unlink()

    def ratio(self, engine: str, other: str) -> float | None:
        """CPU seconds of one engine divided by those of another, the median over runs side by side."""
        if engine not in self.found or other not in self.found:
            return None
        pairs = zip(self.found[engine], self.found[other], strict=True)
        return statistics.median(one["cpu"] / two["cpu"] for one, two in pairs)

    def peak(self, *engines: str) -> float:
        """Most memory of some engines in any run."""
        return max(each["peak_mb"] for engine in engines for each in self.found[engine])

    def print(self) -> None:
        """A row for each engine."""
        print(f"\n{self.name}")
        print(f"{'engine':24}{'CPU s, median (range)':>26}{'/ reference':>13}{'/ ours':>9}{'peak MB':>10}  values")
        for engine, runs in self.found.items():
            cpu = [each["cpu"] for each in runs]
            shown = f"{statistics.median(cpu):.2f} ({min(cpu):.2f} to {max(cpu):.2f})"
            ratios = [_shown(self.ratio(engine, other)) for other in (REFERENCE, OURS)]
            peak = f"{self.peak(engine):,.0f}"
            print(f"{engine:24}{shown:>26}{ratios[0]:>13}{ratios[1]:>9}{peak:>10}  {self._values(engine)}")

    def _values(self, engine: str) -> str:
        """How the values of an engine compare."""
        if engine not in self.compared:
            return "not compared"
        different, largest = self.compared[engine]["different"], self.compared[engine]["largest"]
        return f"{different:,.0f} counts differ; floats within {largest:.1e}"


def _shown(ratio: float | None) -> str:
    """A ratio for the table."""
    return "" if ratio is None else f"{ratio:.2f}"


def goal(value: float, limit: float) -> dict[str, float | bool]:
    """One goal: the value may be at most the limit."""
    return {"value": float(f"{value:.4g}"), "limit": float(f"{limit:.4g}"), "holds": bool(value <= limit)}


def ratio_goals(limits: dict[str, tuple[str, str, float]], works: list[Work]) -> Goals:
    """The goals that compare CPU seconds, each from the workload on which both engines ran."""
    goals: Goals = {}
    for name, (engine, other, limit) in limits.items():
        for work in works:
            ratio = work.ratio(engine, other)
            if ratio is not None:
                goals[name] = goal(ratio, limit)
    return goals


def value_goals(works: list[Work]) -> Goals:
    """The goals that compare values, over all engines but the reference, which rounds its own long sums."""
    compared = [each for work in works for name, each in work.compared.items() if not name.startswith(REFERENCE)]
    if not compared:
        return {}
    return {
        "different_counts": goal(sum(each["different"] for each in compared), 0),
        "largest_relative_difference": goal(max(each["largest"] for each in compared), RELATIVE_DIFFERENCE),
    }


def usual(scratch: Path, engines: list[str], *, full: bool) -> Goals:
    """The workload with 2.5 million events, and a quarter of its people for the slow peer."""
    whole, corner, some = scratch / "whole", scratch / "corner", scratch / "some"
    workload.make(whole)
    workload.take(whole, corner, 0.005)
    works = [Work("2.5 million events, 600,000 rows", whole, corner)]
    chosen = [engines if full else [name for name in engines if name != SLOW]]
    if SLOW in engines and not full:
        workload.take(whole, some, SLOW_FRACTION)
        works.append(Work(f"the same for {SLOW_FRACTION:.0%} of the people", some, corner))
        chosen.append([OURS, SLOW])
    for _ in range(RUNS):
        for work, names in zip(works, chosen, strict=True):
            work.measure(names)
    for work, names in zip(works, chosen, strict=True):
        work.compare(names, scratch)
        work.print()
    peaks = {
        "peak_mb": goal(works[0].peak(OURS, TWO_CLOCKS), PEAK_MB),
        "peak_in_parts_mb": goal(works[0].peak(IN_PARTS), PEAK_IN_PARTS_MB),
    }
    return ratio_goals(LIMITS, works) | peaks | value_goals(works)


def large(scratch: Path, engines: list[str]) -> Goals:
    """The workload with 10 million events, without the slow peer."""
    folder, corner = scratch / "large", scratch / "large_corner"
    workload.make(folder, times=4)
    workload.take(folder, corner, 0.005)
    work = Work("10 million events, 600,000 rows", folder, corner)
    names = [name for name in engines if name != SLOW]
    for _ in range(RUNS):
        work.measure(names)
    work.compare([OURS, TWO_CLOCKS, REFERENCE, REFERENCE_TWO_CLOCKS], scratch)
    work.print()
    return ratio_goals(LIMITS_10M, [work]) | {f"{name}_10m": each for name, each in value_goals([work]).items()}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="What features cost beside other engines.")
    parser.add_argument("--full", action="store_true", help="everybody for slow peers, and 10 million events")
    full = parser.parse_args().full
    missing = {name: engine.missing() for name, engine in ENGINES.items()}
    for name, what in missing.items():
        if what:
            print(f"left out: {name} needs {what}, which is not here")
    engines = [name for name, what in missing.items() if not what]
    with tempfile.TemporaryDirectory() as folder:
        goals = usual(Path(folder), engines, full=full)
        if full:
            goals |= large(Path(folder), engines)
    print(json.dumps({"name": "features", "goals": goals}))


if __name__ == "__main__":
    main()
