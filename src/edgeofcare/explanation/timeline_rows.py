"""The rows and windows of a timeline: what was on record before a day, and where the reasons looked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.evidence import evidence_index
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.specs.events import Trend
from edgeofcare.features.specs.spells import Active
from edgeofcare.features.tracing.found import Evidence
from edgeofcare.features.tracing.rows import Look
from edgeofcare.features.tracing.tables import dated_table
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import LINK, SPELL

__all__ = ["EVENT_COLUMNS", "WINDOW_COLUMNS", "event_rows", "shown_tables", "window_rows"]

EVENT_COLUMNS = ["table", "lane", "row_key", "start", "end", "hidden_end", "spell", "known", "ranks"]
"""Columns of the rows of a timeline."""

WINDOW_COLUMNS = [
    "rank",
    "direction",
    "concept",
    "feature",
    "sentence",
    "record",
    "table",
    "lane",
    "kind",
    "start",
    "end",
]
"""Columns of the windows of a timeline, before those of a model with refits."""

_FOR_AUDIT = ("immigration_statuses",)
_CERTAINTY = ("band", "tied")
_NO_DAY = np.iinfo(np.int64).min

Counted = Mapping[tuple[str, str], tuple[int, ...]]
"""Ranks of the reasons that a row counts for, by table and row key."""


def event_rows(
    records: Records, child_id: str, day: pd.Timestamp, tables: Sequence[str], counted: Counted
) -> pd.DataFrame:
    """The rows of a child that happened or began before a day.

    Parameters
    ----------
    records : Records
        Records that hold the child.
    child_id : str
        The child.
    day : Timestamp
        The index date.
    tables : sequence of str
        Tables with dates.
    counted : mapping
        Ranks of the reasons that a row counts for, by table and row key.

    Returns
    -------
    DataFrame
        With :data:`EVENT_COLUMNS`, table after table, oldest first.
    """
    parts = [_rows_of(records, name, child_id, day, counted) for name in tables]
    found = [part for part in parts if len(part)]
    return pd.concat(found, ignore_index=True) if found else _frame({name: [] for name in EVENT_COLUMNS})


def shown_tables(records: Records, asked: Sequence[str] | None, looked: Iterable[str]) -> list[str]:
    """Tables of a timeline.

    Parameters
    ----------
    records : Records
        The case records.
    asked : sequence of str or None
        Tables to show; all with dates but those for audit if None.
    looked : iterable of str
        Tables in which reasons looked, which are always shown; empty where there is none.

    Returns
    -------
    list of str
        In the order of the records.

    Raises
    ------
    SpecError
        If there is no such table, or it is without dates.
    """
    dated = [name for name in records if records.definition(name).start and records.definition(name).kind != LINK]
    wanted = {name for name in dated if name not in _FOR_AUDIT} if asked is None else set(asked)
    if wrong := len(wanted - set(dated)):
        msg = f"{wrong} of the tables asked for cannot be shown. Tables with dates are {', '.join(dated)}."
        raise SpecError(msg)
    return [name for name in dated if name in wanted | set(looked)]


def window_rows(
    records: Records, row: tuple[Any, ...], reasons: pd.DataFrame, specs: Sequence[Feature]
) -> tuple[pd.DataFrame, Counted]:
    """Where the strongest reasons of a row looked, and which rows they found there.

    Parameters
    ----------
    records : Records
        The records of the child's household.
    row : tuple
        ``(household_id, child_id, index_date)``.
    reasons : DataFrame
        By concept, the largest first; they are numbered from 1.
    specs : sequence of Feature
        The features.

    Returns
    -------
    windows : DataFrame
        With :data:`WINDOW_COLUMNS`, and band and tied where the reasons have them.
    counted : dict
        Ranks of the reasons that a row counts for, by table and row key.
    """
    index, by_name = evidence_index(records), {spec.name: spec for spec in specs}
    told: list[dict[str, Any]] = []
    counted: dict[tuple[str, str], tuple[int, ...]] = {}
    for rank, (_, reason) in enumerate(reasons.iterrows(), start=1):
        found = index.evidence(row, by_name[reason["feature"]])
        said = {name: reason[name] for name in ("direction", "concept", "feature", "sentence", "record")}
        said |= {name: reason[name] for name in _CERTAINTY if name in reason}
        windows = list(dict.fromkeys(_windows(found)))
        told += [
            {"rank": rank, **said, **_placed(records, *window)} for window in windows or [("", "none", _NO_DAY, 0)]
        ]
        for key in _counting(found):
            counted[key] = (*counted.get(key, ()), rank)
    extra = [name for name in _CERTAINTY if name in reasons]
    frame = pd.DataFrame(told, columns=[*WINDOW_COLUMNS, *extra])
    return frame.assign(**{name: frame[name].astype("datetime64[s]") for name in ("start", "end")}), counted


def _rows_of(records: Records, name: str, child_id: str, day: pd.Timestamp, counted: Counted) -> pd.DataFrame:
    """The child's rows of one table."""
    table, definition = dated_table(records, name, pd.Index([child_id])), records.definition(name)
    today = int(np.datetime64(day, "D").astype(np.int64))
    at = np.flatnonzero(table.start < today)
    at = at[np.lexsort((table.keys[at].astype(str), table.start[at]))]
    ended, seen = table.end[at] < today, table.end_known[at] < today
    keys = table.keys[at].tolist()
    return _frame(
        {
            "table": [name] * at.size,
            "lane": [definition.plural] * at.size,
            "row_key": keys,
            "start": _dates(table.start[at]),
            "end": _dates(np.where(seen & ended, table.end[at], MAX_DAY)),
            "hidden_end": _dates(np.where(ended & ~seen, table.end[at], MAX_DAY)),
            "spell": [definition.kind == SPELL] * at.size,
            "known": (table.start_known[at] < today) & ~table.outside[at],
            "ranks": [counted.get((name, str(key)), ()) for key in keys],
        }
    )


def _frame(columns: dict[str, Any]) -> pd.DataFrame:
    """Rows with the types of their columns, also where there are none."""
    ranks = pd.Series(columns["ranks"], dtype=object)
    frame = pd.DataFrame({**{name: columns[name] for name in EVENT_COLUMNS if name != "ranks"}, "ranks": ranks})
    dates = dict.fromkeys(("start", "end", "hidden_end"), "datetime64[s]")
    return frame.astype({**dates, "table": str, "lane": str, "row_key": str, "spell": bool, "known": bool})


def _windows(found: Evidence) -> Iterator[tuple[str, str, int, int]]:
    """Table, kind and days of each window in which rows of the child were looked for."""
    for look in found.looks:
        if isinstance(look.feature, TableFeature) and look.feature.scope == "child":
            for rows in look.sets:
                yield from ((rows.stream.table.source, *window) for window in _days(look))


def _days(look: Look) -> Iterator[tuple[str, int, int]]:
    """Kind, first day and the day after the last of a feature's windows."""
    spec, (day, since) = look.feature, look.moment
    if isinstance(spec, Active):
        yield "on the day", day, day
    elif since <= -MAX_DAY:
        yield "all time", _NO_DAY, day
    else:
        yield "window", since, day
        if isinstance(spec, Trend):
            yield "earlier window", 2 * since - day, since


def _placed(records: Records, table: str, kind: str, start: int, end: int) -> dict[str, Any]:
    """A window as part of a row of the frame."""
    lane = records.definition(table).plural if table else ""
    first, last = _dates(np.array([start, end if table else _NO_DAY]))
    return {"table": table, "lane": lane, "kind": kind, "start": first, "end": last}


def _counting(found: Evidence) -> Iterator[tuple[str, str]]:
    """Table and key of each row of the child that counts; of a period of care, the rows that it rests on."""
    looks = tuple(look for look in found.looks if getattr(look.feature, "scope", "") == "child")
    if looks:
        cited = Evidence(found.feature, looks).cited()
        yield from zip(cited["table"].astype(str), cited["row_key"].astype(str), strict=True)


def _dates(days: np.ndarray) -> np.ndarray:
    """Days as dates; NaT where there is none."""
    return np.where(days >= MAX_DAY, _NO_DAY, days).astype("datetime64[D]").astype("datetime64[s]")
