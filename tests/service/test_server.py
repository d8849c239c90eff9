"""The service as a process: what it refuses to start with, how it ends, and how a newer model comes."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from asgi_calls import TOKEN
from edgeofcare.cli.entry import main
from edgeofcare.exceptions import SpecError
from edgeofcare.service.limits import Limits
from edgeofcare.service.server import Address
from running_service import running
from served_models import children, request_for, saved

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run_the_service.md"
ENOUGH = {"EDGEOFCARE_TOKENS": TOKEN}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return saved(tmp_path_factory.mktemp("server") / "model.eoc")


@pytest.fixture(scope="module")
def service(path):
    with running(path) as found:
        yield found


def test_no_token_is_a_reason_not_to_start():
    with pytest.raises(SpecError, match="needs a token"):
        Address().tokens({})
    assert Address(no_token=True).tokens({}) is None
    assert len(Address(host="0.0.0.0").tokens(ENOUGH)) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "case-system.example"])
def test_without_tokens_it_listens_on_this_machine_alone(host):
    with pytest.raises(SpecError, match="this machine alone"):
        Address(host=host, no_token=True).tokens({})
    with pytest.raises(SpecError, match="needs a token"):
        Address(host=host).tokens({})


def test_tokens_and_no_token_contradict_each_other():
    with pytest.raises(SpecError, match="Leave one of them out"):
        Address(no_token=True).tokens(ENOUGH)


def test_it_warns_where_others_could_read_along():
    assert Address().warning() is None
    assert "unencrypted" in Address(host="0.0.0.0").warning()
    assert Address(host="0.0.0.0", certfile="a.pem", keyfile="a.key").warning() is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "needs a token"),
        (["--no-token", "--host", "0.0.0.0"], "this machine alone"),
        (["--no-token", "--certfile", "a.pem"], "go together"),
        (["--no-token", "--certfile", "a.pem", "--keyfile", "a.key"], "names no file"),
        (["--no-token", "--rate", "0"], "rate"),
    ],
)
def test_bad_usage_is_told_and_exits_with_2(path, words, said, monkeypatch, capsys):
    monkeypatch.delenv("EDGEOFCARE_TOKENS", raising=False)
    assert main(["serve", str(path), *words]) == 2
    assert said in capsys.readouterr().err


def test_an_address_that_cannot_be_had_is_told(path, monkeypatch, capsys):
    monkeypatch.setenv("EDGEOFCARE_TOKENS", TOKEN)
    assert main(["serve", str(path), "--host", "999.0.0.1"]) == 2
    assert "cannot listen" in capsys.readouterr().err


def test_a_bad_model_is_not_served(tmp_path, capsys):
    bad = tmp_path / "bad.eoc"
    bad.write_bytes(b"no model")
    assert main(["serve", str(bad), "--no-token", "--port", "0"]) == 2
    assert "model file" in capsys.readouterr().err


def test_it_answers(service):
    status, body = service.ask("POST", "/v1/score", request_for(0, 1))
    assert (status, len(json.loads(body)["scores"])) == (200, 2)
    assert service.ask("POST", "/v1/score", request_for(0), token="x" * 30)[0] == 401
    assert service.ask("GET", "/health")[0] == 200


def test_a_body_that_is_too_large_gets_its_answer_over_a_real_connection(service):
    connection = service.connection()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    connection.request("POST", "/v1/score", b" " * 3_000_000, headers)
    assert connection.getresponse().status == 413
    connection.close()
    connection = service.connection()
    connection.request("POST", "/v1/score", iter([b" " * 500_000] * 6), headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_what_it_writes_are_json_lines_without_a_key(service):
    service.ask("POST", "/v1/score", request_for(2, 3))
    service.ask("GET", "/v1/score/KIND0000001?child_id=KIND0000001")
    service.until("request")
    assert {line["event"] for line in service.lines} <= {"starts", "server", "request"}
    keys = {row["child_id"] for child in children() for row in child["tables"]["children"]}
    assert [key for key in (*keys, TOKEN, "KIND0000001") if key in json.dumps(service.lines)] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM that can be handled")
def test_a_request_that_has_begun_is_finished_when_it_is_told_to_end(path):
    with running(path) as service:
        body = json.dumps(request_for(0)).encode()
        connection = service.connection()
        connection.putrequest("POST", "/v1/score")
        for name, value in (("Authorization", f"Bearer {TOKEN}"), ("Content-Type", "application/json")):
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:100])
        service.ask("GET", "/health")  # the first request has begun too by now
        service.process.terminate()
        service.until("server", "Shutting down")
        connection.send(body[100:])
        answer = connection.getresponse()
        assert (answer.status, len(json.loads(answer.read())["scores"])) == (200, 1)
        connection.close()
        assert service.process.wait(60) == 0
        assert service.until("ended")


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_newer_model_comes_under_load_and_a_bad_one_does_not(path, tmp_path):
    live = tmp_path / "live.eoc"
    shutil.copy(path, live)
    newer = saved(tmp_path / "newer.eoc", "boosting")
    with running(live, "--rate", "1000000", "--burst", "1000000") as service:
        statuses, models, over = [], set(), threading.Event()

        def client():
            while not over.is_set():
                status, body = service.ask("POST", "/v1/score", request_for(0))
                statuses.append(status)
                models.add(json.loads(body)["model_id"])

        threads = [threading.Thread(target=client) for _ in range(3)]
        for thread in threads:
            thread.start()
        first = json.loads(service.ask("GET", "/v1/model")[1])["model_id"]
        newer.replace(live)
        service.process.send_signal(signal.SIGHUP)
        second = service.until("model served")["model_id"]
        live.write_bytes(b"cut off")
        assert service.until("model refused")["model_id"] == second  # found without a signal
        over.set()
        for thread in threads:
            thread.join(60)
        told = json.loads(service.ask("GET", "/v1/model")[1])
        assert (told["model_id"], told["newer_file_refused"]) == (second, True)
        assert service.stop() == 0
    assert set(statuses) == {200}
    assert models <= {first, second}
    assert first != second


def test_tokens_of_a_file_are_changed_while_it_runs(path, tmp_path):
    tokens, new = tmp_path / "tokens.txt", "a-newer-token-of-the-tests-012345"
    tokens.write_text(TOKEN, encoding="utf-8")
    with running(path, "--token-file", tokens, tokens=None) as service:
        assert [service.ask("GET", "/v1/model", token=word)[0] for word in (TOKEN, new)] == [200, 401]
        tokens.write_text(f"sha256:{hashlib.sha256(new.encode()).hexdigest()}\n", encoding="utf-8")
        assert service.until("tokens read")["count"] == 1
        assert [service.ask("GET", "/v1/model", token=word)[0] for word in (TOKEN, new)] == [401, 200]
        tokens.write_text("short", encoding="utf-8")
        assert "short" not in json.dumps(service.until("tokens refused"))
        assert service.ask("GET", "/v1/model", token=new)[0] == 200


def test_as_many_children_fit_into_a_body_as_the_how_to_says():
    bytes_each = sum(len(json.dumps(child)) for child in children()) / len(children())
    said = int(re.search(r"reasons with source rows of about (\d+) children", PAGE.read_text(encoding="utf-8"))[1])
    assert said == pytest.approx(Limits().body_bytes / bytes_each, rel=0.1)
    assert 1000 * bytes_each < int(re.search(r"`--max-body (\d+)`", PAGE.read_text(encoding="utf-8"))[1])


def block(kind):
    """A fenced block of the how-to."""
    return re.search(rf"^```{kind}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.M | re.S)[1]


def run_client(words, folder, service, **options):
    """Run a client of the how-to beside the request of the how-to."""
    (folder / "request.json").write_text(block("json"), encoding="utf-8")
    environment = {**os.environ, "EDGEOFCARE_TOKEN": TOKEN}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True, **options)
    return done.stdout


def test_the_python_client_of_the_how_to_runs(service, tmp_path):
    code = block("python").replace("127.0.0.1:8000", f"127.0.0.1:{service.port}")
    assert len(code.splitlines()) <= 12
    said = run_client([sys.executable, "-c", code], tmp_path, service)
    assert re.match(r"0\.\d+ \[['\"]", said)


@pytest.mark.skipif(shutil.which("curl") is None or shutil.which("sh") is None, reason="curl and sh are not there")
def test_the_curl_client_of_the_how_to_runs(service, tmp_path):
    code = block("sh").replace("127.0.0.1:8000", f"127.0.0.1:{service.port}")
    said = json.loads(run_client(["sh", "-c", code], tmp_path, service))
    assert said["scores"][0]["eligible"] is True


def test_the_csharp_client_asks_what_the_others_ask():
    code = block("csharp")
    for word in ("127.0.0.1:8000", "/v1/score", "request.json", "EDGEOFCARE_TOKEN", "application/json", '"Bearer"'):
        assert word in code
