"""Why a child is no longer on a list, in words that blame nobody."""

from __future__ import annotations

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.explanation.one_child import household_records, rules_missed
from edgeofcare.records.records import Records
from edgeofcare.task import Task

__all__ = ["BELOW", "CAME_FROM", "NOT_SCORED", "NO_RECORDS", "OTHER_LIST", "OTHER_TEAM", "left_because"]

BELOW = "the risk is now below those on the list"
OTHER_TEAM = "now with another team, where the risk is below those on the list"
OTHER_LIST = "now on another team's list"
CAME_FROM = "from another team's list"
NO_RECORDS = "no score at this run; the records do not hold the child"
NOT_SCORED = "no score at this run, although the records say that the child could be scored: check the run"
_UNKNOWN = "no score at this run"
_RULES = (
    ("aged", "turned 18"),
    ("alive", "died"),
    ("not looked after", "looked after now"),
    ("open case", "the case was closed"),
    ("not an unaccompanied", "recorded as an unaccompanied asylum-seeking child, for whom the model is not"),
)


def left_because(
    child_id: str, row: pd.Series, *, day: pd.Timestamp, moved: bool, records: Records | None, task: Task | None
) -> str:
    """Say why a child who was on the list at the last run is not on it now.

    Parameters
    ----------
    child_id : str
        The child.
    row : Series
        Its row of :func:`edgeofcare.tracking.trajectories.meeting.child_frame`.
    day : Timestamp
        The day of the run.
    moved : bool
        Whether it is scored in another team than that whose list it was on.
    records : Records or None
        The case records; only what was known before the day is used.
    task : Task or None
        Whom the model is for.

    Returns
    -------
    str
        A few words.

    Examples
    --------
    >>> left_because("c1", pd.Series({"risk": 0.02}), day=None, moved=False, records=None, task=None)
    'the risk is now below those on the list'
    """
    if not pd.isna(row["risk"]):
        return OTHER_TEAM if moved else BELOW
    if records is None or task is None or day > records.observed_until + pd.Timedelta(days=1):
        return _UNKNOWN
    if child_id not in records.households.index:
        return NO_RECORDS
    found = rules_missed(household_records(records, child_id), child_id, [one_date(day, "on")], task)[0]
    if not found:
        return NOT_SCORED
    if found.startswith("aged") and not _grown_up(records, child_id, day, task):
        return _UNKNOWN
    return next((said for start, said in _RULES if found.startswith(start)), found)


def _grown_up(records: Records, child_id: str, day: pd.Timestamp, task: Task) -> bool:
    """Whether a child is past the ages that the model is for, and not before them."""
    children = records.table("children")
    born = children.loc[children["child_id"] == child_id, "birth_date"].iloc[0]
    return bool(day >= born + pd.DateOffset(years=task.ages[1] + 1))
