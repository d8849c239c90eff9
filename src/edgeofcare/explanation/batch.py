"""Many rows at once: tables handed to compiled code for a few leaves at a time, so that memory stays flat."""

from __future__ import annotations

import importlib.util
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.paths import PathForm, leaf_groups
from edgeofcare.models._walk import category_places

__all__ = ["add_terms", "is_batch"]

FloatArray = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

_MANY = 100_000_000  # rows times path elements, from which on compiled code is worth loading: a second of numpy
_LEAVES = 256  # leaves whose tables are held at once: less than a megabyte


class _Conditions(NamedTuple):
    """What some leaves ask of a row, in the order that the compiled code takes it."""

    feature: Positions  # (conditions,)
    above: FloatArray
    up_to: FloatArray
    missing: npt.NDArray[np.bool_]
    side: Positions
    of: Positions  # which row of the places of categories; means nothing for numbers
    allowed: npt.NDArray[np.bool_]
    member: Positions  # conditions that are met jointly
    joint: Positions  # (joint conditions + 1,): first member of each


class _Tables(NamedTuple):
    """Tables of some leaves laid end to end, in the order that the compiled code takes them."""

    element: Positions  # (leaves + 1,): first element of each leaf
    condition: Positions  # (elements,): which of the conditions, or of the joint conditions after them
    player: Positions  # (elements,): which of the sums
    part: Positions  # (leaves + 1,): first part of each leaf
    place: Positions  # (parts, 7): players, nodes, start of lead, stride by node, by player, start of product, stride
    lead: FloatArray
    product: FloatArray


def is_batch(form: PathForm, rows: int) -> bool:
    """Say whether there is so much to do that compiled code is worth loading, and whether it can be.

    Parameters
    ----------
    form : PathForm
        The trees.
    rows : int
        Rows to explain.

    Returns
    -------
    bool
    """
    return rows * len(form.player) >= _MANY and importlib.util.find_spec("numba") is not None


def add_terms(form: PathForm, table: FloatArray, phi: FloatArray) -> None:
    """Add the contributions of all leaves to ``phi``, with compiled code.

    Parameters
    ----------
    form : PathForm
        The trees.
    table : ndarray of float64, shape (rows, features)
        Columns in the order of training.
    phi : ndarray of float64, shape (rows, features) or (rows, groups)
        Zeros, which are changed in place.

    Raises
    ------
    SpecError
        If numba cannot be loaded.
    """
    try:
        from edgeofcare.explanation._compiled import add_leaves
    except ImportError:
        msg = "numba is not installed, so there is no compiled code for contributions. Leave compiled out."
        raise SpecError(msg) from None
    places = np.zeros((0, len(table)), dtype=np.int32)
    if form.categories is not None:
        places = category_places(form.categories, table.T).astype(np.int32)
    for start in range(0, len(form.value), _LEAVES):
        leaves = np.arange(start, min(start + _LEAVES, len(form.value)))
        elements = slice(form.first[leaves[0]], form.first[leaves[-1] + 1])
        conditions, number = _conditions(form, form.condition[elements])
        players, player = np.unique(form.player[elements], return_inverse=True)
        tables = _tables(form, leaves)._replace(condition=number, player=player)
        if len(player):
            add_leaves(table, phi, places, form.column[players], *conditions, *tables)


def _conditions(form: PathForm, wanted: Positions) -> tuple[_Conditions, Positions]:
    """Gather the conditions that are wanted, joint ones with their members; and number those wanted among them."""
    distinct, number = np.unique(wanted, return_inverse=True)
    single, joint = distinct[distinct < len(form.feature)], distinct[distinct >= len(form.feature)] - len(form.feature)
    ends = np.append(form.joint, len(form.member))
    count = ends[joint + 1] - ends[joint]
    start = np.append(0, np.cumsum(count))
    member = form.member[np.repeat(ends[joint] - start[:-1], count) + np.arange(start[-1])]
    used = np.union1d(single, member)
    place = np.concatenate([np.searchsorted(used, single), len(used) + np.arange(len(joint))])
    of = np.zeros(len(used), dtype=np.intp)
    if form.categories is not None:
        of = np.searchsorted(form.categories.column, form.feature[used])
    conditions = _Conditions(
        feature=form.feature[used],
        above=form.above[used],
        up_to=form.up_to[used],
        missing=form.missing[used],
        side=form.side[used],
        of=of,
        allowed=form.allowed,
        member=np.searchsorted(used, member),
        joint=start,
    )
    return conditions, place[number]


def _tables(form: PathForm, leaves: Positions) -> _Tables:
    """Lay the tables of leaves that follow one another end to end; conditions and players are numbered elsewhere."""
    groups = leaf_groups(form, leaves)
    count = np.zeros(len(leaves), dtype=np.intp)
    for group in groups:
        count[group.leaf - leaves[0]] = len(group.parts)
    part = np.append(0, np.cumsum(count))
    place = np.zeros((part[-1], 7), dtype=np.intp)
    leads, products = [np.zeros(0)], [np.zeros(0)]
    at, product_at = 0, 0
    for group in groups:
        first = part[group.leaf - leaves[0]]
        for number, each in enumerate(group.parts):
            nodes, size, width = each.lead.shape
            offset = np.arange(len(group.leaf)) << size
            place[first + number, :2] = size, nodes
            place[first + number, 2] = at + offset
            place[first + number, 3:5] = size * width, width
            place[first + number, 5] = product_at + offset
            place[first + number, 6] = width
            leads.append(each.lead.ravel())
            at += each.lead.size
            if each.product is not None:
                products.append(each.product.ravel())
                product_at += each.product.size
    element = form.first[leaves[0] : leaves[-1] + 2] - form.first[leaves[0]]
    none = np.zeros(0, dtype=np.intp)
    return _Tables(element, none, none, part, place, np.concatenate(leads), np.concatenate(products))
