"""A request of a case system read and checked: its form, its size and the records of every child in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeofcare.dates import one_day
from edgeofcare.exceptions import RecordsError, RequestError, SpecError
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.schema.sentinels import LAST_OF_NO_DATE, OPEN_FROM_YEAR
from edgeofcare.scoring.fitness import read_override
from edgeofcare.scoring.strict_json import StrictJSONError, read_json

__all__ = [
    "LONGEST_TEXT",
    "MOST_CHILDREN",
    "MOST_REASONS",
    "MOST_ROWS",
    "SCHEMA_VERSION",
    "Asked",
    "asked_reasons",
    "read_request",
]

SCHEMA_VERSION = "1.0"
"""Version of the contract: the first number changes when a program that keeps to it would break."""

MOST_CHILDREN = 1_000
"""Most children of one request."""

MOST_ROWS = 200_000
"""Most rows of one request, of all children together."""

MOST_REASONS = 100
"""Most reasons of each child that can be asked for."""

LONGEST_TEXT = 64 * 1024 * 1024
"""Most characters, or bytes, of a request that comes as JSON text."""

_OPTIONS = (
    "schema_version", "index_date", "children", "top_reasons", "bands", "rank", "override", "accept_lag",
)  # fmt: skip
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, repr=False)
class Asked:
    """A request whose form is right.

    Parameters
    ----------
    index_date : datetime64[D]
        The day.
    children : tuple of ChildRecords
        In the order of the request.
    top_reasons : int
        Most reasons of each.
    bands : bool
        Whether reasons say how sure they are.
    rank : bool
        Whether each is told its rank among those of the request.
    override : str or None
        Why a model is used that is not to be used.
    accept_lag : bool
        Whether another reporting lag than that of training is accepted.
    """

    index_date: np.datetime64
    children: tuple[ChildRecords, ...]
    top_reasons: int = 3
    bands: bool = False
    rank: bool = False
    override: str | None = None
    accept_lag: bool = False

    def __repr__(self) -> str:
        """A count; nothing of the children."""
        return f"Asked({len(self.children)} children)"


def read_request(request: Mapping[str, Any] | str | bytes) -> Asked:
    """Read a request.

    Parameters
    ----------
    request : mapping, str or bytes
        JSON text or what it holds.

    Returns
    -------
    Asked
        What is asked for.

    Raises
    ------
    RequestError
        With every problem, each child told by its position; it holds no value.

    Examples
    --------
    >>> child = {"child_id": "1", "birth_date": "2010-06-15"}
    >>> tables = {"children": [child], "referrals": [], "care_episodes": [], "legal_statuses": []}
    >>> records = {"child_id": "1", "observed_until": "2025-03-31", "tables": tables}
    >>> read_request({"schema_version": "1.0", "index_date": "2025-03-31", "children": [records]})
    Asked(1 children)
    """
    held = _parsed(request) if isinstance(request, str | bytes | bytearray) else request
    if not isinstance(held, Mapping):
        msg = "The request must be a JSON object with schema_version, index_date and children."
        raise RequestError(msg)
    problems: list[str] = []
    options = _options(held, problems)
    children = _children(held.get("children"), problems)
    if problems:
        raise RequestError(problems)
    return Asked(children=children, **options)


# ------------------------------------------------------------------------------------------------------------ text


def _parsed(text: str | bytes | bytearray) -> Any:
    """The JSON of a text that is not too long."""
    if len(text) > LONGEST_TEXT:
        msg = f"The request is longer than {LONGEST_TEXT // 2**20} MB. Send the children in several requests."
        raise RequestError(msg)
    try:
        return read_json(text)
    except StrictJSONError as error:
        msg = f"The request cannot be read. {error.why}"
    raise RequestError(msg)


# --------------------------------------------------------------------------------------------------------- options


def _options(held: Mapping[str, Any], problems: list[str]) -> dict[str, Any]:
    """Everything but the children."""
    if unknown := len(held.keys() - set(_OPTIONS)):
        problems.append(f"{unknown} of the names at the top are not known. There can be {', '.join(_OPTIONS)}.")
    if held.get("schema_version") != SCHEMA_VERSION:
        problems.append(
            f"schema_version must be {SCHEMA_VERSION!r}, the version of the contract that this version of edgeofcare "
            "answers. Send that one, or install the version of edgeofcare that the case system was made for."
        )
    found: dict[str, Any] = {"index_date": _day(held.get("index_date"), problems)}
    for name in ("bands", "rank", "accept_lag"):
        found[name] = held.get(name, False)
        if not isinstance(found[name], bool):
            problems.append(f"{name} must be true or false, or left out.")
    found["top_reasons"] = asked_reasons(held.get("top_reasons", 3))
    if found["top_reasons"] is None:
        problems.append(f"top_reasons must be a whole number from 0 to {MOST_REASONS}, or left out.")
    try:
        found["override"] = read_override(held.get("override"))
    except SpecError as error:
        problems.append(str(error))
    return found


def asked_reasons(top: Any) -> int | None:
    """Read how many reasons are asked for.

    Parameters
    ----------
    top : object
        What a request holds of it.

    Returns
    -------
    int or None
        The number; None for what is no whole number from 0 to :data:`MOST_REASONS`.

    Examples
    --------
    >>> asked_reasons(3), asked_reasons(3.0), asked_reasons(1.5)
    (3, 3, None)
    """
    number = int(top) if type(top) is float and top.is_integer() else top  # JSON does not tell 3.0 from 3
    return number if type(number) is int and 0 <= number <= MOST_REASONS else None


def _day(text: Any, problems: list[str]) -> np.datetime64:
    """The index date."""
    try:
        if isinstance(text, str) and _ISO.fullmatch(text) and LAST_OF_NO_DATE < text < str(OPEN_FROM_YEAR):
            return one_day(text, "index_date")
    except SpecError:
        pass
    span = f"after {LAST_OF_NO_DATE} and before {OPEN_FROM_YEAR}"
    problems.append(f"index_date must be an ISO date such as '2025-03-31', {span}.")
    return np.datetime64("NaT", "D")


# -------------------------------------------------------------------------------------------------------- children


def _children(given: Any, problems: list[str]) -> tuple[ChildRecords, ...]:
    """The records of each child."""
    if not isinstance(given, list | tuple) or not 1 <= len(given) <= MOST_CHILDREN:
        problems.append(f"children must be a list of the records of 1 to {MOST_CHILDREN:,} children.")
        return ()
    if (rows := sum(map(_rows, given))) > MOST_ROWS:
        problems.append(
            f"children: {rows:,} rows in all, and {MOST_ROWS:,} are the most. Send the children in several requests, "
            "each with the rows of its own household only."
        )
        return ()
    found = [_child(place, each, problems) for place, each in enumerate(given)]
    first: dict[str, int] = {}
    for place, each in enumerate(found):
        if each is not None and first.setdefault(each.child_id, place) != place:
            problems.append(f"children[{place}]: the same child as children[{first[each.child_id]}]. Send it once.")
    return tuple(each for each in found if each is not None)


def _rows(plain: Any) -> int:
    """How many rows there are, of what may be anything."""
    tables = plain.get("tables") if isinstance(plain, Mapping) else None
    if not isinstance(tables, Mapping):
        return 0
    return sum(len(rows) for rows in tables.values() if isinstance(rows, list | tuple))


def _child(place: int, plain: Any, problems: list[str]) -> ChildRecords | None:
    """The records of one child; None where they cannot be used."""
    try:
        found = ChildRecords.from_plain(plain)
    except RecordsError as error:
        problems += [f"children[{place}]: {problem}" for problem in error.problems]
        return None
    if not _is_text([found.child_id, *(key for name in found for key in found.table(name).keys)]):
        problems.append(f"children[{place}]: a key holds half of a character, which UTF-8 cannot write.")
    return found


def _is_text(texts: list[str]) -> bool:
    """Whether texts can be sent back."""
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
