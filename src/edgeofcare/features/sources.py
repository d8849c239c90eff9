"""What features can be made of: the dated canonical tables, and periods of care."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from edgeofcare.schema.columns import LINK, SPELL, Column, Table, spell_columns
from edgeofcare.schema.own import own_table
from edgeofcare.schema.tables import TABLES

__all__ = ["CHARACTERISTICS", "SOURCES", "source_of"]

_CARE_PERIODS = Table(
    name="care_periods",
    kind=SPELL,
    noun="care",
    singular="period of care",
    plural="periods of care",
    start="start_date",
    end="end_date",
    columns=spell_columns(
        "First day in care other than for a short break.",
        "First day no longer in care.",
        Column("status", "code", "Legal status on entry.", known="start_date", codes="legal_status"),
        Column("end_reason", "code", "Why the period ended.", known="end_date", codes="end_reason"),
    ),
    meaning="Periods of care, joined from episodes, without short breaks.",
)

SOURCES: Mapping[str, Table] = MappingProxyType(
    {
        **{name: table for name, table in TABLES.items() if table.start is not None and table.kind != LINK},
        "care_periods": _CARE_PERIODS,
    }
)
"""Tables that a feature can name. Care episodes are the raw rows; care periods are what they amount to."""

CHARACTERISTICS = ("sex", "ethnicity", "ehc_plan")
"""Columns of ``children`` that are protected or stand close to it: never features unless asked for by name."""


def source_of(name: str) -> Table:
    """The table of that name: a canonical one, periods of care, or one of the user's own.

    Parameters
    ----------
    name : str
        Name of the table.

    Returns
    -------
    Table
        Its definition.

    Raises
    ------
    SpecError
        If no table can have that name.

    Examples
    --------
    >>> source_of("missing_episodes").noun, source_of("suspensions").noun
    ('missing', 'suspensions')
    """
    return SOURCES[name] if name in SOURCES else own_table(name)
