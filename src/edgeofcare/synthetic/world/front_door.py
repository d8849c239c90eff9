"""Contacts, early help, referrals and assessments."""

from __future__ import annotations

import numpy as np

from edgeofcare.synthetic.world.case_work import close_case, end_early_help, start_worker
from edgeofcare.synthetic.world.draws import NO_DAY, Array, pick, sigmoid
from edgeofcare.synthetic.world.factors import log_factors
from edgeofcare.synthetic.world.world import World

__all__ = ["make_assessments", "make_contacts", "open_referral", "start_assessment"]


def make_contacts(world: World) -> None:
    """Contacts about households and about single children, and what each leads to."""
    rates, people = world.settings.front_door, world.people
    rng = world.rng["front_door"]
    home = people.household
    first = ((people.first_day >= world.d0) & (people.first_day < world.d1))[home]
    rate = rates.household_contact * np.exp(0.6 * people.household_need)
    incident = (rng.random(len(rate)) < rate)[home]
    shared = rng.random(len(rate))[home]
    named = np.where(first, rates.first_share, np.where(incident, rates.household_share, 0.0))
    named = np.where(people.uasc, np.where(first, 1.0, 0.0), named)
    child = world.chance("front_door", 1 - (1 - named) * (1 - _own_rate(world)), world.living)
    together = (first | incident)[child]
    span = world.d1 - world.d0
    day = world.d0 + np.floor(np.where(together, shared[child], rng.random(len(child))) * span).astype(np.int64)
    day = np.maximum(day, np.minimum(world.busy[child], world.d1 - 1))
    source = _sources(world, child, np.where(together, shared[child] * 7.0 % 1.0, rng.random(len(child))))
    arrival = _lead_on(world, child, day, source, first[child])
    world.last_contact[child] = day
    world.never_contacted[child] = False
    world.log.add("contacts", child, date=day, source=source, outcome=arrival)


def _own_rate(world: World) -> Array:
    """Monthly chance of a contact about the child alone."""
    rates = world.settings.front_door
    recent = (world.last_contact != NO_DAY) & (world.last_contact > world.d0 - 183)
    rate = rates.child_contact * np.exp(
        rates.need_on_contact * world.need
        + rates.recent_contact * recent
        + rates.recent_referral * world.within_days(world.last_referral, 365)
        + rates.newborn_contact * ((world.age > -4 / 12) & (world.age < 2 / 12))
        + rates.age_on_contact * world.age
        + rates.open_contact * world.open_case
        + 0.5 * (world.exploitation != "")
        + 0.5 * world.burst
    )
    return np.where(world.people.uasc, 0.0, np.minimum(rate, 0.5))


def _sources(world: World, child: Array, u: Array) -> Array:
    """Who made each contact."""
    rates = world.settings.front_door
    old = pick(u, rates.source_adolescent)
    young = pick(u, rates.source_young)
    codes = np.where(world.age[child] >= 10, old, young)
    return np.where(world.people.uasc[child], pick(u, {"6": 5, "5C": 3, "8": 2}), codes)


def _lead_on(world: World, child: Array, day: Array, source: Array, first: Array) -> Array:
    """Referral, early help or nothing: a word for what each contact led to."""
    rates = world.settings.front_door
    free = (world.referral[child] == NO_DAY) & (world.care[child] == NO_DAY)
    base = np.where(first, rates.first_referral, rates.referral)
    policy = np.log(world.settings.policy.referral) if world.policy_changed else 0.0
    chance = sigmoid(np.log(base / (1 - base)) + 0.45 * world.need[child] + policy)
    chance = np.where(world.people.uasc[child], 1.0, chance)
    u = world.uniform("front_door", child)
    refer = free & (u < chance)
    open_referral(world, child[refer], day[refer] + world.within("front_door", child[refer], 0, 2), source[refer])
    idle = free & ~refer & (world.early_help[child] == NO_DAY) & (world.age[child] > 0)
    helped = idle & (world.uniform("front_door", child) < rates.early_help / (1 - rates.referral))
    world.early_help[child[helped]] = day[helped] + world.within("front_door", child[helped], 3, 20)
    return np.select([refer, helped, ~free], ["referral", "help", "open"], "none")


def open_referral(world: World, child: Array, day: Array, source: Array, *, accepted: bool = False) -> None:
    """Open a case for each of these children, or log a referral that led to no further action."""
    rates = world.settings.front_door
    need = _need_codes(world, child)
    nfa = (world.uniform("front_door", child) < rates.nfa) & ~world.people.uasc[child] & (not accepted)
    end = day + world.within("front_door", child, 0, 3)
    end[world.uniform("front_door", child) < rates.nfa_not_closed] = NO_DAY
    reason = np.where(end == NO_DAY, "", "RC7")
    columns = {"start": day, "end": end, "source": source, "need": need, "close_reason": reason}
    world.last_referral[child] = day
    world.log.add("referrals", child[nfa], nfa=True, **{name: values[nfa] for name, values in columns.items()})
    child, day = child[~nfa], day[~nfa]
    world.referral[child], world.busy[child] = day, np.maximum(world.busy[child], day)
    world.source[child], world.need_code[child] = source[~nfa], need[~nfa]
    world.close_due[child] = NO_DAY
    assessed = world.uniform("assessment", child) < (1.0 if accepted else rates.assessed)
    start_assessment(world, child[assessed], day[assessed] + world.within("assessment", child[assessed], 0, 3))
    start_worker(world, child, day + world.within("case_work", child, 0, 4))
    ends = world.uniform("front_door", child) < rates.early_help_stops
    end_early_help(world, child[ends], day[ends] + world.within("front_door", child[ends], 0, 14))


def _need_codes(world: World, child: Array) -> Array:
    """Primary need of new referrals."""
    rates = world.settings.front_door
    u = world.uniform("front_door", child)
    codes = np.where(world.age[child] >= 10, pick(u, rates.need_adolescent), pick(u, rates.need_young))
    codes = np.where(world.people.disability[child] != "", pick(u, rates.need_disabled), codes)
    return np.where(world.people.uasc[child], "N8", codes)


def start_assessment(world: World, child: Array, day: Array) -> None:
    """Begin an assessment for children who have none under way."""
    idle = world.assessment[child] == NO_DAY
    child, day = child[idle], day[idle]
    rates = world.settings.front_door
    days = world.within("assessment", child, *rates.assessment_days)
    late = world.uniform("assessment", child) < rates.assessment_late
    days = days + np.where(late, world.within("assessment", child, 1, 20), 0)
    world.assessment[child], world.assessment_due[child] = day, day + days


def make_assessments(world: World) -> None:
    """Authorise assessments that are due, act on them, and begin new ones of open cases."""
    rates = world.settings.front_door
    child = world.due(world.assessment_due)
    day = world.assessment_due[child]
    settled = (world.cin_plan != NO_DAY) | (world.cp_plan != NO_DAY) | (world.care != NO_DAY) | world.package_on
    settled = settled[child] | world.people.uasc[child]
    base = rates.assessment_nfa
    chance = sigmoid(np.log(base / (1 - base)) - 0.8 * world.need[child])
    nfa = ~settled & (world.uniform("assessment", child) < chance)
    world.end_spell("assessments", child, world.assessment[child], day, nfa=nfa)
    log_factors(world, child, day)
    world.assessment[child], world.assessment_due[child] = NO_DAY, NO_DAY
    world.busy[child] = np.maximum(world.busy[child], day)
    close_case(world, child[nfa], day[nfa] + world.within("assessment", child[nfa], 0, 15), "RC8")
    planned = ~settled & ~nfa & (world.s47[child] == NO_DAY) & (world.conference_due[child] == NO_DAY)
    planned &= world.open_case[child] & (world.uniform("assessment", child) < world.settings.plans.cin_plan)
    start = day[planned] + world.within("assessment", child[planned], 0, 6)
    world.cin_plan[child[planned]] = start
    world.busy[child[planned]] = np.maximum(world.busy[child[planned]], start)
    quiet = world.open_case & world.living & (world.assessment == NO_DAY) & (world.close_due == NO_DAY)
    again = world.chance("assessment", rates.reassessment * np.exp(0.2 * world.need), quiet & ~world.looked_after)
    start_assessment(world, again, world.days("assessment", again))
