"""Features that say nothing any more: unknown for every child, or the same for every child."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from edgeofcare.metrics._arrays import Ints
from edgeofcare.tracking.monitoring.chance import family_p_value, only_one_side
from edgeofcare.tracking.monitoring.checks import Check
from edgeofcare.tracking.monitoring.drift import varies_within

__all__ = ["learn_telling", "loss_checks"]

_MEANS = (
    "A table or column is no longer delivered, or no longer read as it was. The model takes every child as unknown, or "
    "as having none, and ranks them by what is left."
)
_DO = (
    "Stop using the scores until it is back. Look at the source table of this feature with records.quality(), and ask "
    "whoever makes the extract what changed."
)


def learn_telling(X: pd.DataFrame, household: Ints, date: Ints) -> dict[str, float]:
    """Learn in which share of households each feature tells something.

    Parameters
    ----------
    X : DataFrame
        Features of the reference rows.
    household, date : ndarray of int64
        Code of the household and of the index date of each row.

    Returns
    -------
    dict of str to float
        Share of the households of a usual date with a value that is known and is not the most frequent one; 0 where
        a feature is the same for all children of a date.
    """
    pairs = household * (int(date.max()) + 1) + date
    total = np.unique(pairs).size
    found = {}
    for name in X:
        if not varies_within(X[name], date):
            found[str(name)] = 0.0
            continue
        common = X[name].mode(dropna=True)
        tells = X[name].notna().to_numpy(dtype=bool)
        if len(common):
            tells = tells & (X[name] != common.iloc[0]).to_numpy(dtype=bool)
        found[str(name)] = round(np.unique(pairs[tells]).size / total, 4)
    return found


def loss_checks(X: pd.DataFrame, household: Ints, usual: Mapping[str, float]) -> list[Check]:
    """Find features that are unknown, or the same, in every row of a run.

    Parameters
    ----------
    X : DataFrame
        Features of the run.
    household : ndarray of int64
        Code of the household of each row.
    usual : mapping of str to float
        From :func:`learn_telling`.

    Returns
    -------
    list of Check
        One for each feature that is lost.

    Notes
    -----
    If a share ``s`` of households usually has another value than the most frequent one, none of ``n`` has it with the
    chance ``(1 - s) ** n``.
    """
    n = _homes(household)
    found = []
    for name, share in usual.items():
        values = X[name]
        if not n or not share or values.drop_duplicates().size > 1:
            continue
        gone = bool(values.isna().all())
        p = family_p_value(only_one_side(n, 1 - share), len(usual))
        what = "is unknown for every child" if gone else "is the same for every child"
        found.append(
            Check(
                "loss",
                name,
                "unknown" if gone else "constant",
                0.0,
                share,
                p,
                f"{name} {what}, where it usually tells {share:.0%} of households apart from the rest.",
                _MEANS,
                _DO,
            )
        )
    return found


def _homes(household: Ints) -> int:
    """Distinct households."""
    return int(np.unique(household).size)
