"""Ways to change records that no honest feature can notice, one for each way in which the future gets into a feature.

Each works on whole tables and keeps them valid enough to build features from: spells end on or after their start,
values are codes of the column, keys differ.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from edgeofcare.features.leaks.changes import (
    all_different,
    different,
    has_late_starts,
    picked,
    with_days,
    with_rows,
)
from edgeofcare.features.leaks.drawn import Drawn, Facts
from edgeofcare.features.leaks.timed import AHEAD, ends, late_rows, later_rows, told_at_end
from edgeofcare.features.rows import MAX_DAY
from edgeofcare.records.records import Records
from edgeofcare.schema.columns import NEVER
from edgeofcare.schema.extracts import LARGEST_FAMILY
from edgeofcare.schema.tables import TABLES

__all__ = ["OTHERS", "SCRAMBLES", "SNAPSHOTS", "Scramble", "Unit", "scrambled"]

Unit = tuple[str, str]
"""A table and one of its columns, or "" for whole rows."""

Change = Callable[[Facts, np.ndarray, Drawn, np.random.Generator, str], tuple[pd.DataFrame, int]]
"""Facts of a table, index date of each of its rows, what was drawn, a generator and a column; rows changed."""

_VALUES = ("code", "flag", "number")


@dataclass(frozen=True)
class Scramble:
    """One way to change records.

    Parameters
    ----------
    name : str
        What it is called in reports.
    what : str
        What was done, as the end of a sentence.
    mend : str
        What to do with a feature that notices.
    units : callable
        The tables and columns of records that it changes.
    change : callable
        Changes one of them.
    timed : bool
        Whether it changes what was not known before an index date, rather than who, or in which order.
    """

    name: str
    what: str
    mend: str
    units: Callable[[Mapping[str, Facts]], list[Unit]]
    change: Change
    timed: bool = True


def scrambled(
    records: Records, facts: Mapping[str, Facts], scramble: Scramble, drawn: Drawn, units: Iterable[Unit], seed: int
) -> tuple[Records, int]:
    """Copy the records and change them.

    Parameters
    ----------
    records : Records
        The case records, which stay as they are.
    facts : mapping of str to Facts
        Their tables.
    scramble : Scramble
        How to change them.
    drawn : Drawn
        Whose records, and from which index date on.
    units : iterable of (str, str)
        What to change; each unit is changed in the same way whether alone or with others.
    seed : int
        Seed of everything random.

    Returns
    -------
    Records
        The changed copy.
    int
        Rows that were changed, left out or added.
    """
    frames: dict[str, pd.DataFrame] = {}
    until, count = records.observed_until, 0
    for name, column in units:
        rng = np.random.default_rng([seed, zlib.crc32(f"{scramble.name}:{name}.{column}".encode())])
        if not name:
            until, count = until + pd.Timedelta(days=int(rng.integers(30, 400))), count + 1
            continue
        table = replace(facts[name], frame=frames.get(name, facts[name].frame))
        if len(table.frame):
            frames[name], rows = scramble.change(table, drawn.of(table.frame), drawn, rng, column)
            count += rows
    made = Records(
        {name: frames.get(name, each.frame).reset_index(drop=True) for name, each in facts.items()},
        observed_until=until,
        observed_from=records.observed_from,
        reporting_lag=records.reporting_lag,
        findings=records.findings(),
        links=records.links,
        absent_columns=records.absent_columns,
        absent=records.absent,
        scoring_only=records.scoring_only,
        own={name: each.table for name, each in facts.items() if name not in TABLES},
    )
    return made, count


def _dated(facts: Mapping[str, Facts]) -> list[Unit]:
    """Every dated table."""
    return [(name, "") for name, each in facts.items() if each.table.start is not None]


def _every(facts: Mapping[str, Facts]) -> list[Unit]:
    """Every table."""
    return [(name, "") for name in facts]


def _columns(facts: Mapping[str, Facts], *, snapshots: bool) -> list[Unit]:
    """Columns that are snapshots, or that only an end makes known."""
    return [
        (name, column.name)
        for name, each in facts.items()
        for column in each.table.columns
        if column.kind in _VALUES
        and (column.known == NEVER if snapshots else column.known == each.table.end)
        and (name, column.name) != ("children", "authority")
        and name != "relationships"
    ]


def _snapshots(
    facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str
) -> tuple[pd.DataFrame, int]:
    """A snapshot is another; where rows as such are snapshots, half of them go."""
    rows = t < MAX_DAY
    frame = different(facts.frame, facts.table.column(column), rows, rng)
    if facts.table.start is None and facts.table.name != "children":
        frame = frame[~rows | (rng.random(rows.size) < 1 / 2)]
    return frame, int(rows.sum())


def _links(
    facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str
) -> tuple[pd.DataFrame, int]:
    """Links entered on or after the date go, and a stranger's link to each family comes."""
    frame, here = facts.frame, t < MAX_DAY
    if not has_late_starts(facts):
        return frame, 0
    entered = frame["recorded_date"].to_numpy().astype("datetime64[D]")
    family = frame.groupby(["kind", "related_id"], dropna=False)["child_id"]
    size = family.transform("size").to_numpy(dtype=np.int64)
    gone = here & (size <= LARGEST_FAMILY) & ~np.isnat(entered) & (entered.astype(np.int64) + facts.lag >= t)
    copied = np.flatnonzero(here & (size < LARGEST_FAMILY) & ~frame.duplicated(["kind", "related_id"]).to_numpy())
    strangers = frame["child_id"].to_numpy(dtype=object)[~here]
    if not strangers.size:
        copied = copied[:0]
    chosen = rng.choice(strangers, copied.size) if copied.size else np.array([], dtype=object)
    made = with_rows(frame, ~gone, copied, chosen)
    last = np.arange(len(made)) >= len(made) - copied.size
    day = t[copied] - facts.lag + picked(rng, copied.size, AHEAD)
    return with_days(made, {"recorded_date": day}, last), int(gone.sum()) + copied.size


def _others(
    facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str
) -> tuple[pd.DataFrame, int]:
    """Rows of children of other households are moved, have other values, and some go and more come."""
    rows = t == MAX_DAY
    if facts.table.name == "relationships":
        return _other_links(facts, rows, rng)
    frame = all_different(facts, facts.frame, rows, rng)
    shift = rng.integers(1, 400, rows.size) * rng.choice([-1, 1], rows.size)
    dates = [name for name in facts.table.of_kind("date") if name in frame]
    for name in dates:
        day = frame[name].to_numpy().astype("datetime64[D]")
        moved = np.where(np.isnat(day), MAX_DAY, day.astype(np.int64) + shift)
        frame = with_days(frame, {name: moved[rows]}, rows)
    if facts.table.name == "children":
        return frame, int(rows.sum())
    copied = np.flatnonzero(rows)
    child = frame["child_id"].to_numpy(dtype=object)[copied]
    return with_rows(frame, ~rows | (rng.random(rows.size) < 0.7), copied, child), copied.size


def _other_links(facts: Facts, rows: np.ndarray, rng: np.random.Generator) -> tuple[pd.DataFrame, int]:
    """Links of other households lead to other families; placeholders that all share stay.

    Where the drawn households have no links, or none of the dated ones, those of all others go instead.
    """
    frame = facts.frame
    family = pd.MultiIndex.from_frame(frame[["kind", "related_id"]])
    free = np.flatnonzero(rows & ~family.isin(family[~rows]))
    dated = frame["recorded_date"].notna().to_numpy(dtype=bool)
    if rows.all() or (dated.any() and not dated[~rows].any()):
        return frame.drop(index=frame.index[free]), free.size
    order = np.arange(len(frame))
    order[free] = rng.permutation(free)
    told = [str(name) for name in frame if name not in ("row_key", "child_id")]
    return frame.assign(**{name: frame[name].take(order).array for name in told}), free.size


def _order(
    facts: Facts, t: np.ndarray, drawn: Drawn, rng: np.random.Generator, column: str
) -> tuple[pd.DataFrame, int]:
    """The same rows in another order."""
    return facts.frame.take(rng.permutation(len(facts.frame))), len(facts.frame)


SNAPSHOTS, OTHERS = "snapshots", "other households"
"""Names of the two ways that are treated on their own."""

SCRAMBLES: tuple[Scramble, ...] = (
    Scramble(
        OTHERS,
        "when everything of other households was changed",
        "Use no row of another household. What is learned from many children, such as a list of codes, must be learned "
        "from training rows and then be fixed, as edgeofcare.learn_levels does.",
        _every,
        _others,
        timed=False,
    ),
    Scramble(
        "later rows",
        "when rows that happened on or after the index date were removed and others added",
        "End each window before the index date: what happens on the day itself is future.",
        lambda facts: [*_dated(facts), ("children", "birth_date")],
        later_rows,
    ),
    Scramble(
        "late rows",
        "when rows that happened before the index date but were not known before it were moved, removed and added",
        "Count a row only on days after the one on which it was known: the later of the day it happened and its "
        "recorded_date, plus the reporting lag.",
        _dated,
        late_rows,
    ),
    Scramble(
        "ends",
        "when ends that were not known before the index date were moved, removed and added",
        "Take a spell for open, and a person for alive, until a day after the one on which the end was known.",
        lambda facts: [
            *((name, "") for name, each in facts.items() if each.table.end),
            ("children", "death_date"),
        ],
        ends,
    ),
    Scramble(
        "told at end",
        "when reasons and results that only an end makes known were changed and that end was not known before the "
        "index date",
        "Use what an end tells only on days after the one on which the end was known.",
        lambda facts: _columns(facts, snapshots=False),
        told_at_end,
    ),
    Scramble(
        SNAPSHOTS,
        "when snapshots at the extract, which no date makes known, were changed",
        "Leave snapshots out, or use a dated column in their place.",
        lambda facts: _columns(facts, snapshots=True),
        _snapshots,
    ),
    Scramble(
        "later links",
        "when links between children that were entered on or after the index date were removed and others added",
        "Follow a link only on days after the one on which it was entered for both children.",
        lambda facts: [("relationships", "")],
        _links,
    ),
    Scramble(
        "order",
        "when the rows of the tables were put in another order",
        "Order rows that tie by the day they happened, the day they were known and their row key.",
        _every,
        _order,
        timed=False,
    ),
    Scramble(
        "extract end",
        "when the extract was said to end later",
        "Use no observed_until: a later extract has another.",
        lambda facts: [("", "")],
        _order,
        timed=False,
    ),
)
"""Every way, in the order in which they are tried."""
