"""What is declared of an extract: from when its tables can be trusted, and how late things show."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.records.window import infer_observed_from
from edgeofcare.schema.columns import Table
from edgeofcare.schema.tables import TABLES
from edgeofcare.task import days

__all__ = ["LINKS", "absent_columns", "checked_invalid", "lags", "links_of", "observed_from", "own_observed_from"]

LINKS = ("none", "undated", "dated")
"""What an extract can say of siblings, the least first."""

_DATED = tuple(name for name, table in TABLES.items() if table.start is not None)


def checked_invalid(invalid: str) -> str:
    """What to do with rows that cannot be right, refused where it is neither of the two."""
    if invalid not in ("raise", "drop"):
        msg = f"invalid must be 'raise' or 'drop'; got {invalid!r}."
        raise SpecError(msg)
    return invalid


def own_observed_from(given: Any, table: Table, rows: pd.DataFrame, until: pd.Timestamp) -> pd.Timestamp:
    """First trusted day of an own table: as given, else the first day of its first month; never if it is empty.

    Of 200 rows or more, the earliest half per cent are left out as outliers.
    """
    if given is not None:
        return one_date(given, "observed_from")
    if rows.empty:
        return until + pd.Timedelta(days=1)
    days = np.sort(rows[str(table.start)].to_numpy().astype("datetime64[D]"))
    return pd.Timestamp(days[days.size // 200].astype("datetime64[M]").astype("datetime64[s]"))


def _by_table(given: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """A mapping by table, refused where it names a table that has no dates."""
    unknown = sorted(set(given) - set(_DATED))
    if unknown:
        msg = f"{what} names tables that do not exist or have no dates: {', '.join(unknown)}."
        raise SpecError(msg)
    return given


def observed_from(
    given: Any, tables: Mapping[str, pd.DataFrame], until: pd.Timestamp
) -> dict[str, pd.Timestamp | None]:
    """First trusted day by table: as given, else as the extract's window shows."""
    inferred = infer_observed_from(tables, until)
    if given is None:
        return inferred
    if isinstance(given, Mapping):
        own = {name: one_date(date, "observed_from") for name, date in _by_table(given, "observed_from").items()}
    else:
        own = dict.fromkeys((name for name in _DATED if len(tables[name])), one_date(given, "observed_from"))
    if own and max(own.values()) > until:
        msg = "observed_from lies after observed_until; give the first and the last date that can be trusted."
        raise SpecError(msg)
    return inferred | own


def lags(given: str | int | Mapping[str, str | int]) -> dict[str, int]:
    """Reporting lag in days by table."""
    if isinstance(given, Mapping):
        own = dict(_by_table(given, "reporting_lag"))
        own.setdefault("assessment_factors", own.get("assessments", 0))
        return {name: days(own.get(name, 0)) for name in _DATED}
    return dict.fromkeys(_DATED, days(given))


def links_of(given: str | None, relationships: pd.DataFrame) -> str:
    """What an extract can say of siblings: as given, else as its links show."""
    if given is not None:
        if given not in LINKS:
            msg = f"links must be one of {', '.join(map(repr, LINKS))}; got {given!r}."
            raise SpecError(msg)
        return given
    usable = relationships.dropna(subset=["child_id", "related_id"])
    return "none" if usable.empty else "dated" if usable["recorded_date"].notna().any() else "undated"


def absent_columns(
    given: Mapping[str, Collection[str]] | None, sources: Mapping[str, pd.DataFrame]
) -> dict[str, tuple[str, ...]]:
    """Optional columns, dates aside, that the source lacks in its dated tables: as given, and as frames show."""
    said = _by_table(given or {}, "absent_columns")
    found = {}
    for name in sorted({*said, *(name for name in sources if name in _DATED)}):
        optional = [column.name for column in TABLES[name].columns if not column.required and column.kind != "date"]
        if unknown := sorted(set(said.get(name, ())) - set(optional)):
            msg = f"absent_columns: {name} has no optional column {', '.join(map(repr, unknown))} that is no date."
            raise SpecError(msg)
        lacking = [column for column in optional if name in sources and column not in sources[name].columns]
        if absent := sorted({*said.get(name, ()), *lacking}):
            found[name] = tuple(absent)
    return found
