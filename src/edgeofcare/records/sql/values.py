"""Values as a database driver hands them over, written as a CSV file of the same extract has them."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgeofcare.exceptions import SpecError

__all__ = ["texts"]

_DIGITS = 10**18


def texts(values: Sequence[Any]) -> list[str | None]:
    """Write each value as text; None stays None.

    Dates and times become ISO days, whole numbers lose their decimals, truth is 1 or 0, JSON that was already read is
    written again, and bytes are text where they are plain letters and hexadecimal where not. A moment with a time zone
    is the day that it was in England.

    Parameters
    ----------
    values : sequence
        One column of one chunk of rows, of any mixture of types.

    Returns
    -------
    list of str or None

    Examples
    --------
    >>> texts(["007 ", 12, 12.0, Decimal("5.50"), True, None, ["1A", "2B"], date(2024, 3, 31)])
    ['007 ', '12', '12', '5.50', '1', None, '["1A", "2B"]', '2024-03-31']
    """
    writers = {kind: _writer(kind) for kind in set(map(type, values))}
    if not set(writers) - {str, type(None)}:
        return list(values)
    return [writers[type(value)](value) for value in values]


def _writer(kind: type) -> Callable[[Any], str | None]:
    """How values of a type are written; what is not known is written as Python does."""
    return next((write for parents, write in _WRITERS if issubclass(kind, parents)), str)


def _same(value: Any) -> Any:
    """Text and nothing, as they are."""
    return value


def _moment(value: datetime) -> str:
    """The day of a moment: in England, where it says which time zone it is written in."""
    if value.tzinfo is not None:
        try:
            value = value.astimezone(_england())
        except OverflowError:  # the first and last days of the calendar, which stand for no date
            value = value.replace(tzinfo=None)
    return value.isoformat()[:10]


@cache
def _england() -> ZoneInfo:
    """The time zone of the authorities."""
    try:
        return ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        msg = "The extract has times with a time zone, and this Python knows no time zones. Run: pip install tzdata"
    raise SpecError(msg)


def _whole(value: bool | int) -> str:
    """A whole number or a truth in digits."""
    return str(int(value))


def _decimal(value: float | Decimal) -> str | None:
    """A number, without decimals where it is whole; none where it is not a number."""
    if math.isnan(value):
        return None
    if math.isinf(value):
        return str(value)
    return str(int(value)) if -_DIGITS < value < _DIGITS and value == int(value) else str(value)


def _bytes(value: bytes | bytearray | memoryview) -> str:
    """Bytes as text where all of them are plain letters, digits and marks, else hexadecimal."""
    held = bytes(value)
    return held.decode("ascii") if held.isascii() and held.decode("ascii").isprintable() else held.hex()


def _json(value: Any) -> str:
    """JSON that the driver has read, as text again."""
    return json.dumps(value, ensure_ascii=False, default=str)


_WRITERS: tuple[tuple[tuple[type, ...], Callable[[Any], str | None]], ...] = (
    ((str, type(None)), _same),
    ((datetime,), _moment),
    ((date,), date.isoformat),
    ((int,), _whole),
    ((float, Decimal), _decimal),
    ((uuid.UUID,), str),
    ((bytes, bytearray, memoryview), _bytes),
    ((dict, list, tuple), _json),
)
