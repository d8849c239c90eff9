"""Whether a model that is fitted again would name the same children, for the same reasons, with the same risks."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from edgeofcare.evaluation._inputs import Scored, check_index, row_problems, score_rows
from edgeofcare.evaluation._options import is_whole, learner_problems, number_problems
from edgeofcare.evaluation._small import SMALL
from edgeofcare.evaluation.capacity import reviews_per_date, select_rows
from edgeofcare.evaluation.refits.refits import (
    FAMILIES,
    HOUSEHOLDS,
    REFITS,
    SEEDS,
    Predicted,
    count_refits,
    predicted,
    refits,
)
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints, logit
from edgeofcare.metrics.bootstrap import household_bootstrap
from edgeofcare.progress import watched

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["STABILITY_COLUMNS", "Stability", "stability"]

STABILITY_COLUMNS = ("kind", "measure", "estimate", "low", "high", "models", "note")
#: Two models that name fewer than this share of their children in common name different children.
DIFFERENT = 0.5
_SHARE = 0.1  # of the rows of a date, where no capacity is given
_EXPLAINED = 200
_RESAMPLES = 200
_HOW = {
    SEEDS: "fitted with another seed",
    HOUSEHOLDS: "fitted on resampled households",
    FAMILIES: "of the other family",
}


@dataclass(frozen=True, eq=False, repr=False)
class Stability:
    """How far lists, reasons and risks change when a model is fitted again.

    Made by :func:`stability`. Shareable: no row, no identifier.

    Attributes
    ----------
    measures : DataFrame
        kind, measure, estimate, low, high, models, note. ``list_overlap``, ``reasons_overlap`` and
        ``rank_correlation``: the mean over pairs of models, the lowest and the highest pair. ``risk_sd``,
        ``risk_ratio``, ``log_odds_sd`` and ``log_odds_range``: of one child over the models, its median over
        children, and its 10th and 90th centiles.
    warnings : tuple of str
        What a reader of a list must know; empty if nothing.
    text : str
        Warnings and findings in whole sentences.
    reviews_per_index_date : int or None
        Length of the lists; None where it is a tenth of the rows of each date.
    n_refits, random_state : int
        Refits of each kind, and their seed.
    """

    measures: pd.DataFrame
    warnings: tuple[str, ...]
    text: str
    reviews_per_index_date: int | None
    n_refits: int
    random_state: int

    def __repr__(self) -> str:
        kinds = ", ".join(self.measures["kind"].unique())
        return f"Stability({kinds}; {self.n_refits} refits, {len(self.warnings)} warnings)"

    def plot(self) -> Figure:
        """Draw how much lists, reasons and order agree, and how far one child's risk moves.

        Returns
        -------
        matplotlib.figure.Figure
            Two panels, free of any backend.
        """
        from edgeofcare.plotting.stability import stability_figure

        return stability_figure(self.measures)


def stability(
    model: Any,
    X_train: pd.DataFrame,
    y_train: pd.Series,
    X: pd.DataFrame,
    *,
    y: pd.Series | None = None,
    capacity: int | None = None,
    n_refits: int = 10,
    kinds: Sequence[str] = REFITS,
    random_state: int = 0,
    progress: bool | None = None,
) -> Stability:
    r"""Fit a model again and again, and see whether it names the same children.

    The cost is that of the refits: ``n_refits`` fits with other seeds, as many on resampled households, and one of
    the other family. Refits of boosted trees have as many trees as the model, which saves looking for their number.

    Parameters
    ----------
    model : RiskClassifier
        Fitted on ``X_train``. Another scikit-learn classifier will do, without reasons and families.
    X_train : DataFrame
        Training rows on the index (household_id, child_id, index_date).
    y_train : Series
        Their outcome.
    X : DataFrame
        Rows to score, such as those of the test period.
    y : Series, optional
        Their outcome; only with it can two families be called equally good.
    capacity : int, optional
        Children that a team can review in a calendar month; a tenth of the rows of each date if left out.
    n_refits : int, default 10
        Refits of each of the first two kinds, at least 2.
    kinds : sequence of str
        Some of "seeds", "resampled households" and "model families".
    random_state : int
        Seed of the refits.
    progress : bool or None
        Whether to show a progress bar; None shows it where a person watches.

    Returns
    -------
    Stability
        Tidy measures, warnings and a picture.

    Raises
    ------
    IndexNamesError
        If rows lack the index (household_id, child_id, index_date).
    SpecError
        If an option cannot be used.

    Notes
    -----
    Pairs are any two of the model and its refits of one kind; of refits on resampled households, the model with each,
    for two resamples, which hold about 63 of 100 households each, differ by more than two extracts would. The overlap
    of two lists is the share of children on either list who are on both (Jaccard), averaged over index dates; rows
    tied at the cut count by their share of the last places. Reasons are the five features with the largest
    contributions, of up to 200 rows that the model lists on the last index date.
    The rank correlation is Spearman's over all rows. The spread of one child's risk is that of the row of its last
    index date: its standard deviation over the models, and the ratio (of the log-odds: the difference) of the 95th to
    the 5th centile.

    References
    ----------
    Riley and Collins (2023), Biometrical Journal 65, 2200302.

    Examples
    --------
    >>> from edgeofcare.models.risk_model import make_risk_model
    >>> rng, day = np.random.default_rng(0), pd.Timestamp("2023-04-01")
    >>> index = pd.MultiIndex.from_tuples(
    ...     [(f"h{i:03d}", f"c{i:03d}", day) for i in range(400)], names=["household_id", "child_id", "index_date"]
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(1.0, 400).astype(float)}, index=index)
    >>> y = (rng.uniform(size=400) < 1 / (1 + np.exp(2 - X["missing.count.90d"]))).astype(int)
    >>> model = make_risk_model("logistic").fit(X, y)
    >>> found = stability(model, X, y, X, n_refits=2, kinds=["seeds"], progress=False)
    >>> found
    Stability(seeds; 2 refits, 0 warnings)
    >>> found.measures.query("measure == 'list_overlap'")["estimate"].tolist()
    [1.0]
    """
    problems = [*learner_problems(model), *row_problems(X_train, y_train, ("X_train", "y_train"))]
    problems += row_problems(X, pd.Series(dtype=np.int64) if y is None else y)
    _check(problems, n_refits, kinds, capacity, random_state)
    if not check_index(X_train.index, "X_train").equals(y_train.index):
        msg = f"X_train has {len(X_train)} rows and y_train has {len(y_train)}, and their indexes differ."
        raise SpecError(msg)
    rows = _rows(model, X, y)
    k = None if capacity is None else reviews_per_date(capacity, rows.days)
    ordered = X.iloc[rows.order]
    whole = predicted(str(getattr(model, "kind", "model")), model, ordered, np.empty(0, dtype=np.int64))
    explained = _explained(rows, _listed(rows, whole.score, k), whole.score)
    whole = predicted(whole.name, model, ordered, explained)
    bar = iter(watched(range(count_refits(kinds, n_refits)), "stability", progress=progress))
    frames, warned, said = [], [], []
    for kind in kinds:
        models = [whole]
        for name, fitted in refits(model, X_train, y_train, kind, n_refits, random_state):
            models.append(predicted(name, fitted, ordered, explained))
            next(bar, None)
        lists = [_listed(rows, each.score, k) for each in models]
        found = _measures(rows, models, lists, _pairs(kind, len(models)))
        frames.append(_frame(kind, found, len(models), few=np.unique(rows.child).size < SMALL))
        if np.unique(rows.child).size >= SMALL:
            warned += _warnings(kind, found, rows if y is not None else None, models, random_state)
            said.append(_sentence(kind, found))
    next(bar, None)
    measures = pd.concat(frames, ignore_index=True)
    text = " ".join([*warned, *said]) or f"Suppressed: fewer than {SMALL} children."
    return Stability(measures, tuple(warned), text, k, int(n_refits), int(random_state))


def _check(problems: list[str], n_refits: Any, kinds: Any, capacity: Any, random_state: Any) -> None:
    """Refuse arguments that cannot be used, all at once."""
    if not is_whole(n_refits, 2):
        problems.append("n_refits must be a whole number, at least 2.")
    listed = list(kinds) if isinstance(kinds, list | tuple) and all(isinstance(each, str) for each in kinds) else []
    if not listed or not set(listed) <= set(REFITS) or len(set(listed)) < len(listed):
        problems.append(f"kinds must be some of {', '.join(map(repr, REFITS))}, each once.")
    problems += number_problems(capacity, 1, random_state)
    if problems:
        msg = f"Stability cannot be measured: {' '.join(problems)}"
        raise SpecError(msg)


def _rows(model: Any, X: pd.DataFrame, y: pd.Series | None) -> Scored:
    """Rows in the order of their index; without outcomes, as if there were none."""
    return score_rows(model, X, pd.Series(0, index=X.index) if y is None else y)


def _listed(rows: Scored, score: Floats, k: int | None) -> Floats:
    """Share of each row that is on the list of its date."""
    if k is not None:
        return select_rows(score, rows.date, k)
    share = np.zeros_like(score)
    for date in np.unique(rows.date):
        on_it = rows.date == date
        share[on_it] = select_rows(score[on_it], rows.date[on_it], max(1, round(_SHARE * int(on_it.sum()))))
    return share


def _explained(rows: Scored, share: Floats, score: Floats) -> Ints:
    """Positions of the rows listed on the last index date, the highest scores first, at most 200."""
    listed = np.flatnonzero((rows.date == rows.date.max()) & (share > 0))
    return listed[np.argsort(-score[listed], kind="stable")][:_EXPLAINED]


_Found = dict[str, tuple[float, float, float]]


def _pairs(kind: str, models: int) -> list[tuple[int, int]]:
    """Every two models; of those on resampled households only the model with each, for two resamples share less."""
    return [(i, j) for i, j in itertools.combinations(range(models), 2) if kind != HOUSEHOLDS or i == 0]


def _measures(
    rows: Scored, models: Sequence[Predicted], lists: Sequence[Floats], pairs: Sequence[tuple[int, int]]
) -> _Found:
    """Agreement of pairs of models, and the spread of one child's risk over all of them."""
    ranks = [rankdata(each.score) for each in models]
    found = {"list_overlap": [_overlap(lists[i], lists[j], rows.date) for i, j in pairs]}
    if all(each.reasons for each in models):
        found["reasons_overlap"] = [_shared(models[i].reasons, models[j].reasons) for i, j in pairs]
    found["rank_correlation"] = [_correlation(ranks[i], ranks[j]) for i, j in pairs]
    agreement = {name: (float(np.mean(v)), float(np.min(v)), float(np.max(v))) for name, v in found.items()}
    return {**agreement, **_spread(rows, np.array([each.risk for each in models]))}


def _overlap(one: Floats, other: Floats, date: Ints) -> float:
    """Children on both lists among those on either, averaged over dates."""
    both = np.bincount(date, weights=np.minimum(one, other))
    either = np.bincount(date, weights=np.maximum(one, other))
    return float((both[either > 0] / either[either > 0]).mean())


def _shared(one: Sequence[frozenset[str]], other: Sequence[frozenset[str]]) -> float:
    """Reasons in both explanations of a row among those in either, averaged over rows."""
    return float(np.mean([len(a & b) / len(a | b) if a | b else 1.0 for a, b in zip(one, other, strict=True)]))


def _correlation(one: Floats, other: Floats) -> float:
    """Spearman's correlation from ranks; 1 where both orders are flat, 0 where one is."""
    flat = np.ptp(one) == 0, np.ptp(other) == 0
    return float(all(flat)) if any(flat) else float(np.corrcoef(one, other)[0, 1])


def _spread(rows: Scored, risk: Floats) -> _Found:
    """Spread over the models of each child's risk on its last date: median, 10th and 90th centile over children."""
    last = np.append(rows.child[1:] != rows.child[:-1], True)
    risk = np.clip(risk[:, last], 2.0**-53, 1 - 2.0**-53)
    low, high = np.quantile(risk, [0.05, 0.95], axis=0)
    spreads = {
        "risk_sd": risk.std(axis=0, ddof=1),
        "risk_ratio": high / low,
        "log_odds_sd": logit(risk).std(axis=0, ddof=1),
        "log_odds_range": logit(high) - logit(low),
    }
    centiles = {name: np.quantile(values, [0.5, 0.1, 0.9]) for name, values in spreads.items()}
    return {name: (float(middle), float(low), float(high)) for name, (middle, low, high) in centiles.items()}


def _frame(kind: str, found: _Found, models: int, *, few: bool) -> pd.DataFrame:
    """Tidy rows of one kind; nothing but why where there are few children."""
    note = f"suppressed: fewer than {SMALL} children" if few else ""
    rows = [(kind, name, *((np.nan,) * 3 if few else numbers), models, note) for name, numbers in found.items()]
    return pd.DataFrame(rows, columns=list(STABILITY_COLUMNS))


def _warnings(
    kind: str, found: _Found, rows: Scored | None, models: Sequence[Predicted], random_state: int
) -> list[str]:
    """Say that models which are as good as each other name different children."""
    overlap = found["list_overlap"][0]
    if overlap >= DIFFERENT:
        return []
    shared = f"only {100 * overlap:.0f} of 100 children on either list are on both"
    if kind != FAMILIES:
        words = f"The model, {_HOW[kind]}, names different children: {shared}."
        return [f"{words} Being on the list is partly chance; tell those who use it."]
    if rows is None or rows.n_entrants < SMALL:
        return []
    one, other = models[0], models[1]
    result = household_bootstrap(
        rows.y,
        one.risk,
        rows.household,
        measures=["auroc"],
        baselines={other.name: other.risk},
        score={"model": one.score, other.name: other.score},
        n_resamples=_RESAMPLES,
        random_state=random_state,
    )
    low, high = result.interval("auroc", minus=other.name)
    if not low <= 0 <= high:
        return []
    values = [result.estimates[name]["auroc"] for name in ("model", other.name)]
    return [
        f"Two models that rank equally well ({one.name} AUROC {values[0]:.2f}, {other.name} {values[1]:.2f}; interval "
        f"of the difference {low:+.2f} to {high:+.2f}) name different children: {shared}. Which children are named "
        "depends on a choice that the outcomes cannot settle; tell those who use the list."
    ]


def _sentence(kind: str, found: Mapping[str, tuple[float, float, float]]) -> str:
    """What was found of one kind, in plain words."""
    ratio, _, high = found["risk_ratio"]
    return (
        f"Beside a model {_HOW[kind]}, {100 * found['list_overlap'][0]:.0f} of 100 children on either list are on "
        f"both, and the highest and lowest risk of one child differ by a factor of {ratio:.1f} "
        f"({high:.1f} or more for one child in ten)."
    )
