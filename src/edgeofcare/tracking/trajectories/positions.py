"""Which of a child's scores are compared: the one now, the one at the last run, and the one three months ago."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

__all__ = ["NONE", "THREE_MONTHS", "score_positions"]

NONE = -1
"""The position of a score that there is not."""

THREE_MONTHS, _WITHIN = 91, 31
_DAY = np.timedelta64(1, "D")


def score_positions(rows: pd.DataFrame, days: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Find the scores of each child that are compared.

    Parameters
    ----------
    rows : DataFrame
        From :func:`edgeofcare.tracking.trajectories.runs.with_lists`, sorted by child and day.
    days : mapping of str to ndarray of datetime64
        Days of the runs of each team, ascending.

    Returns
    -------
    DataFrame
        One row for each child, by ``child_id``: positions in ``rows`` of its score now (``now``), at the run before
        (``last_run``), about three months ago (``three_months``), and its last score before now, whenever that was
        (``before``); ``-1`` where there is none. ``missed``: runs since ``before`` on which it had no score.

    Notes
    -----
    *Now* is the last run; who has no score then has no ``now``. A child who changed teams is compared with its score
    at the run before in the team that it left. Three months ago is the score nearest to 91 days earlier, at most 31
    days off.

    Examples
    --------
    >>> when = np.array(["2025-03-01", "2025-05-01", "2025-06-01"], dtype="datetime64[s]")
    >>> rows = pd.DataFrame({"child_id": "c1", "index_date": when, "team": "A", "run": [0, 1, 2]})
    >>> score_positions(rows, {"A": when}).iloc[0].tolist()
    [2, 1, 0, 1, 0]
    """
    child = rows["child_id"].to_numpy(dtype=object)
    starts = np.flatnonzero(np.concatenate([[True], child[1:] != child[:-1]]))
    ends = np.append(starts[1:], len(rows))
    when = rows["index_date"].to_numpy().astype("datetime64[D]")
    team, run = rows["team"].to_numpy(dtype=object), rows["run"].to_numpy()
    asked = {name: found.astype("datetime64[D]") for name, found in days.items()}
    found = [_of_child(int(first), int(end), when, team, run, asked) for first, end in zip(starts, ends, strict=True)]
    columns = ["now", "last_run", "three_months", "before", "missed"]
    return pd.DataFrame(found, columns=columns, index=pd.Index(child[starts], name="child_id"), dtype="int64")


def _of_child(
    first: int, end: int, when: np.ndarray, team: np.ndarray, run: np.ndarray, days: Mapping[str, np.ndarray]
) -> tuple[int, int, int, int, int]:
    """Positions of one child, whose rows are ``first`` to ``end``."""
    last = end - 1
    held = days[team[last]]
    is_now = run[last] == held.size - 1
    now, before = (last, last - 1 if last > first else NONE) if is_now else (NONE, last)
    if before == NONE:
        return now, NONE, NONE, NONE, 0
    theirs = days[team[before]]
    missed = int(np.searchsorted(theirs, held[-1])) - 1 - int(run[before])
    last_run = before if missed == 0 else NONE
    return now, last_run, _three_months(first, last, when, held[-1]) if is_now else NONE, before, missed


def _three_months(first: int, last: int, when: np.ndarray, day: np.datetime64) -> int:
    """The score nearest to three months before a day, the earlier of two as near."""
    off = np.abs((when[first:last] - (day - THREE_MONTHS * _DAY)).astype(np.int64))
    return first + int(off.argmin()) if off.size and off.min() <= _WITHIN else NONE
