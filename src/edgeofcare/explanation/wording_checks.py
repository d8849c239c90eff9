"""What is wrong with the lines of a wording file."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.page_english import PAGE
from edgeofcare.explanation.page_words import COMMON, CONCEPT, NO_STRENGTH, OF_PAGE, TABLE, holes, table_words
from edgeofcare.features.catalogue import CONCEPTS as OF_CATALOGUE
from edgeofcare.features.catalogue import OWN_FEATURES
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import parse_feature
from edgeofcare.features.specs.child import Age, Calendar
from edgeofcare.features.specs.events import Share

__all__ = ["CASES", "CONCEPTS", "GROUPS", "WORDS", "wrong_line"]

CASES = (
    *("unknown", "nothing", "empty", "none", "one", "more", "fewer", "why", "blind spot"),
    *(f"{place} {case}" for place in ("first", "second") for case in ("none", "one", "more")),
)
"""What a value can be: NaN with source rows behind it, NaN with none, NaN where the records reach and hold nothing,
0, 1, another number, and one below 0; why it matters and what it cannot see; and each of the two numbers of a sentence
that says both."""

WORDS = ("day", "days", "date", *(f"month {number}" for number in range(1, 13)))
"""Words that every sentence uses; those of the library where a file leaves them out."""

CONCEPTS = (*OF_CATALOGUE, OWN_FEATURES, NO_STRENGTH)
"""Names of concepts that a page can show."""

GROUPS = MappingProxyType(
    {COMMON: (*WORDS, "full date"), OF_PAGE: tuple(PAGE), CONCEPT: CONCEPTS, TABLE: tuple(table_words())}
)
"""What can stand in the column of features beside the name of one, and the cases of each."""

_PLACEHOLDERS = frozenset({"number", "ago", "date"})
_OF_KIND: dict[type[Feature], str] = {Age: "years", Calendar: "month", Share: "percent"}  # of no other value
_OF_WORDS = {"day": {"number"}, "days": {"number"}, "full date": {"day", "month", "year"}}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_HOLE = re.compile(r"\{(\w*)\}")
_WITH_ROWS = re.compile(r"\[([^\[\]]*)\]")
_SHAPING = frozenset("\u200c\u200d\u200e\u200f")  # join or part letters, or say which way they run
_CELLS = 3
_LONGEST = 400


def wrong_line(line: list[str], held: Mapping[tuple[str, str], str]) -> str:
    """Say what is wrong with a line of a wording file.

    Parameters
    ----------
    line : list of str
        Its cells.
    held : mapping of (str, str) to str
        The lines before it.

    Returns
    -------
    str
        Empty if nothing is.
    """
    if len(line) != _CELLS:
        return f"has {len(line)} cells, not {_CELLS}"
    feature, case, sentence = line
    cases = _cases(feature)
    if not cases:
        return "names no feature of the library"
    if case not in cases:
        return f"has an unknown case; expected one of {_some(cases)}"
    if (feature, case) in held:
        return "repeats a feature and case"
    if not sentence.strip() or len(sentence) > _LONGEST:
        return f"has no sentence, or one of more than {_LONGEST} characters"
    if not all(map(_is_written, sentence)):
        return "has a control character, such as a line break or an escape"
    if (feature, case) == (OF_PAGE, "lang") and not _LANGUAGE.fullmatch(sentence):
        return "has no language, such as en-GB or cy"
    return _wrong_holes(sentence, _allowed(feature, case))


def _is_written(letter: str) -> bool:
    """Whether a letter can be shown as it is, in a terminal or a cell: blanks of every width are, controls are not."""
    return letter.isprintable() or letter in _SHAPING or unicodedata.category(letter) == "Zs"


def _cases(feature: str) -> tuple[str, ...]:
    """What can stand in the column of cases; nothing where the feature is none."""
    if feature in GROUPS:
        return GROUPS[feature]
    return CASES if _is_feature(feature) else ()


def _some(cases: tuple[str, ...]) -> str:
    """A few names."""
    return f"{', '.join(cases[:20])}{', ...' if len(cases) > 20 else ''}"


def _allowed(feature: str, case: str) -> set[str]:
    """The placeholders that can be filled in."""
    if feature == COMMON:
        return _OF_WORDS.get(case, set())
    if feature == OF_PAGE:
        return holes(case)
    if feature in GROUPS or case in ("why", "blind spot"):
        return set()
    if case in ("unknown", "nothing", "empty"):
        return {"date"}
    if " " in case:
        return {"date", "number"}
    return {*_PLACEHOLDERS, *(hole for kind, hole in _OF_KIND.items() if isinstance(parse_feature(feature), kind))}


def _wrong_holes(sentence: str, allowed: set[str]) -> str:
    """What is wrong with the placeholders and brackets of a sentence."""
    if unknown := sorted(set(_HOLE.findall(sentence)) - allowed):
        return f"has the placeholder {', '.join(unknown)}, which cannot be filled in here"
    rest = _WITH_ROWS.sub(r"\1", _HOLE.sub("", sentence))
    if any(mark in rest for mark in "{}[]"):
        return "has a bracket that is not closed, or brackets within brackets"
    outside = _HOLE.findall(_WITH_ROWS.sub("", sentence))
    return "has {ago} outside square brackets, where there may be no source rows" if "ago" in outside else ""


@cache
def _is_feature(name: str) -> bool:
    """Whether a name is that of a feature."""
    try:
        parse_feature(name)
    except SpecError:
        return False
    return True
