"""Learn what is usual, from the rows that a model was made or tested on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.care import outcome_lag
from edgeofcare.cohort import build_cohort
from edgeofcare.exceptions import SpecError
from edgeofcare.outcome import label_outcome
from edgeofcare.records.lag.recording_lag import recording_lag
from edgeofcare.records.records import Records
from edgeofcare.task import Task
from edgeofcare.tracking.monitoring.baseline import MonitoringBaseline
from edgeofcare.tracking.monitoring.blocks import BLOCK_DAYS, DELAYS, TableBlocks, block_count, table_blocks
from edgeofcare.tracking.monitoring.codes import learn_codes
from edgeofcare.tracking.monitoring.drift import Drift, learn_drift
from edgeofcare.tracking.monitoring.entries import Followed, follow, learn_entries
from edgeofcare.tracking.monitoring.feedback import Gap, recorded_after, usual_gap
from edgeofcare.tracking.monitoring.growing import grows
from edgeofcare.tracking.monitoring.lists import ListUsual, learn_list, list_days
from edgeofcare.tracking.monitoring.loss import learn_telling
from edgeofcare.tracking.monitoring.rows import (
    Codes,
    feature_names,
    group_frame,
    model_risk,
    row_codes,
    same_rows,
    task_of,
)
from edgeofcare.tracking.monitoring.volume import learn_children, learn_volume

__all__ = ["delay_frame", "late_counts", "monitoring_baseline"]

_FEWEST_HOMES = 50
_FEWEST_DRAWS = 200
_LEAST_ROWS = 20  # rows a block, below which the delays of a table are not judged


def monitoring_baseline(
    model: Any,
    X: pd.DataFrame,
    cohort: pd.DataFrame | None,
    records: Records,
    *,
    capacity: int | None = None,
    earlier: Records | None = None,
    n_resamples: int = 2000,
    random_state: int = 0,
) -> MonitoringBaseline:
    """Learn what is usual from reference rows, so that :func:`edgeofcare.monitor` can tell a change from chance.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        The model that is to be monitored.
    X : DataFrame, shape (n_rows, n_features)
        Features of the reference rows: those of the newest year or two before the model came into use, on several
        index dates (monthly is best: each date shows what one month differs by), such as the test rows.
    cohort : DataFrame or None
        From :func:`edgeofcare.build_cohort`, with these rows; built from the records if None.
    records : Records
        The records that the features were built from.
    capacity : int, optional
        Children that a team can review in a month: the list of each monthly run.
    earlier : Records, optional
        An extract before ``records``, to learn how late rows appear where they have no recorded date.
    n_resamples : int, default 2000
        How often households are drawn anew; 200 or more.
    random_state : int, default 0
        Seed.

    Returns
    -------
    MonitoringBaseline
        Counts and figures without any identifier, date or small number: :meth:`MonitoringBaseline.to_dict` can be
        stored and shared.

    Raises
    ------
    SpecError
        If the model does not say its features and task, the rows have fewer than 50 households, or an option is not
        understood.
    IndexNamesError
        If the rows carry no names, or the cohort lacks some of them.

    Notes
    -----
    Features without a lookback (days since the first referral) grow with the length of an extract, in quiet months as
    well. Their drift is not judged; that they turn unknown or constant is.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> task, dates = eoc.Task(), pd.date_range("2020-04-01", "2022-03-01", freq="MS")
    >>> records = eoc.make_records(600, random_state=0, authority="sample")
    >>> cohort = eoc.build_cohort(records, task, index_dates=dates)
    >>> X = eoc.build_features(records, cohort, ["child.age", "missing.count.365d", "cp_plan.active"])
    >>> y = eoc.label_outcome(records, cohort, task)
    >>> model = eoc.make_risk_model("logistic", task=task).fit(X.loc[y.index], y)
    >>> monitoring_baseline(model, X, cohort, records, capacity=20, n_resamples=200)
    MonitoringBaseline(2020-04 to 2022-03, ... rows, 3 features)
    """
    _check(capacity, n_resamples)
    names, task = feature_names(model), task_of(model)
    X = X[names]
    codes = row_codes(X)
    if np.unique(codes.household).size < _FEWEST_HOMES:
        msg = f"The reference rows have fewer than {_FEWEST_HOMES} households, too few to learn what is usual."
        raise SpecError(msg)
    days = np.unique(codes.day)
    if cohort is None:
        cohort = build_cohort(records, task, index_dates=days.astype("datetime64[D]").astype("datetime64[s]"))
    risk = model_risk(model, X)
    groups = group_frame(same_rows(cohort, X.index, "cohort"), risk, codes.day, capacity)
    options: dict[str, Any] = {"n_resamples": n_resamples, "random_state": random_state}
    tables = _reference_blocks(records, days)
    homes = [int(np.unique(codes.household[codes.day == day]).size) for day in days]
    entries, lists = _outcomes(records, risk, task, capacity)
    return MonitoringBaseline(
        months=(str(np.datetime64(int(days[0]), "D"))[:7], str(np.datetime64(int(days[-1]), "D"))[:7]),
        capacity=capacity,
        rows=len(X),
        households=int(np.unique(codes.household).size),
        features=learn_drift(_judged(X, risk), codes.household, codes.child, codes.day, **options),
        groups=learn_drift(groups, codes.household, codes.child, codes.day, **options),
        lag=_learn_lag(tables, options),
        telling=learn_telling(X, codes.household, codes.day),
        volume=learn_volume(tables),
        children=learn_children(days, homes),
        codes=learn_codes(tables),
        late={} if earlier is None else late_counts(earlier, records),
        entries=entries,
        lists=lists,
        recording=_recording(records, risk, codes, capacity, random_state),
    )


def _judged(X: pd.DataFrame, risk: pd.Series) -> pd.DataFrame:
    """Features that are held against their reference, and the risk; those without a lookback drift in quiet months."""
    return X[[name for name in X if not grows(str(name))]].assign(**{str(risk.name): risk})


def _check(capacity: int | None, n_resamples: int) -> None:
    """Refuse options that are not understood."""
    whole = capacity is None or (isinstance(capacity, int | np.integer) and not isinstance(capacity, bool))
    if not whole or (capacity is not None and capacity < 1):
        msg = "capacity must be a whole number of children a month, at least 1."
        raise SpecError(msg)
    if not isinstance(n_resamples, int | np.integer) or n_resamples < _FEWEST_DRAWS:
        msg = f"n_resamples must be a whole number, at least {_FEWEST_DRAWS}; 2000 is usual."
        raise SpecError(msg)


def _reference_blocks(records: Records, days: np.ndarray) -> list[TableBlocks]:
    """Blocks of four weeks from the first reference date to the last, or a year where there is only one."""
    first, last = (np.datetime64(int(day), "D") for day in (days[0], days[-1]))
    return table_blocks(records, last, max(block_count(first, last), 365 // BLOCK_DAYS))


def _outcomes(records: Records, risk: pd.Series, task: Task, capacity: int | None) -> tuple[Any, dict[str, ListUsual]]:
    """When entries can be seen, and what the list finds, from the rows that were followed over the whole horizon."""
    if records.scoring_only:
        return None, {}
    kept = Task.from_dict({**task.to_dict(), "incomplete": "drop"})
    whole = label_outcome(records, pd.DataFrame(index=risk.index), kept, need_entry=False).index
    if not len(whole):
        return None, {}
    rows: Followed = follow(records, risk.loc[whole], task, task.horizon_days)
    lists = {}
    if capacity is not None:
        for stage, days in list_days(task.horizon_days, outcome_lag(records)).items():
            if (found := learn_list(rows, days, capacity)) is not None:
                lists[stage] = found
    return learn_entries(rows, task.horizon_days), lists


def delay_frame(tables: Sequence[TableBlocks]) -> tuple[pd.DataFrame, Codes]:
    """Days until each row was recorded, a column a table; the block of each row stands for its date.

    Parameters
    ----------
    tables : sequence of TableBlocks
        Blocks.

    Returns
    -------
    frame : DataFrame
        Unknown in the columns of other tables.
    codes : Codes
        Of its rows.
    """
    told = [each for each in tables if each.coded[DELAYS].notna().any()]
    if not told:
        none = np.zeros(0, dtype=np.int64)
        return pd.DataFrame(), Codes(none, none, none)
    frame = pd.concat([each.coded[[DELAYS]].rename(columns={DELAYS: each.name}) for each in told], ignore_index=True)
    parts = [np.concatenate([getattr(each, name) for each in told]) for name in ("household", "child", "block")]
    return frame.astype("float64"), Codes(*parts)


def _learn_lag(tables: Sequence[TableBlocks], options: dict[str, Any]) -> Drift | None:
    """How late rows are recorded."""
    enough = [each for each in tables if each.block.size >= _LEAST_ROWS * each.n_blocks]
    frame, codes = delay_frame(enough)
    if frame.empty:
        return None
    return learn_drift(frame, codes.household, codes.child, codes.day, known_only=True, **options)


def late_counts(earlier: Records, later: Records) -> dict[str, tuple[int, int]]:
    """Rows of the last four weeks of an extract that it did not have yet, and all of them, by table.

    Parameters
    ----------
    earlier, later : Records
        Two extracts of one authority.

    Returns
    -------
    dict of str to tuple of int
        Tables with 20 such rows or more.
    """
    curve = recording_lag(earlier, later).curve
    near = curve[(curve["event"] == "start") & (curve["days"] < BLOCK_DAYS)]
    sums = near.groupby("table")[["rows", "present"]].sum()
    return {
        str(name): (int(rows - present), int(rows))
        for name, rows, present in zip(sums.index, sums["rows"], sums["present"], strict=True)
        if rows >= _LEAST_ROWS
    }


def _recording(records: Records, risk: pd.Series, codes: Codes, capacity: int | None, seed: int) -> Gap | None:
    """Recording on either side of the cut, while there was no list."""
    if capacity is None:
        return None
    until = np.datetime64(records.observed_until, "D").astype(np.int64) + 1
    keep = codes.day + BLOCK_DAYS <= until
    if not keep.any():
        return None
    child = risk.index.get_level_values("child_id").to_numpy(dtype=str)[keep]
    return usual_gap(
        recorded_after(records, child, codes.day[keep]),
        risk.to_numpy()[keep],
        codes.day[keep],
        codes.household[keep],
        capacity,
        random_state=seed,
    )
