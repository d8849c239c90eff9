"""Verifying a ledger: whether its chain holds, and whether what it says is what was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edgeofcare.tracking.chain import START, Head, entry_digest, payload_digest
from edgeofcare.tracking.store import tables

__all__ = ["Verification", "verify"]

_ROWS = 10_000  # held in memory at once


@dataclass(frozen=True, repr=False)
class Verification:
    """What was found on verifying a ledger; made by :meth:`edgeofcare.Ledger.verify`. It holds no identifier.

    Attributes
    ----------
    entries : int
        Entries in the chain.
    chain_holds : bool
        Whether every entry fits the one before it and its own digest.
    first_break : int or None
        Number of the first entry that does not fit: what was changed is this entry or the one before it.
    edited : tuple of int
        Entries whose payload does not fit its digest: it was edited, or it is another's.
    erased, rectified : int
        Payloads that were taken away by erasing and by rectifying, as entries of the chain say.
    missing : int
        Payloads that are gone although no entry says so.
    restored : int
        Payloads that are there although entries say that they were taken away.
    strays : int
        Payloads that belong to no entry, as where the end of the chain was cut off.
    head_holds : bool or None
        Whether the ledger still holds the head that was kept; None where none was given.

    Examples
    --------
    >>> found = Verification(entries=12, erased=2)
    >>> found.holds
    True
    >>> found
    The ledger holds: 12 entries, 2 payloads erased, 0 rectified. No head was given, so entries cut off at its end, or a
    chain written anew, would not show.
    """

    entries: int = 0
    chain_holds: bool = True
    first_break: int | None = None
    edited: tuple[int, ...] = ()
    erased: int = 0
    rectified: int = 0
    missing: int = 0
    restored: int = 0
    strays: int = 0
    head_holds: bool | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        wrong = self.edited or self.missing or self.restored or self.strays or self.head_holds is False
        return self.chain_holds and not wrong

    @property
    def text(self) -> str:
        """What was found, in sentences."""
        counts = f"{self.entries:,} entries, {self.erased:,} payloads erased, {self.rectified:,} rectified."
        said = [f"The ledger {'holds' if self.holds else 'was changed'}: {counts}"]
        if not self.chain_holds:
            said.append(
                f"The chain breaks at entry {self.first_break}: this entry or the one before it was edited, moved, put "
                "in or taken out."
            )
        if self.edited:
            one = len(self.edited) == 1
            told = "1 payload does not fit its" if one else f"{len(self.edited):,} payloads do not fit their"
            said.append(f"{told} digest, the first at entry {self.edited[0]}.")
        for count, words in (
            (self.missing, "gone although no entry says so."),
            (self.restored, "back although taken away by an entry."),
            (self.strays, "of no entry: entries were cut off or taken out."),
        ):
            said += [f"{count:,} {'payload is' if count == 1 else 'payloads are'} {words}"] if count else []
        return " ".join([*said, self._head_text()])

    def _head_text(self) -> str:
        """What the head that was kept says."""
        if self.head_holds is None:
            return "No head was given, so entries cut off at its end, or a chain written anew, would not show."
        if self.head_holds:
            return "It holds the head that was kept."
        return "It does not hold the head that was kept: entries up to it were changed or cut off."

    def __repr__(self) -> str:
        return self.text

    def __str__(self) -> str:
        return self.text


class _Walk:
    """What is found on the way along the chain."""

    def __init__(self, head: Head | None, corrected: frozenset[int] = frozenset()) -> None:
        self.last = Head(0, START)
        self.entries = self.payloads = self.back = 0
        self._corrected = corrected
        self.first_break: int | None = None
        self.edited: list[int] = []
        self.removed = {"erased": 0, "rectified": 0}
        self._head = head
        self.head_holds = None if head is None else head == self.last

    def step(self, row: Any) -> None:
        """Hold an entry against the one before it, and its payload against the entry."""
        digest, sealed = _bytes(row.digest), _bytes(row.sealed)
        said = (row.sequence, row.kind, row.time, row.model_id, row.removed)
        fits = row.sequence == self.last.sequence + 1 and digest == entry_digest(self.last.digest, sealed, said)
        if not fits and self.first_break is None:
            self.first_break = row.sequence
        self.last = Head(row.sequence, digest)
        self.entries += 1
        if self._head == self.last:
            self.head_holds = True
        if row.kind in self.removed:
            self.removed[row.kind] += _taken(row.removed)
        if row.salt is not None:
            self.payloads += row.sequence not in self._corrected
            self.back += row.sequence in self._corrected
            about = (row.stands_for, row.household_id, row.child_id, row.index_date)
            if sealed != payload_digest(_bytes(row.salt), about, row.body):
                self.edited.append(row.sequence)

    def found(self, strays: int) -> Verification:
        """What all of it comes to."""
        gone = self.entries - self.payloads - sum(self.removed.values())
        return Verification(
            entries=self.entries,
            chain_holds=self.first_break is None,
            first_break=self.first_break,
            edited=tuple(self.edited),
            missing=max(0, gone),
            restored=max(0, -gone) + self.back,
            strays=strays,
            head_holds=self.head_holds,
            **self.removed,
        )


def verify(connection: Any, head: Head | None) -> Verification:
    """Walk along the chain of a ledger.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        Of the ledger, in one transaction.
    head : Head or None
        A head that was kept.

    Returns
    -------
    Verification
        What was found.
    """
    import sqlalchemy as sa

    _, entries, payloads = tables()
    if connection.dialect.name == "sqlite":  # where an editor may have left bytes that are no text
        connection.connection.dbapi_connection.text_factory = _any_text
    walk = _Walk(head, _corrected(connection))
    for row in _rows(connection):
        walk.step(row)
    owned = sa.select(entries.c.sequence).where(entries.c.sequence == payloads.c.sequence).exists()
    strays = connection.execute(sa.select(sa.func.count()).select_from(payloads).where(~owned)).scalar()
    return walk.found(strays)


def _corrected(connection: Any) -> frozenset[int]:
    """Entries whose payload another took the place of, as the chain says since format 2."""
    import sqlalchemy as sa

    entries = tables().entries
    wanted = sa.select(entries.c.sequence, sa.type_coerce(entries.c.removed, sa.types.NullType()).label("removed"))
    newest: dict[int, int] = {}  # by the entry that is corrected
    corrected = set()
    for row in connection.execute(wanted.where(entries.c.kind == "rectified").order_by(entries.c.sequence)):
        if isinstance(row.removed, int) and row.removed < 0:
            corrected.add(newest.get(-row.removed, -row.removed))
            newest[-row.removed] = row.sequence
    return frozenset(corrected)


def _taken(removed: Any) -> int:
    """How many payloads an entry took away; one that says which took one."""
    return 1 if isinstance(removed, int) and removed < 0 else removed if isinstance(removed, int) else 0


def _rows(connection: Any) -> Iterator[Any]:
    """Entries in their order, each with its payload where it is there; a few at a time."""
    import sqlalchemy as sa

    _, entries, payloads = tables()
    columns = [*entries.c, *(column for column in payloads.c if column.name != "sequence")]
    as_held = [  # an editor may have put in what is not of the column's type
        sa.type_coerce(column, sa.types.NullType()).label(column.name) for column in columns
    ]
    both = (
        sa.select(*as_held)
        .outerjoin(payloads, payloads.c.sequence == entries.c.sequence)
        .order_by(entries.c.sequence)
        .execution_options(yield_per=_ROWS)
    )
    return iter(connection.execute(both))


def _any_text(held: bytes) -> str | bytes:
    """What is held as text; as bytes where it is none, and so no digest is of it."""
    try:
        return held.decode()
    except UnicodeDecodeError:
        return held


def _bytes(value: Any) -> bytes:
    """What should be bytes, whatever an editor made of it."""
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else str(value).encode()
