"""Importance of concepts in a model file: numbers by concept and nothing else, of this model and no other."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.importance import concept_importance
from edgeofcare.model_file import load_model, save_model
from saved_models import FEATURES, TASK, trained

CANARY = "Ada-Lovelace-1815"


@pytest.fixture(scope="module")
def importance():
    """Of the rows that the model was trained on."""
    made = trained("logistic")
    return concept_importance(explain(made.model, made.X), y=made.y, n_resamples=30)


def saved(path, importance):
    """What a file holds of it."""
    save_model(path, trained("logistic").model, features=FEATURES, task=TASK, importance=importance)
    return load_model(path).manifest["importance"]


def test_every_number_is_there_with_every_digit(importance, tmp_path):
    found = pd.DataFrame(json.loads(json.dumps(saved(tmp_path / "m.eoc", importance))))
    pd.testing.assert_frame_equal(
        found,
        importance.drop(columns="note"),
        check_dtype=False,
        check_column_type=False,
        check_exact=True,
        check_like=True,
    )


def test_nothing_but_concepts_and_numbers_is_taken(importance, tmp_path):
    canary = importance.assign(note=CANARY, worker=CANARY)
    assert saved(tmp_path / "m.eoc", canary) == saved(tmp_path / "n.eoc", importance)
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        assert CANARY.encode() not in data
        assert b"KIND" not in data


def test_numbers_that_are_hidden_are_nothing(importance, tmp_path):
    few = importance.assign(**dict.fromkeys([name for name in importance if name not in ("concept", "note")], np.nan))
    found = saved(tmp_path / "m.eoc", few)
    assert [row["concept"] for row in found] == importance["concept"].tolist()
    assert {value for row in found for name, value in row.items() if name != "concept"} == {None}


def test_without_it_a_file_says_nothing_of_it(tmp_path):
    save_model(tmp_path / "m.eoc", trained("logistic").model, features=FEATURES, task=TASK)
    assert "importance" not in load_model(tmp_path / "m.eoc").manifest


def test_importance_of_another_model_is_refused(importance, tmp_path):
    for wrong in (importance.iloc[1:], importance.assign(concept=CANARY)):
        with pytest.raises(SpecError, match="concepts that are not the") as caught:
            saved(tmp_path / "m.eoc", wrong)
        assert CANARY not in str(caught.value)
    for wrong in ("importance", importance.drop(columns="mean_size")):
        with pytest.raises(SpecError, match="expected the frame that concept_importance returns"):
            saved(tmp_path / "m.eoc", wrong)
    assert not list(tmp_path.iterdir())
