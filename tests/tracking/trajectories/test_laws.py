"""Laws of the lists, on invented histories: nothing is lost, doubled, or moved by what does not concern it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.tracking.trajectories.track import track
from trajectories import DAYS, histories

MONTH = np.timedelta64(2629800, "s")
CAPACITY = st.integers(1, 5)
few = settings(max_examples=12)


def listed(tracking, day):
    """Children on a list on a day, by the trajectories."""
    held = tracking.trajectories
    held = held[(held.index.get_level_values("index_date") == day) & held["listed"]]
    return set(held.index.get_level_values("child_id"))


@few
@given(histories(), CAPACITY, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(scores, capacity, random) -> None:
    order = list(range(len(scores)))
    random.shuffle(order)
    one = track(scores, capacity=capacity, team="team")
    other = track(scores.iloc[order], capacity=capacity, team="team")
    pd.testing.assert_frame_equal(one.lists, other.lists)
    pd.testing.assert_frame_equal(one.children, other.children)
    pd.testing.assert_frame_equal(one.trajectories, other.trajectories)


@few
@given(histories(), CAPACITY)
def test_other_teams_do_not_matter(scores, capacity) -> None:
    teams = scores.groupby("child_id")["team"].agg(lambda held: held.iloc[0])
    both = track(scores, capacity=capacity, team=teams, on=DAYS[-1], runs=DAYS)
    for team in both.teams:
        own = scores.index.get_level_values("child_id").isin(teams.index[teams == team])
        alone = track(scores[own], capacity=capacity, team=teams, on=DAYS[-1], runs=DAYS)
        mine = both.lists[both.lists["team"] == team].reset_index(drop=True)
        pd.testing.assert_frame_equal(mine, alone.lists)
        assert alone.notes(team) == both.notes(team)


@few
@given(histories(), CAPACITY)
def test_capacity_is_passed_by_ties_alone(scores, capacity) -> None:
    days = sorted(set(scores.index.get_level_values("index_date")))
    tracking = track(scores, capacity=capacity, team="team", runs=days)
    held = tracking.trajectories[tracking.trajectories["listed"]].reset_index()
    places = capacity * (round(np.median(np.diff(days) / MONTH)) if len(days) > 1 else 1)
    for _, one in held.groupby(["team", "index_date"]):
        sure = one[~one["tied"]]
        assert len(sure) <= places
        if len(one) > places:
            tied = one[one["tied"]]
            assert len(set(tied["risk"])) == 1
            assert len(sure) < places
            assert tied["risk"].iloc[0] <= sure["risk"].min() or sure.empty


@few
@given(histories(), CAPACITY)
def test_lists_are_a_partition(scores, capacity) -> None:
    tracking = track(scores, capacity=capacity, team="team")
    lists, children = tracking.lists, tracking.children
    assert not lists.duplicated(["team", "child_id"]).any()
    new_and_staying = lists[lists["list"] != "leaving"]["child_id"]
    assert sorted(new_and_staying) == sorted(children.index[children["listed"]])
    leaving = lists[lists["list"] == "leaving"]["child_id"]
    came = children["was_listed"] & (children["list"] == "new")
    assert sorted(leaving) == sorted(children.index[children["was_listed"] & (~children["listed"] | came)])
    for child in came.index[came]:
        assert lists.loc[lists["child_id"] == child, "team"].nunique() == 2
    for team in tracking.teams:
        ranks = lists[lists["team"] == team].groupby("list")["rank"].agg(list)
        assert all(held == list(range(1, len(held) + 1)) for held in ranks)


@few
@given(histories(teams=("north",)), CAPACITY)
def test_lists_say_what_the_trajectories_say(scores, capacity) -> None:
    days = sorted(set(scores.index.get_level_values("index_date")))
    tracking = track(scores, capacity=capacity, runs=days)
    now, before = listed(tracking, days[-1]), listed(tracking, days[-2]) if len(days) > 1 else set()
    by_list = tracking.lists.groupby("list")["child_id"].agg(set).to_dict()
    staying = [by_list.get(name, set()) for name in ("rising", "falling", "no clear change")]
    assert by_list.get("new", set()) == now - before
    assert set().union(*staying) == now & before
    assert by_list.get("leaving", set()) == before - now


@few
@given(histories(), CAPACITY, st.sampled_from(DAYS[-4:]))
def test_what_comes_after_the_day_changes_nothing(scores, capacity, day) -> None:
    known = scores[scores.index.get_level_values("index_date") <= day]
    if known.empty:
        return
    one, other = (track(each, capacity=capacity, team="team", on=day) for each in (known, scores))
    pd.testing.assert_frame_equal(one.lists, other.lists)
    pd.testing.assert_frame_equal(one.children, other.children)
    assert [one.notes(team) for team in one.teams] == [other.notes(team) for team in other.teams]


@few
@given(histories(teams=("north",)), CAPACITY)
def test_who_leaves_left_a_list_that_the_meeting_before_had(scores, capacity) -> None:
    days = sorted(set(scores.index.get_level_values("index_date")))
    if len(days) < 3:
        return
    earlier = track(scores, capacity=capacity, on=days[-2], runs=days)
    later = track(scores, capacity=capacity, runs=days)
    had = set(earlier.children.index[earlier.children["listed"]])
    now = set(later.children.index[later.children["listed"]])
    assert set(later.lists.loc[later.lists["list"] == "leaving", "child_id"]) == had - now
