"""Changes of what was not known before an index date: rows, ends, and what ends tell.

Each takes the facts of a table, the index date of each row (``MAX_DAY`` where none was drawn), what was drawn, a
generator, and a column or "". It gives the changed table and how many rows were changed, left out or added.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.features.leaks.changes import (
    all_different,
    different,
    has_late_ends,
    has_late_starts,
    picked,
    with_days,
    with_rows,
)
from edgeofcare.features.leaks.drawn import Drawn, Facts
from edgeofcare.features.rows import MAX_DAY

__all__ = ["AHEAD", "ends", "late_rows", "later_rows", "told_at_end"]

AHEAD = (0, 0, 0, 1, 7, 40)
"""Days from the index date to changed days on or after it; most are on the day itself."""
_ENTERED = (0, 0, 1, 3)
_BEFORE = (1, 2, 10, 60, 200, 500)
_MOST_MOVED = 2000


def _placed(
    facts: Facts, frame: pd.DataFrame, start: np.ndarray, entered: np.ndarray | None, rng: np.random.Generator
) -> pd.DataFrame:
    """The frame with the dates of its last rows: some spells open, some over; entered on a day, if one is given."""
    table, size = facts.table, start.size
    last = np.arange(len(frame)) >= len(frame) - size
    days = {str(table.start): start, "recorded_date": np.full(size, MAX_DAY) if entered is None else entered}
    if table.end:
        days[table.end] = np.where(rng.random(size) < 0.5, MAX_DAY, start + picked(rng, size, (0, 1, 30)))
        days["end_recorded_date"] = np.full(size, MAX_DAY)
    return with_days(frame, {name: each for name, each in days.items() if name in frame}, last)


def _copies(
    facts: Facts, own: np.ndarray, drawn: Drawn, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to copy, the children they are for and their index dates: chosen rows, and any other for each child."""
    positions = np.flatnonzero(own)
    donors = rng.integers(0, len(facts.frame), drawn.day.size)
    child = facts.frame["child_id"].to_numpy(dtype=object)[positions]
    day = drawn.of(facts.frame)[positions]
    return (
        np.concatenate([positions, donors]),
        np.concatenate([child, drawn.day.index.to_numpy(dtype=object)]),
        np.concatenate([day, drawn.day.to_numpy()]),
    )


def later_rows(
    facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str
) -> tuple[pd.DataFrame, int]:
    """Rows that happened on or after the date go; copies of earlier ones come, many on the very day."""
    if column:
        return _births(facts, t, drawn, rng, column)
    here = t < MAX_DAY
    gone = here & (facts.start >= t)
    copied, child, day = _copies(facts, here, drawn, rng)
    frame = with_rows(facts.frame, ~gone, copied, child)
    added = np.arange(len(frame)) >= len(frame) - copied.size
    frame = all_different(facts, frame, added & (rng.random(added.size) < 3 / 4), rng)
    start = day + picked(rng, day.size, AHEAD)
    return _placed(facts, frame, start, None, rng), int(gone.sum()) + copied.size


def _births(
    facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str
) -> tuple[pd.DataFrame, int]:
    """Births on or after the date are on other days, except those of children who are scored before them."""
    born = facts.frame[column].to_numpy().astype("datetime64[D]")
    rows = (t < MAX_DAY) & (born.astype(np.int64) >= t) & ~np.isnat(born)
    rows &= ~facts.frame["child_id"].isin(drawn.scored).to_numpy()
    day = t[rows] + picked(rng, int(rows.sum()), AHEAD)
    return with_days(facts.frame, {column: day}, rows), day.size


def late_rows(
    facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str
) -> tuple[pd.DataFrame, int]:
    """Rows that happened before the date and were known later go or change; others of the kind come."""
    entered = has_late_starts(facts)
    if not entered and not facts.lag:
        return facts.frame, 0
    hidden = (t < MAX_DAY) & (facts.start < t) & (facts.start_known >= t)
    gone = hidden & (rng.random(hidden.size) < 1 / 3)
    frame = _moved(facts, hidden & ~gone, t, entered, rng)
    copied, child, day = _copies(facts, (t < MAX_DAY) & (facts.start_known < t), drawn, rng)
    frame = with_rows(frame, ~gone, copied, child)
    start = np.minimum(facts.start[copied], day - 1)
    start[-drawn.day.size :] = day[-drawn.day.size :] - picked(rng, drawn.day.size, _BEFORE)
    if not entered:
        start = day - 1 - rng.integers(0, facts.lag, day.size)
    seen = day - facts.lag + picked(rng, day.size, _ENTERED) if entered else None
    return _placed(facts, frame, start, seen, rng), int(hidden.sum()) + copied.size


def _moved(facts: Facts, rows: np.ndarray, t: np.ndarray, entered: bool, rng: np.random.Generator) -> pd.DataFrame:
    """Late rows on another day, still known on or after the date, with other values."""
    frame, day, start = all_different(facts, facts.frame, rows, rng), t[rows], facts.start[rows]
    most = _MOST_MOVED if entered else facts.lag
    moved = np.where(rng.random(day.size) < 0.5, start, day - 1 - rng.integers(0, max(most, 1), day.size))
    days = {str(facts.table.start): moved}
    if facts.table.end:
        end = facts.end[rows]
        days[facts.table.end] = np.where(end == MAX_DAY, MAX_DAY, end + moved - start)
    if entered:
        days["recorded_date"] = day - facts.lag + picked(rng, day.size, _ENTERED)
    return with_days(frame, days, rows)


def ends(facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str) -> tuple[pd.DataFrame, int]:
    """Ends that were not known before the date go, come and move."""
    if column:
        return _deaths(facts, t, rng, column)
    rows = (t < MAX_DAY) & (facts.start_known < t) & (facts.end_known >= t)
    day, start, size = t[rows], facts.start[rows], int(rows.sum())
    late = has_late_ends(facts)
    end = np.where(rng.random(size) < 1 / 2, MAX_DAY, day + picked(rng, size, AHEAD))
    entered = np.full(size, MAX_DAY)
    if late or facts.lag:
        reach = day - start if late else np.minimum(facts.lag, day - start)
        chosen = rng.random(size) < 1 / 3
        end = np.where(chosen, day - 1 - (rng.random(size) * reach).astype(np.int64), end)
        entered = np.where(chosen & late, day - facts.lag + picked(rng, size, _ENTERED), MAX_DAY)
    days = {str(facts.table.end): end, "end_recorded_date": entered}
    return with_days(facts.frame, days, rows), size


def _deaths(facts: Facts, t: np.ndarray, rng: np.random.Generator, column: str) -> tuple[pd.DataFrame, int]:
    """Deaths on or after the date go, and others come."""
    died = facts.frame[column].to_numpy().astype("datetime64[D]")
    rows = (t < MAX_DAY) & (np.isnat(died) | (died.astype(np.int64) >= t))
    day = t[rows] + picked(rng, int(rows.sum()), AHEAD)
    chosen = np.where(np.isnat(died[rows]) | (rng.random(day.size) < 1 / 2), day, MAX_DAY)
    return with_days(facts.frame, {column: chosen}, rows), day.size


def told_at_end(
    facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str
) -> tuple[pd.DataFrame, int]:
    """What an end tells is another, where the end was not known before the date."""
    rows = (t < MAX_DAY) & (facts.end_known >= t)
    return different(facts.frame, facts.table.column(column), rows, rng), int(rows.sum())
