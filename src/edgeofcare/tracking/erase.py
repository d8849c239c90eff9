"""Taking payloads away: rectifying, erasing and retention. The chain stays as it is and tells of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.append import RECTIFIED, append
from edgeofcare.tracking.checks import about_rows
from edgeofcare.tracking.correcting import corrected
from edgeofcare.tracking.events import Entry
from edgeofcare.tracking.store import FORMAT, tables
from edgeofcare.tracking.values import body_text

__all__ = ["erase_before", "erase_child", "rectify"]

_KEYS = ("household_id", "child_id", "index_date")
_NAMED = "The household was named by another child's key."
_SHORT = 4  # a shorter identifier may stand in any text by chance


def rectify(connection: Any, sequence: int, values: Mapping[str, Any], *, by: str, reason: str) -> None:
    """Put a corrected payload in the place of one that was wrong.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that writes.
    sequence : int
        The entry.
    values : mapping
        What is to be, by name: values, and keys of the row where they were wrong.
    by, reason : str
        Who does it, and why.

    Raises
    ------
    SpecError
        If the ledger holds no payload of the entry, it has no such value, or one could not have been written.
    """
    import sqlalchemy as sa

    _, entries, payloads = tables()
    wanted = sa.select(payloads, entries.c.kind).join(entries, entries.c.sequence == payloads.c.stands_for)
    row = connection.execute(wanted.where(payloads.c.stands_for == sequence)).first()
    if row is None or row.child_id is None:
        msg = "The ledger holds no payload of this entry about a child: it was erased, or there is no such entry."
        raise SpecError(msg)
    body = json.loads(row.body)
    known = [*_KEYS, *(name for name in body if name not in RECTIFIED)]
    if not values or not set(values) <= set(known):
        msg = f"Give values of the entry to rectify, by name: {', '.join(known)}."
        raise SpecError(msg)
    keys = _checked({name: values.get(name, getattr(row, name)) for name in _KEYS})
    given = {name: value for name, value in values.items() if name not in _KEYS}
    _replace(connection, row, keys, corrected(row.kind, body, given), by=by, reason=reason)


def _checked(keys: Mapping[str, Any]) -> dict[str, str]:
    """The keys of a row, checked as those of rows that are written."""
    day = one_date(keys["index_date"], "index_date")
    index = pd.MultiIndex.from_tuples([(keys["household_id"], keys["child_id"], day)], names=_KEYS)
    about_rows(index, "rectified")
    return {**keys, "index_date": str(day.date())}


def _replace(
    connection: Any, row: Any, keys: Mapping[str, Any], values: Mapping[str, Any], *, by: str, reason: str
) -> None:
    """Take a payload away and append an entry with another, which stands for the same."""
    _, entries, payloads = tables()
    model_id = connection.execute(entries.select().where(entries.c.sequence == row.stands_for)).one().model_id
    connection.execute(payloads.delete().where(payloads.c.sequence == row.sequence))
    body = body_text({**values, **dict(zip(RECTIFIED, (by, reason), strict=True))})
    said = {"stands_for": row.stands_for, "removed": -row.stands_for}
    append(connection, [Entry("rectified", model_id, **keys, body=body, **said)])
    _unclean(connection, format=FORMAT)


def erase_child(connection: Any, child_id: str, *, by: str, ground: str) -> int:
    """Take away all payloads about a child, and the child's key out of the household keys of others.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that writes.
    child_id : str
        The child.
    by, ground : str
        Who does it, and on which ground.

    Returns
    -------
    int
        Payloads taken away.

    Raises
    ------
    SpecError
        If the ground or the person's key holds the child's key, or it is no key.
    """
    import sqlalchemy as sa

    payloads = tables().payloads
    _refuse_named(child_id, by, ground)
    own = payloads.c.child_id == child_id
    households = connection.execute(sa.select(payloads.c.household_id).where(own).distinct()).scalars().all()
    removed = connection.execute(payloads.delete().where(own)).rowcount
    _append_erased(connection, removed, by=by, ground=ground)
    for key in _named_by(connection, child_id, households):
        _rename_household(connection, key, by=by)
    return removed


def _named_by(connection: Any, child_id: str, households: Sequence[str]) -> list[str]:
    """Keys of households that hold the child's key, of those that the child was in.

    A household may bear the key of a child who was never written down in it: the smallest of a family whose others
    alone were scored. It is taken for the child's unless the child, or somebody in it, shows that keys of households
    are not made so here.
    """
    import sqlalchemy as sa

    payloads = tables().payloads
    whole = re.compile(rf"(?<![^\W_])H?{re.escape(child_id)}(?![^\W_])")
    found = {key for key in households if whole.search(key)}
    if all(key[:1] == "H" and key[1:] <= child_id for key in households):
        made = f"H{child_id}"
        others = sa.select(payloads.c.child_id).where(payloads.c.household_id == made).distinct()
        if all(other > child_id for other in connection.execute(others).scalars()):
            found.add(made)
    return sorted(found)


def _refuse_named(child_id: Any, *texts: str) -> None:
    """Refuse texts that would keep the key of the child who is erased."""
    if not isinstance(child_id, str) or not child_id:
        msg = "child_id must be the child's key, as text."
        raise SpecError(msg)
    whole = re.compile(rf"(?<!\w){re.escape(child_id)}(?!\w)")
    if len(child_id) >= _SHORT and any(whole.search(text) for text in texts):
        msg = "by and ground stay in the ledger, and one of them holds the key of the child. Leave it out."
        raise SpecError(msg)


def _rename_household(connection: Any, key: str, *, by: str) -> None:
    """Name a household by the smallest of the children who are left, as if the other had never been in it."""
    payloads = tables().payloads
    rows = connection.execute(
        payloads.select().where(payloads.c.household_id == key).order_by(payloads.c.sequence)
    ).all()
    if not rows:
        return
    name = "H" + min(row.child_id for row in rows)
    for row in rows if name != key else ():
        keys = {"household_id": name, "child_id": row.child_id, "index_date": row.index_date}
        values = json.loads(row.body)
        before, why = (values.get(each) for each in RECTIFIED)
        _replace(connection, row, keys, values, by=before or by, reason=why or _NAMED)


def erase_before(connection: Any, before: Any, *, by: str, ground: str) -> int:
    """Take away all payloads about children of entries that were written before a day.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that writes.
    before : str or date
        The first day that is kept, in UTC.
    by, ground : str
        Who does it, and on which ground.

    Returns
    -------
    int
        Payloads taken away.
    """
    import sqlalchemy as sa

    _, entries, payloads = tables()
    old = sa.select(entries.c.sequence).where(entries.c.time < str(one_date(before, "before").date()))
    gone = payloads.delete().where(payloads.c.child_id.is_not(None), payloads.c.stands_for.in_(old))
    removed = connection.execute(gone).rowcount
    _append_erased(connection, removed, by=by, ground=ground)
    return removed


def _append_erased(connection: Any, removed: int, *, by: str, ground: str) -> None:
    """Say that payloads were erased, by whom and on which ground; not about what."""
    if removed:
        body = body_text({"by": by, "ground": ground})
        append(connection, [Entry("erased", "", None, None, None, body, removed=removed)])
        _unclean(connection)


def _unclean(connection: Any, **also: int) -> None:
    """Remember that the file may hold traces until it is rewritten."""
    about = tables().about
    connection.execute(about.update().values(unclean=about.c.unclean + 1, **also))
