"""What a roll-out showed, as a table and in plain words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from edgeofcare.evaluation._small import SMALL
from edgeofcare.tracking.rollout.contamination import CONTAMINATION
from edgeofcare.tracking.rollout.design import ALPHA, RolloutDesign

__all__ = ["HOUSEHOLDS", "ORDERS", "RolloutResult", "write_text"]

HOUSEHOLDS, ORDERS = "households", "orders of the teams"


@dataclass(frozen=True, eq=False, repr=False)
class RolloutResult:
    """What a roll-out showed, made by :func:`evaluate_rollout`. It names no child and no team.

    Attributes
    ----------
    table : DataFrame
        measure, estimate, ci_low, ci_high, interval, note. Rates are for 1,000 children followed for a period.
        ``rate_with``: entries in teams that used the score. ``rate_without``: what was expected of them without it.
        ``rate_ratio`` and ``rate_difference``: one against the other. ``within_period_ratio``: teams compared within
        periods alone, without allowing for what each was before. ``interval`` says what is left to chance:
        "households", or "orders of the teams", in which they could have begun.
    counts : DataFrame
        score ("used", "not used"), rows, children, households, entrants.
    contamination : DataFrame
        kind, rows, of: rows for which the schedule is not what happened. They are counted where the schedule puts them.
    p_value : float
        Share of the orders that could have been drawn with a difference at least as large; NaN where too few entered.
    told_from_chance : bool
        Whether it is below .05.
    text : str
        The same in whole sentences.
    """

    table: pd.DataFrame
    counts: pd.DataFrame
    contamination: pd.DataFrame
    p_value: float
    text: str

    @property
    def told_from_chance(self) -> bool:
        """Whether the p-value is below .05."""
        return bool(self.p_value < ALPHA)

    def __repr__(self) -> str:
        return f"RolloutResult({self.text})"

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """Sentences and tables, for a notebook."""
        tables = (each.to_html(index=False, na_rep="", border=0) for each in (self.table, self.counts))
        return f"<div><p>{self.text}</p>{''.join(tables)}</div>"


def write_text(
    design: RolloutDesign, table: pd.DataFrame, contamination: pd.DataFrame, p_value: float, left: dict[str, int]
) -> str:
    """Whole sentences: what was found, whether it can be told from chance, what the design bears, what went wrong."""
    if np.isnan(p_value):
        said = [f"Fewer than {SMALL} children entered care on one side, with the score or without: nothing is told."]
    else:
        said = [*_found(table), _chance(p_value, design), _bears(p_value, design)]
    return " ".join([*said, *_contaminated(contamination), *_left(left)])


def _found(table: pd.DataFrame) -> list[str]:
    """The rates and their ratio."""
    keys = zip(table["measure"].astype(str), table["interval"].astype(str), strict=True)
    numbers = table[["estimate", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    value = dict(zip(keys, numbers.tolist(), strict=True))
    ratio, low, high = value["rate_ratio", HOUSEHOLDS]
    with_score, without = value["rate_with", HOUSEHOLDS][0], value["rate_without", HOUSEHOLDS][0]
    orders = value.get(("rate_ratio", ORDERS))
    by_orders = f", {_range(orders[1], orders[2])} by the orders of the teams" if orders else ""
    said = [
        f"In teams that used the score, {with_score:.1f} of 1,000 children followed for a period entered care; of the "
        f"same teams in the same periods {without:.1f} were expected without it, from teams that had not begun and "
        f"from what each team was before. That is {abs(with_score - without):.1f} "
        f"{'fewer' if with_score < without else 'more'} in 1,000, a ratio of {ratio:.2f} (95% interval "
        f"{_range(low, high)} by households{by_orders})."
    ]
    note = str(table["note"].iloc[0])
    return [*said, f"On the intervals: {note}."] if note else said


def _range(low: float, high: float) -> str:
    """Write an interval; an end that the data do not give has no number."""
    return f"{low:.2f} to {'any number' if np.isinf(high) else f'{high:.2f}'}"


def _chance(p_value: float, design: RolloutDesign) -> str:
    """Whether it can be told from chance."""
    extreme = round(p_value * len(design.orders))
    said = (
        f"Of {len(design.orders):,} orders in which the teams could have begun, {extreme:,} give a difference at least "
        f"as large either way (p = {_p(p_value)})."
    )
    if not design.can_tell:
        return f"{said} So few orders can tell nothing from chance, whatever happened."
    return f"{said} This can{'' if p_value < ALPHA else 'not'} be told from chance."


def _p(p_value: float) -> str:
    """Write a p-value."""
    return f"{p_value:.3f}" if p_value < 0.1 else f"{p_value:.2f}"


def _bears(p_value: float, design: RolloutDesign) -> str:
    """What the design bears, and what not."""
    if p_value >= ALPHA or not design.can_tell:
        return (
            "That is no finding that the score makes no difference: the interval says what it could as well be. The "
            "interval by households takes teams to have changed alike but for the score."
        )
    return (
        "The order was drawn at random, so neither the season nor what the teams were before explains it. It goes with "
        "all that a team was given with the score: training, time, attention."
    )


def _contaminated(contamination: pd.DataFrame) -> list[str]:
    """How many rows of each kind there are."""
    there = contamination.loc[contamination["rows"].ne(0)]
    if there.empty:
        return ["No row is known to have been where the schedule does not put it."]
    told = there.astype({"kind": str}).to_numpy(dtype=object).tolist()
    parts = [
        f"{count if isinstance(count, str) else f'{count:,}'} of {of:,} rows are {CONTAMINATION[kind]}"
        for kind, count, of in told
    ]
    return [f"{'; '.join(parts)}. They are counted where the schedule puts them, which draws the ratio towards 1."]


def _left(left: dict[str, int]) -> list[str]:
    """Rows that were not followed, or not to the end, and cells without rows."""
    return [f"{_few(count)} {words}." for words, count in left.items() if count]


def _few(count: int) -> str:
    """Write a count, or that it is small."""
    return f"{count:,}" if count >= SMALL else f"Fewer than {SMALL}"
