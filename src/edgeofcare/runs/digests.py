"""Digests of whole tables: equal where nothing changed, whatever the order of the rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["DECIMALS", "FEWEST_CHILDREN", "Digest", "digest_arrays", "digest_frame", "digest_plain", "row_order"]

DECIMALS = 9
"""Decimals to which numbers are rounded for the second digest: what platforms may differ by."""

FEWEST_CHILDREN = 10
"""A table of fewer children has no digest: so little could be guessed until the digest fits."""


class Digest(NamedTuple):
    """Two SHA-256 of one table; both None where it holds too few children.

    Parameters
    ----------
    exact : str or None
        Of every byte.
    rounded : str or None
        Of numbers to 9 decimals. Where this is equal and ``exact`` is not, numbers differ by rounding alone. Where it
        differs too, something changed, or a number happened to lie at the edge of rounding.
    """

    exact: str | None
    rounded: str | None


def digest_frame(frame: pd.DataFrame, order: npt.NDArray[np.int64] | None = None) -> Digest:
    """Digest a table of rows that carry the index, with names and values of its columns.

    Parameters
    ----------
    frame : DataFrame
        On the index (household_id, child_id, index_date); columns of numbers, dates, flags or text.
    order : ndarray of int64, optional
        Positions of the rows to digest, in the order of the index (:func:`row_order`); all of them if left out.

    Returns
    -------
    Digest
        The same for equal tables in any order of rows, and in any version of pandas. It is of identifiers and values
        together: who does not hold the whole table cannot tell anything from it.

    Examples
    --------
    >>> rows = [(f"h{i}", f"c{i}", "2023-04-01") for i in range(12)]
    >>> index = pd.MultiIndex.from_tuples(rows, names=["household_id", "child_id", "index_date"])
    >>> frame = pd.DataFrame({"child.age": np.arange(12.0)}, index=index)
    >>> digest_frame(frame) == digest_frame(frame.iloc[::-1])
    True
    """
    place = row_order(frame.index) if order is None else order
    children = frame.index.get_level_values("child_id").take(place)
    if children.nunique() < FEWEST_CHILDREN:
        return Digest(None, None)
    exact, rounded = hashlib.sha256(), hashlib.sha256()
    for name, values in _columns(frame, place):
        for digest in (exact, rounded):
            digest.update(f"{name}\n".encode())
        if isinstance(values, bytes):
            exact.update(values)
            rounded.update(values)
        else:
            exact.update(_number_bytes(values))
            rounded.update(_number_bytes(values.round(DECIMALS)))
    return Digest(exact.hexdigest(), rounded.hexdigest())


def digest_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> Digest:
    """Digest named arrays of numbers.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Numbers or flags of any shape.

    Returns
    -------
    Digest
        The same for equal names, shapes and numbers.

    Examples
    --------
    >>> digest_arrays({"a": np.array([0.1 + 0.2])}).exact == digest_arrays({"a": np.array([0.3])}).exact
    False
    >>> digest_arrays({"a": np.array([0.1 + 0.2])}).rounded == digest_arrays({"a": np.array([0.3])}).rounded
    True
    """
    exact, rounded = hashlib.sha256(), hashlib.sha256()
    for name in sorted(arrays):
        values = np.asarray(arrays[name], dtype=np.float64)
        for digest, numbers in ((exact, values), (rounded, values.round(DECIMALS))):
            digest.update(f"{name}{values.shape}\n".encode())
            digest.update(_number_bytes(numbers))
    return Digest(exact.hexdigest(), rounded.hexdigest())


def digest_plain(plain: Any) -> Digest:
    """Digest text, numbers, lists and mappings, as JSON holds them.

    Parameters
    ----------
    plain : object
        Anything that JSON can hold.

    Returns
    -------
    Digest
        The same for the same content.

    Examples
    --------
    >>> digest_plain({"a": [1, None]}) == digest_plain({"a": [1, None]})
    True
    """
    return Digest(_hash_of(plain), _hash_of(_rounded(plain)))


def row_order(index: pd.Index) -> npt.NDArray[np.int64]:
    """Positions of rows in the order of household, child and index date.

    Parameters
    ----------
    index : MultiIndex
        (household_id, child_id, index_date).

    Returns
    -------
    ndarray of int64
        Positions.

    Examples
    --------
    >>> rows = [("h2", "c2", "2023-04-01"), ("h1", "c1", "2023-04-01")]
    >>> row_order(pd.MultiIndex.from_tuples(rows, names=["household_id", "child_id", "index_date"])).tolist()
    [1, 0]
    """
    codes = [pd.factorize(index.get_level_values(level), sort=True)[0] for level in range(index.nlevels)]
    return np.lexsort(codes[::-1]).astype(np.int64)


def _columns(frame: pd.DataFrame, order: npt.NDArray[np.int64]) -> Iterator[tuple[str, Any]]:
    """Name and values of the levels of the index and of each column: numbers, or bytes of anything else."""
    for level, name in enumerate(frame.index.names):
        yield str(name), _values(pd.Series(frame.index.get_level_values(level).array), order)
    for place, name in enumerate(frame.columns):
        yield str(name), _values(frame.iloc[:, place], order)


def _values(column: pd.Series, order: npt.NDArray[np.int64]) -> Any:
    """Values in an order, as float64 where they are numbers, else as bytes."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.to_numpy().astype("datetime64[s]").astype("<i8").take(order).tobytes()
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan).take(order)
    codes, texts = pd.factorize(column.astype(object).take(order))
    return json.dumps([str(text) for text in texts]).encode() + codes.astype("<i8").tobytes()


def _number_bytes(values: npt.NDArray[np.float64]) -> bytes:
    """Bytes of numbers, with one form of zero and one of NaN."""
    return np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8").tobytes()


def _hash_of(plain: Any) -> str:
    """SHA-256 of the JSON of something plain."""
    return hashlib.sha256(json.dumps(plain, sort_keys=True, allow_nan=False).encode()).hexdigest()


def _rounded(plain: Any) -> Any:
    """The same with every number rounded."""
    if isinstance(plain, float):
        return round(plain, DECIMALS) + 0.0
    if isinstance(plain, dict):
        return {name: _rounded(value) for name, value in plain.items()}
    return [_rounded(value) for value in plain] if isinstance(plain, list) else plain
