"""What was chosen in a run, as plain text and numbers, and back as options."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation.judgement.alarms import CARRIED, NEAR, NOT_LOOKED_AT
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.exceptions import EdgeOfCareError, SpecError
from edgeofcare.features.catalogue import directions
from edgeofcare.models.baselines import Rule
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.reporting.shareable import shareable_groups
from edgeofcare.splitting import Split, temporal_split

if TYPE_CHECKING:
    from edgeofcare.task import Task

__all__ = ["evaluation_choices", "explained_rows", "index_dates_of", "model_choices", "model_options", "split_choices"]

_FEWEST_ROWS = 10
_PAIR = " x "


def index_dates_of(cohort: pd.DataFrame) -> list[str]:
    """Index dates of a cohort, if they are a calendar and not dates of single children.

    Parameters
    ----------
    cohort : DataFrame
        From :func:`edgeofcare.build_cohort`.

    Returns
    -------
    list of str
        In order.

    Raises
    ------
    SpecError
        If there are fewer than 10 rows for each date.
    """
    dates = cohort.index.get_level_values("index_date").unique().sort_values()
    if len(cohort) < _FEWEST_ROWS * len(dates):
        msg = (
            f"The cohort has {len(dates):,} index dates for {len(cohort):,} rows: too few rows a date to record the "
            "dates, which could be those of single children. Use a calendar, such as edgeofcare.quarters."
        )
        raise SpecError(msg)
    return [str(date.date()) for date in dates]


def split_choices(split: Split, cohort: pd.DataFrame, task: Task) -> dict[str, Any]:
    """The rule that makes a split by time.

    Parameters
    ----------
    split : Split
        The split.
    cohort : DataFrame
        The labelled rows of the cohort.
    task : Task
        The outcome window.

    Returns
    -------
    dict
        ``test_from`` and ``test_until`` as :func:`edgeofcare.temporal_split` takes them.

    Raises
    ------
    SpecError
        If no such rule gives the split.
    """
    tested = split.test.get_level_values("index_date")
    first, after = tested.min(), tested.max() + pd.Timedelta(days=1)
    for until in (None, str(after.date())):
        rule = {"test_from": str(first.date()), "test_until": until}
        if _gives(rule, split, cohort, task):
            return rule
    msg = (
        "The split cannot be recorded: temporal_split(cohort.loc[y.index], task, test_from=...) does not give it, with "
        "the first tested index date as test_from. Only a whole split by time can be repeated."
    )
    raise SpecError(msg)


def _gives(rule: dict[str, Any], split: Split, cohort: pd.DataFrame, task: Task) -> bool:
    """Whether a rule gives a split."""
    try:
        again = temporal_split(cohort, task, **rule)
    except EdgeOfCareError:  # no row would be left on one side
        return False
    return _same_rows(again.train, split.train) and _same_rows(again.test, split.test)


def _same_rows(one: pd.Index, other: pd.Index) -> bool:
    """Whether two indexes hold the same rows in any order."""
    return len(one) == len(other) and bool(one.isin(other).all())


def model_choices(model: RiskClassifier) -> dict[str, Any]:
    """Every parameter of a model but its task and criteria; words of count rules may be free text and are left out.

    Without refits or averaged members their number is left out as well. The directions of the catalogue are written
    down as they were for the columns of the model, for the catalogue may change.

    Parameters
    ----------
    model : RiskClassifier
        The model.

    Returns
    -------
    dict
        Ready for JSON.

    Raises
    ------
    SpecError
        If the seed is not a whole number.
    """
    chosen = {name: value for name, value in model.get_params(deep=False).items() if name not in ("task", "criteria")}
    seed = chosen["random_state"]
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        msg = "The run cannot be repeated: random_state of the model is not a whole number. Fit with one, such as 0."
        raise SpecError(msg)
    if chosen["monotone"] is not None:
        chosen["monotone"] = _constraints(model)
    if chosen["count_rules"] is not None:
        chosen["count_rules"] = [[rule.feature, float(rule.at_least)] for rule in chosen["count_rules"]]
    for name, none in (("refits", 0), ("members", 1)):
        if chosen[name] == none:
            del chosen[name]  # a model without any is told as it was before there were any
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in chosen.items()}


def _constraints(model: RiskClassifier) -> dict[str, int]:
    """Directions by name, as they were given, or as the catalogue has them for the columns of the model."""
    ways = model.monotone
    if isinstance(ways, str):
        columns = set(map(str, getattr(model, "feature_names_in_", ()))) - set(getattr(model, "vocabularies_", ()))
        ways = {name: way for name, way in directions().items() if name in columns}
    return {str(name): int(way) for name, way in sorted((ways or {}).items())}


def model_options(chosen: Mapping[str, Any], columns: Collection[str] | None = None) -> dict[str, Any]:
    """Options of :func:`edgeofcare.make_risk_model` from what :func:`model_choices` gave.

    Parameters
    ----------
    chosen : mapping
        Parameters.
    columns : collection of str, optional
        Columns of X. Constraints on others are left out: they did nothing, though earlier versions wrote them down.

    Returns
    -------
    dict
        Options.
    """
    options = dict(chosen)
    if options.get("monotone") is not None and columns is not None:
        options["monotone"] = {name: way for name, way in options["monotone"].items() if name in columns}
    if options.get("count_rules") is not None:
        options["count_rules"] = [Rule(str(feature), float(least), "") for feature, least in options["count_rules"]]
    return options


def evaluation_choices(evaluation: Evaluation, test: pd.Index, explained: pd.Index | None = None) -> dict[str, Any]:
    """Options of :func:`edgeofcare.evaluate`, from what it gave.

    Parameters
    ----------
    evaluation : Evaluation
        What was found.
    test : Index
        The rows that were evaluated.
    explained : Index, optional
        The rows that its ``summary`` was about; all of ``test`` if left out.

    Returns
    -------
    dict
        ``capacity``, ``by`` (columns and pairs; empty where one is a column of one's own), ``reference``, ``criteria``,
        ``n_resamples``, ``random_state``, and what else was given: ``strata`` (training rows), ``details``, ``records``
        (each true or false) and ``summary`` (false, "all", or "latest": of the last index date).

    Raises
    ------
    SpecError
        If it is no Evaluation, or the summary was about other rows.
    """
    if not isinstance(evaluation, Evaluation):
        msg = f"evaluation is a {type(evaluation).__name__}; expected what edgeofcare.evaluate returns."
        raise SpecError(msg)
    known = shareable_groups(evaluation.groups)[1] == 0
    by = [str(name).split(_PAIR) for name in evaluation.groups["by"].unique()] if known else []
    return {
        "capacity": evaluation.capacity,
        "by": [columns[0] if len(columns) == 1 else columns for columns in by],
        "reference": _references(evaluation.group_measures) if known else {},
        "criteria": evaluation.criteria.to_dict(),
        "strata": len(evaluation.counts) > 1,
        "details": _looked_at(evaluation.alarms, NEAR),
        "records": len(evaluation.reach) > 0,
        "summary": _looked_at(evaluation.alarms, CARRIED) and _explained(test, explained),
        "n_resamples": int(evaluation.n_resamples),
        "random_state": int(evaluation.random_state),
    }


def _references(compared: pd.DataFrame) -> dict[str, str]:
    """Group of each column that the other groups were compared with."""
    found: dict[str, str] = {}
    for by, rows in compared.groupby("by", sort=False):
        named = set(rows["against"]) & set(rows["group"])
        found |= {str(by): str(group) for group in named}
    return found


def _looked_at(alarms: pd.DataFrame, name: str) -> bool:
    """Whether an alarm was given what it needs."""
    words = alarms.loc[alarms["alarm"].eq(name), "what_it_means"]
    return len(words) > 0 and not str(words.iloc[0]).startswith(NOT_LOOKED_AT)


def _explained(test: pd.Index, explained: pd.Index | None) -> str:
    """Which test rows were explained for the summary, in a word."""
    for name in ("all", "latest"):
        if explained is None or _same_rows(explained, explained_rows(test, name)):
            return name
    msg = "explained must be all test rows, or those of the last index date: other rows are not recorded."
    raise SpecError(msg)


def explained_rows(test: pd.Index, which: str) -> pd.Index:
    """Rows that the summary of an evaluation is about.

    Parameters
    ----------
    test : Index
        The rows that are evaluated.
    which : {"all", "latest"}
        All of them, or those of the last index date.

    Returns
    -------
    Index
        Some of ``test``.
    """
    dates = test.get_level_values("index_date")
    return test if which == "all" else test[dates == dates.max()]
