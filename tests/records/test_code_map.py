"""Code maps: the files that come with the package, and an authority's own in CSV, JSON or a mapping."""

from __future__ import annotations

import csv
from importlib.resources import files

import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.records.codes.maps import CASE_SYSTEMS, MAP_COLUMNS, default_code_maps, merged_code_maps
from edgeofcare.records.values import as_codes, plain_key
from edgeofcare.schema.codes import CODE_LISTS

OWN = "code_list,text,code,meaning\nlegal_status,S20 agreement,V2,anything\nsource,Front desk,8,\n"


def shipped():
    """Every row of every map of the package, with its file."""
    for system in CASE_SYSTEMS:
        text = files("edgeofcare.records.codes").joinpath("tables", f"{system}.csv").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            yield system, row


def refused(path):
    """The message with which a map is refused."""
    with pytest.raises(SpecError) as caught:
        merged_code_maps(path)
    return str(caught.value)


def test_shipped_maps_are_sound():
    """Codes exist, meanings are those of the schema, and no text has two codes, in any file."""
    codes = {}
    for system, row in shipped():
        assert tuple(row) == MAP_COLUMNS
        assert CODE_LISTS[row["code_list"]][row["code"]] == row["meaning"], (system, row["text"])
        codes.setdefault((row["code_list"], plain_key(row["text"])), set()).add(row["code"])
    assert not [key for key, several in codes.items() if len(several) > 1]
    assert len(codes) > 70


@pytest.mark.parametrize("system", CASE_SYSTEMS)
def test_every_text_of_a_shipped_map_is_understood(system):
    for name, row in shipped():
        if name == system:
            read, unknown = as_codes(pd.Series([row["text"]]), row["code_list"], merged_code_maps()[row["code_list"]])
            assert (read.tolist(), len(unknown)) == ([row["code"]], 0)


@pytest.mark.parametrize(
    ("code_list", "text", "code"),
    [
        ("source", "HSERVHVSTR", "3B"),
        ("source", "LASERVEXT", "5C"),
        ("source", "POLICE", "6"),
        ("ethnicity", "MWBa", "MWBA"),
        ("ethnicity", "ORAB", "OOTH"),
        ("ethnicity", "??", "NOBT"),
        ("legal_status", "Care Order Sec. 31(a)", "C2"),
        ("sex", "Not stated/recorded", "U"),
    ],
)
def test_texts_of_the_case_systems(code_list, text, code):
    assert as_codes(pd.Series([text]), code_list, merged_code_maps()[code_list])[0].tolist() == [code]


def test_a_status_that_only_looks_known_stays_unknown():
    for text in ("Care order of another country", "S.43 CJA 91 Post-sent Und 22", "Section 20"):
        assert as_codes(pd.Series([text]), "legal_status", merged_code_maps()["legal_status"])[0].isna().all()


def test_defaults_cannot_be_changed_by_what_is_made_of_them():
    merged_code_maps({"sex": {"X": "U"}})["sex"]["Y"] = "F"
    assert not {"X", "Y"} & set(default_code_maps()["sex"])
    with pytest.raises(TypeError):
        default_code_maps()["sex"]["Y"] = "F"


@pytest.mark.parametrize(
    "content",
    [
        OWN.encode(),
        OWN.encode("utf-8-sig"),
        OWN.replace(",", ";").encode(),
        OWN.replace(",", "\t").encode("utf-16"),
        OWN.replace("\n", "\r\n").encode(),
        OWN.replace("code_list", " Code_List ").replace("V2", "v2").encode(),
        OWN.replace("anything", "caf\xe9").encode("cp1252"),
        b"meaning,count,code,text,code_list\nx,3,V2,S20 agreement,legal_status\n,,8,Front desk,source\n",
    ],
    ids=["plain", "bom", "semicolons", "unicode text", "windows", "capitals", "cp1252", "other order"],
)
def test_a_csv_file_as_it_may_be_saved(tmp_path, content):
    path = tmp_path / "codes.csv"
    path.write_bytes(content)
    maps = merged_code_maps(path)
    assert (maps["legal_status"]["S20 agreement"], maps["source"]["Front desk"]) == ("V2", "8")
    assert merged_code_maps(str(path)) == maps


def test_rows_that_are_not_filled_in_are_left_out(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("code_list,text,code\nsex,Not yet,\nsex,,F\n\nsex,Girl,F\nsex\n", encoding="utf-8")
    maps = merged_code_maps(path)
    assert maps["sex"] == dict(default_code_maps()["sex"]) | {"Girl": "F"}


def test_ones_own_entry_wins_however_it_is_spelt():
    for text in ("Police", "POLICE", "poli-ce", "HSERVGP", "hserv gp"):
        code, _ = as_codes(pd.Series([text]), "source", merged_code_maps({"source": {text: "8"}})["source"])
        assert code.tolist() == ["8"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("code_list,text,code\ncolours,red,1\n", "there is no code list 'colours'"),
        ("code_list,text,code\nlegal_status,Local,V9\n", "legal_status has no code V9"),
        ("code_list,text,code\nsex,Girl,F\nsex,girl.,M\n", "two codes (lines 2 and 3)"),
        ("text,code\nGirl,F\n", "must have the columns code_list, text, code"),
        ("", "must have the columns"),
        ("\x00\x01\x02", "must have the columns"),
        ('code_list,text,code\nsex,"' + "x" * 200_000 + '",F\n', "near line"),
    ],
    ids=["list", "code", "two codes", "columns", "empty", "binary", "huge cell"],
)
def test_a_csv_file_that_cannot_be_used_is_refused(tmp_path, text, why):
    path = tmp_path / "codes.csv"
    path.write_text(text, encoding="utf-8")
    assert why in refused(path)


def test_files_that_are_no_code_map_are_refused(tmp_path):
    assert "could not be read" in refused(tmp_path / "nowhere.csv")
    assert "could not be read" in refused(tmp_path)
    assert "could not be read" in refused(7)
    (tmp_path / "deep.json").write_text("[" * 100_000, encoding="utf-8")
    assert "could not be read as JSON" in refused(tmp_path / "deep.json")
    (tmp_path / "list.json").write_text('{"sex": ["F"]}', encoding="utf-8")
    assert "must hold" in refused(tmp_path / "list.json")
    (tmp_path / "large.csv").write_bytes(OWN.encode() + b"\n" * 10_000_000)
    assert "more than 10 MB" in refused(tmp_path / "large.csv")


def test_a_mapping_of_the_wrong_shape_is_refused():
    assert "must hold" in refused({"sex": "F"})
