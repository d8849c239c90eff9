"""What a team must know of its lists before it reads them: counts and words, and nothing of one child."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.evaluation.capacity import months_between
from edgeofcare.explanation.page_words import ENGLISH
from edgeofcare.records.records import Records
from edgeofcare.tracking.trajectories.meeting import LEAVING, NEW, NO_LIST, STAYING
from edgeofcare.tracking.trajectories.noise import NOT_COMPARABLE, RISING
from edgeofcare.tracking.trajectories.words import days_said, many

__all__ = ["NO_LEDGER", "Run", "team_notes"]

NO_LEDGER = "No ledger was given: who was reviewed is not said."
"""Said where nothing can be known of reviews."""

_DAY = np.timedelta64(1, "D")
_LONG = 1.5  # times the usual spacing: a gap


class Run(NamedTuple):
    """The run of a team that a meeting is about.

    Parameters
    ----------
    team : str
        The team.
    days : ndarray of datetime64[s]
        Days of the runs up to the meeting.
    places : int
        Places on its list.
    """

    team: str
    days: np.ndarray
    places: int


def team_notes(
    run: Run, children: pd.DataFrame, *, on: pd.Timestamp, records: Records | None, least_change: float
) -> list[str]:
    """Say what a team must know.

    Parameters
    ----------
    run : Run
        Its days and places.
    children : DataFrame
        The team's rows of :func:`edgeofcare.tracking.trajectories.meeting.child_frame`.
    on : Timestamp
        The day of the meeting.
    records : Records or None
        The case records.
    least_change : float
        Change in log-odds that counts without intervals.

    Returns
    -------
    list of str
        Sentences.
    """
    return [
        _counts(children),
        *_nobody(run, children),
        *_places(run, children),
        *_days(run, on),
        *_models(children),
        *_below(children),
        *_records(records, on),
        _noise(children, least_change),
    ]


def _counts(children: pd.DataFrame) -> str:
    """How many are on the list, and who left it."""
    listed = children["listed"].to_numpy(dtype=bool)
    held = children["list"]
    new, leaving = int((held == NEW).sum()), int((held == LEAVING).sum())
    staying = [f"{int((held == name).sum())} {name}" for name in STAYING]
    return (
        f"{many(int(listed.sum()), 'child', 'children')} on the list: {new} new, and "
        f"{int(held.isin(STAYING).sum())} who stay on it ({', '.join(staying)}). "
        f"{many(leaving, 'child', 'children')} left it."
    )


def _nobody(run: Run, children: pd.DataFrame) -> list[str]:
    """Whether the team has no score at the last run."""
    if ((children["team"] == run.team) & children["risk"].notna()).any():
        return []
    return [
        "Nobody of this team was scored at the last run, so its list is empty. If the team is scored on days of its "
        "own, give track its scores by themselves."
    ]


def _places(run: Run, children: pd.DataFrame) -> list[str]:
    """How long the list is, and why."""
    listed, tied = int(children["listed"].sum()), int(children["tied"].sum())
    months = months_between(run.days.astype("datetime64[D]").astype(np.int64))
    apart = "1 month" if months == 1 else f"{months:g} months"
    said = [f"The list has {many(run.places, 'place')}: the team's capacity, with runs {apart} apart."]
    if tied and listed > run.places:
        left = many(run.places - listed + tied, "place")
        said.append(
            f"{many(tied, 'child', 'children')} share the last {left}: their risks are exactly the same. All are "
            f"listed, so that the list has {listed}; whom to discuss is yours to say."
        )
    return said


def _days(run: Run, on: pd.Timestamp) -> list[str]:
    """Which runs are compared, and where there was none for long."""
    days = run.days.astype("datetime64[D]")
    said = []
    behind = int((np.datetime64(on, "D") - days[-1]) / _DAY)
    if behind:
        said.append(f"The scores are of {ENGLISH.day(days[-1])}, {days_said(behind)} before the meeting.")
    if days.size == 1:
        return [*said, "This is the first run: everybody on the list is new."]
    apart = (np.diff(days) / _DAY).astype(np.int64)
    said.append(f"The last run before was on {ENGLISH.day(days[-2])}.")
    if apart[-1] > _LONG * np.median(apart):
        usual = days_said(int(np.median(apart)))
        said.append(
            f"There was no run for {days_said(int(apart[-1]))}, where {usual} are usual: months without a score."
        )
    return said


def _models(children: pd.DataFrame) -> list[str]:
    """Who was scored by another model before."""
    again = int(children["rescored"].sum())
    other = int((children["direction"] == NOT_COMPARABLE).sum())
    said = []
    if again or other:
        said.append(
            "The model or its calibration changed between the scores that are compared. A change of model is not shown "
            "as a change of a child."
        )
    if again:
        said.append(f"{many(again, 'child was', 'children were')} scored again by one model for both days.")
    if other:
        said.append(f"{many(other, 'child', 'children')} cannot be compared.")
    return said


def _below(children: pd.DataFrame) -> list[str]:
    """Who rose without being on the list."""
    rose = int(((children["list"] == NO_LIST) & (children["direction"] == RISING)).sum())
    if not rose:
        return []
    return [f"{many(rose, 'child', 'children')} rose clearly and are still below the list." if rose > 1 else
            "1 child rose clearly and is still below the list."]  # fmt: skip


def _records(records: Records | None, on: pd.Timestamp) -> list[str]:
    """How far the records reach."""
    if records is None:
        return [
            "No records were given, so it is not said who was seen or supported, or why children are no longer scored."
        ]
    if records.observed_until < on - pd.Timedelta(days=1):
        return [f"The records reach until {ENGLISH.day(records.observed_until)}: what was done since is not in them."]
    return []


def _noise(children: pd.DataFrame, least_change: float) -> str:
    """What counts as a change."""
    if children["risk_low"].notna().any():
        return (
            "Rising and falling mean more than the risk moves when the model is fitted again on other households. "
            "Anything less is no clear change."
        )
    return (
        f"Rising and falling mean a change of more than {least_change:g} in log-odds, since this model gives no "
        "intervals. Anything less is no clear change."
    )
