"""JSON of a request or of a model file, read strictly: what parsers disagree on is refused, and no error quotes it."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

__all__ = ["DEPTH", "StrictJSONError", "read_json"]

DEPTH = 32
"""Arrays and objects inside each other; a request of the contract and a manifest need fewer."""

_MOST_DIGITS = 100


class StrictJSONError(ValueError):
    """A text that is no JSON, or that other readers may read in another way.

    Parameters
    ----------
    why : str
        What is wrong, as sentences about "it" that quote nothing.

    Examples
    --------
    >>> StrictJSONError("It is no text in UTF-8.").why
    'It is no text in UTF-8.'
    """

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_json(text: str | bytes | bytearray) -> Any:
    """Read JSON that everybody reads in the same way.

    Parameters
    ----------
    text : str, bytes or bytearray
        JSON (RFC 8259); bytes in UTF-8.

    Returns
    -------
    object
        What it holds.

    Raises
    ------
    StrictJSONError
        If it is no JSON, or has a name twice in one object, a number that is no number or too large, a whole number of
        more than 100 digits, half a surrogate pair, or more than :data:`DEPTH` levels.

    Examples
    --------
    >>> read_json(b'{"children": []}')
    {'children': []}
    """
    try:
        return _read(_in_utf_8(text))
    except UnicodeEncodeError:
        why = "It holds half of a character, which UTF-8 cannot write."
    except UnicodeDecodeError:
        why = "It is no text in UTF-8."
    except json.JSONDecodeError as error:
        why = f"It is no JSON: see line {error.lineno}, column {error.colno}."
    except RecursionError:
        why = _TOO_DEEP
    except StrictJSONError as error:
        why = error.why
    raise StrictJSONError(why)  # here, where none of the errors above is its context: they hold the text


_TOO_DEEP = f"It is nested too deeply: arrays and objects may be {DEPTH} deep."


def _in_utf_8(text: str | bytes | bytearray) -> str:
    """A text that UTF-8 can write."""
    if isinstance(text, str):
        text.encode("utf-8")
        return text
    return bytes(text).decode("utf-8")


def _read(text: str) -> Any:
    """What a text holds."""
    found = json.loads(
        text, object_pairs_hook=_each_name_once, parse_constant=_no_constant, parse_float=_finite, parse_int=_whole
    )
    _refuse_depth(found)
    if "\\u" in text:
        json.dumps(found, ensure_ascii=False).encode("utf-8")  # an escape may stand for half of a pair
    return found


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different: readers differ in which of two values counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "An object in it has a name twice. Send each name once."
        raise StrictJSONError(msg)
    return found


def _no_constant(_: str) -> NoReturn:
    """Refuse NaN and the infinities."""
    msg = "It holds NaN or Infinity, which JSON does not have. Send null where something is not known."
    raise StrictJSONError(msg)


def _finite(text: str) -> float:
    """A number that is not too large."""
    number = float(text)
    if not math.isfinite(number):
        msg = "A number in it is too large."
        raise StrictJSONError(msg)
    return number


def _whole(text: str) -> int:
    """A whole number that is not too long."""
    if len(text) > _MOST_DIGITS:
        msg = "A number in it has too many digits."
        raise StrictJSONError(msg)
    return int(text)


def _refuse_depth(found: Any) -> None:
    """Refuse arrays and objects too deep inside each other."""
    level = [found]
    for _ in range(DEPTH + 1):
        inside = (each.values() if isinstance(each, dict) else each for each in level if isinstance(each, dict | list))
        level = [value for values in inside for value in values]
        if not level:
            return
    raise StrictJSONError(_TOO_DEEP)
