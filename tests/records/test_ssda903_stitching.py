"""Stitching yearly returns: a picture of each rule, laws of the whole, and a literal second telling of the rules."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.records.findings import Findings
from edgeofcare.records.ssda903.stitching import ATTRIBUTES, RULES, period_starts, stitched
from tiny_tables import picture, told

YEAR_END = {2018: "2018-03-31", 2019: "2019-03-31", 2020: "2020-03-31"}
CHILDREN = "12345678"
SHOWN = ("start", "end", "start_reason", "end_reason", "rule")


def episodes(text, latest=2020):
    """Episodes of one child from lines of return, start, end, RNE, REC, LS; the latest return is that of 2020."""
    lines = "\n".join(line for line in text.strip().splitlines() if line.strip())
    frame = picture("order, start, end, start_reason, end_reason, status\n" + lines)
    return framed(frame, latest)


def framed(frame, latest):
    """A frame as the stitching takes it."""
    frame = frame.astype(object).where(frame != "")
    frame = frame.assign(order=frame["order"].astype("int64"))
    for column in ATTRIBUTES:
        frame[column] = frame[column] if column in frame else pd.Series([None] * len(frame), dtype=object)
    return frame.assign(
        child=frame.get("child", "7"),
        start=pd.to_datetime(frame["start"]).astype("datetime64[s]"),
        end=pd.to_datetime(frame["end"]).astype("datetime64[s]"),
        year_end=pd.to_datetime(frame["order"].map(YEAR_END)).astype("datetime64[s]"),
        latest=frame["order"] == latest,
    )


def history(text, **options):
    """The stitched history as a picture, and how often each rule was counted."""
    findings = Findings()
    rows = stitched(episodes(text, **options), findings)
    named = {why: rule for rule, (_, why, _) in RULES.items()}
    return told(rows, *SHOWN), {named[row[4]]: row[2] for row in findings.rows}


PICTURES = {
    "RULE_3: an episode returned again is one episode, as the later return has it": (
        """
        2018, 2017-06-01, , S, , V2
        2019, 2017-06-01, 2018-09-01, S, E8, V2
        """,
        ["2017-06-01, 2018-09-01, S, E8, "],
        {"RULE_3": 1},
    ),
    "twice in one return: the closed row that ends last stands": (
        """
        2020, 2019-06-01, , S, , V2
        2020, 2019-06-01, 2019-07-01, S, E8, V2
        2020, 2019-06-01, 2019-08-01, S, E8, V2
        """,
        ["2019-06-01, 2019-08-01, S, E8, "],
        {"twice": 2},
    ),
    "an episode that ended on the day it began goes": (
        """
        2020, 2019-06-01, 2019-06-01, S, E8, V2
        2020, 2019-07-01, , S, , V2
        """,
        ["2019-07-01, , S, , "],
        {"short": 1},
    ),
    "a later return that takes an episode back to no days at all wins": (
        """
        2019, 2018-06-01, , S, , V2
        2020, 2018-06-01, 2018-06-01, S, E8, V2
        """,
        [],
        {"RULE_3": 1, "short": 1},
    ),
    "RULE_3A: an open episode after one of a later return was replaced": (
        """
        2018, 2018-03-01, , P, , V2
        2019, 2017-06-01, 2018-02-01, S, E8, V2
        """,
        ["2017-06-01, 2018-02-01, S, E8, "],
        {"RULE_3A": 1},
    ),
    "RULE_3A: of two open episodes both go": (
        """
        2018, 2018-03-01, , P, , V2
        2018, 2018-03-09, , P, , C2
        2019, 2017-06-01, 2018-02-01, S, E8, V2
        """,
        ["2017-06-01, 2018-02-01, S, E8, "],
        {"RULE_3A": 2},
    ),
    "RULE_3A: a closed episode within one of a later return was replaced": (
        """
        2018, 2017-08-01, 2017-10-01, P, X1, V2
        2019, 2017-06-01, 2018-06-01, S, E8, V2
        """,
        ["2017-06-01, 2018-06-01, S, E8, "],
        {"RULE_3A": 1},
    ),
    "an episode of an earlier return that begins on the day on which one of a later return ended stays": (
        """
        2018, 2018-02-01, 2018-03-01, P, E8, V2
        2019, 2017-06-01, 2018-02-01, S, X1, V2
        """,
        ["2017-06-01, 2018-02-01, S, X1, ", "2018-02-01, 2018-03-01, P, E8, "],
        {},
    ),
    "RULE_3: an open episode whose first day a later return moves is not kept twice": (
        """
        2018, 2018-03-01, , S, , V2
        2019, 2018-03-05, 2018-06-01, S, E8, V2
        """,
        ["2018-03-05, 2018-06-01, S, E8, "],
        {"RULE_3 moved": 1},
    ),
    "RULE_1: open in an earlier return, it goes on to the next episode": (
        """
        2018, 2017-06-01, , S, , V2
        2019, 2018-09-01, 2018-10-01, P, E8, V2
        """,
        ["2017-06-01, 2018-09-01, S, X1, RULE_1", "2018-09-01, 2018-10-01, P, E8, "],
        {"RULE_1": 1},
    ),
    "RULE_1A: then a new start after the year's end: it ends on 31 March": (
        """
        2018, 2017-06-01, , S, , C2
        2019, 2018-09-01, 2018-10-01, S, E8, V2
        """,
        ["2017-06-01, 2018-03-31, S, , RULE_1A", "2018-09-01, 2018-10-01, S, E8, "],
        {"RULE_1A": 1},
    ),
    "RULE_1A: then a new start before the year's end: it ends the day before": (
        """
        2018, 2017-06-01, , S, , C2
        2019, 2018-03-11, 2018-10-01, S, E8, V2
        """,
        ["2017-06-01, 2018-03-10, S, , RULE_1A", "2018-03-11, 2018-10-01, S, E8, "],
        {"RULE_1A": 1},
    ),
    "RULE_2: open in an earlier return and never seen again, it ends on 31 March": (
        "2018, 2017-06-01, , S, , C2",
        ["2017-06-01, 2018-03-31, S, , RULE_2"],
        {"RULE_2": 1},
    ),
    "RULE_2: a child who came on 31 March was there that night": (
        "2018, 2018-03-31, , S, , C2",
        ["2018-03-31, 2018-04-01, S, , RULE_2"],
        {"RULE_2": 1},
    ),
    "an open last episode of the latest return stays open": (
        "2020, 2017-06-01, , S, , C2",
        ["2017-06-01, , S, , "],
        {},
    ),
    "903 142: an open episode followed in its own return": (
        """
        2020, 2019-06-01, , S, , C2
        2020, 2019-09-01, , P, , C2
        """,
        ["2019-06-01, 2019-09-01, S, X1, RULE_1", "2019-09-01, , P, , "],
        {"open": 1},
    ),
    "RULE_4: it overlaps the next, of a later return": (
        """
        2018, 2017-06-01, 2018-03-20, S, E8, V2
        2019, 2018-03-01, 2018-05-01, P, E8, V2
        """,
        ["2017-06-01, 2018-03-01, S, X1, RULE_4", "2018-03-01, 2018-05-01, P, E8, "],
        {"RULE_4": 1},
    ),
    "RULE_4: the reason of an episode stands if the next is a new start": (
        """
        2018, 2017-06-01, 2018-03-20, S, E8, V2
        2019, 2018-03-01, 2018-05-01, S, E8, V2
        """,
        ["2017-06-01, 2018-03-01, S, E8, RULE_4", "2018-03-01, 2018-05-01, S, E8, "],
        {"RULE_4": 1},
    ),
    "903 501: it overlaps the next of the same return": (
        """
        2020, 2019-06-01, 2019-12-01, S, X1, V2
        2020, 2019-11-01, 2019-12-05, P, E8, V2
        """,
        ["2019-06-01, 2019-11-01, S, X1, RULE_4", "2019-11-01, 2019-12-05, P, E8, "],
        {"overlap": 1},
    ),
    "RULE_5: said to go on, a later return begins later": (
        """
        2018, 2017-06-01, 2018-03-01, S, X1, V2
        2019, 2018-03-09, 2018-05-01, P, E8, V2
        """,
        ["2017-06-01, 2018-03-09, S, X1, RULE_5", "2018-03-09, 2018-05-01, P, E8, "],
        {"RULE_5": 1},
    ),
    "RULE_2: not in the next return, whatever it comes back to years later": (
        """
        2018, 2017-06-01, , S, , V2
        2020, 2019-04-02, 2019-10-01, P, E8, V2
        """,
        ["2017-06-01, 2018-03-31, S, , RULE_2", "2019-04-02, 2019-10-01, P, E8, "],
        {"RULE_2": 1},
    ),
    "RULE_1: in care until 1 April of the next year is in the next return": (
        """
        2018, 2017-06-01, , S, , V2
        2020, 2019-04-01, 2019-10-01, P, E8, V2
        """,
        ["2017-06-01, 2019-04-01, S, X1, RULE_1", "2019-04-01, 2019-10-01, P, E8, "],
        {"RULE_1": 1},
    ),
    "RULE_5 joins nothing that begins after the next return": (
        """
        2018, 2017-06-01, 2018-03-01, S, X1, V2
        2020, 2019-04-02, 2019-10-01, P, E8, V2
        """,
        ["2017-06-01, 2018-03-01, S, X1, ", "2019-04-02, 2019-10-01, P, E8, "],
        {},
    ),
    "a gap before a new start, and a gap within one return, are nobody's to fill": (
        """
        2018, 2017-06-01, 2018-03-01, S, X1, V2
        2019, 2018-03-09, 2018-05-01, S, X1, V2
        2019, 2018-05-09, 2018-06-01, P, E8, V2
        """,
        [
            "2017-06-01, 2018-03-01, S, X1, ",
            "2018-03-09, 2018-05-01, S, X1, ",
            "2018-05-09, 2018-06-01, P, E8, ",
        ],
        {},
    ),
}


@pytest.mark.parametrize("title", PICTURES)
def test_each_rule(title):
    text, rows, counts = PICTURES[title]
    assert history(text) == (rows, counts)


def test_no_episodes_make_no_history():
    assert stitched(episodes("2018, 2017-06-01, , S, , V2").iloc[:0]).empty


def test_a_period_goes_on_only_by_x1_and_without_a_day_between():
    rows = stitched(
        episodes("""
        2020, 2019-05-01, 2019-06-01, S, X1, V2
        2020, 2019-06-01, 2019-07-01, P, X1, V2
        2020, 2019-07-02, 2019-08-01, P, E8, V2
        2020, 2019-08-01, , S, , V2
        """)
    )
    assert period_starts(rows).dt.strftime("%m-%d").tolist() == ["05-01", "05-01", "07-02", "08-01"]


@st.composite
def returns(draw):
    """Returns of 2018 to 2020 of eight children; the authority of the last four has none of 2020."""
    begin = pd.Timestamp("2017-04-01")
    lines = draw(
        st.lists(
            st.tuples(
                st.sampled_from(CHILDREN),
                st.sampled_from(sorted(YEAR_END)),
                st.integers(0, 12).map(lambda step: 90 * step),
                st.none() | st.integers(0, 4).map(lambda step: 90 * step),
                st.sampled_from("SPL"),
                st.sampled_from(["X1", "E8", None]),
                st.sampled_from(["V2", "C2"]),
            ),
            min_size=12,
            max_size=40,
        )
    )
    rows = [
        {
            "child": child,
            "order": order,
            "start": begin + pd.Timedelta(days=first),
            "end": pd.NaT if length is None else begin + pd.Timedelta(days=first + length),
            "start_reason": began,
            "end_reason": None if length is None else ended,
            "status": status,
        }
        for child, order, first, length, began, ended, status in lines
        if child < "5" or order < 2020
    ]
    columns = ["child", "order", "start", "end", "start_reason", "end_reason", "status"]
    frame = framed(pd.DataFrame(rows, columns=columns), 2020)
    return frame.assign(latest=frame["order"] == (frame["child"] >= "5").map({False: 2020, True: 2019}))


def shown(rows):
    """The history as comparable rows, without the rule that made it."""
    return told(rows, "child", "start", "end", "start_reason", "end_reason", "status", "order")


@settings(max_examples=15)
@given(returns(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter_and_twice_is_once(rows, random):
    once = stitched(rows)
    places = list(range(len(rows)))
    random.shuffle(places)
    assert shown(stitched(rows.iloc[places])) == shown(once)
    findings = Findings()
    assert shown(stitched(once.drop(columns="rule"), findings)) == shown(once)
    assert findings.rows == []


@settings(max_examples=15)
@given(returns())
def test_nothing_overlaps_and_only_the_last_of_a_latest_return_is_open(rows):
    for _, found in stitched(rows).groupby("child"):
        ends, starts = found["end"].tolist(), found["start"].tolist()
        assert all(end <= start for end, start in zip(ends[:-1], starts[1:], strict=True))
        assert (found["end"].isna() | (found["end"] > found["start"])).all()
        assert found["latest"].iloc[-1] or pd.notna(ends[-1])


@settings(max_examples=15)
@given(returns())
def test_no_day_in_care_is_added_but_by_the_rules_that_close_a_gap(rows):
    claimed = {child: set() for child in CHILDREN}
    for row in rows.itertuples():
        last = max(row.year_end, row.start) if pd.isna(row.end) else row.end - pd.Timedelta(days=1)
        claimed[row.child] |= set(pd.date_range(row.start, last))
    for row in stitched(rows).itertuples():
        if row.rule in ("RULE_1", "RULE_5") or pd.isna(row.end):
            continue
        assert set(pd.date_range(row.start, row.end - pd.Timedelta(days=1))) <= claimed[row.child]


def literal(rows):
    """The history told child by child and row by row, as the rules read."""
    history = []
    for child in sorted(set(rows["child"])):
        kept = []
        own_rows = [row._asdict() for row in rows[rows["child"] == child].itertuples()]
        for order in sorted({row["order"] for row in own_rows}, reverse=True):
            own = [row for row in first_of_each_day(own_rows) if row["order"] == order]
            kept = fitted(own, kept)
        history += kept
    return [
        ", ".join("" if pd.isna(value) else str(value)[:10] for value in (row[name] for name in NAMES))
        for row in history
    ]


NAMES = ("child", "start", "end", "start_reason", "end_reason", "status", "order")


def first_of_each_day(rows):
    """One row for each first day: latest return, then closed, then longest, then the first by its attributes."""
    best = {}
    for row in rows:
        end = -1 if pd.isna(row["end"]) else row["end"].toordinal()
        gaps = [("~" if row[name] is None or pd.isna(row[name]) else row[name]) for name in ATTRIBUTES]
        rank = (-row["order"], -end, gaps)
        if row["start"] not in best or rank < best[row["start"]][0]:
            best[row["start"]] = (rank, row)
    return [best[day][1] for day in sorted(best) if best[day][1]["end"] != day]


def fitted(own, kept):
    """Later returns' rows and what one earlier return adds, in order of first days."""
    inside = [row for row in own if any(k["start"] < row["start"] and not k["end"] <= row["start"] for k in kept)]
    own = [row for row in own if row not in inside]
    closed = [row for row in own if not pd.isna(row["end"])]
    replaced = []
    for row in own:
        if pd.isna(row["end"]) and not row["latest"]:
            before = sorted((r for r in kept + closed if r["start"] < row["start"]), key=lambda r: r["start"])
            if before and before[-1] in kept:
                replaced.append(row)
    own = [row for row in own if row not in replaced]
    both = sorted(kept + own, key=lambda row: row["start"])
    moved = []
    for row, following in pairwise(both):
        alike = all(row[name] == following[name] for name in ("start_reason", "status"))
        if row in own and pd.isna(row["end"]) and following in kept and alike:
            moved.append(row)
    both = [row for row in both if row not in moved]
    return [ended(row, both[at + 1 :], own) for at, row in enumerate(both)]


def ended(row, after, own):
    """One row with the end that its return or the next row gives it."""
    if row not in own:
        return row
    day = pd.Timedelta(days=1)
    if not after:
        if not pd.isna(row["end"]) or row["latest"]:
            return row
        return row | {"end": max(row["year_end"], row["start"] + day), "end_reason": None}
    then, anew = after[0]["start"], after[0]["start_reason"] == "S"
    last_of_next_year = row["year_end"].replace(year=row["year_end"].year + 1)
    far = after[0] not in own and not anew and then > last_of_next_year + day
    if pd.isna(row["end"]):
        if not anew and not far:
            return row | {"end": then, "end_reason": "X1"}
        return row | {"end": max(min(row["year_end"], then - day), row["start"] + day), "end_reason": None}
    if row["end"] > then:
        return row | {"end": then, "end_reason": row["end_reason"] if anew else "X1"}
    if row["end"] < then and row["end_reason"] == "X1" and after[0] not in own and not anew and not far:
        return row | {"end": then}
    return row


@settings(max_examples=25)
@given(returns())
def test_a_literal_reading_of_the_rules_gives_the_same_history(rows):
    assert shown(stitched(rows)) == literal(rows)
