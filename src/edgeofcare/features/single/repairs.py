"""What reading repairs, for one household: orphans, episodes that were left open, referrals that were over at once.

The rules are those of :mod:`edgeofcare.records.validation`.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from typing import Any

from edgeofcare.features.single.reading import Problems, kept, refuse_most

__all__ = ["closed_episodes", "over_at_once", "without_orphans"]

_Columns = dict[str, list[Any]]


def without_orphans(name: str, columns: _Columns, children: Collection[str], problems: Problems) -> _Columns:
    """The rows of children who are in ``children``.

    Parameters
    ----------
    name : str
        The table.
    columns : dict of str to list
        Its columns.
    children : collection of str
        Every child.
    problems : Problems
        Collects that most rows are of others.

    Returns
    -------
    dict of str to list
        The columns.
    """
    child = columns.get("child_id", [])
    if set(child) <= set(children):
        return columns
    mine = [place for place, each in enumerate(child) if each in children]
    why = "name a child who is not in the children table"
    refuse_most(name, len(child) - len(mine), len(child), why, problems)
    return kept(columns, mine)


def closed_episodes(columns: _Columns) -> _Columns:
    """Care episodes that were left open although the child has a later one end where that begins.

    Parameters
    ----------
    columns : dict of str to list
        Of care episodes.

    Returns
    -------
    dict of str to list
        The columns. Such an end is known no sooner than the later episode is.
    """
    if None not in columns.get("end_date", ()):
        return columns
    child, start, keys = columns["child_id"], columns["start_date"], columns["row_key"]
    end, nothing = list(columns["end_date"]), [None] * len(start)
    recorded = columns.get("recorded_date", nothing)
    end_recorded = list(columns.get("end_recorded_date", nothing))
    order = sorted(range(len(start)), key=lambda place: (child[place], start[place], keys[place]))
    for place, following in pairwise(order):
        if child[following] == child[place] and end[place] is None and start[following] > start[place]:
            end[place] = start[following]
            end_recorded[place] = max(start[following], recorded[following] or start[following])
    return {**columns, "end_date": end, "end_recorded_date": end_recorded}


def over_at_once(columns: _Columns) -> _Columns:
    """Referrals that led to no further action and have no end are over on their day.

    Parameters
    ----------
    columns : dict of str to list
        Of referrals.

    Returns
    -------
    dict of str to list
        The columns.
    """
    if "yes" not in columns.get("nfa", ()) or None not in columns["end_date"]:
        return columns
    nothing = [None] * len(columns["nfa"])
    over = [nfa == "yes" and end is None for nfa, end in zip(columns["nfa"], columns["end_date"], strict=True)]
    held = (columns["start_date"], columns["end_date"], columns.get("recorded_date", nothing))
    ends = [start if gone else end for gone, start, end in zip(over, *held[:2], strict=True)]
    told = zip(over, held[2], columns.get("end_recorded_date", nothing), strict=True)
    return {**columns, "end_date": ends, "end_recorded_date": [mine if gone else own for gone, mine, own in told]}
