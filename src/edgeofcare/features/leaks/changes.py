"""Changes of whole tables: rows left out and added, days moved, values made different."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgeofcare.features.leaks.drawn import Facts
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import Column

__all__ = ["all_different", "different", "has_late_ends", "has_late_starts", "picked", "with_days", "with_rows"]

_VALUES = ("code", "flag", "number")


def picked(rng: np.random.Generator, size: int, choices: tuple[int, ...]) -> np.ndarray:
    """Whole numbers drawn from a few."""
    return rng.choice(np.array(choices, dtype=np.int64), size=size)


def with_days(frame: pd.DataFrame, days: Mapping[str, np.ndarray], rows: np.ndarray) -> pd.DataFrame:
    """The frame with other dates in some of its rows.

    Parameters
    ----------
    frame : DataFrame
        Rows of a table.
    days : mapping of str to ndarray of int64
        Column to days since 1970-01-01, one for each chosen row; ``MAX_DAY`` for no date.
    rows : ndarray of bool
        The rows.

    Returns
    -------
    DataFrame
        A changed copy.
    """
    columns = {}
    for name, chosen in days.items():
        dates = frame[name].to_numpy().astype("datetime64[s]").copy()
        new = np.where(chosen == MAX_DAY, 0, chosen).astype("datetime64[D]").astype("datetime64[s]")
        dates[rows] = np.where(chosen == MAX_DAY, np.datetime64("NaT", "s"), new)
        columns[name] = dates
    return frame.assign(**columns)


def with_rows(frame: pd.DataFrame, kept: np.ndarray, copied: np.ndarray, child_id: np.ndarray) -> pd.DataFrame:
    """Some of the rows, and after them copies of rows with new keys and children.

    Parameters
    ----------
    frame : DataFrame
        Rows of a table.
    kept : ndarray of bool
        The rows that stay.
    copied : ndarray of int64
        Positions of the rows to copy.
    child_id : ndarray of str
        Whose rows the copies become.

    Returns
    -------
    DataFrame
        The last ``len(copied)`` rows are the copies; half of their keys sort before all others, half after.
    """
    made = frame.take(np.concatenate([np.flatnonzero(kept), copied])).reset_index(drop=True)
    keys, children = (made[name].to_numpy(dtype=object).copy() for name in ("row_key", "child_id"))
    first = len(made) - len(copied)
    keys[first:] = [f"{'!~'[number % 2]}{number}" for number in range(len(copied))]
    children[first:] = child_id
    ids = {"row_key": keys, "child_id": children}
    return made.assign(**{name: pd.Series(ids[name], dtype=made[name].dtype) for name in ids})


def different(frame: pd.DataFrame, column: Column, rows: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The frame with another value in some rows of one column.

    Codes, those of the column and of its list, all move on by one and the same number of places, so that the commonest
    are others.
    """
    values, count = frame[column.name], int(rows.sum())
    if column.kind == "number":
        new = values.to_numpy(dtype=np.float64, copy=True)
        new[rows] = np.where(np.isnan(new[rows]), 1.0, new[rows] + 1 + rng.integers(0, 5, count))
        return frame.assign(**{column.name: new})
    if column.kind == "flag":
        choices = pd.Series([True, False, pd.NA], dtype="boolean")
    else:
        codes = sorted({*values.dropna().unique(), *CODE_LISTS.get(column.codes or "", ())})
        choices = pd.Series([*codes, np.nan], dtype=object).astype(values.dtype)
    held = pd.Index(choices.iloc[:-1].astype(object)).get_indexer(pd.Index(values.astype(object)))
    held = np.where(held < 0, len(choices) - 1, held)
    if len(choices) > 1:
        held[rows] = (held[rows] + rng.integers(1, len(choices))) % len(choices)
    return frame.assign(**{column.name: choices.take(held).array})


def all_different(facts: Facts, frame: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The frame with other values in every column of some rows, keys and dates aside."""
    for column in facts.table.columns:
        if column.kind in _VALUES and column.name in frame:
            frame = different(frame, column, rows, rng)
    return frame


def has_late_starts(facts: Facts) -> bool:
    """Whether the table tells when rows were entered."""
    return "recorded_date" in facts.frame and bool(facts.frame["recorded_date"].notna().any())


def has_late_ends(facts: Facts) -> bool:
    """Whether the table tells when ends were entered."""
    return "end_recorded_date" in facts.frame and bool(facts.frame["end_recorded_date"].notna().any())
