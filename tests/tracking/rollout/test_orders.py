"""Orders in which teams could begin: all of them, each once, and the balanced ones."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from edgeofcare.tracking.rollout.orders import (
    MOST_ORDERS,
    candidate_orders,
    count_orders,
    imbalance,
    least_p,
    step_sizes,
    well_balanced,
)

RNG = np.random.default_rng


@pytest.mark.parametrize(("teams", "steps", "sizes"), [(8, 4, [2, 2, 2, 2]), (7, 3, [3, 2, 2]), (3, 3, [1, 1, 1])])
def test_groups_are_as_even_as_can_be(teams, steps, sizes):
    assert step_sizes(teams, steps).tolist() == sizes


@pytest.mark.parametrize("sizes", [[1, 1, 1], [2, 2], [2, 1, 1], [3, 2, 2]])
def test_every_order_is_there_once(sizes):
    sizes = np.array(sizes)
    orders = candidate_orders(sizes, RNG(0))
    labels = np.repeat(np.arange(sizes.size), sizes)
    assert sorted(map(tuple, orders)) == sorted(set(permutations(labels.tolist())))
    assert len(orders) == count_orders(sizes)


def test_of_many_orders_several_thousand_different_ones_are_drawn():
    sizes = step_sizes(16, 8)
    orders = candidate_orders(sizes, RNG(0))
    assert len(np.unique(orders, axis=0)) == len(orders) == 4000
    assert all(np.bincount(order).tolist() == sizes.tolist() for order in orders[:50])
    # Each team is as likely to begin at any step.
    assert np.abs((orders == 0).mean(axis=0) - 1 / 8).max() < 0.03


def test_imbalance_is_the_sum_of_squared_correlations():
    orders = candidate_orders(np.array([2, 2, 2]), RNG(0))
    waited, traits = np.array([1, 2, 4]), RNG(1).normal(size=(6, 2))
    waits = waited[orders[7]]
    by_hand = sum(np.corrcoef(waits, trait)[0, 1] ** 2 for trait in traits.T)
    assert imbalance(orders, waited, traits)[7] == pytest.approx(by_hand)
    assert imbalance(orders, waited, np.ones((6, 1))).max() == 0


def test_balancing_keeps_the_best_quarter_and_ties_whole():
    orders = candidate_orders(np.array([2, 2, 2, 2]), RNG(0))
    score = np.round(RNG(0).uniform(size=len(orders)), 2)
    kept = well_balanced(orders, score, RNG(0))
    place = {tuple(order): value for order, value in zip(orders, score, strict=True)}
    worst = max(place[tuple(order)] for order in kept)
    assert len(orders) / 4 <= len(kept) < len(orders) / 4 + 60
    assert (score <= worst).sum() == len(kept)


def test_balancing_leaves_enough_orders_to_tell_something():
    orders = candidate_orders(np.array([1, 1, 1, 1, 1]), RNG(0))
    assert len(well_balanced(orders, RNG(0).uniform(size=120), RNG(0))) == 100
    few = orders[:24]
    assert len(well_balanced(few, RNG(0).uniform(size=24), RNG(0))) == 24


def test_more_than_a_thousand_orders_are_a_thousand_of_them():
    orders = candidate_orders(np.array([2, 2, 2, 2]), RNG(0))
    kept = well_balanced(orders, None, RNG(0))
    assert len(kept) == MOST_ORDERS < len(orders)
    assert set(map(tuple, kept)) <= set(map(tuple, orders))


@pytest.mark.parametrize(("sizes", "p"), [([1, 1, 1], 1 / 6), ([2, 2], 2 / 6), ([3, 2], 1 / 10), ([1, 1], 1.0)])
def test_smallest_p_value(sizes, p):
    assert least_p(candidate_orders(np.array(sizes), RNG(0))) == pytest.approx(p)
