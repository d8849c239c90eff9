"""Constraints on the direction of features: those of the catalogue, or those that a user gives by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.features.catalogue import directions

__all__ = ["CATALOGUE", "constraint_problems", "monotone_by_position"]

CATALOGUE = "catalogue"
"""What stands for the directions of the default features."""

_SHOWN = 10


def constraint_problems(monotone: Any, kind: str) -> list[str]:
    """Say what is wrong with constraints before any column is known.

    Parameters
    ----------
    monotone : object
        What was given.
    kind : str
        What the model is.

    Returns
    -------
    list of str
        One clause for each problem.

    Examples
    --------
    >>> constraint_problems({"a": 2}, "boosting")
    ['monotone must give -1, 0 or 1 for each feature name']
    """
    if monotone is None:
        return []
    problems = []
    if kind == "logistic":
        problems.append("monotone is for boosting only; a regression is monotone in every feature already")
    if isinstance(monotone, str) and monotone == CATALOGUE:
        return problems
    if not isinstance(monotone, Mapping):
        problems.append(f"monotone must be a mapping of feature names to -1, 0 or 1, or {CATALOGUE!r}")
    elif not set(monotone.values()) <= {-1, 0, 1}:
        problems.append("monotone must give -1, 0 or 1 for each feature name")
    return problems


def monotone_by_position(
    monotone: Mapping[str, int] | str | None, names: np.ndarray | None, categories: Collection[str] = ()
) -> list[int] | None:
    """Translate constraints on named features into one for each column.

    Parameters
    ----------
    monotone : mapping of str to {-1, 0, 1}, "catalogue" or None
        Constraints. The directions of the catalogue are passed over where X lacks a feature; a mapping must name
        columns of X alone, for a constraint that is misspelt would otherwise be left out in silence.
    names : ndarray of str or None
        Columns in order.
    categories : collection of str
        Columns that hold categories, which have no direction.

    Returns
    -------
    list of int or None
        A constraint for each column, or ``None`` if there is none.

    Raises
    ------
    SpecError
        If there are constraints and the columns have no names, or a mapping names what is no column or constrains
        a column of categories.

    Examples
    --------
    >>> monotone_by_position({"b": 1}, np.array(["a", "b"]))
    [0, 1]
    >>> monotone_by_position("catalogue", np.array(["a", "missing.count.90d"]))
    [0, 1]
    >>> monotone_by_position({"age_in_year": 1}, np.array(["age_in_years", "b"]))
    Traceback (most recent call last):
    ...
    edgeofcare.exceptions.SpecError: monotone names what is no column of X: 'age_in_year' (did you mean ...
    """
    if not monotone:
        return None
    if names is None:
        msg = "monotone names features, but the columns of X have no names. Pass a DataFrame."
        raise SpecError(msg)
    if isinstance(monotone, str):
        ways = {name: way for name, way in directions().items() if name not in categories}
    else:
        ways = dict(monotone)
        _refuse_strange(ways, [str(name) for name in names])
        _refuse_categories(ways, categories)
    return [int(ways.get(str(name), 0)) for name in names]


def _refuse_strange(monotone: Mapping[str, int], columns: Sequence[str]) -> None:
    """Refuse constraints that would do nothing."""
    strange = sorted({str(name) for name in monotone} - set(columns))
    if not strange:
        return
    shown = [_with_hint(name, columns) for name in strange[:_SHOWN]]
    more = [f"{len(strange) - _SHOWN:,} more"] if len(strange) > _SHOWN else []
    msg = (
        f"monotone names what is no column of X: {', '.join([*shown, *more])}. Correct the names or take them out. "
        "Only monotone='catalogue' passes over features that X lacks."
    )
    raise SpecError(msg)


def _refuse_categories(monotone: Mapping[str, int], categories: Collection[str]) -> None:
    """Refuse a direction of a column whose values have no order."""
    wrong = sorted(name for name, way in monotone.items() if way and name in categories)
    if wrong:
        msg = (
            f"monotone gives a direction to {len(wrong)} column(s) of categories, which have no order: "
            f"{', '.join(wrong[:_SHOWN])}. Take them out."
        )
        raise SpecError(msg)


def _with_hint(name: str, columns: Sequence[str]) -> str:
    """A name, and the column that it may stand for."""
    close = get_close_matches(name, columns, n=1)
    return f"{name!r} (did you mean {close[0]!r}?)" if close else repr(name)
