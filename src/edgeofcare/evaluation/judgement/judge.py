"""Hold what was measured against the criteria, one by one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation._small import UNRELIABLE
from edgeofcare.evaluation.groups.tables import audit_only
from edgeofcare.evaluation.judgement.agreed_thresholds import NET_BENEFIT
from edgeofcare.evaluation.judgement.alarms import NOT_LOOKED_AT

__all__ = ["CRITERIA_COLUMNS", "LEVEL", "NO", "OUTSIDE", "UNKNOWN", "YES", "Number", "judge", "numbers_of"]

CRITERIA_COLUMNS = ("criterion", "value", "ci_low", "ci_high", "limit", "met", "why")
YES, NO, UNKNOWN = "yes", "no", "cannot be told"
LEVEL, OUTSIDE = "observed over expected entries", "The whole interval lies outside."


class Number(NamedTuple):
    """An estimate and its interval."""

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan

    @property
    def known(self) -> bool:
        """Whether all three are there."""
        return bool(np.isfinite(self).all())


class _Row(NamedTuple):
    """One criterion; the columns of the table."""

    criterion: str
    value: float
    ci_low: float
    ci_high: float
    limit: str
    met: str
    why: str


def judge(
    criteria: Criteria,
    measures: pd.DataFrame,
    n_entrants: int | str,
    *,
    groups: pd.DataFrame | None = None,
    alarms: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Say of each criterion whether it is met, not met, or cannot be told.

    Parameters
    ----------
    criteria : Criteria
        The limits.
    measures : DataFrame
        ``Evaluation.measures``.
    n_entrants : int or str
        Entrants of the test period, or a text where the number is suppressed.
    groups : DataFrame, optional
        ``Evaluation.groups``; without it, or with nothing in it that is shown, groups cannot be told.
    alarms : DataFrame, optional
        From :func:`edgeofcare.evaluation.judgement.alarms.alarms`; without it, alarms cannot be told.

    Returns
    -------
    DataFrame
        criterion, value, ci_low, ci_high, limit, met ("yes", "no" or "cannot be told"), why. With fewer than 30
        entrants no measure is judged.

    Examples
    --------
    >>> columns = ["model", "stratum", "measure", "estimate", "ci_low", "ci_high"]
    >>> rows = [("model", "all rows", "observed_expected_ratio", 0.7, 0.6, 0.78)]
    >>> found = judge(Criteria(), pd.DataFrame(rows, columns=columns), 120).set_index("criterion")
    >>> found.loc["observed over expected entries", ["met", "why"]].tolist()
    ['no', 'The whole interval lies outside.']
    """
    enough = not isinstance(n_entrants, str) and n_entrants >= UNRELIABLE
    table = numbers_of(measures) if enough else {}
    rule = criteria.baseline.replace("_", " ")
    low, high = criteria.thresholds
    rows = [
        _judge_entrants(criteria, n_entrants),
        _judge_gain(table, criteria.baseline, "auroc", f"AUROC gain over the {rule}"),
        _judge_gain(
            table,
            criteria.baseline,
            NET_BENEFIT,
            f"net benefit gain over the {rule}, thresholds {low:.3g} to {high:.3g}, for each 1,000 rows",
        ),
        _judge_level(table, criteria.observed_expected),
        _judge_slope(table, criteria.calibration_slope),
        _judge_groups(groups if enough else None, criteria.group_observed_expected),
        _judge_alarms(alarms),
    ]
    if not enough:
        rows[1:6] = [row._replace(why=f"Fewer than {UNRELIABLE} entrants are too few to tell.") for row in rows[1:6]]
    return pd.DataFrame(rows, columns=list(CRITERIA_COLUMNS))


def numbers_of(measures: pd.DataFrame) -> dict[tuple[str, str], Number]:
    """Estimate and interval of all rows, by model and measure."""
    whole = measures.loc[measures["stratum"] == "all rows"]
    keys = zip(whole["model"].astype(str), whole["measure"].astype(str), strict=True)
    values = whole[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    return {key: Number(*map(float, row)) for key, row in zip(keys, values, strict=True)}


def _row(criterion: str, number: Number, limit: str, met: str, why: str) -> _Row:
    """Put a criterion into the columns of the table."""
    return _Row(criterion, *number, limit, met, why)


def _judge_entrants(criteria: Criteria, n_entrants: int | str) -> _Row:
    """Whether the test period has enough children who entered care."""
    name, limit = "entrants in the test period", f"at least {criteria.min_entrants}"
    if isinstance(n_entrants, str):
        return _row(name, Number(), limit, NO, f"There are {n_entrants}.")
    enough = n_entrants >= criteria.min_entrants
    why = "There are enough." if enough else f"There are {n_entrants}."
    return _row(name, Number(float(n_entrants)), limit, YES if enough else NO, why)


def _judge_gain(table: Mapping[tuple[str, str], Number], baseline: str, measure: str, name: str) -> _Row:
    """Whether the interval of a gain lies above zero."""
    gain = table.get((f"model minus {baseline}", measure), Number())
    if not gain.known:
        met, why = UNKNOWN, "It was not measured."
    elif gain.low > 0:
        met, why = YES, "The whole interval is a gain."
    elif gain.high < 0:
        met, why = NO, "The model is worse."
    else:
        met, why = NO, "No gain shown: the interval includes no gain."
    return _row(name, gain, "interval above 0", met, why)


def _judge_level(table: Mapping[tuple[str, str], Number], limits: tuple[float, float]) -> _Row:
    """Whether the interval of observed over expected lies within its limits."""
    ratio = table.get(("model", "observed_expected_ratio"), Number())
    if not ratio.known:
        met, why = UNKNOWN, "It was not measured."
    elif limits[0] <= ratio.low and ratio.high <= limits[1]:
        met, why = YES, "The whole interval lies within."
    elif ratio.high < limits[0] or ratio.low > limits[1]:
        met, why = NO, OUTSIDE
    else:
        met, why = NO, "The interval reaches outside."
    return _row(LEVEL, ratio, f"interval within {limits[0]:g} to {limits[1]:g}", met, why)


def _judge_slope(table: Mapping[tuple[str, str], Number], limits: tuple[float, float]) -> _Row:
    """Whether the interval of the slope touches its limits."""
    slope = table.get(("model", "calibration_slope"), Number())
    if not slope.known:
        met, why = UNKNOWN, "It was not measured."
    elif slope.high < limits[0]:
        met, why = NO, "The risks are too extreme: high ones too high, low ones too low."
    elif slope.low > limits[1]:
        met, why = NO, "The risks are not spread enough: high ones too low, low ones too high."
    else:
        met, why = YES, "The interval touches them."
    return _row("calibration slope", slope, f"interval touching {limits[0]:g} to {limits[1]:g}", met, why)


def _judge_groups(groups: pd.DataFrame | None, limits: tuple[float, float]) -> _Row:
    """Whether observed over expected of every group that is shown lies within its limits; the furthest has the row."""
    name = "observed over expected entries in every group"
    limit = f"estimates within {limits[0]:g} to {limits[1]:g}"
    seen = None if groups is None or groups.empty else groups.loc[groups["observed_expected_ratio"].notna()]
    if seen is None or seen.empty:
        return _row(name, Number(), limit, UNKNOWN, "No group was compared that can be shown.")
    columns = ["observed_expected_ratio", "oe_low", "oe_high"]
    found = [Number(*map(float, row)) for row in seen[columns].to_numpy(dtype=np.float64)]
    worst = max(found, key=lambda ratio: abs(math.log(max(ratio.value, 1e-9))))
    labels = zip(seen["by"].astype(str), seen["group"].astype(str), found, strict=True)
    outside = [each for each in labels if not limits[0] <= each[2].value <= limits[1]]
    if not outside:
        return _row(name, worst, limit, YES, f"All {len(seen)} groups that are shown lie within.")
    named = ", ".join(_group_name(*each) for each in outside)
    return _row(name, worst, limit, NO, f"{len(outside)} of {len(seen)} groups that are shown lie outside: {named}.")


def _group_name(by: str, group: str, ratio: Number) -> str:
    """Column and group with its ratio; a group of the user's own column is not named, for it may be free text."""
    side = "risks too low" if ratio.value > 1 else "risks too high"
    chance = ", which chance may explain" if ratio.low <= 1 <= ratio.high else ""
    name = f"{by.replace('_', ' ')} {group}" if audit_only(by) else "a group of a column of your own"
    return f"{name} ({ratio.value:.2f}, {side}{chance})"


def _judge_alarms(alarms: pd.DataFrame | None) -> _Row:
    """Whether no alarm is open, and all that could be looked at were."""
    name, limit = "alarms", "none open"
    if alarms is None or alarms.empty:
        return _row(name, Number(), limit, UNKNOWN, "No alarm was looked at.")
    ringing = alarms.loc[alarms["open"].astype(bool), "alarm"].astype(str).tolist()
    number = Number(float(len(ringing)))
    if ringing:
        return _row(name, number, limit, NO, f"Open: {'; '.join(ringing)}.")
    unknown = alarms["what_it_means"].str.contains(f"^{NOT_LOOKED_AT}|cannot be told", regex=True)
    skipped = alarms.loc[unknown, "alarm"].astype(str).tolist()
    if skipped:
        return _row(name, number, limit, UNKNOWN, f"None is open, but these cannot be told: {'; '.join(skipped)}.")
    return _row(name, number, limit, YES, "None is open.")
