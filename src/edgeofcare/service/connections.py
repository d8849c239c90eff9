"""Connections of the service: how many may be open, and how long one may go without a request."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from edgeofcare.service.limits import Limits

__all__ = ["Connection", "connections", "most_connections"]


class Connection(H11Protocol):
    """A connection that is closed when its next request has not wholly begun in time.

    A request has begun when its last header is there; from then on the limits of bodies and of scoring hold. Where the
    most are open, the one that has been without a request for longest gives way, so that clients who hold connections
    and ask nothing keep nobody out.
    """

    seconds: float
    most: int
    idle: dict[Connection, asyncio.TimerHandle]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or close one where there are too many."""
        super().connection_made(transport)
        self._look()
        if len(self.connections) > self.most:
            self.logger.warning("Too many connections are open. One without a request is closed.")
            next(iter(self.idle))._drop()

    def data_received(self, data: bytes) -> None:
        """Take what came, and see whether it was a request."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._forget()
        super().connection_lost(exc)

    def _look(self) -> None:
        """Let the time run while there is no request, and only then."""
        if self.transport.is_closing() or not (self.cycle is None or self.cycle.response_complete):
            self._forget()
        elif self not in self.idle:
            self.idle[self] = self.loop.call_later(self.seconds, self._drop)

    def _drop(self) -> None:
        """Close at once: an end that reads nothing must not keep the connection."""
        self._forget()
        self.connections.discard(self)  # it counts no longer, though it is lost a moment later
        self.transport.abort()

    def _forget(self) -> None:
        """Stop the time."""
        if timer := self.idle.pop(self, None):
            timer.cancel()


def connections(limits: Limits) -> type[Connection]:
    """The connections of one server.

    Parameters
    ----------
    limits : Limits
        How many there may be, and how long each may take for a request to begin.

    Returns
    -------
    type
        What the server makes each connection with.
    """
    held: dict[str, Any] = {"seconds": limits.header_seconds, "most": most_connections(limits.connections), "idle": {}}
    return type("LimitedConnection", (Connection,), held)


def most_connections(wanted: int) -> int:
    """As many connections as wanted, or half of what this process may open, where that is fewer.

    Parameters
    ----------
    wanted : int
        Connections.

    Returns
    -------
    int
        At least 1.
    """
    if sys.platform == "win32":
        return wanted
    import resource

    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if files == resource.RLIM_INFINITY else max(1, min(wanted, files // 2))
