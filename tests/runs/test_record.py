"""The record of a run: what is in it, what it refuses, and that nothing personal is in it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from edgeofcare.criteria import Criteria
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.exceptions import SpecError
from edgeofcare.features.plain import feature_from_dict
from edgeofcare.model_file import load_model, save_model
from edgeofcare.models.baselines import Rule
from edgeofcare.models.risk_model import make_risk_model
from edgeofcare.runs.choices import model_choices, model_options
from edgeofcare.runs.record import STEPS, RunRecord, run_record
from edgeofcare.splitting import household_folds, temporal_split
from recorded_runs import made
from saved_models import FEATURES, TASK


@pytest.fixture(scope="module")
def run():
    return run_record(made().model, **made().record_options())


def test_it_says_all_that_was_chosen(run):
    chosen = run.choices
    assert chosen["task"] == TASK.to_dict()
    assert [feature_from_dict(plain).name for plain in chosen["features"]] == list(FEATURES)
    assert (chosen["index_dates"][0], chosen["index_dates"][-1]) == ("2016-04-01", "2023-01-01")
    assert chosen["split"] == {"test_from": "2021-04-01", "test_until": None}
    assert chosen["evaluation"] == {
        "capacity": 5,
        "by": ["sex", ["sex", "age_band"]],
        "reference": {"sex": "female"},
        "criteria": Criteria().to_dict(),
        "strata": True,
        "details": True,
        "records": True,
        "summary": "latest",
        "n_resamples": 30,
        "random_state": 0,
    }
    assert make_risk_model(task=TASK, **model_options(chosen["model"])).get_params() == made().model.get_params()


def test_it_has_a_digest_of_every_step(run):
    assert list(run.steps)[: len(STEPS)] == list(STEPS)
    assert {"evaluation: measures", "evaluation: groups", "evaluation: decision_curve"} <= set(run.steps)
    assert all(len(digest.exact) == len(digest.rounded) == 64 for digest in run.steps.values())
    assert run.steps["records"].exact == made().records.fingerprint


def test_json_gives_it_back(run):
    again = RunRecord.from_dict(json.loads(json.dumps(run.to_dict(), allow_nan=False)))
    assert again == run


def test_numbers_have_every_digit(run):
    table = made().evaluation.measures
    assert run.tables["measures"]["estimate"][0] == table["estimate"].iloc[0]
    written = pd.Series(run.tables["measures"]["estimate"], dtype=float)
    np.testing.assert_array_equal(written.to_numpy(), table["estimate"].to_numpy())
    assert run.tables["verdict"]["conclusion"] == [made().evaluation.verdict().conclusion]


def test_nothing_personal_is_in_it(run):
    text = json.dumps(run.to_dict())
    assert "KIND" not in text  # every identifier of these records holds it
    assert "KIND" in made().cohort.index[0][1]
    assert "KIND" not in repr(run)


def test_the_order_of_rows_does_not_matter(run):
    one = made()
    back = {name: getattr(one, name).iloc[::-1] for name in ("cohort", "X", "y")}
    assert run_record(one.model, **one.record_options(**back)).steps == run.steps


def test_rows_without_a_label_are_left_out_of_the_features(run):
    """Whether X was built from the whole cohort or from its labelled rows is the same run."""
    one = made()
    extra = one.X.iloc[:5].rename(index=lambda key: f"{key}x", level="child_id")
    again = run_record(one.model, **one.record_options(X=pd.concat([one.X, extra])))
    assert again.steps["features"] == run.steps["features"]


@pytest.mark.parametrize(
    ("step", "changed"),
    [
        ("labels", lambda one: {"y": one.y.replace({0: 1, 1: 0})}),
        ("features", lambda one: {"X": one.X + 0.5}),
        ("cohort", lambda one: {"cohort": one.cohort.assign(sex="other")}),
    ],
)
def test_each_digest_is_of_its_own_step(run, step, changed):
    one = made()
    steps = run_record(one.model, **one.record_options(**changed(one))).steps
    assert steps[step] != run.steps[step]
    assert steps["model"] == run.steps["model"]
    assert steps["records"] == run.steps["records"]


def test_groups_by_columns_of_ones_own_are_left_out():
    one = made()
    cohort = one.cohort.assign(worker="Ada")
    test = one.split.test
    by = ["sex", "worker"]
    own = evaluate(one.model, one.X.loc[test], one.y.loc[test], cohort=cohort, by=by, n_resamples=10)
    run = run_record(one.model, **one.record_options(cohort=cohort, evaluation=own))
    assert run.choices["evaluation"]["by"] == []
    assert "groups" not in run.tables
    assert "Ada" not in json.dumps(run.to_dict())


def test_words_of_count_rules_are_left_out():
    rules = [Rule("child.age", 16, "What the team calls an old hand")]
    model = make_risk_model("logistic", task=TASK, count_rules=rules)
    assert model_choices(model)["count_rules"] == [["child.age", 16.0]]
    back = model_options(model_choices(model))["count_rules"]
    assert [(rule.feature, rule.at_least) for rule in back] == [("child.age", 16.0)]


def test_a_test_period_with_an_end_is_recorded():
    one = made()
    split = temporal_split(one.cohort, TASK, test_from="2020-04-01", test_until="2021-04-01")
    test = split.test
    evaluation = evaluate(one.model, one.X.loc[test], one.y.loc[test], n_resamples=10)
    chosen = run_record(one.model, **one.record_options(split=split, evaluation=evaluation)).choices
    assert chosen["split"] == {"test_from": "2020-04-01", "test_until": "2021-01-02"}
    again = temporal_split(one.cohort, TASK, **chosen["split"])
    assert again.test.equals(split.test)
    assert again.train.equals(split.train)
    assert chosen["evaluation"]["strata"] is False


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (lambda one: {"features": FEATURES[::-1]}, "not the same in the same order"),
        (lambda one: {"split": household_folds(one.cohort, TASK)[0]}, "split cannot be recorded"),
        (lambda one: {"X": one.X.iloc[10:]}, "10 of .* rows of y are not in X"),
        (lambda one: {"evaluation": one.evaluation.to_dict()}, "evaluation is a dict"),
    ],
)
def test_what_cannot_be_repeated_is_refused(changed, why):
    one = made()
    with pytest.raises(SpecError, match=why):
        run_record(one.model, **one.record_options(**changed(one)))


def test_a_model_without_a_seed_or_a_task_is_refused():
    with pytest.raises(SpecError, match="random_state of the model is not a whole number"):
        model_choices(make_risk_model("logistic", task=TASK, random_state=None))
    with pytest.raises(SpecError, match=r"make_risk_model\(task"):
        run_record(make_risk_model("logistic"), **made().record_options())


def test_index_dates_of_single_children_are_not_recorded():
    one = made()
    few = one.cohort.groupby("index_date", group_keys=False).head(5)
    with pytest.raises(SpecError, match="too few rows a date") as caught:
        run_record(one.model, **one.record_options(cohort=few, y=one.y.loc[few.index]))
    assert "2016" not in str(caught.value)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda plain: plain.pop("choices"),
        lambda plain: plain["choices"].pop("split"),
        lambda plain: plain["steps"][0].pop("exact"),
        lambda plain: plain.update(tables={"measures": {"a": [1], "b": []}}),
        lambda plain: plain.update(tables={"measures": {"a": [{}]}}),
        lambda plain: plain.update(environment=[]),
        lambda plain: plain.update(steps=7),
    ],
)
def test_a_record_of_another_form_is_refused(run, spoil):
    plain = json.loads(json.dumps(run.to_dict()))
    spoil(plain)
    with pytest.raises(SpecError, match="not as edgeofcare writes it"):
        RunRecord.from_dict(plain)


# --------------------------------------------------------------------------------------- in the model file


def saved(tmp_path, run, model=None, records=None):
    """Save with a record."""
    one = made()
    path = tmp_path / "m.eoc"
    return save_model(path, model or one.model, features=FEATURES, task=TASK, records=records, run=run)


def test_a_model_file_holds_it(run, tmp_path):
    manifest = load_model(saved(tmp_path, run, records=made().records)).manifest
    assert RunRecord.from_dict(manifest["run"]) == run
    assert load_model(saved(tmp_path, None)).manifest["run"] is None


def test_a_model_file_takes_no_record_of_something_else(run, tmp_path):
    one = made()
    other = make_risk_model("logistic", task=TASK, C=2.0).fit(one.X, one.y)
    foreign = replace(run, steps={**run.steps, "records": run.steps["labels"]})
    turned = replace(run, choices={**run.choices, "features": run.choices["features"][::-1]})
    for wrong, model, records, why in (
        (run, other, None, "about another model"),
        (foreign, one.model, one.records, "about other records"),
        (turned, one.model, None, "about other features"),
        (run.to_dict(), one.model, None, "run is a dict"),
    ):
        with pytest.raises(SpecError, match=why):
            saved(tmp_path, wrong, model, records)
    assert not (tmp_path / "m.eoc").exists()
