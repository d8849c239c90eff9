"""Risks, dates and targets in words, for people who have one minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.explanation.cells import day_said

if TYPE_CHECKING:
    from edgeofcare.explanation.about import About
    from edgeofcare.task import Task

__all__ = ["GENERAL_BLIND_SPOT", "few_said", "of_100", "risk_said", "rows_said", "target_said"]

GENERAL_BLIND_SPOT = (
    "What the child and the family say, want and fear; help from relatives and friends; anything not yet recorded, or "
    "recorded wrongly."
)
"""What no model of case records sees."""

_LETTERS = 130  # of source rows in small print
_NOT_COUNTED = {
    "short_breaks": ("exclude", "short breaks"),
    "remand": ("competing", "remand"),
    "uasc": ("exclude", "unaccompanied asylum-seeking children"),
}


def of_100(risk: float) -> str:
    """A probability as a number of children.

    Parameters
    ----------
    risk : float
        From 0 to 1.

    Returns
    -------
    str
        Of 100, or of 1,000 where it is below 1 of 100. Never none and never all.

    Examples
    --------
    >>> of_100(0.141), of_100(0.0042), of_100(0.0001), of_100(0.999)
    ('about 14 of 100', 'about 4 of 1,000', 'fewer than 1 of 1,000', 'more than 99 of 100')
    """
    if risk >= 0.995:
        return "more than 99 of 100"
    if risk >= 0.0095:
        return f"about {risk * 100:.0f} of 100"
    return "fewer than 1 of 1,000" if risk < 0.0005 else f"about {risk * 1000:.0f} of 1,000"


def risk_said(risk: float, task: Task | None) -> str:
    """What a risk says, as a sentence about children and not about this child.

    Parameters
    ----------
    risk : float
        Calibrated probability.
    task : Task or None
        Horizon and gap.

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> from edgeofcare.task import Task
    >>> risk_said(0.141, Task())
    'About 14 of 100 children with records like these are expected to enter care within 365 days.'
    >>> risk_said(0.012, Task(horizon="90D", gap="30D"))
    'About 1 of 100 children with records like these is expected to enter care between 30 and 120 days from then.'
    """
    number = of_100(risk)
    verb = "is" if " 1 of" in number else "are"
    if task is None:
        when = ""
    elif task.gap_days:
        when = f" between {task.gap_days} and {task.gap_days + task.horizon_days} days from then"
    else:
        when = f" within {task.horizon_days} day{'' if task.horizon_days == 1 else 's'}"
    return f"{number[0].upper()}{number[1:]} children with records like these {verb} expected to enter care{when}."


def target_said(about: About, index_date: Any) -> list[tuple[str, str]]:
    """Target, window, population and reference, each with its name.

    Parameters
    ----------
    about : About
        What is known of the model.
    index_date : Timestamp or datetime64
        The index date.

    Returns
    -------
    list of (str, str)
        Name and text.
    """
    task = about.task
    if task is None:
        said = [("Prediction", "Entering care; the model does not say within which time.")]
    else:
        left_out = [word for name, (choice, word) in _NOT_COUNTED.items() if getattr(task, name) == choice]
        counted = f" Not counted: {_listed(left_out)}." if left_out else ""
        said = [
            ("Prediction", f"Becoming looked after {_window(task, index_date)}.{counted}"),
            ("Children scored", f"Children aged {task.ages[0]} to {task.ages[1]} with an open case, not looked after."),
        ]
    size = f" ({about.cohort['children']:,} children)" if about.cohort else ""
    seen = f"Only what was known before {day_said(index_date)}. Compared with {about.reference}{size}."
    return [*said, ("What it saw", seen), ("Model", _model(about))]


def few_said(number: int, noun: str) -> str:
    """How many there are, with the noun.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        Its singular.

    Returns
    -------
    str
        Such as "1 fact" or "34 facts".
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def rows_said(evidence: tuple[tuple[str, str, str], ...], most: int) -> tuple[str, str]:
    """Source rows in small print, the latest first.

    Parameters
    ----------
    evidence : tuple of (str, str, str)
        Table, row key, ISO date.
    most : int
        Rows to name: fewer where their keys are long, but one.

    Returns
    -------
    tuple of (str, str)
        The rows by table, and how many more there are.

    Examples
    --------
    >>> rows_said((("missing_episodes", "M1", "2025-03-01"), ("missing_episodes", "M2", "2025-03-19")), 1)
    ('missing_episodes: M2 (19 March 2025)', 'and 1 row more')
    """
    latest = sorted(evidence, key=lambda row: row[2], reverse=True)
    named = next((n for n in range(most, 1, -1) if len(_named(latest[:n])) <= _LETTERS), 1)
    more = len(latest) - named
    return _named(latest[:named]), f"and {few_said(more, 'row')} more" if more > 0 else ""


def _named(rows: list[tuple[str, str, str]]) -> str:
    """Source rows by table."""
    tables: dict[str, list[str]] = {}
    for table, key, date in rows:
        tables.setdefault(table, []).append(f"{key} ({day_said(date)})" if date != "nan" else key)
    return "; ".join(f"{table}: {', '.join(keys)}" for table, keys in tables.items())


def _window(task: Task, index_date: Any) -> str:
    """First and last day of the outcome window."""
    first = pd.Timestamp(index_date) + pd.Timedelta(days=task.gap_days)
    last = first + pd.Timedelta(days=task.horizon_days - 1)
    gap = f"after a gap of {task.gap_days} days" if task.gap_days else "no gap"
    return f"from {day_said(first)} to {day_said(last)} (horizon {task.horizon_days} days, {gap})"


def _model(about: About) -> str:
    """Which model it was."""
    kind = {"boosting": "Boosted trees", "logistic": "A regression"}.get(about.kind, "A model")
    parts = [f"{kind}, {f'model {about.model_id}' if about.model_id else 'not loaded from a model file'}"]
    parts += [f"trained on index dates until {day_said(about.trained_until)}"] if about.trained_until else []
    version = about.versions.get("edgeofcare")
    return ", ".join(parts) + (f". Page made by edgeofcare {version}." if version else ".")


def _listed(words: list[str]) -> str:
    """Words joined by "and"."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
