"""Check what is to be evaluated, and put its rows in one order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.exceptions import NotFittedError

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.metrics._arrays import Floats, Ints

__all__ = ["INDEX_NAMES", "Scored", "check_index", "kind", "row_problems", "score_rows"]

INDEX_NAMES = ("household_id", "child_id", "index_date")


@dataclass(frozen=True)
class Scored:
    """Rows in the order of their index, with outcome, risks and scores; identifiers only as codes.

    ``risk`` and ``score`` are by name: ``"model"`` and the baselines. ``order`` takes the caller's rows to these.
    """

    household: Ints
    child: Ints
    date: Ints
    days: Ints
    y: Floats
    risk: Mapping[str, Floats]
    score: Mapping[str, Floats]
    order: Ints

    def part(self, mask: NDArray[np.bool_]) -> Scored:
        """Rows of a stratum or group."""
        return Scored(
            self.household[mask],
            self.child[mask],
            self.date[mask],
            self.days,
            self.y[mask],
            {name: risk[mask] for name, risk in self.risk.items()},
            {name: score[mask] for name, score in self.score.items()},
            self.order[mask],
        )

    @property
    def n_entrants(self) -> int:
        """Distinct children with an entry."""
        return int(np.unique(self.child[self.y == 1]).size)


def check_index(index: pd.Index, name: str) -> pd.MultiIndex:
    """Give back an index of (household_id, child_id, index_date) without repeats, or say what is wrong with it."""
    if not isinstance(index, pd.MultiIndex) or tuple(index.names) != INDEX_NAMES:
        msg = (
            f"{name} has the index {list(index.names)}; expected {list(INDEX_NAMES)}. "
            "build_cohort, build_features and label_outcome give rows this index: keep it."
        )
        raise IndexNamesError(msg)
    if not pd.api.types.is_datetime64_any_dtype(index.levels[2].dtype):
        msg = f"{name}: index_date is {index.levels[2].dtype}, not a date; convert it with pandas.to_datetime."
        raise IndexNamesError(msg)
    missing = int(sum((codes == -1) for codes in index.codes).astype(bool).sum()) if len(index) else 0
    if missing:
        msg = f"{name}: {missing} of {len(index)} rows lack a household_id, child_id or index_date."
        raise IndexNamesError(msg)
    repeated = int(index.duplicated().sum())
    if repeated:
        msg = f"{name}: {repeated} of {len(index)} rows repeat the index of another; give each child one row a date."
        raise IndexNamesError(msg)
    return index


def kind(value: Any) -> str:
    """Name of the type of a value, and nothing of the value."""
    return type(value).__name__


def row_problems(X: Any, y: Any, names: tuple[str, str] = ("X", "y")) -> list[str]:
    """What is wrong with the kind of features and outcome, before anything in them is looked at."""
    problems, (features, outcome) = [], names
    if not isinstance(X, pd.DataFrame):
        problems.append(
            f"{features} is a {kind(X)}; expected a DataFrame on the index {INDEX_NAMES}, as build_features gives it."
        )
    if isinstance(y, pd.DataFrame):
        problems.append(f"{outcome} is a DataFrame; give one column of it, such as {outcome}['entered_care'].")
    elif not isinstance(y, pd.Series):
        problems.append(
            f"{outcome} is a {kind(y)}; expected a Series on the index of {features}, as label_outcome gives it."
        )
    return problems


def score_rows(model: Any, X: pd.DataFrame, y: pd.Series, baselines: Mapping[str, Any] | None = None) -> Scored:
    """Check X and y, score every row by the model, its baselines and others, and sort the rows."""
    if problems := row_problems(X, y):
        raise SpecError(" ".join(problems))
    index = check_index(X.index, "X")
    check_index(y.index, "y")
    if not index.equals(y.index):
        msg = f"X has {len(X)} rows and y has {len(y)}, and their indexes differ; select both with the same index."
        raise SpecError(msg)
    if not len(X):
        msg = "There are no rows to evaluate."
        raise SpecError(msg)
    outcome = _outcome(y)
    risk, score = _predictions(model, X, baselines or {})
    codes = [_codes(index, level) for level in INDEX_NAMES]
    order = np.lexsort((codes[2], codes[1], codes[0])).astype(np.int64)
    dates = np.unique(index.get_level_values("index_date").to_numpy().astype("datetime64[D]").astype(np.int64))
    return Scored(
        codes[0][order],
        codes[1][order],
        codes[2][order],
        dates,
        outcome[order],
        {name: values[order] for name, values in risk.items()},
        {name: values[order] for name, values in score.items()},
        order,
    )


def _codes(index: pd.MultiIndex, level: str) -> Ints:
    """Codes of a level in the order of its values, whatever order its levels are kept in."""
    codes, _ = pd.factorize(index.get_level_values(level), sort=True)
    return np.asarray(codes, dtype=np.int64)


def _outcome(y: pd.Series) -> Floats:
    """Outcomes as floats, if each is 0 or 1."""
    bad = int((~y.isin([0, 1])).sum())
    if bad:
        msg = f"y has {bad} of {len(y)} values that are neither 0 nor 1; label_outcome gives the outcome as 0 or 1."
        raise SpecError(msg)
    return y.to_numpy(dtype=np.float64)


def _predictions(model: Any, X: pd.DataFrame, others: Mapping[str, Any]) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Risk and score of the model, of its baselines and of others; what has a margin is ranked by it."""
    odd = sum(1 for name in others if not (isinstance(name, str) and re.fullmatch(r"(?!model$)[a-z][a-z0-9_]*", name)))
    if odd:
        msg = (
            f"{odd} of the names of baselines cannot be used; they go into the report and the model file, so name them "
            "like 'last_model': small letters, digits and underscores, and not 'model' itself."
        )
        raise SpecError(msg)
    fitted = {"model": model, **dict(getattr(model, "baselines_", {}) or {}), **others}
    risk, score = {}, {}
    for name, classifier in fitted.items():
        rows = _own_columns(name, classifier, X)
        score[name] = risk[name] = _risk(name, classifier, rows)
        if hasattr(classifier, "margin"):
            score[name] = _finite(f"{name}: margin", np.asarray(classifier.margin(rows), dtype=np.float64), len(X))
    return risk, score


def _own_columns(name: str, classifier: Any, X: pd.DataFrame) -> pd.DataFrame:
    """The columns that a saved model asks for by name; all columns for any other classifier, if its own are there."""
    own = "feature_names_in_" if hasattr(classifier, "predict_proba") else "feature_names"
    wanted = getattr(classifier, own, None)
    if wanted is None:
        return X
    missing = [str(column) for column in wanted if column not in X.columns]
    if missing:
        msg = f"{name} needs {len(missing)} features that X lacks, such as {missing[0]}; build X with its features."
        raise SpecError(msg)
    return X if own == "feature_names_in_" else X[list(wanted)]


def _risk(name: str, classifier: Any, X: pd.DataFrame) -> Floats:
    """Probability of entering care from a fitted classifier."""
    if not hasattr(classifier, "predict_proba"):
        if hasattr(classifier, "risk"):
            return _finite(f"{name}: risk", np.asarray(classifier.risk(X), dtype=np.float64), len(X))
        msg = f"{name} has no predict_proba; give a fitted classifier."
        raise SpecError(msg)
    if isinstance(classifier, type):
        msg = f"{name} is a class and not a classifier of that class; give a fitted classifier."
        raise SpecError(msg)
    try:
        both = np.asarray(classifier.predict_proba(X), dtype=np.float64)
    except NotFittedError as error:
        msg = f"{name} is not fitted; give a fitted classifier."
        raise SpecError(msg) from error
    if both.ndim != 2 or both.shape[1] != 2:
        msg = f"{name}: predict_proba gave an array of shape {both.shape}; expected ({len(X)}, 2)."
        raise SpecError(msg)
    risk = _finite(f"{name}: predict_proba", both[:, 1], len(X))
    outside = int(((risk < 0) | (risk > 1)).sum())
    if outside:
        msg = f"{name}: {outside} of {len(X)} risks are outside [0, 1]."
        raise SpecError(msg)
    return risk


def _finite(name: str, values: Floats, n_rows: int) -> Floats:
    """Refuse missing or infinite predictions and a wrong number of them."""
    if values.shape != (n_rows,):
        msg = f"{name} gave shape {values.shape} for {n_rows} rows."
        raise SpecError(msg)
    bad = int((~np.isfinite(values)).sum())
    if bad:
        msg = f"{name} gave {bad} of {n_rows} values that are missing or infinite."
        raise SpecError(msg)
    return values
