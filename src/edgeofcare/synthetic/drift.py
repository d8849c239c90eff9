"""What changes over the years, by switch: code lists, a policy, the case system, who decides, and what is recorded.

A policy and a decision change what happens, so they change the truth. The others change only what the records show.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.schema.codes import ETHNIC_GROUPS
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.world.draws import Array
from edgeofcare.synthetic.world.settings import Settings
from edgeofcare.synthetic.world.world import World

__all__ = ["DRIFTS", "DriftRates", "Plan", "day_of", "drift_tables", "plan_of"]

DRIFTS: Mapping[str, str] = MappingProxyType(
    {
        "code_drift": "code lists change: split factors, a new factor, a new source, new placement types",
        "policy_change": "from a date, children are taken into care more readily and early help grows",
        "migration": "a new case system: keys of another form, lost and restarted history, ends not carried over",
        "selective_labels": "what the record does not hold decides who is taken into care at equal risk",
        "unequal_recording": "events of some ethnic groups are recorded less often at equal truth",
    }
)
"""What can change: the name of each switch and what it does."""

_ENTRY_RATES = ("adolescent", "closed", "infant", "young")


def _table(**values: Any) -> Mapping[str, Any]:
    """A read-only table; a leading underscore lets a name begin with a digit."""
    return MappingProxyType({name.lstrip("_"): value for name, value in values.items()})


@dataclass(frozen=True)
class DriftRates:
    """When and how much things change; none of the sizes has a source.

    A date is the first day of the change, such as ``"2022-04-01"``. Where it is not given, it is the first of the month
    at a share of the extract's window: half of it for codes, 0.6 for the case system and 0.7 for the policy.
    """

    codes_from: str | None = None
    old_factors: Mapping[str, str] = field(
        default_factory=lambda: _table(_18B="18A", _18C="18A", _19B="19A", _19C="19A")
    )
    new_factors: tuple[str, ...] = ("24A",)  # never ticked before
    old_sources: Mapping[str, str] = field(default_factory=lambda: _table(_5D="5B"))
    old_placements: Mapping[str, str] = field(
        default_factory=lambda: _table(K3="H5", Z11="Z1", Z12="Z1", Z13="Z1", Z14="Z1")
    )
    migration_from: str | None = None
    lost: Mapping[str, float] = field(default_factory=lambda: _table(contacts=0.35, missing_episodes=0.2))
    restarted: tuple[str, ...] = ("early_help",)  # what ended before the migration is gone
    dated_to_migration: tuple[str, ...] = ("cin_plans", "worker_involvements")  # open spells begin again on the day
    ends_lost: Mapping[str, float] = field(default_factory=lambda: _table(referrals=0.06, cin_plans=0.15))
    ends_lost_days: int = 365  # of spells that ended in so many days before the migration
    key_prefix: str = "90"  # of rows that begin from the migration on
    policy_from: str | None = None
    policy_entry: float = 1.4  # times the chance of entering care
    policy_early_help: float = 1.5  # times the share of contacts that become early help
    decided_share: float = 0.5  # children about whom the worker is more inclined to decide for care
    decided_more: float = 1.7  # times their chance of entering care
    decided_less: float = 0.3  # times the chance of the others
    # share of the events of a group that are recorded, one where a group is not named
    recorded: Mapping[str, Mapping[str, float]] = field(
        default_factory=lambda: _table(
            missing_episodes=_table(Black=0.55, Mixed=0.8),
            assessment_factors=_table(Black=0.75),
            offences=_table(White=0.7, Asian=0.7),
        )
    )


@dataclass(frozen=True)
class Plan:
    """What is to change in what happens, for the children of one simulation.

    Parameters
    ----------
    settings : Settings
        Assumptions before any change.
    rates : DriftRates
        Sizes of the changes.
    policy_day : int or None
        First day of the policy, if there is one.
    leaning : ndarray of float or None
        Factor of each child's chance of entering care that comes from what nobody recorded.
    """

    settings: Settings
    rates: DriftRates
    policy_day: int | None
    leaning: Array | None

    def among(self, child: Array) -> Plan:
        """The plan for some of the children, in the order of their positions; a child may be there many times."""
        return self if self.leaning is None else replace(self, leaning=self.leaning[child])

    def on(self, day: int) -> Settings:
        """The settings in force on a day; a rate of entry may differ from child to child."""
        settings, rates = self.settings, self.rates
        if self.policy_day is not None:
            first = np.datetime64(self.policy_day, "D").astype("datetime64[M]").astype(np.int64)
            policy = replace(
                settings.policy, month=(int(first) // 12 + 1970, int(first) % 12 + 1), entry=rates.policy_entry
            )
            settings = replace(settings, policy=policy)
        if self.policy_day is not None and day >= self.policy_day:
            early_help = settings.front_door.early_help * rates.policy_early_help
            settings = replace(settings, front_door=replace(settings.front_door, early_help=early_help))
        if self.leaning is not None:
            changed: dict[str, Any] = {name: getattr(settings.care, name) * self.leaning for name in _ENTRY_RATES}
            settings = replace(settings, care=replace(settings.care, **changed))
        return settings

    def calls(self, first: int) -> dict[int, list[Callable[[World], None]]]:
        """What to call when, for a simulation that begins on a day."""
        days = {first} | ({self.policy_day} if self.policy_day is not None and self.policy_day > first else set())

        def put_in_force(day: int) -> Callable[[World], None]:
            """A call that puts the settings of a day in force."""
            return lambda world: setattr(world, "settings", self.on(day))

        return {day: [put_in_force(day)] for day in days}


def plan_of(
    settings: Settings,
    names: Collection[str],
    rates: DriftRates,
    size: int,
    window: tuple[str, str],
    rng: np.random.Generator,
) -> Plan:
    """The plan of a simulation of so many children.

    Parameters
    ----------
    settings : Settings
        Assumptions before any change.
    names : collection of str
        Names of :data:`DRIFTS` that are switched on.
    rates : DriftRates
        Sizes of the changes.
    size : int
        Number of children.
    window : (str, str)
        First and last date of the extract.
    rng : numpy.random.Generator
        Source of random numbers for what nobody recorded.

    Returns
    -------
    Plan
        The plan.
    """
    leaning = None
    if "selective_labels" in names:
        leaning = np.where(rng.random(size) < rates.decided_share, rates.decided_more, rates.decided_less)
    policy = day_of(rates.policy_from, 0.7, window, "policy_from") if "policy_change" in names else None
    return Plan(settings, rates, policy, leaning)


def day_of(given: str | None, share: float, window: tuple[str, str], name: str) -> int:
    """The first day of a change: as given, else the first of the month at a share of the window.

    Parameters
    ----------
    given : str or None
        A date, the first of a month.
    share : float
        Where in the window the change falls if no date is given.
    window : (str, str)
        First and last date of the extract.
    name : str
        Name of the parameter, for the message.

    Returns
    -------
    int
        Days from 1970-01-01.

    Raises
    ------
    SpecError
        If the date is not the first of a month within the window.
    """
    first, last = (np.datetime64(day, "D") for day in window)
    if given is None:
        begin, end = first.astype("datetime64[M]"), (last + 1).astype("datetime64[M]")
        return _number(begin + int((end - begin).astype(np.int64) * share))
    date = one_date(given, name)
    if not first <= date.to_numpy() <= last or date.day != 1:
        msg = f"{name} must be the first of a month, such as '2022-04-01', from {first} to {last}."
        raise SpecError(msg)
    return _number(date.to_numpy())


def _number(date: np.datetime64) -> int:
    """Days from 1970-01-01 to a date."""
    return int(date.astype("datetime64[D]").astype(np.int64))


def drift_tables(
    tables: Mapping[str, pd.DataFrame],
    names: Collection[str],
    rates: DriftRates,
    window: tuple[str, str],
    rng: Mapping[str, np.random.Generator],
) -> dict[str, pd.DataFrame]:
    """The tables as the records would hold them after all that changed in how things are recorded.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables; they are not changed.
    names : collection of str
        Names of :data:`DRIFTS` that are switched on.
    rates : DriftRates
        Dates and sizes of the changes.
    window : (str, str)
        First and last date of the extract.
    rng : mapping of str to numpy.random.Generator
        A stream for each switch.

    Returns
    -------
    dict of str to DataFrame
        All tables.
    """
    changed = dict(tables)
    if "unequal_recording" in names:
        changed = _record_unequally(changed, rates, rng["unequal_recording"])
    if "code_drift" in names:
        changed = _use_old_codes(changed, rates, _date(day_of(rates.codes_from, 0.5, window, "codes_from")))
    if "migration" in names:
        day = _date(day_of(rates.migration_from, 0.6, window, "migration_from"))
        changed = _migrate(changed, rates, day, rng["migration"])
    return changed


def _date(day: int) -> pd.Timestamp:
    """The date of a day counted from 1970-01-01."""
    return pd.Timestamp(np.datetime64(day, "D"))


def _record_unequally(
    tables: dict[str, pd.DataFrame], rates: DriftRates, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Leave out part of the events of some ethnic groups."""
    group = tables["children"].set_index("child_id")["ethnicity"].map(dict(ETHNIC_GROUPS))
    for name, shares in rates.recorded.items():
        kept = tables[name]["child_id"].map(group).map(dict(shares)).astype(float).fillna(1.0).to_numpy()
        tables[name] = tables[name][rng.random(len(kept)) < kept].reset_index(drop=True)
    return tables


def _use_old_codes(tables: dict[str, pd.DataFrame], rates: DriftRates, day: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Write the codes of an earlier list in the rows before a day."""
    factors = tables["assessment_factors"]
    factors = factors[~((factors["date"] < day) & factors["factor"].isin(rates.new_factors))]
    old = factors["factor"].map(dict(rates.old_factors)).where(factors["date"] < day)
    form = factors["row_key"].str.split(":").str[0]
    factors = factors.assign(
        factor=old.fillna(factors["factor"]), row_key=factors["row_key"].where(old.isna(), form + ":" + old)
    )
    tables["assessment_factors"] = factors.drop_duplicates("row_key").sort_values("row_key", ignore_index=True)
    for name, column, codes in (
        ("contacts", "source", rates.old_sources),
        ("referrals", "source", rates.old_sources),
        ("placements", "type", rates.old_placements),
    ):
        old = tables[name][column].map(dict(codes)).where(tables[name][TABLES[name].start or "date"] < day)
        tables[name] = tables[name].assign(**{column: old.fillna(tables[name][column])})
    return tables


def _migrate(
    tables: dict[str, pd.DataFrame], rates: DriftRates, day: pd.Timestamp, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Move the records to a new case system on a day."""
    for name, share in rates.lost.items():
        begun = tables[name][TABLES[name].start or "date"]
        tables[name] = tables[name][(rng.random(len(begun)) >= share) | (begun >= day)]
    for name in rates.restarted:
        tables[name] = tables[name][~(tables[name]["end_date"] < day)]
    for name, share in rates.ends_lost.items():
        tables[name] = _lose_ends(tables[name], day, share, rates.ends_lost_days, rng)
    for name in rates.dated_to_migration:
        spells = tables[name]
        running = (spells["start_date"] < day) & ~(spells["end_date"] <= day)
        tables[name] = spells.assign(start_date=spells["start_date"].mask(running, day).astype("datetime64[s]"))
    for name, table in TABLES.items():
        if table.start is not None:
            frame = tables[name]
            key = frame["row_key"].where(frame[table.start] < day, rates.key_prefix + frame["row_key"])
            tables[name] = frame.assign(row_key=key).sort_values("row_key", ignore_index=True)
    return tables


def _lose_ends(
    spells: pd.DataFrame, day: pd.Timestamp, share: float, days: int, rng: np.random.Generator
) -> pd.DataFrame:
    """Leave open some spells that ended shortly before a day."""
    ended = spells["end_date"].between(day - pd.Timedelta(days=days), day, inclusive="left")
    lost = ended & (rng.random(len(spells)) < share)
    told = [column for column in ("end_date", "end_recorded_date", "close_reason") if column in spells]
    return spells.assign(**{column: spells[column].mask(lost) for column in told})
