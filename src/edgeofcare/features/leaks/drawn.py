"""What the leak check draws from a cohort, and the days on which each table's rows could be seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.features.prepare import as_days
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import Table

__all__ = ["Drawn", "Facts", "draw_rows", "everyone_on", "facts_of", "halves"]


@dataclass(frozen=True)
class Facts:
    """One table of the records, with its days since 1970-01-01; ``MAX_DAY`` where there is none.

    Parameters
    ----------
    frame : DataFrame
        The canonical rows.
    table : Table
        Their definition.
    lag : int
        Reporting lag in days.
    start, start_known, end, end_known : ndarray of int64
        When each row happened and ended, and when each of the two could first be seen.
    """

    frame: pd.DataFrame
    table: Table
    lag: int
    start: np.ndarray
    start_known: np.ndarray
    end: np.ndarray
    end_known: np.ndarray


@dataclass(frozen=True)
class Drawn:
    """Rows of a cohort, at most one index date for each household.

    Parameters
    ----------
    positions : ndarray of int64
        Where the rows are in the cohort.
    day : Series of int64
        Index date of the household of each child, in days since 1970-01-01, indexed by child id; all children of the
        households are there, also those who have no row.
    scored : Index of str
        The children of the rows.
    """

    positions: np.ndarray
    day: pd.Series
    scored: pd.Index

    def of(self, frame: pd.DataFrame) -> np.ndarray:
        """Index date of each row of a table; ``MAX_DAY`` for children of other households."""
        place = self.day.index.get_indexer(pd.Index(frame["child_id"]))
        return np.where(place < 0, MAX_DAY, self.day.to_numpy()[place])


def facts_of(records: Records) -> dict[str, Facts]:
    """Every table of the records, with its days.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    dict of str to Facts
        By name.
    """
    return {name: _facts(records, name) for name in records}


def _facts(records: Records, name: str) -> Facts:
    """One table with its days."""
    frame, table, lag = records.table(name), records.definition(name), records.reporting_lag.get(name, 0)
    none = np.full(len(frame), MAX_DAY, dtype=np.int64)
    if table.start is None:
        return Facts(frame, table, lag, none, none, none, none)
    ends = as_days(frame[table.end]) if table.end else none
    known = as_days(end_known(frame, lag)) if table.end else none
    return Facts(frame, table, lag, as_days(frame[table.start]), as_days(start_known(frame, lag)), ends, known)


def draw_rows(records: Records, index: pd.Index, n: int, rng: np.random.Generator) -> list[Drawn]:
    """Draw households, all rows of each on one index date, until there are enough.

    Parameters
    ----------
    records : Records
        Who belongs to which household.
    index : MultiIndex
        The cohort's.
    n : int
        Rows that are wanted; the last household may add a few.
    rng : Generator
        Draws households and dates.

    Returns
    -------
    list of Drawn
        Usually one; where there are too few households, another of their dates is in a further one.
    """
    home_of = records.households
    child = index.get_level_values("child_id").to_numpy(dtype=str)
    rows = pd.DataFrame(
        {"home": home_of.reindex(child).to_numpy(dtype=str), "day": as_days(index.get_level_values("index_date"))}
    )
    pairs = rows.groupby(["home", "day"]).size().rename("rows").reset_index()
    pairs = pairs.iloc[rng.permutation(len(pairs))]
    pairs["turn"] = pairs.groupby("home").cumcount()
    pairs = pairs.sort_values("turn", kind="stable")
    pairs = pairs[pairs["rows"].cumsum() - pairs["rows"] < n]
    rows["position"] = np.arange(len(rows))
    drawn = rows.merge(pairs, on=["home", "day"])
    turns = []
    for _, turn in drawn.groupby("turn"):
        positions = np.sort(turn["position"].to_numpy(dtype=np.int64))
        day = home_of.map(turn.groupby("home")["day"].first()).dropna().astype("int64")
        turns.append(Drawn(positions, day, pd.Index(child[positions])))
    return turns


def everyone_on(records: Records, index: pd.Index, day: int, *, most: int) -> Drawn:
    """Rows of one index date, with every child of the records on it."""
    positions = np.flatnonzero(as_days(index.get_level_values("index_date")) == day)[:most]
    scored = index.get_level_values("child_id")[positions]
    return Drawn(positions, pd.Series(day, index=records.households.index, dtype="int64"), scored)


def halves(records: Records, drawn: Drawn, rng: np.random.Generator) -> list[Drawn]:
    """The drawn households in two halves, so that each can be tried while the other is changed.

    Those that have no links, where there are any, come once more on their own: only they would notice whether anybody
    else has one.
    """
    home = records.households.reindex(drawn.day.index)
    homes = np.unique(home.to_numpy(dtype=str))
    first = rng.permutation(homes)[: (len(homes) + 1) // 2]
    parts = [_some(drawn, chosen) for chosen in (home.isin(first), ~home.isin(first))]
    links = records.table("relationships")
    for among in (links, links[links["recorded_date"].notna()]):
        alone = _some(drawn, ~home.isin(home[home.index.isin(among["child_id"])]))
        if len(among) and alone.positions.size:
            return [part for part in (*parts, alone) if part.positions.size]
    return [part for part in parts if part.positions.size]


def _some(drawn: Drawn, chosen: pd.Series) -> Drawn:
    """Some of the drawn children, each household whole."""
    day = drawn.day[chosen.to_numpy(dtype=bool)]
    rows = drawn.scored.isin(day.index)
    return Drawn(drawn.positions[rows], day, drawn.scored[rows])
