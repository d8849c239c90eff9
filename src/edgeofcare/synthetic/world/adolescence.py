"""What happens to adolescents: missing episodes, exploitation, self-harm and offences."""

from __future__ import annotations

import numpy as np

from edgeofcare.synthetic.world.draws import Array, pick
from edgeofcare.synthetic.world.world import World

__all__ = ["make_difficulties", "make_missing", "make_offences"]


def make_difficulties(world: World) -> None:
    """Exploitation, self-harm and substance use begin and end; none of them is recorded as such."""
    rates = world.settings.adolescence
    teen = world.living & (world.age >= 11) & ~world.people.uasc
    raised = np.exp(rates.need_on_exploitation * world.need)
    ends = world.chance("adolescence", rates.exploitation_end, world.exploitation != "")
    world.exploitation[ends] = ""
    chance = rates.exploitation * raised * np.where(world.burst, 4.0, 1.0)
    child = world.chance("adolescence", chance, teen & (world.exploitation == ""))
    u = world.uniform("adolescence", child)
    male = world.people.sex[child] == "M"
    kinds = np.where(male, pick(u, {"CCE": 55, "GANG": 33, "CSE": 12}), pick(u, {"CCE": 28, "GANG": 8, "CSE": 64}))
    world.exploitation[child] = kinds
    world.self_harm[world.chance("adolescence", rates.self_harm_end, world.self_harm)] = False
    girls = np.where(world.people.sex == "F", 1.8, 0.8)
    world.self_harm[world.chance("adolescence", rates.self_harm * girls * raised, teen & ~world.self_harm)] = True
    world.substances[world.chance("adolescence", rates.self_harm_end, world.substances)] = False
    drawn_in = np.where(world.exploitation != "", 4.0, 1.0)
    child = world.chance("adolescence", rates.self_harm * drawn_in * raised, teen & (world.age >= 12))
    world.substances[child] = True


def make_missing(world: World) -> None:
    """Missing episodes, mostly in runs that last some weeks."""
    rates = world.settings.adolescence
    age = world.age
    able = world.living & (age >= 10.5) & ~world.never_contacted
    drawn = rates.need_on_burst * world.need + rates.exploited_on_burst * (world.exploitation != "")
    drawn = drawn + rates.care_on_burst * world.looked_after - 0.12 * (age - rates.peak_age) * (age - rates.peak_age)
    world.burst[world.chance("adolescence", rates.burst_end, world.burst)] = False
    world.burst[world.chance("adolescence", np.minimum(rates.burst * np.exp(drawn), 0.4), able & ~world.burst)] = True
    entered = able & world.entered_if_missing
    alone = np.minimum(rates.isolated * np.exp(drawn), 0.3)
    for week in range(4):
        weekly = np.where(world.burst, rates.burst_weeks, alone / 4)
        _log_missing(world, world.chance("adolescence", weekly, entered), world.d0 + 7 * week)


def _log_missing(world: World, child: Array, first: int) -> None:
    """Log one missing episode for each of these children in the week that begins on a day."""
    start = first + world.within("adolescence", child, 0, 3)
    nights = np.floor(3.99 * world.uniform("adolescence", child) ** 1.5).astype(np.int64)
    kind = np.where(world.uniform("adolescence", child) < world.settings.adolescence.absent, "A", "M")
    offered = world.uniform("adolescence", child)
    accepted = world.uniform("adolescence", child)
    columns = {"type": kind, "offered": offered, "accepted": accepted}
    world.end_spell("missing_episodes", child, start, start + nights, **columns)
    np.add.at(world.missing_months[0], child, 1)


def make_offences(world: World) -> None:
    """Offences of adolescents, more often of those who are exploited."""
    rates = world.settings.adolescence
    drawn = 0.5 * world.need + rates.offence_exploited * np.isin(world.exploitation, ["CCE", "GANG"])
    drawn = drawn + 0.6 * (world.people.sex == "M") + 0.6 * world.burst
    able = world.living & (world.age >= 11) & ~world.people.uasc & ~world.never_contacted
    child = world.chance("adolescence", np.minimum(rates.offence * np.exp(drawn), 0.4), able)
    day = world.d0 + world.within("adolescence", child, 0, 27)
    entered = world.entered_if_missing[child]
    world.log.add("offences", child[entered], date=day[entered])
    world.offended[child] = True
