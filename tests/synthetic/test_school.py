"""Tests of suspensions from school."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgeofcare.synthetic.world.draws import streams
from edgeofcare.synthetic.world.population import make_population
from edgeofcare.synthetic.world.school import make_suspensions, suspension_chance
from edgeofcare.synthetic.world.settings import Settings
from edgeofcare.synthetic.world.world import World

SEPTEMBER, AUGUST = (int(np.datetime64(day, "D").astype(int)) for day in ("1997-09-01", "1997-08-01"))


@pytest.fixture
def world():
    """Girls of 14 whom the service knows, with average need."""
    settings = Settings()
    rng = streams(0)
    people = make_population(2000, rng["people"], settings.people, first_day=9000, last_day=9001)
    n = people.size
    people = dataclasses.replace(
        people,
        birth=np.full(n, SEPTEMBER - 14 * 366),
        sex=np.full(n, "F"),
        child_need=np.zeros(n),
        household_need=np.zeros(len(people.household_need)),
    )
    world = World(people, settings, rng)
    world.begin_month(SEPTEMBER, SEPTEMBER + 30)
    world.process[:] = 0.0
    world.never_contacted[:] = False
    return world


def test_chances_multiply_as_the_settings_say(world):
    rates = world.settings.school
    world.people.sex[0] = "M"
    world.exploitation[1] = "CCE"
    world.suspended[2] = SEPTEMBER - 60
    world.process[3] = 2.0
    world.people.birth[4] = SEPTEMBER - 8 * 366
    chance = suspension_chance(world)
    expected = np.exp([rates.male, rates.exploited, rates.again, 2 * rates.need, -rates.secondary, 0.0])
    np.testing.assert_allclose(chance[:6] / chance[6], expected)
    np.testing.assert_allclose(chance[6], rates.suspension * np.exp(rates.secondary))


def test_there_are_none_in_august_or_outside_school_age(world):
    world.people.birth[0] = SEPTEMBER - 4 * 365
    world.people.birth[1] = SEPTEMBER - 17 * 366
    world.never_contacted[2] = True
    assert (suspension_chance(world)[:3] == 0).all()
    world.begin_month(AUGUST, AUGUST + 31)
    assert (suspension_chance(world) == 0).all()


def test_suspensions_are_logged_and_remembered(world):
    world.suspended[:] = SEPTEMBER - 10
    make_suspensions(world)
    rows = world.log.columns("suspensions", ("date", "days", "category"))
    assert 30 < len(rows["child"]) < 150
    np.testing.assert_array_equal(world.suspended[rows["child"]], rows["date"])
    assert ((rows["date"] >= SEPTEMBER) & (rows["date"] < SEPTEMBER + 28)).all()
    permanent = rows["category"] == "permanent exclusion"
    assert (rows["days"][permanent] == 0).all()
    assert (rows["days"][~permanent] >= 1).all()
    np.testing.assert_array_equal(np.flatnonzero(world.excluded != -1), np.sort(rows["child"][permanent]))
