"""Random draws that do not depend on the platform, and the log of simulated events."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["COMPONENTS", "NO_DAY", "Array", "Log", "pick", "sigmoid", "streams", "unique_keys"]

Array = npt.NDArray[Any]

NO_DAY = -1
"""Marks a date that does not exist; days are counted from 1970-01-01."""

COMPONENTS = (
    "people",
    "need",
    "front_door",
    "assessment",
    "protection",
    "adolescence",
    "entry",
    "care",
    "case_work",
    "recording",
    "keys",
    "school",
)
"""Parts of the simulation, each with its own stream, so that a change in one leaves the others as they were."""


def streams(random_state: int) -> dict[str, np.random.Generator]:
    """One independent generator for each component."""
    seeds = np.random.SeedSequence(random_state).spawn(len(COMPONENTS))
    return {name: np.random.Generator(np.random.PCG64(seed)) for name, seed in zip(COMPONENTS, seeds, strict=True)}


def pick(uniform: Array, shares: Mapping[str, float]) -> Array:
    """Codes drawn in proportion to their weights, from numbers between 0 and 1."""
    codes, edges = _edges(tuple(shares.items()))
    position = np.minimum(np.searchsorted(edges, uniform, side="right"), len(codes) - 1)
    return codes[position]


@lru_cache(maxsize=64)
def _edges(shares: tuple[tuple[str, float], ...]) -> tuple[Array, Array]:
    """Codes, and the upper edge of each one's part of the unit interval."""
    weights = np.array([weight for _, weight in shares], dtype=float)
    return np.array([code for code, _ in shares], dtype="U6"), np.cumsum(weights / weights.sum())


def sigmoid(log_odds: Array) -> Array:
    """Probability of a log-odds."""
    return 1.0 / (1.0 + np.exp(-log_odds))


def unique_keys(rng: np.random.Generator, size: int, digits: int = 7) -> Array:
    """Distinct random whole numbers of the same length, as text, in the order in which they were drawn."""
    low, high = 10 ** (digits - 1), 10**digits
    drawn = rng.integers(low, high, size=size)
    while True:
        _, first = np.unique(drawn, return_index=True)
        if len(first) >= size:
            return drawn[np.sort(first)][:size].astype(str)
        drawn = np.concatenate([drawn, rng.integers(low, high, size=size)])


class Log:
    """Rows of simulated events, kept as arrays until the simulation ends."""

    def __init__(self) -> None:
        self._parts: dict[str, list[dict[str, Array]]] = {}

    def add(self, table: str, child: Array, **columns: Any) -> None:
        """Add one row for each child; a single value is repeated."""
        if len(child):
            values = {name: np.broadcast_to(np.asarray(value), len(child)).copy() for name, value in columns.items()}
            self._parts.setdefault(table, []).append({"child": child.copy(), **values})

    def columns(self, table: str, names: tuple[str, ...]) -> dict[str, Array]:
        """All rows of a table, column by column; empty where nothing happened."""
        parts = self._parts.get(table, [])
        return {
            name: np.concatenate([part[name] for part in parts]) if parts else np.array([], dtype=np.int64)
            for name in ("child", *names)
        }
