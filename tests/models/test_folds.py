from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.models.folds import household_folds, recent_rows
from edgeofcare.models.rows import RowGroups


def panel(days, per_day=600, every=3):
    """One child a household, seen on every day; each third child enters care."""
    child = np.tile(np.arange(per_day), len(days))
    day = np.repeat(days, per_day)
    return RowGroups(child, child, day), child % every == 0


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


@pytest.mark.parametrize(("per_day", "dates"), [(300, [9]), (150, [8, 9]), (3, list(range(10)))])
def test_the_level_comes_from_the_last_dates_with_100_entrants(per_day, dates):
    """Other children on each date, a third of whom enter care; with too few in all, every row counts."""
    day = np.repeat(np.arange(10), per_day)
    child = np.arange(len(day))
    recent = recent_rows(RowGroups(child, child, day), child % 3 == 0)
    assert sorted(set(day[recent])) == dates
