"""Who enters care and when, short breaks, and what happens in care."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeofcare.synthetic.world.careers import change_care, leave_care, open_care
from edgeofcare.synthetic.world.case_work import close_case, end_plans, end_referral
from edgeofcare.synthetic.world.draws import NO_DAY, Array, pick
from edgeofcare.synthetic.world.front_door import open_referral
from edgeofcare.synthetic.world.world import World

__all__ = ["entry_chance", "make_arrivals", "make_entries", "make_remands", "make_short_breaks", "run_care"]


def entry_chance(world: World) -> Array:
    """Chance of entering care this month, before anything else about care is decided.

    Parameters
    ----------
    world : World
        State of the month.

    Returns
    -------
    ndarray of float
        One probability for each child; zero for unaccompanied asylum-seeking children, who arrive in care.
    """
    rates, age = world.settings.care, world.age
    teen = _log_rate(world) + _adolescent_log_rate(world)
    on_plan, recent = world.cp_plan != NO_DAY, world.within_days(world.last_s47, 75)
    opened = rates.adolescent * np.exp(teen + rates.cp_plan * on_plan + rates.recent_s47 * recent)
    opened = np.where(age >= 10, opened, _young_chance(world))
    closed = rates.closed * np.where(age >= 10, np.exp(teen), rates.closed_young)
    chance = np.where(world.open_case, opened, closed)
    if world.policy_changed:
        chance = chance * world.settings.policy.entry
    return np.where(world.people.uasc, 0.0, np.minimum(chance, 0.35))


def _log_rate(world: World) -> Array:
    """What raises the chance of entry at every age: parents' difficulties and a recent return from care."""
    rates, people = world.settings.care, world.people
    parental = people.parental
    unwell = parental["mental_health"] | parental["alcohol"] | parental["drugs"]
    home = rates.parents * unwell + rates.domestic_abuse * parental["domestic_abuse"]
    log_rate: Array = home[people.household] + rates.recent_exit * world.within_days(world.left_care, 365)
    return log_rate


def _adolescent_log_rate(world: World) -> Array:
    """Log of how much more likely an adolescent is to enter care than at average need with nothing of what follows."""
    rates, age, runs = world.settings.care, world.age, world.recent_missing
    log_rate: Array = (
        rates.need * world.need
        + rates.missing_some * ((runs > 0) & (runs < 3))
        + rates.missing_many * (runs >= 3)
        + rates.exploited * (world.exploitation != "")
        + rates.prior_care * world.prior_care
        + rates.self_harm * world.self_harm
        + rates.ages_14_16 * ((age >= 14) & (age < 17))
        + rates.ages_10_11 * (age < 12)
        + rates.ages_16_17 * (age >= 16)
        + rates.suspended * world.within_days(world.suspended, 120)
        + rates.excluded * world.within_days(world.excluded, 365)
    )
    return log_rate


def _young_chance(world: World) -> Array:
    """Chance of a child under 10 with an open case."""
    rates, age = world.settings.care, world.age
    log_rate = (
        rates.need_young * world.need
        + rates.cp_plan_young * (world.cp_plan != NO_DAY)
        + rates.prior_care * world.prior_care
        + rates.newborn * (age < 1 / 12)
        + rates.ages_5_9 * (age >= 5)
    )
    chance: Array = np.exp(log_rate + _log_rate(world)) * np.where(age < 1, rates.infant, rates.young)
    return chance


def make_entries(world: World) -> None:
    """Entries into care of children who are not in care, with some younger brothers and sisters."""
    rates = world.settings.care
    free = world.living & ~world.looked_after & (world.age >= 0) & ~world.never_contacted
    free &= world.birthday18 > world.d1 + 45
    child = world.chance("entry", entry_chance(world), free)
    homes = np.zeros(len(world.people.first_day), dtype=bool)
    homes[world.people.household[child[world.age[child] < 12]]] = True
    joins = homes[world.people.household] & free & (world.age < 12)
    joins[child] = False
    child = np.sort(np.concatenate([child, world.chance("entry", rates.sibling, joins)]))
    teen = world.age[child] >= 10
    status = _by_age(world.uniform("entry", child), teen, rates.status, rates.status_adolescent)
    need = _by_age(world.uniform("entry", child), teen, rates.need_code, rates.need_adolescent)
    need = np.where(world.people.disability[child] != "", np.where(need == "N3", "N2", need), need)
    _enter(world, child, world.days("entry", child), status, need)


def _by_age(u: Array, teen: Array, young: Mapping[str, float], adolescent: Mapping[str, float]) -> Array:
    """Codes drawn from one table under 10 and from another, if there is one, from 10."""
    return np.where(teen, pick(u, adolescent or young), pick(u, young))


def _enter(world: World, child: Array, day: Array, status: Array, need: Array) -> None:
    """Begin care: open a case if there is none, end plans, and settle emergency statuses."""
    converts = world.care[child] != NO_DAY
    _convert(world, child[converts], day[converts])
    child, day, status, need = (values[~converts] for values in (child, day, status, need))
    _ensure_case(world, child, day)
    open_care(world, child, day, status, need)
    _end_plans_on_entry(world, child, day)
    _settle_emergencies(world, child)


def _convert(world: World, child: Array, day: Array) -> None:
    """A series of short breaks becomes accommodation: a new episode of the same period, reason L."""
    change_care(world, child, day, status=np.full(len(child), "V2"))
    world.package_on[child] = False
    _end_plans_on_entry(world, child, day)


def _ensure_case(world: World, child: Array, day: Array) -> None:
    """Open a case, on the day of entry or up to three days before, for children who have none."""
    lone = world.referral[child] == NO_DAY
    child, day = child[lone], day[lone]
    before = np.maximum(day - world.within("entry", child, 0, 3), world.people.birth[child])
    source = pick(world.uniform("entry", child), {"6": 50, "1A": 20, "3E": 12, "5A": 10, "8": 8})
    world.log.add("contacts", child, date=before, source=source, outcome="referral")
    open_referral(world, child, before, source, accepted=True)


def _end_plans_on_entry(world: World, child: Array, day: Array) -> None:
    """Plans end on entry or within weeks of it; a few cases are closed although care goes on."""
    world.new_entry[child] = True
    end_plans(world, child, day + world.within("entry", child, 0, 18))
    world.conference_due[child] = NO_DAY
    closing = world.uniform("entry", child) < world.settings.care.close_on_entry
    close_case(world, child[closing], day[closing] + world.within("entry", child[closing], 5, 60), "CARE")


def _settle_emergencies(world: World, child: Array) -> None:
    """Police protection ends within 3 days and emergency protection within 14: home, or another status."""
    for status, last in (("L1", 3), ("L2", 14)):
        held = child[world.status[child] == status]
        day = world.care[held] + world.within("entry", held, 1, last)
        u = world.uniform("entry", held)
        home, order = u < 0.16, u > 0.62
        leave_care(world, held[home], day[home], np.full(int(home.sum()), "E4B"))
        stays = held[~home]
        statuses = np.where(order[~home], "C1", "V2")
        change_care(world, stays, day[~home], status=statuses)


def make_arrivals(world: World) -> None:
    """Unaccompanied asylum-seeking children enter care within days of the referral."""
    child = np.flatnonzero(
        world.people.uasc & (world.referral >= world.d0) & (world.care == NO_DAY) & ~world.prior_care & world.living
    )
    child = child[world.birthday18[child] > world.d1 + 20]
    day = world.referral[child] + world.within("entry", child, 0, 5)
    open_care(world, child, day, np.full(len(child), "V2"), np.full(len(child), "N8"))
    world.new_entry[child] = True


def make_remands(world: World) -> None:
    """Remand of adolescents after an offence, and its end."""
    rates = world.settings
    able = world.offended & world.living & (world.care == NO_DAY) & (world.age >= 12)
    able &= world.birthday18 > world.d1 + 45
    child = world.chance("entry", rates.adolescence.remand, able)
    day = world.days("entry", child)
    _ensure_case(world, child, day)
    full = np.full(len(child), "J1")
    open_care(world, child, day, full, _remand_needs(world, child))
    end_plans(world, child, day + world.within("entry", child, 0, 10))


def _remand_needs(world: World, child: Array) -> Array:
    """Primary need of children on remand."""
    needs = world.settings.care.remand_need
    return np.full(len(child), next(iter(needs))) if len(needs) == 1 else pick(world.uniform("entry", child), needs)


def make_short_breaks(world: World) -> None:
    """Packages of short breaks of disabled children: V4 agreements, or V3 stays one by one."""
    rates, people = world.settings.care, world.people
    can = world.living & world.open_case & (people.package != "") & ~world.package_on & (world.care == NO_DAY)
    child = world.chance("entry", rates.short_break_start, can & (world.age >= 4))
    world.package_on[child] = True
    series = child[people.package[child] == "V4"]
    open_care(world, series, world.days("entry", series), np.full(len(series), "V4"), np.full(len(series), "N2"))
    staying = world.package_on & (people.package == "V3") & (world.care == NO_DAY) & world.living
    child = world.chance("entry", rates.short_break_visit, staying)
    day = world.days("entry", child)
    open_care(world, child, day, np.full(len(child), "V3"), np.full(len(child), "N2"))
    ends = day + world.within("entry", child, 2, 4)
    leave_care(world, child, ends, np.full(len(child), "E8"))
    ending = world.chance("entry", rates.short_break_end, world.package_on & world.living)
    series = ending[world.care[ending] != NO_DAY]
    leave_care(world, series, world.days("entry", series), np.full(len(series), "E8"))
    world.package_on[ending] = False
    running = world.living & world.package_on & (world.status == "V4") & (world.care < world.d0)
    running &= world.birthday18 > world.d1 + 45
    child = world.chance("entry", rates.short_break_converts * np.exp(0.5 * world.need), running)
    _convert(world, child, world.days("entry", child))


def run_care(world: World) -> None:
    """A month in care: changes of status and placement, and the ways out."""
    settled = world.living & (world.care != NO_DAY) & (world.care < world.d0) & (world.status != "V4")
    _change_status(world, settled)
    _leave(world, settled & (world.care < world.d0))
    moving = settled & (world.care != NO_DAY) & (world.care < world.d0)
    child = world.chance("care", world.settings.care.move, moving)
    change_care(world, child, world.days("care", child), move=True)


def _change_status(world: World, settled: Array) -> None:
    """From accommodation to an interim order, to a full order, to a placement order."""
    rates, age = world.settings.care, world.age
    steps = (
        ("V2", "C1", np.where((age < 16) & ~world.people.uasc, rates.status_v2_c1, 0.0)),
        ("C1", "C2", np.full(world.size, rates.status_c1_c2)),
        ("C2", "E1", np.where(age < 5, rates.status_c2_e1, 0.0)),
    )
    for before, after, chance in steps:
        child = world.chance("care", chance, settled & (world.status == before) & (world.care < world.d0))
        both = world.uniform("care", child) < 0.2
        day = world.days("care", child)
        change_care(world, child[~both], day[~both], status=np.full(int((~both).sum()), after))
        change_care(world, child[both], day[both], status=np.full(int(both.sum()), after), move=True)


def _leave(world: World, settled: Array) -> None:
    """Ways out of care, one after the other."""
    rates, status = world.settings.care, world.status.copy()
    adoption = world.chance("care", rates.adopted, settled & (status == "E1"))
    _leave_for_good(world, adoption, {"E11": 45, "E12": 55}, "RC1")
    guardians = settled & (world.age < 13) & np.isin(status, ["V2", "C1", "C2"]) & (world.care != NO_DAY)
    chance = np.where(status == "C1", np.exp(rates.guardianship_early), 1.0) * rates.special_guardianship
    child = world.chance("care", chance, guardians & ~world.people.uasc)
    day = _leave_for_good(world, child, {"E45": 25, "E46": 10, "E47": 45, "E48": 20}, "RC4")
    world.log.add("legal_statuses", child, start=day, end=NO_DAY, status="NONE")
    world.gone[child], world.living[child] = False, True
    remand = world.chance("care", rates.remand_end, settled & (status == "J1") & (world.care != NO_DAY))
    _leave_with(world, remand, {"E14": 80, "E9": 20})
    home = np.where(status == "V2", rates.home_v2, rates.home_c) * ~world.people.uasc
    home = home * np.where(world.age < 10, np.exp(rates.home_young), 1.0)
    home = home * np.where(world.within_days(world.entered, 183), np.exp(rates.settling), 1.0)
    child = world.chance("care", home, settled & (world.care != NO_DAY) & (status != "J1"))
    _leave_with(world, child, {"E4A": 80, "E4B": 16, "E41": 4})
    other = np.where(world.age >= 16, 2 * rates.other_exit, rates.other_exit / 2)
    child = world.chance("care", other, settled & (world.care != NO_DAY) & (status != "J1"))
    reasons = pick(world.uniform("care", child), {"E13": 30, "E8": 40, "E9": 15, "E16": 15})
    independent = pick(world.uniform("care", child), {"E5": 45, "E6": 25, "E8": 30})
    reasons = np.where(world.age[child] >= 16, independent, reasons)
    aged = world.people.uasc[child] & (world.uniform("care", child) < 0.5)
    leave_care(world, child, world.days("care", child), np.where(aged, "E15", reasons))


def _leave_with(world: World, child: Array, reasons: dict[str, float]) -> None:
    """Leave care for reasons in these proportions; support at home often goes on under a plan."""
    day = leave_care(world, child, world.days("care", child), pick(world.uniform("care", child), reasons))
    planned = world.open_case[child] & (world.uniform("care", child) < 0.6)
    world.cin_plan[child[planned]] = day[planned]


def _leave_for_good(world: World, child: Array, reasons: dict[str, float], case: str) -> Array:
    """Leave care and close the case on the same day."""
    day = leave_care(world, child, world.days("care", child), pick(world.uniform("care", child), reasons))
    end_plans(world, child, day)
    opened = world.open_case[child]
    end_referral(world, child[opened], day[opened], case)
    world.gone[child], world.living[child] = True, False
    return day
