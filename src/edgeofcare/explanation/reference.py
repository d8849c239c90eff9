"""A named group of children to compare a child with, kept as counts and never as rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edgeofcare.exceptions import SpecError

__all__ = ["LONGEST_PATH", "REFERENCE", "ReferenceCounts", "ReferenceMeans", "pooled", "regrouped"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int32]
Positions = npt.NDArray[np.intp]

REFERENCE = "the average child in training"
"""Where contributions start without a cohort: an average in log-odds, so its risk is below the mean in training."""
LONGEST_PATH = 14
"""Features on a path beyond which patterns cannot be tabulated."""


@dataclass(frozen=True, eq=False)
class ReferenceCounts:
    """How often each pattern of conditions is met in a reference cohort, for every leaf of a model.

    The conditions on the path to a leaf, one for each feature on it, are met or not by a child. Which of them a child
    meets is the child's pattern at that leaf; this holds how many children of the cohort have each pattern. Nothing
    links the pattern of a child at one leaf to that at another, and nothing holds a value, a key or a date.

    Parameters
    ----------
    rows : int
        Children's rows in the cohort.
    least : int
        Fewest children of any pattern that is kept; rows of rarer patterns are counted with a similar one.
    first : ndarray of int32, shape (leaves + 1,)
        First pattern of each leaf, and the count of all patterns.
    pattern, count : ndarray of int32, shape (patterns,)
        Conditions met, read as a binary number with the first feature of the path lowest; and how many rows meet them.

    Notes
    -----
    A pattern of few children says something about them to whoever knows the model and them: that a child with one
    property has another. ``least`` is for files that leave the authority: with 10, no count is of fewer than 10
    children, unless the cohort itself is smaller. With 1, contributions are exact for the cohort as it is; keep such
    counts with the case records. Each count keeps to the floor; differences between counts of different leaves need
    not. Counts of two cohorts that differ by one child tell what that child meets, so do not share both.
    """

    rows: int
    least: int
    first: IntArray
    pattern: IntArray
    count: IntArray

    def __repr__(self) -> str:
        return f"ReferenceCounts({self.rows:,} rows, {len(self.first) - 1:,} leaves, least {self.least})"


@dataclass(frozen=True, eq=False)
class ReferenceMeans:
    """What a regression needs of a reference cohort: for each feature how often it is known, and its mean where it is.

    Parameters
    ----------
    rows : int
        Children's rows in the cohort.
    least : int
        Fewest children that a feature is unknown, known, or other than usual for; fewer are counted as the others.
    mean : ndarray of float64, shape (features,)
        Mean of the rows where it is known; 0 where it never is.
    missing : ndarray of float64, shape (features,)
        Share of rows where it is not known.
    """

    rows: int
    least: int
    mean: FloatArray
    missing: FloatArray

    def __repr__(self) -> str:
        return f"ReferenceMeans({self.rows:,} rows, {len(self.mean)} features, least {self.least})"


def pooled(counts: Positions, least: int, children: Positions | None = None) -> Positions:
    """Count rare patterns of one leaf with the most similar of those that are not rare.

    Parameters
    ----------
    counts : ndarray of int, shape (patterns,)
        Rows that meet each pattern; its place is the pattern.
    least : int
        Fewest children that a pattern is kept with.
    children : ndarray of int, shape (patterns,), optional
        Children among the rows of each pattern; each row is another child if left out.

    Returns
    -------
    ndarray of int, shape (patterns,)
        As many rows in all. Where no pattern has enough, all are counted with the most frequent.

    Notes
    -----
    The most similar pattern has the fewest conditions met otherwise; of several, it is the one with most rows, then the
    lowest.

    Examples
    --------
    >>> pooled(np.array([50, 3, 0, 20]), 10).tolist()
    [53, 0, 0, 20]

    Twenty rows of five children are rare:

    >>> pooled(np.array([50, 3, 0, 20]), 10, np.array([40, 3, 0, 5])).tolist()
    [73, 0, 0, 0]
    """
    known = counts if children is None else children
    rare = np.flatnonzero((counts > 0) & (known < least))
    if not len(rare):
        return counts
    kept = np.flatnonzero(known >= least)
    kept = kept if len(kept) else np.array([np.argmax(counts)])
    apart = np.bitwise_count(rare[:, None] ^ kept) if hasattr(np, "bitwise_count") else _bits(rare[:, None] ^ kept)
    order = np.lexsort((kept, -counts[kept]))
    to = kept[order][np.argmin(apart[:, order], axis=1)]
    found = counts.copy()
    found[rare] = 0
    np.add.at(found, to, counts[rare])
    return found


def regrouped(reference: ReferenceCounts, leaf: Positions, slot: Positions) -> tuple[Positions, Positions]:
    """Turn patterns of features into patterns of players, who meet what all of their features meet.

    Parameters
    ----------
    reference : ReferenceCounts
        By feature.
    leaf : ndarray of int, shape (path entries,)
        Leaf of each feature on its path, ascending.
    slot : ndarray of int, shape (path entries,)
        Place of its player on the path.

    Returns
    -------
    leaf, pattern : ndarray of int, shape (patterns,)
        For each count of the reference; a pattern may come more than once.

    Raises
    ------
    SpecError
        If the counts were made for other trees.
    """
    leaves = len(reference.first) - 1
    length = np.bincount(leaf, minlength=leaves)
    of = np.repeat(np.arange(leaves), np.diff(reference.first))
    if len(length) != leaves or len(of) != len(reference.pattern) or (reference.pattern >> length[of]).any():
        msg = "The reference was counted for another model. Count it for this one."
        raise SpecError(msg)
    begin = np.cumsum(length) - length
    players = np.zeros(leaves, dtype=np.intp)
    np.maximum.at(players, leaf, slot + 1)
    pattern = (np.intp(1) << players[of]) - 1
    for place in range(int(length.max(initial=0))):
        chosen = np.flatnonzero(length[of] > place)
        unmet = 1 - ((reference.pattern[chosen].astype(np.intp) >> place) & 1)
        pattern[chosen] &= ~(unmet << slot[begin[of[chosen]] + place])
    return of, pattern


def _bits(numbers: npt.NDArray) -> Positions:
    """Count the ones of binary numbers, for numpy before 2.0."""
    places = np.arange(LONGEST_PATH).reshape(-1, *[1] * numbers.ndim)
    return ((numbers >> places) & 1).sum(axis=0, dtype=np.intp)
