"""The smallest effect that a roll-out can tell from chance."""

from __future__ import annotations

import numpy as np
import pytest

from edgeofcare.cohort import quarters
from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.rollout.design import design_rollout
from edgeofcare.tracking.rollout.detectable import minimum_detectable_effect
from rollouts import PERIODS, TEAMS, drawn, planted

BEFORE = quarters("2024-04-01", "2025-10-01")


def _past(n_teams=8, **options):
    """Outcomes from before, in which nobody used a score."""
    design = drawn(n_teams, periods=BEFORE)
    return planted(design, ratio=1.0, **({"children": 150, "seed": 7} | options))


@pytest.fixture(scope="module")
def found():
    """The effect that one authority can tell."""
    return minimum_detectable_effect(drawn(), _past(), n_simulations=100, progress=False)


def test_power_rises_with_the_effect_and_reaches_what_was_wanted(found):
    powers = found.table.sort_values("ratio", ascending=False)["power"].to_numpy()
    assert (np.diff(powers) > -0.08).all()
    assert powers[0] < 0.15
    assert powers[-1] > 0.9
    near = found.table.iloc[(found.table["ratio"] - found.ratio).abs().argsort()[:2]]
    assert near["power"].mean() == pytest.approx(0.8, abs=0.08)


def test_ratio_rate_and_difference_fit_together(found):
    assert found.difference == pytest.approx(found.rate * (1 - found.ratio))
    assert np.allclose(found.table["difference"], found.rate * (1 - found.table["ratio"]))
    assert f"Fewer than {found.difference:.1f} in 1,000 cannot be relied on" in found.text
    assert repr(found) == f"DetectableEffect({found.text})"
    assert found.text in found._repr_html_()


def test_more_children_tell_smaller_effects(found):
    more = minimum_detectable_effect(drawn(), _past(children=900), n_simulations=100, progress=False)
    assert more.ratio > found.ratio + 0.15


def test_earlier_periods_help(found):
    periods = quarters("2024-10-01", "2027-10-01")
    design = design_rollout(TEAMS, periods=periods, begin=PERIODS[1:])
    longer = minimum_detectable_effect(design, _past(), n_simulations=100, progress=False)
    assert longer.ratio > found.ratio + 0.03


def test_what_comes_and_goes_in_teams_costs_power(found):
    loose = minimum_detectable_effect(drawn(), _past(), team_shocks=0.8, n_simulations=100, progress=False)
    assert not loose.ratio > found.ratio


def test_the_same_seed_gives_the_same_answer():
    given = {"n_simulations": 50, "progress": False}
    one = minimum_detectable_effect(drawn(), _past(), **given)
    other = minimum_detectable_effect(drawn(), _past().sample(frac=1, random_state=0), **given)
    assert one.table.equals(other.table)
    assert minimum_detectable_effect(drawn(), _past(), random_state=1, **given).ratio != one.ratio


def test_three_teams_are_told_that_the_order_tells_nothing():
    found = minimum_detectable_effect(drawn(3), _past(3, children=900), n_simulations=50, progress=False)
    assert found.test == "households"
    assert "order of so few teams can tell nothing" in found.text
    assert 0 < found.ratio < 1


def test_hardly_any_entries_cannot_be_told():
    found = minimum_detectable_effect(drawn(4), _past(4, children=25, seed=1), n_simulations=50, progress=False)
    assert np.isnan(found.ratio)
    assert "cannot find out whether the score helps" in found.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"power": 1.0}, "power must lie"),
        ({"power": 0.01}, "power must lie"),
        ({"team_shocks": -0.1}, "team_shocks must be"),
        ({"n_simulations": 10}, "n_simulations must be"),
    ],
)
def test_options_that_cannot_be_used_are_refused(options, said):
    with pytest.raises(SpecError, match=said):
        minimum_detectable_effect(drawn(), _past(), **options)


def test_too_few_past_entries_are_refused():
    with pytest.raises(SpecError, match="fewer than 10 children entered care"):
        minimum_detectable_effect(drawn(), _past(children=5, rate=0.001), n_simulations=50)


def test_a_bar_is_shown_only_where_it_is_wanted(capsys):
    minimum_detectable_effect(drawn(), _past(), n_simulations=50, progress=False)
    assert capsys.readouterr().err == ""
    minimum_detectable_effect(drawn(), _past(), n_simulations=50, progress=True)
    assert "ratio 0.99" in capsys.readouterr().err
