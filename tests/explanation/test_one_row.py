"""Contributions to one row are those of a table of one row, to the bit, for all columns and for some."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from edgeofcare.explanation.conditions import conditions_met
from edgeofcare.explanation.counting import count_reference
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.one_row import OneRow, row_conditions
from edgeofcare.explanation.paths import path_form
from edgeofcare.models.arrays import TreeArrays, validate
from edgeofcare.models.extraction import extract_arrays
from growing import grow_mixed, mixed_table

FEATURES, TREES = 16, 5


@pytest.fixture(scope="module")
def deep():
    """Trees with paths of one to sixteen players, each a chain of splits on all features; and rows."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, FEATURES)).round(2)
    X[rng.random(X.shape) < 0.1] = np.nan
    every, leaf = np.arange(FEATURES), np.full(FEATURES + 1, -1)
    order = np.concatenate([np.append(rng.permutation(FEATURES), leaf) for _ in range(TREES)])
    size = 2 * FEATURES + 1
    cover = np.append(100.0 * FEATURES - 90 * every, np.append(np.full(FEATURES, 90.0), 160.0))
    trees = TreeArrays(
        baseline=-2.0,
        tree_start=np.arange(TREES + 1, dtype=np.int32) * size,
        feature=order.astype(np.int32),
        threshold=np.where(order < 0, 0.0, rng.normal(size=len(order))),
        left=(np.tile(np.append(FEATURES + every, leaf), TREES) + _tree_of(size)).astype(np.int32),
        right=(np.tile(np.concatenate([every[1:], [size - 1], leaf]), TREES) + _tree_of(size)).astype(np.int32),
        missing_left=rng.random(len(order)) < 0.5,
        value=np.where(order < 0, rng.normal(size=len(order)), 0.0),
        cover=np.tile(cover, TREES),
    )
    return trees, X


def _tree_of(size):
    """First node of the tree of each node; only splits have children."""
    return np.repeat(np.arange(TREES) * size, size) * np.tile(np.arange(size) < FEATURES, TREES)


def by_one_row(form, X, groups=None, chosen=None):
    """Contributions of each row on its own, as wide as those of a table."""
    one, width = OneRow(form, groups), X.shape[1] if form.players is None else form.players
    rows = [one.contributions(row_conditions(form, row), chosen) for row in X]
    return np.array([np.pad(row, (0, width - len(row))) for row in rows])


def test_rows_with_every_length_of_path_are_the_same_to_the_bit(deep):
    trees, X = deep
    form = path_form(trees)
    assert {len(group.parts) for group in form.groups} == {1, 2, 3}
    validate(trees, FEATURES)
    assert (by_one_row(form, X[:200]) == contributions(form, X[:200])[0]).all()


@pytest.mark.parametrize("players", [1, 2, 5, 9])
def test_groups_of_features_are_the_same_to_the_bit(deep, players):
    trees, X = deep
    form = path_form(trees, groups=np.arange(FEATURES) % players)
    assert (by_one_row(form, X[:100]) == contributions(form, X[:100])[0]).all()


@pytest.mark.parametrize("chosen", [[0], [3, 1], [], [0, 1, 2, 3]])
def test_columns_of_some_groups_are_the_same_and_others_stay_zero(deep, chosen):
    trees, X = deep
    groups = np.arange(FEATURES) % 4
    form = path_form(trees)
    found, whole = by_one_row(form, X[:50], groups, chosen), contributions(form, X[:50])[0]
    asked = np.isin(groups, chosen)
    assert (found[:, asked] == whole[:, asked]).all()
    assert (found[:, ~asked] == 0).all()


def test_contributions_against_a_reference_are_the_same_to_the_bit(deep):
    _, X = deep
    shallow = extract_arrays(
        HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=8, early_stopping=False, random_state=0).fit(
            X, np.nan_to_num(X[:, 0]) > 0.2
        )
    )
    form = path_form(shallow, reference=count_reference(shallow, X[:400]))
    assert (by_one_row(form, X[:50]) == contributions(form, X[:50])[0]).all()


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_any_trees_with_categories_and_gaps_are_the_same_to_the_bit(seed, players):
    rng = np.random.default_rng(seed)
    trees = grow_mixed(rng, features=6, trees=4, depth=5)
    X = mixed_table(rng, 12, 6)
    for groups in (None, np.arange(6) % players):
        form = path_form(trees, groups=groups)
        assert (by_one_row(form, X) == contributions(form, X)[0]).all()
        single = conditions_met(form, X)[: len(form.feature)]
        assert (single == np.array([row_conditions(form, row) for row in X]).T).all()


def test_trees_of_one_leaf_contribute_nothing():
    leaf = np.int32([-1])
    trees = TreeArrays(-2.0, np.int32([0, 1]), leaf, np.zeros(1), leaf, leaf, np.array([False]), np.array([0.5]),
                       np.array([10.0]))  # fmt: skip
    form = path_form(trees)
    assert OneRow(form).contributions(row_conditions(form, np.zeros(3))).tolist() == []
    assert repr(OneRow(form)) == "OneRow(0 path elements)"
