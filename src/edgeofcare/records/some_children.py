"""The rows of some children of the records."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from edgeofcare.records.households import real_links
from edgeofcare.records.records import Records

__all__ = ["rows_of_children"]


def rows_of_children(records: Records, name: str, children: Sequence[str] | pd.Index) -> pd.DataFrame:
    """The rows of some children in one table.

    Parameters
    ----------
    records : Records
        The case records.
    name : str
        A table of theirs.
    children : sequence of str
        The children.

    Returns
    -------
    DataFrame
        Their rows. Links to placeholders join nobody and are left out while all children can still be seen.
    """
    frame = records.table(name)
    if name == "relationships":
        theirs = frame.loc[frame["child_id"].isin(children), "related_id"]
        frame = real_links(frame[frame["related_id"].isin(theirs)])
    return frame[frame["child_id"].isin(children)].reset_index(drop=True)
