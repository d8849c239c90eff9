"""Rows merged into the table of scores, and the parts of a run that has not ended."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from edgeofcare.exceptions import SpecError
from edgeofcare.scoring.batch.database import Database
from edgeofcare.scoring.batch.layout import COLUMNS, KEY, Row
from edgeofcare.scoring.batch.rows import ranks

__all__ = ["Merged", "Run", "done_parts", "end_run", "held_rows", "keep_part", "merge"]

_AT_ONCE = 500  # children asked for at once; servers limit the parameters of a statement
_DATES = tuple(column.name for column in COLUMNS if column.kind is dt.date)
_GONE = (
    "Another program has ended or dropped this run meanwhile; nothing was changed here. Run it again: it then says "
    "whether anything is left to do."
)


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


class Run(NamedTuple):
    """A run over one day.

    Parameters
    ----------
    key : str
        SHA-256 of everything that decides its scores: records, model, day and options.
    parts : int
        How many parts it has.
    model_id : str
        The model.
    index_date : date
        The day.
    """

    key: str
    parts: int
    model_id: str
    index_date: dt.date


def done_parts(database: Database, run: Run) -> set[int]:
    """Parts that a stopped run has scored; what runs of other records or options left of the same day is dropped.

    Parameters
    ----------
    database : Database
        Where scores are kept.
    run : Run
        The run.

    Returns
    -------
    set of int
        Their numbers.
    """
    import sqlalchemy as sa

    held = database.tables.unfinished

    def begin(connection: Any) -> set[int]:
        """Drop the old and look for our own."""
        same = (held.c.model_id == run.model_id) & (held.c.index_date == run.index_date)
        connection.execute(held.delete().where(same & (held.c.run != run.key)))
        return set(connection.execute(sa.select(held.c.part).where(held.c.run == run.key)).scalars())

    return database.write(begin)


def keep_part(database: Database, run: Run, part: int, rows: Sequence[Row]) -> None:
    """Keep the scores of one part until the run ends, unless they are kept already.

    Parameters
    ----------
    database : Database
        Where scores are kept.
    run : Run
        The run.
    part : int
        Number of the part.
    rows : sequence of dict
        Its rows, without ``rank``.
    """
    held = database.tables.unfinished
    body = json.dumps([_plain(row) for row in rows], ensure_ascii=False, separators=(",", ":"))
    values = {"run": run.key, "part": part, "model_id": run.model_id, "index_date": run.index_date, "body": body}

    def keep(connection: Any) -> None:
        """One row, once."""
        ours = held.select().where((held.c.run == run.key) & (held.c.part == part))
        if connection.execute(ours).first() is None:
            connection.execute(held.insert(), values)

    database.write(keep)


def end_run(database: Database, run: Run, *, remove_others: bool) -> Merged:
    """Rank all parts of a run, merge them into the table and drop them, in one transaction.

    Parameters
    ----------
    database : Database
        Where scores are kept.
    run : Run
        The run; all its parts are kept.
    remove_others : bool
        Whether rows of other children, of the same model and day, are taken away.

    Returns
    -------
    Merged
        What changed.

    Raises
    ------
    SpecError
        If another program has ended the run meanwhile.
    """
    import sqlalchemy as sa

    held = database.tables.unfinished
    ours = held.c.run == run.key

    def body(connection: Any, part: int) -> list[Row]:
        """The rows of one part, so that one part is in memory at a time."""
        text = connection.execute(sa.select(held.c.body).where(ours & (held.c.part == part))).scalar_one()
        return [_dated(row) for row in json.loads(text)]

    def end(connection: Any) -> Merged:
        """Two passes over the parts: for the ranks, and to merge."""
        locked = connection.execute(sa.select(held.c.part).where(ours).order_by(held.c.part).with_for_update())
        if list(locked.scalars()) != list(range(run.parts)):
            raise SpecError(_GONE)
        risks = [row["risk"] for part in range(run.parts) for row in body(connection, part)]
        rank = iter(ranks(risks))
        rows = ({**row, "rank": next(rank)} for part in range(run.parts) for row in body(connection, part))
        merged = merge(connection, database, rows, day=(run.model_id, run.index_date), remove_others=remove_others)
        connection.execute(held.delete().where(ours))
        return merged

    return database.write(end)


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


def _plain(row: Row) -> Row:
    """A row as JSON holds it."""
    return {name: value.isoformat() if name in _DATES else value for name, value in row.items()}


def _dated(row: Row) -> Row:
    """A row out of JSON."""
    return {name: dt.date.fromisoformat(value) if name in _DATES else value for name, value in row.items()}
