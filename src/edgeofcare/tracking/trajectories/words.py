"""Risks, changes and days of a meeting's lists in plain words."""

from __future__ import annotations

import pandas as pd

from edgeofcare.explanation.child_words import of_100
from edgeofcare.explanation.page_words import ENGLISH
from edgeofcare.tracking.trajectories.meeting import NO_SCORE, THREE
from edgeofcare.tracking.trajectories.noise import CLEAR, NOT_COMPARABLE, UNKNOWN

__all__ = ["ago", "change_said", "days_said", "interval_said", "many"]


def change_said(row: pd.Series) -> str:
    """A risk and what it was, in words.

    Parameters
    ----------
    row : Series
        Of :func:`edgeofcare.tracking.trajectories.meeting.child_frame`.

    Returns
    -------
    str
        Without a full stop.

    Examples
    --------
    >>> row = {"risk": 0.121, "risk_compared": 0.121, "risk_before": 0.07, "direction": "rising", "rescored": False}
    >>> change_said(pd.Series({**row, "since": "last_run", "before_date": pd.Timestamp("2025-05-01")}))
    '12 of 100, was 7 of 100 on 1 May 2025'
    """
    direction = row["direction"]
    day = "" if pd.isna(row["before_date"]) else ENGLISH.day(row["before_date"])
    if direction == NO_SCORE:
        return f"{_first(of_100(row['risk_before'], bare=True))} on {day}, and no score at this run"
    now = _first(of_100(row["risk"], bare=True))
    if direction == UNKNOWN:
        return f"{now}; this is the first score"
    if direction == NOT_COMPARABLE:
        return f"{now}; not comparable with {day}, which another model scored"
    after = "; no clear change since the last run" if row["since"] == THREE else ""
    later, earlier = _pair(row["risk_compared"], row["risk_before"], differ=direction in CLEAR)
    was = f"was {earlier} on {day}" if later != earlier else f"as on {day}"
    if not row["rescored"]:
        return f"{_first(later)}, {was}{after or ('' if direction in CLEAR else ': no clear change')}"
    by_one = f"by one model, {later}, {was}" if later != now else f"{was} by the same model"
    return f"{now}; {by_one}{after or ('' if direction in CLEAR else ': no clear change')}"


def interval_said(low: float, high: float) -> str:
    """An interval in words; nothing where there is none.

    Parameters
    ----------
    low, high : float
        Its ends.

    Returns
    -------
    str
        A sentence.

    Examples
    --------
    >>> interval_said(0.07, 0.16)
    'Fitted again on other households, the model says from 7 of 100 to 16 of 100.'
    """
    if pd.isna(low) or pd.isna(high):
        return ""
    ends = {"low": of_100(low, bare=True), "high": of_100(high, bare=True)}
    return ENGLISH("interval", **ends)


def days_said(days: float) -> str:
    """A number of days.

    Parameters
    ----------
    days : float
        Days.

    Returns
    -------
    str
        In words.

    Examples
    --------
    >>> days_said(1), days_said(92)
    ('1 day', '92 days')
    """
    return many(int(days), "day")


def ago(day: pd.Timestamp, on: pd.Timestamp) -> str:
    """A day, and how long before another it was.

    Parameters
    ----------
    day, on : Timestamp
        The earlier and the later day.

    Returns
    -------
    str
        Both in words.

    Examples
    --------
    >>> ago(pd.Timestamp("2025-05-01"), pd.Timestamp("2025-06-01"))
    '1 May 2025 (31 days ago)'
    """
    days = (on - day).days
    return f"{ENGLISH.day(day)} ({'that day' if days == 0 else f'{days_said(days)} ago'})"


def many(number: int, noun: str, plural: str = "") -> str:
    """A number of things.

    Parameters
    ----------
    number : int
        How many.
    noun, plural : str
        One of them, and several; with an s if left out.

    Returns
    -------
    str
        Both.

    Examples
    --------
    >>> many(2, "child", "children")
    '2 children'
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def _pair(later: float, earlier: float, *, differ: bool) -> tuple[str, str]:
    """Two risks in words, finer where they would read alike although they differ."""
    said = of_100(later, bare=True), of_100(earlier, bare=True)
    if differ and said[0] == said[1] and min(later, earlier) >= 0.0005 and max(later, earlier) < 0.995:
        return f"{later * 100:.1f} of 100", f"{earlier * 100:.1f} of 100"
    return said


def _first(said: str) -> str:
    """The same with a capital."""
    return f"{said[0].upper()}{said[1:]}"
