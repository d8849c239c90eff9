"""The fixed words of a child's page, in English, and the same from a wording file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeofcare.explanation.page_english import PAGE
from edgeofcare.features.feature import label
from edgeofcare.features.sources import SOURCES
from edgeofcare.schema.tables import TABLES

__all__ = ["COMMON", "CONCEPT", "ENGLISH", "NO_STRENGTH", "OF_PAGE", "TABLE", "PageWords", "holes", "table_words"]

COMMON = "*"
"""In the column of features of a wording file: words that every sentence uses."""

OF_PAGE, CONCEPT, TABLE = "page", "concept", "table"
"""In the same column: fixed words of a page, names of concepts, and names of tables."""

NO_STRENGTH = "how earlier work went"
"""What the concept of strengths is called on a page where it is none."""

_HOLE = re.compile(r"\{(\w*)\}")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


class PageWords:
    """Words of a page: those of a wording file, and those of the library for what it leaves out.

    Parameters
    ----------
    sentences : mapping of (str, str) to str
        As :class:`~edgeofcare.Wording` holds them.

    Examples
    --------
    >>> PageWords({})("title", child="C-7", day="31 March 2025")
    'Risk of entering care: child C-7, 31 March 2025'
    >>> PageWords({("page", "title"): "Kind {child}"})("title", child="C-7", day="31. März")
    'Kind C-7'
    """

    def __init__(self, sentences: Mapping[tuple[str, str], str]) -> None:
        self._sentences = sentences

    def __call__(self, key: str, **fill: object) -> str:
        """Fixed words, filled in."""
        return _HOLE.sub(lambda hole: str(fill[hole[1]]), self._sentences.get((OF_PAGE, key), PAGE[key]))

    def many(self, key: str, number: int, **fill: object) -> str:
        """Words about a number of things.

        Parameters
        ----------
        key : str
            Which words; there are some for one, and some for more.
        number : int
            How many.
        **fill : object
            What else is filled in.

        Returns
        -------
        str
            With the number.
        """
        return self(f"{key} {'one' if number == 1 else 'more'}", number=f"{number:,}", **fill)

    def day(self, date: Any) -> str:
        """A day in words.

        Parameters
        ----------
        date : Timestamp, datetime64 or str
            The day.

        Returns
        -------
        str
            The same on every machine, whatever its language.

        Examples
        --------
        >>> PageWords({}).day("2025-03-31")
        '31 March 2025'
        """
        year, month, day = str(np.datetime64(date, "D")).split("-")
        name = self._sentences.get((COMMON, f"month {int(month)}"), _MONTHS[int(month) - 1])
        parts = {"day": str(int(day)), "month": name, "year": str(int(year))}
        shape = self._sentences.get((COMMON, "full date"), "{day} {month} {year}")
        return _HOLE.sub(lambda hole: parts[hole[1]], shape)

    def concept(self, name: str) -> str:
        """The name of a concept.

        Parameters
        ----------
        name : str
            As the catalogue has it.

        Returns
        -------
        str
            As the file has it.
        """
        return self._sentences.get((CONCEPT, name), name)

    def table(self, name: str) -> str:
        """The rows of a table, in the plural.

        Parameters
        ----------
        name : str
            Name of the table.

        Returns
        -------
        str
            In words.

        Examples
        --------
        >>> PageWords({}).table("s47_enquiries")
        'section 47 enquiries'
        """
        return self._sentences.get((TABLE, name)) or table_words().get(name) or label(name)

    def of_feature(self, name: str, case: str, said: str) -> str:
        """What the catalogue says of a feature.

        Parameters
        ----------
        name : str
            The feature.
        case : {"why", "blind spot"}
            Why it matters, or what it cannot see.
        said : str
            What the catalogue says.

        Returns
        -------
        str
            As the file has it.
        """
        return self._sentences.get((name, case), said)


def table_words() -> dict[str, str]:
    """Names of tables in words.

    Returns
    -------
    dict of str to str
        Plural by name of the table.
    """
    return {name: table.plural for name, table in {**TABLES, **SOURCES}.items()}


def holes(key: str) -> set[str]:
    """What is filled in into fixed words.

    Parameters
    ----------
    key : str
        Which words.

    Returns
    -------
    set of str
        Names of placeholders.

    Examples
    --------
    >>> sorted(holes("title"))
    ['child', 'day']
    """
    return set(_HOLE.findall(PAGE[key]))


ENGLISH = PageWords(MappingProxyType({}))
"""The words of the library."""
