"""Explanations made by hand, and a planted population in which it is known what drives the risk and what does not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.explanation.explanation import Explanation
from edgeofcare.models.rows import ROW_NAMES

OUTSIDE, PLANS, AGE, OWN = ("risks outside the home", "plans and statutory steps", "age and time", "own features")
NAMES = {OUTSIDE: "missing.count.365d", PLANS: "cp_plan.active", AGE: "child.age", OWN: "school_area.score"}


def row_index(households, children=None, days=None):
    """Index of rows, by numbers of households and children."""
    children = range(len(households)) if children is None else children
    days = np.zeros(len(households), dtype=int) if days is None else np.asarray(days)
    return pd.MultiIndex.from_arrays(
        [
            [f"house-{number:05d}" for number in households],
            [f"kid-{number:05d}" for number in children],
            pd.DatetimeIndex(np.datetime64("2024-01-01") + days).astype("datetime64[s]"),
        ],
        names=ROW_NAMES,
    )


def explanation(psi, index, values=None, base=-2.0):
    """Explanation with one feature for each concept; psi is a mapping of concept to contributions."""
    frame = pd.DataFrame({NAMES[concept]: np.asarray(each, dtype=float) for concept, each in psi.items()}, index=index)
    values = frame if values is None else pd.DataFrame(values, index=index).rename(columns=NAMES).astype(float)
    log_odds = base + frame.sum(axis=1)
    scores = pd.DataFrame({"log_odds": log_odds, "risk": 1 / (1 + np.exp(-log_odds))}, index=index)
    return Explanation(frame, base, scores, values, specs=(None,) * frame.shape[1])


def planted(children=5000, seed=0):
    """Features, outcomes and cohort.

    Missing episodes and protection plans drive the risk, and episodes are more frequent among boys. One ethnic group
    enters care more often for nothing that a feature holds, and the score of the school's area carries no risk but is
    higher for that group. Age carries nothing.
    """
    rng = np.random.default_rng(seed)
    index = row_index(np.arange(children) // 2)
    black = np.repeat(rng.random(children // 2) < 0.25, 2)
    boy = rng.random(children) < 0.5
    cohort = pd.DataFrame(
        {
            "sex": np.where(boy, "male", "female"),
            "ethnic_group": np.where(black, "Black or Black British", "White"),
        },
        index=index,
    )
    X = pd.DataFrame(
        {
            NAMES[OUTSIDE]: rng.poisson(0.6 + 0.6 * boy),
            NAMES[PLANS]: rng.random(children) < 0.25,
            NAMES[AGE]: rng.integers(10, 18, children),
            NAMES[OWN]: rng.normal(1.5 * black, 1.0),
        },
        index=index,
    ).astype(float)
    pull = -3.2 + 0.7 * X[NAMES[OUTSIDE]] + 1.2 * X[NAMES[PLANS]] + 1.0 * black
    y = pd.Series((rng.random(children) < 1 / (1 + np.exp(-pull))).astype(int), index=index, name="entered_care")
    return X, y, cohort
