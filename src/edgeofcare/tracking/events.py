"""The kinds of entries of a ledger, and what a caller gives turned into entries."""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.features.index import INDEX_NAMES, index_days

__all__ = [
    "KINDS",
    "LONGEST",
    "REMOVING",
    "Entry",
    "about_rows",
    "body_text",
    "check_model_id",
    "check_risks",
    "moment",
    "now",
    "one_text",
    "row_entries",
    "utc_text",
]

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

LONGEST = {"by": 200, "role": 200, "reason": 4000, "note": 4000, "support": 4000, "ground": 400}
"""Most letters of each text that a caller writes."""

_ID_LENGTH = 200
_CHUNK = 10_000
_MODEL_ID = re.compile(r"[A-Za-z0-9_.:+-]{1,100}")
_ENCODE = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False).encode


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
        How many payloads it takes away.
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
    """This moment.

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


def one_text(value: Any, name: str, *, needed: bool = True) -> str | None:
    """A text that a caller wrote, without blanks around it.

    Parameters
    ----------
    value : object
        What was given.
    name : str
        One of ``LONGEST``.
    needed : bool, default True
        Whether there must be one.

    Returns
    -------
    str or None

    Raises
    ------
    SpecError
        If it is no text, too long, or needed and empty.

    Examples
    --------
    >>> one_text(" worker 7 ", "by")
    'worker 7'
    """
    if value is None and not needed:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST[name]:
        msg = f"{name} must be a text of 1 to {LONGEST[name]:,} letters."
        raise SpecError(msg)
    return value.strip()


def check_model_id(model_id: Any) -> str:
    """Refuse what is no model id.

    Parameters
    ----------
    model_id : object
        What was given.

    Returns
    -------
    str
        The same.

    Raises
    ------
    SpecError
        If it is none.

    Examples
    --------
    >>> check_model_id("44136fa355b3")
    '44136fa355b3'
    """
    if not isinstance(model_id, str) or not _MODEL_ID.fullmatch(model_id):
        msg = "model_id must be a text of at most 100 letters, digits and marks, without blanks, as scorer.model_id."
        raise SpecError(msg)
    return model_id


def check_risks(risk: pd.Series) -> None:
    """Refuse risks that are no probabilities.

    Parameters
    ----------
    risk : Series
        One a row.

    Raises
    ------
    SpecError
        With the number of rows that are wrong.

    Examples
    --------
    >>> check_risks(pd.Series([0.1, 1.2]))
    Traceback (most recent call last):
    edgeofcare.exceptions.SpecError: risk is no probability in 1 of 2 rows; expected numbers from 0 to 1.
    """
    number = pd.to_numeric(risk, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = int((~((number >= 0) & (number <= 1))).sum())
    if wrong or pd.api.types.is_bool_dtype(risk.dtype):
        msg = f"risk is no probability in {wrong or len(risk):,} of {len(risk):,} rows; expected numbers from 0 to 1."
        raise SpecError(msg)


def about_rows(rows: Any, what: str) -> pd.DataFrame:
    """The rows that entries are about, as a frame on the index.

    Parameters
    ----------
    rows : DataFrame, Series or MultiIndex
        On (household_id, child_id, index_date), each row once.
    what : str
        What they are, for the message.

    Returns
    -------
    DataFrame
        A Series as its one column, a MultiIndex without any.

    Raises
    ------
    IndexNamesError
        If they do not carry the index, an identifier is missing, or a row is there twice.

    Examples
    --------
    >>> about_rows([1], "shown")
    Traceback (most recent call last):
    edgeofcare.exceptions.IndexNamesError: shown: expected rows on the index (household_id, child_id, index_date), ...
    """
    frame = rows.to_frame() if isinstance(rows, pd.Series) else rows
    if isinstance(rows, pd.MultiIndex):
        frame = pd.DataFrame(index=rows)
    if not isinstance(frame, pd.DataFrame) or tuple(frame.index.names) != INDEX_NAMES:
        msg = (
            f"{what}: expected rows on the index ({', '.join(INDEX_NAMES)}), as Scorer.score gives them. Of one "
            "row, give scores.iloc[[0]]."
        )
        raise IndexNamesError(msg)
    index_days(frame)
    problems = [
        f"{wrong:,} of {len(frame):,} rows have no {name} of 1 to {_ID_LENGTH} letters"
        for name in INDEX_NAMES[:2]
        if (wrong := sum(not _is_key(key) for key in frame.index.get_level_values(name)))
    ]
    if twice := int(frame.index.duplicated().sum()):
        problems.append(f"{twice:,} of {len(frame):,} rows are there more than once")
    if problems:
        msg = f"{what}: {'; '.join(problems)}. Correct the rows and give them again; nothing was written."
        raise IndexNamesError(msg)
    return frame


def _is_key(key: Any) -> bool:
    """Whether something can be an identifier."""
    return isinstance(key, str) and 0 < len(key) <= _ID_LENGTH and "\0" not in key


def row_entries(frame: pd.DataFrame, kind: str, given: Mapping[str, Any], model_id: str) -> Iterator[list[Entry]]:
    """Entries about rows, so many at a time.

    Parameters
    ----------
    frame : DataFrame
        From :func:`about_rows`; its columns become values. A column ``model_id`` says the model of each row.
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
        columns = [_plain_column(part[name], name) for name in frame.columns if name != "model_id"]
        values = zip(*columns, strict=True) if columns else [()] * len(part)
        bodies = [_ENCODE({**given, **dict(zip(names, row, strict=True))}) for row in values]
        rows = zip(models, households, children, days, bodies, strict=True)
        yield [Entry(kind, *row) for row in rows]


def body_text(values: Mapping[str, Any]) -> str:
    """Values as JSON in one form.

    Parameters
    ----------
    values : mapping
        Text, numbers, truths, dates, lists and mappings.

    Returns
    -------
    str
        The same for the same values.

    Raises
    ------
    SpecError
        If a value is something else; it is named, not quoted.

    Examples
    --------
    >>> body_text({"b": (1, 2.5), "a": None})
    '{"a":null,"b":[1,2.5]}'
    """
    return _ENCODE({str(name): _plain(value, str(name)) for name, value in values.items()})


def _plain_column(column: pd.Series, name: Any) -> list[Any]:
    """Values of a column as JSON can hold them."""
    if column.dtype.kind in "ib":
        return column.tolist()
    if column.dtype.kind == "f" and bool(np.isfinite(column.to_numpy()).all()):
        return column.tolist()
    return [_plain(value, str(name)) for value in column.tolist()]


def _plain(value: Any, name: str) -> Any:
    """One value as JSON can hold it."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value, name)
    msg = (
        f"{name} holds a {type(value).__name__}, which the ledger cannot keep; expected text, numbers, dates or lists."
    )
    raise SpecError(msg)


def _number(value: Any, name: str) -> float | None:
    """A number; none where it is unknown."""
    if math.isinf(value):
        msg = f"{name} holds an infinite number; expected finite ones."
        raise SpecError(msg)
    return None if math.isnan(value) else float(value)


def _list(values: Sequence[Any], name: str) -> list[Any]:
    """A list of plain values."""
    return [_plain(value, name) for value in values]


def _mapping(values: Mapping[Any, Any], name: str) -> dict[str, Any]:
    """A mapping of plain values."""
    return {str(key): _plain(value, name) for key, value in values.items()}


def _as(write: Callable[[Any], Any]) -> Callable[[Any, str], Any]:
    """A writer that needs no name."""
    return lambda value, _: write(value)


_WRITERS: tuple[tuple[tuple[type, ...], Callable[[Any, str], Any]], ...] = (
    ((str,), _as(str)),
    ((bool, np.bool_), _as(bool)),
    ((int, np.integer), _as(int)),
    ((float, np.floating), _number),
    ((dt.datetime,), _as(lambda value: value.isoformat() if value.time() != dt.time() else str(value.date()))),
    ((dt.date,), _as(dt.date.isoformat)),
    ((list, tuple, np.ndarray), _list),
    ((Mapping,), _mapping),
)
