"""Which days of a history are runs, and which only hold a child scored by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from edgeofcare.dates import one_day
from edgeofcare.exceptions import SpecError

__all__ = ["named_days", "run_days"]

_SHARE = 0.5  # of the rows of a usual day: a day with fewer is no run


def named_days(given: Iterable[Any] | None) -> np.ndarray | None:
    """Read the days that a caller names as runs.

    Parameters
    ----------
    given : iterable of str or date, or None
        The days.

    Returns
    -------
    ndarray of datetime64[D] or None
        Ascending, each once; None where none was named.

    Raises
    ------
    SpecError
        If they are no list of dates, or there is none.

    Examples
    --------
    >>> named_days(["2025-05-01", "01/04/2025"]).astype(str).tolist()
    ['2025-04-01', '2025-05-01']
    """
    if given is None:
        return None
    if isinstance(given, str) or not isinstance(given, Iterable):
        msg = "runs must be a list of dates, such as ['2025-04-01', '2025-05-01']."
        raise SpecError(msg)
    found = np.unique(np.array([one_day(day, "runs") for day in given], dtype="datetime64[D]"))
    if not found.size:
        msg = "runs holds no date. Name the days on which everybody was scored, or leave it out."
        raise SpecError(msg)
    return found


def run_days(days: np.ndarray, named: np.ndarray | None = None) -> np.ndarray:
    """Days of the runs.

    Parameters
    ----------
    days : ndarray of datetime64[D]
        Index date of each row of a history.
    named : ndarray of datetime64[D], optional
        From :func:`named_days`: nothing else is a run then.

    Returns
    -------
    ndarray of datetime64[D]
        Ascending. Without names, the days with at least half as many rows as a usual day.

    Notes
    -----
    The usual day is that of the middle row, when days stand in the order of their size: half of all rows are of days
    at least as large. So it stays that of a run when many children were scored by themselves in between, each on a day
    of its own.

    Examples
    --------
    >>> when = ["2025-05-01"] * 8 + ["2025-06-01"] * 7 + ["2025-06-10", "2025-06-11", "2025-06-12"]
    >>> run_days(np.array(when, dtype="datetime64[D]")).astype(str).tolist()
    ['2025-05-01', '2025-06-01']
    """
    found, count = np.unique(days, return_counts=True)
    if named is not None:
        return np.asarray(named)
    size = np.sort(count)
    usual = size[np.searchsorted(np.cumsum(size), count.sum() / 2)]
    return np.asarray(found[count >= _SHARE * usual])
