"""Tests of who enters care, and of how periods of care run."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgeofcare.synthetic.authorities.authorities import settings_of
from edgeofcare.synthetic.world.care import entry_chance
from edgeofcare.synthetic.world.careers import change_care, leave_care, open_care
from edgeofcare.synthetic.world.draws import NO_DAY, streams
from edgeofcare.synthetic.world.population import make_population
from edgeofcare.synthetic.world.settings import PolicyRates, Settings
from edgeofcare.synthetic.world.world import World


@pytest.fixture
def world():
    """Forty boys and girls of 15 with open cases and average need."""
    settings = Settings()
    rng = streams(0)
    people = make_population(40, rng["people"], settings.people, first_day=9000, last_day=9001)
    n = people.size
    flat = {"birth": np.full(n, 10000 - 5500), "uasc": np.zeros(n, dtype=bool), "child_need": np.zeros(n)}
    people = dataclasses.replace(people, household_need=np.zeros(len(people.household_need)), **flat)
    world = World(people, settings, rng)
    world.begin_month(10000, 10030)
    world.process[:] = 0.0
    world.referral[:] = 9900
    return world


def test_chances_multiply_as_the_settings_say(world):
    rates = world.settings.care
    world.cp_plan[0] = 9950
    world.missing_months[0, 1] = 1
    world.missing_months[:2, 2] = 2
    world.exploitation[3] = "CCE"
    world.prior_care[4] = True
    world.self_harm[5] = True
    world.last_s47[6] = 9980
    chance = entry_chance(world)
    expected = np.exp(
        [
            rates.cp_plan,
            rates.missing_some,
            rates.missing_many,
            rates.exploited,
            rates.prior_care,
            rates.self_harm,
            rates.recent_s47,
            0.0,
        ]
    )
    np.testing.assert_allclose(chance[:8] / chance[8], expected)


def test_need_raises_the_chance_and_a_closed_case_lowers_it(world):
    world.process[0] = 1.0
    world.referral[1] = NO_DAY
    chance = entry_chance(world)
    assert chance[0] > 1.5 * chance[2]
    assert chance[1] < 0.5 * chance[2]


def test_each_setting_of_england_multiplies_the_chance(world):
    england = settings_of("england")
    world.settings = england
    for flags in world.people.parental.values():
        flags[:] = False
    home = world.people.household
    world.suspended[0] = 9990
    world.excluded[1] = 9700
    world.left_care[2] = 9800
    world.suspended[3] = 9800
    chance = entry_chance(world)
    rates = england.care
    expected = np.exp([rates.suspended, rates.excluded, rates.recent_exit, 0.0])
    np.testing.assert_allclose(chance[:4] / chance[5], expected)
    world.people.parental["alcohol"][home[5]] = True
    world.people.parental["domestic_abuse"][home[5]] = True
    both = np.exp(rates.parents + rates.domestic_abuse)
    np.testing.assert_allclose(entry_chance(world)[5] / chance[5], both)


@pytest.mark.parametrize(("month", "factor"), [((1997, 5), 1.5), ((1997, 6), 1.0), ((0, 0), 1.0)])
def test_a_policy_multiplies_every_chance_from_its_month_on(world, month, factor):
    world.d0 = int(np.datetime64("1997-05-01", "D").astype(int))
    before = entry_chance(world)
    world.settings = dataclasses.replace(world.settings, policy=PolicyRates(month=month, entry=1.5))
    np.testing.assert_allclose(entry_chance(world) / before, factor)


def test_the_newborn_and_the_young_have_rates_of_their_own(world):
    world.settings = settings_of("england")
    for flags in world.people.parental.values():
        flags[:] = False
    world.people.birth[:] = 9000
    world.people.birth[:3] = [9990, 9900, 9500]
    world.people.birth[3] = 10000 - 7 * 365
    rates, chance = world.settings.care, entry_chance(world)
    expected = [rates.infant * np.exp(rates.newborn), rates.infant, rates.young, rates.young * np.exp(rates.ages_5_9)]
    np.testing.assert_allclose(chance[:4], expected)


def test_unaccompanied_children_do_not_enter_this_way(world):
    world.people.uasc[0] = True
    assert entry_chance(world)[0] == 0.0


def test_a_period_of_care_is_a_chain_of_half_open_episodes(world):
    child = np.array([0, 1])
    day = np.array([10003, 10004])
    open_care(world, child, day, np.array(["V2", "C1"]), np.array(["N1", "N5"]))
    change_care(world, child, day, status=np.array(["C1", "C2"]))
    change_care(world, child, day + 10, move=True)
    leave_care(world, child, day + 20, np.array(["E4A", "E8"]))
    rows = world.log.columns("care_episodes", ("start", "end", "start_reason", "end_reason", "period"))
    first = rows["child"] == 0
    assert rows["start"][first].tolist() == [10003, 10004, 10013]
    assert rows["end"][first].tolist() == [10004, 10013, 10023]
    assert rows["start_reason"][first].tolist() == ["S", "L", "P"]
    assert rows["end_reason"][first].tolist() == ["X1", "X1", "E4A"]
    assert len(set(rows["period"][first])) == 1
    statuses = world.log.columns("legal_statuses", ("start", "end", "status"))
    own = statuses["child"] == 0
    assert statuses["status"][own].tolist() == ["V2", "C1"]
    assert statuses["start"][own].tolist() == [10003, 10004]
    assert statuses["end"][own].tolist() == [10004, 10023]
    assert world.prior_care[child].all()
    assert (world.care[child] == NO_DAY).all()
