"""The check that contributions add up to the score that they explain."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError

__all__ = ["check_sum"]

_TOLERANCE = 1e-9  # log-odds by which a sum of contributions may miss the model's own score


def check_sum(total: npt.NDArray[np.float64], log_odds: npt.NDArray[np.float64]) -> None:
    """Refuse contributions that do not add up to the model's own score.

    Parameters
    ----------
    total : ndarray of float64, shape (n_rows,)
        Base and contributions of each row, added up.
    log_odds : ndarray of float64, shape (n_rows,)
        The same by the model.

    Raises
    ------
    SpecError
        If they differ by more than 1e-9 in any row.

    Examples
    --------
    >>> check_sum(np.array([-2.0]), np.array([-2.0]))
    """
    gap = np.abs(total - log_odds)
    if not (gap <= _TOLERANCE).all():
        missed = int((~(gap <= _TOLERANCE)).sum())
        msg = (
            f"Contributions miss the model's own log-odds in {missed} of {len(gap)} rows, by up to {np.max(gap):.1g}; "
            f"at most {_TOLERANCE:g} is allowed. The arrays and the model do not agree: fit or load "
            "the model again."
        )
        raise SpecError(msg)
