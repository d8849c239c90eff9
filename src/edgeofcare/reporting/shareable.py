"""What may be said of few children in a file that is shared: small counts and groups of free values are left out."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation.groups.tables import audit_only

__all__ = ["SMALL", "hide_small", "hide_small_counts", "shareable_attrition", "shareable_groups", "small_count"]

SMALL = 10
"""Fewest children, rows or values that are shown as a number."""

_STEPS = ("rows_excluded", "rows_left", "children_left")
_COUNTS = frozenset({"rows", "children", "households", "entrants", "reviews", "count"})


def small_count(count: Any) -> str:
    """Write a count, or that it is small.

    Parameters
    ----------
    count : int or str
        A whole number, zero or more; a text (a count that was suppressed before) stays as it is.

    Returns
    -------
    str
        With commas; ``"<10"`` for 1 to 9.

    Examples
    --------
    >>> [small_count(count) for count in (0, 1, 9, 10, 12345, "<10")]
    ['0', '<10', '<10', '10', '12,345', '<10']
    """
    if not isinstance(count, Integral):
        return str(count)
    number = int(count)
    return f"<{SMALL}" if 0 < number < SMALL else f"{number:,}"


def hide_small(frame: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Write the counts of some columns, the small ones as ``"<10"``.

    Parameters
    ----------
    frame : DataFrame
        Any table.
    *columns : str
        Columns of counts.

    Returns
    -------
    DataFrame
        A copy, with text in these columns.

    Examples
    --------
    >>> hide_small(pd.DataFrame({"table": ["contacts"], "rows": [1200], "children": [3]}), "rows", "children")
          table   rows children
    0  contacts  1,200      <10
    """
    return frame.assign(**{name: [small_count(count) for count in frame[name].tolist()] for name in columns})


def hide_small_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """Write the whole numbers of columns that count rows, children, households or entrants, the small ones as "<10".

    Parameters
    ----------
    frame : DataFrame
        Any table; texts in such columns stay as they are.

    Returns
    -------
    DataFrame
        A copy.

    Examples
    --------
    >>> hide_small_counts(pd.DataFrame({"children": [3, 12], "share": [0.01, 0.04]}))["children"].tolist()
    ['<10', '12']
    """
    counts = [name for name in frame.columns if name in _COUNTS]
    whole = {name: [_whole(value) for value in frame[name].tolist()] for name in counts}
    return frame.assign(**{name: [small_count(value) for value in values] for name, values in whole.items()})


def _whole(value: Any) -> Any:
    """A whole number as one, nothing where there is none, and anything else as it is."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else "" if np.isnan(value) else f"{value:,.1f}"
    return value


def shareable_attrition(attrition: pd.DataFrame) -> pd.DataFrame:
    """Write who is left after each rule, so that no step tells of fewer than 10 rows or children.

    Where a rule excludes 1 to 9 rows, or as many children, every number of the table is rounded to the nearest 10 and
    the exclusions are taken from the rounded numbers: exact numbers anywhere else in the table would give the small
    one away by subtraction.

    Parameters
    ----------
    attrition : DataFrame
        From :func:`edgeofcare.cohort_attrition`.

    Returns
    -------
    DataFrame
        The same rules, with counts as text.

    Examples
    --------
    >>> steps = {"rule": ["all", "alive"], "rows_excluded": [0, 3], "rows_left": [104, 101], "children_left": [52, 51]}
    >>> shareable_attrition(pd.DataFrame(steps))
        rule rows_excluded rows_left children_left
    0    all             0       100            50
    1  alive           <10       100            50
    """
    counts = attrition[list(_STEPS)].to_numpy(dtype=np.int64)
    lost = np.stack([counts[:, 0], -np.diff(counts[:, 2], prepend=counts[:1, 2])], axis=1)
    small = ((lost > 0) & (lost < SMALL)).any(axis=1)
    if not small.any():
        return hide_small(attrition, *_STEPS)
    left = (counts[:, 1:] + 5) // 10 * 10
    before = (counts[:1, 0] + counts[:1, 1] + 5) // 10 * 10
    excluded = np.concatenate([before, left[:-1, 0]]) - left[:, 0]
    return attrition.assign(
        rows_excluded=[
            f"<{SMALL}" if 0 < own < SMALL else f"{rounded:,}"
            for own, rounded in zip(counts[:, 0].tolist(), excluded.tolist(), strict=True)
        ],
        rows_left=[_rounded(own, shown) for own, shown in zip(counts[:, 1].tolist(), left[:, 0].tolist(), strict=True)],
        children_left=[
            _rounded(own, shown) for own, shown in zip(counts[:, 2].tolist(), left[:, 1].tolist(), strict=True)
        ],
    )


def _rounded(count: int, rounded: int) -> str:
    """A rounded count, or that it is small."""
    return small_count(count) if count < SMALL else f"{rounded:,}"


def shareable_groups(groups: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Keep the groups of the audit columns; those of a column of one's own may hold free values, such as names.

    Parameters
    ----------
    groups : DataFrame
        ``Evaluation.groups``, or another frame with ``by`` and ``group``.

    Returns
    -------
    kept : DataFrame
        Groups by columns that :func:`edgeofcare.build_cohort` makes for this purpose, and by pairs of them. A column
        that holds a value which build_cohort does not write there is a column of one's own, whatever its name, and
        none of its groups is kept.
    left_out : int
        How many others there are.

    Examples
    --------
    >>> frame = pd.DataFrame({"by": ["sex", "status", "worker"], "group": ["female", "Jane", "..."]})
    >>> kept, left_out = shareable_groups(frame)
    >>> kept["by"].tolist(), left_out
    (['sex'], 2)
    """
    ours = {by: audit_only(str(by), table.astype(str)) for by, table in groups.groupby("by", sort=False)["group"]}
    known = np.array([ours[by] for by in groups["by"]], dtype=bool)
    return groups[known].reset_index(drop=True), int((~known).sum())
