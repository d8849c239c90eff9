"""Tests of the monthly simulation."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from edgeofcare.synthetic.pathways import months
from edgeofcare.synthetic.world import _birthdays


def test_months_follow_one_another_and_cover_the_leap_day():
    edges = months("2023-12-15", "2024-03-01")
    assert [high - low for low, high in edges] == [31, 31, 29, 31]
    assert all(first[1] == second[0] for first, second in pairwise(edges))
    assert edges[0][0] == np.datetime64("2023-12-01", "D").astype(int)


def test_birthdays_are_calendar_days():
    born = np.array(["2004-02-29", "2004-02-28", "2000-12-31"], dtype="datetime64[D]").astype(np.int64)
    found = _birthdays(born, 18).astype("datetime64[D]").astype(str)
    assert found.tolist() == ["2022-03-01", "2022-02-28", "2018-12-31"]
