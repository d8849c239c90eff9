"""Whether a score changes what is recorded: recording about children just above the cut, and just below it.

Few households stand near the cut, some of them in several runs and on both sides, so the difference is held against
Student's t: the error of the runs by leaving out one household at a time, that of the reference from half of all
households drawn again and again, and the degrees of freedom from the households of the runs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.records.quality.months import dated_tables
from edgeofcare.records.records import Records
from edgeofcare.tracking.monitoring.bins import FEWEST
from edgeofcare.tracking.monitoring.blocks import BLOCK_DAYS, known_days
from edgeofcare.tracking.monitoring.checks import Check

__all__ = ["Gap", "feedback_check", "freedom_at_cut", "gap_at_cut", "near_cut", "recorded_after", "usual_gap"]

_HALVES = 100
_CARE = ("care_episodes", "legal_statuses", "placements")


@dataclass(frozen=True)
class Gap:
    """Difference in recording between the rows on either side of the cut.

    Parameters
    ----------
    above, below : float
        Mean square root of the rows that were recorded of a child in four weeks.
    error : float
        Standard error of their difference.
    """

    above: float
    below: float
    error: float

    def to_dict(self) -> dict[str, float]:
        """As plain values."""
        return asdict(self)


def near_cut(risk: Floats, day: Ints, capacity: int, wide: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Rows just above and just below the cut of each date: half of the capacity on either side, at least 10.

    Parameters
    ----------
    risk : ndarray of float64
        Risks.
    day : ndarray of int64
        Index date of each row.
    capacity : int
        Children on the list of a date.
    wide : int, optional
        Rows on either side, if not as said above.

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
    wide = _width(capacity) if wide is None else wide
    rank = pd.Series(-risk).groupby(day).rank(method="first").to_numpy()
    return (rank <= capacity) & (rank > capacity - wide), (rank > capacity) & (rank <= capacity + wide)


def _width(capacity: int) -> int:
    """Rows of a date on either side of the cut."""
    return max(FEWEST, capacity // 2)


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

    Notes
    -----
    The error is the jackknife's: all rows of one household, on both sides and of every date, are left out together.
    Sums of what households differ by from the mean are too small where a household holds a good part of a side, as
    the mean follows it.
    """
    if any(np.unique(household[side]).size < FEWEST for side in (above, below)):
        return None
    root, home = np.sqrt(count), np.unique(household, return_inverse=True)[1]
    means, without = [], []
    for side in (above, below):
        rows = _rows_a_home(home, side)
        sums = np.bincount(home[side], weights=root[side], minlength=rows.size)
        means.append(float(root[side].mean()))
        without.append((sums.sum() - sums) / (rows.sum() - rows))
    moved = without[0] - without[1] - (means[0] - means[1])
    homes = np.unique(home[above | below]).size
    error = np.sqrt((homes - 1) / homes * (moved**2).sum())
    return Gap(round(means[0], 4), round(means[1], 4), round(float(error), 4))


def freedom_at_cut(above: np.ndarray, below: np.ndarray, household: Ints) -> float:
    """Count the degrees of freedom of the error of a run, from how its rows are spread over households.

    Parameters
    ----------
    above, below : ndarray of bool
        From :func:`near_cut`.
    household : ndarray of int64
        Code of the household of each row.

    Returns
    -------
    float
        Of each side, the households of equal size that would tell as much, less one; both together.

    Examples
    --------
    >>> above = np.arange(8) < 4
    >>> freedom_at_cut(above, ~above, np.array([1, 2, 3, 4, 5, 5, 6, 6]))
    4.0
    """
    home = np.unique(household, return_inverse=True)[1]
    sides = [_rows_a_home(home, side) for side in (above, below)]
    return float(sum(rows.sum() ** 2 / (rows**2).sum() - 1 for rows in sides))


def _rows_a_home(home: Ints, side: np.ndarray) -> Ints:
    """Rows of each household on a side."""
    return np.bincount(home[side], minlength=int(home.max()) + 1)


def usual_gap(
    count: Floats, risk: Floats, day: Ints, household: Ints, capacity: int, *, random_state: int
) -> Gap | None:
    """Measure the difference in recording in the reference; its error knows that the place of the cut is chance, too.

    Parameters
    ----------
    count : ndarray of float64
        From :func:`recorded_after`.
    risk : ndarray of float64
        Risks of all scored rows, near the cut or not.
    day, household : ndarray of int64
        Index date and code of the household of each row.
    capacity : int
        Children on the list of a date.
    random_state : int
        Seed.

    Returns
    -------
    Gap or None
        None with fewer than 10 households on a side.

    Notes
    -----
    The error is the standard deviation over 100 draws. Each is half of all households, ranked anew, with half of the
    capacity: it varies as much about the whole as the whole about the truth. The jackknife of :func:`gap_at_cut`
    misses that households far above the cut decide who is near it. In simulated quiet months it was too small by a
    tenth to a quarter, and this too large by as much, which errs on the side of quiet.
    """
    found = gap_at_cut(count, *near_cut(risk, day, capacity), household)
    if found is None:
        return None
    rng = np.random.default_rng(random_state)
    root, home = np.sqrt(count), np.unique(household, return_inverse=True)[1]
    homes, drawn = int(home.max()) + 1, []
    for _ in range(_HALVES):
        kept = (rng.permutation(homes) < homes // 2)[home]
        sides = near_cut(risk[kept], day[kept], max(1, capacity // 2), _width(capacity) // 2)
        if all(side.any() for side in sides):
            drawn.append(float(root[kept][sides[0]].mean() - root[kept][sides[1]].mean()))
    spread = float(np.std(drawn, ddof=1)) if len(drawn) > 1 else 0.0
    return replace(found, error=round(max(found.error, spread), 4))


def feedback_check(now: Gap, usual: Gap, freedom: float) -> Check:
    """Hold the difference in recording against that of the reference, in which nobody was listed.

    Parameters
    ----------
    now, usual : Gap
        Of the last runs, and of the reference rows ranked by the same model.
    freedom : float
        From :func:`freedom_at_cut`, of the last runs.

    Returns
    -------
    Check
        Higher risks have more recorded of them in any case: what counts is a difference that was not there before.

    Notes
    -----
    The rule: the change of the difference, divided by its standard error, is held against Student's t with the degrees
    of freedom of the last runs alone. With 20 children on the list, three runs have the worth of about a dozen
    households on a side. A normal law, with the error of sides as they are, was beyond a limit of 1 in 384 in 65 of
    8,191 simulated quiet runs, where 21 are expected; this rule in 2 of 2,397, where 6 are.
    """
    shift = (now.above - now.below) - (usual.above - usual.below)
    p = float(2 * stats.t.sf(abs(shift) / max(float(np.hypot(now.error, usual.error)), 1e-9), freedom))
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
