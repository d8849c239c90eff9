"""The learner of a risk model fitted again on resampled households, each time with a line of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone

from edgeofcare.exceptions import SpecError
from edgeofcare.models.extraction import extract_arrays
from edgeofcare.models.learners import fit_learner, learner_margin
from edgeofcare.models.recalibration import Recalibration, fit_recalibration, rule_for
from edgeofcare.models.rows import RowGroups
from edgeofcare.models.spread import RefitArrays

__all__ = ["Held", "Refit", "fit_refits", "refit_arrays", "refit_spread", "resampled_households", "without_refits"]


@dataclass(frozen=True)
class Refit:
    """A learner fitted on resampled households, with its line.

    Parameters
    ----------
    learner : estimator
        As that of the model, with as many trees.
    slope : float
        Multiplies its margin.
    shift : float
        Added after the slope, beside the intercept of the model.
    """

    learner: Any
    slope: float
    shift: float

    def log_odds(self, values: np.ndarray, intercept: float) -> np.ndarray:
        """Calibrated log-odds.

        Parameters
        ----------
        values : ndarray of float64, shape (n_rows, n_features)
            Features.
        intercept : float
            That of the model's calibration.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            ``slope * margin + (intercept + shift)``.
        """
        return self.slope * learner_margin(self.learner, values) + (intercept + self.shift)


class Held(NamedTuple):
    """What the folds of the model left behind: margins of rows by learners that had not seen them, and its line."""

    margin: np.ndarray
    level: np.ndarray | None
    line: Recalibration


def fit_refits(
    blank: Any,
    values: np.ndarray,
    y: np.ndarray,
    groups: RowGroups,
    *,
    n_refits: int,
    rng: np.random.RandomState,
    held: Held | None = None,
) -> tuple[Refit, ...]:
    r"""Fit copies of a learner on resamples of whole households.

    Parameters
    ----------
    blank : estimator
        The learner, not fitted, as large as the model's was found to be.
    values : ndarray of float64, shape (n_rows, n_features)
        Features in the canonical order of rows.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care.
    groups : RowGroups
        Household, child and day of each row.
    n_refits : int
        How many.
    rng : RandomState
        Draws the households, and a seed for the trees of each refit.
    held : Held, optional
        Out-of-sample margins of all rows by the model; without it no refit has a line.

    Returns
    -------
    tuple of Refit
        Fitted.

    Notes
    -----
    The line of a refit is what the model's own would be on the resample: it is found from the out-of-sample margins
    of the rows drawn, by the same rule, with the level of the same index dates. The margins of the refit itself stand
    apart from those by its own level, which is taken out: the mean difference on rows of households that the refit
    did not see. So the spread holds the learner, the slope and the level, and no refit needs folds.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from edgeofcare.models.rows import single_rows
    >>> y = np.arange(40) % 3 == 0
    >>> refits = fit_refits(LogisticRegression(), y[:, None] * 1.0, y, single_rows(40), n_refits=10,
    ...                     rng=np.random.RandomState(0))
    >>> len(refits), refits[0].slope
    (10, 1.0)
    """
    seeds = rng.randint(1, 2**31 - 1, size=n_refits).tolist()
    return tuple(_refit(blank, values, y, groups, seed, held) for seed in seeds)


def resampled_households(household: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Draw households with replacement until both outcomes are among their rows.

    Parameters
    ----------
    household : ndarray of int, shape (n_rows,)
        Household of each row.
    y : ndarray of bool, shape (n_rows,)
        Whether the child entered care; both outcomes occur.
    rng : Generator
        Draws as many households as there are.

    Returns
    -------
    rows : ndarray of int64, shape (n_drawn,)
        Positions of the rows drawn, in order.
    draw : ndarray of int64, shape (n_drawn,)
        Which draw each belongs to: a household drawn twice is two households.

    Examples
    --------
    >>> rows, draw = resampled_households(np.array([0, 0, 1]), np.array([True, False, True]), np.random.default_rng(0))
    >>> rows.tolist(), draw.tolist()
    ([0, 1, 2], [0, 0, 1])
    """
    houses, code = np.unique(household, return_inverse=True)
    order = np.argsort(code, kind="stable")
    start = np.searchsorted(code[order], np.arange(houses.size + 1))
    while True:
        drawn = np.sort(rng.integers(0, houses.size, houses.size))
        rows = np.concatenate([order[start[each] : start[each + 1]] for each in drawn])
        if 0 < y[rows].sum() < len(rows):
            return rows, np.repeat(np.arange(drawn.size), np.diff(start)[drawn])


def refit_arrays(refits: tuple[Refit, ...]) -> tuple[RefitArrays, ...]:
    """Refits as plain arrays.

    Parameters
    ----------
    refits : tuple of Refit
        From :func:`fit_refits`.

    Returns
    -------
    tuple of RefitArrays
        In the same order.

    Examples
    --------
    >>> refit_arrays(())
    ()
    """
    return tuple(RefitArrays(extract_arrays(refit.learner), refit.slope, refit.shift) for refit in refits)


def refit_spread(model: Any, values: np.ndarray) -> np.ndarray:
    """Calibrated log-odds of rows by each refit of a model.

    Parameters
    ----------
    model : RiskClassifier
        Fitted.
    values : ndarray of float64, shape (n_rows, n_features)
        Features.

    Returns
    -------
    ndarray of float64, shape (n_refits, n_rows)
        Log-odds.

    Raises
    ------
    SpecError
        If the model has no refits.
    """
    if not model.refits_:
        msg = "This model has no refits, so no interval is known. Fit it with make_risk_model(..., refits=20)."
        raise SpecError(msg)
    return np.stack([refit.log_odds(values, model.calibration_.intercept) for refit in model.refits_])


def without_refits(model: Any) -> Any:
    """Return a copy of a model that is not fitted and, where it would be refitted, will not be.

    Parameters
    ----------
    model : estimator
        Any classifier of scikit-learn's form.

    Returns
    -------
    estimator
        For evaluations that fit a model over and over and ask for no interval.

    Examples
    --------
    >>> from edgeofcare.models.risk_model import RiskClassifier
    >>> without_refits(RiskClassifier(refits=20)).refits
    0
    """
    again = clone(model)
    return again.set_params(refits=0) if "refits" in again.get_params(deep=False) else again


def _refit(blank: Any, values: np.ndarray, y: np.ndarray, groups: RowGroups, seed: int, held: Held | None) -> Refit:
    """One refit; its trees draw their features by its own seed, for that draw is chance as well."""
    rows, draw = resampled_households(groups.household, y, np.random.default_rng(seed))
    learner = clone(blank)
    if "random_state" in learner.get_params(deep=False):
        learner.set_params(random_state=seed)
    learner = fit_learner(learner, values[rows], y[rows])
    if held is None:
        return Refit(learner, 1.0, 0.0)
    child = draw * (int(groups.child.max()) + 1) + groups.child[rows]
    line = fit_recalibration(
        held.margin[rows],
        y[rows],
        child=child,
        level=None if held.level is None else held.level[rows],
        rule=rule_for(held.line.n_entrants),
    )
    unseen = np.setdiff1d(np.arange(len(y)), rows)
    own = float(np.mean(learner_margin(learner, values[unseen]) - held.margin[unseen])) if unseen.size else 0.0
    return Refit(learner, line.slope, line.intercept - line.slope * own - held.line.intercept)
