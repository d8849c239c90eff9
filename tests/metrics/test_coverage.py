"""Whether 95% intervals hold the truth: a small simulation, a large one, and the page that tells of the whole."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / "docs"
PROMISED = ("AUROC", "O/E", "calibration slope", "PPV at capacity")


@pytest.fixture
def simulation(monkeypatch):
    """The module that draws panels and writes the page."""
    import importlib

    monkeypatch.syspath_prepend(str(DOCS / "scripts"))
    return importlib.import_module("interval_coverage")


def test_the_page_keeps_its_promise():
    text = (DOCS / "reference" / "interval_coverage.md").read_text(encoding="utf-8")
    columns = [int(each) for each in re.search(r"^\| 95% interval of \|(.*)\|$", text, re.M)[1].split("|")]
    assert columns == [25, 50, 75, 150, 300]
    for measure in PROMISED:
        shares = [float(each) for each in re.search(rf"^\| {measure} \|(.*)\|$", text, re.M)[1].split("|")]
        assert all(0.90 <= share <= 0.97 for share in shares[2:]), measure


def test_a_panel_repeats_children_and_has_siblings(simulation):
    panel = simulation.draw(3000, np.random.default_rng(0))
    children, rows = np.unique(panel.child, return_counts=True)
    homes = panel.household[np.searchsorted(panel.child, children)]
    entrants = np.unique(panel.child[panel.y == 1])
    assert rows.mean() > 3
    assert np.bincount(homes).max() == 3
    assert panel.y.sum() / entrants.size > 2
    assert entrants.size / 3000 == pytest.approx(simulation.ENTRANTS_IN_HOUSEHOLD, rel=0.25)
    assert np.unique(panel.child * 100 + panel.date).size == panel.child.size


def test_reviews_are_one_row_in_twenty_of_each_date(simulation):
    panel = simulation.draw(500, np.random.default_rng(0))
    share = simulation.reviewed(panel)
    for date in range(simulation.DATES):
        rows = panel.date == date
        assert share[rows].sum() == pytest.approx(round(0.05 * rows.sum()))
        assert panel.risk[rows][share[rows] == 1].min() > panel.risk[rows][share[rows] == 0].max()


def _cell(simulation, entrants, replications, resamples, truth):
    return simulation.run_cell(entrants, simulation.truth(truth), replications, resamples)


def test_household_intervals_hold_the_truth_and_those_of_rows_do_not(simulation):
    cell = _cell(simulation, 75, replications=60, resamples=120, truth=4000)
    for measure in simulation.PROMISED:
        assert cell.covered[measure] >= 0.85, measure
    assert cell.covered["auroc_households"] >= 0.85
    assert cell.covered["slope_households"] >= 0.85
    assert cell.covered["auroc_rows"] <= 0.85
    assert cell.covered["slope_rows"] <= 0.85


@pytest.mark.slow
@pytest.mark.parametrize("entrants", [75, 300])
def test_promised_intervals_cover_in_90_to_97_of_100(simulation, entrants):
    cell = _cell(simulation, entrants, replications=400, resamples=300, truth=40_000)
    # Two standard errors of a share from 400 panels either way.
    for measure in simulation.PROMISED:
        assert 0.90 - 0.022 <= cell.covered[measure] <= 0.97 + 0.017, measure
