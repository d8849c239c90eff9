"""One check of a run, and which of many checks are alarms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

__all__ = ["CHECK_COLUMNS", "FAMILIES", "FALSE_RUNS", "Check", "check_frame", "with_alarms"]

FALSE_RUNS = 1 / 48
"""Share of quiet runs in which a false alarm is allowed by chance; half of the 1 in 24 that is promised."""

FAMILIES = {
    "drift": "features and risks",
    "loss": "features that say nothing any more",
    "groups": "who is scored and listed",
    "volume": "how much is recorded",
    "codes": "code lists",
    "lag": "how late things are recorded",
    "entries": "entries against expected",
    "capacity": "the list",
    "override": "overriding",
    "feedback": "what scores change in the records",
    "expiry": "expiry of the model",
}
"""Kinds of checks, and what each is about."""

CHECK_COLUMNS = ("check", "about", "measure", "value", "usual", "p_value", "alarm", "happened", "means", "do")


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    check : str
        One of ``FAMILIES``.
    about : str
        Feature, table, column or group of the schema.
    measure : str
        What was measured.
    value, usual : float
        What it is, and what it usually is; NaN where few children are behind it.
    p_value : float
        Chance that anything of its family lies as far from usual, if nothing changed; NaN where it is not tested.
    happened, means, do : str
        Plain words.
    alarm : bool
        Whether it is beyond chance.
    """

    check: str
    about: str
    measure: str
    value: float
    usual: float
    p_value: float
    happened: str
    means: str = ""
    do: str = ""
    alarm: bool = False


def with_alarms(checks: Sequence[Check], false_runs: float = FALSE_RUNS) -> list[Check]:
    """Mark what is beyond chance, so that a quiet run has an alarm no more often than allowed.

    Parameters
    ----------
    checks : sequence of Check
        Of one run; a p-value already knows of the others of its family.
    false_runs : float
        Share of quiet runs with any alarm.

    Returns
    -------
    list of Check
        Alarms first, then by p-value.

    Notes
    -----
    The share is divided evenly among the families that could be tested (Bonferroni), so that the promise holds
    however they depend on each other. A p-value of 0 is a fact, such as a date that has passed.

    Examples
    --------
    >>> one = Check("loss", "child.age", "unknown", 1.0, 0.0, 1e-9, "child.age is unknown for every child.")
    >>> with_alarms([one])[0].alarm
    True
    """
    tested = {each.check for each in checks if each.p_value > 0}
    limit = false_runs / max(len(tested), 1)
    marked = [replace(each, alarm=each.alarm or each.p_value <= limit) for each in checks]
    order = list(FAMILIES)
    return sorted(
        marked,
        key=lambda each: (not each.alarm, 1.0 if math.isnan(each.p_value) else each.p_value, order.index(each.check)),
    )


def check_frame(checks: Sequence[Check]) -> pd.DataFrame:
    """Checks as a tidy frame.

    Parameters
    ----------
    checks : sequence of Check
        In order.

    Returns
    -------
    DataFrame
        One row each.
    """
    rows = [[getattr(each, name) for name in CHECK_COLUMNS] for each in checks]
    frame = pd.DataFrame(rows, columns=list(CHECK_COLUMNS))
    return frame.astype({"value": "float64", "usual": "float64", "p_value": "float64", "alarm": "bool"})
