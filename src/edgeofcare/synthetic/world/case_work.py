"""Workers, the closing of cases, and what ends everything: 18th birthdays, deaths and moves."""

from __future__ import annotations

import numpy as np

from edgeofcare.synthetic.world.careers import leave_care
from edgeofcare.synthetic.world.draws import NO_DAY, Array, pick
from edgeofcare.synthetic.world.world import World

__all__ = ["close_case", "close_cases", "end_all", "end_early_help", "make_endings", "make_workers", "start_worker"]


def start_worker(world: World, child: Array, day: Array) -> None:
    """Allocate a worker, chosen from a pool that grows with the number of children."""
    pool = max(10, world.size // 55)
    world.worker[child] = (world.uniform("case_work", child) * pool).astype(np.int64)
    world.worker_since[child] = day


def _end_worker(world: World, child: Array, day: Array, reason: Array | str) -> None:
    """Log the end of the involvement of a worker."""
    held = world.worker_since[child] != NO_DAY
    child, day = child[held], day[held]
    start = world.worker_since[child]
    reason = np.broadcast_to(np.asarray(reason), len(held))[held]
    worker = world.worker[child]
    world.end_spell(
        "worker_involvements", child, start, np.maximum(day, start + 1), worker=worker, change_reason=reason
    )
    world.worker_since[child] = NO_DAY


def make_workers(world: World) -> None:
    """Changes of worker, more often when a child enters care."""
    rates = world.settings.plans
    chance = np.where(world.new_entry, rates.worker_change_on_entry, rates.worker_change)
    child = world.chance("case_work", chance, (world.worker_since != NO_DAY) & world.open_case & world.living)
    day = np.maximum(world.days("case_work", child), world.worker_since[child] + 1)
    _end_worker(world, child, day, pick(world.uniform("case_work", child), rates.worker_reason))
    start_worker(world, child, day)


def end_early_help(world: World, child: Array, day: Array) -> None:
    """Log the end of early help, for those of these children who have it."""
    held = world.early_help[child] != NO_DAY
    child, day = child[held], day[held]
    start = world.early_help[child]
    world.end_spell("early_help", child, start, np.maximum(day, start + 1))
    world.early_help[child] = NO_DAY


def close_case(world: World, child: Array, day: Array, code: str) -> None:
    """Schedule the closing of the case, unless one is already scheduled; an empty code leaves the reason open."""
    free = world.close_due[child] == NO_DAY
    world.close_due[child[free]] = day[free]
    world.close_code[child[free]] = code


def close_cases(world: World) -> None:
    """End early help, and close cases that are due or in which nothing is under way."""
    helped = world.chance("case_work", world.settings.front_door.early_help_end, world.early_help != NO_DAY)
    helped = helped[world.early_help[helped] < world.d0]
    end_early_help(world, helped, world.d0 + world.within("case_work", helped, 0, 27))
    active = [world.assessment, world.s47, world.conference_due, world.cin_plan, world.cp_plan, world.care]
    under_way = np.any([spell != NO_DAY for spell in active], axis=0) | world.package_on
    case_only_in_care = world.looked_after & (world.close_code == "CARE")
    world.close_due[under_way & ~case_only_in_care] = NO_DAY
    idle = world.open_case & ~under_way & (world.close_due == NO_DAY) & (world.referral < world.d0 - 20)
    child = world.chance("case_work", world.settings.plans.close_idle, idle & world.living)
    close_case(world, child, world.days("case_work", child), "")
    child = world.due(world.close_due)
    child = child[world.open_case[child] & ~(under_way & ~case_only_in_care)[child]]
    day = np.maximum(world.close_due[child], np.minimum(world.busy[child], world.d1 - 1))
    end_referral(world, child, day, world.close_code[child])


def end_referral(world: World, child: Array, day: Array, code: Array | str) -> None:
    """Log the closing of cases and the end of their workers."""
    rates = world.settings
    given = np.broadcast_to(np.asarray(code), len(child))
    drawn = pick(world.uniform("case_work", child), rates.plans.close_reason)
    reason = np.where((given == "") | (given == "CARE"), drawn, given)
    reason = np.where(world.uniform("recording", child) < rates.recording.code_missing, "", reason)
    start = world.referral[child]
    end = np.maximum(day, start)
    _end_worker(world, child, end, "")
    columns = {"source": world.source[child], "need": world.need_code[child], "close_reason": reason}
    world.end_spell("referrals", child, start, end, nfa=False, **columns)
    world.referral[child], world.close_due[child] = NO_DAY, NO_DAY
    world.close_code[child] = ""
    world.busy[child] = np.maximum(world.busy[child], end)


def end_all(world: World, child: Array, day: Array, *, care: Array | str, case: Array | str) -> None:
    """End everything that is open for children whom the service no longer follows."""
    in_care = world.care[child] != NO_DAY
    care_reason = np.broadcast_to(np.asarray(care), len(child))
    leave_care(world, child[in_care], day[in_care], care_reason[in_care])
    for table, spell in (("assessments", world.assessment), ("s47_enquiries", world.s47)):
        kept = spell[child] != NO_DAY
        ends = np.maximum(day[kept], spell[child[kept]] + 1)
        world.end_spell(table, child[kept], spell[child[kept]], ends, nfa=False)
        spell[child] = NO_DAY
    world.assessment_due[child], world.s47_due[child], world.conference_due[child] = NO_DAY, NO_DAY, NO_DAY
    end_plans(world, child, day)
    end_early_help(world, child, day)
    opened = world.open_case[child]
    reason = np.broadcast_to(np.asarray(case), len(child))
    end_referral(world, child[opened], day[opened], reason[opened])


def end_plans(world: World, child: Array, day: Array) -> None:
    """End child in need and child protection plans, each on or after its first day."""
    for table, spell in (("cin_plans", world.cin_plan), ("cp_plans", world.cp_plan)):
        held = spell[child] != NO_DAY
        these, start = child[held], spell[child[held]]
        columns = {"category": world.category[these]} if table == "cp_plans" else {}
        world.end_spell(table, these, start, np.maximum(day[held], start + 1), **columns)
        spell[these] = NO_DAY


def make_endings(world: World) -> None:
    """18th birthdays, deaths and moves to another authority, before anything else of the month."""
    rates = world.settings.plans
    child = np.flatnonzero((world.birthday18 >= world.d0) & (world.birthday18 < world.d1) & ~world.gone)
    u = world.uniform("case_work", child)
    care = np.where(world.status[child] == "J1", "E14", pick(u, {"E17": 30, "E5": 25, "E6": 12, "E8": 25, "E7": 8}))
    case = pick(world.uniform("case_work", child), {"RC6": 35, "RC7": 65})
    end_all(world, child, world.birthday18[child], care=care, case=case)
    world.gone[child] = True
    raised = 1.0 + 4.0 * (world.people.disability != "")
    child = world.chance("case_work", rates.death * raised, world.living & ~world.never_contacted & (world.age > 0.0))
    day = world.days("case_work", child)
    end_all(world, child, day, care="E2", case="RC2")
    world.log.add("deaths", child, date=day)
    world.gone[child] = True
    chance = np.where(world.looked_after, world.settings.care.transfer, rates.move_away)
    child = world.chance("case_work", chance, world.living & world.open_case & (world.status != "V4"))
    end_all(world, child, world.days("case_work", child), care="E3", case="RC5")
    world.gone[child] = True
    world.living &= ~world.gone
