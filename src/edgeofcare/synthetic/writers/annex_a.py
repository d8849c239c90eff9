"""Write records as the Annex A workbook, which an authority hands to inspectors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.synthetic.writers.return_lists import annex_a_lists
from edgeofcare.synthetic.writers.return_tables import return_source

__all__ = ["write_annex_a"]

_DATE_FORMAT = "dd/mm/yyyy"


def write_annex_a(
    records: Records | Mapping[str, pd.DataFrame],
    path: str | Path,
    *,
    observed_from: Any = None,
    observed_until: Any = None,
) -> Path:
    """Write Lists 1 to 8 of Annex A: what was open or happened in the 12 months up to the last day of the records.

    Parameters
    ----------
    records : Records or mapping of str to DataFrame
        Records, or canonical tables by name.
    path : str or Path
        The Excel workbook to write.
    observed_from, observed_until : date, optional
        Window of the tables, where canonical tables are given. The lists are as on ``observed_until``.

    Returns
    -------
    Path
        The workbook.

    Raises
    ------
    SpecError
        If openpyxl is not installed.

    Notes
    -----
    Columns of which nothing is simulated (visits, reviews, health, postcodes) are empty. Counts "in the last 12
    months" are those of the last day, which is why such a workbook is of use for scoring on that day alone.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_annex_a(make_records(50, random_state=0), Path(folder) / "annex_a.xlsx").name
    'annex_a.xlsx'
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
    except ImportError:
        msg = "Writing Annex A needs openpyxl. Install it with: pip install 'edgeofcare[excel]'"
        raise SpecError(msg) from None
    lists = annex_a_lists(return_source(records, observed_from, observed_until))
    book = Workbook(write_only=True)
    for number, frame in lists.items():
        sheet = book.create_sheet(f"List {number}")
        sheet.append(list(frame.columns))
        for row in frame.itertuples(index=False):
            sheet.append([_cell(WriteOnlyCell, sheet, value) for value in row])
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)
    return target


def _cell(cell_type: Any, sheet: Any, value: Any) -> Any:
    """A cell of the workbook: nothing, a day, or the value as it is."""
    if pd.isna(value):
        return None
    if not isinstance(value, pd.Timestamp):
        return value
    cell = cell_type(sheet, value=value.to_pydatetime())
    cell.number_format = _DATE_FORMAT
    return cell
