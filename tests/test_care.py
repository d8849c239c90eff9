"""Periods of care, as pictures: episodes and legal statuses in, periods out."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.care import care_periods, care_periods_as_known, uasc_from
from edgeofcare.task import Task
from strategies import histories
from tiny_tables import records_of, told

NOTHING = "child, start, end, status"


def periods(episodes, statuses=NOTHING, *columns, task=None, options=None):
    """Periods of care of a picture, as a picture."""
    records = records_of(care_episodes=episodes, legal_statuses=statuses, options=options)
    return told(care_periods(records, task or Task()), *(columns or ("child_id", "entry_date", "end_date", "status")))


def test_a_move_from_short_breaks_to_section_20_is_an_entry_on_that_day():
    episodes = """
        child, start, end, start_reason, period_key
        came for breaks and stayed, 2022-01-10, 2022-03-01, S, P1
        came for breaks and stayed, 2022-03-01, 2022-06-01, L, P1
    """
    statuses = """
        child, start, end, status
        came for breaks and stayed, 2022-01-10, 2022-03-01, V3
        came for breaks and stayed, 2022-03-01, 2022-06-01, V2
    """
    assert periods(episodes, statuses) == ["came for breaks and stayed, 2022-03-01, 2022-06-01, V2"]
    included = Task(short_breaks="include")
    assert periods(episodes, statuses, task=included) == ["came for breaks and stayed, 2022-01-10, 2022-06-01, V3"]


def test_short_breaks_alone_are_no_care():
    episodes = "child, start, end\nwent home each time, 2022-01-10, 2022-01-12\nwent home each time, 2022-02-10,"
    statuses = "child, start, end, status\nwent home each time, 2022-01-01, , V4"
    assert periods(episodes, statuses) == []
    assert periods(episodes, statuses, task=Task(short_breaks="include")) == [
        "went home each time, 2022-01-10, 2022-01-12, V4",
        "went home each time, 2022-02-10, , V4",
    ]


def test_an_agreement_that_was_never_ended_gives_way_to_the_order_that_began_last():
    episodes = "child, start, end\nunder an old agreement, 2022-01-10,\nunder an old agreement, 2022-05-01,"
    statuses = """
        child, start, end, status
        under an old agreement, 2022-01-01, , V4
        under an old agreement, 2022-05-01, , C1
    """
    assert periods(episodes, statuses) == ["under an old agreement, 2022-05-01, , C1"]


def test_a_status_that_starts_within_a_short_break_episode_is_the_entry():
    episodes = "child, start, end\nnot a new episode, 2022-01-10, 2022-09-01"
    statuses = """
        child, start, end, status
        not a new episode, 2022-01-10, 2022-04-04, V3
        not a new episode, 2022-04-04, 2022-09-01, V2
    """
    assert periods(episodes, statuses) == ["not a new episode, 2022-04-04, 2022-09-01, V2"]


def test_a_break_of_one_day_under_an_agreement_is_still_a_break():
    episodes = "child, start, end\nfor one day, 2022-01-10, 2022-01-10"
    assert periods(episodes, "child, start, end, status\nfor one day, 2021-06-01, , V4") == []
    assert periods(episodes, "child, start, end, status\nfor one day, 2022-01-10, 2022-01-10, V4") == []
    over = "child, start, end, status\nfor one day, 2021-06-01, 2022-01-10, V4"
    assert periods(episodes, over) == ["for one day, 2022-01-10, 2022-01-10, "], "the agreement had ended"


def test_time_at_home_parts_two_periods_even_under_one_key():
    episodes = """
        child, start, end, period_key
        one key, 2022-01-10, 2022-02-01, P1
        one key, 2022-03-01, 2022-04-01, P1
        two keys, 2022-01-10, 2022-02-01, P2
        two keys, 2022-03-01, 2022-04-01, P3
    """
    assert periods(episodes, NOTHING, "child_id", "entry_date", "end_date") == [
        "one key, 2022-01-10, 2022-02-01",
        "one key, 2022-03-01, 2022-04-01",
        "two keys, 2022-01-10, 2022-02-01",
        "two keys, 2022-03-01, 2022-04-01",
    ]


def test_episodes_that_touch_are_one_period():
    episodes = """
        child, start, end
        the same day, 2022-01-10, 2022-02-01
        the same day, 2022-02-01, 2022-03-01
        the next day, 2022-01-10, 2022-02-01
        the next day, 2022-02-02, 2022-03-01
        two days later, 2022-01-10, 2022-02-01
        two days later, 2022-02-03, 2022-03-01
        within a longer one, 2022-01-10, 2022-05-01
        within a longer one, 2022-02-01, 2022-03-01
        within a longer one, 2022-04-01, 2022-06-01
    """
    assert periods(episodes, NOTHING, "child_id", "entry_date", "end_date") == [
        "the next day, 2022-01-10, 2022-03-01",
        "the same day, 2022-01-10, 2022-03-01",
        "two days later, 2022-01-10, 2022-02-01",
        "two days later, 2022-02-03, 2022-03-01",
        "within a longer one, 2022-01-10, 2022-06-01",
    ]


def test_touching_episodes_of_two_children_are_two_periods():
    episodes = "child, start, end\nan elder, 2022-01-10, 2022-02-01\na younger, 2022-02-01, 2022-03-01"
    assert len(periods(episodes)) == 2


def test_the_last_of_two_statuses_that_began_on_different_days_counts():
    episodes = "child, start, end\nremanded from section 20, 2022-05-01,"
    statuses = """
        child, start, end, status
        remanded from section 20, 2022-01-01, , V2
        remanded from section 20, 2022-05-01, , J1
    """
    assert periods(episodes, statuses, "status", "remand") == ["J1, True"]


def test_two_statuses_on_one_day_do_not_depend_on_the_order_of_rows():
    episodes = "child, start, end\ntwice on one day, 2022-05-01,"
    rows = ["key 1, twice on one day, 2022-05-01, , V2", "key 2, twice on one day, 2022-05-01, , C1"]
    for ordered in (rows, rows[::-1]):
        statuses = "\n".join(["row_key, child, start, end, status", *ordered])
        assert periods(episodes, statuses, "entry_date", "status") == ["2022-05-01, V2"]


def test_a_short_break_and_an_order_on_one_day_are_an_entry():
    episodes = "child, start, end\nboth on one day, 2022-05-01,"
    rows = ["key 1, both on one day, 2022-05-01, , V4", "key 2, both on one day, 2022-05-01, , C1"]
    for ordered in (rows, rows[::-1]):
        statuses = "\n".join(["row_key, child, start, end, status", *ordered])
        assert periods(episodes, statuses, "entry_date", "status") == ["2022-05-01, C1"]


def test_care_without_a_legal_status_is_care():
    episodes = "child, start, end\nno status, 2022-05-01,\nnot a care status, 2022-05-01,"
    statuses = "child, start, end, status\nnot a care status, 2022-01-01, , NONE"
    assert periods(episodes, statuses) == ["no status, 2022-05-01, , ", "not a care status, 2022-05-01, , "]


def test_a_status_that_ended_on_the_first_day_is_not_in_force():
    episodes = "child, start, end\nafter the breaks, 2022-05-01,"
    statuses = "child, start, end, status\nafter the breaks, 2022-01-01, 2022-05-01, V4"
    assert periods(episodes, statuses) == ["after the breaks, 2022-05-01, , "]


@pytest.mark.parametrize(("status", "remand"), [("J1", True), ("J2", True), ("J3", True), ("V2", False), ("L1", False)])
def test_remand_is_told_by_the_status_on_entry(status, remand):
    episodes = "child, start, end\na child, 2022-05-01,"
    assert periods(episodes, f"child, start, end, status\na child, 2022-05-01, , {status}", "remand") == [str(remand)]


def test_the_end_is_that_of_the_last_episode_that_counts():
    episodes = """
        child, start, end, end_reason, period_key
        home with breaks, 2022-01-10, 2022-02-01, X1, P1
        home with breaks, 2022-02-01, 2022-08-01, E8, P1
    """
    statuses = """
        child, start, end, status
        home with breaks, 2022-01-10, 2022-02-01, V2
        home with breaks, 2022-02-01, , V4
    """
    assert periods(episodes, statuses, "entry_date", "end_date", "end_reason") == ["2022-01-10, 2022-02-01, X1"]


def test_entries_and_ends_are_known_when_recorded_plus_the_lag():
    episodes = """
        child, start, end, recorded_date, end_recorded_date
        recorded late, 2022-05-01, 2022-06-01, 2022-05-20, 2022-07-01
        recorded at once, 2022-05-01, 2022-06-01, ,
    """
    lags = {"reporting_lag": {"care_episodes": 10}}
    assert periods(episodes, NOTHING, "child_id", "entry_known", "end_known", options=lags) == [
        "recorded at once, 2022-05-11, 2022-06-11",
        "recorded late, 2022-05-30, 2022-07-11",
    ]


def test_an_entry_by_a_change_of_status_is_known_when_the_status_is():
    episodes = "child, start, end\na child, 2022-01-10,"
    statuses = """
        child, start, end, status, recorded_date
        a child, 2022-01-10, 2022-04-04, V3,
        a child, 2022-04-04, , V2, 2022-05-09
    """
    assert periods(episodes, statuses, "entry_date", "entry_known") == ["2022-04-04, 2022-05-09"]


# Seen to fail with: episodes not sorted before they are joined into periods.
@settings(max_examples=30)
@given(histories(rows=12, children=2, tables=("care_episodes", "legal_statuses")), st.randoms(use_true_random=False))
def test_periods_do_not_depend_on_the_order_of_rows(history, random):
    shuffled = history.with_tables({name: random.sample(rows, len(rows)) for name, rows in history.tables.items()})
    found = [care_periods(each.records(), Task()) for each in (history, shuffled)]
    pd.testing.assert_frame_equal(*found)


def as_known(records, *days):
    """Periods as known on each day, told as day, entry, end and status."""
    rows = pd.DataFrame({"child_id": "a child", "index_date": pd.to_datetime(list(days)).as_unit("s")})
    found = care_periods_as_known(records, Task(), rows)
    found["day"] = rows["index_date"].to_numpy()[found["row"]]
    return told(found, "day", "entry_date", "end_date", "status")


def test_a_period_looks_ended_until_the_episode_that_continues_it_is_known():
    records = records_of(
        care_episodes="""
            child, start, end, recorded_date
            a child, 2022-01-10, 2022-02-01,
            a child, 2022-02-01, , 2022-03-15
        """
    )
    assert as_known(records, "2022-02-01", "2022-02-02", "2022-03-15", "2022-03-16") == [
        "2022-02-01, 2022-01-10, , ",
        "2022-02-02, 2022-01-10, 2022-02-01, ",
        "2022-03-15, 2022-01-10, 2022-02-01, ",
        "2022-03-16, 2022-01-10, , ",
    ]


def test_a_stay_looks_like_care_until_its_short_break_is_known():
    records = records_of(
        care_episodes="child, start, end\na child, 2022-01-10,",
        legal_statuses="child, start, end, status, recorded_date\na child, 2022-01-10, , V4, 2022-02-01",
    )
    assert as_known(records, "2022-01-10", "2022-02-01", "2022-02-02") == ["2022-02-01, 2022-01-10, , "]


def test_unaccompanied_by_status_or_by_factor_whichever_is_first():
    records = records_of(
        immigration_statuses="""
            child, start, end, uasc, recorded_date
            by status, 2022-03-01, , Y, 2022-03-05
            another status, 2022-03-01, , N,
            by both, 2022-05-01, , Y,
        """,
        assessment_factors="""
            child, date, factor
            by factor, 2022-04-01, 9A
            by both, 2022-02-01, 9A
            no factor, 2022-02-01, 3A
        """,
        options={"reporting_lag": {"assessment_factors": 7}},
    )
    found = uasc_from(records).reset_index()
    assert told(found, "child_id", "since", "known") == [
        "by both, 2022-02-01, 2022-02-08",
        "by factor, 2022-04-01, 2022-04-08",
        "by status, 2022-03-01, 2022-03-05",
    ]


def test_a_status_left_open_for_years_does_not_make_a_short_break_an_entry():
    episodes = """
        child, start, end, period_key
        1, 2015-01-01, 2015-06-01, A
        1, 2021-01-10, 2021-01-17, B
    """
    statuses = """
        child, start, end, status
        1, 2015-01-01, , V2
        1, 2021-01-10, 2021-01-17, V4
    """
    assert periods(episodes, statuses, "child_id", "entry_date", "status") == ["1, 2015-01-01, V2"]


def test_short_breaks_between_two_stays_part_them():
    episodes = """
        child, start, end, period_key
        1, 2018-01-01, 2018-06-01, A
        1, 2018-06-01, 2021-03-01, A
        1, 2021-03-01, 2021-09-01, A
    """
    statuses = """
        child, start, end, status
        1, 2018-01-01, 2018-06-01, V2
        1, 2018-06-01, 2021-03-01, V4
        1, 2021-03-01, 2021-09-01, V2
    """
    assert periods(episodes, statuses, "child_id", "entry_date", "end_date") == [
        "1, 2018-01-01, 2018-06-01",
        "1, 2021-03-01, 2021-09-01",
    ]
