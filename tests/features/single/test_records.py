"""Plain rows of one child are read as frames are, refused where they cannot be right, and told without a value."""

from __future__ import annotations

import copy
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.names import as_features
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.features.single.row import SingleFeatures
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.records import make_records
from strategies import DATED, History, as_date, families, row_index
from tiny_tables import records_of

UNTIL = "2024-12-31"
CHILD = {"child_id": "c0", "birth_date": "2008-06-15"}
PLAN = {"row_key": "p1", "child_id": "c0", "start_date": "2024-01-01", "end_date": None}


def plain(*, children=(CHILD,), **tables):
    """A mapping of one child."""
    held = {"children": list(children), "referrals": [], "care_episodes": [], "legal_statuses": []}
    return {"child_id": "c0", "observed_until": UNTIL, "tables": held | tables}


def problems_of(given_plain):
    """What is wrong with a mapping."""
    with pytest.raises(RecordsError) as caught:
        ChildRecords.from_plain(given_plain)
    return "\n".join(caught.value.problems)


# -------------------------------------------------------------------------------- as frames are read

NAMES = [f"{table.noun}.count.1095d" for name, table in TABLES.items() if name in DATED]
NAMES += [f"{table.noun}.active" for table in TABLES.values() if table.kind == SPELL]
NAMES += [f"{table.noun}.days_since_end" for table in TABLES.values() if table.kind == SPELL]
NAMES += ["care.total_days", "care.days_since_end", "child.age", "child.sex_F", "child.ehc_plan_yes"]
NAMES += ["placement.max_distance.1095d", "placement.last_distance", "referral.nfa_yes.count.1095d"]
NAMES += ["sibling.missing.count.1095d", "sibling_undated.care.total_days", "sibling_undated.number_0_17"]
SPECS = as_features(NAMES)
PLANNED = SingleFeatures(SPECS)


def as_json(history):
    """The rows of a history as JSON has them."""
    tables = {"children": [], "referrals": [], "care_episodes": [], "legal_statuses": []}
    for name, rows in history.tables.items():
        kinds = {column.name: column.kind for column in TABLES[name].columns}
        tables[name] = [
            {
                column: str(np.datetime64(value, "D")) if value is not None and kinds[column] == "date" else value
                for column, value in ({c.name: None for c in TABLES[name].columns if c.required} | row).items()
            }
            for row in rows
        ]
    return tables


@st.composite
def untidy(draw):
    """A history with rows after the end, rows of strangers, rows twice and episodes that were left open."""
    tables = ("care_episodes", "legal_statuses", "referrals", "missing_episodes", "placements")
    history = draw(families(tables=tables, rows=16))
    tables = {name: list(rows) for name, rows in history.tables.items()}
    for name in tables:
        for row in draw(st.lists(st.sampled_from(tables[name]), max_size=2)) if tables[name] else ():
            tables[name].append(dict(row))
        if name not in ("children", "relationships") and tables[name] and draw(st.booleans()):
            tables[name].append({**tables[name][0], "row_key": "of a stranger", "child_id": "nobody"})
    return history.with_tables(tables)


@settings(max_examples=12)
@given(untidy(), st.sampled_from([19_100, 19_174, 19_448, 19_900]))
def test_plain_rows_are_read_as_frames_are(history, until):
    held = {person["child_id"]: person["birth_date"] for person in history.tables["children"]}
    children = [child for child, born in held.items() if child.startswith("c") and born <= until]
    if not children:
        return
    declared = {"observed_until": str(np.datetime64(until, "D")), "reporting_lag": history.lags}
    declared["observed_from"] = {
        name: str(np.datetime64(min(day, until), "D")) for name, day in history.observed_from.items()
    }
    records = Records.from_tables(history.frames(), **declared)
    rows = row_index(children, [until + 1, until - 200])
    built = build_features(records, rows, SPECS)
    for child in children:
        of_plain = ChildRecords.from_plain({"child_id": child, "tables": as_json(history), **_known(declared, records)})
        of_frames = ChildRecords.from_records(records, child)
        for day in (until + 1, until - 200):
            expected = built.loc[("H" + child, child, as_date(day))].to_numpy(dtype=np.float64)
            for each in (of_plain, of_frames):
                np.testing.assert_array_equal(PLANNED.row(each, as_date(day)).values, expected)


def _known(declared, records):
    """What is declared, with what the records found out for themselves."""
    first = {name: day for name, day in records.observed_from.items() if day is not None}
    return declared | {"observed_from": {name: str(day.date()) for name, day in first.items()}, "links": records.links}


@pytest.mark.parametrize("authority", ["sample", "england"])
def test_what_is_written_is_read_again(authority):
    records = make_records(25, random_state=2, authority=authority)
    for child in records.table("children")["child_id"]:
        of_frames = ChildRecords.from_records(records, child)
        written = json.loads(json.dumps(of_frames.to_plain()))
        again = ChildRecords.from_plain(written)
        assert again.to_plain() == written
        assert (again.child_id, again.observed_until) == (child, np.datetime64(records.observed_until, "D"))
        assert dict(again.reporting_lag) == dict(records.reporting_lag)
        assert again.observed_from == {
            name: None if day is None else np.datetime64(day, "D") for name, day in records.observed_from.items()
        }
        day = again.observed_until + 1
        one, other = (PLANNED.row(each, day) for each in (of_frames, again))
        assert np.asarray(one.values).tobytes() == np.asarray(other.values).tobytes()
        assert one.counted(0).row_keys == other.counted(0).row_keys


def test_columns_may_be_left_out_where_nothing_is_known():
    rows = [PLAN, {**PLAN, "row_key": "p2", "initial_category": "NEG", "end_date": "2024-02-01"}]
    left_out = ChildRecords.from_plain(plain(cp_plans=rows))
    null = [{column.name: row.get(column.name) for column in TABLES["cp_plans"].columns} for row in rows]
    assert left_out.to_plain() == ChildRecords.from_plain(plain(cp_plans=null)).to_plain()
    assert left_out.table("cp_plans").column("initial_category") == [None, "NEG"]


def test_the_repairs_of_reading_are_made():
    episode = {"row_key": "e1", "child_id": "c0", "start_date": "2024-01-01", "end_date": None}
    later = {**episode, "row_key": "e2", "start_date": "2024-03-01", "recorded_date": "2024-03-05"}
    over = {"row_key": "r1", "child_id": "c0", "start_date": "2024-01-01", "end_date": None, "nfa": True}
    future = {**PLAN, "end_date": "2025-01-01"}
    tables = {"care_episodes": [later, episode], "referrals": [over], "cp_plans": [future, future]}
    told = ChildRecords.from_plain(plain(**tables)).to_plain()["tables"]
    assert [row["end_date"] for row in told["care_episodes"]] == ["2024-03-01", None]
    assert told["care_episodes"][0]["end_recorded_date"] == "2024-03-05"
    assert told["referrals"][0]["end_date"] == "2024-01-01"
    assert [row["end_date"] for row in told["cp_plans"]] == [None]


def test_rows_of_one_key_that_differ_in_an_end_after_the_records_are_no_copies():
    plans = [{**PLAN, "end_date": f"2025-0{month}-01"} for month in (1, 2)]
    assert "'row_key': duplicate keys in 1 row" in problems_of(plain(cp_plans=plans))
    rows = "child, row_key, start, end\nc0, p1, 2024-01-01, 2025-01-01\nc0, p1, 2024-01-01, 2025-02-01"
    with pytest.raises(RecordsError, match="'row_key': duplicate keys in"):
        records_of(cp_plans=rows)


def test_only_the_household_is_taken():
    links = "child, related_id, kind, row_key\n1, M, mother, a\n2, M, mother, b\n3, N, mother, c"
    runs = "row_key, child, start, end\nx, 1, 2024-01-01, \ny, 2, 2024-01-02, \nz, 3, 2024-01-03, "
    held = ChildRecords.from_records(records_of(relationships=links, missing_episodes=runs), "1").to_plain()["tables"]
    assert [row["row_key"] for row in held["missing_episodes"]] == ["x", "y"]
    assert [row["child_id"] for row in held["children"]] == ["1", "2"]


# ------------------------------------------------------------------------------------------- what is refused

WRONG = {
    "an unknown column": ({"cp_plans": [{**PLAN, "SECRET": 1}]}, "1 column that the table does not have"),
    "a column spelt wrongly": (
        {"cp_plans": [{**PLAN, "initial_categry": "NEG"}]},
        "Did you mean 'initial_category'",
    ),
    "an unknown table": ({"SECRET": []}, "1 of the tables given are no canonical tables"),
    "a table spelt wrongly": ({"cp_plan": []}, "Did you mean 'cp_plans'"),
    "a required column": (
        {"cp_plans": [{name: value for name, value in PLAN.items() if name != "end_date"}]},
        "cp_plans: column 'end_date' is missing",
    ),
    "a required column of some rows": (
        {"cp_plans": [{**PLAN, "row_key": "p0"}, {n: v for n, v in PLAN.items() if n != "end_date"}]},
        "cp_plans: column 'end_date': missing in 1 row",
    ),
    "a row that is none": ({"cp_plans": ["SECRET"]}, "cp_plans: the rows must be a list"),
    "rows that are none": ({"cp_plans": {"SECRET": 1}}, "cp_plans: the rows must be a list"),
    "a date of another form": ({"cp_plans": [{**PLAN, "end_date": "01/02/2024 SECRET"}]}, "cannot be read in 1 row"),
    "a day that there is not": ({"cp_plans": [{**PLAN, "end_date": "2024-02-30"}]}, "'end_date': cannot be read"),
    "a week": ({"cp_plans": [{**PLAN, "end_date": "2024-W01-1"}]}, "'end_date': cannot be read"),
    "a number as a date": ({"cp_plans": [{**PLAN, "end_date": 20240101}]}, "ISO text"),
    "a list as a date": ({"cp_plans": [{**PLAN, "end_date": ["SECRET"]}]}, "ISO text"),
    "no start": ({"cp_plans": [{**PLAN, "start_date": None}]}, "'start_date': no start date in 1 row"),
    "a start that means none": ({"cp_plans": [{**PLAN, "start_date": "9999-12-31"}]}, "no start date in 1 row"),
    "an end before the start": ({"cp_plans": [{**PLAN, "end_date": "2023-12-31"}]}, "end before start in 1 row"),
    "a code in no list": (
        {"cp_plans": [{**PLAN, "initial_category": "SECRET"}]},
        "'initial_category': cannot be read in 1 row. Expected: a code of the list 'abuse'",
    ),
    "a list as a code": ({"cp_plans": [{**PLAN, "initial_category": ["NEG"]}]}, "'initial_category': cannot be read"),
    "a flag that is none": ({"cp_plans": [{**PLAN, "other_authority": 1}]}, "true, false or null"),
    "a number that is none": ({"placements": [{**PLAN, "distance": "SECRET"}]}, "'distance': cannot be read in 1 row"),
    "a number too large": ({"placements": [{**PLAN, "distance": 10**400}]}, "between -1,000,000,000 and 1,000,000,000"),
    "a key that is no text": ({"cp_plans": [{**PLAN, "row_key": 4711}]}, "'row_key': cannot be read in 1 row"),
    "no key": ({"cp_plans": [{**PLAN, "row_key": " None "}]}, "'row_key': no key in 1 row"),
    "no child": ({"cp_plans": [{**PLAN, "child_id": ""}]}, "'child_id': no child in 1 row"),
    "a key twice": ({"cp_plans": [PLAN, {**PLAN, "end_date": "2024-05-01"}]}, "duplicate keys in 1 row"),
    "no date of birth": ({"children": [{**CHILD, "birth_date": None}]}, "no date of birth in 1 row"),
    "another child": ({"children": [{**CHILD, "child_id": "SECRET"}]}, "the child of child_id is not among the rows"),
    "a child not yet born": ({"children": [{**CHILD, "birth_date": "2025-01-01"}]}, "born by observed_until"),
    "mostly rows of others": (
        {"cp_plans": [{**PLAN, "row_key": str(n), "child_id": "SECRET"} for n in range(20)]},
        "cp_plans: 20 of 20 rows name a child who is not in the children table",
    ),
    "mostly later rows": (
        {"cp_plans": [{**PLAN, "row_key": str(n), "start_date": "2025-01-01"} for n in range(20)]},
        "cp_plans: 20 of 20 rows begin after observed_until",
    ),
}


@pytest.mark.parametrize(("tables", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_right_is_refused_without_a_value(tables, said):
    told = problems_of(plain(**tables))
    assert said in told
    assert "SECRET" not in told
    assert "4711" not in told


DECLARED = {
    "no day": ({"observed_until": None}, "observed_until must be an ISO date"),
    "no child": ({"child_id": 4711}, "child_id must be text"),
    "a name at the top": ({"SECRET": 1}, "1 of the names at the top are not known"),
    "a first day": ({"observed_from": {"cp_plans": "SECRET"}}, "observed_from must give an ISO date or null"),
    "a table of it": ({"observed_from": {"SECRET": UNTIL}}, "observed_from names 1 tables that do not exist"),
    "a lag": ({"reporting_lag": {"cp_plans": -1}}, "reporting_lag must give a whole number of days"),
    "lags": ({"reporting_lag": 3}, "reporting_lag must be a mapping"),
    "links": ({"links": "SECRET"}, "links must be one of"),
    "absent columns": ({"absent_columns": {"cp_plans": ["SECRET"]}}, "absent_columns: cp_plans must be a list of"),
    "own tables": ({"own_tables": {"stays": {"kind": "SECRET"}}}, "own_tables must give for each table its kind"),
    "the name of one": ({"own_tables": {"cp_plans": {"kind": "event"}}}, "own_tables: a name cannot be used"),
    "no tables": ({"tables": None}, "must be a mapping with child_id"),
    "a required table": ({"tables": {"children": [CHILD]}}, "referrals: the table is missing"),
}


@pytest.mark.parametrize(("declared", "said"), DECLARED.values(), ids=DECLARED)
def test_what_is_declared_is_checked(declared, said):
    told = problems_of(plain() | declared)
    assert said in told
    assert "SECRET" not in told


def test_all_problems_are_told_at_once():
    wrong = {"cp_plans": [{**PLAN, "end_date": "2023-01-01"}], "placements": [{**PLAN, "distance": "far"}], "other": []}
    with pytest.raises(RecordsError) as caught:
        ChildRecords.from_plain(plain(**wrong))
    assert len(caught.value.problems) == 3


def test_a_child_whom_the_records_do_not_hold_is_refused():
    records = records_of(missing_episodes="row_key, child, start, end\nx, 1, 2024-01-01, ")
    with pytest.raises(RecordsError, match="do not hold the child"):
        ChildRecords.from_records(records, "2")


def test_the_input_stays_as_it_is_and_the_repr_holds_counts_only():
    given_plain = plain(cp_plans=[PLAN, {**PLAN, "row_key": "p0", "start_date": "2023-01-01"}])
    before = copy.deepcopy(given_plain)
    records = ChildRecords.from_plain(given_plain)
    assert given_plain == before
    assert repr(records) == "ChildRecords(3 rows in 2 tables)"
    assert records.definition("cp_plans").noun == "cp_plan"
    assert "cp_plans" in list(records)
    with pytest.raises(SpecError, match="no table"):
        records.table("suspensions")


def test_factors_share_the_lag_of_assessments():
    lags = ChildRecords.from_plain(plain() | {"reporting_lag": {"assessments": 7}}).reporting_lag
    assert (lags["assessment_factors"], lags["contacts"]) == (7, 0)


@pytest.mark.parametrize(("recorded", "said"), [([], "none"), ([None], "undated"), ([None, "2020-01-01"], "dated")])
def test_links_are_read_off_the_rows_where_they_are_not_declared(recorded, said):
    link = {"child_id": "c0", "related_id": "M", "kind": "mother"}
    rows = [{**link, "row_key": str(n), "recorded_date": day} for n, day in enumerate(recorded)]
    assert ChildRecords.from_plain(plain(relationships=rows)).links == said
    assert ChildRecords.from_plain(plain(relationships=rows) | {"links": "dated"}).links == "dated"


def test_an_unrepaired_history_goes_through_as_it_is():
    history = History({"children": [{"child_id": "c0", "birth_date": 14_000, "sex": "F"}]})
    tables = ChildRecords.from_records(history.records(), "c0").to_plain()["tables"]
    assert [name for name, rows in tables.items() if rows] == ["children"]


def test_neither_pandas_nor_scipy_is_loaded():
    code = (
        "import sys, json; from edgeofcare import ChildRecords; from edgeofcare.features.single.row import "
        "SingleFeatures; from edgeofcare.features.names import as_features; "
        f"records = ChildRecords.from_plain(json.loads({json.dumps(plain(cp_plans=[PLAN]))!r})); "
        f"row = SingleFeatures(as_features({NAMES!r})).row(records, '2024-06-01'); row.counted(0), row.unknown(0); "
        "print([name for name in ('pandas', 'scipy', 'sklearn', 'shap') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_table_that_is_left_out_was_not_received():
    sent = {name: rows for name, rows in plain(contacts=[])["tables"].items() if name != "missing_episodes"}
    of_child = ChildRecords.from_plain(plain() | {"tables": sent})
    assert of_child.observed_from["contacts"] is None
    assert of_child.observed_from["missing_episodes"] > of_child.observed_until
    features = as_features(["contact.count.90d", "missing.count.90d"])
    row = SingleFeatures(features).row(of_child, UNTIL)
    assert row.values[0] == 0
    assert math.isnan(row.values[1])
    again = ChildRecords.from_plain(of_child.to_plain())
    assert dict(again.observed_from) == dict(of_child.observed_from)


@pytest.mark.parametrize("first", [None, "2015-01-01", UNTIL])
def test_a_table_that_is_trusted_and_not_sent_is_refused(first):
    sent = plain(contacts=[]) | {
        "observed_from": {"contacts": first, "cp_plans": "2015-01-01", "offences": "2099-01-01"}
    }
    del sent["tables"]["contacts"]
    with pytest.raises(RecordsError, match="observed_from says that contacts, cp_plans can be trusted, but") as caught:
        ChildRecords.from_plain(sent)
    assert "offences" not in str(caught.value)  # said not to be held
    sent["tables"] |= {"contacts": [], "cp_plans": []}
    assert ChildRecords.from_plain(sent).observed_from["contacts"] == (None if first is None else np.datetime64(first))


def test_a_table_that_is_forgotten_is_never_taken_for_one_without_a_row():
    written = ChildRecords.from_plain(plain(contacts=[])).to_plain()
    assert written["tables"]["contacts"] == []
    del written["tables"]["contacts"]
    with pytest.raises(RecordsError, match="contacts can be trusted, but tables does not hold it"):
        ChildRecords.from_plain(written)
