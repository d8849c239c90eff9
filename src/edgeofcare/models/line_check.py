"""Whether the line of calibration was the best of the simple ones on later index dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edgeofcare.models.calibration_history import LineCheck
from edgeofcare.models.folds import recent_rows
from edgeofcare.models.recalibration import ENTRANTS_FOR_FULL_SLOPE, RULES, Recalibration, fit_recalibration
from edgeofcare.models.rows import RowGroups

__all__ = ["LEAST_CHECKED", "check_lines", "clearly_better"]

LEAST_CHECKED = 30
"""Fewest entrants among the earlier rows, and among the later ones, for a check."""

_LATE_SHARE = 0.25
_CLEAR = 3.0  # standard errors: three comparisons in every fit should not cry wolf
_SAID = {
    "none": "the margins as they were",
    "level": "a line with slope 1",
    "slope shrunk": "a slope drawn towards 1",
    "slope": "a slope as it was found",
}


def check_lines(
    margin: np.ndarray, y: np.ndarray, groups: RowGroups, *, rule: str, window_days: int = 0
) -> tuple[LineCheck, ...]:
    """Fit each simple line on earlier index dates, and compare their log losses on the last ones.

    Parameters
    ----------
    margin : ndarray of float64, shape (n_rows,)
        Log-odds that a model gave to rows of households it was not fitted on.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.
    groups : RowGroups
        Household, child and day of each row.
    rule : str
        The rule in use, with which the others are compared: one of :data:`edgeofcare.models.recalibration.RULES`.
    window_days : int, default 0
        Gap and horizon. Rows whose outcome window reaches into the last index dates are left out of the fit, where
        30 entrants remain without them.

    Returns
    -------
    tuple of LineCheck
        The rule in use first, then the others that so many entrants can bear and that are not the same line; empty
        where earlier or later rows have fewer than 30 entrants.

    Notes
    -----
    The last index dates are those that together hold a quarter of the entrants, and 30 at least. The standard error
    of a gain is that of a mean over rows whose households are drawn: households, not rows, are independent.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> margin = rng.normal(-2, 1, 4000)
    >>> y = rng.random(4000) < 1 / (1 + np.exp(-0.5 * margin))
    >>> groups = RowGroups(np.arange(4000), np.arange(4000), np.repeat(np.arange(8) * 91, 500))
    >>> checks = check_lines(margin, y, groups, rule="slope")
    >>> [check.rule for check in checks if check.gain >= 0]
    ['slope']
    """
    late = _late_rows(groups, y)
    early = _early_rows(groups, y, late, window_days)
    if early is None:
        return ()
    fitted, seen = _part(margin, y, groups, early), _part(margin, y, groups, late)
    level = recent_rows(fitted.groups, fitted.y)
    left_out = "slope" if _entrants(groups, y, early) < ENTRANTS_FOR_FULL_SLOPE else "slope shrunk"  # the same line
    lines = {
        other: fit_recalibration(fitted.margin, fitted.y, child=fitted.groups.child, level=level, rule=other)
        for other in (rule, *(name for name in RULES if name != rule))
        if other == rule or other != left_out
    }
    losses = {other: _losses(line, seen) for other, line in lines.items()}
    household = np.unique(seen.groups.household, return_inverse=True)[1]
    return tuple(_compared(other, losses[rule], loss, household) for other, loss in losses.items())


def clearly_better(checks: Sequence[LineCheck]) -> str:
    """Say that another line did better by more than three standard errors; empty where none did.

    Parameters
    ----------
    checks : sequence of LineCheck
        From :func:`check_lines`.

    Returns
    -------
    str
        A warning.

    Examples
    --------
    >>> clearly_better([LineCheck("slope", 0.2, 0.0, 0.0), LineCheck("level", 0.19, 0.01, 0.004)])
    ''
    """
    better = [check for check in checks if check.gain > _CLEAR * check.standard_error]
    if not better:
        return ""
    best = max(better, key=lambda check: check.gain)
    return (
        "Fitted on earlier index dates, the calibration of this model did worse on the last ones than "
        f"{_SAID[best.rule]} (log loss {best.log_loss + best.gain:.5f} against {best.log_loss:.5f}). Entries have "
        "changed over time. The calibration is kept; check the ratio of observed to expected on the newest dates, and "
        "re-anchor if it has left 1."
    )


class _Part(NamedTuple):
    """Some of the rows."""

    margin: np.ndarray
    y: np.ndarray
    groups: RowGroups


def _part(margin: np.ndarray, y: np.ndarray, groups: RowGroups, rows: np.ndarray) -> _Part:
    """Take some of the rows."""
    return _Part(margin[rows], y[rows], RowGroups(*(code[rows] for code in groups)))


def _late_rows(groups: RowGroups, y: np.ndarray) -> np.ndarray:
    """Rows of the last index dates that together hold a quarter of the entrants, and 30 at least."""
    wanted = max(LEAST_CHECKED, _LATE_SHARE * np.unique(groups.child[y]).size)
    days = np.unique(groups.day)[::-1]
    late: np.ndarray = groups.day >= days[0]
    for day in days:
        late = groups.day >= day
        if _entrants(groups, y, late) >= wanted:
            break
    return late


def _early_rows(groups: RowGroups, y: np.ndarray, late: np.ndarray, window_days: int) -> np.ndarray | None:
    """Rows to fit on: purged where enough entrants remain, all earlier ones otherwise; none where they are too few."""
    one_household = np.unique(groups.household[late]).size < 2
    if one_household or late.all() or _entrants(groups, y, late) < LEAST_CHECKED:
        return None
    first = groups.day[late].min()
    for early in (groups.day + window_days <= first, ~late):
        if _entrants(groups, y, early) >= LEAST_CHECKED and not y[early].all():
            return np.asarray(early & ~late)
    return None


def _entrants(groups: RowGroups, y: np.ndarray, rows: np.ndarray) -> int:
    """Different children with an entry among some rows."""
    return int(np.unique(groups.child[rows & y]).size)


def _losses(line: Recalibration, rows: _Part) -> np.ndarray:
    """Log loss of each row."""
    log_odds = line.log_odds(rows.margin)
    return np.asarray(np.logaddexp(0.0, np.where(rows.y, -log_odds, log_odds)))


def _compared(rule: str, ours: np.ndarray, theirs: np.ndarray, household: np.ndarray) -> LineCheck:
    """Log loss of a rule, and its gain over the one in use with a standard error by households."""
    gain = ours - theirs
    size = int(household.max()) + 1
    off = np.bincount(household, weights=gain - gain.mean())
    error = np.sqrt(size / (size - 1) * np.sum(off**2)) / gain.size
    return LineCheck(rule, float(theirs.mean()), float(gain.mean()), float(error))
