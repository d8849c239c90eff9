"""Expected margins are the game of which contributions are the Shapley values."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest

from edgeofcare.explanation import coalitions
from edgeofcare.explanation.coalitions import expected_margins
from edgeofcare.explanation.kernel import contributions
from edgeofcare.models.arrays import LinearArrays, margin
from growing import grow_mixed, mixed_table


def shapley(arrays, X, groups):
    """Shapley values from every set of groups, by their definition."""
    size = int(np.max(groups)) + 1
    sets = [frozenset(each) for count in range(size + 1) for each in combinations(range(size), count)]
    known = [[place in each for place in range(size)] for each in sets]
    value = dict(zip(sets, expected_margins(arrays, X, groups, known), strict=True))
    phi = np.zeros((len(X), size))
    for each in sets:
        weight = factorial(len(each)) * factorial(max(0, size - len(each) - 1)) / factorial(size)
        for place in set(range(size)) - each:
            phi[:, place] += weight * (value[each | {place}] - value[each])
    return phi


@pytest.mark.parametrize("seed", range(6))
def test_shapley_values_of_the_game_are_the_contributions(seed):
    rng = np.random.default_rng(seed)
    arrays, X = grow_mixed(rng, features=6, trees=6, depth=6), mixed_table(rng, 25, 6)
    groups = rng.permutation([0, 0, 1, 2, 3, 3])
    np.testing.assert_allclose(shapley(arrays, X, groups), contributions(arrays, X, groups=groups)[0], atol=1e-12)


def test_all_known_is_the_margin_and_nothing_known_the_base():
    rng = np.random.default_rng(9)
    arrays, X = grow_mixed(rng, features=5, trees=5, depth=7), mixed_table(rng, 30, 5)
    all_known, nothing = expected_margins(arrays, X, np.arange(5), [[True] * 5, [False] * 5])
    np.testing.assert_allclose(all_known, margin(arrays, X), atol=1e-12)
    np.testing.assert_allclose(nothing, contributions(arrays, X)[1], atol=1e-12)


def test_a_regression_adds_the_terms_that_are_known():
    rng = np.random.default_rng(2)
    linear = LinearArrays(*(rng.normal(size=4) for _ in range(5)), intercept=-1.5)
    X = mixed_table(rng, 10, 4)
    np.testing.assert_allclose(shapley(linear, X, [0, 1, 1, 2]), contributions(linear, X, groups=[0, 1, 1, 2])[0])


def test_chunks_of_rows_change_nothing(monkeypatch):
    rng = np.random.default_rng(3)
    arrays, X = grow_mixed(rng, features=5, trees=5, depth=5), mixed_table(rng, 30, 5)
    known = [[True, False, True, False, False]]
    whole = expected_margins(arrays, X, np.arange(5), known)
    monkeypatch.setattr(coalitions, "_BLOCK", 1)
    np.testing.assert_allclose(expected_margins(arrays, X, np.arange(5), known), whole, rtol=0, atol=1e-13)
