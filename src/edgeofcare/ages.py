"""Ages and birthdays in whole days, on plain arrays.

A child born on 29 February reaches an age on 1 March in a year without that day, as the law of England has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["age_in_years", "birthday"]


def _parts(days: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Year, month (0 to 11) and day of month (0 to 30) of each date."""
    day = days.astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    months = month.astype("int64")
    return months // 12 + 1970, months % 12, (day - month.astype("datetime64[D]")).astype("int64")


def age_in_years(birth_date: Any, on: Any) -> np.ndarray:
    """Completed years of age on a day.

    Parameters
    ----------
    birth_date, on : array-like of datetime64
        Dates of one shape, or broadcastable; neither may be missing.

    Returns
    -------
    ndarray of int64
        Completed years; negative before birth.

    Examples
    --------
    >>> age_in_years(np.datetime64("2008-02-29"), np.array(["2018-02-28", "2018-03-01"], "datetime64[D]"))
    array([ 9, 10])
    """
    year, month, day = _parts(np.asarray(birth_date))
    on_year, on_month, on_day = _parts(np.asarray(on))
    before = (on_month < month) | ((on_month == month) & (on_day < day))
    return on_year - year - before


def birthday(birth_date: Any, years: int) -> np.ndarray:
    """The day on which an age is reached.

    Parameters
    ----------
    birth_date : array-like of datetime64
        Dates of birth.
    years : int
        The age in completed years.

    Returns
    -------
    ndarray of datetime64[D]
        The birthday.

    Examples
    --------
    >>> birthday(np.array(["2004-02-29"], "datetime64[D]"), 18)
    array(['2022-03-01'], dtype='datetime64[D]')
    """
    day = np.asarray(birth_date).astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    offset = day - month.astype("datetime64[D]")
    return (month + 12 * years).astype("datetime64[D]") + offset
