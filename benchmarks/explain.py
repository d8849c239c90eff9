"""What exact contributions cost beside LightGBM and shap: 5,000 rows x 150 features, 200 trees x 31 leaves.

``python benchmarks/explain.py`` runs each work three times in turn, each in a process of its own on one thread: our
contributions of features, from plain arrays to a float64 matrix; those of 11 groups of features; LightGBM's
``pred_contrib`` of a model of the same size trained on the same rows; and shap's path-dependent values of the same
model as ours. A peer that is not installed is named and left out. Only the arithmetic is timed: CPU seconds of all
threads; making the path form counts as ours, building its explainer does not count as shap's. Compilation is kept apart
and printed: the CPU seconds of the first call with nothing compiled, and with what an earlier process has kept.

Memory is what a process held at its peak beyond what it held before the call, from the operating system, in units of
the matrix that comes back. A million rows are explained 50,000 at a time; what the peak rises by after the first of
these chunks is the last goal. Contributions plus base must give scikit-learn's margin, and be those of shap.

``--full`` explains 50,000 rows. ``--rows`` sets their number.

The last line is a JSON object. Every limit is the most that the value may be. Ratios are medians over runs side by
side.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve()
ROWS, FULL_ROWS, CHUNK, MILLION = 5_000, 50_000, 50_000, 1_000_000
TRAINED, FEATURES, TREES, LEAVES, GROUPS = 20_000, 150, 200, 31, 11
RUNS, COMPARED = 3, 500
OURS, GROUPED, LIGHTGBM, SHAP = "edgeofcare", "edgeofcare, 11 groups", "LightGBM pred_contrib", "shap"
COMPILING, CHUNKED = "compiling", "edgeofcare, a million rows"
PEERS = {LIGHTGBM: ("lightgbm", 0.25), SHAP: ("shap", 0.3)}
MOST_OUTPUTS, MOST_RISE, ADDITIVITY, DIFFERENCE = 3.0, 0.1, 1e-9, 1e-8


def make(rows: int, seed: int) -> np.ndarray:
    """Draw counts and rates with two decimals, a tenth of them unknown."""
    rng = np.random.default_rng(seed)
    X = rng.poisson(1.0, (rows, FEATURES)).astype(np.float64)
    X[:, FEATURES // 2 :] = rng.gamma(1.0, 100.0, (rows, FEATURES - FEATURES // 2)).round(2)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


def outcomes(X: np.ndarray) -> np.ndarray:
    """Draw an outcome that many features bear on."""
    rng = np.random.default_rng(2)
    known = np.log1p(np.nan_to_num(X))
    lp = known @ (0.15 * rng.normal(size=FEATURES)) + 0.5 * np.sin(known[:, 0]) * (known[:, 1] > 1)
    return (rng.random(len(X)) < 1 / (1 + np.exp(lp.mean() + 1 - lp))).astype(int)


def train(folder: Path) -> None:
    """Train the models that are compared, and keep them for the works."""
    import joblib
    from sklearn.ensemble import HistGradientBoostingClassifier

    from edgeofcare.models.arrays import to_mapping
    from edgeofcare.models.extraction import extract_arrays

    X = make(TRAINED, seed=0)
    y = outcomes(X)
    size: dict[str, Any] = {"learning_rate": 0.05, "max_leaf_nodes": LEAVES, "early_stopping": False}
    model = HistGradientBoostingClassifier(max_iter=TREES, random_state=0, **size).fit(X, y)
    joblib.dump(model, folder / "model.joblib")
    np.savez(folder / "arrays.npz", **to_mapping(extract_arrays(model)))
    if importlib.util.find_spec("lightgbm"):
        import lightgbm

        options = {"objective": "binary", "num_leaves": LEAVES, "learning_rate": 0.05, "verbose": -1, "num_threads": 2}
        lightgbm.train(options, lightgbm.Dataset(X, y), num_boost_round=TREES).save_model(folder / "model.txt")


def prepare_ours(folder: Path, *, groups: bool = False) -> Callable[[np.ndarray], tuple[np.ndarray, float]]:
    """Read the arrays, and have the code compiled or loaded."""
    from edgeofcare.explanation.kernel import contributions
    from edgeofcare.models.arrays import TreeArrays, from_mapping

    with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
        arrays = from_mapping("boosting", dict(stored))
    players = np.arange(FEATURES) % GROUPS if groups else None
    leaf = np.array([0, -1, -1], dtype=np.int32)
    sides = [np.array([child, -1, -1], dtype=np.int32) for child in (1, 2)]
    numbers, ones = np.zeros(3), np.array([2.0, 1.0, 1.0])
    stump = TreeArrays(0.0, np.array([0, 3], np.int32), leaf, numbers, *sides, np.zeros(3, bool), numbers, ones)
    contributions(stump, np.zeros((1, 1)), compiled=True)
    return lambda X: contributions(arrays, X, groups=players, compiled=True)


def prepare_lightgbm(folder: Path) -> Callable[[np.ndarray], tuple[np.ndarray, float]]:
    """Read LightGBM's model."""
    import lightgbm

    model = lightgbm.Booster(model_file=folder / "model.txt")

    def explain(X: np.ndarray) -> tuple[np.ndarray, float]:
        found = model.predict(X, pred_contrib=True, num_threads=1)
        return found[:, :-1], float(found[0, -1])

    return explain


def prepare_shap(folder: Path) -> Callable[[np.ndarray], tuple[np.ndarray, float]]:
    """Read scikit-learn's model and build shap's explainer."""
    import joblib
    import shap

    explainer = shap.TreeExplainer(joblib.load(folder / "model.joblib"), feature_perturbation="tree_path_dependent")
    return lambda X: (explainer.shap_values(X), float(np.ravel(explainer.expected_value)[0]))


PREPARE: dict[str, Callable[[Path], Callable[[np.ndarray], tuple[np.ndarray, float]]]] = {
    OURS: prepare_ours,
    GROUPED: lambda folder: prepare_ours(folder, groups=True),
    LIGHTGBM: prepare_lightgbm,
    SHAP: prepare_shap,
}


def cpu_seconds() -> float:
    """CPU seconds of all threads of this process."""
    return sum(os.times()[:2])


def held_mb(*, peak: bool) -> float:
    """Memory that this process holds, or the most that it has held, from the operating system."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss starts from what the process held that started this one
        name = "VmHWM" if peak else "VmRSS"
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if name in line) / 1024
    import resource

    scale = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def forget_peak() -> None:
    """Have the operating system start its record of the peak again, where it can."""
    file = Path("/proc/self/clear_refs")
    if file.exists():
        file.write_text("5")


def work_here(work: str, rows: int, folder: Path) -> dict[str, Any]:
    """Measure one work in this process."""
    if work == COMPILING:
        begin = cpu_seconds()
        prepare_ours(folder)
        return {"cpu": cpu_seconds() - begin}
    if work == CHUNKED:
        return explain_in_chunks(folder)
    explain = PREPARE[work](folder)
    X = make(rows, seed=1)
    explain(X[:2]) if work in PEERS else None
    forget_peak()
    before, begin = held_mb(peak=False), cpu_seconds()
    phi, base = explain(X)
    cpu = cpu_seconds() - begin
    found = {"cpu": cpu, "mb": held_mb(peak=True) - before, "output_mb": phi.nbytes / 2**20, "base": base}
    if work in (OURS, SHAP):
        np.save(folder / f"{work}.npy", phi[:COMPARED])
    return found


def explain_in_chunks(folder: Path) -> dict[str, Any]:
    """Explain a million rows, and see whether the peak rises after the first chunk."""
    explain, rng = prepare_ours(folder), np.random.default_rng(3)
    X = make(CHUNK, seed=1)
    forget_peak()
    before, begin, peaks = held_mb(peak=False), cpu_seconds(), []
    for _ in range(MILLION // CHUNK):
        rng.shuffle(X)
        phi, _ = explain(X)
        size = phi.nbytes / 2**20
        del phi
        peaks.append(held_mb(peak=True))
    return {"cpu": cpu_seconds() - begin, "mb": peaks[-1] - before, "output_mb": size, "rise_mb": peaks[-1] - peaks[0]}


def start(work: str, rows: int, folder: Path, cache: str = "cache") -> dict[str, Any]:
    """Measure one work in a process of its own, on one thread."""
    words = [sys.executable, str(HERE), "--work", work, "--rows", str(rows), "--folder", str(folder)]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    env = {**os.environ, **one, "NUMBA_CACHE_DIR": str(folder / cache)}
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=env)
    return json.loads(done.stdout.splitlines()[-1])


def goal(value: float, limit: float) -> dict[str, float | bool]:
    """One goal: the value may be at most the limit."""
    return {"value": float(f"{value:.4g}"), "limit": float(f"{limit:.4g}"), "holds": bool(value <= limit)}


def exactness(folder: Path, rows: int, found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """How far contributions are from scikit-learn's margins, and from shap."""
    import joblib

    phi = np.load(folder / f"{OURS}.npy")
    margins = joblib.load(folder / "model.joblib").decision_function(make(rows, seed=1)[: len(phi)])
    gap = np.abs(phi.sum(axis=1) + found[OURS][0]["base"] - margins).max()
    goals = {"largest_gap_to_margin": goal(gap, ADDITIVITY)}
    if SHAP in found:
        theirs = np.load(folder / f"{SHAP}.npy")
        goals["largest_difference_from_shap"] = goal(np.abs(phi - theirs).max(), DIFFERENCE)
    return goals


def show(found: dict[str, list[dict[str, Any]]], rows: int) -> None:
    """Print what each work cost."""
    print(f"{'work':28}{'CPU us per row, median (range)':>34}{'peak MB beyond start':>22}{'in outputs':>12}")
    for work, runs in found.items():
        count = MILLION if work == CHUNKED else rows
        cpu = [each["cpu"] * 1e6 / count for each in runs]
        shown = f"{statistics.median(cpu):.0f} ({min(cpu):.0f} to {max(cpu):.0f})"
        most = max(each["mb"] for each in runs)
        print(f"{work:28}{shown:>34}{most:>22,.0f}{most / runs[0]['output_mb']:>12.1f}")


def measure(rows: int, folder: Path) -> dict[str, Any]:
    """Run all works in turn and return the goals."""
    train(folder)
    cold = start(COMPILING, rows, folder)["cpu"]
    warm = start(COMPILING, rows, folder)["cpu"]
    missing = [peer for peer, (module, _) in PEERS.items() if importlib.util.find_spec(module) is None]
    works = [work for work in PREPARE if work not in missing]
    found: dict[str, list[dict[str, Any]]] = {work: [] for work in works}
    for _ in range(RUNS):
        for work in works:
            found[work].append(start(work, rows, folder))
    found[CHUNKED] = [start(CHUNKED, rows, folder)]
    print(f"{rows:,} rows x {FEATURES} features, {TREES} trees x {LEAVES} leaves")
    show(found, rows)
    print(f"loading: {cold:.1f} CPU seconds the first time, with compilation; {warm:.1f} in later processes")
    if missing:
        print(f"not installed, left out: {', '.join(missing)}")
    goals = {}
    for peer, (module, limit) in PEERS.items():
        if peer in found:
            pairs = zip(found[OURS], found[peer], strict=True)
            goals[f"{module}_cpu_ratio"] = goal(statistics.median(a["cpu"] / b["cpu"] for a, b in pairs), limit)
    most = max(each["mb"] / each["output_mb"] for each in found[OURS])
    goals["peak_beyond_start_in_outputs"] = goal(most, MOST_OUTPUTS)
    chunked = found[CHUNKED][0]
    goals["million_rows_rise_in_chunk_outputs"] = goal(chunked["rise_mb"] / chunked["output_mb"], MOST_RISE)
    return goals | exactness(folder, rows, found)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="What exact contributions cost beside LightGBM and shap.")
    parser.add_argument("--work", choices=[*PREPARE, COMPILING, CHUNKED], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--full", action="store_true", help=f"{FULL_ROWS:,} rows")
    parser.add_argument("--rows", type=int, default=None)
    options = parser.parse_args()
    rows = options.rows or (FULL_ROWS if options.full else ROWS)
    if options.work:
        print(json.dumps(work_here(options.work, rows, options.folder)))
        return
    with tempfile.TemporaryDirectory() as folder:
        goals = measure(rows, Path(folder))
    print(json.dumps({"name": "explain", "goals": goals}))


if __name__ == "__main__":
    main()
