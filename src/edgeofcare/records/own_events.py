"""An authority's own table of events or spells, made into one that features can use."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.records.findings import Findings
from edgeofcare.records.validation import clean_table
from edgeofcare.records.values import as_text
from edgeofcare.schema.columns import EVENT, SPELL, Table
from edgeofcare.schema.own import NOT_IN_A_NAME, own_table

__all__ = ["OwnColumns", "as_categories", "own_events"]


@dataclass(frozen=True)
class OwnColumns:
    """Which column of the frame is which; None where there is none.

    Parameters
    ----------
    child_id, date : str
        The child, and the day on which the event happened or the spell began.
    end : str or None
        The first day after a spell; given for spells only.
    known, end_known : str or None
        When the row, and its end, was entered.
    value, category : str or None
        A number and a code.
    row_key : str or None
        The row's own key.
    """

    child_id: str = "child_id"
    date: str = "date"
    end: str | None = None
    known: str | None = None
    end_known: str | None = None
    value: str | None = None
    category: str | None = None
    row_key: str | None = None

    @property
    def kind(self) -> str:
        """Whether the table holds events or spells."""
        return EVENT if self.end is None else SPELL

    def canonical(self) -> dict[str, str]:
        """Canonical column name to column of the frame."""
        named = {
            "row_key": self.row_key,
            "child_id": self.child_id,
            "date" if self.end is None else "start_date": self.date,
            "end_date": self.end,
            "value": self.value,
            "category": self.category,
            "recorded_date": self.known,
            "end_recorded_date": self.end_known,
        }
        return {name: column for name, column in named.items() if column is not None}


def own_events(
    name: str,
    frame: pd.DataFrame,
    columns: OwnColumns,
    *,
    children: pd.Series,
    observed_until: pd.Timestamp,
    findings: Findings,
) -> tuple[Table, pd.DataFrame]:
    """Validate an own table.

    Parameters
    ----------
    name : str
        What to call it.
    frame : DataFrame
        The rows.
    columns : OwnColumns
        Which column is which.
    children : Series of str
        Every child of the records.
    observed_until : Timestamp
        Rows that begin later are dropped.
    findings : Findings
        Collects problems and repairs.

    Returns
    -------
    table : Table
        Its definition.
    rows : DataFrame
        Its rows, with canonical column names and dtypes.

    Raises
    ------
    RecordsError
        With every problem of the rows.
    SpecError
        If the name cannot be used, or the frame has no such column.
    """
    table = own_table(name, columns.kind, value=columns.value is not None, category=columns.category is not None)
    source = _renamed(name, frame, columns)
    if columns.category is not None:
        source["category"] = as_categories(source["category"])
    if columns.row_key is None:
        source["row_key"] = ""
    made = clean_table(
        source, table, observed_until=observed_until, children=children, findings=findings, keyed=bool(columns.row_key)
    )
    _tell_unentered(made, table, columns, findings)
    return table, made if columns.row_key else made.assign(row_key=_row_keys(made, str(table.start)))


def _tell_unentered(rows: pd.DataFrame, table: Table, columns: OwnColumns, findings: Findings) -> None:
    """Tell of rows without the day of entry that others have: they count as known on the very day."""
    why = "no day of entry, which other rows have: taken as known on the day itself"
    for asked, happened, entered in (
        (columns.known, table.start, "recorded_date"),
        (columns.end_known, table.end, "end_recorded_date"),
    ):
        if asked is not None and happened is not None and not rows[entered].isna().all():
            unentered = rows[happened].notna() & rows[entered].isna()
            findings.note(table.name, entered, int(unentered.sum()), "ignored", why)


def _renamed(name: str, frame: pd.DataFrame, columns: OwnColumns) -> pd.DataFrame:
    """The named columns only, with canonical names."""
    wanted = columns.canonical()
    if not isinstance(frame, pd.DataFrame):
        msg = f"{name}: with_events needs a DataFrame with one row for each event or spell."
        raise SpecError(msg)
    names = [column for column in frame.columns if pd.api.types.is_scalar(column) and not pd.isna(column)]
    count = {column: names.count(column) for column in wanted.values()}
    missing, twice = ([c for c, n in count.items() if n == 0], [c for c, n in count.items() if n > 1])
    if missing or twice:
        problems = [f"it has no column {column!r}" for column in missing]
        problems += [f"it has the column {column!r} more than once" for column in twice]
        msg = f"{name}: the frame cannot be used: {'; '.join(problems)}. Say which column is which, as in date='DATE'."
        raise SpecError(msg)
    return pd.DataFrame({canonical: frame[column].reset_index(drop=True) for canonical, column in wanted.items()})


def as_categories(values: pd.Series) -> pd.Series:
    """Codes that a feature's name can hold: other characters than letters, digits and hyphens become underscores."""
    return as_text(values).str.replace(NOT_IN_A_NAME.pattern, "_", regex=True).str.strip("_")


def _row_keys(rows: pd.DataFrame, start: str) -> np.ndarray:
    """Keys of rows that have none: child, day and, where a child has several on a day, the place among them."""
    told = rows.drop(columns="row_key").astype(str)
    order = told.sort_values(list(told.columns), kind="stable").index
    place = rows.loc[order].groupby(["child_id", start]).cumcount().reindex(rows.index) + 1
    day = rows[start].dt.strftime("%Y-%m-%d")
    return (rows["child_id"].astype(str) + ":" + day + ":" + place.astype(str)).to_numpy()
