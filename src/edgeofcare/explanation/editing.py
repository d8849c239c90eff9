"""Records with some events of a child edited: what may not be edited, and the validation of what comes out."""

from __future__ import annotations

import datetime as dt
import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import RecordsError
from edgeofcare.explanation.edits import AddEvent, CorrectEvent, Edit, RemoveEvent
from edgeofcare.explanation.one_child import with_tables
from edgeofcare.records.findings import Findings, counted
from edgeofcare.records.own_events import as_categories
from edgeofcare.records.records import Records
from edgeofcare.records.validation import NO_DATE, clean_table, clean_tables
from edgeofcare.schema.columns import Table
from edgeofcare.schema.tables import TABLES

__all__ = ["edited_records"]

_CARE = "care history is fixed, since the outcome is made of it"
_PROTECTED = "it holds a protected characteristic"
_LOCKED = {
    "children": "age and protected characteristics are fixed",
    "disabilities": _PROTECTED,
    "immigration_statuses": _PROTECTED,
    "relationships": "who belongs to the family is fixed",
    "care_episodes": _CARE,
    "care_periods": _CARE,
    "legal_statuses": _CARE,
    "placements": _CARE,
}
_KEYS = ("row_key", "child_id")
_ADVICE = " Correct the edit."
_MEANT = {NO_DATE: " Correct the edit; where there is no date, give None."}
_BEYOND = ("begins after observed_until", "later than observed_until, so not known")
_NEW = "what-if"
_PLAIN = (str, Real, Decimal, np.bool_, dt.date, np.datetime64)  # a timestamp is a date


def edited_records(records: Records, child_id: str, edits: Sequence[Edit]) -> Records:
    """Records with a child's events edited, and validated as on reading.

    Parameters
    ----------
    records : Records
        The records of the child's household.
    child_id : str
        The child.
    edits : sequence of edits
        What is different.

    Returns
    -------
    Records
        With everything that is declared of the records.

    Raises
    ------
    RecordsError
        With every problem of the edits and of what they would make.
    """
    problems, sound = _checked(records, child_id, edits)
    tables = {name: _edited(records, name, child_id, [e for e in sound if e.table == name]) for name in _names(sound)}
    clean, found = _validated(records, tables)
    if problems + found:
        raise RecordsError(problems + found)
    return with_tables(records, clean)


def _names(edits: Iterable[Edit]) -> list[str]:
    """The tables of some edits."""
    return sorted({edit.table for edit in edits})


def _checked(records: Records, child_id: str, edits: Sequence[Edit]) -> tuple[list[str], list[Edit]]:
    """Problems of the edits themselves, each with its place, and the edits without one."""
    keys = Counter((edit.table, edit.row_key) for edit in edits if not isinstance(edit, AddEvent))
    problems, sound = [], []
    for place, edit in enumerate(edits, start=1):
        wrong = _wrong_table(records, edit.table) or [
            *([] if isinstance(edit, AddEvent) else _wrong_row(records, child_id, edit, keys)),
            *([] if isinstance(edit, RemoveEvent) else _wrong_columns(records, edit)),
        ]
        problems += [f"edit {place} of {len(edits)}: {each}" for each in wrong]
        sound += [] if wrong else [edit]
    return problems, sound


def _wrong_table(records: Records, name: str) -> list[str]:
    """Why a table cannot be edited."""
    if name in _LOCKED:
        return [f"{name} cannot be edited: {_LOCKED[name]}."]
    names = [each for each in records if each not in _LOCKED]
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1)
        meant = f" Did you mean {close[0]!r}?" if close else f" The tables are: {', '.join(names)}."
        return [f"there is no such table.{meant}"]
    if not records.observed(name):
        return [f"{name}: the extract does not cover this table, so that its features are unknown with any edit."]
    return []


def _wrong_row(
    records: Records, child_id: str, edit: RemoveEvent | CorrectEvent, keys: Counter[tuple[str, str]]
) -> list[str]:
    """Why a row cannot be edited."""
    frame = records.table(edit.table)
    found = (frame["row_key"] == edit.row_key) & (frame["child_id"] == child_id)
    if not found.any():
        return [f"{edit.table}: no row of this child has the row key given. Rows of other children stay as they are."]
    if keys[edit.table, edit.row_key] > 1:
        return [f"{edit.table}: another edit is of the same row. Put them into one."]
    return []


def _wrong_columns(records: Records, edit: AddEvent | CorrectEvent) -> list[str]:
    """Columns that cannot be given, and those that must be."""
    table, problems = records.definition(edit.table), []
    free = [name for name in table.names if name not in _KEYS]
    locked = [name for name in _KEYS if name in edit.columns]
    unknown = [str(name) for name in edit.columns if name not in table.names]
    absent = [name for name in records.absent_columns.get(edit.table, ()) if name in edit.columns]
    if locked:
        problems.append(f"{edit.table}: {' and '.join(locked)} cannot be edited; what identifies a row is fixed.")
    if unknown:
        problems.append(f"{edit.table}: {counted(len(unknown), 'column')} unknown. The columns are: {', '.join(free)}.")
    if absent:
        problems.append(f"{edit.table}: the source holds no {' and no '.join(absent)}, so no feature can use it.")
    if not edit.columns:
        problems.append(f"{edit.table}: the edit gives no value. Give at least one column.")
    needed = _needed(table) if isinstance(edit, AddEvent) else [name for name in _needed(table) if name in edit.columns]
    if odd := [str(name) for name, value in edit.columns.items() if name in free and not _is_plain(value)]:
        problems.append(f"{edit.table}: {' and '.join(odd)} must be text, a number, yes or no, a date, or None.")
    if lacking := [name for name in needed if name not in odd and _is_empty(edit.columns.get(name))]:
        problems.append(f"{edit.table}: {' and '.join(lacking)} must have a value.")
    return problems


def _needed(table: Table) -> list[str]:
    """Columns without which a row of a table says nothing."""
    return [column.name for column in table.columns if column.required and column.name not in (*_KEYS, table.end)]


def _is_plain(value: Any) -> bool:
    """Whether a value is one that a cell of a source can hold; a length of time or a time of the day is none."""
    nothing = value is None or value is pd.NA or value is pd.NaT
    return nothing or (isinstance(value, _PLAIN) and not isinstance(value, np.timedelta64))


def _is_empty(value: Any) -> bool:
    """Whether a value is none."""
    return value is None or bool(pd.isna(value)) or (isinstance(value, str) and not value.strip())


def _edited(records: Records, name: str, child_id: str, edits: Sequence[Edit]) -> pd.DataFrame:
    """One table with edits, its days as text, not validated yet."""
    frame, table = _as_text(records.table(name), records.definition(name)), records.definition(name)
    removed = [edit.row_key for edit in edits if isinstance(edit, RemoveEvent)]
    for edit in edits:
        if isinstance(edit, CorrectEvent):
            at = frame.index[frame["row_key"] == edit.row_key][0]
            for column, value in _plain(edit.columns, table).items():
                frame.loc[at, column] = value
    frame = frame[~frame["row_key"].isin(removed)]
    keys = _new_keys(records.table(name)["row_key"], sum(isinstance(edit, AddEvent) for edit in edits))
    rows = [
        {"row_key": key, "child_id": child_id, **_plain(edit.columns, table)}
        for key, edit in zip(keys, [edit for edit in edits if isinstance(edit, AddEvent)], strict=True)
    ]
    added = pd.DataFrame(rows, columns=list(table.names), dtype=object)
    return pd.concat([frame, added], ignore_index=True) if rows else frame.reset_index(drop=True)


def _new_keys(held: pd.Series, count: int) -> list[str]:
    """Keys that no row of the table has."""
    keys: list[str] = []
    taken, number = set(held), 0
    while len(keys) < count:
        number += 1
        if (key := f"{_NEW}:{number}") not in taken:
            keys.append(key)
    return keys


def _as_text(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """A canonical table as a source would have it, so that it can be read again."""
    days = {name: frame[name].dt.strftime("%Y-%m-%d") for name in table.of_kind("date")}
    return frame.assign(**days).astype(object)


def _plain(values: Mapping[str, Any], table: Table) -> dict[str, Any]:
    """Values of an edit as a source would have them."""
    dates = table.of_kind("date")
    plain = {name: np.nan if _is_empty(value) else value for name, value in values.items()}
    return {name: _day_said(value) if name in dates else value for name, value in plain.items()}


def _day_said(value: Any) -> Any:
    """A day as text; what is no date is left to the validation."""
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    return value.strftime("%Y-%m-%d") if hasattr(value, "strftime") else value


def _validated(records: Records, tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Tables as validation leaves them, and every problem: also what it would only have emptied or dropped."""
    clean: dict[str, pd.DataFrame] = {}
    problems: list[str] = []
    for name, frame in tables.items():
        before, after = Findings("drop"), Findings(advice=_ADVICE)
        _read(records, name, _as_text(records.table(name), records.definition(name)), before)
        try:
            clean[name] = _read(records, name, frame, after)
        except RecordsError as error:
            problems += error.problems
        problems += _lost(before, after)
    return clean, problems


def _read(records: Records, name: str, frame: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """One table, validated."""
    children, until = records.table("children"), records.observed_until
    if name not in TABLES:
        if "category" in frame:
            frame = frame.assign(category=as_categories(frame["category"]))
        known = children["child_id"]
        return clean_table(frame, records.definition(name), observed_until=until, children=known, findings=findings)
    required = [each for each, table in TABLES.items() if table.required]
    sources = {"children": children, name: frame}
    return clean_tables(sources, observed_until=until, code_maps={}, findings=findings, absent=required)[name]


def _lost(before: Findings, after: Findings) -> list[str]:
    """What validation emptied or dropped because of the edits; days beyond the extract are simply not known.

    A date that stands for none in a source is a slip in an edit, such as a year of 0224: it is lost as well.
    """
    count: Counter[tuple[str, str, str]] = Counter()
    for findings, sign in ((after, 1), (before, -1)):
        for table, column, rows, action, why, _ in findings.rows:
            if why == NO_DATE or (action in ("emptied", "dropped") and why not in _BEYOND):
                count[table, column, why] += sign * rows
    return [
        f"{table}: column {column!r}: {why} in {counted(rows, 'row')}.{_MEANT.get(why, _ADVICE)}"
        for (table, column, why), rows in count.items()
        if rows > 0
    ]
