"""Refits as named arrays, as a model file holds them, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeofcare.models.array_checks import raise_problems
from edgeofcare.models.arrays import array_names, from_mapping, to_mapping, validate
from edgeofcare.models.spread import RefitArrays

__all__ = ["refit_names", "refits_from_mapping", "refits_to_mapping", "saved_refits"]

_LINES = ("slope", "shift")
_MOST = 1000  # a number is three digits of a name


def refits_to_mapping(refits: Sequence[RefitArrays]) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of refits by name.

    Parameters
    ----------
    refits : sequence of RefitArrays
        The refits.

    Returns
    -------
    dict of str to ndarray
        The arrays of each, under its number, and ``refits.slope`` and ``refits.shift``; nothing without refits.

    Examples
    --------
    >>> from edgeofcare.models.arrays import LinearArrays
    >>> zero = np.zeros(1)
    >>> list(refits_to_mapping([RefitArrays(LinearArrays(zero, zero, zero, zero, zero, 0.0), 1.0, 0.0)]))[:2]
    ['refits.000.impute', 'refits.000.center']
    """
    if not refits:
        return {}
    found = {
        _name(number, name): array
        for number, refit in enumerate(refits)
        for name, array in to_mapping(refit.arrays).items()
    }
    return {**found, **{f"refits.{line}": np.array([getattr(each, line) for each in refits]) for line in _LINES}}


def refit_names(kind: str, count: int, present: Collection[str]) -> list[str]:
    """Return the names of the arrays of refits.

    Parameters
    ----------
    kind : {"boosting", "logistic"}
        What each of them is.
    count : int
        How many there are.
    present : collection of str
        Names that were found; one array of categories of a refit calls for its others.

    Returns
    -------
    list of str
        Nothing without refits.

    Examples
    --------
    >>> refit_names("logistic", 1, [])[-3:]
    ['refits.000.intercept', 'refits.slope', 'refits.shift']
    """
    names = []
    for number in range(count):
        start = _name(number, "")
        own = [name.removeprefix(start) for name in present if name.startswith(start)]
        names += [_name(number, name) for name in array_names(kind, own)]
    return [*names, *(f"refits.{line}" for line in _LINES)] if count else []


def refits_from_mapping(
    kind: str, count: int, mapping: Mapping[str, npt.NDArray[Any]], n_features: int
) -> tuple[RefitArrays, ...]:
    """Build refits from named arrays, each checked as the arrays of a model are.

    Parameters
    ----------
    kind : {"boosting", "logistic"}
        What each of them is.
    count : int
        How many there are.
    mapping : mapping of str to ndarray
        Every name of :func:`refit_names`; others are passed over.
    n_features : int
        Count of feature columns that the model is for.

    Returns
    -------
    tuple of RefitArrays
        Safe to use.

    Raises
    ------
    ModelFileError
        If anything is not as :func:`refits_to_mapping` gives it, or a slope is not above zero.

    Examples
    --------
    >>> refits_from_mapping("logistic", 0, {}, n_features=1)
    ()
    """
    if not count:
        return ()
    slope, shift = (mapping[f"refits.{line}"] for line in _LINES)
    raise_problems(kind, _line_problems(slope, shift, count))
    refits = []
    for number in range(count):
        start = _name(number, "")
        own = {name.removeprefix(start): array for name, array in mapping.items() if name.startswith(start)}
        arrays = from_mapping(kind, own)
        validate(arrays, n_features)
        refits.append(RefitArrays(arrays, float(slope[number]), float(shift[number])))
    return tuple(refits)


def saved_refits(manifest: Mapping[str, Any]) -> int:
    """Return how many refits a model file says it holds; one without any does not say so.

    Parameters
    ----------
    manifest : mapping
        What stands in the file, not yet trusted.

    Returns
    -------
    int
        From 2 to 1,000, or 0.

    Raises
    ------
    LookupError, TypeError or ValueError
        If it says something else.

    Examples
    --------
    >>> saved_refits({"refits": {"count": 20}}), saved_refits({})
    (20, 0)
    """
    if "refits" not in manifest:
        return 0
    count = manifest["refits"]["count"]
    if type(count) is not int or not 2 <= count <= _MOST:
        raise ValueError
    return count


def _name(number: int, name: str) -> str:
    """Name of an array of a refit."""
    return f"refits.{number:03d}.{name}"


def _line_problems(slope: npt.NDArray[Any], shift: npt.NDArray[Any], count: int) -> list[str]:
    """Say what is wrong with the lines of the refits."""
    problems = []
    for name, array in (("slope", slope), ("shift", shift)):
        if array.dtype != np.float64 or array.shape != (count,):
            problems.append(f"array 'refits.{name}' does not hold one number for each of {count} refits")
        elif not np.isfinite(array).all():
            problems.append(f"array 'refits.{name}' holds numbers that are not finite")
    if not problems and not (slope > 0).all():
        problems.append("array 'refits.slope' holds slopes that are not above zero")
    return problems
