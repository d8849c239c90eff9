"""The rows that a feature is made of, its window and its numbers in words: the parts of every sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgeofcare.explanation.wording_codes import FLAGS, NO_FACTOR, codes_said, factors_said
from edgeofcare.features.feature import TableFeature, label
from edgeofcare.schema.columns import SPELL

if TYPE_CHECKING:
    from edgeofcare.explanation.source_rows import Rows

__all__ = [
    "PARTICIPLES",
    "a",
    "amount",
    "before",
    "days_said",
    "last_said",
    "measured",
    "number_said",
    "plural",
    "rows_said",
    "verb_said",
    "whose",
    "window_said",
]

_NOUNS = {"worker_involvements": ("allocation of a worker", "allocations of a worker")}

PARTICIPLES = {
    ("contacts", "start"): "made",
    ("referrals", "start"): "made",
    ("referrals", "end"): "closed",
    ("assessments", "end"): "completed",
    ("initial_conferences", "start"): "held",
    ("worker_involvements", "start"): "made",
}
"""What happens to rows on the day that counts, by table and edge."""

_ENOUGH = ("status", "close_reason", "end_reason", "type")  # columns whose codes say enough without their name


def rows_said(spec: TableFeature, number: float) -> str:
    """The rows that count, in words.

    Parameters
    ----------
    spec : TableFeature
        The feature.
    number : float
        How many; 0 and 1 take the singular.

    Returns
    -------
    str
        With whose they are and every filter.

    Examples
    --------
    >>> from edgeofcare.features.names import parse_feature
    >>> rows_said(parse_feature("sibling.contact.source_6.count.90d"), 2)
    'contacts of siblings from the police'
    """
    few = number in (0, 1)
    what = factors_said(spec)
    filters = [(column, True) for column, _ in spec.where] + [(column, False) for column, _ in spec.unless]
    if what:
        filters = [(column, wanted) for column, wanted in filters if column != "factor"]
        found = "without any factor" if what == NO_FACTOR else f"identifying {what} as a factor"
        head = f"{'assessment' if few else 'assessments'}{whose(spec, few=few)} {found}"
    else:
        one, many = _NOUNS.get(spec.table, (spec.source.singular, spec.source.plural))
        head = f"{one if few else many}{whose(spec, few=few)}"
    return " ".join([head, *(_filter(spec, column, wanted=wanted) for column, wanted in filters)])


def whose(spec: TableFeature, *, few: bool) -> str:
    """Whose rows they are, where they are not the child's own.

    Parameters
    ----------
    spec : TableFeature
        The feature.
    few : bool
        Whether one row is meant, or none.

    Returns
    -------
    str
        Empty for the child's own; else it begins with a space.
    """
    if spec.scope == "child":
        return ""
    undated = " (undated links included)" if spec.scope == "undated_siblings" else ""
    return f" of {'a sibling' if few else 'siblings'}{undated}"


def _filter(spec: TableFeature, column: str, *, wanted: bool) -> str:
    """One filter in words."""
    codes = dict(spec.where if wanted else spec.unless)[column]
    said, no = codes_said(spec, column, codes), "" if wanted else "not "
    if len(codes) == 1 and (column, codes[0]) in FLAGS:
        return ("" if wanted else "other than those ") + FLAGS[column, codes[0]]
    if column in ("source", "initial_category"):
        return f"{no}{'from' if column == 'source' else 'for'} {said}"
    if column in _ENOUGH and spec.source.column(column).codes:
        return f"({no}{said})"
    return f"({label(column)}: {no}{said})"


def verb_said(spec: TableFeature, edge: str, number: float) -> str:
    """What the rows did on the day that counts.

    Parameters
    ----------
    spec : TableFeature
        The feature.
    edge : {"start", "end"}
        Which day it is.
    number : float
        How many rows.

    Returns
    -------
    str
        Such as "began" or "were closed".
    """
    done = PARTICIPLES.get((spec.table, edge))
    if done:
        return f"{'was' if number in (0, 1) else 'were'} {done}"
    return "ended" if edge == "end" else "began" if spec.source.kind == SPELL else "took place"


def window_said(spec: TableFeature) -> str:
    """The window in words.

    Parameters
    ----------
    spec : TableFeature
        The feature.

    Returns
    -------
    str
        All time where there is no lookback.
    """
    if spec.lookback is None:
        return "before the index date"
    return f"in the {days_said(spec.lookback)} before the index date"


def last_said(value: float, rows: Rows | None, index_date: Any, edge: str = "start") -> str:
    """How long before the index date the last row was.

    Parameters
    ----------
    value : float
        How many rows there are.
    rows : Rows or None
        The rows.
    index_date : Timestamp or datetime64
        The index date.
    edge : {"start", "end"}, default "start"
        Which day of a row counts.

    Returns
    -------
    str
        Empty without rows; else it begins with a comma.
    """
    if rows is None or not value:
        return ""
    when = before(rows["end_date" if edge == "end" else "date"], index_date)
    return f", {when}" if value == 1 else f", the last of them {when}"


def before(dates: npt.ArrayLike, index_date: Any) -> str:
    """Days from the latest of some dates to the index date, in words.

    Parameters
    ----------
    dates : array of datetime64
        Dates.
    index_date : Timestamp or datetime64
        The index date.

    Returns
    -------
    str
        Such as "12 days before".
    """
    last = np.asarray(dates).astype("datetime64[D]").max()
    day = np.datetime64(index_date, "D")
    return f"{days_said(int((day - last).astype(np.int64)))} before"


def measured(spec: TableFeature, column: str, value: float) -> str:
    """A number of a column with its unit.

    Parameters
    ----------
    spec : TableFeature
        The feature.
    column : str
        The column.
    value : float
        The number.

    Returns
    -------
    str
        Such as "1 mile".
    """
    unit = spec.source.column(column).unit or ""
    return f"{number_said(value)} {unit.removesuffix('s') if value == 1 else unit}".strip()


def days_said(number: float) -> str:
    """A number of days.

    Parameters
    ----------
    number : float
        Days.

    Returns
    -------
    str
        With its noun.
    """
    return f"{number_said(number)} {'day' if number == 1 else 'days'}"


def amount(number: float) -> str:
    """A number at the head of a sentence.

    Parameters
    ----------
    number : float
        How many.

    Returns
    -------
    str
        "No" for zero.
    """
    return "No" if number == 0 else number_said(number)


def number_said(number: float) -> str:
    """A number with separators, to one decimal where it is not whole; below 1 to two digits that count.

    Parameters
    ----------
    number : float
        The number.

    Returns
    -------
    str
        Without an exponent.

    Examples
    --------
    >>> number_said(1234.0), number_said(2.25), number_said(0.0417)
    ('1,234', '2.2', '0.042')
    """
    if float(number).is_integer():
        return f"{number:,.0f}"
    if abs(number) >= 1:
        return f"{number:,.1f}"
    return f"{number:.6f}".rstrip("0") if abs(number) < 0.0001 else f"{float(f'{number:.2g}'):f}".rstrip("0")


def a(noun: str) -> str:
    """A noun with its article, at the head of a sentence.

    Parameters
    ----------
    noun : str
        The noun.

    Returns
    -------
    str
        With "A" or "An".
    """
    return f"{'An' if noun[0] in 'aeiou' else 'A'} {noun}"


def plural(noun: str) -> str:
    """More than one of a noun.

    Parameters
    ----------
    noun : str
        The noun.

    Returns
    -------
    str
        Its plural.
    """
    if noun.endswith("y"):
        return noun[:-1] + "ies"
    return noun + ("es" if noun.endswith("s") else "s")
