"""The check that contributions add up to the score that they explain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError

__all__ = ["check_sum"]

_TOLERANCE = 1e-9  # share of the largest number in a sum by which it may miss the model's own score


def check_sum(base: float, contributions: npt.NDArray[np.float64], log_odds: npt.NDArray[np.float64]) -> None:
    """Refuse contributions that do not add up to the model's own score.

    Parameters
    ----------
    base : float
        Where every row starts, in calibrated log-odds.
    contributions : ndarray of float64, shape (n_rows, n_reasons)
        What each reason adds.
    log_odds : ndarray of float64, shape (n_rows,)
        The score by the model.

    Raises
    ------
    SpecError
        If base and contributions miss the score of a row by more than 1e-9, or by more than 1e-9 of the largest number
        in its sum where that is above 1: what rounding leaves grows with the numbers.

    Examples
    --------
    >>> check_sum(-3.0, np.array([[1.5, -0.5]]), np.array([-2.0]))
    """
    gap = np.abs(base + contributions.sum(axis=1) - log_odds)
    size = np.maximum(np.abs(log_odds), np.abs(contributions).max(axis=1, initial=1.0))
    missed = ~(gap <= _TOLERANCE * size)
    if missed.any():
        msg = (
            f"Contributions miss the model's own log-odds in {int(missed.sum())} of {len(gap)} rows, by up to "
            f"{np.max(gap):.1g}; at most {_TOLERANCE:g} is allowed, or that share of the largest number in the sum. "
            "The arrays and the model do not agree: fit or load the model again."
        )
        raise SpecError(msg)
