"""Opening an Annex A workbook safely, and finding its lists, headers and columns."""

from __future__ import annotations

import datetime as dt
import re
import warnings
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.progress import watched
from edgeofcare.records.annex_a.layout import LISTS, AnnexColumn, AnnexList, plain_header
from edgeofcare.records.findings import Findings
from edgeofcare.records.values import as_dates

__all__ = ["MOST_UNPACKED", "lists_of", "sheets_of"]

Sheet = list[tuple[Any, ...]]

MOST_UNPACKED = 300_000_000
"""Bytes that all parts of a workbook may claim to have once unpacked: about ten times the largest real one."""

_MOST_PARTS = 2_000
_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 200
_BLANK_ROWS = 5_000
_HEADER_WITHIN = 40
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLE_SEARCHED = 50_000_000
_TITLE = re.compile(r"\blist ?0*(\d{1,2})\b")
_LETTER = re.compile(r"^[a-z]{1,2}\)\s*", re.IGNORECASE)
_ERROR = re.compile(r"^#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!)$", re.IGNORECASE)
_SERIAL = re.compile(r"^\d{1,5}(\.\d+)?$")
_FIRST_SERIAL, _LAST_SERIAL = 10_000, 73_050
_EPOCH, _EPOCH_1904 = np.datetime64("1899-12-30", "D"), np.datetime64("1904-01-01", "D")
_WHOLE = 2**53


def sheets_of(
    source: str | Path | Mapping[str, pd.DataFrame], findings: Findings, *, progress: bool | None
) -> tuple[dict[str, Sheet], np.datetime64]:
    """The rows of every sheet, and the day on which Excel's serial dates begin.

    Parameters
    ----------
    source : path or mapping of str to DataFrame
        The workbook, or its sheets by name.
    findings : Findings
        Is told of a file that is no workbook.
    progress : bool or None
        Whether to show a progress bar.

    Returns
    -------
    sheets : dict of str to list of tuple
        Rows of cells by sheet, header and titles among them.
    epoch : datetime64
        Day 0 of serial dates.

    Raises
    ------
    SpecError
        If the source is neither a file nor a mapping of DataFrames, or openpyxl is not installed.
    """
    if isinstance(source, Mapping):
        return {str(name): _rows_of(frame) for name, frame in source.items()}, _EPOCH
    if not isinstance(source, (str, Path)) or not Path(source).is_file():
        msg = (
            "The Annex A source is not a file. Give the path of the workbook, or a mapping of sheet name to DataFrame."
        )
        raise SpecError(msg)
    with Path(source).open("rb") as file:
        problem = _not_a_workbook(file)
        if problem:
            findings.problem(problem)
            return {}, _EPOCH
        return _read_workbook(file, findings, progress=progress)


def _rows_of(frame: pd.DataFrame) -> Sheet:
    """The rows of a frame, its column names as the first."""
    if not isinstance(frame, pd.DataFrame):
        msg = "Each sheet of the mapping must be a DataFrame, as pandas.read_excel(path, sheet_name=None) gives them."
        raise SpecError(msg)
    named = tuple("" if re.match(r"(Unnamed: )?\d+$", str(name)) else name for name in frame.columns)
    return [named, *frame.itertuples(index=False, name=None)]


def _not_a_workbook(file: BinaryIO) -> str:
    """Why a file cannot be read as a workbook; nothing if it can, as far as its outside shows."""
    start = file.read(len(_OLE))
    if start == _OLE:
        if _ENCRYPTED in file.read(_OLE_SEARCHED):
            return "The workbook is protected by a password. Open it in Excel and save a copy without one."
        return "The workbook is an old Excel file (.xls). Open it in Excel and save it as .xlsx."
    if not zipfile.is_zipfile(file):
        return "The file is not an Excel workbook (.xlsx). Save it from Excel as .xlsx."
    try:
        with zipfile.ZipFile(file) as parts:
            claimed = parts.infolist()
    except Exception as error:  # the zip module raises many kinds on damaged files
        return f"The workbook is damaged and cannot be opened ({type(error).__name__})."
    if not any(part.filename == "[Content_Types].xml" for part in claimed):
        return "The file is not an Excel workbook (.xlsx) but another kind of archive."
    if len(claimed) > _MOST_PARTS or sum(part.file_size for part in claimed) > MOST_UNPACKED:
        return (
            f"The workbook claims more than {MOST_UNPACKED // 1_000_000:,} MB or {_MOST_PARTS:,} parts once unpacked, "
            "which no Annex A has. Save the lists into a new workbook."
        )
    return ""


def _read_workbook(
    file: BinaryIO, findings: Findings, *, progress: bool | None
) -> tuple[dict[str, Sheet], np.datetime64]:
    """Every sheet of a workbook that has passed the outside checks."""
    try:
        from openpyxl import load_workbook
    except ImportError:
        msg = 'Reading an Excel workbook needs openpyxl: pip install "edgeofcare[excel]".'
        raise SpecError(msg) from None
    file.seek(0)
    try:
        with warnings.catch_warnings():  # openpyxl's warnings quote cells
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                epoch = _EPOCH_1904 if book.epoch.year == _EPOCH_1904.item().year else _EPOCH
                sheets = watched(book.worksheets, "Reading sheets", progress=progress)
                return {sheet.title: _cells(sheet) for sheet in sheets}, epoch
            finally:
                book.close()
    except Exception as error:  # a file from outside may break the parser in any way; its text may quote cells
        findings.problem(
            f"The workbook cannot be read ({type(error).__name__}): it is damaged, or not as Excel writes it. Open it "
            "in Excel and save it again as .xlsx."
        )
        return {}, _EPOCH


def _cells(sheet: Any) -> Sheet:
    """The rows of one sheet, whatever dimensions it claims; many blank rows in succession are its end."""
    sheet.reset_dimensions()
    rows: Sheet = []
    blank = 0
    for row in sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS, values_only=True):
        blank = 0 if any(cell is not None for cell in row) else blank + 1
        if blank > _BLANK_ROWS:
            break
        if not blank:
            rows.append(row)
    return rows


def lists_of(sheets: Mapping[str, Sheet], epoch: np.datetime64, findings: Findings) -> dict[int, pd.DataFrame]:
    """Lists 1 to 8, each with the columns of its layout that the sheet has.

    Parameters
    ----------
    sheets : mapping of str to list of tuple
        From :func:`sheets_of`.
    epoch : datetime64
        Day 0 of serial dates.
    findings : Findings
        Is told of missing lists and columns.

    Returns
    -------
    dict of int to DataFrame
        By list number; text, with dates as YYYY-MM-DD where they could be read. Blank rows and repeated rows are gone.
    """
    found: dict[int, pd.DataFrame] = {}
    for title in sorted(sheets):
        layout, header = _layout_of(title, sheets[title], findings)
        if layout is None:
            continue
        if layout.number in found:
            findings.problem(f"{layout.name}: more than one sheet looks like this list; keep one.")
            continue
        found[layout.number] = _frame(layout, sheets[title], header, epoch, findings)
    for layout in LISTS:
        if layout.required and layout.number not in found:
            findings.problem(f"{layout.name}: no sheet is named so, or has its columns. Records need Lists 3, 6 and 8.")
    return found


def _layout_of(title: str, rows: Sheet, findings: Findings) -> tuple[AnnexList | None, int]:
    """Which list a sheet is, by the number in its title or else by its columns, and where its header stands."""
    number = _TITLE.search(plain_header(title))
    if number:
        layout = next((each for each in LISTS if each.number == int(number.group(1))), None)
        return layout, _header_row(rows, layout)[0] if layout else 0
    scores = []
    for layout in LISTS:
        row, matches, exact = _header_row(rows, layout)
        if _has_required(rows, row, layout):
            scores.append((matches, exact, layout.number, row))
    if not scores:
        return None, 0
    best = max(scores)
    if sum(each[:2] == best[:2] for each in scores) > 1:
        findings.problem("A sheet fits more than one list by its columns. Put the list's number in the sheet's name.")
        return None, 0
    return LISTS[best[2] - 1], best[3]


def _header_row(rows: Sheet, layout: AnnexList) -> tuple[int, int, int]:
    """Position of the row that has the most columns of a list, how many, and how many under their usual header."""
    best = (0, 0, 0)
    for position, row in enumerate(rows[:_HEADER_WITHIN]):
        headers = [plain_header(cell) for cell in row if isinstance(cell, str)]
        ranks = [[rank for header in headers if (rank := column.rank(header)) is not None] for column in layout.columns]
        matches, exact = sum(bool(each) for each in ranks), sum(0 in each for each in ranks)
        if (matches, exact) > best[1:]:
            best = (position, matches, exact)
    return best


def _has_required(rows: Sheet, row: int, layout: AnnexList) -> bool:
    """Whether a row has every required column of a list."""
    header = rows[row] if row < len(rows) else ()
    return all(_places(header, column) for column in layout.columns if column.required)


def _places(header: Sequence[Any], column: AnnexColumn) -> list[int]:
    """Positions of the cells of a header that fit a column best."""
    ranks = [(column.rank(plain_header(cell)), place) for place, cell in enumerate(header) if isinstance(cell, str)]
    fitting = [(rank, place) for rank, place in ranks if rank is not None]
    return [place for rank, place in fitting if rank == min(fitting)[0]]


def _frame(layout: AnnexList, rows: Sheet, position: int, epoch: np.datetime64, findings: Findings) -> pd.DataFrame:
    """The columns of one list, cleaned."""
    header = rows[position] if rows else ()
    columns: dict[str, list[str | None]] = {}
    errors = 0
    for column in layout.columns:
        places = _places(header, column)
        if not places and column.required:
            findings.problem(f"{layout.name}: column {column.header!r} is missing.")
        if len(places) > 1:
            findings.problem(f"{layout.name}: {len(places)} columns look like {column.header!r}; keep one.")
        if len(places) == 1:
            cells = [row[places[0]] if places[0] < len(row) else None for row in rows[position + 1 :]]
            errors += sum(isinstance(cell, str) and bool(_ERROR.match(cell.strip())) for cell in cells)
            columns[column.name] = _cleaned(cells, column.kind, epoch)
    findings.note(f"List {layout.number}", "", errors, "emptied", "an Excel error such as #N/A stands for no value")
    frame = pd.DataFrame(columns, dtype=object).dropna(how="all")
    copies = frame.duplicated()
    why = "the row repeats another in every column that is read"
    findings.note(f"List {layout.number}", "", int(copies.sum()), "dropped", why)
    return frame[~copies].reset_index(drop=True)


def _cleaned(cells: Iterable[Any], kind: str, epoch: np.datetime64) -> list[str | None]:
    """The cells of one column as text."""
    if kind == "date":
        return _days([_day_text(cell, epoch) for cell in cells])
    texts = [_text(cell) for cell in cells]
    return texts if kind == "id" else [text and (_LETTER.sub("", text) or None) for text in texts]


def _text(cell: Any) -> str | None:
    """A cell as text; nothing for a blank, an Excel error or a missing value."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and not np.isfinite(cell)):
        return None
    if isinstance(cell, float) and cell == int(cell) and abs(cell) < _WHOLE:
        cell = int(cell)
    text = str(cell).replace("\xa0", " ").strip()
    return None if not text or text == "<NA>" or _ERROR.match(text) else text


def _day_text(cell: Any, epoch: np.datetime64) -> str | None:
    """A cell of a date column as text: real dates and serial numbers as YYYY-MM-DD, other text as it stands."""
    if isinstance(cell, (dt.date, np.datetime64)) and not pd.isna(cell):
        return str(cell)[:10]
    if isinstance(cell, (dt.time, dt.timedelta)):
        return None  # Excel shows 0 in a date column as 00/01/1900
    text = _text(cell)
    if text is None or not _SERIAL.match(text):
        return text
    serial = int(float(text))
    if serial <= 1:
        return None
    return str(epoch + serial) if _FIRST_SERIAL <= serial <= _LAST_SERIAL else text


def _days(texts: list[str | None]) -> list[str | None]:
    """Texts of a date column, those that are dates written as YYYY-MM-DD."""
    days = as_dates(pd.Series(texts, dtype=object))[0]
    read = days.dt.strftime("%Y-%m-%d")
    return [text if missing else day for text, day, missing in zip(texts, read, days.isna(), strict=True)]
