"""What one child costs: 300 raw records to risk, reasons by concept and row keys, beside scikit-learn and shap.

``python benchmarks/scoring.py`` scores several hundred different children on different days, one at a time, warm, on
one thread. Ours starts from the records as JSON gives them, already parsed: it checks them, makes the default features,
and gives the risk, three concepts in words, the source rows behind each and what is not known (``Scorer.score_child``).
The peer starts from finished features: a DataFrame of one row, ``predict_proba`` of a calibrated classifier that joblib
has loaded, and shap's contributions; no records, no words, no row keys. Both have trees of the same size: once those of
the default ``make_risk_model("boosting")``, once 200 trees of 31 leaves. Works run three times in turn, each in a
process of its own; the ratio is of the CPU seconds of all threads for each child.

Children are synthetic. Each has 300 rows: those of its household, and rows of other children that are given to it.

A process that starts, loads, scores and explains one child is measured as well (``cold_process.py``): CPU seconds and
memory beside joblib, scikit-learn and shap.

The scores and reasons must be those of the frames: risks and contributions of ``explain`` on the same records, and its
features, sentences and source rows. The process that scores must not load more than numpy.

``--full`` scores more children. ``--children`` sets their number.

The last line is a JSON object. Every limit is the most that the value may be. Milliseconds only inform: under 3 in the
median and under 6 for 95 of 100 children is what a case system should see.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cold_process
import numpy as np

HERE = Path(__file__).resolve()
CHILDREN, FULL_CHILDREN, RECORDS, WARM, COMPARED, RUNS = 300, 1_000, 300, 20, 100, 3
COLD_RUNS = 5
POPULATION, TOP = 6_000, 3
LARGE = {"max_iter": 200, "max_leaf_nodes": 31}
MODELS: dict[str, dict[str, int]] = {"default": {}, "200x31": LARGE}
OURS, PEER = "edgeofcare, from records", "scikit-learn + shap, from features"
LENT = ("contacts", "referrals", "assessments", "assessment_factors", "missing_episodes", "offences")
HEAVY = ("pandas", "sklearn", "scipy", "shap", "numba", "joblib", "pyarrow")
DIFFERENCE, MEDIAN_MS, P95_MS = 1e-12, 3.0, 6.0
DAY = "datetime64[D]"


# ---------------------------------------------------------------------------------------------------- preparing


def prepare(folder: Path, children: int) -> None:
    """Train both models, and write the children and their features where the works find them."""
    import edgeofcare as eoc
    from edgeofcare.features.build import build_features

    task, features = eoc.Task(), eoc.default_features()
    records = eoc.make_records(POPULATION, random_state=0)
    cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2023-01-01"))
    y = eoc.label_outcome(records, cohort, task)
    X = build_features(records, cohort, features).loc[y.index]
    for name, options in MODELS.items():
        model = eoc.make_risk_model("boosting", task=task, random_state=0, **options).fit(X, y)
        eoc.save_model(folder / f"{name}.eoc", model, features=features, task=task, records=records)
        save_peer(folder / f"{name}.joblib", model.estimator_, X, y)
    made = make_children(records, children)
    (folder / "children.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in made), encoding="utf-8")
    whole, index = as_records(made), index_of(made)
    found = build_features(whole, index, features)
    np.savez(folder / "features.npz", values=found.to_numpy(dtype=np.float64))
    for name in MODELS:
        write_expected(folder, name, found.iloc[:COMPARED], whole)


def save_peer(path: Path, estimator: Any, X: Any, y: Any) -> None:
    """The same trees as scikit-learn would serve them: calibrated, and kept by joblib."""
    import joblib
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    names = [str(name) for name in X.columns]
    estimator.feature_names_in_ = np.asarray(names, dtype=object)
    peer = CalibratedClassifierCV(FrozenEstimator(estimator), method="sigmoid").fit(X, y)
    joblib.dump((peer, estimator, names), path)


def make_children(records: Any, count: int) -> list[dict[str, Any]]:
    """Records of children as JSON holds them, each with as many rows and with a day to score it on."""
    from edgeofcare.features.single.records import ChildRecords

    rng = np.random.default_rng(1)
    homes = records.households
    order = rng.permutation(homes.drop_duplicates().index.to_numpy(dtype=str)).tolist()
    found: list[dict[str, Any]] = []
    for child in order:
        plain = ChildRecords.from_records(records, child).to_plain()
        if sum(map(len, plain["tables"].values())) <= RECORDS:
            days = int(rng.integers(0, 1000))
            found.append({"records": plain, "day": str(np.datetime64(plain["observed_until"], "D") - days)})
        if len(found) == count:
            break
    lent = {name: records.table(name).sample(frac=1, random_state=2) for name in LENT}
    for number, each in enumerate(found):
        lend(each["records"], lent, number, rng)
    return found


def lend(plain: dict[str, Any], lent: dict[str, Any], number: int, rng: np.random.Generator) -> None:
    """Give a child rows of others until it has as many as asked for."""
    tables = plain["tables"]
    missing = RECORDS - sum(map(len, tables.values()))
    share = rng.multinomial(missing, [len(frame) / sum(map(len, lent.values())) for frame in lent.values()])
    for (name, frame), size in zip(lent.items(), share.tolist(), strict=True):
        rows = json.loads(frame.sample(size, random_state=number).to_json(orient="records", date_format="iso"))
        for at, row in enumerate(rows):
            known = {column: value[:10] if column.endswith("date") else value for column, value in row.items() if value}
            tables.setdefault(name, []).append({**dict.fromkeys(row), **known, "child_id": plain["child_id"],
                                                "row_key": f"lent-{number}-{at}"})  # fmt: skip


def as_records(made: list[dict[str, Any]]) -> Any:
    """All children as records."""
    import pandas as pd

    from edgeofcare.records.records import Records
    from edgeofcare.schema.tables import TABLES

    frames = {}
    for name, table in TABLES.items():
        rows = [row for each in made for row in each["records"]["tables"].get(name, [])]
        frames[name] = pd.DataFrame(rows, columns=list(table.names), dtype=object)
    one = made[0]["records"]
    options = {name: one[name] for name in ("observed_from", "reporting_lag", "links") if name in one}
    return Records.from_tables(frames, observed_until=one["observed_until"], **options)


def index_of(made: list[dict[str, Any]]) -> Any:
    """A row for each child and its day."""
    import pandas as pd

    keys = [("a home", each["records"]["child_id"], pd.Timestamp(each["day"])) for each in made]
    return pd.DataFrame(index=pd.MultiIndex.from_tuples(keys, names=["household_id", "child_id", "index_date"]))


def write_expected(folder: Path, name: str, X: Any, records: Any) -> None:
    """What the frames give: risk and reasons by concept."""
    from edgeofcare.explanation.concepts import concept_reasons
    from edgeofcare.explanation.explain import explain
    from edgeofcare.model_file import load_model

    why = explain(load_model(folder / f"{name}.eoc"), X, records=records)
    expected = []
    for position, risk in enumerate(why.risk.tolist()):
        reasons = concept_reasons(why, position)[:TOP]
        told = [
            [each.concept, each.contribution, each.points, each.cell.feature, each.cell.sentence, each.cell.record,
             each.strength, [list(row) for row in each.cell.evidence]] for each in reasons
        ]  # fmt: skip
        expected.append([risk, told])
    (folder / f"{name}_expected.json").write_text(json.dumps(expected), encoding="utf-8")


# ------------------------------------------------------------------------------------------------------- works


Ready = Callable[[int], Callable[[], Any]]  # parses what belongs to one child, and gives what is to be timed


def prepare_ours(folder: Path, model: str) -> tuple[Ready, int]:
    """Load the model file."""
    from edgeofcare.model_file import load_model

    with (folder / "children.jsonl").open(encoding="utf-8") as file:
        texts = file.readlines()
    scorer = load_model(folder / f"{model}.eoc")

    def ready(number: int) -> Callable[[], Any]:
        made = json.loads(texts[number])
        return lambda: scorer.score_child(made["records"], made["day"], top_reasons=TOP, eligible_only=False)

    return ready, len(texts)


def prepare_peer(folder: Path, model: str) -> tuple[Ready, int]:
    """Load scikit-learn's model, and build shap's explainer."""
    import joblib
    import pandas as pd
    import shap

    peer, estimator, names = joblib.load(folder / f"{model}.joblib")
    explainer = shap.TreeExplainer(estimator, feature_perturbation="tree_path_dependent")
    with np.load(folder / "features.npz") as stored:
        values = stored["values"]

    def ready(number: int) -> Callable[[], Any]:
        made = dict(zip(names, values[number].tolist(), strict=True))

        def score() -> Any:
            X = pd.DataFrame([made], columns=names)
            return peer.predict_proba(X)[0, 1], explainer.shap_values(X)

        return score

    return ready, len(values)


def work_here(work: str, model: str, folder: Path) -> dict[str, Any]:
    """Score every child in this process, one after another."""
    begin = time.perf_counter()
    ready, count = (prepare_ours if work == OURS else prepare_peer)(folder, model)
    ready(0)()
    first = time.perf_counter() - begin
    for number in range(1, min(WARM, count)):
        ready(number)()
    cpu, wall = [], []
    for number in range(count):
        score = ready(number)
        begin, begin_cpu = time.perf_counter(), time.process_time()
        score()
        cpu.append(time.process_time() - begin_cpu)
        wall.append(time.perf_counter() - begin)
    found = {"cpu": cpu, "wall": wall, "first": first}
    if work == OURS:
        found |= {"heavy": [name for name in HEAVY if name in sys.modules]}
        found |= compare(folder, model, ready)
    return found


def compare(folder: Path, model: str, ready: Ready) -> dict[str, Any]:
    """How far scores and reasons are from those of the frames."""
    expected = json.loads((folder / f"{model}_expected.json").read_text(encoding="utf-8"))
    risks, contributions, unlike = [0.0], [0.0], 0
    for number, (risk, told) in enumerate(expected):
        found = ready(number)()
        risks.append(abs(found.risk - risk))
        unlike += abs(len(found.reasons) - len(told))
        for reason, (concept, contribution, points, *said) in zip(found.reasons, told, strict=False):
            contributions += [abs(reason.contribution - contribution), abs(reason.probability_points - points)]
            ours = [reason.feature, reason.sentence, reason.record, reason.strength, list(map(list, reason.evidence))]
            unlike += reason.concept != concept or ours != said
    return {"risk": max(risks), "contribution": max(contributions), "unlike": unlike}


def start(work: str, model: str, folder: Path) -> dict[str, Any]:
    """Measure one work in a process of its own, on one thread."""
    words = [sys.executable, str(HERE), "--work", work, "--model", model, "--folder", str(folder)]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **one})
    return json.loads(done.stdout.splitlines()[-1])


# ------------------------------------------------------------------------------------------------------ result


def goal(value: float, limit: float) -> dict[str, float | bool]:
    """One goal: the value may be at most the limit."""
    return {"value": float(f"{value:.4g}"), "limit": float(f"{limit:.4g}"), "holds": bool(value <= limit)}


def show(model: str, found: dict[str, list[dict[str, Any]]]) -> None:
    """Print what each work cost."""
    print(f"{model:38}{'CPU ms, mean':>14}{'median':>8}{'ms, median':>12}{'ms, p95':>10}{'first call s':>14}")
    for work, runs in found.items():
        wall = [1e3 * each for run in runs for each in run["wall"]]
        mean = statistics.median(1e3 * statistics.fmean(run["cpu"]) for run in runs)
        middle = statistics.median(1e3 * each for run in runs for each in run["cpu"])
        p95 = sorted(wall)[math.ceil(0.95 * len(wall)) - 1]
        first = statistics.median(run["first"] for run in runs)
        print(f"  {work:36}{mean:>14.2f}{middle:>8.2f}{statistics.median(wall):>12.2f}{p95:>10.2f}{first:>14.2f}")


def measure(children: int, folder: Path) -> dict[str, Any]:
    """Run all works in turn and return the goals."""
    prepare(folder, children)
    missing = [name for name in ("sklearn", "shap", "joblib") if importlib.util.find_spec(name) is None]
    works = [OURS] if missing else [OURS, PEER]
    print(f"{children} children with {RECORDS} records each; {TOP} reasons; aims: {MEDIAN_MS:g} ms, p95 {P95_MS:g} ms")
    goals: dict[str, Any] = {}
    ours: list[dict[str, Any]] = []
    for model in MODELS:
        found: dict[str, list[dict[str, Any]]] = {work: [] for work in works}
        for _ in range(RUNS):
            for work in works:
                found[work].append(start(work, model, folder))
        show(model, found)
        ours += found[OURS]
        if PEER in found:
            pairs = zip(found[OURS], found[PEER], strict=True)
            ratio = statistics.median(sum(a["cpu"]) / sum(b["cpu"]) for a, b in pairs)
            goals[f"cpu_ratio_to_sklearn_and_shap_{model}"] = goal(ratio, 1.0)
        cold = cold_process.measure(model, folder, COLD_RUNS, with_peer=PEER in found)
        goals |= {name: goal(*limited) for name, limited in cold.items()}
    if missing:
        print(f"not installed, the peer is left out: {', '.join(missing)}")
    goals["largest_difference_of_risk"] = goal(max(run["risk"] for run in ours), DIFFERENCE)
    goals["largest_difference_of_contributions"] = goal(max(run["contribution"] for run in ours), DIFFERENCE)
    goals["reasons_unlike_those_of_the_frames"] = goal(max(run["unlike"] for run in ours), 0)
    heavy = sorted({name for run in ours for name in run["heavy"]})
    if heavy:
        print(f"loaded besides numpy: {', '.join(heavy)}")
    return goals | {"libraries_loaded_besides_numpy": goal(len(heavy), 0)}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description="What one child costs beside scikit-learn and shap.")
    parser.add_argument("--work", choices=[OURS, PEER], help=argparse.SUPPRESS)
    parser.add_argument("--model", choices=list(MODELS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--full", action="store_true", help=f"{FULL_CHILDREN:,} children")
    parser.add_argument("--children", type=int, default=None)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(work_here(options.work, options.model, options.folder)))
        return
    children = options.children or (FULL_CHILDREN if options.full else CHILDREN)
    with tempfile.TemporaryDirectory() as folder:
        goals = measure(children, Path(folder))
    print(json.dumps({"name": "scoring", "goals": goals}))


if __name__ == "__main__":
    main()
