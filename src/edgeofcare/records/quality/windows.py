"""The window of an extract, what it cuts off, and how many children and entries into care it leaves to learn from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.ages import age_in_years, birthday
from edgeofcare.records.quality.months import dated_tables
from edgeofcare.records.records import Records
from edgeofcare.records.rules.rule import Facts
from edgeofcare.schema.codes import REMAND, SHORT_BREAKS

__all__ = ["HORIZON_DAYS", "LOOKBACK_DAYS", "entrants_in", "index_dates", "table_windows"]

LOOKBACK_DAYS = HORIZON_DAYS = 365
"""The lookback and the horizon for which an extract is judged."""

_OUTCOME_TABLES = ("care_episodes", "legal_statuses", "immigration_statuses", "referrals")
_CASES = ("referrals", "cin_plans", "cp_plans")
_CARE = ("care_episodes", "legal_statuses")
_UASC_FACTOR = "9A"
_AGES = (10, 18)
_EVER = pd.Timestamp("9999-12-31").as_unit("s")


def table_windows(records: Records) -> pd.DataFrame:
    """Say from when each table can be trusted, and what that cuts off.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    DataFrame
        One row for each dated table: ``table``; ``observed`` (whether the source covers it at all); ``observed_from``
        and ``observed_until``; ``days`` between them; ``full_lookback_from``, the first index date before which 365
        days are seen (on earlier ones such a lookback is unknown, not zero); ``rows_before``, the share of rows that
        happened or began before the window and are there only because they were still open in it; ``reporting_lag``
        (days).
    """
    rows = []
    for table in dated_tables(records):
        name, dates = table.name, records.table(table.name)[str(table.start)]
        first = records.observed_from[name] if records.observed(name) else None
        rows.append(
            {
                "table": name,
                "observed": records.observed(name) and len(dates) > 0,
                "observed_from": pd.NaT if first is None else first,
                "observed_until": records.observed_until,
                "days": np.nan if first is None else (records.observed_until - first).days + 1,
                "full_lookback_from": pd.NaT if first is None else first + pd.Timedelta(days=LOOKBACK_DAYS),
                "rows_before": np.nan if first is None or dates.empty else float((dates < first).mean()),
                "reporting_lag": records.reporting_lag[name],
            }
        )
    kinds = dict.fromkeys(("observed_from", "observed_until", "full_lookback_from"), "datetime64[s]")
    return pd.DataFrame(rows).astype({**kinds, "days": "float64"})


def index_dates(records: Records) -> pd.DataFrame:
    """List the quarterly index dates of the window, and what the extract sees of each.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    DataFrame
        ``index_date`` (first days of quarters); ``children``, those aged 10 to 17 with an open referral or plan, by
        date of event; ``lookback_seen``, whether the case tables reach back 365 days; ``outcome_complete``, whether the
        whole outcome window of 365 days, plus the longest reporting lag, lies within the extract, and care (episodes
        and legal statuses) can be trusted from the index date on; ``usable``, whether both hold.
    """
    starts = [first for name in _CASES if (first := records.observed_from[name]) is not None and records.observed(name)]
    begun = max(starts) if starts else _first_day(records)
    last = records.observed_until + pd.Timedelta(days=1)
    days = pd.DatetimeIndex([]) if begun is None else pd.date_range(begun, last, freq="QS-JAN")
    lag = max(records.reporting_lag[name] for name in _OUTCOME_TABLES)
    seen = np.zeros(0, dtype=bool) if begun is None else days >= begun + pd.Timedelta(days=LOOKBACK_DAYS)
    complete = days + pd.Timedelta(days=HORIZON_DAYS + lag) <= last
    complete &= _care_seen(records, days)
    frame = pd.DataFrame({"index_date": days.astype("datetime64[s]"), "children": _open_children(records, days)})
    return frame.assign(lookback_seen=seen, outcome_complete=complete, usable=np.asarray(seen) & np.asarray(complete))


def _care_seen(records: Records, days: pd.DatetimeIndex) -> np.ndarray:
    """Whether care can be trusted from each day on; no label is made for an earlier one."""
    firsts = [records.observed_from[name] for name in _CARE if records.observed(name)]
    first = max((day for day in firsts if day is not None), default=None)
    seen = np.ones(len(days), dtype=bool) if first is None else days >= first
    return np.asarray(seen, dtype=bool)


def _first_day(records: Records) -> pd.Timestamp | None:
    """The first day of any case table, where the window is not known."""
    dates = [records.table(name)["start_date"].min() for name in _CASES]
    held = [date for date in dates if not pd.isna(date)]
    return min(held) if held else None


def _open_children(records: Records, days: pd.DatetimeIndex) -> np.ndarray:
    """How many children of 10 to 17 have an open referral (other than without further action) or plan on each day."""
    children = records.table("children")
    birth = pd.Series(children["birth_date"].to_numpy(), index=children["child_id"])
    parts = []
    for name in _CASES:
        frame = records.table(name)
        if name == "referrals":
            frame = frame[~frame["nfa"].fillna(value=False).astype(bool)]
        parts.append(frame[["child_id", "start_date", "end_date"]])
    spells = pd.concat(parts, ignore_index=True)
    born = birth.reindex(spells["child_id"]).to_numpy()
    code = pd.factorize(spells["child_id"])[0]
    begun = spells["start_date"].to_numpy().astype("datetime64[D]")
    ended = spells["end_date"].fillna(records.observed_until + pd.Timedelta(days=2)).to_numpy().astype("datetime64[D]")
    youngest, oldest = (birthday(born, age) for age in _AGES)
    each = days.to_numpy().astype("datetime64[D]")
    open_on = [(begun < day) & (ended >= day) & (youngest <= day) & (oldest > day) for day in each]
    return np.array([np.unique(code[rows]).size for rows in open_on], dtype=np.int64)


def entrants_in(facts: Facts, first: pd.Timestamp, last: pd.Timestamp) -> int:
    """Count the children aged 10 to 17 who entered care between two days, as the default task counts entries.

    Parameters
    ----------
    facts : Facts
        The tables.
    first, last : Timestamp
        First and last day on which an entry counts.

    Returns
    -------
    int
        Children of whom a care episode began then without going on from an earlier one, other than for a short break,
        on remand, or as an unaccompanied asylum-seeking child. Whether their case was open before is not asked, so it
        is an upper bound of the entrants that a model can learn from.
    """
    episodes = facts.episodes
    episodes = episodes[~episodes["status"].isin(SHORT_BREAKS)]
    if episodes.empty:
        return 0
    reached = episodes["end_date"].fillna(_EVER).groupby(episodes["child_id"]).cummax()
    reached = reached.groupby(episodes["child_id"]).shift()
    age = age_in_years(episodes["birth_date"].to_numpy(), episodes["start_date"].to_numpy())
    goes_on = (episodes["start_date"] <= reached).to_numpy(dtype=bool)
    counts = episodes["start_date"].between(first, last) & ~goes_on & (age >= _AGES[0]) & (age < _AGES[1])
    counts &= ~episodes["status"].isin(REMAND) & ~(_uasc_since(facts, episodes) <= episodes["start_date"].to_numpy())
    return int(episodes.loc[counts, "child_id"].nunique())


def _uasc_since(facts: Facts, episodes: pd.DataFrame) -> np.ndarray:
    """First day on which the child of each episode is recorded as unaccompanied; NaT for others."""
    status, factor = facts.tables["immigration_statuses"], facts.tables["assessment_factors"]
    told = [
        status.loc[status["uasc"].fillna(value=False).astype(bool), ["child_id", "start_date"]],
        factor.loc[factor["factor"] == _UASC_FACTOR, ["child_id", "date"]].rename(columns={"date": "start_date"}),
    ]
    since = pd.concat(told).groupby("child_id")["start_date"].min()
    return since.reindex(episodes["child_id"]).to_numpy().astype("datetime64[s]")
