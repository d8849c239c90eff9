"""An invented roll-out with a planted effect: children of teams that use the score enter care less often, or do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.synthetic.world.draws import Array

__all__ = ["make_rollout_outcomes"]

# Index dates on which a case is seen, on average, and periods before the first in which cases may have begun.
_SEEN, _BEFORE = 4, 24
_COLUMNS = ("team", "period", "exposed")


def make_rollout_outcomes(
    schedule: pd.DataFrame,
    *,
    ratio: float = 1.0,
    children: float = 100,
    rate: float = 0.02,
    drift: float = 0.97,
    between_teams: float = 0.25,
    between_households: float = 0.7,
    team_shocks: float = 0.0,
    random_state: int = 0,
) -> pd.DataFrame:
    """Invent the outcomes of a roll-out, with an effect that is known.

    Parameters
    ----------
    schedule : DataFrame
        ``RolloutDesign.to_frame()``: team, period, exposed.
    ratio : float, default 1
        The planted effect: rate of entry of a child whose team uses the score, over that without. 1 is none.
    children : float, default 100
        Children of a team on an open case in a period, on average over teams.
    rate : float, default 0.02
        Entries for each child and period, in the first period and without the score.
    drift : float, default 0.97
        Factor on the rate of everybody from one period to the next.
    between_teams, between_households : float
        Standard deviation of the log of the rate, between teams and between households of one team.
    team_shocks : float, default 0
        The same between periods of one team, beside the drift: what comes and goes in one team alone.
    random_state : int, default 0
        Seed.

    Returns
    -------
    DataFrame
        As ``label_outcome(..., details=True)`` gives it, on the same index, with a column ``team``.

    Raises
    ------
    SpecError
        If the schedule lacks a column or a number is out of its range.

    Notes
    -----
    Households have one to three children and belong to one team; a case is seen on four index dates on average, and
    not after an entry. Within a period a child enters at a constant rate. Invented children follow no statistics here:
    :func:`make_records` invents those.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> quarters = eoc.quarters("2026-04-01", "2027-04-01")
    >>> design = eoc.design_rollout(["North", "South", "East", "West"], periods=quarters)
    >>> outcomes = make_rollout_outcomes(design.to_frame(), ratio=0.6, random_state=1)
    >>> bool(outcomes["complete"].all())
    True
    """
    spreads = {"between_teams": between_teams, "between_households": between_households, "team_shocks": team_shocks}
    _check(schedule, {"ratio": ratio, "children": children, "rate": rate, "drift": drift}, spreads)
    rng = np.random.default_rng(random_state)
    teams, periods = sorted(schedule["team"].unique()), np.sort(schedule["period"].unique())
    exposed = schedule.pivot_table(index="team", columns="period", values="exposed").loc[teams].to_numpy(dtype=float)
    shape = exposed.shape
    level = _spread(between_teams, (shape[0], 1), rng) * _spread(team_shocks, shape, rng)
    hazard = rate * level * drift ** np.arange(shape[1]) * ratio**exposed
    team, home = _households(shape, children, rng)
    frailty = _spread(between_households, (int(home.max()) + 1,), rng)
    child, period = _seen(team.size, shape[1], rng)
    wait = rng.exponential(1.0, child.size) / (hazard[team[child], period] * frailty[home[child]])
    days = int(np.diff(periods.astype("datetime64[D]")).astype(np.int64).min())
    entered = wait < 1
    rows = pd.DataFrame(
        {
            "household_id": _keys("H", home[child]),
            "child_id": _keys("c", child),
            "index_date": periods[period],
            "team": np.array(teams, dtype=object)[team[child]],
            "entered_care": entered.astype("int64"),
            "followup_days": np.where(entered, np.floor(wait * days), days).astype("int64"),
            "end_reason": np.where(entered, "entered_care", "end_of_window"),
            "complete": True,
            "labelled": True,
        }
    )
    before = pd.Series(entered).groupby(child).cumsum().to_numpy() - entered > 0
    rows = rows.loc[~before].astype({"team": "str", "end_reason": "str"})
    return rows.set_index(["household_id", "child_id", "index_date"]).sort_index()


def _check(schedule: Any, positive: dict[str, float], spreads: dict[str, float]) -> None:
    """Refuse a schedule or numbers that cannot be used."""
    missing = [column for column in _COLUMNS if column not in getattr(schedule, "columns", ())]
    problems = [f"schedule lacks {', '.join(missing)}; give the frame of a RolloutDesign."] if missing else []
    problems += [f"{name} must be above 0." for name, value in positive.items() if not value > 0]
    problems += [f"{name} must be 0 or more." for name, value in spreads.items() if not value >= 0]
    if problems:
        msg = " ".join(problems)
        raise SpecError(msg)


def _spread(deviation: float, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Factors around 1, normal on the log scale with a mean of 1."""
    return np.exp(rng.normal(0, 1, shape) * deviation - deviation**2 / 2)


def _households(shape: tuple[int, int], children: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Team and household of every child that may be seen."""
    arriving = children / _SEEN * (shape[1] + _BEFORE)
    sizes = np.round(arriving / 2 * _spread(0.3, (shape[0],), rng)).astype(int)
    of_home = np.repeat(np.arange(shape[0]), np.maximum(sizes, 1))
    home = np.repeat(np.arange(of_home.size), rng.integers(1, 4, of_home.size))
    return of_home[home], home


def _seen(children: int, periods: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Child and period of every row: a case begins in some period and is open for a few."""
    first = rng.integers(-_BEFORE, periods, children)
    last = np.minimum(first + rng.geometric(1 / _SEEN, children), periods)
    first = np.maximum(first, 0)
    rows = np.maximum(last - first, 0)
    child = np.repeat(np.arange(children), rows)
    return child, first[child] + np.arange(child.size) - np.repeat(np.cumsum(rows) - rows, rows)


def _keys(letter: str, number: Array) -> Array:
    """Keys that sort as their numbers."""
    return np.char.add(letter, np.char.zfill(number.astype(str), 7)).astype(object)
