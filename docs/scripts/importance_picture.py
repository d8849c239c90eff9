"""Summarise what one model says of a synthetic authority, and draw it: ``python docs/scripts/importance_picture.py``.

Takes a few minutes. Prints what docs/concepts/explanation.md shows.
"""

from __future__ import annotations

from pathlib import Path

import edgeofcare as eoc
from edgeofcare import plotting
from edgeofcare.figures import NotebookFigure

PICTURE = Path(__file__).parents[1] / "pictures" / "importance.png"
CHILDREN, FROM, UNTIL, TEST_FROM = 6000, "2018-04-01", "2024-03-31", "2023-04-01"


def main() -> None:
    """Fit boosted trees on the default features, summarise the explanations of later rows, and draw."""
    task, features = eoc.Task(), eoc.default_features()
    records = eoc.make_records(CHILDREN, random_state=0, authority="sample")
    cohort = eoc.build_cohort(records, task, index_dates=eoc.quarters(FROM, UNTIL))
    X, y = eoc.build_features(records, cohort, features), eoc.label_outcome(records, cohort, task)
    split = eoc.temporal_split(cohort.loc[y.index], task, test_from=TEST_FROM)
    model = eoc.make_risk_model("boosting", task=task, random_state=0).fit(X.loc[split.train], y.loc[split.train])
    why, seen = eoc.explain(model, X.loc[split.test]), y.loc[split.test]
    importance = eoc.concept_importance(why, y=seen)
    depends = eoc.concept_dependence(why, cohort=cohort, by=["sex", "ethnic_group"], y=seen)
    pairs = eoc.concept_interactions(model, X.loc[split.test])
    figure = NotebookFigure(figsize=(13, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    plotting.plot_concept_importance(importance, left)
    plotting.plot_concept_dependence(depends.by_value, right, feature="child.age")
    figure.savefig(PICTURE, dpi=100, metadata={"Software": None})
    for frame in (importance, depends.proxies, pairs):
        print(frame.round(3).to_string(index=False))
    print(depends.text)


if __name__ == "__main__":
    main()
