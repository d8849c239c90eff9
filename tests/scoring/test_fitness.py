"""Models that are not to be used: refused on the day that is scored, unless somebody says why, which is kept."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pytest

from edgeofcare.exceptions import SpecError, UnfitModelError
from edgeofcare.models.arrays import LinearArrays
from edgeofcare.scorer import Scorer
from edgeofcare.scoring.fitness import LONGEST_OVERRIDE, refuse_unfit, why_unfit
from edgeofcare.task import Task

WHY = "The new model arrives in May."


def model(verdict=None, **entries):
    """A model with a verdict and an expiry date, as a file holds them."""
    evaluation = None if verdict is None else {"verdict": {"conclusion": verdict}}
    said = json.dumps({"evaluation": evaluation, **entries}).encode()
    zero = np.zeros(1)
    arrays = LinearArrays(zero, zero, zero, zero, zero, intercept=-3.0)
    return Scorer(arrays, feature_names=["child.age"], task=Task(), slope=1.0, intercept=0.0, manifest_json=said)


@pytest.mark.parametrize("verdict", [None, "use", "use with care"])
@pytest.mark.parametrize("entries", [{}, {"expires": None}, {"expires": "2025-04-02"}])
def test_a_model_that_may_be_used_asks_for_nothing_and_keeps_nothing(verdict, entries):
    assert refuse_unfit(model(verdict, **entries), "2025-04-01", None) is None
    assert refuse_unfit(model(verdict, **entries), "2025-04-01", WHY) is None


def test_a_model_judged_do_not_use_is_refused_unless_somebody_says_why():
    with pytest.raises(UnfitModelError, match=r"is not to be used.*'do not use'.*override=") as caught:
        refuse_unfit(model("do not use"), "2025-04-01", None)
    assert isinstance(caught.value, SpecError)
    assert model("do not use").model_id in str(caught.value)
    assert refuse_unfit(model("do not use"), "2025-04-01", f"  {WHY}\n") == WHY


@pytest.mark.parametrize(
    "day", ["2025-04-02", "02/04/2025", dt.date(2025, 4, 2), np.datetime64("2025-04-02"), "2030-01-01"]
)
def test_the_index_date_decides_whether_a_model_has_expired(day):
    old = model("use", expires="2025-04-02")
    with pytest.raises(UnfitModelError, match="expired on 2025-04-02"):
        refuse_unfit(old, day, None)
    assert refuse_unfit(old, day, WHY) == WHY
    assert refuse_unfit(old, "2025-04-01", None) is None


def test_both_grounds_are_told():
    assert len(why_unfit(model("do not use", expires="2025-01-01"), "2025-04-01")) == 2
    with pytest.raises(UnfitModelError, match="'do not use' and it expired"):
        refuse_unfit(model("do not use", expires="2025-01-01"), "2025-04-01", None)


@pytest.mark.parametrize("override", ["", "  ", "x" * (LONGEST_OVERRIDE + 1), 5, True, "two\nlines", "\x1b[31mred"])
@pytest.mark.parametrize("verdict", ["use", "do not use"])
def test_another_override_is_refused_whatever_the_model(override, verdict):
    with pytest.raises(SpecError, match="override must be text"):
        refuse_unfit(model(verdict), "2025-04-01", override)


def test_the_longest_override_is_taken():
    assert refuse_unfit(model("do not use"), "2025-04-01", "x" * LONGEST_OVERRIDE) == "x" * LONGEST_OVERRIDE


def test_what_is_no_day_is_refused():
    with pytest.raises(SpecError, match="index_date"):
        refuse_unfit(model("do not use"), "soon", WHY)
