"""How long before an entry into care its child was first on a list, and how often never."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from edgeofcare.evaluation._inputs import Scored
from edgeofcare.evaluation._resample import Ratio, draw_households, interval_of, ratio_of, resample_sums
from edgeofcare.evaluation._small import SMALL, interval_note
from edgeofcare.evaluation.workload.alerts import first_alerts, kept_points, once_each
from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints

__all__ = ["AT_LEAST", "BLACKOUTS", "LEAD_TIME_COLUMNS", "QUANTILES", "lead_time_frame"]

LEAD_TIME_COLUMNS = ("model", "blackout_days", "measure", "at", "estimate", "ci_low", "ci_high", "note")
#: Days before entry at which the share of entrants already alerted is told; the first three matter most.
AT_LEAST = (30, 60, 90, 120, 150, 180, 270, 365)
#: Entries within so many days after an index date do not count as found by its list.
BLACKOUTS = (0, 14, 30)
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_WEEK = 7
_HIDDEN = f"suppressed: fewer than {SMALL} children in a step"
_INSIDE = f"without fewer than {SMALL} children whose only alerts had a window that ended before the entry"
_HIDDEN_QUANTILE = f"suppressed: fewer than {SMALL} children beyond it on one side"


def lead_time_frame(
    rows: Scored,
    selected: Mapping[str, Floats],
    followup_days: Floats,
    *,
    gap_days: int,
    blackout: Sequence[int] = BLACKOUTS,
    at_least: Sequence[int] = AT_LEAST,
    n_resamples: int = 1000,
    random_state: int = 0,
) -> pd.DataFrame:
    """Measure the time from a child's first alert to its entry into care, and the entrants who had none.

    Parameters
    ----------
    rows : Scored
        Test rows.
    selected : mapping of str to ndarray of shape (n,)
        By model, the share of each row that is reviewed at capacity.
    followup_days : ndarray of shape (n,)
        ``followup_days`` of ``label_outcome(details=True)``, in the order of ``rows``; only those of rows with an entry
        are read.
    gap_days : int
        Days between the index date and the start of the outcome window: ``task.gap_days``.
    blackout : sequence of int
        An alert does not count if the entry came within so many days after its index date, because the decision had
        been made by then; 0 counts every alert.
    at_least : sequence of int
        Days before entry, the most important first.
    n_resamples, random_state : int
        Resamples of households, and their seed: the draws are those of ``household_bootstrap``.

    Returns
    -------
    DataFrame
        model ("model", a baseline, or "model minus" a baseline), blackout_days, measure, at, estimate, ci_low,
        ci_high, note. Measures, all of the entrants of the test period:

        - ``alerted`` and ``never_alerted``: shares, for each blackout.
        - ``had_a_row``: share who were in the test rows early enough that an alert could have counted (for a blackout
          above 0; without one it is everybody).
        - ``lead_time``: days from first alert to entry among those alerted, to the nearest week, at the quantile
          ``at`` (0.5 is the median: half had at most so many days).
        - ``alerted_at_least``: share first alerted at least ``at`` days before entry.

    Raises
    ------
    SpecError
        If ``followup_days`` does not fit the rows, or a number of days is negative.

    Notes
    -----
    The entry day is the index date plus the gap plus the follow-up. A child's first alert is the earliest index date
    on which it was on the list, if its window holds an entry or its first entry came later still; an alert after the
    last entry finds nobody. Where ties at the cut make an alert a matter of chance, so is the first alert, and every
    figure is the average. Where a model's alerts whose window ended before the entry add fewer than 10 children to
    ``entrants_found``, these children are left out of its figures, and a note in all rows says so.

    **The lead time cannot exceed the time since the first test date**: an entrant of the first month had at most a
    month to be alerted in. Longer test periods give longer lead times for the same model, so compare models on the
    same rows only.

    A share is shown if at least 10 children lie between it and the next that is shown; a quantile if at least 10
    lie on either side.

    Examples
    --------
    >>> import numpy as np
    >>> from edgeofcare.evaluation._inputs import Scored
    >>> child = np.arange(80)
    >>> y, risk = (child < 40).astype(float), np.linspace(0.9, 0.1, 80)
    >>> rows = Scored(child, child, child * 0, np.array([0]), y, {"model": risk}, {"model": risk}, child)
    >>> listed = {"model": (child < 20).astype(float)}
    >>> frame = lead_time_frame(rows, listed, np.full(80, 70.0), gap_days=0, blackout=[0], n_resamples=20)
    >>> frame.loc[frame["measure"] == "never_alerted", "estimate"].tolist()
    [0.5]
    """
    blackouts, days = _whole_days(blackout, "blackout"), _whole_days(at_least, "at_least")
    entries = _entries(rows, followup_days, gap_days)
    households = int(np.unique(rows.household).size)
    out: list[tuple[object, ...]] = []
    shares: dict[str, dict[tuple[int, str, float], Ratio]] = {}
    firsts, left_out = _firsts(entries, selected)
    note = "; ".join(part for part in (interval_note(entries.entrants), left_out) if part)
    for model, first in firsts.items():
        shares[model] = _shares(rows, entries, first, blackouts, days, n_resamples, random_state)
        out += _share_rows(model, shares[model], households, note)
        drawn = _quantiles(rows, entries, first, blackouts, n_resamples, random_state)
        for (gone, quantile), ratio in drawn.items():
            why = note if np.isfinite(ratio.estimate) or note.startswith("suppressed") else _HIDDEN_QUANTILE
            out.append((model, gone, "lead_time", quantile, ratio.estimate, *interval_of(ratio, households), why))
    for model in (name for name in shares if name != "model" and "model" in shares):
        gains = {
            key: ratio.minus(shares[model][key]) for key, ratio in shares["model"].items() if key[1] != "had_a_row"
        }
        out += _share_rows(f"model minus {model}", gains, households, note)
    return pd.DataFrame(out, columns=list(LEAD_TIME_COLUMNS))


class _Entries(NamedTuple):
    """Rows of entrants on or before an entry: where they are, days to the entry, and whether the window holds it."""

    at: Ints
    lead: Floats
    child: Ints
    date: Ints
    inside: NDArray[np.bool_]
    entrants: int


def _entries(rows: Scored, followup_days: Floats, gap_days: int) -> _Entries:
    """Find the entry in the window of each row, and of earlier rows of the child its first entry."""
    followup = np.asarray(followup_days, dtype=np.float64)
    entered = rows.y == 1
    if followup.shape != rows.y.shape or not (followup[entered] >= 0).all():
        msg = (
            f"followup_days has shape {followup.shape} for {rows.y.size} rows, or is missing or negative in rows with "
            "an entry; take it from label_outcome(details=True), in the order of the rows."
        )
        raise SpecError(msg)
    day = rows.days[rows.date].astype(np.float64)
    entry = np.full(int(rows.child.max()) + 1, np.inf)
    np.minimum.at(entry, rows.child[entered], (day + gap_days + followup)[entered])
    lead = np.where(entered, gap_days + followup, entry[rows.child] - day)
    at = np.flatnonzero((lead >= 0) & np.isfinite(lead)).astype(np.int64)
    return _Entries(at, lead[at], rows.child[at], rows.date[at], entered[at], rows.n_entrants)


def _firsts(entries: _Entries, selected: Mapping[str, Floats]) -> tuple[dict[str, Floats], str]:
    """By model, the chance that each row of an entrant is its first alert; and why some rows were left out.

    Alerts whose window ended before the entry add children to those that ``entrants_found`` counts. Where these are
    few for a model, subtracting one from the other would tell of them, so such alerts of theirs are left out; children
    who are found in any case keep theirs.
    """
    shares = {model: share[entries.at] for model, share in selected.items()}
    within = {model: np.where(entries.inside, share, 0.0) for model, share in shares.items()}
    first, inside = (
        {model: first_alerts(entries.child, entries.date, share) for model, share in by_model.items()}
        for by_model in (shares, within)
    )
    alerted, found = (
        {model: np.bincount(entries.child, weights=chance) for model, chance in by_model.items()}
        for by_model in (first, inside)
    )
    more = {model: alerted[model] > found[model] + 1e-9 for model in selected}
    few = {model for model in selected if 0 < more[model].sum() < SMALL}
    kept = {
        model: np.where(more[model][entries.child], inside[model], first[model]) if model in few else first[model]
        for model in selected
    }
    return kept, _INSIDE if few else ""


def _shares(
    rows: Scored,
    entries: _Entries,
    first: Floats,
    blackouts: Sequence[int],
    days: Sequence[int],
    n_resamples: int,
    random_state: int,
) -> dict[tuple[int, str, float], Ratio]:
    """Shares of entrants, by blackout, measure and days; NaN where the children of a step are few."""
    earliest = min(blackouts)
    points = [earliest, *[d for d in days if d > earliest], *sorted(blackouts)]
    alerted = first > 0
    surely = np.bincount(entries.child, weights=first)
    missing = entries.entrants - int((surely > 1 - 1e-9).sum())
    kept = kept_points(entries.lead[alerted], entries.child[alerted], points, missing)
    columns = {"entrants": once_each(rows.child, rows.date, rows.y == 1)}
    for point in sorted(set(points)):
        columns[f"alerted {point}"] = _scatter(rows, entries, first * (entries.lead >= point))
        reached = once_each(entries.child, entries.date, entries.lead >= point)
        columns[f"row {point}"] = _scatter(rows, entries, reached)
    sums = resample_sums(rows.household, columns, n_resamples=n_resamples, random_state=random_state)
    told = {p: _shown(ratio_of(sums, f"alerted {p}", "entrants"), p in kept) for p in sorted(set(points))}
    out: dict[tuple[int, str, float], Ratio] = {}
    earliest_row = once_each(entries.child, entries.date, np.ones_like(entries.child, dtype=np.bool_)) > 0
    absent = entries.entrants - int(earliest_row.sum())
    reachable = kept_points(
        entries.lead[earliest_row], entries.child[earliest_row], [b for b in blackouts if b > 0], absent
    )
    for gone in blackouts:
        out[gone, "alerted", np.nan] = told[gone]
        out[gone, "never_alerted", np.nan] = Ratio(1 - told[gone].estimate, 1 - told[gone].drawn)
        if gone > 0:
            out[gone, "had_a_row", np.nan] = _shown(ratio_of(sums, f"row {gone}", "entrants"), gone in reachable)
    return out | {(earliest, "alerted_at_least", float(d)): told[d] for d in sorted(days) if d > earliest}


def _shown(ratio: Ratio, keep: bool) -> Ratio:
    """A ratio, or NaN where it is not to be shown."""
    return ratio if keep else Ratio(float("nan"), np.full(1, np.nan))


def _scatter(rows: Scored, entries: _Entries, values: Floats) -> Floats:
    """Values of the entrants' rows, among zeros for all other rows."""
    out = np.zeros(rows.y.size)
    out[entries.at] = values
    return out


def _share_rows(
    model: str, ratios: Mapping[tuple[int, str, float], Ratio], households: int, note: str
) -> list[tuple[object, ...]]:
    """Rows of the frame for shares."""
    out: list[tuple[object, ...]] = []
    for (gone, measure, at), ratio in ratios.items():
        why = note if np.isfinite(ratio.estimate) or note.startswith("suppressed") else _HIDDEN
        out.append((model, gone, measure, at, ratio.estimate, *interval_of(ratio, households), why))
    return out


def _quantiles(
    rows: Scored,
    entries: _Entries,
    first: Floats,
    blackouts: Sequence[int],
    n_resamples: int,
    random_state: int,
) -> dict[tuple[int, float], Ratio]:
    """Weighted quantiles of the lead time, by blackout; NaN where fewer than 10 children lie beyond on a side."""
    names, home = np.unique(rows.household, return_inverse=True)
    home = home.reshape(-1)[entries.at]
    order = np.lexsort((home, entries.lead))
    order = order[first[order] > 0]
    lead, weight, home = entries.lead[order], first[order], home[order]
    starts = np.searchsorted(lead, blackouts)
    blocks = [
        _weighted(lead, counts[:, home] * weight, starts)
        for counts in draw_households(names.size, n_resamples, random_state)
    ]
    drawn, whole = np.concatenate(blocks, axis=2), _weighted(lead, weight[None, :], starts)
    out: dict[tuple[int, float], Ratio] = {}
    for i, gone in enumerate(blackouts):
        counted = float(weight[starts[i] :].sum())
        for j, quantile in enumerate(QUANTILES):
            enough = counted * min(quantile, 1 - quantile) >= SMALL - 1e-9
            out[gone, quantile] = _shown(Ratio(float(whole[i, j, 0]), drawn[i, j]), enough)
    return out


def _weighted(lead: Floats, weights: Floats, starts: Ints, quantiles: Sequence[float] = QUANTILES) -> Floats:
    """Smallest lead time, to the nearest week, that at least a share of each row of weights lies at or below.

    By start (rows of weights count from there on), quantile and row of weights; leads ascend.
    """
    out = np.full((len(starts), len(quantiles), weights.shape[0]), np.nan)
    upto = np.concatenate([np.zeros((weights.shape[0], 1)), np.cumsum(weights, axis=1)], axis=1)
    weeks = np.floor(lead / _WEEK + 0.5) * _WEEK
    for i, start in enumerate(starts):
        before, total = upto[:, start], upto[:, -1] - upto[:, start]
        for j, quantile in enumerate(quantiles):
            wanted = before + np.maximum(quantile * total - 1e-9, 1e-9)
            for row in np.flatnonzero(total > 1e-9):
                out[i, j, row] = weeks[np.searchsorted(upto[row], wanted[row]) - 1]
    return out


def _whole_days(days: Sequence[int], name: str) -> list[int]:
    """Check days: whole numbers, at least one of them, none negative."""
    whole = list(dict.fromkeys(int(day) for day in days))
    if not whole or min(whole) < 0 or any(day != int(day) for day in days):
        msg = f"{name} must be whole numbers of days, none negative."
        raise SpecError(msg)
    return whole
