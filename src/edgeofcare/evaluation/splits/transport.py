"""Train in one authority and test in another: whether what was learned in one place holds in the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from edgeofcare.cohort import check_cohort
from edgeofcare.dates import one_date
from edgeofcare.evaluation._inputs import check_index, kind, row_problems, score_rows
from edgeofcare.evaluation._options import learner_problems, number_problems
from edgeofcare.evaluation._small import SMALL, Cell, write_cells
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.splits.pooling import Pooled, pool_estimates, transformed_auroc, transformed_ratio
from edgeofcare.exceptions import SpecError
from edgeofcare.models.refits import without_refits
from edgeofcare.progress import watched
from edgeofcare.splitting import Split, audit_split
from edgeofcare.task import Task

__all__ = ["OTHERS", "TransportResults", "evaluate_transport"]

#: What ``train`` says where a model was trained on all authorities but the one tested.
OTHERS = "all others"
_SCALES = {"auroc": (transformed_auroc, expit), "observed_expected_ratio": (transformed_ratio, np.exp)}
_SPREAD_COLUMNS = [
    *("train", "measure", "authorities", "estimate", "ci_low", "ci_high"),
    *("prediction_low", "prediction_high", "tau", "i_squared", "note"),
]


@dataclass(frozen=True, eq=False, repr=False)
class TransportResults:
    """How a model does in authorities that it was not trained on, with nothing personal in it.

    Made by :func:`evaluate_transport`.

    Attributes
    ----------
    measures : DataFrame
        train (an authority, or "all others"), test (an authority), model, measure, estimate, ci_low, ci_high, note.
    counts : DataFrame
        One row for each authority as it is tested: test, rows, children, households, entrants, prevalence, note; and
        trained_on, whether it had at least 10 entrants to learn from alone.
    spread : DataFrame
        One row for each train and measure: authorities (how many tests were pooled), estimate with ci_low and ci_high
        (the mean), prediction_low and prediction_high (where the next authority may lie), tau (standard deviation
        between authorities, of the logit or the logarithm), i_squared, note.
    """

    measures: pd.DataFrame
    counts: pd.DataFrame
    spread: pd.DataFrame

    def __repr__(self) -> str:
        """Counts only."""
        return f"TransportResults({len(self.counts)} authorities, {self.measures['train'].nunique()} training sets)"

    @property
    def text(self) -> str:
        """Sentences on the mean and the spread of a model trained on all other authorities."""
        rows = self.spread[self.spread["train"] == OTHERS].set_index("measure")
        sentences = []
        for measure, name in (("auroc", "AUROC"), ("observed_expected_ratio", "O/E")):
            row = rows.loc[measure]
            if np.isnan(row["estimate"]):
                sentences.append(f"{name} in a new authority is not shown: {row['note']}.")
                continue
            said = f"{name} {row['estimate']:.2f} on average ({row['ci_low']:.2f} to {row['ci_high']:.2f})"
            if np.isfinite(row["prediction_low"]):
                said += f"; in the next authority between {row['prediction_low']:.2f} and {row['prediction_high']:.2f}"
            sentences.append(f"{said}.")
        return " ".join(["Trained on all other authorities and tested on the one left out:", *sentences])


class _Pair(NamedTuple):
    """Training and test rows of one test, and the names of both."""

    train: str
    test: str
    split: Split


def evaluate_transport(
    model: Any,
    X: pd.DataFrame,
    y: pd.Series,
    *,
    cohort: pd.DataFrame,
    task: Task,
    by: str = "authority",
    test_from: str | None = None,
    capacity: int | None = None,
    n_resamples: int = 1000,
    random_state: int = 0,
    progress: bool | None = False,
) -> TransportResults:
    """Train on one authority and test on each other, and train on all others and test on each.

    Parameters
    ----------
    model : classifier
        Fitted or not; clones of it are fitted.
    X : DataFrame of shape (n, n_features)
        Features on the index (household_id, child_id, index_date).
    y : Series of shape (n,)
        Outcome, 0 or 1, on the same index. Only rows of X, y and the cohort whose outcome is known are used.
    cohort : DataFrame
        From :func:`edgeofcare.cohort.build_cohort` of pooled records, with the column ``by``.
    task : Task
        The outcome window.
    by : str, default "authority"
        Column of the cohort with the name of the authority.
    test_from : str, optional
        If given, forward in time as well: trained on rows whose outcome was known by this date, tested on index dates
        from it on. Each authority is then tested at home too, on its own later rows.
    capacity, n_resamples, random_state
        As for :func:`edgeofcare.evaluation.evaluate.evaluate`; the capacity is that of each authority tested.
    progress : bool or None
        Whether to show a progress bar; None shows it where a person watches.

    Returns
    -------
    TransportResults
        Measures of every pair with 95% intervals, and the spread between authorities.

    Raises
    ------
    IndexNamesError
        If X, y or cohort lack the index (household_id, child_id, index_date).
    LeakageError
        If a household is in two authorities, or time would run backwards.
    SpecError
        If options cannot be used (all are named at once), there are fewer than two authorities, one of them has no
        rows, or all have too few entrants to learn from.

    Notes
    -----
    The spread is that of logit AUROC and log O/E over the authorities tested (the one trained on is left out), by
    DerSimonian and Laird's random effects. Standard errors come from sums over whole households: Obuchowski's for the
    AUROC, and those of the influences :math:`y_i / O - p_i / E` for O/E. The prediction interval says where the next
    authority may lie and needs three tests. With few authorities the spread is known badly, and the interval of the
    mean is too narrow: read the authorities themselves. Tests of models trained on all others share training rows;
    their spread is mostly that of the places tested.

    Authorities with fewer than 10 entrants, and those that would give them away, are shown without measures and left
    out of the spread.

    References
    ----------
    Riley et al. (2016), BMJ 353, i3140 (external validation in several places); DerSimonian and Laird (1986),
    Controlled Clinical Trials 7, 177-188.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng, day = np.random.default_rng(0), pd.Timestamp("2022-04-01")
    >>> index = pd.MultiIndex.from_tuples(
    ...     [(f"h{i}", f"c{i}", day) for i in range(600)], names=["household_id", "child_id", "index_date"]
    ... )
    >>> X = pd.DataFrame({"missing.count.90d": rng.poisson(1.0, 600).astype(float)}, index=index)
    >>> y = (rng.uniform(size=600) < 1 / (1 + np.exp(3 - X["missing.count.90d"]))).astype(int)
    >>> until = day + pd.Timedelta("365D")
    >>> cohort = pd.DataFrame({"outcome_until": until, "outcome_known": until, "mature": True}, index=index)
    >>> cohort["authority"] = np.where(np.arange(600) < 300, "North", "South")
    >>> evaluate_transport(LogisticRegression(), X, y, cohort=cohort, task=Task(), n_resamples=20)
    TransportResults(2 authorities, 3 training sets)
    """
    problems = [*learner_problems(model), *row_problems(X, y), *number_problems(capacity, n_resamples, random_state)]
    if not isinstance(task, Task):
        problems.append(f"task is a {kind(task)}; expected an edgeofcare.Task.")
    if problems := [*problems, *_place_problems(cohort, by)]:
        raise SpecError(" ".join(problems))
    rows = _labelled(X, y, cohort, task)
    names = _places(cohort, by, rows)
    early, late = _sides(rows, cohort, test_from)
    _check_places(names, early, late)
    pairs = list(_pairs(rows, names, early, late, y))
    if not pairs:
        msg = f"No authority and no pool of the others has {SMALL} entrants to learn from; use more years."
        raise SpecError(msg)
    for pair in pairs:
        _audit(pair, cohort, task, in_time=test_from is not None)
    cells, counts = _counts({name: rows[late & (names == name)] for name in sorted(set(names))}, y)
    counts["trained_on"] = counts["test"].isin([pair.train for pair in pairs])
    frames, found = [], []
    for pair in watched(pairs, "transport", progress=progress):
        fitted = without_refits(model).fit(X.loc[pair.split.train], y.loc[pair.split.train])
        tested, outcome = X.loc[pair.split.test], y.loc[pair.split.test]
        evaluation = evaluate(
            fitted, tested, outcome, capacity=capacity, n_resamples=n_resamples, random_state=random_state
        )
        frames.append(_named(evaluation.measures, pair, cells[pair.test]))
        if not cells[pair.test].hidden and pair.train != pair.test:
            scored = score_rows(fitted, tested, outcome)
            found += [(pair.train, name, *transform(scored)) for name, (transform, _) in _SCALES.items()]
    trained = list(dict.fromkeys(pair.train for pair in pairs))
    return TransportResults(pd.concat(frames, ignore_index=True), counts, _spread(trained, found))


def _labelled(X: pd.DataFrame, y: pd.Series, cohort: pd.DataFrame, task: Task) -> pd.Index:
    """Rows with features and a known outcome, in the order of X."""
    check_cohort(cohort, task)
    index, labelled = check_index(X.index, "X"), check_index(y.index, "y")
    mature = cohort.index[cohort["mature"].to_numpy(dtype=bool)]
    return index[index.isin(labelled) & index.isin(mature)]


def _place_problems(cohort: Any, by: Any) -> list[str]:
    """What is wrong with the column of authorities."""
    if not isinstance(by, str):
        return [f"by is a {kind(by)}; expected the name of one column, such as by='authority'."]
    if isinstance(cohort, pd.DataFrame) and by not in cohort.columns:
        return [
            f"The cohort has no column {by!r}. Records that were put together by edgeofcare.pool give it 'authority'."
        ]
    return []


def _places(cohort: pd.DataFrame, by: str, rows: pd.Index) -> np.ndarray:
    """Name of the authority of each row."""
    return cohort[by].reindex(rows).fillna("not recorded").astype(str).to_numpy(dtype=object)


def _check_places(names: np.ndarray, early: np.ndarray, late: np.ndarray) -> None:
    """Refuse fewer than two authorities, and an authority without rows on either side."""
    places = sorted(set(names))
    if len(places) < 2:
        msg = "Transport needs the rows of two authorities or more; pool their records first (edgeofcare.pool)."
        raise SpecError(msg)
    empty = [name for name in places if not (early & (names == name)).any() or not (late & (names == name)).any()]
    if empty:
        msg = f"{len(empty)} of {len(places)} authorities have no rows to train or to test on; move test_from."
        raise SpecError(msg)


def _pairs(rows: pd.Index, names: np.ndarray, early: np.ndarray, late: np.ndarray, y: pd.Series) -> Iterator[_Pair]:
    """Every training set with enough entrants, with every authority that it is tested on."""
    entered = y.loc[rows].to_numpy() == 1
    places = sorted(set(names))
    forward = not late.all()  # Without test_from every row is on both sides, and nobody can be tested at home.
    for train in [*places, OTHERS]:
        for test in places:
            learn = early & ((names != test) if train == OTHERS else (names == train))
            enough = rows[learn & entered].get_level_values("child_id").nunique() >= SMALL
            if enough and (forward or train != test):
                yield _Pair(train, test, Split(rows[learn], rows[late & (names == test)]))


def _audit(pair: _Pair, cohort: pd.DataFrame, task: Task, *, in_time: bool) -> None:
    """Audit one split: forward in time where that was asked for, and no household in two authorities."""
    if in_time:
        audit_split(pair.split, cohort, task)
    if pair.train != pair.test:
        audit_split(pair.split, cohort, task, household_disjoint=True)


def _sides(rows: pd.Index, cohort: pd.DataFrame, test_from: str | None) -> tuple[np.ndarray, np.ndarray]:
    """Rows that may be trained on, and rows that may be tested on."""
    if test_from is None:
        every = np.ones(len(rows), dtype=bool)
        return every, every
    begin = one_date(test_from, "test_from")
    known = (cohort["outcome_known"].reindex(rows) <= begin).to_numpy()
    return known, np.asarray(rows.get_level_values("index_date") >= begin)


def _counts(tests: dict[str, pd.Index], y: pd.Series) -> tuple[dict[str, Cell], pd.DataFrame]:
    """How each authority is written as it is tested, the small ones and what would give them away hidden."""
    entered = {name: index[y.loc[index].to_numpy() == 1] for name, index in tests.items()}
    sizes = [index.get_level_values("child_id").nunique() for index in entered.values()]
    cells = dict(zip(tests, write_cells(sizes), strict=True))
    rows: list[dict[str, Any]] = []
    for name, index in tests.items():
        cell = cells[name]
        levels = {"children": "child_id", "households": "household_id"}
        exact = {"rows": len(index), **{key: index.get_level_values(level).nunique() for key, level in levels.items()}}
        shown: dict[str, Any] = dict.fromkeys(exact, "suppressed") if cell.hidden else exact
        prevalence = float("nan") if cell.hidden else len(entered[name]) / len(index)
        rows.append({"test": name, **shown, "entrants": cell.entrants, "prevalence": prevalence, "note": cell.note})
    return cells, pd.DataFrame(rows)


def _named(measures: pd.DataFrame, pair: _Pair, cell: Cell) -> pd.DataFrame:
    """Measures of one test with the names of both authorities; without numbers where the one tested is hidden."""
    frame = measures.drop(columns="stratum")
    if cell.hidden:
        frame = frame.assign(estimate=np.nan, ci_low=np.nan, ci_high=np.nan, note=cell.note)
    frame.insert(0, "train", pair.train)
    frame.insert(1, "test", pair.test)
    return frame


def _spread(trained: list[str], found: list[tuple[str, str, float, float]]) -> pd.DataFrame:
    """Pool what was found of each training set, measure by measure."""
    rows = []
    for train in trained:
        for measure, (_, back) in _SCALES.items():
            values = np.array([pair[2:] for pair in found if pair[:2] == (train, measure)], dtype=np.float64)
            usable = values.reshape(-1, 2)[np.isfinite(values.reshape(-1, 2)).all(axis=1)]
            usable = usable[usable[:, 1] > 0]
            pooled = pool_estimates(usable[:, 0], usable[:, 1]) if len(usable) > 1 else Pooled(*(float("nan"),) * 7)
            ends = [float(back(value)) for value in pooled[:5]]
            rows.append((train, measure, len(usable), *ends, pooled.tau, pooled.i_squared, _note(len(usable))))
    return pd.DataFrame(rows, columns=_SPREAD_COLUMNS)


def _note(authorities: int) -> str:
    """Say how far a spread can be relied on."""
    if authorities < 2:
        return "fewer than two authorities with enough entrants"
    if authorities < 3:
        return "no prediction interval from two authorities"
    return "caution: fewer than five authorities" if authorities < 5 else ""
