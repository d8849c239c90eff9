"""The contract of a case system: a request for the scores of some children, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeofcare.scoring.array_scorer import ArrayScorer

__all__ = ["MOST_CHILDREN", "MOST_ROWS", "SCHEMA_VERSION", "answer"]

SCHEMA_VERSION = "1.0"
"""Version of the contract: the first number changes when a program that keeps to it would break."""

MOST_CHILDREN = 1_000
"""Most children of one request."""

MOST_ROWS = 200_000
"""Most rows of one request, of all children together."""


def answer(scorer: ArrayScorer, request: Mapping[str, Any] | str | bytes) -> dict[str, Any]:
    """Answer a request, as :meth:`edgeofcare.Scorer.score_request` does.

    Parameters
    ----------
    scorer : Scorer
        The model.
    request : mapping, str or bytes
        JSON text or what it holds.

    Returns
    -------
    dict
        The answer, as JSON can hold it.
    """
    raise NotImplementedError
