"""Columns by the concept that they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edgeofcare.features.catalogue import concept_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["concept_groups", "summed_by_concept"]


def concept_groups(names: Iterable[str]) -> tuple[npt.NDArray[np.intp], list[str]]:
    """The concept of each column, as a number.

    Parameters
    ----------
    names : iterable of str
        Columns in their order.

    Returns
    -------
    groups : ndarray of int, shape (n_features,)
        Position of each column's concept.
    concepts : list of str
        Concepts that occur, in the order of the alphabet.

    Examples
    --------
    >>> groups, concepts = concept_groups(["missing.count.90d", "child.age", "missing.days_since"])
    >>> groups.tolist(), concepts
    ([1, 0, 1], ['age and time', 'risks outside the home'])
    """
    concepts, groups = np.unique([concept_of(str(name)) for name in names], return_inverse=True)
    return groups.astype(np.intp), [str(name) for name in concepts]


def summed_by_concept(contributions: pd.DataFrame) -> pd.DataFrame:
    """What the features of each concept add up to.

    Parameters
    ----------
    contributions : DataFrame of float64, shape (n_rows, n_features)
        Of features.

    Returns
    -------
    DataFrame of float64, shape (n_rows, n_concepts)
        For a regression the contributions of the concepts; for trees near them.
    """
    import pandas as pd

    groups, concepts = concept_groups(contributions.columns)
    found = np.zeros((len(contributions), len(concepts)))
    np.add.at(found.T, groups, contributions.to_numpy(dtype=np.float64).T)
    return pd.DataFrame(found, index=contributions.index, columns=concepts)
