"""The children of a cohort: their births and characteristics, their siblings, and the features made of these."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.ages import birthday
from edgeofcare.features.engine import EventIndex
from edgeofcare.features.feature import Feature
from edgeofcare.features.prepare import as_days
from edgeofcare.features.rows import MAX_DAY, Rows
from edgeofcare.features.siblings import SiblingLinks, sibling_links
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings
from edgeofcare.records.records import Records

__all__ = ["People", "child_column"]

_DAYS_IN_YEAR = 365.25


class People:
    """The children of a cohort.

    Parameters
    ----------
    records : Records
        The case records.
    ids : ndarray of str
        Every child of the cohort once, sorted; a child's place is its code.
    """

    def __init__(self, records: Records, ids: np.ndarray) -> None:
        self.records = records
        self.ids = pd.Index(ids)
        self.table = records.table("children")
        self.everyone = pd.Index(self.table["child_id"])
        self._place = self.everyone.get_indexer(self.ids)
        self._links: dict[str, SiblingLinks | None] = {}

    def column(self, name: str) -> pd.Series:
        """A column of the table of children, by code."""
        return self.table[name].iloc[self._place].reset_index(drop=True)

    def birth(self, rows: Rows) -> np.ndarray:
        """Day of birth of the child of each row; ``MAX_DAY`` where it is not known."""
        return as_days(self.column("birth_date"))[rows.child + rows.first]

    def links(self, scope: str) -> SiblingLinks | None:
        """Siblings of the cohort's children, by code; None where the records cannot say."""
        if scope not in self._links:
            links = sibling_links(self.records, scope)
            self._links[scope] = None if links is None else links.of(self.ids.get_indexer(self.everyone))
        return self._links[scope]

    def siblings_of(self, rows: Rows, scope: str) -> tuple[Rows, SiblingLinks] | None:
        """Siblings of the children of some rows, with the rows by the same codes; None where nobody can say."""
        links = self.links(scope)
        return None if links is None else links.of_rows(rows)


def _age(people: People, rows: Rows, _: Age) -> np.ndarray:
    """Age in years of the child of each row."""
    born = people.birth(rows)
    return np.where(born == MAX_DAY, np.nan, (rows.day - born) / _DAYS_IN_YEAR)


def _characteristic(people: People, rows: Rows, spec: Characteristic) -> np.ndarray:
    """Whether the child of each row has a value of a column."""
    held = people.column(spec.column)
    if held.dtype == "boolean":
        held = held.map({True: "yes", False: "no"})
    return np.where(held.isna(), np.nan, held == spec.code).astype(np.float64)[rows.child + rows.first]


def _calendar(_: People, rows: Rows, spec: Calendar) -> np.ndarray:
    """Month or year of each row's day."""
    months = rows.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months % 12 + 1 if spec.part == "month" else months // 12 + 1970


def _siblings(people: People, rows: Rows, spec: Siblings) -> np.ndarray:
    """How many siblings of some ages the child of each row has: those who came to count, less those who ceased to."""
    found = people.siblings_of(rows, spec.scope)
    if found is None:
        return np.full(rows.day.size, np.nan)
    rows, links = found
    birth, death = people.table["birth_date"].to_numpy(), as_days(people.table["death_date"])
    youngest, oldest = (birthday(birth, age).astype(np.int64) for age in (spec.ages[0], spec.ages[1] + 1))
    begin = np.maximum(youngest[links.sibling], links.known + 1)
    until = np.minimum(oldest, death + 1)[links.sibling]
    counts = begin < until
    child = links.child[counts]
    came, went = (EventIndex(rows, child, day[counts] - 1, day[counts] - 1).count(None) for day in (begin, until))
    return came - went


_FEATURES: dict[type[Feature], Callable[[People, Rows, Any], np.ndarray]] = {
    Age: _age,
    Calendar: _calendar,
    Characteristic: _characteristic,
    Siblings: _siblings,
}


def child_column(people: People, rows: Rows, spec: Feature) -> np.ndarray:
    """A feature of the child, the day or the siblings.

    Parameters
    ----------
    people : People
        The cohort's children.
    rows : Rows
        All rows of the cohort, or a part.
    spec : Feature
        The feature.

    Returns
    -------
    ndarray
        One value for each sorted row.

    Raises
    ------
    TypeError
        If it is no such feature.
    """
    if type(spec) not in _FEATURES:
        msg = f"{type(spec).__name__} is not a feature of a child."
        raise TypeError(msg)
    return _FEATURES[type(spec)](people, rows, spec)
