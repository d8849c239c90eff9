"""Streams of rows on the clocks of one feature, and the rows of one child or of its siblings among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.specs.events import Share
from edgeofcare.features.tracing.links import Sibling
from edgeofcare.features.tracing.reasons import Reason
from edgeofcare.features.tracing.tables import ChildTable

__all__ = ["Look", "Moment", "RowSet", "Stream", "filters_of", "own_rows", "sibling_rows"]


@dataclass(frozen=True, eq=False, slots=True)
class Stream:
    """A table on the clocks of one feature.

    Parameters
    ----------
    spec : Feature
        The feature.
    table : ChildTable
        The table.
    keys : ndarray of str
        Row keys.
    child, start, start_known, end, end_known : ndarray of int64
        As in the table.
    happened, known : ndarray of int64
        When the start or end that the feature asks for happened and could first be seen.
    base : ndarray of int8
        What hides a row on every index date; 0 where nothing does.
    failed : ndarray of int8
        The first filter that a row does not pass, by its place among :func:`filters_of`; -1 where it passes all.
    value : ndarray, optional
        The column that the feature is of.
    among : ndarray of bool, optional
        For a share, whether a row has one of the codes.
    """

    spec: Feature
    table: ChildTable
    keys: np.ndarray
    child: np.ndarray
    start: np.ndarray
    start_known: np.ndarray
    end: np.ndarray
    end_known: np.ndarray
    happened: np.ndarray
    known: np.ndarray
    base: np.ndarray
    failed: np.ndarray
    value: np.ndarray | None = None
    among: np.ndarray | None = None

    @classmethod
    def of_feature(cls, spec: Feature, table: ChildTable, *, filtered: bool = True) -> Stream:
        """Put a table on the clocks of a feature.

        Parameters
        ----------
        spec : Feature
            The feature.
        table : ChildTable
            Its table, or the other table of an overlap.
        filtered : bool, default True
            Whether the filters of the feature hold for the table.

        Returns
        -------
        Stream
            Every row of the table.
        """
        happened, known = table.start, table.start_known
        failed, value = np.full(len(known), -1, dtype=np.int8), None
        base = np.where(table.outside, Reason.OUTSIDE, Reason.COUNTS).astype(np.int8)
        if isinstance(spec, TableFeature) and filtered:
            if getattr(spec, "edge", "start") == "end":
                happened, known = table.end, table.end_known
            elif "end_date" in spec.known_columns:
                known = np.maximum(known, table.end_known)
            failed = _first_failed(table, spec)
            base[(failed >= 0) & (base == 0)] = Reason.FILTERED
            value = _values(table, getattr(spec, "value", ""))
            if value is not None:
                base[pd.isna(value) & (base == 0)] = Reason.NO_VALUE
        among = _passes(table, *spec.of[0]) if isinstance(spec, Share) else None
        return cls(
            spec, table, table.keys, table.child, table.start, table.start_known, table.end, table.end_known,
            happened, known, base, failed, value, among,
        )  # fmt: skip


@dataclass(frozen=True, eq=False, slots=True)
class RowSet:
    """Rows of one table that one value was looked for in.

    Parameters
    ----------
    stream : Stream
        The table on the clocks of the feature.
    at : slice or ndarray of int64
        Where the rows are in it.
    happened, known : ndarray of int64
        Of these rows; ``known`` waits for the link to a sibling.
    link : ndarray of int64, optional
        Day from which the link to the sibling of each row can be seen.
    codes : ndarray of int8
        Why each row counts or does not.
    """

    stream: Stream
    at: slice | np.ndarray
    happened: np.ndarray
    known: np.ndarray
    link: np.ndarray | None
    codes: np.ndarray

    @property
    def keys(self) -> np.ndarray:
        """Row key of each row."""
        return self.stream.keys[self.at]

    def judged(self, codes: np.ndarray) -> RowSet:
        """The same rows with reasons.

        Parameters
        ----------
        codes : ndarray of int8
            One for each row.

        Returns
        -------
        RowSet
            A copy.
        """
        return RowSet(self.stream, self.at, self.happened, self.known, self.link, codes)

    def take(self, places: np.ndarray) -> RowSet:
        """Some of the rows.

        Parameters
        ----------
        places : ndarray of int64
            Which of them.

        Returns
        -------
        RowSet
            A copy.
        """
        at = np.arange(self.at.start, self.at.stop) if isinstance(self.at, slice) else self.at
        link = None if self.link is None else self.link[places]
        return RowSet(self.stream, at[places], self.happened[places], self.known[places], link, self.codes[places])


class Moment(NamedTuple):
    """When a feature was asked for.

    Parameters
    ----------
    day : int
        The index date, in days since 1970-01-01.
    since : int
        First day of the window; far in the past where there is none.
    """

    day: int
    since: int


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """Where the rows of one plain feature were looked for, and what was found.

    Parameters
    ----------
    feature : Feature
        The feature; none that is made of two others.
    sets : tuple of RowSet
        Judged rows, one set for each of its tables.
    moment : Moment
        The index date and the window.
    unknown : str
        Why there is no value whatever the rows, as a clause; empty where there can be one.
    ids : ndarray of object
        Identifier of every child, by number.
    """

    feature: Feature
    sets: tuple[RowSet, ...]
    moment: Moment
    unknown: str
    ids: np.ndarray

    def child_ids(self, rows: RowSet) -> np.ndarray:
        """Whose rows they are.

        Parameters
        ----------
        rows : RowSet
            Rows of this look.

        Returns
        -------
        ndarray of object
            Child identifiers.
        """
        return self.ids[rows.stream.child[rows.at]]


_NONE = np.zeros(0, dtype=np.int8)


def own_rows(stream: Stream, child: int, day: int) -> RowSet:
    """Rows of a child.

    Parameters
    ----------
    stream : Stream
        The table.
    child, day : int
        Number of the child, and the index date.

    Returns
    -------
    RowSet
        Not judged yet.
    """
    at = stream.table.slice(child, day)
    return RowSet(stream, at, stream.happened[at], stream.known[at], None, _NONE)


def sibling_rows(stream: Stream, siblings: Sequence[Sibling], day: int) -> RowSet:
    """Rows of the siblings of a child.

    Parameters
    ----------
    stream : Stream
        The table.
    siblings : sequence of Sibling
        The siblings.
    day : int
        The index date.

    Returns
    -------
    RowSet
        Not judged yet; sibling by sibling.
    """
    slices = [stream.table.slice(sibling.child, day) for sibling in siblings]
    at = np.concatenate([np.arange(each.start, each.stop) for each in slices] or [np.zeros(0, dtype=np.int64)])
    link = np.repeat(
        np.array([sibling.known for sibling in siblings], dtype=np.int64),
        [each.stop - each.start for each in slices],
    )
    return RowSet(stream, at, stream.happened[at], np.maximum(stream.known[at], link), link, _NONE)


def filters_of(spec: TableFeature) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """The filters of a feature, one after the other.

    Parameters
    ----------
    spec : TableFeature
        The feature.

    Yields
    ------
    column : str
        The column.
    codes : tuple of str
        The codes.
    wanted : bool
        Whether rows with one of them count, or those without.
    """
    for column, codes in spec.where:
        yield column, codes, True
    for column, codes in spec.unless:
        yield column, codes, False


def _passes(table: ChildTable, column: str, codes: tuple[str, ...]) -> np.ndarray:
    """Which rows have one of the codes."""
    values, wanted = table.said(column), set(codes)
    return np.fromiter((code in wanted for code in values.tolist()), dtype=bool, count=values.size)


def _first_failed(table: ChildTable, spec: TableFeature) -> np.ndarray:
    """The first filter that each row does not pass; -1 where it passes all."""
    failed = np.full(len(table.start), -1, dtype=np.int8)
    for number, (column, codes, wanted) in enumerate(filters_of(spec)):
        failed[(failed < 0) & (_passes(table, column, codes) != wanted)] = number
    return failed


def _values(table: ChildTable, column: str) -> np.ndarray | None:
    """The values of a column; nothing where the feature has none."""
    if not column:
        return None
    values = table.frame[column]
    return values.to_numpy(dtype=np.float64) if values.dtype.kind == "f" else table.said(column)
