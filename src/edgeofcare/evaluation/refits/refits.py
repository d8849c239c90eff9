"""Fit a model again: with other seeds, on resampled households, and as the other family."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.metrics._arrays import Floats
from edgeofcare.models.learners import KINDS
from edgeofcare.models.refits import without_refits
from edgeofcare.models.risk_model import RiskClassifier, make_risk_model

__all__ = ["FAMILIES", "HOUSEHOLDS", "REFITS", "SEEDS", "Predicted", "count_refits", "predicted", "refits"]

SEEDS, HOUSEHOLDS, FAMILIES = "seeds", "resampled households", "model families"
#: Ways to fit again.
REFITS = (SEEDS, HOUSEHOLDS, FAMILIES)
_REASONS = 5


class Predicted(NamedTuple):
    """What one fitted model says of the rows: risk, score, and the strongest features of some rows."""

    name: str
    risk: Floats
    score: Floats
    reasons: tuple[frozenset[str], ...]


def count_refits(kinds: Sequence[str], n_refits: int) -> int:
    """How many fits there will be."""
    return sum(1 if kind == FAMILIES else n_refits for kind in kinds)


def refits(
    model: Any, X: pd.DataFrame, y: pd.Series, kind: str, n_refits: int, random_state: int
) -> Iterator[tuple[str, Any]]:
    """Name and fitted model of each refit of one kind."""
    rng = np.random.default_rng([random_state, REFITS.index(kind)])
    if kind == FAMILIES:
        other = _other_family(model)
        yield other.kind, _fitted(other, X, y)
        return
    for i, seed in enumerate(rng.integers(1, 2**31 - 1, size=n_refits).tolist()):
        if kind == SEEDS:
            yield f"seed {i + 1}", _fitted(_with_seed(_same_size(model), seed), X, y)
        else:
            drawn = _resampled(X, y, np.random.default_rng(seed))
            yield f"resample {i + 1}", _fitted(_same_size(model), *drawn)


def predicted(name: str, model: Any, X: pd.DataFrame, explained: np.ndarray) -> Predicted:
    """Risks, scores and the strongest features of the rows that are to be explained."""
    risk = np.asarray(model.predict_proba(X), dtype=np.float64)[:, 1]
    score = np.asarray(model.margin(X), dtype=np.float64) if hasattr(model, "margin") else risk
    reasons: tuple[frozenset[str], ...] = ()
    if isinstance(model, RiskClassifier) and not model.independent_rows and explained.size:
        reasons = _strongest(explain(model, X.iloc[explained]).contributions)
    return Predicted(name, risk, score, reasons)


def _fitted(model: Any, X: pd.DataFrame, y: pd.Series) -> Any:
    """Fit, without the warnings that the user has had already."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return model.fit(X, y)


def _same_size(model: Any) -> Any:
    """A model like this one, not fitted, with as many trees as this one was found to need: looking costs most."""
    again = without_refits(model)
    if isinstance(model, RiskClassifier) and model.kind == "boosting":
        again.set_params(max_iter=int(model.n_iter_))
    return again


def _with_seed(model: Any, seed: int) -> Any:
    """A model that has another seed."""
    if "random_state" not in model.get_params(deep=False):
        msg = f"A {type(model).__name__} has no random_state, so it has no other seeds; leave 'seeds' out of kinds."
        raise SpecError(msg)
    return model.set_params(random_state=seed)


def _other_family(model: Any) -> RiskClassifier:
    """Boosted trees for a regression, and a regression for boosted trees."""
    if not isinstance(model, RiskClassifier):
        msg = f"A {type(model).__name__} has no other family; leave 'model families' out of kinds."
        raise SpecError(msg)
    kind = next(kind for kind in KINDS if kind != model.kind)
    same = {name: getattr(model, name) for name in ("task", "random_state", "n_folds", "count_rules")}
    return make_risk_model(kind, **same)


def _resampled(X: pd.DataFrame, y: pd.Series, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.Series]:
    """Rows of households drawn with replacement, in the order of their index; each draw is a household of its own."""
    household = pd.factorize(X.index.get_level_values("household_id"), sort=True)[0]
    order = np.argsort(household, kind="stable")
    starts = np.searchsorted(household[order], np.arange(household.max() + 2))
    drawn = np.sort(rng.integers(0, household.max() + 1, household.max() + 1))
    rows = np.concatenate([order[starts[code] : starts[code + 1]] for code in drawn])
    draw = np.repeat(np.arange(drawn.size), np.diff(starts)[drawn])
    frame = X.index[rows].to_frame(index=False)
    for name in ("household_id", "child_id"):
        frame[name] = [f"{value}#{copy}" for value, copy in zip(frame[name].astype(str), draw.tolist(), strict=True)]
    index = pd.MultiIndex.from_frame(frame)
    return X.iloc[rows].set_axis(index), y.iloc[rows].set_axis(index)


def _strongest(contributions: pd.DataFrame) -> tuple[frozenset[str], ...]:
    """The features with the largest contributions of each row, those that add nothing left out."""
    names = np.array([str(name) for name in contributions.columns])
    by_name = np.argsort(names, kind="stable")
    names, size = names[by_name], np.abs(contributions.to_numpy(dtype=np.float64))[:, by_name]
    top = np.argsort(-size, axis=1, kind="stable")[:, :_REASONS]
    kept = np.take_along_axis(size, top, axis=1) > 0
    return tuple(frozenset(names[each][keep].tolist()) for each, keep in zip(top, kept, strict=True))
