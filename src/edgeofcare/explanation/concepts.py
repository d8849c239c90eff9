"""Reasons by concept: what each concept of one child moves, and the feature and source rows that carry it.

Columns of one concept often pull in different directions, so that a list of features contradicts itself; a concept
moves the risk one way. Its sentence is that of the feature that carries it: the largest of those that move the risk
the same way as the concept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.explanation.cells import Cell, look_at
from edgeofcare.features.catalogue import concept_of

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["Reason", "concept_reasons", "probability_of", "probability_points"]

_CERTAINTY = ("band", "tied")
_FLAT = 1e-9  # log-odds between start and end of the ray below which its slope is taken at the start


@dataclass(frozen=True, eq=False, repr=False)
class Reason:
    """What one concept, or one feature, does to one risk.

    Parameters
    ----------
    concept : str
        Its name, or that of the concept of the feature.
    contribution : float
        In calibrated log-odds.
    points : float
        Its share of the change in probability, in percentage points.
    cell : Cell
        The feature, or the one that carries the concept.
    certainty : mapping of str to object
        ``band`` and ``tied``, where the model has refits.
    """

    concept: str
    contribution: float
    points: float
    cell: Cell
    certainty: dict[str, Any]

    @property
    def direction(self) -> str:
        """Which way it moves the risk."""
        return "raises" if self.contribution > 0 else "lowers"

    @property
    def strength(self) -> bool:
        """Whether it lowers the risk because something good is on record."""
        return self.contribution < 0 and self.cell.strength


def concept_reasons(
    explanation: Explanation, position: int, top: int | None = None, *, certainty: bool = True, dated: bool = True
) -> list[Reason]:
    """What each concept of one row moves, the largest first; those that move exactly nothing are left out.

    Parameters
    ----------
    explanation : Explanation
        From :func:`edgeofcare.explain`.
    position : int
        The row.
    top : int, optional
        Most concepts; all if left out.
    certainty : bool, default True
        Whether bands and ties are told where the model has refits.
    dated : bool, default True
        Whether sentences name the index date.

    Returns
    -------
    list of Reason
        Ties by name of the concept.
    """
    moved = _by_concept(explanation, position, certainty=certainty)
    moved = moved[moved["contribution"] != 0]
    sums = moved["contribution"].to_numpy(dtype=np.float64)
    points = probability_points(sums, explanation.base, float(explanation._scores["log_odds"].iloc[position]))
    order = np.lexsort((moved.index.to_numpy(), -np.abs(sums)))
    phi = explanation._contributions.iloc[position].to_numpy(dtype=np.float64)
    members = np.asarray([concept_of(str(name)) for name in explanation._contributions.columns], dtype=object)
    reasons = []
    for place in order[:top]:
        concept, total = str(moved.index[place]), float(sums[place])
        carrier = _carrier(phi, np.flatnonzero(members == concept), total, explanation._contributions.columns)
        told = {name: moved[name].iloc[place] for name in _CERTAINTY if name in moved.columns}
        cell = look_at(explanation, position, carrier, dated=dated)
        reasons.append(Reason(concept, total, float(points[place]), cell, told))
    return reasons


def probability_of(log_odds: float) -> float:
    """Probability of some log-odds.

    Parameters
    ----------
    log_odds : float
        Log-odds.

    Returns
    -------
    float
        Between 0 and 1.

    Examples
    --------
    >>> probability_of(0.0)
    0.5
    """
    small = math.exp(-abs(log_odds))
    return 1.0 / (1.0 + small) if log_odds >= 0 else small / (1.0 + small)


def probability_points(contributions: npt.ArrayLike, base: float, log_odds: float) -> npt.NDArray[np.float64]:
    r"""Shares of the change in probability, by Aumann-Shapley along the contribution ray.

    Parameters
    ----------
    contributions : array of float64
        In calibrated log-odds; they add up to ``log_odds - base``.
    base, log_odds : float
        Where the child starts and ends, in calibrated log-odds.

    Returns
    -------
    ndarray of float64
        In percentage points; they add up to 100 times the difference of the two probabilities.

    Notes
    -----
    With :math:`H` the logistic function and :math:`\Phi = \sum_i \phi_i`,
    :math:`\psi_i = \phi_i (H(\phi_0 + \Phi) - H(\phi_0)) / \Phi`, and :math:`H'(\phi_0) \phi_i` as :math:`\Phi`
    goes to zero. It keeps signs and ranks. It is not the Shapley value of the probability.

    References
    ----------
    Aumann, R. J. and Shapley, L. S. (1974). Values of Non-Atomic Games. Princeton University Press.

    Examples
    --------
    >>> probability_points([1.5, -0.5], -2.0, -1.0).round(2).tolist()
    [22.46, -7.49]
    """
    phi = np.asarray(contributions, dtype=np.float64)
    start, end = probability_of(base), probability_of(log_odds)
    far = log_odds - base
    slope = start * (1.0 - start) if abs(far) < _FLAT else (end - start) / far
    shares: npt.NDArray[np.float64] = 100.0 * slope * phi
    return shares


def _by_concept(explanation: Explanation, position: int, *, certainty: bool) -> pd.DataFrame:
    """What each concept adds to one row: ``contribution``, and ``band`` and ``tied`` where the model has refits."""
    found = pd.DataFrame({"contribution": explanation._concepts.iloc[position]})
    if certainty and explanation.spread is not None:
        found = found.join(explanation.spread.told(position, "concept"))
    return found


def _carrier(phi: npt.NDArray[np.float64], members: npt.NDArray[np.intp], total: float, names: pd.Index) -> int:
    """The feature of a concept that moves the risk most in the direction of the concept; ties by name."""
    own = [int(member) for member in members]
    same = [member for member in own if phi[member] * total > 0] or own
    return min(same, key=lambda member: (-abs(phi[member]), str(names[member])))
