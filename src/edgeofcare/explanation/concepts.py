"""Reasons by concept: what each concept of one child moves, and the feature and source rows that carry it.

Columns of one concept often pull in different directions, so that a list of features contradicts itself; a concept
moves the risk one way. Its sentence is that of the feature that carries it: the largest of those that move the risk
the same way as the concept.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from edgeofcare.explanation.cells import Cell, look_at
from edgeofcare.features.catalogue import concept_of

if TYPE_CHECKING:
    import pandas as pd

    from edgeofcare.explanation.explanation import Explanation

__all__ = [
    "Reason",
    "carrier",
    "concept_reasons",
    "moved_concepts",
    "odds_multiplier",
    "probability_of",
    "probability_points",
]

_CERTAINTY = ("band", "tied")
_LARGEST = math.log(sys.float_info.max)  # log-odds whose exponential is the largest number that there is
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
    concepts, names = [str(name) for name in moved.index], [str(name) for name in explanation._contributions.columns]
    phi = explanation._contributions.iloc[position].to_numpy(dtype=np.float64)
    members = np.asarray([concept_of(name) for name in names], dtype=object)
    sums = moved["contribution"].to_numpy(dtype=np.float64)
    log_odds = float(explanation._scores["log_odds"].iloc[position])
    reasons = []
    for place, total, points in moved_concepts(concepts, sums, explanation.base, log_odds)[:top]:
        own = np.flatnonzero(members == concepts[place])
        column = int(own[carrier(phi[own], total, [names[at] for at in own])])
        told = {name: moved[name].iloc[place] for name in _CERTAINTY if name in moved.columns}
        cell = look_at(explanation, position, column, dated=dated)
        reasons.append(Reason(concepts[place], total, points, cell, told))
    return reasons


def moved_concepts(
    concepts: Sequence[str], sums: npt.NDArray[np.float64], base: float, log_odds: float, top: int | None = None
) -> list[tuple[int, float, float]]:
    """Find the concepts that move a risk, the largest first.

    Parameters
    ----------
    concepts : sequence of str
        Names.
    sums : ndarray of float64, shape (n_concepts,)
        What each adds to the calibrated log-odds.
    base, log_odds : float
        Where the child starts and ends, in calibrated log-odds.
    top : int, optional
        Most concepts; all that move the risk if left out.

    Returns
    -------
    list of (int, float, float)
        The place of each, its contribution and its percentage points; ties by name. Those that move exactly nothing
        are left out.

    Examples
    --------
    >>> [place for place, _, _ in moved_concepts(["school", "household"], np.array([0.5, -0.7]), -2.0, -2.2)]
    [1, 0]
    """
    places = np.flatnonzero(sums != 0)
    moved = sums[places]
    points = probability_points(moved, base, log_odds)
    order = np.lexsort((np.asarray(concepts)[places], -np.abs(moved)))[:top]
    return [(int(places[at]), float(moved[at]), float(points[at])) for at in order]


def odds_multiplier(contribution: float) -> float:
    """By what a contribution multiplies the odds.

    Parameters
    ----------
    contribution : float
        In calibrated log-odds.

    Returns
    -------
    float
        Its exponential; the largest number that there is, about 1.8e308, where that would be more.

    Examples
    --------
    >>> odds_multiplier(0.0), odds_multiplier(800.0) < math.inf
    (1.0, True)
    """
    return math.exp(min(contribution, _LARGEST))


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
    import pandas as pd

    found = pd.DataFrame({"contribution": explanation._concepts.iloc[position]})
    if certainty and explanation.spread is not None:
        found = found.join(explanation.spread.told(position, "concept"))
    return found


def carrier(phi: npt.NDArray[np.float64], total: float, names: Sequence[str]) -> int:
    """The feature of a concept that moves the risk most in the direction of the concept; ties by name.

    Parameters
    ----------
    phi : ndarray of float64, shape (n_members,)
        What each feature of the concept adds.
    total : float
        What the concept adds.
    names : sequence of str
        Names of the features.

    Returns
    -------
    int
        Its place among them.

    Examples
    --------
    >>> carrier(np.array([0.5, 0.3, -0.7]), 0.2, ["a", "b", "c"])
    0
    """
    moves = phi.tolist()
    same = [member for member, moved in enumerate(moves) if moved * total > 0] or range(len(names))
    return min(same, key=lambda member: (-abs(moves[member]), names[member]))
