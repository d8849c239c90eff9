"""Tests of households and children."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgeofcare.synthetic.world.population import YEAR, make_population
from edgeofcare.synthetic.world.settings import PeopleRates


@pytest.fixture(scope="module")
def people():
    return make_population(3000, np.random.default_rng(5), PeopleRates(), first_day=14000, last_day=20000)


def test_there_are_enough_children_in_households_of_plausible_size(people):
    assert people.size >= 3000
    sizes = np.bincount(people.household)
    assert sizes.min() == 1
    assert sizes.max() == 5
    assert 0.3 < (sizes > 1).mean() < 0.65


def test_one_child_of_each_household_has_an_age_of_first_notice(people):
    age = (people.first_day[people.household] - people.birth) / YEAR
    inside = (age > -0.36) & (age < 17.6)
    assert np.bincount(people.household, weights=inside).min() >= 1


def test_unaccompanied_children_stand_alone(people):
    alone = people.uasc
    assert alone.any()
    assert (people.mother[alone] == -1).all()
    assert (people.family[alone] == -1).all()
    assert np.bincount(people.household)[people.household[alone]].max() == 1
    age = (people.first_day[people.household] - people.birth)[alone] / YEAR
    assert age.min() >= 14.5
    assert age.max() < 17.5


def test_some_mothers_have_children_in_two_families(people):
    recorded = people.mother != -1
    pairs = {(m, h) for m, h in zip(people.mother[recorded], people.household[recorded], strict=True)}
    families = np.bincount([m for m, _ in pairs])
    assert (families > 1).sum() >= 20


def test_only_disabled_children_have_packages(people):
    assert (people.disability[people.package != ""] != "").all()
    assert set(people.package) == {"", "V3", "V4"}


def test_those_who_grow_up_before_the_extract_can_be_left_out():
    rates = replace(PeopleRates(), burn_in_years=5)
    whole = make_population(2000, np.random.default_rng(1), rates, first_day=14000, last_day=20000)
    young = make_population(
        2000, np.random.default_rng(1), replace(rates, only_minors=True), first_day=14000, last_day=20000
    )
    kept = whole.birth + 18 * YEAR > 14000 + 5 * YEAR
    assert 100 < (~kept).sum() < len(kept) / 2
    np.testing.assert_array_equal(young.birth, whole.birth[kept])
    np.testing.assert_array_equal(young.household, whole.household[kept])
    np.testing.assert_array_equal(young.household_need, whole.household_need)


def test_more_children_can_be_made_than_asked_for():
    rates = replace(PeopleRates(), extra=0.5)
    people = make_population(2000, np.random.default_rng(1), rates, first_day=14000, last_day=20000)
    assert 3000 <= people.size < 3200
