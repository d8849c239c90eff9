"""What happened to each child in the outcome window, and how long it was followed."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np
import pandas as pd

from edgeofcare.ages import birthday
from edgeofcare.care import care_periods, outcome_lag, uasc_from
from edgeofcare.cohort import check_cohort
from edgeofcare.exceptions import LeakageError, RecordsError
from edgeofcare.records.findings import counted
from edgeofcare.records.records import Records
from edgeofcare.records.strangers import refuse_strangers
from edgeofcare.task import Task

__all__ = ["END_REASONS", "label_outcome"]

END_REASONS = {
    "end_of_window": "reached the end of the window",
    "end_of_extract": "the extract ends: follow-up cut short",
    "turned_18": "turned 18: no longer at risk",
    "entered_care": "entered care within the window",
    "remand": "entered care on remand (competing event)",
    "uasc": "entered care as an unaccompanied asylum-seeking child (competing event)",
    "died": "died: no longer at risk",
    "adopted": "adopted: no longer at risk",
    "special_guardianship": "special guardianship order: no longer at risk",
    "moved_away": "moved to another authority: follow-up cut short",
    "entered_in_gap": "entered care within the gap: not at risk in the window",
    "already_looked_after": "was looked after on the index date, which could be seen only later: not at risk",
}
"""Every reason for which the follow-up of a row ends. On one day, the first of them in this order counts: the window
and the extract end with the day before, so that what happens on that day lies outside them."""

_NOT_AT_RISK = ("entered_in_gap", "already_looked_after")
_NEVER = np.datetime64("9999-01-01", "D")


@overload
def label_outcome(
    records: Records, cohort: pd.DataFrame, task: Task, *, details: Literal[False] = False, need_entry: bool = True
) -> pd.Series: ...


@overload
def label_outcome(
    records: Records, cohort: pd.DataFrame, task: Task, *, details: Literal[True], need_entry: bool = True
) -> pd.DataFrame: ...


def label_outcome(
    records: Records, cohort: pd.DataFrame, task: Task, *, details: bool = False, need_entry: bool = True
) -> pd.Series | pd.DataFrame:
    """Say which rows of the cohort entered care within ``[index_date + gap, index_date + gap + horizon)``.

    Parameters
    ----------
    records : Records
        The case records.
    cohort : DataFrame
        From :func:`build_cohort`.
    task : Task
        The outcome window, what counts as an entry, and what happens to rows cut short (``incomplete``).
    details : bool, default False
        Whether to return follow-up and reasons as well.
    need_entry : bool, default True
        Whether to refuse records in which nobody ever enters care. That is nearly always a fault of the extract; give
        False only for a part of records, in which it can be true.

    Returns
    -------
    Series of int64, or DataFrame
        ``entered_care``, 1 or 0, on the cohort's index without the rows that have no label: children who entered in
        the gap or were already looked after were not at risk in the window, and rows cut short are left out where
        ``task.incomplete`` is ``"drop"``. Where rows can be left out, split ``cohort.loc[y.index]``. With
        ``details=True`` a frame of every row of the cohort that also has ``followup_days`` (from the start of the
        window), ``end_reason`` (a key of ``END_REASONS``), ``complete`` (whether the follow-up was not cut short)
        and ``labelled``.

    Raises
    ------
    LeakageError
        If a window passes ``observed_until`` and ``task.incomplete`` is ``"raise"``, or begins before
        ``observed_from`` of care episodes or legal statuses.
    RecordsError
        If the extract holds not one entry into care (unless ``need_entry`` is False), or not all children of the
        cohort.

    Notes
    -----
    A row is complete, and negative unless an entry came first, where the child turned 18, died, was adopted, came
    under special guardianship or entered care by a competing event. It is cut short by a move to another authority
    before any of these, and by a window that passes the end of the extract (whatever happened in it, so that
    positives and negatives are treated alike).

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.synthetic.records import make_records
    >>> records, task = make_records(100, random_state=0), Task()
    >>> cohort = build_cohort(records, task, index_dates=["2020-04-01"])
    >>> label_outcome(records, cohort, task).name
    'entered_care'
    """
    _refuse_without_outcome(records)
    check_cohort(cohort, task, index_only=True)
    refuse_strangers(records, cohort.index.get_level_values("child_id"))
    _refuse_before_window(records, cohort)
    followed = _follow(records, cohort, task, need_entry=need_entry)
    late = ~followed.pop("window_observed")
    if task.incomplete == "raise" and late.any():
        msg = (
            f"The outcome window of {counted(int(late.sum()), 'row')} of {len(late):,} passes observed_until "
            f"({records.observed_until.date()}), so their outcome is not known yet. Use earlier index dates, or say "
            "what to do with such rows: Task(incomplete='drop') or Task(incomplete='keep')."
        )
        raise LeakageError(msg)
    at_risk = ~followed["end_reason"].isin(_NOT_AT_RISK)
    followed["labelled"] = at_risk & (followed["complete"] | (task.incomplete != "drop"))
    return followed if details else followed.loc[followed["labelled"], "entered_care"]


def _refuse_without_outcome(records: Records) -> None:
    """Refuse records that cannot show who entered care."""
    if records.scoring_only:
        msg = f"These records are for scoring only, so they give no labels: {records.scoring_only}"
        raise RecordsError(msg)
    missing = [name for name in ("care_episodes", "legal_statuses") if name in records.absent]
    if missing:
        msg = (
            f"{', '.join(missing)}: this kind of source has no such table, so it cannot show who entered care. A CIN "
            "census says nothing about children in care: join it to SSDA903 returns with edgeofcare.combine."
        )
        raise RecordsError(msg)


def _refuse_before_window(records: Records, cohort: pd.DataFrame) -> None:
    """Refuse rows whose outcome window begins before care can be seen: a missing entry would read as none."""
    held = [name for name in ("care_episodes", "legal_statuses") if records.observed(name)]
    firsts = [records.observed_from[name] for name in held]
    first = max((day for day in firsts if day is not None), default=None)
    if first is None:
        return
    early = int((cohort.index.get_level_values("index_date") < first).sum())
    if early:
        msg = (
            f"{counted(early, 'row')} of {len(cohort):,} have an index date before care can be trusted in these "
            f"records ({first.date()}, observed_from of care_episodes and legal_statuses), so an entry may be missing. "
            "Use later index dates, or give observed_from if the tables reach further back."
        )
        raise LeakageError(msg)


def _follow(records: Records, cohort: pd.DataFrame, task: Task, *, need_entry: bool) -> pd.DataFrame:
    """Follow every row to the first thing that ends it."""
    child = cohort.index.get_level_values("child_id")
    index_date = cohort.index.get_level_values("index_date").to_numpy().astype("datetime64[D]")
    start = index_date + np.timedelta64(task.gap_days, "D")
    end = start + np.timedelta64(task.horizon_days, "D")
    periods = _entries(records, task, need_entry=need_entry)
    last_seen = np.datetime64(records.observed_until, "D") - outcome_lag(records)
    dates: dict[str, Any] = dict.fromkeys(END_REASONS, np.full(len(cohort), _NEVER))
    dates |= {why: _first_from(when, child, index_date) for why, when in _endings(records, periods).items()}
    dates |= {"end_of_extract": np.full(len(cohort), last_seen + 1), "end_of_window": end}
    every = np.stack(list(dates.values()))
    ended, reason = every.min(axis=0), np.array(list(END_REASONS), dtype=object)[every.argmin(axis=0)]
    reason[(reason == "entered_care") & (ended < start)] = "entered_in_gap"
    reason[_in_care(periods, child, index_date)] = "already_looked_after"
    followup = np.maximum((ended - start).astype("int64"), 0)
    followup[reason == "already_looked_after"] = 0
    observed = dates["end_of_extract"] >= end
    return pd.DataFrame(
        {
            "entered_care": (reason == "entered_care").astype("int64"),
            "followup_days": followup,
            "end_reason": pd.Series(reason, index=cohort.index, dtype="str"),
            "complete": observed & ~np.isin(reason, ["moved_away", *_NOT_AT_RISK]),
            "window_observed": observed,
        },
        index=cohort.index,
    )


def _entries(records: Records, task: Task, *, need_entry: bool) -> pd.DataFrame:
    """Periods of care with the kind of event that each entry is."""
    periods = care_periods(records, task)
    kind = np.full(len(periods), "entered_care", dtype=object)
    if task.remand == "competing":
        kind[periods["remand"].to_numpy(dtype=bool)] = "remand"
    if task.uasc == "exclude":
        since = uasc_from(records)["since"].reindex(periods["child_id"]).to_numpy()
        kind[since <= periods["entry_date"].to_numpy()] = "uasc"
    periods["kind"] = kind
    if need_entry and not (kind == "entered_care").any():
        msg = (
            "care_episodes: not one entry into care is left after short breaks, remand and unaccompanied "
            "asylum-seeking children are set apart, so there is nothing to predict. Check the extract's window, its "
            "legal statuses and the switches of the task."
        )
        raise RecordsError(msg)
    return periods


def _endings(records: Records, periods: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """For each reason, the children and days on which it happened (columns ``child_id``, ``day``)."""
    children = records.table("children")
    birth = children["birth_date"].to_numpy()
    closed = records.table("referrals").rename(columns={"end_date": "day"})
    ceased = records.table("care_episodes").rename(columns={"end_date": "day"})
    endings = {
        kind: periods.loc[periods["kind"] == kind, ["child_id", "entry_date"]].rename(columns={"entry_date": "day"})
        for kind in ("entered_care", "remand", "uasc")
    }
    by_code = {
        "died": (("RC2",), ("E2",)),
        "adopted": (("RC1",), ("E11", "E12")),
        "special_guardianship": (("RC4",), ("E45", "E46", "E47", "E48")),
        "moved_away": (("RC5",), ("E3",)),
    }
    for reason, (closures, ends) in by_code.items():
        closing = closed.loc[closed["close_reason"].isin(closures), ["child_id", "day"]]
        ceasing = ceased.loc[ceased["end_reason"].isin(ends), ["child_id", "day"]]
        endings[reason] = pd.concat([closing, ceasing])
    deaths = children.rename(columns={"death_date": "day"})[["child_id", "day"]]
    endings["died"] = pd.concat([endings["died"], deaths])
    endings["turned_18"] = pd.DataFrame({"child_id": children["child_id"], "day": birthday(birth, 18)})
    return endings


def _first_from(when: pd.DataFrame, child: pd.Index, index_date: np.ndarray) -> np.ndarray:
    """For each row, the first day on or after its index date on which the child has an entry in ``when``."""
    when = when.dropna(subset=["day"])
    both = np.concatenate([child.to_numpy(dtype=str), when["child_id"].to_numpy(dtype=str)])
    code = np.unique(both, return_inverse=True)[1]
    row_code, event_code = code[: len(child)], code[len(child) :]
    event_day = when["day"].to_numpy().astype("datetime64[D]")
    order = np.lexsort((event_day, event_code))
    span = np.int64(1 << 20)
    event_key = event_code[order] * span + event_day[order].astype("int64") + (1 << 19)
    position = np.searchsorted(event_key, row_code * span + index_date.astype("int64") + (1 << 19))
    found = np.full(len(child), _NEVER)
    inside = position < event_key.size
    same = np.zeros(len(child), dtype=bool)
    same[inside] = event_code[order][position[inside]] == row_code[inside]
    found[same] = event_day[order][position[same]]
    return found


def _in_care(periods: pd.DataFrame, child: pd.Index, index_date: np.ndarray) -> np.ndarray:
    """Whether each row's child was in truth looked after on the index date."""
    rows = pd.DataFrame({"child_id": child, "index_date": index_date.astype("datetime64[s]"), "row": range(len(child))})
    pairs = rows.merge(periods[["child_id", "entry_date", "end_date"]], on="child_id")
    inside = (pairs["entry_date"] < pairs["index_date"]) & ~(pairs["end_date"] <= pairs["index_date"])
    looked_after = np.zeros(len(child), dtype=bool)
    looked_after[pairs.loc[inside, "row"].to_numpy()] = True
    return looked_after
