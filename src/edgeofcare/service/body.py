"""The body of a request, read within the limits of size and time, whatever its headers say."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from edgeofcare.scoring.strict_json import StrictJSONError, read_json
from edgeofcare.service.limits import Limits
from edgeofcare.service.problems import Refused

__all__ = ["Disconnected", "Receive", "read_body", "read_plain", "refuse_media_type"]

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_DRAINED = 4  # times the largest body that is read and thrown away, so that the client gets its answer
_CLOSE = {"Connection": "close"}


class Disconnected(Exception):
    """The client went away before its request was whole."""


def refuse_media_type(headers: Mapping[str, str]) -> None:
    """Refuse a body that is not said to be plain JSON in UTF-8.

    Parameters
    ----------
    headers : mapping of str to str
        Headers of the request, in lower case.

    Raises
    ------
    Refused
        With status 415.
    """
    kind, *options = [part.strip().lower() for part in headers.get("content-type", "").split(";")]
    charset = [option.replace('"', "") for option in options if option]
    plain = headers.get("content-encoding", "identity").strip().lower() == "identity"
    if kind != "application/json" or set(charset) - {"charset=utf-8"} or not plain:
        raise Refused(415, "Send Content-Type: application/json, in UTF-8 and not compressed.")


async def read_body(receive: Receive, headers: Mapping[str, str], limits: Limits) -> bytes:
    """Read the body of a request.

    Parameters
    ----------
    receive : callable
        Gives the next message of the request.
    headers : mapping of str to str
        Its headers, in lower case.
    limits : Limits
        Largest size and longest time.

    Returns
    -------
    bytes
        The body.

    Raises
    ------
    Refused
        With status 413 if it is too large, counted as it comes, and 408 if it takes too long.
    Disconnected
        If the client went away.
    """
    told = headers.get("content-length", "")
    too_large = Refused(
        413, f"A body may hold {limits.body_bytes:,} bytes. Send fewer children at once.", headers=_CLOSE
    )
    if told.isdecimal() and int(told) > limits.body_bytes and "expect" in headers:
        raise too_large  # the client waits for leave to send it
    try:
        async with asyncio.timeout(limits.body_seconds):
            body = await _collected(receive, limits.body_bytes)
    except TimeoutError:
        msg = f"The body must arrive within {limits.body_seconds:g} seconds."
        raise Refused(408, msg, headers=_CLOSE) from None
    if body is None:
        raise too_large
    return body


def read_plain(body: bytes) -> Any:
    """Read the JSON of a body.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.

    Returns
    -------
    object
        What it holds.

    Raises
    ------
    Refused
        With status 400, if :func:`edgeofcare.scoring.strict_json.read_json` does not read it.

    Examples
    --------
    >>> read_plain(b'{"children": []}')
    {'children': []}
    """
    try:
        return read_json(body)
    except StrictJSONError as error:
        why = error.why
    raise Refused(400, f"The body cannot be read. {why}")


async def _collected(receive: Receive, most: int) -> bytes | None:
    """The body; None if it is larger than allowed. A part of what is too much is read and thrown away."""
    parts: list[bytes] = []
    size, more = 0, True
    while more and size <= _DRAINED * most:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        part = message.get("body", b"")
        size, more = size + len(part), message.get("more_body", False)
        if size <= most:
            parts.append(part)
        else:
            parts.clear()
    return b"".join(parts) if size <= most else None
