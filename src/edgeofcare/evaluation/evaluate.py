"""Evaluate a fitted model on rows that it has not seen, against the rules that it would replace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from edgeofcare.evaluation._frames import (
    calibration_frame,
    counts_row,
    decision_frame,
    measures_frame,
    risk_frame,
    risk_grid,
    thresholds_for,
)
from edgeofcare.evaluation._groups import GROUP_COLUMNS, check_groups, group_rows
from edgeofcare.evaluation._inputs import Scored, check_index, score_rows
from edgeofcare.evaluation._small import SMALL, Cell, interval_note, shown, write_cells
from edgeofcare.evaluation.capacity import reviews_per_date, select_rows
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics.bootstrap import BootstrapResult, household_bootstrap

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
    by: Sequence[str] | str | None = None,
    train: pd.Index | None = None,
    n_resamples: int = 1000,
    random_state: int = 0,
    progress: bool = False,
) -> Evaluation:
    """Show how good a model's risks are, for whom, and against the simple rules it would replace.

    Parameters
    ----------
    model : fitted classifier
        Anything with ``predict_proba``. Where it has ``margin(X)``, rows are ranked by that (so that ties from
        calibration cannot change a ranking measure). Where it has ``baselines_`` (a mapping of name to fitted
        classifier), each is measured on the same resamples and subtracted, ranked by its own ``margin(X)`` where it has
        one (the count rule by its count, which calibration would pool); ``count_rule`` is the one that
        :meth:`~edgeofcare.evaluation.report.Evaluation.verdict` compares with.
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
    by : sequence of str, optional
        Columns of the cohort whose groups are compared.
    train : Index, optional
        Index of the rows that the model was fitted on, to tell households that it has seen from those it has not.
    n_resamples : int
        Resamples of households.
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
        If X and y differ in their index, or predictions or options cannot be used.

    Notes
    -----
    Intervals are percentiles over resamples of whole households, since the rows of one child and of siblings are not
    independent. Differences subtract model and baseline within each resample. With fewer than 75 entrants (distinct
    children who entered care) intervals carry a caution, with fewer than 30 they are called unreliable, and with
    fewer than 10 everything is suppressed.

    What is small stays unknown to those who do sums. Of a group or stratum with fewer than 10 entrants nothing is
    shown, not even its rows; and as many more are hidden as it takes for the total less what is shown to tell nothing
    (see :class:`~edgeofcare.evaluation.report.Evaluation`). Cells are counted in distinct children, not in rows.

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
    rows = score_rows(model, X, y)
    groups = check_groups(cohort, by, X)
    k = None if capacity is None else reviews_per_date(capacity, rows.days)
    selected = {} if k is None else {name: select_rows(score, rows.date, k) for name, score in rows.score.items()}
    strata = _strata(rows, X, train)
    stages = tqdm(total=len(strata) + (groups is not None), desc="evaluate", disable=not progress)
    grid, cuts = risk_grid(rows.risk["model"]), thresholds_for(rows.risk["model"])
    whole = _bootstrap(rows, selected, n_resamples, random_state, grid=grid if grid.size > 1 else None, thresholds=cuts)
    stages.update()
    cells = _cells(rows, strata)
    frames, counts = [], []
    for name, mask in strata.items():
        part = rows.part(mask)
        counts.append(counts_row(part, name, cells[name], total=name == ALL_ROWS))
        result = whole
        if name != ALL_ROWS:
            if not cells[name].hidden:
                chosen = {model_name: share[mask] for model_name, share in selected.items()}
                result = _bootstrap(part, chosen, n_resamples, random_state)
            stages.update()
        frames.append(measures_frame(result, name, cells[name]))
    table = [] if groups is None else list(group_rows(rows, groups, selected.get("model"), n_resamples, random_state))
    stages.close()
    return Evaluation(
        measures=pd.concat(frames, ignore_index=True),
        groups=pd.DataFrame(table, columns=list(GROUP_COLUMNS)),
        counts=pd.DataFrame(counts),
        calibration=calibration_frame(rows, grid, whole),
        decision_curve=decision_frame(rows, cuts, whole),
        risk_distribution=risk_frame(rows),
        capacity=None if capacity is None else int(capacity),
        reviews_per_index_date=k,
        n_resamples=int(n_resamples),
        random_state=int(random_state),
    )


def _bootstrap(
    rows: Scored,
    selected: Mapping[str, Floats],
    n_resamples: int,
    random_state: int,
    *,
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


def _strata(rows: Scored, X: pd.DataFrame, train: pd.Index | None) -> dict[str, NDArray[np.bool_]]:
    """All rows, and those of households that training has and has not seen."""
    strata = {ALL_ROWS: np.ones(rows.y.size, dtype=np.bool_)}
    if train is not None:
        known = check_index(train, "train").get_level_values("household_id").unique()
        seen = np.asarray(X.index.get_level_values("household_id").isin(known), dtype=np.bool_)[rows.order]
        strata |= {UNSEEN: ~seen, SEEN: seen}
    return strata


def _cells(rows: Scored, strata: Mapping[str, NDArray[np.bool_]]) -> dict[str, Cell]:
    """How strata are written; small ones, and the one that would give a small one away, are hidden."""
    parts = [name for name in strata if name != ALL_ROWS]
    cells = write_cells([rows.part(strata[name]).n_entrants for name in parts])
    total = rows.n_entrants
    whole = Cell(hidden=total < SMALL, entrants=shown(total), note=interval_note(total))
    return {ALL_ROWS: whole, **dict(zip(parts, cells, strict=True))}
