"""What happened when teams began to use a score, one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edgeofcare.evaluation._inputs import kind
from edgeofcare.evaluation._options import is_whole
from edgeofcare.evaluation._small import SMALL, interval_note, shown
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats
from edgeofcare.records.findings import counted
from edgeofcare.task import Task
from edgeofcare.tracking.rollout.contamination import count_contamination
from edgeofcare.tracking.rollout.design import RolloutDesign
from edgeofcare.tracking.rollout.intervals import MEASURES, estimate, household_intervals, order_interval, order_p
from edgeofcare.tracking.rollout.result import HOUSEHOLDS, ORDERS, RolloutResult, write_text
from edgeofcare.tracking.rollout.rows import Followed, read_rows

__all__ = ["evaluate_rollout"]

_FEWEST = 100
_Row = tuple[str, float, float, float, str, str]


def evaluate_rollout(
    design: RolloutDesign, outcomes: pd.DataFrame, task: Task, *, n_resamples: int = 1000, random_state: int = 0
) -> RolloutResult:
    """Say whether fewer children entered care where teams used the score, and whether that can be told from chance.

    Parameters
    ----------
    design : RolloutDesign
        The design as it was drawn (:func:`design_rollout`) and kept.
    outcomes : DataFrame
        ``label_outcome(records, cohort, task, details=True)`` for a cohort on ``design.periods``, with a column
        ``team``: the team that held the case on the index date. A column ``shown`` (True or False: whether somebody
        was shown the child's score, from the ledger) is optional.
    task : Task
        The task that labelled them. Its gap and horizon together are no longer than ``design.horizon``.
    n_resamples : int, default 1000
        Resamples of households, at least 100.
    random_state : int, default 0
        Seed.

    Returns
    -------
    RolloutResult
        Rates, their ratio and difference, intervals, p-value and counts, and sentences that say the same.

    Raises
    ------
    SpecError
        If rows are not of the design's teams and periods, a team or a row at risk is missing, a child has two rows on a
        date, windows reach into the next period, or values are not as :func:`label_outcome` gives them.
    LeakageError
        If the follow-up of a row is not complete.

    Notes
    -----
    Entries of team *j* in period *k* are taken as ``time * a[j] * b[k] * ratio**exposed``: teams are compared within
    the same period, and each with what it was before. Time is the follow-up, so that children who move away, turn 18
    or enter care count for as long as they could have entered. The p-value compares the score statistic of the ratio
    with that of every order that could have been drawn, and asks nothing of how entries are distributed. Its interval
    holds the ratios that the same test does not refuse. The interval by households resamples whole households; it
    forgets what comes and goes in one team alone, and is then too narrow.

    Rows count where the schedule puts them, whatever was done (intention to treat). An effect that grows with use is
    averaged over the time with the score, and not evenly: look at the schedule before reading it as lasting.

    References
    ----------
    Hussey and Hughes (2007), Contemporary Clinical Trials 28, 182-191. Thompson and others (2018), Statistics in
    Medicine 37, 2487-2500. Rabideau and Wang (2021), Statistics in Medicine 40, 4442-4456. Kenny and others (2022),
    Statistics in Medicine 41, 4311-4339, on effects that change with time.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> teams = [f"Team {letter}" for letter in "ABCDEFGH"]
    >>> design = eoc.design_rollout(teams, periods=eoc.quarters("2026-04-01", "2027-10-01"))
    >>> outcomes = eoc.make_rollout_outcomes(design.to_frame(), ratio=0.5, random_state=3)
    >>> result = evaluate_rollout(design, outcomes, eoc.Task(horizon=design.horizon), n_resamples=100)
    >>> ratio = result.table.set_index(["measure", "interval"]).loc[("rate_ratio", "households")]
    >>> bool(ratio["ci_low"] < 0.5 < ratio["ci_high"])
    True
    """
    if not is_whole(n_resamples, _FEWEST):
        msg = f"n_resamples must be a whole number, at least {_FEWEST}; 1000 is usual."
        raise SpecError(msg)
    rows = read_rows(outcomes, design)
    _refuse_other_windows(outcomes, task, design)
    exposures = design.exposures()
    exposed = exposures[design.chosen]
    counts, entrants = _counts(rows, exposed)
    contamination = count_contamination(rows, exposed)
    left = _left(rows)
    if min(entrants) < SMALL:
        table, p_value = _hidden(interval_note(min(entrants))), float("nan")
    else:
        intervals = household_intervals(rows, exposed, n_resamples=n_resamples, random_state=random_state)
        table, p_value = _measured(rows, design, exposures, intervals, interval_note(min(entrants)))
    return RolloutResult(table, counts, contamination, p_value, write_text(design, table, contamination, p_value, left))


def _refuse_other_windows(outcomes: pd.DataFrame, task: Any, design: RolloutDesign) -> None:
    """Refuse windows that reach into the next period, and outcomes that another task has labelled."""
    if not isinstance(task, Task):
        msg = f"task is a {kind(task)}; expected the Task that labelled the outcomes."
        raise SpecError(msg)
    problems = []
    if task.gap_days + task.horizon_days > design.horizon_days:
        problems.append(
            f"task: its gap and horizon reach {task.gap_days + task.horizon_days} days from the index date, and a "
            f"period has {design.horizon_days}, so that outcomes are of the next period, in which more teams use the "
            f"score. Label them with Task(horizon='{design.horizon}') or less, gap included."
        )
    gone = 0 if task.gap_days else int((outcomes["end_reason"] == "entered_in_gap").sum())
    if gone:
        problems.append(
            f"outcomes: {counted(gone, 'row')} ended in a gap, and the task has none: they were labelled with another."
        )
    long = int((outcomes["followup_days"] > task.horizon_days).sum())
    if long:
        problems.append(
            f"outcomes: {counted(long, 'row')} were followed for longer than the task's {task.horizon_days} days: "
            "they were labelled with another."
        )
    if problems:
        raise SpecError(" ".join(problems))


def _measured(
    rows: Followed, design: RolloutDesign, exposures: Floats, intervals: dict[str, tuple[float, float]], note: str
) -> tuple[pd.DataFrame, float]:
    """Table of all measures with their intervals, and the p-value of the orders."""
    entries, time, exposed = rows.entries, rows.time, exposures[design.chosen]
    values = {name: float(value) for name, value in zip(MEASURES, estimate(entries, time, exposed), strict=True)}
    table: list[_Row] = [(name, values[name], *intervals[name], HOUSEHOLDS, note) for name in MEASURES]
    p_value = order_p(entries, time, exposures, design.chosen)
    if design.can_tell:
        low, high = order_interval(entries, time, exposures, design.chosen, values["rate_ratio"])
        rate = values["rate_with"]
        least = rate - rate / low if low > 0 else -np.inf
        table.insert(3, ("rate_ratio", values["rate_ratio"], low, high, ORDERS, ""))
        most = rate - rate / high
        table.insert(5, ("rate_difference", values["rate_difference"], float(least), float(most), ORDERS, ""))
    return _frame(table), p_value


def _hidden(note: str) -> pd.DataFrame:
    """The table where too few entered to tell anything."""
    nothing = float("nan")
    return _frame([(name, nothing, nothing, nothing, HOUSEHOLDS, note) for name in MEASURES])


def _frame(rows: list[_Row]) -> pd.DataFrame:
    """Tidy table of measures."""
    return pd.DataFrame(rows, columns=["measure", "estimate", "ci_low", "ci_high", "interval", "note"])


def _counts(rows: Followed, exposed: Floats) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Rows, children, households and entrants with the score and without, and the entrants as numbers."""
    uses = exposed.ravel()[rows.cell] > 0
    sides: dict[str, NDArray[np.bool_]] = {"used": uses, "not used": ~uses}
    exact = [
        [name, mask.sum(), _distinct(rows.child[mask]), _distinct(rows.household[mask]),
         _distinct(rows.child[mask & (rows.entered == 1)])]
        for name, mask in sides.items()
    ]  # fmt: skip
    told: list[list[Any]] = [[name, *(shown(int(count)) for count in numbers)] for name, *numbers in exact]
    frame = pd.DataFrame(told, columns=["score", "rows", "children", "households", "entrants"])
    return frame, (int(exact[0][-1]), int(exact[1][-1]))


def _distinct(codes: NDArray[np.int64]) -> int:
    """How many different codes there are."""
    return int(np.unique(codes).size)


def _left(rows: Followed) -> dict[str, int]:
    """What else has to be told, with its count."""
    return {
        "rows are left out: the children were already in care, or entered it in the gap": rows.left_out,
        "rows end early because the child moved away, and count for as long as it was there": rows.moved,
        "times a team has no row in a period, which then compares nothing for it": int((rows.time == 0).sum()),
    }
