"""The service with real models: the answers of the contract, all reasons of a child, and a document that says so."""

from __future__ import annotations

import json

import jsonschema
import pytest

from asgi_calls import ask, service_of
from edgeofcare.model_file import load_model
from edgeofcare.model_inspection import inspect_model
from edgeofcare.scoring.contract import request_schema, response_schema
from edgeofcare.service.guard import ROUTES
from edgeofcare.service.openapi import make_document
from edgeofcare.service.served import _SAID
from edgeofcare.version import VERSION
from served_models import SHAPES, children, request_for, saved


@pytest.fixture(scope="module", params=SHAPES)
def service(request, tmp_path_factory):
    path = saved(tmp_path_factory.mktemp("served") / "model.eoc", request.param)
    return service_of(load_model(path), path, rate=1e6, burst=1_000_000)


@pytest.fixture(scope="module")
def document():
    return make_document()


def schema_of(document, name):
    """A schema of the document, with what it refers to."""
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def test_scores_are_those_of_the_contract(service, document):
    request = request_for(0, 1, 2, rank=True, top_reasons=2)
    found = ask(service.app, "POST", "/v1/score", plain=request)
    assert found.status == 200
    assert found.plain == json.loads(json.dumps(service.served.scorer.score_request(request)))
    assert len(found.plain["scores"]) == 3
    jsonschema.validate(found.plain, schema_of(document, "ScoreResponse"))
    jsonschema.validate(request, schema_of(document, "ScoreRequest"))


def test_all_reasons_of_a_child_with_the_features_inside(service, document):
    scorer = service.served.scorer
    for place in range(5):
        found = ask(service.app, "POST", "/v1/explain", plain=request_for(place)).plain
        jsonschema.validate(found, schema_of(document, "ExplainResponse"))
        expected = scorer.score_child(children()[place], found["index_date"], top_reasons=100, bands=True).to_dict()
        score = found["scores"][0]
        plain = [{name: value for name, value in each.items() if name != "features"} for each in score["reasons"]]
        assert plain == expected["reasons"]
        total = sum(reason["contribution"] for reason in score["reasons"])
        assert total == pytest.approx(score["log_odds"] - score["base"], abs=1e-9)
        inside = [each for reason in score["reasons"] for each in reason["features"]]
        assert sum(each["contribution"] for each in inside) == pytest.approx(total, abs=1e-9)
        for reason in score["reasons"]:
            sizes = [-abs(each["contribution"]) for each in reason["features"]]
            assert sizes == sorted(sizes)
            [carrier] = [each for each in reason["features"] if each["feature"] == reason["feature"]]
            assert {name: reason[name] for name in carrier if name != "contribution"} == {
                name: value for name, value in carrier.items() if name != "contribution"
            }


def test_bands_of_an_explanation_can_be_left_out(service):
    found = ask(service.app, "POST", "/v1/explain", plain=request_for(0, bands=False)).plain
    assert {reason["band"] for reason in found["scores"][0]["reasons"]} == {None}


@pytest.mark.parametrize("places", [(), (0, 1)])
def test_one_child_is_explained_at_a_time(service, places):
    found = ask(service.app, "POST", "/v1/explain", plain=request_for(*places))
    assert (found.status, len(found.plain["problems"])) == (422, 1)


@pytest.mark.parametrize("plain", [None, [], "x", 1, {}, {"children": {}}, {"children": [1]}, {"children": [[]]}])
def test_content_of_another_form_is_422(service, plain):
    for route in ("/v1/score", "/v1/explain"):
        found = ask(service.app, "POST", route, parts=(json.dumps(plain).encode(),))
        assert (found.status, bool(found.plain["problems"])) == (422, True)


@pytest.mark.parametrize("top", [-1, 101, True, 1.5, None, "3"])
def test_a_wrong_number_of_reasons_is_refused_though_all_are_told(service, top):
    assert ask(service.app, "POST", "/v1/explain", plain=request_for(0, top_reasons=top)).status == 422
    told = [
        ask(service.app, "POST", "/v1/explain", plain=request_for(0, **few)).plain
        for few in ({}, {"top_reasons": 0}, {"top_reasons": 1.0})
    ]
    assert told[1:] == told[:1] * 2
    assert len(told[0]["scores"][0]["reasons"]) > 3


def test_a_child_whom_the_model_is_not_for_has_no_reasons(service):
    request = request_for(0)
    for row in request["children"][0]["tables"]["children"]:
        row["birth_date"] = "2021-06-15"
    found = ask(service.app, "POST", "/v1/explain", plain=request).plain["scores"][0]
    assert (found["eligible"], found["risk"], found["reasons"]) == (False, None, [])


def test_problems_name_no_value(service):
    secrets = ("KIND", "1850-13-45", "SECRET")
    wrong = request_for(0, 1, override="SECRET\n", top_reasons="SECRET", SECRET=1)
    wrong["index_date"] = "1850-13-45"
    wrong["children"][1]["tables"]["referrals"] = [{"row_key": "SECRET", "start_date": "1850-13-45", "SECRET": 1}]
    wrong["children"][0]["SECRET"] = wrong["children"][0]["tables"]["SECRET"] = []
    late = request_for(0)
    late["index_date"] = "2099-05-17"
    for request, hidden in ((wrong, secrets), (late, ("2099", "KIND"))):
        found = ask(service.app, "POST", "/v1/score", plain=request)
        assert found.status == 422
        for word in hidden:
            assert word not in found.body.decode()
            assert word not in service.stream.getvalue()


def test_an_expired_model_is_409_unless_overridden(service):
    scorer = service.served.scorer
    held = scorer.__dict__.get("_said") or scorer.manifest
    try:
        scorer.__dict__["_said"] = {**held, "expires": "2020-01-01"}
        found = ask(service.app, "POST", "/v1/score", plain=request_for(0))
        assert (found.status, "2020-01-01" in found.plain["detail"]) == (409, True)
        again = ask(service.app, "POST", "/v1/score", plain=request_for(0, override="The new model comes in May."))
        assert (again.status, again.plain["override"]) == (200, "The new model comes in May.")
        assert ask(service.app, "GET", "/v1/model").plain["expired"] is True
    finally:
        scorer.__dict__["_said"] = held


def test_no_answer_leaves_a_trace_of_a_child_in_the_log(service):
    ask(service.app, "POST", "/v1/score", plain=request_for(*range(20)))
    ask(service.app, "POST", "/v1/explain", plain=request_for(3))
    keys = {row[name] for child in children() for rows in child["tables"].values() for row in rows
            for name in ("child_id", "row_key") if row.get(name)}  # fmt: skip
    assert len(keys) > 100
    lines = [json.loads(line) for line in service.stream.getvalue().splitlines()]
    text = json.dumps([{**line, "request_id": ""} for line in lines])  # made by chance, and so may look like a key
    assert len(lines) > 1
    assert [key for key in keys if str(key) in text] == []


def test_the_model_is_told_as_the_document_says(service, document):
    told = ask(service.app, "GET", "/v1/model").plain
    jsonschema.validate(told, schema_of(document, "Model"))
    assert set(told) == set(document["components"]["schemas"]["Model"]["properties"])


def test_the_model_is_told_with_the_words_of_its_inspection(service):
    told, facts = ask(service.app, "GET", "/v1/model").plain, inspect_model(service.served._path).to_dict()
    alike = set(told) & set(facts) - {"features", "verdict"}
    assert alike == {*_SAID}
    assert {name: told[name] for name in alike} == {name: json.loads(json.dumps(facts[name])) for name in alike}
    assert told["features"] == [feature["name"] for feature in facts["features"]]
    assert told["reporting_lag"] == facts["training"]["reporting_lags"] == dict(service.served.scorer.reporting_lag)
    assert told["package_version"] == VERSION


def test_the_document_is_that_of_the_routes(service, document):
    assert ask(service.app, "GET", "/openapi.json", token=None).plain == document
    assert {(path, method.upper()) for path, methods in document["paths"].items() for method in methods} == {
        (route.path, route.method) for route in ROUTES.values()
    }


def test_schemas_and_examples_of_the_document_are_right(document):
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        for example in schema.get("examples", []):
            jsonschema.validate(example, schema_of(document, name))
    assert document["components"]["schemas"]["ExplainRequest"]["examples"][0]["children"][1:] == []
    assert '"#/$defs/' not in json.dumps(document)
    parts = document["components"]["schemas"]
    for name, made in (("ScoreRequest", request_schema()), ("ScoreResponse", response_schema())):
        assert set(parts[name]["properties"]) == set(made["properties"])
        assert {f"{name}.{inner}" for inner in made["$defs"]} <= set(parts)


def test_examples_of_the_document_are_answered(service, document):
    for kind, route in (("Score", "/v1/score"), ("Explain", "/v1/explain")):
        for example in document["components"]["schemas"][f"{kind}Request"]["examples"]:
            found = ask(service.app, "POST", route, plain=example)
            assert found.status == 200, found.plain
            jsonschema.validate(found.plain, schema_of(document, f"{kind}Response"))
