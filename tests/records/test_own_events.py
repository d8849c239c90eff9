"""A table of the user's own is seen as any other: same clocks, same edges, same faults told."""

from __future__ import annotations

import pickle

import pandas as pd
import pytest
from hypothesis import given

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.evidence import evidence
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.events import Count, DaysSince
from edgeofcare.features.specs.numbers import Distinct, Sum
from edgeofcare.features.specs.spells import Active, DaysIn
from strategies import INDEX_DAYS, histories, row_index
from tiny_tables import index_of, picture, records_of, told

SUSPENSIONS = """child, on, entered, days, why
a, 2023-01-10, 2023-01-10, 2, Physical assault
a, 2023-03-01, 2023-05-01, 1.5, Persistent disruption
a, 2023-04-01, 2023-04-01, 5, Physical assault
b, 2022-06-01, 2022-06-01, 1, Persistent disruption"""
NAMES = ("suspensions.count.365d", "suspensions.sum_value.90d", "suspensions.category_Physical_assault.count.90d")


@pytest.fixture
def records():
    return records_of(born={"a": "2008-06-15", "b": "2009-01-01"})


@pytest.fixture
def columns():
    return {"child_id": "child", "date": "on", "known": "entered", "value": "days", "category": "why"}


def test_a_picture_in_and_features_out(records, columns):
    more = records.with_events("suspensions", picture(SUSPENSIONS), **columns)
    rows = index_of(("a", "2023-04-01"), ("a", "2023-05-02"), ("b", "2023-06-01"))
    built = build_features(more, rows, list(NAMES))
    # 1 April: the March one was entered in May, that of 1 April is future.
    assert built.iloc[0].tolist() == pytest.approx([float("nan"), 2, 1], nan_ok=True)  # the table begins in June 2022
    assert built.iloc[1].tolist() == pytest.approx([float("nan"), 6.5, 1], nan_ok=True)
    assert built.iloc[2].tolist() == [1, 0, 0]


def test_rows_without_the_day_of_entry_that_others_have_are_told(records, columns):
    text = SUSPENSIONS.replace("2023-03-01, 2023-05-01", "2023-03-01, ")
    told_of = records.with_events("suspensions", picture(text), **columns).findings()
    assert told_of[["table", "column", "count", "action"]].to_numpy().tolist() == [
        ["suspensions", "recorded_date", 1, "ignored"]
    ]
    nobody = picture(text).assign(entered=None)
    assert records.with_events("suspensions", nobody, **columns).findings().empty


def test_evidence_names_the_rows(records, columns):
    more = records.with_events("suspensions", picture(SUSPENSIONS), **columns)
    rows = evidence(more, NAMES, ("home", "a", pd.Timestamp("2023-05-02")), NAMES[0]).counted()
    assert told(rows, "table", "row_key") == [
        "suspensions, a:2023-01-10:1",
        "suspensions, a:2023-03-01:1",
        "suspensions, a:2023-04-01:1",
    ]


@pytest.mark.parametrize("name", [*NAMES, "suspensions.days_since", "housing.active", "housing.days_in.90d"])
def test_names_parse_back(name):
    assert parse_feature(name).name == name


@given(histories(tables=("missing_episodes", "contacts"), observed=True))
def test_an_own_table_equals_a_canonical_one_of_the_same_rows(history):
    records = history.records()
    spells, events = records.table("missing_episodes"), records.table("contacts")
    shared = {"child_id": "child_id", "row_key": "row_key", "known": "recorded_date"}
    far = {"observed_from": "1990-01-01"}
    for name, frame, options in (
        (
            "runs",
            spells,
            {"date": "start_date", "end": "end_date", "end_known": "end_recorded_date", "category": "type"},
        ),
        ("calls", events, {"date": "date", "category": "source"}),
    ):
        lag = records.reporting_lag["missing_episodes" if name == "runs" else "contacts"]
        records = records.with_events(name, frame, **shared, **options, **far, reporting_lag=lag)
    rows = row_index(history.child_ids, INDEX_DAYS)
    pairs = [
        (Count("missing_episodes", "365D"), Count("runs", "365D")),
        (Count("missing_episodes", "90D", edge="end"), Count("runs", "90D", edge="end")),
        (Count("missing_episodes", "365D", {"type": "M"}), Count("runs", "365D", {"category": "M"})),
        (DaysSince("missing_episodes"), DaysSince("runs")),
        (Active("missing_episodes"), Active("runs")),
        (DaysIn("missing_episodes", "365D"), DaysIn("runs", "365D")),
        (Count("contacts", "90D"), Count("calls", "90D")),
        (Distinct("contacts", "365D", value="source"), Distinct("calls", "365D", value="category")),
        (DaysSince("contacts"), DaysSince("calls")),
    ]
    seen = build_features(records, rows, [spec for pair in pairs for spec in pair])
    trusted = history.observed_from
    for canonical, own in pairs:
        if canonical.table not in trusted:
            pd.testing.assert_series_equal(seen[canonical.name], seen[own.name], check_names=False, check_exact=True)


def test_other_records_stay_as_they_are(records, columns):
    before = records.fingerprint
    more = records.with_events("suspensions", picture(SUSPENSIONS), **columns)
    assert records.fingerprint == before != more.fingerprint
    assert "suspensions" not in records
    assert "suspensions" in more
    again = pickle.loads(pickle.dumps(more))  # noqa: S301
    assert again.fingerprint == more.fingerprint
    assert again.definition("suspensions").kind == "event"


def test_row_order_changes_nothing(records, columns):
    frame = picture(SUSPENSIONS + "\na, 2023-01-10, 2023-01-10, 4, Other")
    one = records.with_events("suspensions", frame, **columns)
    other = records.with_events("suspensions", frame.iloc[::-1], **columns)
    assert one.fingerprint == other.fingerprint


def test_every_problem_at_once_and_no_value(records, columns):
    frame = picture("child, on, entered, days, why\na, SECRET, 2023-01-10, 2, x\n, 2023-01-10, 2023-01-10, 2, x")
    with pytest.raises(RecordsError) as error:
        records.with_events("suspensions", frame, **columns)
    message = str(error.value)
    assert "unreadable date in 1 row" in message
    assert "no child in 1 row" in message
    assert "SECRET" not in message
    kept = records.with_events("suspensions", frame, **columns, invalid="drop")
    assert len(kept.table("suspensions")) == 0


def test_rows_of_other_children_are_dropped_and_counted(records, columns):
    frame = picture(SUSPENSIONS + "\nz, 2023-01-10, 2023-01-10, 2, x")
    more = records.with_events("suspensions", frame, **columns)
    assert len(more.table("suspensions")) == 4
    strangers = picture("child, on, entered, days, why\n" + "\n".join(f"z{n}, 2023-01-10, , 2, x" for n in range(20)))
    with pytest.raises(RecordsError, match="20 of 20 rows name a child who is not in the children table"):
        records.with_events("suspensions", strangers, **columns)


@pytest.mark.parametrize("name", ["contacts", "contact", "care", "children", "Big", "two words", "", "x" * 41])
def test_names_that_cannot_be_used_are_refused(records, columns, name):
    with pytest.raises(SpecError):
        records.with_events(name, picture(SUSPENSIONS), **columns)


def test_columns_that_are_not_there_are_named(records):
    with pytest.raises(SpecError, match="no column 'child_id'; it has no column 'date'"):
        records.with_events("suspensions", picture(SUSPENSIONS))


def test_features_the_table_cannot_give_are_refused_together(records):
    more = records.with_events("suspensions", picture(SUSPENSIONS), child_id="child", date="on")
    rows = index_of(("a", "2023-04-01"))
    asked = [Sum("suspensions", "90D", value="value"), Active("suspensions"), Count("housing", "90D")]
    with pytest.raises(SpecError) as error:
        build_features(more, rows, asked)
    message = str(error.value)
    assert "added without a value" in message
    assert "holds events, which have no end" in message
    assert "no table 'housing'" in message


def test_an_empty_table_was_never_observed(records, columns):
    more = records.with_events("suspensions", picture(SUSPENSIONS).iloc[:0], **columns)
    assert not more.observed("suspensions")
    assert build_features(more, index_of(("a", "2023-04-01")), ["suspensions.count.90d"]).isna().all().all()


@pytest.mark.parametrize("name", [pd.NA, None, float("nan"), ("a", "b")], ids=str)
def test_columns_without_a_usable_name_are_left_out(records, name):
    frame = pd.DataFrame([["2020-01-01", 1]], columns=pd.Index([name, "CHILD"], dtype=object))
    with pytest.raises(SpecError, match="it has no column 'DATE'"):
        records.with_events("suspensions", frame, child_id="CHILD", date="DATE")
