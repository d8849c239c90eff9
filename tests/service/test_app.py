"""Every status of the service, message by message, and that logs and problems hold nothing of a request."""

from __future__ import annotations

import asyncio
import re
import threading
import time

import pytest

from asgi_calls import TOKEN, ask, asked, service_of, stub
from edgeofcare.exceptions import RecordsError, SpecError, UnfitModelError
from edgeofcare.service.guard import ROUTES

SECRET = "KIND0000042"
JSON = {"content-type": "application/json"}


@pytest.fixture
def path(tmp_path):
    """Something that stands for a model file."""
    target = tmp_path / "model.eoc"
    target.write_bytes(b"1")
    return target


@pytest.fixture
def service(path):
    return service_of(stub(), path, body_bytes=1000, body_seconds=0.2)


def failing(error):
    """A model that raises whatever it is asked."""

    def answer(request):
        raise error

    return stub(answer)


def test_a_request_with_a_token_is_answered(path):
    service = service_of(stub(lambda request: {"asked": request}), path)
    found = ask(service.app, "POST", "/v1/score", plain={"children": [SECRET]})
    assert (found.status, found.plain) == (200, {"asked": {"children": [SECRET]}})
    assert found.headers["content-type"] == "application/json"
    assert (found.headers["cache-control"], found.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert re.fullmatch("[0-9a-f]{16}", found.headers["x-request-id"])


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", TOKEN])
@pytest.mark.parametrize("route", ["/v1/score", "/v1/explain", "/v1/model", "/metrics"])
def test_without_a_known_token_the_answer_is_401(service, route, sent):
    headers = {"authorization": sent} if sent else {}
    found = ask(service.app, ROUTES[route].method, route, headers=headers, token=None)
    assert (found.status, found.plain["status"]) == (401, 401)
    assert found.headers["www-authenticate"].startswith("Bearer")
    assert ("invalid_token" in found.headers["www-authenticate"]) == bool(sent)


def test_each_of_several_tokens_is_known_in_any_case_of_the_scheme(path):
    service = service_of(stub(), path, tokens=f"{TOKEN} another-token-of-the-tests-01")
    for sent in (f"bearer {TOKEN}", "BEARER  another-token-of-the-tests-01"):
        assert ask(service.app, "GET", "/v1/model", headers={"authorization": sent}, token=None).status == 200


@pytest.mark.parametrize("route", ["/health", "/openapi.json"])
def test_health_and_the_document_need_no_token(service, route):
    assert ask(service.app, "GET", route, token=None).status == 200


def test_metrics_need_a_token_unless_asked_from_this_machine_itself(service):
    def status(**options):
        return ask(service.app, "GET", "/metrics", token=None, **options).status

    assert [status(client=client) for client in ("127.0.0.1", "::1", "192.0.2.1")] == [200, 200, 401]
    for name in ("forwarded", "x-forwarded-for", "x-real-ip", "via"):
        assert status(client="127.0.0.1", headers={name: "192.0.2.1"}) == 401
    assert ask(service.app, "GET", "/metrics").status == 200


def test_without_tokens_only_the_names_of_this_machine_are_answered(path):
    service = service_of(stub(), path, tokens=None)

    def status(host):
        return ask(service.app, "GET", "/v1/model", token=None, headers={"host": host}).status

    assert [status(host) for host in ("localhost", "127.0.0.1:8000", "[::1]:8000", "[::1]")] == [200] * 4
    assert [status(host) for host in ("evil.example", "evil.example:8000", "", "localhost.evil.example")] == [400] * 4


def test_a_body_that_is_too_large_is_413_whatever_its_headers_say(service):
    part = b"x" * 400
    assert ask(service.app, "POST", "/v1/score", parts=[part] * 3).status == 413
    assert ask(service.app, "POST", "/v1/score", parts=[part] * 3, headers={"content-length": "5"}).status == 413
    endless = ask(service.app, "POST", "/v1/score", parts=[part] * 10_000)
    assert (endless.status, endless.headers["connection"]) == (413, "close")
    waiting = {"content-length": "1001", "expect": "100-continue"}
    assert ask(service.app, "POST", "/v1/score", parts=(), headers={**JSON, **waiting}).status == 413
    assert ask(service.app, "POST", "/v1/score", parts=[b"[" + b" " * 998 + b"]"]).status == 200


def test_a_body_that_takes_too_long_is_408(service):
    begin = time.monotonic()
    found = ask(service.app, "POST", "/v1/score", parts=[b" "] * 100, pause=0.05)
    assert (found.status, found.headers["connection"]) == (408, "close")
    assert time.monotonic() - begin < 4


def test_a_client_that_goes_away_gets_no_answer_and_is_told_as_499(service):
    assert ask(service.app, "POST", "/v1/score", parts=(), headers=JSON).status == 0
    assert service.lines[-1]["status"] == 499


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b"\xff"])
def test_a_body_that_is_no_json_is_400(service, body):
    assert ask(service.app, "POST", "/v1/score", parts=[body]).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "application/json; charset=latin-1"},
        {"content-type": "application/json", "content-encoding": "gzip"},
    ],
)
def test_another_kind_of_body_is_415(service, headers):
    assert ask(service.app, "POST", "/v1/score", parts=[b"{}"], headers=headers).status == 415


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/JSON; Charset=UTF-8", 'application/json;charset="utf-8"']
)
def test_json_may_be_said_in_several_ways(service, kind):
    assert ask(service.app, "POST", "/v1/score", parts=[b"{}"], headers={"content-type": kind}).status == 200


@pytest.mark.parametrize(
    "path_", ["/", "/v1", "/v1/score/", "/docs", "/redoc", "/v1/score/K1", "//v1/score", "/V1/score"]
)
def test_another_address_is_404(service, path_):
    found = ask(service.app, "GET", path_)
    assert (found.status, found.plain["title"]) == (404, "There is nothing at this address")


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "SECRET"])
def test_another_method_is_405_and_the_right_one_is_named(service, method):
    for path_, route in ROUTES.items():
        if method != route.method:
            found = ask(service.app, method, path_)
            assert (found.status, found.headers["allow"]) == (405, route.method)


def test_too_many_requests_are_429_for_that_token_alone(path):
    service = service_of(stub(), path, tokens=f"{TOKEN} another-token-of-the-tests-01", rate=0.5, burst=2)
    answers = [ask(service.app, "GET", "/v1/model") for _ in range(3)]
    assert [found.status for found in answers] == [200, 200, 429]
    assert answers[-1].headers["retry-after"] in ("1", "2")
    assert ask(service.app, "GET", "/v1/model", token="another-token-of-the-tests-01").status == 200
    assert ask(service.app, "GET", "/health").status == 200


@pytest.mark.parametrize(
    ("error", "status", "problems"),
    [
        (RecordsError(["children: one.", "referrals: two."]), 422, ["children: one.", "referrals: two."]),
        (SpecError("The day is no date."), 422, ["The day is no date."]),
        (UnfitModelError("It expired."), 409, None),
    ],
)
def test_content_that_cannot_be_answered_is_told_problem_by_problem(path, error, status, problems):
    found = ask(service_of(failing(error), path).app, "POST", "/v1/score", plain={})
    assert (found.status, found.plain.get("problems")) == (status, problems)


def test_a_fault_is_500_with_its_place_and_without_its_text(path):
    service = service_of(failing(KeyError(SECRET)), path)
    found = ask(service.app, "POST", "/v1/score", plain={"child_id": SECRET})
    assert (found.status, found.plain["request_id"]) == (500, found.headers["x-request-id"])
    line = service.lines[-1]
    assert (line["status"], line["error"], line["request_id"]) == (500, "KeyError", found.plain["request_id"])
    assert re.fullmatch(r".*test_app:answer:\d+", line["trace"][-1])
    assert SECRET not in service.stream.getvalue() + found.body.decode()


def test_scoring_that_takes_too_long_is_503(path):
    go = threading.Event()
    service = service_of(stub(lambda request: go.wait(30)), path, score_seconds=0.05, threads=1)
    found = ask(service.app, "POST", "/v1/score", plain={})
    go.set()
    assert (found.status, found.headers["retry-after"]) == (503, "1")


def test_health_answers_while_every_thread_scores(path):
    go = threading.Event()
    service = service_of(stub(lambda request: {"waited": go.wait(30)}), path, threads=1)

    async def both():
        slow = asyncio.create_task(asked(service.app, "POST", "/v1/score", headers=JSON, parts=(b"{}",)))
        await asyncio.sleep(0.05)
        health = await asked(service.app, "GET", "/health")
        assert not slow.done()
        go.set()
        return health.status, (await slow).plain

    assert asyncio.run(both()) == (200, {"waited": True})


def test_every_answer_that_is_no_result_is_a_problem_document(service):
    asked_for = [("GET", "/", {}), ("PUT", "/health", {}), ("GET", "/v1/model", {"token": None})]
    asked_for += [("POST", "/v1/score", {"parts": [b"{"]}), ("POST", "/v1/score", {"parts": [b"x" * 2000]})]
    for method, route, options in asked_for:
        found = ask(service.app, method, route, **options)
        assert found.headers["content-type"] == "application/problem+json"
        assert int(found.headers["content-length"]) == len(found.body)
        assert set(found.plain) == {"type", "title", "status", "detail", "request_id"}
        assert found.plain["status"] == found.status


def test_log_lines_say_what_happened_and_nothing_of_whom(path):
    service = service_of(stub(), path)
    ask(service.app, "POST", "/v1/score", plain={"children": [{"child_id": SECRET}]}, client="198.51.100.9")
    ask(service.app, "GET", f"/v1/{SECRET}")
    ask(service.app, SECRET, "/health", headers={"x-child": SECRET, "user-agent": SECRET})
    ask(service.app, "POST", "/v1/score", headers={"authorization": f"Bearer {SECRET}"}, token=None)
    lines = service.lines
    assert [(line["route"], line["status"]) for line in lines] == [
        *(("/v1/score", 200), ("other", 404), ("/health", 405), ("/v1/score", 401))
    ]
    assert {name for line in lines for name in line} == {
        *("time", "event", "route", "status", "ms", "request_id", "model_id")
    }
    for word in (SECRET, TOKEN, "198.51.100.9"):
        assert word not in service.stream.getvalue()


def test_measures_count_by_route_and_status_and_tell_the_model(path):
    scorer = stub(expires="2000-01-01")
    service = service_of(scorer, path)
    ask(service.app, "POST", "/v1/score", plain={})
    ask(service.app, "GET", f"/v1/{SECRET}")
    text = ask(service.app, "GET", "/metrics").body.decode()
    assert 'edgeofcare_requests_total{route="/v1/score",status="200"} 1.0' in text
    assert 'edgeofcare_requests_total{route="other",status="404"} 1.0' in text
    assert 'edgeofcare_request_seconds_count{route="/v1/score",status="200"} 1.0' in text
    assert f'edgeofcare_model{{model_id="{scorer.model_id}"}} 1.0' in text
    assert "edgeofcare_model_expired 1.0" in text
    assert "edgeofcare_requests_under_way 1.0" in text  # this one
    assert SECRET not in text


def test_the_model_is_told(service):
    found = ask(service.app, "GET", "/v1/model").plain
    assert found["model_id"] == service.served.scorer.model_id
    assert (found["features"], found["expires"], found["expired"]) == (["child.age"], None, False)
    assert found["decision_support_only"] is True
