"""Descriptions and local texts of the case systems, as canonical codes.

What is understood without a map of one's own stands in the CSV files of the folder ``tables``, one for each case
system. They can be copied and edited. An authority adds its own texts through ``code_maps``; its entries win over
these. Texts are compared by their letters and digits only, so that case, spaces and punctuation do not matter.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path
from types import MappingProxyType

from edgeofcare.exceptions import SpecError
from edgeofcare.records.values import plain_key
from edgeofcare.schema.codes import CODE_LISTS

__all__ = ["CASE_SYSTEMS", "MAP_COLUMNS", "default_code_maps", "merged_code_maps"]

CASE_SYSTEMS = ("common", "systemc", "mosaic", "eclipse")
"""The maps that come with the package: what any authority may write, and the texts of each case system."""

MAP_COLUMNS = ("code_list", "text", "code", "meaning")
"""Columns of a map in CSV: code list, local text, canonical code, and what the code means (for the reader only)."""

_NEEDED = MAP_COLUMNS[:3]
_MOST_BYTES = 10_000_000
_TOLD = 10
_WIDEST = 40


@cache
def default_code_maps() -> Mapping[str, Mapping[str, str]]:
    """What is understood without a map of one's own.

    Returns
    -------
    mapping of str to mapping
        For each code list, local text to canonical code, from the maps of all case systems together.

    Examples
    --------
    >>> default_code_maps()["source"]["HSERVGP"]
    '3A'
    """
    maps: dict[str, dict[str, str]] = {name: {} for name in CODE_LISTS}
    for system in CASE_SYSTEMS:
        text = files("edgeofcare.records.codes").joinpath("tables", f"{system}.csv").read_text(encoding="utf-8")
        for name, entries in _of_csv(text).items():
            maps[name] |= entries
    return MappingProxyType({name: MappingProxyType(entries) for name, entries in maps.items()})


def merged_code_maps(
    own: Mapping[str, Mapping[str, str]] | str | Path | None = None,
) -> dict[str, dict[str, str]]:
    """The built-in maps with an authority's own entries on top.

    Parameters
    ----------
    own : mapping or path, optional
        ``{code list: {local text: canonical code}}``, the path of a JSON file of that shape, or the path of a CSV file
        with the columns ``code_list``, ``text`` and ``code``. Rows of the CSV file without a text or without a code
        are left out, so that a template can be filled in step by step.

    Returns
    -------
    dict of dict
        One map for each code list.

    Raises
    ------
    SpecError
        If the file cannot be read, a code list or canonical code does not exist, or one text has two codes.

    Examples
    --------
    >>> merged_code_maps({"legal_status": {"S20 agreement": "V2"}})["legal_status"]["S20 agreement"]
    'V2'
    """
    maps = {name: dict(entries) for name, entries in default_code_maps().items()}
    problems = []
    for name, entries in _loaded(own).items():
        if name not in CODE_LISTS:
            problems.append(f"there is no code list {_short(name)} (there are {', '.join(CODE_LISTS)})")
            continue
        wrong = sorted({str(code) for code in entries.values()} - set(CODE_LISTS[name]))
        if wrong:
            more = f" and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
            problems.append(f"{name} has no code {', '.join(code[:_WIDEST] for code in wrong[:_TOLD])}{more}")
        maps[name] = _with_own(maps[name], entries)
    if problems:
        msg = "The code map cannot be used: " + "; ".join(problems) + "."
        raise SpecError(msg)
    return maps


def _with_own(known: Mapping[str, str], entries: Mapping[str, str]) -> dict[str, str]:
    """A map whose entries give way to those of the authority, however these are spelt."""
    own = {plain_key(str(text)) for text in entries}
    kept = {text: code for text, code in known.items() if plain_key(text) not in own}
    return kept | {str(text): str(code) for text, code in entries.items()}


def _short(name: object) -> str:
    """A name in quotes, cut where it is long."""
    return repr(str(name)[:_WIDEST])


def _loaded(own: Mapping[str, Mapping[str, str]] | str | Path | None) -> Mapping[str, Mapping[str, str]]:
    """The authority's own map, read from its file if need be."""
    if own is None:
        return {}
    if isinstance(own, Mapping):
        return _checked(own)
    text = _text_of(own)
    if Path(own).suffix.lower() == ".csv" or not text.lstrip().startswith(("{", "[")):
        return _of_csv(text)
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"The code map file could not be read as JSON ({type(error).__name__})."
        raise SpecError(msg) from None
    return _checked(loaded)


def _checked(loaded: object) -> Mapping[str, Mapping[str, str]]:
    """A map of the right shape."""
    if isinstance(loaded, Mapping) and all(isinstance(entries, Mapping) for entries in loaded.values()):
        return loaded
    msg = "The code map must hold {code list: {local text: canonical code}}."
    raise SpecError(msg)


def _text_of(path: str | Path) -> str:
    """The text of a map file."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        text = _decoded(content)
    except (OSError, ValueError, TypeError) as error:
        msg = f"The code map file could not be read ({type(error).__name__}). Give a CSV or JSON file in UTF-8."
        raise SpecError(msg) from None
    if len(content) > _MOST_BYTES:
        msg = f"The code map file has more than {_MOST_BYTES // 1_000_000} MB, so it is no code map."
        raise SpecError(msg)
    return text


def _decoded(content: bytes) -> str:
    """Text in one of the encodings in which Excel or a text editor on Windows may have saved it."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _of_csv(text: str) -> dict[str, dict[str, str]]:
    """A map in CSV, by code list; one text with two codes is refused."""
    maps: dict[str, dict[str, str]] = {}
    lines: dict[tuple[str, str], tuple[str, int]] = {}
    clashes = []
    for line, name, local, code in _csv_rows(text):
        first_code, first_line = lines.setdefault((name, plain_key(local)), (code, line))
        if first_code != code:
            clashes.append(f"lines {first_line} and {line}")
        maps.setdefault(name, {})[local] = code
    if clashes:
        msg = (
            f"The code map gives one text of a code list two codes ({', '.join(clashes[:_TOLD])}). Keep one. Texts are "
            "compared by letters and digits only."
        )
        raise SpecError(msg)
    return maps


def _csv_rows(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Line, code list, text and code of each filled row."""
    header, _, _ = text.lstrip("\r\n").partition("\n")
    rows = csv.reader(StringIO(text.lstrip("\r\n"), newline=""), delimiter=max(",;\t", key=header.count))
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if not set(_NEEDED) <= set(names):
            msg = f"The code map file must have the columns {', '.join(_NEEDED)}, or be JSON."
            raise SpecError(msg)
        places = [names.index(name) for name in _NEEDED]
        for row in rows:
            name, local, code = (row[place].strip() if place < len(row) else "" for place in places)
            if local and code:
                yield rows.line_num, name.lower(), local, code.upper()
    except csv.Error:
        msg = f"The code map file could not be read as CSV, near line {rows.line_num}. Save it again as CSV (UTF-8)."
        raise SpecError(msg) from None
