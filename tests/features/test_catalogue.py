"""The default features: a dictionary that says what each is."""

from __future__ import annotations

from edgeofcare.features.catalogue import CATALOGUE, concept_of, default_features, directions, feature_dictionary
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs import Characteristic


def test_no_default_feature_is_a_protected_characteristic():
    assert not [spec for spec in default_features() if isinstance(spec, Characteristic)]


def test_directions_are_those_of_the_catalogue():
    assert directions() == {entry.name: 1 for entry in CATALOGUE if entry.direction == 1}
    assert {entry.direction for entry in CATALOGUE} == {0, 1}
    assert "child.age" not in directions()


def test_the_dictionary_has_a_sentence_and_a_concept_for_each():
    table = feature_dictionary()
    assert table["name"].tolist() == [entry.name for entry in CATALOGUE]
    assert table["sentence"].is_unique
    assert table["concept"].str.len().min() > 2
    empty = table.set_index("name")["empty"]
    assert empty["missing.count.30d"] == 0
    assert empty[["child.age", "missing.days_since", "cp_plan.days_since_end"]].isna().all()


def test_a_feature_of_ones_own_has_a_concept_too():
    own = parse_feature("missing.count.7d")
    assert concept_of(own.name) == "own features"
    assert feature_dictionary([own])["concept"].tolist() == ["own features"]
