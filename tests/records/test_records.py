"""Records cannot be changed, say counts only, and have one fingerprint."""

from __future__ import annotations

import json
import pickle
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from strategies import as_date, histories
from tiny_tables import UNTIL, records_of

REFERRALS = "row_key, child, start, end\nR9901, Q7731, 2021-12-24,\nR9902, Q7732, 2021-12-25, 2022-01-26"


@pytest.fixture
def records():
    """Two children with a referral each; they share a mother."""
    links = "child, related_id, kind\nQ7731, M8801, mother\nQ7732, M8801, mother"
    return records_of(born={"Q7731": "2008-11-23"}, referrals=REFERRALS, relationships=links)


def test_tables_handed_out_are_copies(records):
    before = records.fingerprint
    for name in records:
        table = records.table(name)
        for column in table:
            table[column] = None
        table.drop(table.index, inplace=True)
    frame = records.table("referrals")
    frame.iloc[0, 0] = "changed"
    frame.to_numpy()[:] = None
    assert records.table("referrals")["row_key"].tolist() == ["R9901", "R9902"]
    tables = {name: records.table(name) for name in records}
    again = Records.from_tables(tables, observed_until=UNTIL, absent_columns=records.absent_columns)
    assert again.fingerprint == before


def test_what_is_declared_cannot_be_changed(records):
    with pytest.raises(TypeError):
        records.reporting_lag["referrals"] = 5
    with pytest.raises(TypeError):
        records.observed_from["referrals"] = None
    with pytest.raises(TypeError):
        records.absent_columns["referrals"] = ()
    for name in ("observed_until", "links"):
        with pytest.raises(AttributeError):
            setattr(records, name, None)
    homes = records.households
    homes.iloc[:] = "one"
    assert records.households.tolist() == ["HQ7731", "HQ7731"]
    found = records.findings()
    found.loc[0] = 1
    assert records.findings().empty


def test_source_frames_can_be_changed_afterwards(records):
    frames = {name: records.table(name) for name in records}
    again = Records.from_tables(frames, observed_until=UNTIL)
    frames["referrals"]["start_date"] = pd.NaT
    frames["referrals"].iloc[:, 0] = "changed"
    assert again.table("referrals").equals(records.table("referrals"))


def test_what_is_shown_are_counts(records):
    shown = repr(records) + records._repr_html_() + records.counts().to_string() + str(records)
    assert "referrals 2" in repr(records)
    assert not [secret for secret in ("Q77", "R99", "M88", "2008", "2021", "2022-01") if secret in shown]


def test_there_is_no_table_of_another_name(records):
    with pytest.raises(SpecError, match="There is no table 'people'"):
        records.table("people")


# Seen to fail with: rows not sorted before they are hashed.
@settings(max_examples=6)
@given(histories(rows=12), st.integers(0, 99))
def test_the_fingerprint_does_not_depend_on_the_order_of_rows(history, seed):
    frames = history.frames()
    shuffled = {name: frame.sample(frac=1, random_state=seed) for name, frame in reversed(frames.items())}
    prints = [Records.from_tables(each, observed_until=as_date(19_900)).fingerprint for each in (frames, shuffled)]
    assert prints[0] == prints[1]


# Seen to fail with: lags left out of what is hashed.
@pytest.mark.parametrize(
    ("tables", "options"),
    [
        ({"referrals": REFERRALS.replace("2021-12-24", "2021-12-23")}, {}),
        ({"referrals": REFERRALS.replace("R9901", "R9900")}, {}),
        ({"referrals": REFERRALS.replace("start, end", "start, end, nfa").replace("26", "26, Y")}, {}),
        ({"contacts": "child, date\nQ7731, 2021-01-01"}, {}),
        ({}, {"until": "2024-12-30"}),
        ({}, {"options": {"reporting_lag": {"contacts": 1}}}),
        ({}, {"options": {"observed_from": {"contacts": "2020-01-01"}}}),
        ({}, {"options": {"links": "undated"}}),
        ({"referrals": REFERRALS}, {"options": {"absent_columns": {"contacts": ["source"]}}}),
    ],
)
def test_the_fingerprint_tells_of_any_change(tables, options):
    born = {"Q7731": "2008-11-23"}
    assert (
        records_of(born, referrals=REFERRALS).fingerprint
        != records_of(born, **{"referrals": REFERRALS, **tables, **options}).fingerprint
    )


def test_a_lag_or_a_date_for_all_tables_or_for_some():
    some = records_of(
        referrals=REFERRALS,
        options={"reporting_lag": {"contacts": "2W"}, "observed_from": {"contacts": "01/01/2020"}},
    )
    assert (some.reporting_lag["contacts"], some.reporting_lag["referrals"]) == (14, 0)
    assert some.observed_from["contacts"] == pd.Timestamp("2020-01-01")
    assert some.observed_from["referrals"] is None
    every = records_of(referrals=REFERRALS, options={"reporting_lag": 3, "observed_from": "2020-01-01"})
    assert set(every.reporting_lag.values()) == {3}
    assert every.observed_from["referrals"] == pd.Timestamp("2020-01-01")
    assert every.observed_from["contacts"] > every.observed_until, "a table without rows was not observed"
    counts = every.counts().set_index("table")
    assert counts.loc["referrals"].tolist() == [2, 2, "2020-01-01", 3]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", "none"),
        ("Q7731, , mother, 2021-01-01", "none"),
        ("Q7731, M, mother, ", "undated"),
        ("Q7731, M, mother, \nQ7732, M, mother, 2021-01-01", "dated"),
    ],
)
def test_the_rows_say_once_what_is_known_of_links(rows, expected):
    records = records_of({"Q7731": "2008-11-23"}, relationships="child, related_id, kind, recorded_date\n" + rows)
    assert records.links == expected
    event = pd.DataFrame({"child_id": ["Q7731"], "date": ["2021-05-04"]})
    assert records.with_events("suspensions", event).links == expected


def test_what_is_declared_of_links_and_columns_stands_whatever_the_rows_are():
    whole = {"links": "dated", "absent_columns": {"contacts": ["source"], "referrals": ["need", "nfa"]}}
    part = records_of(referrals=REFERRALS.replace("start, end", "start, end, nfa"), options=whole)
    assert part.links == "dated"
    assert dict(part.absent_columns)["contacts"] == ("source",)
    assert part.absent_columns["referrals"] == ("close_reason", "need", "nfa", "source")
    more = part.with_events("sent_home", pd.DataFrame({"child_id": [], "date": []}))
    assert more.absent_columns == part.absent_columns


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"links": "some"}, "links must be one of 'none', 'undated', 'dated'; got 'some'"),
        ({"absent_columns": {"contact": ["source"]}}, "absent_columns names tables that do not exist"),
        ({"absent_columns": {"contacts": ["date"]}}, "contacts has no optional column 'date'"),
        ({"absent_columns": {"contacts": ["recorded_date"]}}, "contacts has no optional column 'recorded_date'"),
    ],
)
def test_what_cannot_be_declared_is_refused(options, said):
    with pytest.raises(SpecError, match=re.escape(said)):
        records_of(referrals=REFERRALS, options=options)


def test_a_code_map_from_a_file(tmp_path):
    path = tmp_path / "codes.json"
    path.write_text(json.dumps({"legal_status": {"Local order": "C2"}}), encoding="utf-8-sig")
    statuses = "child, start, end, status\na child, 2022-01-01, , Local order"
    records = records_of(legal_statuses=statuses, options={"code_maps": path})
    assert records.table("legal_statuses")["status"].tolist() == ["C2"]
    path.write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(SpecError, match="must hold"):
        records_of(legal_statuses=statuses, options={"code_maps": str(path)})


def test_errors_survive_a_trip_between_processes():
    from edgeofcare.exceptions import RecordsError

    error = RecordsError(["one thing", "another"])
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.problems) == (str(error), error.problems)
