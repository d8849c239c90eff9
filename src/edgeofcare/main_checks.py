"""What the main job looks at beside one evaluation: whether there is enough data, earlier periods, fitting again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.evaluation.evaluate import ALL_ROWS, UNSEEN
from edgeofcare.evaluation.planning.entrants import sample_size
from edgeofcare.evaluation.planning.expected import expected_performance
from edgeofcare.evaluation.refits.agreement import stability
from edgeofcare.evaluation.refits.refits import FAMILIES, HOUSEHOLDS
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.evaluation.splits.origins import OriginResults, evaluate_origins
from edgeofcare.exceptions import EdgeOfCareError, SpecError
from edgeofcare.features.feature import Feature
from edgeofcare.main_found import Made, MainChecks
from edgeofcare.models.refits import without_refits
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.records.records import Records
from edgeofcare.splitting import Split, rolling_origins
from edgeofcare.task import Task

__all__ = ["CHECKS", "WITHOUT_REFITS", "check_names", "checks_after", "checks_before"]

WITHOUT_REFITS = ("sample_size", "expected")
"""Checks that fit nothing."""

CHECKS = (*WITHOUT_REFITS, "origins", "stability")
"""Everything that can be looked at, in the order of the work."""

_ORIGINS, _MONTHS, _RESAMPLES = 3, 12, 200
_REFITS, _KINDS = 2, (HOUSEHOLDS, FAMILIES)
_SEARCH_FOLDS = 2
_SHARES = (0.05, 0.1)
_MODELS = ("model", "count_rule", "model minus count_rule")
_MEASURES = (
    "auroc",
    "observed_expected_ratio",
    "calibration_slope",
    "ppv_at_capacity",
    "entrants_found_at_capacity",
)
_LEFT_OUT = "this run was asked to leave it out"


class _Found(NamedTuple):
    """What one check found."""

    frame: pd.DataFrame
    said: str
    point: str = ""


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """The checks that are asked for, in the order of the work.

    Parameters
    ----------
    names : iterable of str
        Some of :data:`CHECKS`.

    Returns
    -------
    tuple of str
        Each once.

    Raises
    ------
    SpecError
        If there is no such check.

    Examples
    --------
    >>> check_names(["stability", "sample_size"])
    ('sample_size', 'stability')
    """
    asked = {names} if isinstance(names, str) else set(names)
    if unknown := sorted(str(name) for name in asked - set(CHECKS)):
        msg = f"checks: there is no {', '.join(map(repr, unknown))}; use some of {', '.join(map(repr, CHECKS))}."
        raise SpecError(msg)
    return tuple(name for name in CHECKS if name in asked)


def checks_before(
    records: Records,
    task: Task,
    *,
    checks: Sequence[str],
    index_dates: Sequence[Any] | pd.DatetimeIndex,
    features: Sequence[Feature],
) -> MainChecks:
    """Look at what can be known before anything is fitted: how many entrants there are, and what they can show.

    Parameters
    ----------
    records : Records
        The case records.
    task : Task
        The outcome window.
    checks : sequence of str
        What is asked for; the others are named as not looked at.
    index_dates : sequence of dates
        Those of the cohort.
    features : sequence of Feature
        Candidate features.

    Returns
    -------
    MainChecks
        Of ``sample_size``.
    """

    def made() -> _Found:
        """Count."""
        found = sample_size(records, task, index_dates=index_dates, features=features)
        return _Found(found.table, found.text, _enough(found.enough))

    return _all({"sample_size": made}, check_names(checks))


def checks_after(made: Made, *, checks: Sequence[str], progress: bool | None = None) -> MainChecks:
    """Look at what needs a fitted and evaluated model: what to expect of a list, earlier periods, fitting again.

    Parameters
    ----------
    made : Made
        The model with its rows and its evaluation.
    checks : sequence of str
        What is asked for; the others are named as not looked at.
    progress : bool or None
        Whether to show progress; None shows it where a person watches.

    Returns
    -------
    MainChecks
        Of ``expected``, ``origins`` and ``stability``.

    Notes
    -----
    The latest of three periods is the test period of the job, with its own model and evaluation. For the earlier ones
    the model is fitted anew to what was known then. Boosted trees keep one size there: it is found on the training
    rows of the first of them alone, in two folds, so that no later outcome has a say in it.
    """
    ways: dict[str, Callable[[], _Found]] = {
        "expected": lambda: _expected(made.evaluation),
        "origins": lambda: _origins(made, progress),
        "stability": lambda: _stability(made, progress),
    }
    return _all(ways, check_names(checks))


def _all(ways: Mapping[str, Callable[[], _Found]], asked: Sequence[str]) -> MainChecks:
    """Make each check that is asked for; one that cannot be made says why, and the others go on."""
    found, absent = {}, {}
    for name, way in ways.items():
        if name not in asked:
            absent[name] = _LEFT_OUT
            continue
        try:
            found[name] = way()
        except EdgeOfCareError as error:
            absent[name] = str(error)
    return MainChecks(
        {name: each.frame for name, each in found.items()},
        {name: each.said for name, each in found.items()},
        {name: each.point for name, each in found.items() if each.point},
        absent,
    )


def _enough(enough: bool) -> str:
    """Whether there is enough data, for somebody with two minutes."""
    if enough:
        return "There were enough children who entered care to judge a model by."
    return (
        "There were fewer children who entered care than it takes to judge a model well: the intervals are wide, and "
        "more years or more authorities would narrow them."
    )


def _value(evaluation: Evaluation, measure: str) -> float:
    """The model's estimate of a measure in all test rows; NaN where it is not shown."""
    table = evaluation.measures
    rows = (table["model"] == "model") & (table["stratum"] == ALL_ROWS) & (table["measure"] == measure)
    return float(table.loc[rows, "estimate"].iloc[0]) if rows.any() else float("nan")


def _expected(evaluation: Evaluation) -> _Found:
    """What to expect of a list at the AUROC and the rate of entry that were measured."""
    auroc, rate = _value(evaluation, "auroc"), _value(evaluation, "prevalence")
    if np.isnan(auroc) or np.isnan(rate):
        msg = "AUROC and the rate of entry are not shown, for there are too few entrants in the test period."
        raise SpecError(msg)
    capacity = _value(evaluation, "selection_rate_at_capacity")
    asked = capacity if np.isfinite(capacity) else _SHARES[-1]
    frame = expected_performance(auroc, rate, sorted({asked, *_SHARES}))
    ppv = float(frame.loc[frame["capacity_share"] == asked, "ppv"].iloc[0])
    said = (
        f"At this AUROC ({auroc:.2f}) and base rate (an entry in {100 * rate:.1f} of 100 rows), expect about "
        f"{100 * ppv:.0f} of 100 reviews to meet an entry where {100 * asked:.0f} of 100 rows are reviewed; much more "
        "would be a surprise worth checking. Scores are taken as spread normally, so it is no bound."
    )
    return _Found(frame, said)


def _origins(made: Made, progress: bool | None) -> _Found:
    """The model fitted anew and tested on each of three years."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # said by the notes of the splits, or already of the model itself
        labelled = made.cohort.loc[made.y.index]
        splits = rolling_origins(labelled, made.task, n_origins=_ORIGINS, test_length=_MONTHS, y=made.y)
        if len(splits) < 2:
            msg = "Taken together for want of entrants, the years give one test period, and one cannot be compared."
            raise SpecError(msg)
        latest = _same_rows(splits[-1], made.split)
        earlier = splits[:-1] if latest else splits
        model, size = _of_one_size(made, earlier[0])
        results = evaluate_origins(
            model,
            made.X,
            made.y,
            earlier,
            cohort=made.cohort,
            capacity=made.evaluation.capacity,
            n_resamples=_RESAMPLES,
            random_state=made.evaluation.random_state,
            progress=progress,
        )
    whole = _with_latest(results, made) if latest else results
    notes = sorted({split.note for split in splits if split.note})
    parts = [whole.text, size, _resamples(made, latest=latest), *(f"Note: {note}." for note in notes)]
    return _Found(_shown(whole.measures), " ".join(part for part in parts if part), _ran(whole.measures))


def _resamples(made: Made, *, latest: bool) -> str:
    """From how many resamples the intervals come."""
    own = f", those of the last from {made.evaluation.n_resamples:,}" if latest else ""
    which = "earlier " if latest else ""
    return f"Intervals of the {which}periods come from {_RESAMPLES:,} resamples of households{own}."


def _same_rows(one: Split, other: Split) -> bool:
    """Whether two splits hold the same rows."""
    return all(a.sort_values().equals(b.sort_values()) for a, b in ((one.train, other.train), (one.test, other.test)))


def _of_one_size(made: Made, first: Split) -> tuple[RiskClassifier, str]:
    """The model, not fitted, with as many trees as the rows before the first origin ask for; and that in words."""
    model = without_refits(made.model)
    if model.kind != "boosting" or model.max_iter is not None:
        return model, ""
    found = (
        without_refits(model).set_params(n_folds=_SEARCH_FOLDS).fit(made.X.loc[first.train], made.y.loc[first.train])
    )
    trees = int(found.n_iter_)
    return model.set_params(max_iter=trees), (
        f"For the earlier periods it has {trees:,} trees, a number found on what was known before the first of them."
    )


def _with_latest(results: OriginResults, made: Made) -> OriginResults:
    """Results of earlier origins, and the job's own evaluation as the last."""
    days = made.split.test.get_level_values("index_date")
    period = {"origin": len(results.evaluations) + 1, "first_month": f"{days.min():%Y-%m}",
              "last_month": f"{days.max():%Y-%m}"}  # fmt: skip
    joined = {}
    for name in ("measures", "counts"):
        before, own = getattr(results, name), getattr(made.evaluation, name).assign(**period)
        joined[name] = pd.concat([before, own.reindex(columns=before.columns)], ignore_index=True)
    return replace(results, **joined, evaluations=(*results.evaluations, made.evaluation))


def _shown(measures: pd.DataFrame) -> pd.DataFrame:
    """The few measures that a reader compares over time, without counts or rates from which counts would follow."""
    kept = measures["model"].isin(_MODELS) & measures["measure"].isin(_MEASURES)
    kept &= measures["stratum"].isin([ALL_ROWS, UNSEEN])
    return measures[kept].fillna({"note": ""}).reset_index(drop=True)


def _ran(measures: pd.DataFrame) -> str:
    """Over which periods AUROC ran from where to where, for somebody with two minutes."""
    rows = (measures["model"] == "model") & (measures["measure"] == "auroc") & (measures["stratum"] == ALL_ROWS)
    found, periods = measures.loc[rows, "estimate"].dropna(), int(rows.sum())
    if len(found) < 2:
        return ""
    seen = "" if len(found) == periods else f" in the {len(found)} that can be shown"
    return (
        f"Fitted anew to what was known before each of {periods} successive periods, the model ranked the child who "
        f"entered care higher {100 * found.min():.0f} to {100 * found.max():.0f} times in 100{seen}."
    )


def _stability(made: Made, progress: bool | None) -> _Found:
    """Whether the model names the same children when it is fitted again."""
    split = made.split
    found = stability(
        made.model,
        made.X.loc[split.train],
        made.y.loc[split.train],
        made.X.loc[split.test],
        y=made.y.loc[split.test],
        capacity=made.evaluation.capacity,
        n_refits=_REFITS,
        kinds=_KINDS,
        random_state=made.evaluation.random_state,
        progress=progress,
    )
    rough = f"From {_REFITS} resamples of households and one model of the other family: the figures are rough."
    return _Found(found.measures, f"{found.text} {rough}", _both(found.measures, made.model.kind))


def _both(measures: pd.DataFrame, kind: str) -> str:
    """How many children two lists share, for somebody with two minutes; another kind of model is told apart."""
    overlap = measures[measures["measure"] == "list_overlap"].set_index("kind")["estimate"].dropna()
    other = "a regression" if kind == "boosting" else "boosted trees"
    again = "of the same kind fitted again on resampled households", "who is near the end of a list is partly chance"
    apart = f"of another kind ({other})", "whom a list names depends on the choice of the kind as well"
    return " ".join(
        f"Of 100 children on the list of this model or of one {which}, {100 * overlap[name]:.0f} are on both: {why}."
        for name, (which, why) in {HOUSEHOLDS: again, FAMILIES: apart}.items()
        if name in overlap
    )
