"""Simulated panels for the tests of evaluation: siblings, several index dates a child, and stub classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["FAST", "FixedRisk", "Stub", "make_panel"]

FAST = {"n_resamples": 40}


class FixedRisk:
    """A fitted classifier that reads its risk from a column, or gives a constant."""

    def __init__(self, column: str | float) -> None:
        self.column = column

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        p = X[self.column].to_numpy() if isinstance(self.column, str) else np.full(len(X), self.column)
        return np.column_stack([1 - p, p])


class Stub(FixedRisk):
    """A risk model with its baselines and, if asked for, a margin."""

    def __init__(self, column: str = "risk", margin: str | None = None, baselines: Any = "usual") -> None:
        super().__init__(column)
        self.baselines_ = {"prevalence": FixedRisk(0.05), "count_rule": FixedRisk("rule")}
        if baselines != "usual":
            self.baselines_ = baselines
        if margin is not None:
            self.margin = lambda X: X[margin].to_numpy()


def make_panel(
    households: int = 300, seed: int = 0, level: float = -3.2
) -> tuple[pd.DataFrame, pd.Series, pd.DataFrame]:
    """X with a good risk and a crude rule, the outcome y, and a cohort with groups."""
    rng = np.random.default_rng(seed)
    rows = []
    dates = pd.to_datetime(["2023-04-01", "2023-07-01", "2023-10-01", "2024-01-01"])
    for h in range(households):
        family = rng.normal(0, 0.8)
        for c in range(int(rng.integers(1, 4))):
            lp = level + family + rng.normal(0, 0.9)
            sex, age = rng.choice(["F", "M"]), int(rng.integers(10, 17))
            ethnicity = rng.choice(["white", "black", "asian", None], p=[0.7, 0.15, 0.13, 0.02])
            for date in dates[: int(rng.integers(1, 5))]:
                rows.append((f"h{h:04d}", f"h{h:04d}-c{c}", date, lp + rng.normal(0, 0.3), sex, age, ethnicity))
    names = ["household_id", "child_id", "index_date", "lp", "sex", "age", "ethnic_group"]
    frame = pd.DataFrame(rows, columns=names).set_index(names[:3])
    chance = 1 / (1 + np.exp(-frame["lp"]))
    y = (rng.uniform(size=len(frame)) < chance).astype("int64").rename("entered_care")
    crude = np.clip(np.round(frame["lp"] + rng.normal(0, 1.5, len(frame)) + 4), 0, 5)
    X = pd.DataFrame({"risk": chance, "lp": frame["lp"], "rule": 0.02 + 0.02 * crude}, index=frame.index)
    cohort = frame[["sex", "ethnic_group"]].copy()
    cohort["age_band"] = np.where(frame["age"] < 14, "10-13", "14-17")
    return X, y, cohort
