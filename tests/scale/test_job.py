"""The job: one form whatever it was made of, and there and back."""

from __future__ import annotations

import json
import pickle

import pandas as pd
import pytest

from edgeofcare.cohort import quarters
from edgeofcare.exceptions import SpecError
from edgeofcare.features.names import parse_feature
from edgeofcare.scale.job import FeatureJob
from edgeofcare.task import Task

NAMES = ["child.age", "missing.count.90d"]


def test_one_job_whatever_it_was_made_of():
    given = [
        FeatureJob(Task(), quarters("2023-01-01", "2023-06-30"), NAMES),
        FeatureJob(Task(), ["01/04/2023", "2023-01-01"], (parse_feature(name) for name in NAMES)),
        FeatureJob(Task(), (pd.Timestamp("2023-04-01"), pd.Timestamp("2023-01-01 13:00").date()), tuple(NAMES)),
    ]
    assert len(set(given)) == 1
    assert len({job.fingerprint for job in given}) == 1
    assert given[0].index_dates == ("2023-01-01", "2023-04-01")
    assert [spec.name for spec in given[0].specs()] == NAMES


def test_there_and_back():
    job = FeatureJob(Task(horizon="180D", ages=(0, 17)), ["2023-01-01"], NAMES, labels=False, dtype="float64")
    assert FeatureJob.from_dict(json.loads(json.dumps(job.to_dict()))) == job
    assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301


def test_every_choice_changes_the_fingerprint():
    base = {"task": Task(), "index_dates": ["2023-01-01"], "features": NAMES}
    others = [
        {"task": Task(horizon="180D")},
        {"index_dates": ["2023-04-01"]},
        {"features": NAMES[::-1]},
        {"labels": False},
        {"dtype": "float64"},
    ]
    prints = {FeatureJob(**base | other).fingerprint for other in [{}, *others]}
    assert len(prints) == len(others) + 1


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"task": "open cases"}, "task must be a Task"),
        ({"index_dates": "2023-01-01"}, "must be a list of dates"),
        ({"index_dates": []}, "at least one date"),
        ({"index_dates": ["2023-01-01", "01/01/2023"]}, "each day once"),
        ({"index_dates": ["soon"]}, "must be a date"),
        ({"features": []}, "no features"),
        ({"features": ["child.shoe_size"]}, "not a feature name"),
        ({"labels": "yes"}, "labels must be True or False"),
        ({"dtype": "float16"}, "dtype one of"),
    ],
)
def test_what_is_not_understood_is_refused(wrong, why):
    with pytest.raises(SpecError, match=why):
        FeatureJob(**{"task": Task(), "index_dates": ["2023-01-01"], "features": NAMES} | wrong)


def test_a_job_of_another_version_is_refused():
    job = FeatureJob(Task(), ["2023-01-01"], NAMES).to_dict()
    with pytest.raises(SpecError, match="not one of this version"):
        FeatureJob.from_dict({**job, "shards": 3})
