"""Whom the model is for, from plain records: exactly the children whom build_cohort finds."""

from __future__ import annotations

import json
from functools import cache
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import LeakageError, RecordsError, SpecError
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.scoring.eligibility import why_not_eligible
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task
from strategies import INDEX_DAYS, UNTIL, History, as_date, families, telling_days

TABLES = (
    *("care_episodes", "legal_statuses", "referrals", "cin_plans", "cp_plans", "early_help"),
    *("immigration_statuses", "assessment_factors"),
)
SWITCHES = tuple(
    Task(ages=ages, early_help=early_help, short_breaks=short, uasc=uasc)
    for ages, early_help, short, uasc in product(
        ((10, 17), (0, 17)), (False, True), ("exclude", "include"), ("exclude", "include")
    )
)
DAY = "2024-04-01"
CASE = {"row_key": "r1", "child_id": "c0", "start_date": "2024-01-01", "end_date": None}
EPISODE = {"row_key": "e1", "child_id": "c0", "start_date": "2024-02-01", "end_date": None}


def child(*, until="2024-12-31", born="2010-04-01", died=None, declared=None, **tables):
    """Plain records of a child on an open case."""
    children = [{"child_id": "c0", "birth_date": born, "death_date": died}]
    held = {"children": children, "referrals": [CASE], "care_episodes": [], "legal_statuses": []}
    plain = {"child_id": "c0", "observed_until": until, "tables": held | tables, **(declared or {})}
    return ChildRecords.from_plain(json.loads(json.dumps(plain)))


def status(code, **changes):
    """A legal status from the day of the episode on."""
    return {**EPISODE, "row_key": "s1", "status": code, **changes}


NO_CASE = "no open case, as known"
IN_CARE = "looked after, as known"
AGE = "not aged 10 to 17"
DEAD = "not alive, as known"
ALONE = "an unaccompanied asylum-seeking child, as known"
PICTURES = {
    "an open referral": ({}, ()),
    "a referral of the day itself": ({"referrals": [{**CASE, "start_date": DAY}]}, (NO_CASE,)),
    "a referral of the day before": ({"referrals": [{**CASE, "start_date": "2024-03-31"}]}, ()),
    "a referral recorded on the day": ({"referrals": [{**CASE, "recorded_date": DAY}]}, (NO_CASE,)),
    "a case closed the day before": ({"referrals": [{**CASE, "end_date": "2024-03-31"}]}, (NO_CASE,)),
    "a case that closes on the day": ({"referrals": [{**CASE, "end_date": DAY}]}, ()),
    "a closure recorded on the day": (
        {"referrals": [{**CASE, "end_date": "2024-02-01", "end_recorded_date": DAY}]},
        (),
    ),
    "no further action": ({"referrals": [{**CASE, "nfa": True, "end_date": "2024-06-01"}]}, (NO_CASE,)),
    "a plan": ({"referrals": [], "cp_plans": [CASE]}, ()),
    "early help": ({"referrals": [], "early_help": [CASE]}, (NO_CASE,)),
    "a referral of a sibling": (
        {
            "children": [{"child_id": "c0", "birth_date": "2010-04-01"}, {"child_id": "c1", "birth_date": DAY}],
            "referrals": [{**CASE, "child_id": "c1"}],
        },
        (NO_CASE,),
    ),
    "the tenth birthday": ({"born": "2014-04-01"}, ()),
    "the day before the tenth birthday": ({"born": "2014-04-02"}, (AGE,)),
    "the eighteenth birthday": ({"born": "2006-04-01"}, (AGE,)),
    "the day before the eighteenth birthday": ({"born": "2006-04-02"}, ()),
    "not yet born": ({"born": "2024-04-02"}, (AGE,)),
    "died the day before": ({"died": "2024-03-31"}, (DEAD,)),
    "died on the day": ({"died": DAY}, ()),
    "in care": ({"care_episodes": [EPISODE], "legal_statuses": [status("C2")]}, (IN_CARE,)),
    "in care without a status": ({"care_episodes": [EPISODE]}, (IN_CARE,)),
    "in care from the day on": ({"care_episodes": [{**EPISODE, "start_date": DAY}]}, ()),
    "care that ceased on the day": ({"care_episodes": [{**EPISODE, "end_date": DAY}]}, (IN_CARE,)),
    "care that ceased the day before": ({"care_episodes": [{**EPISODE, "end_date": "2024-03-31"}]}, ()),
    "a short break": ({"care_episodes": [EPISODE], "legal_statuses": [status("V4")]}, ()),
    "alone": (
        {"immigration_statuses": [{**CASE, "uasc": True}]},
        (ALONE,),
    ),
    "alone by factor 9A": (
        {"assessment_factors": [{"row_key": "f", "child_id": "c0", "date": "2024-01-01", "factor": "9A"}]},
        (ALONE,),
    ),
    "alone, known on the day": ({"immigration_statuses": [{**CASE, "uasc": True, "start_date": DAY}]}, ()),
    "a lag that hides the referral": ({"declared": {"reporting_lag": {"referrals": 91}}}, (NO_CASE,)),
    "a lag that just does not": ({"declared": {"reporting_lag": {"referrals": 90}}}, ()),
    "a case from before the extract": ({"declared": {"observed_from": {"referrals": "2024-01-02"}}}, (NO_CASE,)),
    "everything at once": (
        {"born": "2000-01-01", "died": "2024-01-01", "care_episodes": [EPISODE], "referrals": [],
         "immigration_statuses": [{**CASE, "uasc": True}]},
        (AGE, DEAD, ALONE, IN_CARE, NO_CASE),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given_child", "why"), PICTURES.values(), ids=PICTURES)
def test_each_rule_has_its_edge(given_child, why):
    assert why_not_eligible(child(**given_child), Task(), DAY) == why


@pytest.mark.parametrize(
    ("task", "given_child", "why"),
    [
        (Task(early_help=True), {"referrals": [], "early_help": [CASE]}, ()),
        (Task(short_breaks="include"), {"care_episodes": [EPISODE], "legal_statuses": [status("V4")]}, (IN_CARE,)),
        (Task(uasc="include"), {"immigration_statuses": [{**CASE, "uasc": True}]}, ()),
        (Task(ages=(14, 15)), {"born": "2010-04-02"}, ("not aged 14 to 15",)),
        (Task(ages=(14, 15)), {}, ()),
    ],
)
def test_the_switches_of_the_task_are_heeded(task, given_child, why):
    assert why_not_eligible(child(**given_child), task, DAY) == why


def test_a_case_from_before_the_extract_is_open_when_the_extract_ends():
    held = child(until="2024-03-31", declared={"observed_from": {"referrals": "2024-01-02"}})
    assert why_not_eligible(held, Task(), "2024-03-30") == (NO_CASE,)
    assert why_not_eligible(held, Task(), "2024-03-31") == ()


def test_records_in_which_no_case_can_be_open_are_refused_as_build_cohort_refuses_them():
    never = {"observed_from": dict.fromkeys(("referrals", "cin_plans", "cp_plans"), "2025-06-01")}
    with pytest.raises(RecordsError, match="no referrals and no plans"):
        why_not_eligible(child(declared=never, referrals=[]), Task(), DAY)


def test_a_day_after_the_extract_or_none_at_all_is_refused():
    with pytest.raises(LeakageError, match="more than one day after"):
        why_not_eligible(child(until="2024-03-30"), Task(), DAY)
    with pytest.raises(SpecError, match="index_date"):
        why_not_eligible(child(), Task(), "tomorrow")


# ----------------------------------------------------------------------------------------- as build_cohort has it


def compare(history, task, days):
    """Assert that both find the same children on every day; how many were found, and how many not."""
    records = history.records()
    cohort = build_cohort(records, task, index_dates=[as_date(day) for day in days])
    found = set(zip(cohort.index.get_level_values(1), cohort.index.get_level_values(2), strict=True))
    total = [0, 0]
    for each in history.child_ids:
        single = ChildRecords.from_records(records, each)
        for day in days:
            eligible = not why_not_eligible(single, task, np.datetime64(int(day), "D"))
            assert eligible == ((each, as_date(day)) in found)
            total[not eligible] += 1
    return np.array(total)


@st.composite
def crowded(draw):
    """Children of whom most are of the ages and on a case, so that each rule is the one that decides."""
    history = draw(families(tables=TABLES, children=3, rows=10))
    tables = {name: [dict(row) for row in rows] for name, rows in history.tables.items()}
    for row in tables["children"]:
        if draw(st.booleans()):
            day = as_date(draw(st.sampled_from(INDEX_DAYS)))
            years, off = draw(st.sampled_from([10, 14, 18])), draw(st.integers(-1, 1))
            born = (day - np.timedelta64(0, "D")).replace(year=day.year - years)
            row["birth_date"] = int(np.datetime64(born, "D").astype(np.int64)) + off
        if draw(st.integers(0, 2)):
            row["death_date"] = None
        key = f"case of {row['child_id']}"
        if draw(st.integers(0, 3)):
            case = {"row_key": key, "child_id": row["child_id"], "start_date": INDEX_DAYS[0] - draw(st.integers(0, 90))}
            tables.setdefault("referrals", []).append(case)
    return History(tables, history.lags, history.observed_from)


def run(examples, **options):
    """Compare so many histories; how many eligible and others there were."""
    totals = []

    @settings(max_examples=examples, **options)
    @given(st.data())
    def law(data):
        history = data.draw(crowded())
        days = data.draw(st.lists(telling_days(history) | st.sampled_from(INDEX_DAYS), min_size=2, max_size=4,
                                  unique=True))  # fmt: skip
        totals.append(compare(history, data.draw(st.sampled_from(SWITCHES)), [day for day in days if day <= UNTIL]))

    law()
    return sum(totals)


def test_plain_records_find_whom_build_cohort_finds():
    assert run(40).min() > 25


@pytest.mark.slow
def test_plain_records_find_whom_build_cohort_finds_at_length():
    assert run(4000, derandomize=False).min() > 4000


@cache
def authority(name):
    """Records of an authority."""
    return make_records(1200, random_state=3, authority=name)


def agree(name, count):
    """Compare random children of an authority, each on its own days, through JSON; the share that is eligible."""
    records, rng = authority(name), np.random.default_rng(4)
    until = records.observed_until.to_datetime64().astype("datetime64[D]")
    days = until + 1 - np.sort(rng.choice(2000, size=12, replace=False))
    cohort = build_cohort(records, Task(), index_dates=list(days))
    found = set(zip(cohort.index.get_level_values(1), cohort.index.get_level_values(2), strict=True))
    eligible = []
    for each in rng.permutation(records.table("children")["child_id"].to_numpy(dtype=str))[:count].tolist():
        single = ChildRecords.from_plain(json.loads(json.dumps(ChildRecords.from_records(records, each).to_plain())))
        told = [not why_not_eligible(single, Task(), day) for day in days]
        assert told == [(each, as_date(day.astype(np.int64))) in found for day in days]
        eligible += told
    return sum(eligible) / len(eligible)


@pytest.mark.parametrize("name", ["sample", "england"])
def test_children_of_the_synthetic_authorities_are_told_alike(name):
    assert 0.005 < agree(name, 60) < 0.95


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sample", "england", "triborough"])
def test_a_thousand_children_of_the_synthetic_authorities_are_told_alike(name):
    assert 0.005 < agree(name, 1000) < 0.95
