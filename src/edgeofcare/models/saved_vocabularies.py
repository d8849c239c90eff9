"""The codes of columns of categories, as a model file holds them, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgeofcare.features.names import parse_feature
from edgeofcare.models.arrays import LinearArrays, TreeArrays

__all__ = ["MOST_SAVED_CODES", "codes_fit", "plain_vocabularies", "saved_vocabularies"]

MOST_SAVED_CODES = 1024
"""Codes of one column that a file may hold."""


def plain_vocabularies(vocabularies: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return vocabularies as JSON takes them.

    Parameters
    ----------
    vocabularies : mapping of str to sequence of str
        Codes by column.

    Returns
    -------
    dict of str to list of str
        The same.

    Examples
    --------
    >>> plain_vocabularies({"referral.last_source": ("1A", "6")})
    {'referral.last_source': ['1A', '6']}
    """
    return {name: list(codes) for name, codes in vocabularies.items()}


def saved_vocabularies(plain: Mapping[str, Any], names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Read vocabularies from a file that is not trusted.

    Parameters
    ----------
    plain : mapping
        What stands in the file.
    names : sequence of str
        Features of the model, in order.

    Returns
    -------
    dict of str to tuple of str
        In the order of the features.

    Raises
    ------
    AttributeError, TypeError or ValueError
        If a column is no feature of the model that has codes, or codes are not text from the list of that feature, each
        once and in order.

    Examples
    --------
    >>> saved_vocabularies({"referral.last_source": ["1A", "6"]}, ["child.age", "referral.last_source"])
    {'referral.last_source': ('1A', '6')}
    """
    if not set(plain) <= set(names):
        raise ValueError
    return {name: _codes(name, plain[name]) for name in names if name in plain}


def codes_fit(
    arrays: Sequence[TreeArrays | LinearArrays], names: Sequence[str], vocabularies: Mapping[str, Sequence[str]]
) -> bool:
    """Whether arrays look at codes only in columns that have some, and at no code beyond theirs.

    Parameters
    ----------
    arrays : sequence of TreeArrays or LinearArrays
        Those of a model and of its refits, each validated.
    names : sequence of str
        Features, in order.
    vocabularies : mapping of str to sequence of str
        Codes by column.

    Returns
    -------
    bool
        False where a place among the codes would mean nothing.

    Examples
    --------
    >>> zero, code = np.zeros(1), np.ones(1)
    >>> line = LinearArrays(zero, zero, zero, zero, zero, 0.0, np.int32([0]), code, code, zero)
    >>> codes_fit([line], ["a"], {"a": ("x", "y")}), codes_fit([line], ["a"], {"a": ("x",)})
    (True, False)
    """
    sizes = np.array([len(vocabularies.get(name, ())) for name in names])
    coded = np.array([name in vocabularies for name in names])
    return all(_fits(each, sizes, coded) for each in arrays)


def _fits(arrays: TreeArrays | LinearArrays, sizes: np.ndarray, coded: np.ndarray) -> bool:
    """Whether one model looks at codes as it should."""
    value = arrays.category_value
    places = (value >= 0) & (value < sizes[arrays.category_feature]) & (value == np.floor(value))
    if isinstance(arrays, LinearArrays):
        return bool(places.all() and not arrays.weight[coded].any())
    by_number = arrays.feature >= 0
    by_number[arrays.category_split] = False
    return bool(places.all() and not coded[arrays.feature[by_number]].any())


def _codes(name: str, codes: Any) -> tuple[str, ...]:
    """The codes of one column."""
    known = getattr(parse_feature(name), "categories", ())
    right = type(codes) is list and all(type(code) is str for code in codes) and len(codes) <= MOST_SAVED_CODES
    if not (right and known and set(codes) <= set(known) and codes == sorted(set(codes))):
        raise ValueError
    return tuple(codes)
