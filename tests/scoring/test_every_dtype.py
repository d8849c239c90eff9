"""Must show: the numpy scorer gives scikit-learn's probabilities of any frame, and from JSON those from records."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from edgeofcare.cohort import build_cohort, quarters
from edgeofcare.exceptions import SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.single.records import ChildRecords
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.outcome import label_outcome
from edgeofcare.schema.codes import CODE_LISTS
from edgeofcare.synthetic.records import make_records
from edgeofcare.task import Task

TASK = Task()
SOURCE = "referral.last_source"
NUMBERS = ("child.age", "missing.count.365d", "cp_plan.active", "referral.days_since", "offence.count.1095d")
FEATURES = (*NUMBERS, SOURCE)
ROWS = 10_000
KINDS = {
    "boosting": {"max_iter": 60, "min_samples_leaf": 10},
    "averaged": {"max_iter": 20, "min_samples_leaf": 20, "members": 2},
    "logistic": {},
}


@cache
def records():
    return make_records(900, random_state=4, authority="sample")


@cache
def training():
    cohort = build_cohort(records(), TASK, index_dates=quarters("2016-04-01", "2023-01-01"))
    y = label_outcome(records(), cohort, TASK)
    return build_features(records(), cohort.loc[y.index], FEATURES), y


@pytest.fixture(scope="module", params=KINDS)
def pair(request, tmp_path_factory):
    """A fitted classifier and the scorer of its file."""
    kind = "logistic" if request.param == "logistic" else "boosting"
    model = make_risk_model(kind, task=TASK, n_folds=3, random_state=0, **KINDS[request.param]).fit(*training())
    path = tmp_path_factory.mktemp("dtypes") / "model.eoc"
    return model, load_model(save_model(path, model, features=FEATURES, task=TASK, records=records()))


@cache
def table(unknown=True):
    """Rows whose cells come from different children, with unknown numbers and codes of the list and of none."""
    rng = np.random.default_rng(0)
    X, _ = training()
    made = pd.DataFrame({name: rng.choice(X[name].to_numpy(), ROWS) for name in NUMBERS})
    made = made.where(rng.random(made.shape) > 0.2) if unknown else made.fillna(0.0)
    codes = np.array([*CODE_LISTS["source"], "none of them", None], dtype=object)
    made[SOURCE] = pd.Series(codes[rng.integers(0, len(codes), ROWS)], dtype=object)
    keys = [f"{number:05d}" for number in range(ROWS)]
    made.index = pd.MultiIndex.from_arrays(
        [keys, keys, pd.to_datetime(["2023-01-01"] * ROWS)], names=["household_id", "child_id", "index_date"]
    )
    return made


def numbers(dtype, *, unknown=True):
    """The table with its numbers in another dtype; whole numbers where it holds no other."""
    made = table(unknown)
    whole = not str(dtype).lower().startswith(("float", "double"))
    return made.assign(**{
        name: (made[name].round() if whole else made[name]).astype(dtype) for name in NUMBERS
    })  # fmt: skip


def flags(dtype):
    """The table with its flag as true and false."""
    made = table(unknown=dtype != "bool")
    return made.assign(**{"cp_plan.active": (made["cp_plan.active"].astype("Float64") > 0).astype(dtype)})


def codes(dtype):
    """The table with its codes in another dtype."""
    return table().assign(**{SOURCE: table()[SOURCE].astype(dtype)})


FRAMES = {
    "float64": lambda: table(),
    "float32": lambda: numbers("float32"),
    "int64": lambda: numbers("int64", unknown=False),
    "int16": lambda: numbers("int16", unknown=False),
    "uint32": lambda: numbers("uint32", unknown=False),
    "bool": lambda: flags("bool"),
    "nullable float": lambda: numbers("Float64"),
    "nullable int": lambda: numbers("Int64"),
    "nullable bool": lambda: flags("boolean"),
    "arrow double": lambda: numbers(pd.ArrowDtype(pa.float64())),
    "arrow float": lambda: numbers(pd.ArrowDtype(pa.float32())),
    "arrow int": lambda: numbers(pd.ArrowDtype(pa.int64())),
    "arrow bool": lambda: flags(pd.ArrowDtype(pa.bool_())),
    "codes as category": lambda: codes("category"),
    "codes as a category in another order": lambda: codes(
        pd.CategoricalDtype([*reversed(CODE_LISTS["source"]), "none of them", "never seen"])
    ),
    "codes as text": lambda: codes("string"),
    "codes as arrow text": lambda: codes(pd.ArrowDtype(pa.string())),
    "no known code": lambda: table().assign(**{SOURCE: pd.Series([None] * ROWS, dtype=object, index=table().index)}),
}


@pytest.mark.parametrize("name", FRAMES)
def test_risks_are_those_of_scikit_learn_whatever_the_dtype(name, pair):
    model, scorer = pair
    frame = FRAMES[name]()
    assert frame.shape == (ROWS, len(FEATURES))
    found, expected = scorer.risk(frame), model.predict_proba(frame)[:, 1]
    assert np.abs(found - expected).max() <= 1e-12
    assert len(np.unique(found)) > 100


def test_what_is_left_unknown_counts(pair):
    model, scorer = pair
    assert table()[list(NUMBERS)].isna().mean().min() > 0.15
    assert scorer.unseen(table()) == model.unseen(table())
    assert scorer.unseen(table())[SOURCE] > 300


def test_numbers_as_objects_are_refused_as_in_training(pair):
    model, scorer = pair
    frame = numbers("float64").astype(dict.fromkeys(NUMBERS, object))
    for score in (scorer.risk, model.predict_proba):
        with pytest.raises(SpecError, match=r"numeric|number"):
            score(frame)


# --------------------------------------------------------------------------------------------- from JSON, from Records


def agree(scorer, population, count):
    """Compare children in requests as JSON with the frame of their records; how many have a risk."""
    made = make_records(population, random_state=11, authority="sample")
    scores = scorer.score(made, "2023-01-01", top_reasons=3).reset_index().set_index("child_id")
    eligible = scores.index.tolist()[:count]
    for first in range(0, len(eligible), 100):
        some = eligible[first : first + 100]
        plain = [ChildRecords.from_records(made, child).to_plain() for child in some]
        request = {"schema_version": "1.0", "index_date": "2023-01-01", "children": plain, "rank": False}
        for child, score in zip(some, scorer.score_request(json.dumps(request))["scores"], strict=True):
            of_frame = scores.loc[child]
            assert abs(score["risk"] - of_frame["risk"]) <= 1e-12
            assert tuple(score["unseen"]) == of_frame["unseen"]
            said = [f"{reason['direction'].capitalize()} the risk: {reason['sentence']}" for reason in score["reasons"]]
            assert tuple(said) == of_frame["reasons"]
    return len(eligible)


def test_children_score_from_json_as_from_records(pair):
    assert agree(pair[1], 700, 40) == 40


@pytest.mark.slow
def test_a_thousand_children_score_from_json_as_from_records(pair):
    assert agree(pair[1], 16_000, 1000) == 1000
