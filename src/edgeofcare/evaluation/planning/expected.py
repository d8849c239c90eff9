"""What a list can be expected to hold, given nothing but an AUROC, a base rate and its length."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics.binormal import at_capacity, average_precision

__all__ = ["EXPECTED_COLUMNS", "expected_performance"]

EXPECTED_COLUMNS = (
    "auroc",
    "base_rate",
    "capacity_share",
    "ppv",
    "recall",
    "number_needed_to_review",
    "lift",
    "average_precision",
)


def expected_performance(
    auroc: float | Sequence[float], base_rate: float | Sequence[float], capacity_share: float | Sequence[float]
) -> pd.DataFrame:
    r"""Say what PPV and recall arithmetic allows at an AUROC and a base rate, before anybody promises more.

    Parameters
    ----------
    auroc : float or sequence of float
        Above 0 and below 1.
    base_rate : float or sequence of float
        Share of rows with an entry, above 0 and below 1.
    capacity_share : float or sequence of float
        Share of rows that are reviewed, above 0 and at most 1.

    Returns
    -------
    DataFrame
        One row for each combination, in the order given: auroc, base_rate, capacity_share, ppv, recall,
        number_needed_to_review, lift, average_precision.

    Raises
    ------
    SpecError
        If a number is outside its range, or none is given.

    Notes
    -----
    The scores of entrants and of others are taken as normal with equal spread, a distance :math:`d` apart with
    :math:`\mathrm{AUROC} = \Phi(d / \sqrt 2)`. A real model has another curve: this is what to expect, not a bound.

    Examples
    --------
    >>> expected = expected_performance(0.8, 0.043, [0.05, 0.1])
    >>> expected[["ppv", "recall"]].round(2).to_numpy().tolist()
    [[0.25, 0.29], [0.18, 0.43]]
    """
    given = [_numbers(auroc, "auroc"), _numbers(base_rate, "base_rate"), _numbers(capacity_share, "capacity_share")]
    rows = []
    for area, rate, share in product(*given):
        ppv, recall = at_capacity(area, rate, share)
        rows.append((area, rate, share, ppv, recall, 1 / ppv, ppv / rate, average_precision(area, rate)))
    return pd.DataFrame(rows, columns=list(EXPECTED_COLUMNS))


def _numbers(given: float | Sequence[float], name: str) -> list[float]:
    """One number or several, as a list."""
    try:
        numbers = np.atleast_1d(np.asarray(given, dtype=np.float64))
    except (TypeError, ValueError):
        numbers = np.empty(0)
    if numbers.ndim != 1 or not numbers.size:
        msg = f"{name} must be a number or a list of numbers."
        raise SpecError(msg)
    return [float(number) for number in numbers]
