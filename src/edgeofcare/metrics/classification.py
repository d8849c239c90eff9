"""What happens when a team acts on the highest risks."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, check_columns, check_rows
from edgeofcare.metrics._confusion import AT_CAPACITY, AT_THRESHOLD, Choice, measured

__all__ = [
    "choice_measures",
    "lift_at_k",
    "net_benefit",
    "precision_at_k",
    "recall_at_k",
    "threshold_measures",
    "top_k_share",
]


def choice_measures(
    y_true: ArrayLike, selected: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> dict[str, float]:
    r"""Everything that four counts tell of a choice of rows to review: how many it finds, misses and troubles.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    selected : array-like of shape (n,)
        1 for each row that is reviewed and 0 for others, or the share of it that capacity allows (see
        :func:`top_k_share`).
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    dict of str to float
        ``ppv`` (share of events among the reviewed), ``sensitivity`` (recall: share of events that are reviewed),
        ``number_needed_to_review`` (reviews for each event found), ``lift`` (``ppv`` divided by the prevalence),
        ``selection_rate``, ``specificity``, ``false_positive_rate``, ``npv`` (share without an event among those left
        out), ``false_omission_rate`` (share of events among them) and ``f1``. NaN where there is nothing to divide by.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Notes
    -----
    With found events TP, false alarms FP, missed events FN and the rest TN: PPV = TP / (TP + FP), sensitivity =
    TP / (TP + FN), specificity = TN / (TN + FP), NPV = TN / (TN + FN), F1 = 2 TP / (2 TP + FP + FN).

    F1 gives finding an event and sparing a row without one a rate of exchange that nobody chose. It is here for
    comparison with what others publish, and not for choosing between models or thresholds: use net benefit. Accuracy
    is left out: where events are rare, reviewing nobody has the best.

    References
    ----------
    Van Calster et al. (2025), The Lancet Digital Health, on measures of performance of predictive AI.

    Examples
    --------
    >>> measures = choice_measures([1, 1, 0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0, 0, 0])
    >>> measures["sensitivity"], measures["ppv"], measures["lift"]
    (0.5, 0.5, 2.0)
    """
    y, share, w = check_rows(y_true, selected, sample_weight)
    counts = ((w * share * y).sum(), (w * share).sum(), (w * y).sum(), w.sum())
    choice = Choice(*(np.asarray(count) for count in counts))
    return {measure: float(measured(measure, choice)) for measure in AT_CAPACITY.values()}


def threshold_measures(
    y_true: ArrayLike, y_prob: ArrayLike, threshold: ArrayLike, *, sample_weight: ArrayLike | None = None
) -> dict[str, Floats]:
    r"""What reviewing every row at or above a threshold of risk finds, misses and saves.

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
    dict of str to ndarray of shape (m,)
        ``sensitivity``, ``specificity``, ``false_positive_rate``, ``ppv``, ``npv``, ``false_omission_rate``, ``f1``
        and ``selection_rate`` as in :func:`choice_measures`, with ``net_benefit`` and ``avoided_reviews_per_100``: by
        how many reviews of rows without an event 100 rows are better off than if all were reviewed. NaN where there is
        nothing to divide by, and at a threshold of 0 for the last.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a threshold is outside [0, 1).

    Notes
    -----
    Avoided reviews are :math:`100 (\mathrm{NB} - \mathrm{NB}_{all}) (1 - t) / t`. On F1 see :func:`choice_measures`.

    References
    ----------
    Vickers and Elkin (2006), Medical Decision Making 26, 565-574.

    Examples
    --------
    >>> measures = threshold_measures([0, 0, 0, 1], [0.1, 0.1, 0.3, 0.6], [0.2, 0.5])
    >>> measures["ppv"].tolist(), measures["specificity"].round(3).tolist()
    ([0.5, 1.0], [0.667, 1.0])
    >>> measures["avoided_reviews_per_100"].round(6).tolist()
    [50.0, 75.0]
    """
    choice, cuts = _reviewed(y_true, y_prob, threshold, sample_weight)
    return {measure: measured(measure, choice, cuts) for measure in AT_THRESHOLD}


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
    choice, cuts = _reviewed(y_true, y_prob, threshold, sample_weight)
    benefit = measured("net_benefit", choice, cuts)
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


def lift_at_k(y_true: ArrayLike, y_prob: ArrayLike, k: int, *, sample_weight: ArrayLike | None = None) -> float:
    """How many times as many events are among the k rows with the highest risk as among k drawn blindly.

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
        :func:`precision_at_k` divided by the prevalence: 1 is chance. NaN where there is no event.

    Raises
    ------
    SpecError
        If the arrays are malformed, or k is below 1.

    Examples
    --------
    >>> lift_at_k([1, 0, 0, 0], [0.9, 0.5, 0.5, 0.1], 2)
    2.0
    """
    y, p, w = check_rows(y_true, y_prob, sample_weight, probability=False)
    chosen = w * _share(p, w, k)
    counts = ((chosen * y).sum(), chosen.sum(), (w * y).sum(), w.sum())
    return float(measured("lift", Choice(*(np.asarray(count) for count in counts))))


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


def _reviewed(
    y_true: ArrayLike, y_prob: ArrayLike, threshold: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[Choice, Floats]:
    """Count what is reviewed at or above each threshold."""
    y, p, w = check_rows(y_true, y_prob, sample_weight)
    cuts = check_columns(threshold=np.atleast_1d(np.asarray(threshold, dtype=np.float64)))["threshold"]
    bad = int(np.count_nonzero(~((cuts >= 0) & (cuts < 1))))
    if bad:
        msg = f"{bad} of {cuts.size} thresholds are outside [0, 1); give risks such as 0.05."
        raise SpecError(msg)
    first = np.searchsorted(p, cuts, side="left")
    found, reviewed = _tail_sums(w * y), _tail_sums(w)
    return Choice(found[first], reviewed[first], found[0], reviewed[0]), cuts


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
