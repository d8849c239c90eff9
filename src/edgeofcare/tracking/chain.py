"""The digests of a ledger: what each entry is chained by, and what a payload is sealed by."""

from __future__ import annotations

import hashlib
import json
import re
from typing import NamedTuple

from edgeofcare.exceptions import SpecError

__all__ = ["START", "Head", "entry_digest", "head_text", "parse_head", "payload_digest"]

START = bytes(32)
"""What the first entry is chained to."""

_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class Head(NamedTuple):
    """The last entry of a ledger at one moment.

    Parameters
    ----------
    sequence : int
        Its number; 0 where there is none.
    digest : bytes
        Its digest, 32 bytes.
    """

    sequence: int
    digest: bytes


def payload_digest(salt: bytes, about: tuple[int, str | None, str | None, str | None], body: str) -> bytes:
    """Seal a payload: nothing can be learnt from the seal without the salt, and no other payload fits it.

    Parameters
    ----------
    salt : bytes
        Random, of this payload alone.
    about : tuple
        Number of the entry that the payload tells of, ``household_id``, ``child_id`` and ``index_date``.
    body : str
        The values, as JSON.

    Returns
    -------
    bytes
        SHA-256.

    Examples
    --------
    >>> one = payload_digest(b"salt", (1, "H1", "c1", "2025-04-01"), "{}")
    >>> one == payload_digest(b"other", (1, "H1", "c1", "2025-04-01"), "{}")
    False
    """
    # JSON holds no line break of its own, so that no other split into keys and body gives the same bytes. A key that an
    # editor made something else than text or a number becomes a list, which no key is.
    keys = json.dumps(about, default=lambda value: [str(value)])
    return hashlib.sha256(salt + f"{keys}\n{body}".encode()).digest()


def entry_digest(previous: bytes, sealed: bytes, said: tuple[int, str, str, str, int]) -> bytes:
    """Digest of an entry and of everything before it.

    Parameters
    ----------
    previous : bytes
        Digest of the entry before.
    sealed : bytes
        Digest of the payload (:func:`payload_digest`).
    said : tuple
        Sequence, kind, time, model id, and how many payloads the entry took away (``Entry.removed``).

    Returns
    -------
    bytes
        SHA-256.

    Examples
    --------
    >>> first = entry_digest(START, bytes(32), (1, "scored", "2025-04-01T09:00:00.000000Z", "44136fa355b3", 0))
    >>> len(first), first == entry_digest(START, bytes(32), (1, "shown", "2025-04-01T09:00:00.000000Z", "", 0))
    (32, False)
    """
    # None of the five was written with a line break, so a field moved over a border has one too many.
    return hashlib.sha256(previous + sealed + "\n".join(map(str, said)).encode()).digest()


def head_text(head: Head) -> str:
    """A head as a text to keep elsewhere.

    Parameters
    ----------
    head : Head
        Of a ledger.

    Returns
    -------
    str
        Number and digest.

    Examples
    --------
    >>> head_text(Head(0, START))[:8]
    '0:000000'
    """
    return f"{head.sequence}:{head.digest.hex()}"


def parse_head(text: str) -> Head:
    """Read a head that was kept.

    Parameters
    ----------
    text : str
        From :func:`head_text`.

    Returns
    -------
    Head
        The same head.

    Raises
    ------
    SpecError
        If it is none.

    Examples
    --------
    >>> parse_head(head_text(Head(7, START))).sequence
    7
    """
    found = _HEAD.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        msg = "A head is a number, a colon and 64 hexadecimal letters, as ledger.head() gave it. Give it unchanged."
        raise SpecError(msg)
    return Head(int(found[1]), bytes.fromhex(found[2]))
