"""Tests of the Annex A workbook that is written: the headers of a real one, the look-back, and what is read back."""

from __future__ import annotations

import sys

import pandas as pd
import pytest
from tests.samples import sample_path
from tests.tiny_tables import records_of, told

from edgeofcare.exceptions import SpecError
from edgeofcare.records.annex_a.read import read_annex_a
from edgeofcare.synthetic.records import make_records
from edgeofcare.synthetic.writers.annex_a import write_annex_a
from edgeofcare.synthetic.writers.return_lists import LIST_HEADERS, annex_a_lists
from edgeofcare.synthetic.writers.return_tables import return_source

pytest.importorskip("openpyxl")

UNTIL = "2025-03-31"


def lists_of(**tables):
    return annex_a_lists(return_source(records_of(until=UNTIL, **tables), "2020-04-01"))


def test_the_headers_are_those_of_a_real_workbook():
    import openpyxl

    book = openpyxl.load_workbook(sample_path("samples", "annex_a", "Annex_A_2021.xlsx"), read_only=True)
    for number, headers in LIST_HEADERS.items():
        real = next(book[f"List {number}"].iter_rows(values_only=True))
        assert tuple(real) == headers, number


def test_lists_look_back_twelve_months():
    lists = lists_of(
        contacts="child, row_key, date, source\n1, 1, 2024-03-31, 6\n1, 2, 2024-04-01, 2A\n1, 3, 2025-03-31, 6",
        referrals="""
            child, row_key, start, end, source, nfa, need, close_reason
            1, 10, 2021-01-01, 2024-03-31, 2A, no, N1, RC7
            1, 11, 2021-02-01, 2024-04-01, 2A, no, N1, RC8
            1, 12, 2024-05-01, , 6, yes, ,
            1, 13, 2024-06-01, , 1A, no, N4,
        """,
        cin_plans="child, row_key, start\n1, 41, 2024-07-01",
    )
    assert told(lists[1], "Date of Contact", "Contact Source") == [
        "2024-04-01, e) 2A: School",
        "2025-03-31, q) 6: Police",
    ]
    assert told(lists[3], "Date of Referral", "Referral NFA?", "Number of Referrals in Last 12 Months") == [
        "2024-05-01, Yes, 2",
        "2024-06-01, No, 2",
    ]
    assert told(lists[6], "CIN Start Date", "CIN Closure Date", "Reason for Closure", "Case Status") == [
        "2021-02-01, 2024-04-01, RC8 - Closed after assessment, no further action, f) Closed episode",
        "2024-06-01, , , c) Child in need plan",
    ]


def test_enquiries_plans_and_care():
    lists = lists_of(
        s47_enquiries="child, row_key, start, end\n1, 51, 2024-05-01, 2024-05-10\n1, 52, 2024-09-01, 2024-09-05",
        initial_conferences="child, row_key, date, led_to_plan\n1, 61, 2024-05-20, yes",
        cp_plans="""
            child, row_key, start, end, initial_category, latest_category
            1, 70, 2020-05-20, 2021-02-01, PHY, PHY
            1, 71, 2024-05-20, , NEG, EMO
        """,
        care_episodes="""
            child, row_key, start, end, period_key, start_reason, end_reason, need
            1, 11, 2022-06-01, 2024-08-01, 7, S, X1, N1
            1, 12, 2024-08-01, , 7, L, , N1
            2, 13, 2024-04-01, 2024-06-01, 8, S, E4A, N4
            2, 14, 2024-09-01, 2024-10-01, 9, S, E45, N4
        """,
        legal_statuses="""
            child, row_key, start, end, status
            1, 21, 2022-06-01, 2024-08-01, V2
            1, 22, 2024-08-01, , C1
            2, 23, 2024-04-01, 2024-06-01, V2
            2, 24, 2024-09-01, 2024-10-01, V2
        """,
    )
    assert told(lists[5], *LIST_HEADERS[5][6:12]) == [
        "2024-05-01, No, 2024-05-20, Yes, 2, 1",
        "2024-09-01, Yes, , , 2, 1",
    ]
    columns = ("Child Protection Plan Start Date", "Latest Category of Abuse",
               "Number of Previous Child Protection Plans")  # fmt: skip
    assert told(lists[7], *columns) == ["2024-05-20, Emotional abuse, 1"]
    columns = ("Child Unique ID", "Date Started to be Looked After", "Child's Legal Status", LIST_HEADERS[8][9],
               "Date Ceased to be Looked After", "Reason Ceased to be Looked After")  # fmt: skip
    assert told(lists[8], *columns) == [
        "1, 2022-06-01, C1: Interim care order, b) No, , ",
        "2, 2024-04-01, V2: Accommodated under section 20, b) No, 2024-06-01, e) E4A: Returned home, planned",
        "2, 2024-09-01, V2: Accommodated under section 20, a) Yes, 2024-10-01, "
        "i) E45: Special guardianship to former foster carers, unopposed",
    ]


def test_a_workbook_is_read_back(tmp_path):
    records = make_records(500, random_state=3, late_recording=False, authority="sample")
    path = write_annex_a(records, tmp_path / "new" / "annex_a.xlsx")
    read = read_annex_a(path, observed_until=UNTIL)
    assert read.scoring_only
    since = pd.Timestamp("2024-04-01")
    for name, date in {"contacts": "date", "s47_enquiries": "start_date"}.items():
        made = records.table(name)
        made = made[made[date] >= since].sort_values(["child_id", date], ignore_index=True)
        found = read.table(name).sort_values(["child_id", date], ignore_index=True)
        assert len(made) > 20
        assert told(made, "child_id", date) == told(found, "child_id", date)
    for name in ("assessments", "cp_plans", "early_help"):
        made = records.table(name)
        made = made[made["end_date"].isna() | (made["end_date"] >= since)]
        assert sorted(told(made, "child_id", "start_date", "end_date")) == sorted(
            told(read.table(name), "child_id", "start_date", "end_date")
        )
    assert sorted(set(read.table("legal_statuses")["status"].dropna())) >= ["C1", "C2"]
    held = records.table("children").set_index("child_id").loc[read.table("children")["child_id"]]
    assert (held["birth_date"].to_numpy() == read.table("children")["birth_date"].to_numpy()).all()
    assert (held["sex"].to_numpy() == read.table("children")["sex"].to_numpy()).all()


def test_without_openpyxl_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(SpecError, match=r"edgeofcare\[excel\]"):
        write_annex_a(make_records(20, random_state=3, authority="sample"), tmp_path / "annex_a.xlsx")
