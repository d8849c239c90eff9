"""Contributions to one row in a fraction of a millisecond: the tables of the paths laid out for a single look-up."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import reduce
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from edgeofcare.explanation.conditions import conditions_met
from edgeofcare.explanation.paths import LeafGroup, PathForm, leaf_groups

__all__ = ["OneRow", "row_conditions"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

_BITS = 8  # a byte holds one outcome; a part of a path has no more than six conditions


class OneRow:
    """Trees laid out for the contributions to one row; made once for a model.

    The contributions are those that :func:`~edgeofcare.explanation.kernel.contributions` gives for a table of one row,
    to the bit, in a good deal less time.

    Parameters
    ----------
    form : PathForm
        The trees.
    groups : array of int, optional
        Group of each column of the contributions, of which some may be asked for alone, which costs less.

    Examples
    --------
    >>> from edgeofcare.explanation.paths import path_form
    >>> from edgeofcare.models.arrays import TreeArrays
    >>> trees = TreeArrays(
    ...     baseline=-2.0, tree_start=np.int32([0, 3]), feature=np.int32([0, -1, -1]),
    ...     threshold=np.array([0.5, 0.0, 0.0]), left=np.int32([1, -1, -1]), right=np.int32([2, -1, -1]),
    ...     missing_left=np.array([True, False, False]), value=np.array([0.0, -0.25, 1.0]),
    ...     cover=np.array([100.0, 80.0, 20.0]),
    ... )
    >>> form = path_form(trees)
    >>> OneRow(form).contributions(row_conditions(form, np.array([3.0]))).tolist()
    [1.0]
    """

    def __init__(self, form: PathForm, groups: npt.ArrayLike | None = None) -> None:
        column = form.column[form.player]
        group = np.zeros(len(column), dtype=np.intp) if groups is None else np.asarray(groups, dtype=np.intp)[column]
        self._count = int(group.max(initial=0)) + 1
        order = np.argsort(group, kind="stable")  # by group, and in each by leaf
        start = np.searchsorted(group[order], np.arange(self._count + 1))
        self._column = [column[order[first:end]] for first, end in itertools.pairwise(start)]
        place = np.empty(len(order), dtype=np.intp)
        place[order] = np.arange(len(order)) - start[group[order]]
        self._joint, number = _joint_by_size(form)
        every = vars(form).get("groups")  # where they were made already; else they are not kept
        every = leaf_groups(form, np.arange(len(form.value))) if every is None else every
        self._classes = [_laid_out(form, alike, number) for alike in _alike(every)]
        self._asked = [_by_group(each, group, place, self._count) for each in self._classes]
        self._width = int(column.max(initial=-1)) + 1 if form.players is None else form.players

    def __repr__(self) -> str:
        return f"OneRow({sum(map(len, self._column))} path elements)"

    def contributions(self, met: BoolArray, groups: Sequence[int] | None = None) -> FloatArray:
        """What each column adds to the margin of a row.

        Parameters
        ----------
        met : ndarray of bool, shape (conditions,)
            From :func:`row_conditions`.
        groups : sequence of int, optional
            Groups whose columns are asked for; all if left out.

        Returns
        -------
        ndarray of float64, shape (columns,)
            Log-odds before calibration, up to the last column that is on any path; 0 for those not asked for.
        """
        chosen = list(range(self._count)) if groups is None else list(groups)
        lengths = [len(self._column[group]) for group in chosen]
        starts = np.cumsum([0, *lengths])
        every = np.concatenate([met, _joint_met(self._joint, met), [False]])
        terms = np.empty(int(starts[-1]), dtype=np.float64)
        for each, asked in zip(self._classes, self._asked, strict=True):
            found = [asked[group] for group in chosen]
            segment, slot = (_end_to_end([one[at] for one in found]) for at in (0, 1))
            places = _end_to_end([one.place + start for one, start in zip(found, starts[:-1], strict=True)])
            terms[places] = _terms(each, every, segment, slot)
        columns = _end_to_end([self._column[group] for group in chosen])
        return np.bincount(columns, weights=terms, minlength=self._width).astype(np.float64, copy=False)


def row_conditions(form: PathForm, row: FloatArray) -> BoolArray:
    """Which single conditions a row meets: the same for features on their own and for any groups of them.

    Parameters
    ----------
    form : PathForm
        The trees.
    row : ndarray of float64, shape (n_features,)
        Features in the order of training.

    Returns
    -------
    ndarray of bool, shape (conditions,)
    """
    if form.categories is not None:
        return conditions_met(form, row[None, :])[: len(form.feature), 0]
    values = row.take(form.feature)
    met: BoolArray = values > form.above
    met |= np.isneginf(form.above)
    met &= values <= form.up_to
    missing = np.isnan(values)
    missing &= form.missing
    met |= missing
    return met


class _Laid(NamedTuple):
    """Parts of paths, called segments, with as many quadrature nodes and as many parts beside them.

    Parameters
    ----------
    condition : ndarray of int, shape (segments, 8)
        What a row must meet, the first lowest; -1 where there is none.
    row, stride : ndarray of int, shape (segments,)
        Where the rows of ``lead`` start for outcome 0, and how many rows each outcome takes: one for each player.
    other, other_row : tuple of ndarray of int, shape (segments,)
        For each other part of the path its segment, and where its rows of ``product`` start.
    element : ndarray of int, shape (segments, 8)
        Path element of each player; -1 where there is none.
    lead, product : ndarray of float64, shape (rows, nodes)
        What a player contributes at each node up to the product of the other parts, and that of each part.
    """

    condition: Positions
    row: Positions
    stride: Positions
    other: tuple[Positions, ...]
    other_row: tuple[Positions, ...]
    element: Positions
    lead: FloatArray
    product: FloatArray


class _Asked(NamedTuple):
    """Path elements of one group: the segment and the player's place in it, and the place among all of the group."""

    segment: Positions
    slot: Positions
    place: Positions


def _terms(of: _Laid, met: BoolArray, segment: Positions, slot: Positions) -> FloatArray:
    """What each element that is asked for contributes."""
    outcome = np.packbits(met.take(of.condition), bitorder="little").astype(np.intp)  # a byte for each segment
    row = (of.row + outcome * of.stride).take(segment)
    row += slot
    if not of.other:
        return of.lead.take(row)
    factors = [
        of.product.take(start + outcome.take(other), axis=0)
        for other, start in zip(of.other, of.other_row, strict=True)
    ]
    lead = of.lead.take(row, axis=0)
    lead *= reduce(np.multiply, factors).take(segment, axis=0)
    total = lead[:, 0].copy()
    for node in range(1, lead.shape[1]):  # one after another, as the sum over the nodes of a table of rows adds them
        total += lead[:, node]
    return total


def _joint_by_size(form: PathForm) -> tuple[list[Positions], Positions]:
    """Members of the joint conditions, first those of all, then those of all with a second; and their new numbers."""
    count = np.diff(np.append(form.joint, len(form.member)))
    order = np.argsort(-count, kind="stable")
    number = np.arange(len(form.feature) + len(count))
    number[len(form.feature) + order] = len(form.feature) + np.arange(len(count))
    first, count = form.joint[order], count[order]
    return [form.member[first[count > at] + at] for at in range(int(count.max(initial=0)))], number


def _joint_met(members: list[Positions], met: BoolArray) -> BoolArray:
    """Which joint conditions are met, those with the most members first."""
    if not members:
        return met[:0]
    joint = met.take(members[0])
    for more in members[1:]:
        joint[: len(more)] &= met.take(more)
    return joint


def _alike(groups: Sequence[LeafGroup]) -> list[list[LeafGroup]]:
    """Leaves that are worked out alike: with as many nodes and as many parts."""
    found: dict[tuple[int, int], list[LeafGroup]] = {}
    for group in groups:
        found.setdefault((group.parts[0].lead.shape[0], len(group.parts)), []).append(group)
    return list(found.values())


def _laid_out(form: PathForm, groups: list[LeafGroup], number: Positions) -> _Laid:
    """Lay the tables of some leaves out by segment, outcome, player and node."""
    pieces: list[_Laid] = []
    segments = leads = products = 0
    for group in groups:
        leaf = np.arange(len(group.leaf))
        sizes = [part.stop - part.start for part in group.parts]
        segment = [segments + at * len(leaf) + leaf for at in range(len(sizes))]
        table = products + np.cumsum([0, *(len(leaf) << size for size in sizes)])
        product = [start + (leaf << size) for start, size in zip(table, sizes, strict=False)]
        for at, (part, size) in enumerate(zip(group.parts, sizes, strict=True)):
            own = group.element[:, part.start : part.stop]
            condition, element = (np.full((len(leaf), _BITS), -1, dtype=np.intp) for _ in range(2))
            condition[:, :size], element[:, :size] = number[form.condition[own]], own
            nodes = part.lead.shape[0]
            lead = part.lead.reshape(nodes, size, len(leaf), -1).transpose(2, 3, 1, 0).reshape(-1, nodes)
            pieces.append(
                _Laid(
                    condition,
                    leads + leaf * (size << size),
                    np.full(len(leaf), size),
                    tuple(segment[:at] + segment[at + 1 :]),
                    tuple(product[:at] + product[at + 1 :]),
                    element,
                    lead,
                    np.zeros((0, nodes)) if part.product is None else part.product.T,
                )
            )
            leads += len(lead)
        segments, products = segments + len(sizes) * len(leaf), int(table[-1])
    return _Laid(*(_stacked([piece[at] for piece in pieces]) for at in range(len(_Laid._fields))))


def _stacked(parts: list[Any]) -> Any:
    """Arrays one after the other, as the processor reads them; of tuples of arrays, each."""
    if isinstance(parts[0], tuple):
        return tuple(_stacked(list(each)) for each in zip(*parts, strict=True))
    return np.ascontiguousarray(np.concatenate(parts))


def _by_group(of: _Laid, group: Positions, place: Positions, count: int) -> list[_Asked]:
    """The elements of each group."""
    segment, slot = np.nonzero(of.element >= 0)
    element = of.element[segment, slot]
    found = []
    for number in range(count):
        own = group[element] == number
        found.append(_Asked(segment[own], slot[own], place[element[own]]))
    return found


def _end_to_end(parts: list[Positions]) -> Positions:
    """Arrays one after the other."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else np.zeros(0, dtype=np.intp)
