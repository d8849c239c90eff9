"""Names and specs are two spellings of one thing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.features.catalogue import CATALOGUE, default_features
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.features.specs import Characteristic, Count
from strategies import any_spec


# Seen to fail with: the edge left out of the name of Count, and `_filter` trying the shortest column first.
@settings(max_examples=300)
@given(any_spec())
def test_every_name_parses_back_to_its_spec(spec):
    assert parse_feature(spec.name) == spec
    assert spec.name.isascii()
    assert " " not in spec.name


# Seen to fail with: the value left out of the name of Sum, Mean and Max.
@settings(max_examples=60)
@given(st.lists(any_spec(), min_size=20, max_size=60))
def test_different_specs_have_different_names(specs):
    assert len({spec.name for spec in specs}) == len(set(specs))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_every_default_name_parses_back(entry):
    assert entry.feature.name == entry.name
    assert entry.feature.sentence.strip().endswith(".")


def test_default_names_are_unique():
    names = [spec.name for spec in default_features()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("code", ["F", "M", "U"])
def test_characteristics_parse_back(code):
    assert parse_feature(f"child.sex_{code}") == Characteristic("sex", code)


def test_names_and_specs_can_be_mixed():
    spec = Count("missing_episodes", 90)
    assert as_features(["child.age", spec])[1] is spec


@pytest.mark.parametrize(
    "name",
    [
        "",
        "missing",
        "missing.",
        ".count.90d",
        "missing.count",
        "missing.count.090d",
        "missing.count.90D",
        "missing.count.90",
        "missing.counts.90d",
        "missing.type.count.90d",
        "missing.type_M+M.count.90d",
        "missing.type_Z.count.90d",
        "missing.count.90d.count.90d",
        "cp_plan.active.90d",
        "contact.active",
        "contact.count_ended.90d",
        "assessment.factor.active",
        "referral.close_reason_RC8.active",
        "referral.need_N1.count.90d",
        "cp_plan.latest_category_NEG.count.90d",
        "placement.sum.90d",
        "placement.sum_type.90d",
        "child.sex",
        "child.sex_female",
        "nothing.count.90d",
        "missing.count.99999d",
        "missing.count.0d",
    ],
)
def test_what_is_no_feature_is_refused(name):
    with pytest.raises(SpecError):
        parse_feature(name)


def test_a_name_that_could_hold_anything_is_not_repeated():
    with pytest.raises(SpecError, match="the name given") as caught:
        parse_feature("Jo Bloggs 2008")
    assert "Bloggs" not in str(caught.value)
