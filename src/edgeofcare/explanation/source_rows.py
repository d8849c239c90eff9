"""Source rows behind a value, of any kind: what sentences and citations need of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from edgeofcare.features.single.row import CountedRows, SingleRow

__all__ = ["Rows", "RowsOfChild"]


class Rows(Protocol):
    """Rows that count in a value, oldest first: :class:`RowsOfChild`, or the frame of :meth:`Evidence.counted`."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __getitem__(self, column: str, /) -> Any:
        """The column ``table``, ``row_key``, ``date``, ``end_date`` or ``known``, which numpy can make an array of."""


class RowsOfChild:
    """The source rows behind one feature of one child, looked for when they are first asked for.

    Parameters
    ----------
    row : SingleRow
        The features of the child.
    position : int
        Which of them.
    cited : bool, default False
        Whether a period of care is told by the source rows that it rests on.
    """

    _COLUMNS: ClassVar = {
        "table": "tables",
        "row_key": "row_keys",
        "date": "dates",
        "end_date": "end_dates",
        "known": "known",
    }

    def __init__(self, row: SingleRow, position: int, *, cited: bool = False) -> None:
        self._row, self._position, self._cited = row, position, cited
        self._found: CountedRows | None = None

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self._counted())

    def __getitem__(self, column: str, /) -> Any:
        """One column by its name."""
        return getattr(self._counted(), self._COLUMNS[column])

    def __repr__(self) -> str:
        """Nothing of the child."""
        return "RowsOfChild()"

    def _counted(self) -> CountedRows:
        """The rows, looked for once."""
        if self._found is None:
            self._found = self._row.counted(self._position, cited=self._cited)
        return self._found
