"""What unequal recording does to the measures of a group, shown on invented children whose true risk is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.evaluation.capacity import reviews_per_date, select_rows
from edgeofcare.exceptions import SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.catalogue import default_features
from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics.discrimination import auroc
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.records.records import Records
from edgeofcare.schema.tables import TABLES
from edgeofcare.splitting import temporal_split
from edgeofcare.synthetic.records import simulate_tables
from edgeofcare.synthetic.truth import make_truth
from edgeofcare.task import Task

__all__ = ["THINNED", "recording_sensitivity", "without_events"]

#: Tables from which events are left out: what services see and write down, and no decision on a case.
THINNED = ("contacts", "missing_episodes", "assessment_factors", "offences")
_COLUMNS = ("unrecorded", "group", "measure", "truth", "as_recorded", "change")
_REST = "the rest"


@dataclass(frozen=True)
class _World:
    """Invented children: their tables, the dates of training and test, and their true risk on the test dates."""

    tables: Mapping[str, pd.DataFrame]
    window: tuple[str, str]
    dates: pd.DatetimeIndex
    test_from: str
    truth: pd.Series
    members: frozenset[str]


def recording_sensitivity(
    n_children: int = 8000,
    random_state: int = 0,
    *,
    column: str = "ethnic_group",
    group: str = "Black",
    unrecorded: Sequence[float] = (0.0, 0.1, 0.2, 0.4),
    tables: Sequence[str] = THINNED,
    authority: str = "triborough",
    years: int = 6,
    kind: str = "logistic",
    capacity: int = 20,
    draws: int = 60,
) -> pd.DataFrame:
    """Leave a share of one group's events out of the records, and measure the model that learns from what is left.

    Parameters
    ----------
    n_children, random_state
        Invented children and their seed.
    column, group : str
        Column of the cohort, one that does not change with time, and the group whose events are left out.
    unrecorded : sequence of float
        Shares of the events that are left out, from 0 and below 1. What is left out at a share is also left out at
        every larger one.
    tables : sequence of str
        Tables of events that lose rows. Outcomes and open cases stay as they are.
    authority : str
        Whose assumptions, as for :func:`~edgeofcare.make_records`.
    years : int
        Length of the extract; the last year with a whole outcome window is the test.
    kind : {"logistic", "boosting"}
        The model, trained anew at each share.
    capacity : int
        Children reviewed in a calendar month.
    draws : int
        Futures of each child for the true risk.

    Returns
    -------
    DataFrame
        One row for each share, group ("the rest" is all other children) and measure: ``unrecorded``; ``group``;
        ``measure``; ``truth``, with the true risk in place of the outcome; ``as_recorded``, with the outcome; and
        ``change`` of the truth since everything was recorded (the smallest share). Measures are mean_risk,
        observed_expected_ratio, selection_rate, true_positive_rate, ppv and auroc. In truth,
        ``observed_expected_ratio`` is the sum of true risks over that of the model's, and true_positive_rate and ppv
        are those that the true risks lead one to expect.

    Raises
    ------
    SpecError
        If a share cannot be used, a table holds no events, or nobody is in the group.

    Notes
    -----
    The children, their true risks and outcomes are the same at every share, so what changes is recording alone.

    Examples
    --------
    >>> from edgeofcare.evaluation.groups.recording import recording_sensitivity
    >>> frame = recording_sensitivity(600, unrecorded=[0.4], draws=1, years=5, authority="sample", group="White")
    >>> frame.columns.tolist()
    ['unrecorded', 'group', 'measure', 'truth', 'as_recorded', 'change']
    """
    shares = _checked(unrecorded)
    _check_tables(tables, {name for name, table in TABLES.items() if table.start is not None})
    world = _make_world(n_children, random_state, column, group, authority, years, draws)
    rows = []
    for share in shares:
        held = without_events(world.tables, world.members, share, tables, random_state=random_state)
        first, last = world.window
        records = Records.from_tables(held, observed_from=first, observed_until=last)
        rows += _measured(records, world, share, group, kind, capacity, random_state)
    frame = pd.DataFrame(rows, columns=list(_COLUMNS[:-1]))
    first_truth = frame.groupby(["group", "measure"])["truth"].transform("first")
    return frame.assign(change=frame["truth"] - first_truth)


def without_events(
    tables: Mapping[str, pd.DataFrame],
    child_ids: Sequence[str] | frozenset[str],
    share: float,
    names: Sequence[str] = THINNED,
    *,
    random_state: int = 0,
) -> dict[str, pd.DataFrame]:
    """Leave a share of some children's events out of canonical tables.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables; they are not changed.
    child_ids : sequence of str
        Children who lose events.
    share : float
        Chance that an event is left out, from 0 and below 1.
    names : sequence of str
        Tables that lose rows.
    random_state : int
        Seed; with one seed, what is left out at a share is left out at every larger one.

    Returns
    -------
    dict of str to DataFrame
        All tables.

    Raises
    ------
    SpecError
        If a table is not there.

    Examples
    --------
    >>> contacts = pd.DataFrame({"row_key": list("abcd"), "child_id": ["one", "one", "two", "two"]})
    >>> without_events({"contacts": contacts}, ["one"], 0.999, ["contacts"])["contacts"]["child_id"].tolist()
    ['two', 'two']
    """
    _check_tables(names, set(tables))
    out = dict(tables)
    for number, name in enumerate(sorted(names)):
        table = tables[name].sort_values("row_key", ignore_index=True)
        chance = np.random.default_rng([random_state, number]).random(len(table))
        lost = table["child_id"].isin(list(child_ids)).to_numpy() & (chance < share)
        out[name] = table[~lost].reset_index(drop=True)
    return out


def _check_tables(names: Sequence[str], known: set[str]) -> None:
    """Refuse tables that are not there."""
    absent = [name for name in names if name not in known]
    if absent:
        msg = f"There is no table {', '.join(map(repr, absent))} with events; use some of {', '.join(sorted(known))}."
        raise SpecError(msg)


def _checked(unrecorded: Sequence[float]) -> list[float]:
    """Shares in order, refused where they are none."""
    shares = sorted({float(share) for share in unrecorded})
    if not shares or shares[0] < 0 or shares[-1] >= 1:
        msg = "unrecorded must hold shares from 0 and below 1, such as (0.0, 0.1, 0.2, 0.4)."
        raise SpecError(msg)
    return shares


def _make_world(
    n_children: int, random_state: int, column: str, group: str, authority: str, years: int, draws: int
) -> _World:
    """Simulate children, and their true risk on the test dates."""
    until = "2025-03-31"
    tables = simulate_tables(n_children, random_state, authority=authority, years=years, observed_until=until)
    window = (f"{2025 - years}-04-01", until)
    records = Records.from_tables(tables, observed_from=window[0], observed_until=until)
    dates = quarters(f"{2026 - years}-04-01", "2024-01-01")
    cohort = build_cohort(records, Task(), index_dates=dates)
    if column not in cohort or not (cohort[column] == group).any():
        msg = f"Nobody in the cohort of invented children is in group {group!r} of column {column!r}."
        raise SpecError(msg)
    ids = cohort.index.get_level_values("child_id")
    truth = make_truth(
        n_children,
        random_state,
        index_dates=dates[-4:],
        draws=draws,
        children=set(ids),
        authority=authority,
        years=years,
        observed_until=until,
    )
    members = frozenset(ids[(cohort[column] == group).to_numpy()])
    risk = truth.set_index(["child_id", "index_date"])["risk"]
    return _World(tables, window, dates, str(dates[-4].date()), risk, members)


def _measured(
    records: Records, world: _World, share: float, group: str, kind: str, capacity: int, random_state: int
) -> list[tuple[float, str, str, float, float]]:
    """Train on what is recorded, and measure the group and the rest by outcome and by true risk."""
    task = Task()
    cohort = build_cohort(records, task, index_dates=world.dates)
    y = label_outcome(records, cohort, task)
    X = build_features(records, cohort.loc[y.index], default_features())
    split = temporal_split(cohort.loc[y.index], task, test_from=world.test_from)
    model = make_risk_model(kind, task=task, random_state=random_state).fit(X.loc[split.train], y.loc[split.train])
    tested = X.loc[split.test]
    risk = model.predict_proba(tested)[:, 1]
    when, ids = tested.index.get_level_values("index_date"), tested.index.get_level_values("child_id")
    days = np.unique(when.to_numpy().astype("datetime64[D]").astype(np.int64))
    date = np.searchsorted(days, when.to_numpy().astype("datetime64[D]").astype(np.int64))
    selected = select_rows(np.asarray(model.margin(tested)), date, reviews_per_date(capacity, days))
    # Children whom the service no longer follows have no true risk: theirs is 0.
    true = world.truth.reindex(pd.MultiIndex.from_arrays([ids, when])).fillna(0.0).to_numpy()
    outcome = y.loc[split.test].to_numpy(dtype=np.float64)
    inside = ids.isin(list(world.members))
    out = []
    for name, part in ((group, inside), (_REST, ~inside)):
        truth = _measures(true[part], risk[part], selected[part])
        seen = _measures(outcome[part], risk[part], selected[part])
        out += [(share, name, measure, truth[measure], seen[measure]) for measure in truth]
    return out


def _measures(chance: Floats, risk: Floats, selected: Floats) -> dict[str, float]:
    """Measures of one group; the chance of an entry is an outcome (0 or 1) or a true risk."""
    found, total, chosen = float((chance * selected).sum()), float(chance.sum()), float(selected.sum())
    both = np.concatenate([np.ones_like(chance), np.zeros_like(chance)])
    weight = np.concatenate([chance, 1 - chance])
    return {
        "mean_risk": float(risk.mean()),
        "observed_expected_ratio": total / float(risk.sum()),
        "selection_rate": float(selected.mean()),
        "true_positive_rate": found / total if total else float("nan"),
        "ppv": found / chosen if chosen else float("nan"),
        "auroc": auroc(both, np.concatenate([risk, risk]), sample_weight=weight),
    }
