"""Who a child's siblings are, and since when that could be seen.

Two children are siblings where they share a mother or a family. Households use the same links over all time; here
each link counts only from the day on which both children's rows had been entered and both were born.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from edgeofcare.features.prepare import as_days
from edgeofcare.features.rows import MAX_DAY, Rows, keys, ragged
from edgeofcare.records.records import Records
from edgeofcare.schema.extracts import LARGEST_FAMILY

__all__ = ["SiblingLinks", "sibling_links"]

_ENOUGH = {"siblings": ("dated",), "undated_siblings": ("undated", "dated")}
"""What the records must hold of links for each scope."""


@dataclass(frozen=True)
class SiblingLinks:
    """Pairs of a child and a sibling, each pair both ways round and once, by child.

    Parameters
    ----------
    child, sibling : ndarray of int64
        Positions in the table of children.
    known, until : ndarray of int64
        Days since 1970-01-01: the pair counts on the days after the first, up to and including the second, on which
        it could be seen that one of the two is the other's mother; ``MAX_DAY`` where neither is.
    """

    child: np.ndarray
    sibling: np.ndarray
    known: np.ndarray
    until: np.ndarray

    def of(self, code: np.ndarray) -> SiblingLinks:
        """The pairs of some children, by a code of theirs.

        Parameters
        ----------
        code : ndarray of int64
            For each child of the table of children its code; -1 for a child that is not wanted.

        Returns
        -------
        SiblingLinks
            With codes in ``child``, in their order.
        """
        child = code[self.child]
        kept = np.flatnonzero(child >= 0)
        kept = kept[np.lexsort((self.sibling[kept], child[kept]))]
        return self._some(kept, child[kept])

    def of_rows(self, rows: Rows) -> tuple[Rows, SiblingLinks]:
        """The pairs that count for some rows.

        Parameters
        ----------
        rows : Rows
            Rows of children by the codes in ``child``.

        Returns
        -------
        rows : Rows
            The same rows. A child of whom a pair ceases to count has one code up to that day and another after it.
        links : SiblingLinks
            By these codes, as known from ``known``; no pair ceases to count within a code.
        """
        links = self._some(slice(*np.searchsorted(self.child, [rows.first, rows.first + rows.n_children])))
        child, ends = links.child - rows.first, links.until < MAX_DAY
        if not ends.any():
            return rows, links._some(slice(None), child)
        begins = np.diff(rows.child, prepend=-1, append=rows.n_children) != 0
        begins[np.searchsorted(rows.key, keys(child[ends], links.until[ends]), side="right")] = True
        first = np.flatnonzero(begins[:-1])
        code = np.cumsum(begins[:-1]) - 1
        own = Rows(code, keys(code, rows.day), rows.day, rows.order, first.size)
        start = np.searchsorted(child, np.arange(rows.n_children + 1))
        of = rows.child[first]
        epoch, link = ragged(start[of], start[of + 1] - start[of])
        counts = links.until[link] >= rows.day[first[epoch]]
        return own, links._some(link[counts], epoch[counts])

    def _some(self, kept: np.ndarray | slice, child: np.ndarray | None = None) -> SiblingLinks:
        """Some of the pairs, with other codes of the child if they are given."""
        child = self.child[kept] if child is None else child
        return SiblingLinks(child, self.sibling[kept], self.known[kept], self.until[kept])


def sibling_links(records: Records, scope: str) -> SiblingLinks | None:
    """Every pair of siblings of the records.

    Parameters
    ----------
    records : Records
        The case records.
    scope : {"siblings", "undated_siblings"}
        Whether a link without the day on which it was entered is left out, or taken as known from the beginning.

    Returns
    -------
    SiblingLinks or None
        None where the records cannot say, as they declare in ``records.links``. That is a fact of the whole extract;
        it is never read off these rows, which may be those of a part.

    Notes
    -----
    A pair is known from the latest of the days on which the two rows of the mother or family that they share were
    entered, and of the two births; where they share several, from the earliest of these. A mother or family of more
    than 25 children is a placeholder, as for households: it makes nobody a sibling and nobody a mother. A mother who is
    herself a child of the records is no sibling of her children, from the day on which a row that says so was entered.
    """
    if records.links not in _ENOUGH[scope]:
        return None
    frame = records.table("relationships").dropna(subset=["child_id", "related_id"])
    frame = frame[_plausible(frame)]
    recorded = as_days(frame["recorded_date"])
    seen = recorded if scope == "siblings" else np.where(recorded < MAX_DAY, recorded, -MAX_DAY)
    children = records.table("children")
    people, birth = pd.Index(children["child_id"]), as_days(children["birth_date"])
    pairs = _pairs(*_members(frame, seen, people), birth)
    until = _until(frame, seen, people)
    key = pairs.child * len(people) + pairs.sibling
    pairs = replace(pairs, until=until.reindex(key, fill_value=MAX_DAY).to_numpy())
    return pairs._some(np.flatnonzero(pairs.known < pairs.until))


def _plausible(frame: pd.DataFrame) -> np.ndarray:
    """Rows of families that are no placeholders."""
    family = frame.groupby(["kind", "related_id"], dropna=False, sort=False).ngroup().to_numpy(dtype=np.int64)
    person, people = pd.factorize(frame["child_id"])
    once = np.unique(family * max(len(people), 1) + person) // max(len(people), 1)
    return (np.bincount(once, minlength=1) <= LARGEST_FAMILY)[family]


def _until(frame: pd.DataFrame, seen: np.ndarray, children: pd.Index) -> pd.Series:
    """Day on which a child could first be seen to be another's mother, by the pair of both, either way round."""
    child, mother = (children.get_indexer(pd.Index(frame[name])) for name in ("child_id", "related_id"))
    told = (frame["kind"] == "mother").to_numpy(dtype=bool, na_value=False) & (child >= 0) & (mother >= 0)
    told &= seen < MAX_DAY
    child, mother, seen = child[told], mother[told], seen[told]
    both = np.concatenate([child * len(children) + mother, mother * len(children) + child])
    return pd.Series(np.tile(seen, 2), index=both, dtype="int64").groupby(level=0).min()


def _members(frame: pd.DataFrame, seen: np.ndarray, children: pd.Index) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Family, child and the day each was seen, once for each, by family; strangers left out."""
    family = frame.groupby(["kind", "related_id"], dropna=False, sort=False).ngroup().to_numpy()
    person = pd.factorize(frame["child_id"])[0]
    order = np.lexsort((seen, person, family))
    family, person, seen = family[order], person[order], seen[order]
    once = np.ones(order.size, dtype=bool)
    once[1:] = (family[1:] != family[:-1]) | (person[1:] != person[:-1])
    child = children.get_indexer(pd.Index(frame["child_id"].iloc[order]))
    kept = once & (child >= 0) & (seen < MAX_DAY)
    return family[kept], child[kept].astype(np.int64), seen[kept]


def _pairs(family: np.ndarray, child: np.ndarray, seen: np.ndarray, birth: np.ndarray) -> SiblingLinks:
    """Every two members of each family, with the earliest day on which that could be seen."""
    known = np.maximum(seen, birth[child])
    size = np.bincount(family, minlength=1)
    start = np.cumsum(size) - size
    one, other = ragged(start[family], size[family])
    two = child[one] != child[other]
    one, other = one[two], other[two]
    since = np.maximum(known[one], known[other])
    order = np.lexsort((since, child[other], child[one]))
    one, other, since = child[one[order]], child[other[order]], since[order]
    first = np.ones(order.size, dtype=bool)
    first[1:] = (one[1:] != one[:-1]) | (other[1:] != other[:-1])
    first &= since < MAX_DAY
    return SiblingLinks(one[first], other[first], since[first], np.full(int(first.sum()), MAX_DAY))
