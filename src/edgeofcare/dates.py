"""Dates that a caller gives: one way to read them, so that the first of April is never the fourth of January."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError

__all__ = ["one_date"]

_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def one_date(value: Any, name: str) -> pd.Timestamp:
    """Read one date.

    Parameters
    ----------
    value : str, date, datetime, datetime64 or Timestamp
        Text must be ``2025-03-31`` or ``31/03/2025``.
    name : str
        What the date is, for the message.

    Returns
    -------
    Timestamp
        The day, at midnight, without a time zone.

    Raises
    ------
    SpecError
        If it is anything else, a number included.

    Examples
    --------
    >>> one_date("01/04/2025", "observed_until").month_name()
    'April'
    """
    msg = f"{name} must be a date such as '2025-03-31' or '31/03/2025', from {_FIRST_YEAR} to {_LAST_YEAR}."
    try:
        if isinstance(value, str):
            return _of_text(value.strip(), msg)
        if not isinstance(value, (dt.date, np.datetime64)) or pd.isna(value):
            raise SpecError(msg)
        return _in_range(pd.Timestamp(value).tz_localize(None).normalize().as_unit("s"), msg)
    except (ValueError, OverflowError):
        raise SpecError(msg) from None


def _of_text(text: str, msg: str) -> pd.Timestamp:
    """The day that a text names."""
    iso, day_first = _ISO.fullmatch(text), _DAY_FIRST.fullmatch(text)
    if iso:
        year, month, day = iso.groups()
    elif day_first:
        day, month, year = day_first.groups()
    else:
        raise SpecError(msg)
    return _in_range(pd.Timestamp(dt.date(int(year), int(month), int(day))).as_unit("s"), msg)


def _in_range(day: pd.Timestamp, msg: str) -> pd.Timestamp:
    """The day itself, refused where no record of a living child could bear it."""
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise SpecError(msg)
    return day
