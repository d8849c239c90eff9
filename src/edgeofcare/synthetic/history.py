"""One simulated history: who there is, what happened to them, and what an extract of it holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypedDict

import numpy as np
import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.synthetic.authorities.authorities import settings_of
from edgeofcare.synthetic.drift import DRIFTS, DriftRates, Plan, plan_of
from edgeofcare.synthetic.faults import DEFAULT_FAULTS, FAULTS, FaultRates, check_names, with_faults
from edgeofcare.synthetic.tables import Columns, Extract, observe
from edgeofcare.synthetic.world.draws import Array, Log, streams
from edgeofcare.synthetic.world.pathways import simulate
from edgeofcare.synthetic.world.population import Population, make_population
from edgeofcare.synthetic.world.settings import Settings

__all__ = ["DEFAULT_AUTHORITY", "History", "Options", "RecordOptions", "make_history", "options_of", "own_stream"]

DEFAULT_AUTHORITY = "england"
"""Whose assumptions hold unless another authority is named."""

_SURPLUS = 1.5
_YEARS = 10
_OWN_STREAMS = ("decision", "migration", "unequal_recording", "faults", "truth", "parts")

Looks = Callable[[Population, Plan], Mapping[int, list]]


class RecordOptions(TypedDict, total=False):
    """Options that everything synthetic shares, as :func:`~edgeofcare.make_records` explains them."""

    authority: str
    years: int | None
    observed_from: str | None
    observed_until: str
    late_recording: bool | float
    drift: Collection[str]
    faults: Collection[str]
    drift_rates: DriftRates
    fault_rates: FaultRates
    settings: Settings | None


@dataclass(frozen=True)
class Options:
    """Checked options.

    Parameters
    ----------
    settings : Settings
        Assumptions, with what is switched off or changed in recording.
    window : (str, str)
        First and last date of the extract.
    drift, faults : tuple of str
        Names of what is switched on.
    drift_rates : DriftRates
        Dates and sizes of the changes.
    fault_rates : FaultRates
        How often faults happen.
    """

    settings: Settings
    window: tuple[str, str]
    drift: tuple[str, ...]
    faults: tuple[str, ...]
    drift_rates: DriftRates = field(default_factory=DriftRates)
    fault_rates: FaultRates = field(default_factory=FaultRates)

    @property
    def extract(self) -> Extract:
        """First and last day of the extract."""
        first, last = (int(np.datetime64(day, "D").astype(np.int64)) for day in self.window)
        return Extract(first, last)

    @property
    def start(self) -> str:
        """First month of the simulation, years before the extract begins."""
        return str(np.datetime64(self.window[0], "M") - 12 * self.settings.people.burn_in_years)


@dataclass(frozen=True)
class History:
    """What happened to every simulated child, and what an extract shows of it.

    Parameters
    ----------
    people : Population
        Every simulated child, also those who are not in the extract.
    log : Log
        Everything that happened.
    observed : mapping of str to dict of str to ndarray
        What the extract holds, by table.
    chosen : ndarray of int
        Positions of the children in the extract.
    rng : dict of str to numpy.random.Generator
        The streams, as far as they were used.
    """

    people: Population
    log: Log
    observed: Mapping[str, Columns]
    chosen: Array
    rng: dict[str, np.random.Generator]


def options_of(
    *,
    authority: str = DEFAULT_AUTHORITY,
    years: int | None = None,
    observed_from: str | None = None,
    observed_until: str = "2025-03-31",
    late_recording: bool | float = True,
    drift: Collection[str] = (),
    faults: Collection[str] = DEFAULT_FAULTS,
    drift_rates: DriftRates | None = None,
    fault_rates: FaultRates | None = None,
    settings: Settings | None = None,
) -> Options:
    """Check the options that everything synthetic shares.

    Parameters
    ----------
    authority, years, observed_from, observed_until, late_recording, drift, faults, drift_rates, fault_rates
        As for :func:`~edgeofcare.make_records`.
    settings : Settings, optional
        Assumptions in place of those of the authority.

    Returns
    -------
    Options
        The options.

    Raises
    ------
    SpecError
        If one of them is not understood.
    """
    faults = check_names(faults, FAULTS, "faults")
    chosen = with_faults(settings or settings_of(authority), faults)
    return Options(
        settings=_with_late(chosen, late_recording),
        window=_window(years, observed_from, observed_until),
        drift=check_names(drift, DRIFTS, "drift"),
        faults=faults,
        drift_rates=drift_rates or DriftRates(),
        fault_rates=fault_rates or FaultRates(),
    )


def _window(years: int | None, observed_from: str | None, observed_until: str) -> tuple[str, str]:
    """First and last date of the extract."""
    last = one_date(observed_until, "observed_until")
    if observed_from is None:
        first = last + pd.Timedelta(days=1) - pd.DateOffset(years=_whole_years(years))
    elif years is None:
        first = one_date(observed_from, "observed_from")
    else:
        msg = "Give either years or observed_from, not both: each says where the extract begins."
        raise SpecError(msg)
    if first >= last:
        msg = "observed_from must lie before observed_until."
        raise SpecError(msg)
    return str(first.date()), str(last.date())


def _whole_years(years: int | None) -> int:
    """Length of the extract in years."""
    if years is None:
        return _YEARS
    if isinstance(years, bool) or not isinstance(years, (int, np.integer)) or not 1 <= years <= 40:
        msg = "years must be a whole number from 1 to 40."
        raise SpecError(msg)
    return int(years)


def _with_late(settings: Settings, late_recording: bool | float) -> Settings:
    """The settings with the shares of late entries multiplied, at most to one."""
    number = isinstance(late_recording, (bool, int, float, np.number))
    if not number or not 0 <= float(late_recording) < np.inf:
        msg = "late_recording must be True, False, or a number of zero or more that multiplies the share entered late."
        raise SpecError(msg)
    recording = settings.recording
    shares = {name: min(1.0, getattr(recording, name) * float(late_recording)) for name in ("late", "late_end")}
    return replace(settings, recording=replace(recording, **shares))


def own_stream(random_state: int, name: str, *numbers: int) -> np.random.SeedSequence:
    """A seed apart from those of the simulation, for something that leaves the simulation as it is.

    Parameters
    ----------
    random_state : int
        Seed of the records.
    name : {"decision", "migration", "unequal_recording", "faults", "truth", "parts"}
        What it is for.
    *numbers : int
        Further numbers, each with a seed of its own.

    Returns
    -------
    numpy.random.SeedSequence
        The seed.
    """
    return np.random.SeedSequence(random_state, spawn_key=(1000 + _OWN_STREAMS.index(name), *numbers))


def make_history(
    n_children: int, random_state: int, options: Options, *, looks: Looks | None = None, also: Sequence[str] = ()
) -> History:
    """Simulate children until enough of them are known to the service.

    Parameters
    ----------
    n_children : int
        Children in the extract.
    random_state : int
        Seed.
    options : Options
        From :func:`options_of`.
    looks : callable, optional
        Given the children and the plan of what changes, says what to call when: see
        :func:`~edgeofcare.synthetic.world.pathways.simulate`. It is asked again whenever there were too few children.
    also : sequence of str
        Further tables to observe, of :data:`~edgeofcare.synthetic.tables.EXTRA_COLUMNS`.

    Returns
    -------
    History
        What happened.

    Raises
    ------
    SpecError
        If the number of children or the seed is not a whole number.
    """
    n_children, random_state = _whole(n_children, 1, "n_children"), _whole(random_state, 0, "random_state")
    surplus = _SURPLUS
    while True:
        history = _try(int(n_children * surplus) + 20, random_state, options, looks, also)
        if len(history.chosen) >= n_children:
            return replace(history, chosen=history.chosen[:n_children])
        surplus *= 1.3


def _whole(value: int, least: int, name: str) -> int:
    """A whole number that is not too small."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        msg = f"{name} must be a whole number, {least} or more."
        raise SpecError(msg)
    return int(value)


def _try(size: int, random_state: int, options: Options, looks: Looks | None, also: Sequence[str]) -> History:
    """The history of at least so many children, known to the service or not."""
    settings, extract, rng = options.settings, options.extract, streams(random_state)
    first = int(np.datetime64(options.start, "D").astype(np.int64))
    people = make_population(size, rng["people"], settings.people, first_day=first, last_day=extract.last)
    own = np.random.default_rng(own_stream(random_state, "decision"))
    plan = plan_of(settings, options.drift, options.drift_rates, people.size, options.window, own)
    calls = {day: list(each) for day, each in plan.calls(first).items()}
    for day, each in (looks(people, plan) if looks else {}).items():
        calls.setdefault(day, []).extend(each)
    log = simulate(people, settings, rng, first=options.start, last=options.window[1], at=calls)
    observed = observe(log, rng["recording"], settings.recording, extract, also=also)
    return History(people, log, observed, _known(observed, people.size), rng)


def _known(observed: Mapping[str, Columns], size: int) -> Array:
    """Positions of the children who have a contact, a referral or an involvement in the extract."""
    known = np.zeros(size, dtype=bool)
    for table in ("contacts", "referrals", "worker_involvements", "care_episodes"):
        known[observed[table]["child"]] = True
    return np.flatnonzero(known)
