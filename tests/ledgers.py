"""Scores to write into ledgers, ledgers to write them into, and ways to tamper with one."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager

import numpy as np
import pandas as pd

__all__ = ["MODEL", "file_bytes", "made_scores", "rows_of", "tampering"]

MODEL = "44136fa355b3"
NAMES = ["household_id", "child_id", "index_date"]


def rows_of(children, day="2025-03-31", households=None):
    """Index of children on a day; each is a household of its own, unless others are given."""
    children = list(children)
    households = [f"H{child}" for child in children] if households is None else households
    days = pd.DatetimeIndex([day] * len(children)).as_unit("s")
    return pd.MultiIndex.from_arrays(
        [pd.Index(households, dtype="str"), pd.Index(children, dtype="str"), days], names=NAMES
    )


def made_scores(count=6, day="2025-03-31", first=0, model=MODEL):
    """Scores in the form of Scorer.score, of children whose keys stand out."""
    index = rows_of([f"KIND{first + number:07d}" for number in range(count)], day)
    risk = np.random.default_rng(first).beta(1, 20, count)
    return pd.DataFrame(
        {
            "risk": risk,
            "rank": np.arange(1, count + 1),
            "log_odds": np.log(risk / (1 - risk)),
            "reasons": pd.Series([("Raises the risk: missing twice", "Lowers the risk: age")] * count, index, object),
            "model_id": model,
            "data_until": day,
            "decision_support_only": True,
        },
        index=index,
    )


@contextmanager
def tampering(path):
    """A connection to the file of a ledger of somebody who may do anything with it."""
    with closing(sqlite3.connect(path)) as connection:
        for verb in ("UPDATE", "DELETE"):
            connection.execute(f"DROP TRIGGER ledger_entries_no_{verb}")
        yield connection
        connection.commit()


def file_bytes(path):
    """Everything in the files of a ledger: its own, and what SQLite may have left beside it."""
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob(path.name + "*")))
