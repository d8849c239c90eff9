"""How long events take to appear in the records: what `reporting_lag` to declare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import RecordsError, SpecError
from edgeofcare.records.lag.estimates import monotone_shares, shares_from_delays, smallest_lag
from edgeofcare.records.lag.extract_pair import check_pair, match_table
from edgeofcare.records.quality.months import dated_tables
from edgeofcare.records.records import Records

__all__ = ["FEWEST_ROWS", "RecordingLag", "recording_lag"]

FEWEST_ROWS = 50
"""Fewest rows from which a lag is estimated."""

_LONGEST = 730
_RECENT = (30, 90, 365)
_UNSEEN = [f"unseen_{days}d" for days in _RECENT]
_COLUMNS = ["table", "event", "matched_by", "rows", "late", *_UNSEEN, "lag_50", "lag_95", "changed", "withdrawn"]
_CURVE = ["table", "event", "days", "rows", "present", "share"]


@dataclass(frozen=True)
class RecordingLag:
    """How long rows, and ends of spells, took to appear, by table.

    Attributes
    ----------
    tables : DataFrame
        One row for each table and ``event`` ("start": the row itself; "end": the end of a spell). ``matched_by`` ("row
        key", "child and date", or "recorded date"); ``rows`` compared; ``late``, those that the earlier extract (or an
        extract on the day itself) did not have; ``unseen_30d``, ``unseen_90d``, ``unseen_365d``: the share of the
        events of the last 30, 90 and 365 days that a model at the time would not have seen; ``lag_50`` and ``lag_95``:
        days within which half and 95% had appeared (NaN below 50 rows); ``changed`` and ``withdrawn``: rows of the
        earlier extract that say something else in the later one, or are gone from it (missing where there is one
        extract).
    curve : DataFrame
        ``table``, ``event``, ``days``, ``rows``, ``present`` and ``share``, the estimated share that had appeared
        within so many days.
    days_apart : int or None
        Days between the ends of the two extracts. A delay longer than that can be missed.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> recording_lag(make_records(300, random_state=0))
    RecordingLag(from recorded dates; 95% had appeared after: contacts ... days, ...
    """

    tables: pd.DataFrame
    curve: pd.DataFrame
    days_apart: int | None

    def reporting_lag(self, share: float = 0.95) -> dict[str, int]:
        """Choose the lags to declare.

        Parameters
        ----------
        share : float, default 0.95
            Share of events that must have appeared.

        Returns
        -------
        dict of str to int
            For each table with enough rows, the fewest days within which that share of its rows, and of its ends, had
            appeared: pass it as ``reporting_lag=`` to a reader. A table that is not named was too small to tell, or
            never reached that share; declare a lag for it from what you know of it.

        Raises
        ------
        SpecError
            If the share is not above 0 and at most 1.
        """
        if not 0 < share <= 1:
            msg = f"share must be above 0 and at most 1, such as 0.95; got {share!r}."
            raise SpecError(msg)
        enough = set(self.tables.loc[self.tables["lag_50"].notna(), "table"])
        lags: dict[str, int] = {}
        for (table, _), curve in self.curve.groupby(["table", "event"], sort=False):
            lag = _days_until(curve, share)
            if table in enough and np.isfinite(lag):
                lags[str(table)] = max(int(lag), lags.get(str(table), 0))
        return lags

    def __repr__(self) -> str:
        """The lags, by table."""
        how = "recorded dates" if self.days_apart is None else f"two extracts, {self.days_apart} days apart"
        told = ", ".join(f"{table} {days} days" for table, days in self.reporting_lag().items()) or "no table"
        return f"RecordingLag(from {how}; 95% had appeared after: {told})"

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        how = "recorded dates" if self.days_apart is None else f"two extracts, {self.days_apart} days apart"
        formats: dict[Any, Any] = dict.fromkeys(_UNSEEN, _percent)
        formats |= dict.fromkeys(("lag_50", "lag_95", "changed", "withdrawn"), _whole)
        page = self.tables.to_html(index=False, border=0, na_rep="", formatters=formats)
        return f"<p><b>Recording lag</b>, from {how}</p>{page}"


def _percent(value: float) -> str:
    """A share; nothing where there is none."""
    return "" if pd.isna(value) else f"{value:.1%}"


def _whole(value: float) -> str:
    """A whole number; nothing where there is none."""
    return "" if pd.isna(value) else f"{value:.0f}"


def recording_lag(earlier: Records, later: Records | None = None) -> RecordingLag:
    """Measure how long events took to appear: from two extracts, or from the recorded dates of one.

    Parameters
    ----------
    earlier : Records
        An extract; the only one where it has recorded dates.
    later : Records, optional
        A later extract of the same authority. The further apart the two are, the longer the delays that can be seen.

    Returns
    -------
    RecordingLag
        Lags by table, ``.curve`` for a closer look, and ``.reporting_lag()`` to declare.

    Raises
    ------
    SpecError
        If the later extract does not end later.
    RecordsError
        If the two are not of one authority, or one extract alone has no recorded date.

    Notes
    -----
    Two extracts: a row of the later one that is dated :math:`a` days before the end of the earlier one, and was not in
    it, took longer than :math:`a` days; one that was in it took at most that. From this alone
    :func:`~edgeofcare.records.lag.estimates.monotone_shares` gives the share that appears within each number of days.
    Only rows within the windows of both are compared. A row that appeared after the later extract too is in neither, so
    shares are of what had appeared by then.

    One extract: delays from the date of the event to the date on which it was recorded, corrected for what the end of
    the extract cuts off; delays above two years are left out. Shares of unseen rows are those that follow from it.

    Examples
    --------
    >>> from edgeofcare.synthetic.records import make_records
    >>> lag = recording_lag(make_records(1000, random_state=0))
    >>> sorted(lag.reporting_lag())
    ['cin_plans', 'contacts', 'missing_episodes', 'offences', 'referrals']
    """
    if later is None:
        return _from_recorded_dates(earlier)
    check_pair(earlier, later)
    rows, curves = [], []
    for table in dated_tables(later):
        if table.name not in tuple(earlier) or not (earlier.observed(table.name) and later.observed(table.name)):
            continue
        matched = match_table(earlier, later, table)
        for event, ages, present in (
            ("start", matched.ages, matched.present),
            ("end", matched.end_ages, matched.end_present),
        ):
            if ages.size:
                curve = monotone_shares(ages, present)
                unseen = [_share(~present[ages < days]) for days in _RECENT]
                lost = (matched.changed, matched.withdrawn) if event == "start" else (np.nan, np.nan)
                late = int((~present).sum())
                lags = _lags(curve, ages.size)
                rows.append((table.name, event, matched.matched_by, ages.size, late, *unseen, *lags, *lost))
                curves.append(curve.assign(table=table.name, event=event))
    return _made(rows, curves, (later.observed_until - earlier.observed_until).days)


def _made(rows: list[tuple], curves: list[pd.DataFrame], days_apart: int | None) -> RecordingLag:
    """The result from its rows."""
    curve = pd.concat(curves, ignore_index=True)[_CURVE] if curves else pd.DataFrame(columns=_CURVE)
    return RecordingLag(pd.DataFrame(rows, columns=_COLUMNS), curve, days_apart)


def _share(flags: np.ndarray) -> float:
    """Share of true flags; NaN of none."""
    return float(flags.mean()) if flags.size else float("nan")


def _lags(curve: pd.DataFrame, rows: int) -> tuple[float, float]:
    """Days within which half and 95% had appeared; NaN where there are too few rows to tell."""
    if rows < FEWEST_ROWS:
        return float("nan"), float("nan")
    return _days_until(curve, 0.5), _days_until(curve, 0.95)


def _days_until(curve: pd.DataFrame, share: float) -> float:
    """The fewest days within which that share had appeared; none where no row was late, however old the youngest is."""
    return 0.0 if (curve["present"] == curve["rows"]).all() else smallest_lag(curve, share)


def _from_recorded_dates(records: Records) -> RecordingLag:
    """Lags from one extract's own recorded dates."""
    rows, curves = [], []
    for table in dated_tables(records):
        frame, first_day = records.table(table.name), records.observed_from[table.name]
        events = [("start", str(table.start), "recorded_date"), ("end", "end_date", "end_recorded_date")]
        for event, happened, recorded in events if "end_recorded_date" in frame else events[:1]:
            dated = frame[[happened, recorded]].dropna()
            dated = dated if first_day is None else dated[dated[happened] >= first_day]
            if dated.empty:
                continue
            delays = np.maximum((dated[recorded] - dated[happened]).dt.days.to_numpy(), 0)
            ages = (records.observed_until - dated[happened]).dt.days.to_numpy()
            reach = min(_LONGEST, int(ages.max()) // 2)
            curve = shares_from_delays(np.minimum(delays, ages), ages, longest=reach)
            unseen = [_mean_unseen(curve, days) for days in _RECENT]
            late = int((delays > 0).sum())
            nothing = (np.nan, np.nan)
            lags = _lags(curve, len(dated))
            rows.append((table.name, event, "recorded date", len(dated), late, *unseen, *lags, *nothing))
            curves.append(curve.assign(table=table.name, event=event))
    if not rows:
        msg = (
            "These records have no recorded dates, so one extract cannot say how late events appear. Give a second, "
            "later extract: recording_lag(earlier, later)."
        )
        raise RecordsError(msg)
    return _made(rows, curves, None)


def _mean_unseen(curve: pd.DataFrame, days: int) -> float:
    """Mean share of events of the last so many days that had not appeared by the end of them."""
    place = np.searchsorted(curve["days"].to_numpy(), np.arange(days), side="right") - 1
    return float(1 - curve["share"].to_numpy()[place].mean())
