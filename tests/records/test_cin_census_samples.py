"""Every public sample of a CIN census return, with counts taken from the files without the library."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import RecordsError
from edgeofcare.records.cin_census.read import read_cin_census
from edgeofcare.task import Task
from samples import sample_path
from tiny_tables import told

FAKE, FULL, HEADER = "fake_CIN_data.xml", "CIN_Census_2021.xml", "CIN_header_issues_100.xml"
OLD = "children, birth_date, 1, ignored, "
"""What is told of the child of the full samples, who was born in 1965 and so was no child when the return ended."""


def read(name):
    """Records of a sample."""
    return read_cin_census(sample_path("samples", "cin_census", name))


def rows(records):
    """How many rows each table that has any holds."""
    return {name: len(records.table(name)) for name in records if len(records.table(name))}


def findings(records):
    """What was found: table, column, count, action and rule."""
    return told(records.findings(), "table", "column", "count", "action", "rule")


def test_the_fake_return_is_read_as_counted():
    # grep -c '<Child>' = 332; 6 of them have a PersonBirthDate after 31 March 2022, so 326 children.
    # grep -c '<CINdetails>' = 402; 46 have a CINreferralDate after 31 March 2022, so 356 referrals; of these 217 have a
    # CINclosureDate up to that day, and 23 a later one. None begins on the same day as another of the child.
    # grep -c '<DateOfInitialCPC>' = 350, all of different children and days; 35 are later than that day, so 315.
    # grep -c '<Disability>' = 117; 5 repeat another code of the same child, so 112.
    # grep -c '<PersonDeathDate>' = 21, all before that day. No Assessments, plans or Section47: grep -c gives 0.
    records = read(FAKE)
    assert rows(records) == {"children": 326, "disabilities": 112, "referrals": 356, "initial_conferences": 315}
    assert findings(records) == [
        "children, birth_date, 6, dropped, ",
        "disabilities, , 5, dropped, ",
        "initial_conferences, date, 35, dropped, ",
        "referrals, end_date, 23, emptied, CIN 8620",
        "referrals, end_date, 139, repaired, ",
        "referrals, start_date, 46, dropped, ",
        "returns, ReferenceDate, 1, repaired, CIN 100",
    ]
    # The 356 - 217 = 139 without a closure led to no further action, so are over on their day.
    assert records.table("referrals")["end_date"].notna().all()
    assert records.table("referrals")["nfa"].all()  # grep -c '<ReferralNFA>true' = 402
    assert records.table("children")["death_date"].notna().sum() == 21
    # <GenderCurrent> of the 326 children: 1 in 80, 2 in 74, 0 in 96 and 9 in 76.
    assert records.table("children")["sex"].value_counts().to_dict() == {"U": 172, "M": 80, "F": 74}


def test_the_fake_return_says_of_which_year_it_is_although_its_reference_date_is_a_day_in_july():
    # <ReferenceDate>2022-07-21 and <Year>2022: the year to 31 March 2022.
    records = read(FAKE)
    assert records.observed_until == pd.Timestamp("2022-03-31")
    assert records.observed_from["referrals"] == pd.Timestamp("2021-04-01")
    assert not records.observed("assessments")


def test_nobody_in_the_fake_return_is_on_an_open_case():
    # Every referral led to no further action.
    assert build_cohort(read(FAKE), Task(), index_dates=["2022-03-01"]).empty


def test_the_full_structure_is_read():
    # One Child (grep -c '<Child>' = 1), with text that belongs to no element, and one of each module. Its conference of
    # December stands in CINdetails and that of June in Section47; ReferralNFA is 0 and GenderCurrent is 1.
    records = read(FULL)
    assert rows(records) == {
        "children": 1,
        "disabilities": 2,
        "referrals": 1,
        "assessments": 1,
        "assessment_factors": 2,
        "cin_plans": 1,
        "s47_enquiries": 1,
        "initial_conferences": 2,
        "cp_plans": 1,
    }
    assert findings(records) == [OLD]
    assert told(records.table("referrals"), "start_date", "end_date", "source", "need", "nfa", "close_reason") == [
        "1970-10-06, 1971-02-27, 1A, N4, False, RC1"
    ]
    assert told(records.table("assessment_factors"), "date", "factor") == ["1971-07-18, 2A", "1971-07-18, 2B"]
    assert told(records.table("s47_enquiries"), "start_date", "end_date") == ["1970-06-02, 1970-06-17"]
    assert told(records.table("initial_conferences"), "date", "led_to_plan") == ["1970-06-17, ", "1970-12-06, "]
    assert told(records.table("cp_plans"), "start_date", "end_date", "initial_category") == [
        "1970-02-17, 1971-03-14, PHY"
    ]
    # The expected date of birth, of 1066, stands beside a real one and is not needed.
    assert told(records.table("children"), "birth_date", "birth_date_estimated", "death_date", "sex") == [
        "1965-03-27, False, 1980-10-08, M"
    ]


def test_no_pupil_number_of_a_sample_is_kept():
    for name in (FAKE, FULL):
        records = read(name)
        text = "".join(records.table(table).to_csv() for table in records)
        raw = sample_path("samples", "cin_census", name).read_text(encoding="utf-8")
        numbers = {line.split(">")[1].split("<")[0] for line in raw.splitlines() if "UPN>" in line}
        assert numbers
        assert not [number for number in numbers if number in text]


def test_a_reference_date_that_breaks_rule_100_is_repaired_and_counted():
    # diff with the full sample: only <ReferenceDate>, 2023-03-28 for 2023-03-31. The header's Year is 2023, so nothing
    # is in doubt but three days, and refusing would cost an authority the whole year.
    records = read(HEADER)
    assert findings(records) == [OLD, "returns, ReferenceDate, 1, repaired, CIN 100"]
    assert records.fingerprint == read(FULL).fingerprint


def test_two_samples_of_one_year_and_of_two_authorities_are_refused_together():
    with pytest.raises(RecordsError) as caught:
        read_cin_census(sample_path("samples", "cin_census"))
    assert "2 authorities" in str(caught.value)
    assert "2 files are of the year to 31 March 2023" in str(caught.value)
