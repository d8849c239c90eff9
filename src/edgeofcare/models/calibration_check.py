"""How much a line on the log-odds leaves undone: other calibration maps, compared on households left out."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints, check_columns, check_rows
from edgeofcare.metrics._households import household_codes
from edgeofcare.metrics.bootstrap import percentile_interval
from edgeofcare.models._maps import MAPS
from edgeofcare.models.folds import household_folds

__all__ = ["CALIBRATION_CHECK_COLUMNS", "MATERIAL_SHARE", "CalibrationCheck", "calibration_check", "check_maps"]

CALIBRATION_CHECK_COLUMNS = ("map", "log_loss", "gain", "ci_low", "ci_high", "share", "note")
MATERIAL_SHARE = 0.02
"""Share of what the line gains over the prevalence that a smooth map must add for it to be material."""

_SMOOTH = ("beta", "spline")
_SMALL, _UNRELIABLE, _CAUTION = 10, 30, 75
_FOLDS = 5


@dataclass(frozen=True)
class CalibrationCheck:
    """Log loss of calibration maps on households left out, and whether a line is enough.

    Attributes
    ----------
    table : DataFrame
        One row for each map: ``identity`` (the risks as they are), ``affine`` (a line on the log-odds), ``beta``,
        ``spline``, ``isotonic``. Columns: map, log_loss (mean over rows), gain (log loss of affine less this one;
        above 0, this map is better) with ci_low and ci_high, share (gain as a share of what affine gains over the
        prevalence) and note.
    material : bool
        Whether beta or spline gains with an interval above 0 and a share above :data:`MATERIAL_SHARE`.
    text : str
        The finding in a sentence.
    n_resamples : int
        Resamples of households.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> risk = 1 / (1 + np.exp(-rng.normal(-2, 1, 3000)))
    >>> check_maps((rng.random(3000) < risk).astype(int), risk, np.arange(3000))
    CalibrationCheck(a line is enough)
    """

    table: pd.DataFrame
    material: bool
    text: str
    n_resamples: int

    def __repr__(self) -> str:
        if self.table["log_loss"].isna().all():
            return "CalibrationCheck(not checked)"
        return f"CalibrationCheck({'a line is not enough' if self.material else 'a line is enough'})"


def calibration_check(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    household: ArrayLike,
    *,
    child: ArrayLike | None = None,
    n_resamples: int = 200,
    random_state: int = 0,
) -> CalibrationCheck:
    r"""Ask whether anything but a straight line on the log-odds would calibrate these risks better.

    A line keeps reasons exact, so scores always use one. This says what that costs.

    Parameters
    ----------
    y_true : array-like of shape (n,)
        Outcomes, 0 or 1, of rows that the model was not fitted on.
    y_prob : array-like of shape (n,)
        Risks strictly between 0 and 1, calibrated or not.
    household : array-like of shape (n,)
        Household of each row.
    child : array-like of shape (n,), optional
        Child of each row, to count entrants. Without it households with an entry are counted.
    n_resamples : int, default 200
        Resamples of households.
    random_state : int, default 0
        Deals households into folds, and resamples them.

    Returns
    -------
    CalibrationCheck
        Log losses, gains over the line, and whether they are material.

    Raises
    ------
    SpecError
        If an array is malformed, or a risk is exactly 0 or 1.

    Warns
    -----
    UserWarning
        If a smooth map gains materially over the line.

    Notes
    -----
    Each map is fitted on four fifths of the households and measured on the rest, in turn. *Beta* is
    :math:`\operatorname{logit} q = a \ln p - b \ln(1 - p) + c` with :math:`a, b \ge 0`; *spline* a restricted cubic
    spline of the log-odds with knots at their 10th, 50th and 90th percentile; *isotonic* the best non-decreasing
    steps, of which those without an entrant are given half of one. Maps are not fitted again in each resample, so
    the intervals are about the rows and not about the fit. Isotonic is shown and never counts as material: it
    follows noise.

    Maps with more freedom lose a little where the line is right. In simulations (docs, "Calibration") a share of 2%
    stood for a mean distance between stated and true risk, which a line cannot mend, of an eighth of the prevalence;
    below it no report would read differently.

    References
    ----------
    Kull, M., Silva Filho, T. and Flach, P. (2017). Beta calibration. AISTATS, PMLR 54, 623-631.

    Zadrozny, B. and Elkan, C. (2002). Transforming classifier scores into accurate multiclass probability estimates.
    KDD, 694-699.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> risk = 1 / (1 + np.exp(-rng.normal(-2, 1, 3000)))
    >>> check = calibration_check((rng.random(3000) < risk).astype(int), risk, np.arange(3000))
    >>> check.material
    False
    >>> check.table["map"].tolist()
    ['identity', 'affine', 'beta', 'spline', 'isotonic']
    """
    found = check_maps(y_true, y_prob, household, child=child, n_resamples=n_resamples, random_state=random_state)
    if found.material:
        warnings.warn(found.text, UserWarning, stacklevel=2)
    return found


def check_maps(
    y_true: ArrayLike,
    y_prob: ArrayLike,
    household: ArrayLike,
    *,
    child: ArrayLike | None = None,
    n_resamples: int = 200,
    random_state: int = 0,
) -> CalibrationCheck:
    """Do what :func:`calibration_check` does, without a warning.

    Parameters
    ----------
    y_true, y_prob, household, child, n_resamples, random_state
        As for :func:`calibration_check`.

    Returns
    -------
    CalibrationCheck
        The same.

    Raises
    ------
    SpecError
        If an array is malformed.
    """
    rows = _rows(y_true, y_prob, household, child)
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
        msg = "n_resamples must be a whole number, at least 1; 200 is usual."
        raise SpecError(msg)
    folds = household_folds(rows.household, rows.y > 0, n_folds=_FOLDS, rng=check_random_state(random_state))
    if rows.entrants < _SMALL or not folds:
        return _not_checked(n_resamples)
    losses = _cross_fitted(rows, folds)
    table = _table(rows, losses, n_resamples, random_state)
    smooth = table[table["map"].isin(_SMOOTH) & (table["ci_low"] > 0) & (table["share"] > MATERIAL_SHARE)]
    return CalibrationCheck(table, not smooth.empty, _text(table, smooth), int(n_resamples))


class _Rows(NamedTuple):
    """Rows in one order, and how many entrants they hold."""

    y: Floats
    p: Floats
    household: Ints
    entrants: int


def _rows(y_true: ArrayLike, y_prob: ArrayLike, household: ArrayLike, child: ArrayLike | None) -> _Rows:
    """Check arrays and sort the rows by household, risk and outcome."""
    check_rows(y_true, y_prob, inside=True)
    columns = check_columns(y_true=y_true, y_prob=y_prob)
    y, p = columns["y_true"], columns["y_prob"]
    home, _ = household_codes(household, y.size)
    who = home if child is None else household_codes(child, y.size, "child")[0]
    order = np.lexsort((y, p, home))
    return _Rows(y[order], p[order], home[order], int(np.unique(who[y == 1]).size))


def _cross_fitted(rows: _Rows, folds: list[tuple[np.ndarray, np.ndarray]]) -> dict[str, Floats]:
    """Log loss of each row under each map, and under the prevalence, fitted on other households."""
    losses = {name: np.empty(rows.y.size) for name in (*MAPS, "prevalence")}
    for fit, seen in folds:
        y, share = rows.y[seen], np.full(len(seen), rows.y[fit].mean())
        for name, make in MAPS.items():
            losses[name][seen] = _loss(y, make(rows.y[fit], rows.p[fit])(rows.p[seen]))
        losses["prevalence"][seen] = _loss(y, share)
    return losses


def _loss(y: Floats, q: Floats) -> Floats:
    """Log loss of each row; a risk of 0 or 1 by rounding counts as the nearest other."""
    q = np.clip(q, 2.0**-53, 1.0 - 2.0**-53)
    return -np.where(y == 1, np.log(q), np.log1p(-q))


def _table(rows: _Rows, losses: dict[str, Floats], n_resamples: int, random_state: int) -> pd.DataFrame:
    """One row for each map, with gains over the line and their intervals."""
    gains = {name: losses["affine"] - losses[name] for name in MAPS}
    size = int(rows.household.max()) + 1
    columns = [np.bincount(rows.household, weights=values, minlength=size) for values in gains.values()]
    drawn = _drawn(np.column_stack([*columns, np.bincount(rows.household, minlength=size)]), n_resamples, random_state)
    low, high = percentile_interval(drawn[:, :-1] / drawn[:, -1:])
    line = float((losses["prevalence"] - losses["affine"]).mean())
    note = _note(rows.entrants)
    out = []
    for i, (name, gain) in enumerate(gains.items()):
        ends = (np.nan, np.nan) if name == "affine" else (float(low[i]), float(high[i]))
        share = float(gain.mean()) / line if line > 0 else np.nan
        out.append((name, float(losses[name].mean()), float(gain.mean()), *ends, share, note))
    return pd.DataFrame(out, columns=list(CALIBRATION_CHECK_COLUMNS))


def _drawn(sums: Floats, n_resamples: int, random_state: int) -> Floats:
    """Sums over resamples of households, the draws of household_bootstrap for the same seed."""
    rng, size = np.random.default_rng(random_state), len(sums)
    counts = (np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(n_resamples))
    return np.array([np.einsum("h,hk->k", count.astype(np.float64), sums) for count in counts])


def _note(entrants: int) -> str:
    """Say how far intervals can be relied on."""
    if entrants < _UNRELIABLE:
        return f"unreliable: fewer than {_UNRELIABLE} entrants"
    return f"caution: fewer than {_CAUTION} entrants" if entrants < _CAUTION else ""


def _not_checked(n_resamples: int) -> CalibrationCheck:
    """A check that cannot be made."""
    note = f"suppressed: fewer than {_SMALL} entrants, or too few households"
    table = pd.DataFrame({"map": list(MAPS)}).reindex(columns=list(CALIBRATION_CHECK_COLUMNS))
    table = table.astype(dict.fromkeys(CALIBRATION_CHECK_COLUMNS[1:-1], "float64")).assign(note=note)
    return CalibrationCheck(table, False, "Too few entrants to say whether a line is enough.", int(n_resamples))


def _text(table: pd.DataFrame, smooth: pd.DataFrame) -> str:
    """The finding in a sentence."""
    best = (smooth if not smooth.empty else table[table["map"].isin(_SMOOTH)]).nlargest(1, "gain").iloc[0]
    if smooth.empty:
        best_of_all = f"the best, {best['map']}, gains {best['share']:.1%} of what the line gains over the prevalence"
        if best["share"] > MATERIAL_SHARE:
            best_of_all += ", and the interval includes no gain"
        found = best_of_all if best["gain"] > 0 else "each is worse on households left out"
        return f"A line on the log-odds is enough: no smooth map gains materially over it ({found})."
    return (
        f"A line on the log-odds leaves miscalibration that a curve would mend: {best['map']} gains "
        f"{best['share']:.1%} of what the line gains over the prevalence, and the interval excludes no gain. Risks at "
        "one end or in the middle are off; see the calibration curve, and look for a group or a feature that bends it."
    )
