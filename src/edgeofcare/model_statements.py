"""What an authority states of its model in the file: its expiry, its card, and what the evaluation concludes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgeofcare.dates import one_day
from edgeofcare.evaluation.judgement.conclusions import CONCLUSIONS
from edgeofcare.exceptions import SpecError

__all__ = [
    "CARD",
    "card_problem",
    "concluded",
    "plain_card",
    "plain_expiry",
    "plain_verdict",
    "saved_card",
    "saved_expiry",
    "saved_verdict",
]

CARD = ("name", "owner", "contact", "purpose", "not_for")
"""What a card can say: the name of the model, who answers for it, how to reach them, what it is for and not for."""

_LONGEST = 2_000  # characters of one text
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def plain_expiry(expires: Any, observed_until: Any = None) -> str | None:
    """The last day on which a model is to be used, as ISO text.

    Parameters
    ----------
    expires : str, date or None
        The day.
    observed_until : Timestamp or date, optional
        End of the records that the model was trained on.

    Returns
    -------
    str or None
        None where there is none.

    Raises
    ------
    SpecError
        If it is no date, or not after the end of the records.

    Examples
    --------
    >>> plain_expiry("31/03/2027")
    '2027-03-31'
    """
    if expires is None:
        return None
    day = one_day(expires, "expires")
    if observed_until is not None and not day > np.datetime64(observed_until, "D"):
        msg = (
            "expires is not after the end of the records that the model was trained on, so the model could never be "
            "used. Give a later day: a year after the end of the records is usual."
        )
        raise SpecError(msg)
    return str(day)


def saved_expiry(manifest: Mapping[str, Any]) -> dt.date | None:
    """Read the day on which a model expires.

    Parameters
    ----------
    manifest : mapping
        What stands in the file, not yet trusted.

    Returns
    -------
    date or None
        None where there is none, as in files of older layouts.

    Raises
    ------
    TypeError or ValueError
        If it says something else.

    Examples
    --------
    >>> saved_expiry({"expires": "2027-03-31"}), saved_expiry({})
    (datetime.date(2027, 3, 31), None)
    """
    said = manifest.get("expires")
    if said is None:
        return None
    day = dt.date.fromisoformat(said)
    if day.isoformat() != said or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError
    return day


def plain_verdict(evaluation: Mapping[str, Any] | None) -> dict[str, str] | None:
    """The verdict of an evaluation on its own, so that nobody has to look for it.

    Parameters
    ----------
    evaluation : mapping or None
        As :meth:`edgeofcare.Evaluation.to_dict` gives it.

    Returns
    -------
    dict or None
        ``conclusion`` and ``text``; None without an evaluation.

    Examples
    --------
    >>> plain_verdict({"verdict": {"conclusion": "use", "text": "Use it.", "criteria": []}})
    {'conclusion': 'use', 'text': 'Use it.'}
    """
    if evaluation is None:
        return None
    return {name: evaluation["verdict"][name] for name in ("conclusion", "text")}


def saved_verdict(manifest: Mapping[str, Any]) -> dict[str, str] | None:
    """Read a verdict, which must be that of the evaluation beside it.

    Parameters
    ----------
    manifest : mapping
        What stands in the file, not yet trusted.

    Returns
    -------
    dict or None
        ``conclusion`` and ``text``; None without one.

    Raises
    ------
    LookupError, TypeError or ValueError
        If it says something else.
    """
    said = manifest["verdict"]
    if said != plain_verdict(manifest["evaluation"]):
        raise ValueError
    if said is not None and (said["conclusion"] not in CONCLUSIONS or type(said["text"]) is not str):
        raise ValueError
    return None if said is None else dict(said)


def concluded(manifest: Mapping[str, Any]) -> str | None:
    """What the evaluation in a file of any layout concludes.

    Parameters
    ----------
    manifest : mapping
        What stands in the file.

    Returns
    -------
    str or None
        "use", "use with care" or "do not use"; None where there is no evaluation, or one from before there were
        verdicts.

    Examples
    --------
    >>> concluded({"evaluation": {"verdict": {"conclusion": "use with care", "text": ""}}})
    'use with care'
    """
    try:
        said = (manifest.get("verdict") or manifest["evaluation"]["verdict"])["conclusion"]
    except (LookupError, TypeError):
        return None
    return next((conclusion for conclusion in CONCLUSIONS if conclusion == said), None)


def plain_card(card: Any) -> dict[str, str] | None:
    """What an authority says of its model, as the file holds it.

    Parameters
    ----------
    card : mapping of str to str, or None
        Plain text by the names in :data:`CARD`; each may be left out.

    Returns
    -------
    dict or None
        None where there is none.

    Raises
    ------
    SpecError
        If it has other names, or holds anything but text.

    Examples
    --------
    >>> plain_card({"owner": "Head of the edge of care service"})
    {'owner': 'Head of the edge of care service'}
    """
    if card is None:
        return None
    if problem := card_problem(card):
        msg = f"The card cannot be saved: {problem}."
        raise SpecError(msg)
    return {name: card[name] for name in CARD if name in card}


def saved_card(manifest: Mapping[str, Any]) -> dict[str, str] | None:
    """Read the card of a model.

    Parameters
    ----------
    manifest : mapping
        What stands in the file, not yet trusted.

    Returns
    -------
    dict or None
        None where there is none, as in files of older layouts.

    Raises
    ------
    ValueError
        If it is not as :func:`plain_card` gives it.

    Examples
    --------
    >>> saved_card({"card": {"owner": "The service"}})
    {'owner': 'The service'}
    """
    card = manifest.get("card")
    if card is None:
        return None
    if card_problem(card):
        raise ValueError
    return dict(card)


def card_problem(card: Any) -> str:
    """Say what is wrong with a card.

    Parameters
    ----------
    card : object
        What was given.

    Returns
    -------
    str
        Empty if nothing is.

    Examples
    --------
    >>> card_problem({"purpose": ""})
    'purpose is not a text of 1 to 2,000 printable characters'
    """
    if not isinstance(card, Mapping) or not card:
        return f"it is a {type(card).__name__}; expected a mapping with some of: {', '.join(CARD)}"
    if other := len(set(card) - set(CARD)):
        return f"it has {other} other name(s) than {', '.join(CARD)}"
    wrong = [name for name in CARD if name in card and not _is_text(card[name])]
    return f"{', '.join(wrong)} is not a text of 1 to {_LONGEST:,} printable characters" if wrong else ""


def _is_text(value: Any) -> bool:
    """Whether a value is text that can be printed, in one line or several."""
    return (
        isinstance(value, str)
        and bool(value.strip())
        and len(value) <= _LONGEST
        and all(line.isprintable() for line in value.split("\n"))
    )
