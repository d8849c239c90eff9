"""Sums over resamples of whole households, and tidy rows of ratios of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints
from edgeofcare.metrics.bootstrap import percentile_interval

__all__ = ["Ratio", "Sums", "draw_households", "interval_of", "ratio_of", "resample_sums"]

# Resamples that are held at once.
_BLOCK = 32


class Sums(NamedTuple):
    """Sums of columns over all rows, and over the rows of each resample."""

    whole: dict[str, float]
    drawn: dict[str, Floats]


class Ratio(NamedTuple):
    """An estimate, and what it is in each resample."""

    estimate: float
    drawn: Floats

    def minus(self, other: Ratio) -> Ratio:
        """The paired difference."""
        return Ratio(self.estimate - other.estimate, self.drawn - other.drawn)


def draw_households(size: int, n_resamples: int, random_state: int) -> Iterator[NDArray[np.int32]]:
    """How often each household is drawn, in blocks; the draws of household_bootstrap for the same seed."""
    if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
        msg = "n_resamples must be a whole number, at least 1; 1000 is usual."
        raise SpecError(msg)
    rng = np.random.default_rng(random_state)
    for start in range(0, n_resamples, _BLOCK):
        length = min(_BLOCK, n_resamples - start)
        draws = [np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(length)]
        yield np.array(draws, dtype=np.int32)


def resample_sums(household: Ints, columns: Mapping[str, Floats], *, n_resamples: int, random_state: int) -> Sums:
    """Sum columns of rows over all rows and over resamples of households.

    Sums within households are kept in fixed point, so that neither the order of households nor threads change a digit.
    """
    codes, size = _codes(household)
    sums = np.column_stack([np.bincount(codes, weights=values, minlength=size) for values in columns.values()])
    bound = np.abs(sums).max(axis=0) * size
    scale = 2.0 ** np.floor(52 - np.log2(np.where(bound > 0, bound, 1.0)))
    fixed = np.round(sums * scale)
    drawn = np.concatenate(
        [counts.astype(np.float64) @ fixed for counts in draw_households(size, n_resamples, random_state)]
    )
    whole = fixed.sum(axis=0) / scale
    return Sums(
        {name: float(whole[i]) for i, name in enumerate(columns)},
        {name: drawn[:, i] / scale[i] for i, name in enumerate(columns)},
    )


def ratio_of(sums: Sums, top: str, bottom: str) -> Ratio:
    """One sum divided by another; NaN where the divisor is 0."""
    ours = _divide(np.array([sums.whole[top]]), np.array([sums.whole[bottom]]))
    return Ratio(float(ours[0]), _divide(sums.drawn[top], sums.drawn[bottom]))


def interval_of(ratio: Ratio, n_households: int) -> tuple[float, float]:
    """95% percentile interval; NaN where there is one household, or the ratio is undefined too often."""
    if n_households < 2:
        return float("nan"), float("nan")
    low, high = percentile_interval(ratio.drawn)
    return float(low), float(high)


def _divide(top: Floats, bottom: Floats) -> Floats:
    """Ratio, NaN where the denominator is not above 0."""
    return np.asarray(np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0), dtype=np.float64)


def _codes(household: Ints) -> tuple[Ints, int]:
    """Households as codes 0, 1, 2, ... without gaps, and how many there are."""
    names, codes = np.unique(household, return_inverse=True)
    return codes.astype(np.int64).reshape(-1), int(names.size)
