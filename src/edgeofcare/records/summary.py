"""What records say of themselves in short: counts by table, and a fingerprint; apart from them to keep them short."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from edgeofcare.records.records import Records

__all__ = ["counts_of", "fingerprint_of"]


def counts_of(self: Records) -> pd.DataFrame:
    """Count the rows and children of each table.

    Parameters
    ----------
    self : Records
        The records that are counted.

    Returns
    -------
    DataFrame
        Columns ``table``, ``rows``, ``children``, ``observed_from`` and ``reporting_lag`` (days).
    """
    rows = []
    for name in self:
        frame = self.table(name)
        rows.append(
            {
                "table": name,
                "rows": len(frame),
                "children": frame["child_id"].nunique(),
                "observed_from": _month(self.observed_from.get(name)),
                "reporting_lag": self.reporting_lag.get(name, 0),
            }
        )
    return pd.DataFrame(rows)


def fingerprint_of(self: Records) -> str:
    """SHA-256 of all tables and what is declared of them, independent of the order of rows."""
    digest = hashlib.sha256()
    declared: list[object] = [str(self.observed_until.date()), sorted(self.reporting_lag.items())]
    declared.append(sorted((name, str(date)) for name, date in self.observed_from.items()))
    declared += [self.links, sorted(self.absent_columns.items())]
    digest.update(repr(declared).encode())
    for name in sorted(self):
        frame = self.table(name)
        ordered = frame.sort_values("child_id" if name == "children" else "row_key", kind="stable")
        text = ordered.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n", na_rep="")
        digest.update(f"{name}\n{text}".encode())
    return digest.hexdigest()


def _month(date: pd.Timestamp | None) -> str:
    """A date as text, or nothing."""
    return "" if date is None else str(date.date())
