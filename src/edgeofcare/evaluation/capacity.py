"""Whom a team would review: as many of the highest risks on each index date as it has time for."""

from __future__ import annotations

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.metrics.classification import top_k_share

__all__ = ["months_between", "reviews_per_date", "select_rows", "select_share"]

DAYS_IN_MONTH = 30.4375


def months_between(days: Ints) -> float:
    """Months from one index date to the next.

    Parameters
    ----------
    days : ndarray of int
        Distinct index dates, in days, ascending.

    Returns
    -------
    float
        The median spacing divided by 30.4375 days, rounded to whole months. A single date counts as one month; dates
        closer than half a month count as the part of a month that they are.

    Examples
    --------
    >>> import numpy as np
    >>> months_between(np.array([0, 91, 183, 274]))
    3.0
    """
    months = float(np.median(np.diff(days))) / DAYS_IN_MONTH if days.size > 1 else 1.0
    return float(round(months)) or months


def reviews_per_date(capacity: int, days: Ints) -> int:
    """Children that a team can review between one index date and the next.

    Parameters
    ----------
    capacity : int
        Children a team can review in a calendar month, at least 1.
    days : ndarray of int
        Distinct index dates, in days, ascending.

    Returns
    -------
    int
        Capacity times the months between consecutive index dates (see :func:`months_between`), rounded; at least 1.

    Raises
    ------
    SpecError
        If capacity is not a whole number of at least 1.

    Examples
    --------
    >>> import numpy as np
    >>> reviews_per_date(40, np.array([0, 91, 183, 274]))
    120
    """
    if isinstance(capacity, bool) or not isinstance(capacity, int | np.integer) or capacity < 1:
        msg = "capacity must be a whole number of children a calendar month, at least 1."
        raise SpecError(msg)
    return max(1, round(capacity * months_between(days)))


def select_rows(score: Floats, date: Ints, k: int) -> Floats:
    """Share of each row that is reviewed, when the k highest scores of each date are.

    Parameters
    ----------
    score : ndarray of shape (n,)
        Risks or margins.
    date : ndarray of shape (n,)
        Code of the index date of each row.
    k : int
        Children reviewed on each date.

    Returns
    -------
    ndarray of shape (n,), float64
        1, 0, or the equal share of the last places for rows tied at the cut.

    Examples
    --------
    >>> import numpy as np
    >>> select_rows(np.array([0.3, 0.1, 0.2, 0.2]), np.array([0, 0, 1, 1]), 1).tolist()
    [1.0, 0.0, 0.5, 0.5]
    """
    share = np.empty_like(score)
    for rows in _by_date(date):
        share[rows] = top_k_share(score[rows], k)
    return share


def select_share(score: Floats, date: Ints, top: float) -> Floats:
    """Share of each row that is reviewed, when a share of the rows of each date is.

    Parameters
    ----------
    score : ndarray of shape (n,)
        Risks or margins.
    date : ndarray of shape (n,)
        Code of the index date of each row.
    top : float
        Share of the rows of each date, above 0 and at most 1: rounded to whole rows, halves up, and at least one.

    Returns
    -------
    ndarray of shape (n,), float64
        1, 0, or the equal share of the last places for rows tied at the cut.

    Raises
    ------
    SpecError
        If the share is not above 0 and at most 1.

    Examples
    --------
    >>> import numpy as np
    >>> select_share(np.array([0.4, 0.1, 0.3, 0.2]), np.zeros(4, dtype=int), 0.5).tolist()
    [1.0, 0.0, 1.0, 0.0]
    """
    if not 0 < top <= 1:
        msg = "The share of rows to review must be above 0 and at most 1; 0.05 is the top 5%."
        raise SpecError(msg)
    share = np.empty_like(score)
    for rows in _by_date(date):
        share[rows] = top_k_share(score[rows], max(1, int(np.floor(top * rows.size + 0.5))))
    return share


def _by_date(date: Ints) -> list[Ints]:
    """Positions of the rows of each date."""
    order = np.argsort(date, kind="stable").astype(np.int64)
    starts = np.flatnonzero(np.concatenate([[True], np.diff(date[order]) != 0]))
    return np.split(order, starts[1:])
