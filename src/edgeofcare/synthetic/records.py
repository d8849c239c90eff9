"""Make synthetic records: invented children, for trying out and testing the library."""

from __future__ import annotations

import numpy as np
import pandas as pd

from edgeofcare.records.records import Records
from edgeofcare.synthetic.dirt import add_dirt
from edgeofcare.synthetic.draws import Array, streams
from edgeofcare.synthetic.pathways import simulate
from edgeofcare.synthetic.population import make_population
from edgeofcare.synthetic.settings import Settings
from edgeofcare.synthetic.tables import Columns, Extract, make_tables, observe

__all__ = ["make_records", "simulate_tables"]

_SURPLUS = 1.5


def simulate_tables(
    n_children: int = 5000,
    random_state: int = 0,
    *,
    observed_from: str = "2015-04-01",
    observed_until: str = "2025-03-31",
    settings: Settings | None = None,
) -> dict[str, pd.DataFrame]:
    """Canonical tables of invented children, as an extract would hold them.

    The tables are as untidy as real ones: a few rows are copied, and a few belong to a child who is not there.

    Parameters
    ----------
    n_children : int, default 5000
        Children in the extract.
    random_state : int, default 0
        Seed; the same seed gives the same tables.
    observed_from, observed_until : str
        First and last date that the extract covers.
    settings : Settings, optional
        Assumptions; the default ones if not given.

    Returns
    -------
    dict of str to DataFrame
        Every canonical table.

    Examples
    --------
    >>> tables = simulate_tables(50, random_state=1)
    >>> len(tables["children"])
    50
    """
    settings = settings or Settings()
    extract = Extract(_day(observed_from), _day(observed_until))
    surplus = _SURPLUS
    while True:
        rng = streams(random_state)
        first = np.datetime64(observed_from, "M") - 12 * settings.people.burn_in_years
        people = make_population(
            int(n_children * surplus) + 20,
            rng["people"],
            settings.people,
            first_day=_day(str(first)),
            last_day=extract.last,
        )
        log = simulate(people, settings, rng, first=str(first), last=observed_until)
        observed = observe(log, rng["recording"], settings.recording, extract)
        chosen = _known(observed, people.size)[:n_children]
        if len(chosen) == n_children:
            tables = make_tables(people, observed, chosen, rng["keys"], extract)
            tables["worker_involvements"] = _with_a_case(tables["worker_involvements"], tables["referrals"])
            return add_dirt(tables, rng["recording"], settings.recording)
        surplus *= 1.3


def _day(date: str) -> int:
    """Days from 1970-01-01 to a date."""
    return int(np.datetime64(date, "D").astype(np.int64))


def _known(observed: dict[str, Columns], size: int) -> Array:
    """Positions of the children who have a contact, a referral or an involvement in the extract."""
    known = np.zeros(size, dtype=bool)
    for table in ("contacts", "referrals", "worker_involvements", "care_episodes"):
        known[observed[table]["child"]] = True
    return np.flatnonzero(known)


def _with_a_case(workers: pd.DataFrame, referrals: pd.DataFrame) -> pd.DataFrame:
    """Involvements of workers after a referral in the extract: Mosaic names the child only through the referral."""
    opened = referrals[referrals["nfa"].ne(True).fillna(True)].groupby("child_id")["start_date"].min()
    return workers[workers["start_date"] >= workers["child_id"].map(opened)].reset_index(drop=True)


def make_records(
    n_children: int = 5000,
    random_state: int = 0,
    *,
    observed_from: str = "2015-04-01",
    observed_until: str = "2025-03-31",
) -> Records:
    """Make records of invented children, for trying out the library.

    Nothing in them describes a real child, and they do not reproduce the statistics of England: see the README of
    ``synthetic_data`` for what they assume.

    Parameters
    ----------
    n_children : int, default 5000
        Children in the extract; those not yet born on its last day are among them, but not in the records.
    random_state : int, default 0
        Seed; the same seed gives the same records.
    observed_from, observed_until : str
        First and last date that the extract covers.

    Returns
    -------
    Records
        Ten years of records, unless other dates are given.

    Examples
    --------
    >>> records = make_records(200, random_state=0)
    >>> records.observed_until
    Timestamp('2025-03-31 00:00:00')
    """
    tables = simulate_tables(n_children, random_state, observed_from=observed_from, observed_until=observed_until)
    return Records.from_tables(tables, observed_from=observed_from, observed_until=observed_until)
