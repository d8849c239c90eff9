"""What every feature spec has: a table, a window, filters, and a name put together from them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from edgeofcare.exceptions import SpecError
from edgeofcare.features.phrases import a, covers, filter_said, label
from edgeofcare.features.sources import source_of
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.schema.columns import NEVER, SPELL, Column, Table
from edgeofcare.schema.own import OWN
from edgeofcare.task import days

__all__ = [
    "SCOPES",
    "Feature",
    "TableFeature",
    "Where",
    "check_edge",
    "check_spell",
    "checked_column",
    "frozen_filters",
    "label",
]

Where = tuple[tuple[str, tuple[str, ...]], ...]
"""Filters in their frozen form: ``(("factor", ("10A", "24A")),)``."""

SCOPES = {"child": "", "siblings": "sibling.", "undated_siblings": "sibling_undated."}
"""Whose rows count, and how the name of a feature begins."""

_WHOSE = {
    "child": ("", ""),
    "siblings": (" of a sibling", " of siblings"),
    "undated_siblings": (" of a sibling (undated links included)", " of siblings (undated links included)"),
}
_MAX_LOOKBACK = 1 << 16
_CODE = re.compile(r"^[A-Za-z0-9_-]+$")


@dataclass(frozen=True)
class Feature:
    """What every feature has; use one of its kinds."""

    empty: ClassVar[float] = math.nan

    @property
    def name(self) -> str:
        """The column name."""
        raise NotImplementedError  # pragma: no cover

    @property
    def sentence(self) -> str:
        """What the feature says, in plain English."""
        raise NotImplementedError  # pragma: no cover


@dataclass(frozen=True)
class TableFeature(Feature):
    """A feature of one table.

    Parameters
    ----------
    table : str
        Canonical table, or ``"care_periods"``.
    lookback : str or int or None
        Length of the window before the index date, ``"90D"`` or 90; None for all time where the kind allows it.
    where : mapping, optional
        Column to code, or to a list of codes: rows with one of them count. For a flag, True or False.
    unless : mapping, optional
        The same the other way round: rows with one of the codes do not count; rows without any code do.
    scope : {"child", "siblings", "undated_siblings"}, default "child"
        Whose rows count: the child's own, or those of the child's siblings, without the child's own. ``"siblings"``
        goes through links that were entered before the index date. ``"undated_siblings"`` also takes links without
        a date, which say nothing about when the authority came to know of them.

    Raises
    ------
    SpecError
        If the table, column or code does not exist, or the column is a snapshot that no date makes known. A table of
        your own (:meth:`edgeofcare.Records.with_events`) is looked for only when features are built.
    """

    table: str
    lookback: Any = None
    where: Any = ()
    unless: Any = field(default=(), kw_only=True)
    scope: str = field(default="child", kw_only=True)

    measure: ClassVar[str] = ""
    needs_lookback: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Freeze the filters and refuse what cannot be computed without a leak."""
        source_of(self.table)
        if self.lookback is not None:
            object.__setattr__(self, "lookback", days(self.lookback))
        if self.needs_lookback and self.lookback is None:
            msg = f"{type(self).__name__} of {self.table} needs a lookback such as '365D'."
            raise SpecError(msg)
        if self.lookback is not None and not 0 < self.lookback <= _MAX_LOOKBACK:
            msg = f"A lookback must be from 1 to {_MAX_LOOKBACK} days; got {self.lookback}."
            raise SpecError(msg)
        if self.scope not in SCOPES:
            msg = f"scope must be one of {', '.join(map(repr, SCOPES))}; got {self.scope!r}."
            raise SpecError(msg)
        object.__setattr__(self, "where", frozen_filters(self.source, self.where))
        object.__setattr__(self, "unless", frozen_filters(self.source, self.unless))
        if twice := sorted(dict(self.where).keys() & dict(self.unless)):
            msg = f"{self.table}: where and unless both name {', '.join(twice)}; where alone is enough."
            raise SpecError(msg)

    @property
    def source(self) -> Table:
        """The table that the feature is made of."""
        return source_of(self.table)

    @property
    def reach(self) -> int:
        """Days before the index date that the records must cover; where they do not, the value is unknown."""
        return int(self.lookback or 0)

    @property
    def parts(self) -> tuple[str, ...]:
        """The words of the name after the table and its filters."""
        return (self.measure,) if self.lookback is None else (self.measure, f"{self.lookback}d")

    @property
    def name(self) -> str:
        """The column name, such as ``missing.count.90d``."""
        head, filters = self.source.noun, list(self.where)
        if filters and head.endswith("." + filters[0][0]):
            head += "_" + "+".join(filters.pop(0)[1])
        words = [f"{column}_{'+'.join(codes)}" for column, codes in filters]
        words += [f"not_{column}_{'+'.join(codes)}" for column, codes in self.unless]
        return SCOPES[self.scope] + ".".join([head, *words, *self.parts])

    @property
    def known_columns(self) -> tuple[str, ...]:
        """The date columns that must have passed for a row to count, besides its own date."""
        return tuple(sorted({self.source.column(name).known for name, _ in (*self.where, *self.unless)}))

    def _rows(self, *, many: bool = True) -> str:
        """The rows that count, in words: 'contacts with source "police"'."""
        noun = self.source.plural if many else self.source.singular
        kinds = [f" {filter_said(self.source, *each)}" for each in self.where if covers(self.source, each[0])]
        others = [filter_said(self.source, *each) for each in self.where if not covers(self.source, each[0])]
        but = " or ".join(filter_said(self.source, *each) for each in self.unless)
        said = "".join([noun, *kinds, _WHOSE[self.scope][many], " " if others else "", " and ".join(others)])
        return f"{said} (except {'those' if many else 'any'} {but})" if but else said

    def _events(self, *, many: bool = True) -> str:
        """The rows that count by their start, and the window, in words."""
        began = " that began" if self.source.kind == SPELL else ""
        return f"{self._rows(many=many)}{began} {self._window()}"

    def _window(self) -> str:
        """The window in words."""
        if self.lookback is None:
            return "before the index date"
        return f"in the {self.lookback} days before the index date"


def checked_column(table: Table, name: str, kinds: tuple[str, ...]) -> Column:
    """A column that a feature may use."""
    usable = [c.name for c in table.columns if c.kind in kinds and c.known != NEVER]
    try:
        column = table.column(name)
    except KeyError:
        msg = f"{table.name} has no column {name!r}. Columns that can be used here: {', '.join(usable) or 'none'}."
        raise SpecError(msg) from None
    if column.known == NEVER:
        msg = (
            f"{table.name}: {name!r} is a snapshot at the extract: no date says when it became known, so it would "
            "carry the present into the past. It cannot be used in a feature."
        )
        raise SpecError(msg)
    if column.kind not in kinds:
        msg = (
            f"{table.name}: {name!r} is {a(column.kind)}. Columns that can be used here: {', '.join(usable) or 'none'}."
        )
        raise SpecError(msg)
    return column


def frozen_filters(table: Table, where: Mapping[str, Any] | Iterable[Any]) -> Where:
    """Filters as sorted tuples of known columns and codes."""
    frozen = []
    for name, wanted in dict(where).items():
        column = checked_column(table, name, ("code", "flag"))
        listed = [wanted] if isinstance(wanted, str | bool) else list(wanted)
        codes = tuple(sorted({("yes" if code else "no") if isinstance(code, bool) else str(code) for code in listed}))
        allowed = {"yes", "no"} if column.kind == "flag" else set(CODE_LISTS.get(column.codes or "", codes))
        wrong = [code for code in codes if code not in allowed or not _CODE.match(code)]
        if wrong or not codes:
            msg = f"{table.name}: {name!r} has no code {', '.join(map(repr, wrong)) or '(none given)'}."
            raise SpecError(msg)
        frozen.append((name, codes))
    return tuple(sorted(frozen))


def check_edge(table: Table, edge: str) -> None:
    """Only spells have an end."""
    if edge not in ("start", "end") or (edge == "end" and table.kind not in (SPELL, OWN)):
        msg = f"{table.name}: edge must be 'start', or 'end' for a table of spells; got {edge!r}."
        raise SpecError(msg)


def check_spell(table: Table, kind: str) -> None:
    """Only spells have a duration."""
    if table.kind not in (SPELL, OWN):
        msg = f"{kind} needs a table of spells; {table.name} holds events."
        raise SpecError(msg)
