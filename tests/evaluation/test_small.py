"""What is hidden, and what would give it away."""

from __future__ import annotations

import pytest

from edgeofcare.evaluation._small import hidden_cells, interval_note, shown


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([50, 40], [False, False]),
        ([50, 9, 40], [False, True, True]),
        ([50, 9, 0], [False, True, True]),
        ([5], [True]),
        ([10, 10], [False, False]),
        ([], []),
    ],
)
def test_one_small_cell_takes_the_next_with_it(counts, hidden):
    assert hidden_cells(counts).tolist() == hidden


def test_counts_below_ten_are_not_shown():
    assert [shown(9), shown(0), shown(10)] == ["<10", "<10", 10]


@pytest.mark.parametrize(
    ("entrants", "start"), [(9, "suppressed"), (10, "unreliable"), (29, "unreliable"), (30, "caution"), (75, "")]
)
def test_notes_follow_the_number_of_entrants(entrants, start):
    assert interval_note(entrants).startswith(start)
    assert (interval_note(entrants) == "") == (start == "")
