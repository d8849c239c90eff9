"""Value for money: a picture by hand, ranges, pairs of draws, and losses that are called losses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from edgeofcare.evaluation.workload.lists import review_draws
from edgeofcare.evaluation.workload.value import value_table
from edgeofcare.exceptions import SpecError
from evaluation.lists import pictured
from evaluation.panels import FAST

# Listed three times and enters; listed once and does not; enters unseen; seven who do neither.
KINDS = [
    [(0, 1, 1, 300), (1, 1, 1, 209), (2, 1, 1, 118)],
    [(0, 1, 0, 365), (1, 0, 0, 365), (2, 0, 0, 365)],
    [(0, 0, 1, 300), (1, 0, 1, 209), (2, 0, 1, 118)],
    *[[(date, 0, 0, 365) for date in range(3)]] * 7,
]
COSTS = {"cost_of_review": 100.0, "cost_of_support": 2000.0, "cost_of_care": 50000.0}


def draws_of(kinds=KINDS, **rules):
    """Draws of the picture, with the same children under other lists as baselines."""
    rows, listed, _ = pictured(kinds)
    for name in rules:
        rows.score[name] = rules[name]
    return review_draws(rows, listed | rules, **FAST)


@pytest.fixture(scope="module")
def draws():
    return draws_of()


def quantities(value, column="estimate", model="model"):
    table = value.table.loc[value.table["model"] == model]
    return table.set_index("quantity")[column].to_dict()


def test_a_picture_by_hand(draws):
    # 200 children at a time, lists over 9 months: a year and 1,000 children are 20 / 3 times what was found.
    shown = quantities(value_table(draws, **COSTS, effect=0.25, support_false_alerts=0.5))
    up = 5 * 12 / 9
    assert shown == pytest.approx(
        {
            "reviews": 80 * up,
            "children_supported": (20 + 10) * up,
            "entries_averted": 5 * up,
            "cost_of_reviews": 8000 * up,
            "cost_of_support": 60000 * up,
            "care_avoided": 250000 * up,
            "net_value": 182000 * up,
            "beats_reviewing_nobody": 1.0,
        }
    )


def test_a_loss_is_called_a_loss(draws):
    value = value_table(draws, **COSTS, effect=0)
    assert "loses 320,000 " in value.text
    assert "the net value is negative" in value.text
    assert "more than reviewing nobody in 0% of draws" in value.text
    assert "9 months" in value.text
    gain = value_table(draws, **COSTS, effect=1)
    assert "gains" in gain.text
    assert "negative" not in gain.text


def test_support_that_harms_loses_care_as_well(draws):
    harm, none = (quantities(value_table(draws, **COSTS, effect=effect)) for effect in (-0.1, 0))
    assert harm["entries_averted"] < 0
    assert harm["net_value"] < none["net_value"]


def test_ranges_widen_the_interval_around_their_middle(draws):
    sure = value_table(draws, **COSTS, effect=0.2)
    open_ended = value_table(draws, **COSTS | {"cost_of_care": (20000, 80000)}, effect=(0, 0.4))
    assert quantities(sure)["net_value"] == pytest.approx(quantities(open_ended)["net_value"])
    widths = [quantities(v, "high")["net_value"] - quantities(v, "low")["net_value"] for v in (sure, open_ended)]
    assert widths[0] < widths[1]
    assert quantities(sure, "high")["reviews"] > quantities(sure)["reviews"]


def test_draws_of_a_range_are_uniform(draws):
    value = value_table(draws, **COSTS, effect=(0, 1), n_draws=20_000)
    per_found = value_table(draws, **COSTS, effect=1, n_draws=20_000)
    share = quantities(value, "high")["entries_averted"] / quantities(per_found)["entries_averted"]
    assert 0.9 < share < 1.4
    never_pays = COSTS | {"cost_of_review": 0, "cost_of_support": 25000}
    breaks_even = quantities(value_table(draws, **never_pays, effect=(0, 1), n_draws=20_000))
    assert breaks_even["beats_reviewing_nobody"] == pytest.approx(0.5, abs=0.02)


def test_the_count_rule_is_met_on_the_same_draws():
    rows, listed, _ = pictured(KINDS)
    same = draws_of(count_rule=listed["model"])
    assert quantities(value_table(same, **COSTS, effect=(0, 1)))["beats_count_rule"] == 0.0
    child = rows.child // 20
    worse = np.where((child == 1) | (child == 3), 1.0, listed["model"])  # the same entrants for more reviews
    better = quantities(value_table(draws_of(count_rule=worse), **COSTS, effect=(0, 1)))
    assert better["beats_count_rule"] == 1.0
    text = value_table(draws_of(count_rule=worse), **COSTS, effect=(0, 1)).text
    assert "more than the count rule's list in 100% of draws" in text


def test_the_same_seed_gives_the_same_draws(draws):
    ranges = COSTS | {"cost_of_review": (50, 150)}
    first, second, other = (value_table(draws, **ranges, effect=(0, 0.3), random_state=seed) for seed in (1, 1, 2))
    assert first.table.equals(second.table)
    assert not first.table.equals(other.table)


def test_an_evaluation_that_holds_the_draws_will_do(draws):
    held = SimpleNamespace(review_draws=draws)
    assert value_table(held, **COSTS, effect=0.2).text == value_table(draws, **COSTS, effect=0.2).text


def test_too_few_children_show_no_value():
    rows, listed, _ = pictured(KINDS, copies=4)
    value = value_table(review_draws(rows, listed, **FAST), **COSTS, effect=0.2)
    assert value.table.empty
    assert value.text.startswith("Too few children")


@pytest.mark.parametrize(
    ("bad", "name"),
    [
        ({"cost_of_review": -1}, "cost_of_review"),
        ({"cost_of_care": (3, 2)}, "cost_of_care"),
        ({"cost_of_support": "much"}, "cost_of_support"),
        ({"cost_of_support": (1, 2, 3)}, "cost_of_support"),
        ({"cost_of_care": float("nan")}, "cost_of_care"),
        ({"effect": 1.2}, "effect"),
        ({"support_false_alerts": -0.1}, "support_false_alerts"),
    ],
)
def test_figures_that_cannot_be_are_refused(draws, bad, name):
    with pytest.raises(SpecError, match=name):
        value_table(draws, **(COSTS | {"effect": 0.2} | bad))


def test_all_problems_are_told_at_once(draws):
    with pytest.raises(SpecError, match=r"cost_of_review.*effect"):
        value_table(draws, **COSTS | {"cost_of_review": -1}, effect=3)


def test_measures_alone_are_not_enough():
    with pytest.raises(SpecError, match="capacity="):
        value_table(SimpleNamespace(measures=None), **COSTS, effect=0.1)


def test_draws_must_be_counted(draws):
    with pytest.raises(SpecError, match="n_draws"):
        value_table(draws, **COSTS, effect=0.1, n_draws=0)
