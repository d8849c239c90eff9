"""What invented children cost: making records, and the truth of them, beside drawing and sorting as many numbers.

``python benchmarks/synthetic.py`` makes 20,000 children with eight years of records, and the true risk of 5,000 on one
date. The reference draws and sorts random numbers: ``DRAWS`` for each child and month of those years. Both run in turn
in processes of their own. ``--full`` makes 100,000 children, and one million in parts. The last line is a JSON object
with the goals.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

YEARS = 8
DRAWS = 100  # a month has some 20 steps, several of which draw a number for every child
RATIO_LIMIT = 6.0
SECONDS_LIMIT, MEGABYTES_LIMIT, PART_RATIO_LIMIT = 60.0, 4096.0, 1.25


def reference(children: int) -> int:
    """Draw and sort numbers: one array of the children for every draw of every month."""
    rng = np.random.default_rng(0)
    total = 0
    for _ in range(12 * YEARS * DRAWS):
        total += int(np.argsort(rng.random(children))[0])
    return total


def records(children: int) -> int:
    """Make records of the children."""
    from edgeofcare.synthetic.records import make_records

    made = make_records(children, 0, authority="england", years=YEARS)
    return sum(len(made.table(name)) for name in made)


def truth(children: int) -> int:
    """The true risk of the children on one date, in 100 futures."""
    from edgeofcare.synthetic.truth import make_truth

    dates = ["2022-04-01"]
    return len(make_truth(children, 0, index_dates=dates, draws=100, authority="england", years=YEARS))


def parts(children: int) -> int:
    """Write the children in parts of 100,000, and count the parts."""
    from edgeofcare.synthetic.parts import make_parts

    with tempfile.TemporaryDirectory() as folder:
        return len(list(make_parts(children, 0, folder=folder, authority="england", years=YEARS)))


WORK = {"reference": reference, "records": records, "truth": truth, "parts": parts}


def measure(work: str, children: int) -> dict[str, float]:
    """CPU seconds and peak memory of one piece of work, after a small one; for a process of its own."""
    WORK[work](min(children, 300))
    begin = time.process_time()
    made = WORK[work](children)
    cpu = time.process_time() - begin
    return {"cpu": cpu, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "made": made}


def run(work: str, children: int) -> dict[str, float]:
    """:func:`measure` in a new process."""
    words = [sys.executable, str(Path(__file__).resolve()), "--work", work, "--children", str(children)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def told(work: str, children: int, found: list[dict[str, float]]) -> float:
    """Print a row, and give the median of the CPU seconds."""
    cpu = statistics.median(each["cpu"] for each in found)
    peak = max(each["peak_mb"] for each in found)
    print(f"{work:12}{children:>12,}{cpu:12.1f} s{peak:10,.0f} MB{found[0]['made']:>16,.0f}")
    return cpu


def goal(value: float, limit: float) -> dict[str, float | bool]:
    """One goal."""
    return {"value": round(value, 2), "limit": limit, "holds": value <= limit}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--work", choices=WORK)
    parser.add_argument("--children", type=int, default=0)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(measure(options.work, options.children)))
        return
    children = 100_000 if options.full else 20_000
    print(f"{'':12}{'children':>12}{'CPU':>14}{'peak':>13}{'made':>16}")
    pairs = [(run("records", children), run("reference", children)) for _ in range(3)]
    cpu = told("records", children, [pair[0] for pair in pairs])
    told("reference", children, [pair[1] for pair in pairs])
    ratio = statistics.median(ours["cpu"] / other["cpu"] for ours, other in pairs)
    goals = {"records_cpu_ratio": goal(ratio, RATIO_LIMIT)}
    told("truth", 5000, [run("truth", 5000)])
    print(f"{100_000 * cpu / children:.1f} CPU seconds for 100,000 children with {YEARS} years")
    if options.full:
        goals["records_cpu_seconds_per_100k"] = goal(100_000 * cpu / children, SECONDS_LIMIT)
        goals["records_peak_mb"] = goal(max(pair[0]["peak_mb"] for pair in pairs), MEGABYTES_LIMIT)
        million = run("parts", 1_000_000)
        told("parts", 1_000_000, [million])
        goals["million_peak_mb"] = goal(million["peak_mb"], MEGABYTES_LIMIT)
        goals["million_cpu_ratio_to_ten_times_one_part"] = goal(million["cpu"] / (10 * cpu), PART_RATIO_LIMIT)
    print(json.dumps({"name": "synthetic", "goals": goals}))


if __name__ == "__main__":
    main()
