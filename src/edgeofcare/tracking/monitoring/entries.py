"""Entries into care in the first months after a score, as they could be seen, against those expected."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.task import Task
from edgeofcare.tracking.monitoring.bins import FEWEST
from edgeofcare.tracking.monitoring.blocks import known_days
from edgeofcare.tracking.monitoring.chance import count_p_value, family_p_value
from edgeofcare.tracking.monitoring.checks import Check
from edgeofcare.tracking.monitoring.volume import told

__all__ = ["MONTHS", "EntriesUsual", "Followed", "design_effect", "entries_checks", "follow", "learn_entries"]

MONTHS = {1: 28, 2: 59, 3: 89}
"""Days that one, two and three calendar months hold at least."""


@dataclass(frozen=True)
class Followed:
    """What is known of the entries of some rows.

    Parameters
    ----------
    risk : ndarray of float64
        Risk over the whole horizon.
    household, day : ndarray of int64
        Code of the household, and index date in days.
    seen : ndarray of float64
        Days from the start of the window to the day before which the entry could be seen; infinite without one.
    """

    risk: Floats
    household: Ints
    day: Ints
    seen: Floats


@dataclass(frozen=True)
class EntriesUsual:
    """Entries of the reference rows.

    Parameters
    ----------
    entries, expected : float
        Rows with an entry within the horizon, and the sum of the risks.
    effect : float
        Design effect of the entries: how far entries of one household and child come together.
    share, error, effects : dict of int to float
        Share of the entries that could be seen within so many months, its standard error by households, and the
        design effect of the entries of one index date within them.
    """

    entries: float
    expected: float
    effect: float
    share: dict[int, float]
    error: dict[int, float]
    effects: dict[int, float]

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, said: dict[str, Any]) -> EntriesUsual:
        """From plain values, also where JSON made text of the months.

        Parameters
        ----------
        said : mapping
            As :meth:`to_dict` gives it.

        Returns
        -------
        EntriesUsual
        """
        months = {name: {int(key): float(value) for key, value in said[name].items()} for name in _BY_MONTH}
        return cls(float(said["entries"]), float(said["expected"]), float(said["effect"]), **months)


_BY_MONTH = ("share", "error", "effects")


def follow(records: Records, risk: pd.Series, task: Task, days: int) -> Followed:
    """Find the entries of some rows, and when each could be seen.

    Parameters
    ----------
    records : Records
        The case records.
    risk : Series
        Risks on the index.
    task : Task
        The model's task.
    days : int
        Days of the window to look at.

    Returns
    -------
    Followed
        Rows that were at risk; those cut short count as long as they were followed.
    """
    short = replace(task, horizon=f"{days}D", incomplete="keep")
    details = label_outcome(records, pd.DataFrame(index=risk.index), short, details=True, need_entry=False)
    details = details[details["labelled"]]
    index = details.index
    day = index.get_level_values("index_date").to_numpy().astype("datetime64[D]").astype(np.int64)
    entered = (details["entered_care"] == 1).to_numpy(dtype=bool)
    happened = day + task.gap_days + details["followup_days"].to_numpy(dtype=np.int64)
    known = _known(records, index.get_level_values("child_id").to_numpy(dtype=str)[entered], happened[entered])
    seen = np.full(len(index), np.inf)
    seen[entered] = known - day[entered] - task.gap_days
    return Followed(
        risk.reindex(index).to_numpy(dtype=np.float64),
        np.unique(index.get_level_values("household_id").to_numpy(dtype=str), return_inverse=True)[1].astype(np.int64),
        day,
        seen,
    )


def _known(records: Records, child: np.ndarray, happened: Ints) -> Ints:
    """The day on which each entry could be seen: that of the episode that began then, else the day itself."""
    episodes = records.table("care_episodes")
    lag = int(records.reporting_lag.get("care_episodes", 0))
    frame = pd.DataFrame(
        {
            "child": episodes["child_id"].astype("object"),
            "happened": episodes["start_date"].to_numpy().astype("datetime64[D]").astype(np.int64),
            "known": known_days(episodes, "start_date", lag),
        }
    )
    first = frame.groupby(["child", "happened"])["known"].min()
    wanted = pd.MultiIndex.from_arrays([child.astype(object), happened])
    found = first.reindex(wanted).to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isnan(found), happened + lag, found).astype(np.int64)


def design_effect(count: Floats, household: Ints) -> float:
    """How many cases of a household come together: the size of the household of an average case, at least 1.

    Parameters
    ----------
    count : ndarray of float64
        Cases of each row.
    household : ndarray of int64
        Code of the household of each row.

    Returns
    -------
    float

    Examples
    --------
    >>> design_effect(np.array([1.0, 1.0, 1.0]), np.array([0, 0, 1]))
    1.6666666666666667
    """
    cases = np.bincount(household, weights=count) if household.size else np.zeros(1)
    return max(1.0, float((cases**2).sum() / cases.sum())) if cases.sum() else 1.0


def learn_entries(rows: Followed, horizon_days: int) -> EntriesUsual | None:
    """Learn from reference rows that were followed over the whole horizon when entries can be seen.

    Parameters
    ----------
    rows : Followed
        The rows.
    horizon_days : int
        Days of the horizon.

    Returns
    -------
    EntriesUsual or None
        None with fewer than 10 households with an entry; months with fewer are left out.
    """
    entered = np.isfinite(rows.seen).astype(np.float64)
    if np.unique(rows.household[entered > 0]).size < FEWEST:
        return None
    on_date = rows.household * (int(rows.day.max()) + 1) + rows.day
    on_date = np.unique(on_date, return_inverse=True)[1].astype(np.int64)
    share, error, effects = {}, {}, {}
    for months, days in MONTHS.items():
        soon = (rows.seen < days).astype(np.float64)
        if days >= horizon_days or np.unique(rows.household[soon > 0]).size < FEWEST:
            continue
        share[months] = float(soon.sum() / entered.sum())
        off = np.bincount(rows.household, weights=soon - share[months] * entered)
        error[months] = float(np.sqrt((off**2).sum()) / entered.sum())
        effects[months] = design_effect(soon, on_date)
    return EntriesUsual(
        float(entered.sum()), float(rows.risk.sum()), design_effect(entered, rows.household), share, error, effects
    )


def entries_checks(rows: Followed, usual: EntriesUsual, run_day: int, gap_days: int, lag: int) -> list[Check]:
    """Hold entries in the first one, two and three months after earlier scores against those expected.

    Parameters
    ----------
    rows : Followed
        Rows that were scored in the last months.
    usual : EntriesUsual
        From :func:`learn_entries`.
    run_day : int
        Day of the run.
    gap_days, lag : int
        The task's gap, and the reporting lag of entries.

    Returns
    -------
    list of Check
        One for each number of months.

    Notes
    -----
    Expected are the risks, times the share of a horizon's entries that could be seen within the months, times the
    ratio of observed to expected in the reference, so that what the evaluation said of the level is not news. The
    count is a negative binomial: its variance has the design effect of households, the error of the share, and that
    of the reference's own entries.
    """
    found = []
    oldest = run_day - MONTHS[3] - 5 - gap_days - lag
    for months, share in usual.share.items():
        days = MONTHS[months]
        keep = (rows.day + gap_days + days + lag <= run_day) & (rows.day >= oldest)
        level = usual.entries / usual.expected
        expected = float(rows.risk[keep].sum()) * share * level
        if expected <= 0:
            continue
        count = int(np.count_nonzero(rows.seen[keep] < days))
        relative = usual.effect / usual.entries + (usual.error[months] / share) ** 2
        variance = expected * usual.effects[months] + expected**2 * relative
        p = family_p_value(count_p_value(count, expected, variance), len(usual.share))
        found.append(_check(months, count, expected, level, p))
    return found


def _check(months: int, count: int, expected: float, level: float, p: float) -> Check:
    """One number of months."""
    month = "1 month" if months == 1 else f"{months} months"
    small = 0 < count < FEWEST
    word = "Fewer" if count < expected else "More"
    return Check(
        "entries",
        f"first {month}",
        "observed to expected",
        float("nan") if small else count * level / expected,
        level,
        p,
        f"Within {month} of their scores, {told(count)} entries into care were seen, where {expected:.0f} were "
        "expected.",
        f"{word} children enter care than the risks say: a policy, a court or the supply of homes changed, or entries "
        "are recorded later. Ranks may still hold; the level does not.",
        "Ask the service what changed. If the work did, let recalibrate() propose a re-anchored version, and decide.",
    )
