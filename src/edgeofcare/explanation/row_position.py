"""Where a row stands, by its number or by its name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.models.rows import ROW_NAMES

__all__ = ["row_position"]


def row_position(index: pd.Index, row: int | tuple) -> int:
    """Where a row stands.

    Parameters
    ----------
    index : Index
        The rows, named (household_id, child_id, index_date).
    row : int or tuple
        Position of the row, or its (household_id, child_id, index_date).

    Returns
    -------
    int
        From 0.

    Raises
    ------
    SpecError
        If there is no such row.
    """
    if isinstance(row, int | np.integer) and not isinstance(row, bool):
        if -len(index) <= row < len(index):
            return int(row) % len(index)
        msg = f"There are {len(index)} rows; the position asked for is beyond them."
        raise SpecError(msg)
    same = (
        _named(index, row) if isinstance(row, tuple | list) and len(row) == len(ROW_NAMES) else np.zeros(1, dtype=bool)
    )
    if same.sum() != 1:
        msg = "A row is named by its (household_id, child_id, index_date); no single row has the name given."
        raise SpecError(msg)
    return int(same.argmax())


def _named(index: pd.Index, row: tuple | list) -> np.ndarray:
    """Which rows have a name; none where it holds no date."""
    try:
        wanted = (row[0], row[1], pd.Timestamp(row[2]))
        levels = [index.get_level_values(name) for name in ROW_NAMES]
        found = [level.isin([value]) for level, value in zip(levels, wanted, strict=True)]
    except (ArithmeticError, TypeError, ValueError):
        return np.zeros(len(index), dtype=bool)
    return np.logical_and.reduce(found)
