"""The routes of the service."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request, Response

from edgeofcare.exceptions import EdgeOfCareError, UnfitModelError
from edgeofcare.scorer import Scorer
from edgeofcare.service.body import read_body, read_plain, refuse_media_type
from edgeofcare.service.explained import explain_request
from edgeofcare.service.guard import MODEL_KEY, Access, Guard
from edgeofcare.service.limits import Limits, Rates
from edgeofcare.service.logs import Log
from edgeofcare.service.measures import METRICS_TYPE, Measures
from edgeofcare.service.openapi import make_document
from edgeofcare.service.problems import Refused
from edgeofcare.service.served import Served
from edgeofcare.service.tokens import Tokens
from edgeofcare.service.watching import watch
from edgeofcare.service.work import Workers

__all__ = ["make_app"]

Answer = Callable[[Scorer, Any], dict[str, Any]]


def make_app(
    served: Served,
    tokens: Tokens | None,
    *,
    limits: Limits | None = None,
    log: Log | None = None,
    measures: Measures | None = None,
    looks: Sequence[Callable[[], object]] = (),
    every: float = 2.0,
) -> FastAPI:
    """Make the service as an ASGI application.

    Parameters
    ----------
    served : Served
        The model.
    tokens : Tokens or None
        Who may ask; None lets everybody ask who can reach it.
    limits : Limits, optional
        How large, how slow and how many requests may be.
    log : Log, optional
        Where it tells what happens; standard error by default.
    measures : Measures, optional
        What it counts.
    looks : sequence of callable
        What is done every few seconds beside looking whether the model file has changed.
    every : float, default 2.0
        Seconds between two such looks.

    Returns
    -------
    FastAPI
        The application; ``state.access`` holds the tokens, which may be changed while it runs.
    """
    limits, log, measures = limits or Limits(), log or Log(), measures or Measures()
    workers, access = Workers(limits), Access(tokens, Rates(limits.rate, limits.burst))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        """Look for newer files while the service runs."""
        task = asyncio.create_task(watch([served.look, *looks], every, log))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        workers.close()

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, lifespan=lifespan)
    app.state.access = access
    _add_scoring(app, served, workers, limits)
    _add_facts(app, served, measures)
    app.add_middleware(Guard, access=access, log=log, measures=measures, model_id=lambda: served.scorer.model_id)
    return app


def _add_scoring(app: FastAPI, served: Served, workers: Workers, limits: Limits) -> None:
    """The routes that score children."""

    async def answered(request: Request, answer: Answer) -> Response:
        """Read a request, and answer it in a thread with the model that is served when it has come."""
        headers = dict(request.headers)
        refuse_media_type(headers)
        body = await read_body(request.receive, headers, limits)
        scorer = served.scorer
        request.scope[MODEL_KEY] = scorer.model_id
        return Response(await workers.run(lambda: _answer(scorer, body, answer)), media_type="application/json")

    @app.post("/v1/score")
    async def score(request: Request) -> Response:
        """Risks and reasons of some children."""
        return await answered(request, lambda scorer, plain: scorer.score_request(plain))

    @app.post("/v1/explain")
    async def explain(request: Request) -> Response:
        """All reasons of one child."""
        return await answered(request, explain_request)


def _add_facts(app: FastAPI, served: Served, measures: Measures) -> None:
    """The routes that tell of the model and of the service."""
    document = json.dumps(make_document()).encode("utf-8")

    @app.get("/v1/model")
    async def model() -> Response:
        """What the model is."""
        return Response(_plain(served.facts()), media_type="application/json")

    @app.get("/health")
    async def health() -> Response:
        """Whether the service answers."""
        return Response(b'{"status": "ok"}', media_type="application/json")

    @app.get("/metrics")
    async def metrics() -> Response:
        """Counts and durations."""
        served.told()
        return Response(measures.text(), headers={"Content-Type": METRICS_TYPE})

    @app.get("/openapi.json")
    async def openapi() -> Response:
        """What the service can be asked."""
        return Response(document, media_type="application/json")


def _answer(scorer: Scorer, body: bytes, answer: Answer) -> bytes:
    """The answer to the body of a request; what is wrong with it is told without a value."""
    plain = read_plain(body)
    try:
        return _plain(answer(scorer, plain))
    except UnfitModelError as error:
        raise Refused(409, str(error)) from None
    except EdgeOfCareError as error:
        raise Refused(422, "See the problems.", problems=getattr(error, "problems", None) or [str(error)]) from None


def _plain(found: Any) -> bytes:
    """JSON in UTF-8."""
    return json.dumps(found, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
