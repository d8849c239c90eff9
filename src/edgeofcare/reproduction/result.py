"""What came of running a saved model again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.reproduction.compare import DIFFERS, IDENTICAL, ROUNDING

__all__ = ["Reproduction"]

_MOST_SHOWN = 20
_LONG = 24


@dataclass(frozen=True, eq=False, repr=False)
class Reproduction:
    """Which steps and numbers of a saved run came out the same. Shareable: it holds measures, digests and versions.

    Made by :func:`edgeofcare.reproduce`.

    Attributes
    ----------
    steps : DataFrame
        step, verdict ("identical", "differs by rounding", "differs", "not compared"), largest_difference, recorded,
        found.
    numbers : DataFrame
        Every number of the evaluation: table, row, column, recorded, found, difference, identical.
    environment : DataFrame
        Versions, platform and limits of threads: name, recorded, found, same.

    Examples
    --------
    >>> steps = pd.DataFrame({"step": ["labels"], "verdict": ["identical"], "largest_difference": [0.0]})
    >>> nothing = pd.DataFrame(columns=["table", "row", "column", "recorded", "found", "difference", "identical"])
    >>> Reproduction(steps, nothing, pd.DataFrame(columns=["name", "recorded", "found", "same"])).identical
    True
    """

    steps: pd.DataFrame
    numbers: pd.DataFrame
    environment: pd.DataFrame

    @property
    def identical(self) -> bool:
        """Whether every step was compared and every step and number agrees to the last digit."""
        return bool(self.steps["verdict"].eq(IDENTICAL).all()) and bool(self.numbers["identical"].astype(bool).all())

    @property
    def first_difference(self) -> str | None:
        """Name of the first step that came out otherwise; None where all that could be compared agree."""
        other = self.steps.loc[self.steps["verdict"].isin([ROUNDING, DIFFERS]), "step"]
        return None if other.empty else str(other.iloc[0])

    @property
    def text(self) -> str:
        """The account in lines, for a screen or a file."""
        parts = [self._verdict(), *self._step_lines(), "", *self._number_lines(), "", *self._environment_lines()]
        return "\n".join(parts)

    def __repr__(self) -> str:
        """Verdict and counts."""
        agree = int(self.numbers["identical"].astype(bool).sum())
        return f"Reproduction({self._verdict()} {agree:,} of {len(self.numbers):,} numbers agree to the last digit)"

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain text and numbers, ready for JSON.

        Returns
        -------
        dict
            ``identical``, ``first_difference``, and lists of records: ``steps``, ``numbers``, ``environment``.
        """
        frames = {name: getattr(self, name) for name in ("steps", "numbers", "environment")}
        plain = {name: [_plain(row) for row in frame.to_dict("records")] for name, frame in frames.items()}
        return {"identical": self.identical, "first_difference": self.first_difference, **plain}

    def _verdict(self) -> str:
        """One sentence."""
        if self.identical:
            return "Reproduced: every step and every number agrees to the last digit."
        first = self.first_difference
        if first is None:
            return "Not wholly compared: what could be compared agrees, but some steps or tables are in one run only."
        rest = set(self.steps["verdict"]) - {IDENTICAL}
        how = "by rounding alone (the same to 9 decimals)" if rest == {ROUNDING} else "in more than rounding"
        return f"Not reproduced to the last digit: the runs part at the step '{first}', {how}."

    def _step_lines(self) -> Iterator[str]:
        """One line for each step."""
        yield "Steps:"
        width = max(map(len, self.steps["step"]), default=0)
        for _, row in self.steps.iterrows():
            size = row["largest_difference"]
            by = f", by up to {size:.2g}" if row["verdict"] != IDENTICAL and np.isfinite(size) else ""
            yield f"  {row['step']:{width}}  {row['verdict']}{by}"

    def _number_lines(self) -> Iterator[str]:
        """How many numbers of each table agree, and the largest differences."""
        yield "Numbers of the evaluation:"
        if self.numbers.empty:
            yield "  none could be compared"
            return
        for table, rows in self.numbers.groupby("table", sort=False):
            same = int(rows["identical"].astype(bool).sum())
            largest = np.nanmax(np.append(rows["difference"].abs().to_numpy(dtype=np.float64), 0.0))
            by = "" if same == len(rows) else f"; largest difference {largest:.2g}"
            yield f"  {table}: {same:,} of {len(rows):,} agree to the last digit{by}"
        other = self.numbers.loc[~self.numbers["identical"].astype(bool)]
        other = other.assign(size=other["difference"].abs()).sort_values("size", ascending=False, kind="stable")
        for _, row in other.head(_MOST_SHOWN).iterrows():
            by = f" ({row['difference']:+.2g})" if np.isfinite(row["difference"]) else ""
            yield f"    {row['table']}: {row['row']}, {row['column']}: {row['recorded']} was, {row['found']} now is{by}"
        if len(other) > _MOST_SHOWN:
            yield f"    and {len(other) - _MOST_SHOWN:,} more"

    def _environment_lines(self) -> Iterator[str]:
        """What differs between the two environments."""
        other = self.environment.loc[~self.environment["same"].astype(bool)]
        if other.empty:
            yield "Environment: the same versions, code, platform and limits of threads."
            return
        yield "Environment, where it differs (recorded, now):"
        for _, row in other.iterrows():
            yield f"  {row['name']}: {_short(row['recorded'])}, {_short(row['found'])}"


def _short(text: str) -> str:
    """A text, or the beginning of a long one."""
    return text if len(text) <= 2 * _LONG else f"{text[:_LONG]}..."


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """A row as JSON can hold it."""
    return {str(name): _cell(value) for name, value in row.items()}


def _cell(value: Any) -> Any:
    """A cell as JSON can hold it."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return None if value is None else str(value)
