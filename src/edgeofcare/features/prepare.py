"""Case records as the plain arrays that the engine works on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.care import care_periods_as_known
from edgeofcare.exceptions import SpecError
from edgeofcare.features.engine import MAX_DAY
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.specs import Active, DaysIn
from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records
from edgeofcare.records.window import KEPT_BY_START
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.own import OWN
from edgeofcare.task import Task

__all__ = [
    "TableArrays",
    "as_days",
    "care_arrays",
    "check_held",
    "event_days",
    "observed_from_day",
    "selected",
    "table_arrays",
]


@dataclass(frozen=True)
class TableArrays:
    """One table, ready for the engine.

    Parameters
    ----------
    frame : DataFrame
        The canonical rows.
    source : str
        The table whose row keys the rows carry.
    start, start_known, end, end_known : ndarray of int64
        Days since 1970-01-01; ``MAX_DAY`` where a spell has no end.
    """

    frame: pd.DataFrame
    source: str
    start: np.ndarray
    start_known: np.ndarray
    end: np.ndarray
    end_known: np.ndarray


def check_held(records: Records, features: Iterable[Feature]) -> None:
    """Refuse features of own tables that the records do not hold, or not in that form.

    Parameters
    ----------
    records : Records
        The case records.
    features : iterable of Feature
        Specs.

    Raises
    ------
    SpecError
        With every such feature.
    """
    problems = []
    for spec in features:
        if not isinstance(spec, TableFeature) or spec.source.kind != OWN:
            continue
        if spec.table not in records:
            problems.append(f"{spec.name}: these records have no table {spec.table!r}; add it with records.with_events")
            continue
        table = records.definition(spec.table)
        needed = [name for name, _ in spec.where] + [getattr(spec, "value", "")]
        problems += [
            f"{spec.name}: the table {spec.table!r} was added without a {name}"
            for name in needed
            if name and name not in table.names
        ]
        if table.kind != SPELL and (isinstance(spec, Active | DaysIn) or getattr(spec, "edge", "start") == "end"):
            problems.append(f"{spec.name}: the table {spec.table!r} holds events, which have no end")
    if problems:
        msg = "These features cannot be built: " + "; ".join(problems) + "."
        raise SpecError(msg)


def as_days(dates: pd.Series | pd.Index) -> np.ndarray:
    """Days since 1970-01-01; ``MAX_DAY`` where there is no date."""
    days = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), MAX_DAY, days.astype("int64"))


def table_arrays(records: Records, name: str) -> TableArrays:
    """Prepare one table of the records.

    Parameters
    ----------
    records : Records
        The case records.
    name : str
        A dated table.

    Returns
    -------
    TableArrays
        Its rows and days. Referrals from before the extract's window are not among them: they are in the extract
        only because they were still open when it ended, which nobody could know on an earlier day.
    """
    frame, table, lag = records.table(name), records.definition(name), records.reporting_lag[name]
    if name in KEPT_BY_START and records.observed_from[name] is not None:
        frame = frame[frame["start_date"] >= records.observed_from[name]].reset_index(drop=True)
    ends = frame["end_date"] if table.end else pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")
    return TableArrays(
        frame,
        name,
        as_days(frame[str(table.start)]),
        as_days(start_known(frame, lag)),
        as_days(ends),
        as_days(end_known(frame, lag)),
    )


def care_arrays(records: Records, child_id: np.ndarray, day: np.ndarray) -> TableArrays:
    """Prepare the periods of care of each row, as known before its day.

    Parameters
    ----------
    records : Records
        The case records.
    child_id : ndarray of str
        Child of each row.
    day : ndarray of int64
        Day of each row, since 1970-01-01.

    Returns
    -------
    TableArrays
        One row for each row and period, with the position of the row in column ``row`` of the frame. A later
        episode or status can change what an earlier period amounts to, so each row has periods of its own.
    """
    index_date = day.astype("datetime64[D]").astype("datetime64[s]")
    periods = care_periods_as_known(records, Task(), pd.DataFrame({"child_id": child_id, "index_date": index_date}))
    frame = periods.rename(columns={"entry_date": "start_date"})
    return TableArrays(
        frame,
        "care_episodes",
        as_days(frame["start_date"]),
        as_days(frame["entry_known"]),
        as_days(frame["end_date"]),
        as_days(frame["end_known"]),
    )


def observed_from_day(records: Records, name: str) -> int:
    """First day on which the table can be trusted; far in the past where that is not known."""
    date = records.observed_from.get("care_episodes" if name == "care_periods" else name)
    return -MAX_DAY if date is None else int(np.datetime64(date, "D").astype("int64"))


def event_days(arrays: TableArrays, edge: str, known_columns: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The two clocks of a stream of events: when each happened, and when it could first be seen.

    Parameters
    ----------
    arrays : TableArrays
        The table.
    edge : {"start", "end"}
        Whether the events are the starts or the ends of spells.
    known_columns : sequence of str
        Date columns that the feature's filters and values wait for.

    Returns
    -------
    happened, known : ndarray of int64
        ``MAX_DAY`` in ``known`` where a row can never be seen, such as the end of an open spell.
    """
    if edge == "end":
        return arrays.end, arrays.end_known
    known = arrays.start_known
    if "end_date" in known_columns:
        known = np.maximum(known, arrays.end_known)
    return arrays.start, known


def selected(arrays: TableArrays, feature: TableFeature) -> np.ndarray:
    """Which rows of the table pass the feature's filters and have its value."""
    passes = np.ones(len(arrays.frame), dtype=bool)
    for name, codes in feature.where:
        values = arrays.frame[name]
        if values.dtype == "boolean":
            values = values.map({True: "yes", False: "no"})
        passes &= values.isin(codes).to_numpy(dtype=bool)
    value = getattr(feature, "value", "")
    if value:
        passes &= arrays.frame[value].notna().to_numpy()
    return passes
