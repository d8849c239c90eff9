"""Text for files that people open in a spreadsheet, which would run a formula that somebody typed into a record."""

from __future__ import annotations

__all__ = ["no_formula"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def no_formula(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would take for a formula, or that begins with one.

    Parameters
    ----------
    text : str
        What a cell is to hold.

    Returns
    -------
    str
        The same, unless it begins as a formula does; different texts stay different.

    Examples
    --------
    >>> no_formula("=1+1"), no_formula("c1")
    ("'=1+1", 'c1')
    """
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
