"""Canonical tables from the log of simulated events, as an extract of one day would show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.schema.columns import Table
from edgeofcare.schema.tables import TABLES
from edgeofcare.synthetic.world.draws import NO_DAY, Array, Log, pick, unique_keys
from edgeofcare.synthetic.world.population import Population
from edgeofcare.synthetic.world.settings import RecordingRates

__all__ = ["EVENT_COLUMNS", "EXTRA_COLUMNS", "Extract", "canonical", "make_tables", "observe"]

EVENT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("date", "source"),
    "early_help": ("start", "end"),
    "referrals": ("start", "end", "source", "need", "nfa", "close_reason"),
    "assessments": ("start", "end", "nfa"),
    "assessment_factors": ("date", "factor"),
    "cin_plans": ("start", "end"),
    "s47_enquiries": ("start", "end", "nfa"),
    "initial_conferences": ("date", "led_to_plan", "transfer_in"),
    "cp_plans": ("start", "end", "category"),
    "care_episodes": ("start", "end", "period", "start_reason", "end_reason", "need"),
    "legal_statuses": ("start", "end", "status"),
    "placements": ("start", "end", "period", "type", "provider", "distance", "change_reason"),
    "missing_episodes": ("start", "end", "type", "offered", "accepted"),
    "offences": ("date",),
    "worker_involvements": ("start", "end", "worker", "change_reason"),
    "deaths": ("date",),
}
"""Columns that the simulation logs for each table, after the child."""

EXTRA_COLUMNS: Mapping[str, tuple[str, ...]] = {"suspensions": ("date", "days", "category")}
"""The same for tables that are no part of the canonical ones and are given only when asked for."""

_RECORDED = ("contacts", "missing_episodes", "offences")
_END_RECORDED = ("cin_plans", "referrals")
_CODES_LOST = {"contacts": ("source",), "referrals": ("source", "need"), "placements": ("change_reason",)}

Columns = dict[str, Array]


@dataclass(frozen=True)
class Extract:
    """First and last day that the extract covers, counted from 1970-01-01."""

    first: int
    last: int


def observe(
    log: Log, rng: np.random.Generator, rates: RecordingRates, extract: Extract, *, also: Sequence[str] = ()
) -> dict[str, Columns]:
    """What the case system holds on the last day, within the windows of the extract.

    Events are kept from the first day on, referrals that began from that day on or are open, other spells that ended
    from that day on or are open. What was entered after the last day is not there.

    Parameters
    ----------
    log : Log
        Simulated events.
    rng : numpy.random.Generator
        Source of random numbers.
    rates : RecordingRates
        How late events are entered, and how often codes are missing.
    extract : Extract
        Days covered.
    also : sequence of str
        Further tables to give, of :data:`EXTRA_COLUMNS`; they are recorded on the day.

    Returns
    -------
    dict of str to dict of str to ndarray
        Columns of each table; ``child`` is a position in the population.
    """
    observed = {}
    for table, names in EVENT_COLUMNS.items():
        columns = log.columns(table, names)
        _add_recorded(table, columns, rng, rates)
        keep = _in_window(table, columns, extract)
        columns = {name: values[keep] for name, values in columns.items()}
        _forget_future(columns, extract)
        for name in _CODES_LOST.get(table, ()):
            columns[name] = np.where(rng.random(len(columns[name])) < rates.code_missing, "", columns[name])
        observed[table] = columns
    for table in also:
        columns = log.columns(table, EXTRA_COLUMNS[table])
        keep = _in_window(table, columns, extract)
        observed[table] = {name: values[keep] for name, values in columns.items()}
    return observed


def _add_recorded(table: str, columns: Columns, rng: np.random.Generator, rates: RecordingRates) -> None:
    """Add the dates on which rows, or ends of spells, were entered in the case system."""
    size = len(columns["child"])
    happened = columns.get("start", columns.get("date"))
    if table in _RECORDED and happened is not None:
        columns["recorded"] = happened + _delays(size, rates.late, rng, rates)
    if table in _END_RECORDED:
        entered = columns["end"] + _delays(size, rates.late_end, rng, rates)
        columns["end_recorded"] = np.where(columns["end"] == NO_DAY, NO_DAY, entered)


def _delays(size: int, late: float, rng: np.random.Generator, rates: RecordingRates) -> Array:
    """Days between an event and its entry: none for most."""
    delay = np.floor(np.interp(rng.random(size), rates.late_shares, rates.late_days)).astype(np.int64)
    return np.where(rng.random(size) < late, delay, 0)


def _in_window(table: str, columns: Columns, extract: Extract) -> Array:
    """Rows that an extract of these days holds."""
    begun = columns.get("start", columns.get("date"))
    if begun is None:
        msg = f"table {table!r} has neither a start nor a date"
        raise KeyError(msg)
    entered = columns.get("recorded", begun)
    seen: Array = (begun <= extract.last) & (entered <= extract.last)
    if "start" not in columns:
        return seen & (begun >= extract.first)
    still_open = (columns["end"] == NO_DAY) | (columns["end"] > extract.last)
    relevant = begun if table == "referrals" else columns["end"]
    return seen & (still_open | (relevant >= extract.first))


def _forget_future(columns: Columns, extract: Extract) -> None:
    """Take back ends that were not entered by the last day, with what they made known."""
    if "end" not in columns:
        return
    entered = columns.get("end_recorded", columns["end"])
    future = (columns["end"] > extract.last) | (entered > extract.last)
    columns["end"] = np.where(future, NO_DAY, columns["end"])
    if "end_recorded" in columns:
        columns["end_recorded"] = np.where(future, NO_DAY, columns["end_recorded"])
    for name in ("close_reason", "end_reason", "change_reason"):
        if name in columns:
            columns[name] = np.where(future, "", columns[name])


def make_tables(
    people: Population,
    observed: Mapping[str, Columns],
    chosen: Array,
    rng: np.random.Generator,
    extract: Extract,
    *,
    also: Sequence[str] = (),
) -> dict[str, pd.DataFrame]:
    """Canonical tables of the chosen children.

    Parameters
    ----------
    people : Population
        All simulated children.
    observed : mapping of str to dict of str to ndarray
        What :func:`observe` returned.
    chosen : ndarray of int
        Positions of the children to keep.
    rng : numpy.random.Generator
        Source of random keys and snapshots.
    extract : Extract
        Days covered.
    also : sequence of str
        Further tables to make, of :data:`EXTRA_COLUMNS`.

    Returns
    -------
    dict of str to DataFrame
        Every table of :data:`edgeofcare.schema.tables.TABLES`, each in the order of its row keys, and those asked for.
    """
    keys = unique_keys(rng, people.size + 3 * people.size)
    child_id = keys[: people.size]
    frames = {"children": _children(people, observed["deaths"], chosen, child_id, extract)}
    frames["relationships"] = _relationships(people, chosen, child_id, keys[people.size :], rng)
    held = chosen[people.disability[chosen] != ""]
    frames["disabilities"] = _with_keys(
        {"child_id": child_id[held], "code": people.disability[held]}, TABLES["disabilities"], rng
    )
    frames["immigration_statuses"] = _immigration(people, observed["referrals"], chosen, child_id, rng, extract)
    periods = unique_keys(rng, 1 + max(int(observed[name]["period"].max(initial=0)) for name in ("care_episodes",)))
    is_chosen = np.zeros(people.size, dtype=bool)
    is_chosen[chosen] = True
    for name in EVENT_COLUMNS:
        if name != "deaths":
            columns = {key: values[is_chosen[observed[name]["child"]]] for key, values in observed[name].items()}
            frames[name] = _event_table(name, columns, child_id, periods, rng)
    for name in also:
        columns = {key: values[is_chosen[observed[name]["child"]]] for key, values in observed[name].items()}
        frames[name] = _extra_table(columns, child_id, rng)
    return {name: frames[name] for name in (*TABLES, *also)}


def _children(people: Population, deaths: Columns, chosen: Array, child_id: Array, extract: Extract) -> pd.DataFrame:
    """One row for each child."""
    died = np.full(people.size, NO_DAY, dtype=np.int64)
    died[deaths["child"]] = deaths["date"]
    values = {
        "child_id": child_id,
        "birth_date": people.birth,
        "birth_date_estimated": people.estimated | (people.birth > extract.last),
        "death_date": died,
        "sex": people.sex,
        "ethnicity": people.ethnicity,
        "ehc_plan": people.ehc_plan & (people.birth < extract.last - 1000),
    }
    frame = canonical({name: column[chosen] for name, column in values.items()}, TABLES["children"])
    return frame.sort_values("child_id", ignore_index=True)


def _relationships(
    people: Population, chosen: Array, child_id: Array, spare: Array, rng: np.random.Generator
) -> pd.DataFrame:
    """Links to mothers and families, each under its own key."""
    parts = []
    for kind, links, offset in (("mother", people.mother, 0), ("family", people.family, 2 * people.size)):
        held = chosen[links[chosen] != -1]
        related = spare[offset + links[held] % people.size + people.size * (links[held] >= people.size)]
        parts.append({"child_id": child_id[held], "related_id": related, "kind": np.full(len(held), kind)})
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return _with_keys(joined, TABLES["relationships"], rng)


def _immigration(
    people: Population, referrals: Columns, chosen: Array, child_id: Array, rng: np.random.Generator, extract: Extract
) -> pd.DataFrame:
    """Immigration statuses: of unaccompanied children from the referral on, of a few others from before it."""
    first = np.full(people.size, np.iinfo(np.int64).max)
    np.minimum.at(first, referrals["child"], referrals["start"])
    referred = first < np.iinfo(np.int64).max
    other = ~people.uasc & referred & (rng.random(people.size) < 0.012)
    held = np.intersect1d(chosen, np.flatnonzero((people.uasc & referred) | other))
    start = np.where(people.uasc[held], first[held], np.maximum(people.birth[held] + 1, first[held] - 200))
    end = start + 300 + (rng.random(len(held)) * 500).astype(np.int64)
    end = np.where((rng.random(len(held)) < 0.6) | (end > extract.last), NO_DAY, end)
    values = {"child_id": child_id[held], "start_date": start, "end_date": end, "uasc": people.uasc[held]}
    return _with_keys(values, TABLES["immigration_statuses"], rng)


def _event_table(
    name: str, columns: Columns, child_id: Array, periods: Array, rng: np.random.Generator
) -> pd.DataFrame:
    """Canonical table of one kind of event."""
    renamed = {
        "start": "start_date",
        "end": "end_date",
        "recorded": "recorded_date",
        "end_recorded": "end_recorded_date",
    }
    values = {renamed.get(key, key): column for key, column in columns.items()}
    values["child_id"] = child_id[values.pop("child")]
    if "period" in values:
        values["period_key"] = periods[values.pop("period")]
    finish = {
        "assessment_factors": _finish_factors,
        "assessments": _finish_outcomes,
        "s47_enquiries": _finish_outcomes,
        "cp_plans": _finish_plans,
        "missing_episodes": _finish_missing,
        "worker_involvements": _finish_workers,
    }.get(name)
    if finish is not None:
        finish(values, rng)
    return _with_keys(values, TABLES[name], rng)


def _extra_table(columns: Columns, child_id: Array, rng: np.random.Generator) -> pd.DataFrame:
    """A table that is no part of the canonical ones, in the order of its row keys."""
    values = dict(columns)
    given = {"row_key": unique_keys(rng, len(values["child"]), digits=8), "child_id": child_id[values.pop("child")]}
    days = values.pop("date").astype("datetime64[D]").astype("datetime64[s]")
    return pd.DataFrame({**given, "date": days, **values}).sort_values("row_key", ignore_index=True)


def _finish_factors(values: Columns, rng: np.random.Generator) -> None:
    """Key of a factor: the key of the source row that holds all factors of one assessment, and the code."""
    pair = np.char.add(np.char.add(values["child_id"].astype(str), "/"), values["date"].astype(str))
    forms, position = np.unique(pair, return_inverse=True)
    form = unique_keys(rng, len(forms), digits=8)[position.reshape(-1)]
    values["row_key"] = np.char.add(np.char.add(form, ":"), values["factor"].astype(str))


def _finish_outcomes(values: Columns, rng: np.random.Generator) -> None:
    """An outcome is known once the spell has ended; a few were never filled in."""
    unknown = (values["end_date"] == NO_DAY) | (rng.random(len(values["nfa"])) < 0.01)
    values["nfa"] = _unless(unknown, values["nfa"])


def _finish_plans(values: Columns, rng: np.random.Generator) -> None:
    """Categories of a plan: at the start, and the latest."""
    shares = {"NEG": 45, "EMO": 35, "PHY": 8, "SAB": 4, "MUL": 8}
    size = len(values["category"])
    latest = np.where(rng.random(size) < 0.1, pick(rng.random(size), shares), values["category"])
    values["initial_category"], values["latest_category"] = values.pop("category"), latest
    values["other_authority"] = rng.random(size) < 0.01


def _finish_missing(values: Columns, rng: np.random.Generator) -> None:
    """Return home interviews: offered, accepted, or not filled in."""
    offered, accepted = values.pop("offered"), values.pop("accepted")
    values["interview_offered"] = _unless(offered < 0.08, offered < 0.85)
    values["interview_accepted"] = _unless((offered < 0.08) | (offered >= 0.85), accepted < 0.6)


def _unless(unknown: Array, flags: Array) -> Array:
    """Flags, with nothing where they are unknown."""
    known = flags.astype(object)
    known[unknown] = None
    return known


def _finish_workers(values: Columns, rng: np.random.Generator) -> None:
    """Keys and roles of workers."""
    names = unique_keys(rng, int(values["worker"].max(initial=0)) + 1, digits=5)
    values["worker"] = names[values["worker"]]
    values["role"] = np.full(len(values["worker"]), "CW")


def _with_keys(values: Columns, table: Table, rng: np.random.Generator) -> pd.DataFrame:
    """A canonical table in the order of its row keys, which are drawn if there are none."""
    if "row_key" not in values:
        values = {**values, "row_key": unique_keys(rng, len(values["child_id"]), digits=8)}
    return canonical(values, table).sort_values("row_key", ignore_index=True)


def canonical(values: Mapping[str, Array], table: Table) -> pd.DataFrame:
    """A table with all canonical columns in their types; columns without values are empty.

    Parameters
    ----------
    values : mapping of str to ndarray
        Columns by name; dates as days counted from 1970-01-01, -1 for none; empty text is missing.
    table : Table
        The canonical table.

    Returns
    -------
    DataFrame
        Columns in the order of the schema.
    """
    size = len(values["child_id"])
    columns = {}
    for column in table.columns:
        given = values.get(column.name)
        columns[column.name] = _typed(given, column.kind, size)
    return pd.DataFrame(columns)


def _typed(given: Array | None, kind: str, size: int) -> pd.Series:
    """One column in its canonical type."""
    if kind == "date":
        days = np.full(size, NO_DAY, dtype=np.int64) if given is None else given.astype(np.int64)
        dates = days.astype("datetime64[D]").astype("datetime64[s]")
        dates[days == NO_DAY] = np.datetime64("NaT")
        return pd.Series(dates)
    if kind == "flag":
        return pd.Series(np.full(size, None) if given is None else given.astype(object), dtype="boolean")
    if kind == "number":
        return pd.Series(np.full(size, np.nan) if given is None else given.astype(float))
    text = np.full(size, None) if given is None else given.astype(object)
    text[text == ""] = None
    return pd.Series(text, dtype="str" if int(pd.__version__.split(".")[0]) >= 3 else "object")
