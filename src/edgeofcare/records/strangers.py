"""Children whom the records do not hold."""

from __future__ import annotations

import pandas as pd

from edgeofcare.exceptions import RecordsError
from edgeofcare.records.findings import counted
from edgeofcare.records.records import Records

__all__ = ["refuse_strangers"]


def refuse_strangers(records: Records, child_ids: pd.Index) -> None:
    """Refuse rows of children whom the records do not hold: nothing found would look like nothing happened.

    Parameters
    ----------
    records : Records
        The case records.
    child_ids : Index of str
        Child of each row.

    Raises
    ------
    RecordsError
        If there is such a child.
    """
    strangers = child_ids.unique().difference(pd.Index(records.table("children")["child_id"]), sort=False)
    if len(strangers):
        msg = (
            f"children: {counted(len(strangers), 'child', 'children')} of the cohort are not in these records. "
            "Use the records that the cohort was built from."
        )
        raise RecordsError(msg)
