"""Measures of whom one reviews: counted by hand, and what must hold of any choice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare import metrics
from edgeofcare.exceptions import SpecError

# Ten children: found two, alarmed by one, missed two, spared five.
Y = np.array([1, 1, 0, 1, 1, 0, 0, 0, 0, 0])
CHOSEN = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
BY_HAND = {
    "ppv": 2 / 3,
    "sensitivity": 2 / 4,
    "number_needed_to_review": 3 / 2,
    "lift": (2 / 3) / (4 / 10),
    "selection_rate": 3 / 10,
    "specificity": 5 / 6,
    "false_positive_rate": 1 / 6,
    "npv": 5 / 7,
    "false_omission_rate": 2 / 7,
    "f1": 2 * 2 / (2 * 2 + 1 + 2),
}


def test_a_choice_counted_by_hand():
    assert metrics.choice_measures(Y, CHOSEN) == pytest.approx(BY_HAND)


def test_a_threshold_counted_by_hand():
    risk = np.where(CHOSEN == 1, 0.2, 0.1)
    found = {name: values[0] for name, values in metrics.threshold_measures(Y, risk, 0.2).items()}
    shared = {name: value for name, value in BY_HAND.items() if name in found}
    assert len(shared) == 8
    benefit, everyone = 2 / 10 - 1 / 10 * 0.25, 4 / 10 - 6 / 10 * 0.25
    utility = {"net_benefit": benefit, "avoided_reviews_per_100": 100 * (benefit - everyone) * 4}
    assert found == pytest.approx(shared | utility)


def test_half_a_place_counts_half():
    half = metrics.choice_measures([1, 0, 0], [0.5, 0.5, 0])
    assert (half["ppv"], half["sensitivity"], half["npv"]) == pytest.approx((0.5, 0.5, 0.75))


def test_what_cannot_be_divided_is_nan():
    nobody = metrics.choice_measures([1, 0], [0, 0])
    assert {name for name, value in nobody.items() if np.isnan(value)} == {"ppv", "lift", "number_needed_to_review"}
    everyone = metrics.choice_measures([0, 0], [1, 1])
    assert everyone["ppv"] == 0
    assert np.isnan([everyone["sensitivity"], everyone["npv"], everyone["number_needed_to_review"]]).all()
    assert np.isnan(metrics.threshold_measures([0, 1], [0.1, 0.2], 0.0)["avoided_reviews_per_100"]).all()


@st.composite
def chosen_rows(draw):
    """Outcomes of both kinds, risks with ties, and weights."""
    n = draw(st.integers(2, 30))
    y = [0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))]
    p = draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))
    w = [1, 1, *draw(st.lists(st.integers(0, 3), min_size=n - 2, max_size=n - 2))]
    return np.array(y), np.array(p) / 20, np.array(w)


@settings(max_examples=60, deadline=None)
@given(chosen_rows(), st.sampled_from([0.05, 0.2, 0.5, 0.85]))
def test_a_threshold_is_the_choice_of_those_at_or_above_it(data, cut):
    y, p, w = data
    at = metrics.threshold_measures(y, p, cut, sample_weight=w)
    choice = metrics.choice_measures(y, (p >= cut).astype(int), sample_weight=w)
    for name in set(at) & set(choice):
        np.testing.assert_allclose(at[name][0], choice[name], atol=1e-12)
    assert at["net_benefit"][0] == pytest.approx(metrics.net_benefit(y, p, cut, sample_weight=w))


@settings(max_examples=60, deadline=None)
@given(chosen_rows(), st.randoms(use_true_random=False))
def test_rates_add_up_and_order_never_matters(data, random):
    y, p, w = data
    order = random.sample(range(y.size), y.size)
    at = metrics.threshold_measures(y, p, [0.1, 0.4], sample_weight=w)
    for name, values in metrics.threshold_measures(y[order], p[order], [0.1, 0.4], sample_weight=w[order]).items():
        np.testing.assert_array_equal(at[name], values)
    written_out = metrics.threshold_measures(np.repeat(y, w), np.repeat(p, w), [0.1, 0.4])
    for name, values in written_out.items():
        np.testing.assert_allclose(at[name], values, atol=1e-12)
    np.testing.assert_allclose(at["specificity"] + at["false_positive_rate"], 1, atol=1e-12)
    known = ~np.isnan(at["npv"])
    np.testing.assert_allclose((at["npv"] + at["false_omission_rate"])[known], 1, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(chosen_rows(), st.integers(1, 40))
def test_the_k_highest_are_a_choice(data, k):
    y, p, _ = data
    choice = metrics.choice_measures(y, metrics.top_k_share(p, k))
    assert choice["ppv"] == pytest.approx(metrics.precision_at_k(y, p, k))
    assert choice["sensitivity"] == pytest.approx(metrics.recall_at_k(y, p, k))
    assert choice["lift"] == pytest.approx(metrics.lift_at_k(y, p, k))


def test_a_share_above_1_is_no_choice():
    with pytest.raises(SpecError, match="outside"):
        metrics.choice_measures([0, 1], [0, 2])
