"""What an edit may touch, that the edited record is validated, and laws that hold for any edit."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import RecordsError
from edgeofcare.explanation.editing import edited_records
from edgeofcare.explanation.edits import AddEvent, CorrectEvent, RemoveEvent
from edgeofcare.explanation.one_child import household_records, rows_of_child
from edgeofcare.records.records import Records
from edgeofcare.schema.tables import TABLES
from strategies import DATED, INDEX_DAYS, UNTIL, as_date, every_spec, families, rows_of, start_known_of
from tiny_tables import records_of, told

FREE = tuple(
    name for name in DATED if name not in ("care_episodes", "legal_statuses", "placements", "immigration_statuses")
)
LOCKED = ["children", "relationships", "disabilities", "immigration_statuses", "care_episodes", "care_periods",
          "legal_statuses", "placements"]  # fmt: skip
MISSING = """
    row_key, child, start, end, type
    m1, Ann, 2022-02-01, 2022-02-03, M
    m2, Bob, 2022-02-05, 2022-02-06, M
"""
REFERRALS = """
    row_key, child, start, end
    r1, Ann, 2022-01-01,
"""
LINKS = """
    child, related_id, kind, recorded_date
    Ann, M, mother, 2020-01-01
    Bob, M, mother, 2020-01-01
"""


@pytest.fixture(scope="module")
def home():
    records = records_of(missing_episodes=MISSING, referrals=REFERRALS, relationships=LINKS,
                         contacts="child, date\nAnn, 2021-01-01")  # fmt: skip
    return household_records(records, "Ann")


def problems(home, *edits):
    """What is wrong with some edits of Ann's."""
    with pytest.raises(RecordsError) as refused:
        edited_records(home, "Ann", edits)
    return refused.value.problems


# ----------------------------------------------------------------------------------------- by hand


def test_events_are_removed_added_and_corrected_together(home):
    edits = [
        CorrectEvent("missing_episodes", "m1", {"end_date": pd.Timestamp("2022-02-10"), "type": None}),
        AddEvent("missing_episodes", {"start_date": "01/03/2022"}),
        RemoveEvent("referrals", "r1"),
    ]
    edited = edited_records(home, "Ann", edits)
    assert told(edited.table("missing_episodes"), "row_key", "child_id", "start_date", "end_date", "type") == [
        "m1, Ann, 2022-02-01, 2022-02-10, ",
        "m2, Bob, 2022-02-05, 2022-02-06, M",
        "what-if:1, Ann, 2022-03-01, , ",
    ]
    assert edited.table("referrals").empty
    assert len(home.table("referrals")) == 1
    for name in home:
        assert edited.table(name).dtypes.equals(home.table(name).dtypes), name


def test_an_added_row_never_takes_a_key_that_is_there(home):
    once = edited_records(home, "Ann", [AddEvent("contacts", {"date": "2022-01-01"})] * 2)
    twice = edited_records(once, "Ann", [AddEvent("contacts", {"date": "2022-01-02"})])
    assert twice.table("contacts")["row_key"].tolist()[1:] == ["what-if:1", "what-if:2", "what-if:3"]


@pytest.mark.parametrize("table", LOCKED)
def test_locked_tables_are_refused(home, table):
    for edit in (RemoveEvent(table, "1"), AddEvent(table, {"start_date": "2022-01-01"}), CorrectEvent(table, "1", {})):
        (problem,) = problems(home, edit)
        assert problem.startswith(f"edit 1 of 1: {table} cannot be edited: ")


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (RemoveEvent("missing_episode", "m1"), "there is no such table. Did you mean 'missing_episodes'?"),
        (RemoveEvent("zzz", "m1"), "there is no such table. The tables are: contacts, early_help"),
        (RemoveEvent("missing_episodes", "m2"), "missing_episodes: no row of this child has the row key given"),
        (RemoveEvent("missing_episodes", "m9"), "missing_episodes: no row of this child has the row key given"),
        (RemoveEvent("offences", "m9"), "offences: the extract does not cover this table"),
        (AddEvent("contacts", {"day": "2022-01-01"}), "contacts: 1 column unknown. The columns are: date, source"),
        (AddEvent("contacts", {"source": "6"}), "contacts: the source holds no source, so no feature can use it."),
        (AddEvent("contacts", {}), "contacts: the edit gives no value."),
        (AddEvent("contacts", {"date": " "}), "contacts: date must have a value."),
        (AddEvent("contacts", {"date": "2022-01-01", "row_key": "1"}), "contacts: row_key cannot be edited"),
        (CorrectEvent("missing_episodes", "m1", {"child_id": "Bob"}), "missing_episodes: child_id cannot be edited"),
        (CorrectEvent("missing_episodes", "m1", {"start_date": None}), "start_date must have a value."),
        (CorrectEvent("missing_episodes", "m1", {"end_date": "2022-01-31"}), "end before start in 1 row"),
        (CorrectEvent("missing_episodes", "m1", {"end_date": "at noon"}), "unreadable date in 1 row"),
        (CorrectEvent("missing_episodes", "m1", {"type": "away"}), "the code is not in the national list in 1 row"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_without_a_value(home, edit, said):
    found = "\n".join(problems(home, edit))
    assert said in found
    for value in ("m1", "m2", "m9", "Ann", "Bob", "2022-", "at noon", "away", "invalid='drop'"):
        assert value not in found


ODD = [[1, 2], (1, 2), {1}, {"a": 1}, np.array([1, 2]), pd.Series([1, 2]), dt.time(3, 4), dt.timedelta(3),
       np.timedelta64(3, "D"), pd.Period("2022-03"), pd.Interval(0, 1), b"2022-01-01", object(), 1j]  # fmt: skip


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("column", ["start_date", "end_date", "type"])
def test_what_no_cell_can_hold_is_refused_by_its_column(home, column, value):
    (found,) = problems(home, CorrectEvent("missing_episodes", "m1", {column: value}))
    assert found == f"edit 1 of 1: missing_episodes: {column} must be text, a number, yes or no, a date, or None."


DAYS = ["2022-03-01", "01/03/2022", dt.date(2022, 3, 1), dt.datetime(2022, 3, 1, 23), np.datetime64("2022-03-01T05")]


@pytest.mark.parametrize("day", DAYS)
def test_a_day_is_given_as_any_date(home, day):
    edited = edited_records(home, "Ann", [CorrectEvent("missing_episodes", "m1", {"end_date": day})])
    assert edited.table("missing_episodes")["end_date"].iloc[0] == pd.Timestamp("2022-03-01")


@pytest.mark.parametrize("nothing", [None, pd.NA, pd.NaT, float("nan"), np.datetime64("NaT"), ""])
def test_nothing_empties_a_cell(home, nothing):
    edited = edited_records(home, "Ann", [CorrectEvent("missing_episodes", "m1", {"end_date": nothing})])
    assert edited.table("missing_episodes")["end_date"].isna().tolist() == [True, False]


def test_all_problems_are_told_at_once(home):
    found = problems(
        home,
        RemoveEvent("children", "Ann"),
        CorrectEvent("missing_episodes", "m1", {"end_date": "2022-01-31"}),
        AddEvent("referrals", {"start_date": "soon"}),
        RemoveEvent("contacts", "contacts 1"),
        CorrectEvent("contacts", "contacts 1", {"date": "2021-01-02"}),
    )
    assert [problem.split(":")[0] for problem in found] == [
        "edit 1 of 5", "edit 4 of 5", "edit 5 of 5", "missing_episodes", "referrals", "referrals",
    ]  # fmt: skip
    assert "another edit is of the same row" in found[1]


def test_days_beyond_the_extract_are_not_known_and_no_mistake(home):
    edits = [
        AddEvent("contacts", {"date": "2025-02-01"}),
        CorrectEvent("missing_episodes", "m1", {"end_date": "2025-02-01"}),
    ]
    edited = edited_records(home, "Ann", edits)
    assert len(edited.table("contacts")) == 1
    assert edited.table("missing_episodes")["end_date"].isna().tolist() == [True, False]


@pytest.mark.parametrize("column", ["end_date", "recorded_date", "end_recorded_date"])
@pytest.mark.parametrize("day", ["0222-02-05", "1022-02-05", "9999-12-31", pd.Timestamp("9999-12-31")])
def test_a_year_that_stands_for_no_date_is_a_slip_and_empties_nothing(home, column, day):
    (found,) = problems(home, CorrectEvent("missing_episodes", "m1", {column: day}))
    assert f"column '{column}': a sentinel date means no date in 1 row" in found
    assert found.endswith("where there is no date, give None.")
    edited = edited_records(home, "Ann", [CorrectEvent("missing_episodes", "m1", {column: None})])
    assert edited.table("missing_episodes")[column].isna().any()


def test_own_tables_are_edited_with_codes_as_features_name_them():
    frame = pd.DataFrame({"child_id": ["Ann"], "date": ["2022-01-01"], "kind": ["fixed term"], "id": ["s1"]})
    records = records_of({"Ann": "2008-06-15"}).with_events("suspensions", frame, category="kind", row_key="id")
    edits = [AddEvent("suspensions", {"date": "2022-02-01", "category": "fixed term"})]
    edited = edited_records(records, "Ann", edits).table("suspensions")
    assert told(edited, "row_key", "category") == ["s1, fixed_term", "what-if:1, fixed_term"]
    assert edited_records(records, "Ann", [RemoveEvent("suspensions", "s1")]).table("suspensions").empty


# -------------------------------------------------------------------------------------------- laws


def checked(history):
    """Records of a history through the library's own validation; every table is trusted from early on."""
    return Records.from_tables(
        history.frames(),
        observed_until=as_date(UNTIL),
        observed_from=dict.fromkeys(DATED, "1999-01-01"),
        reporting_lag=dict.fromkeys(DATED, 0) | history.lags,
        invalid="drop",
    )


def as_columns(row, table):
    """A row of a history as an analyst would give it."""
    dates = TABLES[table].of_kind("date")
    kept = {name: value for name, value in row.items() if name not in ("row_key", "child_id") and value is not None}
    return {name: as_date(value) if name in dates else value for name, value in kept.items()}


@st.composite
def added(draw):
    """A history, one of its children, and a row to add."""
    history = draw(families(rows=8))
    child, table = draw(st.sampled_from(history.child_ids)), draw(st.sampled_from(FREE))
    return history, child, table, draw(rows_of(table, [child], "added"))


SPECS = st.lists(every_spec(), min_size=1, max_size=5, unique_by=lambda spec: spec.name)


def values(records, child, specs):
    """Features of a child on every index day."""
    return rows_of_child(records, child, "any", [as_date(day) for day in INDEX_DAYS], specs)


@settings(max_examples=12)
@given(added(), SPECS)
def test_an_edited_record_is_that_of_an_extract_edited_by_hand(drawn, specs):
    history, child, table, row = drawn
    records = checked(history)
    if child not in records.households.index:
        return
    home = household_records(records, child)
    mine = home.table(table).query("child_id == @child")["row_key"].tolist()
    edits = [AddEvent(table, as_columns(row, table)), *(RemoveEvent(table, key) for key in mine[:1])]
    edited = edited_records(home, child, edits)
    rows = [each for each in history.tables.get(table, []) if each["row_key"] not in mine[:1]]
    scratch = checked(history.with_tables(history.tables | {table: [*rows, {**row, "row_key": "what-if:1"}]}))
    pd.testing.assert_frame_equal(values(edited, child, specs), values(scratch, child, specs))
    (key,) = set(edited.table(table)["row_key"]) - set(home.table(table)["row_key"]) or {None}
    if not mine and key:
        back = edited_records(edited, child, [RemoveEvent(table, key)])
        for name in home:
            pd.testing.assert_frame_equal(back.table(name), home.table(name))


@settings(max_examples=12)
@given(added(), SPECS, st.sampled_from(INDEX_DAYS), st.data())
def test_an_edit_of_what_is_known_on_or_after_the_day_changes_nothing(drawn, specs, day, data):
    history, child, table, row = drawn
    records = checked(history)
    if child not in records.households.index:
        return
    home = household_records(records, child)
    if start_known_of(history, table, row) < day:
        row["recorded_date"] = day + data.draw(st.integers(0, 3))
    rows = [each for each in history.tables.get(table, []) if each["child_id"] == child]
    held = set(home.table(table)["row_key"])
    hidden = [each for each in rows if start_known_of(history, table, each) >= day and each["row_key"] in held]
    edits = [AddEvent(table, as_columns(row, table)), *(RemoveEvent(table, each["row_key"]) for each in hidden[:1])]
    edited = edited_records(home, child, edits)
    frames = [rows_of_child(each, child, "any", [as_date(day)], specs) for each in (home, edited)]
    pd.testing.assert_frame_equal(*frames)


@settings(max_examples=6)
@given(families(rows=8))
def test_a_correction_to_what_stands_there_changes_nothing(history):
    records = checked(history)
    for child in records.households.index[:2]:
        home = household_records(records, child)
        for table in FREE:
            frame = home.table(table)
            for row in frame[frame["child_id"] == child].head(1).to_dict("records"):
                columns = {name: value for name, value in row.items() if name not in ("row_key", "child_id")}
                edited = edited_records(home, child, [CorrectEvent(table, row["row_key"], columns)])
                pd.testing.assert_frame_equal(edited.table(table), frame)
