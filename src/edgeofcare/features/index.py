"""The index that names rows of a cohort, checked before anything is computed for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import IndexNamesError
from edgeofcare.features.prepare import as_days

__all__ = ["INDEX_NAMES", "index_days"]

INDEX_NAMES = ("household_id", "child_id", "index_date")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def index_days(cohort: Any) -> np.ndarray:
    """Index dates as days, from a frame that carries the index of a cohort.

    Parameters
    ----------
    cohort : DataFrame
        On the index (household_id, child_id, index_date).

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Days since 1970-01-01.

    Raises
    ------
    IndexNamesError
        If it is no DataFrame, lacks the index, or an index date is missing, has a time zone or a time of day, is no
        date, or lies before 1900 or after 2100.

    Examples
    --------
    >>> names = ["household_id", "child_id", "index_date"]
    >>> rows = pd.MultiIndex.from_tuples([("H1", "1", pd.Timestamp("1970-01-03"))], names=names)
    >>> index_days(pd.DataFrame(index=rows))
    array([2])
    """
    if not isinstance(cohort, pd.DataFrame) or tuple(cohort.index.names) != INDEX_NAMES:
        msg = f"The cohort must be a DataFrame on the index {INDEX_NAMES}, as build_cohort gives it."
        raise IndexNamesError(msg)
    dates = cohort.index.get_level_values("index_date")
    if problem := _problem(dates):
        msg = f"index_date of the cohort cannot be used: {problem}. Give dates without a time, as build_cohort does."
        raise IndexNamesError(msg)
    return as_days(_as_dates(dates))


def _as_dates(dates: pd.Index) -> pd.DatetimeIndex:
    """The dates, also where pandas holds them as objects."""
    return pd.DatetimeIndex(dates)


def _problem(dates: pd.Index) -> str:
    """What is wrong with index dates; nothing if all is well."""
    if not (pd.api.types.is_datetime64_any_dtype(dates.dtype) or dates.dtype == object):
        return f"it holds {dates.dtype} and no dates"
    try:
        found = _as_dates(dates)
    except (TypeError, ValueError, OverflowError):
        return "some are no dates"
    if dates.dtype == object and not all(hasattr(date, "year") for date in dates):
        return "some are no dates"
    if found.tz is not None:
        return "it has a time zone"
    if missing := int(np.count_nonzero(found.isna())):
        return f"{missing:,} of {len(found):,} are missing"
    if timed := int(np.count_nonzero(found != found.normalize())):
        return f"{timed:,} of {len(found):,} have a time of day"
    if beyond := int(np.count_nonzero((found.year < _FIRST_YEAR) | (found.year > _LAST_YEAR))):
        return f"{beyond:,} of {len(found):,} lie before {_FIRST_YEAR} or after {_LAST_YEAR}"
    return ""
