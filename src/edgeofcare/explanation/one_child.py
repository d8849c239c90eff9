"""One child's household as records of their own, its rows of features, and whether a model is for it on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.cohort import build_cohort, cohort_attrition
from edgeofcare.dates import one_date, refuse_late
from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.feature import Feature
from edgeofcare.features.names import as_features, parse_feature
from edgeofcare.models.rows import ROW_NAMES
from edgeofcare.records.findings import Findings
from edgeofcare.records.records import Records
from edgeofcare.records.some_children import rows_of_children
from edgeofcare.schema.tables import TABLES
from edgeofcare.task import Task

__all__ = [
    "checked_day",
    "household_records",
    "one_task",
    "refuse_no_records",
    "rows_of_child",
    "rules_missed",
    "specs_of",
    "with_tables",
]


def refuse_no_records(records: Any) -> None:
    """Refuse what holds no tables of many children, such as the plain records of one.

    Parameters
    ----------
    records : object
        What was given as records.

    Raises
    ------
    SpecError
        If it is something else than Records.
    """
    if not isinstance(records, Records):
        msg = (
            f"records is a {type(records).__name__}; expected Records, as edgeofcare.read_ssd gives them. Plain "
            "records of one child are for Scorer.score_child."
        )
        raise SpecError(msg)


def household_records(records: Records, child_id: str) -> Records:
    """The records of one child and everybody in its household: all that the child's features can rest on.

    Parameters
    ----------
    records : Records
        The case records.
    child_id : str
        The child.

    Returns
    -------
    Records
        With everything that is declared of the whole. Links to placeholders join nobody and are left out while all
        children can still be seen.

    Raises
    ------
    RecordsError
        If the records do not hold the child.
    SpecError
        If they are no Records.
    """
    refuse_no_records(records)
    home = records.households
    if not isinstance(child_id, str) or child_id not in home.index:
        msg = "children: these records do not hold the child asked for. Give the child_id as text, as records have it."
        raise RecordsError(msg)
    return _with_children(records, home.index[home == home[child_id]])


def _with_children(records: Records, children: Sequence[str] | pd.Index) -> Records:
    """The records of some children."""
    return with_tables(records, {name: rows_of_children(records, name, children) for name in records})


def with_tables(records: Records, tables: Mapping[str, pd.DataFrame]) -> Records:
    """The same declarations over other tables.

    Parameters
    ----------
    records : Records
        Case records.
    tables : mapping of str to DataFrame
        Canonical and own tables in place of those of the records.

    Returns
    -------
    Records
        They count no findings.
    """
    return Records(
        {name: tables[name] if name in tables else records.table(name) for name in records},
        observed_until=records.observed_until,
        observed_from=records.observed_from,
        reporting_lag=records.reporting_lag,
        findings=Findings().frame(),
        links=records.links,
        absent_columns=records.absent_columns,
        absent=records.absent,
        scoring_only=records.scoring_only,
        own={name: records.definition(name) for name in records if name not in TABLES},
    )


def checked_day(records: Records, value: Any, name: str) -> pd.Timestamp:
    """A day on which the records can show what was known.

    Parameters
    ----------
    records : Records
        The case records.
    value : str or date
        The day.
    name : str
        What the day is, for the message.

    Returns
    -------
    Timestamp
        The day.

    Raises
    ------
    LeakageError
        If it lies more than one day after the end of the extract.
    SpecError
        If it is no date.
    """
    day = one_date(value, name)
    refuse_late(np.datetime64(day, "D"), np.datetime64(records.observed_until, "D"), name)
    return day


def specs_of(model: Any, features: Iterable[Feature | str] | None) -> list[Feature]:
    """The specs of a model's features, in its order.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        The model.
    features : iterable of Feature or str, optional
        Their specs or names; read from the model's names if left out.

    Returns
    -------
    list of Feature
        One for each column.

    Raises
    ------
    SpecError
        If the model names no features, they cannot be built from records, or others are given.
    """
    found = getattr(model, "feature_names_in_", None)
    names = [str(name) for name in (getattr(model, "feature_names", ()) if found is None else found)]
    if not names:
        msg = (
            f"A {type(model).__name__} without names of features cannot be asked about records. Give a RiskClassifier "
            "that was fitted on a DataFrame, or a loaded model."
        )
        raise SpecError(msg)
    if features is None:
        return [_parsed(name, names) for name in names]
    by_name = {spec.name: spec for spec in as_features(features)}
    if set(by_name) != set(names):
        missing, extra = len(set(names) - set(by_name)), len(set(by_name) - set(names))
        msg = (
            f"features are not those of the model: {missing} of its columns have no feature, and {extra} features are "
            "no column. Pass the features that it was trained with, or none."
        )
        raise SpecError(msg)
    return [by_name[name] for name in names]


def _parsed(name: str, names: Sequence[str]) -> Feature:
    """The spec of a column; refused where the records cannot give it."""
    try:
        return parse_feature(name)
    except SpecError:
        msg = (
            f"One of the {len(names)} columns of the model is no feature that can be built from records: {name!r}. "
            "Give the specs as features; a column of your own code cannot be followed into the records."
        )
        raise SpecError(msg) from None


def rows_of_child(
    records: Records, child_id: str, home: str, dates: Sequence[pd.Timestamp], specs: Sequence[Feature]
) -> pd.DataFrame:
    """The features of a child on some days.

    Parameters
    ----------
    records : Records
        The records of its household.
    child_id, home : str
        The child, and its household's key.
    dates : sequence of Timestamp
        The days.
    specs : sequence of Feature
        The features.

    Returns
    -------
    DataFrame
        One row for each day, in their order, on the shared index.
    """
    days = pd.DatetimeIndex(list(dates)).as_unit("s")
    rows = [(home, child_id, day) for day in days]
    return build_features(records, pd.DataFrame(index=pd.MultiIndex.from_tuples(rows, names=ROW_NAMES)), specs)


def one_task(model: Any) -> Task | None:
    """The task of a model; None where it has none.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        The model.

    Returns
    -------
    Task or None
        What it is for.
    """
    task = getattr(model, "task", None)
    return task if isinstance(task, Task) else None


def rules_missed(records: Records, child_id: str, dates: Sequence[pd.Timestamp], task: Task | None) -> list[str]:
    """The first rule of eligibility that a child does not meet on each day.

    Parameters
    ----------
    records : Records
        Records that hold the child.
    child_id : str
        The child.
    dates : sequence of Timestamp
        Different days.
    task : Task or None
        Ages and population; nothing is judged without it.

    Returns
    -------
    list of str
        A rule in words, such as "open case, as known"; empty where the child is eligible.
    """
    if task is None:
        return [""] * len(dates)
    alone = _with_children(records, [child_id])
    eligible = build_cohort(alone, task, index_dates=dates).index.get_level_values("index_date")
    missed = _rules(alone, task, [day for day in dates if day not in eligible])
    return [missed.get(day, "") for day in dates]


def _rules(alone: Records, task: Task, days: Sequence[pd.Timestamp]) -> dict[pd.Timestamp, str]:
    """The rule that left out the only child of some records on each day; days that share it are asked for at once."""
    if not days:
        return {}
    steps = cohort_attrition(alone, task, index_dates=days)
    left_out = steps.loc[steps["rows_excluded"] > 0, "rule"].tolist()
    if len(left_out) == 1 or len(days) == 1:
        return dict.fromkeys(days, str(left_out[0]))
    half = len(days) // 2
    return _rules(alone, task, days[:half]) | _rules(alone, task, days[half:])
