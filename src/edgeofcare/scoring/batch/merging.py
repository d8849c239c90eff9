"""Rows merged into the table of scores."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from edgeofcare.scoring.batch.database import Database
from edgeofcare.scoring.batch.layout import COLUMNS, KEY, Row

__all__ = ["Merged", "held_rows", "merge"]

_AT_ONCE = 500  # children asked for at once; servers limit the parameters of a statement


class Merged(NamedTuple):
    """What merging did.

    Parameters
    ----------
    new : int
        Rows that were not there.
    changed : int
        Rows that were there with other values.
    same : int
        Rows that were there as they are.
    others : int
        Rows of the same model and day of other children, left alone.
    removed : int
        Such rows that were taken away.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    others: int = 0
    removed: int = 0


def merge(
    connection: Any,
    database: Database,
    rows: Iterable[Row],
    *,
    day: tuple[str, dt.date] | None = None,
    remove_others: bool = False,
) -> Merged:
    """Insert the rows that are not in the table, and update those that are there with other values.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that writes.
    database : Database
        Where scores are kept.
    rows : iterable of dict
        With every column.
    day : tuple of str and date, optional
        The model and the day of all rows, where there is one: then other rows of them are counted.
    remove_others : bool, default False
        Whether those are taken away.

    Returns
    -------
    Merged
        What changed.
    """
    new = changed = same = 0
    seen: set[str] = set()
    for chunk in _chunks(rows, _AT_ONCE):
        held = _held(connection, database, chunk)
        fresh = [row for row in chunk if _key(row) not in held]
        other = [row for row in chunk if _key(row) in held and held[_key(row)] != row]
        _insert(connection, database, fresh)
        _update(connection, database, other)
        new, changed, same = new + len(fresh), changed + len(other), same + len(chunk) - len(fresh) - len(other)
        seen.update(row["child_id"] for row in chunk)
    others, removed = _others(connection, database, day, seen, remove=remove_others) if day else (0, 0)
    return Merged(new, changed, same, others, removed)


def held_rows(connection: Any, database: Database, rows: Iterable[Row]) -> Iterator[tuple[Row, Row | None]]:
    """Each row with the one that the table holds in its place.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction.
    database : Database
        Where scores are kept.
    rows : iterable of dict
        Rows to look for.

    Yields
    ------
    tuple of dict and dict or None
        The row, and the one that is there; None where there is none.
    """
    for chunk in _chunks(rows, _AT_ONCE):
        held = _held(connection, database, chunk)
        yield from ((row, held.get(_key(row))) for row in chunk)


def _key(row: Row) -> tuple:
    """What a row is found by."""
    return tuple(row[name] for name in KEY)


def _held(connection: Any, database: Database, chunk: Sequence[Row]) -> dict[tuple, Row]:
    """The rows that the table holds of the children of a chunk."""
    table = database.tables.scores
    wanted = table.select().where(table.c.child_id.in_(sorted({row["child_id"] for row in chunk})))
    for name in KEY[:2]:
        wanted = wanted.where(table.c[name].in_(sorted({row[name] for row in chunk})))
    return {_key(row): dict(row) for row in connection.execute(wanted).mappings()}


def _insert(connection: Any, database: Database, rows: Sequence[Row]) -> None:
    """New rows."""
    if rows:
        connection.execute(database.tables.scores.insert(), list(rows))


def _update(connection: Any, database: Database, rows: Sequence[Row]) -> None:
    """Rows with other values than the table has."""
    import sqlalchemy as sa

    table = database.tables.scores
    if rows:
        found = sa.and_(*(table.c[name] == sa.bindparam(f"key_{name}") for name in KEY))
        values: dict[str, Any] = {
            column.name: sa.bindparam(column.name) for column in COLUMNS if column.name not in KEY
        }
        given = [{(f"key_{name}" if name in KEY else name): value for name, value in row.items()} for row in rows]
        connection.execute(table.update().where(found).values(values), given)


def _others(
    connection: Any, database: Database, day: tuple[str, dt.date], seen: set[str], *, remove: bool
) -> tuple[int, int]:
    """Rows of the same model and day of children who are not among those seen: left alone, and removed."""
    import sqlalchemy as sa

    table = database.tables.scores
    same = (table.c.model_id == day[0]) & (table.c.index_date == day[1])
    children = set(connection.execute(sa.select(table.c.child_id).where(same)).scalars()) - seen
    if not children or not remove:
        return len(children), 0
    one = same & (table.c.child_id == sa.bindparam("key_child"))
    connection.execute(table.delete().where(one), [{"key_child": child} for child in sorted(children)])
    return 0, len(children)


def _chunks(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    """So many rows at a time."""
    left = iter(rows)
    while chunk := list(itertools.islice(left, size)):
        yield chunk
