"""Limits of the service: how large, how slow and how many requests may be."""

from __future__ import annotations

import math
import os
from collections import OrderedDict
from dataclasses import dataclass, field, fields

from edgeofcare.exceptions import SpecError

__all__ = ["Limits", "Rates"]


@dataclass(frozen=True)
class Limits:
    """What a service allows.

    Parameters
    ----------
    body_bytes : int
        Largest body of a request.
    body_seconds : float
        How long a body may take to arrive.
    header_seconds : float
        How long a connection may be open before a request has begun on it, its headers complete.
    connections : int
        Connections that may be open; never more than half of the files that the process may open.
    score_seconds : float
        How long a request may take to be scored, waiting included.
    threads : int
        Requests that are scored at once; the number of processors, at most 4, by default.
    waiting : int
        Requests that may be scored or wait for it.
    rate : float
        Requests a second that each token may send in the long run.
    burst : int
        Requests that it may send at once.

    Examples
    --------
    >>> Limits(rate=5.0).burst
    100
    >>> Limits(threads=0)
    Traceback (most recent call last):
    edgeofcare.exceptions.SpecError: The limits cannot be used: threads must be above 0 and finite.
    """

    body_bytes: int = 2_000_000
    body_seconds: float = 10.0
    header_seconds: float = 10.0
    connections: int = 250
    score_seconds: float = 30.0
    threads: int = field(default_factory=lambda: min(4, os.cpu_count() or 1))
    waiting: int = 200
    rate: float = 50.0
    burst: int = 100

    def __post_init__(self) -> None:
        wrong = [each.name for each in fields(self) if not 0 < getattr(self, each.name) < math.inf]
        if wrong:
            msg = f"The limits cannot be used: {', '.join(wrong)} must be above 0 and finite."
            raise SpecError(msg)


class Rates:
    """Token buckets: each key may take ``burst`` at once and ``rate`` a second in the long run.

    Parameters
    ----------
    rate : float
        Requests a second.
    burst : int
        Requests at once.
    most : int, default 1000
        Keys that are remembered; the one that was used longest ago is forgotten.

    Examples
    --------
    >>> rates = Rates(rate=1.0, burst=1)
    >>> rates.wait(b"a", now=0.0), rates.wait(b"a", now=0.25), rates.wait(b"a", now=1.0)
    (0.0, 0.75, 0.0)
    """

    def __init__(self, rate: float, burst: int, most: int = 1000) -> None:
        self._rate, self._burst, self._most = rate, burst, most
        self._held: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def wait(self, key: bytes, now: float) -> float:
        """Take one, or say how long to wait for it.

        Parameters
        ----------
        key : bytes
            Whose bucket.
        now : float
            Seconds of a clock that only goes forward.

        Returns
        -------
        float
            0 if one was taken; else the seconds until there is one.
        """
        level, then = self._held.pop(key, (float(self._burst), now))
        level = min(float(self._burst), level + (now - then) * self._rate)
        short = max(0.0, 1.0 - level)
        self._held[key] = (level if short else level - 1.0, now)
        if len(self._held) > self._most:
            self._held.popitem(last=False)
        return short / self._rate
