"""How many children are reviewed on each index date, and which."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.evaluation.capacity import months_between, reviews_per_date, select_rows, select_share
from edgeofcare.exceptions import SpecError


def days(*dates):
    return pd.to_datetime(list(dates)).to_numpy().astype("datetime64[D]").astype(np.int64)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (days("2024-01-01"), 10),
        (days("2024-01-01", "2024-02-01", "2024-03-01"), 10),
        (days("2023-04-01", "2023-07-01", "2023-10-01", "2024-01-01"), 30),
        (days("2023-01-01", "2024-01-01"), 120),
        (days("2024-01-01", "2024-01-08", "2024-01-15"), 2),
    ],
    ids=["one date is a month", "months", "quarters", "years", "weeks are a quarter of a month"],
)
def test_capacity_grows_with_the_spacing_of_the_dates(dates, expected):
    assert reviews_per_date(10, dates) == expected


def test_the_highest_of_each_date_are_chosen_and_ties_share():
    date = np.array([0, 1, 0, 1, 0, 1, 1])
    score = np.array([0.9, 0.5, 0.1, 0.5, 0.4, 0.5, 0.1])
    share = select_rows(score, date, 2)
    np.testing.assert_allclose(share, [1, 2 / 3, 0, 2 / 3, 1, 2 / 3, 0])


@pytest.mark.parametrize(
    ("dates", "expected"),
    [(days("2024-01-01"), 1.0), (days("2023-04-01", "2023-07-01"), 3.0), (days("2024-01-01", "2024-01-08"), 0.23)],
)
def test_months_between_dates_are_whole_where_they_can_be(dates, expected):
    assert months_between(dates) == pytest.approx(expected, abs=0.001)


def test_a_share_of_each_date_is_rounded_halves_up_and_never_nobody():
    date = np.array([0] * 5 + [1])
    score = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 9.0])
    assert select_share(score, date, 0.5).tolist() == [1, 1, 1, 0, 0, 1]
    assert select_share(score, date, 0.001).tolist() == [1, 0, 0, 0, 0, 1]
    assert select_share(score, date, 1).tolist() == [1] * 6


@pytest.mark.parametrize("top", [0, -0.1, 1.2, float("nan")])
def test_a_share_must_be_one(top):
    with pytest.raises(SpecError, match="above 0 and at most 1"):
        select_share(np.array([1.0]), np.array([0]), top)
