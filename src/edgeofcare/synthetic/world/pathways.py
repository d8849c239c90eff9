"""The monthly simulation: one step for each kind of event, over all children at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from edgeofcare.synthetic.world.adolescence import make_difficulties, make_missing, make_offences
from edgeofcare.synthetic.world.care import make_arrivals, make_entries, make_remands, make_short_breaks, run_care
from edgeofcare.synthetic.world.case_work import close_cases, make_endings, make_workers
from edgeofcare.synthetic.world.draws import NO_DAY, Log
from edgeofcare.synthetic.world.front_door import make_assessments, make_contacts
from edgeofcare.synthetic.world.population import Population
from edgeofcare.synthetic.world.protection import make_conferences, make_enquiries, make_plans
from edgeofcare.synthetic.world.school import make_suspensions
from edgeofcare.synthetic.world.settings import Settings
from edgeofcare.synthetic.world.world import World

__all__ = ["STEPS", "Calls", "months", "run_months", "simulate"]

Calls = Mapping[int, Sequence[Callable[[World], None]]]
"""What to call before anything of a month happens, by the first day of the month."""

STEPS: tuple[Callable[[World], None], ...] = (
    make_endings,
    make_difficulties,
    make_contacts,
    make_assessments,
    make_enquiries,
    make_conferences,
    make_missing,
    make_offences,
    make_suspensions,
    make_arrivals,
    make_remands,
    make_entries,
    run_care,
    make_short_breaks,
    make_plans,
    make_workers,
    close_cases,
)
"""What happens in a month, in order."""


def months(first: str, last: str) -> list[tuple[int, int]]:
    """First days of each month from one date to another, and of the month after it.

    Parameters
    ----------
    first, last : str
        Dates such as "2015-04-01"; both months are included.

    Returns
    -------
    list of (int, int)
        Days counted from 1970-01-01.

    Examples
    --------
    >>> months("1970-01-01", "1970-02-28")
    [(0, 31), (31, 59)]
    """
    edges = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 2).astype("datetime64[D]").astype(np.int64)
    return [(int(low), int(high)) for low, high in pairwise(edges)]


def simulate(
    people: Population,
    settings: Settings,
    rng: dict[str, np.random.Generator],
    *,
    first: str,
    last: str,
    at: Calls | None = None,
) -> Log:
    """Simulate every month and log what would have been recorded.

    Parameters
    ----------
    people : Population
        The children.
    settings : Settings
        Assumptions.
    rng : dict of str to numpy.random.Generator
        One stream for each component.
    first, last : str
        First and last date of the simulation.
    at : mapping of int to sequence of callables, optional
        What to call with the world, by the first day of a month (or the day after the last month), before anything of
        that month happens. A call may look at the world, copy it, or put other settings in force.

    Returns
    -------
    Log
        Events and spells; a spell that is still open has no end.
    """
    world = World(people, settings, rng)
    run_months(world, months(first, last), at or {})
    _log_open(world)
    return world.log


def run_months(world: World, spans: Sequence[tuple[int, int]], at: Calls) -> None:
    """Let months pass in a world, whatever its state.

    Parameters
    ----------
    world : World
        The state before the first of the months; it is changed.
    spans : sequence of (int, int)
        From :func:`months`.
    at : mapping of int to sequence of callables
        As for :func:`simulate`.
    """
    for d0, d1 in spans:
        for call in at.get(d0, ()):
            call(world)
        world.begin_month(d0, d1)
        for step in STEPS:
            step(world)
    for call in at.get(spans[-1][1], ()):
        call(world)


def _log_open(world: World) -> None:
    """Log the spells that are open at the end."""
    log = world.log
    open_now = {name: np.flatnonzero(getattr(world, name) != NO_DAY) for name in ("assessment", "s47", "cin_plan")}
    for name, table in (("assessment", "assessments"), ("s47", "s47_enquiries"), ("cin_plan", "cin_plans")):
        child = open_now[name]
        extra = {} if name == "cin_plan" else {"nfa": False}
        log.add(table, child, start=getattr(world, name)[child], end=NO_DAY, **extra)
    child = np.flatnonzero(world.cp_plan != NO_DAY)
    log.add("cp_plans", child, start=world.cp_plan[child], end=NO_DAY, category=world.category[child])
    child = np.flatnonzero(world.early_help != NO_DAY)
    log.add("early_help", child, start=world.early_help[child], end=NO_DAY)
    child = np.flatnonzero(world.worker_since != NO_DAY)
    worker = world.worker[child]
    log.add("worker_involvements", child, start=world.worker_since[child], end=NO_DAY, worker=worker, change_reason="")
    _log_open_cases(world)
    _log_open_care(world)


def _log_open_cases(world: World) -> None:
    """Log the cases that are open at the end."""
    child = np.flatnonzero(world.open_case)
    columns = {"source": world.source[child], "need": world.need_code[child], "close_reason": "", "nfa": False}
    world.log.add("referrals", child, start=world.referral[child], end=NO_DAY, **columns)


def _log_open_care(world: World) -> None:
    """Log the episodes, legal statuses and placements that are open at the end."""
    child = np.flatnonzero(world.care != NO_DAY)
    period = world.period[child]
    reasons = {"start_reason": world.start_reason[child], "end_reason": "", "need": world.care_need[child]}
    world.log.add("care_episodes", child, start=world.care[child], end=NO_DAY, period=period, **reasons)
    status = world.status[child]
    world.log.add("legal_statuses", child, start=world.status_since[child], end=NO_DAY, status=status)
    columns = {"type": world.placement[child], "provider": world.provider[child], "distance": world.distance[child]}
    start = world.placement_since[child]
    world.log.add("placements", child, start=start, end=NO_DAY, period=period, change_reason="", **columns)
