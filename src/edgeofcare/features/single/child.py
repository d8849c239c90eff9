"""Features of one child, of the day, and of who the child's siblings are."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator
from typing import Any

from edgeofcare.features.feature import Feature
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.single.columns import EPOCH
from edgeofcare.features.single.siblings import Sibling, say_of_siblings
from edgeofcare.features.single.streams import Moment
from edgeofcare.features.specs.child import Age, Calendar, Characteristic, Siblings

__all__ = ["counting_siblings", "value_of_child"]

_DAYS_IN_YEAR = 365.25


def _age(moment: Moment, _: Age) -> float:
    """Age in years."""
    return math.nan if moment.born == MAX_DAY else (moment.day - moment.born) / _DAYS_IN_YEAR


def _calendar(moment: Moment, spec: Calendar) -> float:
    """Month or year of the day."""
    return float(getattr(_date(moment.day), spec.part))


def _characteristic(moment: Moment, spec: Characteristic) -> float:
    """Whether the child has a value of a column."""
    held = moment.of_child(spec.column)
    return math.nan if held is None else float(held == spec.code)


def _siblings(moment: Moment, spec: Siblings) -> float:
    """How many siblings of some ages the child has."""
    if not say_of_siblings(moment.records, spec.scope):
        return math.nan
    return sum(1 for _ in counting_siblings(moment, spec))


def counting_siblings(moment: Moment, spec: Siblings) -> Iterator[tuple[str, Sibling]]:
    """The siblings who count.

    Parameters
    ----------
    moment : Moment
        The child and the day.
    spec : Siblings
        The feature.

    Yields
    ------
    child : str
        The sibling's key.
    sibling : Sibling
        Of the ages asked for, alive, and linked before the day.
    """
    for child, sibling in moment.siblings(spec.scope).items():
        if sibling.died >= moment.day and spec.ages[0] <= _years(sibling.born, moment.day) <= spec.ages[1]:
            yield child, sibling


def _years(born: int, day: int) -> int:
    """Completed years of age."""
    birth, on = _date(born), _date(day)
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def _date(day: int) -> dt.date:
    """The date of days since 1970-01-01."""
    return dt.date.fromordinal(day + EPOCH)


_FEATURES: dict[type[Feature], Callable[[Moment, Any], float]] = {
    Age: _age,
    Calendar: _calendar,
    Characteristic: _characteristic,
    Siblings: _siblings,
}


def value_of_child(moment: Moment, spec: Feature) -> float:
    """A feature of the child, the day or the siblings.

    Parameters
    ----------
    moment : Moment
        The child and the day.
    spec : Feature
        The feature.

    Returns
    -------
    float
        Its value.

    Raises
    ------
    TypeError
        If it is no such feature.
    """
    if type(spec) not in _FEATURES:
        msg = f"{type(spec).__name__} is not a feature of a child."
        raise TypeError(msg)
    return _FEATURES[type(spec)](moment, spec)
