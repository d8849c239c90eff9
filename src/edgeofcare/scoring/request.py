"""The contract of a case system: a request for the scores of some children, and its answer."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from edgeofcare.exceptions import EdgeOfCareError, RecordsError, RequestError
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.scoring.child import ChildScorer
from edgeofcare.scoring.child_score import ChildScore
from edgeofcare.scoring.eligibility import why_not_eligible
from edgeofcare.scoring.fitness import refuse_unfit
from edgeofcare.scoring.request_form import SCHEMA_VERSION, Asked, read_request
from edgeofcare.task import Task

__all__ = ["answer"]


class _Model(Protocol):
    """A loaded model, as :class:`edgeofcare.Scorer` is."""

    @property
    def task(self) -> Task:
        """Whom it is for."""

    @property
    def model_id(self) -> str:
        """Short name of exactly this model."""

    @property
    def expires(self) -> dt.date | None:
        """The day from which it is not to be used any more."""

    @property
    def verdict(self) -> str | None:
        """What the evaluation in the file concludes."""

    @property
    def reporting_lag(self) -> Mapping[str, int] | None:
        """Days from an event until it could be seen in training, by table."""


def answer(model: _Model, scorer: ChildScorer, request: Mapping[str, Any] | str | bytes) -> dict[str, Any]:
    """Answer a request, as :meth:`edgeofcare.Scorer.score_request` does.

    Parameters
    ----------
    model : Scorer
        The loaded model.
    scorer : ChildScorer
        The same, ready for one child at a time.
    request : mapping, str or bytes
        JSON text or what it holds.

    Returns
    -------
    dict
        The answer, as JSON can hold it.

    Raises
    ------
    RequestError
        With every problem of the request.
    UnfitModelError
        If the model is not to be used on the day, and the request does not say why it is.
    """
    asked = read_request(request)
    override = refuse_unfit(model, asked.index_date, asked.override)
    scores = _scores(scorer, asked, _eligibility(model, asked))
    if asked.rank:
        _add_ranks(scores)
    return {
        "schema_version": SCHEMA_VERSION,
        "model_id": model.model_id,
        "index_date": str(asked.index_date),
        "decision_support_only": True,
        "override": override,
        "expires": None if model.expires is None else model.expires.isoformat(),
        "verdict": model.verdict,
        "scores": scores,
    }


def _eligibility(model: _Model, asked: Asked) -> list[tuple[str, ...]]:
    """Why the model is not for each child; records that it cannot be used with are told all at once."""
    found: list[tuple[str, ...]] = []
    problems: list[str] = []
    for place, records in enumerate(asked.children):
        try:
            refuse_other_lag(model, records, accept=asked.accept_lag)
            found.append(why_not_eligible(records, model.task, asked.index_date))
        except EdgeOfCareError as error:
            problems += _told(place, error)
    if problems:
        raise RequestError(problems)
    return found


def _scores(scorer: ChildScorer, asked: Asked, because: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    """The score of each child for whom the model is, and why there is none for the others."""
    found, problems = [], []
    for place, (records, why) in enumerate(zip(asked.children, because, strict=True)):
        try:
            score = None if why else scorer.score(records, asked.index_date, top_reasons=asked.top_reasons,
                                                  bands=asked.bands)  # fmt: skip
            found.append(_entry(records, score, why))
        except EdgeOfCareError as error:
            problems += _told(place, error)
    if problems:
        raise RequestError(problems)
    return found


def _told(place: int, error: EdgeOfCareError) -> list[str]:
    """The problems of one child, by its position."""
    problems = error.problems if isinstance(error, RecordsError) else (str(error),)
    return [f"children[{place}]: {problem}" for problem in problems]


def _entry(records: ChildRecords, score: ChildScore | None, because: tuple[str, ...]) -> dict[str, Any]:
    """What is told of one child."""
    plain = dict.fromkeys(_NUMBERS) | {name: [] for name in _LISTS} if score is None else score.to_dict()
    return {
        "child_id": records.child_id,
        "eligible": not because,
        "not_eligible_because": list(because),
        **{name: plain[name] for name in (*_NUMBERS, *_LISTS)},
        "data_until": str(records.observed_until),
    }


_NUMBERS = ("risk", "risk_low", "risk_high", "log_odds", "base", "compared_with")
_LISTS = ("reasons", "unknown", "unseen")


def _add_ranks(scores: Sequence[dict[str, Any]]) -> None:
    """Add the rank of each child among those of the request who have a risk: 1 is the riskiest, ties share it."""
    risks = sorted(score["risk"] for score in scores if score["eligible"])
    for score in scores:
        score["rank"] = 1 + len(risks) - bisect_right(risks, score["risk"]) if score["eligible"] else None
