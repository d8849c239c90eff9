"""What the whole catalogue costs: every default feature of invented children, on 24 quarterly dates.

``python benchmarks/default_features.py`` builds the 150 features of the catalogue (undated sibling links accepted) for
5,000 and for 20,000 children, in turn, each in a process of its own; ``--full`` for 25,000 and for 100,000. CPU seconds
are of ``build_features`` alone, from records in memory to a float64 frame in memory; peak memory is that of the whole
process, from the operating system, with the records and the simulation that made them in it. The last line is a JSON
object: the goal is that the CPU seconds of a row do not grow with the number of children.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

RUNS = 3
GROWTH_LIMIT = 1.1  # linear is 1; a tenth is left for noise
DATES = ("2018-04-01", "2024-01-01")


def measure(children: int) -> dict[str, float]:
    """CPU seconds, rows, and peak memory of one build."""
    from feature_engines.measured import cpu_seconds, peak_mb

    import edgeofcare as eoc

    features = eoc.default_features(undated_links=True)
    task, dates = eoc.Task(), eoc.quarters(*DATES)
    small = eoc.make_records(500, 0, authority="england")
    eoc.build_features(small, eoc.build_cohort(small, task, index_dates=dates), features)  # imports are not timed
    records = eoc.make_records(children, 0, authority="england")
    cohort = eoc.build_cohort(records, task, index_dates=dates)
    held = peak_mb()
    begin = cpu_seconds()
    built = eoc.build_features(records, cohort, features)
    cost = {"cpu": cpu_seconds() - begin}
    events = sum(len(records.table(name)) for name in records)
    size = {"rows": float(built.shape[0]), "features": float(built.shape[1]), "events": float(events)}
    return {**cost, **size, "peak_mb": peak_mb(), "peak_before_mb": held}


def run(children: int) -> dict[str, float]:
    """One build in a process of its own."""
    words = [sys.executable, str(Path(__file__).resolve()), "--measure", str(children)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="What the whole catalogue costs.")
    parser.add_argument("--full", action="store_true", help="25,000 and 100,000 children")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    sizes = (25_000, 100_000) if options.full else (5_000, 20_000)
    found: dict[int, list[dict[str, float]]] = {size: [] for size in sizes}
    for _ in range(RUNS):
        for size in sizes:
            found[size].append(run(size))
    print(f"{'children':>10}{'records':>12}{'rows':>10}{'features':>10}{'CPU s, median (range)':>26}{'peak MB':>10}")
    for size, runs in found.items():
        cpu, first = [each["cpu"] for each in runs], runs[0]
        shown = f"{statistics.median(cpu):.2f} ({min(cpu):.2f} to {max(cpu):.2f})"
        counts = f"{size:>10,}{first['events']:>12,.0f}{first['rows']:>10,.0f}{first['features']:>10.0f}"
        print(f"{counts}{shown:>26}{max(each['peak_mb'] for each in runs):>10,.0f}")
    per_row = [[each["cpu"] / each["rows"] for each in found[size]] for size in sizes]
    growth = statistics.median(large / small for small, large in zip(*per_row, strict=True))
    goal = {"value": float(f"{growth:.4g}"), "limit": GROWTH_LIMIT, "holds": growth <= GROWTH_LIMIT}
    print(json.dumps({"name": "default_features", "goals": {"cpu_per_row_growth": goal}}))


if __name__ == "__main__":
    main()
