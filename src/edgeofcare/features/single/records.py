"""The records of one child and of everybody in its household, as plain rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["ChildRecords"]


class ChildRecords:
    """The records of one child and of everybody in its household, as plain rows."""

    def __init__(self, child_id: str, records: Any) -> None:
        self.child_id = child_id
        self.whole = records

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> ChildRecords:
        """Read a mapping that JSON can hold."""
        import pandas as pd

        from edgeofcare.records.records import Records
        from edgeofcare.schema.tables import TABLES

        frames = {
            name: pd.DataFrame(plain["tables"].get(name, []), columns=list(table.names))
            for name, table in TABLES.items()
        }
        options = {name: plain[name] for name in ("observed_from", "reporting_lag", "links") if name in plain}
        records = Records.from_tables(frames, observed_until=plain["observed_until"], **options)
        return cls(plain["child_id"], records)

    @classmethod
    def from_records(cls, records: Any, child_id: str) -> ChildRecords:
        """The rows of one child of records."""
        return cls(child_id, records)

    @property
    def observed_until(self) -> np.datetime64:
        """The last date on which the records can be trusted."""
        return np.datetime64(self.whole.observed_until, "D")

    @property
    def observed_from(self) -> Mapping[str, np.datetime64 | None]:
        """From when each dated table can be trusted; None where that is not known."""
        held = self.whole.observed_from
        return {name: None if day is None else np.datetime64(day, "D") for name, day in held.items()}

    @property
    def reporting_lag(self) -> Mapping[str, int]:
        """Days from an event until it can be seen, by table."""
        return self.whole.reporting_lag
