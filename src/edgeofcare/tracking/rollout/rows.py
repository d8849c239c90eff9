"""Check the outcomes of a roll-out, and turn them into entries and time by household, team and period."""

from __future__ import annotations

from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edgeofcare.evaluation._inputs import check_index, kind
from edgeofcare.exceptions import LeakageError, SpecError
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.metrics._households import household_codes
from edgeofcare.records.findings import counted
from edgeofcare.tracking.rollout.design import RolloutDesign

__all__ = ["Followed", "read_past", "read_rows"]

_COLUMNS = ("team", "entered_care", "followup_days", "end_reason", "complete")
_NOT_AT_RISK = ("entered_in_gap", "already_looked_after")
_MOVED = "moved_away"


class Followed(NamedTuple):
    """Rows that were followed; children and households only as codes.

    ``window`` is the days of the whole window; ``left_out`` counts rows that were not at risk.
    """

    household: Ints
    child: Ints
    team: Ints
    period: Ints
    entered: Floats
    days: Floats
    window: float
    shown: NDArray[np.bool_] | None
    moved: int
    left_out: int
    shape: tuple[int, int]

    @property
    def cell(self) -> Ints:
        """Team and period as one number."""
        return self.team * self.shape[1] + self.period

    def by_cell(self, values: Floats) -> Floats:
        """Sums by team and period."""
        sums = np.bincount(self.cell, weights=values, minlength=self.shape[0] * self.shape[1])
        return sums.astype(np.float64).reshape(self.shape)

    @property
    def entries(self) -> Floats:
        """Entries by team and period."""
        return self.by_cell(self.entered)

    @property
    def time(self) -> Floats:
        """Whole windows that children were followed, by team and period."""
        return self.by_cell(self.days) / self.window

    def by_household(self, values: Floats) -> Floats:
        """Sums by household (rows), and team and period (columns)."""
        cells = self.shape[0] * self.shape[1]
        size = int(self.household.max()) + 1
        sums = np.bincount(self.household * cells + self.cell, weights=values, minlength=size * cells)
        return sums.astype(np.float64).reshape(size, cells)


def read_rows(outcomes: Any, design: RolloutDesign) -> Followed:
    """Rows of the roll-out itself: their index dates are the first days of its periods."""
    index = _checked(outcomes, design, "outcomes")
    dates = index.get_level_values("index_date").to_numpy().astype("datetime64[D]")
    firsts = design.periods.to_numpy().astype("datetime64[D]")
    period = np.minimum(np.searchsorted(firsts, dates), len(firsts) - 1)
    strange = int((firsts[period] != dates).sum())
    if strange:
        msg = (
            f"outcomes: {counted(strange, 'row')} of {len(index):,} have an index date that is not the first day of a "
            "period of the design. Build the cohort with index_dates=design.periods."
        )
        raise SpecError(msg)
    rows = _followed(outcomes, index, period, len(firsts), design, "outcomes")
    absent = [team for place, team in enumerate(design.teams) if not (rows.team == place).any()]
    if absent:
        msg = (
            f"outcomes: {len(absent)} of the {len(design.teams)} teams of the design have no row that can be counted "
            f"in any period: {', '.join(absent)}. The order was drawn among all of them, so leaving one out undoes the "
            "draw. Give the rows that they held, under the names of the design."
        )
        raise SpecError(msg)
    return rows


def read_past(past: Any, design: RolloutDesign) -> tuple[Followed, int]:
    """Rows from before, put on the periods of the design, and how many index dates they have.

    The last dates serve, in their order. Where they are fewer than the periods they serve again, each time with other
    households.
    """
    index = _checked(past, design, "past")
    days, place = np.unique(index.get_level_values("index_date").to_numpy(), return_inverse=True)
    past = past.drop(columns="shown", errors="ignore")  # no score was shown
    rows = _followed(past, index, place.reshape(-1), len(days), design, "past")
    return _on_periods(rows, len(design.periods)), len(days)


def _on_periods(rows: Followed, wanted: int) -> Followed:
    """The last dates as periods, as often as they are needed."""
    dates = rows.shape[1]
    used = min(dates, wanted)
    parts = []
    for copy in range(-(-wanted // used)):
        period = rows.period - (dates - used) + copy * used
        inside = (rows.period >= dates - used) & (period < wanted)
        parts.append((inside, period[inside], copy))
    homes, children = int(rows.household.max(initial=0)) + 1, int(rows.child.max(initial=0)) + 1
    return rows._replace(
        household=np.concatenate([rows.household[inside] + copy * homes for inside, _, copy in parts]),
        child=np.concatenate([rows.child[inside] + copy * children for inside, _, copy in parts]),
        team=np.concatenate([rows.team[inside] for inside, _, _ in parts]),
        period=np.concatenate([period for _, period, _ in parts]),
        entered=np.concatenate([rows.entered[inside] for inside, _, _ in parts]),
        days=np.concatenate([rows.days[inside] for inside, _, _ in parts]),
        shown=None,
        shape=(rows.shape[0], wanted),
    )


def _checked(outcomes: Any, design: Any, name: str) -> pd.MultiIndex:
    """Index of the outcomes, or what is wrong with them."""
    if not isinstance(design, RolloutDesign):
        msg = f"design is a {kind(design)}; expected the RolloutDesign that design_rollout gives."
        raise SpecError(msg)
    if not isinstance(outcomes, pd.DataFrame):
        msg = f"{name} is a {kind(outcomes)}; expected label_outcome(..., details=True) with a column team."
        raise SpecError(msg)
    missing = [column for column in _COLUMNS if column not in outcomes.columns]
    if missing:
        msg = f"{name} lacks {', '.join(missing)}; give label_outcome(..., details=True) with a column team."
        raise SpecError(msg)
    index = check_index(outcomes.index, name)
    if not len(index):
        msg = f"{name} has no rows."
        raise SpecError(msg)
    twice = int(index.droplevel("household_id").duplicated().sum())
    if twice:
        msg = (
            f"{name}: {counted(twice, 'row')} of {len(index):,} give a child again on the same index date, under "
            "another household, and would be counted twice. Give each child one row a date; where authorities are "
            "pooled, put the authority into child_id and household_id."
        )
        raise SpecError(msg)
    return index


def _team_codes(outcomes: pd.DataFrame, design: RolloutDesign, name: str) -> Ints:
    """Place of each row's team in the design."""
    codes = pd.Index(design.teams).get_indexer(pd.Index(outcomes["team"]))
    strange = int((codes < 0).sum())
    if strange:
        msg = (
            f"{name}: {counted(strange, 'row')} of {len(codes):,} have no team or one that is not in the design. Give "
            "each row the team that held the case on its index date, under the names of the design, and leave out "
            "cases that no team of the design held."
        )
        raise SpecError(msg)
    return codes.astype(np.int64)


def _flags(outcomes: pd.DataFrame, name: str) -> tuple[NDArray[np.bool_], list[str]]:
    """Which rows of a column are True, and what is wrong with it: numpy takes gaps and the text "False" for True."""
    given = outcomes[name].to_numpy(dtype=object)
    wrong = sum(not isinstance(value, (bool, np.bool_)) for value in given)
    if wrong:
        return np.zeros(len(given), dtype=np.bool_), [f"{name} is neither True nor False in {counted(wrong, 'row')}."]
    return given.astype(np.bool_), []


def _numbers(column: pd.Series) -> Floats:
    """Numbers of a column; NaN for whatever is none, as for text and dates."""
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.array(
        [float(value) if isinstance(value, Real | np.bool_) else np.nan for value in column], dtype=np.float64
    )


def _refuse_unfinished(complete: NDArray[np.bool_], reason: NDArray[np.object_], name: str) -> None:
    """Refuse rows whose outcome cannot be known yet. A child who moved away was followed as long as it was there."""
    unfinished = int((~complete & ~np.isin(reason, [*_NOT_AT_RISK, _MOVED])).sum())
    if unfinished:
        msg = (
            f"{name}: the follow-up of {counted(unfinished, 'row')} of {len(complete):,} is not complete, so that "
            "nobody knows yet what happened. Wait until the extract reaches the end of every window, or leave out the "
            "last index dates for all teams."
        )
        raise LeakageError(msg)


def _values(
    outcomes: pd.DataFrame, design: RolloutDesign, name: str
) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_] | None]:
    """Entries, days followed, whether that is complete, and whether a score was shown."""
    entered, days = (_numbers(outcomes[column]) for column in ("entered_care", "followup_days"))
    complete, problems = _flags(outcomes, "complete")
    shown, unclear = _flags(outcomes, "shown") if "shown" in outcomes.columns else (None, [])
    problems += unclear
    if wrong := int((~np.isin(entered, [0.0, 1.0])).sum()):
        problems.append(f"entered_care is neither 0 nor 1 in {counted(wrong, 'row')}.")
    if wrong := int((~(days >= 0)).sum()):
        problems.append(f"followup_days is missing or below 0 in {counted(wrong, 'row')}.")
    if long := int((days > design.horizon_days).sum()):
        problems.append(
            f"{counted(long, 'row')} were followed for more than the {design.horizon_days} days of a period, into the "
            f"next, in which more teams use the score. Label them with Task(horizon='{design.horizon}') or less."
        )
    if problems:
        msg = f"{name}: {' '.join(problems)}"
        raise SpecError(msg)
    return entered, days, complete, shown


def _followed(
    outcomes: pd.DataFrame, index: pd.MultiIndex, period: Ints, n_periods: int, design: RolloutDesign, name: str
) -> Followed:
    """Codes, entries and time of the rows that were at risk."""
    team = _team_codes(outcomes, design, name)
    reason = outcomes["end_reason"].to_numpy(dtype=object)
    entered, days, complete, shown = _values(outcomes, design, name)
    _refuse_unfinished(complete, reason, name)
    # Rows in the order of their index, so that nothing depends on how they were given.
    order = np.lexsort([index.get_level_values(level) for level in ("index_date", "child_id", "household_id")])
    kept = order[~np.isin(reason, _NOT_AT_RISK)[order]]
    if not kept.size:
        msg = (
            f"{name}: in all {len(index):,} rows the child was already in care, or entered it in the gap, so nobody "
            "was at risk. Build the cohort with build_cohort, and label it on the same records."
        )
        raise SpecError(msg)
    whole = max(float(days[kept].max(initial=0.0)), 1.0)
    household, _ = household_codes(index.get_level_values("household_id").to_numpy()[kept], kept.size)
    child, _ = household_codes(index.get_level_values("child_id").to_numpy()[kept], kept.size, "child")
    return Followed(
        household=household,
        child=child,
        team=team[kept],
        period=period[kept].astype(np.int64),
        entered=entered[kept],
        days=days[kept],
        window=whole,
        shown=None if shown is None else shown[kept],
        moved=int((reason == _MOVED).sum()),
        left_out=len(index) - kept.size,
        shape=(len(design.teams), n_periods),
    )
