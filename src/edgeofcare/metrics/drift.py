"""How far the spread of a score has moved between two periods."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from edgeofcare.exceptions import SpecError
from edgeofcare.metrics._arrays import Floats, Ints, check_columns
from edgeofcare.metrics._households import household_codes

__all__ = ["population_stability_index", "score_stability_index", "stability_null"]

# Added to every count of rows before a logarithm is taken, so that an empty bin does not make the index infinite.
_HALF = 0.5


def population_stability_index(expected: ArrayLike, actual: ArrayLike) -> float:
    r"""Distance between two sets of shares, such as the shares of rows in bins of risk then and now.

    Parameters
    ----------
    expected, actual : array-like of shape (n_bins,)
        Shares or counts of each bin, all above 0, in the reference and in the current period.

    Returns
    -------
    float
        0 where the shares are the same. What is large depends on the size of both samples: see
        :func:`stability_null` rather than the customary 0.1 and 0.25.

    Raises
    ------
    SpecError
        If the arrays are malformed, or a share is not above 0.

    Notes
    -----
    :math:`\sum (q - p) \ln (q / p)`.

    Examples
    --------
    >>> round(population_stability_index([0.5, 0.5], [0.4, 0.6]), 4)
    0.0405
    """
    arrays = check_columns(expected=expected, actual=actual)
    bad = {name: int(np.count_nonzero(~(array > 0) | np.isinf(array))) for name, array in arrays.items()}
    if any(bad.values()):
        said = ", ".join(f"{name} has {count}" for name, count in bad.items() if count)
        msg = f"Shares must be above 0 and finite: {said} that are not. Take bins together, or add one half to counts."
        raise SpecError(msg)
    return float(_index(arrays["expected"], arrays["actual"]))


def score_stability_index(reference: ArrayLike, current: ArrayLike, *, n_bins: int = 10) -> float:
    """Population stability index of a score, in bins that hold as many rows each in the reference period.

    Parameters
    ----------
    reference, current : array-like of shape (n,) and (m,)
        Scores or risks of the rows of each period.
    n_bins : int
        Bins, at least 2. Fewer are used where many scores are the same.

    Returns
    -------
    float
        0 where nothing moved. One half is added to each count, so that an empty bin does not make it infinite.

    Raises
    ------
    SpecError
        If the scores are malformed, or there are fewer than two bins.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> before, after = rng.normal(size=5000), rng.normal(0.3, 1.0, size=5000)
    >>> round(score_stability_index(before, after), 2)
    0.11
    """
    then, now = check_columns(reference=reference)["reference"], check_columns(current=current)["current"]
    place, size = _places(then, now, n_bins)
    before, after = (np.bincount(part, minlength=size) for part in np.split(place, [then.size]))
    return float(_index(before.astype(np.float64) + _HALF, after.astype(np.float64) + _HALF))


def stability_null(
    reference: ArrayLike,
    current: ArrayLike,
    household_reference: ArrayLike,
    household_current: ArrayLike,
    *,
    n_bins: int = 10,
    quantile: float = 0.95,
    n_resamples: int = 1000,
    random_state: int | np.random.Generator = 0,
) -> float:
    """How large :func:`score_stability_index` would be by chance alone, if nothing had moved.

    Parameters
    ----------
    reference, current : array-like of shape (n,) and (m,)
        Scores or risks of the rows of each period.
    household_reference, household_current : array-like of shape (n,) and (m,)
        Household of each row.
    n_bins : int
        Bins, at least 2.
    quantile : float
        Share of chance that is to lie below the answer.
    n_resamples : int
        How often both periods are drawn anew.
    random_state : int or numpy.random.Generator
        Seed.

    Returns
    -------
    float
        An index above this is more than chance.

    Raises
    ------
    SpecError
        If the arrays are malformed, or there are fewer than two bins.

    Notes
    -----
    Households of both periods are pooled, a household in both counting once in each, and as many as each period has
    are drawn from the pool with replacement. With independent rows the mean would be about
    ``(n_bins - 1) * (1 / n + 1 / m)``; rows of one household move together, and the index with them.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> home = np.repeat(np.arange(200), 5)
    >>> score = rng.normal(size=200)[home]
    >>> bool(stability_null(score, score, home, home, n_resamples=200) > 5 * 9 * (1 / 1000 + 1 / 1000))
    True
    """
    then, now = check_columns(reference=reference)["reference"], check_columns(current=current)["current"]
    first, n_first = household_codes(household_reference, then.size, "household_reference")
    second, n_second = household_codes(household_current, now.size, "household_current")
    place, size = _places(then, now, n_bins)
    held = np.zeros((n_first + n_second, size))
    np.add.at(held, (np.concatenate([first, second + n_first]), place), 1.0)
    rng = np.random.default_rng(random_state)
    drawn = np.empty(n_resamples)
    for i in range(n_resamples):
        parts = [held[rng.integers(0, len(held), homes)].sum(axis=0) + _HALF for homes in (n_first, n_second)]
        drawn[i] = _index(*parts)
    return float(np.quantile(drawn, quantile))


def _index(expected: Floats, actual: Floats) -> np.float64:
    """Index of two sets of counts."""
    p, q = expected / expected.sum(), actual / actual.sum()
    return np.float64(((q - p) * np.log(q / p)).sum())


def _places(reference: Floats, current: Floats, n_bins: int) -> tuple[Ints, int]:
    """Bin of each row of both periods, and how many bins there are."""
    if n_bins < 2 or not (np.isfinite(reference).all() and np.isfinite(current).all()):
        msg = "Scores must be finite, and n_bins at least 2; 10 is usual."
        raise SpecError(msg)
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, n_bins + 1)[1:-1], method="inverted_cdf"))
    place = np.searchsorted(edges, np.concatenate([reference, current]), side="left")
    return place.astype(np.int64), edges.size + 1
