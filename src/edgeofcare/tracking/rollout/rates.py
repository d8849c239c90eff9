"""Entries by team and period: what they would be without the score, and the ratio that fits them with it.

Entries of a team in a period are taken as a rate of the team times that of the period times the time that children were
followed, times the ratio where the score is used. Arrays have teams and periods as their last two axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeofcare.metrics._arrays import Floats

__all__ = [
    "Scores",
    "at_least",
    "expected_entries",
    "order_scores",
    "rate_ratio",
    "team_and_period",
    "within_period_ratio",
]

_ROUNDS, _NEWTONS, _CLOSE, _FARTHEST = 500, 40, 1e-10, 8.0
# The fit leaves sizes of mirrored orders some 1e-8 of a standard error apart (5e-8 with hundreds of thousands of rows).
_TIE, _FIT = 1e-9, 1e-6


class Scores(NamedTuple):
    """How many more entries than expected there are where each order uses the score, and the information on it."""

    excess: Floats
    information: Floats

    @property
    def standardised(self) -> Floats:
        """The excess over its standard error; 0 for an order that compares nothing."""
        usable = self.information > 1e-6  # entries
        return np.divide(self.excess, np.sqrt(np.where(usable, self.information, 1.0)), where=usable,
                         out=np.zeros_like(self.excess))  # fmt: skip


def expected_entries(entries: Floats, time: Floats) -> Floats:
    """Entries by team and period as rates of teams and of periods alone give them, with the same sums of both."""
    by_team, by_period = entries.sum(axis=-1), entries.sum(axis=-2)
    period = np.ones_like(by_period)
    team = _share(by_team, (time * period[..., None, :]).sum(axis=-1))
    for _ in range(_ROUNDS):
        period = _share(by_period, (time * team[..., :, None]).sum(axis=-2))
        new = _share(by_team, (time * period[..., None, :]).sum(axis=-1))
        moved = np.abs(new - team).max(initial=0.0) / max(float(new.max(initial=0.0)), 1e-300)
        team = new
        if moved < _CLOSE:
            break
    return np.asarray(team[..., :, None] * period[..., None, :] * time, dtype=np.float64)


def _share(top: Floats, bottom: Floats) -> Floats:
    """Ratio; 0 where nothing was followed."""
    return np.asarray(np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0), dtype=np.float64)


def team_and_period(n_teams: int, n_periods: int) -> Floats:
    """Indicators of every team and of every period but the first, a row for each cell."""
    team, period = np.divmod(np.arange(n_teams * n_periods), n_periods)
    return np.column_stack([team[:, None] == np.arange(n_teams), period[:, None] == np.arange(1, n_periods)]).astype(
        np.float64
    )


def _information(exposed: Floats, expected: Floats, levels: Floats) -> Floats:
    """What the cells tell of the ratio beside the rates of teams and periods.

    ``exposed`` and ``expected`` are (..., cells), ``levels`` (cells, columns).
    """
    weighted = exposed * expected
    gram = levels.T @ (expected[..., None] * levels)
    # A team or period without an entry says nothing; the ridge keeps its empty row from dividing by 0.
    trace = np.trace(gram, axis1=-2, axis2=-1)[..., None, None]
    gram = gram + np.eye(levels.shape[1]) * np.maximum(trace * 1e-10, 1e-12)
    cross = weighted @ levels
    fitted = np.linalg.solve(gram, cross.T).T if gram.ndim == 2 else np.linalg.solve(gram, cross[..., None])[..., 0]
    return np.asarray((weighted * exposed).sum(axis=-1) - (cross * fitted).sum(axis=-1), dtype=np.float64)


def order_scores(entries: Floats, expected: Floats, exposures: Floats) -> Scores:
    """Score of every order (orders, teams, periods), given entries and what is expected of each team and period."""
    levels = team_and_period(*entries.shape)
    exposed = exposures.reshape(len(exposures), -1)
    information = _information(exposed, expected.ravel(), levels)
    return Scores(exposed @ (entries - expected).ravel(), information)


def at_least(size: Floats, drawn: Floats) -> NDArray[np.bool_]:
    """Which standardised scores are as far from 0 as that of the order drawn, ties included whatever the fit leaves."""
    return np.asarray(size >= drawn * (1 - _TIE) - _FIT, dtype=np.bool_)


def rate_ratio(entries: Floats, time: Floats, exposed: Floats) -> Floats:
    """Ratio of rates with the score to those without, of one table or of many (..., teams, periods) at once.

    Newton's steps on the ratio, with the rates of teams and periods fitted anew for each. NaN where there is no entry
    on one side.
    """
    levels = team_and_period(*exposed.shape)
    flat = exposed.ravel()
    log_ratio = np.zeros(entries.shape[:-2])
    inside = (entries * exposed).sum(axis=(-2, -1))
    outside = (entries * (1 - exposed)).sum(axis=(-2, -1))
    for _ in range(_NEWTONS):
        expected = expected_entries(entries, time * np.exp(log_ratio[..., None, None] * exposed))
        cells = expected.reshape(*expected.shape[:-2], -1)
        excess = ((entries - expected) * exposed).sum(axis=(-2, -1))
        information = _information(np.broadcast_to(flat, cells.shape), cells, levels)
        step = np.divide(excess, information, out=np.zeros_like(excess), where=information > 1e-9)
        step = np.clip(step, -1, 1)
        log_ratio = np.clip(log_ratio + step, -_FARTHEST, _FARTHEST)
        if np.abs(step).max(initial=0.0) < 1e-9:
            break
    known = (inside > 0) & (outside > 0)
    return np.asarray(np.where(known, np.exp(log_ratio), np.nan), dtype=np.float64)


def within_period_ratio(entries: Floats, time: Floats, exposed: Floats) -> Floats:
    """Ratio from comparing teams within periods alone, without allowing for what each was before (Mantel-Haenszel)."""
    inside, outside = (entries * exposed).sum(axis=-2), (entries * (1 - exposed)).sum(axis=-2)
    with_score, without = (time * exposed).sum(axis=-2), (time * (1 - exposed)).sum(axis=-2)
    whole = with_score + without
    top, bottom = _share(inside * without, whole).sum(axis=-1), _share(outside * with_score, whole).sum(axis=-1)
    return np.asarray(np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0), dtype=np.float64)
