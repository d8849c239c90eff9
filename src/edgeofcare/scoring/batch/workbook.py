"""A workbook of scores for people: a sheet for each team, the riskiest first; no text in it is ever a formula."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.scoring.batch.layout import Row

__all__ = ["NO_TEAM", "sheet_names", "workbook_bytes"]

NO_TEAM = "No team"
"""The sheet of the children without a team."""

_WIDTHS = {
    **{"rank": 6, "child_id": 16, "household_id": 16, "risk": 8, "risk_low": 8, "risk_high": 8},
    **{"reasons": 90, "source rows": 50, "compared_with": 30, "unknown": 40, "unseen": 25},
    **{"index_date": 12, "data_until": 12, "model_id": 15, "decision_support_only": 12, "override": 40},
}
_WRAPPED = ("reasons", "source rows", "unknown", "unseen", "override")
_FORMATS = {
    **dict.fromkeys(("risk", "risk_low", "risk_high"), "0.0%"),
    **dict.fromkeys(("index_date", "data_until"), "yyyy-mm-dd"),
}
_NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\'\x00-\x1f]")
_NOT_IN_CELLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_NAME = 31
_LONGEST_TEXT = 32_767
_MOST_ROWS = 1_048_575
_WHEN = (1980, 1, 1, 0, 0, 0)
_MOMENTS = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:)")


def workbook_bytes(rows: Sequence[Row], teams: Sequence[str] | None) -> bytes:
    """Write a workbook into memory: the same bytes for the same scores.

    Parameters
    ----------
    rows : sequence of dict
        With every column.
    teams : sequence of str or None
        The team of each row, empty where there is none; None puts all on one sheet.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    SpecError
        If openpyxl is not installed, or a team has more children than a sheet has rows.
    """
    try:
        from openpyxl import Workbook
    except ImportError:
        msg = "Writing a workbook needs openpyxl. Install it with: pip install 'edgeofcare[excel]'"
        raise SpecError(msg) from None
    book = Workbook(write_only=True)
    told = ["Scores"] * len(rows) if teams is None else list(teams)
    names = sheet_names(told if rows else ["Scores"])
    by_team: dict[str, list[Row]] = {team: [] for team in names}
    for team, row in zip(told, rows, strict=True):
        by_team[team].append(row)
    if max(map(len, by_team.values())) > _MOST_ROWS:
        msg = "A team has more children than a sheet has rows. Write a .parquet or .csv file."
        raise SpecError(msg)
    for team, name in names.items():
        _fill(book.create_sheet(name), by_team[team])
    buffer = io.BytesIO()
    book.save(buffer)
    return _without_moments(buffer.getvalue())


def sheet_names(teams: Iterable[str]) -> dict[str, str]:
    """Names of the sheets: as the teams are called, as far as a workbook allows, each once; no team comes last.

    Parameters
    ----------
    teams : iterable of str
        Teams, empty for none.

    Returns
    -------
    dict of str to str
        Name of the sheet of each team, in the order of the sheets.

    Examples
    --------
    >>> sheet_names(["North/East", "", "north east", "South"])
    {'North/East': 'North East', 'South': 'South', 'north east': 'north east (2)', '': 'No team'}
    """
    names: dict[str, str] = {}
    taken = {NO_TEAM.casefold(), "history"}  # which Excel keeps for itself
    for team in sorted({*teams} - {""}):
        plain = " ".join(_NOT_IN_CELLS.sub(" ", _NOT_IN_NAMES.sub(" ", team)).split())[:_LONGEST_NAME] or "Team"
        name, number = plain, 1
        while name.casefold() in taken:
            number += 1
            end = f" ({number})"
            name = plain[: _LONGEST_NAME - len(end)] + end
        taken.add(name.casefold())
        names[team] = name
    return names | ({"": NO_TEAM} if "" in {*teams} else {})


def _fill(sheet: Any, rows: Iterable[Row]) -> None:
    """One sheet: a line of headings that stays, and a line for each child."""
    from openpyxl.utils import get_column_letter

    sheet.freeze_panes = "C2"
    for place, width in enumerate(_WIDTHS.values(), start=1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.append([_cell(sheet, name, name) for name in _WIDTHS])
    for row in rows:
        sheet.append([_cell(sheet, name, value) for name, value in _line(row).items()])


def _line(row: Row) -> dict[str, Any]:
    """A score in the columns of a sheet, its lists in words, an item a line."""
    reasons = json.loads(row["reasons"])
    keys = dict.fromkeys(f"{each['table']} {each['row_key']}" for reason in reasons for each in reason["rows"])
    told = {
        "reasons": [reason["sentence"] for reason in reasons],
        "source rows": list(keys),
        "unknown": json.loads(row["unknown"] or "[]"),
        "unseen": json.loads(row["unseen"] or "[]"),
    }
    return {name: "\n".join(told[name]) if name in told else row[name] for name in _WIDTHS}


def _cell(sheet: Any, name: str, value: Any) -> Any:
    """A cell; text is text whatever it begins with, also once somebody edits it."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment

    if value is None or value == "":
        return None
    if not isinstance(value, str):
        cell = WriteOnlyCell(sheet, value=value)
        cell.number_format = _FORMATS.get(name, "General")
        return cell
    cell = WriteOnlyCell(sheet, value=_NOT_IN_CELLS.sub(" ", value)[:_LONGEST_TEXT])
    cell.data_type = "s"
    cell.quotePrefix = True
    cell.alignment = Alignment(wrap_text=name in _WRAPPED, vertical="top")
    return cell


def _without_moments(content: bytes) -> bytes:
    """The same workbook without the moment at which it was written."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as held, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as plain:
        for name in held.namelist():
            data = held.read(name)
            if name == "docProps/core.xml":
                data = _MOMENTS.sub(rb"\g<1>2000-01-01T00:00:00Z\g<3>", data)
            plain.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
