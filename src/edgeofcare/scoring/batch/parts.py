"""The children of a day in parts of whole households, so that memory stays flat and a stopped run can go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd

from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.scale.files import part_folder
from edgeofcare.scale.stored import read_manifest, read_part_folder
from edgeofcare.task import Task

__all__ = ["ChildrenOfDay", "children_of_day"]

_Part = tuple[Records, pd.DataFrame]


class ChildrenOfDay(Protocol):
    """Those who are eligible on a day, in parts that are the same whenever they are asked for."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the records that they come from."""

    def __len__(self) -> int:
        """How many parts there are."""

    def part(self, number: int) -> _Part | None:
        """The records and the cohort of one part; None where nobody in it is eligible."""


def children_of_day(
    source: Records | str | Path, task: Task, index_date: pd.Timestamp, children: int
) -> ChildrenOfDay:
    """Divide those who are eligible on a day into parts.

    Parameters
    ----------
    source : Records or path
        The case records, or a folder of records in parts (:func:`edgeofcare.write_parts`), whose parts are used.
    task : Task
        Who is eligible.
    index_date : Timestamp
        The day.
    children : int
        About how many eligible children of Records make a part; a household is never cut.

    Returns
    -------
    ChildrenOfDay
        The parts.

    Raises
    ------
    SpecError
        If the source is neither.
    LeakageError
        If the day is more than one day after the end of the records.
    """
    if isinstance(source, Records):
        return _OfRecords(source, build_cohort(source, task, index_dates=[index_date]), children)
    if not isinstance(source, str | Path):
        msg = "The records must be Records, or the path of a folder that write_parts wrote."
        raise SpecError(msg)
    return _OfFolder(Path(source), task, index_date)


@dataclass(frozen=True, repr=False)
class _OfRecords:
    """Parts of records that are in memory: only features and reasons are worked out part by part."""

    records: Records
    cohort: pd.DataFrame
    children: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the records."""
        return self.records.fingerprint

    @cached_property
    def _rows(self) -> list[np.ndarray]:
        """Positions of the rows of each part, household by household in the order of their names."""
        household, child = (
            self.cohort.index.get_level_values(name).to_numpy(dtype=str) for name in ("household_id", "child_id")
        )
        order = np.lexsort((child, household))
        return list(_cuts(order, household[order], self.children))

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self._rows)

    def part(self, number: int) -> _Part | None:
        """One part: the same records every time, and the rows of some households."""
        return self.records, self.cohort.iloc[self._rows[number]]


def _cuts(order: np.ndarray, household: np.ndarray, children: int) -> Iterator[np.ndarray]:
    """Sorted rows, cut where a household ends once a part has enough."""
    ends = [*(np.flatnonzero(household[1:] != household[:-1]) + 1).tolist(), len(order)]
    start = 0
    for end in ends:
        if end - start >= children or (end == len(order) and end > start):
            yield order[start:end]
            start = end


@dataclass(frozen=True, repr=False)
class _OfFolder:
    """Parts of records that are kept in parts: one is in memory at a time."""

    folder: Path
    task: Task
    index_date: pd.Timestamp

    @cached_property
    def _manifest(self) -> dict:
        """What the folder says of all its parts."""
        return read_manifest(self.folder)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all parts."""
        return str(self._manifest["fingerprint"])

    def __len__(self) -> int:
        """How many parts there are."""
        return int(self._manifest["n_parts"])

    def part(self, number: int) -> _Part | None:
        """One part, read."""
        stored = read_part_folder(part_folder(self.folder, number))
        if stored.tables["children"].empty:
            return None
        records = stored.records()
        cohort = build_cohort(records, self.task, index_dates=[self.index_date])
        return (records, cohort.sort_index()) if len(cohort) else None
