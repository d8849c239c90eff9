"""Sentences with two numbers: this window and the one before, some of all, one feature beside another.

Both numbers say more than their quotient or their difference, so such a sentence has a clause for each. The quotient
or the difference is said only where there are no source rows to take the numbers from.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeofcare.ages import age_in_years
from edgeofcare.explanation.wording_codes import FLAGS, codes_said
from edgeofcare.explanation.wording_rows import a, days_said, number_said, rows_said, verb_said
from edgeofcare.explanation.wording_whole import is_a_return
from edgeofcare.features.feature import Feature, label
from edgeofcare.features.specs.child import Age
from edgeofcare.features.specs.combined import Combined, Ratio
from edgeofcare.features.specs.events import Count, DaysSince, Rate, Share, Trend

if TYPE_CHECKING:
    from edgeofcare.explanation.source_rows import Rows

__all__ = ["OF_TWO", "clauses", "had_said", "joined", "two_numbers"]

OF_TWO = (Trend, Rate, Share, Combined)
"""Kinds of feature whose sentence has two numbers, where there are source rows."""

_HAD = {"source": "came from", "initial_category": "were for", "factor": "were", "status": "were"}
_NEAR = 1e-6  # relative difference within which two numbers make the value
_DAYS_IN_YEAR = 365.25
_LONGEST = 25_000  # days: more than a rate can look back on


def two_numbers(
    spec: Feature | None,
    value: float | str,
    rows: Rows | None,
    index_date: Any,
    parts: tuple[float, float] | None = None,
) -> tuple[float, float] | None:
    """The two numbers behind a value.

    Parameters
    ----------
    spec : Feature or None
        The feature.
    value : float or str
        Its value.
    rows : DataFrame or None
        The source rows behind it; with none in it, nothing happened.
    index_date : Timestamp or datetime64
        The index date.
    parts : tuple of float, optional
        Of a ratio or a difference, the values of its two features.

    Returns
    -------
    tuple of float, or None
        Rows in the window and in the one before; rows and days covered; all rows and those with the codes; or both
        parts, an age in completed years. None where they are not known, or do not make the value.
    """
    if isinstance(value, str) or index_date is None:
        return None
    if isinstance(spec, Combined):
        found = None if parts is None or math.isnan(sum(parts)) else parts
    elif math.isnan(value) or rows is None or not isinstance(spec, OF_TWO):
        return None
    else:
        found = _of_rows(spec, value, rows, np.datetime64(index_date, "D"))
    if found is None or not _is_near(_made_of(spec, *found), value):
        return None
    return _years(spec, found, np.datetime64(index_date, "D")) if isinstance(spec, Combined) else found


def _is_near(made: float, value: float) -> bool:
    """Whether two values are one; both may be missing, as when the second of a ratio is zero."""
    if math.isnan(made) or math.isnan(value):
        return math.isnan(made) and math.isnan(value)
    return math.isclose(made, value, rel_tol=_NEAR, abs_tol=_NEAR)


def _of_rows(spec: Feature, value: float, rows: Rows, day: np.datetime64) -> tuple[float, float] | None:
    """The two numbers that some rows give."""
    number = len(rows)
    if isinstance(spec, Trend):
        recent = np.asarray(rows["date"]).astype("datetime64[D]") >= day - np.timedelta64(int(spec.lookback), "D")
        return float(recent.sum()), float(number - recent.sum())
    if isinstance(spec, Share):
        return float(number), float(round(value * number))
    return (float(number), float(round(number * 365 / value))) if value * _LONGEST > number else None


def _made_of(spec: Feature | None, first: float, second: float) -> float:
    """The value that two numbers make."""
    if isinstance(spec, Rate):
        return first * 365 / second
    if isinstance(spec, Share):
        return second / first if first else math.nan
    if isinstance(spec, Ratio):
        return first / second if second else math.nan
    return first - second


def _years(spec: Combined, found: tuple[float, float], day: np.datetime64) -> tuple[float, float]:
    """Ages in completed years, by the birthday."""
    pairs = zip((spec.first, spec.second), found, strict=True)
    first, second = (_completed(number, day) if isinstance(part, Age) else number for part, number in pairs)
    return first, second


def _completed(years: float, day: np.datetime64) -> float:
    """Completed years of an age that was made of days."""
    return float(age_in_years(day - np.timedelta64(round(years * _DAYS_IN_YEAR), "D"), day))


def clauses(spec: Feature, first: float, second: float, say: Callable[[Feature, float], str]) -> tuple[str, str]:
    """Say two numbers.

    Parameters
    ----------
    spec : Feature
        A feature of one of the kinds of :data:`OF_TWO`.
    first, second : float
        From :func:`two_numbers`.
    say : callable
        What words a plain feature and its value.

    Returns
    -------
    tuple of str
        A clause for each number, which nothing but the number changes; the second ends the sentence.
    """
    if isinstance(spec, Combined):
        return _of_return(spec, first, second) if is_a_return(spec) else _of_parts(spec, first, second, say)
    assert isinstance(spec, Trend | Rate | Share)
    counted = Count(spec.table, spec.lookback, dict(spec.where), unless=dict(spec.unless), scope=spec.scope)
    head, number = say(counted, first).rstrip("."), number_said(second)
    if isinstance(spec, Rate):
        return head, f"; the records cover {number} of these days."
    if isinstance(spec, Share):
        had = had_said(spec).replace("were ones that ", "").replace("were ones ", "were ")
        had = f"was {had[5:]}" if second == 1 and had.startswith("were ") else had
        return head, f", of which {number if second else 'none'} {had}."
    before = f"in the {days_said(spec.lookback)} before those."
    return head, f", against {number} {before}" if second else f", and none {before}"


def joined(first: str, second: str) -> str:
    """Two clauses as a sentence.

    Parameters
    ----------
    first, second : str
        From :func:`clauses`.

    Returns
    -------
    str
        With a space between them, unless the second begins with a comma or a semicolon.

    Examples
    --------
    >>> joined("4 contacts were made", ", of which 3 came from the police.")
    '4 contacts were made, of which 3 came from the police.'
    """
    return f"{first}{second}" if second[:1] in (",", ";") else f"{first} {second}"


def had_said(spec: Share) -> str:
    """What the rows of a share have in common, in words.

    Parameters
    ----------
    spec : Share
        The feature.

    Returns
    -------
    str
        A verb and what follows it.
    """
    (column, codes), *_ = spec.of
    if len(codes) == 1 and (column, codes[0]) in FLAGS:
        return f"were ones {FLAGS[column, codes[0]]}"
    return f"{_HAD.get(column, f'had the {label(column)}')} {codes_said(spec, column, codes)}"


def _of_parts(spec: Combined, first: float, second: float, say: Callable[[Feature, float], str]) -> tuple[str, str]:
    """Both features in one sentence; a window that they share is said once."""
    head, then = say(spec.first, first).rstrip("."), say(spec.second, second)
    if isinstance(spec.second, Age):
        return head, f", in a life of {number_said(second)} {'year' if second == 1 else 'years'} so far."
    days = getattr(spec.first, "lookback", None)
    if days is not None and days == getattr(spec.second, "lookback", None):
        window = f"the {days_said(days)} before the index date"
        then = then.replace(f" in {window}", " in that time")
        if f" of {window}" in head:
            then = then.replace(f" of {window}", " of them")
    return head, f", and {then[0].lower()}{then[1:]}"


def _of_return(spec: Combined, first: float, second: float) -> tuple[str, str]:
    """How long ago something last ended, and how long ago it last began."""
    assert isinstance(spec.first, DaysSince)
    ended, began = (_last(verb_said(spec.first, edge, 1)) for edge in ("end", "start"))
    head = f"{a(rows_said(spec.first, 1))} {ended} {days_said(first)} before the index date"
    return head, f", and one {began} {days_said(second)} before that date."


def _last(verb: str) -> str:
    """A verb with "last" in it."""
    return f"was last {verb[4:]}" if verb.startswith("was ") else f"last {verb}"
