"""A newer model takes the place of the old one only when it is whole and good."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
from types import SimpleNamespace

import pytest

from asgi_calls import asked, service_of, stub
from edgeofcare.exceptions import ModelFileError
from edgeofcare.service.logs import Log
from edgeofcare.service.measures import Measures
from edgeofcare.service.served import Served, is_expired


def model(name):
    """A model that answers with its name."""
    return stub(lambda request: {"model": name}, name=name)


class Files:
    """Files whose first word names the model; a file that begins with "bad" is refused."""

    def __init__(self):
        self.read = []

    def __call__(self, path):
        word = path.read_text(encoding="utf-8").split()[0]
        self.read.append(word)
        if word == "bad":
            msg = "The model file is damaged."
            raise ModelFileError(msg)
        if word == "fault":
            raise KeyError(*["a value"])
        return model(word)


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "model.eoc"
    target.write_text("first", encoding="utf-8")
    return target


@pytest.fixture
def served(path):
    served = Served(path, Files(), Log(io.StringIO()), Measures())
    served.said = lambda: [json.loads(line) for line in served._log._stream.getvalue().splitlines()]
    return served


def name_of(served):
    """Which model is served."""
    return served.scorer.manifest["name"]


def test_a_file_that_has_not_changed_is_not_read_again(served):
    assert [served.look() for _ in range(3)] == ["same"] * 3
    assert served._load.read == ["first"]


def test_a_file_that_changed_is_read_when_two_looks_find_it_the_same(served, path):
    path.write_text("second", encoding="utf-8")
    assert [served.look() for _ in range(3)] == ["same", "served", "same"]
    assert name_of(served) == "second"
    path.write_text("third and growing", encoding="utf-8")
    assert served.look() == "same"
    path.write_text("third and growing still", encoding="utf-8")
    assert [served.look() for _ in range(3)] == ["same", "served", "same"]
    assert served._load.read == ["first", "second", "third"]


@pytest.mark.parametrize("word", ["bad", "fault"])
def test_a_bad_file_leaves_the_old_model_and_says_so_once(served, path, word):
    path.write_text(f"{word} file", encoding="utf-8")
    assert [served.look() for _ in range(4)] == ["same", "refused", "same", "same"]
    assert (name_of(served), served.facts()["newer_file_refused"]) == ("first", True)
    line = served.said()[-1]
    assert (line["event"], line["model_id"]) == ("model refused", served.scorer.model_id)
    assert line.get("problem") == ("The model file is damaged." if word == "bad" else None)
    assert "a value" not in json.dumps(line)
    assert b'edgeofcare_model_reloads_total{result="refused"} 1.0' in served._measures.text()
    path.write_text("second", encoding="utf-8")
    assert [served.look(), served.look(), served.refused] == ["same", "served", False]


def test_a_file_that_cannot_be_read_for_a_while_is_read_again(served, path, monkeypatch):
    now, load, fails = [0.0], served._load, []
    monkeypatch.setattr("edgeofcare.service.served.time.monotonic", lambda: now[0])

    def shaky(place):
        if fails:
            raise fails.pop()
        return load(place)

    served._load = shaky
    path.write_text("second", encoding="utf-8")
    fails += [ModelFileError("There is no model file at that path that can be read.")]
    assert [served.look() for _ in range(4)] == ["same", "refused", "served", "same"]
    path.write_text("another", encoding="utf-8")
    fails += [MemoryError()] * 3
    assert [served.look() for _ in range(6)] == ["same", "refused", "same", "same", "same", "same"]
    assert len(fails) == 1  # not read at every look
    now[0] = 30.0
    assert (served.look(), len(fails), served.refused) == ("same", 0, True)
    now[0] = 60.0
    assert (served.look(), name_of(served), served.refused) == ("served", "another", False)
    assert [line["event"] for line in served.said()] == ["model refused", "model served"] * 2
    assert b'edgeofcare_model_reloads_total{result="refused"} 2.0' in served._measures.text()


def test_a_signature_that_comes_later_is_a_change_too(served, path):
    path.with_name("model.eoc.sig").write_text("1", encoding="utf-8")
    assert [served.look() for _ in range(3)] == ["same", "served", "same"]


def test_a_missing_file_leaves_the_old_model(served, path):
    path.unlink()
    assert [served.look(), served.look(), name_of(served)] == ["same", "same", "first"]
    path.write_text("second", encoding="utf-8")
    assert [served.look(), served.look(), name_of(served)] == ["same", "served", "second"]


def test_a_file_is_read_at_once_when_asked(served):
    assert served.look(now=True) == "served"
    assert served._load.read == ["first", "first"]


def test_a_first_model_that_is_bad_is_refused(path):
    path.write_text("bad", encoding="utf-8")
    with pytest.raises(ModelFileError):
        Served(path, Files(), Log(io.StringIO()), Measures())


def test_a_reload_under_load_loses_no_request_and_mixes_none(path):
    names = ["first", "second", "third"]
    service = service_of(model("first"), path)
    service.served._load = Files()
    answers = []

    async def client():
        while not any(name == "third" for _, name in answers):
            found = await asked(
                *(service.app, "POST", "/v1/score"), headers={"content-type": "application/json"}, parts=(b"{}",)
            )
            answers.append((found.status, found.plain["model"]))

    async def changes():
        for name in names[1:]:
            await asyncio.sleep(0.1)
            path.with_suffix(".new").write_text(name, encoding="utf-8")
            path.with_suffix(".new").replace(path)
            await asyncio.to_thread(service.served.look)
            await asyncio.to_thread(service.served.look)

    async def all_of_it():
        async with asyncio.timeout(30):
            await asyncio.gather(changes(), *(client() for _ in range(8)))

    service.app.state.access.rates._rate = service.app.state.access.rates._burst = 1e6
    asyncio.run(all_of_it())
    assert {status for status, _ in answers} == {200}
    assert list(dict.fromkeys(name for _, name in answers)) == names
    ids = {model(name).model_id for name in names}
    assert {line["model_id"] for line in service.lines if line["event"] == "request"} <= ids


def test_the_service_looks_by_itself_while_it_runs(path):
    service = service_of(model("first"), path)
    service.served._load = Files()

    async def lifetime():
        messages, sent = asyncio.Queue(), []

        async def send(message):
            sent.append(message["type"])

        life = asyncio.create_task(service.app({"type": "lifespan", "state": {}}, messages.get, send))
        await messages.put({"type": "lifespan.startup"})
        path.write_text("second", encoding="utf-8")
        async with asyncio.timeout(10):
            while name_of(service.served) != "second":
                await asyncio.sleep(0.01)
        await messages.put({"type": "lifespan.shutdown"})
        await life
        return sent

    assert asyncio.run(lifetime()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.parametrize(("expires", "over"), [("2025-03-30", True), ("2025-03-31", False), ("2025-04-01", False)])
def test_a_model_may_be_used_on_its_last_day(expires, over, monkeypatch):
    today = dt.datetime(2025, 3, 31, 23, 59, tzinfo=dt.UTC)
    clock = SimpleNamespace(UTC=dt.UTC, datetime=SimpleNamespace(now=lambda zone: today))
    monkeypatch.setattr("edgeofcare.service.served.dt", clock)
    assert is_expired(SimpleNamespace(expires=dt.date.fromisoformat(expires))) is over
