"""Case records as the plain arrays that the engine works on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.care import care_periods_as_known
from edgeofcare.exceptions import RecordsError
from edgeofcare.features.feature import TableFeature, Where
from edgeofcare.features.rows import LARGEST_SUM, MAX_DAY, fixed_point
from edgeofcare.records.findings import counted
from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records
from edgeofcare.schema.extracts import KEPT_BY_START
from edgeofcare.task import Task

__all__ = [
    "TableArrays",
    "as_days",
    "care_arrays",
    "event_days",
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
    _made: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def coded(self, column: str) -> tuple[np.ndarray, np.ndarray]:
        """A column of codes as numbers.

        Parameters
        ----------
        column : str
            A column of codes, keys or flags.

        Returns
        -------
        number : ndarray of int64
            For each row the position of its code; -1 where it has none.
        codes : ndarray of object
            The codes; a flag is yes or no.
        """
        if column not in self._made:
            number, codes = pd.factorize(self.frame[column])
            said = ["yes" if code is True else "no" if code is False else code for code in codes.tolist()]
            self._made[column] = (number.astype(np.int64), np.array(said, dtype=object))
        return self._made[column]

    def fixed(self, column: str) -> np.ndarray:
        """A column of numbers in whole millionths; 0 where a row has none."""
        name = f"{column} in millionths"
        if name not in self._made:
            values = np.nan_to_num(self.frame[column].to_numpy(dtype=np.float64))
            try:
                self._made[name] = fixed_point(values)
            except OverflowError:
                raise RecordsError(_too_large(self.source, column, values)) from None
        return self._made[name]

    def has_code(self, wanted: Where) -> np.ndarray:
        """Which rows have one of the codes in each of the columns."""
        passes = np.ones(len(self.frame), dtype=bool)
        for column, codes in wanted:
            number, held = self.coded(column)
            passes &= np.append(np.isin(held.astype(str), codes), False)[number]
        return passes


def _too_large(table: str, column: str, values: np.ndarray) -> str:
    """Say that a column cannot be summed, and in how many rows it is so large."""
    most = LARGEST_SUM / max(values.size, 1)
    count = int((np.abs(values) >= most).sum())
    return (
        f"{table}: column {column!r} is too large to be summed exactly: {counted(count, 'row')} of {values.size:,} lie "
        f"beyond {most:.3g} either way. Correct them, or give the column in a larger unit."
    )


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
    passes = arrays.has_code(feature.where)
    for unwanted in feature.unless:
        passes &= ~arrays.has_code((unwanted,))
    value = getattr(feature, "value", "")
    if value:
        passes &= arrays.frame[value].notna().to_numpy(dtype=bool)
    return passes
