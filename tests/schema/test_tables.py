"""The schema holds together: every column says what makes it known, every code list is there."""

from __future__ import annotations

import pytest

from edgeofcare.records.ssd.layout import NEVER_LOADED, SSD_COLUMNS, SSD_TABLES
from edgeofcare.schema.codes import CARE_STATUSES, CODE_LISTS, ETHNIC_GROUPS, REMAND, SHORT_BREAKS
from edgeofcare.schema.columns import EVENT, NEVER, SPELL
from edgeofcare.schema.tables import TABLES, column_table

COLUMNS = [(table, column) for table in TABLES.values() for column in table.columns]
IDS = [f"{table.name}.{column.name}" for table, column in COLUMNS]


@pytest.mark.parametrize(("table", "column"), COLUMNS, ids=IDS)
def test_every_column_is_known_by_a_date_of_its_own_table_or_never(table, column):
    assert column.known == NEVER or table.column(column.known).kind == "date"
    assert column.kind in ("id", "date", "code", "flag", "number")
    assert column.meaning.endswith(".")
    assert column.codes is None or column.codes in CODE_LISTS


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_events_and_spells_have_their_dates(table):
    assert (table.start == "date") == (table.kind == EVENT)
    assert ((table.start, table.end) == ("start_date", "end_date")) == (table.kind == SPELL)
    assert len(set(table.names)) == len(table.names)
    assert table.of_kind("id")[0] in ("row_key", "child_id")
    with pytest.raises(KeyError):
        table.column("nothing")


def test_what_is_told_at_the_end_of_a_spell_is_known_by_its_end():
    told_at_end = {"close_reason", "end_reason", "change_reason", "end_recorded_date"}
    for table, column in COLUMNS:
        if column.name in told_at_end:
            assert column.known == "end_date", (table.name, column.name)
    for name in ("assessments", "s47_enquiries"):
        assert TABLES[name].column("nfa").known == "end_date"


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("children", "sex"),
        ("children", "ethnicity"),
        ("children", "ehc_plan"),
        ("disabilities", "code"),
        ("relationships", "related_id"),
        ("referrals", "need"),
        ("care_episodes", "need"),
        ("cp_plans", "latest_category"),
        ("missing_episodes", "interview_offered"),
        ("missing_episodes", "interview_accepted"),
    ],
)
def test_snapshots_are_never_known(table, column):
    assert TABLES[table].column(column).known == NEVER


def test_no_column_can_hold_a_name_a_number_of_a_person_or_an_address():
    held = {alias for columns in SSD_COLUMNS.values() for aliases in columns.values() for alias in aliases}
    assert not held & set(NEVER_LOADED)
    assert "ssd_address" not in SSD_TABLES.values()
    words = ("forename", "surname", "upn", "nhs", "postcode", "address", "comment", "json")
    assert [name for name in sorted(held) if any(word in name for word in words)] == ["cinf_assessment_factors_json"]


def test_every_ssd_table_has_its_columns():
    assert set(SSD_TABLES) == set(SSD_COLUMNS)
    assert set(SSD_TABLES) - set(TABLES) == {"mothers", "families"}
    assert set(TABLES) - set(SSD_TABLES) == {"relationships"}
    extra = {"expected_birth_date", "source_text", "text", "assessment", "factors", "referral", "recorded_date"}
    for name in set(SSD_TABLES) & set(TABLES):
        assert set(SSD_COLUMNS[name]) - set(TABLES[name].names) <= extra, name


def test_kinds_of_legal_status_do_not_overlap():
    assert not set(SHORT_BREAKS) & set(REMAND)
    assert set(SHORT_BREAKS) | set(REMAND) < set(CARE_STATUSES)
    assert "NONE" not in CARE_STATUSES


def test_every_ethnicity_has_a_group():
    assert set(CODE_LISTS["ethnicity"]) <= set(ETHNIC_GROUPS)


def test_code_lists_cannot_be_changed():
    with pytest.raises(TypeError):
        CODE_LISTS["sex"]["X"] = "new"
    with pytest.raises(TypeError):
        TABLES["new"] = None


def test_the_table_of_columns_has_every_column():
    rows = column_table()
    assert [(row["table"], row["column"]) for row in rows] == [(table.name, column.name) for table, column in COLUMNS]
    assert {row["required"] for row in rows} == {"yes", "no"}
