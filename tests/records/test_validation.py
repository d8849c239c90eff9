"""Bad tables: every problem at once, and never a value of a record in a message."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.records import Records
from edgeofcare.schema.tables import TABLES
from tiny_tables import UNTIL, picture, told

CHILDREN = "child_id, birth_date, sex\nQ7731, 2008-11-23, F\nQ7732, 2009-10-22, M"
REFERRALS = "row_key, child_id, start_date, end_date\nR9901, Q7731, 2021-12-24,\nR9902, Q7732, 2021-12-25, 2022-01-26"
EPISODES = "row_key, child_id, start_date, end_date\nE5501, Q7731, 2022-12-27,"
STATUSES = "row_key, child_id, start_date, end_date, status\nS4401, Q7731, 2022-12-27, , V2"
SECRETS = ("Q77", "R99", "E55", "S44", "2008", "2009", "2021", "2022", "-11-23", "-12-24", "-12-27", "Jo Bloggs")


def tables(**changed):
    """A sound set of tables, with some of them changed."""
    frames = {"children": CHILDREN, "referrals": REFERRALS, "care_episodes": EPISODES, "legal_statuses": STATUSES}
    frames = {name: picture(text) for name, text in frames.items()}
    return frames | {name: picture(given) if isinstance(given, str) else given for name, given in changed.items()}


def read(invalid="raise", **changed):
    """Records of the tables."""
    return Records.from_tables(tables(**changed), observed_until=UNTIL, invalid=invalid)


def refused(**changed):
    """The problems with which the tables are refused; none of them gives anything away."""
    with pytest.raises(RecordsError) as caught:
        read(**changed)
    assert not [secret for secret in SECRETS if secret in str(caught.value)]
    assert caught.value.__context__ is None
    return list(caught.value.problems)


def test_sound_tables_are_read():
    assert read().counts().set_index("table")["rows"][["children", "referrals"]].tolist() == [2, 2]
    assert read().findings().empty


def test_a_missing_table_says_what_it_is_for():
    frames = tables()
    del frames["referrals"]
    with pytest.raises(RecordsError, match=r"referrals: the table is missing\. It is required: Referrals"):
        Records.from_tables(frames, observed_until=UNTIL)


def test_a_missing_column_is_named_with_the_nearest():
    assert refused(referrals=REFERRALS.replace("end_date", "end_dat")) == [
        "referrals: column 'end_date' is missing. Did you mean 'end_dat'?"
    ]


def test_a_table_of_another_name_is_refused_with_the_nearest():
    assert refused(referals=REFERRALS) == ["'referals' is not a canonical table. Did you mean 'referrals'?"]


def test_a_column_given_twice_is_refused():
    twice = pd.concat([picture(CHILDREN), picture(CHILDREN)[["sex"]]], axis=1)
    assert refused(children=twice) == ["children: column 'sex' appears 2 times; keep one."]


ROWS = {
    "unreadable date": {"referrals": REFERRALS.replace("2021-12-24", "24th of 2021-12")},
    "no start date": {"referrals": REFERRALS.replace("2021-12-24", "")},
    "no date of birth": {"children": CHILDREN.replace("2008-11-23", "")},
    "duplicate keys": {"referrals": REFERRALS.replace("R9902", "R9901")},
    "end before start": {"referrals": REFERRALS.replace("2022-01-26", "2020-01-26")},
    "no child": {"referrals": REFERRALS.replace("Q7732", "-1")},
    "no key": {"referrals": REFERRALS.replace("R9902", "")},
}
"""Rows that cannot be right, by what is said of them."""


@pytest.mark.parametrize("why", ROWS)
def test_rows_that_cannot_be_right_are_refused_with_their_count(why):
    problems = refused(**ROWS[why])
    table = "children" if why == "no date of birth" else "referrals"
    assert any(p.startswith(f"{table}: column ") and f": {why} in " in p and "invalid='drop'" in p for p in problems)


@pytest.mark.parametrize("why", ROWS)
def test_rows_that_cannot_be_right_can_be_left_out_and_are_counted(why):
    records = read(invalid="drop", **ROWS[why])
    table = "children" if why == "no date of birth" else "referrals"
    found = records.findings()
    row = found[(found["table"] == table) & (found["why"] == why)]
    assert row["count"].tolist() == [1]
    assert len(records.table(table)) == 1
    told = found.to_string() + records.findings().to_html()
    assert not [secret for secret in SECRETS if secret in told]


def test_all_problems_are_told_at_once():
    problems = refused(
        children=CHILDREN.replace("2008-11-23", "the 23rd"),
        referrals=REFERRALS.replace("2022-01-26", "2020-01-26").replace("R9902", "R9901"),
        care_episodes=EPISODES.replace("2022-12-27", "27 Dec"),
        legal_statuses=STATUSES.replace("V2", "Local order"),
    )
    assert [problem.split(":")[0] for problem in problems] == [
        "children", "children", "referrals", "referrals", "care_episodes", "care_episodes", "legal_statuses",
    ]  # fmt: skip


@pytest.mark.parametrize("invalid", ["raise", "drop"])
def test_unknown_legal_statuses_are_refused_by_name_with_their_count(invalid):
    statuses = STATUSES + "\nS4402, Q7732, 2022-12-27, , Local order\nS4403, Q7732, 2022-12-28, , Local order"
    with pytest.raises(RecordsError) as caught:
        read(invalid=invalid, legal_statuses=statuses)
    (problem,) = caught.value.problems
    assert "1 status that no code map knows: 'Local order' (2 rows)" in problem
    assert "code_maps={'legal_status'" in problem
    assert not [secret for secret in SECRETS if secret in problem]


@pytest.mark.parametrize("text", ["{'a': 'SECRETxl1'}", "[SECRETxl1]", "SECRETxl1 <br>"])
def test_a_status_that_is_no_words_is_counted_and_not_quoted(text):
    with pytest.raises(RecordsError) as caught:
        read(legal_statuses=STATUSES + f"\nS4402, Q7732, 2022-12-27, , {text}")
    (problem,) = caught.value.problems
    assert "1 that look like keys, dates or notes and are not shown" in problem
    assert "SECRET" not in problem


def test_a_code_map_of_ones_own_is_used():
    frames = tables(legal_statuses=STATUSES.replace("V2", "Local order"))
    records = Records.from_tables(frames, observed_until=UNTIL, code_maps={"legal_status": {"local ORDER": "C1"}})
    assert records.table("legal_statuses")["status"].tolist() == ["C1"]


def test_other_unknown_codes_are_emptied_and_counted():
    records = read(children=CHILDREN.replace("F", "Jo Bloggs"))
    assert records.table("children")["sex"].isna().tolist() == [True, False]
    assert records.findings()[["table", "column", "count", "action"]].to_numpy().tolist() == [
        ["children", "sex", 1, "emptied"]
    ]


def test_flags_and_numbers_that_cannot_be_read_are_counted():
    records = read(
        referrals=REFERRALS.replace("end_date", "end_date, nfa")
        .replace("2021-12-24,", "2021-12-24, , perhaps")
        .replace("26", "26, NA"),
        placements="row_key, child_id, start_date, end_date, distance\nP1, Q7731, 2022-12-27, , far away",
    )
    found = records.findings()[["table", "column", "count", "why"]].to_numpy().tolist()
    assert found == [["placements", "distance", 1, "not a number"], ["referrals", "nfa", 1, "neither yes nor no"]]


@pytest.mark.parametrize("invalid", ["raise", "drop"])
def test_an_extract_without_children_is_refused(invalid):
    with pytest.raises(RecordsError, match="children: the table has no rows"):
        read(invalid=invalid, children="child_id, birth_date")


def test_what_was_not_yet_known_at_the_end_of_the_extract_is_set_aside_and_counted():
    records = read(
        children=CHILDREN + "\nQ7733, 2025-02-01, F",
        referrals=REFERRALS + "\nR9903, Q7731, 2025-01-01,\nR9904, Q7731, 2024-12-31, 2025-01-01",
    )
    assert records.table("referrals")["row_key"].tolist() == ["R9901", "R9902", "R9904"]
    assert records.table("referrals")["end_date"].isna().tolist() == [True, False, True]
    assert sorted(records.findings()["why"]) == [
        "begins after observed_until",
        "later than observed_until, so not known",
        "not yet born",
    ]


def test_an_episode_left_open_ends_where_the_next_begins_and_not_before_that_is_known():
    episodes = """
        row_key, child_id, start_date, end_date, recorded_date
        E1, Q7731, 2022-01-10, ,
        E2, Q7731, 2022-02-01, 2022-02-10, 2022-06-01
        E3, Q7732, 2022-01-10, ,
    """
    records = read(care_episodes=episodes)
    assert told(records.table("care_episodes"), "row_key", "end_date", "end_recorded_date") == [
        "E1, 2022-02-01, 2022-06-01",
        "E2, 2022-02-10, ",
        "E3, , ",
    ]
    assert records.findings()[["table", "count", "action"]].to_numpy().tolist() == [["care_episodes", 1, "repaired"]]


def test_rows_of_children_who_are_not_there_and_copies_of_rows_are_dropped_and_counted():
    copy = REFERRALS + "\nR9902, Q7732, 2021-12-25, 2022-01-26\nR9903, Q9999, 2021-12-25,"
    records = read(referrals=copy)
    assert records.table("referrals")["row_key"].tolist() == ["R9901", "R9902"]
    assert records.findings()["why"].tolist() == [
        "the row repeats another in every column",
        "the child is not in the children table",
    ]


def test_a_placeholder_mother_is_counted():
    children = "child_id, birth_date\n" + "\n".join(f"C{n}, 2010-01-01" for n in range(30))
    links = "row_key, child_id, related_id, kind\n" + "\n".join(f"L{n}, C{n}, M, mother" for n in range(30))
    found = read(children=children, relationships=links).findings()
    assert found.loc[found["table"] == "relationships", ["count", "action"]].to_numpy().tolist() == [[30, "ignored"]]


def test_the_labels_of_a_source_frames_rows_do_not_matter():
    frames = {name: frame.set_index(pd.Index([5] * len(frame))) for name, frame in tables().items()}
    frames["referrals"] = picture(REFERRALS.replace("2022-01-26", "2020-01-26")).set_index(pd.Index([1, 1]))
    records = Records.from_tables(frames, observed_until=UNTIL, invalid="drop")
    assert records.table("referrals")["row_key"].tolist() == ["R9901"]
    assert records.table("children")["child_id"].tolist() == ["Q7731", "Q7732"]


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"observed_until": "soon"}, "observed_until must be a date"),
        ({"observed_until": None}, "observed_until must be a date"),
        ({"invalid": "ignore"}, "invalid must be"),
        ({"reporting_lag": -1}, "whole number of days"),
        ({"reporting_lag": {"children": 3}}, "reporting_lag names tables"),
        ({"observed_from": {"nothing": "2020-01-01"}}, "observed_from names tables"),
        ({"observed_from": {"contacts": "early"}}, "observed_from must be a date"),
        ({"code_maps": {"colours": {}}}, "no code list"),
        ({"code_maps": {"legal_status": {"x": "V9"}}}, "no code V9"),
        ({"code_maps": "no such file.json"}, "could not be read"),
    ],
)
def test_options_that_are_not_understood_are_refused(options, why):
    with pytest.raises(SpecError, match=why):
        Records.from_tables(tables(), **{"observed_until": UNTIL, **options})


def test_every_table_has_its_columns_and_dtypes_even_when_empty():
    records = read()
    kinds = {"id": ("str", "object"), "code": ("str", "object"), "date": ("datetime64[s]",), "flag": ("boolean",)}
    for name, table in TABLES.items():
        frame = records.table(name)
        assert tuple(frame.columns) == table.names
        for column in table.columns:
            assert str(frame[column.name].dtype) in kinds.get(column.kind, ("float64",)), (name, column.name)
