"""How likely it is by chance: counts against counts, shares against shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

__all__ = ["Level", "count_p_value", "family_p_value", "only_one_side", "share_p_value"]

_FEWEST_LEVELS = 6


def family_p_value(p_value: float, tests: int) -> float:
    """Chance that any of some tests gives so small a p-value (Bonferroni).

    Parameters
    ----------
    p_value : float
        Of one test.
    tests : int
        How many there are.

    Returns
    -------
    float

    Examples
    --------
    >>> family_p_value(0.01, 5)
    0.05
    """
    return float(min(1.0, p_value * max(tests, 1)))


@dataclass(frozen=True)
class Level:
    """What a level usually is, on a scale where chance does not depend on it.

    Parameters
    ----------
    mean, variance : float
        Of earlier months.
    n : int
        Months.

    Examples
    --------
    >>> usual = Level.of([1.0, -1.0, 0.5, -0.5, 0.2, -0.2])
    >>> round(usual.p_value(5.0), 4)
    0.0013
    """

    mean: float
    variance: float
    n: int

    @classmethod
    def of(cls, levels: ArrayLike) -> Level:
        """From the levels of earlier months; the variance is rounded, so that they cannot be had back."""
        level = np.asarray(levels, dtype=np.float64)
        variance = float(level.var(ddof=1)) if level.size > 1 else 0.0
        return cls(round(float(level.mean()), 4) if level.size else 0.0, round(variance, 4), int(level.size))

    def p_value(self, now: float, *, least: float = 0.0) -> float:
        """Chance of a level as far away: Student's t, with the variance of a new month about an estimated mean.

        Parameters
        ----------
        now : float
            The level of this month.
        least : float
            Least variance of one month: that of chance alone.

        Returns
        -------
        float
            Two-sided; NaN with fewer than 6 months.
        """
        if self.n < _FEWEST_LEVELS:
            return float("nan")
        spread = float(np.sqrt(max(self.variance, least) * (1 + 1 / self.n)))
        if spread == 0:
            return 1.0 if now == self.mean else 0.0
        return float(2 * stats.t.sf(abs(now - self.mean) / spread, self.n - 1))


def count_p_value(count: int, expected: float, variance: float) -> float:
    """Chance of a count as far from what was expected, on either side.

    Parameters
    ----------
    count : int
        What was observed.
    expected, variance : float
        Mean and variance under the null; a variance below the mean counts as the mean.

    Returns
    -------
    float
        Twice the smaller tail of a negative binomial of that mean and variance, or of a Poisson.

    Examples
    --------
    >>> round(count_p_value(2, 10.0, 10.0), 4)
    0.0055
    """
    if variance > expected * (1 + 1e-9):
        law = stats.nbinom(expected**2 / (variance - expected), expected / variance)
    else:
        law = stats.poisson(expected)
    return float(min(1.0, 2 * min(law.cdf(count), law.sf(count - 1))))


def share_p_value(found: float, of: float, usual_found: float, usual_of: float) -> float:
    """Chance of a share as far from the usual one, of counts of independent cases (Fisher's exact test).

    Parameters
    ----------
    found, of : float
        Cases, and of how many; rounded to whole ones.
    usual_found, usual_of : float
        The same in the reference.

    Returns
    -------
    float
        Two-sided.

    Examples
    --------
    >>> round(share_p_value(1, 10, 50, 100), 3)
    0.019
    """
    one, other = (
        (round(some), max(0, round(all_) - round(some))) for some, all_ in ((found, of), (usual_found, usual_of))
    )
    return float(stats.fisher_exact([one, other])[1])


def only_one_side(found: float, share: float) -> float:
    """Chance that all of some cases fall on one side, where each does with a given chance.

    Parameters
    ----------
    found : float
        Cases.
    share : float
        Chance of each.

    Returns
    -------
    float

    Examples
    --------
    >>> only_one_side(2, 0.5)
    0.25
    """
    return float(min(max(share, 0.0), 1.0) ** found)
