"""Tests of what happens to adolescents."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgeofcare.synthetic.world.adolescence import make_missing, make_offences
from edgeofcare.synthetic.world.draws import streams
from edgeofcare.synthetic.world.population import make_population
from edgeofcare.synthetic.world.settings import AdolescenceRates, Settings
from edgeofcare.synthetic.world.world import World


def world_of(rates):
    """Boys and girls of 15 in a run of missing episodes: with a case, a recent contact, an old contact, in turn."""
    settings = dataclasses.replace(Settings(), adolescence=rates)
    rng = streams(1)
    people = make_population(3000, rng["people"], settings.people, first_day=9000, last_day=9001)
    n = people.size
    people = dataclasses.replace(people, birth=np.full(n, 10000 - 5500), uasc=np.zeros(n, dtype=bool))
    world = World(people, settings, rng)
    world.begin_month(10000, 10030)
    world.never_contacted[:] = False
    world.burst[:] = True
    world.last_contact[:] = 9500
    world.referral[::3] = 9900
    world.last_contact[1::3] = 9800
    return world


@pytest.mark.parametrize(("make", "table"), [(make_missing, "missing_episodes"), (make_offences, "offences")])
def test_events_may_be_entered_only_while_the_service_knows_the_child(make, table):
    rates = AdolescenceRates(burst_end=0.0, offence=0.2)
    everyone, recent = world_of(rates), world_of(dataclasses.replace(rates, only_recent=True))
    make(everyone)
    make(recent)
    every = np.bincount(everyone.log.columns(table, ())["child"] % 3, minlength=3)
    known = np.bincount(recent.log.columns(table, ())["child"] % 3, minlength=3)
    assert every.min() > 100
    assert known[:2].min() > 100
    assert known[2] == 0


def test_missing_episodes_peak_at_the_age_of_the_settings():
    rates = AdolescenceRates(burst=0.0, burst_weeks=0.0, isolated=0.25, peak_age=17.0, need_on_burst=0.0)
    world = world_of(rates)
    world.burst[:] = False
    world.people.birth[::2] = 10000 - 4400
    make_missing(world)
    child = world.log.columns("missing_episodes", ())["child"]
    younger, older = np.bincount(child % 2, minlength=2)
    assert older > 3 * younger
