from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.models.rows import (
    ROW_NAMES,
    canonical_order,
    check_aligned,
    check_columns,
    check_row_names,
    refuse_unknown_outcomes,
    row_groups,
    single_rows,
    two_classes,
)


def named(rows, values=None):
    index = pd.MultiIndex.from_tuples([(h, c, pd.Timestamp(d)) for h, c, d in rows], names=ROW_NAMES)
    return pd.DataFrame({"a": np.arange(len(rows), dtype=float) if values is None else values}, index=index)


PICTURE = [
    ("h2", "b", "2020-01-02"),
    ("h1", "c", "2020-01-01"),
    ("h1", "a", "2020-04-01"),
    ("h1", "a", "1970-01-02"),
]


def test_groups_are_sorted_codes_and_days():
    groups = row_groups(named(PICTURE))
    assert groups.household.tolist() == [1, 0, 0, 0]
    assert groups.child.tolist() == [1, 2, 0, 0]
    assert groups.day.tolist() == [18263, 18262, 18353, 1]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_days_do_not_depend_on_the_unit_of_the_dates(unit):
    frame = named(PICTURE)
    dates = frame.index.get_level_values("index_date").astype(f"datetime64[{unit}]")
    frame.index = pd.MultiIndex.from_arrays(
        [frame.index.get_level_values(0), frame.index.get_level_values(1), dates], names=ROW_NAMES
    )
    assert row_groups(frame).day.tolist() == [18263, 18262, 18353, 1]


def test_order_is_household_child_date():
    frame = named(PICTURE)
    order = canonical_order(frame.to_numpy(), np.zeros(4), row_groups(frame))
    assert order.tolist() == [3, 2, 1, 0]


@given(st.permutations(range(12)), st.booleans())
def test_order_does_not_depend_on_how_rows_arrive(order, independent):
    """Rows that share a name, or have none, are ordered by content."""
    rows = [(f"h{i % 2}", f"c{i % 4}", "2020-01-01") for i in range(12)]
    values, y = np.arange(12.0) % 5, np.arange(12) % 3 == 0
    first, second = named(rows, values), named(rows, values).iloc[list(order)]
    kept = []
    for frame, outcome in ((first, y), (second, y[list(order)])):
        groups = None if independent else row_groups(frame)
        place = canonical_order(frame.to_numpy(), outcome, groups)
        names = list(frame.index[place]) if not independent else []
        kept.append((frame["a"].to_numpy()[place].tolist(), outcome[place].tolist(), names))
    assert kept[0] == kept[1]


def test_single_rows_share_nothing():
    groups = single_rows(3)
    assert groups.household.tolist() == groups.child.tolist() == [0, 1, 2]
    assert len(set(groups.day)) == 1


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((2, 1)),
        pd.DataFrame({"a": [1.0]}),
        named(PICTURE).reset_index("index_date"),
        named(PICTURE).reorder_levels([1, 0, 2]),
        None,
    ],
)
def test_rows_without_names_are_refused(rows):
    with pytest.raises(IndexNamesError, match=r"household_id, child_id, index_date.*independent_rows=True"):
        check_row_names(rows)
    with pytest.raises(IndexNamesError, match="expected a DataFrame"):
        row_groups(rows)


def test_problems_of_an_index_are_told_at_once_without_values():
    index = pd.MultiIndex.from_arrays(
        [["h1", None, "h2"], ["kim", "kim", "kim"], ["2020", "2021", "2022"]], names=ROW_NAMES
    )
    with pytest.raises(IndexNamesError) as caught:
        row_groups(pd.DataFrame({"a": [1.0, 2.0, 3.0]}, index=index))
    message = str(caught.value)
    assert "1 of 3 rows have no household_id" in message
    assert "index_date does not hold dates" in message
    assert "1 children appear in more than one household" in message
    assert not any(value in message for value in ("h1", "kim", "2020"))


def test_missing_and_zoned_dates_are_refused():
    missing = named([*PICTURE, ("h9", "z", None)])
    with pytest.raises(IndexNamesError, match="1 of 5 rows have no index_date"):
        row_groups(missing)
    zoned = pd.MultiIndex.from_arrays([["h"], ["c"], pd.DatetimeIndex(["2020-01-01"], tz="UTC")], names=ROW_NAMES)
    with pytest.raises(IndexNamesError, match="without time zone"):
        row_groups(pd.DataFrame({"a": [1.0]}, index=zoned))


def test_an_outcome_of_other_rows_is_refused():
    X = named(PICTURE)
    y = pd.Series([0, 1, 0, 1], index=X.index)
    check_aligned(X, y)
    check_aligned(X, y.to_numpy())
    for wrong in (y.iloc[::-1], y.reset_index(drop=True)):
        with pytest.raises(IndexNamesError, match=r"misaligned.*y\.loc\[X\.index\]"):
            check_aligned(X, wrong)
    with pytest.raises(IndexNamesError, match="misaligned"):
        check_aligned(X, y.iloc[::-1], independent_rows=True)
    check_aligned(X, y.reset_index(drop=True), independent_rows=True)


def test_columns_that_are_not_features_are_refused_at_once():
    X = named(PICTURE).assign(school="x", born=pd.Timestamp("2010-01-01"), band=pd.Categorical(["u"] * 4), child_id=1)
    X.insert(0, "a", 1.0, allow_duplicates=True)
    with pytest.raises(SpecError) as caught:
        check_columns(X)
    message = str(caught.value)
    assert "2 columns are neither number nor category: school, born;" in message
    assert "1 column is named like an identifier or date of a row: child_id" in message
    assert "1 column is there more than once: a" in message


def test_numbers_truths_and_arrays_pass():
    check_columns(pd.DataFrame({"a": [1], "b": [True], "c": pd.array([1, None], dtype="Int64")[:1], "d": [0.5]}))
    check_columns(np.array([["x"]], dtype=object))


@pytest.mark.parametrize("y", [[0.0, np.nan, np.nan], pd.array([0, None, None], dtype="Int64"), [0, None, pd.NaT]])
def test_unknown_outcomes_are_counted(y):
    with pytest.raises(SpecError, match=r"2 unknown outcomes \(NaN\) in 3 rows"):
        refuse_unknown_outcomes(y)


def test_two_classes():
    classes, outcome = two_classes(np.array(["no", "yes", "no"]))
    assert classes.tolist() == ["no", "yes"]
    assert outcome.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("y", "words"),
    [
        ([0, 0], "single class in 2 rows: no child in the training rows entered care"),
        ([1, 1], "every child in the training rows entered care"),
        (["x", "x"], "all rows have the same outcome"),
        ([0, 1, 2], "Only binary classification is supported"),
    ],
)
def test_other_than_two_classes_are_refused(y, words):
    with pytest.raises(SpecError, match=words):
        two_classes(np.array(y))
