"""How near the calibrated model comes to what can be known, and to the truth; see ``test_true_risk``.

``python tests/whole_path/true_risk.py --train 10000 --ceiling 50000 --test 10000 --seeds 4 --json out.json`` runs it
at any size and prints the figures; the sizes of the slow test are the defaults.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.metrics import auroc, household_bootstrap
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.synthetic.history import DEFAULT_AUTHORITY
from edgeofcare.synthetic.parts import make_parts
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.truth import make_truth
from edgeofcare.task import Task

TASK = Task()
YEARS = 8
TRAIN_DATES = quarters("2018-04-01", "2024-04-01")
CEILING_DATES = TRAIN_DATES[::2]
TEST_DATES = [date for date in TRAIN_DATES if date.month == 4][1:]
SEEDS = {"train": 1, "ceiling": 2, "test": 3, "coverage": 100}
"""First seeds; the fresh children of each further test and of each interval have the next one."""


@dataclass(frozen=True)
class Sizes:
    """How many children, and how many seeds; the authority whose assumptions hold."""

    train: int = 100_000
    ceiling: int = 1_000_000
    part: int = 100_000
    test: int = 100_000
    tests: int = 5
    coverage: int = 10_000
    seeds: int = 20
    draws: int = 400
    authority: str = DEFAULT_AUTHORITY


def say(begin: float, text: str) -> None:
    """Tell how far it has come."""
    sys.stderr.write(f"{time.monotonic() - begin:8.0f} s  {text}\n")


def rows_of(records: Records, dates: pd.DatetimeIndex | list) -> tuple[pd.DataFrame, pd.Series]:
    """Features as float32 and labels of the cohort on some dates."""
    cohort = build_cohort(records, TASK, index_dates=dates)
    y = label_outcome(records, cohort, TASK)
    return build_features(records, cohort.loc[y.index], default_features()).astype(np.float32), y


def trained(sizes: Sizes) -> RiskClassifier:
    """The default calibrated model, trained on its own population."""
    records = make_records(sizes.train, SEEDS["train"], authority=sizes.authority, years=YEARS)
    X, y = rows_of(records, TRAIN_DATES)
    return make_risk_model("boosting", task=TASK, random_state=0).fit(X.astype(np.float64), y)


def ceiling_rows(sizes: Sizes) -> tuple[np.ndarray, np.ndarray]:
    """Features and labels of the large population, part by part."""
    parts: Iterator[Records] = make_parts(
        sizes.ceiling, SEEDS["ceiling"], part_children=sizes.part, authority=sizes.authority, years=YEARS
    )
    found = [rows_of(records, CEILING_DATES) for records in parts]
    return np.concatenate([X.to_numpy() for X, _ in found]), np.concatenate([y.to_numpy() for _, y in found])


def ceiling_models() -> dict[str, object]:
    """Models of several kinds, none of them calibrated: only their ranking counts."""
    boosting = {"early_stopping": True, "validation_fraction": 0.1, "n_iter_no_change": 25, "random_state": 0}
    return {
        "boosting, deep": HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=800, max_leaf_nodes=31, min_samples_leaf=100, l2_regularization=1.0, **boosting
        ),
        "boosting, shallow": HistGradientBoostingClassifier(
            learning_rate=0.05, max_iter=1500, max_leaf_nodes=8, min_samples_leaf=100, l2_regularization=1.0, **boosting
        ),
        "logistic": make_pipeline(
            SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
            StandardScaler(),
            LogisticRegression(C=0.1, max_iter=1000),
        ),
    }


def ceiling_scores(sizes: Sizes, X_test: np.ndarray, begin: float) -> dict[str, np.ndarray]:
    """Log-odds of each ceiling model, and of the mean of the two boosted ones."""
    X, y = ceiling_rows(sizes)
    say(begin, f"ceiling: {len(y):,} rows, {y.sum():,} entries")
    scores = {}
    for name, model in ceiling_models().items():
        model.fit(X, y)
        p = np.clip(model.predict_proba(X_test)[:, 1], 1e-9, 1 - 1e-9)
        scores[name] = np.log(p / (1 - p))
        say(begin, f"ceiling: {name}")
    scores["both boostings"] = scores["boosting, deep"] + scores["boosting, shallow"]
    return scores


def true_risks(index: pd.MultiIndex, n_children: int, seed: int, sizes: Sizes) -> np.ndarray:
    """True risk of each row; zero where the service no longer follows the child."""
    truth = make_truth(
        n_children,
        seed,
        index_dates=index.get_level_values("index_date").unique(),
        draws=sizes.draws,
        children=index.get_level_values("child_id").unique(),
        authority=sizes.authority,
        years=YEARS,
    )
    risk = truth.set_index(["child_id", "index_date"])["risk"]
    return risk.reindex(index.droplevel("household_id")).fillna(0.0).to_numpy()


def fresh_rows(sizes: Sizes) -> tuple[pd.DataFrame, pd.Series]:
    """Features and labels of fresh children, seed by seed; those of the first seed come first."""
    found = []
    for seed in range(SEEDS["test"], SEEDS["test"] + sizes.tests):
        X, y = rows_of(make_records(sizes.test, seed, authority=sizes.authority, years=YEARS), TEST_DATES)
        names = [f"{seed}." + X.index.get_level_values(level) for level in ("household_id", "child_id")]
        X.index = pd.MultiIndex.from_arrays([*names, X.index.get_level_values("index_date")], names=X.index.names)
        found.append((X, y.set_axis(X.index)))
    return pd.concat([X for X, _ in found]), pd.concat([y for _, y in found])


def first_truth(index: pd.MultiIndex, sizes: Sizes) -> np.ndarray:
    """True risks of the rows of the first test seed, which stand first."""
    head = f"{SEEDS['test']}."
    first = index[index.get_level_values("child_id").str.startswith(head)]
    children = first.get_level_values("child_id").str.removeprefix(head)
    plain = pd.MultiIndex.from_arrays(
        [first.get_level_values("household_id"), children, first.get_level_values("index_date")], names=index.names
    )
    return true_risks(plain, sizes.test, SEEDS["test"], sizes)


def share_interval(homes: pd.Index, outcome: np.ndarray, ours: np.ndarray, best: np.ndarray) -> list[float]:
    """Interval of the share of the lead, over resampled households."""
    rng, code = np.random.default_rng(0), pd.factorize(homes)[0]
    rows = pd.Series(np.arange(len(code))).groupby(code).indices
    shares = []
    for _ in range(200):
        some = np.concatenate([rows[home] for home in rng.integers(0, len(rows), len(rows))])
        shares.append((auroc(outcome[some], ours[some]) - 0.5) / (auroc(outcome[some], best[some]) - 0.5))
    return [float(edge) for edge in np.quantile(shares, [0.025, 0.975])]


def lead_over_chance(model: RiskClassifier, sizes: Sizes, begin: float) -> dict[str, object]:
    """AUROC on fresh children: of the model, of the best ceiling model, and of the true risk of the first seed."""
    X, y = fresh_rows(sizes)
    truth = first_truth(X.index, sizes)
    say(begin, f"test: {len(y):,} rows, {y.sum():,} entries")
    outcome, mine = y.to_numpy(), model.margin(X.astype(np.float64))
    scores = ceiling_scores(sizes, X.to_numpy(), begin)
    found = {name: float(auroc(outcome, score)) for name, score in scores.items()}
    best = max(found, key=found.__getitem__)
    ours = float(auroc(outcome, mine))
    return {
        "rows": len(y),
        "entries": int(outcome.sum()),
        "trees": model.n_iter_,
        "auroc_model": ours,
        "auroc_ceiling": found[best],
        "share_of_lead": (ours - 0.5) / (found[best] - 0.5),
        "share_of_lead_interval": share_interval(X.index.get_level_values("household_id"), outcome, mine, scores[best]),
        **{f"auroc_ceiling, {name}": value for name, value in found.items()},
        "first_seed": {
            "rows": len(truth),
            "entries": int(outcome[: len(truth)].sum()),
            "expected_by_truth": float(truth.sum()),
            "auroc_oracle": float(auroc(outcome[: len(truth)], truth)),
            "auroc_model": float(auroc(outcome[: len(truth)], mine[: len(truth)])),
            "auroc_ceiling": float(auroc(outcome[: len(truth)], scores[best][: len(truth)])),
        },
    }


def coverage(model: RiskClassifier, sizes: Sizes, begin: float) -> list[dict[str, float]]:
    """For each seed: observed to expected with its interval, and the same ratio of the truth."""
    rows = []
    for seed in range(SEEDS["coverage"], SEEDS["coverage"] + sizes.seeds):
        records = make_records(sizes.coverage, seed, authority=sizes.authority, years=YEARS)
        X, y = rows_of(records, TEST_DATES)
        risk = model.predict_proba(X.astype(np.float64))[:, 1]
        truth = true_risks(X.index, sizes.coverage, seed, sizes)
        homes = X.index.get_level_values("household_id")
        result = household_bootstrap(y.to_numpy(), risk, homes, measures=["observed_expected_ratio"], random_state=seed)
        low, high = result.interval("observed_expected_ratio")
        true = float(truth.sum() / risk.sum())
        rows.append({
            "seed": seed,
            "rows": len(y),
            "entries": int(y.sum()),
            "observed_expected": float(y.sum() / risk.sum()),
            "low": low,
            "high": high,
            "true": true,
            "holds": bool(low <= true <= high),
        })  # fmt: skip
        say(begin, f"seed {seed}: true {true:.3f} in [{low:.3f}, {high:.3f}]")
    return rows


def run(sizes: Sizes) -> dict[str, object]:
    """Everything, as one JSON-ready dictionary."""
    begin = time.monotonic()
    model = trained(sizes)
    say(begin, f"trained on {sizes.train:,} children")
    leads = lead_over_chance(model, sizes, begin)
    seeds = coverage(model, sizes, begin)
    held = sum(row["holds"] for row in seeds)
    return {"sizes": asdict(sizes), "leads": leads, "seeds": seeds, "held": held, "seconds": time.monotonic() - begin}


def main() -> None:
    """Run at the sizes asked for, print the figures and write them down."""
    parser = argparse.ArgumentParser()
    for name, value in asdict(Sizes()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parser.add_argument("--json", type=Path)
    options = vars(parser.parse_args())
    path = options.pop("json")
    text = json.dumps(run(Sizes(**options)), indent=1)
    sys.stdout.write(text + "\n")
    if path:
        path.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
