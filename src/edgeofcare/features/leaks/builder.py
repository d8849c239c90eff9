"""The features under test as one function: from specs, or from a user's own code."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.features.build import build_features
from edgeofcare.features.feature import Feature
from edgeofcare.features.leaks.drawn import Drawn
from edgeofcare.features.leaks.report import hash_of_spec
from edgeofcare.features.names import as_features
from edgeofcare.features.specs.child import Characteristic
from edgeofcare.records.records import Records

__all__ = ["Builder", "differing"]

Own = Callable[[Records, pd.DataFrame], pd.DataFrame]
"""A user's own code: records and a cohort in, features on the cohort's index out."""

_ROUNDING = 1e-9


class Builder:
    """Builds the features of drawn rows from any records.

    Parameters
    ----------
    features : iterable of Feature or str, or callable
        Specs or names, or a function of records and a cohort.
    cohort : DataFrame
        The whole cohort, which a function is given, so that what it learns from all rows shows.
    """

    def __init__(self, features: Iterable[Feature | str] | Own, cohort: pd.DataFrame) -> None:
        self._own: Own | None = features if callable(features) else None
        self._specs: list[Feature] = [] if callable(features) else as_features(features)
        self._cohort = cohort

    @property
    def snapshots(self) -> tuple[str, ...]:
        """Names of the characteristics that were asked for by name."""
        return tuple(spec.name for spec in self._specs if isinstance(spec, Characteristic))

    @property
    def hashes(self) -> tuple[str, ...]:
        """Hash of each spec; none for a user's own code."""
        return tuple(map(hash_of_spec, self._specs))

    def built(self, records: Records, drawn: Drawn, only: Iterable[str] = ()) -> pd.DataFrame:
        """Build the features.

        Parameters
        ----------
        records : Records
            Any copy of the records.
        drawn : Drawn
            The rows.
        only : iterable of str
            Names of the features that are wanted, where those are known beforehand; all if there are none.

        Returns
        -------
        DataFrame
            One row for each drawn row, in the order of the cohort, numbered.
        """
        if self._own is not None:
            return self._of_own_code(self._own(records, self._cohort.copy()), drawn)
        wanted = set(only)
        specs = [spec for spec in self._specs if not wanted or spec.name in wanted]
        made = build_features(records, self._cohort.iloc[drawn.positions][[]], specs)
        return made.reset_index(drop=True)

    def _of_own_code(self, made: pd.DataFrame, drawn: Drawn) -> pd.DataFrame:
        """The drawn rows of what a user's own code gave."""
        if not isinstance(made, pd.DataFrame) or not made.columns.is_unique or made.empty:
            msg = "The function must return a DataFrame of features, one column for each, on the cohort's index."
            raise SpecError(msg)
        made = made.rename(columns=str)
        if made.index.equals(self._cohort.index):
            return made.iloc[drawn.positions].reset_index(drop=True)
        rows = self._cohort.index
        place = made.index.get_indexer(rows) if made.index.is_unique else np.full(len(rows), -1)
        if (place < 0).any():
            msg = (
                f"The function gave no features, or several, for some of the cohort's rows ({len(made):,} rows for "
                f"{len(self._cohort):,}). It must return one row for each on the cohort's index."
            )
            raise SpecError(msg)
        return made.iloc[place[drawn.positions]].reset_index(drop=True)


def differing(before: pd.DataFrame, after: pd.DataFrame, *, rounding: bool = False) -> dict[str, int]:
    """Count the rows in which each feature differs.

    Parameters
    ----------
    before, after : DataFrame
        Features of the same rows.
    rounding : bool, default False
        Whether numbers may differ in their last digits, as sums do that are added up in another order.

    Returns
    -------
    dict of str to int
        Features that differ in any row; a feature that only one of the two has differs in all.
    """
    counts = {name: len(before) for name in before.columns.symmetric_difference(after.columns)}
    for name in before.columns.intersection(after.columns):
        rows = _differs(before[name], after[name], rounding=rounding)
        if rows:
            counts[name] = rows
    return counts


def _differs(before: pd.Series, after: pd.Series, *, rounding: bool) -> int:
    """In how many rows two columns differ; missing values are alike."""
    numbers = all(pd.api.types.is_float_dtype(each.dtype) for each in (before, after))
    a, b = (each.to_numpy(dtype=np.float64 if numbers else object) for each in (before, after))
    missing = pd.isna(a) | pd.isna(b)
    if numbers:
        same = np.isclose(a, b, rtol=_ROUNDING, atol=0.0) if rounding else a == b
    else:
        same = np.array([bool(x == y) for x, y in zip(np.where(missing, 0, a), np.where(missing, 0, b), strict=True)])
    return int((~np.where(missing, pd.isna(a) & pd.isna(b), same)).sum())
