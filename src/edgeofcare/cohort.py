"""Who is scored on which day: the cohort, as known on each index date."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.ages import age_in_years
from edgeofcare.care import care_periods, care_periods_as_known, outcome_lag, uasc_from
from edgeofcare.dates import one_date
from edgeofcare.exceptions import IndexNamesError, LeakageError, RecordsError, SpecError
from edgeofcare.records.findings import counted
from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records
from edgeofcare.schema.audit import NO_ETHNICITY, NONE_RECORDED, NOT_RECORDED, RECORDED, STATUS_NAMES
from edgeofcare.schema.codes import CODE_LISTS, ETHNIC_GROUPS
from edgeofcare.schema.extracts import KEPT_BY_START
from edgeofcare.task import Task

__all__ = ["AUDIT_COLUMNS", "INDEX_NAMES", "build_cohort", "check_cohort", "cohort_attrition", "quarters"]

INDEX_NAMES = ("household_id", "child_id", "index_date")
"""Names of the index that cohort, features, labels and scores share."""

AUDIT_COLUMNS = (
    "age",
    "age_band",
    "sex",
    "ethnic_group",
    "ethnicity",
    "disability",
    "ehc_plan",
    "disability_or_ehc",
    "need",
    "status",
    "authority",
)
"""Columns of the cohort by which a model can be audited; their values come from lists of ours, and are the names of
authorities where records are pooled."""

_OPEN_CASE = ("cp_plans", "cin_plans", "referrals")
_ETHNICITIES = {
    code: NO_ETHNICITY if code in ("REFU", "NOBT") else meaning for code, meaning in CODE_LISTS["ethnicity"].items()
}
_AGE_BANDS = ((0, 9, "0-9"), (10, 12, "10-12"), (13, 15, "13-15"), (16, 17, "16-17"))


def quarters(start: str, end: str) -> pd.DatetimeIndex:
    """First days of quarters (1 January, April, July, October) from ``start`` to ``end``, both included.

    Parameters
    ----------
    start, end : str
        Dates such as ``"2018-04-01"``.

    Returns
    -------
    DatetimeIndex
        The index dates.

    Examples
    --------
    >>> quarters("2023-04-01", "2023-12-31").strftime("%Y-%m-%d").tolist()
    ['2023-04-01', '2023-07-01', '2023-10-01']
    """
    return pd.date_range(one_date(start, "start"), one_date(end, "end"), freq="QS-JAN")


def build_cohort(records: Records, task: Task, *, index_dates: Iterable[Any]) -> pd.DataFrame:
    """Find the children who are eligible on each index date, as known on that day.

    Parameters
    ----------
    records : Records
        The case records.
    task : Task
        Ages, population and switches.
    index_dates : iterable of dates
        Days on which children are scored; see :func:`quarters`.

    Returns
    -------
    DataFrame
        One row for each child and index date, on the index (household_id, child_id, index_date), sorted. Columns
        for audit, never features: ``age`` (completed years), ``age_band``, ``sex``, ``ethnic_group`` (five groups),
        ``ethnicity`` (eighteen groups, and "not obtained"), ``disability`` ("recorded" is any code but NONE, "none
        recorded" any other child), ``ehc_plan``, ``disability_or_ehc`` (either
        of the two), ``need`` (primary need of the latest referral that was known to be open), ``status`` (the most
        intensive open service) and, in pooled records, ``authority``. Age, status and which referral is meant are as
        known on the index date; sex, ethnicity, disability, plan and the need itself are snapshots at the extract,
        since no extract dates them. And ``outcome_until``, the first day after the outcome window; ``outcome_known``,
        the first day on which the whole window can be seen (later by the reporting lag); and ``mature``, whether the
        extract reaches it.

    Raises
    ------
    LeakageError
        If an index date is more than one day after ``observed_until``.
    SpecError
        If there is no index date, or one of them is not a date or is given twice.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> cohort = build_cohort(make_records(100, random_state=0), Task(), index_dates=["2020-04-01"])
    >>> cohort.index.names
    FrozenList(['household_id', 'child_id', 'index_date'])
    """
    _refuse_without_cases(records, task)
    dates = _checked_dates(records, index_dates)
    eligible, _ = _eligible(records, task, dates)
    return _with_columns(records, task, eligible)


def cohort_attrition(records: Records, task: Task, *, index_dates: Iterable[Any]) -> pd.DataFrame:
    """Count who is left after each rule of eligibility.

    Parameters
    ----------
    records, task, index_dates
        As for :func:`build_cohort`.

    Returns
    -------
    DataFrame
        One row for each rule, in the order applied: ``rule``, ``rows_excluded``, ``rows_left``,
        ``children_left``. Rows left before a rule are rows excluded plus rows left after it.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> steps = cohort_attrition(make_records(100, random_state=0), Task(), index_dates=["2020-04-01"])
    >>> steps["rule"].tolist()[:3]
    ['all children on each index date', 'aged 10 to 17', 'alive, as known']
    """
    _refuse_without_cases(records, task)
    _, steps = _eligible(records, task, _checked_dates(records, index_dates))
    return pd.DataFrame(steps, columns=["rule", "rows_excluded", "rows_left", "children_left"])


def _refuse_without_cases(records: Records, task: Task) -> None:
    """Refuse records in which no case can be open: an SSDA903 return alone would give an empty cohort."""
    if "referrals" in records.absent and not any(records.observed(name) for name in _statuses(task)):
        msg = (
            "referrals: these records hold no referrals and no plans, so nobody can be found on an open case. An "
            "SSDA903 return knows only children in care: join it to CIN census returns with edgeofcare.combine, or "
            "read an SSD extract."
        )
        raise RecordsError(msg)


def _checked_dates(records: Records, index_dates: Iterable[Any]) -> pd.DatetimeIndex:
    """The index dates in order, refused where they cannot be used."""
    if isinstance(index_dates, str) or not isinstance(index_dates, Iterable):
        msg = "index_dates must be a list of dates such as ['2023-04-01', '2023-07-01']."
        raise SpecError(msg)
    dates = pd.DatetimeIndex([one_date(date, "each of index_dates") for date in index_dates]).as_unit("s")
    if dates.empty or dates.has_duplicates:
        msg = "index_dates must hold at least one date, and each day once."
        raise SpecError(msg)
    late = int((dates > records.observed_until + pd.Timedelta(days=1)).sum())
    if late:
        msg = (
            f"{counted(late, 'index date')} of {len(dates)} lie more than one day after observed_until "
            f"({records.observed_until.date()}): what happened just before them is not in the extract. "
            "Use earlier index dates, or a newer extract with its own observed_until."
        )
        raise LeakageError(msg)
    return dates.sort_values()


def _eligible(records: Records, task: Task, dates: pd.DatetimeIndex) -> tuple[pd.DataFrame, list[tuple]]:
    """Eligible pairs of child and index date, and how many each rule excluded."""
    children = records.table("children").sort_values("child_id", ignore_index=True)
    shape = (len(children), len(dates))
    days = dates.to_numpy()[None, :]
    death = children["death_date"].to_numpy()[:, None]
    age = age_in_years(children["birth_date"].to_numpy()[:, None], days)
    child_code = pd.Series(np.arange(len(children)), index=children["child_id"])
    status = _open_status(records, task, child_code, dates)
    rules = [
        ("all children on each index date", np.ones(shape, dtype=bool)),
        (f"aged {task.ages[0]} to {task.ages[1]}", (age >= task.ages[0]) & (age <= task.ages[1])),
        ("alive, as known", ~(death < days)),
        ("not an unaccompanied asylum-seeking child, as known", ~_known_uasc(records, task, child_code, dates)),
        ("not looked after, as known", ~_known_in_care(records, task, child_code, dates)),
        ("open case, as known", status < len(_statuses(task))),
    ]
    left, steps = rules[0][1], []
    for rule, passes in rules:
        before, left = left, left & passes
        steps.append((rule, int(before.sum() - left.sum()), int(left.sum()), int(left.any(axis=1).sum())))
    row, column = np.nonzero(left)
    pairs = children.iloc[row].reset_index(drop=True)
    pairs["index_date"] = dates.to_numpy()[column]
    pairs["age"] = age[row, column]
    pairs["status"] = np.array([STATUS_NAMES[name] for name in _statuses(task)], dtype=object)[status[row, column]]
    return pairs, steps


def _statuses(task: Task) -> tuple[str, ...]:
    """Tables whose open spells make a case open, most intensive first."""
    return (*_OPEN_CASE, "early_help") if task.early_help else _OPEN_CASE


def _grid(
    child: pd.Series, start_known: pd.Series, end_known: pd.Series, child_code: pd.Series, dates: pd.DatetimeIndex
) -> np.ndarray:
    """Whether each child has a spell that looks open on each date: start known before it, end not."""
    grid = np.zeros((len(child_code), len(dates)), dtype=bool)
    code = child_code.reindex(child).to_numpy()
    start, end = start_known.to_numpy(), end_known.to_numpy()
    for column, day in enumerate(dates.to_numpy()):
        grid[code[(start < day) & ~(end < day)], column] = True
    return grid


def _open_status(records: Records, task: Task, child_code: pd.Series, dates: pd.DatetimeIndex) -> np.ndarray:
    """Position of the most intensive open service of each child and date; one past the last where none is open."""
    statuses = _statuses(task)
    best = np.full((len(child_code), len(dates)), len(statuses))
    for position in reversed(range(len(statuses))):
        name = statuses[position]
        spells = records.table(name)
        if name == "referrals":
            spells = spells[~spells["nfa"].fillna(value=False).astype(bool)]
        lag = records.reporting_lag[name]
        start, end = start_known(spells, lag), end_known(spells, lag)
        if name in KEPT_BY_START and records.observed_from[name] is not None:
            survived = spells["start_date"] < records.observed_from[name]  # known to be open only when the extract ends
            at_end = records.observed_until - pd.Timedelta(days=1)
            start = start.mask(survived & (start < at_end), at_end)
        best[_grid(spells["child_id"], start, end, child_code, dates)] = position
    return best


def _known_in_care(records: Records, task: Task, child_code: pd.Series, dates: pd.DatetimeIndex) -> np.ndarray:
    """Whether each child was looked after on each date, as known."""
    in_care = np.zeros((len(child_code), len(dates)), dtype=bool)
    ever = records.table("care_episodes")["child_id"].unique()
    rows = pd.DataFrame({"child_id": np.repeat(ever, len(dates)), "index_date": np.tile(dates.to_numpy(), len(ever))})
    periods = care_periods_as_known(records, task, rows)
    row = periods.loc[periods["end_date"].isna(), "row"].to_numpy(dtype=np.int64)
    in_care[child_code[ever].to_numpy()[row // len(dates)], row % len(dates)] = True
    return in_care


def _known_uasc(records: Records, task: Task, child_code: pd.Series, dates: pd.DatetimeIndex) -> np.ndarray:
    """Whether each child was known to be an unaccompanied asylum-seeking child, where the task excludes them."""
    if task.uasc == "include":
        return np.zeros((len(child_code), len(dates)), dtype=bool)
    known = uasc_from(records)["known"].reindex(child_code.index).to_numpy()
    return known[:, None] < dates.to_numpy()[None, :]


def _with_columns(records: Records, task: Task, pairs: pd.DataFrame) -> pd.DataFrame:
    """The cohort frame: index, audit columns and maturity."""
    disability = _disability(records, pairs)
    outcome_until = pairs["index_date"] + pd.Timedelta(days=task.gap_days + task.horizon_days)
    outcome_known = _outcome_known(records, task, pairs, outcome_until)
    columns = {
        "age": pairs["age"].astype("int64"),
        "age_band": pairs["age"].map({a: name for low, high, name in _AGE_BANDS for a in range(low, high + 1)}),
        "sex": pairs["sex"].map({"F": "female", "M": "male"}).fillna("not known"),
        "ethnic_group": pairs["ethnicity"].map(dict(ETHNIC_GROUPS)).fillna("Unknown"),
        "ethnicity": pairs["ethnicity"].map(_ETHNICITIES).fillna(NO_ETHNICITY),
        "disability": disability,
        "ehc_plan": pairs["ehc_plan"].map({True: "yes", False: "no"}).fillna(NOT_RECORDED),
        "disability_or_ehc": _either(disability, pairs["ehc_plan"]),
        "need": _need(records, pairs),
        "status": pairs["status"],
        **({"authority": pairs["authority"].fillna(NOT_RECORDED)} if pairs["authority"].notna().any() else {}),
        "outcome_until": outcome_until.astype("datetime64[s]"),
        "outcome_known": outcome_known.astype("datetime64[s]"),
        "mature": outcome_known - pd.Timedelta(days=1) <= records.observed_until,
    }
    household = records.households.reindex(pairs["child_id"]).to_numpy()
    index = pd.MultiIndex.from_arrays([household, pairs["child_id"], pairs["index_date"]], names=INDEX_NAMES)
    return pd.DataFrame({name: np.asarray(values) for name, values in columns.items()}, index=index).sort_index()


def _disability(records: Records, pairs: pd.DataFrame) -> np.ndarray:
    """Whether a disability is recorded of each child."""
    held = records.table("disabilities")
    disabled = held.loc[held["code"].notna() & (held["code"] != "NONE"), "child_id"].unique()
    return np.where(pairs["child_id"].isin(disabled), RECORDED, NONE_RECORDED).astype(object)


def _either(disability: np.ndarray, ehc_plan: pd.Series) -> np.ndarray:
    """Whether a disability or a plan is recorded."""
    planned = ehc_plan.eq(True).fillna(value=False).to_numpy(dtype=bool)
    return np.where(planned | (disability == RECORDED), RECORDED, NONE_RECORDED).astype(object)


def _need(records: Records, pairs: pd.DataFrame) -> np.ndarray:
    """Meaning of the primary need of the latest referral that was known to be open; ties by row key."""
    referrals = records.table("referrals")
    lag = records.reporting_lag["referrals"]
    start, end = start_known(referrals, lag), end_known(referrals, lag)
    kept = ~referrals["nfa"].fillna(value=False).astype(bool) & start.notna()
    spells = referrals[["child_id", "start_date", "row_key"]].assign(
        open_from=start, open_until=end, need=referrals["need"].map(dict(CODE_LISTS["need"]))
    )[kept]
    rows = pairs[["child_id", "index_date"]].assign(row=np.arange(len(pairs))).merge(spells, on="child_id")
    rows = rows[(rows["open_from"] < rows["index_date"]) & ~(rows["open_until"] < rows["index_date"])]
    latest = rows.sort_values(["row", "start_date", "row_key"]).drop_duplicates("row", keep="last")
    found = latest.set_index("row")["need"].reindex(np.arange(len(pairs)))
    return found.fillna(NOT_RECORDED).to_numpy(dtype=object)


def _outcome_known(records: Records, task: Task, pairs: pd.DataFrame, outcome_until: pd.Series) -> pd.Series:
    """The first day on which the whole outcome window can be seen: its end, the lag, and what was recorded later."""
    known = outcome_until + pd.Timedelta(days=outcome_lag(records))
    rows = pairs[["child_id", "index_date"]].assign(row=np.arange(len(pairs)), until=outcome_until)
    entries = rows.merge(care_periods(records, task)[["child_id", "entry_date", "entry_known"]], on="child_id")
    entries = entries[(entries["entry_date"] >= entries["index_date"]) & (entries["entry_date"] < entries["until"])]
    latest = entries.groupby("row")["entry_known"].max().reindex(rows["row"]).to_numpy()
    return known.where(~(latest > known.to_numpy()), latest)


def check_cohort(cohort: pd.DataFrame, task: Task, *, index_only: bool = False) -> None:
    """Refuse a frame that is no cohort, or a cohort of another outcome window.

    Parameters
    ----------
    cohort : DataFrame
        What a caller gave as the cohort.
    task : Task
        The task that it is used with.
    index_only : bool, default False
        Whether a frame with nothing but the index will do; where it has the window, that is checked all the same.

    Raises
    ------
    IndexNamesError
        If the index or a needed column is missing.
    SpecError
        If the cohort was built with another horizon or gap.
    """
    needed = set() if index_only else {"outcome_until", "outcome_known", "mature"}
    if not isinstance(cohort, pd.DataFrame) or tuple(cohort.index.names) != INDEX_NAMES or needed - set(cohort):
        also = "" if index_only else ", 'outcome_until', 'outcome_known' and 'mature'"
        msg = f"The cohort must be as build_cohort gives it: with the index {INDEX_NAMES}{also}."
        raise IndexNamesError(msg)
    if "outcome_until" not in cohort:
        return
    window = (cohort["outcome_until"] - cohort.index.get_level_values("index_date")).dt.days
    if (window != task.gap_days + task.horizon_days).any():
        msg = "The cohort was built with another horizon or gap than the task has. Build it with this task."
        raise SpecError(msg)
