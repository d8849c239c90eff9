"""Reading an Annex A workbook, to score today's open cases."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.records.annex_a.shape import canonical_tables
from edgeofcare.records.annex_a.workbook import lists_of, sheets_of
from edgeofcare.records.findings import Findings
from edgeofcare.records.records import Records
from edgeofcare.records.values import as_dates
from edgeofcare.schema.tables import TABLES

__all__ = ["SCORING_ONLY", "read_annex_a"]

SCORING_ONLY = (
    "an Annex A workbook holds cases that are open or recent, reaches back 6 or 12 months, and counts back from the "
    "day of the report. Who had left before then is not in it, so labels would be selective. Learn from an SSD extract "
    "or from statutory returns, and score with this workbook."
)
"""Why nothing can be learned from an Annex A workbook."""

_LOOK_BACKS = (6, 12)
_GRACE_DAYS = 14
_OUTLIERS = 200


def read_annex_a(
    source: str | Path | Mapping[str, pd.DataFrame],
    *,
    observed_until: str | pd.Timestamp,
    observed_from: str | pd.Timestamp | Mapping[str, Any] | None = None,
    reporting_lag: str | int | Mapping[str, str | int] = 0,
    code_maps: Mapping[str, Mapping[str, str]] | str | Path | None = None,
    invalid: str = "raise",
    progress: bool | None = False,
) -> Records:
    """Read an Annex A workbook (Lists 1 to 8), for scoring today's open cases; it cannot train a model.

    Parameters
    ----------
    source : path or mapping of str to DataFrame
        The workbook (``.xlsx``), or its sheets by name as ``pandas.read_excel(path, sheet_name=None)`` gives them. A
        sheet is a list by its number (``"List 3"``, anywhere in the name) or else by its columns. Rows above the header
        are skipped; headers are matched by their words. Lists 3, 6 and 8 are needed.
    observed_until : str or Timestamp
        The day of the report.
    observed_from : str, Timestamp or mapping, optional
        From when the lists can be trusted: the first day of the look-back. Estimated where it is not given (Notes).
    reporting_lag : str, int or mapping, default 0
        Days from an event until it can be seen, for all tables or by canonical table.
    code_maps : mapping or path, optional
        The authority's own texts, ``{"legal_status": {"local text": "V2"}}``, or a CSV or JSON file of them.
    invalid : {"raise", "drop"}, default "raise"
        Whether rows that cannot be right stop the reading, or are left out and counted.
    progress : bool or None, default False
        Whether to show a progress bar; None shows one where a person watches.

    Returns
    -------
    Records
        Validated records with ``scoring_only`` set, so that :func:`edgeofcare.label_outcome` refuses them.

    Raises
    ------
    RecordsError
        With every problem of the workbook: what, where, how many, and what to do.
    SpecError
        If an option is not understood, the file does not exist, or openpyxl is not installed.

    Notes
    -----
    *Look-back.* Lists reach back 6 or 12 months. The window is taken to begin on the day of the first contact or
    referral (leaving out the earliest half per cent), no later than 6 and no sooner than 12 months before the
    report; a day within 14 days after the 12 months is taken as these. A lookback that reaches further back is unknown
    (NaN), not zero. Give ``observed_from`` where few rows, or one with a wrong date, would mislead this.

    *Cases.* Annex A has no row keys and does not say which referral began which case. A referral (List 3) belongs to
    the case (List 6) of its child that began on its day, else to one that was open on it, else to the next that
    begins within 60 days. A referral without a case is over on its day, unless an assessment that began since is not
    authorised yet. A case that no referral of the list began is a referral from its own start date.

    *What is not in it.* Factors, child in need plans, missing episodes, placements, workers, mothers and families:
    their features are NaN, and each child is its own household. List 2 holds early help *assessments*, not episodes.
    List 8 holds the current legal status only. Counts "in the last 12 months" are not read.

    References
    ----------
    Ofsted, child-level data for the inspection of local authority children's services, Annex A.

    Examples
    --------
    >>> lists = {"List 1": pd.DataFrame({"Child Unique ID": ["1"], "Date of Contact": ["01/04/2025"]})}
    >>> read_annex_a(lists, observed_until="2025-04-30")
    Traceback (most recent call last):
    edgeofcare.exceptions.RecordsError: The records cannot be used (3 problems):
      - List 3 (referrals): no sheet is named so, or has its columns. Records need Lists 3, 6 and 8.
      - List 6 (children in need): no sheet is named so, or has its columns. Records need Lists 3, 6 and 8.
      - List 8 (looked-after children): no sheet is named so, or has its columns. Records need Lists 3, 6 and 8.
    """
    until = one_date(observed_until, "observed_until")
    findings = Findings(invalid=invalid)
    sheets, epoch = sheets_of(source, findings, progress=progress)
    findings.raise_problems()
    lists = lists_of(sheets, epoch, findings)
    findings.raise_problems()
    tables = canonical_tables(lists, findings)
    return Records.from_tables(
        tables,
        observed_until=until,
        observed_from=_observed_from(observed_from, lists, tables, until),
        reporting_lag=reporting_lag,
        code_maps=code_maps,
        invalid=invalid,
        findings=findings,
        scoring_only=SCORING_ONLY,
    )


def _observed_from(
    given: Any, lists: Mapping[int, pd.DataFrame], tables: Mapping[str, pd.DataFrame], until: pd.Timestamp
) -> dict[str, Any]:
    """First trusted day of each table that the workbook has, also where its list is empty."""
    dated = [name for name in tables if TABLES[name].start is not None]
    if given is not None and not isinstance(given, Mapping):
        return dict.fromkeys(dated, given)
    return dict.fromkeys(dated, _window_start(lists, until)) | dict(given or {})


def _window_start(lists: Mapping[int, pd.DataFrame], until: pd.Timestamp) -> pd.Timestamp:
    """The first day of the look-back, as contacts and referrals show it: 6 to 12 months before the report."""
    shortest, longest = (until - pd.DateOffset(months=months) for months in _LOOK_BACKS)
    dates = [lists[number][column] for number, column in ((1, "date"), (3, "start_date")) if number in lists]
    dated = as_dates(pd.concat(dates))[0]
    days = np.sort(dated[dated <= until].to_numpy())
    if not days.size or (first := pd.Timestamp(days[days.size // _OUTLIERS])) >= shortest:
        return shortest
    return longest if first <= longest + pd.Timedelta(days=_GRACE_DAYS) else first
