"""Invented records of a few children, and models fitted on their features."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.names import parse_feature
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.records.records import Records

CHILDREN, FIRST, UNTIL = 60, np.datetime64("2018-01-01"), np.datetime64("2024-06-30")
MORE = [
    "assessment.count_ended.365d",
    "missing.days_since_end",
    "placement.sum_distance.1095d",
    "placement.mean_distance.1095d",
    "placement.max_distance.1095d",
    "referral.distinct_source.1095d",
]
CODES = {
    "contacts": {"source": ["6", "2A", "1A"]},
    "referrals": {"source": ["6", "2A", "1A"]},
    "assessment_factors": {"factor": ["10A", "24A", "3A", "3B", "18A", "18C"]},
    "cp_plans": {"initial_category": ["NEG", "EMO"]},
    "legal_statuses": {"status": ["C1", "C2", "V2"]},
    "worker_involvements": {"worker": ["w-one", "w-two", "w-three"]},
}
EVENTS = ["contacts", "assessment_factors", "initial_conferences", "offences"]
SPELLS = [
    "early_help",
    "referrals",
    "assessments",
    "cin_plans",
    "s47_enquiries",
    "cp_plans",
    "care_episodes",
    "placements",
    "missing_episodes",
    "worker_involvements",
]


def _children(rng):
    births = np.datetime64("2008-01-01") + rng.integers(0, 1200, CHILDREN)
    ids = [f"kid-{number:04d}" for number in range(CHILDREN)]
    return pd.DataFrame({"child_id": ids, "birth_date": births.astype("datetime64[s]")})


def _rows(rng, name):
    count = int(rng.poisson(2.5 * CHILDREN))
    start = FIRST + rng.integers(0, (UNTIL - FIRST).astype(int), count)
    frame = {
        "row_key": [f"key-{name}-{number:05d}" for number in range(count)],
        "child_id": [f"kid-{number:04d}" for number in rng.integers(0, CHILDREN, count)],
    }
    if name in EVENTS:
        frame["date"] = start.astype("datetime64[s]")
    else:
        longest = 3 if name == "missing_episodes" else 300
        end = np.minimum(start + rng.integers(0, longest, count), UNTIL)
        is_open = rng.random(count) < 0.15
        frame["start_date"] = start.astype("datetime64[s]")
        frame["end_date"] = np.where(is_open, np.datetime64("NaT"), end).astype("datetime64[s]")
    for column, codes in CODES.get(name, {}).items():
        frame[column] = rng.choice(codes, count)
    if name == "placements":
        frame["distance"] = np.round(rng.gamma(2.0, 8.0, count), 1)
    return pd.DataFrame(frame)


@pytest.fixture(scope="session")
def records():
    rng = np.random.default_rng(1)
    tables = {name: _rows(rng, name) for name in [*EVENTS, *SPELLS]}
    care = tables["care_episodes"]
    statuses = care[["child_id", "start_date", "end_date"]].assign(row_key=[f"status-{i}" for i in range(len(care))])
    tables["legal_statuses"] = statuses.assign(status=rng.choice(CODES["legal_statuses"]["status"], len(care)))
    tables["children"] = _children(rng)
    return Records.from_tables(tables, observed_until="2024-06-30", observed_from="2018-01-01", invalid="drop")


@pytest.fixture(scope="session")
def features():
    return list({spec.name: spec for spec in [*default_features(), *map(parse_feature, MORE)]}.values())


@pytest.fixture(scope="session")
def X(records, features):
    ids = sorted(records.table("children")["child_id"])
    dates = pd.date_range("2020-01-01", periods=14, freq="91D").astype("datetime64[s]")
    levels = [np.repeat([f"house-{i // 2:04d}" for i in range(len(ids))], 14), np.repeat(ids, 14), np.tile(dates, 60)]
    levels[2] = pd.DatetimeIndex(levels[2]).astype("datetime64[s]")
    index = pd.MultiIndex.from_arrays(levels, names=["household_id", "child_id", "index_date"])
    return build_features(records, pd.DataFrame(index=index), features)


@pytest.fixture(scope="session")
def y(X):
    rng = np.random.default_rng(2)
    pull = 0.8 * X["missing.count.365d"] + 0.9 * X["cp_plan.active"] - 2.5 + 0.3 * X["contact.days_since"].isna()
    return pd.Series((rng.random(len(X)) < 1 / (1 + np.exp(-pull))).astype(int), index=X.index, name="entered_care")


@pytest.fixture(scope="session", params=["boosting", "logistic"])
def model(request, X, y):
    options = {"max_iter": 40, "min_samples_leaf": 10} if request.param == "boosting" else {}
    return make_risk_model(request.param, **options).fit(X, y)
