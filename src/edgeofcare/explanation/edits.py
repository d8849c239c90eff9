"""Edits of a child's record: an event removed, added or corrected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from edgeofcare.exceptions import SpecError
from edgeofcare.features.phrases import a, label
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import Table

__all__ = ["AddEvent", "CorrectEvent", "Edit", "RemoveEvent", "as_edits", "edits_said"]


@dataclass(frozen=True, repr=False)
class RemoveEvent:
    """A row of a table is not in the record.

    Parameters
    ----------
    table : str
        A dated table, canonical or your own, such as ``"missing_episodes"``.
    row_key : str
        The row's own key, as reasons and evidence give it.

    Examples
    --------
    >>> RemoveEvent("missing_episodes", "M-17")
    RemoveEvent(missing_episodes)
    """

    table: str
    row_key: str

    def __repr__(self) -> str:
        """The table alone."""
        return f"RemoveEvent({self.table})"


@dataclass(frozen=True, repr=False)
class AddEvent:
    """A row is in the record of the child as well.

    Parameters
    ----------
    table : str
        A dated table, canonical or your own.
    columns : mapping of str to object
        Column to value; a day as text or date. What is left out is empty: a spell without ``end_date`` is open, and a
        row without ``recorded_date`` is known on the day itself, plus the reporting lag.

    Examples
    --------
    >>> AddEvent("missing_episodes", {"start_date": "2024-05-01", "end_date": "2024-05-03"})
    AddEvent(missing_episodes: start_date, end_date)
    """

    table: str
    columns: Mapping[str, Any] = field(hash=False)

    def __post_init__(self) -> None:
        """Keep the values from being changed."""
        object.__setattr__(self, "columns", _frozen(self.columns))

    def __repr__(self) -> str:
        """The table and the columns."""
        return f"AddEvent({self.table}: {', '.join(map(str, self.columns))})"


@dataclass(frozen=True, repr=False)
class CorrectEvent:
    """A row of a table has other values.

    Parameters
    ----------
    table : str
        A dated table, canonical or your own.
    row_key : str
        The row's own key, as reasons and evidence give it.
    columns : mapping of str to object
        Column to value; None empties it.

    Examples
    --------
    >>> CorrectEvent("cp_plans", "P-3", {"end_date": "2024-02-01"})
    CorrectEvent(cp_plans: end_date)
    """

    table: str
    row_key: str
    columns: Mapping[str, Any] = field(hash=False)

    def __post_init__(self) -> None:
        """Keep the values from being changed."""
        object.__setattr__(self, "columns", _frozen(self.columns))

    def __repr__(self) -> str:
        """The table and the columns."""
        return f"CorrectEvent({self.table}: {', '.join(map(str, self.columns))})"


Edit = RemoveEvent | AddEvent | CorrectEvent
"""Any of the three."""


def _frozen(columns: Any) -> Mapping[str, Any]:
    """Columns and values that cannot be changed."""
    if not isinstance(columns, Mapping):
        msg = "The columns of an event are a mapping of column to value, such as {'start_date': '2024-05-01'}."
        raise SpecError(msg)
    return MappingProxyType(dict(columns))


def as_edits(edits: Edit | Iterable[Edit]) -> tuple[Edit, ...]:
    """One edit or several as a tuple.

    Parameters
    ----------
    edits : edit or iterable of edits
        RemoveEvent, AddEvent or CorrectEvent.

    Returns
    -------
    tuple
        Of edits.

    Raises
    ------
    SpecError
        If something else is among them.
    """
    given: tuple[Any, ...] = (edits,) if isinstance(edits, Edit) or not isinstance(edits, Iterable) else tuple(edits)
    wrong = sum(not isinstance(each, Edit) for each in given)
    if wrong:
        msg = f"edits must be a list of RemoveEvent, AddEvent and CorrectEvent; {wrong} of {len(given)} are not."
        raise SpecError(msg)
    named = [name for each in given for name in (each.table, getattr(each, "row_key", ""))]
    if not all(isinstance(name, str) for name in named):
        msg = "The table and the row_key of an edit must be text, as records and evidence have them."
        raise SpecError(msg)
    return given


def edits_said(records: Records, edits: Sequence[Edit]) -> str:
    """Edits as the end of a sentence.

    Parameters
    ----------
    records : Records
        Records that hold the tables.
    edits : sequence of edits
        What is different.

    Returns
    -------
    str
        Such as "a missing episode were not in the record"; no date and no key.
    """
    kinds = dict.fromkeys((type(edit), edit.table) for edit in edits)
    clauses = [
        _clause(records.definition(name), [edit for edit in edits if (type(edit), edit.table) == (kind, name)])
        for kind, name in kinds
    ]
    return ", ".join([*clauses[:-2], " and ".join(clauses[-2:])])


def _clause(table: Table, edits: Sequence[Edit]) -> str:
    """Edits of one kind and table."""
    first, one = edits[0], a(table.singular)
    if isinstance(first, CorrectEvent) and len(edits) == 1:
        columns = [label(str(name)) for name in first.columns]
        return f"the {' and '.join(columns)} of {one} were as corrected"
    return f"{one if len(edits) == 1 else f'{len(edits)} {table.plural}'} {_SAID[type(first)]}"


_SAID: dict[type, str] = {
    RemoveEvent: "were not in the record",
    AddEvent: "were in the record as well",
    CorrectEvent: "were as corrected",
}
