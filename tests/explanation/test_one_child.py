"""A household alone gives what all records give, and the rule that a child does not meet is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import LeakageError, RecordsError, SpecError
from edgeofcare.explanation.one_child import (
    checked_day,
    household_records,
    one_task,
    rows_of_child,
    rules_missed,
    specs_of,
)
from edgeofcare.features.build import build_features
from edgeofcare.features.names import parse_feature
from edgeofcare.task import Task
from line_models import line_scorer
from strategies import INDEX_DAYS, as_date, every_spec, families, row_index
from tiny_tables import records_of

DAYS = [pd.Timestamp(day).as_unit("s") for day in ("2022-01-01", "2022-04-01", "2022-10-01")]


@settings(max_examples=40)
@given(families(), st.lists(every_spec(), min_size=1, max_size=6, unique_by=lambda spec: spec.name))
def test_a_household_alone_gives_the_features_that_all_records_give(history, specs):
    records = history.records()
    every = build_features(records, row_index(history.child_ids, INDEX_DAYS), specs)
    for child in history.child_ids:
        home = household_records(records, child)
        alone = rows_of_child(home, child, "any", [as_date(day) for day in INDEX_DAYS], specs)
        pd.testing.assert_frame_equal(
            alone.reset_index(drop=True), every.xs(child, level="child_id").reset_index(drop=True)
        )


def test_a_placeholder_stays_one_although_few_of_its_children_are_left():
    many = [f"other {number}" for number in range(30)]
    links = "child, related_id, kind, recorded_date\n"
    links += "\n".join(f"{child}, UNKNOWN, family, 2020-01-01" for child in ["Ann", "Bob", *many])
    links += "\nAnn, M, mother, 2021-01-01\nBob, M, mother, 2022-02-02"
    records = records_of(relationships=links)
    home = household_records(records, "Ann")
    assert sorted(home.table("children")["child_id"]) == ["Ann", "Bob"]
    names = ["sibling.number_0_17"]
    values = rows_of_child(home, "Ann", "a home", DAYS, [parse_feature(name) for name in names])
    assert values["sibling.number_0_17"].tolist() == [0.0, 1.0, 1.0]


def test_what_is_declared_goes_with_the_household():
    held = {"referrals": "child, start, end\nAnn, 2021-05-01, ", "contacts": "child, date\nBob, 2021-01-01"}
    options = {"reporting_lag": {"contacts": 7}, "observed_from": "2020-01-01"}
    records = records_of(options=options, **held)
    suspended = pd.DataFrame({"child_id": ["Ann", "Bob"], "date": ["2021-06-01", "2021-06-02"], "days": [2, 3]})
    records = records.with_events("suspensions", suspended, value="days")
    home = household_records(records, "Ann")
    for name in ("observed_until", "observed_from", "reporting_lag", "links", "absent_columns", "absent"):
        assert getattr(home, name) == getattr(records, name), name
    assert home.definition("suspensions") == records.definition("suspensions")
    assert len(home.table("suspensions")) == 1
    assert home.table("contacts").empty
    assert home.households["Ann"] == records.households["Ann"]


@pytest.mark.parametrize("child", ["Zoe", 3, None, ["Ann"]])
def test_a_child_whom_the_records_do_not_hold_is_refused_without_its_name(child):
    with pytest.raises(RecordsError, match="do not hold the child asked for") as refused:
        household_records(records_of(contacts="child, date\nAnn, 2021-01-01"), child)
    assert "Zoe" not in str(refused.value)


def test_days_that_the_extract_does_not_reach_are_refused():
    records = records_of(contacts="child, date\nAnn, 2021-01-01", until="2022-03-31")
    assert checked_day(records, "2022-04-01", "index_date") == pd.Timestamp("2022-04-01")
    with pytest.raises(LeakageError, match="from_date lies more than one day after observed_until"):
        checked_day(records, "2022-04-02", "from_date")
    with pytest.raises(SpecError, match="to_date must be a date"):
        checked_day(records, "soon", "to_date")


def test_specs_of_a_model():
    scorer = line_scorer({"missing.count.90d": 1.0, "child.age": 0.1})
    names = [spec.name for spec in specs_of(scorer, None)]
    assert names == ["missing.count.90d", "child.age"]
    assert [spec.name for spec in specs_of(scorer, names[::-1])] == names
    with pytest.raises(SpecError, match="1 of its columns have no feature, and 0 features are no column"):
        specs_of(scorer, names[:1])
    with pytest.raises(SpecError, match="One of the 1 columns of the model is no feature"):
        specs_of(line_scorer({"my own!": 1.0}), None)
    with pytest.raises(SpecError, match="without names of features"):
        specs_of(object(), None)


EVERYBODY = """
    child, start, end
    Ann, 2022-02-01, 2022-05-01
    Bob, 2022-02-01,
    Cat, 2022-02-01,
"""
CARE = """
    child, start, end
    Bob, 2022-03-01, 2022-06-01
"""
STATUS = """
    child, start, end, status
    Bob, 2022-03-01, 2022-06-01, C1
"""


def test_the_rule_that_is_not_met_is_named_and_agrees_with_the_cohort():
    born = {"Cat": "2012-05-01"}
    records = records_of(born, referrals=EVERYBODY, care_episodes=CARE, legal_statuses=STATUS)
    task = Task()
    assert rules_missed(records, "Ann", DAYS, task) == ["open case, as known", "", "open case, as known"]
    assert rules_missed(records, "Bob", DAYS, task) == ["open case, as known", "not looked after, as known", ""]
    assert rules_missed(records, "Cat", DAYS, task) == ["aged 10 to 17", "aged 10 to 17", ""]
    cohort = build_cohort(records, task, index_dates=DAYS).index.droplevel("household_id")
    for child in ("Ann", "Bob", "Cat"):
        missed = np.array(rules_missed(records, child, DAYS, task)) != ""
        assert missed.tolist() == [(child, day) not in cohort for day in DAYS]


def test_without_a_task_nobody_is_judged():
    assert rules_missed(records_of(referrals=EVERYBODY), "Ann", DAYS, None) == ["", "", ""]
    assert one_task(object()) is None
    assert one_task(line_scorer({"child.age": 1.0}, horizon="91D")).horizon_days == 91
