"""Sums over resampled households: whole households are drawn, and every sum sees the same draws."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._households import household_codes
from edgeofcare.metrics._result import percentile_interval

__all__ = ["HouseholdDraws"]

FloatArray = npt.NDArray[np.float64]

_HELD = 2_000_000  # counts of households held at once as numbers to multiply with
_KEPT = 200_000_000  # bytes of counts that are kept from one call to the next


class HouseholdDraws:
    """Draw whole households again and again, with replacement, as many as there are.

    Parameters
    ----------
    household : array-like of shape (n_rows,)
        Household of each row.
    n_resamples : int
        How many resamples.
    random_state : int or numpy.random.Generator
        Seed.

    Raises
    ------
    SpecError
        If ``n_resamples`` is not a whole number of 1 or more.

    Notes
    -----
    Rows are summed by household first, so that a resample costs one number for each household and column. Every call
    sees the same draws: what is subtracted in one resample was measured on the same households. How often each
    household is drawn fits into a byte and is kept for the next call, unless that is more than 200 MB.

    Examples
    --------
    >>> draws = HouseholdDraws(["a", "a", "b"], n_resamples=3, random_state=0)
    >>> sums = draws.sums(np.array([[1.0], [1.0], [1.0]]))
    >>> bool(set(sums.ravel()) <= {2.0, 3.0, 4.0})
    True
    """

    def __init__(self, household: npt.ArrayLike, *, n_resamples: int, random_state: int | np.random.Generator) -> None:
        if isinstance(n_resamples, bool) or not isinstance(n_resamples, int | np.integer) or n_resamples < 1:
            msg = "n_resamples must be a whole number, at least 1; 1000 is usual."
            raise SpecError(msg)
        codes, self.n_households = household_codes(household, np.size(household))
        rows = np.arange(codes.size)
        self._member = csr_matrix((np.ones(codes.size), (codes, rows)), shape=(self.n_households, codes.size))
        self.n_resamples = int(n_resamples)
        self._seed = int(np.random.default_rng(random_state).integers(2**62))
        self._kept: list[npt.NDArray[np.uint8]] | None = None

    def sums(self, columns: FloatArray) -> FloatArray:
        """Sum each column over the rows of every resample.

        Parameters
        ----------
        columns : ndarray of float64, shape (n_rows, n_columns)
            What is summed.

        Returns
        -------
        ndarray of float64, shape (n_resamples, n_columns)
        """
        by_household = csr_matrix(self._member @ columns).T  # by column: a household's counts are read once for all
        found = np.empty((self.n_resamples, columns.shape[1]))
        start = 0
        for counts in self._counts():
            stop = start + counts.shape[1]
            found[start:stop] = (by_household @ counts.astype(np.float64)).T
            start = stop
        return found

    def _counts(self) -> Iterable[npt.NDArray[np.uint8]]:
        """How often each household is drawn, in blocks of shape (n_households, resamples)."""
        if self.n_households * self.n_resamples > _KEPT:
            return self._draw()
        if self._kept is None:
            self._kept = list(self._draw())
        return self._kept

    def _draw(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Draw block after block, the same ones every time."""
        rng, size = np.random.default_rng(self._seed), self.n_households
        step = max(1, _HELD // size)
        for start in range(0, self.n_resamples, step):
            length = min(step, self.n_resamples - start)
            drawn = [np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(length)]
            yield np.ascontiguousarray(np.array(drawn).astype(np.uint8).T)

    def interval(self, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Ends of the 95% percentile intervals; NaN where there are fewer than two households.

        Parameters
        ----------
        samples : ndarray of float64, shape (n_resamples, ...)
            A measure of each resample.

        Returns
        -------
        low, high : ndarray of float64
        """
        if self.n_households < 2 or not samples.size:
            empty = np.full(samples.shape[1:], np.nan)
            return empty, empty.copy()
        if np.isfinite(samples).all():  # the same numbers, many times faster
            low, high = np.quantile(samples, [0.025, 0.975], axis=0)
            return low, high
        return percentile_interval(samples)
