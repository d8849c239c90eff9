"""Edits cannot be changed, say nothing of a child when printed, and are told in plain words."""

from __future__ import annotations

import dataclasses

import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.edits import AddEvent, CorrectEvent, RemoveEvent, as_edits, edits_said
from tiny_tables import records_of

ADDED = AddEvent("missing_episodes", {"start_date": "2024-05-01"})
REMOVED = RemoveEvent("contacts", "K-17")
CORRECTED = CorrectEvent("cp_plans", "P-3", {"start_date": "2023-01-02", "end_date": None})


def test_prints_hold_tables_and_columns_alone():
    assert repr(ADDED) == "AddEvent(missing_episodes: start_date)"
    assert repr(REMOVED) == "RemoveEvent(contacts)"
    assert repr(CORRECTED) == "CorrectEvent(cp_plans: start_date, end_date)"
    assert "K-17" not in str([REMOVED])


def test_edits_are_values_that_cannot_be_changed():
    columns = {"start_date": "2024-05-01"}
    edit = AddEvent("missing_episodes", columns)
    columns["start_date"] = "2020-01-01"
    assert edit == ADDED
    assert hash(edit) == hash(ADDED)
    with pytest.raises(TypeError):
        edit.columns["start_date"] = "2020-01-01"
    with pytest.raises(dataclasses.FrozenInstanceError):
        edit.table = "contacts"
    with pytest.raises(SpecError, match="mapping of column to value"):
        AddEvent("contacts", ["2024-05-01"])


def test_one_edit_or_several():
    assert as_edits(ADDED) == (ADDED,)
    assert as_edits(iter([ADDED, REMOVED])) == (ADDED, REMOVED)
    assert as_edits([]) == ()
    for wrong in ([ADDED, "missing"], 3, "contacts"):
        with pytest.raises(SpecError, match=r"edits must be a list of RemoveEvent"):
            as_edits(wrong)
    with pytest.raises(SpecError, match="must be text"):
        as_edits(RemoveEvent("contacts", 17))


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        ([], ""),
        ([REMOVED], "a contact were not in the record"),
        ([REMOVED, REMOVED], "2 contacts were not in the record"),
        ([ADDED, REMOVED], "a missing episode were in the record as well and a contact were not in the record"),
        ([CORRECTED], "the start date and end date of a child protection plan were as corrected"),
        ([CORRECTED, CORRECTED], "2 child protection plans were as corrected"),
        (
            [REMOVED, ADDED, CORRECTED],
            "a contact were not in the record, a missing episode were in the record as well and the start date and end "
            "date of a child protection plan were as corrected",
        ),
        ([RemoveEvent("early_help", "1")], "an early help episode were not in the record"),
    ],
)
def test_edits_in_words(edits, said):
    assert edits_said(records_of({"Ann": "2008-06-15"}), edits) == said
