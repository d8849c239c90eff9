"""Why a value changed: only time passed where the records as known before give the later value, and else not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from edgeofcare.explanation.change import explain_change
from edgeofcare.explanation.known_then import known_before
from edgeofcare.explanation.one_child import with_tables
from edgeofcare.features.build import build_features
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.tables import TABLES
from line_models import line_scorer
from strategies import DATED, INDEX_DAYS, as_date, end_known_of, families, row_index, start_known_of
from tiny_tables import records_of

TIME = "Only time passed; nothing new was recorded of it."
LINKS = """
    row_key, child, related_id, kind, recorded_date
    l1, Ann, F, family, 2020-01-01
    l2, Bea, F, family, 2020-01-01
"""
BORN = {"Ann": "2010-05-01", "Bea": "2004-05-01"}
CARE = """
    row_key, child, start, end, period_key, recorded_date
    e1, Ann, 2021-01-01, 2021-02-01, P, 2021-01-01
    e2, Ann, 2021-02-01, , P, 2021-04-01
"""
PLAN = """
    row_key, child, start, end, end_recorded_date
    p1, Ann, 2020-07-01, 2020-10-01, 2021-04-01
"""
MISSING = """
    row_key, child, start, end
    m1, Bea, 2021-02-01, 2021-02-03
"""
MOTHER = LINKS + "    l3, Ann, Bea, mother, 2021-04-01\n"
DEAD = """
    child_id, birth_date, death_date
    Ann, 2010-05-01,
    Bea, 2004-05-01, 2021-04-01
"""


def causes(name, *, days=("2021-03-01", "2021-05-01"), **tables):
    """Why a feature of Ann changed between two dates, and what is said of it."""
    born = None if "children" in tables else BORN
    records = records_of(born, options={"observed_from": "2010-01-01"}, **tables)
    change = explain_change(line_scorer({name: 0.5}), records, "Ann", *days)
    assert change.sentences()[-1].endswith(TIME) == (change.features["because"].iloc[0] == "time")
    return change.features["because"].tolist()


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("cp_plan.days_in.90d", {"cp_plans": PLAN}),  # an end entered late, of a plan that has left the window
        ("cp_plan.days_in.365d", {"cp_plans": PLAN}),
        ("cp_plan.days_in.90d / cp_plan.days_in.365d", {"cp_plans": PLAN}),
        ("care.active", {"care_episodes": CARE}),  # a second episode of the same period
        ("care.days_in.365d", {"care_episodes": CARE}),
        ("sibling.missing.count.365d", {"missing_episodes": MISSING, "relationships": MOTHER}),
        ("sibling.number_0_17", {"relationships": MOTHER}),  # the sibling is the mother
        ("sibling.number_0_17", {"relationships": LINKS, "children": DEAD}),  # the sibling died
    ],
)
def test_what_came_to_be_known_is_not_called_time(name, tables):
    assert causes(name, **tables) == ["record"]


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        ("cp_plan.days_in.300d", {"cp_plans": PLAN.replace("2021-04-01", "2021-02-01")}),
        ("care.days_in.90d", {"care_episodes": CARE.replace("2021-04-01", "2021-02-02")}),
        ("sibling.missing.count.90d", {"missing_episodes": MISSING, "relationships": LINKS}),
        ("sibling.missing.days_since", {"missing_episodes": MISSING, "relationships": LINKS}),
    ],
)
def test_where_all_was_known_only_time_passed(name, tables):
    assert causes(name, days=("2021-03-15", "2021-07-01"), **tables) == ["time"]


# --------------------------------------------------------------------------- against records that are cut

NAMES = (
    "care.active", "care.count_ended.1095d", "care.days_in.365d", "care.days_since", "child.age", "cp_plan.active",
    "cp_plan.days_in.90d", "cp_plan.days_since_end", "cp_plan.count_ended.365d", "missing.count.90d",
    "missing.days_since", "missing.trend.30d", "placement.count.365d", "referral.days_in.365d",
    "referral.active", "sibling.cp_plan.active", "sibling.missing.count.365d", "sibling.number_0_17",
    "missing.count.90d / missing.count.365d",
)  # fmt: skip

TABLES_OF = ("cp_plans", "care_episodes", "legal_statuses", "missing_episodes", "referrals", "placements")


def cut(history, day):
    """The literal rule: rows and links known before a day, and only those ends and deaths."""
    people = [dict(row) for row in history.tables["children"] if row["birth_date"] is None or row["birth_date"] < day]
    for row in people:
        if row.get("death_date") is not None and row["death_date"] >= day:
            row["death_date"] = None
    ids = {row["child_id"] for row in people}
    links = history.tables["relationships"]
    tables = {"children": people}
    tables["relationships"] = [
        row for row in links if row["child_id"] in ids and (row.get("recorded_date") or -(10**6)) < day
    ]
    for name in DATED:
        tables[name] = []
        for row in history.tables.get(name, []):
            if row["child_id"] not in ids or start_known_of(history, name, row) >= day:
                continue
            end = end_known_of(history, name, row) if TABLES[name].kind == SPELL else None
            gone = {"end_date": None, "end_recorded_date": None} if end is not None and end >= day else {}
            tables[name].append(row | gone)
    return history.with_tables(tables)


@settings(
    max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(families(tables=TABLES_OF, rows=10, children=3), st.integers(0, len(INDEX_DAYS) - 2))
def test_causes_agree_with_records_cut_to_what_was_known(history, place):
    first, last = INDEX_DAYS[place], INDEX_DAYS[place + 1]
    records, then = history.records(), cut(history, first)
    then = with_tables(records, {name: then.frame(name) for name in TABLES})
    people = {row["child_id"]: row["birth_date"] for row in history.tables["children"]}
    child = next((each for each, born in people.items() if born is not None and born < first), None)
    if child is None:
        return
    now = row_index([child], [last])
    expected = build_features(then, now, NAMES).iloc[0]
    made = build_features(known_before(records, as_date(first)), now, NAMES).iloc[0]
    pd.testing.assert_series_equal(made, expected)
    weights = dict(zip(NAMES, np.linspace(0.1, 0.2, len(NAMES)), strict=True))
    change = explain_change(line_scorer(weights), records, child, as_date(first), as_date(last))
    told = change.events[change.events["change"].isin(["new", "ended"])]["features"]
    recorded = {name for names in told for name in names}
    for _, row in change.features[change.features["because"].isin(["time", "record"])].iterrows():
        same = bool(np.isclose(expected[row["feature"]], row["value_to"], equal_nan=True))
        assert row["because"] == ("time" if same and row["feature"] not in recorded else "record")
