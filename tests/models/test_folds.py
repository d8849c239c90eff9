from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.models.folds import calibration_folds, forward_folds, household_folds, recent_rows
from edgeofcare.models.rows import RowGroups


def panel(days, per_day=600, every=3):
    """One child a household, seen on every day; each third child enters care."""
    child = np.tile(np.arange(per_day), len(days))
    day = np.repeat(days, per_day)
    return RowGroups(child, child, day), child % every == 0


def test_forward_folds_as_a_picture():
    r"""Ten dates, a window of two: the last four calibrate in two blocks.

    date   0  1  2  3  4  5  6  7  8  9
    fold 1 T  T  T  T  T  .  C  C
    fold 2 T  T  T  T  T  T  T  .  C  C
    """
    groups, y = panel(np.arange(10) * 100)
    folds = forward_folds(groups, y, span_days=200)
    dates = [[sorted(set(groups.day[rows] // 100)) for rows in fold] for fold in folds]
    assert dates == [[[0, 1, 2, 3, 4], [6, 7]], [[0, 1, 2, 3, 4, 5, 6], [8, 9]]]


@given(st.lists(st.integers(0, 3000), min_size=3, max_size=30, unique=True), st.integers(0, 1500))
def test_no_training_window_reaches_its_block(days, span):
    groups, y = panel(np.array(days))
    scored = np.zeros(len(y), dtype=int)
    for train, test in forward_folds(groups, y, span_days=span):
        assert (groups.day[train] + span).max() <= groups.day[test].min()
        assert np.unique(groups.child[train][y[train]]).size >= 200
        scored[test] += 1
    assert scored.max() <= 1


@pytest.mark.parametrize(("per_day", "every", "made"), [(600, 3, 2), (597, 3, 0), (2000, 10, 2), (1990, 10, 0)])
def test_forward_folds_need_200_children_not_rows(per_day, every, made):
    groups, y = panel(np.arange(10) * 100, per_day=per_day, every=every)
    assert len(forward_folds(groups, y, span_days=200)) == made


def test_forward_folds_need_twenty_children_to_calibrate_on():
    groups, y = panel(np.arange(10) * 100)
    late = groups.day >= 600
    assert forward_folds(groups, y & ~(late & (groups.child >= 57)), span_days=200) == []
    assert len(forward_folds(groups, y & ~(late & (groups.child >= 58)), span_days=200)) == 2


@given(
    st.lists(st.tuples(st.integers(0, 15), st.booleans()), min_size=1, max_size=80),
    st.integers(2, 6),
    st.integers(0, 99),
)
def test_a_household_is_never_on_both_sides(rows, n_folds, seed):
    household, y = (np.array(column) for column in zip(*rows, strict=True))
    folds = household_folds(household, y, n_folds=n_folds, rng=np.random.RandomState(seed))
    for train, test in folds:
        assert not set(household[train]) & set(household[test])
        assert 0 < y[train].sum() < len(train)
    if folds:
        assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(y)))
        assert len(folds) <= n_folds


def test_entrants_are_dealt_evenly():
    household, y = np.arange(100), np.arange(100) < 10
    folds = household_folds(household, y, n_folds=5, rng=np.random.RandomState(0))
    assert [(int(y[test].sum()), len(test)) for _, test in folds] == [(2, 20)] * 5
    again = household_folds(household, y, n_folds=5, rng=np.random.RandomState(0))
    other = household_folds(household, y, n_folds=5, rng=np.random.RandomState(1))
    assert all((a[1] == b[1]).all() for a, b in zip(folds, again, strict=True))
    assert any((a[1] != b[1]).any() for a, b in zip(folds, other, strict=True))


@pytest.mark.parametrize(
    ("span", "per_day", "every", "source"),
    [
        (200, 600, 3, "forward"),
        (None, 100, 3, "household folds"),
        (2000, 100, 3, "household folds"),
        (200, 3, 3, "no folds"),
    ],
)
def test_time_is_respected_when_it_can_be(span, per_day, every, source):
    groups, y = panel(np.arange(10) * 100, per_day=per_day, every=every)
    found, folds = calibration_folds(groups, y, span_days=span, n_folds=4, rng=np.random.RandomState(0))
    assert found == source
    assert len(folds) == {"forward": 2, "household folds": 4, "no folds": 0}[source]


@pytest.mark.parametrize(("per_day", "dates"), [(300, [9]), (150, [8, 9]), (3, list(range(10)))])
def test_the_level_comes_from_the_last_dates_with_100_entrants(per_day, dates):
    """Other children on each date, a third of whom enter care; with too few in all, every row counts."""
    day = np.repeat(np.arange(10), per_day)
    child = np.arange(len(day))
    recent = recent_rows(RowGroups(child, child, day), child % 3 == 0)
    assert sorted(set(day[recent])) == dates
