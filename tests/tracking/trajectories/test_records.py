"""What records say of children on the lists: why they left, when they were seen, and nothing of later days."""

from __future__ import annotations

import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.tracking.trajectories.track import track
from trajectories import history

CHILDREN = {
    "adult": "2007-05-20",
    "closed": "2011-01-01",
    "care": "2011-01-01",
    "died": "2011-01-01",
    "open": "2011-01-01",
    "stays": "2011-01-01",
}
UNTIL = "2025-12-31"


def spells(rows, table):
    """A table of spells from (child, start, end)."""
    frame = pd.DataFrame(rows, columns=["child_id", "start_date", "end_date"])
    return frame.assign(row_key=[f"{table}-{number}" for number in range(len(rows))])


def some_records(**more):
    """Records in which each child left for another reason; ``more`` adds rows to tables."""
    children = pd.DataFrame({"child_id": list(CHILDREN), "birth_date": list(CHILDREN.values()), "death_date": None})
    children.loc[children["child_id"] == "died", "death_date"] = "2025-05-10"
    rows = {
        "referrals": [(child, "2024-01-01", "2025-05-15" if child == "closed" else None) for child in CHILDREN],
        "care_episodes": [("care", "2025-05-12", None)],
        "legal_statuses": [("care", "2025-05-12", None)],
        "assessments": [("stays", "2025-03-01", "2025-04-10"), ("open", "2025-05-30", None)],
        "cin_plans": [("stays", "2025-02-03", None), ("open", "2024-01-01", "2025-01-01")],
        "worker_involvements": [("stays", "2025-01-01", None)],
    }
    rows = {name: [*held, *more.get(name, [])] for name, held in rows.items()}
    tables = {name: spells(held, name) for name, held in rows.items()}
    tables["legal_statuses"]["status"] = "C2"
    first = dict.fromkeys(rows, "2020-01-01")
    return Records.from_tables({**tables, "children": children}, observed_until=UNTIL, observed_from=first)


RUNS = ["2025-05-01", "2025-06-01"]  # one child alone is a run where it is named


def scores():
    """Everybody on the list in May, one alone in June."""
    return history({child: [0.3, 0.3 if child == "stays" else None] for child in CHILDREN})


def test_why_a_child_left_is_said_in_plain_words() -> None:
    lists = track(scores(), some_records(), capacity=6, runs=RUNS).lists.set_index("child_id")
    assert lists["because"].to_dict() == {
        "adult": "turned 18",
        "closed": "the case was closed",
        "care": "looked after now",
        "died": "died",
        "open": "no score at this run, although the records say that the child could be scored: check the run",
        "stays": "",
    }
    assert set(lists["list"]) == {"leaving", "no clear change"}
    assert lists.loc["open", "said"] == "30 of 100 on 1 May 2025, and no score at this run"


def test_who_was_seen_and_supported_as_known_before_the_day() -> None:
    lists = track(scores(), some_records(), capacity=6, runs=RUNS).lists.set_index("child_id")
    row = lists.loc["stays"]
    assert (str(row["last_seen"].date()), row["last_seen_by"]) == ("2025-04-10", "assessment ended")
    assert row["days_since_seen"] == 52
    assert row["support"] == "child in need plan since 3 February 2025; worker involvement since 1 January 2025"
    assert lists.loc["open", "last_seen_by"] == "assessment began"
    assert lists.loc["open", "support"] == ""


def test_what_records_say_of_the_day_and_later_changes_nothing() -> None:
    later = {
        "assessments": [("stays", "2025-06-01", None), ("closed", "2025-06-20", "2025-07-01")],
        "cin_plans": [("closed", "2025-06-01", None)],
        "referrals": [("closed", "2025-06-01", None)],
        "care_episodes": [("open", "2025-06-01", None)],
        "legal_statuses": [("open", "2025-06-01", None)],
    }
    one, other = (
        track(scores(), held, capacity=6, runs=RUNS, on="2025-06-01")
        for held in (some_records(), some_records(**later))
    )
    pd.testing.assert_frame_equal(one.lists, other.lists)
    pd.testing.assert_frame_equal(one.children, other.children)
    assert one.to_html() == other.to_html()


def test_an_assessment_that_was_entered_late_was_not_seen() -> None:
    tables = some_records()
    table = tables.table("assessments")
    table["recorded_date"] = pd.Timestamp("2025-06-02")
    table["end_recorded_date"] = pd.Timestamp("2025-06-02")
    held = {name: tables.table(name) for name in tables} | {"assessments": table}
    late = Records.from_tables(held, observed_until=UNTIL, observed_from="2020-01-01")
    assert track(scores(), late, capacity=6, runs=RUNS).lists["last_seen"].isna().all()


def test_own_visits_count_and_other_tables_where_they_are_named() -> None:
    visits = pd.DataFrame({"child_id": ["stays"], "date": ["2025-05-25"]})
    records = some_records().with_events("visits", visits)
    own = track(scores(), records, capacity=6, runs=RUNS).lists.set_index("child_id")
    assert own.loc["stays", "last_seen_by"] == "entry in visits"
    named = track(scores(), records, capacity=6, runs=RUNS, seen=["worker_involvements"]).lists.set_index("child_id")
    assert named.loc["stays", "last_seen_by"] == "worker involvement began"
    with pytest.raises(SpecError, match="1 of the tables asked for"):
        track(scores(), records, capacity=6, runs=RUNS, seen=["nothing"])


def test_records_that_end_early_say_so_and_judge_nobody() -> None:
    held = some_records()
    tables = {name: held.table(name) for name in held}
    for frame in tables.values():
        for column in [name for name in frame if name.endswith("date")]:
            frame[column] = frame[column].where(frame[column] <= pd.Timestamp("2025-04-30"))
    tables = {n: f.dropna(subset=["start_date"]) if "start_date" in f else f for n, f in tables.items()}
    early = Records.from_tables(tables, observed_until="2025-04-30", observed_from="2020-01-01")
    tracking = track(scores(), early, capacity=6, runs=RUNS)
    assert set(tracking.lists["because"]) == {"", "no score at this run"}
    assert any("The records reach until 30 April 2025" in note for note in tracking.notes())


def test_a_picture_with_events_holds_no_key() -> None:
    figure = track(scores(), some_records(), capacity=6, runs=RUNS).plot("stays", events=True)
    words = [text.get_text() for ax in figure.axes for text in ax.texts]
    words += [label.get_text() for ax in figure.axes for label in ax.get_yticklabels()]
    assert any("Assessments" in text for text in words)
    assert not any("stays" in text for text in words)
