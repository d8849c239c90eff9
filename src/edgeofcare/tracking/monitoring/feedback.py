"""Whether a score changes what is recorded: recording about children just above the cut, and just below it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from scipy import stats

from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.records.quality.months import dated_tables
from edgeofcare.records.records import Records
from edgeofcare.tracking.monitoring.bins import FEWEST
from edgeofcare.tracking.monitoring.blocks import BLOCK_DAYS, known_days
from edgeofcare.tracking.monitoring.checks import Check

__all__ = ["Gap", "feedback_check", "gap_at_cut", "near_cut", "recorded_after"]

_CARE = ("care_episodes", "legal_statuses", "placements")


@dataclass(frozen=True)
class Gap:
    """Difference in recording between the rows on either side of the cut.

    Parameters
    ----------
    above, below : float
        Mean square root of the rows that were recorded of a child in four weeks.
    error : float
        Standard error of their difference, by households.
    """

    above: float
    below: float
    error: float

    def to_dict(self) -> dict[str, float]:
        """As plain values."""
        return asdict(self)


def near_cut(risk: Floats, day: Ints, capacity: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows just above and just below the cut of each date: half of the capacity on either side, at least 10.

    Parameters
    ----------
    risk : ndarray of float64
        Risks.
    day : ndarray of int64
        Index date of each row.
    capacity : int
        Children on the list of a date.

    Returns
    -------
    above, below : ndarray of bool
        One a row; rows of the same risk are taken in the order in which they stand.

    Examples
    --------
    >>> above, below = near_cut(np.linspace(0.9, 0.1, 40), np.zeros(40, dtype=int), 15)
    >>> np.flatnonzero(above)[[0, -1]].tolist(), np.flatnonzero(below)[[0, -1]].tolist()
    ([5, 14], [15, 24])
    """
    wide = max(FEWEST, capacity // 2)
    rank = pd.Series(-risk).groupby(day).rank(method="first").to_numpy()
    return (rank <= capacity) & (rank > capacity - wide), (rank > capacity) & (rank <= capacity + wide)


def recorded_after(records: Records, child: np.ndarray, day: Ints) -> Floats:
    """Count what happened and became known of each child in the four weeks after its score, care itself left out.

    Parameters
    ----------
    records : Records
        The case records.
    child : ndarray of str
        Child of each row.
    day : ndarray of int64
        Index date of each row.

    Returns
    -------
    ndarray of float64
        Rows of the records.
    """
    names, code = np.unique(child, return_inverse=True)
    count = np.zeros(child.size)
    first, last = int(day.min()), int(day.max()) + BLOCK_DAYS
    for table in dated_tables(records):
        if table.name in _CARE:
            continue
        frame = records.table(table.name)
        lag = int(records.reporting_lag.get(table.name, 0))
        known = known_days(frame, str(table.start), lag)
        happened = frame[str(table.start)].to_numpy().astype("datetime64[D]").astype(np.int64)
        near = (known >= first) & (known < last) & (happened >= first)
        owner = pd.Index(names).get_indexer(frame["child_id"].to_numpy(dtype=str)[near])
        events = pd.DataFrame({"code": owner, "known": known[near], "happened": happened[near]})
        rows = pd.DataFrame({"code": code, "day": day, "row": np.arange(child.size)})
        both = rows.merge(events[events["code"] >= 0], on="code")
        inside = (both["happened"] >= both["day"]) & (both["known"] < both["day"] + BLOCK_DAYS)
        count += np.bincount(both.loc[inside, "row"], minlength=child.size)
    return count


def gap_at_cut(count: Floats, above: np.ndarray, below: np.ndarray, household: Ints) -> Gap | None:
    """Measure the difference in recording.

    Parameters
    ----------
    count : ndarray of float64
        From :func:`recorded_after`.
    above, below : ndarray of bool
        From :func:`near_cut`.
    household : ndarray of int64
        Code of the household of each row.

    Returns
    -------
    Gap or None
        None with fewer than 10 households on a side.
    """
    if any(np.unique(household[side]).size < FEWEST for side in (above, below)):
        return None
    root = np.sqrt(count)
    means = [float(root[side].mean()) for side in (above, below)]
    off = np.zeros(count.size)
    for side, mean, sign in zip((above, below), means, (1, -1), strict=True):
        off[side] = sign * (root[side] - mean) / side.sum()
    sums = np.bincount(household, weights=off)
    return Gap(round(means[0], 4), round(means[1], 4), round(float(np.sqrt((sums**2).sum())), 4))


def feedback_check(now: Gap, usual: Gap) -> Check:
    """Hold the difference in recording against that of the reference, in which nobody was listed.

    Parameters
    ----------
    now, usual : Gap
        Of the last runs, and of the reference rows ranked by the same model.

    Returns
    -------
    Check
        Higher risks have more recorded of them in any case: what counts is a difference that was not there before.
    """
    shift = (now.above - now.below) - (usual.above - usual.below)
    p = float(2 * stats.norm.sf(abs(shift) / max(float(np.hypot(now.error, usual.error)), 1e-9)))
    return Check(
        "feedback",
        "children near the cut",
        "difference in recording",
        round(now.above - now.below, 4),
        round(usual.above - usual.below, 4),
        p,
        f"In the four weeks after a score, about {now.above**2:.1f} rows were recorded of each child just above the "
        f"cut and {now.below**2:.1f} of each just below; {usual.above**2:.1f} and {usual.below**2:.1f} were usual "
        "without a list.",
        "Being listed changes what is recorded, and what is recorded changes the next score: risks of listed children "
        "rise, or fall, because they were listed.",
        "Do not learn the model anew from these months without marking who was listed. Look at which tables differ, "
        "and prefer features that a list does not move.",
    )
