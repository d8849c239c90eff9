"""Names and specs are two spellings of one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from edgeofcare.exceptions import SpecError
from edgeofcare.features.catalogue import default_features
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.features.sources import SOURCES
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.features.specs.combined import Combined, Difference, Ratio
from edgeofcare.features.specs.events import Count, DaysSince, DaysSinceFirst, Rate, Share, Trend
from edgeofcare.features.specs.numbers import Distinct, Last, Max, Mean, Sum
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap, TotalDays
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import NEVER, SPELL
from strategies import any_spec, every_spec

UNDATED = "undated_siblings"


# Seen to fail with: the edge left out of the name of Count.
@settings(max_examples=300)
@given(any_spec())
def test_every_name_parses_back_to_its_spec(spec):
    assert parse_feature(spec.name) == spec
    assert spec.name.isascii()
    assert " " not in spec.name


@settings(max_examples=600)
@given(every_spec())
def test_every_name_of_every_kind_and_scope_parses_back_to_its_spec(spec):
    assert parse_feature(spec.name) == spec
    assert spec.name.isascii()
    assert (" " in spec.name) == isinstance(spec, Combined)


@settings(max_examples=300)
@given(every_spec(("referrals", "placements", "cp_plans")), every_spec(("referrals", "placements", "cp_plans")))
def test_two_specs_have_one_name_only_where_they_are_equal(one, other):
    assert (one.name == other.name) == (one == other)


def one_of_each(table):
    """One spec of each kind, edge, value and filter column of a table, over one lookback."""
    spell = table.kind == SPELL
    usable = [column for column in table.columns if column.known != NEVER]
    codes = [column.name for column in usable if column.kind in ("code", "id")]
    numbers = [column.name for column in usable if column.kind == "number"]
    listed = [column.name for column in usable if column.kind == "code" and column.codes in CODE_LISTS]
    wheres = [{}, *({c.name: sorted(CODE_LISTS.get(c.codes, ["A"]))[0]} for c in usable if c.kind == "code")]
    wheres += [{column.name: answer} for column in usable if column.kind == "flag" for answer in (True, False)]
    specs = [
        of(table.name, 90, edge=edge)
        for of in (Count, DaysSince, DaysSinceFirst)
        for edge in (("start", "end") if spell else ("start",))
    ]
    specs += [Count(table.name, 90, where) for where in wheres[1:]]
    specs += [Distinct(table.name, 90, value=value) for value in codes]
    specs += [of(table.name, 90, value=value) for of in (Sum, Mean, Max) for value in numbers]
    specs += [Last(table.name, lookback, value=value) for value in numbers + listed for lookback in (None, 90)]
    specs += [Share(table.name, 90, of=where) for where in wheres[1:]]
    specs += [Count(table.name, 90, unless=where) for where in wheres[1:]]
    specs += [Trend(table.name, 90), Rate(table.name, 91), Rate(table.name, 900)]
    if spell:
        specs += [Active(table.name), DaysIn(table.name, 90), TotalDays(table.name)]
        others = [other for other in ("cp_plans", "care_periods") if other != table.name]
        specs += [Overlap(table.name, 90, other=other) for other in others]
    return specs + [replace(spec, scope=scope) for spec in specs for scope in ("siblings", "undated_siblings")]


# Seen to fail with: the value left out of the names of Sum, Mean, Max and Distinct.
def test_different_specs_have_different_names():
    specs = [spec for table in SOURCES.values() for spec in one_of_each(table)]
    specs += [Age(), Calendar("month"), Calendar("year"), Siblings(), Siblings((0, 4)), Siblings((0, 4), UNDATED)]
    specs += [of(first, second) for of in (Ratio, Difference) for first, second in (specs[:2], specs[1::-1])]
    assert len(specs) > 1000
    assert len({spec.name for spec in specs}) == len(set(specs)) == len(specs)
    assert [parse_feature(spec.name) for spec in specs] == specs


@pytest.mark.parametrize("spec", default_features(), ids=lambda spec: spec.name)
def test_every_default_name_parses_back(spec):
    assert parse_feature(spec.name) == spec
    assert spec.sentence.strip().endswith(".")


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
        "Nothing.count.90d",
        "contacts.count.90d",
        "nothing.90d",
        "missing.count.99999d",
        "missing.count.0d",
        "missing.trend",
        "missing.rate",
        "missing.rate.90d",
        "missing.total_days.90d",
        "missing.days_since_last",
        "missing.share.90d",
        "missing.share_type.90d",
        "missing.share_type_Z.90d",
        "missing.share_type_M",
        "missing.type_M.share_type_A.90d",
        "missing.type_M.not_type_A.count.90d",
        "missing.not_type_M.type_A.count.90d",
        "missing.not_count.90d",
        "missing.overlap.90d",
        "missing.overlap_missing.90d",
        "missing.overlap_contact.90d",
        "missing.overlap_cp_plans.90d",
        "missing.overlap_cp_plan",
        "contact.total_days",
        "contact.last_recorded_date",
        "placement.last_type",
        "worker.last_worker.90d",
        "calendar.",
        "calendar.day",
        "calendar.month.90d",
        "sibling.",
        "sibling.number",
        "sibling.number_0",
        "sibling.number_4_0",
        "sibling.number_00_04",
        "sibling.number_0_26",
        "sibling.number_0_4.90d",
        "number_0_4",
        "siblings.missing.count.90d",
        "sibling.sibling.missing.count.90d",
        "sibling.child.age",
        "sibling.calendar.month",
        "child.age / ",
        " / child.age",
        "child.age /child.age",
        "child.age * child.age",
        "child.age / child.age / child.age",
        "child.age / child.age - child.age",
        "child.age - child.age / child.age",
        "referral.last_source / child.age",
    ],
)
def test_what_is_no_feature_is_refused(name):
    with pytest.raises(SpecError):
        parse_feature(name)


def test_a_name_that_could_hold_anything_is_not_repeated():
    with pytest.raises(SpecError, match="the name given") as caught:
        parse_feature("Jo Bloggs 2008")
    assert "Bloggs" not in str(caught.value)
