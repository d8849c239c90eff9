"""What a model must show before it is used: limits that are fixed before fitting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from edgeofcare.exceptions import SpecError

__all__ = ["Criteria"]

_RANGES = ("thresholds", "observed_expected", "calibration_slope", "group_observed_expected")
# Intervals from fewer entrants mean too little to judge by.
_LEAST_ENTRANTS = 30
# Thresholds too near to 0, to 1 or to each other make no range to average over.
_LEAST_RISK, _MOST_RISK, _SPAN = 0.001, 0.99, 0.05


@dataclass(frozen=True)
class Criteria:
    """What a model must show before it is used, fixed before it is fitted.

    Parameters
    ----------
    baseline : str, default "count_rule"
        The rule to beat.
    min_entrants : int, default 100
        Fewest entrants in the test period; at least 30.
    thresholds : tuple of float, default (0.05, 0.2)
        Lowest and highest risk at which practitioners would review a child. Agree them before looking at results. Net
        benefit is averaged over them in steps of half a percentage point, each with the same weight. From 0.001 to
        0.99, and 0.05 or more apart, so that the average tells of no single threshold.
    observed_expected : tuple of float, default (0.8, 1.25)
        The interval of observed over expected entries must lie within.
    calibration_slope : tuple of float, default (0.8, 1.2)
        The interval of the calibration slope must touch this.
    group_observed_expected : tuple of float, default (0.67, 1.5)
        Observed over expected entries of every group that is not suppressed must lie within.

    Raises
    ------
    SpecError
        If a limit cannot be used.

    Notes
    -----
    Beside these: the gains in AUROC and in net benefit over the baseline have intervals above zero, and no alarm is
    open. Net benefit over a range is one number, chosen beforehand; asking for a gain at each threshold would be
    dozens of tests, and asking for a gain at the best would be none.

    Examples
    --------
    >>> Criteria(min_entrants=150).to_dict()["min_entrants"]
    150
    >>> Criteria.from_dict(Criteria().to_dict()) == Criteria()
    True
    """

    baseline: str = "count_rule"
    min_entrants: int = 100
    thresholds: tuple[float, float] = (0.05, 0.2)
    observed_expected: tuple[float, float] = (0.8, 1.25)
    calibration_slope: tuple[float, float] = (0.8, 1.2)
    group_observed_expected: tuple[float, float] = (0.67, 1.5)

    def __post_init__(self) -> None:
        """Refuse limits that cannot be used, all at once."""
        problems = []
        if not isinstance(self.baseline, str) or not self.baseline or self.baseline in ("model", "prevalence"):
            problems.append("baseline must be the name of a rule that ranks children, such as 'count_rule'")
        whole = isinstance(self.min_entrants, int | np.integer) and not isinstance(self.min_entrants, bool)
        if not whole or self.min_entrants < _LEAST_ENTRANTS:
            problems.append(f"min_entrants must be a whole number, {_LEAST_ENTRANTS} or more")
        for name in _RANGES:
            ends = _range(getattr(self, name))
            if ends is None:
                problems.append(f"{name} must be two numbers above 0, the lower first")
            elif name == "thresholds" and (
                ends[0] < _LEAST_RISK or ends[1] > _MOST_RISK or ends[1] - ends[0] < _SPAN - 1e-9
            ):
                problems.append(f"thresholds must lie from {_LEAST_RISK} to {_MOST_RISK}, and be {_SPAN} or more apart")
            else:
                object.__setattr__(self, name, ends)
        around = ("observed_expected", "calibration_slope", "group_observed_expected")
        if not problems and not all(getattr(self, name)[0] < 1 < getattr(self, name)[1] for name in around):
            problems.append(f"{', '.join(around)} must each have 1 within")
        if problems:
            msg = "The criteria cannot be used: " + "; ".join(problems) + "."
            raise SpecError(msg)
        object.__setattr__(self, "min_entrants", int(self.min_entrants))

    def to_dict(self) -> dict[str, Any]:
        """Every limit, ready for JSON.

        Returns
        -------
        dict
            Name of each limit to its value, ranges as lists.
        """
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, limits: Mapping[str, Any]) -> Criteria:
        """Rebuild criteria from :meth:`to_dict`.

        Parameters
        ----------
        limits : mapping
            As :meth:`to_dict` gives it.

        Returns
        -------
        Criteria
            Equal criteria.

        Raises
        ------
        SpecError
            If it is no mapping, a key is not a limit of this version, or a limit cannot be used.
        """
        if not isinstance(limits, Mapping):
            msg = f"The criteria are a {type(limits).__name__}; expected a mapping as Criteria.to_dict() gives it."
            raise SpecError(msg)
        unknown = sorted(str(name) for name in set(limits) - {field.name for field in fields(cls)})
        if unknown:
            msg = f"The criteria have limits that this version does not know: {', '.join(unknown)}."
            raise SpecError(msg)
        return cls(**limits)

    def threshold_grid(self) -> np.ndarray:
        """Thresholds at which net benefit is averaged.

        Returns
        -------
        ndarray of float64
            From the lowest to the highest, in steps of half a percentage point; the highest included.

        Examples
        --------
        >>> Criteria(thresholds=(0.05, 0.1)).threshold_grid()[:3].tolist()
        [0.05, 0.055, 0.06]
        """
        low, high = self.thresholds
        return np.unique(np.append(np.arange(low, high, 0.005), high).round(4))


def _range(value: Any) -> tuple[float, float] | None:
    """Two numbers above 0, the lower first; None where they are not."""
    try:
        low, high = (float(end) for end in value)
    except (TypeError, ValueError):
        return None
    return (low, high) if 0 < low < high < math.inf else None
