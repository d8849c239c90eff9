"""The same children through Annex A lists and through full records: same open cases, same features of the last year."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort
from edgeofcare.features.build import build_features
from edgeofcare.features.names import parse_feature
from edgeofcare.records.annex_a.read import read_annex_a
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task

NAMES = (
    "contact.count.90d", "contact.count.365d", "contact.source_6.count.365d", "s47.count.365d", "cp_plan.active",
    "referral.count.90d", "referral.count.365d", "assessment.count.365d", "child.age",
)  # fmt: skip
HEADERS = {
    "List 1": {"date": "Date of Contact", "source": "Contact Source"},
    "List 3": {"start_date": "Date of Referral", "source": "Referral Source", "nfa": "Referral NFA?"},
    "List 4": {
        "start_date": "Continuous Assessment Start Date",
        "end_date": "Continuous Assessment Date of Authorisation",
    },
    "List 5": {
        "start_date": "Strategy discussion initiating Section 47 Enquiry Start Date",
        "conference": "Date of Initial Child Protection Conference",
    },
    "List 6": {"start_date": "CIN Start Date", "end_date": "CIN Closure Date", "need": "Primary Need Code"},
    "List 7": {"start_date": "Child Protection Plan Start Date", "end_date": "Child Protection Plan End Date"},
    "List 8": {
        "start_date": "Date Started to be Looked After",
        "end_date": "Date Ceased to be Looked After",
        "status": "Child's Legal Status",
        "since": "Start date of current legal status",
        "end_reason": "Reason Ceased to be Looked After",
    },
}


def annex_a(records):
    """Annex A lists with a look-back of 12 months, as an authority would make them of its records."""
    first = records.observed_until - pd.DateOffset(months=12)
    referrals = records.table("referrals")
    tables = {
        "List 1": records.table("contacts").query("date >= @first"),
        "List 3": referrals.query("start_date >= @first"),
        "List 4": _touching(records.table("assessments"), first),
        "List 5": records.table("s47_enquiries").query("start_date >= @first").assign(conference=pd.NaT),
        "List 6": _touching(referrals[~referrals["nfa"].fillna(value=False).astype(bool)], first),
        "List 7": _touching(records.table("cp_plans"), first),
        "List 8": _touching(_periods(records), first),
    }
    children = records.table("children").set_index("child_id")
    return {name: _sheet(frame, children, HEADERS[name]) for name, frame in tables.items()}


def _touching(frame, first):
    """Spells that ended since a day or are open."""
    return frame[frame["end_date"].isna() | (frame["end_date"] >= first)]


def _periods(records):
    """Each period of care with its last legal status."""
    episodes = records.table("care_episodes").sort_values(["start_date", "row_key"])
    ends = episodes.drop_duplicates("period_key", keep="last")[["period_key", "end_date", "end_reason"]]
    periods = episodes.drop_duplicates("period_key")[["period_key", "child_id", "start_date"]].merge(ends)
    last = periods["end_date"].fillna(records.observed_until) - pd.Timedelta(days=1)
    periods = periods.assign(last=last.astype("datetime64[s]")).sort_values("last")
    statuses = records.table("legal_statuses").sort_values("start_date").rename(columns={"start_date": "since"})
    statuses = statuses[["child_id", "since", "status"]]
    return pd.merge_asof(periods, statuses, left_on="last", right_on="since", by="child_id")


def _sheet(frame, children, headers):
    """One list with the columns that every list has before its own."""
    child = frame["child_id"]
    common = {
        "Child Unique ID": child,
        "Gender": child.map(children["sex"]),
        "Ethnicity": child.map(children["ethnicity"]),
        "Date of Birth": child.map(children["birth_date"]),
    }
    return pd.DataFrame(common | {header: frame[column] for column, header in headers.items()})


@pytest.fixture(scope="module")
def both():
    """Cohort and features of the last day, from full records and from their Annex A lists, by child."""
    records = make_records(1500, random_state=3, authority="sample")
    until = records.observed_until
    found = []
    for each in (records, read_annex_a(annex_a(records), observed_until=until)):
        cohort = build_cohort(each, Task(), index_dates=[until])
        features = build_features(each, cohort, [parse_feature(name) for name in NAMES])
        found.append(pd.concat([cohort[["status", "age"]], features], axis=1).droplevel([0, 2]).sort_index())
    return found


def test_the_same_cases_are_open_but_for_plans_without_a_case(both):
    """Annex A has no child in need plans, so a plan that was left open after its case closed is not seen."""
    full, annex = both
    assert len(annex) > 50
    assert annex.index.isin(full.index).all()
    assert set(full.loc[~full.index.isin(annex.index), "status"]) <= {"child in need plan"}


def test_features_of_the_last_year_are_the_same(both):
    full, annex = both
    names = ["age", *NAMES]
    assert (annex[list(NAMES)].notna().all()).all()
    assert (annex["contact.count.365d"] > 0).sum() > 20
    pd.testing.assert_frame_equal(annex[names], full.loc[annex.index, names])
