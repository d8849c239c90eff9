"""Why there is no value whatever the rows, as clauses."""

from __future__ import annotations

from collections.abc import Sequence

from edgeofcare.features.held import table_of

__all__ = ["NO_LINKS", "TOO_SHORT", "lacking"]

TOO_SHORT = "the records do not reach back far enough"
NO_LINKS = "the records do not say who siblings are"


def lacking(table: str, columns: Sequence[str]) -> str:
    """Say which columns that a feature uses the source of the records does not hold.

    Parameters
    ----------
    table : str
        The table that the feature names.
    columns : sequence of str
        The columns, as :func:`edgeofcare.features.held.columns_missing` gives them.

    Returns
    -------
    str
        A clause; empty where there is no such column.

    Examples
    --------
    >>> lacking("referrals", ["nfa", "source"])
    'the source of the records holds no nfa and no source of referrals'
    """
    if not columns:
        return ""
    return f"the source of the records holds no {' and no '.join(columns)} of {table_of(table)}"
