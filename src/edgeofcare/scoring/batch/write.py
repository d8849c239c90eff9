"""Scores that were made before, written into a table or a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.index import INDEX_NAMES
from edgeofcare.scoring.batch.database import open_database
from edgeofcare.scoring.batch.files import is_file_place, write_scores_file
from edgeofcare.scoring.batch.merging import Merged, merge
from edgeofcare.scoring.batch.richer import beside_richer
from edgeofcare.scoring.batch.rows import frame_rows
from edgeofcare.scoring.batch.teams import told_teams
from edgeofcare.scoring.batch.written import Written, of_merged

__all__ = ["TABLE", "write_scores"]

TABLE = "edgeofcare_scores"
"""Name of the table of scores, if no other is given."""


def write_scores(
    scores: pd.DataFrame,
    place: Any,
    *,
    table: str = TABLE,
    teams: Mapping[str, str] | pd.Series | None = None,
    replace: bool = False,
) -> Written:
    """Write scores into a table of a database, or into a file.

    Parameters
    ----------
    scores : DataFrame
        As :meth:`edgeofcare.Scorer.score` gives it, on the index (household_id, child_id, index_date).
    place : str, path or sqlalchemy.engine.URL
        The URL of a database, or ``env:NAME`` for one that an environment variable holds; or a file whose name ends in
        ``.parquet``, ``.csv`` or ``.xlsx``.
    table : str, default "edgeofcare_scores"
        The table, or ``schema.table``; made where it is not there.
    teams : mapping or Series, optional
        Team of each child by its key: a workbook then has a sheet for each.
    replace : bool, default False
        Whether rows of a table that say more than the frame, such as source rows, are replaced all the same.

    Returns
    -------
    Written
        How many rows were new, changed and as they were.

    Raises
    ------
    IndexNamesError
        If the rows do not carry the index, or one is there twice.
    SpecError
        If a column or a value cannot be kept, the table exists with another layout or holds fuller rows with other
        values, or the place cannot be written. Nothing is written then.

    Notes
    -----
    A table holds one row for each model, day and child: one that is there with other values is updated, in one
    transaction for all. A file is replaced, whole or not at all. The same scores written again change nothing. A
    frame holds sentences and no source rows: :func:`edgeofcare.score_in_parts` writes those too. A row of it that says
    the same as the frame in all that the frame has is left as it is; one that says other is refused unless
    ``replace=True``. Scores are a case record, and so is every place that they are written into.

    Examples
    --------
    >>> import tempfile
    >>> names = ["household_id", "child_id", "index_date"]
    >>> index = pd.MultiIndex.from_tuples([("h1", "c1", pd.Timestamp("2025-03-31"))], names=names)
    >>> values = {"risk": 0.12, "rank": 1, "model_id": "44136fa355b3", "data_until": "2025-03-30"}
    >>> scores = pd.DataFrame({**values, "decision_support_only": True}, index=index)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = write_scores(scores, f"sqlite:///{folder}/scores.db")
    ...     second = write_scores(scores, f"sqlite:///{folder}/scores.db")
    >>> first.new, second.new, second.unchanged
    (1, 0, 1)
    """
    rows = frame_rows(scores)
    if is_file_place(place):
        ordered = sorted(rows, key=lambda row: (row["index_date"], row["rank"], row["child_id"]))
        told = None if teams is None else told_teams(teams, [row["child_id"] for row in ordered])
        fresh = write_scores_file(place, ordered, told)
        return Written(len(rows), new=len(rows)) if fresh else Written(len(rows), unchanged=len(rows))
    refuse_teams(place, teams)
    database = open_database(place, table)
    given = {*INDEX_NAMES, *map(str, scores.columns)}

    def write(connection: Any) -> Merged:
        """Look at what is there, and merge, in one transaction."""
        kept = rows if replace else beside_richer(connection, database, rows, given)
        return merge(connection, database, kept)

    return of_merged(database.write(write))


def refuse_teams(place: Any, teams: Any) -> None:
    """Refuse teams where there are no sheets for them.

    Parameters
    ----------
    place : str, path or sqlalchemy.engine.URL
        Where scores go.
    teams : object
        What was said of teams; None where nothing was.

    Raises
    ------
    SpecError
        If something was, and it is no workbook.
    """
    if teams is not None and not str(place).lower().endswith(".xlsx"):
        msg = "Teams are the sheets of a workbook. Give a file whose name ends in .xlsx, or leave teams out."
        raise SpecError(msg)
