"""Invented roll-outs have what was planted in them."""

from __future__ import annotations

import numpy as np
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.synthetic.rollout import make_rollout_outcomes
from rollouts import drawn, planted

DESIGN = drawn()
EVEN = {"drift": 1.0, "between_teams": 0.0, "between_households": 0.0}


def _rates(outcomes):
    """Entries for each child and whole period, with the score and without."""
    exposed = DESIGN.to_frame().set_index(["team", "period"])["exposed"]
    frame = outcomes.reset_index().join(exposed, on=["team", "index_date"])
    sums = frame.groupby("exposed")[["entered_care", "followup_days"]].sum()
    return 90 * sums["entered_care"] / sums["followup_days"]


def test_the_planted_ratio_and_rate_are_there():
    rates = _rates(planted(DESIGN, ratio=0.5, children=4000, rate=0.03, **EVEN))
    assert rates[False] == pytest.approx(0.03, rel=0.08)
    assert rates[True] / rates[False] == pytest.approx(0.5, abs=0.04)


def test_children_come_and_go_and_enter_once():
    outcomes = planted(DESIGN, children=200)
    sizes = outcomes.groupby(["team", "index_date"]).size().groupby("index_date").mean()
    assert sizes.mean() == pytest.approx(200, rel=0.2)
    child = outcomes.index.get_level_values("child_id")
    assert outcomes["entered_care"].groupby(child).sum().max() == 1
    last = outcomes.reset_index().sort_values("index_date").groupby("child_id")["entered_care"].last()
    assert last.sum() == outcomes["entered_care"].sum()
    assert outcomes["followup_days"].between(0, 90).all()


def _together(outcomes):
    """Correlation of what siblings did beyond what was expected of each."""
    rows = outcomes.assign(due=outcomes["entered_care"].mean()).reset_index()
    child = rows.groupby(["household_id", "child_id"])[["entered_care", "due"]].sum()
    beyond = (child["entered_care"] - child["due"]) / np.sqrt(child["due"])
    home = beyond.groupby("household_id")
    pairs = (home.sum() ** 2 - (beyond**2).groupby("household_id").sum()).sum()
    return pairs / (home.size() * (home.size() - 1)).sum()


def test_households_belong_to_one_team_and_share_their_risk():
    outcomes = planted(DESIGN, children=600, rate=0.05, between_households=1.5)
    home = outcomes.index.get_level_values("household_id")
    assert outcomes.groupby(home)["team"].nunique().max() == 1
    children = outcomes.reset_index().groupby("household_id")["child_id"].nunique()
    assert children.max() == 3
    assert _together(outcomes) > 0.2
    assert abs(_together(planted(DESIGN, children=600, rate=0.05, between_households=0))) < 0.1


def test_drift_lowers_everybodys_rate():
    outcomes = planted(DESIGN, children=3000, **(EVEN | {"drift": 0.8}))
    rates = outcomes["entered_care"].groupby(outcomes.index.get_level_values("index_date")).mean()
    assert rates.iloc[-1] / rates.iloc[0] == pytest.approx(0.8**6, rel=0.3)


def test_the_same_seed_gives_the_same_rows():
    one, other = planted(DESIGN, seed=3), planted(DESIGN, seed=3)
    assert one.equals(other)
    assert not one.equals(planted(DESIGN, seed=4))
    assert one.index.is_unique
    assert np.array_equal(one.index, one.sort_index().index)


@pytest.mark.parametrize("options", [{"ratio": 0}, {"children": -1}, {"rate": 0}, {"drift": 0}, {"team_shocks": -1}])
def test_numbers_out_of_range_are_refused(options):
    with pytest.raises(SpecError, match=next(iter(options))):
        make_rollout_outcomes(DESIGN.to_frame(), **options)


def test_another_frame_is_refused():
    with pytest.raises(SpecError, match="lacks team, period, exposed"):
        make_rollout_outcomes(DESIGN.to_frame()[["step"]])
