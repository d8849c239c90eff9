"""Hold a monthly run of a model against what was usual when it was made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.care import outcome_lag
from edgeofcare.cohort import build_cohort
from edgeofcare.dates import one_day, refuse_late
from edgeofcare.exceptions import SpecError
from edgeofcare.features.build import build_features
from edgeofcare.records.records import Records
from edgeofcare.task import Task
from edgeofcare.tracking.monitoring.baseline import MonitoringBaseline
from edgeofcare.tracking.monitoring.blocks import BLOCK_DAYS, TableBlocks, table_blocks
from edgeofcare.tracking.monitoring.checks import FALSE_RUNS, Check, with_alarms
from edgeofcare.tracking.monitoring.codes import code_checks
from edgeofcare.tracking.monitoring.columns import drift_checks, group_checks, lag_checks, late_checks
from edgeofcare.tracking.monitoring.entries import MONTHS, entries_checks, follow
from edgeofcare.tracking.monitoring.expiry import expiry_check
from edgeofcare.tracking.monitoring.feedback import (
    feedback_check,
    freedom_at_cut,
    gap_at_cut,
    near_cut,
    recorded_after,
)
from edgeofcare.tracking.monitoring.learn import delay_frame, late_counts
from edgeofcare.tracking.monitoring.lists import capacity_checks, list_days, listed, override_check
from edgeofcare.tracking.monitoring.loss import loss_checks
from edgeofcare.tracking.monitoring.result import Monitoring
from edgeofcare.tracking.monitoring.rows import (
    MODEL_ID,
    child_days,
    feature_names,
    find_rows,
    group_frame,
    row_codes,
    same_rows,
    score_frame,
    task_of,
)
from edgeofcare.tracking.monitoring.volume import children_check, volume_checks
from edgeofcare.tracking.run_days import named_days, run_days

__all__ = ["monitor"]

_RECENT = MONTHS[3] + 5  # days in which three monthly runs lie


def monitor(
    model: Any,
    scores: Any,
    records: Records,
    *,
    baseline: MonitoringBaseline | Mapping[str, Any] | None = None,
    index_date: str | dt.date | pd.Timestamp | None = None,
    X: pd.DataFrame | None = None,
    cohort: pd.DataFrame | None = None,
    earlier: Records | None = None,
    false_runs: float = FALSE_RUNS,
    runs: Iterable[Any] | None = None,
) -> Monitoring:
    """Say what changed since a model was made, and whether it still holds: one call for each monthly run.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        The model in use.
    scores : Ledger or DataFrame
        Risks of this run and the earlier ones: a ledger, or a frame with ``risk`` (and ``model_id``) on the index.
    records : Records
        The newest extract. What became known on or after the index date is not looked at.
    baseline : MonitoringBaseline or mapping, optional
        What was usual: from :func:`edgeofcare.monitoring_baseline`, or its ``to_dict()``; what the model file holds
        if left out.
    index_date : str or date, optional
        The run; the newest if left out.
    X : DataFrame, optional
        Features of the rows of this run; built from the records if left out. Give them where features need a
        definition of their own.
    cohort : DataFrame, optional
        From :func:`edgeofcare.build_cohort`, with the rows of this run; built if left out. ``X`` and this are matched
        by child and index date, whatever the households are called.
    earlier : Records, optional
        The extract of the run before, to measure how late rows appear where they have no recorded date. The baseline
        must have been made with one, too.
    false_runs : float, default 1/48
        Share of quiet runs in which a false alarm is allowed by chance.
    runs : iterable of str or date, optional
        The days on which everybody was scored. If left out, every day of the scores but those with fewer than half as
        many as usual, such as a child scored by itself; ``index_date`` is always one. Other scores are left out.

    Returns
    -------
    Monitoring
        Checks and alarms in plain words; ``to_html()`` and ``to_json()``.

    Raises
    ------
    SpecError
        If the scores have no row of the run, there is no baseline or it is of other features, or an option is not
        understood.
    IndexNamesError
        If rows carry no names, or ``X`` or ``cohort`` lacks some.
    LeakageError
        If the index date lies after the end of the records.

    Notes
    -----
    Every threshold is a quantile under "nothing changed": households drawn anew together with whole reference dates for
    what drifts (see :func:`edgeofcare.monitoring_baseline`), exact tests of households for codes, Student's t of
    earlier four-week blocks for volume, counts with the design effect of households for entries and the list, and
    Student's t of households for recording on either side of the cut.
    Within a kind of check the largest of all its columns is judged; between kinds ``false_runs`` is divided evenly. So
    an alarm means that something did change, not that it matters: the words say what it may mean.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> task, dates = eoc.Task(), pd.date_range("2020-04-01", "2022-04-01", freq="MS")
    >>> records = eoc.make_records(600, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=dates)
    >>> X = eoc.build_features(records, cohort, ["child.age", "missing.count.365d", "cp_plan.active"])
    >>> y = eoc.label_outcome(records, cohort, task)
    >>> old = X.index.get_level_values("index_date") < dates[-1]
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X[old].loc[y[old].index], y[old])
    >>> usual = eoc.monitoring_baseline(model, X[old], cohort, records, n_resamples=200)
    >>> scores = pd.DataFrame({"risk": model.predict_proba(X)[:, 1]}, X.index)
    >>> eoc.monitor(model, scores, records, baseline=usual)
    Monitoring(2022-04-01: no alarm in ... checks)
    """
    usual = _usual(model, baseline)
    names, task = feature_names(model), task_of(model)
    if set(names) != set(usual.telling):
        msg = "baseline is of other features than the model. Make it for this one."
        raise SpecError(msg)
    if isinstance(false_runs, bool) or not isinstance(false_runs, Real) or not 0 < false_runs < 1:
        msg = "false_runs must be a number between 0 and 1: the share of quiet runs with a false alarm, such as 1/48."
        raise SpecError(msg)
    every = score_frame(scores, model)
    every, run, left_out = _of_runs(every, index_date, runs)
    refuse_late(run, np.datetime64(records.observed_until, "D"), "index_date")
    rows = every[_days(every) == run]
    if not len(rows):
        msg = "scores hold no row of this index date. Score it first, and give these scores too."
        raise SpecError(msg)
    X = build_features(records, rows, names) if X is None else same_rows(X, rows.index, "X")[names]
    checks = [
        *_row_checks(rows, X, usual),
        *_group_checks(rows, usual, records, task, cohort),
        *_table_checks(records, run, usual, earlier),
        *_score_checks(every, records, task, run, usual, left_out),
        *_ledger_checks(scores, every, run, usual),
        *expiry_check(model, run),
    ]
    return Monitoring(
        checks=with_alarms(checks, false_runs),
        index_date=str(run),
        model_id=getattr(model, "model_id", None),
        reference=usual.months,
        false_runs=false_runs,
    )


def _usual(model: Any, baseline: MonitoringBaseline | Mapping[str, Any] | None) -> MonitoringBaseline:
    """What was usual: as given, or as the model file holds it."""
    if isinstance(baseline, MonitoringBaseline):
        return baseline
    said = getattr(model, "manifest", {}).get("monitoring") if baseline is None else baseline
    if said is None:
        msg = (
            "There is no monitoring baseline: the model carries none. Give one, as monitoring_baseline makes it, or "
            "save the model with save_model(..., monitoring=...)."
        )
        raise SpecError(msg)
    return MonitoringBaseline.from_dict(said)


def _days(scores: pd.DataFrame) -> np.ndarray:
    """Index date of each row."""
    return scores.index.get_level_values("index_date").to_numpy().astype("datetime64[D]")


def _of_runs(scores: pd.DataFrame, given: Any, runs: Any) -> tuple[pd.DataFrame, np.datetime64, bool]:
    """Scores of runs up to this one, its day, and whether others up to it were left out."""
    named = named_days(runs)
    day = None if given is None else one_day(given, "index_date")
    if day is not None:
        scores = scores[_days(scores) <= day]
    found = run_days(_days(scores), named) if len(scores) else np.array([], dtype="datetime64[D]")
    found = found if day is None else np.append(found, day)
    kept = scores[np.isin(_days(scores), found)]
    if not len(kept):
        msg = "scores hold no row of a run. Score it first, and give these scores too."
        raise SpecError(msg)
    return kept, _days(kept).max() if day is None else day, len(kept) < len(scores)


def _row_checks(rows: pd.DataFrame, X: pd.DataFrame, usual: MonitoringBaseline) -> list[Check]:
    """Features and risks of the run."""
    codes = row_codes(X)
    lost = loss_checks(X, codes.household, usual.telling)
    if usual.features is None:
        return lost
    frame = X.drop(columns=[each.about for each in lost]).assign(risk=rows["risk"])
    return [*lost, *drift_checks(usual.features, frame, codes.household)]


def _group_checks(
    rows: pd.DataFrame, usual: MonitoringBaseline, records: Records, task: Task, cohort: pd.DataFrame | None
) -> list[Check]:
    """Groups of the run; of rows that are not eligible by the records as they stand now, nothing is known."""
    if usual.groups is None:
        return []
    if cohort is None:
        cohort = build_cohort(records, task, index_dates=rows.index.get_level_values("index_date").unique())
        place = find_rows(cohort, rows.index, "cohort")
    else:
        cohort, place = same_rows(cohort, rows.index, "cohort"), np.arange(len(rows))
    there = place >= 0
    if not there.any():
        return []
    codes = row_codes(rows)
    groups = group_frame(cohort.iloc[place], rows["risk"], codes.day, usual.capacity)
    return group_checks(usual.groups, groups[there], codes.household[there], left_out=int((~there).sum()))


def _table_checks(
    records: Records, run: np.datetime64, usual: MonitoringBaseline, earlier: Records | None
) -> list[Check]:
    """Volume, codes and delays of what became known in the last twelve weeks."""
    tables: list[TableBlocks] = table_blocks(records, run, 3)
    found = [*volume_checks(tables, dict(usual.volume)), *code_checks(tables, usual.codes)]
    if usual.lag is not None:
        frame, codes = delay_frame(tables)
        last = codes.day == 0
        found += lag_checks(usual.lag, frame[last], codes.household[last])
    if earlier is not None and usual.late:
        last_block = {each.name: int((each.block == 0).sum()) / max(1, int(each.households()[0])) for each in tables}
        found += late_checks(usual.late, late_counts(earlier, records), last_block)
    return found


def _score_checks(
    scores: pd.DataFrame,
    records: Records,
    task: Task,
    run: np.datetime64,
    usual: MonitoringBaseline,
    left_out: bool,
) -> list[Check]:
    """What followed from this run and earlier ones."""
    day, codes = int(run.astype(np.int64)), row_codes(scores)
    days = np.unique(codes.day)
    homes = [int(np.unique(codes.household[codes.day == each]).size) for each in days]
    found = [children_check(days, homes, int((codes.day == day).sum()), dict(usual.children), left_out)]
    found += _outcome_checks(scores["risk"], codes.day, records, task, day, usual)
    near = (codes.day <= day - BLOCK_DAYS) & (codes.day >= day - _RECENT)
    if usual.recording is not None and usual.capacity is not None and near.any():
        above, below = near_cut(scores["risk"].to_numpy()[near], codes.day[near], usual.capacity)
        child = scores.index.get_level_values("child_id").to_numpy(dtype=str)[near]
        sides = (above, below, codes.household[near])
        now = gap_at_cut(recorded_after(records, child, codes.day[near]), *sides)
        found += [] if now is None else [feedback_check(now, usual.recording, freedom_at_cut(*sides))]
    return found


def _outcome_checks(
    risk: pd.Series, days: np.ndarray, records: Records, task: Task, day: int, usual: MonitoringBaseline
) -> list[Check]:
    """Entries after the scores of the last months, and what the newest lists with known outcomes found."""
    if records.scoring_only:
        return []
    lag = outcome_lag(records)
    recent = (days < day) & (days >= day - _RECENT - task.gap_days - lag)
    within = list_days(task.horizon_days, lag)
    wait = {"so far": task.gap_days + MONTHS[3] + lag, "whole": task.gap_days + task.horizon_days + lag}
    newest = [days[days + wait[stage] <= day].max(initial=-1) for stage in usual.lists]
    wanted = recent | np.isin(days, newest)
    if not wanted.any():
        return []
    rows = follow(records, risk[wanted], task, task.horizon_days)
    found = []
    if usual.entries is not None:
        found += entries_checks(rows, usual.entries, day, task.gap_days, lag)
    if usual.lists and usual.capacity is not None:
        found += capacity_checks(rows, usual.lists, usual.capacity, day, days=within, wait=wait)
    return found


def _ledger_checks(scores: Any, every: pd.DataFrame, run: np.datetime64, usual: MonitoringBaseline) -> list[Check]:
    """Share overridden of the children on the list, where a ledger says so."""
    if not callable(getattr(scores, "entries", None)) or usual.capacity is None:
        return []
    codes, day = row_codes(every), int(run.astype(np.int64))
    on = listed(every["risk"].to_numpy(), codes.day, usual.capacity) > 0.5
    found = override_check(pd.Series(_overridden(scores, every, run)[on]), codes.day[on], day)
    return [] if found is None else [found]


def _overridden(ledger: Any, every: pd.DataFrame, run: np.datetime64) -> np.ndarray:
    """Rows whose score somebody had overridden before the run; an entry that names no model is of any."""
    done = ledger.entries("overridden")
    if not len(done):
        return np.zeros(len(every), dtype=bool)
    held = pd.to_datetime(done["when"].astype("str").str[:10], format="%Y-%m-%d", errors="coerce")
    done = done[(held < pd.Timestamp(run)).to_numpy()]
    named = (done[MODEL_ID] != "").to_numpy(dtype=bool)
    of_model = child_days(every, MODEL_ID).isin(child_days(done[named], MODEL_ID))
    return np.asarray(of_model | child_days(every).isin(child_days(done[~named])))
