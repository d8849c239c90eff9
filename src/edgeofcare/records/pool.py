"""Records of several authorities as one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.declared import LINKS
from edgeofcare.records.findings import Findings
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import Table
from edgeofcare.schema.tables import TABLES

__all__ = ["pool"]

_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9 &'-]{0,39}$")
_KEYS = ("worker",)
"""Columns that hold keys although they are used as codes."""


def pool(authorities: Mapping[str, Records] | Sequence[Records]) -> Records:
    """Put the records of several authorities together, for pooled training and for transport between them.

    Parameters
    ----------
    authorities : mapping of str to Records, or sequence of Records
        Records by the name of the authority: letters, digits, spaces, hyphens, ampersands and apostrophes. In a
        sequence, records that hold the name of one authority keep it, and others are called by their place
        (``"authority 1"``).

    Returns
    -------
    Records
        One set of records. ``children`` has a column ``authority``, by which a model can be audited and which is no
        feature; every key begins with the authority's name (``"Camden:1234"``), so that keys and households of two
        authorities are never taken for one.

    Raises
    ------
    RecordsError
        If tables cannot go together: an own table of one name holds events here and spells there.
    SpecError
        If there are fewer than two authorities, or their names cannot be used.

    Notes
    -----
    A pool sees what all its authorities see. It ends on the earliest ``observed_until``, and what is later is
    dropped and counted. A table can be trusted from the latest ``observed_from``; one that some authority does not
    have is left out for all. A table's reporting lag is the longest. A column that some authority does not hold is
    unknown for all, and of siblings the pool says what all authorities can say.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> both = pool({"North": make_records(50, random_state=0), "South": make_records(50, random_state=1)})
    >>> both.table("children")["authority"].unique().tolist()
    ['North', 'South']
    """
    named = _named(authorities)
    until = min(records.observed_until for records in named.values())
    findings = Findings(rows=_told_before(named))
    own = _own_tables(named)
    tables = {name: _joined(name, named, until, findings) for name in (*TABLES, *own)}
    dated = [name for name, table in {**TABLES, **own}.items() if table.start is not None]
    lags = {name: max(_lag(records, name) for records in named.values()) for name in dated}
    pooled = Records.from_tables(
        {name: tables[name] for name in TABLES},
        observed_until=until,
        observed_from=_trusted_from(named, tables, dated),
        reporting_lag={name: lags[name] for name in dated if name in TABLES},
        findings=findings,
        absent=sorted({name for records in named.values() for name in records.absent}),
        absent_columns=_absent_columns(named),
        links=min((records.links for records in named.values()), key=LINKS.index),
        scoring_only=" ".join(sorted({records.scoring_only for records in named.values()} - {""})),
    )
    for name, table in own.items():
        pooled = _with_own(pooled, table, tables[name], named, lags[name])
    return pooled


def _named(authorities: Mapping[str, Records] | Sequence[Records]) -> dict[str, Records]:
    """Records by name, in the order of the names."""
    if isinstance(authorities, Mapping):
        named = dict(authorities)
    else:
        named = {}
        for place, records in enumerate(authorities, start=1):
            named[_own_name(records) or f"authority {place}"] = records
        if len(named) < len(authorities):
            msg = "Two of the records name the same authority. Give a mapping of different names to records."
            raise SpecError(msg)
    if len(named) < 2 or not all(isinstance(records, Records) for records in named.values()):
        msg = "pool needs the Records of two or more authorities, such as {'North': north, 'South': south}."
        raise SpecError(msg)
    wrong = [name for name in named if not isinstance(name, str) or not _NAME.match(name)]
    if wrong:
        msg = (
            "The names of authorities must be letters, digits, spaces, hyphens, ampersands and apostrophes, begin "
            "with a letter and have 40 characters at most."
        )
        raise SpecError(msg)
    return {name: named[name] for name in sorted(named)}


def _own_name(records: Records) -> str | None:
    """The authority that the records name, if it is one."""
    if not isinstance(records, Records):
        return None
    names = records.table("children")["authority"].dropna().unique()
    return str(names[0]) if len(names) == 1 else None


def _own_tables(named: Mapping[str, Records]) -> dict[str, Table]:
    """Own tables of any authority, each of one form."""
    found: dict[str, Table] = {}
    for records in named.values():
        for name in records:
            if name in TABLES:
                continue
            if found.setdefault(name, records.definition(name)) != records.definition(name):
                msg = f"{name}: the table is not of one form in all authorities. Add it to each with the same columns."
                raise RecordsError(msg)
    return found


def _joined(name: str, named: Mapping[str, Records], until: pd.Timestamp, findings: Findings) -> pd.DataFrame:
    """One table of all authorities, with their names in its keys; empty where one of them does not have it."""
    without = [name not in records or not _observed(records, name, until) for records in named.values()]
    parts = [_with_name(records, name, authority) for authority, records in named.items() if name in records]
    joined = pd.concat(parts, ignore_index=True)
    if any(without) and not all(without):
        findings.note(name, "", len(joined), "ignored", "not every authority has the table")
    return joined.iloc[:0] if any(without) else joined


def _observed(records: Records, name: str, until: pd.Timestamp) -> bool:
    """Whether a table can be trusted before the pool ends; one without dates always can."""
    first = None if records.definition(name).start is None else records.observed_from[name]
    return first is None or first <= until


def _with_name(records: Records, name: str, authority: str) -> pd.DataFrame:
    """A table whose keys begin with the name of the authority."""
    frame, table = records.table(name), records.definition(name)
    for column in (*table.of_kind("id"), *(key for key in _KEYS if key in table.names)):
        frame[column] = (authority + ":" + frame[column]).where(frame[column].notna())
    return frame.assign(authority=authority) if name == "children" else frame


def _lag(records: Records, name: str) -> int:
    """Days until a row of the table can be seen."""
    return records.reporting_lag.get(name, 0)


def _absent_columns(named: Mapping[str, Records]) -> dict[str, set[str]]:
    """Columns that some authority does not hold."""
    found: dict[str, set[str]] = {}
    for records in named.values():
        for name, columns in records.absent_columns.items():
            found.setdefault(name, set()).update(columns)
    return found


def _trusted_from(
    named: Mapping[str, Records], tables: Mapping[str, pd.DataFrame], dated: list[str]
) -> dict[str, pd.Timestamp]:
    """The latest first day of each table that is not empty."""
    first = {}
    for name in dated:
        days = [records.observed_from.get(name) for records in named.values()]
        known = [day for day in days if day is not None]
        if known and name in TABLES and len(tables[name]):
            first[name] = max(known)
    return first


def _with_own(pooled: Records, table: Table, rows: pd.DataFrame, named: Mapping[str, Records], lag: int) -> Records:
    """The pool with one own table."""
    days = [records.observed_from.get(table.name) for records in named.values()]
    known = [day for day in days if day is not None]
    columns: dict[str, Any] = {
        "date": str(table.start),
        "end": table.end,
        "known": "recorded_date",
        "end_known": "end_recorded_date" if table.end else None,
        "value": "value" if "value" in table.names else None,
        "category": "category" if "category" in table.names else None,
        "row_key": "row_key",
    }
    first = max(known) if known and len(rows) else None
    return pooled.with_events(table.name, rows, **columns, observed_from=first, reporting_lag=lag)


def _told_before(named: Mapping[str, Records]) -> list[tuple[str, str, int, str, str, str]]:
    """What was found when each authority's records were read."""
    return [
        (row["table"], row["column"], int(row["count"]), row["action"], f"{authority}: {row['why']}", row["rule"])
        for authority, records in named.items()
        for row in records.findings().to_dict("records")
    ]
