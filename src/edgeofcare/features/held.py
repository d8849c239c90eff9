"""What records must hold for a feature: own tables with their columns, columns of the source, and days to trust."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Protocol

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.specs.spells import Active, DaysIn, Overlap
from edgeofcare.schema.columns import SPELL, Table
from edgeofcare.schema.own import OWN

__all__ = ["Declared", "check_held", "columns_missing", "observed_from_day", "table_of"]


class Declared(Protocol):
    """Records of any kind: the tables that they hold, and what is declared of them."""

    def __iter__(self) -> Iterator[str]:
        """Names of the tables."""

    def definition(self, name: str, /) -> Table:
        """Columns, kind and words of one table."""

    @property
    def observed_from(self) -> Mapping[str, Any]:
        """From when each dated table can be trusted; None where that is not known."""

    @property
    def absent_columns(self) -> Mapping[str, Collection[str]]:
        """Columns that the source of a table does not hold, by table."""


def check_held(records: Declared, features: Iterable[Feature]) -> None:
    """Refuse features of own tables that the records do not hold, or not in that form.

    Parameters
    ----------
    records : Records or ChildRecords
        The case records.
    features : iterable of Feature
        Specs.

    Raises
    ------
    SpecError
        With every such feature.
    """
    problems = [problem for spec in features if isinstance(spec, TableFeature) for problem in _not_held(records, spec)]
    if problems:
        msg = "These features cannot be built: " + "; ".join(problems) + "."
        raise SpecError(msg)


def _not_held(records: Declared, spec: TableFeature) -> list[str]:
    """What own tables lack that a feature needs."""
    filters = [*spec.where, *spec.unless, *getattr(spec, "of", ())]
    needed = [name for name, _ in filters] + [getattr(spec, "value", "")]
    is_spell = isinstance(spec, Active | DaysIn) or getattr(spec, "edge", "start") == "end"
    problems = _lacks(records, spec.table, needed, is_spell=is_spell) if spec.source.kind == OWN else []
    if isinstance(spec, Overlap) and spec.other_source.kind == OWN:
        problems += _lacks(records, spec.other, [], is_spell=True)
    return [f"{spec.name}: {problem}" for problem in problems]


def _lacks(records: Declared, name: str, needed: Iterable[str], *, is_spell: bool) -> list[str]:
    """What an own table lacks: itself, columns, or ends."""
    if name not in records:
        return [f"these records have no table {name!r}; add it with records.with_events"]
    table = records.definition(name)
    problems = [f"the table {name!r} was added without a {each}" for each in needed if each and each not in table.names]
    if is_spell and table.kind != SPELL:
        problems.append(f"the table {name!r} holds events, which have no end")
    return problems


def columns_missing(records: Declared, spec: TableFeature) -> list[str]:
    """Columns that a feature uses and the source of the records does not hold, so that it is unknown.

    Parameters
    ----------
    records : Records or ChildRecords
        The case records.
    spec : TableFeature
        The feature.

    Returns
    -------
    list of str
        Names of columns, in order; none where the records hold all.
    """
    used = {name for name, _ in (*spec.where, *spec.unless, *getattr(spec, "of", ()))} | {getattr(spec, "value", "")}
    return sorted(used.intersection(records.absent_columns.get(table_of(spec.table), ())))


def table_of(name: str) -> str:
    """The table of the records that a feature's table is made of.

    Parameters
    ----------
    name : str
        A table that a feature names.

    Returns
    -------
    str
        ``"care_episodes"`` for periods of care, else the table itself.
    """
    return "care_episodes" if name == "care_periods" else name


def observed_from_day(records: Declared, name: str) -> int:
    """First day on which a table can be trusted.

    Parameters
    ----------
    records : Records or ChildRecords
        The case records.
    name : str
        A table that a feature names.

    Returns
    -------
    int
        Days since 1970-01-01; far in the past where it is not known.
    """
    date = records.observed_from.get(table_of(name))
    return -MAX_DAY if date is None else int(np.datetime64(date, "D").astype("int64"))
