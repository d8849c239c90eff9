"""What is hidden, and what would give it away."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.evaluation._small import count_children, hidden_cells, interval_note, shown, write_cells


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([50, 40], [False, False]),
        ([10, 10], [False, False]),
        ([50, 9, 40], [False, True, True]),
        ([50, 5, 5], [False, True, True]),
        # Too few together, nobody at all, or nowhere left to hide.
        ([1, 1, 50], [True, True, True]),
        ([1, 1, 50, 60], [True, True, True, False]),
        ([0, 50], [True, True]),
        ([50, 0, 0, 60], [True, True, True, False]),
        ([5], [True]),
        ([], []),
        # 18 in two cells below 10 are two nines; 10 in a cell below 10 and one that is not are 0 and 10.
        ([50, 9, 9], [True, True, True]),
        ([0, 10, 50], [True, True, True]),
        # 59 in two cells of which none is above 50 are 9 and 50.
        ([9, 50, 50], [True, True, True]),
        ([9, 50, 60, 70], [True, True, False, False]),
    ],
)
def test_small_cells_take_others_with_them_until_they_cannot_be_worked_out(counts, hidden):
    assert hidden_cells(counts).tolist() == hidden


def _possible(cells, total):
    """Least and most that each cell written as small can be, over every way to fill the hidden cells."""
    seen = [cell.entrants for cell in cells if not cell.hidden]
    left, top = total - sum(seen), min(seen, default=total)
    ranges = []
    for cell in cells:
        if cell.hidden:
            ranges.append({"<10": range(10), "suppressed": range(10, top + 1)}[cell.entrants])
    found = [way for way in itertools.product(*ranges) if sum(way) == left]
    small = [i for i, span in enumerate(ranges) if span == range(10)]
    return [(min(way[i] for way in found), max(way[i] for way in found)) for i in small]


@given(st.lists(st.integers(0, 30), min_size=2, max_size=4))
def test_no_way_of_filling_the_hidden_cells_tells_a_small_one(counts):
    cells = write_cells(counts)
    assert [cell.hidden for cell in cells if not isinstance(cell.entrants, int)] == [True] * sum(hidden_cells(counts))
    assert all(cell.hidden for cell, count in zip(cells, counts, strict=True) if count < 10)
    if sum(counts) < 10 or any("here or elsewhere" in cell.note for cell in cells):
        return  # The total is not shown, or it is not said which cells are small.
    assert all(most - least >= 5 for least, most in _possible(cells, sum(counts)))


def test_cells_of_which_all_are_hidden_are_not_told_apart_where_that_would_give_them_away():
    assert [cell.entrants for cell in write_cells([9, 9])] == ["suppressed"] * 2
    assert len({cell.note for cell in write_cells([0, 10])}) == 1
    assert [cell.entrants for cell in write_cells([1, 1, 50])] == ["<10", "<10", "suppressed"]
    assert [cell.entrants for cell in write_cells([3, 4])] == ["<10", "<10"]


def test_children_are_counted_once_in_each_cell_and_not_outside():
    child, cell = np.array([1, 1, 2, 2, 3]), np.array([0, 0, 0, 2, -1])
    assert count_children(child, cell, 4).tolist() == [2, 0, 1, 0]


def test_counts_below_ten_are_not_shown():
    assert [shown(9), shown(0), shown(10)] == ["<10", "<10", 10]


@pytest.mark.parametrize(
    ("entrants", "start"), [(9, "suppressed"), (10, "unreliable"), (29, "unreliable"), (30, "caution"), (75, "")]
)
def test_notes_follow_the_number_of_entrants(entrants, start):
    assert interval_note(entrants).startswith(start)
    assert (interval_note(entrants) == "") == (start == "")


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-1, 3)), max_size=40))
def test_children_of_a_cell_are_counted_once(rows):
    child, cell = (np.array([row[at] for row in rows], dtype=np.int64) for at in (0, 1))
    expected = [len({row[0] for row in rows if row[1] == each}) for each in range(4)]
    assert count_children(child, cell, 4).tolist() == expected
