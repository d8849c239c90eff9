"""When in the outcome window children enter care: which share of a horizon's entries its first days hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats
from edgeofcare.models.rows import row_groups

__all__ = ["EntryTiming", "entry_timing", "uniform_timing"]

_LEAST_ENTRANTS = 30
_COLUMNS = {"entered_care", "followup_days", "labelled"}


@dataclass(frozen=True, eq=False)
class EntryTiming:
    """Share of a horizon's entries that its first days hold.

    Parameters
    ----------
    share : ndarray of float64, shape (horizon_days + 1,)
        Share of the entries within the first 0, 1, 2, ... days; the last is 1.
    standard_error : ndarray of float64, shape (horizon_days + 1,)
        Of the share, by households.
    n_entrants : int
        Children behind it; 0 where it is assumed.

    Raises
    ------
    SpecError
        If the shares do not rise from 0 to 1.

    Examples
    --------
    >>> timing = uniform_timing(365)
    >>> timing
    EntryTiming(horizon 365 days, assumed: entries spread evenly)
    >>> round(timing.within(73), 6)
    0.2
    """

    share: Floats
    standard_error: Floats
    n_entrants: int

    def __post_init__(self) -> None:
        """Refuse what is no cumulative share."""
        share, error = (np.asarray(a, dtype=np.float64) for a in (self.share, self.standard_error))
        rises = share.ndim == 1 and share.size > 1 and share[0] == 0 and share[-1] == 1 and (np.diff(share) >= 0).all()
        if not rises or error.shape != share.shape or not (np.isfinite(error) & (error >= 0)).all():
            msg = "share must rise from 0 to 1, one value a day, with a standard error for each. Use entry_timing."
            raise SpecError(msg)
        object.__setattr__(self, "share", share)
        object.__setattr__(self, "standard_error", error)

    def __repr__(self) -> str:
        """The horizon, and where the shares come from."""
        source = "assumed: entries spread evenly" if self.assumed else f"from {self.n_entrants} entrants"
        return f"EntryTiming(horizon {self.horizon_days} days, {source})"

    @property
    def horizon_days(self) -> int:
        """Days of the horizon."""
        return self.share.size - 1

    @property
    def assumed(self) -> bool:
        """Whether nothing was learned."""
        return self.n_entrants == 0

    def within(self, days: int) -> float:
        """Share of the entries within the first days of the window.

        Parameters
        ----------
        days : int
            From 0 to the horizon.

        Returns
        -------
        float
            From 0 to 1.

        Raises
        ------
        SpecError
            If it is no whole number of days within the horizon.
        """
        if isinstance(days, bool) or not isinstance(days, int | np.integer) or not 0 <= days <= self.horizon_days:
            msg = f"days must be a whole number from 0 to the horizon of {self.horizon_days} days."
            raise SpecError(msg)
        return float(self.share[days])


def entry_timing(details: pd.DataFrame, horizon_days: int) -> EntryTiming:
    """Learn from labelled rows how the entries of a horizon spread over its days.

    Parameters
    ----------
    details : DataFrame
        The training rows of ``label_outcome(records, cohort, task, details=True)``.
    horizon_days : int
        ``task.horizon_days``.

    Returns
    -------
    EntryTiming
        Share of the rows with an entry whose entry came within each number of days, with a standard error by
        households.

    Raises
    ------
    SpecError
        If a column is missing, a follow-up is not within the horizon, or fewer than 30 children entered care.

    Notes
    -----
    An entry on the first day of the window has 0 days of follow-up and lies within the first 1 day. Rows count as
    they do in a sum of risks: a child with two index dates counts twice. Training rows that were followed over the
    whole horizon are needed; in rows cut short, late entries would be missing.

    Examples
    --------
    >>> names = [f"{number:02d}" for number in range(40)]
    >>> index = pd.MultiIndex.from_arrays(
    ...     [names, names, np.full(40, np.datetime64("2022-04-01", "s"))],
    ...     names=["household_id", "child_id", "index_date"],
    ... )
    >>> details = pd.DataFrame({"entered_care": 1, "followup_days": [30] * 10 + [200] * 30, "labelled": True}, index)
    >>> timing = entry_timing(details, 365)
    >>> timing
    EntryTiming(horizon 365 days, from 40 entrants)
    >>> timing.within(91)
    0.25
    """
    if not isinstance(details, pd.DataFrame) or (missing := sorted(_COLUMNS - set(details.columns))):
        what = f"lacks {', '.join(missing)}" if isinstance(details, pd.DataFrame) else "is no DataFrame"
        msg = f"details {what}; give the frame of label_outcome(records, cohort, task, details=True)."
        raise SpecError(msg)
    entered = details.loc[details["labelled"].to_numpy(dtype=bool) & (details["entered_care"] == 1).to_numpy()]
    day = entered["followup_days"].to_numpy(dtype=np.int64)
    if wrong := int(((day < 0) | (day >= horizon_days)).sum()):
        msg = f"{wrong} of {len(day)} entries lie outside a horizon of {horizon_days} days; give the task's horizon."
        raise SpecError(msg)
    groups = row_groups(entered)
    entrants = int(np.unique(groups.child).size)
    if entrants < _LEAST_ENTRANTS:
        msg = (
            f"Fewer than {_LEAST_ENTRANTS} children entered care in these rows, too few to learn when. Use more index "
            "dates, or say in so many words that entries spread evenly: uniform_timing(task.horizon_days)."
        )
        raise SpecError(msg)
    share = np.concatenate([[0.0], np.cumsum(np.bincount(day, minlength=horizon_days)) / day.size])
    return EntryTiming(share, _errors(day, groups.household, share), entrants)


def uniform_timing(horizon_days: int) -> EntryTiming:
    """Assume that entries spread evenly over the horizon, where nothing is known of when they come.

    Parameters
    ----------
    horizon_days : int
        Days of the horizon.

    Returns
    -------
    EntryTiming
        Days divided by the horizon.

    Raises
    ------
    SpecError
        If the horizon is not a whole number of days, 1 or more.

    Examples
    --------
    >>> uniform_timing(364).within(91)
    0.25
    """
    if isinstance(horizon_days, bool) or not isinstance(horizon_days, int | np.integer) or horizon_days < 1:
        msg = "horizon_days must be a whole number of days, 1 or more."
        raise SpecError(msg)
    share = np.arange(horizon_days + 1) / horizon_days
    return EntryTiming(share, np.zeros_like(share), 0)


def _errors(day: np.ndarray, household: np.ndarray, share: Floats) -> Floats:
    """Standard error of each share as a ratio of sums over households."""
    code = np.unique(household, return_inverse=True)[1]
    size = int(code.max()) + 1
    rows = np.bincount(code, minlength=size).astype(np.float64)
    errors = np.zeros_like(share)
    if size < 2:
        return errors
    for days in range(1, share.size - 1):
        off = np.bincount(code, weights=day < days, minlength=size) - share[days] * rows
        errors[days] = np.sqrt(size / (size - 1) * np.sum(off**2)) / day.size
    return errors
