"""Measure and draw the stability of one model on a synthetic authority: ``python docs/scripts/stability_picture.py``.

Takes several minutes: 21 fits. Prints the figures of docs/concepts/is_it_good_enough.md.
"""

from __future__ import annotations

from pathlib import Path

import edgeofcare as eoc
from edgeofcare.evaluation.refits.agreement import Stability, stability

PICTURE = Path(__file__).parents[1] / "pictures" / "stability.png"


def measure() -> Stability:
    """A regression on all default features of 6,000 children, and its refits."""
    task, features = eoc.Task(), eoc.default_features()
    records = eoc.make_records(6000, random_state=0, authority="sample")
    cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters("2017-04-01", "2024-03-31"))
    X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    split = eoc.temporal_split(cohort.loc[y.index], task, test_from="2023-04-01")
    train, test = (X.loc[split.train], y.loc[split.train]), (X.loc[split.test], y.loc[split.test])
    model = eoc.make_risk_model("logistic", task=task).fit(*train)
    return stability(model, *train, test[0], y=test[1], capacity=20)


def main() -> None:
    """Measure and draw."""
    found = measure()
    found.plot().savefig(PICTURE, dpi=110, metadata={"Software": None})
    print(found.measures.round(3).to_string(index=False))
    print(found.text)


if __name__ == "__main__":
    main()
