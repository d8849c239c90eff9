"""Lists, changes and notes of small histories whose answer is plain."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.tracking.ledger import Ledger
from edgeofcare.tracking.trajectories.track import track
from trajectories import DAYS, NAMES, history


def by_child(tracking, column="list"):
    """A column of the lists by child."""
    return tracking.lists.set_index("child_id")[column].to_dict()


def test_a_child_is_on_the_list_that_its_risks_say() -> None:
    risks = {
        "new": [0.01, 0.30],
        "rises": [0.20, 0.40],
        "falls": [0.40, 0.21],
        "stays": [0.25, 0.26],
        "left": [0.19, 0.02],
        "low": [0.01, 0.01],
    }
    found = by_child(track(history(risks), capacity=4))
    assert found == {
        "new": "new",
        "rises": "rising",
        "falls": "falling",
        "stays": "no clear change",
        "left": "leaving",
    }


@pytest.mark.parametrize(("wide", "found"), [(0.3, "rising"), (0.5, "no clear change")])
def test_intervals_decide_where_they_are(wide: float, found: str) -> None:
    # From 20 to 33 of 100 is 0.678 in log-odds: more than 0.3 times the root of 2, less than 0.5 times it.
    scores = history({"c1": [0.20, 0.33]}, intervals=wide)
    assert by_child(track(scores, capacity=1)) == {"c1": found}


def test_a_small_change_is_not_told_however_sure() -> None:
    scores = history({"c1": [0.30, 0.34]}, intervals=0.001)
    assert by_child(track(scores, capacity=1)) == {"c1": "no clear change"}
    assert by_child(track(history({"c1": [0.30, 0.37]}, intervals=0.001), capacity=1)) == {"c1": "rising"}


def test_another_model_is_never_a_change_of_the_child() -> None:
    scores = history({"c1": [0.05, 0.60], "c2": [0.20, 0.30]})
    later = scores.index.get_level_values("index_date") == DAYS[-1]
    for column, names in (("model_id", ["m1", "m2"]), ("calibration_version", ["1", "2"])):
        tracking = track(scores.assign(**{column: np.where(later, *names[::-1])}), capacity=2)
        assert set(tracking.lists["direction"]) == {"not comparable"}
        assert set(by_child(tracking).values()) == {"no clear change"}
        assert tracking.lists["change"].isna().all()
        assert "not comparable with 1 May 2025" in tracking.lists["said"].iloc[0]
        assert any("2 children cannot be compared" in note for note in tracking.notes())
        assert "first score" not in tracking.to_html()


def test_a_slow_rise_shows_after_three_months() -> None:
    tracking = track(history({"c1": [0.10, 0.125, 0.155, 0.18]}), capacity=1)
    row = tracking.lists.iloc[0]
    assert (row["list"], str(row["before_date"].date())) == ("rising", DAYS[-4])
    assert row["said"] == "18 of 100, was 10 of 100 on 1 March 2025; no clear change since the last run"


def test_ties_at_the_cut_are_all_listed_and_said() -> None:
    risks = {"a": [0.5], "b": [0.2], "c": [0.2], "d": [0.2], "e": [0.1]}
    tracking = track(history(risks), capacity=2)
    assert sorted(tracking.lists["child_id"]) == ["a", "b", "c", "d"]
    assert tracking.lists.set_index("child_id")["tied"].to_dict() == {"a": False, "b": True, "c": True, "d": True}
    assert any("3 children share the last 1 place" in note for note in tracking.notes())


def test_quarterly_runs_have_three_months_of_capacity() -> None:
    days = ["2025-01-01", "2025-04-01"]
    risks = {f"c{number}": [0.1 + number / 100] * 2 for number in range(9)}
    assert int(track(history(risks, days=days), capacity=2).children["listed"].sum()) == 6


def test_months_without_rows_give_a_team_no_more_places() -> None:
    risks = {f"a{number}": [0.3 - number / 100, None, None] * 2 for number in range(9)}
    risks |= {f"b{number}": [0.3 - number / 100] * 6 for number in range(9)}
    scores = history(risks, teams={child: "north" if child.startswith("a") else "south" for child in risks})
    listed = track(scores, capacity=2, team="team", on=DAYS[3]).lists.groupby(["team", "list"]).size()
    assert listed.to_dict() == {("north", "new"): 2, ("south", "no clear change"): 2}


def test_runs_without_a_score_are_counted_and_a_long_gap_is_said() -> None:
    days = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-06-01"]
    risks = {"c1": [0.3, None, None, 0.3], "c2": [0.1, 0.1, 0.1, 0.1]}
    tracking = track(history(risks, days=days), capacity=2)
    assert tracking.children["missed_runs"].to_dict() == {"c1": 2, "c2": 0}
    assert by_child(tracking)["c1"] == "new"
    assert any("no run for 92 days, where 31 days are usual" in note for note in tracking.notes())


def test_who_moves_to_another_team_leaves_the_list_of_the_first() -> None:
    scores = history({"a": [0.3, 0.02], "b": [0.2, 0.2], "c": [0.4, 0.4], "d": [0.1, 0.1]})
    later = scores.index.get_level_values("index_date") == DAYS[-1]
    teams = {"a": "north", "b": "north", "c": "south", "d": "south"}
    scores["team"] = [teams[child] for child in scores.index.get_level_values("child_id")]
    moved = later & (scores.index.get_level_values("child_id") == "a")
    scores.loc[moved, "team"] = "south"
    tracking = track(scores, capacity=1, team="team")
    row = tracking.lists[tracking.lists["child_id"] == "a"].iloc[0]
    assert (row["team"], row["list"]) == ("north", "leaving")
    assert row["because"].startswith("now with another team")
    assert "another team" in tracking.to_html(team="north")
    assert "another team" not in tracking.to_html(team="south")


def test_who_moves_from_one_list_to_another_is_new_there_and_leaves_the_first() -> None:
    scores = history({"c1": [0.3, 0.3], "c2": [0.2, 0.2], "c3": [0.25, 0.25]})
    child, day = (scores.index.get_level_values(name) for name in ("child_id", "index_date"))
    scores["team"] = np.where((child == "c3") | ((child == "c1") & (day == DAYS[-1])), "south", "north")
    tracking = track(scores, capacity=1, team="team")
    assert tracking.lists[["team", "list", "child_id", "because"]].to_numpy().tolist() == [
        ["north", "new", "c2", ""],
        ["north", "leaving", "c1", "now on another team's list"],
        ["south", "new", "c1", "from another team's list"],
        ["south", "leaving", "c3", "the risk is now below those on the list"],
    ]
    assert tracking.notes("north")[0].endswith("1 new, and 0 who stay on it (0 rising, 0 falling, 0 no clear change). "
                                               "1 child left it.")  # fmt: skip
    assert tracking.notes("south")[0].startswith("1 child on the list: 1 new")
    assert "On the list at the last run too" not in tracking.to_html(team="south")
    assert "now on another team&#39;s list" in tracking.to_html(team="north")
    assert tracking.children.loc["c1", ["list", "team", "listed", "was_listed"]].tolist() == [
        "new",
        "south",
        True,
        True,
    ]


def test_who_was_the_last_of_a_team_leaves_its_list() -> None:
    scores = history({"a": [0.4, 0.4, None], "b": [0.3, 0.3, 0.3]}, teams={"a": "north", "b": "south"})
    tracking = track(scores, capacity=1, team="team")
    assert by_child(tracking) == {"a": "leaving", "b": "no clear change"}
    assert not tracking.children.loc["a", "listed"]
    assert any("Nobody of this team was scored at the last run" in note for note in tracking.notes("north"))
    assert not any("Nobody" in note for note in tracking.notes("south"))


def test_a_child_scored_by_itself_is_no_run() -> None:
    risks = {f"c{number:02d}": [0.4 - number / 100] * 3 for number in range(20)}
    alone = [history({"c15": [0.05]}, days=[f"2025-06-{day}"]) for day in range(10, 30)]
    both, usual = pd.concat([history(risks), *alone]), track(history(risks), capacity=5)
    found = track(both, capacity=5)
    pd.testing.assert_frame_equal(found.lists, usual.lists)
    pd.testing.assert_frame_equal(track(both, capacity=5, runs=DAYS[-3:]).lists, usual.lists)
    assert any("Scores of 20 other days are left out: fewer than half" in note for note in found.notes())
    assert not any("left out" in note for note in usual.notes())
    named = track(both, capacity=5, runs=[DAYS[-1], "2025-06-10"], on="2025-06-20")
    assert by_child(named) == {"c15": "new", "c00": "leaving"}  # one place, with runs nine days apart
    assert any("only the runs that were named count" in note for note in named.notes())


def test_a_renamed_team_keeps_nobody() -> None:
    scores = history({"a": [0.4, 0.4], "b": [0.3, 0.1]})
    later = scores.index.get_level_values("index_date") == DAYS[-1]
    lists = track(scores.assign(team=np.where(later, "new name", "old name")), capacity=1, team="team").lists
    assert lists[["team", "child_id", "list"]].to_numpy().tolist() == [["new name", "a", "no clear change"]]


def test_children_without_a_team_are_a_team_of_their_own() -> None:
    tracking = track(history({"a": [0.3], "b": [0.2]}), capacity=1, team={"a": "north"})
    assert tracking.teams == ("no team", "north")


def test_the_year_the_runs_and_the_first_time() -> None:
    risks = {"a": [0.5, 0.1, 0.1, 0.5, 0.1, 0.4], "b": [0.2] * 6}
    child = track(history(risks), capacity=1).children.loc["a"]
    assert (child["highest_in_year"], child["runs"], child["runs_listed"]) == (0.5, 6, 3)
    assert (str(child["first_listed"].date()), child["days_since_listed"]) == ("2025-01-01", 151)


def test_changes_of_the_last_run_and_of_three_months() -> None:
    child = track(history({"a": [0.1, 0.2, 0.3, 0.4]}), capacity=1).children.loc["a"]
    log_odds = {risk: np.log(risk / (1 - risk)) for risk in (0.1, 0.3, 0.4)}
    assert child["change_last_run"] == pytest.approx(log_odds[0.4] - log_odds[0.3])
    assert child["change_three_months"] == pytest.approx(log_odds[0.4] - log_odds[0.1])


def test_a_ledger_gives_scores_and_reviews_before_the_day(tmp_path) -> None:
    scores = history({"a": [0.3, 0.3], "b": [0.2, 0.1]}, model="44136fa355b3")
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.scored(scores)
    first = scores.iloc[[0]]
    ledger.reviewed(first, by="worker 7", when="2025-05-12")
    ledger.seen(first, by="worker 7", when="2025-05-20")
    ledger.supported(first, by="worker 8", support="family group conference", when="2025-05-21")
    before = track(ledger, capacity=2)
    ledger.reviewed(first, by="worker 7", when="2025-06-01")  # the day itself is not before it
    ledger.seen(first, by="worker 7", when="2025-06-02")
    after = track(ledger, capacity=2, on="2025-06-01")
    row = after.lists.set_index("child_id").loc["a"]
    assert (row["days_since_review"], row["days_since_seen"]) == (20, 12)
    assert row["last_seen_by"] == "seen, in the ledger"
    assert "21 May 2025" in row["support"]
    pd.testing.assert_frame_equal(before.lists, after.lists)
    pd.testing.assert_frame_equal(track(scores, capacity=2, ledger=ledger).lists, after.lists)


def test_a_meeting_after_the_last_run_says_how_old_the_scores_are() -> None:
    tracking = track(history({"a": [0.3]}), capacity=1, on="2025-06-11")
    assert "The scores are of 1 June 2025, 10 days before the meeting." in tracking.notes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"capacity": 0}, "capacity must be a whole number"),
        ({"capacity": {"south": 3}}, "1 of 1 teams have none"),
        ({"least_change": 0.0}, "least_change must be"),
        ({"top_reasons": -1}, "top_reasons must be"),
        ({"on": "2024-01-01"}, "no score up to the day"),
        ({"team": "unit"}, "team must name a column"),
        ({"runs": "2025-06-01"}, "runs must be a list"),
        ({"runs": []}, "runs holds no date"),
        ({"runs": ["2025-05-31"]}, "no score of the history is of a day named"),
        ({"team": 3}, "team must be the name"),
    ],
)
def test_what_cannot_be_is_refused(options, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        track(history({"a": [0.1]}), **{"capacity": 1, **options})


def test_two_scores_of_a_child_on_a_day_are_refused() -> None:
    scores = history({"KIND1": [0.1]})
    other = scores.rename(index={"HKIND1": "H2"}, level="household_id")
    with pytest.raises(SpecError, match="1 of 2 rows are of a child and day") as caught:
        track(pd.concat([scores, other]), capacity=1)
    assert "KIND" not in str(caught.value)
    with pytest.raises(IndexNamesError):
        track(scores.reset_index(), capacity=1)
    with pytest.raises(SpecError, match="column risk is missing"):
        track(scores[["model_id"]], capacity=1)


def test_nothing_of_a_child_is_in_repr_notes_or_errors() -> None:
    tracking = track(history({"KIND1": [0.1, 0.3], "KIND2": [0.2, 0.1]}, teams={"KIND1": "n", "KIND2": "s"}),
                     capacity=1, team="team")  # fmt: skip
    assert repr(tracking) == "Tracking(2 teams, 2 runs; 2 children on lists: 0 new, 2 staying; 0 leaving)"
    said = " ".join([repr(tracking), *tracking.notes("n"), *tracking.notes("s")])
    with pytest.raises(SpecError) as caught:
        tracking.notes()
    with pytest.raises(SpecError) as other:
        tracking.plot("KIND9")
    assert "KIND" not in said + str(caught.value) + str(other.value)


def test_what_is_handed_out_can_be_changed_without_harm() -> None:
    tracking = track(history({"a": [0.1, 0.3]}), capacity=1)
    for name in ("lists", "children", "trajectories", "reasons"):
        before = getattr(tracking, name)
        held = getattr(tracking, name)
        held.drop(columns=list(held.columns), inplace=True)
        pd.testing.assert_frame_equal(getattr(tracking, name), before)
    assert list(tracking.trajectories.index.names) == NAMES


def test_a_picture_without_key_breaks_where_the_model_changed() -> None:
    scores = history({"KIND1": [0.1, 0.2, 0.3, 0.4]}, intervals=0.3)
    scores["model_id"] = ["m1", "m1", "m2", "m2"]
    ax = track(scores, capacity=1).plot("KIND1").axes[0]
    drawn = [line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 1.6]
    assert [line.get_ydata().tolist() for line in drawn] == [[0.1, 0.2], [0.3, 0.4]]
    words = [text.get_text() for text in ax.texts] + [ax.get_title(loc="left")]
    assert not any("KIND" in text for text in words)
    assert any("another model" in text for text in words)
    with pytest.raises(SpecError, match="Events need records"):
        track(scores, capacity=1).plot("KIND1", events=True)
