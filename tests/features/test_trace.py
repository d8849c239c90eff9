"""Every value can be made again from the rows that the trace shows for it."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.features.build import build_features
from edgeofcare.features.specs import Active, Count, DaysIn, DaysSince, Distinct, Max, Mean, Sum
from edgeofcare.features.trace import Trace
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.tables import TABLES
from strategies import DATED, INDEX_DAYS, any_spec, as_date, histories, row_index, telling_days
from tiny_tables import records_of, told


def remade(spec, rows, values, day):
    """The value of a feature from the traced rows alone, and from the values that those rows hold."""
    start, end = (rows[c].to_numpy().astype("datetime64[D]").astype("int64") for c in ("date", "end_date"))
    if isinstance(spec, Count | Active):
        return float(len(rows))
    if isinstance(spec, DaysSince):
        assert len(set(end if spec.edge == "end" else start)) <= 1, "only the rows of the last day count"
        return float(day - (end if spec.edge == "end" else start).max()) if len(rows) else math.nan
    if isinstance(spec, DaysIn):
        until = np.where(rows["end_date"].isna(), day, end)
        return float(
            len(set().union(*(range(max(a, day - spec.lookback), b) for a, b in zip(start, until, strict=True))))
        )
    held = [values[key] for key in rows["row_key"] if values[key] is not None]
    if isinstance(spec, Distinct):
        return float(len(set(held)))
    total = sum(round(value * 1_000_000) for value in held) / 1_000_000
    if isinstance(spec, Sum):
        return total
    if not held:
        return math.nan
    return {Mean: total / len(held), Max: max(held)}[type(spec)]


def short_stays(tables):
    """Days in spells over a short window, in which an end that is not known yet makes all the difference."""
    return [DaysIn(name, 2) for name in tables if TABLES[name].kind == SPELL]


# Seen to fail with: the slice of a child's rows ending where it begins (as it once did); rows of other days kept for
# DaysSince; `end` in place of `end_known` in _counted; and the lower edge of the window moved by one day.
@settings(max_examples=30)
@given(st.data())
def test_each_value_is_made_of_its_own_rows(data):
    tables = tuple(data.draw(st.lists(st.sampled_from([*DATED, "placements"]), min_size=1, max_size=2, unique=True)))
    history = data.draw(histories(rows=12, children=2, tables=tables))
    care = ("care_periods",) if "care_episodes" in tables else ()
    specs = data.draw(st.lists(any_spec(tables + care), min_size=3, max_size=10, unique_by=lambda spec: spec.name))
    specs = [spec for spec in specs if spec.name not in {each.name for each in short_stays(tables)}] + short_stays(
        tables
    )
    days = data.draw(st.lists(telling_days(history), min_size=2, max_size=6, unique=True))
    specs = [spec for spec in specs if not (spec.table == "care_periods" and isinstance(spec, Distinct))]
    records = history.records()
    built = build_features(records, row_index(history.child_ids, days), specs)
    trace = Trace(records)
    for (_, child, date), row in zip(built.index, built.to_dict("records"), strict=True):
        for spec in specs:
            rows = trace.rows(child, date, spec)
            assert (rows["known"] < date).all()
            assert rows["date"].is_monotonic_increasing
            held = {row["row_key"]: row.get(getattr(spec, "value", "")) for row in history.tables.get(spec.table, [])}
            made = remade(spec, rows, held, int(np.datetime64(date, "D").astype("int64")))
            assert made == row[spec.name] or (math.isnan(made) and math.isnan(row[spec.name])), spec.name


REFERRALS = """
    row_key, child, start, end, recorded_date
    the older, a child, 2021-05-01, 2021-07-01, 2021-05-03
    closed later, a child, 2021-11-01, 2022-06-01,
    of another child, a child's brother, 2021-12-01, ,
    not yet known, a child, 2022-03-01, , 2022-04-01
"""


def test_rows_carry_the_source_rows_own_key_and_hide_ends_that_were_not_known():
    rows = Trace(records_of(referrals=REFERRALS)).rows("a child", pd.Timestamp("2022-04-01"), "referral.count.365d")
    assert told(rows, "table", "row_key", "date", "end_date", "known") == [
        "referrals, the older, 2021-05-01, 2021-07-01, 2021-05-03",
        "referrals, closed later, 2021-11-01, , 2021-11-01",
    ]


def test_a_period_of_care_is_traced_to_the_episode_with_which_it_began():
    records = records_of(
        care_episodes="row_key, child, start, end\nfirst, a child, 2021-01-01, 2021-02-01\nnext, a child, 2021-02-01,"
    )
    rows = Trace(records).rows("a child", pd.Timestamp("2022-04-01"), "care.active")
    assert told(rows, "table", "row_key", "date", "end_date") == ["care_episodes, first, 2021-01-01, "]
    before = Trace(records).rows("a child", pd.Timestamp("2021-02-01"), "care.active")
    assert told(before, "row_key") == ["first"], "its end was not known yet"


def test_age_is_traced_to_the_child():
    rows = Trace(records_of(born={"a child": "2008-01-01"})).rows("a child", as_date(INDEX_DAYS[0]), "child.age")
    assert told(rows, "table", "row_key", "date") == ["children, a child, 2008-01-01"]


@pytest.mark.parametrize("name", ["missing.count.30d", "care.active", "child.age"])
def test_a_child_without_rows_has_no_evidence(name):
    rows = Trace(records_of(born={"a child": "2008-01-01"})).rows("somebody else", as_date(INDEX_DAYS[0]), name)
    assert list(rows.columns) == ["table", "row_key", "date", "end_date", "known"]
    assert rows.empty
