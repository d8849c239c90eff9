"""Contributions of every outcome of a path, worked out before any row is seen."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["PathPart", "path_tables", "reference_tables"]

FloatArray = npt.NDArray[np.float64]

_PART = 6  # players whose 2**6 outcomes are worked out beforehand; longer paths are split into such parts


@dataclass(frozen=True, eq=False)
class PathPart:
    """Up to six players of each path of a group, with everything that depends on them alone.

    The conditions that a row meets, read as a binary number, are its outcome. Tables are looked up at
    ``leaf * 2**b + outcome``, where ``b`` is the count of players in the part.

    Parameters
    ----------
    start, stop : int
        First player of the part on the path, and the one after its last.
    lead : ndarray of float64, shape (nodes, b, leaves * 2**b)
        What each player contributes at each quadrature node, up to the product of the other parts; summed over the
        nodes where there are no other parts.
    product : ndarray of float64, shape (nodes, leaves * 2**b), or None
        Product of the factors of this part at each quadrature node; None where there are no other parts.
    """

    start: int
    stop: int
    lead: FloatArray
    product: FloatArray | None


def path_tables(share: FloatArray, value: FloatArray) -> tuple[PathPart, ...]:
    """Work out what every outcome of a path contributes.

    Parameters
    ----------
    share : ndarray of float64, shape (leaves, d)
        Share of training rows that go the way of the path at the splits of each player on it.
    value : ndarray of float64, shape (leaves,)
        Log-odds of each leaf.

    Returns
    -------
    tuple of PathPart
        The players in parts of nearly the same size.

    Examples
    --------
    A path of one player, who is met by a quarter of the training rows, to a leaf of 2:

    >>> path_tables(np.array([[0.25]]), np.array([2.0]))[0].lead.tolist()
    [[[-0.5, 1.5]]]
    """
    size = share.shape[1]
    nodes, weights = np.polynomial.legendre.leggauss((size + 1) // 2)
    t, scale = (nodes[:, None, None, None] + 1) / 2, weights[:, None, None, None] / 2 * value[:, None]
    count = -(-size // _PART)
    edges = [size * part // count for part in range(count + 1)]
    parts = []
    for start, stop in itertools.pairwise(edges):
        met = ((np.arange(2 ** (stop - start)) >> np.arange(stop - start)[:, None]) & 1).astype(np.float64)[:, None]
        part_share = share[:, start:stop].T[..., None]
        factor = t * met + (1 - t) * part_share  # (nodes, players, leaves, outcomes)
        lead = scale * (met - part_share) * _product_of_others(factor)
        lead = lead.sum(axis=0, keepdims=True) if count == 1 else lead
        product = None if count == 1 else factor.prod(axis=1).reshape(len(nodes), -1)
        parts.append(PathPart(start, stop, lead.reshape(*lead.shape[:2], -1), product))
    return tuple(parts)


def reference_tables(frequency: FloatArray, value: FloatArray) -> tuple[PathPart, ...]:
    r"""Work out what every outcome of a path contributes in comparison with a reference cohort.

    Parameters
    ----------
    frequency : ndarray of float64, shape (leaves, 2**d)
        Share of the cohort with each outcome.
    value : ndarray of float64, shape (leaves,)
        Log-odds of each leaf.

    Returns
    -------
    tuple of PathPart
        One part.

    Notes
    -----
    Beside one child of the cohort, who meets :math:`q_j`, the leaf plays the same game as in the path-dependent one
    with :math:`z_j = q_j`. The mean over the cohort is a sum over the outcomes :math:`q`, in which every player takes a
    factor :math:`t p_j + (1 - t) q_j`, and the one whose contribution it is :math:`p_j - q_j`: each turns one axis of
    the table of frequencies, seen as :math:`2 \times \dots \times 2`, into an axis of the outcomes :math:`p`.

    Examples
    --------
    A path of one player, who is met by a quarter of the cohort, to a leaf of 2:

    >>> reference_tables(np.array([[0.75, 0.25]]), np.array([2.0]))[0].lead.tolist()
    [[[-0.5, 1.5]]]
    """
    leaves, outcomes = frequency.shape
    size = outcomes.bit_length() - 1
    nodes, weights = np.polynomial.legendre.leggauss((size + 1) // 2)
    lead = np.zeros((size, leaves, outcomes))
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        for player in range(size):
            turned = frequency
            for place in range(size):
                low, high = np.moveaxis(turned.reshape(leaves, -1, 2, 1 << place), 2, 0)
                pair = (-high, low) if place == player else ((1 - node) * high, node * low + high)
                turned = np.stack(pair, axis=2).reshape(leaves, outcomes)
            lead[player] += weight * turned
    lead *= value[:, None]
    return (PathPart(0, size, lead.reshape(1, size, -1), None),)


def _product_of_others(factor: FloatArray) -> FloatArray:
    """Return, for each position on axis 1, the product of the factors at all other positions, without dividing."""
    others = np.ones_like(factor)
    np.cumprod(factor[:, :-1], axis=1, out=others[:, 1:])
    after = np.ones_like(factor[:, 0])
    for place in range(factor.shape[1] - 2, -1, -1):
        after *= factor[:, place + 1]
        others[:, place] *= after
    return others
