"""One table of plain rows as lists, oldest first, with the days on which each row could first be seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.single.columns import written
from edgeofcare.schema.columns import Table

__all__ = ["PlainTable"]


class PlainTable:
    """The rows of one table as one list for each column, those of a dated table by the day on which they began.

    Parameters
    ----------
    definition : Table
        Columns and kind of the table.
    columns : mapping of str to list
        As :func:`edgeofcare.features.single.columns.read_column` gives them; a column that is left out holds nothing.
    size : int
        How many rows there are.
    lag : int, default 0
        Reporting lag in days.

    Attributes
    ----------
    start : list of int
        Day on which each row happened or began.
    """

    def __init__(self, definition: Table, columns: Mapping[str, list[Any]], size: int, lag: int = 0) -> None:
        self.definition = definition
        self.source = definition.name
        self.size = size
        self._columns = dict(columns)
        self._lag = lag
        self._nothing: list[None] = [None] * size
        self.start: list[int] = self.column(str(definition.start))

    def column(self, name: str) -> list[Any]:
        """The cells of one column.

        Parameters
        ----------
        name : str
            A column of the table.

        Returns
        -------
        list
            None where there is nothing.
        """
        return self._columns.get(name, self._nothing)

    @property
    def child(self) -> list[str]:
        """The child of each row."""
        return self.column("child_id")

    @property
    def keys(self) -> list[str]:
        """The key of each row; of a table of children the child's own."""
        return self.column("child_id" if self.definition.name == "children" else "row_key")

    @cached_property
    def known(self) -> list[int]:
        """First day on which each row could be seen."""
        return _latest(self.start, self._columns.get("recorded_date"), self._lag)

    @cached_property
    def end(self) -> list[int]:
        """First day after each spell; ``MAX_DAY`` where it has no end."""
        return [MAX_DAY if day is None else day for day in self.column("end_date")]

    @cached_property
    def end_known(self) -> list[int]:
        """First day on which the end of each spell could be seen; ``MAX_DAY`` where it has none."""
        seen = _latest(self.end, self._columns.get("end_recorded_date"), self._lag)
        return [
            MAX_DAY if end == MAX_DAY else max(day, known)
            for end, day, known in zip(self.end, seen, self.known, strict=True)
        ]

    @cached_property
    def last_known(self) -> int:
        """The day on which the last row could first be seen."""
        return max(self.known, default=-MAX_DAY)

    def of(self, child: str) -> Sequence[int]:
        """Places of the rows of one child.

        Parameters
        ----------
        child : str
            The child.

        Returns
        -------
        sequence of int
            In order; a range where all rows are the child's.
        """
        if self.child.count(child) == self.size:
            return range(self.size)
        return [place for place, each in enumerate(self.child) if each == child]

    def of_any(self, children: Collection[str]) -> Sequence[int]:
        """Places of the rows of some children.

        Parameters
        ----------
        children : collection of str
            The children.

        Returns
        -------
        sequence of int
            In order.
        """
        return [place for place, each in enumerate(self.child) if each in children]

    def rows(self) -> list[dict[str, Any]]:
        """The rows as JSON can hold them.

        Returns
        -------
        list of dict
            Every required column, and the others where they hold something.
        """
        kept = [each for each in self.definition.columns if each.required or each.name in self._columns]
        cells = zip(*(written(each, self.column(each.name)) for each in kept), strict=True)
        return [
            {each.name: value for each, value in zip(kept, row, strict=True) if each.required or value is not None}
            for row in cells
        ]


def _latest(happened: Sequence[int], recorded: Sequence[int | None] | None, lag: int) -> list[int]:
    """The later of two days plus the lag."""
    if recorded is None:
        return list(happened) if lag == 0 else [day + lag for day in happened]
    return [
        (day if entered is None or entered < day else entered) + lag
        for day, entered in zip(happened, recorded, strict=True)
    ]
