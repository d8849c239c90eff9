"""Values and dates too large to be reckoned with are refused by table, column and count, and never overflow."""

from __future__ import annotations

import datetime
import math
import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import IndexNamesError, RecordsError
from edgeofcare.features.build import build_features
from edgeofcare.features.prepare import TableArrays
from tiny_tables import index_of, records_of

DAY = "2022-06-01"
SUMS = ["suspensions.sum_value.365d", "suspensions.mean_value.365d", "suspensions.max_value.365d"]
HUGE = st.one_of(
    st.floats(),
    st.integers(-(10**400), 10**400),
    st.sampled_from([1e9, 1_000_000_001, -1e300, 2**63, -(2**63), 10**309, "9" * 400, "1e999", "-inf"]),
)
FAR = st.one_of(
    st.dates(),
    st.datetimes(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.integers(-(2**62), 2**62).map(lambda second: np.datetime64(second, "s")),
    st.sampled_from(["99999-01-01", "31/12/99999999999999999999", "0000-00-00", datetime.timedelta(days=10**8)]),
)


@cache
def one_child():
    """Records of one child, made once."""
    return records_of(contacts=f"child, date\na, {DAY}")


def suspended(values, dates, invalid="drop"):
    """Records of one child with an own table."""
    frame = pd.DataFrame({"child_id": "a", "date": pd.Series(dates, dtype=object)})
    frame["days"] = pd.Series(values, dtype=object)
    return one_child().with_events("suspensions", frame, value="days", observed_from="2020-01-01", invalid=invalid)


def as_float(value):
    """A number or text as a float; infinite where no float is so large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf


@settings(max_examples=40, deadline=None)
@given(st.lists(HUGE, min_size=1, max_size=5), st.sampled_from(["float64", "float32"]))
def test_huge_numbers_are_refused_or_left_out_and_never_overflow(values, dtype):
    days = ["2022-05-01"] * len(values)
    X = build_features(suspended(values, days), index_of(("a", DAY)), SUMS, dtype=dtype)
    assert not np.isinf(X.to_numpy()).any()
    beyond = sum(1e9 < abs(as_float(value)) < math.inf for value in values)
    if not beyond:
        suspended(values, days, "raise")
        return
    with pytest.raises(RecordsError, match=rf"suspensions: column 'value': number too large in {beyond} row"):
        suspended(values, days, "raise")


@settings(max_examples=40, deadline=None)
@given(st.lists(FAR, min_size=1, max_size=5))
def test_far_dates_are_refused_or_left_out_and_never_overflow(dates):
    try:
        records = suspended([1] * len(dates), dates)
    except RecordsError:
        return
    X = build_features(records, index_of(("a", DAY)), SUMS)
    assert 0 <= X[SUMS[0]].iloc[0] <= len(dates)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=6))
def test_a_column_that_cannot_be_summed_is_named_with_its_count(values):
    """The same where frames are not validated: by the table, the column and the count, with no value."""
    days = np.zeros(len(values), dtype=np.int64)
    arrays = TableArrays(pd.DataFrame({"distance": values}), "placements", days, days, days, days)
    most = 2**62 / 1e6 / len(values)
    count = sum(abs(value) >= most for value in values)
    if not count:
        assert arrays.fixed("distance").tolist() == [round(value * 1e6) for value in values]
        return
    said = rf"placements: column 'distance' is too large to be summed exactly: {count} rows? of {len(values)} lie"
    with pytest.raises(RecordsError, match=said) as caught:
        arrays.fixed("distance")
    assert not any(re.search(rf"\b{value:.0f}\b", str(caught.value)) for value in values if most < abs(value) < 1e300)


def test_a_table_too_long_for_its_largest_number_is_refused():
    values = [1e9 - number / 10 for number in range(4612)]
    records = suspended(values, ["2022-05-01"] * len(values), "raise")
    with pytest.raises(RecordsError, match=r"suspensions: column 'value' .* 4,612 rows of 4,612 lie beyond 1e\+09"):
        build_features(records, index_of(("a", DAY)), SUMS)
    assert build_features(records, index_of(("a", DAY)), SUMS[2:]).iloc[0, 0] == 1e9


@pytest.mark.parametrize("day", ["2149-06-07", "9999-12-31", "0001-01-01", "1899-12-31"])
def test_far_index_dates_are_refused(day):
    cohort = index_of(("a", DAY))
    far = pd.DatetimeIndex(np.array([day], dtype="datetime64[s]"))
    cohort.index = pd.MultiIndex.from_arrays([["h"], ["a"], far], names=cohort.index.names)
    with pytest.raises(IndexNamesError, match="1 of 1 lie before 1900 or after 2100"):
        build_features(one_child(), cohort, ["contact.count.90d"])


def test_huge_numbers_of_a_canonical_table_are_refused_by_table_column_and_count():
    rows = "child, start, end, distance\na, 2022-01-01,, 4\na, 2022-02-01,, 1e12\na, 2022-03-01,, -1e300"
    with pytest.raises(RecordsError, match="placements: column 'distance': number too large in 2 rows"):
        records_of(placements=rows)
    records = records_of(placements=rows, options={"invalid": "drop"})
    assert records.findings()[["column", "count", "action"]].to_numpy().tolist() == [["distance", 2, "emptied"]]
