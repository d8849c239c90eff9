"""What an extract can be used for, by rules that are written out here."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from edgeofcare.records.findings import counted

__all__ = ["FEW_ENTRANTS", "NOT_READY", "SCORE_ONLY", "TRAIN", "Evidence", "reach_verdict"]

TRAIN, SCORE_ONLY, NOT_READY = "ready to train", "ready to score only", "not ready"

FEW_ENTRANTS = 100
"""Fewest children who entered care from which a model is trained: evaluating it takes at least 100 events (Vergouwe,
Steyerberg, Eijkemans and Habbema 2005; Collins, Ogundimu and Altman 2016), which already leaves none to learn from."""

_FEWEST_SPAN_DAYS = 365
_STALE_DAYS = 60
_NO_STATUS = 0.05


@dataclass(frozen=True)
class Evidence:
    """What the verdict rests on.

    Parameters
    ----------
    observed : mapping of str to bool
        Whether the source covers each dated table.
    scoring_only : str
        Why nothing can be learned from such a source; empty where something can.
    stops : mapping of str to int
        Days from the last row of each table that stops early to the end of the extract.
    index_dates : DataFrame
        From :func:`edgeofcare.records.quality.windows.index_dates`.
    entrants : int
        Children aged 10 to 17 who entered care within the usable outcome windows, other than for a short break, on
        remand or as unaccompanied asylum-seeking children.
    no_status : float
        Share of care episodes without a legal status on their first day.
    """

    observed: dict[str, bool]
    scoring_only: str
    stops: dict[str, int]
    index_dates: pd.DataFrame
    entrants: int
    no_status: float


def reach_verdict(evidence: Evidence) -> tuple[str, tuple[str, ...]]:
    """Judge what the records are good for.

    Parameters
    ----------
    evidence : Evidence
        What was found.

    Returns
    -------
    verdict : str
        "ready to train", "ready to score only" or "not ready".
    reasons : tuple of str
        Why it is no better; for "ready to train", what it rests on.

    Notes
    -----
    *Not ready*: no case table (referrals, child in need plans, child protection plans) is covered; or referrals, or
    care episodes, stop more than 60 days before the end of the extract.

    *Ready to score only*: the source says so; care episodes or legal statuses are not covered; more than 5% of care
    episodes have no legal status; the index dates with a whole lookback and a whole outcome window (365 days each) span
    less than a year, so no later period is left for a test; or fewer than 100 children aged 10 to 17 entered care
    within those outcome windows.
    """
    stopped = _stopped(evidence)
    if stopped:
        return NOT_READY, tuple(stopped)
    unlearnable = _unlearnable(evidence)
    if unlearnable:
        return SCORE_ONLY, tuple(unlearnable)
    usable = evidence.index_dates[evidence.index_dates["usable"]]
    return TRAIN, (
        f"{counted(len(usable), 'quarterly index date')} with a whole lookback and a whole outcome window, and "
        f"{evidence.entrants:,} children aged 10 to 17 who entered care within those windows.",
    )


def _stopped(evidence: Evidence) -> list[str]:
    """Why nobody can be scored."""
    reasons = []
    if not any(evidence.observed.get(name) for name in ("referrals", "cin_plans", "cp_plans")):
        reasons.append("No referral and no plan is there, so no child can be found on an open case.")
    for name, harm in (
        ("referrals", "children who were referred since are not on the list, and closed cases look open"),
        ("care_episodes", "children who entered care since look at risk at home"),
    ):
        days = evidence.stops.get(name, 0)
        if days > _STALE_DAYS:
            months = counted(round(days / 30.4), "month")
            reasons.append(f"{name} stops about {months} before the end of the extract: {harm}.")
    return reasons


def _unlearnable(evidence: Evidence) -> list[str]:
    """Why a model cannot be trained."""
    reasons = [evidence.scoring_only] if evidence.scoring_only else []
    lacking = [name for name in ("care_episodes", "legal_statuses") if not evidence.observed.get(name)]
    if lacking:
        reasons.append(f"{' and '.join(lacking)}: nothing is there, so nobody can be seen to enter care.")
        return reasons
    if evidence.no_status > _NO_STATUS:
        reasons.append(
            f"{evidence.no_status:.0%} of care episodes have no legal status on their first day (at most "
            f"{_NO_STATUS:.0%}), so entries cannot be told from short breaks and remand."
        )
    dates = evidence.index_dates.loc[evidence.index_dates["usable"], "index_date"]
    if dates.empty or (dates.max() - dates.min()).days < _FEWEST_SPAN_DAYS:
        reasons.append(
            f"{counted(len(dates), 'quarterly index date')} with a whole lookback and a whole outcome window, spanning "
            "less than a year: the extract's window is too short to train on one period and to test on a later one."
        )
    elif evidence.entrants < FEW_ENTRANTS:
        shown = f"{evidence.entrants:,}" if evidence.entrants >= 10 else "Fewer than 10"
        reasons.append(
            f"{shown} children aged 10 to 17 entered care within the usable outcome windows, and at least "
            f"{FEW_ENTRANTS} are needed: pool with other authorities, or score with a model that was trained elsewhere."
        )
    return reasons
