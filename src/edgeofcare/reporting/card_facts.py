"""What the authority itself says of its model, for the model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeofcare.model_statements import plain_card, plain_expiry
from edgeofcare.reporting.facts import Fact

__all__ = ["STATED", "card_facts"]

STATED = "stated by the authority"
"""The source of these facts; nothing is left to write of an item that they answer in full."""

_WORDS = {"name": "Name", "owner": "Owner", "contact": "Contact", "purpose": "Purpose", "not_for": "Not for"}


def card_facts(card: Mapping[str, str] | None, expires: Any, observed_until: Any) -> dict[str, Fact]:
    """Sentences of a card, by the keys that the list of items names.

    Parameters
    ----------
    card : mapping of str to str, or None
        As for :func:`edgeofcare.save_model`.
    expires : str, date or None
        Last day on which the model is to be used.
    observed_until : Timestamp
        End of the records that it was trained on.

    Returns
    -------
    dict of str to Fact
        What was stated; nothing where nothing was.

    Raises
    ------
    SpecError
        If they are not what a model file can hold.

    Examples
    --------
    >>> card_facts({"owner": "The service"}, "2027-03-31", None)["card_owner"].text
    'Owner: The service.'
    """
    stated = plain_card(card) or {}
    found = {f"card_{name}": Fact(f"{_WORDS[name]}: {_ended(stated[name])}", STATED) for name in stated}
    day = plain_expiry(expires, observed_until)
    return found | ({} if day is None else {"expiry": Fact(f"Last day of use: {day}.", STATED)})


def _ended(text: str) -> str:
    """Text in one line that ends as a sentence does."""
    plain = " ".join(text.split())
    return plain if plain.endswith((".", "!", "?")) else f"{plain}."
