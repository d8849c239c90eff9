"""Work that fails, or kills the process that does it: importable, so that other processes can do it."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from edgeofcare.scale.job import FeatureJob

__all__ = ["DeadlyJob", "always_dies", "double", "once", "raises_unpicklable", "refuses_odd"]


def once(marker: str) -> bool:
    """Whether nobody was here before."""
    try:
        Path(marker).open("x").close()
    except FileExistsError:
        return False
    return True


def die() -> None:
    """End this process as running out of memory would."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))


@dataclass(frozen=True)
class DeadlyJob(FeatureJob):
    """A job that kills the first worker process that begins with it, after one part is done; otherwise like any."""

    marker: str = ""
    out: str = ""
    parent: int = 0

    def specs(self):
        """The features, or the end."""
        working = os.getpid() != self.parent and any(Path(self.out).glob("*/_done.json"))
        if working and once(self.marker):
            die()
        return super().specs()


def double(number: int) -> int:
    """Twice the number."""
    return 2 * number


def always_dies(number: int) -> int:
    """Number 3 kills the process."""
    if number == 3:
        die()
    return number


def refuses_odd(number: int) -> int:
    """Odd numbers cannot be worked on."""
    if number % 2:
        msg = "an odd number"
        raise ArithmeticError(msg)
    return number


class OwnError(Exception):
    """An error that a pickle cannot hold."""

    def __init__(self, first, second):
        super().__init__(first)
        self.second = second


def raises_unpicklable(number: int) -> int:
    """Always fails."""
    raise OwnError(number, number)
