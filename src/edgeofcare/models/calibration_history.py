"""What was seen each time that the level of a model was moved, and how the lines compared when it was fitted."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from edgeofcare.exceptions import SpecError

__all__ = ["Anchoring", "LineCheck"]

_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
_LONGEST_REASON = 200


@dataclass(frozen=True)
class Anchoring:
    """One move of the intercept of a model; shareable, as it counts 30 entrants or more.

    Parameters
    ----------
    version : int
        Version that the move made, 2 or more.
    reason : str
        Why, in plain words.
    observed_expected_ratio, ci_low, ci_high : float
        Entries observed in the first days of the window for each one expected, before the move, with the ends of
        its 95% interval.
    n_rows, n_entrants : int
        Rows and different children who entered care.
    days : int
        Days of the window that were observed.
    first_month, last_month : str
        Months of the first and the last index date, such as ``"2024-10"``.
    intercept_before, intercept_after : float
        From where to where the intercept was moved, in log-odds.

    Raises
    ------
    SpecError
        If a value cannot be: a ratio that is not positive, fewer than 30 entrants, a month that is none.

    Examples
    --------
    >>> move = Anchoring(2, "fewer entered", 0.6, 0.4, 0.8, 4000, 40, 91, "2024-10", "2025-01", -1.0, -1.6)
    >>> Anchoring.from_dict(move.to_dict()) == move
    True
    """

    version: int
    reason: str
    observed_expected_ratio: float
    ci_low: float
    ci_high: float
    n_rows: int
    n_entrants: int
    days: int
    first_month: str
    last_month: str
    intercept_before: float
    intercept_after: float

    #: Fewest entrants on whom a move may rest.
    LEAST_ENTRANTS = 30

    def __post_init__(self) -> None:
        """Refuse what no re-anchoring writes."""
        numbers = (self.ci_low, self.observed_expected_ratio, self.ci_high)
        right = (
            _is_whole(self.version, 2)
            and _is_whole(self.days, 1)
            and _is_whole(self.n_entrants, self.LEAST_ENTRANTS)
            and _is_whole(self.n_rows, self.n_entrants)
            and isinstance(self.reason, str)
            and 0 < len(self.reason) <= _LONGEST_REASON
            and all(_is_number(value) and value > 0 for value in numbers)
            and numbers[0] <= numbers[2]
            and all(_is_number(value) for value in (self.intercept_before, self.intercept_after))
            and _is_month(self.first_month)
            and _is_month(self.last_month)
            and self.first_month <= self.last_month
        )
        if not right:
            msg = "An entry of the history of a calibration cannot be used; edgeofcare.reanchor writes them."
            raise SpecError(msg)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON.

        Returns
        -------
        dict
            By the names of the parameters.
        """
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Anchoring:
        """Read what :meth:`to_dict` wrote.

        Parameters
        ----------
        plain : mapping
            By the names of the parameters, all of them and no other.

        Returns
        -------
        Anchoring
            The same.

        Raises
        ------
        SpecError
            If it is anything else.
        """
        if not isinstance(plain, Mapping) or set(plain) != {field.name for field in fields(cls)}:
            msg = "An entry of the history of a calibration does not have the fields of one."
            raise SpecError(msg)
        return cls(**plain)


@dataclass(frozen=True)
class LineCheck:
    """How one line did on the last index dates, after being fitted on earlier ones.

    Parameters
    ----------
    rule : str
        ``"none"``, ``"level"``, ``"slope shrunk"`` or ``"slope"``.
    log_loss : float
        Mean over the rows of the last index dates.
    gain : float
        Log loss of the rule in use less this one; above 0, this one was better.
    standard_error : float
        Of ``gain``, by households.
    """

    rule: str
    log_loss: float
    gain: float
    standard_error: float


def _is_whole(value: Any, least: int) -> bool:
    """Whether a value is a whole number of at least so many."""
    return type(value) is int and value >= least


def _is_month(value: Any) -> bool:
    """Whether a value is a month such as 2024-10."""
    return isinstance(value, str) and re.fullmatch(_MONTH, value) is not None


def _is_number(value: Any) -> bool:
    """Whether a value is a finite number."""
    return type(value) in (int, float) and math.isfinite(value)
