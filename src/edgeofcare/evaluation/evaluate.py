"""Evaluate a fitted model on rows that it has not seen, against the rules that it would replace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation._domains import with_domain
from edgeofcare.evaluation._frames import (
    calibration_frame,
    counts_row,
    decision_frame,
    measures_frame,
    risk_frame,
    risk_grid,
    thresholds_for,
)
from edgeofcare.evaluation._inputs import Scored, check_index, score_rows
from edgeofcare.evaluation._options import Options, check_options
from edgeofcare.evaluation._small import FEW_WITHOUT, HIDDEN, SMALL, Cell, interval_note, shown, write_cells
from edgeofcare.evaluation.capacity import reviews_per_date, select_rows
from edgeofcare.evaluation.groups.measures import GroupAudit, audit_groups
from edgeofcare.evaluation.groups.tables import Columns, check_groups
from edgeofcare.evaluation.judgement.agreed_thresholds import net_benefit_rows
from edgeofcare.evaluation.judgement.alarm_checks import calibration_chance, near_outcome
from edgeofcare.evaluation.judgement.alarms import alarms
from edgeofcare.evaluation.judgement.calibration_maps import calibration_maps
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.evaluation.workload.lists import shown_at_capacity
from edgeofcare.evaluation.workload.use import Given, of_use
from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics.bootstrap import BootstrapResult, household_bootstrap

if TYPE_CHECKING:
    from edgeofcare.records.records import Records
    from edgeofcare.task import Task

__all__ = ["evaluate"]

ALL_ROWS = "all rows"
UNSEEN = "households never seen in training"
SEEN = "households seen in training"


def evaluate(
    model: Any,
    X: pd.DataFrame,
    y: pd.Series,
    *,
    cohort: pd.DataFrame | None = None,
    capacity: int | None = None,
    by: Sequence[str | Sequence[str]] | str | None = None,
    reference: Mapping[str, str] | None = None,
    train: pd.Index | None = None,
    baselines: Mapping[str, Any] | None = None,
    details: pd.DataFrame | None = None,
    records: Records | None = None,
    task: Task | None = None,
    summary: pd.DataFrame | None = None,
    criteria: Criteria | None = None,
    n_resamples: int = 1000,
    random_state: int = 0,
    progress: bool = False,
) -> Evaluation:
    """Show how good a model's risks are, for whom, for how long, and against the simple rules it would replace.

    Parameters
    ----------
    model : fitted classifier
        Anything with ``predict_proba``. Where it has ``margin(X)``, rows are ranked by that (so that ties from
        calibration cannot change a ranking measure). Where it has ``baselines_`` (a mapping of name to fitted
        classifier), each is measured on the same resamples and subtracted, ranked by its own ``margin(X)`` where it has
        one (the count rule by its count, which calibration would pool).
    X : DataFrame of shape (n, n_features)
        Features on the index (household_id, child_id, index_date).
    y : Series of shape (n,)
        Outcome, 0 or 1, on the same index in the same order.
    cohort : DataFrame, optional
        The cohort, which holds the columns that ``by`` names; it may have more rows than X.
    capacity : int, optional
        Children that a team can review in a calendar month. On each index date the children with the highest risks
        are chosen, as many as capacity times the months between consecutive index dates (median spacing in days
        divided by 30.4375, rounded; one month if there is one date); children tied at the cut share the last places.
    by : sequence of str or of pairs, optional
        Columns of the cohort whose groups are compared; ``("sex", "ethnic_group")`` compares every pair of groups.
    reference : mapping of str to str, optional
        Group of a column that its other groups are also compared with: ``{"sex": "female"}``.
    train : Index, optional
        Index of the rows that the model was fitted on, to tell households that it has seen from those it has not.
    baselines : mapping of str to fitted classifier, optional
        More to compare with, such as the last model or a rule of your own; one named as a baseline of the model
        replaces it. A :class:`~edgeofcare.Scorer` from ``load_model`` will do; X must then hold its features.
    details : DataFrame, optional
        From ``label_outcome(..., details=True)``, for lead times and for features that appear only near the outcome.
    records : Records, optional
        The case records, to count the entrants who were in no row of the cohort. Needs ``cohort`` and ``capacity``.
    task : Task, optional
        The outcome window; ``model.task`` if left out.
    summary : DataFrame, optional
        From ``explain(model, X).summary()``, to see whether one feature carries the model.
    criteria : Criteria, optional
        What the model must show before it is used; ``model.criteria`` if left out, else the defaults.
    n_resamples : int
        Resamples of households. With fewer than 200 the verdict judges no interval, and cannot be "use".
    random_state : int
        Seed of the resamples.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Evaluation
        Tidy frames with 95% intervals, without identifiers or dates.

    Raises
    ------
    IndexNamesError
        If X, y, cohort or train lack the index (household_id, child_id, index_date), or repeat a row of it.
    SpecError
        If X and y differ in their index, or predictions or options cannot be used. Options of the wrong kind are all
        named at once.

    Notes
    -----
    Intervals are percentiles over resamples of whole households, since the rows of one child and of siblings are not
    independent. Differences subtract model and baseline within each resample. With fewer than 75 entrants (distinct
    children who entered care) intervals carry a caution, with fewer than 30 they are called unreliable, and with
    fewer than 10 everything is suppressed.

    What is small stays unknown to those who do sums. Of a group or stratum with fewer than 10 entrants nothing is
    shown, not even its rows; and as many more are hidden as it takes for the total less what is shown to tell nothing
    (see :class:`~edgeofcare.evaluation.report.Evaluation`). Cells are counted in distinct children, not in rows.

    ``calibration_check`` says what a straight line on the log-odds, which keeps reasons exact, leaves undone: other
    maps of the model's risks are fitted on four fifths of the households and compared with it on the rest, in turn.

    ``recall_at_capacity`` is the share of rows with an entry that were chosen;
    ``entrants_found_at_capacity`` is the share of entrants chosen at least once on an index date whose outcome window
    holds their entry.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> dates = pd.to_datetime(["2023-04-01", "2023-07-01"])
    >>> index = pd.MultiIndex.from_tuples(
    ...     [(f"h{i // 2}", f"c{i}", date) for i in range(800) for date in dates],
    ...     names=["household_id", "child_id", "index_date"],
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(1.0, len(index)).astype(float)}, index=index)
    >>> chance = 1 / (1 + np.exp(3 - X["missing.count.90d"]))
    >>> y = (rng.uniform(size=len(X)) < chance).astype(int).rename("entered_care")
    >>> evaluation = evaluate(LogisticRegression().fit(X, y), X, y, capacity=20, n_resamples=100)
    >>> evaluation
    Evaluation(1,600 rows, 800 children, 400 households, 225 entrants on 2 index dates; 100 resamples)
    """
    options = Options(
        cohort=cohort,
        capacity=capacity,
        by=by,
        reference=reference,
        train=train,
        baselines=baselines,
        details=details,
        records=records,
        task=task,
        summary=summary,
        criteria=criteria,
        n_resamples=n_resamples,
        random_state=random_state,
    )
    options = check_options(options, model, X, y)
    rows = score_rows(model, X, y, baselines)
    given = Given.checked(X, y, cohort, details, records, options.task)
    asked = _asked(rows, X, options)
    stages = tqdm(total=len(asked.strata) + (asked.groups is not None) + 1, desc="evaluate", disable=not progress)
    found = _evaluated(rows, given, asked, stages)
    stages.close()
    return replace(found, alarms=_alarms(model, X, y, rows, given, found, summary), capacity=options.capacity)


class _Asked(NamedTuple):
    """What is to be measured."""

    groups: Columns | None
    reference: Mapping[str, str] | None
    limits: Criteria
    k: int | None
    selected: Mapping[str, Floats]
    strata: Mapping[str, NDArray[np.bool_]]
    n_resamples: int
    random_state: int


def _asked(rows: Scored, X: pd.DataFrame, options: Options) -> _Asked:
    """Groups, lists and strata of the rows."""
    k = None if options.capacity is None else reviews_per_date(options.capacity, rows.days)
    return _Asked(
        check_groups(options.cohort, options.by, X),
        options.reference,
        options.criteria or Criteria(),
        k,
        {} if k is None else {name: select_rows(score, rows.date, k) for name, score in rows.score.items()},
        _strata(rows, X, options.train),
        options.n_resamples,
        options.random_state,
    )


def _evaluated(rows: Scored, given: Given, asked: _Asked, stages: tqdm[Any]) -> Evaluation:
    """Everything but the alarms."""
    options: Any = {"n_resamples": asked.n_resamples, "random_state": asked.random_state}
    selected, grid = asked.selected, risk_grid(rows.risk["model"])
    cuts = np.union1d(thresholds_for(rows.risk["model"]), asked.limits.threshold_grid())
    whole = _bootstrap(rows, selected, grid=grid if grid.size > 1 else None, thresholds=cuts, **options)
    stages.update()
    measures, counts = _measured(rows, selected, asked.strata, whole, stages, **options)
    audit = GroupAudit.empty()
    if asked.groups is not None:
        audit = audit_groups(rows, asked.groups, selected.get("model"), reference=asked.reference, **options)
        stages.update()
    used = of_use(rows, selected, given, **options)
    stages.update()
    return Evaluation(
        measures=with_domain(pd.concat([measures, net_benefit_rows(rows, asked.limits, whole, cuts)])),
        groups=audit.groups,
        group_measures=audit.measures,
        counts=counts,
        calibration=calibration_frame(rows, grid, whole),
        calibration_check=calibration_maps(rows, random_state=asked.random_state),
        decision_curve=decision_frame(rows, cuts, whole),
        risk_distribution=risk_frame(rows),
        workload=used.workload,
        lead_time=used.lead_time,
        reach=used.reach,
        criteria=asked.limits,
        review_draws=used.review_draws,
        capacity=None,
        reviews_per_index_date=asked.k,
        **options,
    )


def _bootstrap(
    rows: Scored,
    selected: Mapping[str, Floats],
    *,
    n_resamples: int,
    random_state: int,
    grid: Floats | None = None,
    thresholds: Floats | None = None,
) -> BootstrapResult:
    """Bootstrap the model and its baselines on the same resamples."""
    return household_bootstrap(
        rows.y,
        rows.risk["model"],
        rows.household,
        baselines={name: risk for name, risk in rows.risk.items() if name != "model"},
        score=rows.score,
        selected=selected or None,
        child=rows.child if selected else None,
        grid=grid,
        thresholds=thresholds,
        n_resamples=n_resamples,
        random_state=random_state,
    )


def _measured(
    rows: Scored,
    selected: Mapping[str, Floats],
    strata: Mapping[str, NDArray[np.bool_]],
    whole: BootstrapResult,
    stages: tqdm[Any],
    *,
    n_resamples: int,
    random_state: int,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Measures and counts of all rows and of each stratum.

    What depends on who is reviewed is shown of strata only if it may be of each of them: one of two would tell of the
    other.
    """
    cells, parts = _cells(rows, strata), {name: rows.part(mask) for name, mask in strata.items()}
    chosen = {name: {m: share[mask] for m, share in selected.items()} for name, mask in strata.items()}
    open_in = {name: shown_at_capacity(parts[name], chosen[name]) for name in strata}
    everywhere = set.intersection(*open_in.values())
    frames = [measures_frame(whole, ALL_ROWS, cells[ALL_ROWS], at_capacity=open_in[ALL_ROWS])]
    for name in list(strata)[1:]:
        result = whole
        if not cells[name].hidden:
            result = _bootstrap(parts[name], chosen[name], n_resamples=n_resamples, random_state=random_state)
        frames.append(measures_frame(result, name, cells[name], at_capacity=everywhere))
        stages.update()
    counts = [counts_row(part, name, cells[name], total=name == ALL_ROWS) for name, part in parts.items()]
    return pd.concat(frames, ignore_index=True), pd.DataFrame(counts)


def _alarms(
    model: Any,
    X: pd.DataFrame,
    y: pd.Series,
    rows: Scored,
    given: Given,
    found: Evaluation,
    summary: pd.DataFrame | None,
) -> pd.DataFrame:
    """Warnings of results that are too good to be true, or that rest on too little."""
    trained = getattr(model, "training_counts_", None) or {}
    return alarms(
        found.measures,
        found.counts,
        training_entrants=trained.get("entrants"),
        summary=summary,
        calibration=calibration_chance(rows.y, rows.risk["model"], random_state=found.random_state),
        near=None if given.followup is None else near_outcome(X, y, given.followup),
    )


def _strata(rows: Scored, X: pd.DataFrame, train: pd.Index | None) -> dict[str, NDArray[np.bool_]]:
    """All rows, and those of households that training has and has not seen."""
    strata = {ALL_ROWS: np.ones(rows.y.size, dtype=np.bool_)}
    if train is not None:
        known = check_index(train, "train").get_level_values("household_id").unique()
        seen = np.asarray(X.index.get_level_values("household_id").isin(known), dtype=np.bool_)[rows.order]
        strata |= {UNSEEN: ~seen, SEEN: seen}
    return strata


def _cells(rows: Scored, strata: Mapping[str, NDArray[np.bool_]]) -> dict[str, Cell]:
    """How strata are written; small ones, and the one that would give a small one away, are hidden.

    Small is a stratum with few entrants, or with few children beside them.
    """
    parts = [name for name in strata if name != ALL_ROWS]
    held = [rows.part(strata[name]) for name in parts]
    cells = write_cells([each.n_entrants for each in held])
    if any(np.unique(each.child).size - each.n_entrants < SMALL for each in held):
        without = Cell(hidden=True, entrants=HIDDEN, note=FEW_WITHOUT)
        cells = [cell if cell.hidden else without for cell in cells]
    total = rows.n_entrants
    whole = Cell(hidden=total < SMALL, entrants=shown(total), note=interval_note(total))
    return {ALL_ROWS: whole, **dict(zip(parts, cells, strict=True))}
