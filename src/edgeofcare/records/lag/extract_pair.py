"""Rows of two extracts of one authority, matched: which were there before, which came later, which changed or went."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import SPELL, Table

__all__ = ["BY_DATE", "BY_KEY", "MatchedTable", "check_pair", "match_table"]

BY_KEY, BY_DATE = "row key", "child and date"
_STABLE = 0.5
_SECOND_CLOCK = ("recorded_date", "end_recorded_date")


@dataclass(frozen=True)
class MatchedTable:
    """One table of two extracts, within the days that both cover.

    Parameters
    ----------
    matched_by : str
        ``"row key"``, or ``"child and date"`` where keys do not last from one extract to the next.
    ages : ndarray of int64
        Days from each row of the later extract (the day it happened or began) to the end of the earlier one.
    present : ndarray of bool
        Whether the earlier extract had it.
    end_ages, end_present : ndarray
        The same for ends of spells.
    changed : int
        Rows of both with another value in a column other than the end and what the end makes known.
    withdrawn : int
        Rows of the earlier that are gone from the later.
    """

    matched_by: str
    ages: np.ndarray
    present: np.ndarray
    end_ages: np.ndarray
    end_present: np.ndarray
    changed: int
    withdrawn: int


def check_pair(earlier: Records, later: Records) -> None:
    """Refuse two extracts that are not an earlier and a later one of the same authority.

    Parameters
    ----------
    earlier, later : Records
        The extracts.

    Raises
    ------
    SpecError
        If the later one does not end later.
    RecordsError
        If fewer than half of the earlier one's children are in the later one.
    """
    if later.observed_until <= earlier.observed_until:
        msg = "The later extract must end after the earlier one; check observed_until of both, and their order."
        raise SpecError(msg)
    children = earlier.table("children")["child_id"]
    if children.isin(later.table("children")["child_id"]).mean() < _STABLE:
        msg = (
            "children: fewer than half of the children of the earlier extract are in the later one, so the two are not "
            "of one authority, or its keys were made anew."
        )
        raise RecordsError(msg)


def match_table(earlier: Records, later: Records, table: Table) -> MatchedTable:
    """Match the rows of one dated table, within the days that both extracts cover.

    Parameters
    ----------
    earlier, later : Records
        The extracts.
    table : Table
        Its definition.

    Returns
    -------
    MatchedTable
        What was there, what came later, what changed and what went.

    Notes
    -----
    Rows are compared that began on or after the first trusted day of both extracts and no later than the end of the
    earlier one. They are matched by row key and child. Where fewer than half of the earlier extract's rows are found so
    (keys that are numbered anew at each extract), they are matched by child and date instead, the first of a day with
    the first of that day, and so on; a row whose date was corrected then counts as withdrawn and as late.
    """
    start = str(table.start)
    starts = [date for date in (each.observed_from[table.name] for each in (earlier, later)) if date is not None]
    before, after = (
        _within(each.table(table.name), start, starts, earlier.observed_until) for each in (earlier, later)
    )
    matched_by, (before, after) = _matched(before, after, start)
    pair = after.merge(before, on="match", how="left", suffixes=("", "_before"), indicator=True)
    seen = (pair["_merge"] == "both").to_numpy(dtype=bool)
    ages = _days(pair[start], earlier.observed_until)
    no_days = np.zeros(0, dtype=np.int64)
    end_ages, end_present = no_days, no_days.astype(bool)
    if table.kind == SPELL:
        ended = (pair["end_date"] <= earlier.observed_until).to_numpy(dtype=bool)
        end_ages = _days(pair.loc[ended, "end_date"], earlier.observed_until)
        end_present = pair.loc[ended, "end_date_before"].notna().to_numpy(dtype=bool)
    return MatchedTable(
        matched_by=matched_by,
        ages=ages,
        present=seen,
        end_ages=end_ages,
        end_present=end_present,
        changed=_changed(pair[seen], table),
        withdrawn=int((~before["match"].isin(after["match"])).sum()),
    )


def _days(dates: pd.Series, until: pd.Timestamp) -> np.ndarray:
    """Whole days from each date to the end of the earlier extract."""
    return (until - dates).dt.days.to_numpy(dtype=np.int64)


def _within(frame: pd.DataFrame, start: str, starts: list[pd.Timestamp], until: pd.Timestamp) -> pd.DataFrame:
    """Rows that began within the days that both extracts cover, in an order of their own."""
    inside = frame[start] <= until
    if starts:
        inside &= frame[start] >= max(starts)
    return frame[inside].sort_values(["child_id", start, "row_key"], ignore_index=True)


def _matched(before: pd.DataFrame, after: pd.DataFrame, start: str) -> tuple[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Both tables with the text by which they are matched, and what that is made of."""
    keyed = [frame.assign(match=frame["row_key"] + "|" + frame["child_id"]) for frame in (before, after)]
    if before.empty or keyed[0]["match"].isin(keyed[1]["match"]).mean() >= _STABLE:
        return BY_KEY, (keyed[0], keyed[1])
    dated = [frame.assign(match=_child_and_date(frame, start)) for frame in (before, after)]
    return BY_DATE, (dated[0], dated[1])


def _child_and_date(frame: pd.DataFrame, start: str) -> pd.Series:
    """Child, day, and the place among the child's rows of that day, by what they say."""
    said = [name for name in frame.columns if name not in ("row_key", "period_key", *_SECOND_CLOCK)]
    ordered = frame[said].astype(str).sort_values(said, kind="stable")
    place = ordered.groupby(["child_id", start]).cumcount().reindex(frame.index)
    return frame["child_id"] + "|" + frame[start].dt.strftime("%Y-%m-%d") + "|" + place.astype(str)


def _changed(pair: pd.DataFrame, table: Table) -> int:
    """Rows of both extracts in which a value other than the end and what comes with it is not what it was."""
    compared = [each.name for each in table.columns if each.known != "end_date" and each.name not in _SECOND_CLOCK]
    compared = [name for name in compared if name not in ("row_key", "child_id")]
    other = np.zeros(len(pair), dtype=bool)
    for name in compared:
        now, then = pair[name], pair[f"{name}_before"]
        same = (now == then).fillna(value=False).to_numpy(dtype=bool) | (now.isna() & then.isna()).to_numpy(dtype=bool)
        other |= ~same
    if table.kind == SPELL:
        then = pair["end_date_before"]
        other |= (then.notna() & (pair["end_date"] != then)).to_numpy(dtype=bool)
    return int(other.sum())
