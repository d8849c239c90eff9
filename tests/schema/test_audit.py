"""What a cohort writes into its audit columns is on their lists, and nobody's name is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.cohort import AUDIT_COLUMNS, build_cohort, quarters
from edgeofcare.records.pool import pool
from edgeofcare.schema.audit import from_audit_list
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task


@pytest.mark.parametrize("early_help", [True, False])
def test_every_value_that_a_cohort_holds_is_on_its_list(early_help):
    both = pool({name: make_records(300, random_state=seed) for seed, name in enumerate(("North", "South"))})
    cohort = build_cohort(
        both, Task(ages=(0, 17), early_help=early_help), index_dates=quarters("2019-01-01", "2022-01-01")
    )
    held = {(column, str(value)) for column in AUDIT_COLUMNS for value in cohort[column].unique()}
    assert {column for column, _ in held} == set(AUDIT_COLUMNS)
    assert len(held) > 60
    assert [each for each in held if not from_audit_list(*each)] == []


@given(st.sampled_from(AUDIT_COLUMNS), st.text(st.characters(categories=["Lu", "Ll"]), min_size=3).map("Mx {}".format))
def test_a_name_is_on_no_list_but_that_of_authorities(column, name):
    assert from_audit_list(column, name) == (column == "authority")


@pytest.mark.parametrize(
    ("column", "ours", "others"),
    [
        ("sex", ["F", "female", "not known"], ["Indian", "yes", "", "Female"]),
        ("age", ["9", "14", "14.0"], ["140", "14.5", "1/4", "14 ", "١٤"]),
        ("age_band", ["10-12", "16+", "0-9"], ["2010-2012", "10-12-01", "10 to 12", "Ann-Marie"]),
        ("status", ["child protection plan", "early help"], ["cp_plans", "his mother's"]),
        ("worker", [], ["female", "not recorded", "10-12"]),
    ],
)
def test_each_column_has_its_own_list(column, ours, others):
    assert all(from_audit_list(column, value) for value in ours)
    assert not any(from_audit_list(column, value) for value in others)
    assert from_audit_list(column, "not recorded") == (column != "worker")
