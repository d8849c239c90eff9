"""In plain words: why each row counts in a value, or which rule hid it."""

from __future__ import annotations

import numpy as np

from edgeofcare.features.feature import TableFeature, label
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.features.specs.child import Age, Characteristic, Siblings
from edgeofcare.features.specs.events import Share, Trend
from edgeofcare.features.specs.spells import Overlap
from edgeofcare.features.tracing.reasons import Reason
from edgeofcare.features.tracing.rows import RowSet, filters_of
from edgeofcare.schema.codes import CODE_LISTS

__all__ = ["in_words"]

_PLAIN = {
    Reason.COUNTS: "it counts",
    Reason.EARLIER_WINDOW: "it counts against the value: it is of the window before",
    Reason.BEFORE_WINDOW: "it happened before the window",
    Reason.LATER_ROW: "a later row decides",
    Reason.EARLIER_ROW: "an earlier row decides",
    Reason.NO_DAY: "it has no day within the window",
    Reason.DIED: "the sibling had died",
    Reason.OUTSIDE: (
        "it is left out, because it began before the extract's window: it is held only because it was still open when "
        "the extract was made"
    ),
}


def in_words(rows: RowSet, day: int, since: int) -> list[str]:
    """Why each row counts or does not.

    Parameters
    ----------
    rows : RowSet
        Judged rows.
    day, since : int
        The index date, and the first day of the window.

    Returns
    -------
    list of str
        A clause for each row, with dates where a day decides.
    """
    return [_clause(rows, place, Reason(code), day, since) for place, code in enumerate(rows.codes.tolist())]


def _clause(rows: RowSet, place: int, reason: Reason, day: int, since: int) -> str:
    """Why one row counts or does not."""
    spec = rows.stream.spec
    at = _positions(rows)[place]
    if reason == Reason.NOT_KNOWN:
        return _not_known(rows, place, at, day)
    if reason == Reason.ENDED:
        return f"it had ended, which was known from {_date(rows.stream.end_known[at])}"
    if reason == Reason.FILTERED:
        return _filtered(rows, at)
    if isinstance(spec, Overlap) and reason == Reason.NOT_TOGETHER:
        other = spec.other_source if rows.stream.table.name == spec.table else spec.source
        return f"it has no day of the window in common with any of the {other.plural}"
    if reason == Reason.NO_VALUE:
        return f"it has no {label(getattr(spec, 'value', 'value'))} on record"
    return _special(spec, reason) or _PLAIN[reason]


def _special(spec: object, reason: Reason) -> str:
    """Clauses of a few kinds of feature."""
    if reason == Reason.COUNTS and isinstance(spec, Age | Characteristic):
        return "it counts: the child's own row"
    if reason == Reason.COUNTS and isinstance(spec, Trend):
        return "it counts: it is of the window before the index date"
    if isinstance(spec, Siblings) and reason == Reason.OTHER_AGE:
        return f"the sibling was not aged {spec.ages[0]} to {spec.ages[1]}"
    if isinstance(spec, Share) and reason in (Reason.COUNTS, Reason.OTHER_CODE):
        which = "has" if reason == Reason.COUNTS else "does not have"
        return f"it counts among all rows, and {which} the {label(spec.of[0][0])} that the share is of"
    return ""


def _not_known(rows: RowSet, place: int, at: int, day: int) -> str:
    """What was to come: the event itself, the entry of it, its end, or the link to a sibling."""
    stream, happened = rows.stream, int(rows.happened[place])
    if isinstance(stream.spec, Siblings) or (rows.link is not None and rows.link[place] >= day):
        link = rows.known[place] if rows.link is None else rows.link[place]
        return f"the link to this sibling was not known until {_date(link)}"
    if stream.start[at] >= day:
        return "it happened on or after the index date"
    if stream.start_known[at] >= day:
        return f"it was not known until {_date(stream.start_known[at])}"
    if stream.end[at] == MAX_DAY:
        return "it has no end on record, and the feature waits for the end"
    if happened >= day or stream.end[at] >= day:
        return "it ended on or after the index date, and the feature waits for the end"
    return f"its end was not known until {_date(stream.end_known[at])}, and the feature waits for the end"


def _filtered(rows: RowSet, at: int) -> str:
    """The filter that a row does not pass."""
    stream = rows.stream
    assert isinstance(stream.spec, TableFeature)
    column, _, wanted = list(filters_of(stream.spec))[int(stream.failed[at])]
    code = stream.table.said(column)[at]
    if code is None:
        return f"its {label(column)} is not on record, and the feature asks for one"
    meanings = CODE_LISTS.get(stream.spec.source.column(column).codes or "", {})
    asked = "which is not what the feature asks for" if wanted else "which the feature leaves out"
    return f"its {label(column)} is {meanings.get(code, code)}, {asked}"


def _positions(rows: RowSet) -> np.ndarray:
    """Where the rows are in the table."""
    at = rows.at
    return np.arange(at.start, at.stop) if isinstance(at, slice) else at


def _date(day: int) -> str:
    """A day as its ISO date; "a day that is not on record" where there is none."""
    return "a later day" if day >= MAX_DAY else str(np.datetime64(int(day), "D"))
