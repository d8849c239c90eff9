"""Values of an entry as JSON, in one form."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError

__all__ = ["body_text", "encode", "plain_column", "writable"]

encode = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False).encode
"""JSON of plain values, the same for the same values."""

_LEAST, _MOST = -(2**63), 2**64 - 1


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
    return encode({str(name): _plain(value, str(name)) for name, value in values.items()})


def writable(text: str) -> bool:
    """Whether a text can be written and read again: half a letter, as a wrong decoding leaves, cannot.

    Parameters
    ----------
    text : str
        Any.

    Returns
    -------
    bool

    Examples
    --------
    >>> writable("café"), writable(bytes([0xE9]).decode(errors="surrogateescape"))
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain_column(column: pd.Series, name: str) -> list[Any]:
    """Values of a column as JSON can hold them.

    Parameters
    ----------
    column : Series
        Of any dtype.
    name : str
        Its name, for the message.

    Returns
    -------
    list
        One value a row; None where it is unknown.

    Raises
    ------
    SpecError
        If a value cannot be kept.

    Examples
    --------
    >>> plain_column(pd.Series([0.5, None]), "risk")
    [0.5, None]
    """
    if isinstance(column.dtype, np.dtype):  # a dtype of pandas may hold gaps
        kind = column.dtype.kind
        if kind in "ib" or (kind == "f" and bool(np.isfinite(column.to_numpy()).all())):
            return column.tolist()
    return [_plain(value, name) for value in column.tolist()]


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


def _text(value: str, name: str) -> str:
    """A text that can be read again."""
    if not writable(value):
        msg = f"{name} holds text that is not valid Unicode; read its source again with the encoding that it has."
        raise SpecError(msg)
    return str(value)


def _whole(value: Any, name: str) -> int:
    """A whole number that a column can hold."""
    if not _LEAST <= value <= _MOST:
        msg = f"{name} holds a whole number of more than 64 bits; give it as text."
        raise SpecError(msg)
    return int(value)


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
    return {_text(str(key), name): _plain(value, name) for key, value in values.items()}


def _as(write: Callable[[Any], Any]) -> Callable[[Any, str], Any]:
    """A writer that needs no name."""
    return lambda value, _: write(value)


_WRITERS: tuple[tuple[tuple[type, ...], Callable[[Any, str], Any]], ...] = (
    ((str,), _text),
    ((bool, np.bool_), _as(bool)),
    ((int, np.integer), _whole),
    ((float, np.floating), _number),
    ((dt.datetime,), _as(lambda value: value.isoformat() if value.time() != dt.time() else str(value.date()))),
    ((dt.date,), _as(dt.date.isoformat)),
    ((list, tuple, np.ndarray), _list),
    ((Mapping,), _mapping),
)
