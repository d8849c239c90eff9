"""Sums over resampled households: the same as drawing and adding row by row, kept or drawn anew."""

from __future__ import annotations

import numpy as np
import pytest

from edgeofcare.explanation import household_draws
from edgeofcare.explanation.household_draws import HouseholdDraws


def columns(rows=300, seed=1):
    """Columns, some of them mostly zero, and the household of each row."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 4)) * (rng.random((rows, 4)) < [1.0, 0.5, 0.1, 0.0])
    return values, rng.integers(0, 90, rows)


def one_by_one(values, household, n_resamples, random_state):
    """Sum row after row, each as often as its household is drawn."""
    _, code = np.unique(household, return_inverse=True)
    size = int(code.max()) + 1
    rng = np.random.default_rng(int(np.random.default_rng(random_state).integers(2**62)))
    found = []
    for _ in range(n_resamples):
        drawn = rng.integers(0, size, size)
        found.append(sum((values[code == house].sum(axis=0) for house in drawn), np.zeros(values.shape[1])))
    return np.array(found)


@pytest.mark.parametrize("held", [1, 200, 2_000_000])
def test_a_resample_adds_the_rows_of_the_households_drawn(held, monkeypatch):
    monkeypatch.setattr(household_draws, "_HELD", held)  # counts by one resample, by two, and all at once
    values, household = columns()
    found = HouseholdDraws(household, n_resamples=7, random_state=3).sums(values)
    np.testing.assert_allclose(found, one_by_one(values, household, 7, 3), rtol=0, atol=1e-12)


def test_every_call_sees_the_same_draws_whether_they_are_kept_or_not(monkeypatch):
    values, household = columns()
    kept = HouseholdDraws(household, n_resamples=20, random_state=5)
    first = [kept.sums(values), kept.sums(values[:, :2])]
    monkeypatch.setattr(household_draws, "_KEPT", 0)
    anew = HouseholdDraws(household, n_resamples=20, random_state=5)
    second = [anew.sums(values), anew.sums(values[:, :2])]
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(first[0][:, :2], first[1])
