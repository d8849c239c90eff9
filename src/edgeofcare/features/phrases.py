"""The words that the sentences of features are put together from: columns, codes and yes-or-no columns in English."""

from __future__ import annotations

from collections.abc import Iterable

from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import Column, Table

__all__ = ["a", "any_of", "column_said", "columns_said", "covers", "filter_said", "label"]

_COLUMNS = {
    "change_reason": "reason for the change",
    "close_reason": "reason for closing",
    "ehc_plan": "education, health and care plan",
    "end_reason": "reason for ending",
    "start_reason": "reason for starting",
    "status": "legal status",
}
"""Columns whose names are no plain English."""

_FLAGS = {
    "led_to_plan": ("leading to a child protection plan", "leading to no child protection plan"),
    "nfa": ("leading to no further action", "leading to further action"),
    "other_authority": ("made by another authority", "made by this authority"),
    "transfer_in": ("held after a move from elsewhere", "held without a move from elsewhere"),
    "uasc": ("of an unaccompanied asylum-seeking child", "of a child who is not seeking asylum alone"),
}
"""What rows with a yes, and with a no, are."""


def label(column: str) -> str:
    """A column name in words.

    Parameters
    ----------
    column : str
        Name of the column.

    Returns
    -------
    str
        The name with spaces.
    """
    return column.replace("_", " ")


def a(words: str) -> str:
    """Words with "a" or "an" before them.

    Parameters
    ----------
    words : str
        A noun in the singular.

    Returns
    -------
    str
        The noun with its article.

    Examples
    --------
    >>> a("offence"), a("child in need plan")
    ('an offence', 'a child in need plan')
    """
    return f"{'an' if words[:1].lower() in 'aeiou' else 'a'} {words}"


def column_said(column: str) -> str:
    """A column in words.

    Parameters
    ----------
    column : str
        Name of the column.

    Returns
    -------
    str
        In the singular.

    Examples
    --------
    >>> column_said("end_reason")
    'reason for ending'
    """
    return _COLUMNS.get(column, label(column))


def columns_said(column: str) -> str:
    """A column in words, in the plural.

    Parameters
    ----------
    column : str
        Name of the column.

    Returns
    -------
    str
        In the plural.

    Examples
    --------
    >>> columns_said("end_reason"), columns_said("initial_category"), columns_said("status")
    ('reasons for ending', 'initial categories', 'legal statuses')
    """
    noun, joined, rest = column_said(column).partition(" for ")
    if noun.endswith("y"):
        return f"{noun[:-1]}ies{joined}{rest}"
    return f"{noun}{'es' if noun.endswith('s') else 's'}{joined}{rest}"


def covers(table: Table, column: str) -> bool:
    """Whether the word for the table's rows says the column already, as "assessment factor" does.

    Parameters
    ----------
    table : Table
        The table.
    column : str
        Name of a column.

    Returns
    -------
    bool
        True for factors and for legal statuses.
    """
    return table.singular.endswith(label(column))


def any_of(column: Column, codes: Iterable[str]) -> str:
    """Codes in words, each in quotation marks.

    Parameters
    ----------
    column : Column
        The column.
    codes : iterable of str
        Its codes; one that is in no list stands for itself.

    Returns
    -------
    str
        Joined by commas and "or".

    Examples
    --------
    >>> from edgeofcare.schema.tables import TABLES
    >>> any_of(TABLES["contacts"].column("source"), ["2A", "4", "6"])
    '"school", "housing" or "police"'
    """
    meanings = CODE_LISTS.get(column.codes or "", {})
    *first, last = (f'"{meanings.get(code, code)}"' for code in codes)
    return f"{', '.join(first)} or {last}" if first else last


def filter_said(table: Table, name: str, codes: tuple[str, ...]) -> str:
    """The rows with some codes, as what follows their noun.

    Parameters
    ----------
    table : Table
        The table.
    name : str
        Name of the column.
    codes : tuple of str
        Codes of which a row has one.

    Returns
    -------
    str
        Such as 'with source "police"' or 'leading to no further action'.

    Examples
    --------
    >>> from edgeofcare.schema.tables import TABLES
    >>> filter_said(TABLES["referrals"], "nfa", ("yes",))
    'leading to no further action'
    >>> filter_said(TABLES["assessment_factors"], "factor", ("12A", "13A"))
    '"trafficking" or "gangs"'
    """
    column = table.column(name)
    if column.kind == "flag":
        yes, no = _FLAGS.get(name, (f"with {label(name)}", f"without {label(name)}"))
        return " or ".join({"yes": yes, "no": no}[code] for code in sorted(codes, reverse=True))
    said = any_of(column, codes)
    return said if covers(table, name) else f"with {column_said(name)} {said}"
