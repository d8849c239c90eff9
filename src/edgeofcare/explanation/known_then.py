"""The records as they were known before a day: without what came to be known later, and with later ends open."""

from __future__ import annotations

import pandas as pd

from edgeofcare.explanation.one_child import with_tables
from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records

__all__ = ["known_before"]


def known_before(records: Records, day: pd.Timestamp) -> Records:
    """Leave out of records what was not known before a day.

    Parameters
    ----------
    records : Records
        Case records.
    day : Timestamp
        An index date.

    Returns
    -------
    Records
        With the same declarations: without children born on the day or later, deaths, rows and links not known before
        it; a spell whose end was not known is open. Links without a date stay.
    """
    children = records.table("children")
    children = children[~(children["birth_date"] >= day)]
    if "death_date" in children:
        children = children.assign(death_date=children["death_date"].mask(children["death_date"] >= day))
    held = {name: _rows_known(records, name, day) for name in records if name != "children"}
    tables = {name: frame[frame["child_id"].isin(children["child_id"])] for name, frame in held.items()}
    kept = {name: frame.reset_index(drop=True) for name, frame in {"children": children, **tables}.items()}
    return with_tables(records, kept)


def _rows_known(records: Records, name: str, day: pd.Timestamp) -> pd.DataFrame:
    """The rows of a table that were known before a day, without the ends that were not."""
    frame, lag = records.table(name), records.reporting_lag.get(name, 0)
    definition = records.definition(name)
    if definition.start is None:
        return frame[~(frame["recorded_date"] + pd.Timedelta(days=lag) >= day)] if "recorded_date" in frame else frame
    frame = frame[start_known(frame, lag) < day]
    hidden = ~(end_known(frame, lag) < day)
    told_at_end = {column.name for column in definition.columns if column.known == "end_date"}
    told_at_end |= {"end_date", "end_recorded_date"}
    return frame.assign(**{column: frame[column].mask(hidden) for column in frame if column in told_at_end})
