"""Specs as plain dictionaries: whatever is written down comes back, and nothing else is taken."""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields

import pytest
from hypothesis import given, settings

from edgeofcare.exceptions import SpecError
from edgeofcare.features.catalogue import catalogue
from edgeofcare.features.feature import Feature
from edgeofcare.features.plain import feature_from_dict, feature_to_dict
from edgeofcare.features.specs.child import Age, Siblings
from edgeofcare.features.specs.combined import Difference, Ratio
from edgeofcare.features.specs.events import Count, Share
from edgeofcare.features.specs.spells import Active
from strategies import every_spec


# Seen to fail with: `unless` or `scope` left out of what is written down.
@settings(max_examples=400)
@given(every_spec())
def test_every_spec_comes_back_from_json(spec):
    plain = feature_to_dict(spec)
    again = feature_from_dict(json.loads(json.dumps(plain)))
    assert again == spec
    assert type(again) is type(spec)
    assert hash(again) == hash(spec)
    assert feature_to_dict(again) == plain


@settings(max_examples=200)
@given(every_spec())
def test_defaults_are_left_out_and_nothing_else_is(spec):
    plain = feature_to_dict(spec)
    differing = {option.name for option in fields(spec) if getattr(spec, option.name) != option.default}
    assert set(plain) == {"kind"} | differing
    assert {option.name for option in fields(spec) if option.default is MISSING} <= set(plain)


@pytest.mark.parametrize("entry", catalogue().values(), ids=lambda entry: entry.name)
def test_every_default_feature_comes_back(entry):
    assert feature_from_dict(json.loads(json.dumps(feature_to_dict(entry.feature)))).name == entry.name


def test_a_table_of_ones_own_comes_back():
    spec = Count("suspensions", 90, {"category": ["B", "A"]}, scope="siblings")
    assert feature_from_dict(feature_to_dict(spec)) == spec


def test_what_is_written_reads_like_the_spec():
    assert feature_to_dict(Age()) == {"kind": "Age"}
    assert feature_to_dict(Siblings((0, 4))) == {"kind": "Siblings", "ages": [0, 4]}
    assert feature_to_dict(Share("referrals", "1095D", of={"source": "6"}, unless={"nfa": True})) == {
        "kind": "Share",
        "table": "referrals",
        "lookback": 1095,
        "unless": {"nfa": ["yes"]},
        "of": {"source": ["6"]},
    }
    assert feature_to_dict(Ratio(Active("cp_plans"), Age())) == {
        "kind": "Ratio",
        "first": {"kind": "Active", "table": "cp_plans"},
        "second": {"kind": "Age"},
    }


COUNT = {"kind": "Count", "table": "referrals", "lookback": 90}
NESTED = feature_to_dict(Difference(Age(), Age()))


@pytest.mark.parametrize(
    ("plain", "said"),
    [
        (None, "must be a dictionary"),
        ([], "must be a dictionary"),
        ("missing.count.90d", "must be a dictionary"),
        ({}, "must be a dictionary"),
        ({"kind": 1}, "must be a dictionary"),
        ({"kind": "Feature"}, "no kind of feature 'Feature'"),
        ({"kind": "TableFeature", "table": "referrals"}, "no kind of feature"),
        ({"kind": "count", **COUNT, "kind ": "count"}, "not known: "),
        ({**COUNT, "window": 90}, "not known: 'window'"),
        ({**COUNT, "value": "source"}, "not known: 'value'"),
        ({**COUNT, 3: 4}, "not known: "),
        ({"kind": "Age", "table": "referrals"}, "It has no options"),
        ({"kind": "Count"}, "missing: table"),
        ({"kind": "Ratio", "first": {"kind": "Age"}}, "missing: second"),
        ({**COUNT, "table": None}, "'table' of a Count feature must be text"),
        ({**COUNT, "lookback": "90D"}, "'lookback' of a Count feature must be a whole number"),
        ({**COUNT, "lookback": True}, "'lookback'"),
        ({**COUNT, "lookback": 90.0}, "'lookback'"),
        ({**COUNT, "lookback": -1}, "whole number of days"),
        ({**COUNT, "lookback": None}, "needs a lookback"),
        ({**COUNT, "where": [["source", ["6"]]]}, "'where' of a Count feature must be columns with lists"),
        ({**COUNT, "where": {"source": "6"}}, "'where'"),
        ({**COUNT, "where": {"nfa": [True]}}, "'where'"),
        ({**COUNT, "where": {"source": []}}, "none given"),
        ({**COUNT, "where": {"source": ["99"]}}, "no code"),
        ({**COUNT, "unless": {"need": ["N1"]}}, "snapshot"),
        ({**COUNT, "edge": "middle"}, "edge must be"),
        ({**COUNT, "scope": "cousins"}, "scope must be"),
        ({"kind": "Siblings", "ages": [0, True]}, "'ages'"),
        ({"kind": "Siblings", "ages": "07"}, "'ages'"),
        ({"kind": "Siblings", "ages": [9, 3]}, "youngest first"),
        ({"kind": "Ratio", "first": {"kind": "Age"}, "second": "child.age"}, "'second' of a Ratio feature must be"),
        ({"kind": "Ratio", "first": {"kind": "Age"}, "second": NESTED}, "not itself made of two"),
        ({"kind": "Ratio", "first": {"kind": "Age"}, "second": {**COUNT, "window": 9}}, "not known: 'window'"),
    ],
)
def test_anything_else_is_refused(plain, said):
    with pytest.raises(SpecError, match=said):
        feature_from_dict(plain)


@pytest.mark.parametrize("plain", [{"kind": "Jo Bloggs 2008"}, {**COUNT, "Jo Bloggs 2008": 1}])
def test_words_that_could_hold_anything_are_not_repeated(plain):
    with pytest.raises(SpecError) as caught:
        feature_from_dict(plain)
    assert "Bloggs" not in str(caught.value)


def test_every_problem_is_told_at_once():
    with pytest.raises(SpecError, match=r"missing: lookback|missing: table.*not known: 'window'"):
        feature_from_dict({"kind": "Count", "window": 90})


@dataclass(frozen=True)
class Age2(Age):
    """A kind of somebody else's."""


@dataclass(frozen=True)
class Count2(Feature):
    """A kind of somebody else's under a name of ours."""


Count2.__name__ = "Count"


@pytest.mark.parametrize("feature", [Age2(), Count2()])
def test_kinds_of_somebody_elses_are_not_written_down(feature):
    with pytest.raises(SpecError, match="is not a kind of feature"):
        feature_to_dict(feature)
