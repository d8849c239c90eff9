"""What monitoring found."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from edgeofcare.tracking.monitoring.checks import FAMILIES, Check, check_frame
from edgeofcare.tracking.monitoring.page import monitoring_page, write_text
from edgeofcare.version import VERSION

__all__ = ["Monitoring"]

_SCHEMA = 1


@dataclass(frozen=True, repr=False)
class Monitoring:
    """What changed since a model was made: checks and alarms in plain words; made by :func:`edgeofcare.monitor`.

    It may be shared: it holds counts, shares, names of tables, columns and features, and codes of the schema's own
    lists. Counts and shares that rest on 1 to 9 children are hidden.

    Parameters
    ----------
    checks : sequence of Check
        Everything that was looked at, alarms first.
    index_date : str
        Day of the run.
    model_id : str or None
        The model.
    reference : tuple of str
        Months of the baseline.
    false_runs : float
        Share of quiet runs in which a false alarm is allowed.
    """

    checks: Sequence[Check]
    index_date: str
    model_id: str | None
    reference: tuple[str, str]
    false_runs: float

    @cached_property
    def table(self) -> pd.DataFrame:
        """All checks, one row each.

        ``check`` (its kind), ``about``, ``measure``, ``value``, ``usual``, ``p_value``, ``alarm``, ``happened``,
        ``means``, ``do``.
        """
        return check_frame(self.checks)

    @property
    def alarms(self) -> pd.DataFrame:
        """The checks beyond chance: what happened, what it may mean, what to do."""
        return self.table[self.table["alarm"]].reset_index(drop=True)

    def to_dict(self) -> dict[str, Any]:
        """As plain values.

        Returns
        -------
        dict
            ``version``, ``package``, ``model_id``, ``index_date``, ``reference``, ``false_runs``, ``alarms`` (how many)
            and ``checks``; numbers that are hidden or unknown are None.
        """
        rows = self.table.to_dict("records")
        return {
            "version": _SCHEMA,
            "package": VERSION,
            "model_id": self.model_id,
            "index_date": self.index_date,
            "reference": list(self.reference),
            "false_runs": self.false_runs,
            "alarms": int(self.table["alarm"].sum()),
            "checks": [{str(name): _or_none(value) for name, value in row.items()} for row in rows],
        }

    def to_json(self, path: str | Path | None = None) -> str:
        """As JSON text.

        Parameters
        ----------
        path : path, optional
            Where to write it as well.

        Returns
        -------
        str
        """
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=1, allow_nan=False) + "\n"
        if path is not None:
            write_text(path, text)
        return text

    def to_html(self, path: str | Path | None = None) -> str:
        """As a page for people, in one file that needs no other.

        Parameters
        ----------
        path : path, optional
            Where to write it as well.

        Returns
        -------
        str
        """
        page = monitoring_page(self.checks, self.index_date, self.model_id, self.reference, self.false_runs)
        if path is not None:
            write_text(path, page)
        return page

    def __repr__(self) -> str:
        return f"Monitoring({self.index_date}: {self._found()})"

    def _found(self) -> str:
        """How many alarms."""
        count = int(self.table["alarm"].sum())
        said = "no alarm" if not count else "1 alarm" if count == 1 else f"{count} alarms"
        return f"{said} in {len(self.checks)} checks"

    def __str__(self) -> str:
        lines = [f"Run of {self.index_date}: {self._found()}."]
        for row in self.alarms.itertuples():
            lines += ["", f"{FAMILIES[str(row.check)].capitalize()}. {row.happened}"]
            lines += [f"  It may mean: {row.means}", f"  What to do: {row.do}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The alarms, for notebooks."""
        title = f"<p><b>Run of {escape(self.index_date)}: {self._found()}</b></p>"
        return title + self.alarms[["happened", "means", "do"]].to_html(index=False, border=0)


def _or_none(value: Any) -> Any:
    """A value, or None for what is no number."""
    return None if isinstance(value, float) and math.isnan(value) else value
