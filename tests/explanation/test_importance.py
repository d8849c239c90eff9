"""Importance of concepts: what it is in small pictures, and what must hold whatever the rows are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.explanation.importance import concept_importance
from global_explanations import AGE, OUTSIDE, OWN, PLANS, explanation, row_index

NUMBERS = ["mean_size", "ci_low", "ci_high", "share", "place_low", "place_high"]


def drawn(rows=600, per_household=2, seed=0):
    rng = np.random.default_rng(seed)
    household = np.arange(rows) // per_household
    shared = rng.normal(size=household.max() + 1)[household]
    psi = {OUTSIDE: shared + rng.normal(size=rows), PLANS: 0.5 * rng.normal(size=rows), AGE: 0.01 * shared}
    return explanation(psi, row_index(household)), psi, household


def test_sizes_shares_and_places_of_a_small_picture():
    sign = np.tile([1.0, -1.0], 10)
    why = explanation({AGE: 0.1 * sign, OUTSIDE: 0.6 * sign, PLANS: -0.3 * sign}, row_index(np.arange(20)))
    found = concept_importance(why, n_resamples=50)
    assert found["concept"].tolist() == [OUTSIDE, PLANS, AGE]
    for name in ("mean_size", "ci_low", "ci_high"):  # the same in every household: nothing to draw
        np.testing.assert_allclose(found[name], [0.6, 0.3, 0.1])
    np.testing.assert_allclose(found["share"], [0.6, 0.3, 0.1])
    assert found[["place_low", "place_high"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 3]]
    assert found["note"].eq("").all()


def test_concepts_that_cannot_be_told_apart_share_places():
    rng = np.random.default_rng(1)
    psi = {OUTSIDE: rng.normal(size=300), PLANS: rng.normal(size=300), AGE: 0.1 * rng.normal(size=300)}
    found = concept_importance(explanation(psi, row_index(np.arange(300))), n_resamples=300).set_index("concept")
    assert found.loc[[OUTSIDE, PLANS], ["place_low", "place_high"]].to_numpy().tolist() == [[1, 2], [1, 2]]
    assert found.loc[AGE, ["place_low", "place_high"]].tolist() == [3, 3]


def test_the_interval_is_that_of_means_of_households():
    why, psi, household = drawn()
    found = concept_importance(why, n_resamples=4000).set_index("concept").loc[OUTSIDE]
    by_household = pd.Series(np.abs(psi[OUTSIDE])).groupby(household).mean()
    error = by_household.std(ddof=0) / np.sqrt(len(by_household))
    assert found["ci_high"] - found["ci_low"] == pytest.approx(2 * 1.96 * error, rel=0.06)
    rows_alone = np.abs(psi[OUTSIDE]).std() / np.sqrt(len(household))
    assert error > 1.05 * rows_alone  # rows of a household are not independent


def test_the_order_of_rows_does_not_matter():
    why, psi, household = drawn()
    order = np.random.default_rng(3).permutation(len(household))
    other = explanation({name: each[order] for name, each in psi.items()}, row_index(household[order], order))
    y = np.random.default_rng(4).random(len(household)) < 0.3
    pd.testing.assert_frame_equal(
        concept_importance(why, y=y, n_resamples=100),
        concept_importance(other, y=y[order], n_resamples=100),
        check_exact=True,
    )


def test_rows_twice_in_their_households_change_nothing_and_households_twice_narrow():
    why, psi, household = drawn()
    twice = {name: np.tile(each, 2) for name, each in psi.items()}
    children = np.arange(2 * len(household))
    once = concept_importance(why, n_resamples=800)
    inside = concept_importance(explanation(twice, row_index(np.tile(household, 2), children)), n_resamples=800)
    pd.testing.assert_frame_equal(once, inside, rtol=1e-12)
    beside = np.concatenate([household, household + household.max() + 1])
    more = concept_importance(explanation(twice, row_index(beside, children)), n_resamples=800)
    np.testing.assert_allclose(more["mean_size"], once["mean_size"])
    ratio = (more["ci_high"] - more["ci_low"]) / (once["ci_high"] - once["ci_low"])
    np.testing.assert_allclose(ratio, 1 / np.sqrt(2), rtol=0.15)


def test_leaving_a_concept_out_costs_log_loss_if_outcomes_follow_it():
    rng = np.random.default_rng(5)
    psi = {OUTSIDE: rng.normal(size=3000), AGE: rng.normal(size=3000)}
    why = explanation(psi, row_index(np.arange(3000)), base=-1.0)
    y = (rng.random(3000) < 1 / (1 + np.exp(1.0 - psi[OUTSIDE]))).astype(int)
    found = concept_importance(why, y=y, n_resamples=300).set_index("concept")

    def loss(log_odds):
        risk = 1 / (1 + np.exp(-log_odds))
        return -np.mean(y * np.log(risk) + (1 - y) * np.log(1 - risk))

    whole = -1.0 + psi[OUTSIDE] + psi[AGE]
    for name, each in psi.items():
        assert found.loc[name, "loss_without"] == pytest.approx(loss(whole - each) - loss(whole), abs=1e-12)
    assert found.loc[OUTSIDE, "loss_low"] > 0
    assert found.loc[AGE, "loss_high"] < 0  # it moves the risks, and wrongly


def test_few_children_show_nothing_not_even_an_order():
    psi = {OUTSIDE: np.ones(18), AGE: np.zeros(18)}
    why = explanation(psi, row_index(np.arange(18) // 2, np.arange(18) // 2, np.tile([0, 90], 9)))
    found = concept_importance(why, y=np.zeros(18), n_resamples=10)
    assert found["concept"].tolist() == [AGE, OUTSIDE]
    assert found[NUMBERS].isna().all(axis=None)
    assert found["note"].eq("suppressed: fewer than 10 children").all()


def test_few_entrants_hide_the_loss_alone():
    why, *_ = drawn()
    found = concept_importance(why, y=np.arange(600) < 9, n_resamples=10)
    assert found[["loss_without", "loss_low", "loss_high"]].isna().all(axis=None)
    assert found[NUMBERS].notna().all(axis=None)
    assert found["note"].eq("loss suppressed: fewer than 10 entrants").all()


def test_one_household_has_no_intervals_and_any_place():
    why = explanation({OUTSIDE: np.ones(12), AGE: np.zeros(12)}, row_index(np.zeros(12, dtype=int), range(12)))
    found = concept_importance(why, n_resamples=10)
    assert found[["ci_low", "ci_high"]].isna().all(axis=None)
    assert found[["place_low", "place_high"]].to_numpy().tolist() == [[1, 2], [1, 2]]


def test_a_model_that_says_nothing_has_no_shares():
    found = concept_importance(explanation({OUTSIDE: np.zeros(12), OWN: np.zeros(12)}, row_index(np.arange(12))))
    assert found["share"].isna().all()
    assert found["concept"].tolist() == [OWN, OUTSIDE]


@pytest.mark.parametrize("n_resamples", [0, True, 2.5])
def test_resamples_are_a_whole_number(n_resamples):
    with pytest.raises(SpecError, match="n_resamples"):
        concept_importance(drawn()[0], n_resamples=n_resamples)


def test_outcomes_of_other_rows_are_refused():
    why, _, household = drawn()
    with pytest.raises(IndexNamesError):
        concept_importance(why, y=pd.Series(0, index=row_index(household)[::-1]))
    with pytest.raises(SpecError, match="1 values that are not"):
        concept_importance(why, y=np.append(np.zeros(599), 7))
    with pytest.raises(SpecError, match="shape"):
        concept_importance(why, y=np.zeros(599))
    with pytest.raises(SpecError, match="Explanation"):
        concept_importance(pd.DataFrame())
