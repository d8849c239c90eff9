"""How small an effect a roll-out could tell from chance, found by simulating it on the authority's own rates."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.evaluation._options import is_whole
from edgeofcare.evaluation._small import SMALL
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats
from edgeofcare.progress import watched
from edgeofcare.tracking.rollout.design import ALPHA, RolloutDesign
from edgeofcare.tracking.rollout.rates import at_least, expected_entries, order_scores, team_and_period
from edgeofcare.tracking.rollout.result import HOUSEHOLDS, ORDERS
from edgeofcare.tracking.rollout.rows import Followed, read_past

__all__ = ["DetectableEffect", "minimum_detectable_effect"]

_PER, _NORMAL = 1000.0, 1.959963984540054
_LEAST, _MOST, _HALVINGS = 0.02, 0.99, 7
_ORDERS, _FEWEST_SIMULATIONS = 500, 50


@dataclass(frozen=True, eq=False, repr=False)
class DetectableEffect:
    """How small an effect a roll-out could tell from chance, made by :func:`minimum_detectable_effect`.

    Attributes
    ----------
    ratio : float
        Rate of entry with the score over that without, at which the wanted share of roll-outs tells the effect from
        chance. NaN if there is none.
    difference : float
        The same as fewer entries for 1,000 children followed for a period.
    rate : float
        Entries without the score for 1,000 children followed for a period, on the past rates.
    power : float
        The wanted share of roll-outs.
    test : str
        "orders of the teams", or "households" where there are too few orders to tell anything.
    table : DataFrame
        ratio, difference, power: every effect that was simulated.
    text : str
        The same in whole sentences.
    """

    ratio: float
    difference: float
    rate: float
    power: float
    test: str
    table: pd.DataFrame
    text: str

    def __repr__(self) -> str:
        return f"DetectableEffect({self.text})"

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """Sentences and table, for a notebook."""
        return f"<div><p>{self.text}</p>{self.table.round(3).to_html(index=False, border=0)}</div>"


class _World(NamedTuple):
    """Children, households and rates from which roll-outs are simulated."""

    rows: Followed
    hazard: Floats
    exposed: Floats
    households: int
    spread: float
    shocks: float
    seed: int


def minimum_detectable_effect(
    design: RolloutDesign,
    past: pd.DataFrame,
    *,
    power: float = 0.8,
    team_shocks: float = 0.0,
    n_simulations: int = 400,
    random_state: int = 0,
    progress: bool | None = None,
) -> DetectableEffect:
    """Find the smallest fall in entries that a roll-out would tell from chance, on the authority's own rates.

    Parameters
    ----------
    design : RolloutDesign
        From :func:`design_rollout`.
    past : DataFrame
        Outcomes from before the roll-out, as :func:`evaluate_rollout` takes them: ``label_outcome(..., details=True)``
        with ``design.horizon`` or less and a column ``team``, on the latest index dates, spaced as the periods. Where
        they are fewer than the periods they serve again.
    power : float, default 0.8
        Share of roll-outs that should tell the effect from chance (p below .05).
    team_shocks : float, default 0
        Standard deviation of the log of a team's rate from one period to the next, beside what all teams share: what
        comes and goes in one team alone. The past of one authority seldom says how large it is; 0.2 is a fifth.
    n_simulations : int, default 400
        Roll-outs simulated for each effect, at least 50. The power of 400 is known within 4 points.
    random_state : int, default 0
        Seed.
    progress : bool, optional
        Whether to show a progress bar; if left out, where a person watches.

    Returns
    -------
    DetectableEffect
        The ratio, the difference, and sentences that say what cannot be told.

    Raises
    ------
    SpecError
        If past rows are not of the design's teams, hold too few entries, or an option is malformed.
    LeakageError
        If the follow-up of a past row is not complete.

    Notes
    -----
    Children, households and follow-up are those of the past. A child's rate is that of its team times that of its
    period (so that drift stays), times a factor of its household, drawn from a gamma distribution with the spread
    that past entries of households have beyond chance, times the ratio where its team uses the score. Each simulated
    roll-out is tested as :func:`evaluate_rollout` does. Where the order of the teams can tell nothing, a test by
    households is simulated in its place, which takes teams to change alike but for the score.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> teams = [f"Team {letter}" for letter in "ABCDEFGH"]
    >>> design = eoc.design_rollout(teams, periods=eoc.quarters("2026-04-01", "2027-10-01"))
    >>> before = eoc.design_rollout(teams, periods=eoc.quarters("2024-04-01", "2025-10-01")).to_frame()
    >>> past = eoc.make_rollout_outcomes(before, children=200)
    >>> found = minimum_detectable_effect(design, past, n_simulations=50)
    >>> 0.1 < found.ratio < 0.9
    True
    """
    _check(power, team_shocks, n_simulations)
    rows, dates = read_past(past, design)
    if np.unique(rows.child[rows.entered == 1]).size < SMALL:
        msg = f"past: fewer than {SMALL} children entered care, too few to say how often they do. Give more dates."
        raise SpecError(msg)
    exposures = design.exposures()
    world = _world(rows, exposures[design.chosen], team_shocks, random_state)
    orders, chosen = _some_orders(exposures, design.chosen, random_state)
    seen: dict[float, float] = {}

    def tells(ratio: float) -> bool:
        """Whether enough roll-outs tell an effect from chance."""
        runs = watched(range(n_simulations), f"ratio {ratio:.2f}", progress=progress, total=n_simulations)
        told = [_told(world, run, ratio, orders, chosen, design.can_tell) for run in runs]
        seen[ratio] = float(np.mean(told))
        return seen[ratio] >= power

    ratio = _search(tells)
    return _result(design, world, ratio, power, seen, dates)


def _check(power: Any, team_shocks: Any, n_simulations: Any) -> None:
    """Refuse options that cannot be used, all at once."""
    problems = []
    if not _between(power, ALPHA, 1):
        problems.append(f"power must lie above {ALPHA} and below 1; 0.8 is usual.")
    if not (isinstance(team_shocks, Real) and 0 <= float(team_shocks) < 2):
        problems.append("team_shocks must be 0 or more and below 2.")
    if not is_whole(n_simulations, _FEWEST_SIMULATIONS):
        problems.append(f"n_simulations must be a whole number, at least {_FEWEST_SIMULATIONS}; 400 is usual.")
    if problems:
        raise SpecError(" ".join(problems))


def _between(value: Any, low: float, high: float) -> bool:
    """Whether a value is a number between two others."""
    return isinstance(value, Real) and not isinstance(value, bool) and low < float(value) < high


def _world(rows: Followed, exposed: Floats, shocks: float, seed: int) -> _World:
    """Rates of teams and periods, and how far households differ."""
    time = rows.time
    expected = expected_entries(rows.entries, time)
    rate = np.divide(expected, time, out=np.zeros_like(expected), where=time > 0).ravel()[rows.cell]
    # An entry ended the follow-up; without it the child would have been followed to the end.
    open_time = np.where(rows.entered == 1, 1.0, rows.days / rows.window)
    homes = int(rows.household.max()) + 1
    found = np.bincount(rows.household, weights=rows.entered, minlength=homes)
    due = np.bincount(rows.household, weights=rate * rows.days / rows.window, minlength=homes)
    spread = float(((found - due) ** 2 - due).sum() / (due**2).sum())
    return _World(rows, rate * open_time, exposed, homes, min(max(spread, 0.0), 10.0), float(shocks), seed)


def _some_orders(exposures: Floats, chosen: int, seed: int) -> tuple[Floats, int]:
    """No more orders than a simulation needs, that which was drawn first."""
    others = np.delete(np.arange(len(exposures)), chosen)
    kept = np.random.default_rng(seed).permutation(others)[: _ORDERS - 1]
    return exposures[np.concatenate([[chosen], np.sort(kept)])], 0


def _told(world: _World, run: int, ratio: float, orders: Floats, chosen: int, by_orders: bool) -> bool:
    """Whether one simulated roll-out tells its effect from chance. A run has the same chances at every ratio."""
    rng = np.random.default_rng([world.seed, run])
    rows, shape = world.rows, world.rows.shape
    chance = rng.standard_exponential(rows.cell.size)
    homes = np.ones(world.households)
    if world.spread > 0:
        homes = rng.gamma(1 / world.spread, world.spread, world.households)
    own = np.exp(rng.normal(0, 1, shape) * world.shocks - world.shocks**2 / 2)
    hazard = world.hazard * homes[rows.household] * (own * ratio**world.exposed).ravel()[rows.cell]
    entered = (chance < hazard).astype(np.float64)
    entries, time = rows.by_cell(entered), rows.time
    expected = expected_entries(entries, time)
    if by_orders:
        size = np.abs(order_scores(entries, expected, orders).standardised)
        return bool(at_least(size, size[chosen]).mean() < ALPHA)
    return _told_by_households(world, entered, expected, time)


def _told_by_households(world: _World, entered: Floats, expected: Floats, time: Floats) -> bool:
    """Whether the score is far from 0 against the sum of squares of what each household adds to it."""
    rows = world.rows
    rate = np.divide(expected, time, out=np.zeros_like(expected), where=time > 0).ravel()
    beside = _beside(world.exposed.ravel(), expected.ravel(), rows.shape)
    added = beside[rows.cell] * (entered - rate[rows.cell] * rows.days / rows.window)
    by_home = np.bincount(rows.household, weights=added, minlength=world.households)
    spread = float(np.sqrt((by_home**2).sum()))
    return spread > 0 and abs(float(by_home.sum())) / spread > _NORMAL


def _beside(exposed: Floats, expected: Floats, shape: tuple[int, int]) -> Floats:
    """What of the exposure teams and periods do not say already."""
    levels = team_and_period(*shape)
    root = np.sqrt(expected)
    fitted = np.linalg.lstsq(levels * root[:, None], exposed * root, rcond=None)[0]
    return np.asarray(exposed - levels @ fitted, dtype=np.float64)


def _search(tells: Any) -> float:
    """The ratio nearest to 1 that is told from chance often enough, by halving; NaN if there is none."""
    low, high = np.log(_LEAST), np.log(_MOST)
    if tells(_MOST):
        return _MOST
    if not tells(_LEAST):
        return float("nan")
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if tells(float(np.exp(middle))) else (low, middle)
    return float(np.exp((low + high) / 2))


def _result(
    design: RolloutDesign, world: _World, ratio: float, power: float, seen: dict[float, float], dates: int
) -> DetectableEffect:
    """The table, and the sentences."""
    time = world.rows.time * world.exposed
    expected = expected_entries(world.rows.entries, world.rows.time) * world.exposed
    rate = _PER * float(expected.sum() / time.sum())
    table = pd.DataFrame(sorted(seen.items()), columns=["ratio", "power"])
    table.insert(1, "difference", rate * (1 - table["ratio"]))
    difference = rate * (1 - ratio)
    test = ORDERS if design.can_tell else HOUSEHOLDS
    text = _text(rate, ratio, difference, power, design, min(dates, len(design.periods)))
    return DetectableEffect(ratio, difference, rate, power, test, table, text)


def _text(rate: float, ratio: float, difference: float, power: float, design: RolloutDesign, dates: int) -> str:
    """What can be told, and what not."""
    said = [
        f"On the rates of the last {dates} index dates, {rate:.1f} of 1,000 children followed for a period enter care "
        "without the score."
    ]
    if not design.can_tell:
        said.append(
            "The order of so few teams can tell nothing from chance. If the teams change alike but for the score, "
            "which nobody can check, this is what households alone could tell:"
        )
    if np.isnan(ratio):
        said.append(
            f"No fall, however large, is told from chance in {power:.0%} of roll-outs: this roll-out cannot find out "
            "whether the score helps."
        )
    else:
        said.append(
            f"A fall to {rate - difference:.1f}, a ratio of {ratio:.2f}, is told from chance in {power:.0%} of "
            f"roll-outs. Fewer than {difference:.1f} in 1,000 cannot be relied on to be told from chance."
        )
    return " ".join(said)
