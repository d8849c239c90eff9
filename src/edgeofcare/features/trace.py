"""From a feature's value back to the source rows that made it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.features.engine import MAX_DAY
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.prepare import TableArrays, as_days, care_arrays, event_days, selected, table_arrays
from edgeofcare.features.specs import Active, DaysIn, DaysSince
from edgeofcare.records.records import Records

__all__ = ["Trace"]


class Trace:
    """Finds the source rows behind the features of a child on a day.

    Each table is indexed by child when it is first asked for.

    Parameters
    ----------
    records : Records
        The case records.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._tables: dict[str, tuple[TableArrays, np.ndarray, np.ndarray]] = {}
        self._streams: dict[TableFeature, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self._care: tuple[tuple[str, int], Any] = (("", 0), None)

    def rows(self, child_id: str, index_date: pd.Timestamp, feature: Feature | str) -> pd.DataFrame:
        """The rows that make up one value.

        Parameters
        ----------
        child_id : str
            The child.
        index_date : Timestamp
            The day before which everything must have been known.
        feature : Feature or str
            The feature.

        Returns
        -------
        DataFrame
            ``table``, ``row_key``, ``date`` (when it happened or began), ``end_date`` (NaT where open or not yet
            known) and ``known`` (when the row could first be seen), oldest first; ties by known date and row key.
            No rows where the value is that of an empty window.

        Raises
        ------
        SpecError
            If the feature is not understood.
        """
        spec = parse_feature(feature) if isinstance(feature, str) else feature
        if not isinstance(spec, TableFeature):
            return self._child_row(child_id)
        t = int(np.datetime64(index_date, "D").astype("int64"))
        arrays, here = self._of_child(spec.table, child_id, t)
        here = here[self._counted(spec, arrays, here, t)]
        return self._described(spec, arrays, here, t)

    def _child_row(self, child_id: str) -> pd.DataFrame:
        """The child's own row, behind age and characteristics."""
        table = self._records.table("children")
        born = as_days(table.loc[table["child_id"] == child_id, "birth_date"])
        keys = np.full(len(born), child_id, dtype=object)
        return _frame("children", keys, born, np.full(len(born), np.iinfo(np.int64).min), born)

    def _of_child(self, name: str, child_id: str, t: int) -> tuple[TableArrays, np.ndarray]:
        """A table, and the positions of a child's rows in it; periods of care are those known before the day."""
        if name == "care_periods":
            if self._care[0] != (child_id, t):
                row = np.array([child_id], dtype=object), np.array([t])
                self._care = ((child_id, t), care_arrays(self._records, *row))
            arrays = self._care[1]
            return arrays, np.arange(len(arrays.frame))
        if name not in self._tables:
            arrays = table_arrays(self._records, name)
            child = arrays.frame["child_id"].to_numpy(dtype=str)
            order = np.argsort(child, kind="stable")
            self._tables[name] = (arrays, order, child[order])
        arrays, order, child = self._tables[name]
        return arrays, order[slice(np.searchsorted(child, child_id), np.searchsorted(child, child_id, side="right"))]

    def _stream(self, spec: TableFeature, arrays: TableArrays) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """When each row of the table happened and was known for a feature, and whether it passes its filters."""
        if spec in self._streams:
            return self._streams[spec]
        happened, known = event_days(arrays, getattr(spec, "edge", "start"), spec.known_columns)
        stream = (happened, known, selected(arrays, spec))
        if spec.table != "care_periods":  # their rows depend on the child and the day
            self._streams[spec] = stream
        return stream

    def _counted(self, spec: TableFeature, arrays: TableArrays, here: np.ndarray, t: int) -> np.ndarray:
        """Which of a child's rows count in the value."""
        happened, known, passes = self._stream(spec, arrays)
        if isinstance(spec, Active):
            return passes[here] & (arrays.start_known[here] < t) & ~(arrays.end_known[here] < t)
        counts = passes[here] & (known[here] < t)
        if isinstance(spec, DaysIn):
            end = np.where(arrays.end_known[here] < t, arrays.end[here], t)
            return counts & (np.minimum(end, t) > np.maximum(happened[here], t - spec.lookback))
        if spec.lookback is not None:
            counts &= happened[here] >= t - spec.lookback
        if isinstance(spec, DaysSince) and counts.any():
            counts &= happened[here] == happened[here][counts].max()
        return counts

    def _described(self, spec: TableFeature, arrays: TableArrays, here: np.ndarray, t: int) -> pd.DataFrame:
        """The rows with their dates, as they could be seen before the day."""
        known = self._stream(spec, arrays)[1]
        ended = (arrays.end_known[here] < t) & (arrays.end[here] != MAX_DAY)
        keys = arrays.frame["row_key"].to_numpy(dtype=object)[here]
        end = np.where(ended, arrays.end[here], np.iinfo(np.int64).min)
        return _frame(arrays.source, keys, arrays.start[here], end, known[here])


def _frame(source: str, keys: np.ndarray, date: np.ndarray, end: np.ndarray, known: np.ndarray) -> pd.DataFrame:
    """Rows of evidence, oldest first; the smallest of whole numbers stands for no date."""
    order = np.lexsort((keys.astype(str), known, date))
    columns = {
        "table": np.full(len(keys), source, dtype=object),
        "row_key": keys[order],
        **{name: days[order].astype("datetime64[D]").astype("datetime64[s]")
           for name, days in (("date", date), ("end_date", end), ("known", known))},
    }  # fmt: skip
    return pd.DataFrame(columns)
