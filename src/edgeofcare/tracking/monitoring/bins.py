"""Bins of a column, so coarse that no bin tells of fewer than 10 children."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.metrics._arrays import Ints

__all__ = ["FEWEST", "Bins", "make_bins"]

FEWEST = 10
"""Fewest children of a bin."""

_N_BINS = 8


@dataclass(frozen=True)
class Bins:
    """Where each value of a column belongs; the last bin is of unknown values.

    Parameters
    ----------
    edges : tuple of float
        Upper ends of the bins of a number, each included; one more bin lies above the last.
    codes : tuple of str
        Codes with a bin of their own; all others share the next one. Empty for a number.
    """

    edges: tuple[float, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bins, that of unknown values included."""
        return max(len(self.edges), len(self.codes)) + 2

    def place(self, values: pd.Series) -> Ints:
        """The bin of each value.

        Parameters
        ----------
        values : Series
            A column.

        Returns
        -------
        ndarray of int64
            One a row.

        Examples
        --------
        >>> Bins(edges=(0.0, 2.0)).place(pd.Series([0.0, 1.0, 5.0, np.nan])).tolist()
        [0, 1, 2, 3]
        """
        unknown = values.isna().to_numpy(dtype=bool)
        if self.codes:
            found = pd.Index(self.codes).get_indexer(pd.Index(values.astype("object").where(~unknown, None)))
            place = np.where(found < 0, len(self.codes), found)
        else:
            number = values.to_numpy(dtype=np.float64, na_value=np.nan)
            place = np.searchsorted(np.asarray(self.edges), number, side="left")
        return np.where(unknown, self.size - 1, place).astype(np.int64)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {"codes": list(self.codes)} if self.codes else {"edges": list(self.edges)}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Bins:
        """From plain values.

        Parameters
        ----------
        said : mapping
            As :meth:`to_dict` gives it.

        Returns
        -------
        Bins
        """
        return cls(tuple(float(edge) for edge in said.get("edges", ())), tuple(said.get("codes", ())))


def make_bins(values: pd.Series, child: Ints) -> Bins:
    """Bins of a column with about as many rows each, none of fewer than 10 children.

    Parameters
    ----------
    values : Series
        The column in the reference rows.
    child : ndarray of int64
        Code of the child of each row.

    Returns
    -------
    Bins
        Edges are rounded to three digits, so that none is a value of one child.

    Examples
    --------
    >>> make_bins(pd.Series([0.0] * 20 + [1.0] * 15 + [7.0]), np.arange(36)).edges
    (0.0,)
    """
    if _is_text(values):
        counts = _children(values, child)
        return Bins(codes=tuple(sorted(str(code) for code in counts.index[counts >= FEWEST])) or ("",))
    number = values.to_numpy(dtype=np.float64, na_value=np.nan)
    known = np.isfinite(number)
    if not known.any():
        return Bins()
    at = np.linspace(0, 1, _N_BINS + 1)[1:-1]
    edges = np.unique([_rounded(edge) for edge in np.quantile(number[known], at, method="inverted_cdf")])
    return Bins(edges=_merged(edges, number[known], child[known]))


def _is_text(values: pd.Series) -> bool:
    """Whether a column holds codes."""
    return not (pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype))


def _children(values: pd.Series, child: Ints) -> pd.Series:
    """Children by code."""
    known = values.notna().to_numpy(dtype=bool)
    return pd.Series(child[known]).groupby(values[known].astype(str).to_numpy()).nunique()


def _rounded(edge: float) -> float:
    """A number to three digits."""
    return float(f"{edge:.3g}")


def _merged(edges: np.ndarray, number: np.ndarray, child: Ints) -> tuple[float, ...]:
    """Edges without those that set fewer than 10 children apart."""
    kept: list[float] = []
    below = -np.inf
    for edge in edges.tolist():
        inside = (number > below) & (number <= edge)
        if np.unique(child[inside]).size >= FEWEST:
            kept.append(edge)
            below = edge
    while kept and np.unique(child[number > kept[-1]]).size < FEWEST:
        kept.pop()
    return tuple(kept)
