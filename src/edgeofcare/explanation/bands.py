"""How sure a reason is: its size beside its spread over refits, and beside the other reasons of the child."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edgeofcare.models.spread import refit_spread

__all__ = ["BANDS", "agreement_of_signs", "bands", "judged", "tied_ranks", "told_bands"]

FloatArray = npt.NDArray[np.float64]

BANDS = ("slight", "some", "strong")
"""From the weakest to the strongest."""

_AGREED = 0.9  # share of the refits that must give a reason the direction that the model gives it
_CLEAR, _SEEN = 2.0, 1.0  # standard deviations that a strong reason, and any above slight, must be away from nothing
_HALF, _TENTH = 0.5, 0.1  # share of the child's largest reason
_LEAST = float(np.log(1.25))  # a strong reason changes the odds by a quarter or more


def agreement_of_signs(contributions: FloatArray, refits: FloatArray) -> FloatArray:
    """Share of the refits that move the risk in the direction of the model.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n_rows, n_reasons)
        By the model, in calibrated log-odds.
    refits : ndarray of float64, shape (n_refits, n_rows, n_reasons)
        By each refit.

    Returns
    -------
    ndarray of float64, shape (n_rows, n_reasons)
        From 0 to 1. A refit that adds exactly nothing agrees with nothing.

    Examples
    --------
    >>> agreement_of_signs(np.array([[1.0, -1.0]]), np.array([[[0.5, 0.5]], [[2.0, -1.0]]])).tolist()
    [[1.0, 0.5]]
    """
    share: FloatArray = (np.sign(refits) * np.sign(contributions) > 0).mean(axis=0)
    return share


def bands(contributions: FloatArray, spread: FloatArray, agreed: FloatArray) -> npt.NDArray[np.str_]:
    """Put each reason of each row into a band.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n_rows, n_reasons)
        In calibrated log-odds.
    spread : ndarray of float64, shape (n_rows, n_reasons)
        Their standard deviation over refits.
    agreed : ndarray of float64, shape (n_rows, n_reasons)
        From :func:`agreement_of_signs`.

    Returns
    -------
    ndarray of str, shape (n_rows, n_reasons)
        One of :data:`BANDS`.

    Notes
    -----
    A reason is "strong" if its size is two standard deviations or more, half of the largest reason of the row or more,
    and changes the odds by a quarter or more; "some" if its size is one standard deviation or more and a tenth of the
    largest; "slight" otherwise. With fewer than nine in ten refits of its direction it is slight whatever its size.

    Examples
    --------
    >>> bands(np.array([[0.8, -0.5, 0.3, 0.7]]), np.array([[0.2, 0.3, 0.4, 0.3]]), np.array([[1.0, 0.95, 0.9, 0.8]]))
    array([['strong', 'some', 'slight', 'slight']], dtype='<U6')
    """
    size = np.abs(contributions)
    largest = size.max(axis=1, keepdims=True, initial=0.0)
    some = (agreed >= _AGREED) & (size >= _SEEN * spread) & (size >= _TENTH * largest)
    strong = some & (size >= _CLEAR * spread) & (size >= _HALF * largest) & (size >= _LEAST)
    return np.asarray(BANDS)[some.astype(np.intp) + strong]


def tied_ranks(contributions: FloatArray, refits: FloatArray) -> npt.NDArray[np.int64]:
    """Rank the reasons of one row, those too close to be told apart alike.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n_reasons,)
        By the model, the largest in size first.
    refits : ndarray of float64, shape (n_refits, n_reasons)
        By each refit.

    Returns
    -------
    ndarray of int64, shape (n_reasons,)
        From 1; ties share the lower number, and the next number is skipped (1, 2, 2, 4).

    Notes
    -----
    A reason is tied with the first of those before it that share a rank, if the difference of the two sizes is less
    than the standard deviation of that difference over refits, each size taken in the direction that the model gives.
    Equal sizes are always tied.

    Examples
    --------
    >>> refits = np.array([[1.0, 0.5, 0.6], [1.1, 0.7, 0.4], [0.9, 0.6, 0.5]])
    >>> tied_ranks(np.array([1.0, 0.6, 0.5]), refits).tolist()
    [1, 2, 2]
    """
    size, way = np.abs(contributions), np.where(contributions < 0, -1.0, 1.0)
    directed = refits * way
    ranks = np.ones(len(size), dtype=np.int64)
    first = 0
    for place in range(1, len(size)):
        spread = (directed[:, first] - directed[:, place]).std(ddof=1)
        if size[first] > size[place] and size[first] - size[place] >= spread:
            first = place
        ranks[place] = first + 1
    return ranks


def judged(contributions: FloatArray, refits: FloatArray) -> npt.NDArray[np.str_]:
    """Band of each reason of each row from the contributions of the refits.

    Parameters
    ----------
    contributions : ndarray of float64, shape (n_rows, n_reasons)
        By the model, in calibrated log-odds.
    refits : ndarray of float64, shape (n_refits, n_rows, n_reasons)
        By each refit.

    Returns
    -------
    ndarray of str, shape (n_rows, n_reasons)
        One of :data:`BANDS`.
    """
    return bands(contributions, refit_spread(refits), agreement_of_signs(contributions, refits))


def told_bands(
    names: Sequence[str], contributions: FloatArray, refits: FloatArray
) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.bool_]]:
    """Band and tie of every reason of one row.

    Parameters
    ----------
    names : sequence of str
        Names of the reasons.
    contributions : ndarray of float64, shape (n_reasons,)
        By the model, in calibrated log-odds.
    refits : ndarray of float64, shape (n_refits, n_reasons)
        By each refit.

    Returns
    -------
    band : ndarray of str, shape (n_reasons,)
        One of :data:`BANDS`.
    tied : ndarray of bool, shape (n_reasons,)
        Whether another reason cannot be told from it in size. What adds exactly nothing is no reason, and is tied with
        none.

    Examples
    --------
    >>> refits = np.array([[1.0, 0.5, 0.6], [1.1, 0.7, 0.4], [0.9, 0.6, 0.5]])
    >>> band, tied = told_bands(["a", "b", "c"], np.array([1.0, 0.6, 0.5]), refits)
    >>> band.tolist(), tied.tolist()
    (['strong', 'strong', 'strong'], [False, True, True])
    """
    order = np.lexsort((np.asarray(names), -np.abs(contributions)))
    order = order[contributions[order] != 0]
    ranks = tied_ranks(contributions[order], refits[:, order])
    tied = np.zeros(contributions.size, dtype=np.bool_)
    tied[order] = np.bincount(ranks)[ranks] > 1
    return judged(contributions[None], refits[:, None])[0], tied
