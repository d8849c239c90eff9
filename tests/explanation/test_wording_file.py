"""The wording file says what the library says of every feature of the catalogue; an edited one is used as it is."""

from __future__ import annotations

import importlib
import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.wording import reason_sentence
from edgeofcare.explanation.wording_file import COMMON, Wording, default_wording, read_wording, write_wording
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Age, Calendar
from edgeofcare.features.specs.combined import Difference
from edgeofcare.features.specs.events import Share, Trend

DOCS = Path(__file__).parents[2] / "docs"
DAY = pd.Timestamp("2024-06-14")
MISSING = parse_feature("missing.count.90d")


def rows(days):
    """One source row, some days ago."""
    date = DAY - pd.Timedelta(days=days)
    return pd.DataFrame({"date": [date], "end_date": [date]})


def values(spec):
    """What a feature of a kind can be."""
    if isinstance(spec, Calendar):
        return st.integers(1, 12).map(float)
    if isinstance(spec, Share):
        return st.floats(0, 1)
    low = -5000 if isinstance(spec, Trend | Difference) else 0
    whole = st.integers(low, 5000).map(float)
    return whole if isinstance(spec, Age) else whole | st.floats(0.001, 500)


def edited(tmp_path, *added, drop=()):
    """The library's file with some lines more and some less."""
    path = write_wording(tmp_path / "wording.csv")
    kept = [line for line in path.read_text(encoding="utf-8-sig").splitlines() if not line.startswith(drop)]
    path.write_text("\n".join([*kept, *added]) + "\n", encoding="utf-8")
    return path


def test_the_file_is_what_its_script_writes(monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    text = importlib.import_module("wording_file").text()
    held = Path(importlib.import_module("edgeofcare.explanation.wording_file").__file__).with_name("wording.csv")
    assert held.read_text(encoding="utf-8") == text


def test_every_feature_of_the_catalogue_is_worded():
    held = {feature for feature, case in default_wording().sentences if case == "unknown"}
    assert held == {spec.name for spec in default_features()}


# Seen to fail with: {number} for the share, "the last of them" kept without rows, a negative number not made positive.
@given(st.data())
def test_it_says_what_the_library_says(data):
    spec = data.draw(st.sampled_from(default_features()))
    value = data.draw(st.just(math.nan) | values(spec))
    evidence = data.draw(st.none() | st.integers(0, 9000).map(rows))
    if isinstance(spec, Age) and evidence is not None:
        evidence = rows(365 * 14)
    expected = reason_sentence(spec, value, evidence, DAY)
    assert default_wording().sentence(spec, value, evidence, DAY) == expected
    assert default_wording().sentence(spec, value, evidence, DAY, date="14 June") == expected.replace(
        "the index date", "14 June"
    )


def test_a_translation_is_used_as_it_stands(tmp_path):
    path = edited(
        tmp_path,
        'missing.count.90d,more,"{number} mal vermisst in 90 Tagen vor {date}[, zuletzt {ago} davor]."',
        "*,days,{number} Tage",
        "*,date,dem Stichtag",
        drop=("missing.count.90d,more", "*,days", "*,date"),
    )
    wording = read_wording(path)
    assert (
        wording.sentence(MISSING, 4.0, rows(12), DAY)
        == "4 mal vermisst in 90 Tagen vor dem Stichtag, zuletzt 12 Tage davor."
    )
    assert wording.sentence(MISSING, 4.0) == "4 mal vermisst in 90 Tagen vor dem Stichtag."


def test_what_the_file_leaves_out_is_worded_by_the_library(tmp_path):
    wording = read_wording(edited(tmp_path, drop=("missing.count.90d,",)))
    own = parse_feature("missing.count.77d")
    for spec in (MISSING, own):
        assert wording.sentence(spec, 2.0, date="31 March") == reason_sentence(spec, 2.0).replace(
            "the index date", "31 March"
        )
    assert wording.sentence(None, 2.0) == "A feature of your own is 2."
    assert repr(default_wording()).startswith("Wording(")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("missing.count.90d,many,Some.", "unknown case"),
        ("nothing.like.it,more,Some.", "names no feature"),
        ("contact.count.90d,more,Some.", "repeats"),
        ("missing.count.77d,more,", "no sentence"),
        ("missing.count.77d,more,{count} episodes", "placeholder count"),
        ("missing.count.77d,unknown,{number} unknown", "placeholder number"),
        ('missing.count.77d,more,"{number}, {ago} before"', "outside square brackets"),
        ("missing.count.77d,more,[{ago} [before]]", "brackets within brackets"),
        ("missing.count.77d,more", "has 2 cells, not 3"),
        ("*,week,seven days", "unknown case"),
    ],
)
def test_what_is_wrong_is_told_by_line(tmp_path, line, told):
    path = edited(tmp_path, line)
    number = len(path.read_text(encoding="utf-8").splitlines())
    with pytest.raises(SpecError, match=f"line {number} .*{told}"):
        read_wording(path)


def test_all_problems_are_told_at_once(tmp_path):
    path = edited(tmp_path, "a,more,b", "missing.count.90d,some,b", drop=("*,date,",))
    with pytest.raises(SpecError, match=r"names no feature.*unknown case.*words date of \* are missing"):
        read_wording(path)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(SpecError, match="cannot be read"):
        read_wording(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes("feature,case,sentence\n*,date,M\xe4rz\n".encode("latin-1"))
    with pytest.raises(SpecError, match="not text in UTF-8"):
        read_wording(tmp_path / "latin.csv")
    (tmp_path / "other.csv").write_text("a,b\n", encoding="utf-8")
    with pytest.raises(SpecError, match="first line"):
        read_wording(tmp_path / "other.csv")
    write_wording(tmp_path / "w.csv")
    with pytest.raises(SpecError, match="cannot be written"):
        write_wording(tmp_path / "w.csv")


def test_a_wording_cannot_be_changed():
    sentences = {(COMMON, "date"): "the day"}
    wording = Wording(sentences)
    sentences[COMMON, "date"] = "another"
    assert wording.sentences[COMMON, "date"] == "the day"
    with pytest.raises(TypeError):
        wording.sentences[COMMON, "date"] = "another"
