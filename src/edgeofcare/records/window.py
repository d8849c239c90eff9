"""From when each table of an extract can be trusted."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgeofcare.schema.columns import SPELL
from edgeofcare.schema.extracts import KEPT_BY_START, LATE_DAYS
from edgeofcare.schema.tables import TABLES

__all__ = ["infer_observed_from"]

_ENOUGH_ROWS = 200


def infer_observed_from(
    tables: Mapping[str, pd.DataFrame], observed_until: pd.Timestamp
) -> dict[str, pd.Timestamp | None]:
    """Estimate when the extract's window begins, by table.

    An extract keeps events dated in its window and spells that ended in it or are still open (referrals
    by their start). The first dates of the larger tables therefore mark the window.
    Tables share one window, its start being the median of their first months; a table that begins more than 180
    days later than that is taken to have begun later. A table without rows was not observed at all: its first day
    is after the end of the extract.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables.
    observed_until : Timestamp
        The last day of the extract.

    Returns
    -------
    dict of str to Timestamp or None
        First day on which each dated table can be trusted; None for every table where all are too small to tell.
    """
    first = {name: _first_month(name, frame) for name, frame in tables.items() if TABLES[name].start is not None}
    found = sorted(month for month in first.values() if month is not None)
    common = found[(len(found) - 1) // 2] if found else None
    never = observed_until + pd.Timedelta(days=LATE_DAYS)
    return {
        name: never if tables[name].empty else month if _begins_late(month, common) else common
        for name, month in first.items()
    }


def _begins_late(month: pd.Timestamp | None, common: pd.Timestamp | None) -> bool:
    """Whether a table begins so much later than the others that it must have begun later."""
    return month is not None and common is not None and month > common + pd.Timedelta(days=LATE_DAYS)


def _first_month(name: str, frame: pd.DataFrame) -> pd.Timestamp | None:
    """The month in which the rows of a table begin, leaving out the earliest half per cent as outliers."""
    table = TABLES[name]
    dates = frame[table.start]
    if table.kind == SPELL:
        ended = frame["end_date"].notna()
        dates = dates[ended] if name in KEPT_BY_START else frame.loc[ended, "end_date"]
    days = np.sort(dates.dropna().to_numpy().astype("datetime64[D]"))
    if days.size < _ENOUGH_ROWS:
        return None
    return pd.Timestamp(days[days.size // 200].astype("datetime64[M]").astype("datetime64[s]"))
