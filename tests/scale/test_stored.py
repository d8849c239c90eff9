"""Reading one part back."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.scale.parts import write_parts
from edgeofcare.scale.stored import is_parts_folder, read_part_folder, read_stored_part
from tiny_tables import records_of


@pytest.fixture
def copied(parts_folder, tmp_path):
    """A copy of the parts that may be harmed."""
    shutil.copytree(parts_folder, tmp_path / "p")
    return tmp_path / "p"


def test_every_kind_of_value_comes_back(tmp_path):
    records = records_of(
        {"A": "2008-06-15", "Å/2": "2009-01-01"},
        referrals="child, start, end, nfa\nA, 2020-01-05, , no\nA, 2020-02-05, 2020-02-05, yes\nÅ/2, 2020-03-01, ,",
        placements="child, start, end, distance\nA, 2021-01-01, , 12.25\nÅ/2, 2021-01-01, 2021-03-01,",
        contacts="child, date, source, recorded_date\nA, 2020-01-01, 6, 2020-01-09\nÅ/2, 2020-01-01, ,",
    )
    write_parts(records, tmp_path / "p", n_parts=1)
    back = read_stored_part(tmp_path / "p", 0)
    assert back.fingerprint == records.fingerprint
    for name in records:
        pd.testing.assert_series_equal(back.table(name).dtypes, records.table(name).dtypes)


def test_a_changed_file_is_named_by_part_and_table_alone(copied):
    (copied / "part=0002" / "contacts.parquet").write_bytes(b"")
    (copied / "part=0002" / "offences.parquet").unlink()
    with pytest.raises(RecordsError) as found:
        read_stored_part(copied, 2)
    assert "part 2, contacts: the file is missing or not as it was written" in str(found.value)
    assert "part 2, offences" in str(found.value)
    assert "(2 problems)" in str(found.value)
    assert str(copied) not in str(found.value)
    assert len(read_stored_part(copied, 1).table("children"))


@pytest.mark.parametrize("number", [-1, 5, 1.0, True])
def test_a_part_that_is_not_there_is_refused(parts_folder, number):
    with pytest.raises(SpecError, match="parts 0 to 4"):
        read_stored_part(parts_folder, number)


def test_other_folders_are_refused(tmp_path):
    assert not is_parts_folder(tmp_path)
    assert not is_parts_folder({"ssd_person": None})
    with pytest.raises(SpecError, match="holds no records in parts"):
        read_stored_part(tmp_path, 0)
    with pytest.raises(SpecError, match="is no part of records"):
        read_part_folder(tmp_path)
