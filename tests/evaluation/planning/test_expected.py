"""What arithmetic allows: the table of the evidence review, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.evaluation.planning.expected import expected_performance
from edgeofcare.exceptions import SpecError

# Base rate, AUROC: average precision; PPV and recall at 5%; PPV and recall at 10%. From the evidence review, derived
# there by other means.
TABLE = [
    (0.002, 0.75, 0.008, 0.010, 0.24, 0.007, 0.37),
    (0.002, 0.80, 0.014, 0.013, 0.32, 0.009, 0.46),
    (0.002, 0.85, 0.028, 0.017, 0.43, 0.011, 0.57),
    (0.02, 0.75, 0.073, 0.093, 0.23, 0.072, 0.36),
    (0.02, 0.80, 0.112, 0.122, 0.31, 0.089, 0.45),
    (0.02, 0.85, 0.180, 0.160, 0.40, 0.110, 0.55),
    (0.043, 0.75, 0.143, 0.190, 0.22, 0.149, 0.35),
    (0.043, 0.80, 0.203, 0.245, 0.29, 0.184, 0.43),
    (0.043, 0.85, 0.295, 0.317, 0.37, 0.226, 0.53),
    (0.08, 0.75, 0.235, 0.323, 0.20, 0.261, 0.33),
    (0.08, 0.80, 0.312, 0.408, 0.25, 0.319, 0.40),
    (0.08, 0.85, 0.416, 0.512, 0.32, 0.388, 0.49),
    (0.15, 0.75, 0.370, 0.514, 0.17, 0.437, 0.29),
    (0.15, 0.80, 0.455, 0.620, 0.21, 0.520, 0.35),
    (0.15, 0.85, 0.558, 0.735, 0.25, 0.615, 0.41),
]
OPEN = st.floats(0.01, 0.99)


@pytest.mark.parametrize("line", TABLE, ids=[f"{line[1]} at {line[0]}" for line in TABLE])
def test_the_table_of_the_evidence_review(line):
    rate, area, precision, *lists = line
    expected = expected_performance(area, rate, [0.05, 0.1])
    assert expected["average_precision"].to_numpy() == pytest.approx([precision] * 2, abs=0.00051)
    assert expected["ppv"].to_numpy() == pytest.approx(lists[0::2], abs=0.00051)
    assert expected["recall"].to_numpy() == pytest.approx(lists[1::2], abs=0.0051)


def test_every_combination_has_a_row_in_the_order_given():
    expected = expected_performance([0.8, 0.7], (0.02, 0.1), np.array([0.1]))
    given_back = expected[["auroc", "base_rate", "capacity_share"]].to_numpy().tolist()
    assert given_back == [[0.8, 0.02, 0.1], [0.8, 0.1, 0.1], [0.7, 0.02, 0.1], [0.7, 0.1, 0.1]]
    assert len(expected_performance(0.8, 0.02, 0.1)) == 1


@given(OPEN, OPEN, OPEN)
def test_measures_agree_with_each_other(auroc, rate, share):
    row = expected_performance(auroc, rate, share).iloc[0]
    assert row["ppv"] * share == pytest.approx(row["recall"] * rate)
    assert row["lift"] * rate == pytest.approx(row["ppv"])
    assert row["number_needed_to_review"] * row["ppv"] == pytest.approx(1)
    assert 0 < row["ppv"] <= 1 + 1e-9
    assert 0 < row["recall"] <= 1 + 1e-9


@given(OPEN, OPEN)
def test_a_score_that_tells_nothing_finds_the_base_rate(rate, share):
    row = expected_performance(0.5, rate, share).iloc[0]
    assert [row["ppv"], row["recall"], row["average_precision"]] == pytest.approx([rate, share, rate], rel=1e-6)


@given(st.floats(0.5, 0.97), OPEN, OPEN)
def test_a_better_auroc_finds_more(auroc, rate, share):
    worse, better = (expected_performance(area, rate, share).iloc[0] for area in (auroc, auroc + 0.02))
    assert better["recall"] >= worse["recall"] - 1e-9
    assert better["average_precision"] > worse["average_precision"] - 1e-9


def test_a_list_of_everybody_finds_everybody():
    row = expected_performance(0.8, 0.04, 1).iloc[0]
    assert [row["ppv"], row["recall"]] == [0.04, 1.0]


@pytest.mark.parametrize(
    "bad", [(1, 0.1, 0.1), (0.8, 0, 0.1), (0.8, 0.1, 0), (0.8, 0.1, 1.1), (0.8, float("nan"), 0.1)]
)
def test_numbers_outside_their_range_are_refused(bad):
    with pytest.raises(SpecError, match="must be above 0"):
        expected_performance(*bad)


@pytest.mark.parametrize("bad", [[], "high", [[0.8]]])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(SpecError, match="auroc must be a number"):
        expected_performance(bad, 0.1, 0.1)
