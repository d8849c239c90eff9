"""What is said of a model is derived once: `inspect` and the service say the same of every kind of file."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from asgi_calls import ask, service_of
from edgeofcare.evaluation.evaluate import evaluate
from edgeofcare.explanation.reference_cohort import make_reference
from edgeofcare.model_facts import model_facts
from edgeofcare.model_file import load_model, save_model
from edgeofcare.model_inspection import inspect_model
from forged_files import parts_of, repacked
from saved_models import FEATURES, TASK, in_older_layout, records_with, trained

DAY = dt.date(2026, 1, 1)


@pytest.fixture(scope="module")
def report():
    made = trained("logistic")
    return evaluate(made.model, made.X, made.y, n_resamples=20)


@pytest.fixture(scope="module")
def path(tmp_path_factory, report):
    made = trained("logistic")
    more = {"expires": "2027-03-31", "evaluation": report, "records": records_with(3)}
    more["reference"] = make_reference(made.model, made.X, name="All of training")
    target = tmp_path_factory.mktemp("m") / "model.eoc"
    return save_model(target, made.model, features=FEATURES, task=TASK, **more)


def older(path, target):
    """The same file in its first layout."""
    manifest, arrays = parts_of(path.read_bytes())
    first = ("golden.", "reference.")
    held = in_older_layout({name: said for name, said in manifest.items() if name != "reference"})
    target.write_bytes(repacked(held, {name: array for name, array in arrays.items() if not name.startswith(first)}))
    return target


def test_the_service_says_some_of_what_inspect_says(path, report):
    told = ask(service_of(load_model(path), path).app, "GET", "/v1/model").plain
    facts = inspect_model(path).to_dict()
    assert told["verdict"] == facts["verdict"]["conclusion"] == report.verdict().conclusion
    assert facts["verdict"]["text"] == report.verdict().text
    assert told["compared_with"] == facts["reference"]["name"] == "All of training"
    assert told["expires"] == facts["expires"] == "2027-03-31"
    assert facts["training"]["reporting_lag"] == max(told["reporting_lag"].values()) == 3
    assert told["reporting_lag"] == facts["training"]["reporting_lags"]


def test_the_facts_of_a_model_are_those_of_its_file_but_for_the_file(path):
    facts, inspected = model_facts(load_model(path), DAY), inspect_model(path, today=DAY).to_dict()
    assert set(inspected) - set(facts) == {"file", "bytes", "sha256", "signature"}
    assert facts == {name: inspected[name] for name in facts}
    assert json.loads(json.dumps(facts, allow_nan=False))["model_id"] == load_model(path).model_id


def test_the_verdict_of_an_older_file_is_that_of_its_evaluation(path, report, tmp_path):
    file = older(path, tmp_path / "older.eoc")
    assert inspect_model(file).to_dict()["verdict"] == {"conclusion": report.verdict().conclusion}
    told = ask(service_of(load_model(file), file).app, "GET", "/v1/model").plain
    assert (told["verdict"], told["compared_with"]) == (report.verdict().conclusion, None)
