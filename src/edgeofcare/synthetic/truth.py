"""The true risk of invented children: what no record holds, kept apart from every record."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any, Unpack

import numpy as np
import pandas as pd

from edgeofcare.ages import age_in_years
from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.schema.codes import SHORT_BREAKS
from edgeofcare.synthetic.branches import copied_world, entries_in_futures, households_of
from edgeofcare.synthetic.drift import Plan
from edgeofcare.synthetic.history import History, RecordOptions, make_history, options_of, own_stream
from edgeofcare.synthetic.world.care import entry_chance
from edgeofcare.synthetic.world.draws import NO_DAY, Array, Log, streams, unique_keys
from edgeofcare.synthetic.world.pathways import months
from edgeofcare.synthetic.world.population import Population
from edgeofcare.synthetic.world.world import World
from edgeofcare.task import Task

__all__ = ["make_truth"]

_AT_ONCE = 400_000


def make_truth(
    n_children: int = 5000,
    random_state: int = 0,
    *,
    index_dates: Iterable[Any],
    horizon: str = "365D",
    draws: int = 200,
    ages: tuple[int, int] = (10, 17),
    children: Collection[str] | None = None,
    **options: Unpack[RecordOptions],
) -> pd.DataFrame:
    """Say how likely each invented child really was to enter care, on each index date.

    The same number, seed and options give the children of :func:`~edgeofcare.make_records`, with the same keys. On each
    index date the simulation is branched: from the state of that day, which no record holds in full, many
    independent futures are simulated, and the risk is the share of them in which the child enters care.

    Parameters
    ----------
    n_children, random_state
        As for :func:`~edgeofcare.make_records`.
    index_dates : iterable of dates
        First days of months within the extract, or the day after it.
    horizon : str, default "365D"
        Length of the outcome window.
    draws : int, default 200
        Futures of each child.
    ages : (int, int), default (10, 17)
        Youngest and oldest age in completed years on the index date.
    children : collection of str, optional
        Only these children, such as those of a cohort; all children if not given.
    **options
        As for :func:`~edgeofcare.make_records`, and ``settings``.

    Returns
    -------
    DataFrame
        One row for each child and index date, sorted by both: ``child_id``; ``index_date``; ``need``, latent, on the
        log scale; ``hazard``, the chance of entry in one month that the state of the day implies; ``decision``, the
        factor in it that comes from what nobody recorded (1 unless ``drift`` holds ``"selective_labels"``); ``risk``,
        the probability of entering care in the outcome window; ``standard_error`` of the risk, from the number of
        futures. Children who are in care, who are unaccompanied asylum-seeking children, whom the service no longer
        follows or does not know yet are left out.

    Raises
    ------
    SpecError
        If an option is not understood, or an index date is not the first of a month in the extract.

    Notes
    -----
    An entry counts as the default :class:`~edgeofcare.Task` counts it: short breaks are none, and a remand that comes
    first ends the risk. The horizon is counted in days: an entry counts if it is dated before
    ``index_date + horizon``. The state of the day includes what was decided before it for a day after it.

    Examples
    --------
    >>> truth = make_truth(300, random_state=0, index_dates=["2020-04-01"], draws=10)
    >>> bool(truth["risk"].between(0, 1).all())
    True
    """
    checked = options_of(**options)
    dates = _first_days(index_dates, checked.window)
    task = Task(horizon=horizon, ages=ages)
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or draws < 1:
        msg = "draws must be a whole number, 1 or more."
        raise SpecError(msg)
    seen: dict[int, _Look] = {}

    def looks(people: Population, plan: Plan) -> dict[int, list[Callable[[World], None]]]:
        """Look at the world on every index date."""
        keys = unique_keys(streams(random_state)["keys"], 4 * people.size)[: people.size]
        wanted = np.isin(keys, list(children)) if children is not None else np.ones(people.size, dtype=bool)
        seen.clear()
        seen.update({day: _Look(day, keys, wanted, plan, task.ages) for day in dates})
        return {day: [look] for day, look in seen.items()}

    history = make_history(n_children, random_state, checked, looks=looks)
    known = np.zeros(history.people.size, dtype=bool)
    known[history.chosen] = True
    parts = [_risks(seen[day], history, known, task.horizon_days, int(draws), random_state) for day in dates]
    return pd.concat(parts).sort_values(["child_id", "index_date"], ignore_index=True)


def _first_days(index_dates: Iterable[Any], window: tuple[str, str]) -> list[int]:
    """Index dates as days, refused unless each is the first of a month in the extract."""
    given = [index_dates] if isinstance(index_dates, str) else list(index_dates)
    read = sorted({one_date(date, "index_dates").to_numpy().astype("datetime64[D]") for date in given})
    first, last = (np.datetime64(day, "D") for day in window)
    wrong = [day for day in read if day != day.astype("datetime64[M]").astype("datetime64[D]")]
    if not read or wrong or read[0] < first or read[-1] > last + 1:
        msg = (
            f"index_dates must be first days of months from {first} to {last + 1}, at least one: the world is "
            "simulated month by month, so its state is known only between two months."
        )
        raise SpecError(msg)
    return [int(day.astype(np.int64)) for day in read]


@dataclass
class _Look:
    """The households of the children at risk on a day, kept as they were."""

    day: int
    keys: Array
    wanted: Array
    plan: Plan
    ages: tuple[int, int]
    world: World | None = None
    member: Array = field(default_factory=lambda: np.array([], dtype=np.int64))
    at_risk: Array = field(default_factory=lambda: np.array([], dtype=bool))

    def __call__(self, world: World) -> None:
        """Copy the households of the children at risk out of the world."""
        at_risk = self.wanted & _at_risk(world, self.day, self.ages)
        self.member = households_of(world.people, np.flatnonzero(at_risk))
        self.at_risk = at_risk[self.member]
        self.world = copied_world(world, self.member, 1, self.plan, {})
        self.plan = self.plan.among(self.member)


def _at_risk(world: World, day: int, ages: tuple[int, int]) -> Array:
    """Children of these ages whom the service knows and follows, other than unaccompanied asylum-seeking children."""
    age = age_in_years(world.people.birth.astype("datetime64[D]"), np.datetime64(day, "D"))
    due: Array = ~world.gone & ~world.never_contacted & ~world.people.uasc & (age >= ages[0]) & (age <= ages[1])
    return due


def _risks(look: _Look, history: History, known: Array, horizon: int, draws: int, random_state: int) -> pd.DataFrame:
    """The truth of one index date."""
    world = look.world
    assert world is not None, "the simulation did not reach the index date"
    kept = look.at_risk & known[look.member] & ~_in_care(history.log, history.people.size, look.day)[look.member]
    spans = _spans(look.day, horizon)
    entered = np.zeros(len(look.member), dtype=np.int64)
    for number, rows in enumerate(_chunks(world.people, np.flatnonzero(kept), draws)):
        seed = int(own_stream(random_state, "truth", look.day, number).generate_state(1, np.uint64)[0])
        entered[rows] = entries_in_futures(
            world, rows, draws=draws, plan=look.plan, spans=spans, until=look.day + horizon, rng=streams(seed)
        )
    risk, smoothed = entered / draws, (entered + 0.5) / (draws + 1)
    leaning = np.ones(len(look.member)) if look.plan.leaning is None else look.plan.leaning
    columns = {
        "child_id": pd.Series(look.keys[look.member], dtype="str"),
        "index_date": np.datetime64(look.day, "D").astype("datetime64[s]"),
        "need": world.need,
        "hazard": _hazard(world, spans[0]),
        "decision": leaning,
        "risk": risk,
        "standard_error": np.sqrt(smoothed * (1 - smoothed) / draws),
    }
    return pd.DataFrame(columns)[kept]


def _spans(day: int, horizon: int) -> list[tuple[int, int]]:
    """The months that an outcome window from a day on touches."""
    return months(str(np.datetime64(day, "D")), str(np.datetime64(day + horizon - 1, "D")))


def _chunks(people: Population, wanted: Array, draws: int) -> list[Array]:
    """Positions of whole households of the wanted children, so many at once as memory allows."""
    member = households_of(people, wanted)
    if not len(member):
        return []
    home = np.unique(people.household[member], return_inverse=True)[1]
    chunk = np.cumsum(np.bincount(home))[home] * draws // _AT_ONCE
    return [member[chunk == number] for number in np.unique(chunk)]


def _hazard(world: World, span: tuple[int, int]) -> Array:
    """Chance of entering care in a month, from the state before anything of that month has happened."""
    before = world.d0, world.d1
    world.d0, world.d1 = span
    chance = entry_chance(world)
    world.d0, world.d1 = before
    return chance


def _in_care(log: Log, size: int, day: int) -> Array:
    """Children who were looked after on a day, other than for a short break, from before it."""
    rows = log.columns("legal_statuses", ("start", "end", "status"))
    running = (rows["start"] < day) & ((rows["end"] > day) | (rows["end"] == NO_DAY))
    running &= ~np.isin(rows["status"], [*SHORT_BREAKS, "NONE"])
    looked_after = np.zeros(size, dtype=bool)
    looked_after[rows["child"][running]] = True
    return looked_after
