"""Whether what a concept adds tells the group that a child belongs to, and whether outcomes bear that out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.explanation.global_rows import GlobalRows
from edgeofcare.explanation.household_draws import HouseholdDraws
from edgeofcare.metrics._cells import SMALL, count_children, hidden_cells

__all__ = ["ALL_CONCEPTS", "GROUP_COLUMNS", "PROXY_COLUMNS", "Grouping", "group_table", "proxy_table"]

FloatArray = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ALL_CONCEPTS = "all concepts"
"""The row of differences of whole log-odds, to which those of the concepts add up."""

GROUP_COLUMNS = ("by", "group", "concept", "difference", "ci_low", "ci_high", "note")
PROXY_COLUMNS = (
    *("by", "concept", "share_told", "ci_low", "ci_high", "borne_out", "borne_out_low", "borne_out_high"),
    *("reading", "note"),
)
_STEPS = 30  # of Newton's method
_LARGEST = 25.0  # slope beyond which an outcome is told without error, so that none can be estimated


@dataclass(frozen=True, eq=False, repr=False)
class Grouping:
    """The group of each row by one column of the cohort.

    Attributes
    ----------
    by : str
        The column.
    names : list of str
        Groups, in the order of the alphabet.
    code : ndarray of int64, shape (n_rows,)
        Group of each row.
    """

    by: str
    names: list[str]
    code: Ints

    def inside(self) -> FloatArray:
        """1 where a row belongs to a group; shape (n_rows, n_groups)."""
        return (self.code[:, None] == np.arange(len(self.names))).astype(np.float64)


def group_table(rows: GlobalRows, draws: HouseholdDraws, grouping: Grouping) -> pd.DataFrame:
    """Mean contribution of each concept in each group, less that in the rest.

    Parameters
    ----------
    rows : GlobalRows
        Explained rows.
    draws : HouseholdDraws
        Resamples of their households.
    grouping : Grouping
        Their groups.

    Returns
    -------
    DataFrame
        See :class:`~edgeofcare.explanation.dependence.ConceptDependence`.
    """
    names = [*rows.concepts, ALL_CONCEPTS]
    psi = np.column_stack([rows.psi, rows.psi.sum(axis=1)])
    inside = grouping.inside()
    made = _differences(*_sums(psi, inside, None))[0]
    low, high = draws.interval(_differences(*_sums(psi, inside, draws)))
    children = count_children(rows.child, grouping.code, len(grouping.names)).astype(np.float64)
    hidden = hidden_cells(children) if len(children) > 1 else np.array([True])
    note = "no other group" if len(children) == 1 else f"suppressed: fewer than {SMALL} children here or elsewhere"
    parts = []
    for place, group in enumerate(grouping.names):
        numbers = {"difference": made[place], "ci_low": low[place], "ci_high": high[place]}
        part = pd.DataFrame({"by": grouping.by, "group": group, "concept": names, **numbers})
        if hidden[place]:
            part[list(numbers)] = np.nan
        parts.append(part.assign(note=note if hidden[place] else ""))
    return pd.concat(parts, ignore_index=True)[list(GROUP_COLUMNS)]


def proxy_table(
    rows: GlobalRows, draws: HouseholdDraws, grouping: Grouping, y: FloatArray | None = None
) -> pd.DataFrame:
    """Say of each concept how far the group tells its contribution, and whether outcomes bear it out within groups.

    Parameters
    ----------
    rows : GlobalRows
        Explained rows.
    draws : HouseholdDraws
        Resamples of their households.
    grouping : Grouping
        Their groups.
    y : ndarray of float64, shape (n_rows,), optional
        Outcomes in the order of the rows.

    Returns
    -------
    DataFrame
        See :class:`~edgeofcare.explanation.dependence.ConceptDependence`.
    """
    told, low, high = _told(rows.psi, grouping.inside(), draws)
    size = len(rows.concepts)
    slope, slope_low, slope_high = (np.full(size, np.nan) for _ in range(3))
    note = np.full(size, "", dtype=object)
    if y is not None:
        pooled = _pooled(grouping.code, rows.child, y)
        if pooled is None:
            note[:] = f"within groups: suppressed, fewer than two groups with {SMALL} entrants and {SMALL} others"
        else:
            slope, slope_low, slope_high = _slopes(rows, draws, pooled, y)
    numbers = {"share_told": told, "ci_low": low, "ci_high": high}
    numbers |= {"borne_out": slope, "borne_out_low": slope_low, "borne_out_high": slope_high}
    few = rows.few or (count_children(rows.child, grouping.code, len(grouping.names)) >= SMALL).sum() < 2
    frame = pd.DataFrame({"by": grouping.by, "concept": rows.concepts, **numbers})
    frame["reading"] = [
        _reading(*each, outcomes=y is not None) for each in zip(low, slope_low, slope_high, strict=True)
    ]
    frame["note"] = note
    if few:
        frame[list(numbers)] = np.nan
        frame["reading"], frame["note"] = "", f"suppressed: fewer than two groups of {SMALL} children"
    found = frame.sort_values(["share_told", "concept"], ascending=[False, True], ignore_index=True)
    return found[list(PROXY_COLUMNS)]


def _sums(psi: FloatArray, inside: FloatArray, draws: HouseholdDraws | None) -> tuple[FloatArray, FloatArray]:
    """Sums of contributions by group, shape (resamples, groups, concepts), and rows by group; one resample of all."""
    groups, concepts = inside.shape[1], psi.shape[1]
    columns = np.column_stack([(inside[:, :, None] * psi[:, None, :]).reshape(len(psi), -1), inside])
    sums = columns.sum(axis=0, keepdims=True) if draws is None else draws.sums(columns)
    return sums[:, : groups * concepts].reshape(-1, groups, concepts), sums[:, groups * concepts :]


def _over(top: FloatArray, bottom: FloatArray) -> FloatArray:
    """Divide; NaN by zero."""
    return np.divide(top, bottom, out=np.full(np.broadcast_shapes(top.shape, bottom.shape), np.nan), where=bottom > 0)


def _differences(sums: FloatArray, rows: FloatArray) -> FloatArray:
    """Mean of each group less that of the rest."""
    number = rows[:, :, None]
    rest, others = sums.sum(axis=1, keepdims=True) - sums, number.sum(axis=1, keepdims=True) - number
    return _over(sums, number) - _over(rest, others)


def _told(psi: FloatArray, inside: FloatArray, draws: HouseholdDraws) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Share of the variance of each contribution that groups tell, less what chance gives, with its interval."""
    centred = psi - psi.mean(axis=0)
    both = np.column_stack([centred, centred**2])
    size = psi.shape[1]

    def parts(sums: FloatArray, rows: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Distances of groups from the mean, their weights, and the variance."""
        number = rows.sum(axis=1)[:, None]
        mean = sums[:, :, :size].sum(axis=1) / number
        variance = sums[:, :, size:].sum(axis=1) / number - mean**2
        distance = np.nan_to_num(_over(sums[:, :, :size], rows[:, :, None]) - mean[:, None])
        return distance, (rows / number)[:, :, None], variance

    distance, weight, variance = parts(*_sums(both, inside, None))
    drawn, weights, variances = parts(*_sums(both, inside, draws))
    still = variance[0] <= 1e-12  # a contribution that does not vary tells nothing
    scale = np.where(still, np.nan, variance[0])
    chance = (weights * (drawn - distance) ** 2).sum(axis=1).mean(axis=0) / scale
    told = (weight * distance**2).sum(axis=1)[0] / scale - chance
    samples = _over((weights * drawn**2).sum(axis=1), np.where(still, 0.0, variances)) - 2 * chance
    low, high = draws.interval(samples)
    return np.clip(told, 0.0, 1.0), np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)


def _pooled(code: Ints, child: Ints, y: FloatArray) -> Ints | None:
    """Groups for the outcome: those with few entrants or few others are one; None if fewer than two are left."""
    size = int(code.max()) + 1
    entrants = count_children(child, np.where(y > 0, code, -1), size)
    others = count_children(child, np.where(y > 0, -1, code), size)
    large = (entrants >= SMALL) & (others >= SMALL)
    found = np.where(large[code], code, size)
    if not large.all():
        rest = ~large[code]
        few = [len(np.unique(child[rest & (y > 0 if each else y == 0)])) < SMALL for each in (True, False)]
        if any(few):  # too few even together: with the largest group
            found[rest] = int(np.argmax(entrants))
    names, coded = np.unique(found, return_inverse=True)
    return None if len(names) < 2 else coded.astype(np.int64)


def _slopes(
    rows: GlobalRows, draws: HouseholdDraws, group: Ints, y: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How far each contribution is borne out by outcomes within groups, and its interval."""
    fits = [_within(psi, rows.log_odds - psi, y, group) for psi in rows.psi.T]
    slope = np.array([fit[0] for fit in fits])
    pulls = draws.sums(np.column_stack([fit[1] for fit in fits]))
    low, high = draws.interval(slope + pulls)
    return slope, low, high


def _within(psi: FloatArray, offset: FloatArray, y: FloatArray, group: Ints) -> tuple[float, FloatArray]:
    """Slope of the outcome on a contribution, each group with a level of its own, and the pull of each row on it."""
    nothing = float("nan"), np.full(len(y), np.nan)
    inside = (group[:, None] == np.arange(group.max() + 1)).astype(np.float64)
    own = psi - inside @ ((inside.T @ psi) / inside.sum(axis=0))
    if own.var() <= 1e-6 * max(psi.var(), 1e-12):
        return nothing
    design = np.column_stack([inside, own / own.std()])
    theta = np.zeros(design.shape[1])
    theta[-1] = own.std()  # what the model says: a slope of one
    offset = offset + (psi - own)
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-np.clip(offset + design @ theta, -35, 35)))
        curve = (design * (p * (1 - p))[:, None]).T @ design
        step = np.linalg.lstsq(curve, design.T @ (y - p), rcond=None)[0]
        theta = theta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    slope = float(theta[-1] / own.std())
    if abs(slope) > _LARGEST or not np.abs(step).max() < 1e-6:
        return nothing
    pull = (design * (y - p)[:, None]) @ np.linalg.pinv(curve)[:, -1]
    return slope, pull / own.std()


def _reading(told_low: float, slope_low: float, slope_high: float, *, outcomes: bool) -> str:
    """What the numbers of a concept come to, in plain words."""
    if not told_low > 0:
        return "no difference shown"
    if not outcomes:
        return "differs"
    if np.isnan(slope_low):
        return "differs, outcomes cannot tell"
    if slope_low > 0:
        return "differs, borne out within groups"
    return "stands for the group" if slope_high < 1 else "differs, outcomes cannot tell"
