"""What a concept adds at each value of one of its features, in bins that are never of few children."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.global_rows import GlobalRows
from edgeofcare.explanation.household_draws import HouseholdDraws
from edgeofcare.features.catalogue import concept_of
from edgeofcare.metrics._cells import SMALL, count_children, hidden_cells

if TYPE_CHECKING:
    from edgeofcare.explanation.explanation import Explanation

__all__ = ["VALUE_COLUMNS", "carrying_features", "value_table"]

FloatArray = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

VALUE_COLUMNS = ("concept", "feature", "value", "low", "high", "mean_contribution", "ci_low", "ci_high", "note")
_DIGITS = 2  # significant digits of an edge, so that it is no child's own value


def carrying_features(why: Explanation, features: Iterable[str] | None) -> list[str]:
    """The features to look at: those named, or of each concept the one that moves risks most.

    Parameters
    ----------
    why : Explanation
        Explained rows.
    features : iterable of str, optional
        Names of columns.

    Returns
    -------
    list of str
        Names; those of the concepts that move risks most first, ties by name.

    Raises
    ------
    SpecError
        If a name is no column of what was explained.
    """
    size = why.contributions.abs().sort_index().mean()
    names = [str(name) for name in size.index]
    if features is not None:
        wanted = [features] if isinstance(features, str) else [str(getattr(each, "name", each)) for each in features]
        unknown = [name for name in wanted if name not in names]
        if unknown or not wanted:
            msg = f"features names {len(unknown)} of {len(wanted)} that were not explained; use columns of X."
            raise SpecError(msg)
        return wanted
    best: dict[str, str] = {}
    for _, name in sorted(zip(-size.to_numpy(), names, strict=True)):
        best.setdefault(concept_of(name), name)
    moved = why.concept_contributions.abs().sort_index().mean()
    return [best[concept] for concept in sorted(best, key=lambda concept: (-moved[concept], concept))]


def value_table(
    why: Explanation, rows: GlobalRows, draws: HouseholdDraws, features: Sequence[str], n_bins: int
) -> pd.DataFrame:
    """Mean contribution of the concept of each feature, by value of the feature.

    Parameters
    ----------
    why : Explanation
        Explained rows.
    rows : GlobalRows
        The same rows in order.
    draws : HouseholdDraws
        Resamples of their households.
    features : sequence of str
        Names of columns.
    n_bins : int
        Most bins of known values of a feature.

    Returns
    -------
    DataFrame
        See :class:`~edgeofcare.explanation.dependence.ConceptDependence`.
    """
    table_of = why.values  # noqa: PD011
    found = []
    for name in features:
        concept = concept_of(name)
        psi = rows.psi[:, rows.concepts.index(concept)]
        if pd.api.types.is_numeric_dtype(table_of[name].dtype):
            bins = _number_bins(table_of[name].to_numpy(dtype=np.float64)[rows.order], rows.child, n_bins)
        else:
            bins = _code_bins(table_of[name].astype(object).to_numpy()[rows.order], rows.child)
        table = _one_feature(bins, psi, rows, draws)
        table.insert(0, "feature", name)
        table.insert(0, "concept", concept)
        found.append(table)
    return pd.concat(found, ignore_index=True)[list(VALUE_COLUMNS)]


class _Bins(NamedTuple):
    """Which bin each row is in, and what those that hold rows are called."""

    cell: Ints
    there: Ints
    labels: list[str]
    low: FloatArray
    high: FloatArray


def _number_bins(column: FloatArray, child: Ints, n_bins: int) -> _Bins:
    """Bins of numbers, and last the rows where the number is unknown."""
    cuts = _safe_cuts(column, _cuts(column, n_bins), child)
    cell = _cells(column, cuts)
    size = len(cuts) + 2  # the last is of unknown values
    children = count_children(child, cell, size)
    there = np.flatnonzero(children > 0)
    edges = np.array([-np.inf, *cuts, np.inf])
    one = [bool(children[bin_] >= SMALL and np.ptp(column[cell == bin_]) == 0) for bin_ in there.tolist()]
    labels = [
        _label(edges, bin_, size, column[cell == bin_][0] if same else None)
        for bin_, same in zip(there.tolist(), one, strict=True)
    ]
    low, high = np.append(edges[: size - 1], np.nan)[there], np.append(edges[1:size], np.nan)[there]
    return _Bins(cell, there, labels, low, high)


def _code_bins(column: npt.NDArray[np.object_], child: Ints) -> _Bins:
    """A bin for each code, one for all that fewer than 10 children have, and last the rows without a code."""
    cell, codes = pd.factorize(column, sort=True)
    size = len(codes)
    cell = np.where(cell < 0, size + 1, cell).astype(np.int64)
    small = np.append(count_children(child, cell, size + 2)[:size] < SMALL, [False, False])
    cell = np.where(small[cell], size, cell)
    there = np.flatnonzero(count_children(child, cell, size + 2) > 0)
    names = [*map(str, codes), "other codes", "unknown"]
    none = np.full(len(there), np.nan)
    return _Bins(cell, there, [names[bin_] for bin_ in there.tolist()], none, none)


def _one_feature(bins: _Bins, psi: FloatArray, rows: GlobalRows, draws: HouseholdDraws) -> pd.DataFrame:
    """Mean contribution in each bin of one feature."""
    there = bins.there
    inside = (bins.cell[:, None] == there).astype(np.float64)
    mean = (inside * psi[:, None]).sum(axis=0) / inside.sum(axis=0)
    sums = draws.sums(np.column_stack([inside * psi[:, None], inside]))
    top, bottom = sums[:, : len(there)], sums[:, len(there) :]
    low, high = draws.interval(np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0))
    ends = {"low": bins.low, "high": bins.high}
    frame = pd.DataFrame({"value": bins.labels, **ends, "mean_contribution": mean, "ci_low": low, "ci_high": high})
    children = count_children(rows.child, bins.cell, int(bins.cell.max()) + 1)[there]
    hidden = hidden_cells(children.astype(np.float64)) if rows.few or len(there) > 1 else np.array([False])
    frame.loc[hidden, ["mean_contribution", "ci_low", "ci_high"]] = np.nan
    frame["note"] = np.where(hidden, f"suppressed: fewer than {SMALL} children here or elsewhere", "")
    return frame


def _cuts(column: FloatArray, n_bins: int) -> FloatArray:
    """Lower edges of all bins of known values but the first: of single values where these are few."""
    known = column[~np.isnan(column)]
    distinct, count = np.unique(known, return_counts=True)
    if len(distinct) <= n_bins:
        return np.array([_between(low, high) for low, high in itertools.pairwise(distinct.tolist())])
    # A value that most rows share, such as no event, has a bin of its own; the others share the rest of the bins.
    own = count[0] > len(known) / n_bins
    above = known[known > distinct[0]] if own else known
    bins = n_bins - 1 if own else n_bins
    inner = np.quantile(above, np.arange(1, bins) / bins, method="higher") if bins > 1 else np.empty(0)
    cuts = np.unique([_rounded(float(cut)) for cut in inner])
    first = [_between(float(distinct[0]), float(distinct[1]))] if own else []
    return np.unique([*first, *(cut for cut in cuts if cut > (first[0] if own else distinct[0]))])


def _rounded(value: float) -> float:
    """A number to two significant digits."""
    return float(f"{value:.{_DIGITS - 1}e}") if math.isfinite(value) else value


def _between(low: float, high: float) -> float:
    """An edge above one value and not above the next: that one where it is whole, else a round number between."""
    if high.is_integer():
        return high
    near = _rounded(high)
    return near if low < near <= high else (low + high) / 2


def _cells(column: FloatArray, cuts: FloatArray) -> Ints:
    """Bin of each row; one more than the bins of known values where the value is unknown."""
    found = np.searchsorted(cuts, column, side="right").astype(np.int64)
    return np.where(np.isnan(column), len(cuts) + 1, found)


def _safe_cuts(column: FloatArray, cuts: FloatArray, child: Ints) -> FloatArray:
    """Drop edges until every bin of known values holds 10 children, the smallest bin first."""
    while len(cuts):
        children = count_children(child, _cells(column, cuts), len(cuts) + 2)[:-1]
        smallest = int(children.argmin())
        if children[smallest] >= SMALL:
            break
        sides = [side for side in (smallest - 1, smallest + 1) if 0 <= side <= len(cuts)]
        other = min(sides, key=lambda side: children[side])
        cuts = np.delete(cuts, min(smallest, other))
    return cuts


def _label(edges: FloatArray, bin_: int, size: int, value: float | None) -> str:
    """A bin in words; the ends of the data are not told, for they are one child's value."""
    if bin_ == size - 1:
        return "unknown"
    if value is not None:
        return f"{value:g}"
    low, high = edges[bin_], edges[bin_ + 1]
    if np.isinf(low):
        return "any" if np.isinf(high) else f"below {high:g}"
    return f"{low:g} or more" if np.isinf(high) else f"{low:g} to below {high:g}"
