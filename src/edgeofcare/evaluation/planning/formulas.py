"""Sample size before fitting: how precise measures will be, and how many features the entrants can carry."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, xlogy

from edgeofcare.exceptions import SpecError

__all__ = [
    "AUROC_RANGE",
    "Predictor",
    "auroc_error",
    "carried_features",
    "development_children",
    "log_ratio_error",
    "predictor",
    "slope_error",
]

# Points and weights of a standard normal distribution.
_Z = np.linspace(-9, 9, 4001)
_W = np.exp(-(_Z**2) / 2) / np.exp(-(_Z**2) / 2).sum()
#: Least and most AUROC to plan with.
AUROC_RANGE = (0.55, 0.95)
#: Shrinkage that a regression should need at most, and how far its apparent fit may flatter it.
SHRINKAGE, OPTIMISM, PREVALENCE_MARGIN = 0.9, 0.05, 0.05
_NORMAL = 1.959963984540054


class Predictor(NamedTuple):
    """Log-odds that are spread normally over children: mean, standard deviation, and what follows from them.

    ``slope_information`` is the information of one child on the calibration slope, with the intercept fitted as well;
    ``r_squared`` is Cox and Snell's, and ``most_r_squared`` the largest that it can be at this prevalence.
    """

    mean: float
    sd: float
    slope_information: float
    r_squared: float
    most_r_squared: float


@lru_cache(maxsize=64)
def predictor(auroc: float, prevalence: float) -> Predictor:
    """Find the normal distribution of calibrated log-odds that has an AUROC and a prevalence.

    Parameters
    ----------
    auroc : float
        Between 0.55 and 0.95.
    prevalence : float
        Share of children who enter care, above 0 and below 1.

    Returns
    -------
    Predictor
        Mean, standard deviation, information and R squared.

    Raises
    ------
    SpecError
        If AUROC or prevalence are out of range.

    Examples
    --------
    >>> found = predictor(0.75, 0.1)
    >>> round(found.mean, 2), round(found.sd, 2)
    (-2.56, 1.0)
    """
    least, most = AUROC_RANGE
    if not (least <= auroc <= most and 0 < prevalence < 1):
        msg = f"expected_auroc must lie between {least} and {most}, the prevalence between 0 and 1."
        raise SpecError(msg)
    sd = float(brentq(lambda sd: _area(_mean(sd, prevalence), sd) - auroc, 1e-3, 12.0))
    mean = _mean(sd, prevalence)
    log_odds = mean + sd * _Z
    p = expit(log_odds)
    weight = _W * p * (1 - p)
    i_a, i_ab, i_b = float(weight.sum()), float((weight * log_odds).sum()), float((weight * log_odds**2).sum())
    null = float(xlogy(prevalence, prevalence) + xlogy(1 - prevalence, 1 - prevalence))
    fitted = float((_W * (xlogy(p, p) + xlogy(1 - p, 1 - p))).sum())
    return Predictor(
        mean, sd, (i_a * i_b - i_ab**2) / i_a, 1 - float(np.exp(2 * (null - fitted))), 1 - float(np.exp(2 * null))
    )


def _mean(sd: float, prevalence: float) -> float:
    """Mean of the log-odds at which the risks average to the prevalence."""
    return float(brentq(lambda mean: float((_W * expit(mean + sd * _Z)).sum()) - prevalence, -200.0, 200.0))


def _area(mean: float, sd: float) -> float:
    """AUROC of calibrated log-odds."""
    p = expit(mean + sd * _Z)
    with_event, without = _W * p / (_W * p).sum(), _W * (1 - p) / (_W * (1 - p)).sum()
    return float((with_event * (np.cumsum(without) - without / 2)).sum())


def log_ratio_error(entrants: float, prevalence: float) -> float:
    r"""Standard error of :math:`\ln(O/E)`: :math:`\sqrt{(1 - \phi) / (n \phi)}`.

    Examples
    --------
    >>> round(log_ratio_error(100, 0.1), 4)
    0.0949
    """
    return float(np.sqrt((1 - prevalence) / entrants))


def auroc_error(entrants: float, prevalence: float, auroc: float, *, formula: str = "newcombe") -> float:
    r"""Standard error of the AUROC.

    Parameters
    ----------
    entrants, prevalence, auroc : float
        What is expected; children are entrants divided by prevalence.
    formula : {"newcombe", "hanley_mcneil"}
        Newcombe's, which Riley and colleagues use, or that of Hanley and McNeil, which is a fifth wider where
        entrants are few among many.

    Returns
    -------
    float
        Standard error.

    References
    ----------
    Newcombe (2006), Statistics in Medicine 25, 559-573; Hanley and McNeil (1982), Radiology 143, 29-36.

    Examples
    --------
    >>> round(auroc_error(18, 0.018, 0.8), 4), round(auroc_error(18, 0.018, 0.8, formula="hanley_mcneil"), 4)
    (0.0526, 0.0631)
    """
    n = entrants / prevalence
    first, second = (1 - auroc) / (2 - auroc), auroc / (1 + auroc)
    with_event, without = entrants - 1, n - entrants - 1
    if formula == "newcombe":
        with_event = without = n / 2 - 1
    # A(1-A)(1-A)/(2-A) is Q1 - A^2 of Hanley and McNeil, and A(1-A)A/(1+A) is Q2 - A^2.
    inside = auroc * (1 - auroc) * (1 + with_event * first + without * second)
    return float(np.sqrt(inside / (entrants * (n - entrants))))


def slope_error(entrants: float, prevalence: float, auroc: float) -> float:
    r"""Standard error of the calibration slope of a calibrated model whose log-odds are spread normally.

    :math:`\sqrt{I_\alpha / (n (I_\alpha I_\beta - I_{\alpha\beta}^2))}` with the information of one child.

    Examples
    --------
    >>> round(slope_error(100, 0.1, 0.75), 3)
    0.123
    """
    children = entrants / prevalence
    return float((children * predictor(auroc, prevalence).slope_information) ** -0.5)


def development_children(features: int, prevalence: float, r_squared: float, most_r_squared: float) -> dict[str, float]:
    r"""Fewest children to develop a regression without penalty, by each of three criteria.

    Parameters
    ----------
    features : int
        Candidate features.
    prevalence, r_squared, most_r_squared : float
        Share who enter care; Cox and Snell's R squared that is expected, and the largest possible.

    Returns
    -------
    dict of str to float
        shrinkage (0.9 or milder), optimism (at most 0.05 of Nagelkerke's R squared), prevalence (within 0.05).

    References
    ----------
    Riley et al. (2020), BMJ 368, m441.

    Examples
    --------
    >>> [int(np.ceil(n)) for n in development_children(24, 0.174, 0.288, 0.603).values()]
    [623, 662, 221]
    """
    mild = r_squared / (r_squared + OPTIMISM * most_r_squared)
    return {
        "shrinkage": _children_at(SHRINKAGE, features, r_squared),
        "optimism": _children_at(mild, features, r_squared),
        "prevalence": (_NORMAL / PREVALENCE_MARGIN) ** 2 * prevalence * (1 - prevalence),
    }


def _children_at(shrinkage: float, features: int, r_squared: float) -> float:
    """Children at which so many features need this shrinkage."""
    return float(features / ((shrinkage - 1) * np.log1p(-r_squared / shrinkage)))


def carried_features(children: float, r_squared: float) -> int:
    """Features that so many children carry with a shrinkage of 0.9.

    Examples
    --------
    >>> carried_features(623, 0.288)
    24
    """
    return int(children / _children_at(SHRINKAGE, 1, r_squared))
