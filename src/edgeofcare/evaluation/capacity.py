"""Whom a team would review: as many of the highest risks on each index date as it has time for."""

from __future__ import annotations

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.metrics.classification import top_k_share

__all__ = ["reviews_per_date", "select_rows"]

DAYS_IN_MONTH = 30.4375


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
        Capacity times the months between consecutive index dates: the median spacing divided by 30.4375 days, rounded
        to whole months. A single date counts as one month; dates closer than half a month count as the part of a
        month that they are.

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
    months = float(np.median(np.diff(days))) / DAYS_IN_MONTH if days.size > 1 else 1.0
    return max(1, round(capacity * (round(months) or months)))


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
    order = np.argsort(date, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(date[order]) != 0]))
    share = np.empty_like(score)
    for rows in np.split(order, starts[1:]):
        share[rows] = top_k_share(score[rows], k)
    return share
