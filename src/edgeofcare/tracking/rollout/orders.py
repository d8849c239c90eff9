"""In which orders teams could begin: those that a design is drawn from, and the draw's own test is made of."""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from edgeofcare.metrics._arrays import Floats, Ints

__all__ = ["MOST_ORDERS", "candidate_orders", "count_orders", "imbalance", "least_p", "step_sizes", "well_balanced"]

#: Orders that a design keeps at most, fewest that balancing leaves (if there are as many), and how it is chosen.
MOST_ORDERS, LEAST_ORDERS, _CANDIDATES, _ONE_IN = 1000, 100, 4000, 4


def step_sizes(n_teams: int, n_steps: int) -> Ints:
    """How many teams begin at each step: as even as can be, the larger groups first."""
    return np.bincount(np.arange(n_teams) % n_steps, minlength=n_steps).astype(np.int64)


def count_orders(sizes: Ints) -> int:
    """How many orders there are in all."""
    return factorial(int(sizes.sum())) // prod(factorial(int(size)) for size in sizes)


def candidate_orders(sizes: Ints, rng: np.random.Generator) -> Ints:
    """Every order, a row each with the step of every team; several thousand different ones where there are more."""
    if count_orders(sizes) <= _CANDIDATES:
        return np.array(list(_every_order([int(size) for size in sizes])), dtype=np.int64)
    labels = np.repeat(np.arange(sizes.size), sizes)
    drawn = rng.permuted(np.tile(labels, (2 * _CANDIDATES, 1)), axis=1)
    # Different rows, in the order in which they were drawn first.
    first = np.sort(np.unique(drawn, axis=0, return_index=True)[1])
    return drawn[first[:_CANDIDATES]].astype(np.int64)


def _every_order(left: list[int]) -> Iterator[tuple[int, ...]]:
    """Every way to give the next team, and then the others, a step that has room left."""
    if not any(left):
        yield ()
    for step, room in enumerate(left):
        if room:
            fewer = [count - (place == step) for place, count in enumerate(left)]
            yield from ((step, *rest) for rest in _every_order(fewer))


def imbalance(orders: Ints, waited: Ints, traits: Floats) -> Floats:
    """How much what is to be balanced goes with the periods before a team begins: squared correlations, summed.

    ``waited`` says for each step how many periods come before it; ``traits`` has a row for each team.
    """
    before = waited[orders].astype(np.float64)
    before -= before.mean(axis=1, keepdims=True)
    centred = traits - traits.mean(axis=0)
    spread = np.sqrt((before**2).sum(axis=1))[:, None] * np.sqrt((centred**2).sum(axis=0))
    product = before @ centred
    correlation = np.divide(product, spread, out=np.zeros_like(product), where=spread > 0)
    return np.asarray((correlation**2).sum(axis=1), dtype=np.float64)


def well_balanced(orders: Ints, score: Floats | None, rng: np.random.Generator) -> Ints:
    """The orders to draw from: the best balanced quarter, or all; no more than a thousand, chosen at random."""
    kept = orders
    if score is not None:
        place = min(len(orders), max(-(-len(orders) // _ONE_IN), LEAST_ORDERS)) - 1
        # Equally good orders are all in or all out; rounding keeps their tie whatever the machine.
        score = np.round(score, 10)
        kept = orders[score <= np.sort(score)[place]]
    if len(kept) > MOST_ORDERS:
        kept = kept[np.sort(rng.permutation(len(kept))[:MOST_ORDERS])]
    return kept


def least_p(orders: NDArray[np.int64]) -> float:
    """Smallest p-value that comparing the order that was drawn with the others can give.

    With two groups of equal size, an order and its mirror image are equally extreme.
    """
    sizes = np.bincount(orders[0])
    mirrored = sizes.size == 2 and sizes[0] == sizes[1]
    return min(1.0, (2 if mirrored else 1) / len(orders))
