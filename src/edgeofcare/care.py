"""Periods of care: when each child was looked after, and how each period began.

A period of care is a chain of episodes. Its entry is the first day on which the child was looked after other than
for a short break (legal status V1, V3 or V4): a child who moves from short breaks to section 20 enters on that day,
and a period of short breaks alone has no entry.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records
from edgeofcare.schema.codes import REMAND, SHORT_BREAKS
from edgeofcare.task import Task

__all__ = ["care_periods", "care_periods_as_known", "care_sources_as_known", "outcome_lag", "uasc_from"]

_OUTCOME_TABLES = ("care_episodes", "legal_statuses", "immigration_statuses", "referrals")
_NEXT_DAY = np.timedelta64(1, "D")
_OPEN = pd.Timestamp("2262-01-01")


def care_periods(records: Records, task: Task) -> pd.DataFrame:
    """Every period of care that counts under the task, one row each.

    Parameters
    ----------
    records : Records
        The case records.
    task : Task
        Says whether short breaks count as care.

    Returns
    -------
    DataFrame
        Sorted by child and entry: ``row_key`` of the care episode with which it began; ``child_id``;
        ``entry_date``, the first day in care; ``end_date``, the first day
        no longer in care (NaT while in care); ``entry_known`` and ``end_known``, the first day on which each could
        be seen in the records; ``status``, the legal status on entry (NaN where none is recorded); ``remand``;
        ``end_reason`` of the last episode.

    Notes
    -----
    The legal status of an episode is the one in force on its first day (of several, the one that began last), else
    the first that begins within it. Where that is a short break, the episode counts only from the day on which
    another status begins within it, and not at all if none does. The episodes that count belong to one period where
    they overlap, and, unless the source gives them different period keys, where one begins no later than the day
    after another ended. So time at home or in short breaks parts two periods even under one key.
    """
    return _periods(_with_known(records, "care_episodes"), _with_known(records, "legal_statuses"), task)


def care_periods_as_known(records: Records, task: Task, rows: pd.DataFrame) -> pd.DataFrame:
    """Every period of care as the records showed it on a day, one row each.

    Parameters
    ----------
    records : Records
        The case records.
    task : Task
        Says whether short breaks count as care.
    rows : DataFrame
        Columns ``child_id`` and ``index_date``, one row for each child and day asked about.

    Returns
    -------
    DataFrame
        As :func:`care_periods`, with ``row``, the position in ``rows``, in place of ``child_id``. It is made of what
        was known before the day and of nothing else: an episode or legal status that was not known yet is not
        there, and one whose end was not known yet is open. So a period can look ended on one day and, once another
        episode continues it, open on a later one.
    """
    return _periods(*_seen_care(records, rows), task).rename(columns={"child_id": "row"})


def care_sources_as_known(records: Records, task: Task, rows: pd.DataFrame) -> pd.DataFrame:
    """Every source row that a period of care rests on, as the records showed it on a day.

    Parameters
    ----------
    records : Records
        The case records.
    task : Task
        Says whether short breaks count as care.
    rows : DataFrame
        As for :func:`care_periods_as_known`.

    Returns
    -------
    DataFrame
        ``row``, the position in ``rows``; ``period``, the ``row_key`` of the period in
        :func:`care_periods_as_known`; ``table``, ``row_key``, ``start_date``, ``end_date`` and ``known``, the first
        day on which the row could be seen: of every episode of the period, of the legal status on entry, and of the
        two legal statuses that say from when an episode counts that began as a short break.
    """
    episodes, statuses = _seen_care(records, rows)
    episodes = _counted(episodes, statuses, task)
    entered = episodes.drop_duplicates("period").set_index("period")["row_key"]
    episodes = episodes.assign(row=episodes["child_id"], period=episodes["period"].map(entered))
    says = pd.concat(
        [
            episodes.assign(row_key=episodes["status_key"])[episodes["row_key"] == episodes["period"]],
            episodes.assign(row_key=episodes["short_key"]),
            episodes.assign(row_key=episodes["status_key"])[episodes["short_key"].notna()],
        ]
    )[["row", "period", "row_key"]].dropna()
    statuses = statuses.rename(columns={"child_id": "row"})
    says = says.drop_duplicates().merge(statuses, on=["row", "row_key"], validate="m:1")
    found = [episodes.assign(table="care_episodes"), says.assign(table="legal_statuses")]
    columns = ["row", "period", "table", "row_key", "start_date", "end_date", "start_known"]
    return pd.concat([each[columns] for each in found], ignore_index=True).rename(columns={"start_known": "known"})


def _seen_care(records: Records, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Episodes and legal statuses as they were known; the position of the row stands in for the child."""
    rows = rows.assign(row=np.arange(len(rows)))
    episodes = _seen(_with_known(records, "care_episodes"), rows)
    statuses = _seen(_with_known(records, "legal_statuses"), rows[rows["row"].isin(episodes["child_id"])])
    return episodes, statuses


def _with_known(records: Records, name: str) -> pd.DataFrame:
    """A table with the days on which its starts and ends could first be seen."""
    frame, lag = records.table(name), records.reporting_lag[name]
    return frame.assign(start_known=start_known(frame, lag), end_known=end_known(frame, lag))


def _seen(frame: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """For each row, what was known of its child's spells before its day; the row stands in for the child."""
    seen = frame.merge(rows, on="child_id")
    seen = seen[seen["start_known"] < seen["index_date"]]
    hidden = ~(seen["end_known"] < seen["index_date"])
    told_at_end = [column for column in ("end_date", "end_known", "end_reason") if column in seen]
    seen = seen.assign(**{column: seen[column].mask(hidden) for column in told_at_end})
    return seen.drop(columns=["child_id", "index_date"]).rename(columns={"row": "child_id"})


def _periods(episodes: pd.DataFrame, statuses: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Periods of care from episodes and legal statuses that carry their known dates."""
    return _one_row_each(_counted(episodes, statuses, task))


def _counted(episodes: pd.DataFrame, statuses: pd.DataFrame, task: Task) -> pd.DataFrame:
    """The episodes that count, with the number of the period of each; the first of a period before the others."""
    episodes = episodes.sort_values(["child_id", "start_date", "row_key"], ignore_index=True)
    episodes = episodes.join(_counted_from(episodes, statuses, task))
    episodes = episodes[episodes["counted_from"].notna()]
    episodes = episodes.sort_values(["child_id", "counted_from", "row_key"], ignore_index=True)
    return episodes.assign(period=_period_numbers(episodes))


def _period_numbers(episodes: pd.DataFrame) -> pd.Series:
    """A number for each period of care, over episodes that count, sorted by child and the day they count from."""
    start = episodes["counted_from"].to_numpy()
    end = episodes["end_date"].fillna(_OPEN).to_numpy()
    reached = episodes.assign(end=end).groupby("child_id")["end"].cummax().to_numpy()
    same_child = episodes["child_id"].eq(episodes["child_id"].shift()).to_numpy()
    key, before = episodes["period_key"], episodes["period_key"].shift()
    other_key = (key.notna() & before.notna() & key.ne(before)).to_numpy()
    overlaps, touches = np.zeros((2, len(episodes)), dtype=bool)
    overlaps[1:] = start[1:] < reached[:-1]
    touches[1:] = start[1:] <= reached[:-1] + _NEXT_DAY
    same_period = overlaps | (touches & ~other_key)
    return pd.Series(np.cumsum(~(same_child & same_period)), index=episodes.index)


def _counted_from(episodes: pd.DataFrame, statuses: pd.DataFrame, task: Task) -> pd.DataFrame:
    """For each episode, the day from which it counts as care, and the legal status on that day."""
    pairs = _overlaps(episodes, statuses)
    at_start = pairs.drop_duplicates("episode").set_index("episode").reindex(episodes.index)
    short = at_start["status"].isin(SHORT_BREAKS) & (task.short_breaks == "exclude")
    begun_since = pairs["start_date_status"] > at_start["start_date_status"].reindex(pairs["episode"]).to_numpy()
    later = pairs[begun_since & ~pairs["status"].isin(SHORT_BREAKS)]
    later = later.drop_duplicates("episode").set_index("episode").reindex(episodes.index)
    counted = {
        "status": later["status"].where(short, at_start["status"]),
        "counted_from": later["from_day"].where(short, episodes["start_date"]),
        "status_known": later["start_known"].where(short),
        "status_key": later["row_key"].where(short, at_start["row_key"]),
        "short_key": at_start["row_key"].where(short & later["row_key"].notna()),
    }
    return pd.DataFrame(counted).astype({"counted_from": "datetime64[s]", "status_known": "datetime64[s]"})


def _overlaps(episodes: pd.DataFrame, statuses: pd.DataFrame) -> pd.DataFrame:
    """Pairs of an episode and a legal status in force within it, the first in force at the top of each episode.

    Where several are in force on one day, the status that began last is first; of two that began together, the one
    that is no short break.
    """
    statuses = statuses.loc[statuses["status"].notna() & (statuses["status"] != "NONE")]
    columns = ["child_id", "start_date", "end_date"]
    pairs = episodes[columns].reset_index(names="episode")
    statuses = statuses[[*columns, "status", "row_key", "start_known"]]
    pairs = pairs.merge(statuses, on="child_id", suffixes=("", "_status"))
    pairs["from_day"] = pairs[["start_date", "start_date_status"]].max(axis=1)
    until = pairs[["end_date", "end_date_status"]].fillna(_OPEN).min(axis=1)
    begins_then = pairs["start_date_status"] == pairs["start_date"]
    in_force_then = (pairs["from_day"] == pairs["start_date"]) & ~(pairs["end_date_status"] <= pairs["start_date"])
    on_one_day = (pairs["start_date"] == pairs["end_date"]) & (begins_then | in_force_then)
    pairs = pairs[(pairs["from_day"] < until) | on_one_day]
    pairs = pairs.assign(short=pairs["status"].isin(SHORT_BREAKS))
    order = ["episode", "from_day", "start_date_status", "short", "row_key"]
    return pairs.sort_values(order, ascending=[True, True, False, True, True])


def _one_row_each(episodes: pd.DataFrame) -> pd.DataFrame:
    """One row for each period, from its episodes that count as care."""
    episodes = episodes.assign(until=episodes["end_date"].fillna(_OPEN))
    first = episodes.sort_values(["period", "counted_from", "row_key"]).drop_duplicates("period").set_index("period")
    last = episodes.sort_values(["period", "until", "start_date", "row_key"])
    last = last.drop_duplicates("period", keep="last").set_index("period")
    entry_known = first[["start_known", "status_known"]].max(axis=1)
    periods = pd.DataFrame(
        {
            "row_key": first["row_key"],
            "child_id": first["child_id"],
            "entry_date": first["counted_from"],
            "end_date": last["end_date"],
            "entry_known": entry_known.astype("datetime64[s]"),
            "end_known": last["end_known"],
            "status": first["status"],
            "remand": first["status"].isin(REMAND),
            "end_reason": last["end_reason"],
        }
    )
    return periods.sort_values(["child_id", "entry_date"], ignore_index=True)


def uasc_from(records: Records) -> pd.DataFrame:
    """Since when each child is recorded as an unaccompanied asylum-seeking child.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    DataFrame
        The first day of the status and the first day on which it could be seen (columns ``since``, ``known``),
        indexed by child id; from immigration statuses and from assessment factor 9A.
    """
    lags = records.reporting_lag
    status = records.table("immigration_statuses")
    status = status[status["uasc"].fillna(value=False).astype(bool)]
    factor = records.table("assessment_factors")
    factor = factor[factor["factor"] == "9A"]
    status_known = start_known(status, lags["immigration_statuses"])
    factor_known = start_known(factor, lags["assessment_factors"])
    both = pd.concat(
        [
            pd.DataFrame({"child_id": status["child_id"], "since": status["start_date"], "known": status_known}),
            pd.DataFrame({"child_id": factor["child_id"], "since": factor["date"], "known": factor_known}),
        ]
    )
    return both.groupby("child_id").min()


def outcome_lag(records: Records) -> int:
    """Days until everything that decides an outcome can be seen.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    int
        The longest reporting lag of the tables that an outcome rests on.
    """
    return max(records.reporting_lag[name] for name in _OUTCOME_TABLES)
