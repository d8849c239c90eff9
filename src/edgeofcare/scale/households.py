"""Which part each child belongs to: households are never cut."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from edgeofcare.records.households import households
from edgeofcare.records.records import Records

__all__ = ["household_of_everyone", "part_of_children", "part_of_household"]


def part_of_household(household_id: str, n_parts: int) -> int:
    """The part of a household: the same on every machine, whatever other households there are.

    Parameters
    ----------
    household_id : str
        The household.
    n_parts : int
        How many parts there are.

    Returns
    -------
    int
        From 0 to ``n_parts - 1``.

    Examples
    --------
    >>> part_of_household("H1", 16) == part_of_household("H1", 16)
    True
    """
    return int.from_bytes(hashlib.blake2b(household_id.encode(), digest_size=8).digest(), "big") % n_parts


def part_of_children(records: Records, n_parts: int) -> pd.Series:
    """The part of each child.

    Parameters
    ----------
    records : Records
        The case records.
    n_parts : int
        How many parts there are.

    Returns
    -------
    Series of int
        Indexed by child id. Children who are only named in links are among them: they may join those who are in
        the records, so they go where their household goes.
    """
    household = household_of_everyone(records)
    part = {name: part_of_household(name, n_parts) for name in household.unique()}
    return household.map(part).astype(np.int64)


def household_of_everyone(records: Records) -> pd.Series:
    """The household of each child, and of those who are only named in links.

    Parameters
    ----------
    records : Records
        The case records.

    Returns
    -------
    Series of str
        Indexed by child id. Of the children of the records it is ``records.households``.
    """
    known = records.households
    linked = records.table("relationships")["child_id"].dropna()
    strangers = linked[~linked.isin(known.index)].drop_duplicates()
    everyone = pd.concat([known.index.to_series(), strangers], ignore_index=True)
    joined = households(everyone, records.table("relationships"))
    by_label = pd.Series(known.to_numpy(), index=joined.reindex(known.index).to_numpy())
    by_label = by_label[~by_label.index.duplicated()]
    return joined.map(by_label).fillna(joined)
