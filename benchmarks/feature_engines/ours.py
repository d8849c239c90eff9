"""The engine of edgeofcare with one clock: an event is known on the day on which it happened.

The rows are worked through in parts of some thousand, by the engine's own ``Rows.parts``, as ``build_features`` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import workload

from edgeofcare.features.engine import FIXED_POINT, EventIndex, Rows, fixed_point

Tables = tuple[dict[str, workload.Arrays], workload.Arrays]
PART_ROWS = 50_000


def load(folder: Path) -> Tables:
    """The tables as arrays."""
    return workload.load(folder)


def compute(tables: Tables, dtype: type) -> np.ndarray:
    """All features of all rows, a column for each row."""
    return matrix(tables, dtype, two_clocks=False)


def matrix(tables: Tables, dtype: type, *, two_clocks: bool) -> np.ndarray:
    """All features of all rows, a column for each row."""
    events, rows = tables
    people, code = np.unique(rows["pid"], return_inverse=True)
    ordered = Rows.sort(code, rows["day"], people.size)
    parts = list(ordered.parts(PART_ROWS))
    out = np.empty((len(workload.FEATURES), rows["pid"].size), dtype=dtype)
    each = len(workload.FEATURES) // len(workload.TABLES)
    for number, name in enumerate(workload.TABLES):
        table = events[name]
        child = _codes(people, table["pid"])
        order, start = _grouped(child, people.size)
        for part in parts:
            some = order[start[part.first] : start[part.first + part.n_children]]
            known = table["rec" if two_clocks else "day"][some]
            index = EventIndex(part, child[some] - part.first, table["day"][some], known)
            source = some[index.source]
            columns = _columns(index, table["value"][source], table["cat"][source])
            for column, target in zip(columns, out[number * each : (number + 1) * each], strict=True):
                part.write(column, target)
    for column in out:
        ordered.restore(column)
    return out


def _codes(people: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Place of each identifier among those of the people, found as ``build_features`` finds it; -1 for strangers."""
    return pd.Index(people).get_indexer(pd.Index(ids))


def _grouped(child: np.ndarray, people: int) -> tuple[np.ndarray, np.ndarray]:
    """Events in the order of their children, and where each child's begin."""
    both = (child << 32) | np.arange(child.size)
    both.sort()
    return both & (2**32 - 1), np.searchsorted(both, np.arange(people + 1) << 32)


def _columns(index: EventIndex, value: np.ndarray, category: np.ndarray) -> Iterator[np.ndarray]:
    """The 25 features of one table."""
    fixed, masks = fixed_point(value), [category == wanted for wanted in range(workload.CATEGORIES)]
    for window in workload.WINDOWS:
        count, total = index.count(window), index.total(window, fixed) / FIXED_POINT
        yield count
        yield total
        with np.errstate(invalid="ignore"):
            yield total / count
        largest = index.largest(window, value)
        yield np.where(count > 0, largest, np.nan)
        for mask in masks:
            yield index.count(window, mask)
    yield index.rows.day - np.where(index.count(None) > 0, index.last_day(None), np.nan)
