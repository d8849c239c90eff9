"""Looking every few seconds whether a file has changed, which works on Windows and on network drives alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from edgeofcare.service.logs import Log, place_of

__all__ = ["watch"]


async def watch(looks: Sequence[Callable[[], object]], every: float, log: Log) -> None:
    """Look again and again, in a thread, until the task is cancelled.

    Parameters
    ----------
    looks : sequence of callable
        What is done at each look.
    every : float
        Seconds between two looks.
    log : Log
        Where a look that fails is told; it is done again all the same.
    """
    while True:
        await asyncio.sleep(every)
        for look in looks:
            try:
                await asyncio.to_thread(look)
            except Exception as error:
                log.write("look failed", **place_of(error))
