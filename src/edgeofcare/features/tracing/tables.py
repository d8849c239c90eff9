"""Tables of the records sorted by child once, so that the rows of a child are a slice of plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import cast

import numpy as np
import pandas as pd

from edgeofcare.care import care_periods_as_known, care_sources_as_known
from edgeofcare.features.prepare import as_days
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records
from edgeofcare.schema.extracts import KEPT_BY_START
from edgeofcare.task import Task

__all__ = ["ChildTable", "care_table", "children_table", "dated_table"]


@dataclass(frozen=True, eq=False)
class ChildTable:
    """One table, sorted by child.

    Parameters
    ----------
    name : str
        The table that features name.
    source : str
        The table whose row keys the rows carry.
    frame : DataFrame
        The rows with all their columns, in the sorted order.
    child : ndarray of int64
        Number of the child of each row.
    start, start_known, end, end_known : ndarray of int64
        Days since 1970-01-01; ``MAX_DAY`` where there is no end.
    outside : ndarray of bool
        Rows from before the extract's window, which are there only because they were still open when it ended.
    first : ndarray of int64
        Where the rows of each child begin, and at last their number; for periods of care, where its views begin.
    since : ndarray of int64, optional
        For periods of care, the day after which each view of them holds.
    view : ndarray of int64, optional
        For periods of care, where the rows of each view begin, and at last their number.
    sources : callable, optional
        For periods of care, what gives the source rows that each period of each view rests on.
    """

    name: str
    source: str
    frame: pd.DataFrame
    child: np.ndarray
    start: np.ndarray
    start_known: np.ndarray
    end: np.ndarray
    end_known: np.ndarray
    outside: np.ndarray
    first: np.ndarray
    since: np.ndarray | None = None
    view: np.ndarray | None = None
    sources: Callable[[], Mapping[tuple[int, str], pd.DataFrame]] | None = None

    _said: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    @property
    def keys(self) -> np.ndarray:
        """Row key of each row."""
        return self.said("row_key")

    def said(self, column: str) -> np.ndarray:
        """Keys, codes and flags as text; None where there is none.

        Parameters
        ----------
        column : str
            A column.

        Returns
        -------
        ndarray of object
            ``"yes"`` and ``"no"`` for a flag.
        """
        if column not in self._said:
            values = self.frame[column]
            if values.dtype == "boolean":
                values = values.map({True: "yes", False: "no"})
            self._said[column] = values.astype(object).where(values.notna(), None).to_numpy(dtype=object)
        return self._said[column]

    def slice(self, child: int, day: int) -> slice:
        """Where the rows of a child are; of periods of care, those that were known before a day.

        Parameters
        ----------
        child : int
            Number of the child.
        day : int
            Days since 1970-01-01.

        Returns
        -------
        slice
            Into every array of the table.
        """
        begin, stop = int(self.first[child]), int(self.first[child + 1])
        if self.since is None or self.view is None:
            return slice(begin, stop)
        at = begin + int(np.searchsorted(self.since[begin:stop], day)) - 1
        return slice(0, 0) if at < begin else slice(int(self.view[at]), int(self.view[at + 1]))


def dated_table(records: Records, name: str, children: pd.Index) -> ChildTable:
    """Sort a dated table by child.

    Parameters
    ----------
    records : Records
        The case records.
    name : str
        A dated table.
    children : Index of str
        Every child; their numbers are their positions.

    Returns
    -------
    ChildTable
        With every row, also those from before the extract's window.
    """
    frame, lag, start = records.table(name), records.reporting_lag[name], str(records.definition(name).start)
    child = children.get_indexer(pd.Index(frame["child_id"]))
    order = np.argsort(child, kind="stable")
    order = order[child[order] >= 0]
    frame = frame.iloc[order].reset_index(drop=True)
    outside, window = np.zeros(len(frame), dtype=bool), records.observed_from[name]
    if name in KEPT_BY_START and window is not None:
        outside = (frame[start] < window).to_numpy(dtype=bool)
    ends = as_days(frame["end_date"]) if "end_date" in frame else np.full(len(frame), MAX_DAY)
    known = as_days(start_known(frame, lag)), as_days(end_known(frame, lag))
    first = np.searchsorted(child[order], np.arange(len(children) + 1))
    return ChildTable(
        name, name, frame, child[order], as_days(frame[start]), known[0], ends, known[1], outside, first
    )  # fmt: skip


def children_table(records: Records) -> ChildTable:
    """The children themselves, one row each, known from birth.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    ChildTable
        Its rows are numbered as the children are; the row key is the child's own.
    """
    frame = records.table("children").sort_values("child_id", ignore_index=True)
    frame["row_key"], born = frame["child_id"], as_days(frame["birth_date"])
    number, never = np.arange(len(frame)), np.full(len(frame), MAX_DAY)
    nothing = np.zeros(len(frame), dtype=bool)
    first = np.arange(len(frame) + 1)
    return ChildTable("children", "children", frame, number, born, born, never, never, nothing, first)


def care_table(records: Records, children: pd.Index) -> ChildTable:
    """Periods of care of every child, as known at every time at which that changed.

    Parameters
    ----------
    records : Records
        The case records.
    children : Index of str
        Every child; their numbers are their positions.

    Returns
    -------
    ChildTable
        With views: what a period amounts to can change with each day on which a start or an end became known.
    """
    changes = _changes(records, children)
    after = changes["day"].to_numpy() + 1
    asked = pd.DataFrame(
        {
            "child_id": children.to_numpy(dtype=object)[changes["child"]],
            "index_date": after.astype("datetime64[D]").astype("datetime64[s]"),
        }
    )
    periods = care_periods_as_known(records, Task(), asked).sort_values(["row", "row_key"], ignore_index=True)
    row = periods["row"].to_numpy(dtype=np.int64)
    return ChildTable(
        name="care_periods",
        source="care_episodes",
        frame=periods.rename(columns={"entry_date": "start_date"}),
        child=changes["child"].to_numpy(dtype=np.int64)[row],
        start=as_days(periods["entry_date"]),
        start_known=as_days(periods["entry_known"]),
        end=as_days(periods["end_date"]),
        end_known=as_days(periods["end_known"]),
        outside=np.zeros(len(periods), dtype=bool),
        first=np.searchsorted(changes["child"].to_numpy(), np.arange(len(children) + 1)),
        since=changes["day"].to_numpy(),
        view=np.searchsorted(row, np.arange(len(changes) + 1)),
        sources=cache(lambda: _sources(records, asked)),
    )


def _sources(records: Records, asked: pd.DataFrame) -> dict[tuple[int, str], pd.DataFrame]:
    """Source rows by view and key of the period."""
    found = care_sources_as_known(records, Task(), asked)
    return {cast("tuple[int, str]", key): rows for key, rows in found.groupby(["row", "period"])}


def _changes(records: Records, children: pd.Index) -> pd.DataFrame:
    """Children with episodes of care, and each day on which something of their care became known."""
    parts = []
    for name in ("care_episodes", "legal_statuses"):
        frame, lag = records.table(name), records.reporting_lag[name]
        child = children.get_indexer(pd.Index(frame["child_id"]))
        parts += [
            pd.DataFrame({"child": child, "day": as_days(known)})
            for known in (start_known(frame, lag), end_known(frame, lag))
        ]
    found = pd.concat(parts, ignore_index=True)
    kept = found["child"].isin(parts[0]["child"]) & (found["child"] >= 0) & (found["day"] != MAX_DAY)
    return found[kept].drop_duplicates().sort_values(["child", "day"], ignore_index=True)
