"""Scoring everybody who is eligible on a day into a table or a file, part by part, and on again after a stop."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from edgeofcare.dates import one_date
from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.reporting_lag import refuse_other_lag
from edgeofcare.progress import watched
from edgeofcare.records.records import Records
from edgeofcare.scoring.batch.database import open_database
from edgeofcare.scoring.batch.files import is_file_place, write_scores_file
from edgeofcare.scoring.batch.layout import Row
from edgeofcare.scoring.batch.parts import ChildrenOfDay, children_of_day
from edgeofcare.scoring.batch.rows import part_rows, ranks
from edgeofcare.scoring.batch.teams import TEAM, Teams, team_of_children
from edgeofcare.scoring.batch.unfinished import Run, begin_run, end_run, keep_part
from edgeofcare.scoring.batch.write import TABLE, refuse_teams
from edgeofcare.scoring.batch.written import Written, of_merged
from edgeofcare.scoring.day import Scored
from edgeofcare.scoring.fitness import refuse_unfit
from edgeofcare.version import VERSION

__all__ = ["CHILDREN", "Loaded", "score_in_parts"]

CHILDREN = 500
"""About how many children are scored at a time."""


class Loaded(Scored, Protocol):
    """A loaded model that says whether it may be used, as :class:`edgeofcare.Scorer` is."""

    @property
    def expires(self) -> dt.date | None:
        """Last day on which it is to be used."""

    @property
    def verdict(self) -> str | None:
        """What the evaluation in the file concludes."""


@dataclass(frozen=True, repr=False)
class _Job:
    """What is scored, and how."""

    scorer: Any
    children: ChildrenOfDay
    index_date: pd.Timestamp
    top_reasons: int
    override: str | None
    accept_lag: bool

    def rows(self, number: int, teams: Teams | None = None) -> tuple[list[Row], list[str]]:
        """The scores of one part without their ranks, and the team of each child where that is asked for."""
        part = self.children.part(number)
        if part is None:
            return [], []
        records, cohort = part
        refuse_other_lag(self.scorer, records, accept=self.accept_lag)
        found = part_rows(self.scorer, records, cohort, top_reasons=self.top_reasons, override=self.override)
        children = [row["child_id"] for row in found]
        return found, [] if teams is None else team_of_children(teams, records, children, self.index_date)

    def run(self, size: int) -> Run:
        """What tells this run from others: everything that decides its scores and its parts."""
        said = {
            "edgeofcare": VERSION,
            "records": self.children.fingerprint,
            "model": self.scorer.model_id,
            "day": str(self.index_date.date()),
            "top_reasons": self.top_reasons,
            "override": self.override,
            "children": size,
            "parts": len(self.children),
        }
        key = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return Run(key, len(self.children), self.scorer.model_id, self.index_date.date())


def score_in_parts(
    scorer: Loaded,
    records: Records | str | Path,
    index_date: str | dt.date | pd.Timestamp,
    place: Any,
    *,
    table: str = TABLE,
    teams: Teams | None = None,
    top_reasons: int = 3,
    override: str | None = None,
    accept_lag: bool = False,
    remove_others: bool = False,
    children: int = CHILDREN,
    progress: bool | None = None,
) -> Written:
    """Score every child who is eligible on a day into a table of a database or into a file, part by part.

    Parameters
    ----------
    scorer : Scorer
        From :func:`edgeofcare.load_model`.
    records : Records or path
        The case records; or a folder that :func:`edgeofcare.write_parts` wrote, of which one part is in memory at a
        time.
    index_date : str or date
        The day; only what was known before it is used.
    place : str, path or sqlalchemy.engine.URL
        Where the scores go: as for :func:`edgeofcare.write_scores`.
    table : str, default "edgeofcare_scores"
        The table, or ``schema.table``; made where it is not there, as is ``<table>_unfinished``.
    teams : str, mapping or Series, optional
        Of a workbook: the column of the records that names the team, as ``"table.column"``, or the team of each child
        by its key. ``"worker_involvements.worker"``, the worker whom a child has on the day, if left out.
    top_reasons : int, default 3
        Reasons for each child; 0 for none.
    override : str, optional
        Why a model that is judged "do not use", or has expired, is used all the same; it is kept with every score.
    accept_lag : bool, default False
        Whether records with another reporting lag than the model was trained with are scored all the same.
    remove_others : bool, default False
        Whether rows that the table holds of the same model and day, of children who are not eligible now, are removed.
        They are left alone and counted otherwise.
    children : int, default 500
        About how many children of Records are scored at a time. A household is never cut; a folder has its own parts.
    progress : bool or None
        Whether to show progress; None shows it where a person watches.

    Returns
    -------
    Written
        How many rows were new, changed and as they were, and what a stopped run had done.

    Raises
    ------
    UnfitModelError
        If the model is not to be used and ``override`` does not say why it is.
    LeakageError
        If the day is more than one day after the end of the records.
    SpecError
        If an option is not understood, the reporting lag differs from that of training, a key is longer than a table
        of scores holds, the table exists with another layout, or the place cannot be written.

    Notes
    -----
    In a database every part that is scored is kept in ``<table>_unfinished``, in a transaction of its own. When all are
    there, they are ranked, merged into the table and dropped in one last transaction: a reader finds the whole day or
    nothing of it. A run that was stopped goes on where it was when it is repeated with the same records, model, day
    and options; what it left is dropped when others are given, or at any start more than four days later. Of two
    runs of the same at once, the one that ends last finds all as it is. A file is written whole at the end; a run into
    a file that was stopped begins again.

    Examples
    --------
    >>> import numpy as np
    >>> import tempfile
    >>> from edgeofcare.models.arrays import LinearArrays
    >>> from edgeofcare.scorer import Scorer
    >>> from edgeofcare.synthetic.records import make_records
    >>> from edgeofcare.task import Task
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> line = LinearArrays(zero, zero, one / 4, zero, zero, intercept=-3.0)
    >>> scorer = Scorer(line, feature_names=["missing.count.90d"], task=Task(), slope=1.0, intercept=0.0)
    >>> records = make_records(300, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = f"sqlite:///{folder}/scores.db"
    ...     first = score_in_parts(scorer, records, "2022-04-01", place, progress=False)
    ...     again = score_in_parts(scorer, records, "2022-04-01", place, progress=False)
    >>> first.new == first.rows, again.unchanged == first.rows
    (True, True)
    """
    _refuse_options(top_reasons, children)
    day = pd.Timestamp(one_date(index_date, "index_date"))
    reason = refuse_unfit(scorer, day.date(), override)
    to_file = is_file_place(place)
    refuse_teams(place, teams)
    parts = children_of_day(records, scorer.task, day, children)
    job = _Job(scorer, parts, day, top_reasons, reason, accept_lag)
    if isinstance(records, Records):
        refuse_other_lag(scorer, records, accept=accept_lag)
    if to_file:
        return _into_file(job, Path(place), teams, progress)
    return _into_database(job, open_database(place, table), children, progress, remove_others=remove_others)


def _refuse_options(top_reasons: Any, children: Any) -> None:
    """Refuse counts that are none."""
    for name, value, least in (("top_reasons", top_reasons, 0), ("children", children, 1)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            msg = f"{name} must be a whole number, {least} or more."
            raise SpecError(msg)


def _into_database(job: _Job, database: Any, size: int, progress: bool | None, *, remove_others: bool) -> Written:
    """Score the parts that are not kept yet, and end the run."""
    run = job.run(size)
    begun = begin_run(database, run)
    left = [number for number in range(run.parts) if number not in begun.done]
    for number in watched(left, "Scoring", progress=progress, total=len(left)):
        keep_part(database, run, number, job.rows(number)[0])
    merged = end_run(database, run, ended=begun.ended, remove_others=remove_others)
    return of_merged(merged, resumed=len(begun.done), parts=run.parts)


def _into_file(job: _Job, path: Path, teams: Teams | None, progress: bool | None) -> Written:
    """Score all parts, and write the file."""
    asked = (TEAM if teams is None else teams) if path.suffix.lower() == ".xlsx" else None
    rows: list[Row] = []
    told: list[str] = []
    for number in watched(range(len(job.children)), "Scoring", progress=progress, total=len(job.children)):
        found, team = job.rows(number, asked)
        rows += found
        told += team
    rank = ranks(row["risk"] for row in rows)
    ranked = [{**row, "rank": place} for row, place in zip(rows, rank, strict=True)]
    order = sorted(range(len(ranked)), key=lambda at: (ranked[at]["rank"], ranked[at]["child_id"]))
    in_order = [ranked[at] for at in order]
    fresh = write_scores_file(path, in_order, None if asked is None else [told[at] for at in order])
    counts: Mapping[str, int] = {"new": len(rows)} if fresh else {"unchanged": len(rows)}
    return Written(len(rows), **counts, parts=len(job.children))
