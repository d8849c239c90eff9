"""Tiny record sets for laws: a few children, rows in any dated table, and dates that crowd around the index dates.

A history is kept as plain dictionaries with days since 1970 as integers, so that a law can change it row by row and
an oracle can read it without any code of the library. ``History.records()`` makes records of it directly, without
the validation that other tests look at.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from edgeofcare.features.sources import SOURCES
from edgeofcare.features.specs import Active, Count, DaysIn, DaysSince, Distinct, Max, Mean, Sum
from edgeofcare.records.records import Records
from edgeofcare.records.validation import empty_table
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import NEVER, SPELL
from edgeofcare.schema.tables import TABLES

__all__ = [
    "DATED",
    "INDEX_DAYS",
    "UNTIL",
    "History",
    "any_spec",
    "as_date",
    "end_known_of",
    "hidden_changes",
    "histories",
    "row_index",
    "start_known_of",
    "telling_days",
]

INDEX_DAYS = (19_083, 19_174, 19_448)
"""1 April 2022, 1 July 2022, 1 April 2023."""
UNTIL = 19_900
DATED = tuple(name for name, table in TABLES.items() if table.start is not None)
BUSY = (
    "care_episodes",
    "legal_statuses",
    "referrals",
    "missing_episodes",
    "assessment_factors",
    "cp_plans",
    "placements",
)
_NEAR = (-1096, -1095, -1094, -366, -365, -91, -90, -31, -30, -29, -3, -2, -1, 0, 1, 2)
_CODES = {
    "legal_status": ["V2", "V4", "V3", "C1", "J1", "NONE"],
    "factor": ["24A", "10A", "9A", "3A"],
    "source": ["6", "2A", "1A"],
    "closure": ["RC8", "RC7", "RC5"],
    "abuse": ["NEG", "EMO"],
    "end_reason": ["X1", "E4A", "E8"],
}
_TEXT = "str" if int(pd.__version__.split(".")[0]) >= 3 else object


def as_date(day):
    """A Timestamp of days since 1970."""
    return pd.Timestamp(np.datetime64(int(day), "D")).as_unit("s")


@dataclass
class History:
    """Tables as lists of rows; what is declared of them."""

    tables: dict[str, list[dict]]
    lags: dict[str, int] = field(default_factory=dict)
    observed_from: dict[str, int] = field(default_factory=dict)

    def frame(self, name):
        """One canonical table with its dtypes."""
        rows = self.tables.get(name, [])
        if not rows:
            return empty_table(TABLES[name])
        return pd.DataFrame({c.name: _column([row.get(c.name) for row in rows], c.kind) for c in TABLES[name].columns})

    def frames(self):
        """Every table that has rows, and the required ones."""
        return {name: self.frame(name) for name, table in TABLES.items() if self.tables.get(name) or table.required}

    def records(self):
        """Records of the rows as they stand."""
        trusted = {name: as_date(day) for name, day in self.observed_from.items()}
        return Records(
            {name: self.frame(name) for name in TABLES},
            observed_until=as_date(UNTIL),
            observed_from=dict.fromkeys(DATED) | trusted,
            reporting_lag=dict.fromkeys(DATED, 0) | self.lags,
            findings=pd.DataFrame(columns=["table", "column", "count", "action", "why"]),
        )

    @property
    def child_ids(self):
        """Every child."""
        return [row["child_id"] for row in self.tables["children"]]

    def with_tables(self, tables):
        """The same declarations over other rows."""
        return History(tables, self.lags, self.observed_from)


def _column(values, kind):
    """Plain values as a typed column."""
    if kind == "date":
        days = [np.datetime64("NaT", "D") if value is None else np.datetime64(int(value), "D") for value in values]
        return pd.Series(np.array(days, dtype="datetime64[D]").astype("datetime64[s]"))
    if kind == "flag":
        return pd.Series(values, dtype="boolean")
    if kind == "number":
        return pd.Series([np.nan if value is None else value for value in values], dtype="float64")
    return pd.Series([np.nan if value is None else value for value in values], dtype=object).astype(_TEXT)


def row_index(child_ids, days, home="H"):
    """An empty cohort on the shared index: each child on each day."""
    rows = [(home + child, child, as_date(day)) for child in child_ids for day in days]
    return pd.DataFrame(index=pd.MultiIndex.from_tuples(rows, names=["household_id", "child_id", "index_date"]))


def start_known_of(history, name, row):
    """The literal rule: the later of the day it happened and the day it was recorded, plus the lag."""
    happened = row[TABLES[name].start]
    recorded = row.get("recorded_date")
    return max(happened, happened if recorded is None else recorded) + history.lags.get(name, 0)


def end_known_of(history, name, row):
    """The literal rule for an end: as for a start, and never before the start was known; None while open."""
    end = row.get("end_date")
    if end is None:
        return None
    recorded = row.get("end_recorded_date")
    seen = max(end, end if recorded is None else recorded) + history.lags.get(name, 0)
    return max(seen, start_known_of(history, name, row))


def _days():
    """Days that crowd around the index dates and the edges of the usual windows."""
    crowded = sorted({day + near for day in INDEX_DAYS for near in _NEAR})
    return st.sampled_from(crowded) | st.integers(INDEX_DAYS[0] - 1500, INDEX_DAYS[-1] + 400)


@st.composite
def _values(draw, table):
    """Codes, flags and numbers of one row."""
    row = {}
    for column in table.columns:
        if column.name in ("row_key", "child_id") or column.kind == "date":
            continue
        if column.kind == "flag":
            row[column.name] = draw(st.sampled_from([True, False, None]))
        elif column.kind == "number":
            row[column.name] = draw(st.sampled_from([None, 0.0, 0.1, 2.25, 7.5]))
        else:
            codes = _CODES.get(column.codes) or list(CODE_LISTS.get(column.codes, {}))[:2] or ["A", "B"]
            row[column.name] = draw(st.sampled_from(codes if column.required else [*codes, None]))
    return row


@st.composite
def rows_of(draw, name, child_ids, key):
    """One row of a table: any child, dates and values; some recorded late, some open."""
    table = TABLES[name]
    row = {"row_key": key, "child_id": draw(st.sampled_from(child_ids)), **draw(_values(table))}
    start = draw(_days())
    row[table.start] = start
    row["recorded_date"] = start + draw(st.sampled_from([1, 5, 60])) if draw(st.booleans()) else None
    if table.kind == SPELL:
        row["end_date"] = start + draw(st.sampled_from([0, 1, 2, 30, 91, 400])) if draw(st.booleans()) else None
        late = row["end_date"] is not None and draw(st.booleans())
        row["end_recorded_date"] = row["end_date"] + draw(st.sampled_from([1, 5, 60])) if late else None
    return row


@st.composite
def histories(draw, *, tables=DATED, children=3, rows=14, lags=True, observed=False):
    """A history of a few children: siblings and strangers, lags, and tables that were not always observed."""
    ids = [f"c{number}" for number in range(draw(st.integers(1, children)))]
    people = [
        {"child_id": child, "birth_date": INDEX_DAYS[0] - draw(st.integers(3600, 6600)), "sex": "F"} for child in ids
    ]
    links = [
        {"row_key": f"link{n}", "child_id": child, "related_id": draw(st.sampled_from(["M1", "M2"])), "kind": "mother"}
        for n, child in enumerate(ids)
        if draw(st.booleans())
    ]
    busy = tuple(name for name in BUSY if name in tables)
    names = st.sampled_from(tables) | st.sampled_from(busy or tables)
    chosen = draw(st.lists(names, min_size=rows // 2, max_size=rows))
    held = {"children": people, "relationships": links}
    for number, name in enumerate(chosen):
        held.setdefault(name, []).append(draw(rows_of(name, ids, f"{name}:{number:02d}")))
    declared = {"lags": {}, "observed_from": {}}
    if lags:
        declared["lags"] = draw(st.dictionaries(st.sampled_from(tables), st.integers(1, 40), max_size=4))
    if observed:
        declared["observed_from"] = draw(st.dictionaries(st.sampled_from(tables), _days(), max_size=4))
    return History(held, **declared)


@st.composite
def hidden_changes(draw, history, day):
    """The history after anything that was known only on or after a day was added, moved, changed or deleted."""
    changed = {"children": history.tables["children"], "relationships": history.tables["relationships"]}
    for name in DATED:
        kept = []
        for row in history.tables.get(name, []):
            if start_known_of(history, name, row) >= day:
                fate = draw(st.sampled_from(["delete", "keep", "change"]))
                if fate != "delete":
                    kept.append(row if fate == "keep" else draw(_hidden_row(history, name, row["row_key"], day)))
            else:
                kept.append(draw(_hidden_end(history, name, row, day)))
        changed[name] = kept
    for number in range(draw(st.integers(0, 4))):
        name = draw(st.sampled_from(DATED) | st.sampled_from(BUSY))
        changed[name].append(draw(_hidden_row(history, name, f"new{number}", day)))
    return history.with_tables(changed)


@st.composite
def _hidden_row(draw, history, name, key, day):
    """A row of any date that was not known before the day."""
    row = draw(rows_of(name, history.child_ids, key))
    if start_known_of(history, name, row) < day:
        row["recorded_date"] = day - history.lags.get(name, 0) + draw(st.integers(0, 3))
    return row


@st.composite
def _hidden_end(draw, history, name, row, day):
    """A known row whose snapshots, and whose end if it was not known yet, are anything else."""
    table = TABLES[name]
    other = draw(_values(table))
    ended = end_known_of(history, name, row) if table.kind == SPELL else None
    hidden = ["end_date"] if table.kind == SPELL and (ended is None or ended >= day) else []
    free = [c.name for c in table.columns if c.name in other and (c.known == NEVER or c.known in hidden)]
    row = row | {column: other[column] for column in free}
    if hidden:
        start = row[table.start]
        row["end_date"] = start + draw(st.integers(0, 500)) if draw(st.booleans()) else None
        row["end_recorded_date"] = None
        seen = end_known_of(history, name, row)
        if seen is not None and seen < day:
            row["end_recorded_date"] = day - history.lags.get(name, 0) + draw(st.integers(0, 3))
    return row


_LOOKBACKS = st.sampled_from([1, 2, 30, 90, 365, 1095]) | st.integers(1, 1500)


def telling_days(history):
    """Days on which something changes sides: known dates and the edges of windows, and the day after each."""
    days = set(INDEX_DAYS) | {day + 365 for day in history.observed_from.values()}
    for name in DATED:
        for row in history.tables.get(name, []):
            known, ended = start_known_of(history, name, row), end_known_of(history, name, row)
            happened = [row[TABLES[name].start], row.get("end_date")]
            days |= {known, *(day + ahead for day in happened if day is not None for ahead in (0, 30, 365))}
            days |= set() if ended is None else {ended}
    return st.sampled_from(sorted(day for day in days | {day + 1 for day in days} if day <= UNTIL))


@st.composite
def any_spec(draw, tables=tuple(SOURCES)):
    """Any feature of one of the tables, with any filters that it may have."""
    table = SOURCES[draw(st.sampled_from(tables))]
    kinds = ["Count", "DaysSince"] + (["Active", "DaysIn"] if table.kind == SPELL else [])
    codes = [c for c in table.columns if c.kind in ("code", "id") and c.known != NEVER]
    numbers = [c for c in table.columns if c.kind == "number" and c.known != NEVER]
    kind = draw(st.sampled_from(kinds + (["Distinct"] if codes else []) + (["Sum", "Mean", "Max"] if numbers else [])))
    where = draw(_filters(table, told_at_end=kind != "Active"))
    edge = draw(st.sampled_from(["start", "end"])) if table.kind == SPELL else "start"
    if kind == "Count":
        return Count(table.name, draw(_LOOKBACKS), where, edge=edge)
    if kind == "DaysSince":
        return DaysSince(table.name, draw(st.none() | _LOOKBACKS), where, edge=edge)
    if kind == "Active":
        return Active(table.name, where=where)
    if kind == "DaysIn":
        return DaysIn(table.name, draw(_LOOKBACKS), where)
    of, column = {"Distinct": (Distinct, codes), "Sum": (Sum, numbers), "Mean": (Mean, numbers), "Max": (Max, numbers)}[
        kind
    ]
    return of(table.name, draw(_LOOKBACKS), where, value=draw(st.sampled_from(column)).name)


@st.composite
def _filters(draw, table, *, told_at_end):
    """Filters on no, one or two of a table's columns."""
    usable = [c for c in table.columns if c.kind in ("code", "flag") and c.known != NEVER]
    usable = [c for c in usable if told_at_end or c.known != "end_date"]
    if not usable:
        return {}
    where = {}
    for column in draw(st.lists(st.sampled_from(usable), max_size=2, unique_by=lambda c: c.name)):
        if column.kind == "flag":
            where[column.name] = draw(st.sampled_from([True, False]))
        else:
            codes = _CODES.get(column.codes) or list(CODE_LISTS.get(column.codes, {}))[:2] or ["A", "B"]
            where[column.name] = draw(st.lists(st.sampled_from(codes), min_size=1, max_size=2, unique=True))
    return where
