"""Make synthetic records: invented children, for trying out and testing the library."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.records.records import Records
from edgeofcare.synthetic.drift import DriftRates, drift_tables
from edgeofcare.synthetic.faults import DEFAULT_FAULTS, FaultRates, add_faults
from edgeofcare.synthetic.history import DEFAULT_AUTHORITY, Options, make_history, options_of, own_stream
from edgeofcare.synthetic.tables import EXTRA_COLUMNS, make_tables
from edgeofcare.synthetic.world.settings import Settings

__all__ = ["make_records", "simulate_tables"]


def simulate_tables(
    n_children: int = 5000,
    random_state: int = 0,
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
    also: Sequence[str] = (),
) -> dict[str, pd.DataFrame]:
    """Canonical tables of invented children, as an extract would hold them.

    The tables are as untidy as real ones, unless ``faults`` says otherwise.

    Parameters
    ----------
    n_children, random_state, authority, years, observed_from, observed_until, late_recording, drift, faults
        As for :func:`~edgeofcare.make_records`.
    drift_rates, fault_rates
        As for :func:`~edgeofcare.make_records`.
    settings : Settings, optional
        Assumptions in place of those of the authority.
    also : sequence of str
        Further tables, such as ``("suspensions",)``, for :meth:`~edgeofcare.Records.with_events`.

    Returns
    -------
    dict of str to DataFrame
        Every canonical table, and those asked for.

    Examples
    --------
    >>> tables = simulate_tables(50, random_state=1)
    >>> len(tables["children"])
    50
    """
    options = options_of(
        authority=authority,
        years=years,
        observed_from=observed_from,
        observed_until=observed_until,
        late_recording=late_recording,
        drift=drift,
        faults=faults,
        drift_rates=drift_rates,
        fault_rates=fault_rates,
        settings=settings,
    )
    return _tables(n_children, random_state, options, also)


def _tables(n_children: int, random_state: int, options: Options, also: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Simulate, write down, let recording drift and add faults."""
    if unknown := sorted(set(also) - set(EXTRA_COLUMNS)):
        msg = f"also names tables that there are not ({len(unknown)} of them). There are: {', '.join(EXTRA_COLUMNS)}."
        raise SpecError(msg)
    history = make_history(n_children, random_state, options, also=also)
    keys, extract = history.rng["keys"], options.extract
    tables = make_tables(history.people, history.observed, history.chosen, keys, extract, also=also)
    tables["worker_involvements"] = _with_a_case(tables["worker_involvements"], tables["referrals"])
    own = {
        name: np.random.default_rng(own_stream(random_state, name))
        for name in ("migration", "unequal_recording", "faults")
    }
    tables = drift_tables(tables, options.drift, options.drift_rates, options.window, own)
    return add_faults(
        tables,
        options.faults,
        rates=options.settings.recording,
        own=options.fault_rates,
        rng=history.rng["recording"],
        own_rng=own["faults"],
    )


def _with_a_case(workers: pd.DataFrame, referrals: pd.DataFrame) -> pd.DataFrame:
    """Involvements of workers after a referral in the extract: Mosaic names the child only through the referral."""
    opened = referrals[referrals["nfa"].ne(True).fillna(True)].groupby("child_id")["start_date"].min()
    return workers[workers["start_date"] >= workers["child_id"].map(opened)].reset_index(drop=True)


def make_records(
    n_children: int = 5000,
    random_state: int = 0,
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
) -> Records:
    """Make records of invented children, for trying out the library.

    Nothing in them describes a real child: see the README of ``synthetic_data`` for what they assume.

    Parameters
    ----------
    n_children : int, default 5000
        Children in the extract; those not yet born on its last day are among them, but not in the records.
    random_state : int, default 0
        Seed; the same seed gives the same records.
    authority : {"england", "triborough", "sample"}
        Whose assumptions: England, the default, in the proportions of its official statistics; an inner London
        profile; or the shipped sample's, with many adolescents and many entries among few children.
    years : int, optional
        Length of the extract; 10 unless ``observed_from`` is given.
    observed_from : str, optional
        First date that the extract covers, in place of ``years``.
    observed_until : str, default "2025-03-31"
        Last date that the extract covers.
    late_recording : bool or float, default True
        Whether some events and ends are entered late; a number multiplies the share of them.
    drift : collection of str, default ()
        What changes over the years: names of :data:`~edgeofcare.synthetic.drift.DRIFTS`, such as ``("migration",)``.
    faults : collection of str
        What the extract does wrong: names of :data:`~edgeofcare.synthetic.faults.FAULTS`; ``()`` for none. The default
        is :data:`~edgeofcare.synthetic.faults.DEFAULT_FAULTS`.
    drift_rates : DriftRates, optional
        Dates and sizes of the changes.
    fault_rates : FaultRates, optional
        How often faults happen.

    Returns
    -------
    Records
        Ten years of records, unless other dates are given.

    Raises
    ------
    SpecError
        If an option is not understood; the message lists the names that there are.

    Examples
    --------
    >>> records = make_records(200, random_state=0)
    >>> records.observed_until
    Timestamp('2025-03-31 00:00:00')
    """
    options = options_of(
        authority=authority,
        years=years,
        observed_from=observed_from,
        observed_until=observed_until,
        late_recording=late_recording,
        drift=drift,
        faults=faults,
        drift_rates=drift_rates,
        fault_rates=fault_rates,
    )
    tables = _tables(n_children, random_state, options, ())
    first, last = options.window
    return Records.from_tables(tables, observed_from=first, observed_until=last)
