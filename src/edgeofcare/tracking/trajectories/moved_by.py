"""Why the risks of the children on a list changed, concept by concept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.explanation.change import explain_change
from edgeofcare.explanation.page_words import ENGLISH
from edgeofcare.features.feature import Feature
from edgeofcare.progress import watched
from edgeofcare.records.records import Records

if TYPE_CHECKING:
    from edgeofcare.explanation.changed import Change

__all__ = ["OTHER_RECORDS", "REASON_COLUMNS", "change_reasons"]

REASON_COLUMNS = ["child_id", "from_date", "to_date", "concept", "change", "because"]
"""Columns of the frame of reasons."""

OTHER_RECORDS = "The records given do not lead to these scores (they were corrected since, perhaps), so no reasons."

_SAME = 1e-6  # of risk: what the records give and what the history holds are the same score


def change_reasons(
    children: pd.DataFrame,
    *,
    model: Any,
    records: Records,
    specs: Sequence[Feature],
    top: int,
    progress: bool | None,
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Explain the change of each child from the earlier score that is told to the one now.

    Parameters
    ----------
    children : DataFrame
        Rows of :func:`edgeofcare.tracking.trajectories.meeting.child_frame` whose two scores can be compared.
    model : RiskClassifier or Scorer
        What gave both.
    records : Records
        The case records.
    specs : sequence of Feature
        The features of the model.
    top : int
        Most concepts that are told in words.
    progress : bool or None
        Whether to show a progress bar.

    Returns
    -------
    reasons : DataFrame
        With :data:`REASON_COLUMNS`: of each child every concept, whose changes add up to that in log-odds.
    said : dict of str to tuple of str
        Sentences by child.
    """
    parts = [pd.DataFrame(columns=REASON_COLUMNS)]
    said: dict[str, tuple[str, ...]] = {}
    for child, row in watched(list(children.iterrows()), "explaining changes", progress=progress):
        ends = row["before_date"], row["last_scored"]
        held = str(child) in records.households.index
        change = explain_change(model, records, str(child), *ends, features=specs, accept_lag=True) if held else None
        if change is None or not _same(change, row):
            said[str(child)] = (OTHER_RECORDS,)
            continue
        found = change.concepts[["concept", "change", "because"]]
        parts.append(found.assign(child_id=str(child), from_date=ends[0], to_date=ends[1])[REASON_COLUMNS])
        said[str(child)] = _sentences(change, top, *ends)
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True), said


def _same(change: Change, row: pd.Series) -> bool:
    """Whether the records give the scores that are told."""
    pairs = (("to", "risk_compared"), ("from", "risk_before"))
    return all(abs(float(change.risk[end]) - float(row[name])) < _SAME for end, name in pairs)


def _sentences(change: Change, top: int, then: pd.Timestamp, now: pd.Timestamp) -> tuple[str, ...]:
    """What moved the score, with its days in words; the risks themselves are told elsewhere."""
    said = change.sentences(top)[1:]
    if change.about.cohort:
        said = said[:-1]
    days = {"the later date": ENGLISH.day(now), "the earlier date": ENGLISH.day(then)}
    for words, day in days.items():
        said = [sentence.replace(words, day) for sentence in said]
    return tuple(said)
