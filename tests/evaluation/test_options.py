"""What evaluate cannot use is named in plain words, all at once, and no value of a child with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.evaluation.export import predictions_frame
from edgeofcare.exceptions import SpecError
from edgeofcare.task import Task
from evaluation.panels import FAST, FixedRisk, Stub, make_panel

X, Y, COHORT = make_panel(40, 3)
SUMMARY = pd.DataFrame({"name": ["a"], "mean_size": [1.0]})
CANARY = "Ada Lovelace"


def refused(error=SpecError, rows=(X, Y), model=None, **options):
    """The message of the error, which quotes nothing of a row."""
    with pytest.raises(error) as caught:
        evaluate(model or Stub(), *rows, **options)
    message = str(caught.value)
    assert CANARY not in message
    assert "h00" not in message
    assert caught.value.__cause__ is None
    return message


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"by": 3}, "by is a int; by= takes columns and pairs"),
        ({"by": [3]}, "1 of 1 entries of by= cannot be used"),
        ({"by": ["sex", ("sex", "sex")]}, "1 of 2 entries of by= cannot be used"),
        ({"by": {"sex": 1}}, "by is a dict"),
        ({"by": ["gender"]}, "cohort has no column 'gender'; by= can use sex"),
        ({"by": "sex", "cohort": COHORT["sex"]}, "cohort is a Series; expected the DataFrame that build_cohort gives"),
        ({"cohort": pd.concat([COHORT, COHORT], axis=1)}, "cohort has 3 columns whose name another one has"),
        ({"train": X}, "train is a DataFrame; expected the index of the training rows, such as split.train"),
        ({"random_state": None}, "random_state must be a whole number, 0 or more"),
        ({"random_state": "a"}, "random_state must be"),
        ({"random_state": -1}, "random_state must be"),
        ({"random_state": True}, "random_state must be"),
        ({"n_resamples": 0}, "n_resamples must be a whole number, at least 1"),
        ({"n_resamples": 2.5}, "n_resamples must be"),
        ({"n_resamples": "x"}, "n_resamples must be"),
        ({"n_resamples": None}, "n_resamples must be"),
        ({"capacity": 0}, "capacity must be a whole number of children a calendar month"),
        ({"capacity": "a"}, "capacity must be"),
        ({"capacity": True}, "capacity must be"),
        ({"capacity": 2.0}, "capacity must be"),
        ({"baselines": [Stub()]}, "baselines is a list; expected fitted classifiers by name"),
        ({"summary": SUMMARY.drop(columns="name")}, "summary lacks the columns name and mean_size"),
        ({"summary": SUMMARY.assign(mean_size=CANARY)}, "summary lacks the columns name and mean_size"),
        ({"summary": SUMMARY.to_numpy()}, "summary is a ndarray; expected the DataFrame that explain"),
        ({"reference": {"sex": "F"}}, "reference= needs the columns to compare: pass by="),
        ({"reference": ["F"], "by": "sex"}, "reference is a list"),
        ({"reference": {"gender": CANARY}, "by": "sex"}, "reference names a column that by= does not"),
        ({"reference": {"sex": CANARY}, "by": "sex"}, "a group that it has not: 'sex'"),
        ({"details": Y, "task": Task()}, "details is a Series; expected the DataFrame that label_outcome"),
        ({"details": pd.DataFrame(index=X.index)}, "details= and records= need the outcome window: pass task="),
        ({"records": {"children": X}}, "records is a dict; expected the Records"),
        ({"task": "365D"}, "task is a str; expected an edgeofcare.Task"),
        ({"criteria": {"min_entrants": 100}}, "criteria is a dict; expected edgeofcare.Criteria"),
    ],
)
def test_each_odd_option_is_named(options, words):
    assert words in refused(**{"cohort": COHORT, **options})


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ((X.to_numpy(), Y), "X is a ndarray; expected a DataFrame on the index"),
        ((X, Y.to_frame()), "y is a DataFrame; give one column of it"),
        ((X, Y.to_numpy()), "y is a ndarray; expected a Series"),
        ((X, Y.astype(float).where(np.arange(len(Y)) > 2)), f"y has 3 of {len(Y)} values that are neither 0 nor 1"),
        ((X, Y.astype(str)), f"y has {len(Y)} of {len(Y)} values"),
        ((X, Y.astype(object).where(np.arange(len(Y)) > 0, CANARY)), f"y has 1 of {len(Y)} values"),
        ((X, Y.astype("Int64").where(np.arange(len(Y)) > 0, pd.NA)), f"y has 1 of {len(Y)} values"),
    ],
)
def test_rows_of_another_kind_are_named(rows, words):
    assert words in refused(rows=rows)
    with pytest.raises(SpecError, match=r"^[Xy] "):
        predictions_frame(Stub(), *rows, rng=np.random.default_rng(0))


def test_all_problems_are_told_at_once():
    said = refused(
        rows=(X.to_numpy(), Y.to_frame()),
        cohort=COHORT["sex"],
        by=3,
        reference=3,
        train=X,
        baselines=[],
        details=3,
        records=3,
        task=3,
        summary=3,
        criteria=3,
        capacity=0,
        n_resamples=0,
        random_state=-1,
    )
    names = ["X", "y", "cohort", "by", "reference", "train", "baselines", "details", "records", "task", "summary"]
    for name in [*names, "criteria"]:
        assert f"{name} is a " in said
    for name in ("capacity", "n_resamples", "random_state"):
        assert f"{name} must be" in said


def test_options_that_need_others_are_told_together():
    said = refused(records=3, reference={"sex": "F"}, by=["sex"])
    assert "pass cohort= and capacity=" in said
    assert "pass task=" in said
    assert "pass cohort=." in said


def test_criteria_of_the_model_cannot_change():
    model = Stub()
    model.criteria = Criteria(min_entrants=200)
    assert "fixed before fitting" in refused(model=model, criteria=Criteria())
    assert evaluate(model, X, Y, **FAST).criteria == model.criteria
    assert evaluate(model, X, Y, criteria=Criteria(min_entrants=200), **FAST).criteria == model.criteria


def test_whole_numbers_of_numpy_and_an_index_of_columns_will_do():
    options = {"n_resamples": np.int64(3), "random_state": np.int32(2), "capacity": np.int8(5)}
    found = evaluate(FixedRisk("risk"), X, Y, cohort=COHORT, by=COHORT.columns[:1], **options)
    assert [type(each) for each in (found.n_resamples, found.random_state, found.capacity)] == [int] * 3
    assert found.groups["by"].unique().tolist() == ["sex"]
    assert evaluate(FixedRisk("risk"), X, Y, cohort=COHORT, by=[], **FAST).groups.empty


@pytest.mark.parametrize("limits", [None, 3, "baseline", ["baseline"], {3: 4}])
def test_limits_that_are_no_mapping_are_refused(limits):
    with pytest.raises(SpecError, match="criteria"):
        Criteria.from_dict(limits)
