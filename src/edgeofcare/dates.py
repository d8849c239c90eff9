"""Dates that a caller gives: one way to read them, so that the first of April is never the fourth of January."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.exceptions import LeakageError, SpecError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["one_date", "one_day", "refuse_late"]

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
    import pandas as pd

    return pd.Timestamp(one_day(value, name)).as_unit("s")


def one_day(value: Any, name: str) -> np.datetime64:
    """Read one date without pandas.

    Parameters
    ----------
    value : str, date, datetime, datetime64 or Timestamp
        As for :func:`one_date`.
    name : str
        What the date is, for the message.

    Returns
    -------
    datetime64[D]
        The day.

    Raises
    ------
    SpecError
        If it is anything else, a number included.

    Examples
    --------
    >>> one_day("01/04/2025", "observed_until")
    np.datetime64('2025-04-01')
    """
    msg = f"{name} must be a date such as '2025-03-31' or '31/03/2025', from {_FIRST_YEAR} to {_LAST_YEAR}."
    try:
        day = _of_text(value.strip()) if isinstance(value, str) else _of_date(value)
    except (TypeError, ValueError, OverflowError):
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise SpecError(msg)
    return np.datetime64(day, "D")


def refuse_late(day: np.datetime64, observed_until: np.datetime64, name: str) -> None:
    """Refuse a day on which the records cannot show what was known.

    Parameters
    ----------
    day, observed_until : datetime64[D]
        The day, and the last day of the records.
    name : str
        What the day is, for the message.

    Raises
    ------
    LeakageError
        If it lies more than one day after the end of the records.

    Examples
    --------
    >>> refuse_late(np.datetime64("2025-04-01"), np.datetime64("2025-03-31"), "index_date")
    """
    if day > observed_until + np.timedelta64(1, "D"):
        msg = (
            f"{name} lies more than one day after observed_until: what happened just before it is not in the extract. "
            "Use an earlier day, or a newer extract with its own observed_until."
        )
        raise LeakageError(msg)


def _of_text(text: str) -> dt.date | None:
    """The day that a text names; None if it is written in another way."""
    iso, day_first = _ISO.fullmatch(text), _DAY_FIRST.fullmatch(text)
    if iso:
        year, month, day = iso.groups()
    elif day_first:
        day, month, year = day_first.groups()
    else:
        return None
    return dt.date(int(year), int(month), int(day))


def _of_date(value: Any) -> dt.date | None:
    """The day of a date; None where it is none, missing, or so far away that Python has no date for it."""
    if isinstance(value, np.datetime64):
        found = value.astype("datetime64[D]").astype(object)
        return found if isinstance(found, dt.date) else None
    if isinstance(value, dt.datetime):
        return dt.date(value.year, value.month, value.day)
    return value if isinstance(value, dt.date) else None
