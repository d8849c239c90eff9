"""Records in parts: nothing lost, nothing cut, the same bytes for the same records."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.evidence import evidence
from edgeofcare.records.records import Records
from edgeofcare.scale.parts import write_parts
from edgeofcare.scale.stored import read_manifest, read_stored_part
from edgeofcare.schema.extracts import LARGEST_FAMILY
from edgeofcare.synthetic.parts import make_parts
from edgeofcare.synthetic.records import make_records
from tiny_tables import index_of, records_of


def stored(folder):
    """All parts of a folder."""
    return [read_stored_part(folder, number) for number in range(read_manifest(folder)["n_parts"])]


def files(folder):
    """Every file below a folder with its bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def shuffled(records, seed):
    """The same records with the rows of every table in another order."""
    tables = {name: records.table(name).sample(frac=1, random_state=seed, ignore_index=True) for name in records}
    return Records(
        tables,
        observed_until=records.observed_until,
        observed_from=records.observed_from,
        reporting_lag=records.reporting_lag,
        findings=records.findings(),
        links=records.links,
        absent_columns=records.absent_columns,
        own={name: records.definition(name) for name in ["suspensions"]},
    )


def test_the_parts_hold_every_row_once(scale_records, parts_folder):
    parts = stored(parts_folder)
    for name in scale_records:
        key = "child_id" if name == "children" else "row_key"
        rows = pd.concat([part.table(name) for part in parts]).sort_values(key, ignore_index=True)
        whole = scale_records.table(name).sort_values(key, ignore_index=True)
        if name == "relationships":
            whole = whole[whole["related_id"] != "nobody's"].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, whole)


def test_households_stay_whole_and_keep_their_names(scale_records, parts_folder):
    parts = stored(parts_folder)
    assert pd.concat([part.households for part in parts]).sort_index().equals(scale_records.households.sort_index())
    homes = [set(part.households) for part in parts]
    assert sum(map(len, homes)) == len(set().union(*homes))


def test_what_is_declared_goes_with_every_part(scale_records, parts_folder):
    for part in stored(parts_folder):
        assert part.observed_until == scale_records.observed_until
        assert dict(part.observed_from) == dict(scale_records.observed_from)
        assert dict(part.reporting_lag) == dict(scale_records.reporting_lag)
        assert part.reporting_lag["contacts"] == 3
        assert part.definition("suspensions") == scale_records.definition("suspensions")


def test_the_same_records_in_another_order_give_the_same_bytes(scale_records, parts_folder, tmp_path):
    write_parts(shuffled(scale_records, 4), tmp_path / "other", n_parts=5)
    assert files(tmp_path / "other") == files(parts_folder)


def test_another_value_gives_another_fingerprint(scale_records, parts_folder, tmp_path):
    tables = {name: scale_records.table(name) for name in scale_records if name != "suspensions"}
    assert len(tables["contacts"])
    for number, change in enumerate([{}, {"contacts": tables["contacts"].iloc[1:]}]):
        records = Records.from_tables({**tables, **change}, observed_until="2025-03-31", reporting_lag={"contacts": 3})
        write_parts(records, tmp_path / str(number), n_parts=5)
    prints = [read_manifest(folder)["fingerprint"] for folder in (parts_folder, tmp_path / "0", tmp_path / "1")]
    assert len(set(prints)) == 3


def test_the_manifest_counts_and_names_no_child(scale_records, parts_folder):
    manifest = read_manifest(parts_folder)
    assert manifest["children"] == len(scale_records.table("children"))
    assert manifest["rows"]["contacts"] == len(scale_records.table("contacts"))
    assert manifest["households"] == scale_records.households.nunique()
    assert manifest["records"][0]["parts"] == [0, 1, 2, 3, 4]
    text = "".join(path.read_text(encoding="utf-8") for path in parts_folder.rglob("*.json"))
    keys = set(scale_records.table("children")["child_id"]) | set(scale_records.table("relationships")["related_id"])
    assert not [key for key in keys if f'"{key}"' in text]
    declared = json.dumps(manifest["records"])
    births = scale_records.table("children")["birth_date"].dt.strftime("%Y-%m-%d")
    assert not [day for day in births if day in text.replace(declared, "") and day not in declared]


def test_several_records_have_parts_of_their_own(tmp_path):
    made = list(make_parts(120, 2, part_children=60, years=3))
    summary = write_parts(iter(made), tmp_path / "p", n_parts=2)
    assert summary["part"].tolist() == [0, 1, 2, 3]
    parts = stored(tmp_path / "p")
    for number, records in enumerate(made):
        rows = pd.concat([part.table("children") for part in parts[2 * number : 2 * number + 2]])
        assert sorted(rows["child_id"]) == sorted(records.table("children")["child_id"])
        assert dict(parts[2 * number].observed_from) == dict(records.observed_from)


def test_several_records_are_in_memory_one_at_a_time(tmp_path):
    """Each is written before the next is asked for."""
    there = []

    def given():
        for number, records in enumerate(make_parts(90, 2, part_children=30, years=3)):
            there.append((number, (tmp_path / "p" / f"part={number:04d}").exists()))
            assert number == 0 or (tmp_path / "p" / f"part={number - 1:04d}" / "_part.json").exists()
            yield records

    write_parts(given(), tmp_path / "p", n_parts=1)
    assert there == [(0, False), (1, False), (2, False)]


def test_a_child_in_two_of_the_records_is_refused(tmp_path):
    records = make_records(60, random_state=0, years=3)
    with pytest.raises(SpecError, match=r"\d+ children of one of the Records are in an earlier one"):
        write_parts([records, records], tmp_path / "p", n_parts=1)


def test_writing_again_changes_nothing(scale_records, parts_folder, tmp_path):
    write_parts(scale_records, tmp_path / "p", n_parts=5)
    (tmp_path / "p" / ".part=0002.tmp").mkdir()
    (tmp_path / "p" / ".part=0002.tmp" / "children.parquet").write_bytes(b"half of i")
    write_parts(scale_records, tmp_path / "p", n_parts=5)
    assert files(tmp_path / "p") == files(parts_folder)


def test_a_stopped_process_can_go_on(scale_records, parts_folder, tmp_path):
    """Killed after two parts were in place: the manifest says that the rest is missing."""
    write_parts(scale_records, tmp_path / "p", n_parts=5)
    (tmp_path / "p" / "part=0003").rename(tmp_path / "p" / ".part=0003.tmp")
    manifest = json.loads((tmp_path / "p" / "manifest.json").read_text(encoding="utf-8"))
    stub = {name: manifest[name] for name in ("format", "plan")} | {"complete": False}
    (tmp_path / "p" / "manifest.json").write_text(json.dumps(stub), encoding="utf-8")
    with pytest.raises(SpecError, match="not all written"):
        read_stored_part(tmp_path / "p", 0)
    write_parts(scale_records, tmp_path / "p", n_parts=5)
    assert files(tmp_path / "p") == files(parts_folder)


def test_a_folder_with_something_else_is_refused(scale_records, tmp_path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SpecError, match="other files"):
        write_parts(scale_records, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_other_records_or_other_parts_in_the_folder_are_refused(tmp_path):
    write_parts(make_records(60, random_state=0, years=3), tmp_path / "p", n_parts=2)
    before = files(tmp_path / "p")
    with pytest.raises(SpecError, match="cut in another way"):
        write_parts(make_records(60, random_state=0, years=3), tmp_path / "p", n_parts=3)
    with pytest.raises(SpecError, match="parts of other records"):
        write_parts(make_records(60, random_state=1, years=3), tmp_path / "p", n_parts=2)
    assert files(tmp_path / "p") == before


@pytest.mark.parametrize("n_parts", [0, -1, 2.5, True, 10_000, "4"])
def test_a_number_of_parts_that_is_none_is_refused(scale_records, tmp_path, n_parts):
    with pytest.raises(SpecError, match="n_parts must be a whole number"):
        write_parts(scale_records, tmp_path / "p", n_parts=n_parts)
    assert not (tmp_path / "p").exists()


def test_no_records_are_refused(tmp_path):
    with pytest.raises(SpecError, match="no records to write"):
        write_parts([], tmp_path / "p")


def alike(records, folder, names, day="2022-04-01"):
    """Features of all children on a day, the same bytes from the whole and from its parts; by child."""
    cohort = index_of(*((child, day) for child in sorted(records.table("children")["child_id"])))
    whole = build_features(records, cohort, names)
    write_parts(records, folder, n_parts=7)
    pieces = []
    for part in stored(folder):
        here = cohort.index.get_level_values("child_id").isin(part.table("children")["child_id"])
        pieces.append(build_features(part, cohort[here], names))
    assert sum(bool(len(piece)) for piece in pieces) > 1
    joined = pd.concat(pieces).reindex(whole.index)
    assert joined.to_numpy().tobytes() == whole.to_numpy().tobytes()
    return whole.droplevel(["household_id", "index_date"])


SIBLINGS = ["sibling.number_0_17", "sibling_undated.number_0_17", "sibling.contact.count.365d"]


@pytest.mark.parametrize(
    ("entered", "links", "expected"), [("2020-01-10", "dated", [0, 0, 0]), ("", "undated", [math.nan, 0, math.nan])]
)
def test_a_household_without_links_has_no_siblings_in_its_part_as_in_the_whole(tmp_path, entered, links, expected):
    family = [f"{child}, M{mother}, mother, {entered}" for mother in range(5) for child in (f"a{mother}", f"b{mother}")]
    records = records_of(
        {"Lone": "2008-06-15"}, contacts="child, date\nLone, 2022-01-01\na1, 2022-01-01",
        relationships="\n".join(["child, related_id, kind, recorded_date", *family]),
    )  # fmt: skip
    X = alike(records, tmp_path / "p", SIBLINGS)
    np.testing.assert_equal(X.loc["Lone"].tolist(), expected)
    assert X.loc["b1", "sibling_undated.number_0_17"] == 1
    assert {part.links for part in stored(tmp_path / "p")} == {links}
    assert all(part.table("relationships").empty for part in stored(tmp_path / "p") if "Lone" in part.households)


def test_a_placeholder_is_nobodys_mother_in_a_part_as_in_the_whole(tmp_path):
    """A child of the records stands as the mother of a family too large to be one, among them its sibling."""
    names = [f"child {number}" for number in range(LARGEST_FAMILY)]
    rows = [f"{child}, Ann, mother, 2020-01-10" for child in [*names, "Bob"]]
    rows += [f"{child}, F, family, 2020-01-10" for child in ("Ann", "Bob")]
    records = records_of(relationships="\n".join(["child, related_id, kind, recorded_date", *rows]))
    X = alike(records, tmp_path / "p", SIBLINGS[:2])
    assert X.loc[["Ann", "Bob", names[0]]].to_numpy().tolist() == [[1, 1], [1, 1], [0, 0]]
    found = evidence(records, SIBLINGS, ("", "Ann", pd.Timestamp("2022-04-01")), SIBLINGS[0])
    assert found.value == 1


def test_a_column_that_the_source_does_not_hold_is_unknown_in_parts_too(tmp_path):
    contacts = "child, date\n" + "\n".join(f"c{number}, 2022-01-01" for number in range(5))
    records = records_of(contacts=contacts)
    X = alike(records, tmp_path / "p", ["contact.source_10.count.365d", "contact.count.365d"])
    assert X.iloc[:, 0].isna().all()
    assert (X.iloc[:, 1] == 1).all()
    assert all(dict(part.absent_columns) == {"contacts": ("source",)} for part in stored(tmp_path / "p"))


def test_parts_of_an_earlier_version_are_refused(tmp_path):
    write_parts(make_records(30, random_state=0, years=3), tmp_path / "p", n_parts=1)
    path = tmp_path / "p" / "part=0000" / "_part.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    del about["declared"]["links"]
    path.write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(SpecError, match="earlier version"):
        read_stored_part(tmp_path / "p", 0)
