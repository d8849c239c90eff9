"""Whether a model is for one child on a day, from plain records: the rules of :func:`edgeofcare.build_cohort`."""

from __future__ import annotations

import datetime as dt

import numpy as np

from edgeofcare.ages import age_in_years
from edgeofcare.dates import one_day, refuse_late
from edgeofcare.exceptions import RecordsError
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.single.care import periods_as_known
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.schema.extracts import KEPT_BY_START
from edgeofcare.task import Task

__all__ = ["why_not_eligible"]

_OPEN_CASE = ("cp_plans", "cin_plans", "referrals")


def why_not_eligible(records: ChildRecords, task: Task, index_date: str | dt.date | np.datetime64) -> tuple[str, ...]:
    """Say why a model is not for a child on a day, as known on that day.

    Parameters
    ----------
    records : ChildRecords
        The records of the child.
    task : Task
        Ages, population and switches of the model.
    index_date : str or date
        The day.

    Returns
    -------
    tuple of str
        One clause for each rule that is not met, in the order of :func:`edgeofcare.cohort_attrition`; none where the
        child is among those whom :func:`edgeofcare.build_cohort` finds.

    Raises
    ------
    LeakageError
        If the day is more than one day after the end of the records.
    RecordsError
        If the records hold nothing by which a case could be open.
    SpecError
        If it is no date.

    Examples
    --------
    >>> tables = {"children": [{"child_id": "1", "birth_date": "2019-06-15"}], "referrals": []}
    >>> plain = {"child_id": "1", "observed_until": "2025-03-31"}
    >>> records = ChildRecords.from_plain(plain | {"tables": tables | {"care_episodes": [], "legal_statuses": []}})
    >>> why_not_eligible(records, Task(), "2025-03-31")
    ('not aged 10 to 17', 'no open case, as known')
    """
    day = one_day(index_date, "index_date")
    refuse_late(day, records.observed_until, "index_date")
    _refuse_without_cases(records, task)
    on = int(day.astype(np.int64))
    born, died = _lived(records)
    youngest, oldest = task.ages
    rules = {
        f"not aged {youngest} to {oldest}": not youngest <= _age(born, day) <= oldest,
        "not alive, as known": died < on,
        "an unaccompanied asylum-seeking child, as known": task.uasc == "exclude" and _known_uasc(records) < on,
        "looked after, as known": _in_care(records, task, on),
        "no open case, as known": not any(_is_open(records, name, on) for name in _statuses(task)),
    }
    return tuple(why for why, holds in rules.items() if holds)


def _statuses(task: Task) -> tuple[str, ...]:
    """Tables whose open spells make a case open."""
    return (*_OPEN_CASE, "early_help") if task.early_help else _OPEN_CASE


def _refuse_without_cases(records: ChildRecords, task: Task) -> None:
    """Refuse records that reach no table by which a case could be open: everybody would be without one."""
    until = int(records.observed_until.astype(np.int64))
    if all((records.first_day(name) or 0) > until for name in _statuses(task)):
        msg = (
            "referrals: these records hold no referrals and no plans, so nobody can be found on an open case. Give "
            "the referrals of the household, an empty list if it has none."
        )
        raise RecordsError(msg)


def _lived(records: ChildRecords) -> tuple[int, int]:
    """Days of birth and death of the child; ``MAX_DAY`` where there is none."""
    people = records.table("children")
    place = people.child.index(records.child_id)
    born, died = (people.column(name)[place] for name in ("birth_date", "death_date"))
    return MAX_DAY if born is None else born, MAX_DAY if died is None else died


def _age(born: int, day: np.datetime64) -> int:
    """Completed years of age."""
    return -1 if born == MAX_DAY else int(age_in_years(np.datetime64(born, "D"), day))


def _known_uasc(records: ChildRecords) -> int:
    """First day on which the child could be seen to be an unaccompanied asylum-seeking child; ``MAX_DAY`` if never."""
    said = (("immigration_statuses", "uasc", "yes"), ("assessment_factors", "factor", "9A"))
    days = [MAX_DAY]
    for name, column, value in said:
        table = records.table(name)
        cells = table.column(column)
        days += [table.known[place] for place in table.of(records.child_id) if cells[place] == value]
    return min(days)


def _in_care(records: ChildRecords, task: Task, day: int) -> bool:
    """Whether a period of care had no end that was known before the day."""
    episodes, statuses = records.table("care_episodes"), records.table("legal_statuses")
    included = task.short_breaks == "include"
    periods = periods_as_known(episodes, statuses, [records.child_id], day, short_breaks=included)
    return any(end == MAX_DAY for end in periods.end)


def _is_open(records: ChildRecords, name: str, day: int) -> bool:
    """Whether a spell of the child looks open on the day: its start known before it, its end not."""
    table = records.table(name)
    nfa = table.column("nfa") if name == "referrals" else [None] * table.size
    first = records.first_day(name) if name in KEPT_BY_START else None
    at_end = int(records.observed_until.astype(np.int64)) - 1
    for place in table.of(records.child_id):
        known = table.known[place]
        if first is not None and table.start[place] < first:  # known to be open only when the extract ends
            known = max(known, at_end)
        if nfa[place] != "yes" and known < day and not table.end_known[place] < day:
            return True
    return False
