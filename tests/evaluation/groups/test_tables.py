"""Which groups are hidden: by one column, by pairs, and where one table is finer than another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from edgeofcare.evaluation._inputs import score_rows
from edgeofcare.evaluation._small import hidden_cells
from edgeofcare.evaluation.groups.tables import (
    GroupTable,
    audit_only,
    check_groups,
    group_tables,
    hidden_groups,
    hidden_pairs,
    nestings,
    written,
)
from edgeofcare.exceptions import SpecError
from evaluation.panels import FixedRisk, make_panel


def tables_of(**columns):
    """Tables of rows written out by group, one child a row."""
    names = list(columns)
    size = len(columns[names[0]])
    index = pd.MultiIndex.from_tuples(
        [(f"h{i:04d}", f"c{i:04d}", pd.Timestamp("2023-04-01")) for i in range(size)],
        names=["household_id", "child_id", "index_date"],
    )
    X, y = pd.DataFrame({"risk": 0.1}, index=index), pd.Series(1, index=index)
    cohort = pd.DataFrame(columns, index=index)

    def made(*by):
        """Tables by some of the columns."""
        return group_tables(score_rows(FixedRisk("risk"), X, y), check_groups(cohort, list(by), X))

    return made


def hidden_names(tables):
    """Names of the hidden groups of each table, counting rows."""
    counts = [np.bincount(table.code, minlength=len(table.names)) for table in tables]
    flags = hidden_groups(tables, counts, nestings(tables))
    return [
        [name for name, hide in zip(table.names, own, strict=True) if hide]
        for table, own in zip(tables, flags, strict=True)
    ]


def test_groups_are_in_the_order_of_their_names_and_pairs_hold_every_combination():
    made = tables_of(sex=["M", "F", "M", None], kind=["b", "a", "a", "b"])
    single, pair = made("sex", ("sex", "kind"))
    assert (single.names, single.code.tolist()) == (("F", "M", "not recorded"), [1, 0, 1, 2])
    assert pair.by == "sex x kind"
    assert pair.names == ("F x a", "F x b", "M x a", "M x b", "not recorded x a", "not recorded x b")
    assert pair.code.tolist() == [3, 0, 2, 5]


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([[50, 60], [40, 30]], ["..", ".."]),
        # 4 is the row less what is shown, unless another column goes too; the one with the smallest cell does.
        ([[50, 4, 60], [40, 30, 50]], ["xx.", "xx."]),
        # A column of few entrants is hidden on its own with the next, and no margin of theirs is known.
        ([[30, 2, 90], [22, 3, 80]], ["xx.", "xx."]),
        # So is a row of few; the rows hidden with it are known in sum, which is large in each column.
        ([[50, 60], [40, 30], [1, 2]], ["..", "xx", "xx"]),
        # Nobody is few as well: 80 would be the first row less what is shown.
        ([[0, 80, 90], [40, 70, 80]], ["xx.", "xx."]),
    ],
)
def test_cells_of_a_pair_are_hidden_by_whole_lines(counts, hidden):
    flags = hidden_pairs(np.array(counts))
    assert ["".join("x" if hide else "." for hide in row) for row in flags] == hidden


def span(counts, hidden, i, j, unknown):
    """Least and most of a hidden cell, over every table with the margins and cells that are shown."""
    cells = np.argwhere(hidden)
    rows_known = [row for row in range(counts.shape[0]) if not unknown[0][row]]
    columns_known = [column for column in range(counts.shape[1]) if not unknown[1][column]]
    equal = [(cells[:, 0] == row, counts[row][hidden[row]].sum()) for row in rows_known]
    equal += [(cells[:, 1] == column, counts[:, column][hidden[:, column]].sum()) for column in columns_known]
    equal.append((np.ones(len(cells), dtype=bool), counts[hidden].sum()))
    matrix, totals = np.array([each[0] for each in equal], dtype=float), [each[1] for each in equal]
    aim = ((cells[:, 0] == i) & (cells[:, 1] == j)).astype(float)
    least, most = (linprog(sign * aim, A_eq=matrix, b_eq=totals, method="highs").fun * sign for sign in (1, -1))
    return least, most


# Seen to fail with: the small lines alone hidden, and with a range of 2 in place of 5.
@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=2, max_size=5))
def test_no_table_with_the_same_margins_pins_a_small_cell_down(columns):
    counts = np.array(columns).T
    hidden = hidden_pairs(counts)
    assert hidden[counts < 10].all()
    if hidden.all():
        return  # Nothing is shown, and less cannot be.
    unknown = [hidden_cells(counts.sum(axis=axis).astype(float)) for axis in (1, 0)]
    for i, j in np.argwhere(counts < 10):
        least, most = span(counts, hidden, i, j, unknown)
        assert most - least >= 5 - 1e-6


def test_what_is_hidden_in_a_coarse_table_is_hidden_in_a_finer_one():
    # Asian (8) is small and takes Black (130) with it, so both ethnicities of Black are hidden too, though large.
    ethnicity = ["Indian"] * 8 + ["African"] * 60 + ["Caribbean"] * 70 + ["British"] * 100 + ["Irish"] * 90
    coarse = {"Indian": "Asian", "African": "Black", "Caribbean": "Black", "British": "White", "Irish": "White"}
    made = tables_of(ethnicity=ethnicity, group=[coarse[each] for each in ethnicity])
    assert hidden_names(made("group", "ethnicity")) == [["Asian", "Black"], ["African", "Caribbean", "Indian"]]
    # Alone, the finer column would hide less.
    assert hidden_names(made("ethnicity")) == [["African", "Indian"]]


def test_a_small_group_within_a_coarse_one_that_is_shown_takes_another_of_it():
    # Irish (4) would be White less British; as one of all groups, Indian would have been taken instead.
    ethnicity = ["Indian"] * 20 + ["Pakistani"] * 30 + ["British"] * 50 + ["Irish"] * 4
    made = tables_of(
        ethnicity=ethnicity, group=["Asian" if each[0] in "IP" and each != "Irish" else "White" for each in ethnicity]
    )
    tables = made("group", "ethnicity")
    names = hidden_names(tables)
    assert names[0] == []
    assert {"British", "Irish"} <= set(names[1])
    # Which of the two is small is not said: White is shown.
    counts = np.bincount(tables[1].code)
    cells = written(tables[1], counts, np.isin(tables[1].names, names[1]))
    assert {cell.entrants for cell, name in zip(cells, tables[1].names, strict=True) if name in names[1]} == {
        "suppressed"
    }


def test_groups_hidden_by_one_count_cover_those_of_the_next():
    made = tables_of(kind=["a"] * 30 + ["b"] * 40 + ["c"] * 50 + ["d"] * 60)
    tables = made("kind")
    counts, already = [np.array([30, 40, 5, 60])], [np.array([False, True, False, False])]
    assert hidden_groups(tables, counts, [])[0].tolist() == [True, False, True, False]
    assert hidden_groups(tables, counts, [], already)[0].tolist() == [False, True, True, False]
    # 5 and 12: the small one is at most 7, and could be nothing. 4 and 10 leave 4 and less: another goes.
    assert hidden_groups(tables, [np.array([30, 12, 5, 60])], [], already)[0].tolist() == [False, True, True, False]
    assert hidden_groups(tables, [np.array([30, 10, 4, 60])], [], already)[0].tolist() == [True, True, True, False]
    # Alone there is nothing to cover it.
    assert hidden_groups(tables, [np.array([30, 40, 50, 60])], [], already)[0].tolist() == already[0].tolist()


def test_a_pair_does_not_give_away_what_a_single_column_hides():
    sex = ["F"] * 60 + ["M"] * 60
    kind = (["a"] * 40 + ["b"] * 16 + ["c"] * 4) * 2
    single, pair = hidden_names(tables_of(sex=sex, kind=kind)("kind", ("sex", "kind")))
    assert single == ["b", "c"]
    assert pair == ["F x b", "F x c", "M x b", "M x c"]


def test_a_plain_table_says_which_are_small_and_a_pair_does_not():
    plain = GroupTable("kind", ("a", "b", "c"), np.zeros(1, dtype=np.int64), (3,), ())
    counts = np.array([50, 9, 40])
    cells = written(plain, counts, np.array([False, True, True]))
    assert [cell.entrants for cell in cells] == [50, "<10", "suppressed"]
    pair = GroupTable("sex x kind", ("a", "b", "c"), np.zeros(1, dtype=np.int64), (1, 3), ())
    assert [cell.entrants for cell in written(pair, counts, np.array([False, True, True]))] == [
        50,
        "suppressed",
        "suppressed",
    ]


@pytest.mark.parametrize("by", [[("sex", "sex")], [("sex", "age_band", "ethnic_group")], [()]])
def test_pairs_are_of_two_different_columns(by):
    X, _, cohort = make_panel(20)
    with pytest.raises(SpecError, match="pairs of different columns"):
        check_groups(cohort, by, X)


def test_unknown_columns_of_a_pair_are_named_once():
    X, _, cohort = make_panel(20)
    with pytest.raises(SpecError, match="no column 'gender'; by= can use"):
        check_groups(cohort, ["gender", ("sex", "gender")], X)


# Seen to fail: a ValueError of zip, and the table of the pair dropped for that of the column of its name.
@pytest.mark.parametrize(
    ("name", "by"),
    [
        ("a x b", [("a x b", "ethnic_group")]),
        ("sex x ethnic_group", ["sex x ethnic_group", ("sex", "ethnic_group")]),
        ("a x b", "a x b"),
    ],
)
def test_columns_named_like_pairs_have_to_be_renamed(name, by):
    X, _, cohort = make_panel(20)
    with pytest.raises(SpecError, match=f"by= cannot use '{name}': ' x ' stands between the columns of a pair"):
        check_groups(cohort.assign(**{name: "z"}), by, X)


def test_only_audit_columns_are_ours():
    assert audit_only("sex x ethnicity", ["female x Indian"])
    assert not audit_only("worker x sex", ["female x female"])
    assert not audit_only("sex x sex x sex", ["female x female x female"])


@given(
    st.sampled_from(["sex", "age x sex", "authority x sex", "sex x authority"]),
    st.sampled_from(["Ada", "Ada x Ada x Ada", "Ada x Ada", "14 x Ada", "x", ""]),
    st.integers(0, 2),
)
def test_one_group_of_ones_own_makes_the_table_one(by, value, place):
    parts = {"sex": "female", "age": "14", "authority": "East x West"}
    groups = [" x ".join(parts[column] for column in by.split(" x "))] * 2
    assert audit_only(by, groups)
    assert not audit_only(by, [*groups[:place], value, *groups[place:]])
