"""Move the level of a model when children enter care clearly more or less often than it expects."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.metrics._arrays import Floats
from edgeofcare.metrics.bootstrap import percentile_interval
from edgeofcare.models.calibration_history import Anchoring
from edgeofcare.models.entry_timing import EntryTiming, uniform_timing
from edgeofcare.models.recalibration import Recalibration, intercept_for
from edgeofcare.models.risk_model import RiskClassifier
from edgeofcare.models.rows import RowGroups, check_aligned, check_row_names, row_groups

__all__ = ["REANCHORING_COLUMNS", "Reanchoring", "reanchor"]

REANCHORING_COLUMNS = (
    "first_month",
    "last_month",
    "days",
    "rows",
    "entrants",
    "share_of_entries",
    "expected",
    "observed_expected_ratio",
    "ci_low",
    "ci_high",
    "note",
)
_SMALL, _CAUTION = 10, 75
_FEWEST = 200  # resamples: below, the ends of a 95% interval hang on a handful of them


@dataclass(frozen=True)
class Reanchoring:
    """What the newest index dates say of the level of a model, and the model to go on with.

    Attributes
    ----------
    model : RiskClassifier
        A copy with another intercept, the next version; or the model that was given, as it was.
    moved : bool
        Whether the intercept was moved.
    table : DataFrame
        One row: months of the first and last index date, days observed, rows, entrants, share of a horizon's
        entries in these days, expected entries, ratio of observed to expected with its interval, note. Fewer than 10
        entrants are hidden, and with them the ratio.
    text : str
        What was found and done, in plain words.
    """

    model: RiskClassifier
    moved: bool
    table: pd.DataFrame
    text: str

    def __repr__(self) -> str:
        return f"Reanchoring(version {self.model.calibration_.version}, {'moved' if self.moved else 'not moved'})"


def reanchor(
    model: RiskClassifier,
    X: pd.DataFrame,
    y: pd.Series,
    *,
    days: int,
    timing: EntryTiming | None = None,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> Reanchoring:
    r"""Compare entries in the first days of the window with those expected, and move the level if they differ.

    Outcomes are known a whole horizon late. The first three months of the window tell much sooner whether more or
    fewer children enter care than the model expects.

    Parameters
    ----------
    model : RiskClassifier
        Fitted, on earlier index dates than those of ``X``, which must be new to it.
    X : DataFrame, shape (n_rows, n_features)
        Features of rows whose first ``days`` days of the window have been observed.
    y : Series, shape (n_rows,)
        1 if the child entered care within these days, otherwise 0; on the index of ``X``. It is what
        :func:`edgeofcare.label_outcome` gives for a task whose horizon is ``days``.
    days : int
        Days of the window that were observed, such as 91.
    timing : EntryTiming, optional
        Which share of a horizon's entries its first days hold, learned from the training rows by
        :func:`edgeofcare.entry_timing`. Without it entries are taken to spread evenly over ``model.task``'s
        horizon, and the text says so: give it wherever you can.
    n_resamples : int, default 1000
        Resamples of households for the interval; 200 or more.
    random_state : int, default 0
        Their seed.

    Returns
    -------
    Reanchoring
        The model to go on with, the ratio with its interval, and what was done.

    Raises
    ------
    SpecError
        If the model is not a fitted RiskClassifier with named rows, a row of ``X`` is on an index date of its training
        or an earlier one, ``y`` is not 0 or 1, ``days`` is not within the horizon, the timing is of another horizon
        than the model's task, or there are fewer than 200 resamples.
    IndexNamesError
        If the rows have no names, or ``y`` belongs to other rows.

    Notes
    -----
    Expected are :math:`E = F(d) \sum_i p_i`, where :math:`p_i` is the risk over the whole horizon and :math:`F(d)` the
    share of entries within :math:`d` days. The interval of :math:`O / E` resamples households, and draws :math:`F(d)`
    within its own standard error on the log-odds. If the interval leaves 1, the intercept is moved so that
    :math:`E = O`; slope, ranks and reasons stay. With fewer than 30 entrants nothing is moved.

    The timing must still hold: where children enter sooner than they did, but no more often, this ratio leaves 1 too.

    Save the new model without the evaluation and run record of the old one: they are about its old level.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> names = [f"{number:05d}" for number in range(6000)]
    >>> index = pd.MultiIndex.from_arrays(
    ...     [names, names, np.repeat(np.array(["2023-04-01", "2024-10-01"], dtype="datetime64[s]"), 3000)],
    ...     names=["household_id", "child_id", "index_date"],
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(0.5, 6000) * 1.0}, index=index)
    >>> chance = 0.1 * (1 + X["missing.count.90d"])
    >>> y = (rng.random(6000) < chance).astype(int)
    >>> model = RiskClassifier(kind="logistic").fit(X[:3000], y[:3000])
    >>> soon = (rng.random(3000) < 0.5 * 0.25 * chance[3000:]).astype(int)
    >>> found = reanchor(model, X[3000:], soon, days=91, timing=uniform_timing(364))
    >>> found
    Reanchoring(version 2, moved)
    >>> bool(model.calibration_.intercept > found.model.calibration_.intercept)
    True
    """
    seen = _seen(model, X, y, days, timing)
    ratios = _ratios(seen, n_resamples, random_state)
    low, high = (float(end) for end in percentile_interval(ratios))
    line, move = model.calibration_, None
    if seen.entrants >= Anchoring.LEAST_ENTRANTS and (low > 1 or high < 1):
        move = _move(seen, line, low, high)
    moved = model
    if move is not None:
        moved = copy.copy(model)
        moved.calibration_ = replace(
            line, intercept=move.intercept_after, version=move.version, history=(*line.history, move)
        )
    return Reanchoring(moved, move is not None, _table(seen, low, high), _text(seen, low, high, move))


class _Seen(NamedTuple):
    """What was observed, beside what was expected."""

    log_odds: Floats
    risk: Floats
    y: Floats
    groups: RowGroups
    entrants: int
    days: int
    timing: EntryTiming

    @property
    def share(self) -> float:
        """Share of a horizon's entries that the days hold."""
        return self.timing.within(self.days)

    @property
    def expected(self) -> float:
        """Entries expected within the days."""
        return self.share * float(self.risk.sum())

    @property
    def ratio(self) -> float:
        """Observed to expected."""
        return float(self.y.sum()) / self.expected

    @property
    def months(self) -> tuple[str, str]:
        """Months of the first and last index date."""
        day = self.groups.day
        first, last = (str(np.datetime64(int(d), "D").astype("datetime64[M]")) for d in (day.min(), day.max()))
        return first, last


def _seen(model: RiskClassifier, X: pd.DataFrame, y: pd.Series, days: int, timing: EntryTiming | None) -> _Seen:
    """Check everything given, and put the rows in order."""
    if not isinstance(model, RiskClassifier) or model.independent_rows:
        what = f"a {type(model).__name__}" if not isinstance(model, RiskClassifier) else "a model of unrelated rows"
        msg = (
            f"model is {what}; expected a fitted RiskClassifier of named rows. A loaded model can only score: "
            "re-anchor the model it was saved from (edgeofcare.reproduce trains it again), and save that."
        )
        raise SpecError(msg)
    check_is_fitted(model, "estimator_")
    check_row_names(X)
    if not isinstance(y, pd.Series):
        msg = f"y is a {type(y).__name__}; expected a Series on the index of X."
        raise IndexNamesError(msg)
    check_aligned(X, y)
    if not len(X) or (wrong := int((~y.isin([0, 1])).sum())):
        msg = "X has no rows." if not len(X) else f"y has {wrong} of {len(y)} values that are neither 0 nor 1."
        raise SpecError(msg)
    _refuse_old_rows(model, X)
    timing = _timing(model, timing)
    if timing.within(days) <= 0:
        msg = (
            f"No entry is expected within the first {days} days of the window, so nothing can be compared. Wait longer."
        )
        raise SpecError(msg)
    groups, log_odds, outcome = row_groups(X), model.log_odds(X), y.to_numpy(dtype=np.float64)
    order = np.lexsort((outcome, log_odds, groups.day, groups.child, groups.household))
    groups = RowGroups(*(code[order] for code in groups))
    log_odds, outcome = log_odds[order], outcome[order]
    entrants = int(np.unique(groups.child[outcome == 1]).size)
    return _Seen(log_odds, _expit(log_odds), outcome, groups, entrants, int(days), timing)


def _refuse_old_rows(model: RiskClassifier, X: pd.DataFrame) -> None:
    """Refuse index dates that the model has learned from: on them its level is right whatever has happened since."""
    day = X.index.get_level_values("index_date").to_numpy().astype("datetime64[D]")
    old = int((day <= model.trained_until_).sum())
    if old:
        msg = (
            f"{old} of {len(X)} rows of X are on index dates that the model was trained on, or earlier ones. "
            "Re-anchoring compares with what is new: pass later index dates only."
        )
        raise SpecError(msg)


def _timing(model: RiskClassifier, timing: EntryTiming | None) -> EntryTiming:
    """The timing given, or entries spread evenly over the horizon of the model's task."""
    horizon = None if model.task is None else model.task.horizon_days
    if timing is None:
        if horizon is None:
            msg = "The model has no task, so its horizon is not known. Give timing=entry_timing(details, horizon_days)."
            raise SpecError(msg)
        return uniform_timing(horizon)
    if not isinstance(timing, EntryTiming) or (horizon is not None and timing.horizon_days != horizon):
        msg = (
            "timing is not of the model's horizon; learn it with entry_timing(details, task.horizon_days) from the "
            "training rows, labelled with the model's task."
        )
        raise SpecError(msg)
    return timing


def _ratios(seen: _Seen, n_resamples: int, random_state: int) -> Floats:
    """Observed to expected in resamples of households, the share of entries drawn within its standard error."""
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer) or n_resamples < _FEWEST:
        msg = f"n_resamples must be a whole number, at least {_FEWEST}; 1000 is usual."
        raise SpecError(msg)
    size = int(seen.groups.household.max()) + 1
    if size < 2:
        return np.full(n_resamples, np.nan)
    sums = np.column_stack([np.bincount(seen.groups.household, values, size) for values in (seen.y, seen.risk)])
    rng = np.random.default_rng(random_state)
    counts = (np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(n_resamples))
    drawn = np.array([np.einsum("h,hk->k", count.astype(np.float64), sums) for count in counts])
    return drawn[:, 0] / (_shares(seen, n_resamples, random_state) * drawn[:, 1])


def _shares(seen: _Seen, n_resamples: int, random_state: int) -> Floats:
    """Share of entries, drawn within its standard error on the log-odds; always the same where it is certain."""
    share, error = seen.share, float(seen.timing.standard_error[seen.days])
    if error == 0 or share == 1:
        return np.full(n_resamples, share)
    noise = np.random.default_rng([random_state, 1]).standard_normal(n_resamples)
    spread = error / (share * (1 - share))
    return _expit(np.log(share) - np.log1p(-share) + spread * noise)


def _move(seen: _Seen, line: Recalibration, low: float, high: float) -> Anchoring:
    """The intercept at which as many are expected as were observed, with what led to it."""
    rate = float(seen.y.sum()) / seen.share / len(seen.y)
    if rate >= 1:
        msg = (
            "More children entered care than all the rows could explain over a whole horizon. Check that y is about "
            "the first days of the window only, and the timing about the same kind of entry."
        )
        raise SpecError(msg)
    word = "more" if seen.ratio > 1 else "fewer"
    shift = intercept_for(seen.log_odds, np.full(len(seen.y), rate))
    return Anchoring(
        version=line.version + 1,
        reason=f"{word} children entered care than expected, and the interval excludes 1",
        observed_expected_ratio=seen.ratio,
        ci_low=low,
        ci_high=high,
        n_rows=len(seen.y),
        n_entrants=seen.entrants,
        days=seen.days,
        first_month=seen.months[0],
        last_month=seen.months[1],
        intercept_before=float(line.intercept),
        intercept_after=float(line.intercept + shift),
    )


def _table(seen: _Seen, low: float, high: float) -> pd.DataFrame:
    """The ratio with its interval; hidden where few entered."""
    hide = seen.entrants < _SMALL
    shown = (np.nan, np.nan, np.nan) if hide else (seen.ratio, low, high)
    rows, entrants = (int(n) if n >= _SMALL else f"<{_SMALL}" for n in (len(seen.y), seen.entrants))
    values = (*seen.months, seen.days, rows, entrants, seen.share, seen.expected, *shown, _note(seen.entrants))
    return pd.DataFrame([values], columns=list(REANCHORING_COLUMNS))


def _note(entrants: int) -> str:
    """Say how far the interval can be relied on."""
    if entrants < _SMALL:
        return f"suppressed: fewer than {_SMALL} entrants"
    if entrants < Anchoring.LEAST_ENTRANTS:
        return f"unreliable: fewer than {Anchoring.LEAST_ENTRANTS} entrants"
    return f"caution: fewer than {_CAUTION} entrants" if entrants < _CAUTION else ""


def _text(seen: _Seen, low: float, high: float, move: Anchoring | None) -> str:
    """What was found and done, in plain words."""
    period = seen.months[0] if seen.months[0] == seen.months[1] else f"{seen.months[0]} to {seen.months[1]}"
    when = f"Index dates {period}, first {seen.days} days of the window"
    assumed = " Entries were assumed to spread evenly over the horizon." if seen.timing.assumed else ""
    if seen.entrants < Anchoring.LEAST_ENTRANTS:
        return (
            f"{when}: too few entrants ({seen.entrants if seen.entrants >= _SMALL else f'<{_SMALL}'}, and "
            f"{Anchoring.LEAST_ENTRANTS} are needed; {seen.expected:.0f} entries were expected, counting a child at "
            f"each index date). No re-anchoring; wait for more days or index dates.{assumed}"
        )
    found = f"{when}: {seen.ratio:.2f} entries observed for each one expected ({low:.2f} to {high:.2f})."
    if move is None:
        return (
            f"{found} No re-anchoring: the interval {'includes 1' if low <= 1 <= high else 'cannot be had'}.{assumed}"
        )
    return (
        f"{found} The interval leaves 1, so the intercept was moved by "
        f"{move.intercept_after - move.intercept_before:+.2f} to version {move.version}; slope, ranks and reasons "
        f"stay.{assumed}"
    )


def _expit(z: Floats) -> Floats:
    """Probability of log-odds, without overflow."""
    small = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1.0, small) / (1.0 + small))
