"""The team of each child, for a workbook with a sheet for each: a column of the records, or what the caller says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import EVENT, PERSON, SPELL, Table

__all__ = ["TEAM", "Teams", "team_of_children", "told_teams"]

TEAM = "worker_involvements.worker"
"""Where the team is read from if nothing is said: records hold no team, only the worker whom a child has."""

Teams = str | Mapping[str, str] | pd.Series


def team_of_children(teams: Teams, records: Records, children: Sequence[str], index_date: pd.Timestamp) -> list[str]:
    """Find the team of each child as known on a day.

    Parameters
    ----------
    teams : str, mapping or Series
        ``"table.column"`` of the records, or the team of each child by its key.
    records : Records
        The case records.
    children : sequence of str
        Keys of children.
    index_date : Timestamp
        The day; only what was known before it counts.

    Returns
    -------
    list of str
        In the order of the children; empty where there is none.

    Raises
    ------
    SpecError
        If there is no such table or column.

    Notes
    -----
    Of several rows the one that began last counts, ties by row key; of spells only those that are open on the day.
    """
    return told_teams(_held(teams, records, index_date) if isinstance(teams, str) else teams, children)


def told_teams(teams: Mapping[str, str] | pd.Series, children: Sequence[str]) -> list[str]:
    """Look up the team of each child.

    Parameters
    ----------
    teams : mapping or Series
        Team by the key of a child; of several in a Series the last counts.
    children : sequence of str
        Keys of children.

    Returns
    -------
    list of str
        In the order of the children; empty where there is none, or where it is missing (None, NaN or NA).

    Examples
    --------
    >>> told_teams({"c1": "North", "c2": float("nan")}, ["c1", "c2", "c3"])
    ['North', '', '']
    """
    held = teams if isinstance(teams, pd.Series) else pd.Series(dict(teams), dtype=object)
    found = held[~held.index.duplicated(keep="last")].reindex(list(children))
    return ["" if pd.isna(team) else str(team) for team in found]


def _held(name: str, records: Records, day: pd.Timestamp) -> pd.Series:
    """The column of the rows that count on a day, by child, the latest last."""
    table, _, column = name.partition(".")
    if table not in records or not _is_said_of_children(records.definition(table), column):
        msg = f"The team is not in a column of the records of that name. Give it as table.column, such as '{TEAM}'."
        raise SpecError(msg)
    definition, frame = records.definition(table), records.table(table)
    if definition.kind == PERSON:
        return frame.set_index("child_id")[column]
    lag, spells = records.reporting_lag.get(table, 0), definition.kind == SPELL
    began = frame["start_date" if spells else "date"]
    counts = (began < day) & (start_known(frame, lag) < day)
    if spells:
        counts &= ~(end_known(frame, lag) < day)
    order = np.lexsort((frame["row_key"].to_numpy(dtype=str), began.to_numpy().astype("datetime64[s]")))
    order = order[counts.to_numpy(dtype=bool)[order]]
    return frame.iloc[order].set_index("child_id")[column]


def _is_said_of_children(table: Table, column: str) -> bool:
    """Whether a column can tell a team: text of a table of children, events or spells, and no key of a row."""
    kinds = {each.name: each.kind for each in table.columns}
    return table.kind in (PERSON, EVENT, SPELL) and kinds.get(column) == "code"
