"""Which source rows came to count between two dates, and which no longer do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.features.catalogue import concept_of
from edgeofcare.features.evidence import EvidenceIndex
from edgeofcare.features.feature import Feature, TableFeature
from edgeofcare.features.specs.combined import Combined
from edgeofcare.features.tracing.found import Evidence
from edgeofcare.features.tracing.reasons import Reason
from edgeofcare.records.records import Records

__all__ = ["ENDED", "EVENT_COLUMNS", "LEFT", "NEW", "changed_rows"]

NEW, COUNTS_NOW, ENDED, LEFT, NO_LONGER = "new", "counts now", "ended", "left the window", "no longer counts"

EVENT_COLUMNS = ["change", "table", "row_key", "date", "known", "what", "concept", "features"]
"""Columns of the rows that moved a score."""

_LEFT = (Reason.BEFORE_WINDOW, Reason.NO_DAY)
_ORDER = {name: place for place, name in enumerate((NEW, COUNTS_NOW, ENDED, LEFT, NO_LONGER))}
_PEOPLE = {"children": "child", "relationships": "sibling"}


@dataclass(frozen=True)
class _Row:
    """A source row as one feature sees it on one day."""

    counts: bool
    reason: int
    date: np.datetime64
    end: np.datetime64
    known: np.datetime64


def changed_rows(
    records: Records, row_from: tuple[Any, ...], row_to: tuple[Any, ...], specs: Sequence[Feature]
) -> tuple[pd.DataFrame, dict[str, bool]]:
    """Find the rows that count on one of two days only.

    Parameters
    ----------
    records : Records
        The records of the child's household.
    row_from, row_to : tuple
        ``(household_id, child_id, index_date)`` of the earlier and the later row.
    specs : sequence of Feature
        The features to look behind.

    Returns
    -------
    events : DataFrame
        One row for each source row, way in which it changed and concept, with :data:`EVENT_COLUMNS`.
    recorded : dict of str to bool
        For each feature whether a row that counts, or the end of one that did, came to be known between the days.
        Where none did, something may have been recorded all the same: see
        :func:`edgeofcare.explanation.known_then.known_before`.
    """
    index = EvidenceIndex(records)
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    recorded: dict[str, bool] = {}
    for spec in specs:
        recorded[spec.name] = False
        for part in (spec.first, spec.second) if isinstance(spec, Combined) else (spec,):
            before, now = (_rows(index.evidence(row, part)) for row in (row_from, row_to))
            for (table, key), change, row in _differing(before, now, np.datetime64(row_from[2], "D")):
                recorded[spec.name] |= change in (NEW, ENDED)
                what, concept = _what(records, part, table), concept_of(spec.name)
                event = found.setdefault(
                    (change, table, key, what, concept),
                    {"date": row.date, "known": row.known, "features": []},
                )
                event["features"] += [spec.name] if spec.name not in event["features"] else []
    return _frame(found), recorded


def _rows(evidence: Evidence) -> dict[tuple[str, str], _Row]:
    """Every row that a feature looked at, by table and key."""
    return {
        (str(table), str(key)): _Row(bool(reason <= 0), int(reason), date, end, known)
        for table, key, reason, date, end, known in zip(
            evidence.tables,
            evidence.row_keys,
            evidence.reasons,
            evidence.happened,
            evidence.end,
            evidence.known,
            strict=True,
        )
    }


def _differing(
    before: dict[tuple[str, str], _Row], now: dict[tuple[str, str], _Row], day_from: np.datetime64
) -> Iterator[tuple[tuple[str, str], str, _Row]]:
    """Rows that count on one of the days only, and how that came."""
    for key, row in now.items():
        if row.counts and not (key in before and before[key].counts):
            yield key, NEW if row.known >= day_from else COUNTS_NOW, row
    for key, row in before.items():
        after = now.get(key)
        if row.counts and not (after is not None and after.counts):
            reason = None if after is None else after.reason
            yield key, ENDED if reason == Reason.ENDED else LEFT if reason in _LEFT else NO_LONGER, row


def _what(records: Records, spec: Feature, table: str) -> str:
    """What a row is, in a word or two."""
    if table in _PEOPLE:
        return _PEOPLE[table]
    noun = spec.source.singular if isinstance(spec, TableFeature) and spec.table == "care_periods" else ""
    noun = noun or records.definition(table).singular
    of = " of a sibling" if getattr(spec, "scope", "child") != "child" else ""
    return f"{'end of ' if getattr(spec, 'edge', 'start') == 'end' else ''}{noun}{of}"


def _frame(found: dict[tuple[str, ...], dict[str, Any]]) -> pd.DataFrame:
    """Events as a frame: new ones first, then by date and key."""
    order = sorted(found, key=lambda name: (_ORDER[name[0]], found[name]["date"], *name[1:]))
    rows = [
        {
            "change": change,
            "table": table,
            "row_key": key,
            "what": what,
            "concept": concept,
            "features": tuple(found[change, table, key, what, concept]["features"]),
        }
        for change, table, key, what, concept in order
    ]
    frame = pd.DataFrame(rows, columns=[name for name in EVENT_COLUMNS if name not in ("date", "known")])
    for place, name in ((3, "date"), (4, "known")):
        days = np.array([found[each][name] for each in order], dtype="datetime64[D]")
        frame.insert(place, name, days.astype("datetime64[s]"))
    return frame
