"""How well risks put the rows with an event above the rows without one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgeofcare.metrics._arrays import Floats, Ints, Rows, check_columns, check_rows
from edgeofcare.metrics._households import household_codes

__all__ = ["auroc", "auroc_standard_error", "average_precision"]


def auroc(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    r"""Chance that a row with an event is scored above a row without one.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks, or any finite score that grows with the risk.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        Between 0 and 1; 0.5 is chance. NaN where all outcomes are the same.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Notes
    -----
    :math:`P(s_1 > s_0) + \tfrac12 P(s_1 = s_0)` over pairs of a row with and a row without an event.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143, 29-36.

    Examples
    --------
    >>> auroc([0, 0, 1, 1], [0.1, 0.4, 0.4, 0.8])
    0.875
    """
    rows = check_rows(y_true, y_prob, sample_weight, probability=False)
    _, with_event, without = _tie_table(rows)
    pairs = with_event.sum() * without.sum()
    below = np.cumsum(without) - without
    return float((with_event * (below + without / 2)).sum() / pairs) if pairs > 0 else float("nan")


def average_precision(y_true: ArrayLike, y_prob: ArrayLike, *, sample_weight: ArrayLike | None = None) -> float:
    r"""Precision averaged over the events, from the highest risk down.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks, or any finite score that grows with the risk.
    sample_weight : array-like of shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        Between 0 and 1; a score that knows nothing gets the prevalence. NaN where there is no event.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Notes
    -----
    :math:`\sum_k (R_k - R_{k-1}) P_k` over distinct scores: rows with the same score are taken together, and nothing
    is interpolated between them.

    References
    ----------
    Davis and Goadrich (2006), Proceedings of ICML, 233-240.

    Examples
    --------
    >>> average_precision([0, 1, 0, 1], [0.1, 0.4, 0.6, 0.8])
    0.8333...
    """
    rows = check_rows(y_true, y_prob, sample_weight, probability=False)
    _, with_event, without = _tie_table(rows)
    with_event, without = with_event[::-1], without[::-1]
    events = with_event.sum()
    if events <= 0:
        return float("nan")
    seen = np.cumsum(with_event + without)
    precision = np.divide(np.cumsum(with_event), seen, out=np.zeros_like(seen), where=seen > 0)
    return float((with_event * precision).sum() / events)


def auroc_standard_error(y_true: ArrayLike, y_prob: ArrayLike, *, household: ArrayLike | None = None) -> float:
    r"""Standard error of :func:`auroc`, without resampling.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks, or any finite score that grows with the risk.
    household : array-like of shape (n,), optional
        Household of each row. Without it rows are taken to be independent, which in case records they are not.

    Returns
    -------
    float
        Standard error. NaN where it is not defined: fewer than two rows, or households, of either outcome.

    Raises
    ------
    SpecError
        If the arrays are malformed.

    Notes
    -----
    With independent rows this is DeLong's variance. With households it is Obuchowski's: the influences
    :math:`(V_{10,i} - A)/P` of rows with an event and :math:`(V_{01,j} - A)/N` of rows without are summed within each
    household, to :math:`a_g` and :math:`b_g`, and the variance is
    :math:`\tfrac{G_1}{G_1-1} \sum a_g^2 + \tfrac{G_0}{G_0-1} \sum b_g^2 + 2 \tfrac{G}{G-1} \sum a_g b_g`, where
    :math:`G_1` and :math:`G_0` of all :math:`G` households have rows with and without an event. With one row in each
    household the two agree.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845; Obuchowski (1997), Biometrics 53, 567-578.

    Examples
    --------
    >>> round(auroc_standard_error([0, 0, 1, 1, 1], [0.1, 0.5, 0.4, 0.7, 0.8]), 4)
    0.2357
    """
    arrays = check_columns(y_true=y_true, y_prob=y_prob)
    check_rows(y_true, y_prob, probability=False)
    y, placement = arrays["y_true"], _placements(arrays["y_true"], arrays["y_prob"])
    event = y == 1
    n_event, n_other = int(event.sum()), int((~event).sum())
    if min(n_event, n_other) < 2:
        return float("nan")
    # Sorted, so that no digit depends on the order of the rows.
    of_events, of_others = np.sort(placement[event]), np.sort(placement[~event])
    if household is None:
        return float(np.sqrt(of_events.var(ddof=1) / n_event + of_others.var(ddof=1) / n_other))
    codes, size = household_codes(household, y.size)
    influence = (placement - of_events.mean()) / np.where(event, n_event, n_other)
    order = np.lexsort((influence, codes))
    return _obuchowski(influence[order], event[order], codes[order], size)


def _obuchowski(influence: Floats, event: NDArray[np.bool_], codes: Ints, size: int) -> float:
    """Standard error from influences, those of rows with and without an event summed apart within households."""
    parts, homes = [], []
    for rows in (event, ~event):
        parts.append(np.bincount(codes[rows], weights=influence[rows], minlength=size))
        homes.append(np.unique(codes[rows]).size)
    if min(homes) < 2:
        return float("nan")
    squares = sum(home / (home - 1) * (part**2).sum() for home, part in zip(homes, parts, strict=True))
    variance = squares + 2 * size / (size - 1) * (parts[0] * parts[1]).sum()
    return float(np.sqrt(max(variance, 0.0)))


def _tie_table(rows: Rows) -> tuple[Floats, Floats, Floats]:
    """Distinct scores, ascending, with the weight of events and of others at each."""
    starts = np.flatnonzero(np.concatenate([[True], rows.p[1:] != rows.p[:-1]]))
    with_event = np.add.reduceat(rows.w * rows.y, starts)
    without = np.add.reduceat(rows.w * (1 - rows.y), starts)
    return rows.p[starts], with_event, without


def _placements(y: Floats, score: Floats) -> Floats:
    """For each row, the share of rows of the other outcome that it is on the right side of (ties half)."""
    event = y == 1
    positives, negatives = np.sort(score[event]), np.sort(score[~event])
    placement = np.empty_like(score)
    if positives.size and negatives.size:
        placement[event] = _share_below(negatives, score[event])
        placement[~event] = 1 - _share_below(positives, score[~event])
    return placement


def _share_below(reference: Floats, values: Floats) -> Floats:
    """Share of the sorted reference below each value, ties counted half."""
    low = np.searchsorted(reference, values, side="left")
    high = np.searchsorted(reference, values, side="right")
    return np.asarray((low + high) / 2 / reference.size, dtype=np.float64)
