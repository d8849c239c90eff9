"""When a dated value can first be seen: the second clock."""

from __future__ import annotations

import pandas as pd

__all__ = ["end_known", "start_known"]


def start_known(frame: pd.DataFrame, lag: int) -> pd.Series:
    """The first day on which the event, or the start of the spell, can be seen.

    Parameters
    ----------
    frame : DataFrame
        Rows of a dated table.
    lag : int
        Reporting lag in days.

    Returns
    -------
    Series of datetime64[s]
        The later of the day it happened and the day it was recorded, plus the lag.
    """
    return _known(frame, "date" if "date" in frame else "start_date", "recorded_date", lag)


def end_known(frame: pd.DataFrame, lag: int) -> pd.Series:
    """The first day on which the end of the spell can be seen; NaT while it is open.

    Parameters
    ----------
    frame : DataFrame
        Rows of a dated table; an event has no end.
    lag : int
        Reporting lag in days.

    Returns
    -------
    Series of datetime64[s]
        The latest of the end, the day it was recorded and the day on which the start could be seen.
    """
    if "end_date" not in frame:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[s]")
    end = _known(frame, "end_date", "end_recorded_date", lag)
    start = start_known(frame, lag)
    return end.where(end.isna() | (end >= start), start)


def _known(frame: pd.DataFrame, happened: str, recorded: str, lag: int) -> pd.Series:
    """The later of two dates plus the lag, where the first is given."""
    latest = frame[[happened, recorded]].max(axis=1).where(frame[happened].notna())
    return (latest + pd.Timedelta(days=lag)).astype("datetime64[s]")
