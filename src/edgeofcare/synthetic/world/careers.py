"""Periods of care: how they open, change and end, episode by episode."""

from __future__ import annotations

import numpy as np

from edgeofcare.synthetic.world.draws import NO_DAY, Array, pick
from edgeofcare.synthetic.world.world import World

__all__ = ["change_care", "leave_care", "open_care"]


def open_care(world: World, child: Array, day: Array, status: Array, need: Array) -> None:
    """Begin a period of care on these days."""
    world.period[child] = world.periods + np.arange(len(child))
    world.periods += len(child)
    world.care[child], world.status_since[child], world.placement_since[child] = day, day, day
    world.entered[child] = day
    world.status[child], world.care_need[child], world.start_reason[child] = status, need, "S"
    _place(world, child)
    world.busy[child] = np.maximum(world.busy[child], day)


def _place(world: World, child: Array) -> None:
    """Choose a placement, its provider and its distance from home."""
    rates = world.settings.care
    world.placement[child] = pick(world.uniform("care", child), rates.placement)
    remand = world.status[child] == "J1"
    world.placement[child[remand]] = "R5"
    world.provider[child] = pick(world.uniform("care", child), rates.provider)
    u = world.uniform("care", child)
    world.distance[child] = np.round(60.0 * u * u * u + 0.2, 1)


def change_care(world: World, child: Array, day: Array, *, status: Array | None = None, move: bool = False) -> Array:
    """End the running episode and begin the next on the same day, with a new status, placement or both.

    Parameters
    ----------
    world : World
        State of the month.
    child : ndarray of int
        Positions of looked-after children.
    day : ndarray of int
        Day of the change; moved on where the running episode began on it.
    status : ndarray of str, optional
        New legal statuses.
    move : bool, default False
        Whether the placement changes as well.

    Returns
    -------
    ndarray of int
        The day of each change.
    """
    day = np.maximum(day, world.care[child] + 1)
    if not len(child):
        return day
    _log_episode(world, child, day, "X1")
    if status is not None:
        _log_status(world, child, day)
        world.status[child], world.status_since[child] = status, day
    if move:
        reason = pick(world.uniform("care", child), world.settings.care.change_reason)
        _log_placement(world, child, day, reason)
        _place(world, child)
        world.placement_since[child] = day
    world.start_reason[child] = {(True, False): "L", (False, True): "P", (True, True): "B"}[status is not None, move]
    world.care[child] = day
    world.busy[child] = np.maximum(world.busy[child], day)
    return day


def leave_care(world: World, child: Array, day: Array, reason: Array) -> Array:
    """End the period of care; the day of each end, moved on where the running episode began on it."""
    day = np.maximum(day, world.care[child] + 1)
    if not len(child):
        return day
    _log_episode(world, child, day, reason)
    _log_status(world, child, day)
    _log_placement(world, child, day, np.full(len(child), "", dtype="U4"))
    real = ~np.isin(world.status[child], ["V3", "V4", "J1"])
    world.left_care[child[real]] = day[real]
    world.prior_care[child] |= ~np.isin(world.status[child], ["V4", "J1"])
    world.care[child], world.period[child] = NO_DAY, NO_DAY
    world.status[child] = ""
    world.busy[child] = np.maximum(world.busy[child], day)
    return day


def _log_episode(world: World, child: Array, end: Array, reason: Array | str) -> None:
    """Log the running episode."""
    world.log.add(
        "care_episodes",
        child,
        start=world.care[child],
        end=end,
        period=world.period[child],
        start_reason=world.start_reason[child],
        end_reason=reason,
        need=world.care_need[child],
    )


def _log_status(world: World, child: Array, end: Array) -> None:
    """Log the running legal status."""
    world.log.add("legal_statuses", child, start=world.status_since[child], end=end, status=world.status[child])


def _log_placement(world: World, child: Array, end: Array, reason: Array) -> None:
    """Log the running placement."""
    world.log.add(
        "placements",
        child,
        start=world.placement_since[child],
        end=end,
        period=world.period[child],
        type=world.placement[child],
        provider=world.provider[child],
        distance=world.distance[child],
        change_reason=reason,
    )
