"""Unequal recording: what is left out, and what it does to a group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.evaluation.groups.recording import _measures, recording_sensitivity, without_events
from edgeofcare.exceptions import SpecError


@pytest.fixture(scope="module")
def tables():
    keys = [f"{number:03d}" for number in range(400)]
    frame = pd.DataFrame({"row_key": keys, "child_id": ["in" if i % 2 else "out" for i in range(400)]})
    return {"contacts": frame, "offences": frame.copy(), "referrals": frame.copy()}


def keys(tables, name):
    """Row keys of a table."""
    return set(tables[name]["row_key"])


def test_only_events_of_the_group_are_left_out_and_more_at_a_larger_share(tables):
    some = without_events(tables, ["in"], 0.2, ["contacts", "offences"])
    more = without_events(tables, ["in"], 0.4, ["contacts", "offences"])
    for name in ("contacts", "offences"):
        lost = keys(tables, name) - keys(some, name)
        assert 20 <= len(lost) <= 60
        assert lost < keys(tables, name) - keys(more, name)
        assert (tables[name].set_index("row_key").loc[list(lost), "child_id"] == "in").all()
    assert keys(some, "contacts") != keys(some, "offences")
    assert keys(some, "referrals") == keys(tables, "referrals")
    assert len(tables["contacts"]) == 400


def test_the_order_of_rows_and_of_tables_does_not_say_what_is_lost(tables):
    turned = {name: frame.iloc[::-1] for name, frame in reversed(tables.items())}
    one = without_events(tables, ["in"], 0.3, ["contacts", "offences"])
    other = without_events(turned, ["in"], 0.3, ["offences", "contacts"])
    assert keys(one, "contacts") == keys(other, "contacts")


def test_nothing_is_lost_at_a_share_of_nothing(tables):
    assert keys(without_events(tables, ["in"], 0.0, ["contacts"]), "contacts") == keys(tables, "contacts")


def test_measures_by_true_risk_are_those_of_many_outcomes():
    chance, risk = np.array([0.5, 0.1, 0.2]), np.array([0.4, 0.1, 0.1])
    found = _measures(chance, risk, np.array([1.0, 0.0, 0.5]))
    assert found["observed_expected_ratio"] == pytest.approx(0.8 / 0.6)
    assert found["true_positive_rate"] == pytest.approx(0.6 / 0.8)
    assert found["ppv"] == pytest.approx(0.6 / 1.5)
    # Pairs of one with an entry and one without, each with its chance; a row pairs with itself at a half.
    pairs = sum(
        chance[i] * (1 - chance[j]) * ((risk[i] > risk[j]) + 0.5 * (risk[i] == risk[j]))
        for i in range(3)
        for j in range(3)
    )
    assert found["auroc"] == pytest.approx(pairs / (0.8 * 2.2))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"unrecorded": [1.0]}, "shares from 0 and below 1"),
        ({"unrecorded": []}, "shares from 0 and below 1"),
        ({"group": "purple"}, "Nobody in the cohort"),
        ({"tables": ["purple"]}, "no table 'purple'"),
    ],
)
def test_what_cannot_be_done_is_said(options, words):
    with pytest.raises(SpecError, match=words):
        recording_sensitivity(200, draws=1, years=5, authority="sample", **({"group": "White"} | options))


@pytest.fixture(scope="module")
def frame():
    options = {"draws": 10, "years": 5, "authority": "sample", "group": "White"}
    return recording_sensitivity(1500, 1, unrecorded=(0.0, 0.6), **options)


def test_a_group_that_is_recorded_less_is_given_too_low_a_risk(frame):
    table = frame.set_index(["group", "measure", "unrecorded"]).sort_index()["truth"]
    assert table["White", "observed_expected_ratio", 0.6] > table["White", "observed_expected_ratio", 0.0] + 0.02
    assert table["White", "selection_rate", 0.6] < table["White", "selection_rate", 0.0]
    assert table["the rest", "selection_rate", 0.6] > table["the rest", "selection_rate", 0.0]
    assert table["White", "true_positive_rate", 0.6] < table["White", "true_positive_rate", 0.0]


def test_the_truth_stays_what_it_was_and_changes_are_counted_from_the_start(frame):
    table = frame.set_index(["group", "measure", "unrecorded"]).sort_index()
    assert (table.xs(0.0, level="unrecorded")["change"] == 0).all()
    for group in ("White", "the rest"):
        expected = table.loc[group, "truth"]["observed_expected_ratio"] * table.loc[group, "truth"]["mean_risk"]
        assert expected[0.0] == pytest.approx(expected[0.6])
