"""The list of the highest risks: whether it still finds those who enter care, and how often it is overridden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from edgeofcare.evaluation.capacity import select_rows
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.tracking.monitoring.bins import FEWEST
from edgeofcare.tracking.monitoring.chance import family_p_value, share_p_value
from edgeofcare.tracking.monitoring.checks import Check
from edgeofcare.tracking.monitoring.entries import MONTHS, Followed, design_effect
from edgeofcare.tracking.monitoring.volume import few, told

__all__ = ["ListUsual", "capacity_checks", "learn_list", "list_days", "listed", "override_check"]

_MEASURES = {"ppv": "PPV at capacity", "recall": "recall at capacity"}
_DO = "Evaluate the model on the newest mature rows with evaluate(); if it no longer ranks, learn it anew."


@dataclass(frozen=True)
class ListUsual:
    """What the list found in the reference.

    Parameters
    ----------
    listed, found, entered : float
        Rows on the list, those of them with an entry, and all rows with an entry.
    effect_found, effect_entered : float
        Design effects of both.
    """

    listed: float
    found: float
    entered: float
    effect_found: float
    effect_entered: float

    def to_dict(self) -> dict[str, float]:
        """As plain values."""
        return asdict(self)


def listed(risk: Floats, day: Ints, capacity: int) -> Floats:
    """Share of each row that is on the list of its date.

    Parameters
    ----------
    risk : ndarray of float64
        Risks.
    day : ndarray of int64
        Index date of each row.
    capacity : int
        Children on the list of a date.

    Returns
    -------
    ndarray of float64
    """
    return select_rows(risk, np.unique(day, return_inverse=True)[1].astype(np.int64), capacity)


def list_days(horizon_days: int, lag: int) -> dict[str, int]:
    """Days within which an entry must have been seen to count.

    Parameters
    ----------
    horizon_days, lag : int
        The task's horizon, and the reporting lag of entries.

    Returns
    -------
    dict of str to int
        ``"so far"`` (three months) and ``"whole"`` (the horizon). An entry recorded later would be found in the
        reference alone: its records reach further than those of a run.

    Examples
    --------
    >>> list_days(365, 14)
    {'so far': 89, 'whole': 379}
    """
    return {"so far": MONTHS[3], "whole": horizon_days + lag}


def learn_list(rows: Followed, days: float, capacity: int) -> ListUsual | None:
    """Learn what the list finds within so many days.

    Parameters
    ----------
    rows : Followed
        Rows followed for at least so many days.
    days : float
        Days.
    capacity : int
        Children on the list of a date.

    Returns
    -------
    ListUsual or None
        None where fewer than 10 rows on the list, or off it, had an entry: neither count could be told.
    """
    on, entered = listed(rows.risk, rows.day, capacity), (rows.seen < days).astype(np.float64)
    found = on * entered
    if found.sum() < FEWEST or entered.sum() - found.sum() < FEWEST:
        return None
    return ListUsual(
        float(on.sum()),
        float(found.sum()),
        float(entered.sum()),
        design_effect(found, rows.household),
        design_effect(entered, rows.household),
    )


def capacity_checks(
    rows: Followed,
    usual: Mapping[str, ListUsual],
    capacity: int,
    run_day: int,
    *,
    days: Mapping[str, int],
    wait: Mapping[str, int],
) -> list[Check]:
    """Hold PPV and recall at capacity against the reference, as far as outcomes are known.

    Parameters
    ----------
    rows : Followed
        Rows that were scored before.
    usual : mapping of str to ListUsual
        ``"so far"`` (three months) and ``"whole"`` (the horizon).
    capacity : int
        Children on the list of a date.
    run_day : int
        Day of the run.
    days : mapping of str to int
        From :func:`list_days`.
    wait : mapping of str to int
        Days from an index date until the outcome of each is known.

    Returns
    -------
    list of Check
        Recall so far and, once a horizon has passed, PPV and recall of the newest date that is mature.
    """
    found: list[Check] = []
    tests = 1 + 2 * ("whole" in usual)
    for stage, before in usual.items():
        old = rows.day[rows.day + wait[stage] <= run_day]
        if not old.size or run_day - old.max() - wait[stage] > MONTHS[2]:
            continue
        keep = rows.day == old.max()
        entered = (rows.seen[keep] < days[stage]).astype(np.float64)
        on = listed(rows.risk[keep], rows.day[keep], capacity)
        hits = float((on * entered).sum())
        if entered.sum():
            found.append(_share("recall", stage, hits, float(entered.sum()), before, tests))
        if stage == "whole":
            found.append(_share("ppv", stage, hits, float(on.sum()), before, tests))
    return found


def _share(measure: str, stage: str, hits: float, of: float, usual: ListUsual, tests: int) -> Check:
    """One share of the list."""
    of_before = usual.entered if measure == "recall" else usual.listed
    effect = usual.effect_entered if measure == "recall" else usual.effect_found
    p = family_p_value(share_p_value(hits, of, usual.found / effect, of_before / effect), tests)
    hide = few(hits, of)
    value, before = hits / of, usual.found / of_before
    when = "in the first three months" if stage == "so far" else "over the whole horizon"
    shown = "too few to show" if hide else f"{value:.0%}"
    what = "of the children who entered care were on the list" if measure == "recall" else "of the list entered care"
    return Check(
        "capacity",
        stage,
        _MEASURES[measure],
        float("nan") if hide else value,
        before,
        p,
        f"{when.capitalize()}, {shown} {what}; {before:.0%} is usual.",
        "The list finds another share of those who enter care than it did: the model ranks better or worse, more or "
        "fewer children enter care, or what is done for listed children works.",
        _DO,
    )


def override_check(overridden: pd.Series, day: Ints, run_day: int) -> Check | None:
    """Hold the share of listed children whose score was overridden against that of the months before.

    Parameters
    ----------
    overridden : Series of bool
        Whether somebody decided otherwise, for each row that was on the list.
    day : ndarray of int64
        Index date of each row.
    run_day : int
        Day of the run.

    Returns
    -------
    Check or None
        None where nobody was listed in the last three months. There is no test in the first three months.
    """
    new = (day >= run_day - MONTHS[3] - 5) & (day < run_day)
    some, of = float(overridden[new].sum()), int(new.sum())
    old, of_old = float(overridden[~new & (day < run_day)].sum()), int((~new & (day < run_day)).sum())
    if not of:
        return None
    p = share_p_value(some, of, old, of_old) if of_old else float("nan")
    usual = old / of_old if of_old and not few(old, of_old) else float("nan")
    shown = f"all but fewer than {FEWEST}" if 0 < of - some < FEWEST <= some else told(int(some))
    return Check(
        "override",
        "listed children of the last three months",
        "share overridden",
        float("nan") if few(some, of) else some / of,
        usual,
        p,
        f"Of {told(of)} listed rows of the last three months, {shown} were overridden.",
        "Professionals trust the scores more or less than before, or override for a reason that the model cannot see.",
        "Read the reasons in the ledger with those who gave them. A share near nothing may mean that nobody looks.",
    )
