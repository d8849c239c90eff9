"""Everything behind one risk in one zip file: what was used, when, which versions, and how to challenge it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.explanation.cells import NOT_KNOWN, Cell, day_said, look_at
from edgeofcare.explanation.child_page import child_page, only_row, template, withheld
from edgeofcare.explanation.concepts import probability_of, probability_points
from edgeofcare.spreadsheets import no_formula

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["FILES", "bundle"]

FILES = ("page.html", "how_to_challenge.md", "reasons.csv", "values.csv", "source_rows.csv", "about.json")
"""What the zip file holds."""

_WHEN = (1980, 1, 1, 0, 0, 0)  # the same bytes for the same explanation
_ALL = 10_000
_ROWS = ["table", "row_key", "date", "known", "feature"]


def bundle(explanation: Explanation) -> bytes:
    """Make the zip file of one row.

    Parameters
    ----------
    explanation : Explanation
        With one row.

    Returns
    -------
    bytes
        The same for the same explanation.

    Raises
    ------
    SpecError
        If it has not exactly one row.
    """
    only_row(explanation)
    cells = [look_at(explanation, 0, column) for column in range(explanation._values.shape[1])]
    parts = {
        "page.html": child_page(explanation),
        "how_to_challenge.md": _how_to_challenge(explanation),
        "reasons.csv": _csv(_reasons(explanation)),
        "values.csv": _csv(_values(explanation, cells)),
        "source_rows.csv": _csv(_source_rows(cells)),
        "about.json": json.dumps(_about(explanation), indent=2, sort_keys=True, ensure_ascii=False) + "\n",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FILES:
            archive.writestr(zipfile.ZipInfo(name, _WHEN), parts[name].encode("utf-8"), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _reasons(explanation: Explanation) -> pd.DataFrame:
    """Every concept, without the source rows, which have a file of their own."""
    frame = explanation.reasons(_ALL).drop(columns="evidence")
    return frame.reset_index(["household_id", "child_id", "index_date"], drop=True).reset_index()


def _values(explanation: Explanation, cells: list[Cell]) -> pd.DataFrame:
    """Every feature with its value in words, and what it does."""
    log_odds = float(explanation._scores["log_odds"].iloc[0])
    contributions = [cell.contribution for cell in cells]
    return pd.DataFrame(
        {
            "feature": [cell.feature for cell in cells],
            "concept": [cell.concept for cell in cells],
            "value": [cell.value for cell in cells],
            "known": ["no" if cell.record == NOT_KNOWN else "yes" for cell in cells],
            "record": [cell.record for cell in cells],
            "sentence": [cell.sentence for cell in cells],
            "contribution": contributions,
            "probability_points": probability_points(contributions, explanation.base, log_odds),
            "source_rows": [len(cell.evidence) for cell in cells],
        }
    )


def _source_rows(cells: list[Cell]) -> pd.DataFrame:
    """Every source row behind every value; those of siblings are other children's and stay out."""
    found = []
    for cell in cells:
        if cell.rows is None or withheld(cell.feature):
            continue
        known = cell.rows["known"].dt.strftime("%Y-%m-%d")
        rows = [(table, key, "" if date == "nan" else date) for table, key, date in cell.evidence]
        found += [(*row, day, cell.feature) for row, day in zip(rows, known, strict=True)]
    frame = pd.DataFrame(found, columns=["table", "row_key", "date", "known", "feature"])
    return frame[_ROWS].sort_values(["table", "date", "row_key", "feature"], ignore_index=True)


def _about(explanation: Explanation) -> dict[str, Any]:
    """Whose risk it is, what it is, and with which model, records and versions it was made."""
    household, child, index_date = explanation._values.index[0]
    records = explanation._records
    held = None
    if records is not None:
        held = {
            "observed_until": str(records.observed_until.date()),
            "fingerprint": records.fingerprint,
            "reporting_lag": {name: int(days) for name, days in records.reporting_lag.items()},
        }
    return {
        "household_id": str(household),
        "child_id": str(child),
        "index_date": str(pd.Timestamp(index_date).date()),
        "risk": float(explanation._scores["risk"].iloc[0]),
        "log_odds": float(explanation._scores["log_odds"].iloc[0]),
        "base_log_odds": explanation.base,
        "base_risk": probability_of(explanation.base),
        "model": explanation.about.to_dict(),
        "records": held,
    }


def _how_to_challenge(explanation: Explanation) -> str:
    """What to do about a risk that seems wrong."""
    about = explanation.about
    day = day_said(explanation._values.index[0][2])
    return str(
        template("how_to_challenge.md", html=False).render(
            day=day,
            model=about.model_id or "not loaded from a model file",
            horizon=about.horizon_days,
            reference=about.reference,
            with_records=explanation._records is not None,
        )
    )


def _csv(frame: pd.DataFrame) -> str:
    """A frame as CSV with one kind of line end, in which no spreadsheet finds a formula."""
    plain = frame.astype(object).map(lambda cell: no_formula(cell) if isinstance(cell, str) else cell)
    return str(plain.to_csv(index=False, lineterminator="\n"))
