"""Whether a planted effect is recovered: a small simulation, a large one, and the page that tells of the whole."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "reference" / "rollout_simulation.md"


@pytest.fixture
def simulation(monkeypatch):
    """The module that plants effects and writes the page."""
    monkeypatch.syspath_prepend(str(DOCS / "scripts"))
    return importlib.import_module("rollout_simulation")


def _lines():
    """The table of the page: shares by what is planted."""
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| \d+ \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", text, re.M)
    return {words: tuple(map(float, values)) for words, *values in rows}


def test_the_page_keeps_its_promise(simulation):
    lines = _lines()
    assert list(lines) == [world.words for world in simulation.WORLDS]
    for world in simulation.WORLDS:
        median, households, orders, told = lines[world.words]
        assert median == pytest.approx(world.ratio, rel=0.1)
        assert 0.92 <= orders <= 0.985
        assert world.shocks or 0.90 <= households <= 0.975
        assert world.ratio < 1 or told <= 0.08


def test_the_page_states_the_power_that_was_found():
    text = PAGE.read_text(encoding="utf-8")
    told, error = re.search(
        r"roll-outs: ([\d.]+)% of them tell it from chance \(standard error ([\d.]+)%", text
    ).groups()
    assert abs(float(told) - 80) <= 3 + 2 * float(error)


def test_the_page_is_what_the_script_would_write(simulation):
    """All but the numbers, which take long to compute."""
    blank = simulation.Cell(0.95, 0.95, 0.05, 1.0, 1.0, 100)
    power = simulation.Power(0.5, 0.4, 0.6, 0.8, 0.02, 300, "X")
    written = simulation.page(
        dict.fromkeys(simulation.WORLDS, blank),
        power,
        simulation.REPLICATIONS,
        simulation.AUTHORITIES,
        simulation.SIMULATIONS,
    )

    def bare(text):
        """Without numbers and quotation."""
        return re.sub(r"[\d.]+", "#", re.sub(r"^> .*$", "", text, flags=re.M))

    assert bare(written) == bare(PAGE.read_text(encoding="utf-8"))
    head = re.search(r"Each world has (\d+) roll-outs, with\n(\d+) resamples", PAGE.read_text(encoding="utf-8"))
    assert head.groups() == (str(simulation.REPLICATIONS), str(simulation.RESAMPLES))


def test_what_does_not_hold_is_named(simulation):
    blank = simulation.Cell(0.95, 0.95, 0.05, 1.0, 1.0, 100)
    cells = dict.fromkeys(simulation.WORLDS, blank)
    power = simulation.Power(0.5, 0.4, 0.6, 0.8, 0.02, 300, "X")
    assert simulation.problems(cells, power) == []
    world = simulation.WORLDS[0]
    wrong = simulation.problems(cells | {world: blank._replace(orders=0.9, households=0.89, told=0.1)}, power)
    assert len(wrong) == 3
    assert all(each.startswith(world.words) for each in wrong)
    assert "power" in simulation.problems(cells, power._replace(told=0.7))[0]


def test_a_planted_effect_is_recovered(simulation):
    cell = simulation.run_world(simulation.WORLDS[2], 24)
    assert cell.median == pytest.approx(0.5, rel=0.2)
    # Of 24 intervals at 95%, fewer than 20 would hold it in 1 of 200 such tests.
    assert cell.orders >= 20 / 24
    assert cell.households >= 20 / 24
    assert cell.told >= 0.25


def test_no_effect_is_seldom_told_from_chance(simulation):
    cell = simulation.run_world(simulation.WORLDS[6], 24, seed=900)
    assert cell.told <= 4 / 24


@pytest.mark.slow
@pytest.mark.parametrize("place", range(8))
def test_intervals_and_tests_hold_what_they_promise(simulation, place):
    world = simulation.WORLDS[place]
    cell = simulation.run_world(world, 400, seed=50_000)
    # Three standard errors of a share from 400 roll-outs.
    assert cell.orders >= 0.95 - 0.033
    assert world.shocks or cell.households >= 0.90 - 0.02
    assert world.ratio < 1 or cell.told <= 0.05 + 0.033


@pytest.mark.slow
def test_power_at_the_stated_effect(simulation):
    power = simulation.run_power(400, authorities=16, simulations=200)
    assert abs(power.told - 0.8) <= 3 * power.error + 0.02
