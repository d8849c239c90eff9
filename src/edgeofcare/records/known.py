"""When a dated value can first be seen: the second clock."""

from __future__ import annotations

import pandas as pd

from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.tables import TABLES

__all__ = ["end_known", "start_known"]


def start_known(frame: pd.DataFrame, table: str, lag: int) -> pd.Series:
    """The first day on which the event, or the start of the spell, can be seen.

    Parameters
    ----------
    frame : DataFrame
        Canonical table.
    table : str
        Its name.
    lag : int
        Reporting lag in days.

    Returns
    -------
    Series of datetime64[s]
        The later of the day it happened and the day it was recorded, plus the lag.
    """
    return _known(frame, str(TABLES[table].start), "recorded_date", lag)


def end_known(frame: pd.DataFrame, table: str, lag: int) -> pd.Series:
    """The first day on which the end of the spell can be seen; NaT while it is open.

    Parameters
    ----------
    frame : DataFrame
        Canonical table.
    table : str
        Its name; an event has no end.
    lag : int
        Reporting lag in days.

    Returns
    -------
    Series of datetime64[s]
        The latest of the end, the day it was recorded and the day on which the start could be seen.
    """
    if TABLES[table].kind != SPELL:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")
    end = _known(frame, "end_date", "end_recorded_date", lag)
    start = start_known(frame, table, lag)
    return end.where(end.isna() | (end >= start), start)


def _known(frame: pd.DataFrame, happened: str, recorded: str, lag: int) -> pd.Series:
    """The later of two dates plus the lag, where the first is given."""
    latest = frame[[happened, recorded]].max(axis=1).where(frame[happened].notna())
    return (latest + pd.Timedelta(days=lag)).astype("datetime64[s]")
