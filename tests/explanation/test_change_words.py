"""A value on both dates in words: the same words for the same values, and the passing of time named as such."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from edgeofcare.explanation.change_words import change_sentences
from edgeofcare.features.names import parse_feature

TIME = "Only time passed; nothing new was recorded of it."


def said(name, before, now, *, change=0.5, because="record", concept="school"):
    """The sentence for a concept of one feature."""
    features = pd.DataFrame(
        {"feature": [name], "concept": concept, "value_from": before, "value_to": now, "change": change,
         "because": because}
    )  # fmt: skip
    concepts = pd.DataFrame({"concept": [concept], "change": [change]})
    specs = {name: parse_feature(name)}
    return change_sentences(concepts, features, specs, risk=(0.1, 0.2), missed=("", ""), top=5)[1]


SHARE = "of the contacts in the 1,095 days before the later date came from the police"
CASES = [
    (
        ("missing.count.90d", 0, 3),
        "3 missing episodes began in the 90 days before the later date; none on the earlier date",
    ),
    (
        ("missing.count.90d", math.nan, 1),
        "1 missing episode began in the 90 days before the later date; unknown: the records of missing episodes do not "
        "reach back 90 days, on the earlier date",
    ),
    (("cp_plan.active", 0, 1), "a child protection plan is open, on the later date; none on the earlier date"),
    (("child.age", 13.2, 13.9), "the child grew older, within the age of 13"),
    (("child.age", 13.2, 15.0), "the child grew older, from 13 to 15"),
    (("contact.share_source_6.1095d", 0.252, 0.248), f"25% {SHARE}, and a little more on the earlier date"),
    (
        ("contact.share_source_6.1095d", 0.25, 0.5),
        f"50% {SHARE}; 25% {SHARE.replace('later', 'earlier')}",
    ),
]


@pytest.mark.parametrize(("value", "words"), CASES)
def test_a_value_then_and_now(value, words):
    assert said(*value) == f"School raised the score: {words}."


def test_the_passing_of_time_is_named_as_such():
    assert said("missing.days_since", 10, 102, because="time", change=-0.3) == (
        "School lowered the score: 102 days since the last missing episode began, on the later date; 10 on the earlier "
        f"date. {TIME}"
    )
    assert TIME not in said("missing.days_since", 102, 10)


def test_what_only_others_moved_is_told_so():
    assert said("missing.count.90d", 1, 1, because="others") == (
        "School raised the score, although nothing of it changed: it counts otherwise beside what did change."
    )


def test_what_changed_is_told_where_others_weighed_more():
    """Days since the last missing episode raised the score; beside them a count that stayed lowered it more."""
    features = pd.DataFrame(
        {"feature": ["missing.count.365d", "missing.days_since"], "concept": "school", "value_from": [3.0, 135.0],
         "value_to": [3.0, 188.0], "change": [-0.2, 0.1], "because": ["others", "time"]}
    )  # fmt: skip
    concepts = pd.DataFrame({"concept": ["school"], "change": [-0.1]})
    specs = {name: parse_feature(name) for name in features["feature"]}
    assert change_sentences(concepts, features, specs, risk=(0.2, 0.1), missed=("", ""), top=5)[1] == (
        "School lowered the score, although what changed of it raised the score: 188 days since the last missing "
        f"episode began, on the later date; 135 on the earlier date. {TIME} The rest of it counts otherwise beside "
        "what did change."
    )


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        ((0.1, 0.2), "The score rose from 10.0% to 20.0%."),
        ((0.2, 0.1), "The score fell from 20.0% to 10.0%."),
        ((0.2, 0.2001), "The score stayed at 20.0%."),
    ],
)
def test_the_risk_comes_first(risk, words):
    empty = pd.DataFrame({"concept": [], "change": []})
    assert change_sentences(empty, empty, {}, risk=risk, missed=("", ""), top=5) == [words]


def test_who_is_not_eligible_is_told_for_each_date():
    empty = pd.DataFrame({"concept": [], "change": []})
    both = change_sentences(empty, empty, {}, risk=(0.1, 0.2), missed=("aged 10 to 17", "alive, as known"), top=5)
    assert both[1].startswith('On the earlier date the child was not eligible (rule: "aged 10 to 17")')
    assert both[2].startswith('On the later date the child was not eligible (rule: "alive, as known")')


def test_the_rest_is_told_together():
    concepts = pd.DataFrame({"concept": ["school", "household", "age and time"], "change": [0.5, -0.2, 0.2]})
    features = pd.DataFrame(
        {"feature": "missing.count.90d", "concept": concepts["concept"], "value_from": 0.0, "value_to": 1.0,
         "change": concepts["change"], "because": "record"}
    )  # fmt: skip
    specs = {"missing.count.90d": parse_feature("missing.count.90d")}
    found = [
        change_sentences(concepts, features, specs, risk=(0.1, 0.2), missed=("", ""), top=top)[-1] for top in (1, 2, 3)
    ]
    assert found[:2] == ["All else cancelled out.", "All else together raised the score."]
    assert found[2].startswith("Age and time raised")
