"""Scoring in threads: as many at once as is sensible, and no longer than is agreed; the service still answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from edgeofcare.service.limits import Limits
from edgeofcare.service.problems import Refused

__all__ = ["Workers"]

T = TypeVar("T")
_RETRY = {"Retry-After": "1"}


class Workers:
    """A few threads that score, and a limited queue before them.

    Parameters
    ----------
    limits : Limits
        How many, and how long.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._pool = ThreadPoolExecutor(limits.threads, thread_name_prefix="edgeofcare-score")
        self._held, self._lock = 0, threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        """Do a piece of work in a thread.

        Parameters
        ----------
        work : callable
            What to do.

        Returns
        -------
        object
            What it returns.

        Raises
        ------
        Refused
            With status 503, if too many wait already or it takes too long. A thread that has begun goes on, and keeps
            its place until it ends; what it finds is thrown away.
        """
        with self._lock:
            if self._held >= self._limits.waiting:
                raise Refused(503, "Too many requests wait to be scored. Send fewer at once.", headers=_RETRY)
            self._held += 1
        future = self._pool.submit(work)
        future.add_done_callback(self._over)
        try:
            async with asyncio.timeout(self._limits.score_seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            msg = f"It was not scored within {self._limits.score_seconds:g} seconds. Send fewer children at once."
            raise Refused(503, msg, headers=_RETRY) from None

    def _over(self, _: Future[Any]) -> None:
        """Give a place back."""
        with self._lock:
            self._held -= 1

    def close(self) -> None:
        """Take no more work; what waits is left undone."""
        self._pool.shutdown(wait=False, cancel_futures=True)
