"""The state of every child in one month of the simulation."""

from __future__ import annotations

import numpy as np

from edgeofcare.synthetic.world.draws import NO_DAY, Array, Log
from edgeofcare.synthetic.world.population import YEAR, Population
from edgeofcare.synthetic.world.settings import Settings

__all__ = ["World"]


def _none(size: int) -> Array:
    """No date for any child."""
    return np.full(size, NO_DAY, dtype=np.int64)


def _birthdays(birth: Array, age: int) -> Array:
    """Day of each child's birthday at an age; a birthday of 29 February moves to 1 March."""
    born = birth.astype("datetime64[D]")
    month = born.astype("datetime64[M]")
    day_of_month = born - month.astype("datetime64[D]")
    birthday: Array = ((month + 12 * age).astype("datetime64[D]") + day_of_month).astype(np.int64)
    return birthday


class World:
    """Arrays with one element for each child, changed by the steps of each month.

    A day of ``NO_DAY`` means that no such spell is open. ``busy`` is the last day on which anything was decided
    about the child, so that later steps of the same month never go back before it.

    Parameters
    ----------
    people : Population
        The children.
    settings : Settings
        Assumptions.
    rng : dict of str to numpy.random.Generator
        One stream for each component.
    """

    def __init__(self, people: Population, settings: Settings, rng: dict[str, np.random.Generator]) -> None:
        n = people.size
        self.people, self.settings, self.rng, self.log = people, settings, rng, Log()
        self.d0, self.d1 = 0, 0
        self.living = np.zeros(n, dtype=bool)
        self.gone = np.zeros(n, dtype=bool)
        self.busy = _none(n)
        self.process = rng["need"].standard_normal(n) * settings.people.process_sd
        self.birthday18 = _birthdays(people.birth, 18)
        self._open_cases(n)
        self._open_care(n)
        self._traits(n)

    def _open_cases(self, n: int) -> None:
        """Nothing is open at the beginning."""
        self.referral, self.close_due, self.early_help = _none(n), _none(n), _none(n)
        self.source, self.need_code = np.full(n, "", dtype="U4"), np.full(n, "", dtype="U4")
        self.close_code = np.full(n, "", dtype="U4")
        self.assessment, self.assessment_due = _none(n), _none(n)
        self.s47, self.s47_due, self.last_s47, self.conference_due = _none(n), _none(n), _none(n), _none(n)
        self.cin_plan, self.cp_plan = _none(n), _none(n)
        self.category = np.full(n, "", dtype="U4")
        self.worker_since, self.worker = _none(n), _none(n)
        self.last_contact, self.last_referral = _none(n), _none(n)
        self.prior_plan = np.zeros(n, dtype=bool)
        self.never_contacted = np.ones(n, dtype=bool)

    def _open_care(self, n: int) -> None:
        """Nobody is looked after at the beginning."""
        self.care, self.status_since, self.placement_since = _none(n), _none(n), _none(n)
        self.period, self.entered, self.left_care = _none(n), _none(n), _none(n)
        self.periods = 0
        self.status, self.placement = np.full(n, "", dtype="U4"), np.full(n, "", dtype="U4")
        self.provider, self.start_reason = np.full(n, "", dtype="U4"), np.full(n, "", dtype="U4")
        self.care_need = np.full(n, "", dtype="U4")
        self.distance = np.zeros(n)
        self.prior_care = np.zeros(n, dtype=bool)
        self.package_on = np.zeros(n, dtype=bool)
        self.new_entry = np.zeros(n, dtype=bool)

    def _traits(self, n: int) -> None:
        """Adolescent difficulties begin absent."""
        self.burst, self.self_harm = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.exploitation = np.full(n, "", dtype="U4")
        self.substances = np.zeros(n, dtype=bool)
        self.missing_months = np.zeros((3, n), dtype=np.int64)
        self.offended = np.zeros(n, dtype=bool)
        self.suspended, self.excluded = _none(n), _none(n)

    @property
    def size(self) -> int:
        """Number of children."""
        return self.people.size

    @property
    def age(self) -> Array:
        """Age in years at the start of the month; negative before birth."""
        age: Array = (self.d0 - self.people.birth) / YEAR
        return age

    @property
    def need(self) -> Array:
        """Latent need this month, on the log scale."""
        need: Array = self.people.household_need[self.people.household] + self.people.child_need + self.process
        return need

    @property
    def open_case(self) -> Array:
        """Whether a referral is open."""
        return self.referral != NO_DAY

    @property
    def looked_after(self) -> Array:
        """Whether a period of care other than short breaks is open."""
        return (self.care != NO_DAY) & (self.status != "V4")

    @property
    def recent_missing(self) -> Array:
        """Missing episodes in this month and the two before."""
        recent: Array = self.missing_months.sum(axis=0)
        return recent

    def within_days(self, when: Array, days: int) -> Array:
        """Whether something happened in the last ``days`` days, counted from the start of the month."""
        recent: Array = (when != NO_DAY) & (when > self.d0 - days)
        return recent

    @property
    def entered_if_missing(self) -> Array:
        """Whether a missing episode or an offence of the child would be entered in the case system."""
        if not self.settings.adolescence.only_recent:
            return np.ones(self.size, dtype=bool)
        entered: Array = self.open_case | self.looked_after | self.within_days(self.last_contact, 365)
        return entered

    @property
    def policy_changed(self) -> bool:
        """Whether the change of policy has begun."""
        year, month = self.settings.policy.month
        begins = np.datetime64(f"{year:04d}-{month:02d}", "D") if year else np.datetime64("9999-12-31", "D")
        return bool(self.d0 >= begins.astype(np.int64))

    def begin_month(self, d0: int, d1: int) -> None:
        """Move to the month of days ``d0`` to ``d1 - 1`` and renew what varies slowly."""
        self.d0, self.d1 = d0, d1
        rates = self.settings.people
        step = np.sqrt(1 - rates.process_memory**2) * rates.process_sd
        self.process = rates.process_memory * self.process + step * self.rng["need"].standard_normal(self.size)
        known = self.people.first_day[self.people.household] < d1
        self.living = ~self.gone & known & (self.people.birth - 150 <= d0) & (self.birthday18 >= d1)
        self.missing_months = np.roll(self.missing_months, 1, axis=0)
        self.missing_months[0] = 0
        self.new_entry[:] = False
        self.offended[:] = False

    def chance(self, stream: str, probability: Array | float, among: Array) -> Array:
        """Positions of the children, among some, to whom something happens with this probability."""
        happens = self.rng[stream].random(self.size) < probability
        positions: Array = np.flatnonzero(happens & among)
        return positions

    def uniform(self, stream: str, child: Array) -> Array:
        """A number between 0 and 1 for each of these children."""
        return self.rng[stream].random(len(child))

    def within(self, stream: str, child: Array, low: int, high: int) -> Array:
        """A whole number of days from ``low`` to ``high`` for each of these children."""
        return low + (self.uniform(stream, child) * (high - low + 1)).astype(np.int64)

    def days(self, stream: str, child: Array) -> Array:
        """A day of this month for each of these children, not before what was already decided."""
        low = np.maximum(self.d0, self.busy[child])
        span = np.maximum(self.d1 - low, 1)
        day: Array = low + (self.uniform(stream, child) * span).astype(np.int64)
        self.busy[child] = day
        return day

    def due(self, schedule: Array) -> Array:
        """Positions of the children for whom something scheduled falls before the end of the month."""
        positions: Array = np.flatnonzero((schedule != NO_DAY) & (schedule < self.d1))
        return positions

    def end_spell(self, table: str, child: Array, start: Array, end: Array | int, **columns: object) -> None:
        """Log spells that end; a few ends are never entered in the case system."""
        if not len(child):
            return
        ends = np.broadcast_to(np.asarray(end, dtype=np.int64), len(child)).copy()
        lost = self.settings.recording.never_closed.get(table, 0.0)
        if lost:
            ends[self.uniform("recording", child) < lost] = NO_DAY
        self.log.add(table, child, start=start, end=ends, **columns)
