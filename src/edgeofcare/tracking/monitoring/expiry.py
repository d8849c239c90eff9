"""Whether the model may still be used."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np

from edgeofcare.tracking.monitoring.checks import Check

__all__ = ["expiry_check"]

_SOON = 91


def expiry_check(model: Any, run: np.datetime64) -> list[Check]:
    """Say whether a model has expired, or soon will.

    Parameters
    ----------
    model : object
        The model; only a loaded one says when it expires.
    run : numpy.datetime64
        Day of the run.

    Returns
    -------
    list of Check
        One, or none where no date is given.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> model = SimpleNamespace(expires=dt.date(2025, 3, 31))
    >>> [each.p_value for each in expiry_check(model, np.datetime64("2025-04-01"))]
    [0.0]
    """
    said = getattr(model, "expires", None)
    if said is None:
        said = (getattr(model, "manifest", None) or {}).get("expires")
    if said is None:
        return []
    last = np.datetime64(said if isinstance(said, dt.date) else dt.date.fromisoformat(str(said)), "D")
    left = int((last - run).astype(np.int64))
    when = "has expired" if left < 0 else f"expires in {left} days" if left <= _SOON else "has not expired"
    return [
        Check(
            "expiry",
            "model file",
            "days left",
            float(left),
            float("nan"),
            0.0 if left < 0 else float("nan"),
            f"The model {when}.",
            "It was made from records so old that nobody has said it may go on." if left < 0 else "",
            "Evaluate it on the newest mature rows, then renew it or learn it anew." if left <= _SOON else "",
        )
    ]
