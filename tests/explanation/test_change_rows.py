"""Which rows came to count between two dates and which no longer do, for every way in which that can come about."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.explanation.change_rows import changed_rows
from edgeofcare.features.names import parse_feature
from tiny_tables import records_of, told

TABLES = {
    "missing_episodes": """
        row_key, child, start, end, recorded_date
        m1, Ann, 2021-12-10, 2021-12-11,
        m2, Ann, 2021-12-20, 2021-12-21, 2022-03-01
        m3, Ann, 2022-05-10, 2022-05-11,
    """,
    "cp_plans": """
        row_key, child, start, end
        p1, Ann, 2021-11-01, 2022-02-05
    """,
    "care_episodes": """
        row_key, child, start, end
        e1, Ann, 2022-03-10, 2022-03-20
    """,
    "legal_statuses": """
        row_key, child, start, end, status
        s1, Ann, 2022-03-10, 2022-03-20, C2
    """,
    "relationships": """
        row_key, child, related_id, kind, recorded_date
        l1, Ann, M, mother, 2020-01-01
        l2, Bob, M, mother, 2020-01-01
    """,
}
FROM, TO = "2022-01-01", "2022-06-01"


@pytest.fixture(scope="module")
def records():
    return records_of({"Bob": "2012-03-01"}, options={"observed_from": "2010-01-01"}, **TABLES)


def rows(records, *names, child="Ann", days=(FROM, TO)):
    """What changed, as a picture, and whether anything was recorded."""
    ends = [("a home", child, pd.Timestamp(day)) for day in days]
    events, recorded = changed_rows(records, *ends, [parse_feature(name) for name in names])
    return told(events, "change", "table", "row_key", "what"), recorded


@pytest.mark.parametrize(
    ("name", "events", "recorded"),
    [
        (
            "missing.count.90d",
            ["new, missing_episodes, m3, missing episode", "left the window, missing_episodes, m1, missing episode"],
            True,
        ),
        (
            "missing.days_since",
            ["new, missing_episodes, m3, missing episode", "no longer counts, missing_episodes, m1, missing episode"],
            True,
        ),
        ("cp_plan.active", ["ended, cp_plans, p1, child protection plan"], True),
        ("cp_plan.days_since_end", ["new, cp_plans, p1, end of child protection plan"], True),
        ("cp_plan.days_in.365d", [], False),
        ("sibling.number_10_17", ["counts now, relationships, l2, sibling"], False),
        ("care.count.365d", ["new, care_episodes, e1, period of care"], True),
        ("child.age", [], False),
    ],
)
def test_each_way_in_which_a_row_can_change(records, name, events, recorded):
    found, known = rows(records, name)
    assert [event.replace("l1", "l2") for event in found] == events
    assert known == {name: recorded}


def test_an_event_that_was_entered_late_is_new_when_it_could_be_seen(records):
    assert rows(records, "missing.count.1095d")[0] == [
        "new, missing_episodes, m2, missing episode",
        "new, missing_episodes, m3, missing episode",
    ]


def test_where_only_windows_moved_nothing_was_recorded(records):
    found, known = rows(records, "missing.count.90d", "missing.days_since", days=("2022-08-01", "2022-09-01"))
    assert found == ["left the window, missing_episodes, m3, missing episode"]
    assert not any(known.values())


def test_a_row_behind_several_features_of_a_concept_is_told_once(records):
    ends = [("a home", "Ann", pd.Timestamp(day)) for day in (FROM, TO)]
    names = ["missing.count.90d", "missing.count.365d"]
    events, _ = changed_rows(records, *ends, [parse_feature(name) for name in names])
    features = events.set_index(["change", "row_key"])["features"]
    assert features["new", "m3"] == tuple(names)
    assert features["new", "m2"] == ("missing.count.365d",)
    assert features["left the window", "m1"] == ("missing.count.90d",)
    assert events["date"].dtype == "datetime64[s]"


def test_a_feature_of_two_others_is_followed_into_both(records):
    found, known = rows(records, "missing.count.90d / missing.count.365d")
    assert "left the window, missing_episodes, m1, missing episode" in found
    assert "new, missing_episodes, m2, missing episode" in found
    assert list(known.values()) == [True]


def test_where_nothing_changed_the_frame_is_empty_with_its_columns(records):
    ends = [("a home", "Bob", pd.Timestamp(day)) for day in (FROM, TO)]
    events, known = changed_rows(records, *ends, [parse_feature("missing.count.90d")])
    assert events.empty
    assert events.columns.tolist() == ["change", "table", "row_key", "date", "known", "what", "concept", "features"]
    assert known == {"missing.count.90d": False}
