"""Section 47 enquiries, conferences, child protection plans and child in need plans."""

from __future__ import annotations

import numpy as np

from edgeofcare.synthetic.world.case_work import close_case
from edgeofcare.synthetic.world.draws import NO_DAY, Array, pick
from edgeofcare.synthetic.world.front_door import start_assessment
from edgeofcare.synthetic.world.world import World

__all__ = ["make_conferences", "make_enquiries", "make_plans"]


def make_enquiries(world: World) -> None:
    """End enquiries that are due, and begin new ones in open cases."""
    rates = world.settings.plans
    _end_enquiries(world, world.due(world.s47_due))
    new_case = world.open_case & (world.referral >= world.d0)
    chance = np.where(new_case, rates.s47_at_referral, rates.s47)
    chance = np.minimum(chance * np.exp(rates.need_on_s47 * world.need + rates.prior_plan * world.prior_plan), 0.7)
    free = world.open_case & world.living & (world.s47 == NO_DAY) & (world.conference_due == NO_DAY)
    free &= ~world.looked_after & ~world.people.uasc & (world.cp_plan == NO_DAY) & (world.close_due == NO_DAY)
    child = world.chance("protection", chance, free)
    day = np.maximum(world.days("protection", child), world.referral[child])
    world.s47[child], world.last_s47[child] = day, day
    world.s47_due[child] = day + world.within("protection", child, *rates.s47_days)
    extra = child[world.uniform("protection", child) < 0.35]
    start_assessment(world, extra, world.s47[extra])


def _end_enquiries(world: World, child: Array) -> None:
    """Log the end of enquiries; some lead to a conference."""
    rates = world.settings.plans
    day = world.s47_due[child]
    u = world.uniform("protection", child)
    free = ~world.looked_after[child] & (world.cp_plan[child] == NO_DAY) & world.open_case[child] & world.living[child]
    to_conference = free & (u < rates.s47_conference * np.exp(0.2 * world.need[child]))
    nfa = ~to_conference & (world.uniform("protection", child) < rates.s47_nfa / (1 - rates.s47_conference))
    world.end_spell("s47_enquiries", child, world.s47[child], day, nfa=nfa)
    world.s47[child], world.s47_due[child] = NO_DAY, NO_DAY
    world.busy[child] = np.maximum(world.busy[child], day)
    these = child[to_conference]
    world.conference_due[these] = day[to_conference] + world.within("protection", these, 2, 11)


def make_conferences(world: World) -> None:
    """Hold conferences that are due; most lead to a child protection plan."""
    rates = world.settings.plans
    child = world.due(world.conference_due)
    held = world.living[child] & ~world.looked_after[child] & world.open_case[child]
    world.conference_due[child[~held]] = NO_DAY
    child = child[held]
    day = np.maximum(world.conference_due[child], np.minimum(world.busy[child], world.d1 - 1))
    led = world.uniform("protection", child) < rates.led_to_plan
    transfer = world.uniform("protection", child) < rates.transfer_in
    world.log.add("initial_conferences", child, date=day, led_to_plan=led, transfer_in=transfer)
    world.conference_due[child] = NO_DAY
    child, day = child[led], day[led]
    had_plan = world.cin_plan[child] != NO_DAY
    _end_cin_plans(world, child[had_plan], day[had_plan])
    world.cp_plan[child], world.prior_plan[child] = day, True
    world.category[child] = pick(world.uniform("protection", child), rates.category)
    world.close_due[child] = NO_DAY
    world.busy[child] = np.maximum(world.busy[child], day)


def _end_cin_plans(world: World, child: Array, day: Array) -> None:
    """Log the end of child in need plans."""
    start = world.cin_plan[child]
    world.end_spell("cin_plans", child, start, np.maximum(day, start + 1))
    world.cin_plan[child] = NO_DAY


def _ease(world: World) -> Array:
    """How much faster child in need plans end than at average need."""
    rates = world.settings.plans
    in_danger = (world.exploitation != "") | (world.recent_missing > 0)
    ease: Array = np.exp(
        rates.disabled_on_end * (world.people.disability != "")
        + rates.danger_on_end * in_danger
        + rates.adolescent_on_end * (world.age >= 10)
        - rates.need_on_cin_end * world.need
    )
    return ease


def make_plans(world: World) -> None:
    """Plans that end because enough has changed; stepping down, or on to closure."""
    rates = world.settings.plans
    calm = np.exp(-rates.need_on_end * world.need)
    early = np.where(world.cp_plan > world.d0 - 183, np.exp(rates.cp_end_early), 1.0)
    old = world.living & (world.cp_plan != NO_DAY) & (world.cp_plan < world.d0 - 75)
    child = world.chance("protection", np.minimum(rates.cp_end * early * calm, 0.5), old)
    day = world.days("protection", child)
    start, category = world.cp_plan[child], world.category[child]
    world.end_spell("cp_plans", child, start, day, category=category)
    world.cp_plan[child] = NO_DAY
    down = world.uniform("protection", child) < rates.cp_step_down
    world.cin_plan[child[down]] = day[down]
    close_case(world, child[~down], day[~down] + world.within("protection", child[~down], 0, 25), "")
    old = world.living & (world.cin_plan != NO_DAY) & (world.cin_plan < world.d0 - 25) & ~world.package_on
    child = world.chance("protection", np.minimum(rates.cin_end * _ease(world), 0.5), old)
    day = world.days("protection", child)
    _end_cin_plans(world, child, day)
    over = world.uniform("protection", child) < rates.close_after_plan
    close_case(world, child[over], day[over] + world.within("protection", child[over], 0, 21), "")
