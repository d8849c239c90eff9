"""The rows behind one value, as plain arrays and as a frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.features.feature import Feature
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.specs.combined import Combined, Ratio
from edgeofcare.features.tracing.rows import Look, RowSet
from edgeofcare.features.tracing.values import value_of
from edgeofcare.features.tracing.words import in_words

__all__ = ["Evidence"]

_NO_DATE = np.iinfo(np.int64).min
_DATE = np.dtype("datetime64[s]")
_COLUMNS: dict[str, Any] = {
    "feature": object, "table": object, "child_id": object, "row_key": object, "date": _DATE, "end_date": _DATE,
    "known": _DATE, "counts": bool, "reason": object,
}  # fmt: skip
_COUNTED = ("table", "row_key", "date", "end_date", "known")


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Evidence:
    """The source rows behind one value: those that count, and those that do not with the rule that hid them.

    Made by :func:`edgeofcare.evidence`. The rows carry the authority's own keys and the dates of one child, and stay
    with the authority; the repr holds counts only.

    Parameters
    ----------
    feature : Feature
        The feature.
    looks : tuple of Look
        Where its rows were looked for; two for a feature that is made of two others.
    """

    feature: Feature
    looks: tuple[Look, ...]

    @property
    def row_keys(self) -> np.ndarray:
        """Row key of each row: ndarray of object."""
        return _joined([rows.keys for rows in self._sets], object)

    @property
    def tables(self) -> np.ndarray:
        """Name of the source table of each row: ndarray of object."""
        return np.repeat(
            np.array([rows.stream.table.source for rows in self._sets], dtype=object),
            [rows.codes.size for rows in self._sets],
        )

    @property
    def happened(self) -> np.ndarray:
        """Day on which each row happened, began or, for a feature of ends, ended: ndarray of datetime64[D]."""
        return self._dates([rows.happened for rows in self._sets])

    @property
    def end(self) -> np.ndarray:
        """First day after each spell, NaT where that was not known before the index date: ndarray of datetime64[D]."""
        return self._dates([_ends(look, rows) for look in self.looks for rows in look.sets])

    @property
    def known(self) -> np.ndarray:
        """Day on which each row could first be seen, NaT where it never can: ndarray of datetime64[D]."""
        return self._dates([rows.known for rows in self._sets])

    @property
    def reasons(self) -> np.ndarray:
        """Why each row counts or not, as :class:`edgeofcare.features.tracing.reasons.Reason`: ndarray of int8."""
        return _joined([rows.codes for rows in self._sets], np.int8)

    @property
    def counts(self) -> np.ndarray:
        """Whether each row counts: ndarray of bool."""
        return self.reasons <= 0

    @property
    def unknown(self) -> bool:
        """Whether the records do not reach or hold enough for a value, whatever the rows."""
        return any(look.unknown for look in self.looks)

    @property
    def value(self) -> float | str:
        """The value, made again from these rows alone by the rule as it is written.

        NaN where it is unknown or an empty window has none; the code itself for the last code of a column.
        """
        values = [
            float("nan") if look.unknown else value_of(look.feature, look.sets, look.moment) for look in self.looks
        ]
        if not isinstance(self.feature, Combined):
            return values[0]
        first, second = (float(value) for value in values)
        if isinstance(self.feature, Ratio):
            return first / second if second else float("nan")
        return first - second

    def to_frame(self) -> pd.DataFrame:
        """Every row that was looked at, with the reason why it counts or does not.

        Returns
        -------
        DataFrame
            ``feature`` (one of the two for a ratio or a difference), ``table``, ``child_id`` (a sibling's for
            features of siblings), ``row_key``, ``date`` (when it happened or began; of a link between siblings, the
            sibling's birth), ``end_date`` (NaT where open or not known before the index date), ``known`` (when the
            row could first be seen; NaT where it never can), ``counts`` and ``reason``, a clause in plain words.
            Oldest first within a feature and a table; ties by known date and row key.
        """
        parts = [_every(look, rows) for look in self.looks for rows in look.sets]
        return _typed({name: _joined([part[name] for part in parts], kind) for name, kind in _COLUMNS.items()})

    def counted(self) -> pd.DataFrame:
        """Only the rows that count.

        Returns
        -------
        DataFrame
            ``table``, ``row_key``, ``date``, ``end_date`` and ``known``, each row once, oldest first. A period of care
            is one row, under the key of the episode with which it began.
        """
        sets = [(look, rows) for look in self.looks for rows in look.sets]
        parts = [_columns(look, rows, np.flatnonzero(rows.codes <= 0)) for look, rows in sets]
        frame = _in_order({name: _joined([part[name] for part in parts], _COLUMNS[name]) for name in _COUNTED})
        return frame.drop_duplicates(["table", "row_key"], ignore_index=True) if len(sets) > 1 else frame

    def cited(self, counted: pd.DataFrame | None = None) -> pd.DataFrame:
        """The source rows from which the value can be made again.

        Parameters
        ----------
        counted : DataFrame, optional
            From :meth:`counted`, where it has been asked for already.

        Returns
        -------
        DataFrame
            As :meth:`counted`, but with the episodes of each period of care, and the legal statuses that say how and
            when it began, in place of the period.
        """
        frame = self.counted() if counted is None else counted
        periods = [_episodes(rows) for rows in self._sets if rows.stream.table.sources is not None]
        if not any(map(len, periods)):
            return frame
        others = frame[frame["table"] != "care_episodes"]
        columns = pd.concat([others, *[part[list(_COUNTED)] for each in periods for part in each]], ignore_index=True)
        kinds = {name: np.asarray(columns[name], dtype=_COLUMNS[name]) for name in _COUNTED}
        return _in_order(kinds).drop_duplicates(["table", "row_key"], ignore_index=True)

    def __len__(self) -> int:
        """How many rows were looked at."""
        return sum(rows.codes.size for rows in self._sets)

    def __repr__(self) -> str:
        """Counts only."""
        rows = len(self)
        counting = "1 counts" if (number := int(self.counts.sum())) == 1 else f"{number:,} count"
        return f"Evidence({rows:,} row{'s' if rows != 1 else ''}, of which {counting})"

    @property
    def _sets(self) -> list[RowSet]:
        """Rows of every table."""
        return [rows for look in self.looks for rows in look.sets]

    def _dates(self, parts: list[np.ndarray]) -> np.ndarray:
        """Days as dates, one array after the other."""
        return _as_dates(_joined(parts, np.int64))


def _ends(look: Look, rows: RowSet) -> np.ndarray:
    """Ends of spells as they could be seen before the index date; ``_NO_DATE`` where none could."""
    stream, at = rows.stream, rows.at
    return np.where(stream.end_known[at] < look.moment.day, stream.end[at], _NO_DATE)


def _columns(look: Look, rows: RowSet, at: np.ndarray) -> dict[str, np.ndarray]:
    """Some of the rows as columns."""
    dates = {"date": rows.stream.start[rows.at][at], "end_date": _ends(look, rows)[at], "known": rows.known[at]}
    return {
        "table": np.full(at.size, rows.stream.table.source, dtype=object),
        "row_key": rows.keys[at],
        **{name: _as_dates(days).astype("datetime64[s]") for name, days in dates.items()},
    }


def _every(look: Look, rows: RowSet) -> dict[str, np.ndarray]:
    """Every row of one table, oldest first."""
    order = np.lexsort((rows.keys.astype(str), rows.known, rows.stream.start[rows.at]))
    clauses = np.array([*in_words(rows, *look.moment), None], dtype=object)[:-1]
    return {
        "feature": np.full(order.size, look.feature.name, dtype=object),
        "child_id": look.child_ids(rows)[order],
        **_columns(look, rows, order),
        "counts": (rows.codes <= 0)[order],
        "reason": clauses[order],
    }


def _episodes(rows: RowSet) -> list[pd.DataFrame]:
    """The source rows of each period of care that counts."""
    table, at = rows.stream.table, rows.take(np.flatnonzero(rows.codes <= 0)).at
    assert table.sources is not None
    views = zip(table.frame["row"].to_numpy()[at].tolist(), table.keys[at].tolist(), strict=True)
    return [table.sources()[view].rename(columns={"start_date": "date"}) for view in views]


def _in_order(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """Rows as a frame, oldest first; ties by known date and row key."""
    order = np.lexsort((columns["row_key"].astype(str), columns["known"], columns["date"]))
    return _typed({name: values[order] for name, values in columns.items()})


def _typed(columns: dict[str, np.ndarray]) -> pd.DataFrame:
    """A frame whose text is text also where there is no row to tell."""
    frame = pd.DataFrame(columns)
    return frame if len(frame) else frame.astype({name: str for name in columns if _COLUMNS[name] is object})


def _joined(parts: list[np.ndarray], dtype: Any) -> np.ndarray:
    """Arrays one after the other."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0, dtype=dtype)


def _as_dates(days: np.ndarray) -> np.ndarray:
    """Days as dates; NaT where there is none."""
    return np.where((days == _NO_DATE) | (days >= MAX_DAY), _NO_DATE, days).astype("datetime64[D]")
