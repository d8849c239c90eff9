"""Features of a cohort: what was known of each child before each index date."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import IndexNamesError
from edgeofcare.features.engine import FIXED_POINT, MAX_DAY, EventIndex, Rows, days_in_spells, fixed_point
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.names import as_features
from edgeofcare.features.prepare import (
    TableArrays,
    as_days,
    care_arrays,
    check_held,
    event_days,
    observed_from_day,
    selected,
    table_arrays,
)
from edgeofcare.features.specs import Active, Age, Characteristic, Count, DaysIn, DaysSince, Distinct, Max, Sum
from edgeofcare.progress import watched
from edgeofcare.records.records import Records
from edgeofcare.records.strangers import refuse_strangers

__all__ = ["build_features"]

_INDEX_NAMES = ["household_id", "child_id", "index_date"]
_DAYS_IN_YEAR = 365.25


def build_features(
    records: Records, cohort: pd.DataFrame, features: Iterable[Feature | str], *, progress: bool | None = False
) -> pd.DataFrame:
    """Build features of every row of a cohort from what was known before its index date.

    Parameters
    ----------
    records : Records
        The case records.
    cohort : DataFrame
        Any frame on the index (household_id, child_id, index_date); only the index is used.
    features : iterable of Feature or str
        Specs or feature names; :func:`edgeofcare.default_features` is a start.
    progress : bool or None, default False
        Whether to show a progress bar; None shows one where a person watches.

    Returns
    -------
    DataFrame of float64
        One column for each feature, on the cohort's index. NaN means unknown: a window that reaches before
        ``records.observed_from``, or a value that an empty window does not have.

    Raises
    ------
    IndexNamesError
        If the cohort does not carry the index.
    RecordsError
        If the cohort has children whom the records do not hold.
    SpecError
        If a feature is not understood.

    Notes
    -----
    An event counts where it happened in ``[index_date - lookback, index_date)`` and was known before ``index_date``.
    An event on the index date itself is future. A spell that had ended looks open until its end was known.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> records = make_records(100, random_state=0)
    >>> cohort = build_cohort(records, Task(), index_dates=["2020-04-01"])
    >>> build_features(records, cohort, ["child.age", "cp_plan.active"]).columns.tolist()
    ['child.age', 'cp_plan.active']
    """
    if list(cohort.index.names) != _INDEX_NAMES:
        msg = f"The cohort must carry the index {tuple(_INDEX_NAMES)}, as build_cohort gives it."
        raise IndexNamesError(msg)
    specs = as_features(features)
    check_held(records, specs)
    refuse_strangers(records, cohort.index.get_level_values("child_id"))
    child_ids, code = np.unique(cohort.index.get_level_values("child_id").to_numpy(dtype=str), return_inverse=True)
    rows = Rows.sort(code, as_days(cohort.index.get_level_values("index_date")), child_ids.size)
    values = np.empty((len(specs), len(cohort)), dtype=np.float64)
    by_table: dict[str, list[int]] = {}
    for position, spec in enumerate(specs):
        by_table.setdefault(getattr(spec, "table", "children"), []).append(position)
    children = pd.Index(child_ids)
    for name, positions in watched(by_table.items(), "Building features", progress=progress):
        if name == "children":
            computed = [_child_column(records, children, rows, specs[position]) for position in positions]
        else:
            table = _TableEngine(records, name, children, rows)
            computed = [table.column(specs[position]) for position in positions]
        for position, column in zip(positions, computed, strict=True):
            rows.restore(column, values[position])
    return pd.DataFrame(values.T, index=cohort.index, columns=pd.Index([spec.name for spec in specs]))


def _child_column(records: Records, children: pd.Index, rows: Rows, spec: Feature) -> np.ndarray:
    """Age or a characteristic of the child of each row."""
    table = records.table("children").set_index("child_id").reindex(children)
    if isinstance(spec, Age):
        birth = as_days(table["birth_date"])
        born = np.where(birth == MAX_DAY, np.nan, birth)
        return (rows.day - born[rows.child]) / _DAYS_IN_YEAR
    if not isinstance(spec, Characteristic):
        msg = f"{type(spec).__name__} is not a feature of a child."
        raise TypeError(msg)
    held = table[spec.column]
    if held.dtype == "boolean":
        held = held.map({True: "yes", False: "no"})
    return np.where(held.isna(), np.nan, held == spec.code).astype(np.float64)[rows.child]


class _TableEngine:
    """The features of one table: each index of events is sorted once and used by all features that need it."""

    def __init__(self, records: Records, name: str, children: pd.Index, rows: Rows) -> None:
        if name == "care_periods":
            self.rows = Rows.sort(np.arange(rows.day.size), rows.day, rows.day.size)
            self.arrays: TableArrays = care_arrays(records, children.to_numpy()[rows.child], rows.day)
            self.child = self.arrays.frame["row"].to_numpy(dtype=np.int64)
        else:
            self.rows = rows
            self.arrays = table_arrays(records, name)
            self.child = children.get_indexer(pd.Index(self.arrays.frame["child_id"]))
        self.trusted_from = observed_from_day(records, name)
        self._indexes: dict[Any, EventIndex] = {}

    def column(self, spec: Feature) -> np.ndarray:
        """One feature for each sorted row."""
        if not isinstance(spec, TableFeature):
            msg = f"{type(spec).__name__} is not a feature of a table."
            raise TypeError(msg)
        reach = self.rows.day - (spec.lookback or 0)
        return np.where(reach < self.trusted_from, np.nan, self._value(spec))

    def _value(self, spec: TableFeature) -> np.ndarray:
        """One feature for each sorted row, as if everything had been observed."""
        passes = selected(self.arrays, spec)
        if isinstance(spec, Active):
            began, ended = self._index("start_known", ()), self._index("end_known", ())
            return began.count(None, passes[began.source]) - ended.count(None, passes[ended.source])
        if isinstance(spec, DaysIn):
            return self._days_in(spec, passes)
        index = self._index(getattr(spec, "edge", "start"), spec.known_columns)
        mask = passes[index.source]
        if isinstance(spec, Count):
            return index.count(spec.lookback, None if mask.all() else mask)
        if isinstance(spec, DaysSince):
            last = index.last_day(spec.lookback, None if mask.all() else mask)
            return np.where(np.isfinite(last), self.rows.day - last, spec.empty)
        values: pd.Series = self.arrays.frame[getattr(spec, "value", "")].iloc[index.source]
        if isinstance(spec, Distinct):
            return index.distinct(spec.lookback, np.where(mask, pd.factorize(values)[0], -1))
        return _number(index, spec, values.to_numpy(dtype=np.float64), mask)

    def _index(self, clock: str, known_columns: tuple[str, ...]) -> EventIndex:
        """The sorted events on one clock, made when first asked for."""
        key = (clock, known_columns)
        if key not in self._indexes:
            if clock in ("start_known", "end_known"):
                day = known = getattr(self.arrays, clock)
            else:
                day, known = event_days(self.arrays, clock, known_columns)
            child = np.where(known == MAX_DAY, -1, self.child)
            self._indexes[key] = EventIndex(self.rows, child, day, known)
        return self._indexes[key]

    def _days_in(self, spec: DaysIn, passes: np.ndarray) -> np.ndarray:
        """Days in spells that pass the filters."""
        day, known = event_days(self.arrays, "start", spec.known_columns)
        child = np.where(passes & (known != MAX_DAY), self.child, -1)
        index = EventIndex(self.rows, child, day, known)
        end, end_known = self.arrays.end[index.source], self.arrays.end_known[index.source]
        return days_in_spells(index, end, end_known, spec.lookback)


def _number(index: EventIndex, spec: TableFeature, values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Sum, mean or largest of a number."""
    if isinstance(spec, Max):
        best = index.largest(spec.lookback, np.where(mask, values, -np.inf))
        return np.where(np.isfinite(best), best, spec.empty)
    total = index.total(spec.lookback, fixed_point(np.where(mask, values, 0.0))) / FIXED_POINT
    if isinstance(spec, Sum):
        return total
    count = index.count(spec.lookback, mask)
    return np.where(count > 0, total / np.maximum(count, 1), spec.empty)
