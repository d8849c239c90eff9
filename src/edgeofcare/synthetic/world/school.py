"""Suspensions and permanent exclusions from school."""

from __future__ import annotations

import numpy as np

from edgeofcare.synthetic.world.draws import Array, pick
from edgeofcare.synthetic.world.world import World

__all__ = ["make_suspensions", "suspension_chance"]

_AUGUST = 8


def suspension_chance(world: World) -> Array:
    """Chance of a suspension this month.

    Parameters
    ----------
    world : World
        State of the month.

    Returns
    -------
    ndarray of float
        One probability for each child; zero in August and outside the ages of 5 to 16.
    """
    rates, age = world.settings.school, world.age
    month = np.datetime64(world.d0, "D").astype("datetime64[M]").astype(np.int64) % 12 + 1
    if month == _AUGUST:
        return np.zeros(world.size)
    raised = (
        rates.secondary * (age >= 11)
        + rates.male * (world.people.sex == "M")
        + rates.need * world.need
        + rates.exploited * (world.exploitation != "")
        + rates.looked_after * world.looked_after
        + rates.again * world.within_days(world.suspended, 90)
    )
    able = world.living & ~world.never_contacted & (age >= 5) & (age < 16.5)
    return np.where(able, np.minimum(rates.suspension * np.exp(raised), 0.5), 0.0)


def make_suspensions(world: World) -> None:
    """Suspensions of the month; a few are permanent exclusions."""
    rates = world.settings.school
    child = world.chance("school", suspension_chance(world), world.living)
    day = world.d0 + world.within("school", child, 0, 27)
    permanent = world.uniform("school", child) < rates.permanent
    days = np.where(permanent, 0, pick(world.uniform("school", child), rates.days).astype(np.int64))
    category = np.where(permanent, "permanent exclusion", "suspension")
    world.log.add("suspensions", child, date=day, days=days, category=category)
    world.suspended[child] = day
    world.excluded[child[permanent]] = day[permanent]
