"""What became known in the four weeks before a day, by table: rows, households, codes and delays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.metrics._arrays import Ints
from edgeofcare.records.quality.months import dated_tables
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import NEVER, Table

__all__ = ["BLOCK_DAYS", "DELAYS", "FILLED", "TableBlocks", "block_count", "known_days", "table_blocks"]

BLOCK_DAYS = 28
"""Days of a block: whole weeks, so that every block has as many of each weekday."""

FILLED = "(any value)"
"""Stands for a column as a whole."""

DELAYS = "delay"
"""Column of the days from an event to its being recorded."""


@dataclass(frozen=True)
class TableBlocks:
    """Rows of one dated table that became known within blocks of four weeks that end the day before a day.

    Parameters
    ----------
    name : str
        The table.
    household, child, block : ndarray of int64
        Code of the household and of the child, and the block of each row: 0 is the last before the day.
    happened : ndarray of int64
        The block in which it happened or began.
    coded : DataFrame
        Columns with a code list and flags, and the ``delay`` in days, missing where nothing says when a row was
        recorded.
    n_blocks : int
        Blocks that lie wholly within what the table covers.
    """

    name: str
    household: Ints
    child: Ints
    block: Ints
    happened: Ints
    coded: pd.DataFrame
    n_blocks: int

    def households(self, keep: np.ndarray | None = None) -> Ints:
        """Distinct households in each block.

        Parameters
        ----------
        keep : ndarray of bool, optional
            Of these rows only.

        Returns
        -------
        ndarray of int64, shape (n_blocks,)
        """
        rows = np.ones(self.block.size, dtype=bool) if keep is None else keep
        pairs = np.unique(self.block[rows] * (int(self.household.max(initial=0)) + 1) + self.household[rows])
        return np.bincount(pairs // (int(self.household.max(initial=0)) + 1), minlength=self.n_blocks).astype(np.int64)


def block_count(first: np.datetime64, last: np.datetime64) -> int:
    """Whole blocks from a day to another.

    Parameters
    ----------
    first, last : numpy.datetime64
        The first day, and the day after the last.

    Returns
    -------
    int

    Examples
    --------
    >>> block_count(np.datetime64("2024-01-01"), np.datetime64("2024-03-01"))
    2
    """
    return max(0, int((last - first).astype("timedelta64[D]").astype(np.int64)) // BLOCK_DAYS)


def known_days(frame: pd.DataFrame, start: str, lag: int) -> Ints:
    """The first day on which each row can be seen: the later of two dates, plus the lag.

    Parameters
    ----------
    frame : DataFrame
        Rows of a dated table.
    start : str
        The column of the day on which it happened or began.
    lag : int
        Reporting lag in days.

    Returns
    -------
    ndarray of int64
        Days; as :func:`edgeofcare.records.known.start_known` says, in a fraction of the time.
    """
    happened, recorded = (frame[name].to_numpy().astype("datetime64[D]") for name in (start, "recorded_date"))
    return np.fmax(happened, recorded).astype(np.int64) + lag


def table_blocks(records: Records, before: np.datetime64, n_blocks: int) -> list[TableBlocks]:
    """Cut every dated table into blocks of four weeks.

    Parameters
    ----------
    records : Records
        The case records.
    before : numpy.datetime64
        The day before which rows were known.
    n_blocks : int
        Most blocks.

    Returns
    -------
    list of TableBlocks
        Tables that cover at least one block.
    """
    homes = records.households
    home = pd.Series(np.unique(homes.to_numpy(dtype=str), return_inverse=True)[1], index=homes.index)
    found = []
    for table in dated_tables(records):
        first = records.observed_from[table.name]
        if first is None or not records.observed(table.name):
            continue
        most = min(n_blocks, block_count(np.datetime64(first, "D"), before))
        if most:
            found.append(_blocks(records, table, before, most, home))
    return found


def _blocks(records: Records, table: Table, before: np.datetime64, most: int, home: pd.Series) -> TableBlocks:
    """Blocks of one table."""
    frame = records.table(table.name)
    known = known_days(frame, str(table.start), int(records.reporting_lag.get(table.name, 0)))
    ago = int(before.astype(np.int64)) - known - 1
    inside = (ago >= 0) & (ago < most * BLOCK_DAYS)
    frame = frame.loc[inside]
    happened = frame[str(table.start)]
    coded = frame[[column for column in _coded(table) if column in frame]].astype("object")
    coded[DELAYS] = (frame["recorded_date"] - happened).dt.days.clip(lower=0).astype(np.float64)
    child = np.unique(frame["child_id"].to_numpy(dtype=str), return_inverse=True)[1]
    return TableBlocks(
        table.name,
        home.reindex(frame["child_id"]).to_numpy(dtype=np.int64),
        child.astype(np.int64),
        (ago[inside] // BLOCK_DAYS).astype(np.int64),
        ((before - happened.to_numpy().astype("datetime64[D]")).astype(np.int64) - 1) // BLOCK_DAYS,
        coded.reset_index(drop=True),
        most,
    )


def _coded(table: Table) -> list[str]:
    """Columns with a national list, and flags, that are known with the row itself."""
    columns = [each for each in table.columns if each.kind == "flag" or each.codes]
    return [each.name for each in columns if each.known in (NEVER, table.start, "recorded_date")]
