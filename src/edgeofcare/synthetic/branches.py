"""Many independent futures of one simulated day: copies of the children, and when each copy enters care."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeofcare.schema.codes import REMAND, SHORT_BREAKS
from edgeofcare.synthetic.drift import Plan
from edgeofcare.synthetic.world.draws import Array, Log
from edgeofcare.synthetic.world.pathways import run_months
from edgeofcare.synthetic.world.population import Population
from edgeofcare.synthetic.world.world import World

__all__ = ["copied_world", "entries_in_futures", "households_of"]

_OF_HOUSEHOLDS = ("first_day", "household_need", "parental")
_NEVER = np.iinfo(np.int64).max
_NO_ENTRY = (*SHORT_BREAKS, "NONE", "")


class _Watch(Log):
    """A log that keeps only the first day on which each child is looked after, on remand and otherwise."""

    def __init__(self, size: int, first: int) -> None:
        super().__init__()
        self.first = first
        self.entry, self.remand = (np.full(size, _NEVER) for _ in range(2))

    def add(self, table: str, child: Array, **columns: Any) -> None:
        """Look at the start of a legal status; forget everything else."""
        if table == "legal_statuses" and len(child):
            self.see(child, np.asarray(columns["start"]), np.asarray(columns["status"]))

    def see(self, child: Array, start: Array, status: Array) -> None:
        """Keep the first start of each child from the first day on."""
        start, status = np.broadcast_to(start, child.shape), np.broadcast_to(status, child.shape)
        counts = (start >= self.first) & ~np.isin(status, _NO_ENTRY)
        remand = np.isin(status, REMAND)
        for earliest, rows in ((self.entry, counts & ~remand), (self.remand, counts & remand)):
            np.minimum.at(earliest, child[rows], start[rows])


def households_of(people: Population, child: Array) -> Array:
    """Positions of some children and of everyone else in their households, household by household.

    Parameters
    ----------
    people : Population
        All children.
    child : ndarray of int
        Positions.

    Returns
    -------
    ndarray of int
        Positions in ascending order.
    """
    wanted = np.zeros(len(people.first_day), dtype=bool)
    wanted[people.household[child]] = True
    positions: Array = np.flatnonzero(wanted[people.household])
    return positions


def copied_world(world: World, child: Array, draws: int, plan: Plan, rng: dict[str, np.random.Generator]) -> World:
    """A world of copies of some households, each living apart from the others.

    Parameters
    ----------
    world : World
        The state of a day; it is not changed.
    child : ndarray of int
        Positions of whole households.
    draws : int
        Copies of each child; copy ``k`` of the child at ``child[i]`` is at position ``k * len(child) + i``.
    plan : Plan
        What changes, for the children of ``world``.
    rng : dict of str to numpy.random.Generator
        Streams of the new world.

    Returns
    -------
    World
        The new world, with an empty log.
    """
    position = np.tile(child, draws)
    new = copy.copy(world)
    for name, value in vars(world).items():
        if isinstance(value, np.ndarray):
            setattr(new, name, value[..., position])
    new.people = _copied_people(world.people, child, draws)
    new.rng, new.log = rng, Log()
    new.settings = plan.among(position).on(world.d1)
    return new


def _copied_people(people: Population, child: Array, draws: int) -> Population:
    """Copies of children, whose households are copies as well."""
    homes, home = np.unique(people.household[child], return_inverse=True)
    position, homes_position = np.tile(child, draws), np.tile(homes, draws)
    household = np.tile(home, draws) + np.repeat(np.arange(draws) * len(homes), len(child))
    values: dict[str, Any] = {}
    for field in dataclasses.fields(people):
        rows = homes_position if field.name in _OF_HOUSEHOLDS else position
        value = getattr(people, field.name)
        values[field.name] = {k: v[rows] for k, v in value.items()} if isinstance(value, dict) else value[rows]
    return dataclasses.replace(people, **{**values, "household": household})


def entries_in_futures(
    world: World,
    child: Array,
    *,
    draws: int,
    plan: Plan,
    spans: Sequence[tuple[int, int]],
    until: int,
    rng: dict[str, np.random.Generator],
) -> Array:
    """In how many futures each child enters care before a day, other than for a short break.

    Parameters
    ----------
    world : World
        The state on the first of a month; it is not changed.
    child : ndarray of int
        Positions of whole households.
    draws : int
        Number of futures.
    plan : Plan
        What changes, for the children of ``world``.
    spans : sequence of (int, int)
        The months to come.
    until : int
        First day that no longer counts.
    rng : dict of str to numpy.random.Generator
        Streams of the futures.

    Returns
    -------
    ndarray of int
        A number from 0 to ``draws`` for each position. A remand that comes first ends the future: no entry.
    """
    first = spans[0][0]
    new = copied_world(world, child, draws, plan, rng)
    watch = _Watch(new.size, first)
    new.log = watch
    _see_open(new, watch)  # decided before the day, to begin on it or after it
    run_months(new, spans, plan.among(np.tile(child, draws)).calls(first))
    _see_open(new, watch)
    entered = (watch.entry < until) & (watch.entry <= watch.remand)
    counts: Array = entered.reshape(draws, len(child)).sum(axis=0)
    return counts


def _see_open(world: World, watch: _Watch) -> None:
    """Show the watch the legal statuses that are open."""
    child = np.flatnonzero(world.status != "")
    watch.see(child, world.status_since[child], world.status[child])
