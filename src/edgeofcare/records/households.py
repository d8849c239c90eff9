"""Households: children joined by siblings and shared parents, over all time.

A household is a connected component of all links. It is used for clusters, folds and intervals, never as a feature.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from edgeofcare.schema.extracts import LARGEST_FAMILY

__all__ = ["households", "on_a_circle", "real_links"]


def households(child_ids: pd.Series, relationships: pd.DataFrame) -> pd.Series:
    """The household of each child.

    Parameters
    ----------
    child_ids : Series of str
        Every child once.
    relationships : DataFrame
        Canonical ``relationships``: ``child_id``, ``related_id``, ``kind``. Links of children who are not in
        ``child_ids`` still join those who are.

    Returns
    -------
    Series of str
        Household id, indexed by child id. It is ``"H"`` followed by the smallest child id in the household, so
        other households in the data do not change it.

    Notes
    -----
    A mother or family that links more than 25 children is taken for a placeholder and joins nobody.

    Examples
    --------
    >>> links = pd.DataFrame({"child_id": ["1", "2"], "related_id": ["M", "M"], "kind": ["mother", "mother"]})
    >>> households(pd.Series(["1", "2", "3"]), links).to_dict()
    {'1': 'H1', '2': 'H1', '3': 'H3'}
    """
    links = _usable_links(relationships)
    children = np.unique(np.concatenate([child_ids.to_numpy(dtype=str), links["child_id"].to_numpy(dtype=str)]))
    relatives, relative_code = np.unique(
        (links["kind"].fillna("") + ":" + links["related_id"]).to_numpy(dtype=str), return_inverse=True
    )
    child_code = np.searchsorted(children, links["child_id"].to_numpy(dtype=str))
    size = children.size + relatives.size
    graph = coo_matrix((np.ones(len(links)), (child_code, children.size + relative_code)), shape=(size, size))
    _, component = connected_components(graph, directed=False)
    known = np.sort(child_ids.to_numpy(dtype=str))
    label = component[np.searchsorted(children, known)]
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    names = "H" + pd.Series(known[first[inverse]], index=pd.Index(known, name="child_id"))
    return names.rename("household_id")


def on_a_circle(mothers: pd.DataFrame) -> int:
    """How many children are their own mother, or further back their own ancestor.

    Parameters
    ----------
    mothers : DataFrame
        Links of children to mothers: ``child_id`` and ``related_id``, both there.

    Returns
    -------
    int
        Children; a sound record has none.

    Examples
    --------
    >>> on_a_circle(pd.DataFrame({"child_id": ["1", "2", "3"], "related_id": ["2", "1", "1"]}))
    2
    """
    links = mothers[mothers["related_id"].isin(mothers["child_id"])]
    if links.empty:
        return 0
    people, code = np.unique(links[["child_id", "related_id"]].to_numpy(dtype=str), return_inverse=True)
    child, mother = code.reshape(-1, 2).T
    graph = coo_matrix((np.ones(len(links)), (child, mother)), shape=(people.size, people.size))
    _, component = connected_components(graph, directed=True, connection="strong")
    circle = (np.bincount(component) > 1)[component]
    circle[child[child == mother]] = True
    return int(circle.sum())


def real_links(relationships: pd.DataFrame) -> pd.DataFrame:
    """Links without those to placeholders, which join nobody.

    In one part a placeholder may have so few children that it would look like a family; so it is left out while
    all children can still be seen.

    Parameters
    ----------
    relationships : DataFrame
        Canonical ``relationships`` of all children.

    Returns
    -------
    DataFrame
        Rows whose mother or family has 25 children or fewer.
    """
    links = relationships.dropna(subset=["child_id", "related_id"])
    children = links.groupby(["kind", "related_id"], dropna=False)["child_id"].transform("nunique")
    return relationships.drop(index=links.index[children > LARGEST_FAMILY])


def _usable_links(relationships: pd.DataFrame) -> pd.DataFrame:
    """Links with both ends, of families of a plausible size."""
    links = relationships[["child_id", "related_id", "kind"]].dropna(subset=["child_id", "related_id"])
    links = links.drop_duplicates()
    size = links.groupby(["kind", "related_id"], dropna=False)["child_id"].transform("size")
    return links[(size <= LARGEST_FAMILY).to_numpy(dtype=bool)]
