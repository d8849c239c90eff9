"""Numbers, intervals and tables as people read them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.reporting.blocks import Block, grid, key_of, number, plain, wide, with_intervals

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.500"), (-0.0004, "-0.000"), (12.34, "12.3"), (480.0, "480"), (12345.6, "12,345.6"),
     (NAN, ""), (np.inf, "no limit")],
)  # fmt: skip
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(np.int64(1200), "1,200"), (np.bool_(True), "yes"), (False, "no"),
     (None, ""), (pd.NaT, ""), ("a_b", "a_b")]
)  # fmt: skip
def test_cells_are_text(value: object, text: str) -> None:
    assert plain(value) == text


def test_each_interval_goes_to_its_own_estimate() -> None:
    frame = pd.DataFrame(
        {"estimate": [0.5], "ci_low": [0.4], "ci_high": [0.6], "difference": [0.1], "difference_low": [NAN],
         "difference_high": [NAN], "observed_expected_ratio": [1.1], "oe_low": [0.9], "oe_high": [1.3]}
    )  # fmt: skip
    assert with_intervals(frame).iloc[0].tolist() == ["0.500 (0.400 to 0.600)", "0.100", "1.100 (0.900 to 1.300)"]


def test_the_interval_of_a_gain_stays_with_the_gain() -> None:
    frame = pd.DataFrame(
        {"map": ["beta"], "gain": [-0.003], "ci_low": [-0.006], "ci_high": [-0.001], "share": [-0.049]}
    )
    shown = grid("Maps", frame).frame
    assert shown["gain"].tolist() == ["-0.003 (-0.006 to -0.001)"]
    assert shown["share"].tolist() == ["-0.049"]
    assert with_intervals(frame.drop(columns="gain"))["share"].tolist() == ["-0.049 (-0.006 to -0.001)"]


def test_whole_numbers_without_an_interval_have_no_decimals() -> None:
    frame = pd.DataFrame({"value": [82.0, 1.0, 1.5], "ci_low": NAN, "ci_high": NAN})
    assert with_intervals(frame)["value"].tolist() == ["82", "1", "1.500"]


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=8))
def test_intervals_keep_every_row_in_its_place(rows: list[tuple[float, float, float]]) -> None:
    frame = pd.DataFrame(rows, columns=["estimate", "ci_low", "ci_high"])
    shown = with_intervals(frame)["estimate"].tolist()
    assert [text.split()[0] for text in shown] == [number(row[0]) for row in rows]
    assert [text.split("(")[1] for text in shown] == [f"{number(row[1])} to {number(row[2])})" for row in rows]


def test_a_wide_table_has_a_line_for_each_key_and_leaves_gaps_empty() -> None:
    tidy = pd.DataFrame({"list": ["b", "a", "b"], "measure": ["ppv", "ppv", "lift"], "estimate": [0.2, 0.3, 4.0]})
    made = wide(tidy.assign(ci_low=NAN, ci_high=NAN), rows=["list"], columns="measure", order=["lift", "ppv", "absent"])
    assert made.to_dict("records") == [
        {"list": "b", "lift": "4", "ppv": "0.200"},
        {"list": "a", "lift": "", "ppv": "0.300"},
    ]


def test_small_counts_are_hidden_in_every_table() -> None:
    made = grid(
        "t", pd.DataFrame({"list": ["x", "y"], "children": [9.0, NAN], "rows": ["suppressed", 12], "note": ["", None]})
    )
    assert made.frame.to_dict("list") == {"list": ["x", "y"], "children": ["<10", ""], "rows": ["suppressed", "12"]}
    assert made.numeric == [False, True, True]


def test_long_sentences_make_a_table_that_stacks() -> None:
    assert not grid("t", pd.DataFrame({"a": ["x" * 200], "b": ["short"]})).stacked
    assert grid("t", pd.DataFrame({"a": ["x"], "b": ["y" * 91]})).stacked


def test_rows_of_many_cells_stack_where_a_page_is_narrow() -> None:
    cells = {"a": ["x"], "b": ["0.803 (0.744 to 0.856)"], "c": ["1"]}
    assert not grid("t", pd.DataFrame(cells)).stacked
    assert grid("t", pd.DataFrame({**cells, "d": ["2"]})).stacked


def test_headings_are_names_to_link_to() -> None:
    assert (
        Block("Does it hold for new families, and later periods?").key
        == "does-it-hold-for-new-families-and-later-periods"
    )
    assert key_of("A/B") == "a-b"
