"""A timeline shows the rows that were known, tells the others apart, and the windows stand where the specs say."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import LeakageError, RecordsError, SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.timeline import child_timeline
from edgeofcare.features.build import build_features
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.records.records import Records
from edgeofcare.task import Task
from line_models import line_scorer
from looks import texts_of
from tiny_tables import index_of, records_of, told

PERSONAL = re.compile(r"Ann|Bob|\b[mpracw]\d\b|kid-|key-|house-|home of")
MISSING = """
    row_key, child, start, end, recorded_date, end_recorded_date
    m1, Ann, 2021-02-10, 2021-02-11, ,
    m2, Ann, 2021-12-01, 2021-12-03, ,
    m3, Ann, 2021-12-20, 2021-12-21, 2022-01-05,
    m4, Ann, 2022-01-01, 2022-01-02, ,
    m5, Bob, 2021-12-05, 2021-12-06, ,
"""
PLANS = """
    row_key, child, start, end, recorded_date, end_recorded_date
    p1, Ann, 2020-03-01, 2020-09-01, ,
    p2, Ann, 2021-06-01, 2021-12-15, , 2022-02-01
    p3, Ann, 2021-10-01, , ,
"""
REFERRALS = """
    row_key, child, start, end
    r1, Ann, 2020-01-01, 2020-12-01
    r2, Ann, 2021-05-01, 2022-06-01
"""
CONTACTS = """
    row_key, child, date
    c1, Ann, 2021-04-20
"""
STATUSES = """
    row_key, child, start, end, uasc
    w1, Ann, 2019-01-01, , False
"""
LINKS = """
    child, related_id, kind, recorded_date
    Ann, M, mother, 2020-01-01
    Bob, M, mother, 2020-01-01
"""
WEIGHTS = {
    "missing.count.90d": 0.9,
    "missing.trend.30d": 0.05,
    "cp_plan.active": 0.4,
    "referral.days_since": -0.001,
    "sibling.missing.count.90d": 0.2,
    "child.age": -0.02,
}
DAY = "2022-01-01"


@pytest.fixture(scope="module")
def tiny():
    tables = {"missing_episodes": MISSING, "cp_plans": PLANS, "referrals": REFERRALS, "contacts": CONTACTS}
    tables |= {"relationships": LINKS, "immigration_statuses": STATUSES}
    return records_of(options={"observed_from": "2010-01-01"}, **tables)


@pytest.fixture(scope="module")
def timeline(tiny):
    return child_timeline(line_scorer(WEIGHTS), tiny, "Ann", DAY, top=6)


# ------------------------------------------------------------------------------------------------ events


def test_events_are_the_childs_own_rows_before_the_day_and_say_what_was_known(timeline):
    shown = told(timeline.events.assign(known=timeline.events["known"].astype(str)), "row_key", "start", "end",
                 "hidden_end", "known")  # fmt: skip
    assert shown == [
        "c1, 2021-04-20, , , True",
        "r1, 2020-01-01, 2020-12-01, , True",
        "r2, 2021-05-01, , , True",  # ended later, which nobody could know
        "p1, 2020-03-01, 2020-09-01, , True",
        "p2, 2021-06-01, , 2021-12-15, True",  # ended before the day, entered after it
        "p3, 2021-10-01, , , True",
        "m1, 2021-02-10, 2021-02-11, , True",
        "m2, 2021-12-01, 2021-12-03, , True",
        "m3, 2021-12-20, , 2021-12-21, False",  # entered after the day
    ]  # m4 began on the day, m5 is a sibling's, and immigration statuses are for audit
    assert timeline.events["spell"].tolist() == [False] + [True] * 8


def test_rows_that_count_carry_the_rank_of_their_reason(timeline):
    ranks = timeline.windows.drop_duplicates("rank").set_index("feature")["rank"]
    counted = dict(zip(timeline.events["row_key"], timeline.events["ranks"], strict=True))
    assert counted["m2"] == (ranks["missing.count.90d"],)
    assert counted["m1"] == counted["m3"] == counted["c1"] == counted["p1"] == ()
    assert counted["p2"] == counted["p3"] == (ranks["cp_plan.active"],)
    assert counted["r2"] == (ranks["referral.days_since"],)


@pytest.mark.parametrize("child", ["kid-0003", "kid-0020", "kid-0041"])
def test_known_rows_are_those_that_features_can_see(records, child):
    names = ["missing.count.1095d", "contact.count.1095d", "referral.count.1095d", "cp_plan.active"]
    day = pd.Timestamp("2023-01-01")
    found = child_timeline(line_scorer(dict.fromkeys(names, 0.1)), records, child, day, top=9).events
    values = build_features(records, index_of((child, "2023-01-01")), names).iloc[0]
    recent = found[found["known"] & (found["start"] >= day - pd.Timedelta(days=1095))]
    for name, table in zip(names[:3], ("missing_episodes", "contacts", "referrals"), strict=True):
        assert (recent["table"] == table).sum() == values[name]
    plans = found[(found["table"] == "cp_plans") & found["known"]]
    assert plans["end"].isna().sum() == values["cp_plan.active"]
    assert (found["start"] < day).all()
    assert (found["end"].isna() | (found["end"] < day)).all()


def test_tables_can_be_chosen_and_those_of_the_reasons_are_there(tiny):
    found = child_timeline(line_scorer(WEIGHTS), tiny, "Ann", DAY, top=1, tables=["contacts", "immigration_statuses"])
    assert found.events["table"].unique().tolist() == ["immigration_statuses", "contacts", "missing_episodes"]
    with pytest.raises(SpecError, match="2 of the tables"):
        child_timeline(line_scorer(WEIGHTS), tiny, "Ann", DAY, tables=["visits", "children"])


# ------------------------------------------------------------------------------------------------ windows


def test_windows_stand_where_the_specs_say(timeline):
    shown = told(timeline.windows, "rank", "feature", "table", "kind", "start", "end")
    assert sorted(shown) == [
        "1, missing.count.90d, missing_episodes, window, 2021-10-03, 2022-01-01",
        "2, cp_plan.active, cp_plans, on the day, 2022-01-01, 2022-01-01",
        "3, child.age, , none, , ",
        "4, referral.days_since, referrals, all time, , 2022-01-01",
        "5, sibling.missing.count.90d, , none, , ",
    ]


def test_a_trend_has_two_windows_and_a_ratio_those_of_both(tiny):
    weights = {"missing.trend.30d": 1.0, "conference.count.1095d / s47.count.1095d": 0.1}
    found = child_timeline(line_scorer(weights, absent=0.2), tiny, "Ann", DAY, top=2).windows
    assert told(found, "table", "kind", "start", "end") == [
        "missing_episodes, window, 2021-12-02, 2022-01-01",
        "missing_episodes, earlier window, 2021-11-02, 2021-12-02",
        "initial_conferences, window, 2019-01-02, 2022-01-01",
        "s47_enquiries, window, 2019-01-02, 2022-01-01",
    ]


def test_the_reasons_are_those_of_the_explanation(tiny, timeline):
    row = index_of(("Ann", DAY))
    scorer = line_scorer(WEIGHTS)
    why = explain(scorer, build_features(tiny, row, list(WEIGHTS)), records=tiny)
    expected = why.reasons(6)
    found = timeline.windows.drop_duplicates("rank")
    assert found["sentence"].tolist() == expected["sentence"].tolist()
    assert found["direction"].tolist() == expected["direction"].tolist()


# ------------------------------------------------------------------------------------------------ scores


def test_scores_are_those_of_each_day_and_none_where_not_eligible(tiny, timeline):
    days = timeline.scores["index_date"].dt.strftime("%Y-%m-%d").tolist()
    assert days[0] == "2019-01-01"
    assert days[-1] == DAY
    assert len(days) == 13
    scorer = line_scorer(WEIGHTS)
    open_case = [("2020-01-01" < day <= "2020-12-01") or day > "2021-05-01" for day in days]
    assert timeline.scores["eligible"].tolist() == open_case
    values = build_features(tiny, index_of(*[("Ann", day) for day in days]), list(WEIGHTS))
    expected = np.where(open_case, scorer.risk(values), np.nan)
    np.testing.assert_allclose(timeline.scores["risk"], expected, rtol=1e-12)
    assert timeline.scores["risk_low"].isna().all()
    assert set(timeline.scores.loc[~timeline.scores["eligible"], "rule"]) == {"open case, as known"}


def test_scores_have_intervals_where_there_are_refits(records, X, y):
    model = make_risk_model("logistic", refits=10, random_state=0).fit(X, y)
    child = X.index[40][1]
    found = child_timeline(model, records, child, "2022-07-01", dates=["2022-01-01", "2022-04-01"])
    rows = build_features(
        records, index_of(*[(child, str(day.date())) for day in found.scores["index_date"]]), X.columns
    )
    expected = model.risk_interval(rows)
    np.testing.assert_allclose(found.scores[["risk_low", "risk_high"]], expected, rtol=1e-12)
    assert {"band", "tied"} <= set(found.windows)


def test_days_are_sorted_once_each_and_the_index_date_is_one(tiny):
    found = child_timeline(line_scorer(WEIGHTS), tiny, "Ann", DAY, dates=["2021-06-01", "2020-06-01", "2021-06-01"])
    assert found.scores["index_date"].dt.strftime("%Y-%m-%d").tolist() == ["2020-06-01", "2021-06-01", DAY]


def test_days_before_birth_are_left_out_and_refused_where_asked_for(tiny):
    found = child_timeline(line_scorer(WEIGHTS), tiny, "Ann", "2009-06-01")
    assert found.scores["index_date"].min() == pd.Timestamp("2008-09-01")
    with pytest.raises(SpecError, match="not born"):
        child_timeline(line_scorer(WEIGHTS), tiny, "Ann", DAY, dates=["2008-06-15"])


def test_what_cannot_be_shown_is_refused(tiny):
    scorer = line_scorer(WEIGHTS)
    with pytest.raises(SpecError, match="after index_date"):
        child_timeline(scorer, tiny, "Ann", DAY, dates=["2022-04-01"])
    with pytest.raises(LeakageError, match="observed_until"):
        child_timeline(scorer, tiny, "Ann", "2026-01-01")
    with pytest.raises(RecordsError, match="do not hold the child"):
        child_timeline(scorer, tiny, "Nobody", DAY)
    with pytest.raises(SpecError, match="top"):
        child_timeline(scorer, tiny, "Ann", DAY, top=0)
    for dates in (5, "2021-04-01", pd.Timestamp("2021-04-01")):
        with pytest.raises(SpecError, match="dates must be a list of dates"):
            child_timeline(scorer, tiny, "Ann", DAY, dates=dates)
    for records in (5, {"a": 1}, None):
        with pytest.raises(SpecError, match="expected Records"):
            child_timeline(scorer, records, "Ann", DAY)


# ------------------------------------------------------------------------------------------------ privacy


def test_neither_repr_nor_picture_names_the_child(timeline):
    assert repr(timeline) == "ChildTimeline(13 days, 9 rows, of which 1 not known)"
    words = " ".join(text.get_text() for text in texts_of(timeline.plot()))
    assert not PERSONAL.search(words)
    assert "1 ▲ Risks outside the home" in words


def test_a_child_without_rows_has_a_timeline(tiny):
    found = child_timeline(line_scorer({"child.age": 0.1}), tiny, "Bob", "2015-01-01")
    assert len(found.events) == 0
    words = [text.get_text() for text in texts_of(found.plot())]
    assert "nothing on record before the index date" in words


def test_another_lag_is_refused_unless_it_is_accepted(records, X, y, tmp_path):
    model = make_risk_model("logistic", task=Task()).fit(X, y)
    path = save_model(tmp_path / "one.eoc", model, features=list(X), task=Task(), records=records)
    scorer = load_model(path)
    late = Records.from_tables(
        {name: records.table(name) for name in records}, observed_until=records.observed_until, reporting_lag=30
    )
    _, child, day = X.index[0]
    with pytest.raises(SpecError, match="accept_lag=True"):
        child_timeline(scorer, late, child, day, dates=[])
    assert len(child_timeline(scorer, late, child, day, dates=[], accept_lag=True).scores) == 1
    compared = child_timeline(scorer, records, child, day, dates=[], reference=None)
    assert len(compared.scores) == 1


def test_every_episode_and_status_of_a_period_of_care_carries_the_rank():
    care = """
        row_key, child, start, end, period_key
        e1, Ann, 2020-01-01, 2020-03-01, P
        e2, Ann, 2020-03-01, 2020-06-01, P
    """
    statuses = """
        row_key, child, start, end, status
        s1, Ann, 2020-01-01, 2020-06-01, C2
    """
    records = records_of(care_episodes=care, legal_statuses=statuses, options={"observed_from": "2010-01-01"})
    found = child_timeline(line_scorer({"care.count_ended.1095d": 1.0}), records, "Ann", DAY, dates=[]).events
    assert dict(zip(found["row_key"], found["ranks"], strict=True)) == {"e1": (1,), "e2": (1,), "s1": (1,)}
