"""Values of an entry that are corrected, checked as those that are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.tracking.append import OF_RISK
from edgeofcare.tracking.checks import check_risks, one_text, optional_text
from edgeofcare.tracking.events import moment

__all__ = ["corrected"]

_DONE = ("shown", "reviewed", "overridden", "seen", "supported")


def corrected(kind: str, body: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values of an entry with those in them that were corrected.

    Parameters
    ----------
    kind : str
        Of the entry.
    body : mapping
        What it says.
    given : mapping
        What is to be, by name; each is a name of the body.

    Returns
    -------
    dict
        All values. With another risk, what was computed from the wrong one is unknown, unless it is given too.

    Raises
    ------
    SpecError
        If a value could not have been written.

    Examples
    --------
    >>> corrected("reviewed", {"by": "w", "when": "2025-05-03"}, {"when": "04/05/2025"})
    {'by': 'w', 'when': '2025-05-04'}
    >>> corrected("scored", {"risk": 0.1, "rank": 3}, {"risk": 0.2})
    {'risk': 0.2, 'rank': None}
    """
    checks = _OF_SCORES if kind == "scored" else _OF_WHAT_WAS_DONE if kind in _DONE else {}
    new = {name: checks[name](value, name) if name in checks else value for name, value in given.items()}
    if kind in _DONE:  # what is left out there is not written
        return {name: value for name, value in {**body, **new}.items() if value is not None}
    if kind == "scored" and new.get("risk", body.get("risk")) != body.get("risk"):
        new = {**{name: None for name in OF_RISK if name in body}, **new}
    return {**body, **new}


def _day(value: Any, name: str) -> str:
    """When something was done."""
    if value is None:
        msg = f"{name} must be a day, or a datetime with a time zone."
        raise SpecError(msg)
    return moment(value)


def _risk(value: Any, name: str) -> float:
    """A probability."""
    number = _number(value, name)
    check_risks(pd.Series([number], dtype="float64"))
    return float(number)  # type: ignore[arg-type]


def _number(value: Any, name: str) -> float | int | None:
    """A number, or nothing where it is not known."""
    if value is None or (isinstance(value, Integral) and not isinstance(value, bool)):
        return value if value is None else int(value)
    try:
        if isinstance(value, str | Real) and not isinstance(value, bool):
            return float(value)
    except ValueError:
        pass
    msg = f"{name} must be a number."
    raise SpecError(msg)


_OF_SCORES: dict[str, Callable[[Any, str], Any]] = {"risk": _risk, **dict.fromkeys(OF_RISK, _number)}
_OF_WHAT_WAS_DONE: dict[str, Callable[[Any, str], Any]] = {
    "when": _day,
    **dict.fromkeys(("by", "reason", "support"), one_text),
    **dict.fromkeys(("role", "note"), optional_text),
}
