"""The service in this process: applications with a model by hand, and requests to them message by message."""

from __future__ import annotations

import asyncio
import io
import json
from typing import NamedTuple

from edgeofcare.service.app import make_app
from edgeofcare.service.limits import Limits
from edgeofcare.service.logs import Log
from edgeofcare.service.measures import Measures
from edgeofcare.service.served import Served
from edgeofcare.service.tokens import Tokens
from line_models import line_scorer

__all__ = ["TOKEN", "Answer", "Service", "ask", "asked", "service_of", "stub"]

TOKEN = "a-token-of-the-tests-0123456789"
SAID = {  # the least that a model file says
    "schema_version": 1,
    "features": [{"name": "child.age", "sentence": "the child's age"}],
    "protected_features": ["child.age"],
    "calibration": {"slope": 1.0, "intercept": 0.0},
    "assumptions": {"reporting_lag": None, "observed_from": None, "observed_until": None},
}


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict
    body: bytes

    @property
    def plain(self):
        """The body as JSON."""
        return json.loads(self.body)


class Service(NamedTuple):
    """An application and what it tells."""

    app: object
    served: Served
    stream: io.StringIO

    @property
    def lines(self):
        """Lines of the log."""
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def stub(answer=lambda request: {"scores": []}, **said):
    """A model by hand that answers as it is told to, and whose file says what is given."""
    scorer = line_scorer({"child.age": 0.1})
    scorer._manifest_json = json.dumps(SAID | said).encode()
    scorer.score_request = answer
    return scorer


def service_of(scorer, path, *, tokens=TOKEN, **limits):
    """The service with a model."""
    stream = io.StringIO()
    log, measures = Log(stream), Measures()
    served = Served(path, lambda _: scorer, log, measures)
    known = None if tokens is None else Tokens.of(tokens.split())
    app = make_app(served, known, limits=Limits(**limits), log=log, measures=measures, every=0.01)
    return Service(app, served, stream)


async def asked(app, method, path, *, headers=None, parts=(b"",), client="192.0.2.7", pause=0.0, token=TOKEN):
    """Send a request part by part, with a pause before each, and wait for the answer."""
    given = {"host": "localhost:8000", **({"authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()]
    scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http"},
        **{"path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": raw},
        **{"client": (client, 50000), "server": ("127.0.0.1", 8000), "state": {}},
    }
    waiting, sent = list(parts), []

    async def receive():
        await asyncio.sleep(pause)
        if not waiting:
            return {"type": "http.disconnect"}
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    starts = [message for message in sent if message["type"] == "http.response.start"]
    if not starts:
        return Answer(0, {}, b"")
    assert len(starts) == 1
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return Answer(starts[0]["status"], {k.decode(): v.decode() for k, v in starts[0]["headers"]}, body)


def ask(app, method, path, *, plain=None, **options):
    """One request, as a whole."""
    if plain is not None:
        options["parts"] = (json.dumps(plain).encode(),)
    if "parts" in options:
        options["headers"] = {"content-type": "application/json", **options.get("headers", {})}
    return asyncio.run(asked(app, method, path, **options))
