"""Codes and flags of rows in words, for sentences about a child."""

from __future__ import annotations

from collections.abc import Iterable

from edgeofcare.features.feature import TableFeature
from edgeofcare.schema.codes import CODE_LISTS

__all__ = ["FLAGS", "NO_FACTOR", "codes_said", "factors_said"]

NO_FACTOR = "no factor"
"""What assessments that found nothing identify, in words."""

FLAGS = {
    ("nfa", "yes"): "that led to no further action",
    ("nfa", "no"): "that led to further action",
    ("led_to_plan", "yes"): "that led to a child protection plan",
    ("led_to_plan", "no"): "that led to no child protection plan",
    ("transfer_in", "yes"): "because of a move from elsewhere",
    ("other_authority", "yes"): "of another authority",
}
"""Flags of rows in words, by column and code."""

_SAID = {
    "source": {
        "1A": "a family member",
        "1B": "an acquaintance",
        "1C": "the child or young person",
        "1D": "another individual",
        "2A": "a school",
        "3A": "a general practitioner",
        "3B": "a health visitor",
        "3C": "a school nurse",
        "6": "the police",
        "7": "another legal agency",
        "8": "another source",
        "9": "an anonymous source",
        "10": "an unknown source",
    },
    "factor": {
        "4A": "the mental health of the child",
        "4B": "the mental health of a parent",
        "4C": "the mental health of someone else at home",
        "7A": "the child being a young carer",
        "18A": "physical abuse",
        "19A": "sexual abuse",
        "20": "another factor",
        "21": NO_FACTOR,
    },
    "legal_status": {"V3": "short-break series", "V4": "short-break series"},
}


def codes_said(spec: TableFeature, column: str, codes: Iterable[str]) -> str:
    """Codes of a column in words.

    Parameters
    ----------
    spec : TableFeature
        The feature.
    column : str
        The column.
    codes : iterable of str
        The codes.

    Returns
    -------
    str
        Joined by "or".
    """
    held = spec.source.column(column).codes or ""
    meanings = {**CODE_LISTS.get(held, {}), **_SAID.get(held, {})}
    return _either(meanings.get(code, code) for code in codes)


def factors_said(spec: TableFeature) -> str:
    """The assessment factors that count, in words.

    Parameters
    ----------
    spec : TableFeature
        The feature.

    Returns
    -------
    str
        Empty where it is of something else, or of all factors.
    """
    codes = dict(spec.where).get("factor", ()) if spec.table == "assessment_factors" else ()
    return codes_said(spec, "factor", codes) if codes else ""


def _either(words: Iterable[str]) -> str:
    """Join alternatives by "or", leaving out those that a wider one already holds."""
    every = list(dict.fromkeys(words))
    kept = [word for word in every if not any(word.startswith((f"{other} by ", f"{other},")) for other in every)]
    return " or ".join([", ".join(kept[:-1]), kept[-1]]) if len(kept) > 1 else "".join(kept)
