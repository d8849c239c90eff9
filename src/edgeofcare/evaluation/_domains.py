"""The five sides of what a model is worth, and the measures that show each."""

from __future__ import annotations

import pandas as pd

from edgeofcare.evaluation.judgement.agreed_thresholds import NET_BENEFIT
from edgeofcare.metrics._confusion import AT_CAPACITY

__all__ = ["DOMAINS", "domain_of", "with_domain"]

DOMAINS: dict[str, tuple[str, ...]] = {
    "discrimination": ("auroc", "average_precision", "prevalence"),
    "calibration": (
        "observed_expected_ratio",
        "calibration_in_the_large",
        "calibration_slope",
        "integrated_calibration_index",
        "e50",
        "e90",
        "brier_miscalibration",
    ),
    "overall": (
        "brier_score",
        "scaled_brier_score",
        "log_loss",
        "d2_log_loss",
        "brier_discrimination",
        "brier_uncertainty",
    ),
    "classification at capacity": (*AT_CAPACITY, "entrants_found_at_capacity"),
    "utility": (NET_BENEFIT,),
}
"""Measures of each side. The prevalence stands with discrimination, for average precision is read against it."""

_SIDES = {measure: side for side, measures in DOMAINS.items() for measure in measures}


def with_domain(measures: pd.DataFrame) -> pd.DataFrame:
    """The same measures, each with its side before its name.

    Parameters
    ----------
    measures : DataFrame
        With a column ``measure``.

    Returns
    -------
    DataFrame
        With a column ``domain`` more, and rows numbered anew.
    """
    sides = [domain_of(measure) for measure in measures["measure"]]
    found = measures.reset_index(drop=True)
    found.insert(list(found.columns).index("measure"), "domain", sides)
    return found


def domain_of(measure: str) -> str:
    """The side that a measure shows.

    Parameters
    ----------
    measure : str
        Name of a measure, as in ``Evaluation.measures``.

    Returns
    -------
    str
        One of :data:`DOMAINS`.

    Raises
    ------
    KeyError
        If no side has it.

    Examples
    --------
    >>> domain_of("auroc"), domain_of("ppv_at_capacity")
    ('discrimination', 'classification at capacity')
    """
    return _SIDES[measure]
