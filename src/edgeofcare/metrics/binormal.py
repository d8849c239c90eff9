"""What an AUROC means for a list of a given size, when the scores of entrants and of others are normal.

Both are taken to have equal spread, with means a distance ``d`` apart, so that AUROC = Phi(d / sqrt 2). Everything else
follows from the base rate and the share of rows that are listed.
"""

from __future__ import annotations

from math import sqrt

from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm

from edgeofcare.exceptions import SpecError

__all__ = ["at_capacity", "average_precision", "distance", "share_listed"]


def distance(auroc: float) -> float:
    """Distance between the scores of entrants and of others, in standard deviations.

    Parameters
    ----------
    auroc : float
        Above 0 and below 1.

    Returns
    -------
    float
        0 at an AUROC of 0.5, negative below it.

    Raises
    ------
    SpecError
        If the AUROC is not above 0 and below 1.

    Examples
    --------
    >>> round(distance(0.8), 3)
    1.19
    """
    return sqrt(2) * float(norm.ppf(_open_share(auroc, "auroc")))


def share_listed(cut: float, auroc: float, base_rate: float) -> float:
    """Share of all rows whose score is above a cut.

    Parameters
    ----------
    cut : float
        In standard deviations above the mean score of those who do not enter care.
    auroc, base_rate : float
        Each above 0 and below 1.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> share_listed(0.0, 0.5, 0.1)
    0.5
    """
    return float(base_rate * norm.sf(cut - distance(auroc)) + (1 - base_rate) * norm.sf(cut))


def at_capacity(auroc: float, base_rate: float, capacity_share: float) -> tuple[float, float]:
    """PPV and recall of a list of the highest scores.

    Parameters
    ----------
    auroc, base_rate : float
        Each above 0 and below 1.
    capacity_share : float
        Share of rows that are listed, above 0 and at most 1.

    Returns
    -------
    tuple of float
        PPV, then recall.

    Raises
    ------
    SpecError
        If a number is outside its range.

    Examples
    --------
    >>> ppv, recall = at_capacity(0.8, 0.043, 0.1)
    >>> round(ppv, 3), round(recall, 2)
    (0.184, 0.43)
    """
    rate, apart = _open_share(base_rate, "base_rate"), distance(auroc)
    if capacity_share == 1:
        return rate, 1.0
    share = _open_share(capacity_share, "capacity_share")
    reach = 40.0 + abs(apart)
    cut = brentq(lambda at: share_listed(at, auroc, rate) - share, -reach, reach, xtol=1e-13)
    recall = float(norm.sf(cut - apart))
    return rate * recall / share, recall


def average_precision(auroc: float, base_rate: float) -> float:
    """Mean precision over all cuts, each weighted by the entrants found there.

    Parameters
    ----------
    auroc, base_rate : float
        Each above 0 and below 1.

    Returns
    -------
    float
        The base rate at an AUROC of 0.5, near 1 for a model that is hardly ever wrong.

    Raises
    ------
    SpecError
        If a number is outside its range.

    Examples
    --------
    >>> round(average_precision(0.8, 0.043), 3)
    0.203
    """
    apart, rate = distance(auroc), _open_share(base_rate, "base_rate")

    def weighted_precision(cut: float) -> float:
        """Precision at a cut, by the density of entrants there."""
        found = rate * norm.sf(cut - apart)
        listed = found + (1 - rate) * norm.sf(cut)
        return float(norm.pdf(cut - apart) * found / listed)

    return float(quad(weighted_precision, apart - 8, apart + 10, limit=200)[0])


def _open_share(value: float, name: str) -> float:
    """Check that a number is above 0 and below 1."""
    number = float(value)
    if not 0 < number < 1:
        msg = f"{name} must be above 0 and below 1."
        raise SpecError(msg)
    return number
