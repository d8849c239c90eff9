"""Two checks behind the alarms: calibration that is closer than chance allows, and features of the last days only."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from edgeofcare.evaluation._inputs import check_index
from edgeofcare.evaluation._small import SMALL
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, check_rows
from edgeofcare.metrics.calibration import (
    calibration_slope,
    integrated_calibration_index,
    observed_expected_ratio,
)
from edgeofcare.metrics.discrimination import auroc_standard_error

__all__ = ["NEAR_COLUMNS", "calibration_chance", "near_outcome"]

NEAR_COLUMNS = ("feature", "auroc_near", "auroc_far", "open")
_BINS = 100
_CLEAR, _LEFT = 0.1, 0.2  # how far above chance near the entry, and the share of it that may be left far from it
_CHANCE = 0.01  # of a false alarm over all features


def calibration_chance(
    y_true: ArrayLike, y_prob: ArrayLike, *, n_draws: int = 1999, random_state: int | np.random.Generator = 0
) -> float:
    r"""How often chance alone would bring risks that are exactly right as close to the outcomes as these are.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks between 0 and 1.
    n_draws : int
        Outcomes that are drawn from the risks.
    random_state : int or numpy.random.Generator
        Seed.

    Returns
    -------
    float
        Between 0 and 1. Below 0.002 the risks fit these very outcomes more closely than the true risks would but for
        luck: they were fitted or recalibrated on them. NaN where there are fewer than 20 events or other rows, risks
        do not differ, or one is exactly 0 or 1.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Notes
    -----
    Rows are put into 100 bins of equal size by their risk, and the events of each bin are drawn from a binomial
    distribution with its mean risk. Three distances are compared with those of the draws: that of observed over
    expected from 1 on the log scale (normal, with the variance of the draws); that of the same and the slope together
    (chi-squared with their covariance); and the integrated calibration index (the draws themselves). The result is
    three times the least of the three chances to come as close.
    Drawn rows are independent. Those of one child are not, and lie further from their risks: in case records the
    true chance is lower still, and false alarms are rarer than they say.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y_prob = rng.uniform(0.02, 0.3, 2000)
    >>> y_true = (rng.uniform(size=2000) < y_prob).astype(int)
    >>> calibration_chance(y_true, y_prob, n_draws=99) > 0.01
    True
    """
    rows = check_rows(y_true, y_prob)
    events = float(rows.y.sum())
    if min(events, rows.y.size - events) < 20 or not 0 < rows.p[0] < rows.p[-1] < 1:
        return float("nan")
    edges = np.unique(np.linspace(0, rows.p.size, min(_BINS, rows.p.size // 10) + 1).astype(np.int64))[:-1]
    size = np.diff(np.append(edges, rows.p.size)).astype(np.float64)
    risk = np.add.reduceat(rows.p, edges) / size
    rng = np.random.default_rng(random_state)
    drawn = rng.binomial(size.astype(np.int64), risk, size=(n_draws, risk.size)).astype(np.float64)
    ours = _distances(np.add.reduceat(rows.y, edges), size, risk)
    chance = np.array([_distances(each, size, risk) for each in drawn])
    return _least_chance(ours, chance)


def near_outcome(
    X: pd.DataFrame, y: pd.Series, followup_days: pd.Series, *, days: int = 30, min_entrants: int = 20
) -> pd.DataFrame:
    r"""Find features that tell entrants apart only in the last days before they enter care.

    Parameters
    ----------
    X : DataFrame of shape (n, n_features)
        Features on the index (household_id, child_id, index_date); NaN where unknown.
    y : Series of shape (n,)
        Outcome, 0 or 1, on the same index in the same order.
    followup_days : Series of shape (n,)
        Days from the start of the outcome window to the entry, or to the end of follow-up, as
        ``label_outcome(..., details=True)`` gives them; only those of rows with an entry are used.
    days : int
        An entry in fewer days is near.
    min_entrants : int
        Fewest entrants that both kinds of rows must have.

    Returns
    -------
    DataFrame
        feature, auroc_near (of rows with a near entry against rows without one), auroc_far, open; one row for each
        numeric column. Empty where too few entrants are near or far. An AUROC below one half counts as its
        mirror image, by the direction that the feature has near the entry. Unknown values rank below all others.

    Raises
    ------
    SpecError
        If the indexes differ, or a follow-up of an entrant is missing.

    Notes
    -----
    A feature is open where its AUROC is at least 0.6 near the entry, what it has above one half far from the entry is
    at most a fifth of what it has near it, and the two differ by more standard errors than chance gives in one of
    100 sets of as many features. A sound feature may well grow as the entry comes near; it does not begin there. One
    that does usually records the decision itself, or was entered after it with an earlier date.

    Examples
    --------
    >>> day = pd.Timestamp("2023-04-01")
    >>> index = pd.MultiIndex.from_tuples(
    ...     [(f"h{i}", f"c{i}", day) for i in range(400)], names=["household_id", "child_id", "index_date"]
    ... )
    >>> y = pd.Series([1] * 100 + [0] * 300, index=index)
    >>> days = pd.Series([*range(0, 300, 3)] + [365] * 300, index=index)
    >>> X = pd.DataFrame({"review.count.30d": (y * (days < 30)).astype(float), "child.age": 14.0}, index=index)
    >>> near_outcome(X, y, days, min_entrants=10).query("open")["feature"].tolist()
    ['review.count.30d']
    """
    index = check_index(X.index, "X")
    if not (index.equals(y.index) and index.equals(followup_days.index)):
        msg = "X, y and followup_days differ in their index; select all with the same index."
        raise SpecError(msg)
    outcome, followed = y.to_numpy(dtype=np.float64), followup_days.to_numpy(dtype=np.float64)
    entered = outcome == 1
    if not np.isfinite(followed[entered]).all():
        msg = f"followup_days is missing in {int((~np.isfinite(followed[entered])).sum())} rows with an entry."
        raise SpecError(msg)
    near, far = entered & (followed < days), entered & (followed >= days)
    child = index.get_level_values("child_id")
    if entered.all() or min(child[part].nunique() for part in (near, far)) < max(min_entrants, SMALL):
        return pd.DataFrame(columns=list(NEAR_COLUMNS))
    order = np.lexsort([pd.factorize(index.get_level_values(i), sort=True)[0] for i in (2, 1, 0)])
    household = pd.factorize(index.get_level_values("household_id"), sort=True)[0][order]
    parts = [(~entered | part)[order] for part in (near, far)]
    X = X.select_dtypes(include=["number", "bool"])
    values, outcome = X.to_numpy(dtype=np.float64), outcome[order]
    limit = float(ndtri(1 - _CHANCE / max(1, X.shape[1])))
    rows = []
    for i, name in enumerate(X.columns):
        column = _ranked(values[order, i])
        close, distant = _near_far(column, entered[order], [part[order] for part in (near, far)])
        errors = [0.0, 0.0]
        only_near = close - 0.5 >= _CLEAR and distant - 0.5 <= _LEFT * (close - 0.5)
        if only_near:
            errors = [auroc_standard_error(outcome[part], column[part], household=household[part]) for part in parts]
        rows.append((str(name), close, distant, only_near and close - distant > limit * math.hypot(*errors)))
    return pd.DataFrame(rows, columns=list(NEAR_COLUMNS)).astype({"open": bool})


def _distances(events: Floats, size: Floats, risk: Floats) -> tuple[float, float, float]:
    """Log of observed over expected, slope less 1, and integrated calibration index of binned rows."""
    y, p, w = np.repeat([1.0, 0.0], risk.size), np.tile(risk, 2), np.concatenate([events, size - events])
    ratio = observed_expected_ratio(y, p, sample_weight=w)
    level = float(np.log(ratio)) if ratio > 0 else float("nan")
    slope = calibration_slope(y, p, sample_weight=w)
    return level, slope - 1, integrated_calibration_index(y, p, sample_weight=w)


def _least_chance(ours: tuple[float, float, float], chance: Floats) -> float:
    """Three times the least chance to come as close by one of three distances."""
    usable = chance[np.isfinite(chance).all(axis=1)]
    if len(usable) < 0.9 * len(chance) or not np.isfinite(ours).all():
        return float("nan")
    pair, line = np.array(ours[:2]), usable[:, :2]
    level = 2 * ndtr(abs(pair[0]) / line[:, 0].std(ddof=1)) - 1
    both = -np.expm1(-pair @ np.linalg.solve(np.cov(line, rowvar=False), pair) / 2)
    curve = (1 + (usable[:, 2] <= ours[2]).sum()) / (1 + len(usable))
    return min(1.0, 3 * float(min(level, both, curve)))


def _ranked(values: Floats) -> Floats:
    """Values with the unknown below all others."""
    known = values[np.isfinite(values)]
    return np.where(np.isfinite(values), values, (known.min() if known.size else 0.0) - 1.0)


def _near_far(values: Floats, entered: NDArray[np.bool_], parts: list[NDArray[np.bool_]]) -> tuple[float, float]:
    """AUROC near the entry and far from it, in the direction that it has near."""
    others = np.sort(values[~entered])
    found = []
    for part in parts:
        below, upto = (np.searchsorted(others, values[part], side=side) for side in ("left", "right"))
        found.append(float((below + upto).mean() / 2 / others.size))
    near, far = found
    return (near, far) if near >= 0.5 else (1 - near, 1 - far)
