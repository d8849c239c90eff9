"""The design: balanced, reproducible, and honest about few teams."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from edgeofcare.cohort import quarters
from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.rollout.design import RolloutDesign, design_rollout
from rollouts import PERIODS, TEAMS, drawn


def test_the_schedule_is_a_stepped_wedge():
    frame = drawn().to_frame()
    assert frame.columns.tolist() == ["team", "step", "begins", "period", "exposed"]
    assert len(frame) == len(TEAMS) * len(PERIODS)
    assert (frame["exposed"] == (frame["period"] >= frame["begins"])).all()
    by_period = frame.groupby("period")["exposed"].mean()
    assert by_period.iloc[0] == 0
    assert by_period.iloc[-1] == 1
    assert by_period.is_monotonic_increasing
    assert frame.groupby("team")["step"].nunique().eq(1).all()


def test_the_same_seed_gives_the_same_design_whatever_the_order_of_names():
    one, other = drawn(), design_rollout(TEAMS[::-1], periods=PERIODS)
    pd.testing.assert_frame_equal(one.to_frame(), other.to_frame())
    assert np.array_equal(one.orders, other.orders)
    assert not all(drawn(seed=seed).steps.equals(one.steps) for seed in (1, 2, 3))


def test_each_order_is_as_likely_as_the_others():
    chosen = [drawn(4, seed=seed, periods=quarters("2026-04-01", "2027-04-01")).chosen for seed in range(480)]
    counts = np.bincount(chosen, minlength=24)
    assert counts.size == 24
    # A chi-squared of 23 degrees stays below 49.7 in 999 of 1,000 fair draws.
    assert ((counts - 20) ** 2 / 20).sum() < 49.7


def test_the_exposures_of_the_order_drawn_are_the_schedule():
    design = drawn()
    wide = design.to_frame().pivot_table(index="team", columns="period", values="exposed").to_numpy(dtype=float)
    assert np.array_equal(design.exposures()[design.chosen], wide)


def test_size_and_past_rate_are_balanced():
    rng = np.random.default_rng(0)
    traits = pd.DataFrame({"size": rng.integers(50, 300, 8), "past_rate": rng.uniform(0.01, 0.04, 8)}, index=TEAMS)
    with_balance = [drawn(seed=seed, balance=traits).balance["correlation"].abs().max() for seed in range(20)]
    order = [drawn(seed=seed).steps.to_numpy() for seed in range(20)]
    without = [max(abs(np.corrcoef(steps, traits[name])[0, 1]) for name in traits) for steps in order]
    assert max(with_balance) < 0.5
    assert np.mean(with_balance) < np.mean(without) / 1.5
    shuffled = traits.sample(frac=1, random_state=1)
    assert drawn(balance=shuffled).steps.equals(drawn(balance=traits).steps)


def test_horizon_is_the_shortest_period():
    assert drawn().horizon == "90D"
    assert design_rollout(TEAMS, periods=["2026-04-01", "2026-05-01", "2026-06-01", "2026-07-01"]).horizon == "30D"


def test_few_teams_are_told_that_nothing_can_be_told():
    three = drawn(3)
    assert not three.can_tell
    assert three.least_p == pytest.approx(1 / 6)
    assert "cannot tell it from chance" in three.text
    four = drawn(4)
    assert four.can_tell
    assert "cannot" not in four.text
    assert not design_rollout(TEAMS[:4], periods=PERIODS, begin=PERIODS[[1, 2]]).can_tell


def test_one_team_is_refused_with_the_reason():
    with pytest.raises(SpecError, match="before and an after cannot tell"):
        design_rollout(["Whole authority"], periods=PERIODS)


def test_periods_before_the_roll_out_serve_as_a_baseline():
    design = drawn(periods=quarters("2025-04-01", "2027-10-01"), begin=quarters("2027-01-01", "2027-10-01"))
    first = design.to_frame().groupby("period")["exposed"].any()
    assert first.sum() == 4
    assert design.begins == (7, 8, 9, 10)


def test_fewer_teams_than_periods_begin_evenly_spread():
    assert drawn(4).begins == (1, 3, 4, 6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"teams": "North"}, "teams is a str"),
        ({"teams": []}, "names of the teams"),
        ({"teams": ["North", "North", "South"]}, "names 1 of 3 teams twice"),
        ({"teams": ["North", 4]}, "names of the teams"),
        ({"periods": ["2026-04-01", "2026-07-01"]}, "periods has 2 dates"),
        ({"periods": ["2026-04-01", "2026-10-01", "2026-07-01"]}, "each after"),
        ({"begin": ["2026-04-01", "2026-07-01"]}, "1 are no period after the first"),
        ({"begin": ["2026-07-01"]}, "begin has 1 dates"),
        ({"balance": pd.DataFrame({"size": [1.0, 2.0]}, index=["Team A", "Team X"])}, "balance has 2 rows"),
        ({"balance": pd.DataFrame({"size": [np.nan] * 8}, index=list(TEAMS))}, "finite number"),
        ({"balance": [1, 2]}, "balance is a list"),
    ],
)
def test_what_cannot_be_used_is_refused(change, said):
    given = {"teams": TEAMS, "periods": PERIODS} | change
    with pytest.raises(SpecError, match=said):
        design_rollout(given.pop("teams"), **given)


def test_a_design_outlasts_the_roll_out_in_json():
    traits = pd.DataFrame({"size": np.arange(8.0)}, index=TEAMS)
    design = drawn(balance=traits)
    again = RolloutDesign.from_dict(json.loads(json.dumps(design.to_dict())))
    pd.testing.assert_frame_equal(again.to_frame(), design.to_frame())
    assert np.array_equal(again.orders, design.orders)
    assert again.text == design.text
    pd.testing.assert_frame_equal(again.balance, design.balance)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"orders": [[0, 1]]},
        {"orders": "no"},
        {"chosen": 5000},
        {"periods": ["soon"]},
        {"begins": [1, 99]},
        {"begins": [0, 1, 2, 3, 4, 5]},
        {"begins": [-1, 1, 2, 3, 4, 5]},
        {"begins": [2, 1, 3, 4, 5, 6]},
        {"begins": [1.5, 2, 3, 4, 5, 6]},
        {"periods": ["2027-10-01", "2027-07-01", "2027-04-01", "2027-01-01", "2026-10-01", "2026-07-01", "2026-04-01"]},
        {"teams": ["Team A"] * 8},
        {"teams": list(TEAMS[::-1])},
        {"teams": ["", *TEAMS[1:]]},
        {"chosen": 0.5},
        {"chosen": True},
        {"chosen": -1},
        {"possible": 1},
        {"orders": [[0] * 7 + [5]] * 2},
        {"orders": [drawn().orders[0].tolist()] * 2},
        {"orders": (drawn().orders + 0.5).tolist()},
        {"balance": {"trait": ["size"], "correlation": [7.0]}},
        {"balance": 3},
    ],
)
def test_something_else_is_no_design(change):
    with pytest.raises(SpecError, match="not a design"):
        RolloutDesign.from_dict(drawn().to_dict() | change)
    with pytest.raises(SpecError, match="not a design"):
        RolloutDesign.from_dict({})


def test_what_a_person_reads():
    design = drawn()
    assert repr(design) == f"RolloutDesign({design})"
    assert "8 teams over 7 periods: 1 or 2 begin at each of 6 steps" in design.text
    assert "horizon of 90D" in design.text
    assert design._repr_html_().count("uses it") == design.to_frame()["exposed"].sum()
