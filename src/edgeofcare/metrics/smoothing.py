"""The calibration curve that other tools draw: local regression of the outcome on the risk."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints, check_rows

__all__ = ["local_regression"]

# Between fitted risks the curve is a straight line; they are this share of the range of risks apart, as in R's lowess.
_APART = 0.01
# Nearer than this share of the window counts in full, further than the other not at all, as in R's lowess.
_NEAR, _FAR = 0.001, 0.999


def local_regression(y_true: ArrayLike, y_prob: ArrayLike, *, share: float = 2 / 3, degree: int = 1) -> Floats:
    r"""Risk observed near the risk of each row, by local regression.

    The library's own curve is a spline (:func:`edgeofcare.metrics.calibration_curve`). This one is for comparison with
    published calibration errors that rest on ``lowess`` or ``loess``, such as those of R's ``val.prob``.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1.
    y_prob : array-like of shape (n,)
        Risks between 0 and 1.
    share : float, default 2/3
        Share of the rows that each local fit rests on, above 0 and at most 1.
    degree : {1, 2}, default 1
        Straight lines (``lowess``) or parabolas (``loess``).

    Returns
    -------
    ndarray of float64, shape (n,)
        Risk observed near the risk of each row, in the order of the rows. It may leave 0 to 1 at the ends.

    Raises
    ------
    SpecError
        If the arrays are malformed, or an option is out of range.

    Notes
    -----
    At a risk :math:`x` the nearest rows, as many as the share says, have weights :math:`(1 - (d / h)^3)^3`, where
    :math:`d` is the distance to :math:`x` and :math:`h` the largest of them; the curve is the value at :math:`x` of the
    weighted least-squares line or parabola. Fits are made at risks that are 1% of their range apart and joined by
    straight lines. There are no robustness steps: they would take every entry into care for an outlier.

    References
    ----------
    Cleveland (1979), Journal of the American Statistical Association 74, 829-836.

    Examples
    --------
    >>> y_true, y_prob = [0] * 8 + [1] * 2 + [0] * 5 + [1] * 5, [0.1] * 10 + [0.4] * 10
    >>> local_regression(y_true, y_prob, share=1)[[0, -1]].round(6).tolist()
    [0.2, 0.5]
    """
    if not 0 < share <= 1 or degree not in (1, 2):
        msg = "share must lie above 0 and be at most 1, and degree be 1 or 2."
        raise SpecError(msg)
    outcome, risk, _ = check_rows(y_true, y_prob)
    size = min(max(int(share * risk.size + 1e-7), degree + 1), risk.size)
    anchors = _anchors(risk)
    fitted = np.array([_fit(risk, outcome, float(risk[at]), size, degree) for at in anchors])
    return np.asarray(np.interp(np.asarray(y_prob, dtype=np.float64), risk[anchors], fitted), dtype=np.float64)


def _anchors(risk: Floats) -> Ints:
    """Positions of the risks where the curve is fitted: the first, the last, and some 1% of the range apart."""
    apart, at, found = _APART * float(risk[-1] - risk[0]), 0, [0]
    while risk[at] < risk[-1]:
        same = int(np.searchsorted(risk, risk[at], side="right"))
        at = max(same, int(np.searchsorted(risk, risk[at] + apart, side="right")) - 1)
        found.append(at)
    return np.array(found, dtype=np.int64)


def _fit(risk: Floats, outcome: Floats, at: float, size: int, degree: int) -> float:
    """Value of the local line or parabola at one risk."""
    distance = np.abs(risk - at)
    reach = float(np.partition(distance, size - 1)[size - 1])
    inside = distance <= (_FAR * reach if degree == 1 else reach)
    x, y, d = risk[inside] - at, outcome[inside], distance[inside]
    weight = np.ones(x.size) if reach == 0 else np.where(d <= _NEAR * reach, 1.0, (1 - (d / reach) ** 3) ** 3)
    design = np.vander(x / max(reach, 1e-300), degree + 1, increasing=True)
    root = np.sqrt(weight)
    # A singular design (all rows at one risk) has no slope; the smallest solution is then their mean.
    return float(np.linalg.lstsq(design * root[:, None], y * root, rcond=1e-10)[0][0])
