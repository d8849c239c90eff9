"""Reasons as a table: what moved each risk most, by concept or by feature, in words and with the source rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.cells import look_at
from edgeofcare.explanation.concepts import Reason, concept_reasons, odds_multiplier, probability_points
from edgeofcare.explanation.spread import LEVELS
from edgeofcare.models.rows import ROW_NAMES

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["reason_frame", "row_reasons"]

_COLUMNS = [
    *("direction", "concept", "feature", "value", "record", "strength", "sentence"),
    *("contribution", "odds_multiplier", "probability_points", "evidence"),
]


def reason_frame(explanation: Explanation, top: int, level: str, *, bands: bool) -> pd.DataFrame:
    """Reasons of every row, as :meth:`Explanation.reasons` returns them.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.
    top : int
        Most reasons for each row.
    level : {"concept", "feature"}
        What a reason is.
    bands : bool
        Whether bands and ties are told where the model has refits.

    Returns
    -------
    DataFrame
        On the rows and ``rank``.

    Raises
    ------
    SpecError
        If ``top`` is not a whole number of 1 or more, or there is no such level.
    """
    _check(top, level)
    told = [row_reasons(explanation, row, level, top) for row in range(len(explanation))]
    rows = [row for row, found in enumerate(told) for _ in found]
    ranks = [rank for found in told for rank in range(1, len(found) + 1)]
    frame = pd.DataFrame([_as_row(reason) for found in told for reason in found], columns=_COLUMNS)
    if bands and explanation.spread is not None:
        orders = [_order(explanation, row, level) for row in range(len(explanation))]
        certainty = explanation.spread.ranked(orders, top, level)
        ranks = certainty["rank"].tolist()
        frame = frame.assign(band=certainty["band"], tied=certainty["tied"])
    return frame.set_axis(_index(explanation, rows, ranks))


def row_reasons(
    explanation: Explanation, row: int, level: str, top: int | None = None, *, dated: bool = True
) -> list[Reason]:
    """Reasons of one row, the largest first; what adds exactly nothing is left out.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.
    row : int
        Its position.
    level : {"concept", "feature"}
        What a reason is.
    top : int, optional
        Most reasons; all if left out.
    dated : bool, default True
        Whether sentences name the index date.

    Returns
    -------
    list of Reason
        Ties by name.
    """
    if level == "concept":
        return concept_reasons(explanation, row, top, certainty=False, dated=dated)
    phi = explanation._contributions.iloc[row].to_numpy(dtype=np.float64)
    points = probability_points(phi, explanation.base, float(explanation._scores["log_odds"].iloc[row]))
    cells = [
        (column, look_at(explanation, row, column, dated=dated)) for column in _order(explanation, row, level)[:top]
    ]
    return [Reason(cell.concept, cell.contribution, float(points[column]), cell, {}) for column, cell in cells]


def _check(top: int, level: str) -> None:
    """Refuse options that cannot be used."""
    if not isinstance(top, int | np.integer) or isinstance(top, bool) or top < 1:
        msg = f"top must be a whole number of 1 or more; got {top!r}."
        raise SpecError(msg)
    if level not in LEVELS:
        msg = f"level must be one of {', '.join(map(repr, LEVELS))}."
        raise SpecError(msg)


def _order(explanation: Explanation, row: int, level: str) -> list[int]:
    """Reasons of a row from the largest contribution to the smallest, without those that add nothing."""
    frame = explanation._concepts if level == "concept" else explanation._contributions
    size = np.abs(frame.iloc[row].to_numpy(dtype=np.float64))
    names = np.asarray([str(name) for name in frame.columns])
    return [int(place) for place in np.lexsort((names, -size)) if size[place] > 0]


def _index(explanation: Explanation, rows: Sequence[int], ranks: Sequence[int]) -> pd.MultiIndex:
    """The names of rows, each with a rank."""
    named = explanation._values.index.take(np.asarray(rows, dtype=np.intp))
    levels = [named.get_level_values(name) for name in ROW_NAMES]
    return pd.MultiIndex.from_arrays([*levels, np.asarray(ranks, dtype=np.int64)], names=[*ROW_NAMES, "rank"])


def _as_row(reason: Reason) -> dict[str, Any]:
    """One reason as a row of the frame."""
    cell = reason.cell
    return {
        "direction": reason.direction,
        "concept": reason.concept,
        "feature": cell.feature,
        "value": cell.value,
        "record": cell.record,
        "strength": reason.strength,
        "sentence": cell.sentence,
        "contribution": reason.contribution,
        "odds_multiplier": odds_multiplier(reason.contribution),
        "probability_points": reason.points,
        "evidence": cell.evidence,
    }
