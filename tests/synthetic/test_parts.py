"""Tests of making many children in parts."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.parts import make_parts, part_key, part_state, read_part
from edgeofcare.synthetic.records import make_records

KEYS = ("child_id", "row_key", "related_id", "period_key", "worker")


@pytest.fixture(scope="module")
def parts():
    return list(make_parts(250, 7, part_children=100, years=3))


def test_parts_hold_the_children_between_them(parts):
    assert len(parts) == 3
    sizes = [len(records.table("children")) for records in parts]
    assert all(size <= asked for size, asked in zip(sizes, (100, 100, 50), strict=True))  # some are not yet born
    assert sum(sizes) > 240


def test_no_key_is_in_two_parts(parts):
    keys = {}
    for number, records in enumerate(parts):
        for name, column in itertools.product(TABLES, KEYS):
            frame = records.table(name)
            if column in frame:
                keys.setdefault((name, column), []).append(set(frame[column].dropna()))
                assert all(key.startswith(str(1000 + number)) for key in keys[name, column][-1])
    for found in keys.values():
        assert sum(map(len, found)) == len(set().union(*found))


def test_a_part_does_not_depend_on_how_many_follow(parts):
    first = next(make_parts(100, 7, part_children=100, years=3))
    assert first.fingerprint == parts[0].fingerprint


def test_a_part_is_the_records_of_its_own_seed(parts):
    alone = make_records(100, part_state(7, 1), years=3)
    assert [part_key(1, key) for key in alone.table("children")["child_id"]] == parts[1].table("children")[
        "child_id"
    ].tolist()
    assert len(alone.table("contacts")) == len(parts[1].table("contacts"))


def test_parts_differ(parts):
    births = [records.table("children")["birth_date"].tolist() for records in parts]
    assert len(set(births[0]) & set(births[1])) < 20


def test_written_parts_read_back_as_they_are(parts, tmp_path):
    folders = list(make_parts(250, 7, part_children=100, years=3, folder=tmp_path / "parts"))
    assert [folder.name for folder in folders] == ["part_0000", "part_0001", "part_0002"]
    assert [read_part(folder).fingerprint for folder in folders] == [records.fingerprint for records in parts]
    contacts = pd.read_parquet(folders[0] / "contacts.parquet")
    assert tuple(contacts.columns) == TABLES["contacts"].names


def test_parts_are_made_one_at_a_time(monkeypatch):
    made = []
    monkeypatch.setattr("edgeofcare.synthetic.parts.simulate_tables", lambda *args, **_: made.append(args) or {})
    monkeypatch.setattr("edgeofcare.synthetic.parts.Records.from_tables", lambda *_, **__: None)
    parts = make_parts(1_000_000_000, 0, part_children=200_000)
    next(parts)
    next(parts)
    assert len(made) == 2


def test_options_are_refused_before_anything_is_made():
    for wrong in ({"part_children": 0}, {"drift": ("x",)}, {"part_children": 1, "n_children": 10_000}):
        with pytest.raises(SpecError):
            make_parts(**{"n_children": 100, **wrong})


def test_a_folder_that_holds_no_part_is_refused(tmp_path):
    with pytest.raises(SpecError, match="give one of the folders"):
        read_part(tmp_path)
