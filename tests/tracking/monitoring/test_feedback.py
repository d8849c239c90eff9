"""How often the difference in recording at the cut is beyond chance: in quiet months, and where scores change it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy import stats

from edgeofcare.tracking.monitoring.feedback import (
    Gap,
    feedback_check,
    freedom_at_cut,
    gap_at_cut,
    near_cut,
    usual_gap,
)

AUTHORITIES, CAPACITY, HOMES = 250, 20, 60
MONTHS, REFERENCE = 21, 12
LIMIT = 1 / 48 / 8  # what a kind of check is allowed where eight kinds are tested


def authority(seed: int) -> tuple[np.ndarray, ...]:
    """Month, household, risk and rows recorded of the children of 60 households at a time, a year each.

    What is recorded differs between households and between children, and stays so; the risk follows it.
    """
    rng = np.random.default_rng(seed)
    left = (rng.random((MONTHS, HOMES)) < 1 / 12).cumsum(axis=0)
    code = np.unique(left + MONTHS * np.arange(HOMES), return_inverse=True)[1].reshape(left.shape)
    size = rng.integers(1, 4, code.max() + 1)
    repeat = size[code].ravel()
    household = np.repeat(code.ravel(), repeat)
    child = 3 * household + np.arange(household.size) - np.repeat(repeat.cumsum() - repeat, repeat)
    level = rng.gamma(0.5, 2.0, size.size)[household] * rng.gamma(2.0, 0.5, 3 * size.size)[child]
    month = np.repeat(np.arange(MONTHS).repeat(HOMES), repeat)
    return month, household, level + rng.normal(0, 1, level.size), rng.poisson(0.7 * level).astype(float)


def judged(seed: int, more: float = 0.0) -> tuple[Gap, float]:
    """The reference of an authority, and the p-value of its last runs; more is recorded of those who are listed."""
    month, household, risk, count = authority(seed)
    old, new = month < REFERENCE, month >= MONTHS - 3
    usual = usual_gap(count[old], risk[old], month[old], household[old], CAPACITY, random_state=0)
    above, below = near_cut(risk[new], month[new], CAPACITY)
    extra = np.random.default_rng(seed + 1).poisson(more, above.size) * above
    now = gap_at_cut(count[new] + extra, above, below, household[new])
    assert usual is not None
    assert now is not None
    return usual, feedback_check(now, usual, freedom_at_cut(above, below, household[new])).p_value


@cache
def quiet() -> list[tuple[Gap, float]]:
    """Authorities in which nothing changes."""
    return [judged(seed) for seed in range(AUTHORITIES)]


@pytest.mark.parametrize("limit", [0.05, 0.01, LIMIT])
def test_quiet_months_are_beyond_chance_no_more_often_than_said(limit: float) -> None:
    p = np.array([each for _, each in quiet()])
    assert np.count_nonzero(p <= limit) <= stats.binom(AUTHORITIES, limit).ppf(0.99)
    assert np.median(p) < 0.7  # nor are they never near it


def test_the_error_of_the_reference_knows_that_the_cut_moves() -> None:
    usual = [each for each, _ in quiet()]
    spread = np.std([each.above - each.below for each in usual])
    error = np.sqrt(np.mean([each.error**2 for each in usual]))
    assert spread < error < 1.5 * spread
    kept = []
    for seed in range(100):
        month, household, risk, count = authority(seed)
        old = month < REFERENCE
        fixed = gap_at_cut(count[old], *near_cut(risk[old], month[old], CAPACITY), household[old])
        assert fixed is not None
        kept.append(fixed.error**2)
    assert np.sqrt(np.mean(kept)) < 0.9 * spread


def test_recording_that_follows_the_list_is_beyond_chance() -> None:
    assert np.mean([judged(seed, more=4.0)[1] <= LIMIT for seed in range(40)]) >= 0.8


def test_one_household_at_a_time_is_left_out() -> None:
    rng = np.random.default_rng(0)
    household = np.concatenate([np.arange(12).repeat(2), np.arange(8, 20)])
    above, count = np.arange(36) < 24, rng.poisson(2.0, 36).astype(float)
    found = gap_at_cut(count, above, ~above, household)
    root = np.sqrt(count)
    left = [root[above & (household != each)].mean() - root[~above & (household != each)].mean() for each in range(20)]
    whole = root[above].mean() - root[~above].mean()
    assert found is not None
    assert found.error == pytest.approx(np.sqrt(19 / 20 * np.sum((np.array(left) - whole) ** 2)), abs=1e-4)
    assert freedom_at_cut(above, ~above, household) == pytest.approx(11 + 11)
    assert gap_at_cut(count, above, ~above, household // 3) is None
    assert usual_gap(count, -1.0 * np.arange(36), 0 * household, household // 3, 24, random_state=0) is None
