"""Follow children's risks from run to run, and make the lists of a team's meeting."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.one_child import one_task, specs_of
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.features.feature import Feature
from edgeofcare.records.records import Records
from edgeofcare.task import Task
from edgeofcare.tracking.ledger import Ledger
from edgeofcare.tracking.trajectories.history import of_runs, score_rows
from edgeofcare.tracking.trajectories.leaving import CAME_FROM, OTHER_LIST, left_because
from edgeofcare.tracking.trajectories.list_frame import list_frame
from edgeofcare.tracking.trajectories.meeting import LEAVING, NEW, NO_LIST, child_frame
from edgeofcare.tracking.trajectories.moved_by import REASON_COLUMNS, change_reasons
from edgeofcare.tracking.trajectories.noise import LEAST_CHANGE, NOT_COMPARABLE
from edgeofcare.tracking.trajectories.notes import NO_LEDGER, Run, team_notes
from edgeofcare.tracking.trajectories.positions import score_positions
from edgeofcare.tracking.trajectories.rescore import rescored
from edgeofcare.tracking.trajectories.runs import places_of_teams, with_lists
from edgeofcare.tracking.trajectories.seen import last_reviews, last_seen, seen_tables, support_now
from edgeofcare.tracking.trajectories.tracking import Tracking

if TYPE_CHECKING:
    from edgeofcare.explanation.explain import _Scored
    from edgeofcare.models.risk_model import RiskClassifier

__all__ = ["track"]


def track(
    history: pd.DataFrame | Ledger,
    records: Records | None = None,
    *,
    capacity: int | Mapping[str, int],
    on: Any = None,
    runs: Iterable[Any] | None = None,
    team: str | Mapping[str, str] | pd.Series | None = None,
    model: RiskClassifier | _Scored | None = None,
    features: Iterable[Feature | str] | None = None,
    task: Task | None = None,
    ledger: Ledger | None = None,
    seen: Sequence[str] | None = None,
    least_change: float = LEAST_CHANGE,
    top_reasons: int = 3,
    accept_lag: bool = False,
    progress: bool | None = None,
) -> Tracking:
    """Follow each child's risk over the days on which it was scored, and make the lists of a team's meeting.

    Parameters
    ----------
    history : DataFrame or Ledger
        Scores of several days on the index (household_id, child_id, index_date), as :meth:`edgeofcare.Scorer.score`
        gives them and ``pandas.concat`` joins them; or a ledger that holds them. ``risk`` is needed. ``risk_low`` and
        ``risk_high``, ``log_odds``, ``model_id`` and ``calibration_version`` are used where they are there.
    records : Records, optional
        The case records: who was seen or supported, why a child is no longer scored, and, with a model, the reasons.
    capacity : int or mapping of str to int
        Children that a team can review in a calendar month; scaled to the spacing of the runs, as in an evaluation.
    on : str or date, optional
        The day of the meeting; the last run if left out. Scores of later days do not count, nor what happened or was
        known on it or later.
    runs : iterable of str or date, optional
        The days on which everybody was scored. If left out, every day of the history but those with fewer than half
        as many scores as usual, such as a child scored by itself; the notes say so. Other scores are left out.
    team : str, mapping or Series, optional
        A column of the history, or the team of each ``child_id``. Without it all children are one team.
    model : RiskClassifier or Scorer, optional
        The model that gives the scores now. With records it gives the reasons of each change, and scores children
        again whom another model scored before.
    features : iterable of Feature or str, optional
        Features of the model; read from its names if left out.
    task : Task, optional
        Whom the model is for; the model's own if left out, or the default without a model.
    ledger : Ledger, optional
        Reviews, and who was seen or supported; the history itself where it is a ledger.
    seen : sequence of str, optional
        Tables whose rows say that the child was seen; assessments, section 47 enquiries and a table of your own called
        ``visits`` if left out.
    least_change : float, default 0.5
        Change in log-odds that counts as rising or falling where a score has no interval.
    top_reasons : int, default 3
        Concepts that are told for each change; 0 for none, which is faster.
    accept_lag : bool, default False
        Whether records with another reporting lag than the model was trained with are used all the same.
    progress : bool, optional
        Whether to show a progress bar over the reasons; where a person watches if left out.

    Returns
    -------
    Tracking
        Lists, trajectories, one row for each child, what to know beforehand, a page and a picture.

    Raises
    ------
    IndexNamesError
        If the rows of the history do not carry the index, or one is there twice.
    SpecError
        If there is no risk, a child has two scores on one day, a capacity or an option is not understood, or the
        reporting lag is not that of training.

    Notes
    -----
    **Lists.** Of each team the highest risks of the last run are on the list, as many as capacity allows; all who are
    tied at the cut. *New* were not on it at the run before. Of those who stay, *rising* and *falling* changed by more
    than noise since the run before, or, if not, since three months; the others show *no clear change*. *Leaving* were
    on it at the run before and are not now. So of a team each child is on one list at most, new and staying make up the
    list, and whoever was on it and is not is leaving, once. Who moves from the list of a team to that of another is new
    there and leaving here; a team that was renamed is the same. A run is of every team: one without a score at the
    last run has an empty list, and who was on it leaves. Where teams are scored on different days, give the scores of
    each by themselves.

    **Noise.** See :mod:`edgeofcare.tracking.trajectories.noise`. A change of model or calibration is never a change of
    the child: with model and records such scores are given again by one model, otherwise they are not comparable.

    **Time.** A score counts by its index date, a review by the day on which it was held. A score given again for the
    same day takes the place of the first.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> names = ["household_id", "child_id", "index_date"]
    >>> rows = [("H1", "c1", "2025-05-01"), ("H2", "c2", "2025-05-01"), ("H1", "c1", "2025-06-01"),
    ...         ("H2", "c2", "2025-06-01")]
    >>> index = pd.MultiIndex.from_tuples([(*row[:2], pd.Timestamp(row[2])) for row in rows], names=names)
    >>> scores = pd.DataFrame({"risk": [0.07, 0.09, 0.12, 0.08]}, index=index)
    >>> tracking = eoc.track(scores, capacity=1)
    >>> tracking
    Tracking(1 team, 2 runs; 1 child on lists: 1 new, 0 staying; 1 leaving)
    >>> tracking.lists["list"].tolist(), tracking.lists["said"].iloc[0]
    (['new', 'leaving'], '12 of 100, was 7 of 100 on 1 May 2025')
    """
    _refuse_options(least_change, top_reasons)
    day = None if on is None else one_date(on, "on")
    rows = score_rows(history, on=day, team=team)
    rows, days, left_out = of_runs(rows, runs=runs, on=day)
    day = rows["index_date"].max() if day is None else day
    ledger = history if ledger is None and isinstance(history, Ledger) else ledger
    looked = seen_tables(records, seen)
    specs = None
    if model is not None:
        specs = specs_of(model, features)
        if records is not None:
            refuse_other_lag(model, records, accept=accept_lag)
    places = places_of_teams(capacity, days)
    rows = with_lists(rows, days, places)
    positions = score_positions(rows, days)
    compared = rescored(rows, positions, model=model, records=records, specs=specs)
    children = child_frame(rows, compared, positions, least_change=least_change, on=day)
    children = _with_care(children, records, ledger, looked, day)
    children = _because(children, rows, positions, days, records, task or one_task(model) or Task())
    children, told = children.drop(columns="list_before"), _on_lists(children)
    reasons, said = _reasons(children, model, records, specs, top_reasons, progress)
    held = [Run(name, days[name], places[name]) for name in days]
    notes = {
        run.team: [
            *team_notes(run, _team_of(told, run.team), on=day, records=records, least_change=least_change),
            *left_out,
            *([] if ledger is not None else [NO_LEDGER]),
        ]
        for run in held
    }
    return Tracking(
        on=day,
        rows=rows,
        children=children,
        lists=list_frame(told, said, day),
        reasons=reasons,
        notes=notes,
        records=records,
        runs=held,
        reviews=ledger is not None,
    )


def _refuse_options(least_change: float, top_reasons: int) -> None:
    """Refuse options that cannot be."""
    if not (isinstance(least_change, int | float) and 0 < least_change < np.inf):
        msg = "least_change must be a number above 0: a change in log-odds, such as 0.5."
        raise SpecError(msg)
    if isinstance(top_reasons, bool) or not isinstance(top_reasons, int) or top_reasons < 0:
        msg = "top_reasons must be a whole number, 0 or more."
        raise SpecError(msg)


def _team_of(children: pd.DataFrame, team: str) -> pd.DataFrame:
    """The children whom a team's page tells of: its own, and those who left its list."""
    return children[children["list_team"] == team]


def _with_care(
    children: pd.DataFrame, records: Records | None, ledger: Ledger | None, looked: Sequence[str], on: pd.Timestamp
) -> pd.DataFrame:
    """Add who was reviewed, seen and supported."""
    reviewed = last_reviews(ledger, on=on).reindex(children.index)
    children = children.assign(last_review=reviewed, days_since_review=(on - reviewed).dt.days.astype("Int64"))
    found = last_seen(records, ledger, looked, on=on).reindex(children.index)
    by = found["last_seen_by"].astype(object)
    children = children.assign(last_seen=found["last_seen"], last_seen_by=by.where(by.notna(), ""))
    children["days_since_seen"] = (on - children["last_seen"]).dt.days.astype("Int64")
    support = support_now(records, ledger, on=on).reindex(children.index).astype(object)
    return children.assign(support=support.where(support.notna(), ""))


def _because(
    children: pd.DataFrame,
    rows: pd.DataFrame,
    positions: pd.DataFrame,
    days: Mapping[str, np.ndarray],
    records: Records | None,
    task: Task,
) -> pd.DataFrame:
    """Whose list each child is on, and why it left one, or from where it came; empty for the others."""
    was = rows["team"].to_numpy(dtype=object)[positions["before"].to_numpy()]
    children = children.assign(
        list_team=np.where(children["list"] == LEAVING, was, children["team"]), list_before=was, because=""
    )
    children.loc[_came(children), "because"] = CAME_FROM
    left = children[children["list"] == LEAVING]
    children.loc[left.index, "because"] = [
        left_because(
            str(child),
            row,
            day=pd.Timestamp(days[row["team"]][-1]),
            moved=row["list_team"] != row["team"],
            records=records,
            task=task,
        )
        for child, row in left.iterrows()
    ]
    return children


def _came(children: pd.DataFrame) -> pd.Series:
    """Who is new on a list, and was on that of another team."""
    return (children["list"] == NEW) & children["was_listed"]


def _on_lists(children: pd.DataFrame) -> pd.DataFrame:
    """The children, and once more those who came from another team's list: they are leaving that one."""
    left = children[_came(children)]
    if left.empty:
        return children
    left = left.assign(list=LEAVING, listed=False, tied=False, because=OTHER_LIST, list_team=left["list_before"])
    return pd.concat([children, left])


def _reasons(
    children: pd.DataFrame,
    model: Any,
    records: Records | None,
    specs: Sequence[Feature] | None,
    top: int,
    progress: bool | None,
) -> tuple[pd.DataFrame, dict[str, tuple[str, ...]]]:
    """Reasons of the changes of children on a list that this model scored on both days."""
    two = children["before_date"].notna() & children["risk"].notna() & (children["direction"] != NOT_COMPARABLE)
    wanted = children[two & (children["list"] != NO_LIST)]
    if model is None or records is None or specs is None or top == 0:
        return pd.DataFrame(columns=REASON_COLUMNS), {}
    return change_reasons(wanted, model=model, records=records, specs=specs, top=top, progress=progress)
