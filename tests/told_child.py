"""Explanations made by hand: contributions as given, values and source rows from a few tables."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.explanation.about import About
from edgeofcare.explanation.cells import look_at
from edgeofcare.explanation.explanation import Explanation
from edgeofcare.features.build import build_features
from edgeofcare.features.names import parse_feature
from edgeofcare.task import Task
from tiny_tables import index_of, records_of

__all__ = ["CHILD", "DAY", "RECORDS", "explained", "longest"]

CHILD, DAY = "Kim 17", "2024-03-31"
RECORDS = {
    "missing_episodes": """
        child,  start,      end
        Kim 17, 2024-01-20, 2024-01-21
        Kim 17, 2024-02-11, 2024-02-12
        Kim 17, 2024-03-02, 2024-03-03
        Kim 17, 2024-03-19, 2024-03-20
        Ali 4,  2024-03-19, 2024-03-20
        """,
    "cp_plans": """
        child,  start,      end
        Kim 17, 2022-05-01, 2023-04-30
        """,
    "contacts": """
        child, date,       source
        Ali 4, 2021-05-01, 2A
        """,
    "referrals": """
        child,  start,      end
        Kim 17, 2021-01-01,
        Ali 4,  2021-06-01,
        """,
}


def explained(contributions, *, records=None, days=(DAY,), base=-3.0, given=True, **about):
    """An explanation of one child on some days, every contribution as given."""
    held = records_of(**RECORDS) if records is None else records
    index = index_of(*((CHILD, day) for day in days))
    values = build_features(held, index, list(contributions))
    phi = pd.DataFrame([contributions] * len(days), index=values.index, dtype=float)
    log_odds = base + phi.sum(axis=1)
    scores = pd.DataFrame({"log_odds": log_odds, "risk": 1 / (1 + np.exp(-log_odds))})
    specs = tuple(map(parse_feature, values.columns))
    more = {"task": Task(), "kind": "boosting", "model_id": "0123456789ab"} | about
    shown = held if given else None
    return Explanation(phi, base, scores, values, specs=specs, records=shown, about=About(**more))


def longest(records, X, position):
    """The same child with the longest sentence and source rows of every concept, half raising and half lowering."""
    names = [str(name) for name in X.columns]
    specs, one = tuple(map(parse_feature, names)), X.iloc[[position]]
    scores = pd.DataFrame({"log_odds": [-2.0], "risk": [0.12]}, index=one.index)
    nothing = pd.DataFrame(0.0, index=one.index, columns=names)
    plain = Explanation(nothing, -2.0, scores, one, specs=specs, records=records)
    best = {}
    for cell in (look_at(plain, 0, column) for column in range(len(names))):
        length = len(cell.sentence) + len(str(cell.evidence[:3]))
        best[cell.concept] = max(best.get(cell.concept, (0, "")), (length, cell.feature))
    moved = {name: (-1) ** place * 0.5 for place, (_, name) in enumerate(best.values())}
    phi = pd.DataFrame([{name: moved.get(name, 0.0) for name in names}], index=one.index)
    scores = pd.DataFrame({"log_odds": -2.0 + phi.sum(axis=1)})
    scores["risk"] = 1 / (1 + np.exp(-scores["log_odds"]))
    about = About(Task(), kind="boosting", model_id="0123456789ab", trained_until="2023-04-01")
    return Explanation(phi, -2.0, scores, one, specs=specs, records=records, about=about)
