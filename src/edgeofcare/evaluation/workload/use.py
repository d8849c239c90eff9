"""What a team would see of a model: workload, lead time and reach, where there is what they need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import Scored, check_index
from edgeofcare.evaluation.workload.lead_time import LEAD_TIME_COLUMNS, lead_time_frame
from edgeofcare.evaluation.workload.lists import ReviewDraws, review_draws, workload_frame
from edgeofcare.evaluation.workload.reach import REACH_COLUMNS, reach, reviewed_rows
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats

if TYPE_CHECKING:
    from edgeofcare.records.records import Records
    from edgeofcare.task import Task

__all__ = ["Given", "Used", "of_use"]


@dataclass(frozen=True)
class Given:
    """What the caller gave beside rows and model, checked.

    Parameters
    ----------
    index : MultiIndex
        Of the caller's rows.
    followup : Series or None
        Days of follow-up on that index.
    records, cohort, task
        As given to :func:`edgeofcare.evaluate`; all three, or nothing is asked of the records.
    """

    index: pd.MultiIndex
    followup: pd.Series | None
    records: Records | None
    cohort: pd.DataFrame | None
    task: Task | None

    @classmethod
    def checked(
        cls,
        X: pd.DataFrame,
        y: pd.Series,
        cohort: pd.DataFrame | None,
        details: pd.DataFrame | None,
        records: Records | None,
        task: Task | None,
        capacity: int | None,
    ) -> Given:
        """Refuse what cannot be used together.

        Raises
        ------
        SpecError
            If details lack follow-up or rows, or what is given needs something that is not.
        """
        problems = []
        if (details is not None or records is not None) and task is None:
            problems.append("details= and records= need the outcome window: pass task=, or fit the model with one")
        if records is not None and (cohort is None or capacity is None):
            problems.append("records= needs the cohort and a capacity: pass cohort= and capacity=")
        elif records is not None and cohort is not None:
            absent = int((~X.index.isin(check_index(cohort.index, "cohort"))).sum())
            problems += [f"the cohort lacks {absent} of the {len(X)} rows of X"] if absent else []
        problems += [] if details is None else _wrong_details(details, y, task)
        if problems:
            msg = "; ".join(problems) + "."
            raise SpecError(msg[0].upper() + msg[1:])
        followup = None if details is None else details["followup_days"].reindex(X.index)
        return cls(X.index, followup, records, cohort, task)  # type: ignore[arg-type]


def _wrong_details(details: pd.DataFrame, y: pd.Series, task: Task | None) -> list[str]:
    """What is wrong with details for these outcomes."""
    if not {"followup_days", "entered_care"} <= set(details.columns):
        return [
            "details is not what label_outcome(..., details=True) gives: followup_days and entered_care are missing"
        ]
    index = check_index(details.index, "details")
    if absent := int((~y.index.isin(index)).sum()):
        return [f"details lacks {absent} of the {len(y)} rows of X"]
    rows = details.reindex(y.index)
    days = pd.to_numeric(rows["followup_days"], errors="coerce").to_numpy(dtype=np.float64)
    entered, most = y.to_numpy(dtype=np.float64) == 1, np.inf if task is None else task.horizon_days
    problems = []
    if bad := int((entered & ~((days >= 0) & (days < most))).sum()):
        problems.append(f"details has {bad} rows with an entry whose followup_days lie outside the outcome window")
    if differ := int((pd.to_numeric(rows["entered_care"], errors="coerce").to_numpy() != y.to_numpy()).sum()):
        problems.append(f"details and y differ in {differ} of {len(y)} outcomes: make both from the same task")
    return problems


@dataclass(frozen=True)
class Used:
    """Workload, lead time and reach; empty frames where they were not asked for."""

    workload: pd.DataFrame
    lead_time: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(LEAD_TIME_COLUMNS)))
    reach: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(REACH_COLUMNS)))
    review_draws: ReviewDraws | None = None


def of_use(rows: Scored, selected: Mapping[str, Floats], given: Given, n_resamples: int, random_state: int) -> Used:
    """Measure what a team would see.

    Parameters
    ----------
    rows : Scored
        Test rows.
    selected : mapping of str to ndarray of shape (n,)
        By model, the share of each row that is reviewed at capacity; empty without one.
    given : Given
        Follow-up and records, where there are any.
    n_resamples, random_state : int
        Resamples of households, and their seed.

    Returns
    -------
    Used
        The frames.
    """
    options: Any = {"n_resamples": n_resamples, "random_state": random_state}
    used = Used(workload_frame(rows, selected, **options))
    if not selected:
        return used
    used = replace(used, review_draws=review_draws(rows, selected, **options))
    if given.followup is not None and given.task is not None:
        days = given.followup.to_numpy(dtype=np.float64)[rows.order]
        frame = lead_time_frame(rows, selected, days, gap_days=given.task.gap_days, **options)
        used = replace(used, lead_time=frame)
    if given.records is not None and given.cohort is not None and given.task is not None:
        reviewed = reviewed_rows(rows, selected, given.index)
        used = replace(used, reach=reach(given.records, given.cohort, given.task, reviewed, **options))
    return used
