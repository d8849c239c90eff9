"""One child explained in full: the answer of the contract, and in each reason every feature that moves the risk."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from edgeofcare.exceptions import SpecError
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.scoring.request_form import MOST_REASONS, asked_reasons

if TYPE_CHECKING:
    from edgeofcare.explanation.cells import Cell
    from edgeofcare.scorer import Scorer

__all__ = ["explain_request"]

_EVIDENCE = ("table", "row_key", "date")


def explain_request(scorer: Scorer, request: Any) -> dict[str, Any]:
    """Answer a request for one child with all its reasons, and the features inside each.

    Parameters
    ----------
    scorer : Scorer
        The model.
    request : object
        As :meth:`edgeofcare.Scorer.score_request` takes it, with exactly one child; however many ``top_reasons``, it
        gets all; reasons say how sure they are unless ``bands`` is false.

    Returns
    -------
    dict
        As :meth:`edgeofcare.Scorer.score_request` gives it; each reason has ``features`` as well: feature, value,
        contribution, what is on record, sentence and source rows, the largest first.

    Raises
    ------
    SpecError
        If there is another number of children, or what ``score_request`` raises.
    """
    children = request.get("children") if isinstance(request, dict) else None
    if not isinstance(children, list) or len(children) != 1:
        msg = "The request must be an object whose 'children' holds exactly one child: one is explained at a time."
        raise SpecError(msg)
    top = request.get("top_reasons", MOST_REASONS)
    every = top if asked_reasons(top) is None else MOST_REASONS  # what is no number of reasons is refused as ever
    answer = scorer.score_request({"bands": True, **request, "top_reasons": every})
    reasons = answer["scores"][0].get("reasons") or []
    if reasons:
        names = [reason["concept"] for reason in reasons]
        inside = scorer._of_child.inside(ChildRecords.from_plain(children[0]), answer["index_date"], names)
        for reason in reasons:
            reason["features"] = [_plain(cell) for cell in inside[reason["concept"]]]
    return answer


def _plain(cell: Cell) -> dict[str, Any]:
    """What one feature says, as JSON can hold it."""
    rows = [(table, key, None if day == "nan" else day) for table, key, day in cell.evidence]
    return {
        "feature": cell.feature,
        "value": None if isinstance(cell.value, float) and math.isnan(cell.value) else cell.value,
        "contribution": cell.contribution,
        "record": cell.record,
        "sentence": cell.sentence,
        "evidence": [dict(zip(_EVIDENCE, row, strict=True)) for row in rows],
    }
