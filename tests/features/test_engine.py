"""The arithmetic under the features, against plain Python."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.features import rows as rows_module
from edgeofcare.features.engine import EventIndex
from edgeofcare.features.rows import FIXED_POINT, MAX_DAY, MAX_LOOKBACK, Rows, fixed_point, ragged
from edgeofcare.features.spells import Spells, days_in_both, days_in_spells

CHILDREN = st.integers(0, 3)
DAYS = st.integers(-12, 12)
EVENTS = st.lists(st.tuples(CHILDREN, DAYS, st.integers(0, 25), st.integers(-5, 5)), min_size=6, max_size=30)
ROWS = st.lists(st.tuples(CHILDREN, DAYS), min_size=5, max_size=12)


def built(events, rows):
    """Rows and events as the engine takes them."""
    child, day, late, value = (
        np.array(column, dtype=np.int64) for column in (zip(*events, strict=True) if events else [[]] * 4)
    )
    of, on = (np.array(column, dtype=np.int64) for column in (zip(*rows, strict=True) if rows else [[]] * 2))
    sorted_rows = Rows.sort(of, on, 4)
    return EventIndex(sorted_rows, child, day, day + late), value


# Seen to fail with: `<` for `<=` in _hidden_in; `_least_lag` taken as 0 in `_hi` only; side="right" of _hidden_pairs
# made left; reduceat without the appended value; and `restore` leaving sorted values in sorted places.
@settings(max_examples=150)
@given(EVENTS | st.just([]), ROWS | st.just([]), st.none() | st.integers(1, 15), st.integers(1, 3))
def test_the_engine_counts_sums_and_finds_as_a_double_loop_does(events, rows, lookback, size):
    index, value = built(events, rows)
    wanted = value[index.source] % size == 0
    held = value[index.source]
    out = np.empty(len(rows))
    windows = [
        [e for e in events if e[0] == c and e[1] + e[2] < t and (lookback is None or e[1] >= t - lookback)]
        for c, t in rows
    ]
    half = [
        sum(e[1] >= t - 4 for e in window) if lookback is None or lookback >= 4 else len(window)
        for window, (_, t) in zip(windows, rows, strict=True)
    ]
    shortest = 4 if lookback is None else min(4, lookback)
    expected = {
        "each": half,
        "first": [min((e[1] for e in window if e[3] % size == 0), default=np.inf) for window in windows],
        "count": [len(window) for window in windows],
        "masked": [sum(e[3] % size == 0 for e in window) for window in windows],
        "total": [sum(e[3] for e in window) for window in windows],
        "largest": [max((e[3] for e in window), default=-np.inf) for window in windows],
        "last": [max((e[1] for e in window if e[3] % size == 0), default=-np.inf) for window in windows],
        "distinct": [len({e[3] for e in window if e[3] >= 0}) for window in windows],
    }
    found = {
        "each": index.count(np.full(len(rows), shortest)),
        "first": index.first_day(lookback, wanted),
        "count": index.count(lookback),
        "masked": index.count(lookback, wanted),
        "total": index.total(lookback, fixed_point(held.astype(float))) / FIXED_POINT,
        "largest": index.largest(lookback, held.astype(float)),
        "last": index.last_day(lookback, wanted),
        "distinct": index.distinct(lookback, held),
    }
    for name, values in found.items():
        index.rows.write(values, out)
        index.rows.restore(out)
        assert out.tolist() == expected[name], name


def test_children_do_not_reach_into_each_other_at_the_furthest_days():
    events = [(0, MAX_DAY, 0, 1), (1, -MAX_DAY, 0, 1), (2, MAX_DAY, 0, 1)]
    index, _ = built(events, [(1, -MAX_DAY), (1, MAX_DAY), (2, -MAX_DAY)])
    for lookback in (None, MAX_LOOKBACK):
        assert index.count(lookback).tolist() == [0, int(lookback is None), 0]


def test_days_beyond_the_key_are_refused():
    with pytest.raises(OverflowError, match="correct the dates"):
        built([(0, MAX_DAY + 1, 0, 1)], [(0, 0)])


def test_events_known_before_they_happened_are_refused():
    with pytest.raises(ValueError, match="before it happened"):
        built([(0, 5, -1, 1)], [(0, 0)])


def test_sums_that_could_overflow_are_refused():
    with pytest.raises(OverflowError, match="larger unit"):
        fixed_point(np.array([1e13, 1.0]))


def test_events_of_children_without_rows_are_left_out():
    rows = Rows.sort(np.array([0]), np.array([10]), 1)
    index = EventIndex(rows, np.array([-1, 0, -1]), np.array([1, 2, 3]), np.array([1, 2, 3]))
    assert index.count(None).tolist() == [1]
    assert index.source.tolist() == [1]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), max_size=6))
def test_ragged_enumerates_every_run(runs):
    start, count = np.array([run[0] for run in runs], int), np.array([run[1] for run in runs], int)
    owner, position = ragged(start, count)
    assert list(zip(owner, position, strict=True)) == [(n, s + i) for n, (s, c) in enumerate(runs) for i in range(c)]


# Seen to fail with: the pairs of every other piece left out.
def test_pairs_in_small_pieces_give_the_same_answer(monkeypatch):
    events = [(n % 4, n % 17 - 8, n % 5, n % 3) for n in range(40)]
    rows = [(child, day) for child in range(4) for day in range(-5, 20, 3)]
    whole, value = built(events, rows)
    expected = whole.distinct(None, value[whole.source])
    monkeypatch.setattr(rows_module, "_PAIRS_AT_ONCE", 7)
    pieces, _ = built(events, rows)
    assert len(list(pieces.pairs(None))) > 5
    assert pieces.distinct(None, value[pieces.source]).tolist() == expected.tolist()


def test_the_engine_needs_numpy_alone():
    code = (
        "import sys, edgeofcare.features.engine; print([m for m in ('pandas', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_of_the_longest_lookbacks_and_the_longest_lag_stay_within_one_child():
    events = [(0, MAX_DAY, 0, 1), (1, -MAX_DAY, 2 * MAX_DAY, 1)]
    index, _ = built(events, [(1, -MAX_DAY), (1, MAX_DAY), (2, -MAX_DAY)])
    assert index.count(2 * MAX_LOOKBACK).tolist() == [0, 0, 0]
    late, _ = built([(1, -MAX_DAY, 2 * MAX_DAY, 1)], [(1, -MAX_DAY), (1, MAX_DAY), (2, -MAX_DAY)])
    assert late.count(None).tolist() == [0, 0, 0]


@given(EVENTS, ROWS, st.none() | st.integers(1, 15), st.randoms(use_true_random=False))
def test_ties_are_broken_by_the_day_known_and_a_label_whatever_the_order(events, rows, lookback, random):
    labels = [f"key {number:02d}" for number in range(len(events))]
    best = []
    for child, t in rows:
        seen = [
            (e[1], e[1] + e[2], label)
            for e, label in zip(events, labels, strict=True)
            if e[0] == child and e[1] + e[2] < t and (lookback is None or e[1] >= t - lookback)
        ]
        best.append(max(seen)[2] if seen else None)
    order = list(range(len(events)))
    random.shuffle(order)
    index, _ = built([events[at] for at in order], rows)
    shuffled = np.array([labels[at] for at in order])
    index = index.in_order_of(lambda event: shuffled[event])
    out = np.empty(len(rows))
    index.rows.write(index.last(lookback), out)
    index.rows.restore(out)
    assert [None if at < 0 else str(shuffled[index.source[int(at)]]) for at in out] == best


@given(EVENTS, ROWS, st.integers(1, 15), st.integers(1, 7))
def test_another_clock_is_as_another_index(events, rows, lookback, later):
    index, _ = built(events, rows)
    child, day, late, _ = (np.array(column) for column in zip(*events, strict=True))
    known = np.where(late % later == 0, MAX_DAY, day + late + later)
    fresh = EventIndex(index.rows, np.where(known == MAX_DAY, -1, child), day, known)
    assert index.on_clock(known).count(lookback).tolist() == fresh.count(lookback).tolist()


@given(ROWS | st.just([]), st.integers(1, 14))
def test_parts_are_whole_children_within_the_most_rows_and_hold_every_row_once(rows, most):
    whole = Rows.sort(
        *(np.array(column, dtype=np.int64) for column in (zip(*rows, strict=True) if rows else [[]] * 2)), 4
    )
    parts = list(whole.parts(most))
    sizes = np.bincount(whole.child, minlength=4)
    out = np.full(len(rows), -1)
    for part in parts:
        assert part.day.size <= most or np.unique(part.child).size == 1
        assert np.bincount(part.child, minlength=part.n_children).tolist() == (
            sizes[part.first : part.first + part.n_children].tolist()
        )
        assert (np.diff(part.key) >= 0).all()
        part.write(part.day, out)
    whole.restore(out)
    assert out.tolist() == [day for _, day in rows]


def test_a_child_with_more_rows_than_a_part_may_have_is_a_part_of_its_own():
    rows = Rows.sort(np.array([0, 1, 1, 1, 2]), np.array([5, 1, 2, 3, 4]), 3)
    assert [part.day.size for part in rows.parts(2)] == [1, 3, 1]
    assert [part.day.size for part in rows.parts(4)] == [4, 1]


@given(
    st.lists(st.tuples(CHILDREN, DAYS, st.integers(0, 9), st.none() | st.integers(0, 9)), min_size=2, max_size=16),
    ROWS,
    st.none() | st.integers(1, 12),
)
def test_days_in_spells_are_those_of_a_set_of_days(spells, rows, lookback):
    of, on = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    ordered = Rows.sort(of, on, 4)
    kinds = [spells[::2], spells[1::2]]
    first, second = (spells_of(ordered, kind) for kind in kinds)
    out = np.empty(len(rows))
    lived = [[days_of(kind, child, t, lookback) for child, t in rows] for kind in kinds]
    ordered.write(days_in_spells(first, lookback), out)
    ordered.restore(out)
    assert out.tolist() == [len(days) for days in lived[0]]
    ordered.write(days_in_both(first, second, lookback), out)
    ordered.restore(out)
    assert out.tolist() == [len(a & b) for a, b in zip(*lived, strict=True)]


def spells_of(rows, spells):
    """Spells as the engine takes them."""
    child, start, late, length = zip(*spells, strict=True)
    start = np.array(start)
    end = np.array([MAX_DAY if days is None else at + days for at, days in zip(start, length, strict=True)])
    index = EventIndex(rows, np.array(child), start, start + np.array(late))
    return Spells(index, end[index.source], np.maximum(end, index_known(index))[index.source])


def index_known(index):
    """The day on which each of the caller's events was known."""
    known = np.empty(index.source.size, dtype=np.int64)
    known[index.source] = index.known
    return known


def days_of(spells, child, t, lookback):
    """Days of a child in spells."""
    days = set()
    for who, start, late, length in spells:
        if who != child or start + late >= t:
            continue
        ended = length is not None and max(start + length, start + late) < t
        first = start if lookback is None else max(start, t - lookback)
        days |= set(range(first, start + length if ended else t))
    return days
