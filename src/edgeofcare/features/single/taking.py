"""The rows of one child's household taken out of records that pandas holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import RecordsError
from edgeofcare.features.single.declared import Declarations
from edgeofcare.records.records import Records
from edgeofcare.records.some_children import rows_of_children
from edgeofcare.schema.columns import Table
from edgeofcare.schema.tables import TABLES

__all__ = ["taken"]


def taken(records: Records, child_id: str) -> tuple[Declarations, dict[str, dict[str, list[Any]]]]:
    """Take the rows of a child and of everybody in its household.

    Parameters
    ----------
    records : Records
        The case records.
    child_id : str
        The child.

    Returns
    -------
    declared : Declarations
        What is declared of the records.
    columns : dict of str to dict of str to list
        The columns of each table that has rows.

    Raises
    ------
    RecordsError
        If the records do not hold the child.
    """
    home = records.households
    if not isinstance(child_id, str) or child_id not in home.index:
        msg = "children: these records do not hold the child asked for. Give the child_id as text, as records have it."
        raise RecordsError(msg)
    children = home.index[home == home[child_id]]
    columns = {}
    for name in records:
        table, frame = records.definition(name), rows_of_children(records, name, children)
        if len(frame):
            frame = frame if table.start is None else frame.sort_values(table.start, kind="stable")
            columns[name] = _columns(table, frame)
    return _declarations(records, child_id), columns


def _declarations(records: Records, child_id: str) -> Declarations:
    """What is declared of the records."""
    return Declarations(
        child_id=child_id,
        observed_until=_day(records.observed_until),
        observed_from={name: None if day is None else _day(day) for name, day in records.observed_from.items()},
        reporting_lag={name: int(lag) for name, lag in records.reporting_lag.items()},
        links=records.links,
        absent_columns=dict(records.absent_columns),
        own={name: records.definition(name) for name in records if name not in TABLES},
    )


def _columns(table: Table, frame: pd.DataFrame) -> dict[str, list[Any]]:
    """The columns that hold something, and the required ones."""
    found = {}
    for column in table.columns:
        values = frame[column.name]
        if column.required or bool(values.notna().any()):
            found[column.name] = _cells(values, column.kind)
    return found


def _cells(values: pd.Series, kind: str) -> list[Any]:
    """Cells as the readers of plain rows give them."""
    gone = values.isna().to_numpy(dtype=bool)
    cells: list[Any]
    if kind == "date":
        cells = values.to_numpy().astype("datetime64[D]").astype(np.int64).tolist()
    elif kind == "flag":
        cells = values.map({True: "yes", False: "no"}).tolist()
    else:
        cells = values.tolist()
    return [None if missing else cell for missing, cell in zip(gone.tolist(), cells, strict=True)]


def _day(date: pd.Timestamp) -> int:
    """Days since 1970-01-01."""
    return int(np.datetime64(date, "D").astype(np.int64))
