"""Every adolescent who entered care: out of reach, missed, late or in time; pictures, and the labels as oracle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation.workload.reach import GROUPS, entries_between, reach, reviewed_rows
from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.outcome import label_outcome
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.sample import SAMPLE_OBSERVED_UNTIL, sample_folder
from edgeofcare.task import Task
from evaluation.panels import FAST
from tiny_tables import index_of, records_of

COPIES = 12
FIRST, SECOND = "2022-04-01", "2022-07-01"


def told(children, *, options=None, task=None, **how):
    """Entrants of each group, of ``COPIES`` children like each one given.

    A child is a dict: ``born``, ``entry``, ``status``, ``rows`` (days of the cohort and shares reviewed), ``s47`` and
    ``s47_recorded`` and ``police`` (days).
    """
    born, lines = {}, {"care": [], "status": [], "s47": []}
    rows = [("a stranger", FIRST, 0.0), ("a stranger", SECOND, 0.0)]
    for number, child in enumerate(children):
        for copy in range(COPIES):
            name = f"child {number} {copy}"
            born[name] = child.get("born", "2008-06-15")
            if "entry" in child:
                lines["care"].append(f"{name}, {child['entry']}, ")
                lines["status"].append(f"{name}, {child['entry']}, , {child.get('status', 'V2')}")
            if "police" in child:
                lines["status"].append(f"{name}, {child['police']}, {child['police']}, L1")
            if "s47" in child:
                lines["s47"].append(f"{name}, {child['s47']}, , {child.get('recorded', '')}")
            rows += [(name, day, share) for day, share in child.get("rows", {}).items()]
    records = records_of(
        born | {"a stranger": "2008-06-15"},
        care_episodes="\n".join(["child, start, end", *lines["care"]]),
        legal_statuses="\n".join(["child, start, end, status", *lines["status"]]),
        s47_enquiries="\n".join(["child, start, end, recorded_date", *lines["s47"]]),
        options=options,
    )
    index = index_of(*[(name, day) for name, day, _ in rows]).index
    reviewed = pd.DataFrame({"model": [share for *_, share in rows]}, index=index)
    cohort = pd.DataFrame(index=index)
    return reach(records, cohort, task or Task(), reviewed, **(FAST | how))


def groups(*children, **how):
    """How many of the children are in each group, in numbers of kinds."""
    frame = told(children, **how).set_index("group")
    return {name: frame.loc[name, "entrants"] for name in GROUPS}


LISTED = {FIRST: 1.0}
OTHERS = (
    {"entry": "2022-05-01"},
    {"entry": "2022-05-01", "rows": {FIRST: 0.0}},
    {"entry": "2022-05-01", "rows": LISTED, "s47": "2022-03-01"},
    {"entry": "2022-05-01", "rows": LISTED},
)


def test_four_kinds_of_entrants_are_told_apart():
    frame = told(OTHERS)
    assert frame["entrants"].tolist() == [48, 12, 12, 12, 12]
    assert frame["share"].tolist() == [1.0, 0.25, 0.25, 0.25, 0.25]
    assert frame["group"].tolist() == ["all entrants", *GROUPS]
    shown = frame.iloc[1:]
    assert ((shown["ci_low"] < 0.25) & (shown["ci_high"] > 0.25)).all()
    assert (frame["note"] == "caution: fewer than 75 entrants").all()


@pytest.mark.parametrize(
    ("child", "group"),
    [
        ({"rows": LISTED, "s47": "2021-04-01"}, "alerted_after_crisis"),
        ({"rows": LISTED, "s47": "2021-03-31"}, "alerted_before_crisis"),
        ({"rows": LISTED, "s47": "2022-03-31"}, "alerted_after_crisis"),
        ({"rows": LISTED, "s47": "2022-04-01"}, "alerted_before_crisis"),
        ({"rows": LISTED, "s47": "2022-03-01", "recorded": "2022-04-01"}, "alerted_before_crisis"),
        ({"rows": LISTED, "police": "2022-02-01"}, "alerted_after_crisis"),
        ({"rows": LISTED, "police": "2022-04-10"}, "alerted_before_crisis"),
        ({"rows": {SECOND: 1.0}, "entry": "2022-06-30"}, "no_open_case"),
        ({"rows": {SECOND: 1.0}, "entry": "2022-07-01"}, "alerted_before_crisis"),
        ({"rows": {FIRST: 0.0, SECOND: 1.0}, "entry": "2022-06-01"}, "never_alerted"),
        ({"rows": {FIRST: 1.0, SECOND: 1.0}, "entry": "2022-08-01", "s47": "2022-06-01"}, "alerted_before_crisis"),
        ({"rows": {FIRST: 0.0, SECOND: 1.0}, "entry": "2022-08-01", "s47": "2022-06-01"}, "alerted_after_crisis"),
    ],
)
def test_edges_of_each_group(child, group):
    expected = dict.fromkeys(GROUPS, 12) | {group: 24}
    assert groups(*OTHERS, {"entry": "2022-05-01"} | child) == expected


@pytest.mark.parametrize(
    "child",
    [
        {"entry": "2022-03-31"},
        {"entry": "2022-09-30"},
        {"entry": "2022-05-01", "born": "2012-05-02"},
        {"entry": "2022-05-01", "born": "2004-05-01"},
        {"entry": "2022-05-01", "status": "J1"},
        {"entry": "2022-05-01", "status": "V3"},
        {},
    ],
    ids=["before", "after the time of the last list", "aged 9", "aged 18", "remand", "short break", "no entry"],
)
def test_who_is_no_entrant_of_the_period(child):
    assert sum(groups(*OTHERS, child).values()) == 48


def test_an_entry_on_the_last_day_and_on_the_tenth_birthday_counts():
    assert groups(*OTHERS, {"entry": "2022-09-29"})["no_open_case"] == 24
    assert groups(*OTHERS, {"entry": "2022-05-01", "born": "2012-05-01"})["no_open_case"] == 24
    assert groups(*OTHERS, {"entry": "2022-05-01", "status": "J1"}, task=Task(remand="entry"))["no_open_case"] == 24


def test_a_reporting_lag_hides_a_crisis():
    lagged = {"reporting_lag": {"s47_enquiries": 31}}
    shown = groups(*OTHERS, {**OTHERS[2], "s47": "2022-02-28"}, options=lagged)
    assert shown == dict.fromkeys(GROUPS, 12) | {"alerted_before_crisis": 24}


def test_ties_count_by_their_chance():
    halves = {"entry": "2022-08-01", "rows": {FIRST: 0.5, SECOND: 0.5}, "s47": "2022-06-01"}
    shown = groups(*OTHERS, *[halves] * 4)
    assert shown == {
        "no_open_case": 12,
        "never_alerted": 12 + 12,
        "alerted_after_crisis": 12 + 12,
        "alerted_before_crisis": 12 + 24,
    }


def test_the_lookback_can_be_chosen():
    old = {"entry": "2022-05-01", "rows": LISTED, "s47": "2020-05-01"}
    assert groups(*OTHERS, old)["alerted_before_crisis"] == 24
    assert groups(*OTHERS, old, crisis_lookback="730D")["alerted_after_crisis"] == 24


def test_a_small_group_takes_another_with_it():
    frame = told(OTHERS[:3])  # nobody was alerted before a crisis
    hidden = frame.loc[frame["entrants"] == "suppressed", "group"].tolist()
    assert len(hidden) >= 2
    assert "alerted_before_crisis" in hidden
    assert "no_open_case" not in hidden
    assert frame.loc[frame["group"].isin(hidden), ["share", "ci_low", "ci_high"]].isna().all(axis=None)
    unreached = told(OTHERS[1:])  # everybody had an open case
    hidden = unreached.loc[unreached["entrants"] == "suppressed", "group"].tolist()
    assert hidden[:2] == ["all entrants", "no_open_case"], "or those of the test rows could be subtracted from all"
    assert len(hidden) >= 2


def test_fewer_than_ten_entrants_show_nothing():
    frame = told([{}])
    assert frame["share"].isna().all()
    assert frame["entrants"].tolist() == ["<10", *["suppressed"] * 4]


@pytest.fixture(scope="module")
def authority():
    records, task = read_ssd(sample_folder(), observed_until=SAMPLE_OBSERVED_UNTIL), Task()
    return records, task, build_cohort(records, task, index_dates=quarters("2022-04-01", "2023-01-01"))


def test_entries_are_those_of_the_labels_and_more(authority):
    """The labels know every entrant who was in the cohort; the others had no open case."""
    records, task, cohort = authority
    end = pd.Timestamp("2023-04-02")
    entries = entries_between(records, task, np.datetime64("2022-04-01"), np.datetime64(end)).set_index("child_id")
    label = label_outcome(records, cohort, task, details=True).reset_index()
    label["entry"] = label["index_date"] + pd.to_timedelta(label["followup_days"], unit="D")
    entered = label.loc[(label["entered_care"] == 1) & (label["entry"] < end)]
    found = entered.groupby("child_id")["entry"].min()
    assert len(found) > 30
    assert (entries["entry_date"].reindex(found.index) == found).all()
    everybody = pd.DataFrame({"model": 1.0}, index=cohort.index)
    shown = reach(records, cohort, task, everybody, **FAST).set_index("group")["entrants"]
    assert shown["all entrants"] == len(entries)
    assert shown["no_open_case"] == len(entries) - len(found)
    assert shown["never_alerted"] == "suppressed"


def test_row_order_changes_nothing_and_dates_of_no_list_are_left_out(authority):
    records, task, cohort = authority
    share = pd.DataFrame({"model": np.arange(len(cohort)) % 2.0, "count_rule": 0.5}, index=cohort.index)
    frame = reach(records, cohort, task, share, **FAST)
    order = np.random.default_rng(0).permutation(len(cohort))
    longer = build_cohort(records, task, index_dates=quarters("2021-04-01", "2023-01-01"))
    pd.testing.assert_frame_equal(reach(records, longer, task, share.iloc[order], **FAST), frame)
    shown = frame.set_index(["model", "group"])["share"]
    assert shown["model", "no_open_case"] == shown["count_rule", "no_open_case"] > 0


def test_reviewed_rows_are_put_back_on_their_index(authority):
    *_, cohort = authority
    index = cohort.index[:6]
    order = np.array([2, 0, 1, 5, 4, 3])
    zeros = np.zeros(6, dtype=int)
    rows = Scored(zeros, zeros, zeros, zeros[:1], zeros * 1.0, {}, {}, order)
    share = np.arange(6) / 10
    frame = reviewed_rows(rows, {"model": share}, index)
    assert frame.loc[index[5], "model"] == share[3]
    assert frame["model"].tolist() == share.tolist()


def test_what_cannot_be_used_is_refused(authority):
    records, task, cohort = authority
    share = pd.DataFrame({"model": 1.0}, index=cohort.index)
    with pytest.raises(SpecError, match="outside"):
        reach(records, cohort, task, share * 2)
    with pytest.raises(IndexNamesError):
        reach(records, cohort, task, share.reset_index(drop=True))
    late = index_of(("a child", "2040-01-01"))
    with pytest.raises(SpecError, match="no entry can be seen"):
        reach(records, cohort, task, pd.DataFrame({"model": 1.0}, index=late.index))
