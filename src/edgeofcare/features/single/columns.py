"""One column of plain rows read: dates as days, flags as yes and no, numbers, codes and keys; what is none is told."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import Column
from edgeofcare.schema.own import NOT_IN_A_NAME
from edgeofcare.schema.sentinels import LARGEST_NUMBER, LAST_OF_NO_DATE, NO_ID, NO_TEXT, OPEN_FROM_YEAR

__all__ = ["EPOCH", "Unreadable", "day_of", "read_column", "written"]

EPOCH = date(1970, 1, 1).toordinal()
_FIRST = date.fromisoformat(LAST_OF_NO_DATE).toordinal() - EPOCH
_OPEN = date(OPEN_FROM_YEAR, 1, 1).toordinal() - EPOCH
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TEXT: frozenset[type] = frozenset({str, type(None)})
_FLAG: frozenset[type] = frozenset({bool, type(None)})
_NUMBER: frozenset[type] = frozenset({int, float, type(None)})
_SAID = {True: "yes", False: "no", None: None}
_MEANT = {"yes": True, "no": False, None: None}
_EXPECTED = {
    "date": "a date is ISO text such as '2024-03-31', or null",
    "flag": "true, false or null",
    "number": f"a number between -{LARGEST_NUMBER:,} and {LARGEST_NUMBER:,}, or null",
    "text": "text, or null",
    "code": "a code of the list {codes!r}, as the schema has it, or null",
}


class Unreadable(Exception):
    """A column with cells that cannot be read.

    Parameters
    ----------
    count : int
        How many cells.
    expected : str
        What they should be.
    """

    def __init__(self, count: int, expected: str) -> None:
        super().__init__(expected)
        self.count = count
        self.expected = expected


class _Days(dict[Any, Any]):
    """Days since 1970-01-01 by ISO text, each read once; None for dates that mean no date."""

    def __missing__(self, text: Any) -> int | None:
        """Read a date that was not met before."""
        if not isinstance(text, str) or not _ISO.fullmatch(text):
            raise ValueError
        if text.startswith("0000"):
            return None
        day = date.fromisoformat(text).toordinal() - EPOCH
        if not _FIRST < day < _OPEN:
            return None
        self[text] = day
        return day


_DAYS = _Days({None: None})


def day_of(text: Any) -> int | None:
    """The day that an ISO date names.

    Parameters
    ----------
    text : str or None
        Such as ``"2024-03-31"``.

    Returns
    -------
    int or None
        Days since 1970-01-01; None for None, and for dates by which case systems mean none.

    Raises
    ------
    ValueError
        If it is no such text.

    Examples
    --------
    >>> day_of("1970-01-03"), day_of("9999-12-31")
    (2, None)
    """
    return _DAYS[text]


def read_column(column: Column, values: Sequence[Any]) -> list[Any]:
    """Read the cells of one column.

    Parameters
    ----------
    column : Column
        The column.
    values : sequence
        Its cells, as JSON gives them.

    Returns
    -------
    list
        Days since 1970-01-01 for dates, ``"yes"`` and ``"no"`` for flags, floats for numbers, and text; None where
        there is nothing.

    Raises
    ------
    Unreadable
        If some cells are something else.
    """
    if column.kind == "code" and column.codes:
        return _codes(column.codes, values)
    if column.name == "category" and column.codes is None:
        return _distinct(values, _category)
    return _READ[column.kind](values)


def written(column: Column, values: Sequence[Any]) -> list[Any]:
    """Write the cells of one column as JSON can hold them.

    Parameters
    ----------
    column : Column
        The column.
    values : sequence
        As :func:`read_column` gives them.

    Returns
    -------
    list
        What :func:`read_column` reads.
    """
    if column.kind == "date":
        return [None if day is None else date.fromordinal(day + EPOCH).isoformat() for day in values]
    return [_MEANT[said] for said in values] if column.kind == "flag" else list(values)


def _dates(values: Sequence[Any]) -> list[int | None]:
    """Days of ISO dates."""
    try:
        return list(map(_DAYS.__getitem__, values))
    except (TypeError, ValueError):
        raise Unreadable(sum(not _is_date(value) for value in values), _EXPECTED["date"]) from None


def _is_date(value: Any) -> bool:
    """Whether a cell is a date or nothing."""
    try:
        day_of(value)
    except (TypeError, ValueError):
        return False
    return True


def _flags(values: Sequence[Any]) -> list[str | None]:
    """Yes and no."""
    _check_types(values, _FLAG, "flag")
    return list(map(_SAID.__getitem__, values))


def _numbers(values: Sequence[Any]) -> list[float | None]:
    """Numbers; what is not finite is none."""
    _check_types(values, _NUMBER, "number")
    found = [None if value is None or not _finite(value) else value for value in values]
    if beyond := sum(value is not None and abs(value) > LARGEST_NUMBER for value in found):
        raise Unreadable(beyond, _EXPECTED["number"])
    return [None if value is None else float(value) for value in found]


def _finite(value: float) -> bool:
    """Whether a number is finite; a whole number of any size is."""
    return isinstance(value, int) or math.isfinite(value)


def _codes(name: str, values: Sequence[Any]) -> list[str | None]:
    """Codes of a list."""
    allowed = _ALLOWED[name]
    try:
        if allowed.issuperset(values):
            return list(values)
    except TypeError:
        pass
    wrong = sum(value is not None and not (isinstance(value, str) and value in allowed) for value in values)
    raise Unreadable(wrong, _EXPECTED["code"].format(codes=name))


def _ids(values: Sequence[Any]) -> list[str | None]:
    """Keys, as :func:`edgeofcare.records.values.as_ids` has them."""
    _check_types(values, _TEXT, "text")
    texts = set(values)
    texts.discard(None)
    joined = "".join(texts)
    if joined.isprintable() and " " not in joined and "." not in joined and NO_ID.isdisjoint(map(str.lower, texts)):
        return list(values)
    return _distinct(values, _id)


def _texts(values: Sequence[Any]) -> list[str | None]:
    """Text without surrounding spaces, as :func:`edgeofcare.records.values.as_text` has it."""
    return _distinct(values, _text)


def _distinct(values: Sequence[Any], read: Callable[[str], str | None]) -> list[str | None]:
    """Read each different text once."""
    _check_types(values, _TEXT, "text")
    texts = set(values)
    texts.discard(None)
    changed = {text: now for text in texts if (now := read(text)) != text}
    return [changed.get(value, value) for value in values] if changed else list(values)


def _id(text: str) -> str | None:
    """One key; None for a word that means no key."""
    text = text.strip()
    if text.lower() in NO_ID:
        return None
    return text[:-2] if text.endswith(".0") and text[:-2].isdecimal() else text


def _text(text: str) -> str | None:
    """One text; None for a word that means nothing."""
    text = text.strip()
    return None if text.lower() in NO_TEXT else text


def _category(text: str) -> str | None:
    """A code of an own table that a feature's name can hold; None where nothing is left of it."""
    kept = _text(text)
    return None if kept is None else _text(NOT_IN_A_NAME.sub("_", kept).strip("_"))


def _check_types(values: Sequence[Any], allowed: frozenset[type], expected: str) -> None:
    """Refuse cells of other types."""
    if not allowed.issuperset(map(type, values)):
        raise Unreadable(sum(type(value) not in allowed for value in values), _EXPECTED[expected])


_ALLOWED = {name: frozenset({*codes, None}) for name, codes in CODE_LISTS.items()}
_READ: dict[str, Callable[[Sequence[Any]], list[Any]]] = {
    "id": _ids,
    "code": _texts,
    "date": _dates,
    "flag": _flags,
    "number": _numbers,
}
