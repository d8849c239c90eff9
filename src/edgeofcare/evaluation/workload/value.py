"""Value for money of reviewing a list, with the uncertainty of what it finds and of what things cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from edgeofcare.evaluation._options import is_whole
from edgeofcare.evaluation._resample import Sums
from edgeofcare.evaluation.workload.lists import ReviewDraws
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats

__all__ = ["VALUE_COLUMNS", "Value", "value_table"]

Given = float | Sequence[float]
VALUE_COLUMNS = ("model", "quantity", "estimate", "low", "high")
NOBODY, RULE = "reviewing nobody", "count_rule"
_PER, _YEAR = 1000, 12
_UNITS = ("reviews", "children_supported", "entries_averted", "cost_of_reviews", "cost_of_support", "care_avoided")


@dataclass(frozen=True, eq=False, repr=False)
class Value:
    """What reviewing at capacity is worth, made by :func:`value_table`.

    Attributes
    ----------
    table : DataFrame
        model, quantity, estimate, low, high: per year and per 1,000 children on an open case at a time. ``estimate``
        has every number at what was found and every cost at the middle of its range; ``low`` and ``high`` hold 95%
        of the draws. Quantities: reviews, children_supported, entries_averted, cost_of_reviews, cost_of_support,
        care_avoided, net_value (the last four in the currency of the costs), and ``beats_reviewing_nobody`` and
        ``beats_count_rule``, the share of draws in which the net value is higher.
    text : str
        The same in whole sentences. A loss is called a loss.
    """

    table: pd.DataFrame
    text: str

    def __repr__(self) -> str:
        return f"Value({self.text})"

    def __str__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """Sentences and table, for a notebook."""
        return f"<div><p>{self.text}</p>{self.table.to_html(index=False, na_rep='', border=0)}</div>"


def value_table(
    found: Any,
    *,
    cost_of_review: Given,
    cost_of_support: Given,
    cost_of_care: Given,
    effect: Given,
    support_false_alerts: Given = 0.0,
    n_draws: int = 1000,
    random_state: int = 0,
) -> Value:
    """Weigh what reviewing at capacity costs against the care that support avoids, on your own figures.

    Parameters
    ----------
    found : ReviewDraws or Evaluation
        What the lists took and found: from ``review_draws``, or an evaluation that holds it.
    cost_of_review : float or (low, high)
        Of one review of one child on one index date.
    cost_of_support : float or (low, high)
        Of supporting one child.
    cost_of_care : float or (low, high)
        Of one entry into care over the time that you count.
    effect : float or (low, high)
        Share of entries that support averts, among entrants who are supported; between -1 and 1. Below 0, support
        brings entries about.
    support_false_alerts : float or (low, high)
        Share of the children reviewed who would not enter care that are offered support all the same; 0 if reviews
        always see it, which they do not.
    n_draws : int
        Draws of resample and costs.
    random_state : int
        Seed of the draws.

    Returns
    -------
    Value
        ``.table`` and ``.text``.

    Raises
    ------
    SpecError
        If a cost is negative, a share is out of range, or ``found`` holds no list at capacity.

    Notes
    -----
    Every entrant who is on a list in time (``entrants_found_at_capacity``) is supported once, whatever the number of
    reviews; of the other children reviewed, ``support_false_alerts`` are. Entries averted are ``effect`` times entrants
    found. Net value is care avoided less the costs of reviews and of support. No cost has a default: nobody here knows
    yours.

    Each draw takes one resample of households, the same for every model, and each cost anew and independently:
    uniformly between low and high, because a range says no more than its ends. Everybody else who enters care is
    taken to cost the same under every list.

    Use lists of a year or more. Those of a shorter time are scaled up to a year, which counts a child again who would
    be on the list in both halves; the text then says so.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeofcare.evaluation._inputs import Scored
    >>> from edgeofcare.evaluation.workload.lists import review_draws
    >>> child = np.arange(200)
    >>> y = (child % 4 == 0).astype(float)
    >>> rows = Scored(child, child, child * 0, np.array([0]), y, {"model": y}, {"model": y}, child)
    >>> draws = review_draws(rows, {"model": (child < 100).astype(float)}, n_resamples=20)
    >>> costs = {"cost_of_review": 500, "cost_of_support": 2000, "cost_of_care": 60000}
    >>> table = value_table(draws, **costs, effect=0.2).table
    >>> table.loc[table["quantity"] == "net_value", "estimate"].tolist()
    [12000000.0]
    """
    draws = getattr(found, "review_draws", found)
    if not isinstance(draws, ReviewDraws):
        msg = "value_table needs what was reviewed and found: give an evaluation made with capacity=, or review_draws."
        raise SpecError(msg)
    costs_given = (cost_of_review, cost_of_support, cost_of_care, effect, support_false_alerts)
    ranges = _ranges(*costs_given, _number_problems(n_draws, random_state))
    if "model" not in draws.sums:
        text = "Too few children at capacity to show what the list finds, so there is nothing to set against its costs."
        return Value(pd.DataFrame(columns=list(VALUE_COLUMNS)), text)
    rng = np.random.default_rng(random_state)
    size = next(iter(draws.sums.values())).drawn["rows"].size
    chosen = rng.integers(0, size, n_draws)
    costs = {name: low + (high - low) * rng.uniform(size=n_draws) for name, (low, high) in ranges.items()}
    middle = {name: np.array([(low + high) / 2]) for name, (low, high) in ranges.items()}
    whole, drawn = {}, {}
    for model, sums in draws.sums.items():
        whole[model] = _worth(_yearly(draws, _at(sums, None)), middle)
        drawn[model] = _worth(_yearly(draws, _at(sums, chosen)), costs)
    table = pd.DataFrame(_table_rows(whole, drawn), columns=list(VALUE_COLUMNS))
    return Value(table, _text(table, draws.note, draws.months))


def _ranges(
    review: Given, support: Given, care: Given, effect: Given, false_alerts: Given, numbers: list[str]
) -> dict[str, Any]:
    """Ends of every range, checked all at once."""
    most = np.inf
    given = {
        "cost_of_review": (review, 0.0, most),
        "cost_of_support": (support, 0.0, most),
        "cost_of_care": (care, 0.0, most),
        "effect": (effect, -1.0, 1.0),
        "support_false_alerts": (false_alerts, 0.0, 1.0),
    }
    out, problems = {}, []
    for name, (value, least, top) in given.items():
        ends = _ends(value)
        if ends is None or not least <= ends[0] <= ends[1] <= top or not np.isfinite(ends).all():
            limits = "0 or more" if top == most else f"between {least:g} and {top:g}"
            problems.append(f"{name} must be a number, or a low and a high one, {limits}")
        out[name] = ends
    if problems := [*problems, *numbers]:
        msg = f"The value cannot be worked out: {'; '.join(problems)}."
        raise SpecError(msg)
    return out


def _ends(value: Given) -> tuple[float, float] | None:
    """Low and high end of what was given; None if it is neither a number nor a pair of them."""
    try:
        ends = np.atleast_1d(np.asarray(value, dtype=np.float64))
    except (TypeError, ValueError):
        return None
    return (float(ends[0]), float(ends[-1])) if ends.ndim == 1 and ends.size in (1, 2) else None


def _number_problems(n_draws: Any, random_state: Any) -> list[str]:
    """What is wrong with the number of draws and their seed."""
    problems = [] if is_whole(n_draws, 1) else ["n_draws must be a whole number, at least 1, and 1000 is usual"]
    return problems if is_whole(random_state, 0) else [*problems, "random_state must be a whole number, 0 or more"]


def _at(sums: Sums, chosen: np.ndarray | None) -> dict[str, Floats]:
    """Sums of the rows themselves, or of the resamples that were chosen."""
    if chosen is None:
        return {name: np.array([value]) for name, value in sums.whole.items()}
    return {name: values[chosen] for name, values in sums.drawn.items()}


def _yearly(draws: ReviewDraws, sums: Mapping[str, Floats]) -> dict[str, Floats]:
    """Reviews, entrants found and other children reviewed, per year and 1,000 children at a time."""
    at_a_time = sums["rows"] / draws.n_dates
    scale = _PER / at_a_time * _YEAR / draws.months
    return {
        "reviews": sums["reviews"] * scale,
        "found": sums["entrants_found"] * scale,
        "others": (sums["children"] - sums["entrants_found"]) * scale,
    }


def _worth(counts: Mapping[str, Floats], costs: Mapping[str, Floats]) -> dict[str, Floats]:
    """Every quantity of one model."""
    supported = counts["found"] + counts["others"] * costs["support_false_alerts"]
    averted = counts["found"] * costs["effect"]
    out = {
        "reviews": counts["reviews"],
        "children_supported": supported,
        "entries_averted": averted,
        "cost_of_reviews": counts["reviews"] * costs["cost_of_review"],
        "cost_of_support": supported * costs["cost_of_support"],
        "care_avoided": averted * costs["cost_of_care"],
    }
    return out | {"net_value": out["care_avoided"] - out["cost_of_reviews"] - out["cost_of_support"]}


def _table_rows(
    whole: Mapping[str, Mapping[str, Floats]], drawn: Mapping[str, Mapping[str, Floats]]
) -> list[tuple[str, str, float, float, float]]:
    """Rows of the table: quantities, then how often one list is worth more than another."""
    rows: list[tuple[str, str, float, float, float]] = []
    for model, quantities in drawn.items():
        for name, values in quantities.items():
            low, high = np.quantile(values, [0.025, 0.975])
            rows.append((model, name, float(whole[model][name][0]), float(low), float(high)))
        net = quantities["net_value"]
        rows.append((model, "beats_reviewing_nobody", float((net > 0).mean()), np.nan, np.nan))
        if model == "model" and RULE in drawn:
            better = float((net > drawn[RULE]["net_value"]).mean())
            rows.append((model, "beats_count_rule", better, np.nan, np.nan))
    return rows


def _text(table: pd.DataFrame, note: str, months: float) -> str:
    """Sentences on the model: gain or loss, its range, and how often it beats the alternatives."""
    ours = table.loc[table["model"] == "model"].set_index("quantity")[["estimate", "low", "high"]]
    net, low, high = ours.loc["net_value"].to_numpy(dtype=np.float64)
    estimates = dict(zip(ours.index.astype(str), ours["estimate"].to_numpy(dtype=np.float64), strict=True))
    verb = "loses" if net < 0 else "gains"
    sentences = [
        f"Per year and {_PER:,} children on an open case at a time, reviewing the model's list {verb} {abs(net):,.0f} "
        f"in the currency of the costs (95% of draws between {low:+,.0f} and {high:+,.0f}), with "
        f"{estimates['entries_averted']:.1f} entries averted.",
        f"It is worth more than {NOBODY} in {estimates['beats_reviewing_nobody']:.0%} of draws.",
    ]
    if "beats_count_rule" in estimates:
        sentences.append(
            f"It is worth more than the count rule's list in {estimates['beats_count_rule']:.0%} of draws."
        )
    if net < 0:
        sentences.append("At these costs and this effect the net value is negative: reviewing the list loses money.")
    if months < _YEAR:
        sentences.append(
            f"The lists cover {months:g} months: scaled up to a year, the same children are counted more than once."
        )
    if note:
        sentences.append(f"On what was found: {note}.")
    return " ".join(sentences)
