"""Lists as a team would work through them: how many children, how many of them new, and how many who enter care."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation._resample import Ratio, Sums, interval_of, ratio_of, resample_sums
from edgeofcare.evaluation._small import SMALL, interval_note
from edgeofcare.evaluation.capacity import months_between, select_share
from edgeofcare.evaluation.workload.alerts import expected_children, first_alerts, once_each
from edgeofcare.metrics._arrays import Floats

__all__ = [
    "CAPACITY",
    "HIDDEN_LIST",
    "TOP_SHARES",
    "WORKLOAD_COLUMNS",
    "ReviewDraws",
    "review_draws",
    "shown_at_capacity",
    "workload_frame",
]

#: Name of the list that capacity allows.
CAPACITY = "capacity"
#: Shares of the rows of each index date, beside the list that capacity allows.
TOP_SHARES = (0.005, 0.01, 0.02, 0.05, 0.1)
WORKLOAD_COLUMNS = ("model", "list", "share", "measure", "estimate", "ci_low", "ci_high", "note")
HIDDEN_LIST = f"suppressed: fewer than {SMALL} children of one kind on the list, off it, or between it and another list"

_RATIOS = {
    "ppv": ("found_rows", "reviews"),
    "recall": ("found_rows", "events"),
    "entrants_found": ("entrants_found", "entrants"),
    "number_needed_to_review": ("reviews", "found_rows"),
    "lift": ("", ""),
    "repeat_alerts": ("repeats", "later_reviews"),
    "alerts_per_child": ("reviews", "children"),
    "new_children_per_month": ("new_children", ""),
    "without_entry": ("without_entry", "children"),
}
_COMPARED = ("ppv", "recall", "entrants_found", "number_needed_to_review", "repeat_alerts", "without_entry")
_COUNTS = ("reviews", "children")
_TINY = 1e-9


def workload_frame(
    rows: Scored,
    selected: Mapping[str, Floats],
    *,
    shares: Sequence[float] = TOP_SHARES,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Measure the lists that a team would work through, at capacity and at shares of the rows around it.

    Parameters
    ----------
    rows : Scored
        Test rows with the scores of the model and its baselines.
    selected : mapping of str to ndarray of shape (n,)
        By model, the share of each row that is reviewed at capacity (see ``select_rows``); empty if there is none.
    shares : sequence of float
        Shares of the rows of each index date that are listed as well, highest scores first.
    n_resamples, random_state : int
        Resamples of households, and their seed: the draws are those of ``household_bootstrap``.

    Returns
    -------
    DataFrame
        model ("model", a baseline, or "model minus" a baseline), list ("capacity", "top 5%"), share (rows listed among
        all), measure, estimate, ci_low, ci_high, note. Measures:

        - ``reviews``: rows listed over the test period; ``children``: children listed at least once.
        - ``ppv``, ``recall``, ``lift`` and ``number_needed_to_review``: of rows.
        - ``entrants_found``: share of entrants listed at least once on an index date whose window holds their entry.
        - ``repeat_alerts``: share of the reviews after the first index date of a child who was on an earlier list.
        - ``alerts_per_child``: reviews for each child who is listed at least once.
        - ``new_children_per_month``: children who are listed for the first time, after the first index date.
        - ``without_entry``: share of the children listed who had no entry in the window of any list they were on.

    Notes
    -----
    Children tied at the cut share the last places equally, on each index date anew: every figure is what breaking ties
    at random gives on average. On the first index date every child is new, so that date is left out of
    ``repeat_alerts`` and ``new_children_per_month``; lists from before the test period are not known here.

    A list is shown if at least 10 children of each kind are on it and off it: children reviewed in a window with an
    entry and in one without, entrants found, and children listed without an entry. Children tied at the cut count by
    the chance with which they are listed (of a child, the largest of its rows): 3 who are sure to be listed and 50 who
    share one place are 4. The same must hold between any two
    lists that are shown, because one list can be subtracted from another; the list at capacity goes first, then
    the longest.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeofcare.evaluation._inputs import Scored
    >>> rng, child = np.random.default_rng(0), np.repeat(np.arange(300), 2)
    >>> risk = np.repeat(rng.uniform(0.01, 0.5, 300), 2)
    >>> y = (rng.uniform(size=600) < risk).astype(float)
    >>> date = np.tile([0, 1], 300)
    >>> rows = Scored(child, child, date, np.array([0, 91]), y, {"model": risk}, {"model": risk}, np.arange(600))
    >>> frame = workload_frame(rows, {}, shares=[0.2], n_resamples=50)
    >>> frame.loc[frame["measure"] == "reviews", ["list", "estimate"]].to_numpy().tolist()
    [['top 20%', 120.0]]
    """
    lists = {model: _lists(rows, selected.get(model), score, shares) for model, score in rows.score.items()}
    few = rows.n_entrants < SMALL
    shown = {model: set() if few else _shown_lists(rows, held) for model, held in lists.items()}
    ratios = _measured(rows, lists, shown, n_resamples, random_state)
    note, households = interval_note(rows.n_entrants), int(np.unique(rows.household).size)
    out: list[tuple[object, ...]] = []
    for model, held in lists.items():
        for one in held:
            why = note if few or one.name in shown[model] else HIDDEN_LIST
            out += _list_rows(model, one, ratios[model, one.name], households, why)
    for model in (name for name in lists if name != "model" and "model" in lists):
        for one in lists[model]:
            why = note if few or one.name in shown[model] & shown["model"] else HIDDEN_LIST
            if ("model", one.name) in ratios:
                pair = ratios["model", one.name], ratios[model, one.name]
                out += _difference_rows(model, one, pair, households, why)
    frame = pd.DataFrame(out, columns=list(WORKLOAD_COLUMNS))
    undefined = frame["estimate"].isna() & ~frame["note"].str.startswith("suppressed")
    frame.loc[undefined, "note"] = "undefined for these lists or outcomes"
    return frame


@dataclass(frozen=True, eq=False, repr=False)
class ReviewDraws:
    """What reviewing at capacity took and found, and how that varies over resamples of households.

    Made by :func:`review_draws` and read by :func:`edgeofcare.evaluation.workload.value.value_table`. It holds sums
    only, and no model whose list at capacity would give small numbers away.

    Attributes
    ----------
    sums : mapping of str to Sums
        By model: ``rows``, ``reviews``, ``children`` (listed at least once) and ``entrants_found``.
    n_dates : int
        Index dates.
    months : float
        Months that the lists cover: index dates times the months from one to the next.
    note : str
        How far intervals can be relied on.
    """

    sums: Mapping[str, Sums]
    n_dates: int
    months: float
    note: str

    def __repr__(self) -> str:
        return f"ReviewDraws({', '.join(self.sums) or 'nothing to show'}; {self.n_dates} index dates)"


def review_draws(
    rows: Scored, selected: Mapping[str, Floats], *, n_resamples: int = 1000, random_state: int = 0
) -> ReviewDraws:
    """Count reviews, children and entrants found at capacity in resamples of households.

    Parameters
    ----------
    rows : Scored
        Test rows.
    selected : mapping of str to ndarray of shape (n,)
        By model, the share of each row that is reviewed at capacity.
    n_resamples, random_state : int
        Resamples of households, and their seed.

    Returns
    -------
    ReviewDraws
        The same resamples for every model, so that differences are paired.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeofcare.evaluation._inputs import Scored
    >>> child = np.arange(200)
    >>> y = (child % 4 == 0).astype(float)
    >>> rows = Scored(child, child, child * 0, np.array([0]), y, {"model": y}, {"model": y}, child)
    >>> review_draws(rows, {"model": (child < 100).astype(float)}, n_resamples=20)
    ReviewDraws(model; 1 index dates)
    """
    allowed = shown_at_capacity(rows, selected)
    kept = {model: _lists(rows, selected[model], rows.score[model], ()) for model in selected if model in allowed}
    sums = {} if not kept else _sums(rows, kept, {model: {CAPACITY} for model in kept}, n_resamples, random_state)
    n_dates = int(np.unique(rows.date).size)
    parts = {model: sums[model, CAPACITY] for model in kept}
    return ReviewDraws(parts, n_dates, months_between(rows.days) * n_dates, interval_note(rows.n_entrants))


def shown_at_capacity(rows: Scored, selected: Mapping[str, Floats]) -> set[str]:
    """Models whose list at capacity tells of no few children.

    Parameters
    ----------
    rows : Scored
        Test rows, or those of a stratum.
    selected : mapping of str to ndarray of shape (n,)
        By model, the share of each row that is reviewed at capacity.

    Returns
    -------
    set of str
        Names of models; see the notes of :func:`workload_frame`.
    """
    if rows.n_entrants < SMALL:
        return set()
    return {name for name, share in selected.items() if _shown_lists(rows, [_list(rows, CAPACITY, share)])}


class _List(NamedTuple):
    """A list over all index dates: what share of each row is on it, and by child the chances that follow."""

    name: str
    share: Floats
    first: Floats
    found: Floats
    child_found: Floats
    child_other: Floats


def _lists(rows: Scored, at_capacity: Floats | None, score: Floats, shares: Sequence[float]) -> list[_List]:
    """The list at capacity, then one for each share."""
    named = {} if at_capacity is None else {CAPACITY: at_capacity}
    named |= {f"top {100 * top:g}%": select_share(score, rows.date, top) for top in shares}
    return [_list(rows, name, share) for name, share in named.items()]


def _list(rows: Scored, name: str, share: Floats) -> _List:
    """Find first alerts, and first alerts in a window with an entry."""
    entered = rows.y == 1
    first, found = first_alerts(rows.child, rows.date, share), np.zeros_like(share)
    found[entered] = first_alerts(rows.child[entered], rows.date[entered], share[entered])
    alerted, child_found = (np.asarray(np.bincount(rows.child, weights=w), dtype=np.float64) for w in (first, found))
    return _List(name, share, first, found, child_found, alerted - child_found)


def _shown_lists(rows: Scored, lists: Sequence[_List]) -> set[str]:
    """Names of the lists that tell of no few children, by themselves or by subtraction."""
    nobody = _list(rows, "nobody", np.zeros_like(rows.y))
    everybody = _list(rows, "everybody", np.ones_like(rows.y))
    kept: list[_List] = []
    for one in sorted(lists, key=lambda held: (held.name != CAPACITY, -held.share.sum())):
        others = [everybody, *kept]
        apart = all(_many_or_none(_added(rows, one, k)) and _many_or_none(_added(rows, k, one)) for k in others)
        if apart and min(_added(rows, one, nobody)) >= SMALL:
            kept.append(one)
    return {one.name for one in kept}


def _added(rows: Scored, more: _List, less: _List) -> list[float]:
    """Children to expect on one list beyond another, of each kind: those who share a place count in part."""
    extra = np.maximum(more.share - less.share, 0.0)
    if not (extra > _TINY).any():
        return [0.0]
    entered = rows.y == 1
    return [
        expected_children(rows.child[entered], extra[entered]),
        expected_children(rows.child[~entered], extra[~entered]),
        round(float(np.maximum(more.child_found - less.child_found, 0.0).sum()), 6),
        round(float(np.maximum(more.child_other - less.child_other, 0.0).sum()), 6),
    ]


def _many_or_none(counts: list[float]) -> bool:
    """Whether every kind has 10 children or more, or none has any."""
    return min(counts) >= SMALL or max(counts) == 0


def _sums(
    rows: Scored,
    lists: Mapping[str, Sequence[_List]],
    shown: Mapping[str, set[str]],
    n_resamples: int,
    random_state: int,
) -> dict[tuple[str, str], Sums]:
    """Sums of each list that is shown, over all rows and over the resamples that all lists share."""
    columns: dict[str, Floats] = {"|".join(("", "", name)): values for name, values in _common(rows).items()}
    for model, held in lists.items():
        for one in (one for one in held if one.name in shown[model]):
            columns |= {f"{model}|{one.name}|{name}": values for name, values in _of_list(rows, one).items()}
    every = resample_sums(rows.household, columns, n_resamples=n_resamples, random_state=random_state)
    return {(model, name): _part(every, f"{model}|{name}|") for model, names in shown.items() for name in names}


def _part(every: Sums, start: str) -> Sums:
    """Sums of one list, with those of the rows themselves."""
    names = {key: key.rpartition("|")[2] for key in every.whole if key.startswith(("||", start))}
    return Sums({n: every.whole[key] for key, n in names.items()}, {n: every.drawn[key] for key, n in names.items()})


def _common(rows: Scored) -> dict[str, Floats]:
    """Columns that no list changes."""
    entrants = once_each(rows.child, rows.date, rows.y == 1)
    return {"rows": np.ones_like(rows.y), "events": rows.y, "entrants": entrants}


def _of_list(rows: Scored, one: _List) -> dict[str, Floats]:
    """Columns of a list."""
    later = rows.date > rows.date.min()
    return {
        "reviews": one.share,
        "found_rows": one.share * rows.y,
        "entrants_found": one.found,
        "children": one.first,
        "later_reviews": one.share * later,
        "repeats": (one.share - one.first) * later,
        "new_children": one.first * later,
        "without_entry": one.first - one.found,
    }


def _measured(
    rows: Scored,
    lists: Mapping[str, Sequence[_List]],
    shown: Mapping[str, set[str]],
    n_resamples: int,
    random_state: int,
) -> dict[tuple[str, str], dict[str, Ratio]]:
    """Every ratio of every list; NaN where the list is not shown."""
    months = months_between(rows.days) * (np.unique(rows.date).size - 1)
    nothing = dict.fromkeys((*_COUNTS[1:], *_RATIOS), Ratio(float("nan"), np.full(1, np.nan)))
    out = {(model, one.name): nothing for model, held in lists.items() for one in held}
    if any(shown.values()):
        sums = _sums(rows, lists, shown, n_resamples, random_state)
        out |= {key: _ratios(part, months) for key, part in sums.items()}
    return out


def _ratios(sums: Sums, months: float) -> dict[str, Ratio]:
    """Every measure of one list, and the children on it."""
    out = {"children": Ratio(round(sums.whole["children"], 1), np.full(1, np.nan))}
    for name, (top, bottom) in _RATIOS.items():
        if name == "lift":
            ppv, rate = ratio_of(sums, "found_rows", "reviews"), ratio_of(sums, "events", "rows")
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = np.where(rate.drawn > 0, ppv.drawn / rate.drawn, np.nan)
            out[name] = Ratio(ppv.estimate / rate.estimate, drawn)
        elif name == "new_children_per_month":
            over = months or float("nan")
            out[name] = Ratio(sums.whole[top] / over, sums.drawn[top] / over)
        else:
            out[name] = ratio_of(sums, top, bottom)
    return out


def _list_rows(
    model: str, one: _List, ratios: Mapping[str, Ratio], households: int, note: str
) -> list[tuple[object, ...]]:
    """Rows of the frame for one list: what it holds, then its measures."""
    key = (model, one.name, float(one.share.mean()))
    rows: list[tuple[object, ...]] = [(*key, "reviews", float(one.share.sum()), np.nan, np.nan, "")]
    rows += [(*key, name, ratio.estimate, *interval_of(ratio, households), note) for name, ratio in ratios.items()]
    return rows


def _difference_rows(
    model: str, one: _List, pair: tuple[Mapping[str, Ratio], Mapping[str, Ratio]], households: int, note: str
) -> list[tuple[object, ...]]:
    """Rows of the frame for the model's list less a baseline's, on the same resamples."""
    key, (ours, theirs) = (f"model minus {model}", one.name, float(one.share.mean())), pair
    less = {name: ours[name].minus(theirs[name]) for name in _COMPARED}
    return [(*key, name, gain.estimate, *interval_of(gain, households), note) for name, gain in less.items()]
