"""Tests of the random draws."""

from __future__ import annotations

import numpy as np
import pytest

from edgeofcare.synthetic.world.draws import Log, pick, sigmoid, streams, unique_keys


def test_pick_gives_each_code_its_share_of_the_unit_interval():
    codes = pick(np.array([0.0, 0.24, 0.25, 0.74, 0.75, 0.999999]), {"A": 1, "B": 2, "C": 1})
    assert codes.tolist() == ["A", "A", "B", "B", "C", "C"]


def test_pick_never_falls_off_the_end():
    assert pick(np.array([1.0]), {"A": 0.1, "B": 0.2}).tolist() == ["B"]


def test_sigmoid_inverts_the_log_odds():
    p = np.array([0.01, 0.5, 0.9])
    np.testing.assert_allclose(sigmoid(np.log(p / (1 - p))), p)


@pytest.mark.parametrize(("size", "digits"), [(0, 5), (1, 1), (9, 1), (5000, 4)])
def test_keys_are_distinct_and_of_one_length(size, digits):
    keys = unique_keys(np.random.default_rng(0), size, digits=digits)
    assert len(set(keys)) == size
    assert {len(key) for key in keys} <= {digits}


def test_keys_are_not_in_order():
    keys = unique_keys(np.random.default_rng(0), 200).astype(int)
    assert 60 < (np.diff(keys) > 0).sum() < 140


def test_streams_of_components_differ_and_return():
    first, again = streams(4), streams(4)
    draws = {name: rng.random(3).tolist() for name, rng in first.items()}
    assert draws == {name: rng.random(3).tolist() for name, rng in again.items()}
    assert len({tuple(values) for values in draws.values()}) == len(draws)


def test_log_joins_parts_and_repeats_single_values():
    log = Log()
    log.add("contacts", np.array([3, 1]), date=np.array([10, 20]), source="6")
    log.add("contacts", np.array([], dtype=int), date=np.array([], dtype=int), source="6")
    log.add("contacts", np.array([2]), date=30, source="10")
    columns = log.columns("contacts", ("date", "source"))
    assert columns["child"].tolist() == [3, 1, 2]
    assert columns["date"].tolist() == [10, 20, 30]
    assert columns["source"].tolist() == ["6", "6", "10"]
    assert log.columns("offences", ("date",))["date"].tolist() == []
