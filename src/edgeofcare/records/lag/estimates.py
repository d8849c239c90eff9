"""How long events take to appear, estimated from two extracts or from recorded dates: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["monotone_shares", "shares_from_delays", "smallest_lag"]


def monotone_shares(ages: np.ndarray, present: np.ndarray) -> pd.DataFrame:
    """Estimate the share of events that have appeared within so many days, from whether each had appeared by one day.

    Parameters
    ----------
    ages : ndarray of int64
        Days from each event to the day on which it was looked for.
    present : ndarray of bool
        Whether it was there.

    Returns
    -------
    DataFrame
        By age, ascending: ``days``, ``rows``, ``present`` (rows of that age that were there) and ``share``, which never
        falls.

    Notes
    -----
    An event of age :math:`a` that is there took at most :math:`a` days to appear; one that is not took longer. Such
    "current status" data say on which side of one day each delay lies and nothing more. The maximum likelihood estimate
    of the distribution of delays is then the non-decreasing curve nearest to the raw shares, each age weighted by its
    rows: neighbouring ages whose shares fall are pooled until none does.

    References
    ----------
    Ayer, Brunk, Ewing, Reid and Silverman, An empirical distribution function for sampling with incomplete information,
    Annals of Mathematical Statistics 26 (1955).

    Examples
    --------
    >>> monotone_shares(np.array([0, 1, 1, 2, 3]), np.array([False, True, False, True, True]))["share"].tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    days, place = np.unique(np.asarray(ages, dtype=np.int64), return_inverse=True)
    rows = np.bincount(place, minlength=days.size)
    there = np.bincount(place, weights=np.asarray(present, dtype=np.float64), minlength=days.size)
    share = np.repeat(*_pooled(there, rows.astype(np.float64)))
    return pd.DataFrame({"days": days, "rows": rows, "present": there.astype(np.int64), "share": share})


def _pooled(there: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of blocks of neighbours that do not fall, and how many neighbours each block holds."""
    blocks: list[list[float]] = []
    for found, size in zip(there.tolist(), rows.tolist(), strict=True):
        blocks.append([found, size, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            last = blocks.pop()
            blocks[-1] = [one + other for one, other in zip(blocks[-1], last, strict=True)]
    table = np.array(blocks).reshape(-1, 3)
    return table[:, 0] / table[:, 1], table[:, 2].astype(np.int64)


def shares_from_delays(delays: np.ndarray, ages: np.ndarray, *, longest: int) -> pd.DataFrame:
    r"""Estimate the share of events that have appeared within so many days, from delays that the end cuts off.

    Parameters
    ----------
    delays : ndarray of int64
        Days from each event to its being recorded.
    ages : ndarray of int64
        Days from each event to the end of the extract; no delay is longer than that.
    longest : int
        Delays longer than this are left out, so shares are of those that appear within it.

    Returns
    -------
    DataFrame
        ``days`` (0 and every delay that occurs), ``rows`` (events old enough that so long a delay would be seen),
        ``present`` (those of them recorded within so many days) and ``share``.

    Notes
    -----
    An event is in the extract only if it was recorded before the end, so short delays are over-represented among recent
    events (right truncation). In reverse time the usual product over those at risk holds:
    :math:`F(x) = \prod_{y > x} (1 - n_y / R_y)`, with :math:`n_y` events of delay :math:`y` and :math:`R_y` events of
    delay at most :math:`y` and age at least :math:`y`.

    References
    ----------
    Lagakos, Barraj and De Gruttola, Nonparametric analysis of truncated survival data, with application to AIDS,
    Biometrika 75 (1988).

    Examples
    --------
    >>> shares_from_delays(np.array([0, 0, 0, 5]), np.array([9, 9, 1, 9]), longest=30)["share"].round(2).tolist()
    [0.67, 1.0]
    """
    delays, ages = np.asarray(delays, dtype=np.int64), np.asarray(ages, dtype=np.int64)
    kept = delays <= longest
    delays, ages = delays[kept], ages[kept]
    days = np.union1d(delays, [0])
    events = np.bincount(np.searchsorted(days, delays), minlength=days.size)
    by_delay = np.searchsorted(np.sort(delays), days, side="right")
    too_young = np.searchsorted(
        np.sort(ages), days, side="left"
    )  # their delay is shorter still, so all are in by_delay
    at_risk = by_delay - too_young
    stays = 1 - np.divide(events, at_risk, out=np.zeros(days.size), where=at_risk > 0)
    share = np.append(np.cumprod(stays[::-1])[::-1][1:], 1.0)
    return pd.DataFrame({"days": days, "rows": ages.size - too_young, "present": at_risk, "share": share})


def smallest_lag(curve: pd.DataFrame, share: float) -> float:
    """The fewest days within which at least that share of events has appeared; NaN where the curve never gets there."""
    enough = curve.loc[curve["share"] >= share, "days"]
    return float(enough.iloc[0]) if len(enough) else float("nan")
