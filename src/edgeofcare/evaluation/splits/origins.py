"""Refit and evaluate a model at several origins: how it would have done, year after year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import check_index, kind, row_problems
from edgeofcare.evaluation._options import learner_problems, number_problems
from edgeofcare.evaluation._small import SMALL
from edgeofcare.evaluation.evaluate import ALL_ROWS, UNSEEN, evaluate
from edgeofcare.evaluation.groups.tables import column_problems
from edgeofcare.evaluation.report import Evaluation
from edgeofcare.exceptions import SpecError
from edgeofcare.models.refits import without_refits
from edgeofcare.progress import watched
from edgeofcare.splitting import Split

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["OriginResults", "evaluate_origins"]

_PERIOD = ["origin", "first_month", "last_month"]


@dataclass(frozen=True, eq=False, repr=False)
class OriginResults:
    """How good a model was at each origin, with nothing personal in it.

    Made by :func:`evaluate_origins`.

    Attributes
    ----------
    measures : DataFrame
        One row for each origin, model, stratum and measure: origin (1 is the earliest), first_month and last_month (of
        the index dates tested, such as "2023-04"), model, stratum, measure, estimate, ci_low, ci_high, note. ``model``
        is "model", the name of a baseline, or "model minus" the name of a baseline.
    counts : DataFrame
        One row for each origin and stratum: the period, rows, children, households, entrants, prevalence and
        index_dates of the test rows; training_rows, training_children and training_entrants, rounded to tens; note.
    groups : DataFrame
        One row for each origin and group, as in ``Evaluation.groups``; empty without ``by``.
    evaluations : tuple of Evaluation
        One for each origin.
    """

    measures: pd.DataFrame
    counts: pd.DataFrame
    groups: pd.DataFrame
    evaluations: tuple[Evaluation, ...]

    def __repr__(self) -> str:
        """Counts only."""
        return f"OriginResults({self._count()} origins, {self._months()})"

    @property
    def text(self) -> str:
        """Sentences on how AUROC and O/E ran over the origins, and on families that training had not seen."""
        parts = [f"The model was fitted anew at {self._count()} origins and tested on {self._months()}."]
        parts += [self._ran("auroc", "AUROC", ".3f"), self._ran("observed_expected_ratio", "O/E", ".2f")]
        parts.append(self._beaten())
        unseen = self._values("auroc", UNSEEN)
        if unseen.size:
            every = unseen.size == self._count()
            shown = "" if every else f" ({unseen.size} of {self._count()} origins can be shown)"
            parts.append(f"Among {UNSEEN} the mean AUROC was {unseen.mean():.3f}{shown}.")
        return " ".join(part for part in parts if part)

    def plot(self) -> Figure:
        """Draw AUROC and O/E by origin, with their intervals.

        Returns
        -------
        matplotlib.figure.Figure
            Two panels, free of any backend.
        """
        from edgeofcare.plotting.origins import plot_origins_figure

        return plot_origins_figure(self.measures)

    def _months(self) -> str:
        """The months between which index dates were tested."""
        return f"{self.counts['first_month'].min()} to {self.counts['last_month'].max()}"

    def _count(self) -> int:
        """How many origins there are, shown or not."""
        return len(self.evaluations)

    def _values(self, measure: str, stratum: str = ALL_ROWS, model: str = "model") -> pd.Series:
        """Estimates of a measure that are shown, by origin."""
        table = self.measures
        rows = (table["measure"] == measure) & (table["stratum"] == stratum) & (table["model"] == model)
        return table.loc[rows].set_index("origin")["estimate"].dropna().astype(np.float64).sort_index()

    def _ran(self, measure: str, name: str, digits: str) -> str:
        """Least and most value of a measure, and the last where it is shown; and how many are not."""
        values = self._values(measure)
        if not values.size:
            return f"{name} is not shown: too few entrants."
        newest = values.index[-1] == self._count()
        said = f"{name} was {values.iloc[0]:{digits}}"
        if values.size > 1:
            said = f"{name} lay between {values.min():{digits}} and {values.max():{digits}}"
            said += f", the last {values.iloc[-1]:{digits}}" if newest else ""
        if values.size == self._count():
            return f"{said}."
        few = "too few entrants at the others" + ("" if newest else ", of which the last is one")
        return f"{said} ({values.size} of {self._count()} origins can be shown: {few})."

    def _beaten(self, baseline: str = "count_rule") -> str:
        """At how many origins the interval of the gain over a baseline was above zero."""
        table = self.measures
        rows = (table["model"] == f"model minus {baseline}") & (table["measure"] == "auroc")
        gains = table.loc[rows & (table["stratum"] == ALL_ROWS), ["ci_low", "ci_high"]].dropna()
        if gains.empty:
            return ""
        shown = int((gains["ci_low"] > 0).sum())
        which = "" if len(gains) == self._count() else " that can be shown"
        return (
            f"A gain in AUROC over the {baseline.replace('_', ' ')} was shown at {shown} of {len(gains)} origins"
            f"{which} (interval above zero)."
        )


def evaluate_origins(
    model: Any,
    X: pd.DataFrame,
    y: pd.Series,
    splits: Sequence[Split],
    *,
    cohort: pd.DataFrame,
    capacity: int | None = None,
    by: Sequence[str] | str | None = None,
    n_resamples: int = 1000,
    random_state: int = 0,
    progress: bool | None = False,
) -> OriginResults:
    """Refit a model at each origin and evaluate it on what came next.

    Parameters
    ----------
    model : classifier
        Fitted or not; a clone is fitted at each origin, so that whatever it tunes (a risk model: its trees and its
        recalibration, on folds of whole households) is tuned within the training rows of that origin.
    X : DataFrame of shape (n, n_features)
        Features on the index (household_id, child_id, index_date), of all origins.
    y : Series of shape (n,)
        Outcome, 0 or 1, on the same index.
    splits : sequence of Split
        From :func:`edgeofcare.splitting.rolling_origins`.
    cohort : DataFrame
        The cohort, which holds the columns that ``by`` names.
    capacity, by, n_resamples, random_state
        As for :func:`edgeofcare.evaluation.evaluate.evaluate`.
    progress : bool or None
        Whether to show a progress bar; None shows it where a person watches.

    Returns
    -------
    OriginResults
        Tidy frames with 95% intervals, and one evaluation for each origin.

    Raises
    ------
    IndexNamesError
        If X, y or cohort lack the index (household_id, child_id, index_date).
    SpecError
        If options cannot be used (all are named at once), there is no split, or X and y lack rows that a split names.

    Notes
    -----
    Origins share training rows, and a child may be tested at several. Their results are not independent: read them
    side by side, and do not take their spread as a standard error. At each origin the rows of households that
    training has seen and has not seen are shown apart.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> days = pd.to_datetime(["2020-01-01", "2021-01-01", "2022-01-01", "2023-01-01"])
    >>> index = pd.MultiIndex.from_tuples(
    ...     [(f"h{i // 2}", f"c{i}", day) for i in range(400) for day in days],
    ...     names=["household_id", "child_id", "index_date"],
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(1.0, len(index)).astype(float)}, index=index)
    >>> y = (rng.uniform(size=len(X)) < 1 / (1 + np.exp(3 - X["missing.count.90d"]))).astype(int)
    >>> year = index.get_level_values("index_date").year
    >>> splits = [Split(index[year < test], index[year == test]) for test in (2022, 2023)]
    >>> evaluate_origins(LogisticRegression(), X, y, splits, cohort=X, n_resamples=50)
    OriginResults(2 origins, 2022-01 to 2023-01)
    """
    problems = [*learner_problems(model), *row_problems(X, y), *_split_problems(splits), *column_problems(cohort, by)]
    if cohort is not None and not isinstance(cohort, pd.DataFrame):
        problems.append(f"cohort is a {kind(cohort)}; expected the DataFrame that build_cohort gives.")
    if problems := [*problems, *number_problems(capacity, n_resamples, random_state)]:
        raise SpecError(" ".join(problems))
    _check(X, y, splits)
    evaluations: list[Evaluation] = []
    frames: dict[str, list[pd.DataFrame]] = {"measures": [], "counts": [], "groups": []}
    for origin, split in enumerate(watched(list(splits), "origins", progress=progress), start=1):
        fitted = without_refits(model).fit(X.loc[split.train], y.loc[split.train])
        evaluation = evaluate(
            fitted,
            X.loc[split.test],
            y.loc[split.test],
            cohort=cohort,
            capacity=capacity,
            by=by,
            train=split.train,
            n_resamples=n_resamples,
            random_state=random_state,
        )
        evaluations.append(evaluation)
        period = (origin, *_months(split.test))
        frames["measures"].append(_with_period(evaluation.measures, period))
        counts = evaluation.counts.assign(**_learned(split.train, y), note=split.note)
        frames["counts"].append(_with_period(counts, period))
        frames["groups"].append(_with_period(evaluation.groups, period))
    joined = {name: pd.concat(parts, ignore_index=True) for name, parts in frames.items()}
    return OriginResults(**joined, evaluations=tuple(evaluations))


def _split_problems(splits: Any) -> list[str]:
    """What is wrong with the splits themselves."""
    if not isinstance(splits, Sequence) or isinstance(splits, str):
        return [f"splits is a {kind(splits)}; expected a list of splits, as rolling_origins gives it."]
    if not splits:
        return ["There is no split; rolling_origins gives them."]
    odd = sum(not isinstance(split, Split) for split in splits)
    return [f"{odd} of {len(splits)} splits are no edgeofcare.Split; rolling_origins gives them."] if odd else []


def _check(X: pd.DataFrame, y: pd.Series, splits: Sequence[Split]) -> None:
    """Refuse splits that name rows without features or outcome."""
    check_index(X.index, "X")
    check_index(y.index, "y")
    absent = sum(int((~part.isin(X.index) | ~part.isin(y.index)).sum()) for s in splits for part in (s.train, s.test))
    if absent:
        msg = (
            f"{absent:,} rows of the splits have no row in X or no outcome in y; split cohort.loc[y.index], or give y "
            "to rolling_origins."
        )
        raise SpecError(msg)


def _months(test: pd.Index) -> tuple[str, str]:
    """The first and last month of the index dates tested: the calendar's, not a child's."""
    days = test.get_level_values("index_date")
    return f"{days.min():%Y-%m}", f"{days.max():%Y-%m}"


def _with_period(frame: pd.DataFrame, period: tuple[int, str, str]) -> pd.DataFrame:
    """A frame with the number and months of its origin in front."""
    front = pd.DataFrame(dict(zip(_PERIOD, ([value] * len(frame) for value in period), strict=True)), index=frame.index)
    return pd.concat([front, frame], axis=1)


def _learned(train: pd.Index, y: pd.Series) -> dict[str, int | str]:
    """How much there was to learn from, in tens: exact counts of windows that grow would give away small steps."""
    child = train.get_level_values("child_id")
    entered = y.loc[train].to_numpy() == 1
    sizes = {"rows": len(train), "children": child.nunique(), "entrants": child[entered].nunique()}
    return {f"training_{name}": round(size, -1) if size >= SMALL else f"<{SMALL}" for name, size in sizes.items()}
