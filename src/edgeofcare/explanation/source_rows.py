"""Source rows behind a value, as plain arrays: what sentences and citations need of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Rows", "SourceRows"]


class Rows(Protocol):
    """Rows of any kind: those of :class:`SourceRows`, or the frame that :meth:`Evidence.counted` gives."""

    def __len__(self) -> int:
        """How many rows there are."""

    def __getitem__(self, column: str, /) -> Any:
        """The column ``table``, ``row_key``, ``date``, ``end_date`` or ``known``, which numpy can make an array of."""


@dataclass(frozen=True, eq=False, repr=False)
class SourceRows:
    """Rows that count in a value, oldest first.

    Parameters
    ----------
    table, row_key : sequence of str
        Source table and row key of each row.
    date, end_date, known : ndarray of datetime64[D]
        When each happened or began, when it ended (NaT where that was not known) and when it could first be seen.

    Examples
    --------
    >>> day = np.array(["2024-03-19"], dtype="datetime64[D]")
    >>> rows = SourceRows(["missing_episodes"], ["M1"], day, day, day)
    >>> len(rows), rows["row_key"]
    (1, ['M1'])
    """

    table: Sequence[str]
    row_key: Sequence[str]
    date: npt.NDArray[np.datetime64]
    end_date: npt.NDArray[np.datetime64]
    known: npt.NDArray[np.datetime64]

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.row_key)

    def __getitem__(self, column: str, /) -> Any:
        """One column by its name."""
        return getattr(self, column)

    def __repr__(self) -> str:
        """Counts only."""
        return f"SourceRows({len(self):,} row{'' if len(self) == 1 else 's'})"
