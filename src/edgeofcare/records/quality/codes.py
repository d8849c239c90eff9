"""Codes that come into use, or go out of use, in the middle of an extract; columns that begin or cease to be filled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.records.quality.months import dated_tables
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import NEVER, Table

__all__ = ["FILLED", "code_changes"]

FILLED = "(any value)"
"""Stands for a column as a whole."""

_EXPECTED = 20.0
_FEWEST = 10
_COLUMNS = ["table", "column", "code", "change", "month", "rows", "sentence"]


def code_changes(records: Records) -> pd.DataFrame:
    """Find codes of the national lists that come into use or go out of use within the trusted window.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    DataFrame
        ``table``, ``column``, ``code`` (or ``"(any value)"`` for a column as a whole), ``change`` ("appears",
        "vanishes"), ``month`` (first or last month of use), ``rows`` that carry it, and ``sentence``.

    Notes
    -----
    A code appears where, at the share of rows that carry it from its first use on, the rows before would have carried
    more than 20; it vanishes where those after its last use would have. Both have a chance below one in a hundred
    million in a table that does not change. Rows of one household and day with one code count once; codes of fewer
    than 10 such rows are not judged. Text that is not in a national list is emptied on reading and never shown.
    """
    rows = []
    for table in dated_tables(records):
        frame, first_day = records.table(table.name), records.observed_from[table.name]
        frame = frame.assign(home=records.households.reindex(frame["child_id"]).to_numpy())
        if first_day is not None:
            frame = frame[frame[table.start] >= first_day]
        for column in _coded(table):
            rows += _changes(table, column, frame)
    return pd.DataFrame(rows, columns=_COLUMNS).astype({"month": "datetime64[s]"})


def _coded(table: Table) -> list[str]:
    """Columns with a national list, and flags, that features can see."""
    columns = [each for each in table.columns if each.kind == "flag" or each.codes]
    return [each.name for each in columns if each.known != NEVER or each.codes]


def _changes(table: Table, column: str, frame: pd.DataFrame) -> list[tuple]:
    """Changes of one column among the rows on which it can be known, in the order of the day on which it was."""
    day = table.column(column).known
    day = str(table.start) if day == NEVER else day
    frame = frame[frame[day].notna()].sort_values(day, kind="stable").drop_duplicates(["home", day, column])
    filled = frame[column].notna().to_numpy(dtype=bool)
    used = {FILLED: np.flatnonzero(filled)}
    if table.column(column).codes:
        codes = frame[column].to_numpy(dtype=object)[filled]
        used |= {str(code): np.flatnonzero(codes == code) for code in pd.unique(codes)}
    found = []
    for code in sorted(used):
        size = len(frame) if code == FILLED else int(filled.sum())
        days = frame[day] if code == FILLED else frame.loc[filled, day]
        for change, place in _appears_or_vanishes(used[code], size):
            month = pd.Timestamp(days.iloc[place].replace(day=1))
            what = "any value" if code == FILLED else f"code {code}"
            when = "is first used in" if change == "appears" else "is last used in"
            sentence = f"{table.name}.{column}: {what} {when} {month:%B %Y}."
            found.append((table.name, column, code, change, month, len(used[code]), sentence))
    return found


def _appears_or_vanishes(places: np.ndarray, size: int) -> list[tuple[str, int]]:
    """What happens to a code that is used at these places among so many rows, and where."""
    if places.size < _FEWEST:
        return []
    first, last = int(places[0]), int(places[-1])
    found = []
    if first * places.size / (size - first) > _EXPECTED:
        found.append(("appears", first))
    if (size - 1 - last) * places.size / (last + 1) > _EXPECTED:
        found.append(("vanishes", last))
    return found
