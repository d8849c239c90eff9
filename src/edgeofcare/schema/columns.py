"""What a column and a table of the case records are."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "CHILD",
    "EVENT",
    "KEY",
    "LINK",
    "NEVER",
    "PERSON",
    "SPELL",
    "Column",
    "Table",
    "event_columns",
    "spell_columns",
]

EVENT, SPELL, PERSON, LINK = "event", "spell", "person", "link"

NEVER = "never"
"""Marks a column that is a snapshot at the extract: no date makes it known, so no feature may use it."""


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    Parameters
    ----------
    name : str
        Canonical name.
    kind : {"id", "date", "code", "flag", "number"}
        ``id`` and ``code`` are text, ``date`` is ``datetime64[s]`` at midnight, ``flag`` is nullable boolean,
        ``number`` is float64.
    meaning : str
        One plain sentence.
    known : str
        The date column of the same table that makes the value visible, or ``NEVER`` for a snapshot.
    codes : str, optional
        Name of the code list in :mod:`edgeofcare.schema.codes`.
    required : bool
        Whether the table cannot be used without it.
    unit : str, optional
        Unit of a number.
    """

    name: str
    kind: str
    meaning: str
    known: str
    codes: str | None = None
    required: bool = False
    unit: str | None = None


@dataclass(frozen=True)
class Table:
    """One canonical table.

    Parameters
    ----------
    name : str
        Canonical name, plural.
    kind : {"event", "spell", "person", "link"}
        An event has one date, a spell has a start and, once ended, an end.
    noun : str
        How feature names and sentences start, singular: ``missing``, ``cp_plan``.
    singular, plural : str
        The words of a sentence: "missing episode", "missing episodes".
    start : str or None
        The date column on which the event happened or the spell began.
    end : str or None
        The date column on which a spell ended: the first day that is no longer part of it.
    columns : tuple of Column
        All columns that are ever loaded; anything else in a source is left behind.
    required : bool
        Whether records cannot be built without the table.
    """

    name: str
    kind: str
    noun: str
    singular: str
    plural: str
    start: str | None
    end: str | None
    columns: tuple[Column, ...]
    required: bool = False
    meaning: str = field(default="", compare=False)

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises
        ------
        KeyError
            If the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns, in order."""
        return tuple(column.name for column in self.columns)

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Names of the columns of one kind."""
        return tuple(column.name for column in self.columns if column.kind == kind)


CHILD = Column("child_id", "id", "The child the row is about.", known=NEVER, required=True)
KEY = Column("row_key", "id", "The source row's own key.", known=NEVER, required=True)


def _recorded(known: str) -> tuple[Column, ...]:
    """The optional date on which the row was entered in the case system."""
    return (Column("recorded_date", "date", "When the row was entered, where the extract has it.", known=known),)


def event_columns(date_meaning: str, *columns: Column) -> tuple[Column, ...]:
    """Columns of an event table: key, child, date, its own columns, recorded date."""
    date = Column("date", "date", date_meaning, known="date", required=True)
    return (KEY, CHILD, date, *columns, *_recorded("date"))


def spell_columns(start_meaning: str, end_meaning: str, *columns: Column) -> tuple[Column, ...]:
    """Columns of a spell table: key, child, start, end, its own columns, recorded dates."""
    start = Column("start_date", "date", start_meaning, known="start_date", required=True)
    end = Column("end_date", "date", end_meaning, known="end_date", required=True)
    end_recorded = Column(
        "end_recorded_date", "date", "When the end was entered, where the extract has it.", known="end_date"
    )
    return (KEY, CHILD, start, end, *columns, *_recorded("start_date"), end_recorded)
