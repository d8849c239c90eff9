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
from edgeofcare.records.households import real_links
from edgeofcare.records.records import Records
from edgeofcare.scale.files import part_folder
from edgeofcare.scale.households import household_of_everyone
from edgeofcare.scale.stored import StoredPart, declared, read_manifest, read_part_folder
from edgeofcare.scoring.batch.layout import LONGEST_ID
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


def children_of_day(source: Records | str | Path, task: Task, index_date: pd.Timestamp, children: int) -> ChildrenOfDay:
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
        If the source is neither, or a key of those who are eligible is one that a table of scores cannot hold.
    LeakageError
        If the day is more than one day after the end of the records.
    """
    if isinstance(source, Records):
        cohort = build_cohort(source, task, index_dates=[index_date])
        _refuse_keys(cohort)
        return _OfRecords(source, cohort, children)
    if not isinstance(source, str | Path):
        msg = "The records must be Records, or the path of a folder that write_parts wrote."
        raise SpecError(msg)
    return _OfFolder(Path(source), task, index_date)


def _refuse_keys(cohort: pd.DataFrame) -> None:
    """Refuse keys that no table of scores can hold, before anybody is scored."""
    keys = {name: cohort.index.unique(name).tolist() for name in ("child_id", "household_id")}
    counts = {name: sum(len(key) > LONGEST_ID or "\0" in key for key in held) for name, held in keys.items()}
    problems = [f"{count:,} of column {name!r}" for name, count in counts.items() if count]
    if problems:
        msg = (
            f"Scores cannot be kept: keys are longer than {LONGEST_ID} characters or hold the character NUL: "
            f"{' and '.join(problems)}. A household's key is H and that of a child, so those of children may have "
            f"{LONGEST_ID - 1}. Give shorter keys, the same in every table of the records. No score was written."
        )
        raise SpecError(msg)


@dataclass(frozen=True, repr=False)
class _OfRecords:
    """Parts of records that are in memory: the rows of so many households at a time."""

    records: Records
    cohort: pd.DataFrame
    children: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the records."""
        return self.records.fingerprint

    @cached_property
    def _rows(self) -> list[pd.DataFrame]:
        """The rows of the cohort of each part, household by household in the order of their names."""
        household, child = (
            self.cohort.index.get_level_values(name).to_numpy(dtype=str) for name in ("household_id", "child_id")
        )
        order = np.lexsort((child, household))
        return [self.cohort.iloc[rows] for rows in _cuts(order, household[order], self.children)]

    @cached_property
    def _tables(self) -> dict[str, tuple[pd.DataFrame, np.ndarray]]:
        """The rows of households with somebody who is eligible, sorted by part, and where each part begins and ends."""
        homes = [rows.index.get_level_values("household_id").unique() for rows in self._rows]
        of_home = {home: number for number, names in enumerate(homes) for home in names}
        of_child = household_of_everyone(self.records).map(of_home)
        return {name: _sorted_by_part(self.records, name, of_child, len(homes)) for name in self.records}

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self._rows)

    def part(self, number: int) -> _Part | None:
        """One part: the records of its households, and those in them who are eligible."""
        tables = {
            name: frame.iloc[bounds[number] : bounds[number + 1]].reset_index(drop=True)
            for name, (frame, bounds) in self._tables.items()
        }
        return StoredPart(number, "", declared(self.records), tables).records(), self._rows[number]


def _sorted_by_part(records: Records, name: str, of_child: pd.Series, n_parts: int) -> tuple[pd.DataFrame, np.ndarray]:
    """One table, the rows of the parts one after the other, and where each part begins and ends."""
    frame = records.table(name)
    if name == "relationships":
        frame = real_links(frame)
    number = of_child.reindex(frame["child_id"]).fillna(n_parts).to_numpy(dtype=np.int64)
    order = np.argsort(number, kind="stable")
    bounds = np.searchsorted(number[order], np.arange(n_parts + 1))
    return frame.iloc[order[: bounds[-1]]], bounds


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
        _refuse_keys(cohort)
        return (records, cohort.sort_index()) if len(cohort) else None
