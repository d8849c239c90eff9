"""What stands before every route: request id, token, rate, problem documents, log and measures."""

from __future__ import annotations

import ipaddress
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from edgeofcare.service.body import Disconnected, Receive
from edgeofcare.service.limits import Rates
from edgeofcare.service.logs import Log, place_of
from edgeofcare.service.measures import Measures
from edgeofcare.service.problems import PROBLEM_TYPE, Refused
from edgeofcare.service.tokens import Tokens

__all__ = ["MODEL_KEY", "ROUTES", "Access", "Guard", "Route", "is_loopback"]

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

MODEL_KEY = "edgeofcare.model_id"
"""Where a route says in its scope which model answered."""

_GONE = 499  # how the log and the measures call a client that went away
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class Route:
    """One address of the service.

    Parameters
    ----------
    path : str
        Its path.
    method : str
        The one method that it has.
    token : {"always", "remote", "never"}
        Whether a token is needed: only from elsewhere, or not at all.
    """

    path: str
    method: str
    token: str = "always"


ROUTES = {
    route.path: route
    for route in (
        Route("/v1/score", "POST"),
        Route("/v1/explain", "POST"),
        Route("/v1/model", "GET"),
        Route("/metrics", "GET", "remote"),
        Route("/health", "GET", "never"),
        Route("/openapi.json", "GET", "never"),
    )
}


@dataclass
class Access:
    """Who may ask, and how often; the tokens may be changed while the service runs.

    Parameters
    ----------
    tokens : Tokens or None
        The tokens; None where the service runs without.
    rates : Rates
        How often each may ask.
    """

    tokens: Tokens | None
    rates: Rates = field(repr=False)

    def check(self, route: Route, headers: Mapping[str, str], client: str | None) -> None:
        """Refuse a request that has no right to the route, or comes too often.

        Parameters
        ----------
        route : Route
            What is asked for.
        headers : mapping of str to str
            Of the request, in lower case.
        client : str or None
            Address of the other end.

        Raises
        ------
        Refused
            With status 401, 429, or 400 for a name of the host that a service without tokens must not have.
        """
        if route.token == "never" or (route.token == "remote" and _is_here(headers, client)):
            return
        tokens = self.tokens
        if tokens is None:
            _refuse_host(headers)
            key = b""
        else:
            key = _key(tokens, headers.get("authorization", ""))
        wait = self.rates.wait(key, time.monotonic())
        if wait:
            retry = {"Retry-After": str(math.ceil(wait))}
            raise Refused(
                429, "Wait as long as Retry-After says, or put several children into one request.", headers=retry
            )


class Guard:
    """The outermost layer of the service.

    Parameters
    ----------
    app : ASGI application
        The routes.
    access : Access
        Who may ask.
    log : Log
        Where each request is told.
    measures : Measures
        Where it is counted.
    model_id : callable
        Short name of the model that is served now.
    """

    def __init__(
        self,
        app: Callable[..., Awaitable[None]],
        *,
        access: Access,
        log: Log,
        measures: Measures,
        model_id: Callable[[], str],
    ) -> None:
        self._app, self._access, self._log, self._measures, self._model_id = app, access, log, measures, model_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        answer, begin = _Answer(send, secrets.token_hex(8)), time.perf_counter()
        route = ROUTES.get(scope["path"])
        self._measures.began()
        told: dict[str, Any] = {}
        try:
            told = await self._answer(route, scope, receive, answer)
        finally:
            seconds = time.perf_counter() - begin
            name = "other" if route is None else route.path
            facts = {"route": name, "status": answer.status, "ms": round(1e3 * seconds, 3)}
            model = scope.get(MODEL_KEY) or self._model_id()
            self._measures.answered(name, answer.status, seconds)
            self._log.write("request", **facts, request_id=answer.request_id, model_id=model, **told)

    async def _answer(self, route: Route | None, scope: Scope, receive: Receive, answer: _Answer) -> dict[str, Any]:
        """Answer a request, or say why not; gives what else the log should say."""
        try:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
            client = scope.get("client")
            self._access.check(_found(route, scope["method"]), headers, client[0] if client else None)
            await self._app(scope, receive, answer.send)
        except Refused as refused:
            await answer.refuse(refused)
        except Disconnected:
            answer.status = _GONE
        except Exception as error:
            told = place_of(error)
            await answer.refuse(Refused(500, "Tell who runs the service, with the request_id of this answer."))
            return told
        return {}


class _Answer:
    """What is sent back: watches the status and adds what every answer has."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send, self.request_id = send, request_id
        self.status, self._begun = _GONE, False

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Pass a message on."""
        if message["type"] == "http.response.start":
            self._begun, self.status = True, message["status"]
            own = {**_ALWAYS, "X-Request-Id": self.request_id}
            extra = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in own.items()]
            message = {**message, "headers": [*message.get("headers", []), *extra]}
        await self._send(message)

    async def refuse(self, refused: Refused) -> None:
        """Send a problem document, unless an answer has begun."""
        if self._begun:
            return
        body = refused.body(self.request_id)
        headers = {"Content-Type": PROBLEM_TYPE, "Content-Length": str(len(body)), **refused.headers}
        plain = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": refused.status, "headers": plain})
        await self.send({"type": "http.response.body", "body": body})


def is_loopback(host: str | None) -> bool:
    """Whether an address is this machine's own.

    Parameters
    ----------
    host : str or None
        A name or an address, without a port.

    Returns
    -------
    bool
        True for ``localhost``, 127.0.0.0/8 and ::1.

    Examples
    --------
    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0")
    (True, False)
    """
    try:
        return ipaddress.ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return (host or "").lower() == "localhost"


def _found(route: Route | None, method: str) -> Route:
    """The route, if there is one with this method."""
    if route is None:
        raise Refused(404, "See /openapi.json for what there is.")
    if method != route.method:
        raise Refused(405, f"Use {route.method}.", headers={"Allow": route.method})
    return route


def _is_here(headers: Mapping[str, str], client: str | None) -> bool:
    """Whether a request comes from this machine, and not through a proxy on it that says so."""
    return is_loopback(client) and not any(name in headers for name in _FORWARDED)


def _refuse_host(headers: Mapping[str, str]) -> None:
    """Refuse a name that a page in a browser may have given to this machine."""
    name = headers.get("host", "").rsplit(":", 1)[0] if "]" not in headers.get("host", "") else "::1"
    if not is_loopback(name):
        raise Refused(400, "A service without tokens is asked as localhost or 127.0.0.1.")


def _key(tokens: Tokens, sent: str) -> bytes:
    """What stands for the token of a request."""
    scheme, _, token = sent.partition(" ")
    place = tokens.place(token.strip()) if scheme.lower() == "bearer" else None
    if place is None:
        error = ', error="invalid_token"' if sent else ""
        told = {"WWW-Authenticate": f'Bearer realm="edgeofcare"{error}'}
        raise Refused(401, "Send Authorization: Bearer and a token that the service knows.", headers=told)
    return tokens.name(place)
