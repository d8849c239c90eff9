"""What tracking gives: lists, trajectories, what to know beforehand, a page and a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.index import INDEX_NAMES
from edgeofcare.records.records import Records
from edgeofcare.tracking.trajectories.meeting import LEAVING, NEW
from edgeofcare.tracking.trajectories.notes import Run
from edgeofcare.tracking.trajectories.words import many

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Tracking"]


class Tracking:
    """Children's risks over time, and the lists of a team's meeting.

    Made by :func:`edgeofcare.track`. It cannot be changed: its properties hand out copies. It is a case record: it
    carries the authority's own keys and stays with the authority. The repr holds counts only.

    Parameters
    ----------
    on : Timestamp
        The day of the meeting.
    rows : DataFrame
        Every score with its place on the list.
    children : DataFrame
        One row for each child.
    lists : DataFrame
        Who is to be discussed.
    reasons : DataFrame
        What each concept moved.
    notes : mapping of str to sequence of str
        What each team must know beforehand.
    records : Records, optional
        The case records.
    runs : sequence of Run
        Days and places of each team.
    reviews : bool
        Whether there is a ledger that would hold reviews.
    """

    def __init__(
        self,
        *,
        on: pd.Timestamp,
        rows: pd.DataFrame,
        children: pd.DataFrame,
        lists: pd.DataFrame,
        reasons: pd.DataFrame,
        notes: Mapping[str, Sequence[str]],
        records: Records | None,
        runs: Sequence[Run],
        reviews: bool,
    ) -> None:
        self._on = on
        self._rows = rows.copy()
        self._children = children.copy()
        self._lists = lists.copy()
        self._reasons = reasons.copy()
        self._notes = {team: tuple(said) for team, said in notes.items()}
        self._records = records
        self._reviews = reviews
        self._runs = {run.team: run for run in runs}

    @property
    def on(self) -> pd.Timestamp:
        """The day of the meeting."""
        return self._on

    @property
    def teams(self) -> tuple[str, ...]:
        """Names of the teams."""
        return tuple(self._runs)

    @property
    def lists(self) -> pd.DataFrame:
        """Who is to be discussed, one row for each child on a list, and two for one that left it for another team's.

        ``team``, ``list`` (``"new"``, ``"rising"``, ``"falling"``, ``"no clear change"``, ``"leaving"``), ``rank``
        within it, ``child_id``, ``household_id``; ``risk`` now with ``risk_low`` and ``risk_high``; ``risk_before`` and
        ``before_date``, the score that it is compared with; ``change`` between the two in log-odds; ``direction``, and
        the change in words (``said``); ``reasons``, sentences on what changed it; ``because``, why it left or came;
        ``place`` among all of its team (1 is the highest risk), ``tied`` (it shares the last places), ``rescored``
        (one model scored both days again), ``missed_runs``; ``runs_listed``, ``days_since_listed`` since the first
        time; ``last_review``, ``last_seen`` and ``last_seen_by``, each with its days; ``support``.
        """
        return self._lists.copy()

    @property
    def trajectories(self) -> pd.DataFrame:
        """Every score, one row for each child and day on the shared index.

        ``team``, ``risk``, ``risk_low``, ``risk_high``, ``log_odds``, ``model_id``, ``calibration_version``, ``run``
        (number of the day among the team's), ``place``, ``listed`` and ``tied``.
        """
        return self._rows.set_index(list(INDEX_NAMES))

    @property
    def children(self) -> pd.DataFrame:
        """One row for each child, on a list or not, by ``child_id``.

        The columns of :attr:`lists` that are no words for one list, and ``last_scored``, ``listed``, ``was_listed``
        (at the run before), ``change_last_run`` and ``change_three_months`` in log-odds, ``highest_in_year``, ``runs``
        and ``first_listed``.
        """
        return self._children.copy()

    @property
    def reasons(self) -> pd.DataFrame:
        """What each concept moved, for children on a list.

        ``child_id``, ``from_date``, ``to_date``, ``concept``, ``change`` in log-odds, and ``because`` as in
        :attr:`edgeofcare.Change.concepts`. The changes of a child add up to that of its log-odds.
        """
        return self._reasons.copy()

    def notes(self, team: str | None = None) -> tuple[str, ...]:
        """Say what a team must know before it reads its lists: counts, ties, gaps, changes of model.

        Parameters
        ----------
        team : str, optional
            Which; it may be left out where there is one.

        Returns
        -------
        tuple of str
            Sentences, without anything of one child.
        """
        return self._notes[self._team(team)]

    def to_html(self, path: str | Path | None = None, *, team: str | None = None) -> str:
        """The page of a team's meeting.

        Parameters
        ----------
        path : path, optional
            Where to write it as well.
        team : str, optional
            Which team; it may be left out where there is one.

        Returns
        -------
        str
            HTML that needs no script, no other file and no network, and prints on A4. It names children by the
            authority's own keys, so it is a case record.

        Raises
        ------
        SpecError
            If there are several teams and none is named, or the file cannot be written.
        """
        from edgeofcare.explanation.whole_file import write_whole
        from edgeofcare.tracking.trajectories.page import meeting_page

        name = self._team(team)
        lists = self._lists[self._lists["team"] == name]
        told: dict[str, Any] = {"notes": self._notes[name], "on": self._on, "reviews": self._reviews}
        page = meeting_page(name, lists, self._rows, **told)
        if path is not None:
            write_whole(path, page.encode("utf-8"), "page")
        return page

    def plot(self, child_id: str, *, events: bool = False) -> Figure:
        """Draw one child's risk over time.

        Parameters
        ----------
        child_id : str
            The child.
        events : bool, default False
            Whether to draw its events below; it needs records.

        Returns
        -------
        matplotlib.figure.Figure
            With dates, and without any key or identifier.

        Raises
        ------
        SpecError
            If the history holds no score of the child, or there are no records to take events from.
        """
        from edgeofcare.tracking.trajectories.picture import events_figure, risk_figure

        held = self._rows[self._rows["child_id"] == child_id]
        if held.empty:
            msg = "The history holds no score of the child asked for. Give the child_id as the history has it."
            raise SpecError(msg)
        if not events:
            return risk_figure(held, on=self._on)
        if self._records is None:
            msg = "Events need records: give them to track."
            raise SpecError(msg)
        return events_figure(held, self._records, str(child_id), on=self._on)

    def _team(self, team: str | None) -> str:
        """The team that is asked for."""
        if team is None and len(self._runs) == 1:
            return next(iter(self._runs))
        if team is None or team not in self._runs:
            msg = f"team must name one of the {len(self._runs)} teams; tracking.teams has them."
            raise SpecError(msg)
        return team

    def __repr__(self) -> str:
        """Counts only."""
        held = self._lists["list"]
        new, leaving = int((held == NEW).sum()), int((held == LEAVING).sum())
        listed = len(held) - leaving
        runs = max(run.days.size for run in self._runs.values())
        return (
            f"Tracking({many(len(self._runs), 'team')}, {many(runs, 'run')}; {many(listed, 'child', 'children')} on "
            f"lists: {new} new, {listed - new} staying; {leaving} leaving)"
        )
