"""What a score is in a table or a file: the columns, their kinds and what they mean."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

__all__ = ["COLUMNS", "KEY", "LONGEST_ID", "Column", "Row"]

Row = dict[str, Any]
"""One score: name of each column to its value."""

KEY = ("model_id", "index_date", "child_id")
"""What a row is found by: it stands once for a model, a day and a child."""

LONGEST_ID = 200
"""Most characters of an identifier or a short text."""


class Column(NamedTuple):
    """A column of the table of scores.

    Parameters
    ----------
    name : str
        Its name.
    kind : type
        What it holds: float, int, str, bool or datetime.date.
    length : int or None
        Most characters of a text; None where there is no limit.
    empty : bool
        Whether it may be empty.
    meaning : str
        What it is, in a sentence.
    """

    name: str
    kind: type
    length: int | None
    empty: bool
    meaning: str


COLUMNS = (
    Column("model_id", str, 100, False, "Short name of exactly this model."),
    Column("index_date", dt.date, None, False, "The day; only what was known before it is used."),
    Column("child_id", str, LONGEST_ID, False, "The authority's key of the child."),
    Column("household_id", str, LONGEST_ID, False, "The household as the records link it."),
    Column("risk", float, None, False, "Calibrated probability of entering care within the model's horizon."),
    Column("risk_low", float, None, True, "Lower end of its interval; empty where the model has no refits."),
    Column("risk_high", float, None, True, "Upper end of its interval; empty where the model has no refits."),
    Column("rank", int, None, False, "Place of the risk among all children of the run; ties share the lower number."),
    Column("log_odds", float, None, True, "The risk as calibrated log-odds."),
    Column("reasons", str, None, False, "JSON list, largest first: sentence, concept, rows (table, row_key, date)."),
    Column("unknown", str, None, True, "JSON list: features that the records do not reach or hold."),
    Column("unseen", str, None, True, "JSON list: features whose code the model does not know, taken as unknown."),
    Column("compared_with", str, LONGEST_ID, True, "Whom the reasons compare the child with."),
    Column("data_until", dt.date, None, False, "Last day of the extract."),
    Column("decision_support_only", bool, None, False, "Always true: a score takes no decision."),
    Column("override", str, LONGEST_ID, True, "Why a model was used that was not to be used; empty where it was."),
)
"""Columns of a table of scores, in their order."""
