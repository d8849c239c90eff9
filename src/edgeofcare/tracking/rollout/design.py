"""Which team begins to use a score in which period: drawn at random, so that what follows can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from edgeofcare.dates import one_date
from edgeofcare.evaluation._inputs import kind
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.plotting.rollout import plot_rollout
from edgeofcare.tracking.rollout.orders import (
    candidate_orders,
    count_orders,
    imbalance,
    least_p,
    step_sizes,
    well_balanced,
)

__all__ = ["RolloutDesign", "design_rollout"]

ALPHA = 0.05
_LEAST_PERIODS, _LEAST_TEAMS = 3, 2
_FORMAT = 1


@dataclass(frozen=True, eq=False, repr=False)
class RolloutDesign:
    """Which team begins to use a score in which period, made by :func:`design_rollout`.

    Attributes
    ----------
    teams : tuple of str
        The teams, sorted.
    periods : DatetimeIndex
        First day of each period. Children are looked at on these days.
    begins : tuple of int
        For each step, the place in ``periods`` (from 0) of the period in which its teams begin.
    orders : ndarray of shape (orders, teams)
        Every order that could have been drawn: the step of each team, from 0.
    chosen : int
        The row of ``orders`` that was drawn.
    possible : int
        How many orders there are without balancing.
    balance : DataFrame or None
        For each trait that was balanced, its correlation with the periods that a team waits.
    """

    teams: tuple[str, ...]
    periods: pd.DatetimeIndex
    begins: tuple[int, ...]
    orders: Ints
    chosen: int
    possible: int
    balance: pd.DataFrame | None = None

    @property
    def steps(self) -> pd.Series:
        """Step of each team, from 1."""
        return pd.Series(self.orders[self.chosen] + 1, index=pd.Index(self.teams, name="team"), name="step")

    @property
    def horizon(self) -> str:
        """Longest outcome window that ends within its period, for ``Task(horizon=...)``."""
        return f"{self.horizon_days}D"

    @property
    def horizon_days(self) -> int:
        """Days of the shortest period but the last, whose end is not known."""
        days = self.periods.to_numpy().astype("datetime64[D]").astype(np.int64)
        return int(np.diff(days).min())

    @property
    def least_p(self) -> float:
        """Smallest p-value that the order of the teams can give, whatever happens."""
        return least_p(self.orders)

    @property
    def can_tell(self) -> bool:
        """Whether any outcome at all could be told from chance (p below .05) by the order of the teams."""
        return self.least_p < ALPHA

    def exposures(self) -> Floats:
        """Whether each team uses the score in each period, for every order: (orders, teams, periods), 0 or 1."""
        starts = np.array(self.begins)[self.orders]
        return (np.arange(len(self.periods)) >= starts[:, :, None]).astype(np.float64)

    def to_frame(self) -> pd.DataFrame:
        """The schedule: team, step, begins, period, exposed; a row for each team and period."""
        team, period = np.divmod(np.arange(len(self.teams) * len(self.periods)), len(self.periods))
        step = self.orders[self.chosen][team]
        start = np.array(self.begins)[step]
        return pd.DataFrame(
            {
                "team": np.array(self.teams, dtype=object)[team],
                "step": step + 1,
                "begins": self.periods[start],
                "period": self.periods[period],
                "exposed": period >= start,
            }
        ).astype({"team": "str"})

    def to_dict(self) -> dict[str, Any]:
        """Everything in plain types, for a JSON file that outlasts the roll-out."""
        return {
            "format": _FORMAT,
            "teams": list(self.teams),
            "periods": [str(day.date()) for day in self.periods],
            "begins": list(self.begins),
            "orders": self.orders.tolist(),
            "chosen": self.chosen,
            "possible": self.possible,
            "balance": None if self.balance is None else self.balance.to_dict(orient="list"),
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> RolloutDesign:
        """The design again, from what ``to_dict`` gave; what could not have been drawn is refused."""
        try:
            return cls(*_read(given))
        except (SpecError, KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            msg = "This is not a design as RolloutDesign.to_dict gives it, or it is from a newer version."
            raise SpecError(msg) from error

    def plot(self) -> Figure:
        """Draw the schedule; :func:`edgeofcare.plotting.plot_rollout` draws it on an axis of your own."""
        figure = plot_rollout(self.to_frame()).get_figure()
        assert isinstance(figure, Figure)
        return figure

    @property
    def text(self) -> str:
        """What the design is and what it can bear, in whole sentences."""
        return " ".join(_sentences(self))

    def __repr__(self) -> str:
        return f"RolloutDesign({self.text})"

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """Sentences and schedule, for a notebook."""
        wide = self.to_frame().pivot_table(index=["step", "team"], columns="period", values="exposed", observed=True)
        wide.columns = pd.Index([f"{day:%Y-%m-%d}" for day in self.periods])
        told = wide.astype(bool).apply(lambda column: column.map({True: "uses it", False: ""}))
        return f"<div><p>{self.text}</p>{told.to_html(border=0)}</div>"


def design_rollout(
    teams: Sequence[str],
    *,
    periods: Iterable[Any],
    begin: Iterable[Any] | None = None,
    balance: pd.DataFrame | None = None,
    random_state: int = 0,
) -> RolloutDesign:
    """Draw the order in which teams begin to use a score, so that it can be found out whether using it helped.

    Every team uses the score in the end, and goes on using it once it has begun (a stepped-wedge design). In each
    period teams that use it stand beside teams that do not yet, so that whatever changes for all of them over time is
    not taken for an effect of the score.

    Parameters
    ----------
    teams : sequence of str
        Names of the teams. Their order makes no difference.
    periods : iterable of dates
        First days of the periods, such as ``edgeofcare.quarters("2026-04-01", "2027-10-01")``. At least three, and in
        the first no team uses the score.
    begin : iterable of dates, optional
        Those of ``periods``, without the first, in which teams begin. If left out, every period after the first, or as
        many as there are teams, evenly spread.
    balance : DataFrame, optional
        One row for each team, on an index of their names, with numbers that should not go with how long a team waits,
        such as the children it has and its past rate of entry. The order is then drawn from the quarter of all orders
        that are balanced best.
    random_state : int, default 0
        Seed. The same arguments give the same design.

    Returns
    -------
    RolloutDesign
        The schedule, and all the orders that could have been drawn, which the analysis needs.

    Raises
    ------
    SpecError
        If there are too few teams or periods to compare anything, or an argument is malformed.

    Notes
    -----
    Orders are as likely as each other, and the test of :func:`evaluate_rollout` compares the order that was drawn with
    exactly those that could have been. It asks nothing of how entries are distributed and nothing of the number of
    teams; but few teams have few orders, and the smallest p-value is one over their number. With three teams it is
    1/6: nothing that happens can be told from chance. More than 1,000 orders are a random 1,000 of them.

    Seal the design (:meth:`RolloutDesign.to_dict`) before the first team begins, and keep it.

    References
    ----------
    Hussey and Hughes (2007), Contemporary Clinical Trials 28, 182-191. Hemming and others (2018), Reporting of stepped
    wedge cluster randomised trials: extension of the CONSORT 2010 statement, BMJ 363, k1614.

    Examples
    --------
    >>> import edgeofcare as eoc
    >>> design = design_rollout(["North", "South", "East", "West"], periods=eoc.quarters("2026-04-01", "2027-04-01"))
    >>> design.to_frame().head(2)[["team", "step", "exposed"]]
       team  step  exposed
    0  East     4    False
    1  East     4    False
    >>> round(design.least_p, 3)
    0.042
    """
    names, days = _teams(teams), _periods(periods)
    starts = _begins(begin, days, len(names))
    traits = _traits(balance, names)
    rng = np.random.default_rng(random_state)
    sizes = step_sizes(len(names), len(starts))
    orders = candidate_orders(sizes, rng)
    score = None if traits is None else imbalance(orders, np.array(starts), traits.to_numpy(dtype=np.float64))
    orders = well_balanced(orders, score, rng)
    chosen = int(rng.integers(len(orders)))
    return RolloutDesign(
        names, days, starts, orders, chosen, count_orders(sizes), _balance(orders[chosen], np.array(starts), traits)
    )


def _teams(given: Any) -> tuple[str, ...]:
    """Names of the teams, sorted, or what is wrong with them."""
    names = [] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        msg = f"teams is a {kind(given)}; expected the names of the teams, such as ['North', 'South', ...]."
        raise SpecError(msg)
    if len(set(names)) < len(names):
        msg = f"teams names {len(names) - len(set(names))} of {len(names)} teams twice; give each team once."
        raise SpecError(msg)
    if len(names) < _LEAST_TEAMS:
        msg = (
            "There is one team, so nothing stands beside it in the same period: a before and an after cannot tell the "
            "score from whatever else changed meanwhile. Divide the authority into teams that can begin at different "
            "times, or roll out with other authorities, each as a team."
        )
        raise SpecError(msg)
    return tuple(sorted(names))


def _periods(given: Iterable[Any]) -> pd.DatetimeIndex:
    """First days of the periods, in order."""
    days = [one_date(day, "periods") for day in ([given] if isinstance(given, str) else given)]
    if len(days) < _LEAST_PERIODS or any(not first < second for first, second in pairwise(days)):
        msg = (
            f"periods has {len(days)} dates; expected the first days of at least {_LEAST_PERIODS} periods, each after "
            "the one before: one without the score, and two in which teams begin."
        )
        raise SpecError(msg)
    return pd.DatetimeIndex(days)


def _begins(given: Iterable[Any] | None, periods: pd.DatetimeIndex, n_teams: int) -> tuple[int, ...]:
    """Places of the periods in which teams begin."""
    if given is None:
        steps = min(n_teams, len(periods) - 1)
        spread: NDArray[np.int64] = np.round(np.linspace(1, len(periods) - 1, steps)).astype(np.int64)
        return tuple(int(place) for place in spread)
    days = sorted({one_date(day, "begin") for day in ([given] if isinstance(given, str) else given)})
    places = periods.get_indexer(pd.DatetimeIndex(days))
    strange = int((places < 1).sum())
    if strange or not 2 <= len(days) <= n_teams:
        msg = (
            f"begin has {len(days)} dates, of which {strange} are no period after the first; expected at least two of "
            f"the periods, and no more than there are teams ({n_teams})."
        )
        raise SpecError(msg)
    return tuple(int(place) for place in places)


def _traits(given: Any, teams: tuple[str, ...]) -> pd.DataFrame | None:
    """What is to be balanced, a row for each team in their order."""
    if given is None:
        return None
    if not isinstance(given, pd.DataFrame) or given.columns.empty:
        msg = f"balance is a {kind(given)}; expected a DataFrame of numbers with a row for each team."
        raise SpecError(msg)
    same = given.index.is_unique and set(given.index) == set(teams)
    numbers = all(pd.api.types.is_numeric_dtype(dtype) for dtype in given.dtypes)
    if not same or not numbers or not np.isfinite(given.to_numpy(dtype=np.float64)).all():
        msg = (
            f"balance has {len(given)} rows; expected one for each of the {len(teams)} teams, on an index of their "
            "names, with a finite number in each column."
        )
        raise SpecError(msg)
    return given.loc[list(teams)]


def _balance(order: Ints, starts: Ints, traits: pd.DataFrame | None) -> pd.DataFrame | None:
    """How far each trait goes with the periods that a team waits, in the order that was drawn."""
    if traits is None:
        return None
    waits = starts[order].astype(np.float64)
    rows = []
    for name in traits.columns:
        values = traits[name].to_numpy(dtype=np.float64)
        flat = values.std() == 0 or waits.std() == 0
        rows.append((str(name), 0.0 if flat else round(float(np.corrcoef(values, waits)[0, 1]), 6)))
    return pd.DataFrame(rows, columns=["trait", "correlation"])


def _read(given: Mapping[str, Any]) -> tuple[Any, ...]:
    """Parts of a design from plain types; ValueError or another error where they are of none that could be drawn."""
    teams, periods = _teams(given["teams"]), _periods(given["periods"])
    begins, (chosen, possible) = _whole(given["begins"]), _whole([given["chosen"], given["possible"]])
    orders = np.array([_whole(order) for order in given["orders"]], dtype=np.int64)
    sizes = step_sizes(len(teams), len(begins))
    fits = (
        given["format"] == _FORMAT
        and list(teams) == list(given["teams"])
        and 2 <= len(begins) <= len(teams)
        and all(first < second for first, second in pairwise((0, *begins, len(periods))))
        and orders.shape[1:] == (len(teams),)
        and bool((np.sort(orders, axis=1) == np.repeat(np.arange(sizes.size), sizes)).all())
        and len(np.unique(orders, axis=0)) == len(orders)
        and 0 <= chosen < len(orders)
        and possible == count_orders(sizes)
    )
    if not fits:
        raise ValueError
    return teams, periods, begins, orders, chosen, possible, _read_balance(given["balance"])


def _read_balance(given: Any) -> pd.DataFrame | None:
    """The table of what was balanced."""
    if given is None:
        return None
    table = pd.DataFrame(given)
    if list(table.columns) != ["trait", "correlation"] or not (table["correlation"].astype("float64").abs() <= 1).all():
        raise ValueError
    return table


def _whole(given: Iterable[Any]) -> tuple[int, ...]:
    """Whole numbers, refused where one is not: numpy would round it."""
    values = tuple(given)
    if any(isinstance(value, bool) or not isinstance(value, int | np.integer) for value in values):
        raise ValueError
    return tuple(int(value) for value in values)


def _sentences(design: RolloutDesign) -> list[str]:
    """What is drawn, from what, and what it can bear."""
    sizes = np.bincount(design.orders[design.chosen])
    each = f"{sizes.min()}" if sizes.min() == sizes.max() else f"{sizes.min()} or {sizes.max()}"
    first, last = (design.periods[design.begins[place]].date() for place in (0, -1))
    orders = f"one of {len(design.orders):,} orders"
    orders += f" (of {design.possible:,} possible)" if design.possible > len(design.orders) else ""
    said = [
        f"{len(design.teams)} teams over {len(design.periods)} periods: {each} begin at each of {len(design.begins)} "
        f"steps, from {first} to {last}, in {orders}.",
        f"Label outcomes with a horizon of {design.horizon} or less.",
    ]
    if not design.can_tell:
        said.append(
            f"With so few orders the smallest p-value is {design.least_p:.2f}: whatever happens, the order of the "
            "teams cannot tell it from chance. Find more teams, more steps or another authority."
        )
    else:
        said.append(f"The smallest p-value that the order can give is {design.least_p:.2g}.")
    return said
