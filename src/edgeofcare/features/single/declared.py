"""What plain records declare beside their rows: when they can be trusted, reporting lags, links and own tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.features.single.columns import day_of
from edgeofcare.features.single.reading import Problems
from edgeofcare.schema.columns import EVENT, SPELL, Table
from edgeofcare.schema.extracts import LATE_DAYS
from edgeofcare.schema.own import own_table
from edgeofcare.schema.sentinels import LARGEST_NUMBER
from edgeofcare.schema.tables import TABLES

__all__ = ["LINKS_SAID", "Declarations", "read_declarations"]

LINKS_SAID = ("none", "undated", "dated")
_DATED = tuple(name for name, table in TABLES.items() if table.start is not None)
_OPTIONS = (
    "child_id", "observed_until", "observed_from", "reporting_lag", "links", "absent_columns", "own_tables", "tables",
)  # fmt: skip
_NONE: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Declarations:
    """What is declared of the records of one child.

    Parameters
    ----------
    child_id : str
        The child.
    observed_until : int
        The last day on which they can be trusted, since 1970-01-01.
    observed_from : mapping of str to int or None
        From when each dated table can be trusted.
    reporting_lag : mapping of str to int
        Days from an event until it can be seen.
    links : str or None
        What the whole extract says of siblings; None where it is to be read off the rows.
    absent_columns : mapping of str to tuple of str
        Columns that the source does not hold.
    own : mapping of str to Table
        Tables of the authority's own.
    """

    child_id: str
    observed_until: int
    observed_from: Mapping[str, int | None]
    reporting_lag: Mapping[str, int]
    links: str | None = None
    absent_columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    own: Mapping[str, Table] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """As JSON can hold them."""
        first = {name: None if day is None else _iso(day) for name, day in self.observed_from.items()}
        kinds = {
            name: {"kind": table.kind, "value": "value" in table.names, "category": "category" in table.names}
            for name, table in self.own.items()
        }
        return {
            "child_id": self.child_id,
            "observed_until": _iso(self.observed_until),
            "observed_from": first,
            "reporting_lag": dict(self.reporting_lag),
            "links": self.links,
            "absent_columns": {name: list(columns) for name, columns in self.absent_columns.items()},
            "own_tables": kinds,
        }


def read_declarations(plain: Mapping[str, Any], problems: Problems) -> Declarations:
    """Read what is declared.

    Parameters
    ----------
    plain : mapping
        The whole input.
    problems : Problems
        Collects what is wrong.

    Returns
    -------
    Declarations
        To be used only where there are no problems.
    """
    if unknown := len(plain.keys() - set(_OPTIONS)):
        problems.append(f"{unknown} of the names at the top are not known. There can be {', '.join(_OPTIONS)}.")
    child_id = plain.get("child_id")
    if not isinstance(child_id, str) or not child_id:
        problems.append("child_id must be text: the child, as it stands in the rows.")
    until = _day(plain.get("observed_until"))
    if until is None:
        problems.append("observed_until must be an ISO date such as '2025-03-31': the last day that can be trusted.")
    own = _own(plain.get("own_tables", _NONE), problems)
    dated = (*_DATED, *own)
    first = _by_table(plain, "observed_from", dated, "an ISO date or null", _is_day, problems)
    _refuse_held_but_not_sent(first, plain, until or 0, problems)
    lag = _by_table(plain, "reporting_lag", dated, "a whole number of days", _is_lag, problems)
    absent = _by_table(
        plain, "absent_columns", dated, "a list of columns that are optional and no dates", None, problems
    )
    links = plain.get("links")
    if links is not None and links not in LINKS_SAID:
        problems.append(f"links must be one of {', '.join(map(repr, LINKS_SAID))}, or left out.")
    lag = {"assessment_factors": lag.get("assessments", 0), **lag}
    return Declarations(
        child_id=str(child_id),
        observed_until=until or 0,
        observed_from={name: _first_day(name, first, plain, until or 0) for name in dated},
        reporting_lag={name: int(lag.get(name, 0)) for name in dated},
        links=links,
        absent_columns=_absent(absent, own, problems),
        own=own,
    )


def _first_day(name: str, given: Mapping[str, Any], plain: Mapping[str, Any], until: int) -> int | None:
    """From when a table can be trusted: as given, or for all time, where it was sent; never where it was not."""
    if name in plain["tables"]:
        return _day(given[name]) if name in given else None
    return until + LATE_DAYS


def _refuse_held_but_not_sent(
    given: Mapping[str, Any], plain: Mapping[str, Any], until: int, problems: Problems
) -> None:
    """Tell of tables that are said to be held and are not there: nobody could know whether a row was forgotten."""
    absent = [name for name in given if name not in plain["tables"]]
    if wrong := [name for name in absent if given[name] is None or (_day(given[name]) or 0) <= until]:
        problems.append(
            f"observed_from says that {', '.join(wrong)} can be trusted, but tables does not hold "
            f"{'them' if len(wrong) > 1 else 'it'}. Send an empty list for a table that is held and has no row, or "
            "leave it out of both."
        )


def _by_table(
    plain: Mapping[str, Any],
    name: str,
    dated: tuple[str, ...],
    form: str,
    fits: Callable[[Any], bool] | None,
    problems: Problems,
) -> dict[str, Any]:
    """A mapping by dated table; what does not fit is told and left out."""
    given = plain.get(name)
    given = _NONE if given is None else given
    if not isinstance(given, Mapping):
        problems.append(f"{name} must be a mapping of tables, each to {form}.")
        return {}
    if unknown := len(given.keys() - set(dated)):
        problems.append(f"{name} names {unknown} tables that do not exist or have no dates.")
    held = {table: given[table] for table in dated if table in given}
    if wrong := [table for table, value in held.items() if fits is not None and not fits(value)]:
        problems.append(f"{name} must give {form} for {', '.join(wrong)}.")
    return {table: value for table, value in held.items() if table not in wrong}


def _absent(given: Mapping[str, Any], own: Mapping[str, Table], problems: Problems) -> dict[str, tuple[str, ...]]:
    """Columns that the source does not hold, sorted."""
    found = {}
    for name in sorted(given):
        table = own.get(name) or TABLES[name]
        optional = {column.name for column in table.columns if not column.required and column.kind != "date"}
        columns = given[name]
        if not isinstance(columns, list | tuple) or not all(isinstance(c, str) and c in optional for c in columns):
            problems.append(f"absent_columns: {name} must be a list of {', '.join(sorted(optional)) or 'no columns'}.")
        elif columns:
            found[name] = tuple(sorted(set(columns)))
    return found


def _own(given: Any, problems: Problems) -> dict[str, Table]:
    """Definitions of own tables."""
    found: dict[str, Table] = {}
    if not isinstance(given, Mapping):
        problems.append(_OWN)
        return found
    for name, about in given.items():
        if not isinstance(about, Mapping) or about.get("kind") not in (EVENT, SPELL) or about.keys() - _ABOUT:
            problems.append(_OWN)
            continue
        options = {part: about.get(part, True) for part in ("value", "category")}
        if not all(isinstance(held, bool) for held in options.values()):
            problems.append(_OWN)
            continue
        try:
            found[name] = own_table(name, about["kind"], **options)
        except (SpecError, TypeError):
            problems.append("own_tables: a name cannot be used. It must be one that records.with_events takes.")
    return found


_ABOUT = {"kind", "value", "category"}
_OWN = (
    "own_tables must give for each table its kind ('event' or 'spell'), and may say whether its rows have a value and "
    "a category (true or false)."
)


def _is_lag(value: Any) -> bool:
    """Whether it is a whole number of days, zero or more; JSON does not tell 14.0 from 14."""
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return whole and not isinstance(value, bool) and 0 <= value <= LARGEST_NUMBER


def _is_day(value: Any) -> bool:
    """Whether it is an ISO date, or nothing."""
    return value is None or _day(value) is not None


def _day(value: Any) -> int | None:
    """The day of an ISO date; None for everything else."""
    try:
        return day_of(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _iso(day: int) -> str:
    """A day as ISO text."""
    return str(np.datetime64(day, "D"))
