"""Models of the default features in files, and children for whom they are, made once for the tests of the service."""

from __future__ import annotations

import json
from functools import cache

from edgeofcare.cohort import build_cohort
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.model_file import save_model
from edgeofcare.models.risk_model import make_risk_model
from saved_models import TASK, records_with, trained

__all__ = ["DAY", "SHAPES", "children", "request_for", "saved"]

FEATURES = [spec.name for spec in default_features()]
SHAPES = {"boosting": {"max_iter": 30, "min_samples_leaf": 5, "refits": 10}, "logistic": {}}
DAY = "2023-01-01"


@cache
def _fitted(kind):
    """A fitted model."""
    made = trained("logistic")
    X = build_features(made.records, made.cohort, FEATURES).loc[made.y.index]
    return make_risk_model(kind, task=TASK, **SHAPES[kind]).fit(X, made.y)


def saved(path, kind="logistic"):
    """A model file of a kind."""
    return save_model(path, _fitted(kind), features=FEATURES, task=TASK, records=records_with())


@cache
def _children():
    """Records of eligible children as JSON holds them."""
    cohort = build_cohort(records_with(), TASK, index_dates=[DAY])
    keys = cohort.index.get_level_values("child_id")[:20]
    return json.dumps([ChildRecords.from_records(records_with(), str(key)).to_plain() for key in keys])


def children():
    """Records of eligible children as JSON holds them."""
    return json.loads(_children())


def request_for(*places, **options):
    """A request for some of them."""
    held = children()
    return {"schema_version": "1.0", "index_date": DAY, "children": [held[place] for place in places], **options}
