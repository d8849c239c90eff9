"""The sentence on what cannot hold together, and the identity behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeofcare.evaluation.groups.limits import fairness_limits, implied_false_positive_rate
from edgeofcare.exceptions import SpecError


@given(st.integers(1, 500), st.integers(1, 500), st.integers(0, 500), st.integers(1, 500))
def test_the_identity_holds_in_every_two_by_two_table(found, wrong, missed, rest):
    events, others = found + missed, wrong + rest
    implied = implied_false_positive_rate(events / (events + others), found / (found + wrong), missed / events)
    assert implied == pytest.approx(wrong / others)


def test_the_numbers_of_the_table_are_in_the_sentence():
    table = pd.DataFrame(
        {
            "by": "ethnic_group",
            "group": ["Asian", "Black", "White"],
            "base_rate": [0.02, np.nan, 0.1],
            "ppv": [0.2, np.nan, 0.3],
            "false_negative_rate": [0.5, np.nan, 0.6],
        }
    )
    text = fairness_limits(table)
    assert "By ethnic group, 2.0% of the rows of Asian and 10.0% of those of White" in text
    # 0.02/0.98 * 4 * 0.5 and 0.1/0.9 * 4 * 0.5
    assert "goes with 4.1% of their rows" in text
    assert text.count("22.2%") == 1
    assert "Black" not in text
    assert "Chouldechova" in text


@pytest.mark.parametrize(
    ("base_rates", "words"),
    [([0.05, np.nan], "no base rates to compare"), ([0.05, 0.05], "can hold together"), ([0.05, 0.06], "By sex")],
)
def test_it_is_said_where_there_is_nothing_to_say(base_rates, words):
    table = pd.DataFrame({"by": "sex", "group": ["female", "male"], "base_rate": base_rates})
    assert words in fairness_limits(table)


def test_columns_are_needed():
    with pytest.raises(SpecError, match="lacks base_rate"):
        fairness_limits(pd.DataFrame({"by": [], "group": []}))
