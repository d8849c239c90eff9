"""The XML form of an SSDA903 return, as frames like those of its CSV files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pandas as pd

from edgeofcare.records.ssda903.layout import KINDS
from edgeofcare.records.xml_stream import iter_elements

__all__ = ["frames_of_xml"]

_YES = ("1", "Y", "YES", "TRUE")
_PARTS = {"episodes": "EPISODE", "missing": "AMISSING"}


def frames_of_xml(path: Path) -> dict[str, pd.DataFrame]:
    """Read header, episodes, missing episodes and asylum status of every CHILD element.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    dict of str to DataFrame
        By kind of file, with our names of columns; empty where the file has no CHILD elements of a return.

    Raises
    ------
    RecordsError
        If the file is not well-formed XML, or has a document type.
    """
    rows: dict[str, list[dict[str, Any]]] = {"header": [], "episodes": [], "missing": [], "uasc": []}
    for child in iter_elements(path, "CHILD"):
        header = child.find("HEADER")
        if header is None:
            continue
        key = _row("header", _contents(header))
        rows["header"].append(key)
        for kind, tag in _PARTS.items():
            rows[kind] += [key | _row(kind, _contents(element)) for element in child.iter(tag)]
        if (header.findtext("UASC") or "").strip().upper() in _YES or (header.findtext("DUC") or "").strip():
            rows["uasc"].append(key | {"end": header.findtext("DUC")})
    if not rows["header"]:
        return {}
    return {kind: _frame(kind, found) for kind, found in rows.items()}


def _contents(element: Element) -> dict[str, str | None]:
    """Text of the elements directly below, by tag."""
    return {below.tag: below.text for below in element}


def _row(kind: str, contents: dict[str, str | None]) -> dict[str, Any]:
    """What is read of one element, under our names."""
    columns = KINDS[kind].columns
    return {
        name: contents[alias] for name, aliases in columns.items() for alias in aliases if alias in contents
    }  # the first alias that is there


def _frame(kind: str, rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """A frame with every column of its kind, as text."""
    names = [name for name in KINDS[kind].columns if name not in ("authority", "year")]
    return pd.DataFrame(list(rows), columns=names, dtype=object)
