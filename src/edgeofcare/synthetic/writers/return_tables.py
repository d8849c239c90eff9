"""What the writers of statutory returns share: the tables that they are made from, return years and plain values."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.writers.ssd_values import numbered, text

__all__ = [
    "ReturnYear",
    "Source",
    "as_known",
    "first_after",
    "key_numbers",
    "latest_before",
    "looked_up",
    "postcodes",
    "pupil_numbers",
    "return_source",
    "return_years",
    "running",
    "values_of",
]


@dataclass(frozen=True)
class ReturnYear:
    """One return year: 1 April to 31 March, named after the year in which it ends.

    Parameters
    ----------
    year : int
        Year in which it ends.
    """

    year: int

    @property
    def first(self) -> pd.Timestamp:
        """1 April."""
        return pd.Timestamp(year=self.year - 1, month=4, day=1)

    @property
    def last(self) -> pd.Timestamp:
        """31 March."""
        return pd.Timestamp(year=self.year, month=3, day=31)


@dataclass(frozen=True)
class Source:
    """The records that returns are made from.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Canonical tables without exact copies and without rows of children who are not there.
    observed_from, observed_until : Timestamp
        First and last day of the extract.
    """

    tables: dict[str, pd.DataFrame]
    observed_from: pd.Timestamp
    observed_until: pd.Timestamp


def return_source(
    records: Records | Mapping[str, pd.DataFrame], observed_from: Any = None, observed_until: Any = None
) -> Source:
    """Tables and window of records, or of canonical tables.

    Parameters
    ----------
    records : Records or mapping of str to DataFrame
        Records, or canonical tables by name.
    observed_from, observed_until : date, optional
        First and last day of the extract, where tables are given; those of the records otherwise. Without them, the
        days of the first referral and of the latest contact.

    Returns
    -------
    Source
        Clean tables, in the order of their row keys.
    """
    given = {name: records.table(name) for name in TABLES} if isinstance(records, Records) else dict(records)
    known = given["children"]["child_id"].drop_duplicates()
    tables = {}
    for name, table in TABLES.items():
        frame = given[name].drop_duplicates()
        frame = frame[frame["child_id"].isin(known)]
        order = ["child_id"] if name == "children" else ["child_id", *([table.start] if table.start else []), "row_key"]
        tables[name] = frame.sort_values(order, ignore_index=True)
    if isinstance(records, Records):
        observed_from = observed_from or records.observed_from["referrals"]
        observed_until = observed_until or records.observed_until
    first = given["referrals"]["start_date"].min() if observed_from is None else observed_from
    last = given["contacts"]["date"].max() if observed_until is None else observed_until
    first = last if pd.isna(first) else first
    return Source(tables, one_date(first, "observed_from"), one_date(last, "observed_until"))


def return_years(source: Source, years: int) -> list[ReturnYear]:
    """The latest complete return years of an extract.

    Parameters
    ----------
    source : Source
        What the returns are made from.
    years : int
        How many.

    Returns
    -------
    list of ReturnYear
        In order.

    Raises
    ------
    SpecError
        If ``years`` is not a positive whole number.
    """
    if not isinstance(years, int) or isinstance(years, bool) or years < 1:
        msg = f"years must be a whole number of at least 1; got {years!r}."
        raise SpecError(msg)
    until = source.observed_until
    latest = ReturnYear(until.year)
    latest = latest if latest.last <= until else ReturnYear(until.year - 1)
    return [ReturnYear(year) for year in range(latest.year - years + 1, latest.year + 1)]


def as_known(frame: pd.DataFrame, name: str, last: pd.Timestamp) -> pd.DataFrame:
    """A table as the case system showed it at the end of a day.

    Parameters
    ----------
    frame : DataFrame
        Canonical table.
    name : str
        Its name.
    last : Timestamp
        The day.

    Returns
    -------
    DataFrame
        Without rows that began or were entered later, and without ends, and what they made known, that came later.
    """
    table = TABLES[name]
    frame = frame[frame[[str(table.start), "recorded_date"]].max(axis=1) <= last]
    if table.kind != SPELL:
        return frame
    entered = frame[["end_date", "end_recorded_date"]].max(axis=1)
    told = frame["end_date"].notna() & (entered <= last)
    hidden = [column.name for column in table.columns if column.known == "end_date"]
    return frame.assign(**{column: frame[column].where(told) for column in hidden})


def running(frame: pd.DataFrame, name: str, year: ReturnYear) -> pd.DataFrame:
    """Spells, as known at the end of a return year, that were open on any day of it.

    Parameters
    ----------
    frame : DataFrame
        Canonical spells.
    name : str
        Name of the table.
    year : ReturnYear
        The year; a spell that ended on its first day was open in it.

    Returns
    -------
    DataFrame
        The rows, with ends that are known by the end of the year only.
    """
    known = as_known(frame, name, year.last)
    return known[known["end_date"].isna() | (known["end_date"] >= year.first)]


def latest_before(rows: pd.DataFrame, date: str, others: pd.DataFrame, *, by: str = "child_id") -> pd.Series:
    """Label of the latest other row, by its start, on or before a date of each row.

    Parameters
    ----------
    rows : DataFrame
        Rows to find something for.
    date : str
        Their date column, without gaps.
    others : DataFrame
        Rows with a ``start_date``; of those that start on one day the last counts.
    by : str, default "child_id"
        Column that must agree.

    Returns
    -------
    Series of float64
        Labels of ``others`` on the index of ``rows``; NaN where there is none.
    """
    return _nearest(rows, date, others, by, "backward")


def first_after(rows: pd.DataFrame, date: str, others: pd.DataFrame) -> pd.Series:
    """Label of the first other row of the child, by its start, on or after a date of each row.

    Parameters
    ----------
    rows, date, others
        As for :func:`latest_before`.

    Returns
    -------
    Series of float64
        Labels of ``others`` on the index of ``rows``; NaN where there is none.
    """
    return _nearest(rows, date, others, "child_id", "forward")


def _nearest(
    rows: pd.DataFrame, date: str, others: pd.DataFrame, by: str, direction: Literal["backward", "forward"]
) -> pd.Series:
    """Labels of the nearest other rows in one direction."""
    if rows.empty or others.empty:
        return pd.Series(np.nan, index=rows.index)
    left = pd.DataFrame({"by": rows[by], "when": rows[date], "place": rows.index}).sort_values("when", kind="stable")
    right = pd.DataFrame({"by": others[by], "when": others["start_date"], "found": others.index})
    right = right.sort_values("when", kind="stable")
    found = pd.merge_asof(left, right, on="when", by="by", direction=direction)
    return found.set_index("place")["found"].reindex(rows.index).astype("float64")


def values_of(frame: pd.DataFrame, column: str, positions: pd.Series) -> pd.Series:
    """Values of a column at the labels that :func:`latest_before` found, as text; empty where there is none.

    Parameters
    ----------
    frame : DataFrame
        Where to look.
    column : str
        Its column.
    positions : Series of float64
        Labels, NaN for none.

    Returns
    -------
    Series of str
        On the index of ``positions``.
    """
    return text(frame[column].reindex(positions).set_axis(positions.index))


def looked_up(keys: pd.Series, found: pd.Series) -> pd.Series:
    """What stands under each key, in its own type; missing where there is none.

    Parameters
    ----------
    keys : Series
        What to look for.
    found : Series
        Values by key, each once.

    Returns
    -------
    Series
        On the index of ``keys``.
    """
    return found.reindex(keys.to_numpy()).set_axis(keys.index)


def key_numbers(keys: pd.Series) -> pd.Series:
    """A whole number that belongs to each key and looks like no other identifier.

    Parameters
    ----------
    keys : Series of str
        Keys; those of made records are digits and get the numbers that their extract has.

    Returns
    -------
    Series of int64
        Below 10 million.
    """
    if bool(keys.str.fullmatch(r"[0-9]{1,15}").all()):
        return numbered(keys)
    return keys.map(lambda key: zlib.crc32(str(key).encode()) % 9999991).astype("int64")


def pupil_numbers(children: pd.DataFrame) -> pd.Series:
    """Invented pupil numbers such as ZUPN007830676, the same as in the extract."""
    return "ZUPN" + key_numbers(children["child_id"]).astype(str).str.zfill(9)


def postcodes(children: pd.DataFrame) -> pd.Series:
    """Invented postcodes such as ZZ10 4ZZ, the same as in the extract."""
    number = key_numbers(children["child_id"])
    return "ZZ" + (number % 90 + 10).astype(str) + " " + (number // 90 % 10).astype(str) + "ZZ"
