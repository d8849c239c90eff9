"""The reasons of a model that was fitted again on resampled households: how far each moves, and what is left of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from edgeofcare.exceptions import SpecError
from edgeofcare.explanation.bands import judged, tied_ranks, told_bands
from edgeofcare.explanation.concept_groups import concept_groups
from edgeofcare.explanation.kernel import contributions
from edgeofcare.explanation.named_reference import Reference, compared_form
from edgeofcare.explanation.paths import PathForm
from edgeofcare.explanation.reference import REFERENCE
from edgeofcare.models.arrays import LinearArrays
from edgeofcare.models.spread import RefitArrays, refit_spread

__all__ = ["LEVELS", "ReasonSpread"]

FloatArray = npt.NDArray[np.float64]

LEVELS = ("concept", "feature")
_BLOCK = 2**22  # numbers of all refits held at once: 32 MB


class ReasonSpread:
    """What every refit of a model adds to the log-odds of the rows of an explanation.

    Made by :func:`edgeofcare.explain` for a model with refits; nothing is computed until it is asked for. A case
    thing, as the explanation is.

    Parameters
    ----------
    refits : sequence of RefitArrays
        The refits.
    contributions : DataFrame of float64, shape (n_rows, n_features)
        By the model, in calibrated log-odds.
    values : DataFrame of float64, shape (n_rows, n_features)
        The features.
    concepts : DataFrame of float64, shape (n_rows, n_concepts)
        Contributions of concepts, by the model.
    reference : Reference, optional
        The cohort that all of them compare with; the average child in training if left out.

    Examples
    --------
    >>> from edgeofcare.explanation.concept_groups import summed_by_concept
    >>> zero, one = np.zeros(1), np.ones(1)
    >>> lines = [LinearArrays(zero, zero, weight * one, zero, zero, intercept=-3.0) for weight in (0.9, 1.0, 1.1)]
    >>> X = pd.DataFrame({"missing.count.90d": [2.0]})
    >>> refits = [RefitArrays(line, 1.0, 0.0) for line in lines]
    >>> spread = ReasonSpread(refits, X * 1.0, X, summed_by_concept(X * 1.0))
    >>> spread.standard_deviations().round(3).to_dict("list"), spread.bands().to_dict("list")
    ({'missing.count.90d': [0.2]}, {'missing.count.90d': ['strong']})
    """

    def __init__(
        self,
        refits: Sequence[RefitArrays],
        contributions: pd.DataFrame,
        values: pd.DataFrame,
        concepts: pd.DataFrame,
        reference: Reference | None = None,
    ) -> None:
        self._refits = tuple(refits)
        self._own = {"feature": contributions, "concept": concepts}
        self._values = values
        self._reference = reference

    def __len__(self) -> int:
        """How many refits there are."""
        return len(self._refits)

    def __repr__(self) -> str:
        """Counts only."""
        return f"ReasonSpread({len(self)} refits, {len(self._values):,} rows)"

    @property
    def compared_with(self) -> str:
        """Whom contributions compare the rows with."""
        return REFERENCE if self._reference is None else self._reference.name

    @property
    def lines(self) -> tuple[tuple[float, float], ...]:
        """Slope and shift of each refit, which tell the refits of one model from those of another."""
        return tuple((refit.slope, refit.shift) for refit in self._refits)

    def names(self, level: str = "feature") -> list[str]:
        """Names of the reasons of a level, in the order of the columns.

        Parameters
        ----------
        level : {"feature", "concept"}
            Single features, or concepts.

        Returns
        -------
        list of str
            Names.

        Raises
        ------
        SpecError
            If there is no such level.
        """
        if level not in LEVELS:
            msg = f"level must be one of {', '.join(map(repr, LEVELS))}."
            raise SpecError(msg)
        return [str(name) for name in self._own[level].columns]

    def model(self, level: str = "feature", rows: Sequence[int] | None = None) -> FloatArray:
        """What the model itself adds.

        Parameters
        ----------
        level : {"feature", "concept"}
            Single features, or concepts.
        rows : sequence of int, optional
            Positions; all rows if left out.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_reasons)
            Contributions in calibrated log-odds.
        """
        self.names(level)
        found = self._own[level].to_numpy(dtype=np.float64)
        return found if rows is None else found[np.asarray(rows)]

    def contributions(self, level: str = "feature", rows: Sequence[int] | None = None) -> FloatArray:
        """What each refit adds.

        Parameters
        ----------
        level : {"feature", "concept"}
            Single features, or concepts.
        rows : sequence of int, optional
            Positions; all rows if left out.

        Returns
        -------
        ndarray of float64, shape (n_refits, n_rows, n_reasons)
            Contributions in calibrated log-odds, each by the slope of its refit.
        """
        table = self._values.to_numpy(dtype=np.float64, copy=True)
        table = table if rows is None else table[np.asarray(rows)]
        self.names(level)
        forms, groups = (self._forms, None) if level == "feature" else (self._concept_forms, self._groups)
        parts = zip(forms, self._refits, strict=True)
        return np.stack([refit.slope * _split(form, table, groups) for form, refit in parts])

    def standard_deviations(self, level: str = "feature") -> pd.DataFrame:
        """How far each contribution moves.

        Parameters
        ----------
        level : {"feature", "concept"}
            Single features, or concepts.

        Returns
        -------
        DataFrame of float64, shape (n_rows, n_reasons)
            Standard deviation over refits, in calibrated log-odds.
        """
        parts = [refit_spread(self.contributions(level, block)) for block in self._blocks()]
        return pd.DataFrame(np.concatenate(parts), index=self._values.index, columns=self.names(level))

    def bands(self, level: str = "feature") -> pd.DataFrame:
        """How sure each reason is.

        Parameters
        ----------
        level : {"feature", "concept"}
            Single features, or concepts.

        Returns
        -------
        DataFrame of str, shape (n_rows, n_reasons)
            "strong", "some" or "slight" (:func:`edgeofcare.explanation.bands.bands`).
        """
        parts = [
            judged(self.model(level, block), self.contributions(level, block)).astype(object)
            for block in self._blocks()
        ]
        return pd.DataFrame(np.concatenate(parts), index=self._values.index, columns=self.names(level), dtype=object)

    def ranked(self, orders: Sequence[Sequence[int]], top: int, level: str = "feature") -> pd.DataFrame:
        """Rank, band and tie of the first reasons of each row.

        Parameters
        ----------
        orders : sequence of sequence of int
            For each row, its reasons from the largest contribution to the smallest.
        top : int
            Most reasons for each row.
        level : {"feature", "concept"}
            Single features, or concepts.

        Returns
        -------
        DataFrame
            ``rank``, ``band`` and ``tied`` (whether another reason of the row, shown or not, has the same rank), row
            after row.
        """
        parts = []
        for block in self._blocks():
            own, refits = self.model(level, block), self.contributions(level, block)
            found = judged(own, refits)
            for at, row in enumerate(block):
                order = list(orders[row])[: top + 1]
                ranks = tied_ranks(own[at, order], refits[:, at, order])
                tied = np.bincount(ranks)[ranks] > 1
                parts += list(zip(ranks.tolist(), found[at, order].tolist(), tied.tolist(), strict=True))[:top]
        return pd.DataFrame(parts, columns=["rank", "band", "tied"])

    def told(self, row: int, level: str = "feature") -> pd.DataFrame:
        """Band, tie and rank of every reason of one row.

        Parameters
        ----------
        row : int
            Its position.
        level : {"feature", "concept"}
            Single features, or concepts.

        Returns
        -------
        DataFrame
            ``band`` and ``tied`` (whether another reason cannot be told from it in size; what adds exactly nothing is
            no reason), by name.
        """
        own, refits = self.model(level, [row])[0], self.contributions(level, [row])[:, 0]
        band, tied = told_bands(self.names(level), own, refits)
        return pd.DataFrame({"band": band.astype(object), "tied": tied}, index=self.names(level))

    @cached_property
    def _forms(self) -> list[PathForm | LinearArrays]:
        """Each refit in the form that contributions are computed from, made once."""
        return self._formed(None)

    @cached_property
    def _groups(self) -> npt.NDArray[np.intp]:
        """Concept of each column."""
        return concept_groups(str(name) for name in self._values.columns)[0]

    @cached_property
    def _concept_forms(self) -> list[PathForm | LinearArrays]:
        """Each refit in the form that contributions of concepts are computed from, made once."""
        return self._formed(self._groups)

    def _formed(self, groups: npt.NDArray[np.intp] | None) -> list[PathForm | LinearArrays]:
        """Each refit, its features alone or in groups, compared with the cohort or with training."""
        numbered = enumerate(self._refits, start=1)
        return [compared_form(each.arrays, self._reference, groups=groups, number=number) for number, each in numbered]

    def _blocks(self) -> list[range]:
        """Positions of the rows in blocks that keep the memory flat."""
        step = max(1, _BLOCK // max(1, len(self) * self._values.shape[1]))
        return [range(start, min(start + step, len(self._values))) for start in range(0, len(self._values), step)]


def _split(form: PathForm | LinearArrays, table: FloatArray, groups: npt.NDArray[np.intp] | None) -> FloatArray:
    """Contributions to the margin; a PathForm has groups of its own."""
    return contributions(form, table, groups=groups if isinstance(form, LinearArrays) else None)[0]
