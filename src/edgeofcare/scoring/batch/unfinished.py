"""The parts of a run that has not ended, and the line that says that it has."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from edgeofcare.exceptions import SpecError
from edgeofcare.scoring.batch.database import Database
from edgeofcare.scoring.batch.layout import COLUMNS, Row
from edgeofcare.scoring.batch.merging import Merged, merge
from edgeofcare.scoring.batch.rows import ranks

__all__ = ["DAYS_KEPT", "Begun", "Run", "begin_run", "end_run", "keep_part"]

DAYS_KEPT = 4
"""Days after which a start drops what any stopped run left: a job stopped before a long weekend goes on after it."""

_ENDED = -1  # in the place of a part: the line that says that a run has ended
_DATES = tuple(column.name for column in COLUMNS if column.kind is dt.date)
_GONE = (
    "Another program has ended or dropped this run meanwhile; nothing was changed here. Run it again: it then says "
    "whether anything is left to do."
)


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


class Begun(NamedTuple):
    """What was there when a run began.

    Parameters
    ----------
    done : frozenset of int
        Parts that a stopped run of the same key has scored.
    ended : int
        How many times a run of the same key has come to its end.
    """

    done: frozenset[int]
    ended: int


def begin_run(database: Database, run: Run) -> Begun:
    """Find what a stopped run has scored; what others left of the same day, or days ago, is dropped.

    Parameters
    ----------
    database : Database
        Where scores are kept.
    run : Run
        The run.

    Returns
    -------
    Begun
        Parts that need not be scored again.
    """
    import sqlalchemy as sa

    held = database.tables.unfinished

    def begin(connection: Any) -> Begun:
        """Drop the old and look for our own."""
        same = (held.c.model_id == run.model_id) & (held.c.index_date == run.index_date)
        old = held.c.kept_on < _today() - dt.timedelta(days=DAYS_KEPT)
        connection.execute(held.delete().where((held.c.run != run.key) & (same | old)))
        parts = connection.execute(sa.select(held.c.part).where(held.c.run == run.key)).scalars()
        return Begun(frozenset(parts) - {_ENDED}, _said_at_end(connection, held, run).get("ended", 0))

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
    values = _line(run, part, [_plain(row) for row in rows])

    def keep(connection: Any) -> None:
        """One row, once."""
        ours = held.select().where((held.c.run == run.key) & (held.c.part == part))
        if connection.execute(ours).first() is None:
            connection.execute(held.insert(), values)

    try:
        database.write(keep)
    except SpecError:  # the same run elsewhere may have kept it at this moment: then there is nothing to do
        database.write(keep)


def end_run(database: Database, run: Run, *, ended: int = 0, remove_others: bool = False) -> Merged:
    """Rank all parts of a run, merge them into the table and drop them, in one transaction.

    Parameters
    ----------
    database : Database
        Where scores are kept.
    run : Run
        The run; all its parts are kept.
    ended : int, default 0
        How many times it had come to its end when this one began.
    remove_others : bool, default False
        Whether rows of other children, of the same model and day, are taken away.

    Returns
    -------
    Merged
        What changed; all as it was, where the same run elsewhere came to its end first.

    Raises
    ------
    SpecError
        If another program has dropped the run meanwhile.
    """
    import sqlalchemy as sa

    held = database.tables.unfinished
    ours = (held.c.run == run.key) & (held.c.part != _ENDED)

    def end(connection: Any) -> Merged | None:
        """Two passes over the parts: for the ranks, and to merge; None where they are not all there."""
        locked = connection.execute(sa.select(held.c.part).where(ours).order_by(held.c.part).with_for_update())
        there = list(locked.scalars()) == list(range(run.parts))
        said = _said_at_end(connection, held, run)
        if not there:
            connection.execute(held.delete().where(ours))
            undone = said.get("ended", 0) <= ended or (remove_others and said["others"])
            return None if undone else Merged(same=said["rows"], others=said["others"])
        risks = [row["risk"] for row in _rows(connection, held, run)]
        rank = iter(ranks(risks))
        rows = ({**row, "rank": next(rank)} for row in _rows(connection, held, run))
        merged = merge(connection, database, rows, day=(run.model_id, run.index_date), remove_others=remove_others)
        connection.execute(held.delete().where(held.c.run == run.key))
        counts = {"ended": said.get("ended", 0) + 1, "rows": len(risks), "others": merged.others}
        connection.execute(held.insert(), _line(run, _ENDED, counts))
        return merged

    merged = database.write(end)
    if merged is None:
        raise SpecError(_GONE)
    return merged


def _rows(connection: Any, held: Any, run: Run) -> Iterator[Row]:
    """The rows of all parts of a run; one part is in memory at a time."""
    import sqlalchemy as sa

    for part in range(run.parts):
        one = sa.select(held.c.body).where((held.c.run == run.key) & (held.c.part == part))
        yield from map(_dated, json.loads(connection.execute(one).scalar_one()))


def _said_at_end(connection: Any, held: Any, run: Run) -> dict[str, int]:
    """What the line of a run that has ended says, in counts; empty where none has."""
    import sqlalchemy as sa

    line = sa.select(held.c.body).where((held.c.run == run.key) & (held.c.part == _ENDED))
    said: dict[str, int] = json.loads(connection.execute(line).scalar() or "{}")
    return said


def _line(run: Run, part: int, body: Any) -> dict[str, Any]:
    """A row of the table of unfinished runs."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    same = {"run": run.key, "model_id": run.model_id, "index_date": run.index_date}
    return {**same, "part": part, "kept_on": _today(), "body": text}


def _today() -> dt.date:
    """The day, the same for all time zones."""
    return dt.datetime.now(dt.UTC).date()


def _plain(row: Row) -> Row:
    """A row as JSON holds it."""
    return {name: value.isoformat() if name in _DATES else value for name, value in row.items()}


def _dated(row: Row) -> Row:
    """A row out of JSON."""
    return {name: dt.date.fromisoformat(value) if name in _DATES else value for name, value in row.items()}
