"""Looking contributions up, leaf by leaf, for many rows: compiled by numba, on one thread.

Rows stand side by side in the inner loops, and each adds its own numbers in the order of the leaves; so a row comes out
the same to the last bit whichever rows are beside it. Nothing here is fast without numba, and nothing else imports it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numba
import numpy as np
import numpy.typing as npt
from numba import types

__all__ = ["add_leaves"]

Array = npt.NDArray[Any]

_ROWS = 512  # rows side by side: what they need stays in the processor's cache
_LONGEST = 6  # players in a part, where there are several; outcomes of 16 bits have room for more in a part alone


def _array(kind: Any, dimensions: int, layout: Literal["C", "A"] = "C", *, changed: bool = False) -> types.Array:
    """The type of an argument; one that is not changed may be read-only."""
    return types.Array(kind, dimensions, layout, readonly=not changed)


_NUMBERS, _WHOLE, _FLAGS = (_array(kind, 1) for kind in (types.float64, types.intp, types.boolean))
_ADD = types.void(
    _array(types.float64, 2, "A"),
    _array(types.float64, 2, changed=True),
    _array(types.int32, 2),
    *(_WHOLE, _WHOLE, _NUMBERS, _NUMBERS, _FLAGS, _WHOLE, _WHOLE, _array(types.boolean, 2)),
    *(_WHOLE, _WHOLE),
    *(_WHOLE, _WHOLE, _WHOLE, _WHOLE, _array(types.intp, 2), _NUMBERS, _NUMBERS),
)


def _compile(signature: Any = None) -> Callable[[Callable], Callable]:
    """Compile, or load what was compiled before; where nothing can be kept on disk, compile for this process."""

    def compiled(function: Callable) -> Callable:
        found: Callable
        try:
            found = numba.njit(signature, cache=True, nogil=True)(function)
        except RuntimeError:  # neither beside this file nor in the user's own cache may files be written
            found = numba.njit(signature, nogil=True)(function)
        return found

    return compiled


@_compile()
def _meet(x: Array, above: float, up_to: float, missing: bool, met: Array) -> None:
    """Write which values lie in (above, up_to], or are NaN where that counts."""
    lowest = above == -np.inf
    for row in range(len(x)):
        value = x[row]
        inside = (lowest | (value > above)) & (value <= up_to)
        met[row] = inside | (missing & np.isnan(value))


@_compile()
def _meet_all(
    table: Array,
    places: Array,
    at: int,
    feature: Array,
    above: Array,
    up_to: Array,
    missing: Array,
    side: Array,
    of: Array,
    allowed: Array,
    member: Array,
    joint: Array,
    met: Array,
) -> None:
    """Write which conditions each row of a block meets, then which joint conditions."""
    rows = met.shape[1]
    x = np.empty(rows, dtype=np.float64)
    last = -1
    for number in range(len(feature)):
        if side[number] >= 0:
            sides = allowed[side[number]]
            for row in range(rows):
                met[number, row] = sides[places[of[number], at + row]]
            continue
        if feature[number] != last:
            last = feature[number]
            for row in range(rows):
                x[row] = table[at + row, last]
        _meet(x, above[number], up_to[number], missing[number], met[number])
    for number in range(len(joint) - 1):
        both = met[len(feature) + number]
        both[:] = 1
        for place in range(joint[number], joint[number + 1]):
            both &= met[member[place]]


@_compile()
def _read_outcome(met: Array, condition: Array, outcome: Array) -> None:
    """Read the conditions that each row meets as a binary number."""
    outcome[:] = met[condition[0]]
    for place in range(1, len(condition)):
        one = met[condition[place]]
        for row in range(len(outcome)):
            outcome[row] |= one[row] << place


@_compile()
def _add_whole(outcome: Array, player: Array, spec: Array, lead: Array, total: Array) -> None:
    """Add what the players of a path of one part contribute."""
    for place in range(len(player)):
        start = spec[2] + place * spec[4]
        values = lead[start : start + (1 << spec[0])]
        to = total[player[place]]
        for row in range(len(outcome)):
            to[row] += values[outcome[row]]


@_compile()
def _others(outcomes: Array, number: int, node: int, specs: Array, product: Array, factor: Array) -> None:
    """Write the product of the factors of all parts but one, at one quadrature node."""
    begun = False
    for other in range(len(specs)):
        if other == number:
            continue
        start = specs[other, 5] + node * specs[other, 6]
        values = product[start : start + (1 << specs[other, 0])]
        outcome = outcomes[other]
        for row in range(len(factor)):
            factor[row] = factor[row] * values[outcome[row]] if begun else values[outcome[row]]
        begun = True


@_compile()
def _add_parts(
    outcomes: Array, player: Array, specs: Array, lead: Array, product: Array, total: Array, buffer: Array
) -> None:
    """Add what the players of a path of several parts contribute."""
    rows = outcomes.shape[1]
    factor, sums = buffer[0], buffer[1:]
    begin = 0
    for number in range(len(specs)):
        spec, outcome = specs[number], outcomes[number]
        for node in range(spec[1]):
            _others(outcomes, number, node, specs, product, factor)
            for place in range(spec[0]):
                start = spec[2] + node * spec[3] + place * spec[4]
                values, to = lead[start : start + (1 << spec[0])], sums[place]
                for row in range(rows):
                    term = values[outcome[row]] * factor[row]
                    to[row] = term if node == 0 else to[row] + term
        for place in range(spec[0]):
            total[player[begin + place]] += sums[place]
        begin += spec[0]


@_compile()
def _add_block(
    met: Array,
    element: Array,
    condition: Array,
    player: Array,
    part: Array,
    place: Array,
    lead: Array,
    product: Array,
    total: Array,
) -> None:
    """Add what every leaf contributes to the sums of a block of rows."""
    rows = met.shape[1]
    outcomes = np.empty((max(1, np.diff(part).max()), rows), dtype=np.uint16)
    buffer = np.empty((_LONGEST + 1, rows), dtype=np.float64)
    for leaf in range(len(element) - 1):
        specs = place[part[leaf] : part[leaf + 1]]
        begin = element[leaf]
        for number in range(len(specs)):
            _read_outcome(met, condition[begin : begin + specs[number, 0]], outcomes[number])
            begin += specs[number, 0]
        players = player[element[leaf] : element[leaf + 1]]
        if len(specs) == 1:
            _add_whole(outcomes[0], players, specs[0], lead, total)
        elif len(specs) > 1:
            _add_parts(outcomes[: len(specs)], players, specs, lead, product, total, buffer)


@_compile(_ADD)
def add_leaves(
    table: Array,
    phi: Array,
    places: Array,
    column: Array,
    feature: Array,
    above: Array,
    up_to: Array,
    missing: Array,
    side: Array,
    of: Array,
    allowed: Array,
    member: Array,
    joint: Array,
    element: Array,
    condition: Array,
    player: Array,
    part: Array,
    place: Array,
    lead: Array,
    product: Array,
) -> None:
    """Add what leaves contribute to ``phi``; the arguments are those of ``batch``, in their order."""
    for at in range(0, len(table), _ROWS):
        rows = min(_ROWS, len(table) - at)
        met = np.empty((len(feature) + len(joint) - 1, rows), dtype=np.uint8)
        _meet_all(table, places, at, feature, above, up_to, missing, side, of, allowed, member, joint, met)
        total = np.empty((len(column), rows), dtype=np.float64)
        for number in range(len(column)):
            for row in range(rows):
                total[number, row] = phi[at + row, column[number]]
        _add_block(met, element, condition, player, part, place, lead, product, total)
        for number in range(len(column)):
            for row in range(rows):
                phi[at + row, column[number]] = total[number, row]
