"""What a reader finds in a source: problems that stop it, and what it repaired or dropped."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pandas as pd

from edgeofcare.exceptions import RecordsError
from edgeofcare.records.rules.reading import BROKEN_ON_READING

__all__ = ["Findings", "counted", "quoted_statuses"]

_HOW = " Correct the rows, or pass invalid='drop' to leave them out and have them counted in records.findings()."
_WORDS = re.compile(r"[\w\s&/().,'+-]*")
_KEY_OR_DATE = re.compile(r"\d{5}|\d[/.-]\d+[/.-]\d|^\D{0,9}\d{3,}\w*$|^[0-9a-f]{8}-")
_LONGEST, _MOST_WORDS, _MOST_QUOTED = 100, 6, 20
_COLUMNS = ["table", "column", "count", "action", "why", "rule"]


def counted(count: int, singular: str, plural: str | None = None) -> str:
    """Write a count with its noun: ``1 row``, ``2 rows``.

    Examples
    --------
    >>> counted(2, "row")
    '2 rows'
    """
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def _may_be_about_a_child(text: str, rows: int) -> bool:
    """Whether a text looks like a key, a date or a note: long, no words, or once and of more words than a status."""
    note = len(text) > _LONGEST or (rows == 1 and len(text.split()) > _MOST_WORDS)
    return note or not _WORDS.fullmatch(text) or bool(_KEY_OR_DATE.search(text.lower()))


def quoted_statuses(unknown: pd.Series) -> str:
    """List the legal statuses that no code map knows; what looks like a key, a date or a note is only counted.

    Parameters
    ----------
    unknown : Series of int
        Rows by text.

    Returns
    -------
    str
        Part of a sentence.

    Examples
    --------
    >>> quoted_statuses(pd.Series({"Our own order": 2}))
    "'Our own order' (2 rows)"
    >>> quoted_statuses(pd.Series({"4711001": 1, "4711002": 1}))
    '2 that look like keys, dates or notes and are not shown: check that the column holds legal statuses'
    """
    texts = [str(text) for text in unknown.sort_index().index]
    shown = [text for text in texts if not _may_be_about_a_child(text, int(unknown[text]))]
    parts = [f"{text!r} ({counted(int(unknown[text]), 'row')})" for text in shown[:_MOST_QUOTED]]
    if more := len(shown) - len(parts):
        parts.append(f"{more:,} more texts")
    if hidden := len(texts) - len(shown):
        why = "that look like keys, dates or notes and are not shown: check that the column holds legal statuses"
        parts.append(f"{hidden:,} {why}")
    return ", ".join(parts)


@dataclass
class Findings:
    """Collects every problem and repair of one input, so that they are told together.

    Only tables, columns and counts are kept, never a value.

    Parameters
    ----------
    invalid : {"raise", "drop"}
        Whether rows that cannot be right are a problem, or are left out and noted.
    advice : str
        What to do about rows that cannot be right, for the end of the sentence.
    """

    invalid: str = "raise"
    problems: list[str] = field(default_factory=list)
    rows: list[tuple[str, str, int, str, str, str]] = field(default_factory=list)
    advice: str = _HOW

    def problem(self, sentence: str) -> None:
        """Add something that makes the records unusable."""
        self.problems.append(sentence)

    def note(self, table: str, column: str, count: int, action: str, why: str, *, rule: str = "") -> None:
        """Add something that was found, repaired or dropped, unless its count is zero.

        A rule is a validation rule of the Department for Education that the rows break, such as ``"903 501"``; several
        are parted by commas. Where none is given, :data:`BROKEN_ON_READING` says which it is.
        """
        if count:
            rule = rule or BROKEN_ON_READING.get((table, column, why), "")
            self.rows.append((table, column, int(count), action, why, rule))

    def invalid_rows(
        self, table: str, column: str, count: int, why: str, expected: str, *, action: str = "dropped"
    ) -> None:
        """Tell of rows that cannot be right: a problem, or a note where they are left out."""
        if self.invalid == "drop":
            self.note(table, column, count, action, why)
        elif count:
            self.problem(f"{table}: column {column!r}: {why} in {counted(count, 'row')}. {expected}{self.advice}")

    def raise_problems(self) -> None:
        """Raise all problems at once, if there are any.

        Raises
        ------
        RecordsError
            If there is at least one problem.
        """
        if self.problems:
            raise RecordsError(self.problems)

    def frame(self) -> pd.DataFrame:
        """All notes as a tidy table, in the order of tables and columns."""
        frame = pd.DataFrame(self.rows, columns=_COLUMNS)
        return frame.sort_values(["table", "column", "action", "why"], ignore_index=True)
