"""Alarms: results that are too good, or rest on too little, each with what to check."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pandas as pd

from edgeofcare.evaluation._small import SMALL

__all__ = ["ALARM_COLUMNS", "LIMITS", "NOT_LOOKED_AT", "STOPS", "alarms"]

ALARM_COLUMNS = ("alarm", "open", "value", "limit", "what_it_means", "what_to_check")

AUROC, CARRIED, TOO_GOOD = "AUROC above 0.90", "one feature carries the model", "calibration too good"
NEAR, FEW, SEEN = (
    "features that appear only near the outcome",
    "fewer than 60 entrants",
    "households seen in training do better",
)
#: Alarms that may mean that the model saw the future: until they are explained, it should not be used.
STOPS = (AUROC, NEAR)
#: Where each alarm opens.
LIMITS = {AUROC: 0.9, CARRIED: 0.5, TOO_GOOD: 0.002, NEAR: 0.0, FEW: 60.0, SEEN: 0.0}
#: How an alarm begins that was left out because what it needs was not given.
NOT_LOOKED_AT = "Not looked at"
_FEWEST_FEATURES = 5
_STRATA = ("households seen in training", "households never seen in training")
_CHECKS = {
    AUROC: "Look for a feature that sees the outcome: run leak_check on the records, look at what the strongest "
    "features read, and ask when their rows were typed in.",
    CARRIED: "Ask what it records and when it is typed in. Fit again without it: if little is lost the features share "
    "its signal; if nearly all is lost the model is that feature, and a rule of one line would do.",
    TOO_GOOD: "Make sure that no test row was used to fit, choose or recalibrate the model.",
    NEAR: "Compare the dates on which their rows happened and were entered (recording_lag), and ask whether they "
    "record the decision to bring the child into care.",
    FEW: "Pool years or authorities before anyone relies on the figures.",
    SEEN: "Read the figures of households never seen as those of new families. Look for features that identify a "
    "household, and for siblings' events known too early (leak_check).",
}


def alarms(
    measures: pd.DataFrame,
    counts: pd.DataFrame,
    *,
    training_entrants: int | None = None,
    summary: pd.DataFrame | None = None,
    calibration: float | None = None,
    near: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Warn of results that are too good to be true, or that rest on too little.

    Parameters
    ----------
    measures : DataFrame
        ``Evaluation.measures``.
    counts : DataFrame
        ``Evaluation.counts``.
    training_entrants : int, optional
        Entrants among the training rows: ``model.training_counts_["entrants"]``.
    summary : DataFrame, optional
        What each feature adds on average: ``explain(model, X).summary()``, or a frame of ``name`` and ``mean_size``.
    calibration : float, optional
        From :func:`~edgeofcare.evaluation.judgement.alarm_checks.calibration_chance`.
    near : DataFrame, optional
        From :func:`~edgeofcare.evaluation.judgement.alarm_checks.near_outcome`.

    Returns
    -------
    DataFrame
        alarm, open, value, limit, what_it_means, what_to_check; always the same six rows. ``value`` is NaN where an
        alarm was not looked at or cannot be told, and ``what_it_means`` then says so. Shareable.

    Notes
    -----
    *AUROC above 0.90*: the estimate of all rows; published models of this outcome lie between 0.6 and 0.9.
    *One feature carries the model*: it has more than half of the summed mean absolute contributions in log-odds, of a
    model with five features or more. *Calibration too good*: chance alone would come as close in less than 1 of 500.
    *Features that appear only near the outcome*: the number of them. *Fewer than 60 entrants*: the lesser of
    training and test. *Households seen in training do better*: their AUROC less that of households never seen, where
    the 95% interval of the difference lies above zero; the two strata share no household, so their errors add up.

    Examples
    --------
    >>> columns = ["model", "stratum", "measure", "estimate", "ci_low", "ci_high"]
    >>> measures = pd.DataFrame([("model", "all rows", "auroc", 0.95, 0.93, 0.97)], columns=columns)
    >>> counts = pd.DataFrame({"stratum": ["all rows"], "entrants": [200]})
    >>> alarms(measures, counts).query("open")["alarm"].tolist()
    ['AUROC above 0.90']
    """
    rows = [
        _too_high(measures),
        _carried(summary),
        _too_good(calibration),
        _near(near),
        _few(counts, training_entrants),
        _seen(measures),
    ]
    frame = pd.DataFrame(rows, columns=["alarm", "open", "value", "what_it_means"])
    frame.insert(3, "limit", [LIMITS[name] for name in frame["alarm"]])
    return frame.assign(what_to_check=[_CHECKS[name] for name in frame["alarm"]])


_Row = tuple[str, bool, float, str]


def _unseen(name: str, why: str) -> _Row:
    """An alarm that was not looked at, or cannot be told."""
    return (name, False, math.nan, why)


def _auroc(measures: pd.DataFrame, stratum: str) -> tuple[float, float, float]:
    """AUROC of the model in a stratum with its interval; NaN where it is not there."""
    mine = measures["model"].eq("model") & measures["measure"].eq("auroc") & measures["stratum"].eq(stratum)
    if not mine.any():
        return math.nan, math.nan, math.nan
    estimate, low, high = measures.loc[mine, ["estimate", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)[0]
    return float(estimate), float(low), float(high)


def _too_high(measures: pd.DataFrame) -> _Row:
    """Whether the ranking is better than such records allow."""
    value = _auroc(measures, "all rows")[0]
    if not np.isfinite(value):
        return _unseen(AUROC, "The AUROC cannot be told.")
    if value > LIMITS[AUROC]:
        return (
            AUROC,
            True,
            value,
            f"An AUROC of {value:.2f} is more than case records can honestly give; the model may see the future.",
        )
    return (AUROC, False, value, f"The AUROC of {value:.2f} is one that case records can give.")


def _carried(summary: pd.DataFrame | None) -> _Row:
    """Whether one feature has more than half of all contributions."""
    if summary is None or summary.empty:
        return _unseen(CARRIED, f"{NOT_LOOKED_AT}: no contributions were given.")
    features = summary.loc[summary["level"].eq("feature")] if "level" in summary else summary
    size = features["mean_size"].to_numpy(dtype=np.float64)
    if size.size < _FEWEST_FEATURES or not np.isfinite(size).all() or not size.sum() > 0:
        return _unseen(CARRIED, f"Cannot be told: fewer than {_FEWEST_FEATURES} features, or contributions are hidden.")
    share, name = float(size.max() / size.sum()), str(features["name"].iloc[int(size.argmax())])
    if share > LIMITS[CARRIED]:
        return (CARRIED, True, share, f"{name} has {share:.0%} of all that the features add to the risks.")
    return (CARRIED, False, share, f"The strongest feature, {name}, has {share:.0%} of all contributions.")


def _too_good(chance: float | None) -> _Row:
    """Whether the risks are closer to the outcomes than the true risks would be."""
    if chance is None:
        return _unseen(TOO_GOOD, f"{NOT_LOOKED_AT}.")
    if not np.isfinite(chance):
        return _unseen(TOO_GOOD, "Cannot be told: too few events, or risks that do not differ or are exactly 0 or 1.")
    if chance < LIMITS[TOO_GOOD]:
        words = "These outcomes are fitted more closely than even the true risks would in 499 of 500 cases."
        return (TOO_GOOD, True, chance, words)
    return (TOO_GOOD, False, chance, "The risks are no closer to the outcomes than chance allows.")


def _near(near: pd.DataFrame | None) -> _Row:
    """How many features tell entrants apart only in the last days."""
    if near is None:
        return _unseen(NEAR, f"{NOT_LOOKED_AT}: the days to the entry were not given.")
    if near.empty:
        return _unseen(NEAR, "Cannot be told: too few entrants near the entry, or far from it.")
    names = near.loc[near["open"].astype(bool), "feature"].astype(str).tolist()
    if names:
        listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        words = (
            f"These tell entrants apart only in the last days before the entry, as the outcome itself would: {listed}."
        )
        return (NEAR, True, float(len(names)), words)
    return (NEAR, False, 0.0, "Every feature that tells entrants apart does so well before the entry too.")


def _few(counts: pd.DataFrame, training: int | None) -> _Row:
    """Whether training or test has too few children who entered care."""
    tested = counts.loc[counts["stratum"].eq("all rows"), "entrants"].iloc[0]
    seen = {"the test period": tested} | ({} if training is None else {"training": training})
    least = min(math.nan if isinstance(value, str) else float(value) for value in seen.values())
    small = [name for name, value in seen.items() if isinstance(value, str) or value < LIMITS[FEW]]
    if small:
        hidden = any(isinstance(value, str) or value < SMALL for value in seen.values())
        words = f"{' and '.join(small).capitalize()} has fewer than 60 children who entered care: figures are unsteady."
        return (FEW, True, math.nan if hidden else least, words)
    missing = "" if training is not None else " Training was not looked at."
    return (FEW, False, least, f"There are enough entrants.{missing}")


def _seen(measures: pd.DataFrame) -> _Row:
    """Whether the model does better on households that it knows, by more than chance."""
    known, new = (_auroc(measures, stratum) for stratum in _STRATA)
    if not set(_STRATA) <= set(measures["stratum"]):
        return _unseen(SEEN, f"{NOT_LOOKED_AT}: the training rows were not given.")
    if not (np.isfinite(known).all() and np.isfinite(new).all()):
        return _unseen(SEEN, "Cannot be told: too few entrants of one kind of household.")
    gain = known[0] - new[0]
    z = 2 * NormalDist().inv_cdf(0.975)
    error = math.hypot((known[2] - known[1]) / z, (new[2] - new[1]) / z)
    low, high = gain - z / 2 * error, gain + z / 2 * error
    spread = f"{gain:+.2f} (95% interval {low:+.2f} to {high:+.2f})"
    if low > LIMITS[SEEN]:
        return (SEEN, True, gain, f"The AUROC of households seen in training is higher by {spread}.")
    return (SEEN, False, gain, f"Households seen in training do no better by more than chance: {spread}.")
