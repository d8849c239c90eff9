"""Tests of the monthly simulation."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np

from edgeofcare.synthetic.world.draws import streams
from edgeofcare.synthetic.world.pathways import months, run_months, simulate
from edgeofcare.synthetic.world.population import make_population
from edgeofcare.synthetic.world.settings import Settings
from edgeofcare.synthetic.world.world import World, _birthdays


def test_months_follow_one_another_and_cover_the_leap_day():
    edges = months("2023-12-15", "2024-03-01")
    assert [high - low for low, high in edges] == [31, 31, 29, 31]
    assert all(first[1] == second[0] for first, second in pairwise(edges))
    assert edges[0][0] == np.datetime64("2023-12-01", "D").astype(int)


def test_birthdays_are_calendar_days():
    born = np.array(["2004-02-29", "2004-02-28", "2000-12-31"], dtype="datetime64[D]").astype(np.int64)
    found = _birthdays(born, 18).astype("datetime64[D]").astype(str)
    assert found.tolist() == ["2022-03-01", "2022-02-28", "2018-12-31"]


def test_calls_come_before_anything_of_their_month_and_after_the_last():
    settings, seen = Settings(), []
    rng = streams(3)
    people = make_population(50, rng["people"], settings.people, first_day=18000, last_day=18200)
    days = [18262, 18293, 18322]  # firsts of January, February and March 2020

    def look(world):
        seen.append((world.d1, int(world.care.max()), world.log.columns("contacts", ("date",))["date"].max(initial=0)))

    simulate(people, settings, rng, first="2019-12-01", last="2020-02-29", at={day: [look] for day in days})
    assert [d1 for d1, _, _ in seen] == days
    assert all(last < day for (_, _, last), day in zip(seen, days, strict=True))


def test_a_call_can_put_other_settings_in_force_from_its_day():
    settings = Settings()
    none = dataclasses.replace(
        settings,
        front_door=dataclasses.replace(settings.front_door, child_contact=0.0, household_contact=0.0, first_share=0.0),
    )
    rng = streams(3)
    people = make_population(200, rng["people"], settings.people, first_day=17000, last_day=18200)
    log = simulate(
        people,
        settings,
        rng,
        first="2019-01-01",
        last="2020-12-31",
        at={18262: [lambda world: setattr(world, "settings", none)]},
    )
    dates = log.columns("contacts", ("date",))["date"]
    assert (dates < 18262).sum() > 50
    assert (dates >= 18262 + 45).sum() < 0.1 * len(dates)  # those of entries into care remain


def test_months_can_be_run_in_two_goes():
    settings = Settings()
    logs = []
    for cut in (1, 4):
        rng = streams(9)
        people = make_population(80, rng["people"], settings.people, first_day=17000, last_day=18200)
        world = World(people, settings, rng)
        spans = months("2019-01-01", "2019-06-30")
        run_months(world, spans[:cut], {})
        run_months(world, spans[cut:], {})
        logs.append(world.log.columns("contacts", ("date",))["date"])
    np.testing.assert_array_equal(*logs)
