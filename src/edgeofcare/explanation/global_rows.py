"""Explained rows as a population: in one order whatever the order they came in, with who they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._cells import SMALL
from edgeofcare.metrics._households import household_codes
from edgeofcare.models.rows import ROW_NAMES, check_aligned

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["GlobalRows", "outcome_of", "rows_of"]

FloatArray = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class GlobalRows:
    """The contributions of explained rows, sorted by their names so that no sum depends on the order they came in.

    Attributes
    ----------
    order : ndarray of int
        Position of each of these rows among the explained ones.
    concepts : list of str
        Names of the concepts.
    psi : ndarray of float64, shape (n_rows, n_concepts)
        Contributions of concepts in calibrated log-odds.
    log_odds : ndarray of float64, shape (n_rows,)
        Calibrated log-odds.
    household, child : ndarray of int64, shape (n_rows,)
        Codes that hold no identifier.
    """

    order: npt.NDArray[np.intp]
    concepts: list[str]
    psi: FloatArray
    log_odds: FloatArray
    household: Ints
    child: Ints

    @property
    def few(self) -> bool:
        """Whether there are too few children to show any number."""
        return len(np.unique(self.child)) < SMALL

    def entrants(self, y: FloatArray) -> int:
        """Children with an outcome of 1 in any row."""
        return len(np.unique(self.child[y > 0]))


def rows_of(why: Explanation) -> GlobalRows:
    """Take the contributions of explained rows, in the order of their names.

    Parameters
    ----------
    why : Explanation
        Explained rows.

    Returns
    -------
    GlobalRows

    Raises
    ------
    SpecError
        If it is no Explanation, or has no rows.
    """
    if not hasattr(why, "concept_contributions") or len(why) == 0:
        msg = f"why is a {type(why).__name__}; expected an Explanation of one row or more, from explain."
        raise SpecError(msg)
    psi = why.concept_contributions
    codes = [household_codes(np.asarray(psi.index.get_level_values(name)), len(psi), name)[0] for name in ROW_NAMES]
    order = np.lexsort([*psi.to_numpy(dtype=np.float64).T, *codes[::-1]])
    return GlobalRows(
        order=order,
        concepts=[str(name) for name in psi.columns],
        psi=psi.to_numpy(dtype=np.float64)[order],
        log_odds=why.log_odds.to_numpy(dtype=np.float64)[order],
        household=codes[0][order],
        child=codes[1][order],
    )


def outcome_of(y: pd.Series | npt.ArrayLike, why: Explanation, rows: GlobalRows) -> FloatArray:
    """Outcomes in the order of the rows.

    Parameters
    ----------
    y : Series or array of shape (n_rows,)
        Outcomes, 0 or 1; a Series must be on the index of the explained rows.
    why : Explanation
        Explained rows.
    rows : GlobalRows
        The same rows in order.

    Returns
    -------
    ndarray of float64, shape (n_rows,)

    Raises
    ------
    IndexNamesError
        If a Series is on another index.
    SpecError
        If there is not one outcome for each row, or they are not 0 and 1.
    """
    check_aligned(why.risk.to_frame(), y)
    values = np.asarray(y, dtype=np.float64)
    wrong = len(rows.order) if values.shape != rows.order.shape else int((~np.isin(values, [0.0, 1.0])).sum())
    if wrong:
        msg = (
            f"y has shape {values.shape} and {wrong} values that are not the 0 or 1 of a row; expected one of them for "
            f"each of {len(rows.order)} rows. Leave rows out whose outcome is not known."
        )
        raise SpecError(msg)
    return values[rows.order]
