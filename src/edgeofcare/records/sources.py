"""Case records of any kind: which reader a source needs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.records.annex_a.read import read_annex_a
from edgeofcare.records.cin_census.read import read_cin_census
from edgeofcare.records.combine import combine
from edgeofcare.records.records import Records
from edgeofcare.records.sql.read import read_sql
from edgeofcare.records.ssd.layout import SSD_TABLES
from edgeofcare.records.ssd.read import read_ssd
from edgeofcare.records.ssda903.read import read_ssda903

__all__ = ["read_records", "source_kind"]

_READERS = {
    "annex_a": read_annex_a,
    "cin_census": read_cin_census,
    "sql": read_sql,
    "ssd": read_ssd,
    "ssda903": read_ssda903,
}
_URL = re.compile(r"^(env:|[a-z][a-z0-9_+]*://)", re.IGNORECASE)
_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)[\s>/]")
_HEAD_BYTES = 4096
_WORKBOOKS = (".xlsx", ".xlsm", ".xls")
_TEXT_TABLES = (".csv", ".parquet")
_KINDS = (
    "an SSD folder (ssd_person.csv and the other tables), SSDA903 returns (CSV or XML), CIN census returns (XML), "
    "an Annex A workbook (.xlsx), or the URL of a database with SSD tables"
)


def read_records(*sources: Any, observed_until: str | pd.Timestamp | None = None, **options: Any) -> Records:
    """Read case records without saying of which kind they are.

    Parameters
    ----------
    *sources : path, mapping, URL or connection
        One source of any kind, or two: CIN census returns and SSDA903 returns of one authority, which are joined
        (:func:`edgeofcare.combine`). A folder that holds both, each in a folder of its own, counts as two.
    observed_until : str or Timestamp, optional
        The last date on which the source can be trusted; only yearly returns say it themselves.
    **options
        Options of the reader: ``observed_from``, ``reporting_lag``, ``code_maps``, ``invalid``, ``progress``, and
        ``schema`` for a database.

    Returns
    -------
    Records
        Validated records.

    Raises
    ------
    RecordsError
        With every problem of the source.
    SpecError
        If the source is of no known kind, or does not take an option.

    Examples
    --------
    >>> read_records("no_such_folder", observed_until="2025-03-31")
    Traceback (most recent call last):
    edgeofcare.exceptions.SpecError: There is no file or folder at the path given.
    """
    parts = _parts(sources)
    if len(parts) == 1:
        ((kind, source),) = parts.items()
        return _read(kind, source, observed_until, options)
    if set(parts) != {"cin_census", "ssda903"}:
        msg = "Two sources are read together only where one is CIN census returns and the other SSDA903 returns."
        raise SpecError(msg)
    return combine(*(_read(kind, parts[kind], observed_until, options) for kind in ("cin_census", "ssda903")))


def source_kind(source: Any) -> str:
    """Which reader a source needs.

    Parameters
    ----------
    source : path, mapping, URL or connection
        Case records.

    Returns
    -------
    {"annex_a", "cin_census", "sql", "ssd", "ssda903"}
        The kind.

    Raises
    ------
    SpecError
        If it is of no known kind.

    Examples
    --------
    >>> source_kind({"ssd_person": pd.DataFrame()})
    'ssd'
    """
    kinds = _parts((source,))
    if len(kinds) > 1:
        msg = "The folder holds returns of more than one kind. Read each on its own."
        raise SpecError(msg)
    return next(iter(kinds))


def _parts(sources: tuple[Any, ...]) -> dict[str, Any]:
    """Each source by its kind."""
    parts: dict[str, Any] = {}
    for source in sources:
        for kind, part in _parts_of(source).items():
            if kind in parts:
                msg = "There are two sources of one kind. Give the folder that holds both, or a list to the reader."
                raise SpecError(msg)
            parts[kind] = part
    if not parts:
        msg = f"There is no source. Give {_KINDS}."
        raise SpecError(msg)
    return parts


def _parts_of(source: Any) -> dict[str, Any]:
    """The parts of one source by kind: one, unless it is a folder with a folder for each kind."""
    if isinstance(source, Mapping):
        return {_mapping_kind(source): source}
    if not isinstance(source, str | Path) or _URL.match(str(source)):
        return {"sql": source}
    path = Path(source)
    if path.is_dir():
        return _folder_parts(path)
    if not path.exists():
        msg = "There is no file or folder at the path given."
        raise SpecError(msg)
    return {_file_kind(path): path}


def _mapping_kind(tables: Mapping[str, Any]) -> str:
    """SSD tables, lists of Annex A or files of a return, by the names of the frames."""
    names = [_plain(str(name)) for name in tables]
    if any(name in SSD_TABLES.values() for name in names):
        return "ssd"
    return "annex_a" if any(re.match(r"list\W*\d", name) for name in names) else "ssda903"


def _plain(name: str) -> str:
    """A table name without case and schema."""
    return name.strip().lower().rpartition(".")[2].lstrip("#")


def _folder_parts(folder: Path) -> dict[str, Any]:
    """What a folder holds, by kind."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file()]
    if any(_plain(path.stem) in SSD_TABLES.values() and path.suffix.lower() in _TEXT_TABLES for path in files):
        return {"ssd": folder}
    kinds = {_file_kind(path) for path in files if path.suffix.lower() in (".csv", ".xml")}
    if len(kinds) == 1:
        return {kinds.pop(): folder}
    workbooks = [path for path in files if path.suffix.lower() in _WORKBOOKS and not path.name.startswith("~")]
    if not kinds and len(workbooks) == 1:
        return {"annex_a": workbooks[0]}
    inside = [_folder_parts(path) for path in sorted(folder.iterdir()) if path.is_dir()] if not files else []
    found = {kind: part for parts in inside for kind, part in parts.items()}
    if len(found) == 1 and len(inside) > 1:
        return {next(iter(found)): folder}
    if len(found) == len(inside) > 0:
        return found
    msg = f"The folder holds nothing that can be read. A source is {_KINDS}."
    raise SpecError(msg)


def _file_kind(path: Path) -> str:
    """The kind of one file."""
    suffix = path.suffix.lower()
    if suffix in _WORKBOOKS:
        return "annex_a"
    if suffix == ".csv":
        return "ssda903"
    if suffix != ".xml":
        msg = f"The file is of no kind that can be read. A source is {_KINDS}."
        raise SpecError(msg)
    with path.open("rb") as file:
        root = _ROOT.search(file.read(_HEAD_BYTES))
    return "ssda903" if root and b"903" in root.group(1) else "cin_census"


def _read(kind: str, source: Any, observed_until: str | pd.Timestamp | None, options: Mapping[str, Any]) -> Records:
    """Records of one source."""
    given = {name: value for name, value in options.items() if value is not None}
    if observed_until is None and kind not in ("ssda903", "cin_census"):
        msg = "observed_until is missing: give the last date on which the source can be trusted."
        raise SpecError(msg)
    read: Any = _READERS[kind]
    unknown = sorted(set(given) - set(inspect.signature(read).parameters))
    if unknown:
        msg = f"{read.__name__}, which this source needs, has no option {', '.join(unknown)}."
        raise SpecError(msg)
    return read(source, observed_until=observed_until, **given)
