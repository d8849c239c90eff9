"""Scores of a frame beside fuller ones in the table: what the frame does not say is neither wiped nor mixed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.scoring.batch.database import Database
from edgeofcare.scoring.batch.layout import Row
from edgeofcare.scoring.batch.merging import held_rows

__all__ = ["beside_richer"]

_EMPTY = (None, "", "[]")


def beside_richer(connection: Any, database: Database, rows: Iterable[Row], given: Iterable[str]) -> list[Row]:
    """Take the row of the table where it says the same as the frame, and more.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction.
    database : Database
        Where scores are kept.
    rows : iterable of dict
        With every column.
    given : iterable of str
        Columns that the frame has; the others of a row are empty.

    Returns
    -------
    list of dict
        The rows to merge, in their order.

    Raises
    ------
    SpecError
        If a row of the table says more, and other than the frame.
    """
    names = frozenset(given)
    found: list[Row] = []
    poorer = 0
    for row, held in held_rows(connection, database, rows):
        agrees = held is not None and _agrees(row, held, names)
        poorer += held is not None and not agrees and _says_more(row, held, names)
        found.append(held if held is not None and agrees else row)
    if poorer:
        msg = (
            f"{poorer:,} of {len(found):,} scores are in the table with other values, and with source rows or columns "
            "that these do not have; nothing was changed. Score the day with score_in_parts, which writes all of it, "
            "or say replace=True to have these in their place."
        )
        raise SpecError(msg)
    return found


def _agrees(row: Row, held: Row, given: frozenset[str]) -> bool:
    """Whether the table holds the same in every column that the frame has; of reasons, the same sentences."""
    if "reasons" in given and _sentences(row) != _sentences(held):
        return False
    return all(row[name] == held[name] for name in given - {"reasons"})


def _says_more(row: Row, held: Row, given: frozenset[str]) -> bool:
    """Whether the row of the table has something that the frame has no place for."""
    if any(held[name] not in _EMPTY and row[name] in _EMPTY for name in held.keys() - given):
        return True
    return any(reason["rows"] or reason["concept"] for reason in json.loads(held["reasons"]))


def _sentences(row: Row) -> list[str]:
    """The sentences of the reasons."""
    return [reason["sentence"] for reason in json.loads(row["reasons"])]
