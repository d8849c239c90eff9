"""When each child was last reviewed and seen, and what support it has, as far as records and ledger say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.page_words import ENGLISH
from edgeofcare.records.known import end_known, start_known
from edgeofcare.records.records import Records
from edgeofcare.tracking.ledger import Ledger

__all__ = ["SEEN_TABLES", "last_reviews", "last_seen", "seen_tables", "support_now"]

SEEN_TABLES = ("assessments", "s47_enquiries", "visits")
"""Tables whose rows say that somebody saw the child; ``visits`` where the authority added it."""

_SUPPORT = ("cp_plans", "cin_plans", "early_help", "worker_involvements")
_SAID = {"seen": "seen, in the ledger", "supported": "support given, in the ledger"}


def seen_tables(records: Records | None, asked: Sequence[str] | None) -> list[str]:
    """Tables in which it is looked for when a child was seen.

    Parameters
    ----------
    records : Records or None
        The case records.
    asked : sequence of str or None
        Tables of theirs; :data:`SEEN_TABLES` that they hold if None.

    Returns
    -------
    list of str
        Tables.

    Raises
    ------
    SpecError
        If tables are asked for that the records do not hold, or that have no dates.
    """
    if records is None:
        return []
    dated = [name for name in records if records.definition(name).start]
    if asked is None:
        return [name for name in SEEN_TABLES if name in dated]
    if isinstance(asked, str) or (wrong := len(set(asked) - set(dated))):
        number = 1 if isinstance(asked, str) else wrong
        msg = f"seen: {number} of the tables asked for have no dates or are not there. Give a list of dated tables."
        raise SpecError(msg)
    return list(dict.fromkeys(asked))


def last_seen(
    records: Records | None, ledger: Ledger | None, tables: Sequence[str], *, on: pd.Timestamp
) -> pd.DataFrame:
    """The last day on which each child was seen, and what says so.

    Parameters
    ----------
    records : Records or None
        The case records.
    ledger : Ledger or None
        Its entries ``seen``.
    tables : sequence of str
        From :func:`seen_tables`.
    on : Timestamp
        The day of the meeting; what happened or was known on it or later does not count.

    Returns
    -------
    DataFrame
        ``last_seen`` and ``last_seen_by``, by ``child_id``; of several on one day, the first in the order of tables.

    Notes
    -----
    An assessment or enquiry counts on the day it began and on the day it was authorised or ended.
    """
    parts = [_said(ledger, "seen", on)]
    if records is not None:
        parts += [part for name in tables for part in _rows(records, name, on)]
    found = pd.concat(parts, ignore_index=True)
    found = found.sort_values(["child_id", "day", "order"], kind="stable").drop_duplicates("child_id", keep="last")
    named = found.rename(columns={"day": "last_seen", "what": "last_seen_by"})
    return named.set_index("child_id")[["last_seen", "last_seen_by"]]


def _rows(records: Records, name: str, on: pd.Timestamp) -> Iterable[pd.DataFrame]:
    """Starts and ends of the rows of a table that were known before a day."""
    frame, lag, table = records.table(name), records.reporting_lag[name], records.definition(name)
    known = [(table.start, start_known(frame, lag), "")]
    if table.end:
        known = [(table.start, start_known(frame, lag), " began"), (table.end, end_known(frame, lag), " ended")]
    for column, seen_from, verb in known:
        held = frame[(frame[column] < on) & (seen_from < on)]
        yield _parts(held["child_id"], held[column], f"{table.singular}{verb}", 0)


def _said(ledger: Ledger | None, kind: str, on: pd.Timestamp) -> pd.DataFrame:
    """Entries of one kind that happened before a day."""
    if ledger is None:
        return _parts([], [], "", 1)
    found = ledger.entries(kind)
    if found.empty:
        return _parts([], [], "", 1)
    days = pd.to_datetime(found["when"].astype("str").str[:10]).astype("datetime64[s]")
    held = (days < on).to_numpy()
    children = found.index.get_level_values("child_id")[held]
    return _parts(children, days.to_numpy()[held], _SAID.get(kind, kind), 1)


def _parts(children: Iterable[str], days: Iterable[np.datetime64], what: str, order: int) -> pd.DataFrame:
    """Children and days of one kind."""
    day = pd.Series(np.asarray(list(days), dtype="datetime64[s]"))
    child = pd.Series(list(children), dtype=object)
    return pd.DataFrame({"child_id": child, "day": day}).assign(what=what, order=order)


def last_reviews(ledger: Ledger | None, *, on: pd.Timestamp) -> pd.Series:
    """The last day before a meeting on which each child's case was reviewed.

    Parameters
    ----------
    ledger : Ledger or None
        Its entries ``reviewed``.
    on : Timestamp
        The day of the meeting.

    Returns
    -------
    Series of datetime64[s]
        By ``child_id``.
    """
    return _said(ledger, "reviewed", on).groupby("child_id")["day"].max().rename("last_review")


def support_now(records: Records | None, ledger: Ledger | None, *, on: pd.Timestamp) -> pd.Series:
    """Plans, help and workers that are open as known, and the last support in the ledger.

    Parameters
    ----------
    records : Records or None
        The case records.
    ledger : Ledger or None
        Its entries ``supported``.
    on : Timestamp
        The day of the meeting.

    Returns
    -------
    Series of str
        In words, by ``child_id``.
    """
    parts = []
    for name in () if records is None else _SUPPORT:
        assert records is not None
        frame, lag = records.table(name), records.reporting_lag[name]
        is_open = (start_known(frame, lag) < on) & ~(end_known(frame, lag) < on)
        held = frame[is_open].groupby("child_id")["start_date"].min()
        noun = records.definition(name).singular
        parts.append(held.map(lambda day, noun=noun: f"{noun} since {ENGLISH.day(day)}"))
    given = _said(ledger, "supported", on).groupby("child_id")["day"].max()
    parts.append(given.map(lambda day: f"support in the ledger on {ENGLISH.day(day)}"))
    found = pd.concat([part.astype(object) for part in parts])
    return found.groupby(level=0, sort=True).agg("; ".join).rename("support")
