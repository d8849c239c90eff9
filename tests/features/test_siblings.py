"""Siblings as pictures: who they are, from when a link counts and until when, and what their rows tell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.features.build import build_features
from edgeofcare.features.rows import MAX_DAY, Rows
from edgeofcare.features.siblings import sibling_links
from edgeofcare.features.specs.child import Siblings
from edgeofcare.records.findings import Findings
from edgeofcare.records.ssd.shape import canonical_shape
from edgeofcare.schema.extracts import LARGEST_FAMILY
from tiny_tables import index_of, picture, records_of

FAMILY = """
    child, related_id, kind, recorded_date
    Ann, M, mother, 2020-01-10
    Bob, M, mother, 2020-02-20
    Cat, F, family,
    Ann, F, family,
"""
BORN = {"Ann": "2008-06-15", "Bob": "2010-03-01", "Cat": "2019-05-05"}
MISSING = """
    child, start, end, recorded_date
    Ann, 2021-12-01, 2021-12-03,
    Bob, 2019-06-01, 2019-06-11, 2019-06-02
    Bob, 2021-12-20, , 2022-01-05
    Cat, 2022-01-01, 2022-01-02,
"""


@pytest.fixture(scope="module")
def family():
    return records_of(BORN, relationships=FAMILY, missing_episodes=MISSING)


def value(records, name, day, child="Ann"):
    """One value."""
    return float(build_features(records, index_of((child, day)), [name]).iloc[0, 0])


def pairs(records, scope):
    """Child, sibling and the day since when, in words."""
    links, names = sibling_links(records, scope), records.table("children")["child_id"]
    days = links.known.astype("datetime64[D]").astype(str)
    return {f"{names[a]} {names[b]} {day}" for a, b, day in zip(links.child, links.sibling, days, strict=True)}


def test_a_dated_link_is_known_from_the_later_of_its_two_rows(family):
    assert pairs(family, "siblings") == {"Ann Bob 2020-02-20", "Bob Ann 2020-02-20"}


def test_an_undated_link_is_known_from_the_later_birth(family):
    undated = {"Ann Cat 2019-05-05", "Cat Ann 2019-05-05"}
    assert pairs(family, "undated_siblings") == pairs(family, "siblings") | undated


def test_a_link_counts_from_the_day_after_it_was_entered(family):
    name = "sibling.missing.count.1095d"
    assert [value(family, name, day) for day in ("2020-02-20", "2020-02-21")] == [0, 1]


def test_undated_links_count_only_where_they_are_asked_for_by_name(family):
    assert value(family, "sibling.missing.count.90d", "2022-02-01") == 1
    assert value(family, "sibling_undated.missing.count.90d", "2022-02-01") == 2


def test_a_childs_own_rows_are_not_those_of_its_siblings(family):
    assert value(family, "missing.count.90d", "2022-02-01") == 1
    assert value(family, "sibling.missing.count.90d", "2022-02-01", "Bob") == 1
    assert value(family, "sibling.missing.count.90d", "2022-02-01", "Cat") == 0


def test_a_siblings_row_keeps_its_own_clock(family):
    name = "sibling.missing.days_since"
    assert [value(family, name, day) for day in ("2022-01-05", "2022-01-06")] == [949, 17]


def test_windows_of_siblings_hold_their_first_day_and_not_the_day_before(family):
    assert [value(family, f"sibling.missing.count.{n}d", "2022-01-10") for n in (20, 21)] == [0, 1]


def test_days_with_at_least_one_sibling_in_a_spell_count_once():
    links = "\n".join(f"{child}, M, mother, 2020-01-01" for child in ("Ann", "Bob", "Cat"))
    spells = "child, start, end\nBob, 2022-01-01, 2022-01-11\nCat, 2022-01-06, 2022-01-16\nAnn, 2022-01-20, 2022-01-30"
    plans = "child, start, end\nCat, 2022-01-01, 2022-01-08"
    records = records_of(
        relationships="child, related_id, kind, recorded_date\n" + links, missing_episodes=spells, cp_plans=plans
    )
    assert value(records, "sibling.missing.days_in.90d", "2022-02-01") == 15
    assert value(records, "sibling.missing.total_days", "2022-02-01") == 15
    assert value(records, "sibling.missing.overlap_cp_plan.90d", "2022-02-01") == 7, "one sibling in each will do"
    assert value(records, "missing.overlap_cp_plan.90d", "2022-02-01") == 0


def test_an_event_of_two_siblings_counts_twice():
    links = "\n".join(f"{child}, M, mother, " for child in ("Ann", "Bob", "Cat"))
    records = records_of(
        relationships="child, related_id, kind, recorded_date\n" + links,
        contacts="child, date\nBob, 2022-01-01\nCat, 2022-01-01",
    )
    assert value(records, "sibling_undated.contact.count.90d", "2022-02-01") == 2


def test_without_links_siblings_are_unknown_and_without_dates_only_undated_ones_are_known():
    contacts = "child, date\nBob, 2022-01-01\nAnn, 2022-01-01"
    names = ("sibling.contact.count.90d", "sibling_undated.contact.count.90d", "sibling.number_0_17")
    nobody = records_of(contacts=contacts)
    assert all(math.isnan(value(nobody, name, "2022-02-01")) for name in names)
    undated = records_of(contacts=contacts, relationships="child, related_id, kind\nAnn, M, mother\nBob, M, mother")
    assert value(undated, names[1], "2022-02-01") == 1
    assert math.isnan(value(undated, names[0], "2022-02-01"))
    assert math.isnan(value(undated, names[2], "2022-02-01"))
    assert value(undated, "sibling_undated.number_0_17", "2022-02-01") == 1


def test_siblings_are_unknown_where_their_table_is():
    records = records_of(
        relationships=FAMILY, missing_episodes=MISSING, options={"observed_from": {"missing_episodes": "2022-01-01"}}
    )
    assert value(records, "sibling.missing.count.31d", "2022-02-01") == 0
    assert math.isnan(value(records, "sibling.missing.count.32d", "2022-02-01"))


@pytest.mark.parametrize(("more", "expected"), [(0, LARGEST_FAMILY - 1), (1, 0)])
def test_a_family_of_too_many_is_a_placeholder(more, expected):
    lines = [f"child {number}, M, mother" for number in range(LARGEST_FAMILY + more)]
    records = records_of(relationships="\n".join(["child, related_id, kind", *lines]))
    assert value(records, "sibling_undated.number_0_17", "2022-02-01", "child 3") == expected


def test_a_key_that_is_a_mothers_and_a_familys_makes_no_siblings():
    records = records_of(relationships="child, related_id, kind\nAnn, 7, mother\nBob, 7, family")
    assert value(records, "sibling_undated.number_0_17", "2022-02-01") == 0


def test_a_mother_is_no_sibling_from_the_day_after_it_was_entered_that_she_is():
    links = """
        child, related_id, kind, recorded_date
        Ann, F, family, 2020-01-01
        Bob, F, family, 2020-01-01
        Cat, F, family, 2020-01-01
        Bob, Ann, mother, 2021-06-01
    """
    contacts = "child, date\nBob, 2021-05-01\nCat, 2021-05-02\nAnn, 2021-05-03\nBob, 2021-07-01"
    records = records_of({"Bob": "2019-01-01"}, relationships=links, contacts=contacts)
    days = ("2021-06-01", "2021-06-02", "2021-08-01")
    assert [value(records, "sibling.contact.count.365d", day) for day in days] == [2, 1, 1]
    assert [value(records, "sibling.contact.count.365d", day, "Bob") for day in days] == [2, 1, 1]
    assert [value(records, "sibling.contact.count.365d", day, "Cat") for day in days] == [2, 2, 3]
    assert [value(records, "sibling.number_0_17", day) for day in days] == [2, 1, 1]


@pytest.mark.parametrize(
    ("day", "ages", "expected"),
    [
        ("2015-02-28", (5, 17), 0),
        ("2015-03-01", (5, 17), 1),
        ("2016-02-29", (0, 5), 1),
        ("2016-03-01", (0, 5), 0),
        ("2010-03-01", (0, 17), 0),
        ("2010-03-02", (0, 0), 1),
        ("2017-06-30", (0, 17), 1),
        ("2017-07-01", (0, 17), 0),
    ],
)
def test_siblings_are_counted_by_their_age_on_the_day_while_they_live(day, ages, expected):
    children = "child_id, birth_date, death_date\nAnn, 2008-06-15,\nBob, 2010-03-01, 2017-06-30"
    links = "child, related_id, kind\nAnn, M, mother\nBob, M, mother"
    records = records_of(children=children, relationships=links)
    spec = Siblings(ages, scope="undated_siblings")
    assert build_features(records, index_of(("Ann", day)), [spec]).iloc[0, 0] == expected


def test_siblings_of_people_who_are_not_in_the_table_of_children_do_not_count():
    records = records_of(
        {"Ann": "2008-06-15"}, relationships="child, related_id, kind\nAnn, M, mother\nstranger, M, mother",
        children="child_id, birth_date\nAnn, 2008-06-15",
    )  # fmt: skip
    assert value(records, "sibling_undated.number_0_17", "2022-02-01") == 0


def test_care_of_a_sibling_is_seen_through_the_link():
    tables = {
        "care_episodes": "child, start, end\nBob, 2021-01-01, 2021-03-01",
        "legal_statuses": "child, start, end, status\nBob, 2021-01-01, 2021-03-01, C1",
        "relationships": "child, related_id, kind, recorded_date\n"
        "Ann, M, mother, 2021-02-01\nBob, M, mother, 2021-02-01",
    }
    records = records_of(**tables)
    days = ("2021-02-01", "2021-02-02", "2021-03-02")
    assert [value(records, "sibling.care.active", day) for day in days] == [0, 1, 0]
    assert [value(records, "sibling.care.total_days", day) for day in days] == [0, 32, 59]
    assert [value(records, "care.active", day) for day in days] == [0, 0, 0]


def test_an_extract_tells_when_links_were_entered_and_the_first_day_counts():
    mothers = picture(
        "row_key, child_id, related_id, recorded_date\n1, a, m, 2021-05-01\n2, a, m, 2020-05-01\n3, b, m,"
    )
    frames = canonical_shape(
        {"children": picture("child_id, birth_date\na, 2010-01-01"), "mothers": mothers}, Findings()
    )
    links = frames["relationships"].set_index("row_key")["recorded_date"]
    assert links.dt.strftime("%Y-%m-%d").dropna().to_dict() == {"mother:m:a": "2020-05-01"}
    assert sorted(links.index) == ["mother:m:a", "mother:m:b"]


@given(st.permutations(FAMILY.strip().splitlines()[1:]))
@settings(max_examples=10)
def test_the_order_of_links_does_not_matter(lines):
    header = FAMILY.strip().splitlines()[0]
    records = records_of(BORN, relationships="\n".join([header, *lines]), missing_episodes=MISSING)
    found = [value(records, f"{scope}.missing.count.1095d", "2022-02-01") for scope in ("sibling", "sibling_undated")]
    assert found == [2, 3]


def test_rows_are_cut_where_a_pair_ceases_to_count(family):
    links = sibling_links(family, "siblings")
    assert (links.until == MAX_DAY).all()
    rows = Rows.sort(np.array([0, 0, 1]), np.array([18_500, 19_000, 19_000]), len(BORN))
    same, kept = links.of(np.arange(len(BORN))).of_rows(rows)
    assert same is rows
    assert kept.child.tolist() == links.child.tolist()
