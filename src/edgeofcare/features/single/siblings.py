"""Who the siblings of one child are on a day, by the rules of :mod:`edgeofcare.features.siblings`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.schema.extracts import LARGEST_FAMILY

__all__ = ["Sibling", "say_of_siblings", "siblings_of"]

_ENOUGH = {"siblings": ("dated",), "undated_siblings": ("undated", "dated")}


class Sibling(NamedTuple):
    """A sibling.

    Parameters
    ----------
    known : int
        Day from which the link can be seen, strictly before an index date.
    key : str
        Row key of the sibling's own row of relationships through which it was known first.
    born, died : int
        ``MAX_DAY`` where not recorded.
    """

    known: int
    key: str
    born: int
    died: int


@dataclass(frozen=True)
class _Link:
    """A row of relationships that can be seen from a day."""

    child: str
    kind: str | None
    related: str
    seen: int
    key: str


def say_of_siblings(records: ChildRecords, scope: str) -> bool:
    """Whether the records say who siblings are.

    Parameters
    ----------
    records : ChildRecords
        The records.
    scope : {"siblings", "undated_siblings"}
        Whether links without a date are taken.

    Returns
    -------
    bool
        False where features of the scope are unknown.
    """
    return records.links in _ENOUGH[scope]


def siblings_of(records: ChildRecords, scope: str, day: int) -> dict[str, Sibling]:
    """The siblings of the child whose link was known before a day.

    Parameters
    ----------
    records : ChildRecords
        The records.
    scope : {"siblings", "undated_siblings"}
        Whether links without a date are left out, or taken as known from the beginning.
    day : int
        The index date, since 1970-01-01.

    Returns
    -------
    dict of str to Sibling
        By child.
    """
    links, people = _links(records, scope), records.table("children")
    place = {child: at for at, child in enumerate(people.child)}
    born, died = (
        [MAX_DAY if each is None else each for each in people.column(name)] for name in ("birth_date", "death_date")
    )
    mine = records.child_id
    found: dict[str, Sibling] = {}
    for own in links:
        for other in links if own.child == mine else ():
            if (
                (own.kind, own.related) != (other.kind, other.related)
                or other.child == mine
                or other.child not in place
            ):
                continue
            at = place[other.child]
            known = max(own.seen, other.seen, born[place[mine]], born[at])
            new = Sibling(known, other.key, born[at], died[at])
            found[other.child] = min(found.get(other.child, new), new)
    return {
        child: sibling
        for child, sibling in found.items()
        if sibling.known < day and not _parent_known(links, mine, child) < day
    }


def _links(records: ChildRecords, scope: str) -> list[_Link]:
    """Rows of relationships that the scope takes, of families that are no placeholders."""
    rows = records.table("relationships")
    names = ("child_id", "kind", "related_id", "recorded_date", "row_key")
    linked = [row for row in zip(*map(rows.column, names), strict=True) if row[2] is not None]
    family: dict[tuple[str | None, str], set[str]] = defaultdict(set)
    for child, kind, related, _, _ in linked:
        family[kind, related].add(child)
    undated = MAX_DAY if scope == "siblings" else -MAX_DAY
    links = [
        _Link(child, kind, related, undated if day is None else day, key)
        for child, kind, related, day, key in linked
        if len(family[kind, related]) <= LARGEST_FAMILY
    ]
    return [link for link in links if link.seen < MAX_DAY]


def _parent_known(links: list[_Link], one: str, other: str) -> int:
    """The day from which one of two children can be seen to be the mother of the other."""
    pair = ((one, other), (other, one))
    days = [link.seen for link in links if link.kind == "mother" and (link.child, link.related) in pair]
    return min(days, default=MAX_DAY)
