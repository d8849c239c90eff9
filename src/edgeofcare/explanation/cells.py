"""One value of one row: its sentence, the source rows behind it, and whether the records say anything at all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from edgeofcare.explanation.page_words import ENGLISH, PageWords
from edgeofcare.explanation.source_rows import Rows
from edgeofcare.explanation.wording_file import Wording
from edgeofcare.features.catalogue import concept_of, directions
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.specs.child import Siblings
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.specs.events import Share, Trend
from edgeofcare.models.cell_values import value_of

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = [
    "NOTHING",
    "NOT_KNOWN",
    "RECORDED",
    "STRENGTHS",
    "Behind",
    "Cell",
    "Observed",
    "behind_of",
    "cell_of",
    "cited",
    "day_said",
    "look_at",
    "record_of",
]

RECORDED, NOTHING, NOT_KNOWN = "recorded", "nothing recorded", "not known"
"""What the records say: something; that nothing of the kind was recorded; or they do not reach or hold it."""

STRENGTHS = "strengths and protective factors"
_ALSO_OF_ZERO = (Trend, Share)  # a zero that says something of rows that are there


class Observed(Protocol):
    """Records that say from when and until when each table can be trusted."""

    @property
    def observed_from(self) -> Mapping[str, Any]:
        """First day of each table; None or left out where nothing is stated."""

    @property
    def observed_until(self) -> Any:
        """Last day of all tables."""


@dataclass(frozen=True, eq=False, repr=False)
class Behind:
    """What the records hold behind one value.

    Parameters
    ----------
    rows : Rows
        The rows that count.
    sources : Rows
        The source rows from which the value can be made again.
    unknown : tuple of str
        What the records do not reach or hold, as a clause, for the feature or for each of the two that it is made of;
        empty where there can be a value.
    part : callable, optional
        Value of the first (0) or the second (1) of the two features that the feature is made of.
    """

    rows: Rows
    sources: Rows
    unknown: tuple[str, ...]
    part: Callable[[int], float] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Cell:
    """What one feature says of one child.

    Parameters
    ----------
    feature : str
        Its name.
    value : float or str
        Its value, or its code; NaN is not known, or what an empty window gives.
    contribution : float
        What it adds to the calibrated log-odds.
    record : str
        :data:`RECORDED`, :data:`NOTHING` or :data:`NOT_KNOWN`.
    sentence : str
        Its value in words, with the index date.
    evidence : tuple of (str, str, str)
        Source rows: table, row key, ISO date.
    rows : Rows, optional
        The same rows with all their dates; None without records, and where the records lack a column that it needs.
    """

    feature: str
    value: float | str
    contribution: float
    record: str
    sentence: str
    evidence: tuple[tuple[str, str, str], ...]
    rows: Rows | None

    @property
    def concept(self) -> str:
        """What the feature is about."""
        return concept_of(self.feature)

    @property
    def strength(self) -> bool:
        """Whether something good is on record that lowers the risk, or at least does not raise it."""
        good = self.concept == STRENGTHS or directions().get(self.feature) == -1
        some = isinstance(self.value, float) and self.value > 0
        return good and self.record == RECORDED and some and self.contribution <= 0

    @property
    def said(self) -> str:
        """The value as short text; empty where it is missing."""
        if isinstance(self.value, str):
            return self.value
        return "" if math.isnan(self.value) else f"{self.value:g}"


def look_at(explanation: Explanation, position: int, column: int, *, dated: bool = True) -> Cell:
    """Look at one value of an explanation.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.
    position : int
        The row.
    column : int
        The feature.
    dated : bool, default True
        Whether the sentence names the index date, or only calls it that.

    Returns
    -------
    Cell
        What it says.
    """
    spec, row = explanation._specs[column], explanation._values.index[position]
    from edgeofcare.explanation.unseen import unseen_note

    cell = cell_of(
        spec,
        str(explanation._values.columns[column]),
        value_of(explanation._values, position, column),
        float(explanation._contributions.iloc[:, column].iloc[position]),
        index_date=row[2],
        dated=dated,
        wording=explanation._wording,
        observed=explanation._records,
        behind=behind_of(explanation._records, row, spec),
    )
    return replace(cell, sentence=cell.sentence + unseen_note(explanation, position, column))


def cell_of(
    spec: Feature | None,
    name: str,
    value: float | str,
    contribution: float,
    *,
    index_date: Any,
    dated: bool = True,
    wording: Wording,
    observed: Observed | None,
    behind: Behind | None,
) -> Cell:
    """Say what one feature says of one child.

    Parameters
    ----------
    spec : Feature or None
        The feature; None for a column that is no feature of the library.
    name : str
        Its name.
    value : float
        Its value.
    contribution : float
        What it adds to the calibrated log-odds.
    index_date : Timestamp, datetime64 or date
        The index date.
    dated : bool, default True
        Whether the sentence names the index date, or only calls it that.
    wording : Wording
        The sentences.
    observed : Observed or None
        The records.
    behind : Behind or None
        What they hold behind the value; None where that cannot be told.

    Returns
    -------
    Cell
        What it says.
    """
    record = record_of(spec, value, behind)
    date = wording.page.day(index_date) if dated else None
    made = _made_of(behind, record)
    return Cell(
        name,
        value,
        contribution,
        record,
        _sentence(wording, observed, spec, value, index_date, date, behind, record),
        () if made is None else cited(made, spec),
        made,
    )


def _made_of(behind: Behind | None, record: str) -> Rows | None:
    """The source rows of a value; none where a column that it needs is not held, since nothing was made of any row."""
    not_held = behind is not None and record == NOT_KNOWN and any("holds no" in clause for clause in behind.unknown)
    return None if behind is None or not_held else behind.sources


def cited(rows: Rows, spec: Feature | None) -> tuple[tuple[str, str, str], ...]:
    """Source rows as plain text.

    Parameters
    ----------
    rows : Rows
        Such as :meth:`Evidence.cited` gives them.
    spec : Feature or None
        The feature.

    Returns
    -------
    tuple of (str, str, str)
        Table, row key, and the date that counts: an end where the feature is of ends.
    """
    days = np.asarray(rows["end_date" if getattr(spec, "edge", "start") == "end" else "date"]).astype("datetime64[D]")
    dates = ["nan" if day is None else day.isoformat() for day in days.tolist()]
    return tuple(
        (str(table), str(key), date) for table, key, date in zip(rows["table"], rows["row_key"], dates, strict=True)
    )


def day_said(date: Any) -> str:
    """A day in words.

    Parameters
    ----------
    date : Timestamp, datetime64, date or str
        The day.

    Returns
    -------
    str
        The same on every machine, whatever its language.

    Examples
    --------
    >>> day_said(np.datetime64("2025-03-31"))
    '31 March 2025'
    """
    return ENGLISH.day(date)


def behind_of(records: Any, row: tuple, spec: Feature | None) -> Behind | None:
    """What is behind a value, where there are records and it is a feature of the library.

    Parameters
    ----------
    records : Records or None
        The case records.
    row : tuple
        ``(household_id, child_id, index_date)``.
    spec : Feature or None
        The feature; None for a column that is no feature of the library.

    Returns
    -------
    Behind or None
        Its rows, and what the records do not reach or hold.
    """
    if records is None or spec is None:
        return None
    from edgeofcare.features.evidence import evidence_index
    from edgeofcare.features.tracing.found import Evidence

    found = evidence_index(records).evidence(row, spec)
    rows = found.counted()
    unknown = tuple(look.unknown for look in found.looks)
    parts = tuple(zip((spec.first, spec.second), found.looks, strict=True)) if isinstance(spec, Combined) else ()
    return Behind(
        rows, found.cited(rows), unknown, lambda which: float(Evidence(parts[which][0], (parts[which][1],)).value)
    )


def record_of(spec: Feature | None, value: float | str, behind: Behind | None) -> str:
    """Whether the records say something, say that nothing was recorded, or do not tell.

    Parameters
    ----------
    spec : Feature or None
        The feature; None for a column that is no feature of the library.
    value : float or str
        Its value.
    behind : Behind or None
        What the records hold behind it; None where that cannot be told.

    Returns
    -------
    str
        :data:`RECORDED`, :data:`NOTHING` or :data:`NOT_KNOWN`.
    """
    if isinstance(value, str):
        return RECORDED
    if math.isnan(value):
        return NOTHING if _is_empty(spec, behind) else NOT_KNOWN
    counted = isinstance(spec, TableFeature | Siblings) and value == 0
    nothing = not isinstance(spec, _ALSO_OF_ZERO) if behind is None else not len(behind.rows)
    return NOTHING if counted and nothing else RECORDED


def _is_empty(spec: Feature | None, behind: Behind | None) -> bool:
    """Whether NaN stands for "there was none", not for records that do not reach or hold enough."""
    if isinstance(spec, Combined):
        return behind is not None and not any(behind.unknown)
    if not isinstance(spec, TableFeature) or not math.isnan(spec.empty):
        return False
    if behind is None:
        return spec.lookback is None
    return not any(behind.unknown) and not len(behind.rows)


def _sentence(
    wording: Wording,
    observed: Observed | None,
    spec: Feature | None,
    value: float | str,
    index_date: Any,
    date: str | None,
    behind: Behind | None,
    record: str,
) -> str:
    """The value in words; where records do not reach, that they do not, and never that there was none."""
    rows = None if behind is None else behind.rows
    parts, reached, clauses = None, None, () if behind is None else behind.unknown
    if behind is not None and behind.part is not None and isinstance(spec, Combined):
        parts = (behind.part(0), behind.part(1))
        if math.isnan(sum(parts)):
            which = _why_unknown(parts, behind.unknown)
            spec, value, rows = (spec.first, spec.second)[which], parts[which], None
            clauses = clauses[which : which + 1]
    if behind is not None and not isinstance(value, str) and math.isnan(value):
        unknown = any(behind.unknown) and record == NOT_KNOWN
        if unknown and (lacking := _lacking(observed, spec, clauses, wording.page)):
            return lacking
        reached = False if unknown else record == NOTHING or None
    return wording.sentence(spec, value, rows, index_date, date=date, parts=parts, reached=reached)


def _why_unknown(parts: tuple[float, float], unknown: tuple[str, ...]) -> int:
    """Which of two features is unknown or empty, so that nothing can be made of both; the second if both are."""
    return max((1, 0), key=lambda which: (bool(unknown[which]), math.isnan(parts[which])))


def _lacking(observed: Observed | None, spec: Feature | None, clauses: tuple[str, ...], say: PageWords) -> str:
    """That nothing of a table was received for any child, or not all that is needed; empty where it was."""
    if observed is None or not isinstance(spec, TableFeature):
        return ""
    first = observed.observed_from.get("care_episodes" if spec.table == "care_periods" else spec.table)
    if first is not None and first > observed.observed_until:
        return say("not received", rows=say.table(spec.table))
    if any("holds no" in clause for clause in clauses):
        return say("not held", rows=say.table(spec.table))
    return ""
