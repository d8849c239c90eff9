"""JSON of a request, read strictly: what parsers disagree on is refused, and no error quotes the text."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

from edgeofcare.service.problems import Refused

__all__ = ["DEPTH", "read_json"]

DEPTH = 32
"""Arrays and objects inside each other; a request of the contract needs fewer."""


class _Unreadable(ValueError):
    """Why a text is refused."""


def read_json(body: bytes) -> Any:
    """Read the body of a request.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.

    Returns
    -------
    object
        What it holds.

    Raises
    ------
    Refused
        With status 400, if it is no JSON (RFC 8259), or has a name twice in one object, a number that is no number or
        too large, half a surrogate pair, or more than :data:`DEPTH` levels.

    Examples
    --------
    >>> read_json(b'{"children": []}')
    {'children': []}
    """
    try:
        text = body.decode("utf-8")
        found = json.loads(
            text, object_pairs_hook=_each_name_once, parse_constant=_no_constant, parse_float=_finite, parse_int=_whole
        )
        _refuse_depth(found)
        if "\\u" in text:
            json.dumps(found, ensure_ascii=False).encode("utf-8")  # half a surrogate pair cannot be written
    except UnicodeEncodeError:
        why = "It holds half a surrogate pair."
    except UnicodeDecodeError:
        why = "It is not text in UTF-8."
    except _Unreadable as error:
        why = str(error)
    except json.JSONDecodeError as error:
        why = f"It is no JSON: see line {error.lineno}, column {error.colno}."
    except RecursionError:
        why = _TOO_DEEP
    else:
        return found
    raise Refused(400, f"The body cannot be read. {why}")


_TOO_DEEP = f"Its arrays and objects are more than {DEPTH} deep."
_MOST_DIGITS = 100


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different."""
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "An object in it has the same name twice."
        raise _Unreadable(msg)
    return found


def _no_constant(_: str) -> NoReturn:
    """Refuse NaN and the infinities."""
    msg = "NaN and Infinity are no JSON; null is what is not known."
    raise _Unreadable(msg)


def _finite(text: str) -> float:
    """A number that is not too large."""
    number = float(text)
    if not math.isfinite(number):
        msg = "A number in it is too large."
        raise _Unreadable(msg)
    return number


def _whole(text: str) -> int:
    """A whole number that is not too long."""
    if len(text) > _MOST_DIGITS:
        msg = "A number in it is too large."
        raise _Unreadable(msg)
    return int(text)


def _refuse_depth(found: Any) -> None:
    """Refuse arrays and objects too deep inside each other."""
    level = [found]
    for _ in range(DEPTH + 1):
        inside = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [value for values in inside for value in values]
        if not level:
            return
    raise _Unreadable(_TOO_DEEP)
