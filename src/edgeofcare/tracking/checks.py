"""What a caller gives to a ledger, checked before anything is written; no message quotes it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import IndexNamesError, SpecError
from edgeofcare.features.index import INDEX_NAMES, index_days
from edgeofcare.tracking.values import writable

__all__ = ["LONGEST", "about_rows", "check_model_id", "check_risks", "entry_number", "one_text", "optional_text"]

LONGEST = {"by": 200, "role": 200, "reason": 4000, "note": 4000, "support": 4000, "ground": 400}
"""Most letters of each text that a caller writes."""

_ID_LENGTH = 200
_MODEL_ID = re.compile(r"[A-Za-z0-9_.:+-]{1,100}")


def one_text(value: Any, name: str) -> str:
    """A text that a caller wrote, without blanks around it.

    Parameters
    ----------
    value : object
        What was given.
    name : str
        One of ``LONGEST``.

    Returns
    -------
    str

    Raises
    ------
    SpecError
        If it is no text, empty, too long or not valid Unicode.

    Examples
    --------
    >>> one_text(" worker 7 ", "by")
    'worker 7'
    """
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST[name] or not writable(value):
        msg = f"{name} must be a text of 1 to {LONGEST[name]:,} letters."
        raise SpecError(msg)
    return value.strip()


def optional_text(value: Any, name: str) -> str | None:
    """A text that may be left out.

    Parameters
    ----------
    value : object
        What was given.
    name : str
        One of ``LONGEST``.

    Returns
    -------
    str or None

    Raises
    ------
    SpecError
        As for :func:`one_text`.

    Examples
    --------
    >>> optional_text(None, "role") is None
    True
    """
    return None if value is None else one_text(value, name)


def check_model_id(model_id: Any) -> str:
    """Refuse what is no model id.

    Parameters
    ----------
    model_id : object
        What was given.

    Returns
    -------
    str
        The same.

    Raises
    ------
    SpecError
        If it is none.

    Examples
    --------
    >>> check_model_id("44136fa355b3")
    '44136fa355b3'
    """
    if not isinstance(model_id, str) or not _MODEL_ID.fullmatch(model_id):
        msg = "model_id must be a text of at most 100 letters, digits and marks, without blanks, as scorer.model_id."
        raise SpecError(msg)
    return model_id


def entry_number(sequence: Any) -> int:
    """The number of an entry.

    Parameters
    ----------
    sequence : int
        What was given; a number that a frame made 4.0 of 4 will do.

    Returns
    -------
    int

    Raises
    ------
    SpecError
        If it is none.

    Examples
    --------
    >>> entry_number(4.0)
    4
    """
    number = isinstance(sequence, int | float | np.integer | np.floating) and not isinstance(sequence, bool)
    if number and 0 < sequence < 2**63 and sequence % 1 == 0:
        return int(sequence)
    msg = "sequence must be the number of an entry, as ledger.entries() gives it."
    raise SpecError(msg)


def check_risks(risk: pd.Series) -> None:
    """Refuse risks that are no probabilities.

    Parameters
    ----------
    risk : Series
        One a row.

    Raises
    ------
    SpecError
        With the number of rows that are wrong.

    Examples
    --------
    >>> check_risks(pd.Series([0.1, 1.2]))
    Traceback (most recent call last):
    edgeofcare.exceptions.SpecError: risk is no probability in 1 of 2 rows; expected numbers from 0 to 1.
    """
    number = pd.to_numeric(risk, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = int((~((number >= 0) & (number <= 1))).sum())
    if wrong or pd.api.types.is_bool_dtype(risk.dtype):
        msg = f"risk is no probability in {wrong or len(risk):,} of {len(risk):,} rows; expected numbers from 0 to 1."
        raise SpecError(msg)


def about_rows(rows: Any, what: str) -> pd.DataFrame:
    """The rows that entries are about, as a frame on the index.

    Parameters
    ----------
    rows : DataFrame, Series or MultiIndex
        On (household_id, child_id, index_date), each row once.
    what : str
        What they are, for the message.

    Returns
    -------
    DataFrame
        A Series as its one column, a MultiIndex without any.

    Raises
    ------
    IndexNamesError
        If they do not carry the index, an identifier is missing, or a row is there twice.

    Examples
    --------
    >>> about_rows([1], "shown")
    Traceback (most recent call last):
    edgeofcare.exceptions.IndexNamesError: shown: expected rows on the index (household_id, child_id, index_date), ...
    """
    frame = rows.to_frame() if isinstance(rows, pd.Series) else rows
    if isinstance(rows, pd.MultiIndex):
        frame = pd.DataFrame(index=rows)
    if not isinstance(frame, pd.DataFrame) or tuple(frame.index.names) != INDEX_NAMES:
        msg = (
            f"{what}: expected rows on the index ({', '.join(INDEX_NAMES)}), as Scorer.score gives them. Of one "
            "row, give scores.iloc[[0]]."
        )
        raise IndexNamesError(msg)
    index_days(frame)
    problems = [
        f"{wrong:,} of {len(frame):,} rows have no {name} of 1 to {_ID_LENGTH} letters"
        for name in INDEX_NAMES[:2]
        if (wrong := sum(not _is_key(key) for key in frame.index.get_level_values(name)))
    ]
    if twice := int(frame.index.duplicated().sum()):
        problems.append(f"{twice:,} of {len(frame):,} rows are there more than once")
    if problems:
        msg = f"{what}: {'; '.join(problems)}. Correct the rows and give them again; nothing was written."
        raise IndexNamesError(msg)
    return frame


def _is_key(key: Any) -> bool:
    """Whether something can be an identifier."""
    return isinstance(key, str) and 0 < len(key) <= _ID_LENGTH and "\0" not in key and writable(key)
