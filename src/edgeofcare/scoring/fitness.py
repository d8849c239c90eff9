"""Whether a saved model may be used on a day: not past its expiry date, nor judged "do not use"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from edgeofcare.dates import one_day
from edgeofcare.exceptions import ModelFileError, SpecError, UnfitModelError

__all__ = ["LONGEST_OVERRIDE", "refuse_unfit", "stored_expiry", "stored_verdict", "why_unfit"]

LONGEST_OVERRIDE = 200
"""Most characters of the reason for which a model is used that should not be."""

_DO_NOT_USE = "do not use"


class _Described(Protocol):
    """A loaded model, as :class:`edgeofcare.Scorer` is."""

    @property
    def manifest(self) -> Mapping[str, Any]:
        """Everything that the model file says of the model."""

    @property
    def model_id(self) -> str:
        """Short name of exactly this model."""


def stored_verdict(manifest: Mapping[str, Any]) -> str | None:
    """What the evaluation that is stored with a model concluded.

    Parameters
    ----------
    manifest : mapping
        Of the model.

    Returns
    -------
    str or None
        "use", "use with care" or "do not use"; None where no evaluation is stored.

    Examples
    --------
    >>> stored_verdict({"evaluation": {"verdict": {"conclusion": "use with care"}}})
    'use with care'
    """
    evaluation = manifest.get("evaluation")
    verdict = evaluation.get("verdict") if isinstance(evaluation, Mapping) else None
    conclusion = verdict.get("conclusion") if isinstance(verdict, Mapping) else None
    return None if conclusion is None else str(conclusion)


def stored_expiry(manifest: Mapping[str, Any]) -> dt.date | None:
    """The day from which a model is not to be used any more.

    Parameters
    ----------
    manifest : mapping
        Of the model.

    Returns
    -------
    date or None
        None where none is stored.

    Raises
    ------
    ModelFileError
        If what is stored is no ISO date.

    Examples
    --------
    >>> stored_expiry({"expires": "2027-03-31"}).year
    2027
    """
    held = manifest.get("expires")
    if held is None:
        return None
    try:
        return dt.date.fromisoformat(held)
    except (TypeError, ValueError):
        msg = "The model file is damaged: 'expires' is no ISO date. Save the model again."
        raise ModelFileError(msg) from None


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
    day, manifest = one_day(index_date, "index_date"), model.manifest
    verdict, expires = stored_verdict(manifest), stored_expiry(manifest)
    why = []
    if verdict == _DO_NOT_USE:
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
    >>> old = SimpleNamespace(manifest={"expires": "2025-03-31"}, model_id="0123456789ab")
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
