"""Arguments of the wrong kind, to whatever refits or evaluates: named all at once, before anything is fitted."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.refits.agreement import stability
from edgeofcare.evaluation.splits.origins import evaluate_origins
from edgeofcare.evaluation.splits.transport import evaluate_transport
from edgeofcare.evaluation.workload.lists import review_draws
from edgeofcare.evaluation.workload.value import value_table
from edgeofcare.exceptions import SpecError
from edgeofcare.splitting import Split
from evaluation.lists import pictured
from evaluation.panels import FAST, FixedRisk
from evaluation.places import TASK, make_places


class NeverFitted(LogisticRegression):
    """A classifier that may be checked but not fitted."""

    def fit(self, *_args: object, **_options: object) -> NeverFitted:
        """Fail the test."""
        pytest.fail("fitted before the arguments were checked")


MODEL = NeverFitted()


@pytest.fixture(scope="module")
def places():
    X, y, cohort = make_places(households=30)
    return SimpleNamespace(X=X, y=y, cohort=cohort, splits=[Split(X.index[:100], X.index[100:])])


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"model": None}, "model is a NoneType; expected a classifier"),
        ({"model": LogisticRegression}, "model is a .*; expected a classifier"),
        ({"splits": None}, "splits is a NoneType; expected a list of splits"),
        ({"splits": []}, "There is no split"),
        ({"splits": [1, 2]}, "2 of 2 splits are no edgeofcare.Split"),
        ({"X": np.zeros((3, 1))}, "X is a ndarray; expected a DataFrame"),
        ({"y": [0, 1]}, "y is a list; expected a Series"),
        ({"cohort": [1]}, "cohort is a list; expected the DataFrame"),
        ({"by": "gender"}, "no column 'gender'"),
        ({"capacity": "x"}, "capacity must be a whole number"),
        ({"n_resamples": 0}, "n_resamples must be a whole number"),
        ({"random_state": None}, "random_state must be a whole number"),
    ],
)
def test_origins_refuse_odd_arguments_before_anything_is_fitted(places, option, words):
    given = {"model": MODEL, "X": places.X, "y": places.y, "splits": places.splits, "cohort": places.cohort, **option}
    with pytest.raises(SpecError, match=words):
        evaluate_origins(**given)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"model": None}, "model is a NoneType; expected a classifier"),
        ({"by": ["authority"]}, "by is a list; expected the name of one column"),
        ({"by": "place"}, "The cohort has no column 'place'"),
        ({"task": None}, "task is a NoneType; expected an edgeofcare.Task"),
        ({"X": np.zeros((3, 1))}, "X is a ndarray; expected a DataFrame"),
        ({"capacity": -1}, "capacity must be a whole number"),
        ({"n_resamples": "x"}, "n_resamples must be a whole number"),
    ],
)
def test_transport_refuses_odd_arguments_before_anything_is_fitted(places, option, words):
    given = {"model": MODEL, "X": places.X, "y": places.y, "cohort": places.cohort, "task": TASK, **option}
    with pytest.raises(SpecError, match=words):
        evaluate_transport(**given)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"X": None}, "X is a NoneType; expected a DataFrame"),
        ({"X_train": None}, "X_train is a NoneType; expected a DataFrame"),
        ({"y_train": [1]}, "y_train is a list; expected a Series on the index of X_train"),
        ({"y": [1]}, "y is a list; expected a Series on the index of X"),
        ({"kinds": [["seeds"]]}, "kinds must be some of"),
        ({"capacity": 0}, "capacity must be a whole number"),
        ({"random_state": "x"}, "random_state must be a whole number"),
        ({"n_refits": 2.0}, "n_refits must be a whole number"),
    ],
)
def test_stability_refuses_odd_arguments_before_anything_is_fitted(places, option, words):
    given = {"model": MODEL, "X_train": places.X, "y_train": places.y, "X": places.X, **option}
    with pytest.raises(SpecError, match=words):
        stability(**given)


def test_stability_needs_an_outcome_for_each_training_row(places):
    with pytest.raises(SpecError, match="y_train has 5, and their indexes differ"):
        stability(MODEL, places.X, places.y.iloc[:5], places.X)


def test_everything_that_is_wrong_is_named_at_once(places):
    with pytest.raises(SpecError) as origins:
        evaluate_origins(None, None, places.y, None, cohort=places.cohort, capacity=0, n_resamples=0, by=3)
    with pytest.raises(SpecError) as transport:
        evaluate_transport(None, None, places.y, cohort=places.cohort, task=None, capacity=0, n_resamples=0, by=3)
    with pytest.raises(SpecError) as refitted:
        stability(None, None, places.y, None, capacity=0, n_refits=0, kinds="seeds")
    both = ["model is", "X is", "capacity must", "n_resamples must", "by is"]
    assert all(words in str(origins.value) for words in [*both, "splits is"])
    assert all(words in str(transport.value) for words in [*both, "task is"])
    wrong = ["model is", "X_train is", "X is", "capacity must", "n_refits must", "kinds must"]
    assert all(words in str(refitted.value) for words in wrong)


@pytest.mark.parametrize("seed", [-1, "a", None])
def test_value_tables_refuse_odd_seeds_together_with_odd_costs(seed):
    rows, listed, _ = pictured([[(0, 1, 1, 9)], [(0, 1, 0, 9)], [(0, 0, 1, 9)], [(0, 0, 0, 9)]])
    draws = review_draws(rows, listed, n_resamples=5)
    costs = {"cost_of_review": -1, "cost_of_support": 1, "cost_of_care": 1, "effect": 0.1}
    with pytest.raises(SpecError, match=r"cost_of_review must .*; random_state must"):
        value_table(draws, **costs, random_state=seed)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (LogisticRegression(), "model is not fitted"),
        (FixedRisk, "model is a class"),
        (None, "model has no predict_proba"),
    ],
)
def test_models_that_are_not_fitted_are_named(places, model, words):
    with pytest.raises(SpecError, match=words):
        evaluate(model, places.X, places.y, **FAST)


def test_baselines_that_are_not_fitted_are_named(places):
    with pytest.raises(SpecError, match="last_model is not fitted; give a fitted classifier"):
        evaluate(FixedRisk(0.1), places.X, places.y, baselines={"last_model": LogisticRegression()}, **FAST)


def test_a_model_of_other_features_says_which_are_lacking(places):
    other = LogisticRegression().fit(places.X.rename(columns=str.upper), places.y)
    with pytest.raises(SpecError, match=r"model needs 1 features that X lacks, such as MISSING\.COUNT\.90D"):
        evaluate(other, places.X, places.y, **FAST)
    renamed = pd.concat([places.X, places.X.rename(columns=str.upper)], axis=1)
    fitted = LogisticRegression().fit(renamed, places.y)
    assert evaluate(fitted, renamed, places.y, **FAST).counts["rows"].iloc[0] == len(renamed)
