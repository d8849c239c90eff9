"""One value of one row: its sentence, the source rows behind it, and whether the records say anything at all."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.explanation.page_words import ENGLISH, PageWords
from edgeofcare.explanation.wording_file import Wording
from edgeofcare.features.catalogue import concept_of, directions
from edgeofcare.features.evidence import evidence_index
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.specs.child import Siblings
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.specs.events import Share, Trend
from edgeofcare.features.tracing.found import Evidence
from edgeofcare.features.tracing.rows import Look
from edgeofcare.records.records import Records

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["NOTHING", "NOT_KNOWN", "RECORDED", "STRENGTHS", "Cell", "cited", "day_said", "look_at"]

RECORDED, NOTHING, NOT_KNOWN = "recorded", "nothing recorded", "not known"
"""What the records say: something; that nothing of the kind was recorded; or they do not reach or hold it."""

STRENGTHS = "strengths and protective factors"
_ALSO_OF_ZERO = (Trend, Share)  # a zero that says something of rows that are there


@dataclass(frozen=True, eq=False, repr=False)
class Cell:
    """What one feature says of one child.

    Parameters
    ----------
    feature : str
        Its name.
    value : float
        Its value; NaN is not known, or what an empty window gives.
    contribution : float
        What it adds to the calibrated log-odds.
    record : str
        :data:`RECORDED`, :data:`NOTHING` or :data:`NOT_KNOWN`.
    sentence : str
        Its value in words, with the index date.
    evidence : tuple of (str, str, str)
        Source rows: table, row key, ISO date.
    rows : DataFrame, optional
        The same rows with all their dates; None without records.
    """

    feature: str
    value: float
    contribution: float
    record: str
    sentence: str
    evidence: tuple[tuple[str, str, str], ...]
    rows: pd.DataFrame | None

    @property
    def concept(self) -> str:
        """What the feature is about."""
        return concept_of(self.feature)

    @property
    def strength(self) -> bool:
        """Whether something good is on record that lowers the risk, or at least does not raise it."""
        good = self.concept == STRENGTHS or directions().get(self.feature) == -1
        return good and self.record == RECORDED and self.value > 0 and self.contribution <= 0


def look_at(explanation: Explanation, position: int, column: int) -> Cell:
    """Look at one value of an explanation.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.
    position : int
        The row.
    column : int
        The feature.

    Returns
    -------
    Cell
        What it says.
    """
    spec, row = explanation._specs[column], explanation._values.index[position]
    value = float(explanation._values.iloc[:, column].iloc[position])
    found = _found(explanation._records, row, spec)
    rows = None if found is None else found.counted()
    sources = None if found is None else found.cited(rows)
    record = _record(spec, value, rows, found)
    sentence = _sentence(explanation._wording, explanation._records, spec, value, row[2], found, rows, record)
    return Cell(
        str(explanation._values.columns[column]),
        value,
        float(explanation._contributions.iloc[:, column].iloc[position]),
        record,
        sentence,
        () if sources is None else cited(sources, spec),
        sources,
    )


def cited(rows: pd.DataFrame, spec: Feature | None) -> tuple[tuple[str, str, str], ...]:
    """Source rows as plain text.

    Parameters
    ----------
    rows : DataFrame
        From :meth:`Evidence.cited`.
    spec : Feature or None
        The feature.

    Returns
    -------
    tuple of (str, str, str)
        Table, row key, and the date that counts: an end where the feature is of ends.
    """
    dates = rows["end_date" if getattr(spec, "edge", "start") == "end" else "date"].dt.strftime("%Y-%m-%d")
    return tuple(
        (str(table), str(key), str(date))
        for table, key, date in zip(rows["table"], rows["row_key"], dates, strict=True)
    )


def day_said(date: Any) -> str:
    """A day in words.

    Parameters
    ----------
    date : Timestamp or datetime64
        The day.

    Returns
    -------
    str
        The same on every machine, whatever its language.

    Examples
    --------
    >>> day_said(pd.Timestamp("2025-03-31"))
    '31 March 2025'
    """
    return ENGLISH.day(date)


def _found(records: Records | None, row: tuple, spec: Feature | None) -> Evidence | None:
    """The evidence of a value, where there are records and it is a feature of the library."""
    return None if records is None or spec is None else evidence_index(records).evidence(row, spec)


def _record(spec: Feature | None, value: float, rows: pd.DataFrame | None, found: Evidence | None) -> str:
    """Whether the records say something, say that nothing was recorded, or do not tell."""
    if math.isnan(value):
        return NOTHING if _is_empty(spec, rows, found) else NOT_KNOWN
    counted = isinstance(spec, TableFeature | Siblings) and value == 0
    nothing = not isinstance(spec, _ALSO_OF_ZERO) if rows is None else not len(rows)
    return NOTHING if counted and nothing else RECORDED


def _is_empty(spec: Feature | None, rows: pd.DataFrame | None, found: Evidence | None) -> bool:
    """Whether NaN stands for "there was none", not for records that do not reach or hold enough."""
    if isinstance(spec, Combined):
        return found is not None and not found.unknown
    if not isinstance(spec, TableFeature) or not math.isnan(spec.empty):
        return False
    if found is None:
        return spec.lookback is None
    return not found.unknown and not len(rows if rows is not None else ())


def _sentence(
    wording: Wording,
    records: Records | None,
    spec: Feature | None,
    value: float,
    index_date: Any,
    found: Evidence | None,
    rows: pd.DataFrame | None,
    record: str,
) -> str:
    """The value in words; where records do not reach, that they do not, and never that there was none."""
    parts, reached = None, None
    if found is not None and isinstance(spec, Combined):
        each = [(part, _value(part, look)) for part, look in _looks(spec, found)]
        parts = (each[0][1], each[1][1])
        if math.isnan(sum(parts)):
            spec, value, rows = *_why_unknown(spec, found), None
    if found is not None and math.isnan(value):
        if found.unknown and record == NOT_KNOWN and (lacking := _lacking(records, spec, found, wording.page)):
            return lacking
        reached = False if found.unknown and record == NOT_KNOWN else record == NOTHING or None
    return wording.sentence(
        spec, value, rows, index_date, date=wording.page.day(index_date), parts=parts, reached=reached
    )


def _looks(spec: Combined, found: Evidence) -> list[tuple[Feature, Look]]:
    """The two features that one is made of, and where the rows of each were looked for."""
    return list(zip((spec.first, spec.second), found.looks, strict=True))


def _value(part: Feature, look: Look) -> float:
    """The value of one of two features."""
    return float(Evidence(part, (look,)).value)


def _why_unknown(spec: Combined, found: Evidence) -> tuple[Feature, float]:
    """The one of two features that is unknown or empty, so that nothing can be made of both."""
    looks = _looks(spec, found)
    values = [(bool(look.unknown), math.isnan(number := _value(part, look)), part, number) for part, look in looks]
    *_, part, number = max(reversed(values), key=lambda each: each[:2])
    return part, number


def _lacking(records: Records | None, spec: Feature | None, found: Evidence, say: PageWords) -> str:
    """That nothing of a table was received for any child, or not all that is needed; empty where it was."""
    if records is None or not isinstance(spec, TableFeature):
        return ""
    first = records.observed_from.get("care_episodes" if spec.table == "care_periods" else spec.table)
    if first is not None and first > records.observed_until:
        return say("not received", rows=say.table(spec.table))
    if any("holds no" in look.unknown for look in found.looks if look.feature == spec):
        return say("not held", rows=say.table(spec.table))
    return ""
