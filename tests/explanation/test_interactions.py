"""Interactions of concepts: exact on a tree worked out by hand, none in a sum, and found where they were planted."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.explanation.interactions import concept_interactions
from edgeofcare.models.arrays import LinearArrays, TreeArrays
from edgeofcare.models.risk_model import make_risk_model
from global_explanations import AGE, NAMES, OUTSIDE, PLANS, row_index

PAIR = [NAMES[OUTSIDE], NAMES[PLANS]]


def both_needed(scale=1.0):
    """One tree: a leaf of 1 where both features are 1, of 0 elsewhere; each is 1 for half of the training rows."""
    return SimpleNamespace(
        arrays=TreeArrays(
            0.0,
            np.int32([0, 5]),
            np.int32([0, -1, 1, -1, -1]),
            np.array([0.5, 0, 0.5, 0, 0]),
            np.int32([1, -1, 3, -1, -1]),
            np.int32([2, -1, 4, -1, -1]),
            np.array([True, False, True, False, False]),
            np.array([0.0, 0.0, 0.0, 0.0, 1.0]),
            np.array([400.0, 200.0, 200.0, 100.0, 100.0]),
        ),
        slope=scale,
        intercept=-2.0,
        feature_names=PAIR,
    )


def table(rows=80):
    values = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)[np.arange(rows) % 4]
    return pd.DataFrame(values, index=row_index(np.arange(rows) // 4), columns=PAIR)


def test_a_tree_that_needs_both():
    # v(both) - v(a) - v(b) + v(nothing) is a quarter in size in every corner, above 0 where the two agree.
    found = concept_interactions(both_needed(), table(), n_resamples=50)
    assert found[["concept", "other"]].to_numpy().tolist() == [[PLANS, OUTSIDE]]
    assert found[["mean_size", "ci_low", "ci_high"]].to_numpy().ravel() == pytest.approx([0.25] * 3)
    assert found["mean"].item() == pytest.approx(0.0, abs=1e-12)
    assert found["share_of_pair"].item() == pytest.approx(0.25 / np.mean([0.25, 0.25, 0.25, 0.75]))


def test_it_is_in_calibrated_log_odds():
    found = concept_interactions(both_needed(scale=2.0), table(), n_resamples=50)
    assert found["mean_size"].item() == pytest.approx(0.5)


def test_a_sum_has_none():
    zero, one = np.zeros(2), np.ones(2)
    linear = SimpleNamespace(
        arrays=LinearArrays(zero, zero, one, zero, zero, intercept=-1.0), slope=1.0, intercept=0.0, feature_names=PAIR
    )
    assert concept_interactions(linear, table(), n_resamples=20)["mean_size"].eq(0.0).all()


def test_a_planted_interaction_comes_first():
    rng = np.random.default_rng(0)
    columns = [*PAIR, NAMES[AGE]]
    X = pd.DataFrame(rng.integers(0, 2, (3000, 3)) * 1.0, index=row_index(np.arange(3000) // 2), columns=columns)
    pull = -2.5 + 2.5 * X[PAIR[0]] * X[PAIR[1]] + 0.8 * X[NAMES[AGE]]
    y = pd.Series((rng.random(3000) < 1 / (1 + np.exp(-pull))) * 1, index=X.index)
    found = concept_interactions(make_risk_model("boosting", max_iter=60).fit(X, y), X, n_resamples=200)
    assert found[["concept", "other"]].iloc[0].tolist() == [PLANS, OUTSIDE]
    assert found["ci_low"].iloc[0] > 2 * found["ci_high"].iloc[1]


def test_the_order_of_rows_does_not_matter():
    X = table()
    shuffled = X.iloc[np.random.default_rng(1).permutation(len(X))]
    once, again = (concept_interactions(both_needed(), each, n_resamples=30) for each in (X, shuffled))
    pd.testing.assert_frame_equal(once, again, check_exact=True)


def test_few_children_show_nothing():
    found = concept_interactions(both_needed(), table(8), n_resamples=10)
    assert found[["mean_size", "ci_low", "ci_high", "mean", "share_of_pair"]].isna().all(axis=None)
    assert found["note"].eq("suppressed: fewer than 10 children").all()


def test_bad_arguments_are_refused():
    with pytest.raises(SpecError, match="top"):
        concept_interactions(both_needed(), table(), top=1)
    with pytest.raises(SpecError, match="columns"):
        concept_interactions(both_needed(), table()[PAIR[::-1]])
    with pytest.raises(IndexNamesError):
        concept_interactions(both_needed(), table().reset_index(drop=True))
