"""Checks of columns that drift: features and risks, groups, and the days until rows are recorded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgeofcare.metrics._arrays import Ints
from edgeofcare.tracking.monitoring.bins import Bins
from edgeofcare.tracking.monitoring.chance import family_p_value, share_p_value
from edgeofcare.tracking.monitoring.checks import Check
from edgeofcare.tracking.monitoring.drift import Drift
from edgeofcare.tracking.monitoring.volume import few, told

__all__ = ["drift_checks", "group_checks", "lag_checks", "late_checks"]

_PSI = "population stability index"
_FEATURE = (
    "The children, the work or the recording changed. Risks move with it, and may no longer be calibrated.",
    "Look at the feature by month, and at the volume and codes of its table. If the children changed, evaluate the "
    "model on them as soon as outcomes are there; if the recording did, mend it.",
)
_GROUP = (
    "Other children than before are on an open case, or on the list. What was said of groups in the evaluation may not "
    "hold for them.",
    "Look at thresholds and referrals by group, and evaluate by group again when outcomes are there.",
)
_LAG = (
    "Rows appear later, or sooner, than when the model was made. Late rows make children look quieter than they are, "
    "and entries fewer.",
    "Measure the lag with recording_lag, declare it, and learn the model anew with it. Until then, read risks as too "
    "low where rows are late.",
)


def drift_checks(usual: Drift, frame: pd.DataFrame, household: Ints) -> list[Check]:
    """Hold features and risks of a run against the reference.

    Parameters
    ----------
    usual : Drift
        From the baseline.
    frame : DataFrame
        Columns of the run.
    household : ndarray of int64
        Code of the household of each row.

    Returns
    -------
    list of Check
        One a column.
    """
    said = "{name} differs from the reference: {index}; more children {where}."
    return _drifted("drift", usual, frame, household, said, _FEATURE)


def group_checks(usual: Drift, frame: pd.DataFrame, household: Ints, *, left_out: int = 0) -> list[Check]:
    """Hold who is scored and who is listed against the reference.

    Parameters
    ----------
    usual : Drift
        From the baseline.
    frame : DataFrame
        Groups of the rows of the run.
    household : ndarray of int64
        Code of the household of each row.
    left_out : int, default 0
        Rows of the run of which no group is known.

    Returns
    -------
    list of Check
        One a column.
    """
    said = "Shares by {name} differ from the reference: {index}; more are {where}."
    if left_out:
        said += f" Left out: {told(left_out)} rows that the cohort, as the records stand now, does not hold."
    return _drifted("groups", usual, frame, household, said, _GROUP)


def lag_checks(usual: Drift, frame: pd.DataFrame, household: Ints) -> list[Check]:
    """Hold the days until rows were recorded against the reference.

    Parameters
    ----------
    usual : Drift
        From the baseline.
    frame : DataFrame
        Delays of what became known in the last four weeks, a column a table.
    household : ndarray of int64
        Code of the household of each row.

    Returns
    -------
    list of Check
        One a table.
    """
    said = (
        "{name}: delays until rows of the last four weeks were recorded differ from the reference: {index}; more took "
        "{where} days."
    )
    return _drifted("lag", usual, frame, household, said, _LAG)


def late_checks(
    usual: Mapping[str, tuple[int, int]], now: Mapping[str, tuple[int, int]], rows_a_home: Mapping[str, float]
) -> list[Check]:
    """Hold the share of rows that the extract before did not have against the reference.

    Parameters
    ----------
    usual, now : mapping of str to tuple of int
        Late rows and all rows of the last four weeks, by table.
    rows_a_home : mapping of str to float
        Rows of a household in four weeks, by which counts are divided.

    Returns
    -------
    list of Check
        One a table.
    """
    both = [name for name in usual if name in now]
    found = []
    for name in both:
        size = max(1.0, rows_a_home.get(name, 1.0))
        (late, rows), (late_usual, rows_usual) = now[name], usual[name]
        p = share_p_value(late / size, rows / size, late_usual / size, rows_usual / size)
        share, before = _late_share(late, rows), _late_share(late_usual, rows_usual)
        found.append(
            Check(
                "lag",
                name,
                "share of rows that the extract before lacked",
                round(share, 3),
                round(before, 3),
                family_p_value(p, len(both)),
                f"{name}: the extract before lacked {_shown(share)} of the rows of its last four weeks; "
                f"{_shown(before)} is usual.",
                *_LAG,
            )
        )
    return found


def _late_share(late: int, rows: int) -> float:
    """Share of late rows; NaN where few are late, or few are not."""
    return float("nan") if few(late, rows) else late / rows


def _shown(share: float) -> str:
    """A share in words."""
    return "a share that rests on too few" if np.isnan(share) else f"{share:.0%}"


def _drifted(
    kind: str, usual: Drift, frame: pd.DataFrame, household: Ints, said: str, words: tuple[str, str]
) -> list[Check]:
    """One check a column; what is said of it has places for its name, its index and the bin that grew."""
    found = []
    for each in usual.measure(frame, household):
        index = f"index {each.index:.3f}, where {each.usual:.3f} is usual by chance"
        happened = said.format(name=each.name, index=index, where=_bin(usual.bins[each.name], each.grew))
        numbers = (round(each.index, 4), round(each.usual, 4), each.p_value)
        found.append(Check(kind, each.name, _PSI, *numbers, happened, *words))
    return found


def _bin(bins: Bins, place: int) -> str:
    """A bin in words."""
    if place == bins.size - 1:
        return "unknown"
    if bins.codes:
        return repr(bins.codes[place]) if place < len(bins.codes) else "of other codes"
    if not bins.edges:
        return "known"
    if place == 0:
        return f"up to {bins.edges[0]:g}"
    return (
        f"above {bins.edges[-1]:g}"
        if place == len(bins.edges)
        else f"from {bins.edges[place - 1]:g} to {bins.edges[place]:g}"
    )
