"""How far columns have drifted, against how far they drift by chance: households drawn anew, months as they vary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.tracking.monitoring.bins import FEWEST, Bins, make_bins

__all__ = ["ColumnDrift", "Drift", "learn_drift", "varies_within"]

_HALF = 0.5  # added to each count of rows before a logarithm is taken
_TAIL = 200  # largest draws that are kept
_LEAST_SPREAD = 1e-3
_CHUNK = 100


@dataclass(frozen=True)
class ColumnDrift:
    """Drift of one column in one run.

    Parameters
    ----------
    name : str
        The column.
    index : float
        Population stability index.
    usual : float
        What it is by chance, on average.
    p_value : float
        Chance that any column of the family drifts as far, if nothing changed.
    grew : int
        Bin whose share grew most.
    """

    name: str
    index: float
    usual: float
    p_value: float
    grew: int


@dataclass(frozen=True)
class Drift:
    """Shares of some columns in the reference rows, and how far a month drifts from them by chance.

    Parameters
    ----------
    bins : mapping of str to Bins
        By column.
    counts : mapping of str to tuple of int
        Rows in each bin.
    centre, spread : mapping of str to float
        Mean and standard deviation of the cube root of the index under the null.
    tail : tuple of float
        Largest of the draws of the largest standardised cube root, descending.
    n_resamples : int
        Draws.
    households : mapping of str to float
        Households of a usual month, by column.
    known_only : bool
        Whether rows with an unknown value do not count.
    """

    bins: Mapping[str, Bins]
    counts: Mapping[str, tuple[int, ...]]
    centre: Mapping[str, float]
    spread: Mapping[str, float]
    tail: tuple[float, ...]
    n_resamples: int
    households: Mapping[str, float]
    known_only: bool = False

    def measure(self, frame: pd.DataFrame, household: Ints) -> list[ColumnDrift]:
        """Hold the rows of a run against the reference.

        Parameters
        ----------
        frame : DataFrame
            Columns of the run; those that are not there, or without a row, are left out.
        household : ndarray of int64
            Code of the household of each row.

        Returns
        -------
        list of ColumnDrift
            One a column, furthest from chance first.
        """
        found = []
        for name in (each for each in self.bins if each in frame):
            place = self.bins[name].place(frame[name])
            rows = _counted(place, self.bins[name].size, known_only=self.known_only)
            if not rows.any():
                continue
            size = min(1.0, np.unique(household[rows]).size / self.households[name])
            now = np.bincount(place[rows], minlength=self.bins[name].size)
            before = np.asarray(self.counts[name], dtype=np.float64)
            value, grew = _one_index(before, now.astype(np.float64))
            score = (np.cbrt(value * size) - self.centre[name]) / self.spread[name]
            found.append((score, ColumnDrift(name, value, self.centre[name] ** 3, self.p_value(score), grew)))
        return [each for _, each in sorted(found, key=lambda pair: (-pair[0], pair[1].name))]

    def p_value(self, score: float) -> float:
        """Share of draws in which the furthest column lies at least as far.

        Parameters
        ----------
        score : float
            Standardised cube root of an index.

        Returns
        -------
        float
            Above 0; 1 where it is below the draws that were kept.
        """
        beyond = int(np.count_nonzero(np.asarray(self.tail) >= score))
        return 1.0 if beyond == len(self.tail) < self.n_resamples else (beyond + 1) / (self.n_resamples + 1)

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        columns = {
            name: {
                **self.bins[name].to_dict(),
                "counts": list(self.counts[name]),
                "centre": self.centre[name],
                "spread": self.spread[name],
                "households": self.households[name],
            }
            for name in self.bins
        }
        own = {"tail": list(self.tail), "n_resamples": self.n_resamples, "known_only": self.known_only}
        return {"columns": columns, **own}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Drift:
        """From plain values.

        Parameters
        ----------
        said : mapping
            As :meth:`to_dict` gives it.

        Returns
        -------
        Drift
        """
        columns = said["columns"]
        return cls(
            {name: Bins.from_dict(each) for name, each in columns.items()},
            {name: tuple(int(count) for count in each["counts"]) for name, each in columns.items()},
            {name: float(each["centre"]) for name, each in columns.items()},
            {name: float(each["spread"]) for name, each in columns.items()},
            tuple(float(value) for value in said["tail"]),
            int(said["n_resamples"]),
            {name: float(each["households"]) for name, each in columns.items()},
            bool(said["known_only"]),
        )


def learn_drift(
    frame: pd.DataFrame,
    household: Ints,
    child: Ints,
    date: Ints,
    *,
    n_resamples: int,
    random_state: int,
    known_only: bool = False,
) -> Drift | None:
    """Learn from reference rows how far a month drifts by chance.

    Parameters
    ----------
    frame : DataFrame
        Columns of the reference rows.
    household, child, date : ndarray of int64
        Code of the household, the child and the index date of each row.
    n_resamples : int
        Draws.
    random_state : int
        Seed.
    known_only : bool, default False
        Whether rows with an unknown value do not count: each column then has rows of its own.

    Returns
    -------
    Drift or None
        None where no column has two bins.

    Notes
    -----
    Each draw takes one of the reference dates in turn, draws as many of its households as it has, with replacement,
    and holds their rows against those of the other dates, whose households are drawn anew as well. So the null has
    the chance of households on both sides, and whatever one month differs from others: seasons and slow trends
    within the reference are no alarm. The chance that made the date what it is counts again with its households, so
    the null is rather too wide than too narrow. The index of each column is put on the scale of its own draws after
    a cube root, which makes it nearly normal, and the largest of all columns is kept from each draw: an alarm is
    what the furthest of all columns hardly ever reaches.
    """
    bins = {
        str(name): made
        for name in frame
        if _varies(made := make_bins(frame[name], child), frame[name], child) and varies_within(frame[name], date)
    }
    if not bins:
        return None
    place = [bins[name].place(frame[name]) for name in bins]
    counted = [_counted(at, each.size, known_only=known_only) for at, each in zip(place, bins.values(), strict=True)]
    starts = np.concatenate([[0], np.cumsum([each.size for each in bins.values()])]).astype(np.int64)
    homes = np.unique(household, return_inverse=True)[1]
    total = _held(place, counted, starts, homes, np.ones(homes.size, dtype=bool))
    dates = [date == day for day in np.unique(date)]
    held = ((np.unique(homes[rows]), _held(place, counted, starts, homes, rows)) for rows in dates)
    drawn = _draws(total, held, len(dates), starts[:-1], n_resamples, np.random.default_rng(random_state))
    root = np.cbrt(drawn)
    centre, spread = root.mean(axis=0), np.maximum(root.std(axis=0), _LEAST_SPREAD)
    largest = np.sort(((root - centre) / spread).max(axis=1))[::-1][:_TAIL]
    sums = total.sum(axis=0, dtype=np.float64)
    counts = [sums[low:high] for low, high in pairwise(starts)]
    return Drift(
        bins,
        {name: _shareable(count) for name, count in zip(bins, counts, strict=True)},
        dict(zip(bins, (float(f"{value:.6g}") for value in centre), strict=True)),
        dict(zip(bins, (float(f"{value:.6g}") for value in spread), strict=True)),
        tuple(round(float(value), 6) for value in largest),
        n_resamples,
        {name: max(1.0, _homes(homes, date, rows)) for name, rows in zip(bins, counted, strict=True)},
        known_only,
    )


def _varies(bins: Bins, values: pd.Series, child: Ints) -> bool:
    """Whether there is anything that could drift: two bins, or values that are known of some and not of others."""
    unknown = values.isna().to_numpy(dtype=bool)
    return bins.size > 2 or all(np.unique(child[rows]).size >= FEWEST for rows in (unknown, ~unknown))


def _counted(place: Ints, size: int, *, known_only: bool) -> np.ndarray:
    """Rows of a column that count."""
    return place < size - 1 if known_only else np.ones(place.size, dtype=bool)


def varies_within(values: pd.Series, date: Ints) -> bool:
    """Whether a column differs between the rows of a date; the month of the year, for one, does not.

    Parameters
    ----------
    values : Series
        The column.
    date : ndarray of int64
        Index date of each row.

    Returns
    -------
    bool

    Examples
    --------
    >>> varies_within(pd.Series([1.0, 1.0, 2.0]), np.array([0, 0, 1]))
    False
    """
    code = pd.factorize(values, use_na_sentinel=False)[0].astype(np.int64)
    pairs = np.unique(code * (int(date.max()) + 1) + date).size
    return bool(pairs > np.unique(date).size)


def _homes(household: Ints, date: Ints, rows: np.ndarray) -> float:
    """Households of a usual month that have a row in a column."""
    pairs = np.unique(household[rows] * (int(date.max()) + 1) + date[rows]).size
    return round(pairs / max(1, np.unique(date[rows]).size), 1)


def _shareable(count: Floats) -> tuple[int, ...]:
    """Rows of each bin; of other codes and of unknown values, fewer than 10 are none."""
    told = count.astype(np.int64).tolist()
    return (*told[:-2], *(each if each >= FEWEST else 0 for each in told[-2:]))


def _held(
    place: list[Ints], counted: list[np.ndarray], starts: Ints, homes: Ints, inside: np.ndarray
) -> npt.NDArray[np.float32]:
    """Rows of each household among some rows in each bin of each column; small counts are exact in 32 bits."""
    code = np.zeros(homes.size, dtype=np.int64)
    names, code[inside] = np.unique(homes[inside], return_inverse=True)
    width = int(starts[-1])
    cells = [
        code[kept] * width + where[kept] + first
        for where, rows, first in zip(place, counted, starts, strict=False)
        if (kept := inside & rows).any()
    ]
    held = np.bincount(np.concatenate(cells), minlength=names.size * width) if cells else np.zeros(names.size * width)
    return held.reshape(names.size, width).astype(np.float32)


def _draws(
    total: npt.NDArray[np.float32],
    held: Iterable[tuple[Ints, npt.NDArray[np.float32]]],
    n_dates: int,
    starts: Ints,
    n_resamples: int,
    rng: np.random.Generator,
) -> Floats:
    """Index of every column in every draw."""
    parts = []
    for number, (homes, own) in enumerate(held):
        rest = total.copy()
        if n_dates > 1:
            rest[homes] -= own
            rest = rest[rest.any(axis=1)]
        there = own[own.any(axis=1)]
        size = n_resamples // n_dates + (number < n_resamples % n_dates)
        for chunk in _chunks(size) if len(there) and len(rest) else ():
            now, before = ((_weights(len(each), chunk, rng) @ each).astype(np.float64) for each in (there, rest))
            parts.append(_indices(before, now, starts))
    return np.concatenate(parts)


def _chunks(size: int) -> list[int]:
    """A number in parts of at most so many draws, which bounds the memory."""
    return [min(_CHUNK, size - done) for done in range(0, size, _CHUNK)]


def _weights(homes: int, draws: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """How often each household is drawn in each draw."""
    picked = rng.integers(0, homes, (draws, homes)) + np.arange(draws)[:, None] * homes
    return np.bincount(picked.ravel(), minlength=draws * homes).reshape(draws, homes).astype(np.float32)


def _indices(before: Floats, now: Floats, starts: Ints) -> Floats:
    """Population stability index of each column, of counts by draw and bin."""
    sizes = np.diff(np.append(starts, before.shape[1]))
    shares = []
    for counts in (before + _HALF, now + _HALF):
        totals = np.add.reduceat(counts, starts, axis=1)
        shares.append(counts / np.repeat(totals, sizes, axis=1))
    p, q = shares
    return np.add.reduceat((q - p) * np.log(q / p), starts, axis=1)


def _one_index(before: Floats, now: Floats) -> tuple[float, int]:
    """Index of one column, and the bin whose share grew most."""
    p, q = ((each + _HALF) / (each + _HALF).sum() for each in (before, now))
    return float(((q - p) * np.log(q / p)).sum()), int(np.argmax(q - p))
