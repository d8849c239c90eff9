"""One child's events in time, the windows that counted for the strongest reasons, and the score on several days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.explain import explain
from edgeofcare.explanation.one_child import (
    checked_day,
    household_records,
    one_task,
    refuse_no_records,
    rows_of_child,
    rules_missed,
    specs_of,
)
from edgeofcare.explanation.timeline_rows import event_rows, shown_tables, window_rows
from edgeofcare.explanation.told_reasons import checked_top, reasons_to_draw
from edgeofcare.features.feature import Feature
from edgeofcare.records.records import Records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from edgeofcare.explanation.explain import _Scored
    from edgeofcare.explanation.named_reference import Reference
    from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["ChildTimeline", "child_timeline"]

_QUARTERS = 12  # before the index date


@dataclass(frozen=True, eq=False, repr=False)
class ChildTimeline:
    """What was on record of one child when, what of it counted on the index date, and how the score moved.

    Made by :func:`edgeofcare.child_timeline`. A case record: it holds the authority's own row keys and dates of one
    child, and stays with the authority. The picture holds the dates, and no key or identifier; the repr holds counts.

    Attributes
    ----------
    scores : DataFrame
        One row for each day: index_date, risk, risk_low, risk_high (NaN without refits), eligible, and rule, the first
        rule of eligibility that was not met. There is no risk on days on which the child was not eligible.
    events : DataFrame
        The child's own rows that happened or began before the index date: table, lane (the table in words), row_key,
        start, end (NaT for an event, and for what looked open on the index date), hidden_end (an end before the index
        date that was not known on it), spell, known (whether the row could be seen on the index date), ranks (of the
        reasons that it counts for).
    windows : DataFrame
        Where the strongest reasons looked: rank, direction, concept, feature, sentence, record, table, lane, kind
        ("window", "earlier window", "all time", "on the day", or "none" where there are no rows of the child behind
        it), start (NaT for all time) and end; of a model with refits also band and tied.
    """

    scores: pd.DataFrame
    events: pd.DataFrame
    windows: pd.DataFrame

    def plot(self) -> Figure:
        """Draw the score above the events, on one axis of time.

        Returns
        -------
        matplotlib.figure.Figure
            The figure, with dates and without any key or identifier.
        """
        from edgeofcare.plotting.timeline import timeline_figure

        return timeline_figure(self.scores, self.events, self.windows)

    def __repr__(self) -> str:
        """Counts only."""
        days, rows, hidden = len(self.scores), len(self.events), int((~self.events["known"]).sum())
        return (
            f"ChildTimeline({days} day{'' if days == 1 else 's'}, {rows:,} row{'' if rows == 1 else 's'}, "
            f"of which {hidden} not known)"
        )


def child_timeline(
    model: RiskClassifier | _Scored,
    records: Records,
    child_id: str,
    index_date: Any,
    *,
    dates: Iterable[Any] | None = None,
    top: int = 3,
    tables: Sequence[str] | None = None,
    features: Iterable[Feature | str] | None = None,
    reference: Reference | Literal["stored"] | None = "stored",
    accept_lag: bool = False,
) -> ChildTimeline:
    """Put one child's events, the windows that counted and the score on one axis of time.

    Parameters
    ----------
    model : RiskClassifier or Scorer
        Fitted, or loaded from a model file.
    records : Records
        The case records.
    child_id : str
        The child.
    index_date : str or date
        The day on which the reasons are asked for. Nothing that happened on it or later is shown.
    dates : iterable of str or date, optional
        Days of the score, none after the index date, which is always one of them; each sees only what was known before
        itself. The index date and 12 quarters before it if left out.
    top : int, default 3
        Most reasons, by concept, whose windows are told.
    tables : sequence of str, optional
        Tables to show; those in which the reasons looked always are. If left out, all dated tables of the records but
        immigration statuses, which are for audit.
    features : iterable of Feature or str, optional
        Specs or names of the model's features; read from the names if left out.
    reference : Reference, "stored" or None, default "stored"
        Whom the reasons compare the child with, as for :func:`edgeofcare.explain`.
    accept_lag : bool, default False
        Whether records with another reporting lag than a loaded model was trained with are used all the same.

    Returns
    -------
    ChildTimeline
        Three tidy frames, and a picture.

    Raises
    ------
    LeakageError
        If a date is more than one day after ``records.observed_until``.
    RecordsError
        If the records do not hold the child.
    SpecError
        If ``records`` are no Records, ``dates`` is no list or holds one after the index date, the child was not born
        on one, there is no such table, the model's features cannot be built from records, the reporting lag differs
        from that of training, or the reference was counted for another model.

    Notes
    -----
    A row that happened before the index date but was recorded later could not count on it: it is told as not known, so
    that a reader sees what the score could not see. The same holds of an end that was entered late: the spell looked
    open.

    Examples
    --------
    >>> from edgeofcare.cohort import build_cohort
    >>> from edgeofcare.features.build import build_features
    >>> from edgeofcare.models.risk_model import make_risk_model
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> records, task = make_records(200, random_state=0), Task()
    >>> cohort = build_cohort(records, task, index_dates=["2020-04-01", "2021-04-01", "2022-04-01"])
    >>> X = build_features(records, cohort, ["missing.count.90d", "referral.count.365d"])
    >>> y = pd.Series((X["missing.count.90d"] > 0) * 1, index=X.index)
    >>> model = make_risk_model("logistic", task=task).fit(X, y)
    >>> timeline = child_timeline(model, records, X.index[0][1], "2020-04-01", dates=["2019-04-01", "2019-10-01"])
    >>> len(timeline.scores), bool((timeline.events["start"] < "2020-04-01").all())
    (3, True)
    """
    refuse_no_records(records)
    specs = specs_of(model, features)
    day = checked_day(records, index_date, "index_date")
    home = household_records(records, child_id)
    days = _days(home, child_id, day, dates)
    X = rows_of_child(home, child_id, str(home.households[child_id]), days, specs)
    rules = rules_missed(home, child_id, days, one_task(model))
    compared: Any = {"reference": reference, "accept_lag": accept_lag}
    one = explain(model, X.iloc[[-1]], records=home, features=specs, **compared)
    windows, counted = window_rows(home, X.index[-1], reasons_to_draw(one, "concept").head(checked_top(top)), specs)
    shown = shown_tables(home, tables, windows["table"])
    return ChildTimeline(
        scores=_scores(model, X, specs, rules),
        events=event_rows(home, child_id, day, shown, counted),
        windows=windows,
    )


def _days(records: Records, child_id: str, day: pd.Timestamp, dates: Iterable[Any] | None) -> list[pd.Timestamp]:
    """Days of the score in their order, the index date last."""
    children = records.table("children")
    born = children.loc[children["child_id"] == child_id, "birth_date"].iloc[0]
    if dates is None:
        asked = [day - pd.DateOffset(months=3 * number) for number in range(1, _QUARTERS + 1)]
        asked = [pd.Timestamp(each) for each in asked if not born >= each]
    elif isinstance(dates, str) or not isinstance(dates, Iterable):
        msg = "dates must be a list of dates, such as ['2024-10-01', '2025-01-01']."
        raise SpecError(msg)
    else:
        asked = [checked_day(records, each, "dates") for each in dates]
    found = sorted({day, *asked})
    if found[-1] > day:
        msg = "dates lie after index_date, where nothing may be shown. Give days up to it, or a later index_date."
        raise SpecError(msg)
    if born >= found[0]:
        msg = "The child was not born before the first of the dates, so there is no score to show. Give later dates."
        raise SpecError(msg)
    return found


def _scores(model: Any, X: pd.DataFrame, specs: Sequence[Feature], rules: Sequence[str]) -> pd.DataFrame:
    """The score on each day; none where the child was not eligible."""
    why = explain(model, X, features=specs)
    eligible = np.array([rule == "" for rule in rules])
    interval = why.risk_interval
    ends = np.full((len(X), 2), np.nan) if interval is None else interval.to_numpy(dtype=np.float64)
    numbers = np.column_stack([why.risk.to_numpy(dtype=np.float64), ends])
    numbers[~eligible] = np.nan
    frame = pd.DataFrame(numbers, columns=["risk", "risk_low", "risk_high"])
    frame.insert(0, "index_date", X.index.get_level_values("index_date").to_numpy().astype("datetime64[s]"))
    return frame.assign(eligible=eligible, rule=list(rules))
