"""The log of the service: JSON lines that say what happened, and nothing of whom it was about."""

from __future__ import annotations

import datetime as dt
import json
import logging
import math
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

__all__ = ["Log", "ServerLines", "other_lines", "place_of"]

_FRAMES = 8
_QUIET = 60.0  # seconds in which a line of the server is not written again
_SERVER_LOGGERS = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "asyncio")


class Log:
    """Writes one JSON object a line.

    Parameters
    ----------
    stream : text stream, optional
        Where to; standard error as it is when a line is written, by default.

    Examples
    --------
    >>> import io
    >>> stream = io.StringIO()
    >>> Log(stream).write("request", route="/health", status=200)
    >>> json.loads(stream.getvalue())["status"]
    200
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream, self._lock = stream, threading.Lock()

    def write(self, event: str, **facts: Any) -> None:
        """Write a line.

        Parameters
        ----------
        event : str
            What happened.
        **facts
            What JSON can hold; never what a client sent.
        """
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = json.dumps({"time": now, "event": event, **facts})
        stream = sys.stderr if self._stream is None else self._stream
        with self._lock:
            stream.write(line + "\n")
            stream.flush()


class ServerLines(logging.Handler):
    """Lines of the server that runs the service, without what was put into them.

    A line that comes again is written once a minute, so that nobody without a token can fill a disk.

    Parameters
    ----------
    log : Log
        Where to.
    """

    def __init__(self, log: Log) -> None:
        super().__init__(logging.INFO)
        self._log = log
        self._written: dict[str, tuple[float, int]] = {}  # by line: when, and how often it came since

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line as its author wrote it, with the place of an error instead of its text.

        Parameters
        ----------
        record : LogRecord
            The line.
        """
        said = record.msg.strip() if isinstance(record.msg, str) and record.name != "asyncio" else ""
        error = record.exc_info[1] if record.exc_info else record.msg if isinstance(record.msg, Exception) else None
        facts = {"level": record.levelname.lower(), "said": said} | ({} if error is None else place_of(error))
        line, now = json.dumps(facts), time.monotonic()
        when, passed = self._written.get(line, (-math.inf, 0))
        if now - when < _QUIET:
            self._written[line] = (when, passed + 1)
            return
        self._written[line] = (now, 0)
        self._log.write("server", **facts, **({"not_written": passed} if passed else {}))


@contextmanager
def other_lines(log: Log) -> Iterator[None]:
    """Send what the server logs to the log of the service, and nowhere else, for a while.

    Parameters
    ----------
    log : Log
        The log of the service.

    Yields
    ------
    None
        While it lasts.
    """
    loggers = [logging.getLogger(name) for name in _SERVER_LOGGERS]
    before = [(each, each.handlers[:], each.level, each.propagate) for each in loggers]
    for each in loggers:
        each.handlers, each.propagate = [ServerLines(log)], False
        each.setLevel(logging.WARNING if each.name == "asyncio" else logging.INFO)
    try:
        yield
    finally:
        for each, handlers, level, propagate in before:
            each.handlers, each.propagate = handlers, propagate
            each.setLevel(level)


def place_of(error: BaseException) -> dict[str, Any]:
    """Say what kind of error it was and where, without its text, which may quote a record.

    Parameters
    ----------
    error : BaseException
        The error.

    Returns
    -------
    dict
        ``error`` (its type) and ``trace`` (module, function and line of the last frames).
    """
    frames = traceback.walk_tb(error.__traceback__)
    trace = [f"{frame.f_globals.get('__name__', '?')}:{frame.f_code.co_name}:{line}" for frame, line in frames]
    return {"error": type(error).__name__, "trace": trace[-_FRAMES:]}
