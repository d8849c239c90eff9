"""The score of one child with its reasons, as plain values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from edgeofcare.explanation.concepts import Reason, odds_multiplier

__all__ = ["ChildReason", "ChildScore"]


@dataclass(frozen=True, repr=False)
class ChildReason:
    """What one concept does to the risk of one child; a case record, which stays with the authority.

    Parameters
    ----------
    direction : {"raises", "lowers"}
        Which way it moves the risk.
    concept : str
        Its name.
    contribution : float
        In calibrated log-odds.
    odds_multiplier : float
        Its exponential; no more than the largest number that there is.
    probability_points : float
        Its share of the change in probability, in percentage points (Aumann-Shapley; not the Shapley value of the
        probability).
    feature : str
        The feature that carries it: the largest that moves the risk the same way.
    value : float or str
        Its value, or a code; NaN where it is unknown, or an empty window has none.
    record : {"recorded", "nothing recorded", "not known"}
        What the records say.
    strength : bool
        Whether it lowers the risk because something good is on record.
    sentence : str
        The value in words.
    evidence : tuple of (str, str, str)
        Table, row key and ISO date of each source row; the date is ``"nan"`` where there is none.
    band : {"strong", "some", "slight"}, optional
        How sure it is; None unless bands were asked for and the model has refits.
    tied : bool, optional
        Whether another concept cannot be told from it in size.

    Examples
    --------
    >>> ChildReason("raises", "school", 0.5, 1.65, 2.0, "exclusion.count.365d", 2.0, "recorded", False, "...", ())
    ChildReason()
    """

    direction: str
    concept: str
    contribution: float
    odds_multiplier: float
    probability_points: float
    feature: str
    value: float | str
    record: str
    strength: bool
    sentence: str
    evidence: tuple[tuple[str, str, str], ...]
    band: str | None = None
    tied: bool | None = None

    @classmethod
    def of(cls, reason: Reason) -> ChildReason:
        """Take a reason apart into plain values.

        Parameters
        ----------
        reason : Reason
            The reason.

        Returns
        -------
        ChildReason
            The same.
        """
        cell = reason.cell
        return cls(
            reason.direction,
            reason.concept,
            reason.contribution,
            odds_multiplier(reason.contribution),
            reason.points,
            cell.feature,
            cell.value,
            cell.record,
            reason.strength,
            cell.sentence,
            cell.evidence,
            **reason.certainty,
        )

    def __repr__(self) -> str:
        """Nothing of the child."""
        return "ChildReason()"

    def to_dict(self) -> dict[str, Any]:
        """The reason as JSON can hold it.

        Returns
        -------
        dict
            By the names above; each source row is a dictionary of ``table``, ``row_key`` and ``date``. What is no
            number or no date is None.
        """
        names = ("table", "row_key", "date")
        rows = [dict(zip(names, (*row[:2], None if row[2] == "nan" else row[2]), strict=True)) for row in self.evidence]
        plain = {name: _plain(value) for name, value in vars(self).items()}
        return plain | {"evidence": rows}


@dataclass(frozen=True, repr=False)
class ChildScore:
    """The risk of one child on one day with its reasons; a case record, which stays with the authority.

    Made by :meth:`edgeofcare.Scorer.score_child`. It supports a professional's decision; it never takes one.

    Parameters
    ----------
    risk : float
        Calibrated probability of entering care within the horizon.
    risk_low, risk_high : float or None
        How far it moves when the model is fitted again on resampled households; None where the model has no refits.
    log_odds : float
        Its log-odds.
    base : float
        Log-odds before anything is known: those of whom the child is compared with.
    compared_with : str
        Whom reasons compare the child with: a reference cohort, or the average child in training.
    reasons : tuple of ChildReason
        The concepts that move the risk most, the largest first.
    unknown : tuple of str
        Names of the features whose value is not known, because the records do not reach or hold it.
    model_id : str
        Which model it was.
    index_date : str
        The day, in ISO form; only what was known before it was used.
    data_until : str
        Last day of the records, in ISO form.
    decision_support_only : bool
        Always True.
    override : str or None
        Why the model was used although it is not to be used on the day; None where nothing had to be overridden.
    unseen : tuple of str
        Names of the features whose code the model does not know and takes as unknown.
    not_eligible_because : tuple of str
        Why the model is not for the child on the day; empty unless such a child was to be scored all the same.

    Examples
    --------
    >>> day, model = "2025-03-31", "0123456789ab"
    >>> score = ChildScore(0.1, None, None, -2.2, -2.9, "the average child", (), (), model, day, day)
    >>> score
    ChildScore(model 0123456789ab, 0 reasons)
    >>> score.to_dict()["decision_support_only"]
    True
    """

    risk: float
    risk_low: float | None
    risk_high: float | None
    log_odds: float
    base: float
    compared_with: str
    reasons: tuple[ChildReason, ...]
    unknown: tuple[str, ...]
    model_id: str
    index_date: str
    data_until: str
    decision_support_only: bool = True
    override: str | None = None
    unseen: tuple[str, ...] = ()
    not_eligible_because: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """The model and a count; nothing of the child."""
        many = f"{len(self.reasons)} reason{'' if len(self.reasons) == 1 else 's'}"
        return f"ChildScore(model {self.model_id}, {many})"

    def to_dict(self) -> dict[str, Any]:
        """The score as JSON can hold it.

        Returns
        -------
        dict
            By the names above; reasons as :meth:`ChildReason.to_dict` gives them. What is no number is None.
        """
        plain = {name: _plain(value) for name, value in vars(self).items()}
        return plain | {"reasons": [reason.to_dict() for reason in self.reasons]}


def _plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if isinstance(value, tuple):
        return list(value)
    return None if isinstance(value, float) and math.isnan(value) else value
