"""Writing entries to the end of a ledger, within a transaction that has taken its turn."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.chain import START, Head, entry_digest, payload_digest
from edgeofcare.tracking.events import Entry, now
from edgeofcare.tracking.store import tables
from edgeofcare.tracking.values import encode

__all__ = ["OF_RISK", "RECTIFIED", "append", "append_new", "last"]

RECTIFIED = ("rectified_by", "rectified_because")
"""Values that a rectified payload holds beside its own."""

OF_RISK = ("log_odds", "risk_low", "risk_high", "rank")
"""Values of a score that are computed from its risk, and so become unknown where that is rectified."""

_SALT = 16  # bytes: 128 random bits, which nobody can try
_ASKED = 500  # children asked for at once; servers limit the parameters of a statement

_Key = tuple[str, str | None, str | None]


class _Said(NamedTuple):
    """What an entry that is held says, and the names of which it says nothing any more."""

    body: str
    unknown: tuple[str, ...] = ()

    def says(self, body: str) -> bool:
        """Whether it says this."""
        return self.body == (_without(json.loads(body), self.unknown) if self.unknown else body)


def last(connection: Any) -> Head:
    """The end of the chain.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        Of the ledger.

    Returns
    -------
    Head
        Number and digest of the last entry.
    """
    entries = tables().entries
    newest = entries.select().order_by(entries.c.sequence.desc()).limit(1)
    row = connection.execute(newest).first()
    return Head(0, START) if row is None else Head(row.sequence, bytes(row.digest))


def append(connection: Any, given: Sequence[Entry], *, time: str = "", head: Head | None = None) -> Head:
    """Write entries to the end of the chain.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that writes.
    given : sequence of Entry
        In their order.
    time : str, optional
        When they are written; now, if left out.
    head : Head, optional
        The end of the chain, where it is known.

    Returns
    -------
    Head
        The new end.
    """
    sequence, digest = head or last(connection)
    time = time or now()
    salts = os.urandom(_SALT * len(given))
    entries, payloads = [], []
    for place, entry in enumerate(given):
        sequence += 1
        salt = salts[_SALT * place : _SALT * (place + 1)]
        stands_for = entry.stands_for or sequence
        about = (entry.household_id, entry.child_id, entry.index_date)
        sealed = payload_digest(salt, (stands_for, *about), entry.body)
        said = (sequence, entry.kind, time, entry.model_id, entry.removed)
        digest = entry_digest(digest, sealed, said)
        entries.append((*said, sealed, digest))
        payloads.append((sequence, stands_for, salt, *about, entry.body))
    if given:
        _insert(connection, tables().entries, entries)
        _insert(connection, tables().payloads, payloads)
    return Head(sequence, digest)


def _insert(connection: Any, table: Any, rows: Sequence[tuple]) -> None:
    """Many rows, whose values are in the order of the columns."""
    names = [column.name for column in table.columns]
    connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in rows])


def append_new(connection: Any, chunks: Iterable[list[Entry]], *, once: bool) -> int:
    """Write those entries that the ledger does not hold yet.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that writes.
    chunks : iterable of list of Entry
        About rows; all of one kind.
    once : bool
        Whether an entry of the same row and model with other values is refused.

    Returns
    -------
    int
        How many were written.

    Raises
    ------
    SpecError
        If ``once`` and rows are held with other values.
    """
    head, time = last(connection), now()
    written = other = total = 0
    for chunk in chunks:
        held = _held(connection, chunk) if head.sequence else {}
        fresh = [entry for entry in chunk if not _says(held.get(_key(entry), ()), entry)]
        total += len(chunk)
        other += sum(_key(entry) in held for entry in fresh) if once else 0
        if not other:
            head = append(connection, fresh, time=time, head=head)
            written += len(fresh)
    if other:
        msg = (
            f"{other:,} of {total:,} rows are in the ledger already, for the same child, day and model, with other "
            "values; nothing was written. If they were scored again, give again=True; if what was written was wrong, "
            "rectify it."
        )
        raise SpecError(msg)
    return written


def _key(entry: Entry) -> _Key:
    """What an entry is about."""
    return entry.model_id, entry.child_id, entry.index_date


def _says(held: Sequence[_Said], entry: Entry) -> bool:
    """Whether the ledger says this already: of a score the newest counts, of an outcome the newest of each value."""
    if not held or held[-1].says(entry.body):
        return bool(held)
    if entry.kind == "scored" or not any(each.says(entry.body) for each in held):
        return False
    if entry.kind != "happened":
        return True
    newest: dict[str, Any] = {}
    for each in held:
        newest.update(json.loads(each.body))
    return all(newest.get(name) == value for name, value in json.loads(entry.body).items())


def _held(connection: Any, chunk: Sequence[Entry]) -> dict[_Key, list[_Said]]:
    """What the ledger holds of the rows of a chunk, in their order, by what they are about."""
    held: dict[_Key, list[_Said]] = {}
    for start in range(0, len(chunk), _ASKED):
        for row in _asked(connection, chunk[start : start + _ASKED]):
            said = _Said(row.body) if row.sequence == row.stands_for else _rectified(row.body)
            held.setdefault((row.model_id, row.child_id, row.index_date), []).append(said)
    return held


def _asked(connection: Any, part: Sequence[Entry]) -> Iterator[Any]:
    """Payloads of the same kind about the same children and days."""
    import sqlalchemy as sa

    _, entries, payloads = tables()
    wanted = (
        sa.select(payloads, entries.c.model_id)
        .join(entries, entries.c.sequence == payloads.c.stands_for)
        .where(payloads.c.child_id.in_(sorted({entry.child_id or "" for entry in part})))
        .where(payloads.c.index_date.in_(sorted({entry.index_date or "" for entry in part})))
        .where(entries.c.kind == part[0].kind)
        .order_by(payloads.c.stands_for)
    )
    return iter(connection.execute(wanted))


def _rectified(body: str) -> _Said:
    """What a rectified payload says, as it would have been written if it had been right at once."""
    values = json.loads(body)
    unknown = tuple(name for name in OF_RISK if name in values and values[name] is None)
    return _Said(_without(values, (*RECTIFIED, *unknown)), unknown)


def _without(values: Mapping[str, Any], names: Sequence[str]) -> str:
    """Values as JSON, but for some."""
    return encode({name: value for name, value in values.items() if name not in names})
