"""The default features: a catalogue that holds what it says, a dictionary of it, and its page."""

from __future__ import annotations

import csv
import importlib
import math
import re
import subprocess
import sys
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.features.catalogue import (
    CONCEPTS,
    OWN_FEATURES,
    CatalogueEntry,
    catalogue,
    concept_of,
    default_features,
    directions,
    feature_dictionary,
)
from edgeofcare.features.feature import TableFeature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Calendar, Characteristic
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.specs.events import Rate
from edgeofcare.features.specs.numbers import Last

DOCS = Path(__file__).parents[2] / "docs"
PROTECTED_FACTORS = {"5A", "5B", "5C", "6A", "6B", "6C", "9A", "22A", "23A"}
"""Disability, asylum, and abuse that is told by origin or belief."""


def lines():
    """The catalogue as it stands in the package, head first."""
    text = files("edgeofcare.features").joinpath("catalogue.csv").read_text(encoding="utf-8")
    return list(csv.reader(text.splitlines()))


def plain_specs():
    """Every feature of the catalogue, those in ratios and differences taken apart."""
    for entry in catalogue().values():
        spec = entry.feature
        yield from (spec.first, spec.second) if isinstance(spec, Combined) else (spec,)


def page(monkeypatch):
    """The script that writes the page; docs/scripts/ is not a package."""
    monkeypatch.syspath_prepend(str(DOCS / "scripts"))
    return importlib.import_module("feature_dictionary")


def test_the_file_has_one_whole_line_for_each_feature():
    head, *body = lines()
    assert head == [field.name for field in fields(CatalogueEntry)]
    assert {len(line) for line in body} == {len(head)}
    assert [line[0] for line in body] == list(catalogue())
    assert 140 <= len(body) <= 155


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.name)
def test_every_line_says_what_it_must(entry):
    assert entry.feature.name == entry.name
    assert entry.concept in CONCEPTS
    assert entry.direction in (-1, 0, 1)
    for said in (entry.reason, entry.blind_spot):
        assert re.fullmatch(r"[A-Z].{10,110}\.", said)
    assert entry.source.strip(" .") == entry.source != ""


def test_concepts_come_in_order_and_none_is_empty():
    held = [entry.concept for entry in catalogue().values()]
    assert held == sorted(held, key=CONCEPTS.index)
    assert set(held) == set(CONCEPTS)


def test_no_two_features_have_the_same_reason():
    reasons = [entry.reason for entry in catalogue().values()]
    assert len(set(reasons)) == len(reasons)


def test_no_default_feature_is_a_protected_characteristic():
    factors = {code for spec in plain_specs() for filters in _filters(spec) for code in dict(filters).get("factor", ())}
    assert factors & PROTECTED_FACTORS == set()
    assert "24A" in factors
    assert not [spec for spec in plain_specs() if isinstance(spec, Characteristic)]
    assert "immigration_statuses" not in {getattr(spec, "table", "") for spec in plain_specs()}


def _filters(spec):
    """Every filter of a spec."""
    return [getattr(spec, name, ()) for name in ("where", "unless", "of")]


def test_no_default_feature_is_a_year_or_a_category():
    assert Calendar("year") not in plain_specs()
    assert not [spec for spec in plain_specs() if isinstance(spec, Last) and spec.categories]


def test_no_default_feature_counts_assessments_that_are_still_open():
    asked = [spec for spec in plain_specs() if getattr(spec, "table", "") == "assessments"]
    assert {spec.edge for spec in asked} == {"end"}


def test_three_years_of_records_are_enough_for_all_default_features():
    asked = [spec for spec in plain_specs() if isinstance(spec, TableFeature)]
    assert max(spec.reach for spec in asked) == 1095
    assert {spec.lookback > 1095 for spec in asked if isinstance(spec, Rate)} == {True}


def test_undated_siblings_come_only_when_asked_for():
    plain, all_of_them = default_features(), default_features(undated_links=True)
    assert [spec.name for spec in all_of_them] == list(catalogue())
    assert {concept_of(spec.name) for spec in {*all_of_them} - {*plain}} == {"household"}
    assert not [spec.name for spec in plain if "sibling" in spec.name]
    assert "household" not in {concept_of(spec.name) for spec in plain}
    assert {spec.scope for spec in {*all_of_them} - {*plain}} == {"undated_siblings"}


def test_a_list_of_default_features_is_the_callers_own():
    default_features().clear()
    assert default_features()


def test_directions_are_those_of_the_catalogue():
    found = directions()
    assert found == {name: entry.direction for name, entry in catalogue().items() if entry.direction}
    assert set(found.values()) == {-1, 1}
    assert "child.age" not in found
    assert len(found) < len(catalogue()) / 4


def test_what_only_falls_is_time_since():
    falling = [name for name, direction in directions().items() if direction == -1]
    assert all("days_since" in name for name in falling)
    assert not any("days_since" in name for name, direction in directions().items() if direction == 1)


def test_the_catalogue_is_read_only_when_it_is_needed():
    code = (
        "import edgeofcare.features.catalogue as c; before = c.catalogue.cache_info().currsize; "
        "c.concept_of('child.age'); c.directions(); info = c.catalogue.cache_info(); "
        "print(before, info.misses)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "1"]


def test_the_dictionary_has_everything_of_each():
    table = feature_dictionary()
    assert table["name"].tolist() == list(catalogue())
    assert table["sentence"].is_unique
    for column in ("concept", "reason", "source", "blind_spot"):
        assert table[column].tolist() == [getattr(entry, column) for entry in catalogue().values()]
    empty = table.set_index("name")["empty"]
    assert empty["missing.count.30d"] == 0
    assert empty[["child.age", "missing.days_since", "cp_plan.days_since_end"]].isna().all()


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("missing.count.90d", "the records of missing episodes do not reach back 90 days"),
        ("missing.trend.90d", "the records of missing episodes do not reach back 180 days"),
        ("missing.rate.1825d", "the records of missing episodes cover fewer than 91 days"),
        ("cp_plan.active", "the records of child protection plans do not reach the index date"),
        (
            "missing.overlap_care.365d",
            "the records of missing episodes or periods of care do not reach back 365 days",
        ),
        (
            "referral.share_source_6.365d",
            "there was none, or the records of referrals do not reach back 365 days",
        ),
        (
            "sibling_undated.offence.count.90d",
            "the records of offences do not reach back 90 days, or the records hold no links of siblings",
        ),
        ("sibling_undated.number_0_4", "the records hold no links of siblings"),
        ("child.age", "the date of birth is not recorded"),
        ("child.sex_F", "it is not recorded"),
        ("calendar.month", "never"),
        ("missing.count.30d - missing.count.90d", "the records of missing episodes do not reach back 90 days"),
        (
            "contact.count.90d - missing.count.90d",
            "the records of contacts do not reach back 90 days, or the records of missing episodes do not reach back "
            "90 days",
        ),
        (
            "offence.count.90d / child.age",
            "the records of offences do not reach back 90 days, or the date of birth is not recorded, or the second "
            "is 0",
        ),
    ],
)
def test_the_dictionary_says_when_a_value_is_unknown(name, when):
    assert feature_dictionary([name]).loc[0, "unknown"] == when


def test_the_dictionary_says_directions_in_words():
    said = feature_dictionary().set_index("name")["direction"]
    assert set(said) == {"raises", "lowers", "free"}
    words = {1: "raises", -1: "lowers"}
    assert said[said != "free"].to_dict() == {name: words[direction] for name, direction in directions().items()}


def test_a_feature_of_ones_own_is_in_the_dictionary_too():
    own = parse_feature("missing.count.7d")
    assert concept_of(own.name) == OWN_FEATURES == "own features"
    (row,) = feature_dictionary([own]).to_dict("records")
    assert (row["concept"], row["direction"]) == (OWN_FEATURES, "free")
    assert row["reason"] == row["source"] == row["blind_spot"] == ""
    assert not math.isnan(row["empty"])


def test_the_dictionary_refuses_what_is_no_feature():
    with pytest.raises(SpecError):
        feature_dictionary(["missing.counts.7d"])


def test_the_page_is_what_the_script_writes(monkeypatch):
    script = page(monkeypatch)
    assert script.PAGE.read_text(encoding="utf-8") == script.page()


def test_the_page_names_every_feature_and_source(monkeypatch):
    script = page(monkeypatch)
    text = script.page().replace("<wbr>", "")
    assert list(script.INTROS) == list(CONCEPTS)
    for entry in catalogue().values():
        assert all(f"<code>{word}</code>" in text for word in re.split(r" [/-] ", entry.name))
    named = {entry.source.partition(":")[0] for entry in catalogue().values()} - {script.NO_STUDY}
    assert named == set(script.SOURCES)
    assert all(":" in entry.source for entry in catalogue().values() if entry.source != script.NO_STUDY)
