"""Digests: equal where nothing changed, other where anything did."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.runs.digests import DECIMALS, Digest, digest_arrays, digest_frame, digest_plain, row_order

N = 24


def frame_of(seed: int = 0) -> pd.DataFrame:
    """Twelve children on two dates, with a column of each kind."""
    rng = np.random.default_rng(seed)
    dates = pd.to_datetime(["2023-04-01", "2023-07-01"])
    index = pd.MultiIndex.from_tuples(
        [(f"h{child // 2}", f"c{child:02d}", date) for child in range(N // 2) for date in dates],
        names=["household_id", "child_id", "index_date"],
    )
    number = rng.normal(size=N)
    number[3] = np.nan
    return pd.DataFrame(
        {
            "number": number,
            "count": rng.integers(0, 5, N),
            "flag": rng.random(N) < 0.5,
            "text": pd.Series(rng.choice(["a", "b", "c"], N), index=index).where(rng.random(N) < 0.9),
            "day": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, N), unit="D"),
        },
        index=index,
    )


@settings(max_examples=30, deadline=None)
@given(order=st.permutations(range(N)))
def test_the_order_of_rows_does_not_matter(order):
    frame = frame_of()
    assert digest_frame(frame.iloc[order]) == digest_frame(frame)


@pytest.mark.parametrize("column", ["number", "count", "flag", "text", "day"])
def test_two_values_that_change_places_are_seen(column):
    frame = frame_of()
    values = frame[column].tolist()
    other = next(place for place in range(1, N) if values[place] != values[0] and values[place] == values[place])
    values[0], values[other] = values[other], values[0]
    changed = digest_frame(frame.assign(**{column: pd.Series(values, index=frame.index, dtype=frame[column].dtype)}))
    assert changed.exact != digest_frame(frame).exact
    assert changed.rounded != digest_frame(frame).rounded


@pytest.mark.parametrize("level", ["household_id", "child_id", "index_date"])
def test_who_and_when_is_part_of_it(level):
    frame = frame_of()
    index = frame.index.to_frame(index=False)
    index.loc[0, level] = pd.Timestamp("2023-04-02") if level == "index_date" else "new"
    assert digest_frame(frame.set_axis(pd.MultiIndex.from_frame(index))).exact != digest_frame(frame).exact


def test_names_and_order_of_columns_are_part_of_it():
    frame = frame_of()[["number", "count"]]
    assert digest_frame(frame.rename(columns={"count": "counts"})).exact != digest_frame(frame).exact
    assert digest_frame(frame[["count", "number"]]).exact != digest_frame(frame).exact


def test_how_a_table_is_stored_does_not_matter():
    """Objects or strings, categories, seconds or nanoseconds, whole numbers or floats."""
    frame = frame_of()
    stored = frame.assign(
        text=frame["text"].astype(object).astype("category"),
        day=frame["day"].astype("datetime64[ns]"),
        count=frame["count"].astype(float),
        flag=frame["flag"].astype("int8"),
    )
    stored.loc[stored["count"] == 0, "count"] = -0.0
    names = list(frame.index.names)
    levels = [frame.index.get_level_values(name) for name in names]
    levels = [levels[0].astype(object), levels[1].astype("category"), levels[2].astype("datetime64[ns]")]
    assert digest_frame(stored.set_axis(pd.MultiIndex.from_arrays(levels, names=names))) == digest_frame(frame)


@pytest.mark.parametrize(("shift", "rounds"), [(10.0 ** -(DECIMALS + 3), True), (10.0 ** -(DECIMALS - 1), False)])
def test_rounding_is_told_from_change(shift, rounds):
    frame = frame_of()[["number"]].round(4)
    moved = digest_frame(frame + shift)
    assert moved.exact != digest_frame(frame).exact
    assert (moved.rounded == digest_frame(frame).rounded) is rounds


def test_a_table_of_few_children_has_no_digest():
    frame = frame_of()
    assert digest_frame(frame.iloc[:18]) == Digest(None, None)  # nine children
    assert digest_frame(frame.iloc[:20]).exact is not None


def test_some_rows_can_be_chosen():
    frame = frame_of()
    part = frame.iloc[::-1].iloc[:20]
    places = frame.index.get_indexer(part.index)[row_order(part.index)]
    assert digest_frame(frame, places) == digest_frame(part)


def test_arrays_know_their_names_shapes_and_numbers():
    base = {"a": np.array([1.0, np.inf, np.nan]), "b": np.array(2.0)}
    same = {"b": np.float64(2.0), "a": np.array([1.0, np.inf, -np.nan])}
    assert digest_arrays(base) == digest_arrays(same)
    for other in ({"a": base["a"]}, base | {"a": base["a"][:, None]}, base | {"b": np.nextafter(2.0, 3.0)}):
        assert digest_arrays(other).exact != digest_arrays(base).exact


@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_plain_things_are_digested_as_json(value):
    assert digest_plain(value) == digest_plain(json.loads(json.dumps(value)))


def test_plain_numbers_are_rounded_at_any_depth():
    one, other = {"a": [0.1 + 0.2, {"b": -0.0}], "n": 1}, {"a": [0.3, {"b": 0.0}], "n": 1}
    assert digest_plain(one).exact != digest_plain(other).exact
    assert digest_plain(one).rounded == digest_plain(other).rounded
    assert digest_plain({"n": 1}).rounded != digest_plain({"n": 2}).rounded
