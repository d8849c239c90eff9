"""How much is recorded and how many are scored, against earlier months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeofcare.tracking.monitoring.bins import FEWEST
from edgeofcare.tracking.monitoring.blocks import TableBlocks
from edgeofcare.tracking.monitoring.chance import Level, family_p_value
from edgeofcare.tracking.monitoring.checks import Check

__all__ = ["children_check", "few", "learn_children", "learn_volume", "volume_checks"]

_LEAST = 5.0  # households of a usual block, below which a table is not judged
_MONTH = 30.4375
_LEFT_OUT = " Scores of days that are no run, as of a child scored by itself, are left out."


def learn_volume(tables: Sequence[TableBlocks]) -> dict[str, Level]:
    """Learn how many households have something new in each table in four weeks.

    Parameters
    ----------
    tables : sequence of TableBlocks
        Reference blocks.

    Returns
    -------
    dict of str to Level
        Twice the square root of the households, by table: chance then has a variance of 1 at any level.
    """
    return {each.name: Level.of(2 * np.sqrt(each.households())) for each in tables}


def volume_checks(tables: Sequence[TableBlocks], usual: dict[str, Level]) -> list[Check]:
    """Hold the last four weeks of each table against the reference.

    Parameters
    ----------
    tables : sequence of TableBlocks
        At the run.
    usual : dict of str to Level
        From :func:`learn_volume`.

    Returns
    -------
    list of Check
        One a table.
    """
    judged = [each for each in tables if each.name in usual and usual[each.name].mean >= 2 * np.sqrt(_LEAST)]
    return [_table(each, usual[each.name], len(judged)) for each in judged]


def _table(each: TableBlocks, level: Level, tests: int) -> Check:
    """One table."""
    last = each.block == 0
    now = int(each.households()[0])
    expected = (level.mean / 2) ** 2
    p = family_p_value(level.p_value(2 * np.sqrt(now), least=1.0), tests)
    rows, children = int(last.sum()), int(np.unique(each.child[last]).size)
    word = "less" if now < expected else "more"
    return Check(
        "volume",
        each.name,
        "households with something new in four weeks",
        hidden(now),
        hidden(round(expected, 1)),
        p,
        f"{each.name}: {told(rows)} rows of {told(children)} children in {told(now)} households became known in four "
        f"weeks, where {f'fewer than {FEWEST}' if expected < FEWEST else f'{expected:.0f}'} households are usual.",
        f"{word.capitalize()} is recorded than before: a table that is not delivered whole, another way of recording, "
        "or a change in the work itself. Features of this table move with it.",
        "Ask whoever makes the extract whether the table is complete; ask the service whether the work changed.",
    )


def learn_children(days: Any, households: Any) -> dict[str, float]:
    """Learn how the number of scored households changes from date to date.

    Parameters
    ----------
    days : array-like of int
        Reference dates, in days, ascending.
    households : array-like of int
        Households scored on each.

    Returns
    -------
    dict of str to float
        ``variance`` of the change of twice the square root in a month, ``n`` changes, the last ``root`` and ``day``.
    """
    root, day = 2 * np.sqrt(np.asarray(households, dtype=np.float64)), np.asarray(days, dtype=np.float64)
    change = np.diff(root) / np.sqrt(np.diff(day) / _MONTH)
    variance = float((change**2).mean()) if change.size else 0.0
    return {
        "variance": round(variance, 6),
        "n": int(change.size),
        "root": round(float(root[-1]), 2),
        "day": int(day[-1]),
    }


def children_check(days: Any, households: Any, children: int, usual: dict[str, float], left_out: bool = False) -> Check:
    """Hold the number of scored households against that of the run before.

    Parameters
    ----------
    days, households : array-like of int
        As for :func:`learn_children`, of the runs so far, this one last.
    children : int
        Children scored in this run.
    usual : dict of str to float
        From :func:`learn_children`.
    left_out : bool
        Whether there are scores of days that are no runs.

    Returns
    -------
    Check
        Who comes and goes adds up from month to month, so the variance grows with the time between the two.
    """
    root, day = 2 * np.sqrt(np.asarray(households, dtype=np.float64)), np.asarray(days, dtype=np.float64)
    before, since = (root[-2], day[-2]) if root.size > 1 else (usual["root"], usual["day"])
    months = max(float(day[-1] - since) / _MONTH, 1e-6)
    level = Level(0.0, usual["variance"] * months, int(usual["n"]))
    p = level.p_value(float(root[-1] - before)) if level.variance else float("nan")
    was = round(float(before / 2) ** 2)
    return Check(
        "volume",
        "children scored",
        "households scored",
        hidden(int(np.asarray(households)[-1])),
        hidden(was),
        p,
        f"{told(children)} children in {told(int(np.asarray(households)[-1]))} households were scored; "
        f"{told(was)} households the time before." + (_LEFT_OUT if left_out else ""),
        "More or fewer children are on an open case than the months before lead one to expect.",
        "Check that referrals and plans are complete and that ends are entered; ask the service what changed.",
    )


def hidden(count: float) -> float:
    """A count, or NaN where it is small."""
    return float("nan") if 0 < count < FEWEST else float(count)


def few(some: float, of: float) -> bool:
    """Whether a share would tell of few: one of its two sides is above 0 and below 10."""
    return 0 < some < FEWEST or 0 < of - some < FEWEST


def told(count: int) -> str:
    """A count in words, small ones hidden."""
    return f"fewer than {FEWEST}" if 0 < count < FEWEST else f"{count:,}"
