"""What is there by table, column and month."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.records.records import Records
from edgeofcare.schema.columns import Table

__all__ = [
    "column_counts",
    "dated_tables",
    "month_counts",
    "month_levels",
    "table_counts",
    "table_rows",
    "whole_months",
]

_FEWEST = 20
_ENDS = 10
_UNITS = (("month", 1), ("quarter", 3), ("year", 12))
_KEYS = ("row_key", "child_id", "related_id", "period_key")


def table_rows(frame: pd.DataFrame) -> list[Any]:
    """Rows of a frame, with its columns as attributes."""
    return list(frame.itertuples())


def dated_tables(records: Records) -> list[Table]:
    """Definitions of the tables that have dates, own ones included, in order."""
    return [definition for name in records if (definition := records.definition(name)).start is not None]


def month_counts(records: Records) -> pd.DataFrame:
    """Count the rows of each table by the month in which they happened or began.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    DataFrame
        ``table``, ``month`` (its first day) and ``rows``, from each table's first month to the last month of the
        extract, months without rows included. A table without rows has none.
    """
    last = np.datetime64(records.observed_until, "M")
    parts = []
    for table in dated_tables(records):
        months = records.table(table.name)[table.start].to_numpy().astype("datetime64[M]")
        if months.size:
            every = np.arange(months.min(), last + 1)
            counts = np.bincount((months - every[0]).astype(np.int64), minlength=every.size)
            parts.append(pd.DataFrame({"table": table.name, "month": every.astype("datetime64[s]"), "rows": counts}))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["table", "month", "rows"])


def whole_months(records: Records, name: str) -> tuple[np.datetime64, np.datetime64] | None:
    """The first and last month that lie wholly within the trusted window of a table; None where that is not known."""
    first = records.observed_from[name]
    if first is None or not records.observed(name):
        return None
    begins = np.datetime64(first, "M") + int(first.day > 1)
    after = np.datetime64(records.observed_until + pd.Timedelta(days=1), "M")
    return (begins, after - 1) if after > begins else None


def table_counts(records: Records) -> pd.DataFrame:
    """Count the rows and children of each table, with the months that it reaches from and to.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    DataFrame
        ``table``, ``rows``, ``children``, and ``first_month`` and ``last_month``: those of the tenth row from either
        end, so that neither a stray date nor a single child decides them (NaT for tables without dates, or below 20
        rows).
    """
    rows = []
    for name in records:
        frame, start = records.table(name), records.definition(name).start
        dates = frame[start].sort_values() if start else pd.Series(dtype="datetime64[s]")
        ends = (dates.iloc[_ENDS - 1], dates.iloc[-_ENDS]) if len(dates) >= 2 * _ENDS else (pd.NaT, pd.NaT)
        first, last = (day if pd.isna(day) else day.replace(day=1) for day in ends)
        rows.append((name, len(frame), frame["child_id"].nunique(), first, last))
    frame = pd.DataFrame(rows, columns=["table", "rows", "children", "first_month", "last_month"])
    return frame.astype({"first_month": "datetime64[s]", "last_month": "datetime64[s]"})


def column_counts(records: Records) -> pd.DataFrame:
    """Count the values that each column lacks; keys are left out.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    DataFrame
        ``table``, ``column``, ``rows``, ``missing`` (rows) and ``share``, of tables with rows. The end of a spell is
        missing where it is still open.
    """
    rows = []
    for name in records:
        frame = records.table(name)
        for column in frame.columns if len(frame) else ():
            if column not in _KEYS:
                gone = int(frame[column].isna().sum())
                rows.append((name, column, len(frame), gone, gone / len(frame)))
    return pd.DataFrame(rows, columns=["table", "column", "rows", "missing", "share"])


def month_levels(months: pd.DataFrame, window: pd.DataFrame) -> pd.DataFrame:
    """Compare each month of each table with what is usual for it.

    Parameters
    ----------
    months : DataFrame
        ``Quality.months``.
    window : DataFrame
        ``Quality.window``: from when each table can be trusted.

    Returns
    -------
    DataFrame
        ``table``, ``month``, ``unit`` and ``level``, the rows of the month over the table's median. A table of fewer
        than 20 rows in a median month is compared by calendar quarter, else by year ("quarter", "year": each month of
        it has the level of the whole); a level is missing where the unit is not wholly within the window, and where
        even a year has fewer than 20 (unit ""). So no level tells of few rows.
    """
    parts = [
        _levels(each.table, months[months["table"] == each.table], each.observed_from, each.observed_until)
        for each in table_rows(window)
        if each.observed
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["table", "month", "unit", "level"])


def _levels(name: str, own: pd.DataFrame, first: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """Levels of one table, by the shortest unit that has rows enough."""
    month = own["month"].to_numpy().astype("datetime64[M]")
    begun = month.min() if pd.isna(first) else np.datetime64(first, "M") + int(first.day > 1)
    after = np.datetime64(until + pd.Timedelta(days=1), "M")
    trusted = (month >= begun) & (month < after)
    empty = np.full(month.size, np.nan)
    made = {"table": name, "month": own["month"].to_numpy()}
    for unit, length in _UNITS:
        block = month.astype(np.int64) // length
        sums = pd.Series(np.where(trusted, own["rows"], 0.0)).groupby(block).transform("sum").to_numpy()
        whole = pd.Series(trusted).groupby(block).transform("sum").to_numpy() == length
        usual = float(np.median(pd.Series(sums[whole]).groupby(block[whole]).first())) if whole.any() else 0.0
        if usual >= _FEWEST:
            return pd.DataFrame({**made, "unit": unit, "level": np.where(whole, sums / usual, np.nan)})
    return pd.DataFrame({**made, "unit": "", "level": empty})
