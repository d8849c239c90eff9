"""The verdict reads intervals, not estimates, and can say no."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation.judgement.agreed_thresholds import NET_BENEFIT
from edgeofcare.evaluation.judgement.verdict import make_verdict


def table(auroc, benefit=(2.0, 1.0, 3.0), ratio=(1.0, 0.9, 1.1), ppv=None, slope=(1.0, 0.9, 1.1)):
    rows = [("model", "auroc", 0.8, 0.7, 0.9), ("count_rule", "auroc", 0.7, 0.6, 0.8)]
    rows += [("model", NET_BENEFIT, 5.0, 3.0, 7.0), ("count_rule", NET_BENEFIT, 3.0, 2.0, 4.0)]
    rows += [("model", "ppv_at_capacity", 0.3, 0.2, 0.4), ("count_rule", "ppv_at_capacity", 0.2, 0.1, 0.3)]
    rows += [("model minus count_rule", "auroc", *auroc), ("model", "observed_expected_ratio", *ratio)]
    rows += [("model", "calibration_slope", *slope)]
    rows += [] if benefit is None else [("model minus count_rule", NET_BENEFIT, *benefit)]
    rows += [] if ppv is None else [("model minus count_rule", "ppv_at_capacity", *ppv)]
    frame = pd.DataFrame(rows, columns=["model", "measure", "estimate", "ci_low", "ci_high"])
    return frame.assign(stratum="all rows", note="")


GROUPS = pd.DataFrame(
    {"by": "sex", "group": ["F", "M"], "observed_expected_ratio": [0.9, 1.1], "oe_low": 0.7, "oe_high": 1.3}
)


def ringing(*names):
    known = ["AUROC above 0.90", "one feature carries the model", "fewer than 60 entrants"]
    frame = pd.DataFrame({"alarm": known}).assign(what_it_means="The reason.", what_to_check="What to do.")
    return frame.assign(open=frame["alarm"].isin(names))


def judged(measures, entrants=200, **kwargs):
    return make_verdict(measures, entrants, **{"groups": GROUPS, "alarms": ringing(), **kwargs})


GOOD = (0.1, 0.05, 0.15)
NONE = (0.1, -0.01, 0.2)
BAD = (-0.1, -0.2, -0.05)


@pytest.mark.parametrize(
    ("auroc", "benefit", "conclusion", "words"),
    [
        (GOOD, (2.0, 1.0, 3.0), "use", "All 7 criteria are met"),
        (GOOD, (2.0, -0.1, 3.0), "use with care", "Not met: net benefit gain over the count rule"),
        (GOOD, None, "use with care", "Cannot be told: net benefit gain"),
        (NONE, (2.0, 0.1, 3.0), "use with care", "Not met: AUROC gain over the count rule"),
        (NONE, (2.0, -0.1, 3.0), "do not use", "No gain over the count rule has been shown"),
        ((0.1, 0.0, 0.2), None, "do not use", "No gain over the count rule has been shown"),
        (GOOD, (-0.1, -1.0, 1.0), "do not use", "finds no more than the count rule"),
        (BAD, (2.0, 1.0, 3.0), "do not use", "worse than the count rule"),
        (GOOD, (-2.0, -3.0, -1.0), "do not use", "worse than the count rule"),
    ],
)
def test_a_gain_must_leave_zero_out(auroc, benefit, conclusion, words):
    verdict = judged(table(auroc, benefit))
    assert verdict.conclusion == conclusion
    assert words in verdict.text
    assert f"{auroc[1]:+.3f} to {auroc[2]:+.3f}" in verdict.text
    assert str(verdict) == verdict.text


def test_a_model_without_the_baseline_is_not_used():
    verdict = judged(table(GOOD), criteria=Criteria(baseline="last_model"))
    assert verdict.conclusion == "do not use"
    assert "has no baseline named last_model" in verdict.text


@pytest.mark.parametrize("entrants", [29, "<10"])
def test_few_entrants_are_too_few_to_tell(entrants):
    verdict = judged(table(GOOD), entrants)
    assert verdict.conclusion == "do not use"
    assert "Too few to tell" in verdict.text
    assert "0.1" not in verdict.text
    assert verdict.criteria["value"].iloc[1:6].isna().all()


@pytest.mark.parametrize(("entrants", "conclusion"), [(30, "use with care"), (99, "use with care"), (100, "use")])
def test_some_entrants_are_for_care(entrants, conclusion):
    assert judged(table(GOOD), entrants).conclusion == conclusion


@pytest.mark.parametrize(
    ("ratio", "conclusion", "words"),
    [
        ((1.2, 1.1, 1.3), "use with care", "120 happened (95% interval 110 to 130): the risks are too low on average"),
        ((0.9, 0.8, 0.95), "use", "too high on average"),
        ((0.7, 0.6, 0.79), "do not use", "wrong on average: the whole interval is outside 0.8 to 1.25"),
        ((1.6, 1.3, 1.9), "do not use", "wrong on average"),
        ((1.0, 0.9, 1.1), "use", "no sign that the risks are too high or too low"),
        ((np.nan, np.nan, np.nan), "use with care", "cannot be told"),
    ],
)
def test_calibration_is_put_in_words(ratio, conclusion, words):
    verdict = judged(table(GOOD, ratio=ratio))
    assert verdict.conclusion == conclusion
    assert words in verdict.text


def test_a_slope_is_for_care():
    assert judged(table(GOOD, slope=(0.5, 0.4, 0.6))).conclusion == "use with care"


def test_a_group_whose_risks_are_wrong_is_for_care_and_named():
    verdict = judged(table(GOOD), groups=GROUPS.assign(observed_expected_ratio=[1.8, 1.1], oe_low=1.3))
    assert verdict.conclusion == "use with care"
    assert "sex F (1.80, risks too low)" in verdict.text


@pytest.mark.parametrize(
    ("alarm", "conclusion"),
    [
        ("AUROC above 0.90", "do not use"),
        ("one feature carries the model", "use with care"),
        ("fewer than 60 entrants", "use with care"),
    ],
)
def test_an_open_alarm_is_for_care_and_one_of_the_future_stops(alarm, conclusion):
    verdict = judged(table(GOOD), alarms=ringing(alarm))
    assert verdict.conclusion == conclusion
    assert ("The reason. What to do." in verdict.text) == (conclusion == "do not use")


@pytest.mark.parametrize("left_out", ["groups", "alarms"])
def test_what_was_not_looked_at_is_for_care(left_out):
    verdict = judged(table(GOOD), **{left_out: None})
    assert verdict.conclusion == "use with care"
    assert "Cannot be told" in verdict.text


def test_ppv_at_capacity_is_told_where_there_is_one():
    assert "PPV at capacity 0.300 against 0.200: difference +0.100" in judged(table(GOOD, ppv=(0.1, 0.02, 0.2))).text
    assert "PPV" not in judged(table(GOOD)).text
