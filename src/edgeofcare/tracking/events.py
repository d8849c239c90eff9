"""The kinds of entries of a ledger, and what a caller gives turned into entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.features.index import INDEX_NAMES
from edgeofcare.tracking.checks import check_model_id
from edgeofcare.tracking.values import encode, plain_column

__all__ = ["KINDS", "REMOVING", "Entry", "moment", "now", "row_entries", "utc_text"]

KINDS = {
    "scored": "the risk of a child, as a model gave it",
    "shown": "a score was shown to somebody",
    "reviewed": "somebody reviewed the child's case",
    "overridden": "a professional decided otherwise than the score suggests, and why",
    "seen": "the child was seen",
    "supported": "support was given",
    "happened": "what happened after",
    "monitored": "a model was monitored",
    "model_changed": "another model came into use",
    "rectified": "a payload was corrected",
    "erased": "payloads were erased",
}
"""What an entry can be, and what it says."""

REMOVING = ("rectified", "erased")
"""Kinds that take payloads away."""

_CHUNK = 10_000


class Entry(NamedTuple):
    """An entry that is yet to be written.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    model_id : str
        The model; empty where there is none.
    household_id, child_id, index_date : str or None
        The row; None where it is about no child.
    body : str
        The values, as JSON.
    stands_for : int, optional
        The entry whose payload it replaces.
    removed : int, default 0
        How many payloads it takes away; of a rectified entry, the number of the entry that it corrects, negative.
    """

    kind: str
    model_id: str
    household_id: str | None
    child_id: str | None
    index_date: str | None
    body: str
    stands_for: int | None = None
    removed: int = 0


def moment(when: Any = None) -> str:
    """A day or a moment as text: now, where none is given.

    Parameters
    ----------
    when : str, date or datetime, optional
        A day, or a datetime with a time zone.

    Returns
    -------
    str
        An ISO day, or an ISO moment in UTC.

    Raises
    ------
    SpecError
        If it is neither.

    Examples
    --------
    >>> moment("31/03/2025")
    '2025-03-31'
    >>> moment(dt.datetime(2025, 3, 31, 9, tzinfo=dt.UTC))
    '2025-03-31T09:00:00.000000Z'
    """
    if when is None:
        return now()
    if isinstance(when, dt.datetime) and not pd.isna(when):
        if when.tzinfo is not None:
            return utc_text(when)
        if when.time() != dt.time():
            msg = "when has a time of day and no time zone. Give a day, or a datetime with a time zone."
            raise SpecError(msg)
    return str(one_date(when, "when").date())


def now() -> str:
    """The moment of the call.

    Returns
    -------
    str
        In UTC, as :func:`utc_text` writes it.

    Examples
    --------
    >>> len(now())
    27
    """
    return utc_text(dt.datetime.now(dt.UTC))


def utc_text(when: dt.datetime) -> str:
    """A moment in UTC, to the microsecond, always 27 letters.

    Parameters
    ----------
    when : datetime
        With a time zone.

    Returns
    -------
    str
        Sorts in the order of time.

    Examples
    --------
    >>> utc_text(dt.datetime(2025, 3, 31, 9, tzinfo=dt.UTC))
    '2025-03-31T09:00:00.000000Z'
    """
    return when.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def row_entries(frame: pd.DataFrame, kind: str, given: Mapping[str, Any], model_id: str) -> Iterator[list[Entry]]:
    """Entries about rows, so many at a time.

    Parameters
    ----------
    frame : DataFrame
        From :func:`edgeofcare.tracking.checks.about_rows`; its columns become values. A column ``model_id`` says the
        model of each row.
    kind : str
        One of ``KINDS``.
    given : mapping
        Values of every row.
    model_id : str
        Model of every row, where there is no such column.

    Yields
    ------
    list of Entry
        At most 10,000.

    Raises
    ------
    SpecError
        If a column holds what cannot be written.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_tuples([("H1", "c1", pd.Timestamp("2025-04-01"))], names=INDEX_NAMES)
    >>> next(row_entries(pd.DataFrame({"risk": [0.1]}, index=rows), "scored", {}, "m1"))[0].body
    '{"risk":0.1}'
    """
    names = [str(name) for name in frame.columns if name != "model_id"]
    for start in range(0, len(frame), _CHUNK):
        part = frame.iloc[start : start + _CHUNK]
        households, children = (list(part.index.get_level_values(name)) for name in INDEX_NAMES[:2])
        days = pd.DatetimeIndex(part.index.get_level_values(INDEX_NAMES[2])).strftime("%Y-%m-%d").tolist()
        models = [check_model_id(model) for model in part["model_id"]] if "model_id" in part else [model_id] * len(part)
        columns = [plain_column(part[name], str(name)) for name in frame.columns if name != "model_id"]
        values = zip(*columns, strict=True) if columns else [()] * len(part)
        bodies = [encode({**given, **dict(zip(names, row, strict=True))}) for row in values]
        rows = zip(models, households, children, days, bodies, strict=True)
        yield [Entry(kind, *row) for row in rows]
