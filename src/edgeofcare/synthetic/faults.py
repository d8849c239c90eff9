"""Faults that real extracts have: copied rows, strangers, overlapping episodes, and what nobody ever entered."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.synthetic.world.draws import unique_keys
from edgeofcare.synthetic.world.settings import RecordingRates, Settings

__all__ = ["DEFAULT_FAULTS", "FAULTS", "FaultRates", "add_faults", "check_names", "with_faults"]

FAULTS: Mapping[str, str] = MappingProxyType(
    {
        "duplicates": "a few rows of three tables are there twice",
        "orphans": "a few rows of two tables belong to a child who is not in the extract",
        "never_closed": "some spells ended, but nobody entered the end",
        "missing_codes": "some sources, needs and reasons were left empty",
        "overlaps": "some care episodes end days after the next one began",
        "missing": "some contacts, missing episodes, offences and conferences were never entered",
    }
)
"""What extracts do wrong: the name of each switch and what it does."""

DEFAULT_FAULTS = ("duplicates", "orphans", "never_closed", "missing_codes")
"""The faults that every extract has, unless others are asked for."""

_COPIED = ("contacts", "missing_episodes", "worker_involvements")
_ORPHANED = ("contacts", "missing_episodes")


def _shares(**shares: float) -> Mapping[str, float]:
    """A read-only table of shares."""
    return MappingProxyType(shares)


@dataclass(frozen=True)
class FaultRates:
    """How often the faults happen that :class:`~edgeofcare.synthetic.world.settings.RecordingRates` does not hold."""

    overlaps: float = 0.04  # no source: share of episodes that go on, whose end is put too late
    overlap_days: tuple[int, int] = (1, 14)  # no source
    # no source: share of rows that were never entered
    missing: Mapping[str, float] = field(
        default_factory=lambda: _shares(contacts=0.08, missing_episodes=0.20, offences=0.15, initial_conferences=0.05)
    )


def check_names(given: Collection[str] | str, known: Mapping[str, str], what: str) -> tuple[str, ...]:
    """The names of switches, refused where there is no such switch.

    Parameters
    ----------
    given : collection of str
        What a caller asked for.
    known : mapping of str to str
        Every switch and what it does.
    what : str
        Name of the argument, for the message.

    Returns
    -------
    tuple of str
        The names in the order in which they are listed, each once.

    Raises
    ------
    SpecError
        If a name is not known, or if there is one text in place of a collection.
    """
    names = None if isinstance(given, str) or not isinstance(given, Collection) else list(given)
    if names is None or any(not isinstance(name, str) or name not in known for name in names):
        listed = ", ".join(f"{name!r} ({does})" for name, does in known.items())
        msg = f"{what} must be a collection of names, such as {what}=({next(iter(known))!r},). There are: {listed}."
        raise SpecError(msg)
    return tuple(name for name in known if name in names)


def with_faults(settings: Settings, faults: Collection[str]) -> Settings:
    """The settings with the faults switched off that are not asked for.

    Parameters
    ----------
    settings : Settings
        Assumptions.
    faults : collection of str
        Names of :data:`FAULTS`.

    Returns
    -------
    Settings
        The same rates of everything that happens, and other rates of what is entered.
    """
    recording, front_door = settings.recording, settings.front_door
    if "never_closed" not in faults:
        recording = dataclasses.replace(recording, never_closed=MappingProxyType({}))
        front_door = dataclasses.replace(front_door, nfa_not_closed=0.0)
    if "missing_codes" not in faults:
        recording = dataclasses.replace(recording, code_missing=0.0)
    return dataclasses.replace(settings, recording=recording, front_door=front_door)


def add_faults(
    tables: Mapping[str, pd.DataFrame],
    faults: Collection[str],
    *,
    rates: RecordingRates,
    own: FaultRates,
    rng: np.random.Generator,
    own_rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """The tables with the faults that are made after everything else.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables; they are not changed.
    faults : collection of str
        Names of :data:`FAULTS`.
    rates : RecordingRates
        How many copies and strangers.
    own : FaultRates
        How often the other faults happen.
    rng : numpy.random.Generator
        Source of random numbers for copies and strangers.
    own_rng : numpy.random.Generator
        Source of random numbers for the other faults.

    Returns
    -------
    dict of str to DataFrame
        All tables.
    """
    changed = dict(tables)
    if "missing" in faults:
        for name, share in own.missing.items():
            changed[name] = changed[name][own_rng.random(len(changed[name])) >= share].reset_index(drop=True)
    if "overlaps" in faults:
        changed["care_episodes"] = _overlap(changed["care_episodes"], own_rng, own)
    if "orphans" in faults:
        for name in _ORPHANED:
            changed[name] = _orphan(changed[name], rng, rates.orphans)
    if "duplicates" in faults:
        for name in _COPIED:
            changed[name] = _copy(changed[name], rng, rates.duplicates)
    return changed


def _orphan(table: pd.DataFrame, rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Give some rows to children who do not exist: their keys are one digit longer."""
    count = min(count, len(table) // 20)
    rows = np.floor(rng.random(count) * len(table)).astype(np.int64)
    table = table.copy()
    table.loc[table.index[rows], "child_id"] = unique_keys(rng, count, digits=8)
    return table


def _copy(table: pd.DataFrame, rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Add exact copies of some rows, next to the rows themselves."""
    count = min(count, len(table) // 20)
    rows = np.unique(np.floor(rng.random(count) * len(table)).astype(np.int64))
    return pd.concat([table, table.iloc[rows]]).sort_values("row_key", kind="stable", ignore_index=True)


def _overlap(episodes: pd.DataFrame, rng: np.random.Generator, rates: FaultRates) -> pd.DataFrame:
    """Put the end of some episodes after the start of the next of the same period, but never after that one's end."""
    low, high = rates.overlap_days
    days = pd.to_timedelta(rng.integers(low, high + 1, size=len(episodes)), unit="D")
    drawn = rng.random(len(episodes)) < rates.overlaps
    following = episodes.sort_values(["period_key", "start_date"]).groupby("period_key")["end_date"].shift(-1)
    latest = following.reindex(episodes.index)
    late = (episodes["end_date"] + days).astype("datetime64[s]")
    last_day = episodes[["start_date", "end_date"]].max().max()
    chosen = (
        drawn
        & episodes["end_reason"].eq("X1")
        & (late <= last_day)
        & ((latest > late) | (latest.isna() & _goes_on(episodes)))
    )
    return episodes.assign(end_date=episodes["end_date"].mask(chosen, late))


def _goes_on(episodes: pd.DataFrame) -> pd.Series:
    """Whether the period of each episode is still open: its last episode has no end."""
    return episodes["end_date"].isna().groupby(episodes["period_key"]).transform("any")
