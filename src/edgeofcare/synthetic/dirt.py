"""Faults that real extracts have: copied rows, and rows of a child who is not in the extract."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.synthetic.draws import unique_keys
from edgeofcare.synthetic.settings import RecordingRates

__all__ = ["add_dirt"]

_COPIED = ("contacts", "missing_episodes", "worker_involvements")
_ORPHANED = ("contacts", "missing_episodes")


def add_dirt(
    tables: dict[str, pd.DataFrame], rng: np.random.Generator, rates: RecordingRates
) -> dict[str, pd.DataFrame]:
    """Copy a few rows exactly, and give a few rows to children who are not in the extract.

    Parameters
    ----------
    tables : dict of str to DataFrame
        Canonical tables; they are not changed.
    rng : numpy.random.Generator
        Source of random numbers.
    rates : RecordingRates
        How many rows.

    Returns
    -------
    dict of str to DataFrame
        All tables.
    """
    changed = dict(tables)
    for name in _ORPHANED:
        changed[name] = _orphan(changed[name], rng, rates.orphans)
    for name in _COPIED:
        changed[name] = _copy(changed[name], rng, rates.duplicates)
    return changed


def _orphan(table: pd.DataFrame, rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Give some rows to children who do not exist: their keys are one digit longer."""
    count = min(count, len(table) // 20)
    rows = np.floor(rng.random(count) * len(table)).astype(np.int64)
    table = table.copy()
    table.loc[table.index[rows], "child_id"] = unique_keys(rng, count, digits=8)
    return table


def _copy(table: pd.DataFrame, rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Add exact copies of some rows, next to the rows themselves."""
    count = min(count, len(table) // 20)
    rows = np.unique(np.floor(rng.random(count) * len(table)).astype(np.int64))
    return pd.concat([table, table.iloc[rows]]).sort_values("row_key", kind="stable", ignore_index=True)
