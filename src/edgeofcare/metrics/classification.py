"""What happens when a team acts on the highest risks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, check_columns, check_rows

__all__ = ["net_benefit", "precision_at_k", "recall_at_k", "top_k_share"]


def net_benefit(
    y_true: ArrayLike, y_prob: ArrayLike, threshold: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> float | Floats:
    r"""Events found for each row, less the false alarms at the exchange rate that the threshold implies.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks between 0 and 1. A row is reviewed when its risk is at or above the threshold.
    threshold : float or array-like of shape (m,)
        Risks at which one would review, at least 0 and below 1.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float or ndarray of shape (m,)
        0 is what reviewing nobody gives; the prevalence is the most that can be had.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a threshold is outside [0, 1).

    Notes
    -----
    :math:`\mathrm{TP}/n - \mathrm{FP}/n \cdot t / (1 - t)`.

    References
    ----------
    Vickers and Elkin (2006), Medical Decision Making 26, 565-574.

    Examples
    --------
    >>> round(net_benefit([0, 0, 0, 1], [0.1, 0.1, 0.3, 0.6], 0.2), 4)
    0.1875
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight)
    cuts = check_columns(threshold=np.atleast_1d(np.asarray(threshold, dtype=np.float64)))["threshold"]
    bad = int(np.count_nonzero(~((cuts >= 0) & (cuts < 1))))
    if bad:
        msg = f"{bad} of {cuts.size} thresholds are outside [0, 1); give risks such as 0.05."
        raise SpecError(msg)
    first = np.searchsorted(p, cuts, side="left")
    found = _tail_sums(w * y)[first]
    alarms = _tail_sums(w * (1 - y))[first]
    benefit = np.asarray((found - alarms * cuts / (1 - cuts)) / w.sum(), dtype=np.float64)
    return float(benefit[0]) if np.ndim(threshold) == 0 else benefit


def precision_at_k(y_true: ArrayLike, y_prob: ArrayLike, k: int, *, sample_weight: ArrayLike | None = None) -> float:
    """Share of events among the k rows with the highest risk.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks, or any finite score that grows with the risk.
    k : int
        How many rows are chosen, at least 1. All of them if there are fewer.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        Between 0 and 1. Rows tied at the cut share the places that are left, which is what breaking the tie at random
        gives on average; the order of the rows is never used.

    Raises
    ------
    SpecError
        If the arrays are malformed, or k is below 1.

    Examples
    --------
    >>> precision_at_k([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1], 2)
    0.75
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight, probability=False)
    chosen = w * _share(p, w, k)
    return float((chosen * y).sum() / chosen.sum())


def recall_at_k(y_true: ArrayLike, y_prob: ArrayLike, k: int, *, sample_weight: ArrayLike | None = None) -> float:
    """Share of all events that are among the k rows with the highest risk.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks, or any finite score that grows with the risk.
    k : int
        How many rows are chosen, at least 1. All of them if there are fewer.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        Between 0 and 1, ties at the cut shared as in :func:`precision_at_k`. NaN where there is no event.

    Raises
    ------
    SpecError
        If the arrays are malformed, or k is below 1.

    Examples
    --------
    >>> recall_at_k([1, 0, 1, 0], [0.9, 0.5, 0.5, 0.1], 2)
    0.75
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight, probability=False)
    events = (w * y).sum()
    return float((w * _share(p, w, k) * y).sum() / events) if events > 0 else float("nan")


def top_k_share(y_prob: ArrayLike, k: int) -> Floats:
    """Chance that each row is among the k with the highest risk when ties are broken at random.

    Parameters
    ----------
    y_prob : array-like of shape (n,)
        Risks, or any finite score that grows with the risk.
    k : int
        How many rows are chosen, at least 1. All of them if there are fewer.

    Returns
    -------
    ndarray of shape (n,), float64
        1 above the cut, 0 below it, and the same share for every row tied at it. They sum to k.

    Raises
    ------
    SpecError
        If the scores are malformed, or k is below 1.

    Examples
    --------
    >>> top_k_share([0.9, 0.5, 0.5, 0.1], 2).tolist()
    [1.0, 0.5, 0.5, 0.0]
    """
    score = check_columns(y_prob=y_prob)["y_prob"]
    check_rows(np.zeros_like(score), score, probability=False)
    order = np.argsort(score, kind="stable")
    share = np.empty_like(score)
    share[order] = _share(score[order], np.ones_like(score), k)
    return share


def _share(score: Floats, weight: Floats, k: int) -> Floats:
    """Share of each row that is chosen, given scores in ascending order."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        msg = "k must be a whole number of rows, at least 1."
        raise SpecError(msg)
    starts = np.flatnonzero(np.concatenate([[True], score[1:] != score[:-1]]))
    tied = np.add.reduceat(weight, starts)
    above = _tail_sums(tied)[1:]
    share = np.clip(np.divide(k - above, tied, out=np.zeros_like(tied), where=tied > 0), 0.0, 1.0)
    return np.repeat(share, np.diff(np.append(starts, score.size)))


def _tail_sums(values: Floats) -> Floats:
    """Sum from each position to the end, and 0 after the end."""
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)
