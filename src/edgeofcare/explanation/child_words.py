"""Risks, dates and targets in words, for people who have one minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.explanation.page_words import ENGLISH, PageWords
from edgeofcare.explanation.reference import REFERENCE

if TYPE_CHECKING:
    from edgeofcare.explanation.about import About
    from edgeofcare.task import Task

__all__ = ["of_100", "risk_said", "rows_said", "target_said"]

_LETTERS = 130  # of source rows in small print
_NOT_COUNTED = {
    "short_breaks": ("exclude", "short breaks"),
    "remand": ("competing", "remand"),
    "uasc": ("exclude", "uasc"),
}


def of_100(risk: float, say: PageWords = ENGLISH, *, bare: bool = False) -> str:
    """A probability as a number of children.

    Parameters
    ----------
    risk : float
        From 0 to 1.
    say : PageWords, optional
        The words of a wording file; the library's if left out.
    bare : bool, default False
        Whether to leave out "about".

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
        return say("most")
    if risk < 0.0005:
        return say("fewest")
    many = risk >= 0.0095
    number = say("of 100", number=f"{risk * 100:.0f}") if many else say("of 1,000", number=f"{risk * 1000:.0f}")
    return number if bare else say("about", number=number)


def risk_said(risk: float, task: Task | None, say: PageWords = ENGLISH) -> str:
    """What a risk says, as a sentence about children and not about this child.

    Parameters
    ----------
    risk : float
        Calibrated probability.
    task : Task or None
        Horizon and gap.
    say : PageWords, optional
        The words of a wording file; the library's if left out.

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
    number, one = of_100(risk, say), f"{risk * (100 if risk >= 0.0095 else 1000):.0f}" == "1" or risk < 0.0005
    if task is None:
        when = ""
    elif task.gap_days:
        when = say("between", first=task.gap_days, last=task.gap_days + task.horizon_days)
    else:
        when = say.many("within", task.horizon_days)
    said = say(f"risk {'one' if one else 'more'}", number=number, when=when)
    return f"{said[0].upper()}{said[1:]}"


def target_said(about: About, index_date: Any, say: PageWords = ENGLISH) -> list[tuple[str, str]]:
    """Target, window, population and reference, each with its name.

    Parameters
    ----------
    about : About
        What is known of the model.
    index_date : Timestamp or datetime64
        The index date.
    say : PageWords, optional
        The words of a wording file; the library's if left out.

    Returns
    -------
    list of (str, str)
        Name and text.
    """
    task = about.task
    if task is None:
        said = [(say("prediction"), say("no task"))]
    else:
        left_out = [say(word) for name, (choice, word) in _NOT_COUNTED.items() if getattr(task, name) == choice]
        counted = say("not counted", what=_listed(left_out, say("and"))) if left_out else ""
        ages = {"youngest": task.ages[0], "oldest": task.ages[1]}
        said = [
            (say("prediction"), say("target", window=_window(task, index_date, say)) + counted),
            (say("children"), say("population", **ages)),
        ]
    fill = {"day": say.day(index_date), "reference": about.reference}
    if about.cohort:
        seen = say("seen of cohort", **fill, children=f"{about.cohort['children']:,}")
    else:
        seen = say("seen", **fill | ({"reference": say("reference")} if about.reference == REFERENCE else {}))
    return [*said, (say("saw"), seen), (say("model"), _model(about, say))]


def rows_said(evidence: tuple[tuple[str, str, str], ...], most: int, say: PageWords = ENGLISH) -> tuple[str, str]:
    """Source rows in small print, the latest first.

    Parameters
    ----------
    evidence : tuple of (str, str, str)
        Table, row key, ISO date.
    most : int
        Rows to name: fewer where their keys are long, but one.
    say : PageWords, optional
        The words of a wording file; the library's if left out.

    Returns
    -------
    tuple of (str, str)
        The rows by table, and how many more there are.

    Examples
    --------
    >>> rows_said((("missing_episodes", "M1", "2025-03-01"), ("missing_episodes", "M2", "2025-03-19")), 1)
    ('Missing episodes: M2 (19 March 2025)', 'and 1 row more')
    """
    latest = sorted(evidence, key=lambda row: row[2], reverse=True)
    named = next((n for n in range(most, 1, -1) if len(_named(latest[:n], say)) <= _LETTERS), 1)
    more = len(latest) - named
    return _named(latest[:named], say), say.many("rows more", more) if more > 0 else ""


def _named(rows: list[tuple[str, str, str]], say: PageWords) -> str:
    """Source rows by table."""
    tables: dict[str, list[str]] = {}
    for table, key, date in rows:
        tables.setdefault(table, []).append(f"{key} ({say.day(date)})" if date != "nan" else key)
    named = [(say.table(table), keys) for table, keys in tables.items()]
    return "; ".join(f"{table[0].upper()}{table[1:]}: {', '.join(keys)}" for table, keys in named)


def _window(task: Task, index_date: Any, say: PageWords) -> str:
    """First and last day of the outcome window."""
    first = pd.Timestamp(index_date) + pd.Timedelta(days=task.gap_days)
    last = first + pd.Timedelta(days=task.horizon_days - 1)
    gap = say("gap", number=task.gap_days) if task.gap_days else say("no gap")
    return say("window", first=say.day(first), last=say.day(last), number=task.horizon_days, gap=gap)


def _model(about: About, say: PageWords) -> str:
    """Which model it was."""
    kind = say(about.kind if about.kind in ("boosting", "logistic") else "any model")
    parts = [kind, say("model id", model=about.model_id) if about.model_id else say("not loaded")]
    parts += [say("trained until", day=say.day(about.trained_until))] if about.trained_until else []
    version = about.versions.get("edgeofcare")
    return f"{', '.join(parts)}." + (say("made by", version=version) if version else "")


def _listed(words: list[str], joint: str) -> str:
    """Words joined by "and"."""
    return joint.join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
