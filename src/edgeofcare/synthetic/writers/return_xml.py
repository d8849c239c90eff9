"""Compact XML, many elements at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

__all__ = ["element", "elements", "gathered", "wrapped"]

Texts = np.ndarray


def element(name: str, content: str) -> str:
    """One element around content that is XML already; nothing where that is empty."""
    return f"<{name}>{content}</{name}>" if content else ""


def elements(name: str, values: pd.Series | Iterable[object]) -> Texts:
    """An element for each value, as text; nothing where the value is missing or empty.

    Parameters
    ----------
    name : str
        Name of the elements.
    values : Series
        Text, or dates, which are written as YYYY-MM-DD.

    Returns
    -------
    ndarray of object
        XML of each value.
    """
    series = pd.Series(values)
    if series.dtype.kind == "M":
        series = series.dt.strftime("%Y-%m-%d")
    distinct, position = np.unique(series.astype(object).where(series.notna(), "").to_numpy(str), return_inverse=True)
    written = np.array([element(name, escape(str(value))) for value in distinct], dtype=object)
    return written[position] if len(written) else np.empty(0, dtype=object)


def wrapped(name: str, *parts: Texts) -> Texts:
    """An element around the parts of each row, one after the other; nothing where all are empty.

    Parameters
    ----------
    name : str
        Name of the elements.
    *parts : ndarray of object
        XML of each row.

    Returns
    -------
    ndarray of object
        XML of each row.
    """
    rows = zip(*parts, strict=True)
    return np.array([element(name, "".join(row)) for row in rows], dtype=object)


def gathered(written: Texts, keys: pd.Series) -> Mapping[str, str]:
    """XML of all rows of each key, in their order.

    Parameters
    ----------
    written : ndarray of object
        XML of each row.
    keys : Series of str
        What each row belongs to.

    Returns
    -------
    mapping of str to str
        XML by key.
    """
    found: dict[str, list[str]] = {}
    for key, xml in zip(keys, written, strict=True):
        found.setdefault(key, []).append(xml)
    return {key: "".join(rows) for key, rows in found.items()}
