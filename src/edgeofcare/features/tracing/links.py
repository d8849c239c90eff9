"""Who the siblings of a child are, through which rows, and since when that was known."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.features.prepare import as_days
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.records.records import Records
from edgeofcare.schema.extracts import LARGEST_FAMILY

__all__ = ["Links", "Sibling"]


class Sibling(NamedTuple):
    """A sibling of a child.

    Parameters
    ----------
    child : int
        Number of the sibling.
    known : int
        Day from which the link can be seen, strictly before an index date.
    key : str
        Row key of the sibling's own row of relationships through which it was known first.
    parent : int
        Day from which it can be seen that one of the two is the other's mother, so that they are no siblings;
        ``MAX_DAY`` where nothing says so.
    """

    child: int
    known: int
    key: str
    parent: int


class Links:
    """Rows of relationships by child and by relative.

    Parameters
    ----------
    records : Records
        The case records.
    children : Index of str
        Every child; their numbers are their positions.
    born : ndarray of int64
        Day of birth of each child.
    """

    def __init__(self, records: Records, children: pd.Index, born: np.ndarray) -> None:
        frame = records.table("relationships").dropna(subset=["child_id", "related_id"])
        lag = records.reporting_lag.get("relationships", 0)
        recorded = as_days(frame["recorded_date"])
        self._recorded = np.where(recorded == MAX_DAY, MAX_DAY, recorded + lag)
        self._child = children.get_indexer(pd.Index(frame["child_id"]))
        self._key = frame["row_key"].to_numpy(dtype=object)
        kind = frame["kind"].fillna("").to_numpy(dtype=str)
        relative = np.char.add(np.char.add(kind, ":"), frame["related_id"].to_numpy(dtype=str))
        codes, self._relative = np.unique(relative, return_inverse=True)
        pairs = pd.DataFrame({"relative": self._relative, "child": frame["child_id"].to_numpy()}).drop_duplicates()
        self._family = np.bincount(pairs["relative"].to_numpy(dtype=np.int64), minlength=codes.size)
        self._of_relative = np.argsort(self._relative, kind="stable")
        self._first = np.searchsorted(self._relative[self._of_relative], np.arange(codes.size + 1))
        named = (kind == "mother") & (self._family[self._relative] <= LARGEST_FAMILY)
        self._mothers = self._pairs(np.where(named, children.get_indexer(pd.Index(frame["related_id"])), -1))
        self._of_child = np.argsort(self._child, kind="stable")
        self._rows = np.searchsorted(self._child[self._of_child], np.arange(len(children) + 1))
        self._born = born
        self._said = records.links
        self._siblings_of = lru_cache(maxsize=4096)(self._siblings)

    def trusted(self, scope: str) -> bool:
        """Whether the records say anything of siblings in a scope."""
        return self._said == "dated" if scope == "siblings" else self._said != "none"

    def of(self, child: int, scope: str, day: int) -> list[Sibling]:
        """Siblings of a child, also those whose link was not known yet.

        Parameters
        ----------
        child : int
            Number of the child.
        scope : {"siblings", "undated_siblings"}
            Whether links without a date are taken.
        day : int
            The index date: who was known to be a mother of the other before it is left out.

        Returns
        -------
        list of Sibling
            By number.
        """
        return [sibling for sibling in self._siblings_of(child, scope) if not sibling.parent < day]

    def _pairs(self, mother: np.ndarray) -> dict[tuple[int, int], list[int]]:
        """Rows that name a child of the records as the mother of another, by both."""
        found: dict[tuple[int, int], list[int]] = {}
        for row in np.flatnonzero((mother >= 0) & (self._child >= 0)).tolist():
            found.setdefault((int(self._child[row]), int(mother[row])), []).append(row)
        return found

    def _siblings(self, child: int, scope: str) -> tuple[Sibling, ...]:
        """Siblings of a child, by number."""
        found: dict[int, Sibling] = {}
        for row in self._of_child[self._rows[child] : self._rows[child + 1]].tolist():
            relative = int(self._relative[row])
            mine = self._day(row, scope)
            if mine is None or self._family[relative] > LARGEST_FAMILY:
                continue
            for other in self._of_relative[self._first[relative] : self._first[relative + 1]].tolist():
                their, sibling = self._day(other, scope), int(self._child[other])
                if their is None or sibling < 0 or sibling == child:
                    continue
                known = max(mine, their, self._birth(child), self._birth(sibling))
                new = Sibling(sibling, known, str(self._key[other]), self._parent(child, sibling, scope))
                found[sibling] = min(found.get(sibling, new), new)
        return tuple(sorted(found.values()))

    def _parent(self, child: int, other: int, scope: str) -> int:
        """The day from which one of two children can be seen to be the mother of the other."""
        rows = self._mothers.get((child, other), []) + self._mothers.get((other, child), [])
        return min([day for row in rows if (day := self._day(row, scope)) is not None], default=MAX_DAY)

    def _birth(self, child: int) -> int:
        """Day of birth; nothing to wait for where it is not recorded."""
        day = int(self._born[child])
        return -MAX_DAY if day == MAX_DAY else day

    def _day(self, row: int, scope: str) -> int | None:
        """The day from which a row can be seen; None where the scope does not take it."""
        day = int(self._recorded[row])
        if day != MAX_DAY:
            return day
        return None if scope == "siblings" else -MAX_DAY
