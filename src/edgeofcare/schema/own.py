"""Tables of an authority's own, beside the canonical ones: school suspensions, absence, youth justice, housing."""

from __future__ import annotations

import difflib
import re
from functools import cache

from edgeofcare.exceptions import SpecError
from edgeofcare.schema.columns import CHILD, KEY, SPELL, Column, Table
from edgeofcare.schema.tables import TABLES

__all__ = ["NOT_IN_A_NAME", "OWN", "own_table"]

OWN = "own"
"""Kind of an own table in a feature's spec: only the records know whether it holds events or spells."""

NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9-]+")
"""What a category cannot hold: each run of it becomes an underscore."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST = 40
_ALIKE = 0.85
_TAKEN = ("care_periods", "care", *TABLES, *(table.noun for table in TABLES.values()))


@cache
def own_table(name: str, kind: str = OWN, *, value: bool = True, category: bool = True) -> Table:
    """What an own table of this name holds.

    Parameters
    ----------
    name : str
        Lower-case letters, digits and underscores, in the plural: ``"suspensions"``.
    kind : {"own", "event", "spell"}
        ``"own"`` where it is not known yet, as in a feature's spec.
    value, category : bool
        Whether rows have a number and a code.

    Returns
    -------
    Table
        Its definition, with the same two clocks as any other table.

    Raises
    ------
    SpecError
        If the name is not of that form, or is that of a canonical table or close to it.

    Examples
    --------
    >>> own_table("suspensions", "event").names
    ('row_key', 'child_id', 'date', 'value', 'category', 'recorded_date')
    """
    _check_name(name)
    words = name.replace("_", " ")
    start, end = ("start_date", "end_date") if kind == SPELL else ("date", None)
    columns = [KEY, CHILD, Column(start, "date", "When it happened or began.", known=start, required=True)]
    columns += [Column(end, "date", "First day after it.", known=end)] if end else []
    columns += [Column("value", "number", "A number of the row.", known=start)] if value else []
    columns += [Column("category", "code", "A code of the row.", known=start)] if category else []
    columns += [Column("recorded_date", "date", "When the row was entered.", known=start)]
    columns += [Column("end_recorded_date", "date", "When the end was entered.", known=end)] if end else []
    return Table(name, kind, name, f"entry in {words}", words, start, end, tuple(columns))


def _check_name(name: str) -> None:
    """Refuse a name that features could not be called by, or that would be taken for another table's."""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > _LONGEST:
        msg = (
            "The name of an own table must be lower-case letters, digits and underscores, beginning with a letter, "
            f"{_LONGEST} characters at most, such as 'suspensions'."
        )
        raise SpecError(msg)
    close = difflib.get_close_matches(name, _TAKEN, n=1, cutoff=_ALIKE)
    if close or name in ("child", "children"):
        meant = close[0] if close else "children"
        msg = f"There is no table {name!r}, and an own table cannot have that name: it is too close to {meant!r}."
        raise SpecError(msg)
