"""What intervals cost: 1,000 resamples of households on 500,000 rows, beside a loop over scikit-learn.

``python benchmarks/evaluation.py`` runs each work three times, in a process of its own: AUROC and average precision;
every scalar measure that a bootstrap knows, with children chosen at capacity; the same with net benefit and the other
measures at 39 thresholds and a calibration curve, as an evaluation asks for; the audit of six groups; and a loop that
draws the same households and calls scikit-learn's ``roc_auc_score`` and ``average_precision_score`` on the rows written
out, timed on 10 resamples and scaled to 1,000. Only the arithmetic is timed: CPU seconds of all threads, from arrays in
memory. Peak memory is that of the whole process, from the operating system. The first three resamples of the loop must
agree with ours.

Most scores are tied: they are rounded to three decimals. ``--distinct`` leaves all scores distinct, which costs more.
``--rows`` makes it smaller.

The audit of groups may cost the same again as the scalar measures may: three times AUROC and average precision. What it
costs beside what they do cost is printed too. The last line is a JSON object. Every limit is the most that the value
may be: "at least 20 times less CPU" is a ratio of at most 0.05. Ratios are medians over runs side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve()
RUNS, RESAMPLES, LOOP_RESAMPLES, COMPARED, ROWS = 3, 1000, 10, 3, 500_000
RANKING = ["auroc", "average_precision"]
GROUPS = np.array(["a", "b", "c", "d", "e", "f"])
GROUP_SHARES = (0.55, 0.15, 0.12, 0.08, 0.06, 0.04)
WORKS = ("ranking", "scalars", "evaluation", "groups", "loop")
LIMITS = {
    "ranking_cpu_to_sklearn_loop": ("ranking", "loop", 1 / 20),
    "scalars_cpu_to_ranking": ("scalars", "ranking", 3.0),
    "groups_cpu_to_ranking": ("groups", "ranking", 3.0),
}
CPU_SECONDS, PEAK_MB, DIFFERENCE = 5.0, 1024.0, 1e-9


def make(rows: int, *, distinct: bool) -> dict[str, np.ndarray]:
    """Draw a panel: siblings share a risk, children are seen on up to ten dates, and risks are roughly right."""
    rng = np.random.default_rng(0)
    size = max(10, rows // 10)
    home = np.repeat(np.arange(size), rng.integers(1, 4, size))
    child = np.repeat(np.arange(home.size), rng.integers(1, 11, home.size))[:rows]
    lp = -4.6 + rng.normal(0, 0.7, size)[home[child]] + rng.normal(0, 0.6, home.size)[child]
    y = (rng.random(child.size) < 1 / (1 + np.exp(-lp))).astype(np.float64)
    risk = 1 / (1 + np.exp(-(lp + rng.normal(0, 0.5, child.size))))
    risk = risk if distinct else np.clip(risk.round(3), 0.001, 0.999)
    group = rng.choice(GROUPS, home.size, p=GROUP_SHARES)[child]
    place = np.arange(child.size) - np.searchsorted(child, child)
    return {"y": y, "risk": risk, "household": home[child], "child": child, "date": place, "group": group}


def selected(panel: dict[str, np.ndarray]) -> np.ndarray:
    """One row in fifty on each date."""
    from edgeofcare.evaluation.capacity import select_rows

    return select_rows(panel["risk"], panel["date"], max(1, panel["y"].size // 500))


def measure_ours(work: str, panel: dict[str, np.ndarray]) -> np.ndarray:
    """Run one of our works; the first resamples of AUROC and average precision come back."""
    from edgeofcare.metrics.bootstrap import household_bootstrap

    options: dict = {"measures": RANKING}
    if work != "ranking":
        options = {"selected": selected(panel), "child": panel["child"]}
    if work == "evaluation":
        options |= {"thresholds": np.arange(0.01, 0.2001, 0.005), "grid": np.geomspace(0.002, 0.2, 60)}
    result = household_bootstrap(panel["y"], panel["risk"], panel["household"], n_resamples=RESAMPLES, **options)
    result.rows()
    return np.array([result.samples["model"][name][:COMPARED] for name in RANKING])


def measure_groups(panel: dict[str, np.ndarray]) -> np.ndarray:
    """Run the audit of six groups."""
    import pandas as pd

    from edgeofcare.evaluation._inputs import Scored
    from edgeofcare.evaluation.groups.measures import audit_groups

    y, risk, order = panel["y"], panel["risk"], np.arange(panel["y"].size)
    days = np.unique(panel["date"])
    scored = Scored(
        panel["household"], panel["child"], panel["date"], days, y, {"model": risk}, {"model": risk}, order
    )  # fmt: skip
    columns = {"group": (pd.Series(panel["group"]),)}
    audit = audit_groups(scored, columns, selected(panel), n_resamples=RESAMPLES)
    if len(audit.groups) != GROUPS.size:
        msg = "The audit did not measure six groups."
        raise SystemExit(msg)
    return np.empty((2, 0))


def measure_loop(panel: dict[str, np.ndarray]) -> np.ndarray:
    """Run the loop: households of each resample written out as rows, and scikit-learn on them."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    rng = np.random.default_rng(0)
    names, codes = np.unique(panel["household"], return_inverse=True)
    out = []
    for _ in range(LOOP_RESAMPLES):
        counts = np.bincount(rng.integers(0, names.size, names.size), minlength=names.size)
        rows = np.repeat(np.arange(codes.size), counts[codes])
        y, risk = panel["y"][rows], panel["risk"][rows]
        out.append((roc_auc_score(y, risk), average_precision_score(y, risk)))
    return np.array(out)[:COMPARED].T


def peak_mb() -> float:
    """Most memory that this process has held, from the operating system."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss starts from what the process held that started this one
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line) / 1024
    import resource

    scale = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def work_here(work: str, rows: int, *, distinct: bool) -> None:
    """Measure one work in this process, and print one JSON object."""
    functions = {"groups": measure_groups, "loop": measure_loop}
    run = functions.get(work, lambda panel: measure_ours(work, panel))
    global RESAMPLES, LOOP_RESAMPLES
    whole = RESAMPLES, LOOP_RESAMPLES
    RESAMPLES = LOOP_RESAMPLES = COMPARED
    run(make(20_000, distinct=distinct))  # warm up, so that imports are not timed
    RESAMPLES, LOOP_RESAMPLES = whole
    panel = make(rows, distinct=distinct)
    begin = sum(os.times()[:4])
    found = run(panel)
    cpu = sum(os.times()[:4]) - begin
    cpu *= RESAMPLES / LOOP_RESAMPLES if work == "loop" else 1
    print(json.dumps({"cpu": cpu, "peak_mb": peak_mb(), "found": found.tolist()}))


def start(work: str, rows: int, *, distinct: bool) -> dict:
    """Measure one work in a process of its own."""
    words = [sys.executable, str(HERE), "--work", work, "--rows", str(rows), *(["--distinct"] if distinct else [])]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def goal(value: float, limit: float) -> dict[str, float | bool]:
    """One goal: the value may be at most the limit."""
    return {"value": float(f"{value:.4g}"), "limit": float(f"{limit:.4g}"), "holds": bool(value <= limit)}


def ratio(found: dict[str, list[dict]], one: str, two: str) -> float:
    """CPU seconds of one work divided by those of another, the median over runs side by side."""
    return statistics.median(a["cpu"] / b["cpu"] for a, b in zip(found[one], found[two], strict=True))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="What intervals cost beside a loop over scikit-learn.")
    parser.add_argument("--work", choices=WORKS, help=argparse.SUPPRESS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--distinct", action="store_true", help="no two scores the same")
    options = parser.parse_args()
    if options.work:
        work_here(options.work, options.rows, distinct=options.distinct)
        return
    found: dict[str, list[dict]] = {work: [] for work in WORKS}
    for _ in range(RUNS):
        for work in WORKS:
            found[work].append(start(work, options.rows, distinct=options.distinct))
    print(f"{'work':12}{'CPU s, median (range)':>28}{'peak MB':>10}")
    for work, runs in found.items():
        cpu = [each["cpu"] for each in runs]
        shown = f"{statistics.median(cpu):.2f} ({min(cpu):.2f} to {max(cpu):.2f})"
        print(f"{work:12}{shown:>28}{max(each['peak_mb'] for each in runs):>10,.0f}")
    print(f"groups / scalars: {ratio(found, 'groups', 'scalars'):.2f}")
    goals = {name: goal(ratio(found, one, two), limit) for name, (one, two, limit) in LIMITS.items()}
    whole = [a["cpu"] + b["cpu"] for a, b in zip(found["evaluation"], found["groups"], strict=True)]
    gap = np.abs(np.subtract(found["ranking"][0]["found"], found["loop"][0]["found"])).max()
    goals["evaluation_and_groups_cpu_seconds"] = goal(statistics.median(whole), CPU_SECONDS)
    goals["peak_mb"] = goal(max(each["peak_mb"] for work in WORKS[:-1] for each in found[work]), PEAK_MB)
    goals["largest_difference_from_loop"] = goal(float(gap), DIFFERENCE)
    print(json.dumps({"name": "evaluation", "goals": goals}))


if __name__ == "__main__":
    main()
