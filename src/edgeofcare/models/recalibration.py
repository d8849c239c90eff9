r"""Recalibration of log-odds on records that the model did not see.

The map is a straight line on the log-odds, so that a contribution to the margin stays a contribution to the
calibrated log-odds: it is only multiplied by the slope. Every row has the same weight; the evidence is counted
in children.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgeofcare.exceptions import SpecError
from edgeofcare.models.calibration_history import Anchoring, LineCheck

__all__ = [
    "ENTRANTS_FOR_FULL_SLOPE",
    "LEAST_SLOPE",
    "RULES",
    "Recalibration",
    "fit_recalibration",
    "intercept_for",
    "rule_for",
]

ENTRANTS_FOR_FULL_SLOPE = 100
LEAST_SLOPE = 0.05
RULES = ("none", "level", "slope shrunk", "slope")
"""Lines by how much they learn: nothing, the intercept, a slope drawn towards 1 as well, a slope as it is."""
_EDGE = 2.0**-53


@dataclass(frozen=True)
class Recalibration:
    """A line from the log-odds of a model to calibrated log-odds.

    Parameters
    ----------
    slope : float
        Multiplies the margin; above zero, so that no reason changes its direction.
    intercept : float
        Added after the slope, in log-odds.
    method : str
        Where the margins came from and how the line was found, such as ``"household folds, slope shrunk"``.
    n_entrants : int
        Different children who entered care among the calibration rows.
    n_rows : int
        Calibration rows.
    version : int, default 1
        1 for the line that was fitted; one more each time :func:`edgeofcare.reanchor` moved its intercept.
    history : sequence of Anchoring
        What was seen each time, and from where to where the intercept was moved.
    checks : sequence of LineCheck
        Log loss of other lines on the last index dates; empty where there were too few entrants to tell.

    Raises
    ------
    SpecError
        If the slope is not above zero, a number is not finite, or the history does not lead to this version.

    Examples
    --------
    >>> Recalibration(slope=0.5, intercept=-1.0, method="household folds", n_entrants=120, n_rows=9000).log_odds(2.0)
    0.0
    """

    slope: float
    intercept: float
    method: str
    n_entrants: int
    n_rows: int
    version: int = 1
    history: Sequence[Anchoring] = ()
    checks: Sequence[LineCheck] = ()

    def __post_init__(self) -> None:
        """Refuse a line that would turn reasons round, and a history of another line."""
        if not (np.isfinite(self.slope) and np.isfinite(self.intercept) and self.slope > 0):
            msg = f"A recalibration needs a finite slope above zero and a finite intercept; got {self.slope:g}."
            raise SpecError(msg)
        object.__setattr__(self, "history", tuple(self.history))
        object.__setattr__(self, "checks", tuple(self.checks))
        if not _leads_here(self.history, self.version, self.intercept):
            msg = (
                f"The history of this recalibration has {len(self.history)} entries and does not lead to version "
                f"{self.version} and its intercept. Re-anchor with edgeofcare.reanchor, which writes both."
            )
            raise SpecError(msg)

    def log_odds(self, margin: np.ndarray) -> np.ndarray:
        """Calibrated log-odds, exactly ``slope * margin + intercept``.

        Parameters
        ----------
        margin : ndarray of float64, shape (n_rows,)
            Log-odds before calibration.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            Log-odds after calibration.
        """
        return self.slope * margin + self.intercept

    def risk(self, margin: np.ndarray) -> np.ndarray:
        """Calibrated probability, never exactly 0 or 1.

        Parameters
        ----------
        margin : ndarray of float64, shape (n_rows,)
            Log-odds before calibration.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            Probabilities from ``2**-53`` to ``1 - 2**-53``. The limits bind only beyond log-odds of 36, where a
            float64 can no longer tell the probability from 0 or 1 within that distance; the log-odds are never cut.
        """
        return np.clip(_expit(self.log_odds(margin)), _EDGE, 1.0 - _EDGE)


def fit_recalibration(
    margin: np.ndarray,
    y: np.ndarray,
    *,
    child: np.ndarray | None = None,
    level: np.ndarray | None = None,
    source: str = "",
    rule: str | None = None,
) -> Recalibration:
    r"""Find the line that calibrates out-of-sample log-odds.

    Parameters
    ----------
    margin : ndarray of float64, shape (n_rows,)
        Log-odds that a model gave to rows it was not fitted on.
    y : ndarray of bool or int, shape (n_rows,)
        Whether the child entered care.
    child : ndarray, shape (n_rows,), optional
        Code of the child of each row. Without it every row is a child.
    level : ndarray of bool, shape (n_rows,), optional
        Rows from which the intercept is taken, such as those of
        :func:`edgeofcare.models.folds.recent_rows`; all by default.
    source : str, default ""
        Where the margins came from; the first words of ``method``.
    rule : str, optional
        One of :data:`RULES`; by default ``"slope"`` from 100 entrants on, and ``"slope shrunk"`` below.

    Returns
    -------
    Recalibration
        Slope, intercept and how they were found.

    Raises
    ------
    SpecError
        If lengths differ, a margin is not finite, or the rule is none of those.

    Notes
    -----
    The slope :math:`\hat b` is that of logistic recalibration, :math:`\operatorname{logit} P(y) = a + b f`. With
    fewer than 100 entrants (different children, not rows) it is shrunk towards 1 in proportion,
    :math:`b = 1 + (n/100)(\hat b - 1)`. The intercept then solves :math:`\sum \operatorname{expit}(a + b f_i) =
    \sum y_i` over the rows of ``level``, so that calibration in the large is exact on them. A slope of 0.05 or
    less is held at 0.05 ("floored"). With fewer than two entrants, or outcomes that the margin separates
    completely, the slope stays
    1 ("intercept"); with one outcome only nothing is learnt ("none").

    References
    ----------
    Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika, 45, 562-565.

    Van Calster, B. et al. (2016). A calibration hierarchy for risk models was defined. Journal of Clinical
    Epidemiology, 74, 167-176.

    Examples
    --------
    >>> line = fit_recalibration(np.array([-2.0, -1.0, 0.0, 1.0]), np.array([0, 1, 0, 1]), source="household folds")
    >>> line.method, line.n_entrants, round(float(line.risk(np.array([-2.0, -1.0, 0.0, 1.0])).mean()), 6)
    ('household folds, slope shrunk', 2, 0.5)
    """
    if rule is not None and rule not in RULES:
        msg = f"rule must be one of {', '.join(RULES)}, or left out."
        raise SpecError(msg)
    margin, y, child, level = _checked(margin, y, child, level)
    n_entrants = int(np.unique(child[y]).size)
    if y.all() or not y.any() or rule == "none":
        return Recalibration(1.0, 0.0, _words(source, "none"), n_entrants, len(y))
    rule = rule or rule_for(n_entrants)
    share = 1.0 if rule == "slope" else min(1.0, n_entrants / ENTRANTS_FOR_FULL_SLOPE)
    slope, found = (1.0, "intercept") if rule == "level" else _slope(margin, y, n_entrants, share)
    if y[level].all() or not y[level].any():
        level = np.ones(len(y), dtype=bool)
    intercept = intercept_for(slope * margin[level], y[level])
    return Recalibration(slope, intercept, _words(source, found), n_entrants, len(y))


def rule_for(n_entrants: int) -> str:
    """Rule for so many entrants: the slope as it is from 100 on, drawn towards 1 below."""
    return "slope" if n_entrants >= ENTRANTS_FOR_FULL_SLOPE else "slope shrunk"


def _checked(
    margin: np.ndarray, y: np.ndarray, child: np.ndarray | None, level: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Arrays of one length, in an order that depends on their values alone."""
    margin, y = np.asarray(margin, dtype=np.float64), np.asarray(y, dtype=bool)
    child = np.arange(len(y)) if child is None else np.asarray(child)
    level = np.ones(len(y), dtype=bool) if level is None else np.asarray(level, dtype=bool)
    if not (margin.ndim == 1 and margin.shape == y.shape == child.shape == level.shape):
        shapes = ", ".join(str(array.shape) for array in (margin, y, child, level))
        msg = f"margin, y, child and level must have one length; got {shapes}."
        raise SpecError(msg)
    if (wrong := int((~np.isfinite(margin)).sum())) > 0:
        msg = f"{wrong} of {len(margin)} margins are not finite numbers; recalibration needs finite log-odds."
        raise SpecError(msg)
    order = np.lexsort((y, margin))
    return margin[order], y[order], child[order], level[order]


def _words(source: str, rule: str) -> str:
    """Join the source of the margins and the rule for the slope."""
    return ", ".join(word for word in (source, rule) if word) or "slope"


def _slope(margin: np.ndarray, y: np.ndarray, n_entrants: int, share: float) -> tuple[float, str]:
    """Slope after shrinkage and floor, and its name; differences below 1e-9 in log-odds count as ties."""
    margin = np.round(margin, 9)
    if n_entrants < 2 or margin[y].min() >= margin[~y].max():
        return 1.0, "intercept"
    slope = 1.0 + share * (_slope_by_likelihood(margin, y) - 1.0)
    if slope <= LEAST_SLOPE:
        return LEAST_SLOPE, "floored"
    return slope, "" if share == 1.0 else "slope shrunk"


def _slope_by_likelihood(margin: np.ndarray, y: np.ndarray) -> float:
    """Maximum likelihood slope; zero where the margin puts every entrant last."""
    if margin[y].max() <= margin[~y].min():
        return 0.0
    spread = float(margin.std())
    columns = [np.ones_like(margin), (margin - margin.mean()) / spread]
    return float(_newton(columns, y)[1] / spread)


def _newton(columns: list[np.ndarray], y: np.ndarray) -> np.ndarray:
    """Logistic regression by Newton steps, each halved until the likelihood does not fall."""
    beta = np.zeros(len(columns))
    beta[0] = _logit(y.mean())
    loss = _loss(columns, beta, y)
    for _ in range(100):
        p = _expit(_line(columns, beta))
        gradient = np.array([np.sum(c * (y - p)) for c in columns])
        hessian = np.array([[np.sum(a * b * p * (1.0 - p)) for b in columns] for a in columns])
        step = np.linalg.solve(hessian, gradient)
        while (new := _loss(columns, beta + step, y)) > loss and np.abs(step).max() > 1e-14:
            step = step / 2.0
        beta, loss = beta + step, min(new, loss)
        if np.abs(step).max() <= 1e-12 * (1.0 + np.abs(beta).max()):
            break
    return beta


def _leads_here(history: Sequence[Anchoring], version: int, intercept: float) -> bool:
    """Whether the entries are of versions 2, 3, ..., each begins where the last one ended, and the last ends here."""
    befores = [entry.intercept_before for entry in history[1:]]
    afters = [entry.intercept_after for entry in history]
    numbered = [entry.version for entry in history] == list(range(2, version + 1)) and version >= 1
    return numbered and afters == [*befores, *([intercept] if history else [])]


def intercept_for(offset: np.ndarray, y: np.ndarray) -> float:
    """Root of ``sum(expit(a + offset)) = sum(y)``: Newton inside a bracket that halves when Newton leaves it."""
    low, high = _logit(y.mean()) - float(offset.max()), _logit(y.mean()) - float(offset.min())
    a = (low + high) / 2.0
    for _ in range(200):
        p = _expit(a + offset)
        excess = float(np.sum(p - y))
        low, high = (low, a) if excess > 0 else (a, high)
        curve = float(np.sum(p * (1.0 - p)))
        new = a - excess / curve if curve > 0 else low
        new = new if low < new < high else (low + high) / 2.0
        if abs(new - a) <= 1e-14 * (1.0 + abs(a)):
            return new
        a = new
    return a


def _line(columns: list[np.ndarray], beta: np.ndarray) -> np.ndarray:
    """Sum of columns times coefficients, without a threaded product."""
    return np.sum([b * c for b, c in zip(beta, columns, strict=True)], axis=0)


def _loss(columns: list[np.ndarray], beta: np.ndarray, y: np.ndarray) -> float:
    """Negative log-likelihood of a logistic model."""
    z = _line(columns, beta)
    return float(np.sum(np.logaddexp(0.0, z) - y * z))


def _logit(p: float) -> float:
    """Log-odds of a probability."""
    return float(np.log(p) - np.log1p(-p))


def _expit(z: np.ndarray) -> np.ndarray:
    """Probability of log-odds, without overflow."""
    small = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1.0, small) / (1.0 + small)
