"""Scores in a file: Parquet, CSV or a workbook, whole or not at all; the same scores give the same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.whole_file import write_whole
from edgeofcare.scoring.batch.layout import COLUMNS, Row
from edgeofcare.spreadsheets import no_formula

__all__ = ["SUFFIXES", "as_text", "is_file_place", "write_scores_file"]

SUFFIXES = (".csv", ".parquet", ".xlsx")
"""Kinds of files, by the end of their names."""


def is_file_place(place: Any) -> bool:
    """Whether scores go into a file, by the form of what was given.

    Parameters
    ----------
    place : path, str or sqlalchemy.engine.URL
        Where scores are to go.

    Returns
    -------
    bool
        False for the URL of a database.

    Raises
    ------
    SpecError
        If it is a path whose end names no kind of file.

    Examples
    --------
    >>> is_file_place("scores.csv"), is_file_place("sqlite:///scores.db")
    (True, False)
    """
    if not isinstance(place, str | Path):
        return False
    if isinstance(place, str) and ("://" in place or place.startswith("env:")):
        return False
    if Path(place).suffix.lower() not in SUFFIXES:
        msg = (
            f"Scores go into a file whose name ends in {', '.join(SUFFIXES)}, or into a database, named by its URL, "
            "such as sqlite:///scores.db, or by env:NAME."
        )
        raise SpecError(msg)
    return True


def write_scores_file(path: str | Path, rows: Sequence[Row], teams: Sequence[str] | None) -> bool:
    """Write scores into a file.

    Parameters
    ----------
    path : path
        The file; one that is there is replaced.
    rows : sequence of dict
        With every column, in the order in which they are written.
    teams : sequence of str or None
        The team of each row, for a workbook with a sheet for each.

    Returns
    -------
    bool
        Whether anything changed: False where the file held the same scores already.

    Raises
    ------
    SpecError
        If it cannot be written, or openpyxl is not installed for a workbook.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix == ".xlsx":
        from edgeofcare.scoring.batch.workbook import workbook_bytes

        content = workbook_bytes(rows, teams)
    else:
        content = _parquet(rows) if suffix == ".parquet" else _csv(rows)
    if _holds(target, content):
        return False
    write_whole(target, content, "file of scores")
    return True


def _holds(path: Path, content: bytes) -> bool:
    """Whether a file is there with these bytes."""
    try:
        return path.is_file() and path.read_bytes() == content
    except (OSError, ValueError):
        return False


def _parquet(rows: Sequence[Row]) -> bytes:
    """Columns of the table of scores, each of its own type."""
    import datetime as dt

    import pyarrow as pa

    from edgeofcare.scale.files import zipped

    kinds = {str: pa.string(), float: pa.float64(), int: pa.int64(), bool: pa.bool_(), dt.date: pa.date32()}
    arrays = {each.name: pa.array([row[each.name] for row in rows], type=kinds[each.kind]) for each in COLUMNS}
    return zipped(pa.table(arrays))


def _csv(rows: Sequence[Row]) -> bytes:
    """Columns of the table of scores as text that no spreadsheet takes for a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([column.name for column in COLUMNS])
    writer.writerows([[as_text(row[column.name]) for column in COLUMNS] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def as_text(value: Any) -> Any:
    """A value for a spreadsheet: text that it would take for a formula is put behind an apostrophe.

    So is text that begins with one, so that no two texts come out the same.

    Parameters
    ----------
    value : object
        Of a score.

    Returns
    -------
    object
        The same, unless it is such text.

    Examples
    --------
    >>> as_text("=1+1"), as_text("'=1+1"), as_text("c1"), as_text(-0.5)
    ("'=1+1", "''=1+1", 'c1', -0.5)
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    return no_formula(value) if isinstance(value, str) else value
