"""Whether a saved model may be used on a day: not past its expiry date, nor judged "do not use"."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

import numpy as np

from edgeofcare.dates import one_day
from edgeofcare.evaluation.judgement.conclusions import DO_NOT_USE
from edgeofcare.exceptions import SpecError, UnfitModelError

__all__ = ["LONGEST_OVERRIDE", "refuse_unfit", "why_unfit"]

LONGEST_OVERRIDE = 200
"""Most characters of the reason for which a model is used that should not be."""


class _Described(Protocol):
    """A loaded model, as :class:`edgeofcare.Scorer` is."""

    @property
    def expires(self) -> dt.date | None:
        """The day from which it is not to be used any more."""

    @property
    def verdict(self) -> str | None:
        """What the evaluation in the file concludes."""

    @property
    def model_id(self) -> str:
        """Short name of exactly this model."""


def why_unfit(model: _Described, index_date: str | dt.date | np.datetime64) -> tuple[str, ...]:
    """Why a model is not to be used on a day.

    Parameters
    ----------
    model : Scorer
        The loaded model.
    index_date : str or date
        The day that is scored. It decides, not the clock: a day is scored again years later to the same digits.

    Returns
    -------
    tuple of str
        Clauses; none where it may be used.

    Raises
    ------
    SpecError
        If the day is no date.
    """
    day, expires = one_day(index_date, "index_date"), model.expires
    why = []
    if model.verdict == DO_NOT_USE:
        why.append("its own evaluation ended with 'do not use'")
    if expires is not None and np.datetime64(expires, "D") <= day:
        why.append(f"it expired on {expires}, on or before the index date")
    return tuple(why)


def refuse_unfit(model: _Described, index_date: str | dt.date | np.datetime64, override: str | None) -> str | None:
    """Refuse a model that is judged "do not use" or has expired by the index date, unless somebody says why not.

    Parameters
    ----------
    model : Scorer
        The loaded model.
    index_date : str or date
        The day that is scored.
    override : str or None
        Why such a model is used all the same: text that is not empty, of at most 200 characters.

    Returns
    -------
    str or None
        The reason, to be kept with every score; None where nothing had to be overridden, even if a reason was given.

    Raises
    ------
    UnfitModelError
        If the model is not to be used, and no reason was given.
    SpecError
        If the reason is no such text, or the day is no date.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from datetime import date
    >>> old = SimpleNamespace(expires=date(2025, 3, 31), verdict="use", model_id="0123456789ab")
    >>> refuse_unfit(old, "2025-03-30", None)
    >>> refuse_unfit(old, "2025-03-31", "The new model arrives in May.")
    'The new model arrives in May.'
    """
    reason = _reason(override)
    why = why_unfit(model, index_date)
    if not why:
        return None
    if reason is None:
        msg = (
            f"Model {model.model_id} is not to be used: {' and '.join(why)}. Load another model, or train and evaluate "
            "again. Where it has to be used all the same, say why with override='...': it is kept with every score."
        )
        raise UnfitModelError(msg)
    return reason


def _reason(override: str | None) -> str | None:
    """The reason without surrounding spaces."""
    if override is None:
        return None
    text = override.strip() if isinstance(override, str) else ""
    if not text or len(text) > LONGEST_OVERRIDE or not text.isprintable():
        msg = (
            "override must be text that says why the model is used all the same: one line, not empty, at most "
            f"{LONGEST_OVERRIDE} characters."
        )
        raise SpecError(msg)
    return text
