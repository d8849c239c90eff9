"""Tiny record sets for laws: a few children, rows in any dated table, and dates that crowd around the index dates.

A history is kept as plain dictionaries with days since 1970 as integers, so that a law can change it row by row and
an oracle can read it without any code of the library. ``History.records()`` makes records of it directly, without
the validation that other tests look at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from edgeofcare.records.declared import links_of
from edgeofcare.records.records import Records
from edgeofcare.records.validation import empty_table
from edgeofcare.schema.columns import NEVER, SPELL
from edgeofcare.schema.tables import TABLES
from spec_strategies import any_spec, codes_of, every_spec, one_of

__all__ = [
    "DATED",
    "INDEX_DAYS",
    "UNTIL",
    "History",
    "any_spec",
    "as_date",
    "end_known_of",
    "every_spec",
    "families",
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
_PLACEHOLDER = "UNKNOWN"
"""A mother of the case system's own making."""
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
            return _empty(name)
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
            links=links_of(None, self.frame("relationships")),
            absent_columns={},
        )

    @property
    def child_ids(self):
        """Every child."""
        return [row["child_id"] for row in self.tables["children"]]

    def with_tables(self, tables):
        """The same declarations over other rows."""
        return History(tables, self.lags, self.observed_from)


@cache
def _empty(name):
    """A canonical table without rows; records hand out copies only."""
    return empty_table(TABLES[name])


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


@cache
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
            row[column.name] = draw(one_of(True, False, None))
        elif column.kind == "number":
            row[column.name] = draw(one_of(None, 0.0, 0.1, 2.25, 7.5))
        else:
            row[column.name] = draw(one_of(*codes_of(column), *(() if column.required else (None,))))
    return row


@st.composite
def rows_of(draw, name, child_ids, key):
    """One row of a table: any child, dates and values; some recorded late, some open."""
    table = TABLES[name]
    row = {"row_key": key, "child_id": draw(st.sampled_from(child_ids)), **draw(_values(table))}
    start = draw(_days())
    row[table.start] = start
    row["recorded_date"] = start + draw(one_of(1, 5, 60)) if draw(st.booleans()) else None
    if table.kind == SPELL:
        row["end_date"] = start + draw(one_of(0, 1, 2, 30, 91, 400)) if draw(st.booleans()) else None
        late = row["end_date"] is not None and draw(st.booleans())
        row["end_recorded_date"] = row["end_date"] + draw(one_of(1, 5, 60)) if late else None
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


_BORN = st.integers(INDEX_DAYS[0] - 9000, INDEX_DAYS[0] - 2000) | _days()
_DIED = st.none() | st.none() | st.none() | _days()
_ENTERED = st.just(INDEX_DAYS[0] - 2000) | st.none() | _days()


@st.composite
def families(draw, *, tables=DATED, children=4, rows=14):
    """A history of families: links that were entered late, early or on no day, births, deaths and rows written twice.

    At times a mother of the case system's own making stands over 25 or 26 children, at the edge of what a family is.
    """
    history = draw(histories(tables=tables, children=children, rows=rows))
    history.observed_from.update(draw(st.dictionaries(st.sampled_from(tables), _days(), max_size=1)))
    held, ids = history.tables, history.child_ids
    for person in held["children"]:
        person["birth_date"] = draw(_BORN)
        person["death_date"] = draw(_DIED)
        person["sex"], person["ehc_plan"] = draw(one_of("F", "M", None)), draw(one_of(True, None))
    linked = [
        {**draw(_links([child])), "related_id": "M1", "kind": "mother"} for child in ids if draw(st.integers(0, 3))
    ]
    linked += draw(st.lists(_links(ids), max_size=5))
    linked += [{**row, "kind": "mother"} for row in draw(_placeholder())]
    held["relationships"] = [{**row, "row_key": f"link{number}"} for number, row in enumerate(linked)]
    for name in [name for name in tables if held.get(name)]:
        for number, row in enumerate(draw(st.lists(st.sampled_from(held[name]), max_size=2))):
            again = {"row_key": f"again{number}:{row['row_key']}", "child_id": draw(st.sampled_from(ids))}
            held[name].append({**row, **again})
    return history


@st.composite
def _links(draw, ids, *, placeholder=True):
    """A link of a child to a mother, who may be a child of the records herself, or to a family."""
    related = ["M1", "M1", "M2", "F1", ids[0], *([_PLACEHOLDER] if placeholder else [])]
    return {
        "child_id": draw(st.sampled_from(ids)),
        "related_id": draw(one_of(*related)),
        "kind": draw(one_of("mother", "mother", "family", None)),
        "recorded_date": draw(_ENTERED),
    }


@st.composite
def _placeholder(draw):
    """Links of 23 to 25 strangers to one mother, at times; with those of the history they are a family or are not."""
    strangers = draw(st.sampled_from([0, 0, 0, 23, 24, 25]))
    recorded = draw(st.none() | _days())
    return [
        {"child_id": f"stranger{number}", "related_id": _PLACEHOLDER, "recorded_date": recorded}
        for number in range(strangers)
    ]


@st.composite
def hidden_changes(draw, history, day):
    """The history after anything that was known only on or after a day was added, moved, changed or deleted."""
    changed = {
        "children": [draw(_hidden_life(person, day)) for person in history.tables["children"]],
        "relationships": draw(_hidden_links(history, day)),
    }
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
def _hidden_life(draw, person, day):
    """A child of a family, born and dead on other days where those are not before the day."""
    if "death_date" not in person:
        return person
    hidden = [name for name in ("birth_date", "death_date") if person[name] is None or person[name] >= day]
    return {**person, **{name: day + draw(st.integers(0, 900)) for name in hidden}}


@st.composite
def _hidden_links(draw, history, day):
    """The links of a history, after those entered on or after a day were moved, deleted or added to.

    Records without a link, or without one that has a date, are not the same records, and which mother is a placeholder
    is judged on the whole extract: that stays as it was.
    """
    before = history.tables["relationships"]
    fixed = [row["related_id"] == _PLACEHOLDER or (row.get("recorded_date") or 0) < day for row in before]
    links = [row for row, stays in zip(before, fixed, strict=True) if stays]
    if not any(row.get("recorded_date") is not None for row in links):
        return before
    late = _links(history.child_ids, placeholder=False).map(
        lambda row: {**row, "recorded_date": day + (row["recorded_date"] or 0) % 400}
    )
    links += [
        {**row, **draw(late)} for row, stays in zip(before, fixed, strict=True) if not stays and draw(st.booleans())
    ]
    return links + [{"row_key": f"new{number}", **draw(late)} for number in range(draw(st.integers(0, 3)))]


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


def telling_days(history):
    """Days on which something changes sides: known dates and the edges of windows, and the day after each."""
    days = set(INDEX_DAYS) | {day + ahead for day in history.observed_from.values() for ahead in (91, 365)}
    for name in DATED:
        for row in history.tables.get(name, []):
            known, ended = start_known_of(history, name, row), end_known_of(history, name, row)
            happened = [row[TABLES[name].start], row.get("end_date")]
            days |= {known, *(day + ahead for day in happened if day is not None for ahead in (0, 30, 365))}
            days |= set() if ended is None else {ended}
    days |= {row["recorded_date"] for row in history.tables.get("relationships", []) if row.get("recorded_date")}
    for row in history.tables["children"]:
        days |= {row[column] for column in ("birth_date", "death_date") if "death_date" in row and row[column]}
    days = {day for day in days if day > INDEX_DAYS[0] - 1500}
    return st.sampled_from(sorted(day for day in days | {day + 1 for day in days} if day <= UNTIL))
