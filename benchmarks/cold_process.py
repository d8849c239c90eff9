"""What a process costs that starts, loads a model, scores and explains one child, and ends.

Used by ``benchmarks/scoring.py``. Ours reads the model file, checks it, and scores one child from its records as JSON
text (``Scorer.score_child``). The peer loads with joblib what it serves, predicts one row of finished features with
scikit-learn and explains it with shap. CPU seconds are those of the whole process from its start, all threads; memory
is the most that was resident at once.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
OURS, PEER = "ours", "peer"
CPU_RATIO, MEMORY_RATIO = 1 / 4, 1 / 3
AIM_SECONDS, AIM_MB = 0.3, 80.0


def ours(folder: Path, model: str) -> float:
    """Load, score and explain one child."""
    from edgeofcare.model_file import load_model

    with (folder / "children.jsonl").open(encoding="utf-8") as file:
        made = json.loads(file.readline())
    scorer = load_model(folder / f"{model}.eoc")
    score = scorer.score_child(made["records"], made["day"], eligible_only=False)
    assert score.reasons
    return score.risk


def peer(folder: Path, model: str) -> float:
    """Load, predict and explain one row."""
    import joblib
    import numpy as np
    import pandas as pd
    import shap

    fitted, estimator, names = joblib.load(folder / f"{model}.joblib")
    with np.load(folder / "features.npz") as stored:
        X = pd.DataFrame(stored["values"][:1], columns=names)
    risk = float(fitted.predict_proba(X)[0, 1])
    explainer = shap.TreeExplainer(estimator, feature_perturbation="tree_path_dependent")
    assert explainer.shap_values(X).shape == X.shape
    return risk


def resident_mb() -> float:
    """The most memory that this process had at once."""
    status = Path("/proc/self/status")
    if status.exists():  # not what the process that started this one had
        (line,) = (line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 1024)


def start(work: str, model: str, folder: Path) -> dict[str, float]:
    """One process, on one thread."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    words = [sys.executable, str(HERE), work, model, str(folder)]
    begin = time.perf_counter()
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **one})
    return json.loads(done.stdout.splitlines()[-1]) | {"wall": time.perf_counter() - begin}


def measure(model: str, folder: Path, runs: int, *, with_peer: bool) -> dict[str, tuple[float, float]]:
    """Start all works in turn, print what they cost, and return value and limit of each goal."""
    works = (OURS, PEER) if with_peer else (OURS,)
    start(OURS, model, folder)  # whatever is compiled on the first run
    found: dict[str, list[dict[str, float]]] = {work: [] for work in works}
    for _ in range(runs):
        for work in works:
            found[work].append(start(work, model, folder))
    middle = {
        work: {name: statistics.median(run[name] for run in made) for name in ("cpu", "wall", "mb")}
        for work, made in found.items()
    }
    print(f"{model}, a cold process:{'CPU s':>34}{'wall s':>9}{'MB':>9}")
    for work, cost in middle.items():
        print(f"  {work:55}{cost['cpu']:.2f}{cost['wall']:>9.2f}{cost['mb']:>9.0f}")
    print(f"  aims: {AIM_SECONDS:g} s, {AIM_MB:g} MB")
    if not with_peer:
        return {}
    cpu, mb = (middle[OURS][name] / middle[PEER][name] for name in ("cpu", "mb"))
    return {
        f"cold_cpu_ratio_to_joblib_sklearn_and_shap_{model}": (cpu, CPU_RATIO),
        f"cold_memory_ratio_to_joblib_sklearn_and_shap_{model}": (mb, MEMORY_RATIO),
    }


def main() -> None:
    """Do one work in this process, and print what the process cost."""
    work, model, folder = sys.argv[1:]
    risk = (ours if work == OURS else peer)(Path(folder), model)
    found: dict[str, Any] = {"risk": risk, "cpu": time.process_time(), "mb": resident_mb()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
